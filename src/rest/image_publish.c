/* An image out of an instance, with the aliases that were asked for. */
#include "rest/image_upload.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/images.h"
#include "instance/publish.h"
#include "instance/snapshots.h"
#include "rest/context.h"

#include <string.h>

typedef struct Publish {
        RestContext *context;
        ApiImagesPost post;
        char *project;       /* of the instance */
        char *image_project; /* of the image */
} Publish;

static void publish_free(void *userdata) {
        Publish *publish = userdata;
        api_images_post_done(&publish->post);
        free(publish->project);
        free(publish->image_project);
        free(publish);
}

bool rest_image_is_publish(const ApiImagesPost *post) {
        static const char *const types[] = {"instance", "container", "snapshot"};
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (str_equal(post->source.type, types[i]))
                        return true;
        return false;
}

static int check_aliases(const Publish *publish, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(publish->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        for (size_t i = 0; i < publish->post.aliases.count; i++) {
                _cleanup_(image_alias_row_done) ImageAliasRow row = {.name = NULL};
                const char *name = publish->post.aliases.items[i].name;
                if (db_image_alias_get(tx, publish->image_project, name, &row, NULL) == 0)
                        return error_set(err, ERROR_EXISTS, 0, "Alias already exists: %s", name);
        }
        return 0;
}

int rest_image_add_aliases(RestContext *context, const char *project, const ApiImagesPost *post,
                           const ImageRow *image, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (post->aliases.count == 0)
                return 0;
        if (database_begin(context->database, DATABASE_WRITE, &tx, err) < 0)
                return -1;
        for (size_t i = 0; i < post->aliases.count; i++) {
                const ApiImageAlias *alias = &post->aliases.items[i];
                const ImageAliasRow row = {.name = alias->name,
                                           .description = alias->description != NULL
                                                                  ? alias->description
                                                                  : (char *) "",
                                           .fingerprint = image->fingerprint};
                if (db_image_alias_create(tx, project, &row, err) < 0)
                        return -1;
        }
        return transaction_commit(&tx, err);
}

static int make_file(Publish *publish, ImageFile **ret, Error **err) {
        const ApiImagesPost *post = &publish->post;
        const InstancePublish how = {.compression = post->compression_algorithm,
                                     .properties = &post->properties,
                                     .expiry_ns = post->expires_at};
        Instances *instances = publish->context->instances;
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (instance_load_source(instances, publish->project, post->source.name, &instance, err) <
            0)
                return -1;
        return instance_publish(instances, instance, &how, ret, err);
}

static int import(Publish *publish, ImageFile *file, ImageRow *ret, Error **err) {
        const ApiImagesPost *post = &publish->post;
        const ImageImport what = {.project = publish->image_project,
                                  .metadata = file,
                                  .filename = post->filename,
                                  .public = post->public,
                                  .auto_update = post->auto_update,
                                  .expiry_ns = post->expires_at,
                                  .profiles = &post->profiles};
        return image_import(publish->context->images, &what, ret, err);
}

static int publish_run(Operation *operation, void *userdata, Error **err) {
        Publish *publish = userdata;
        _cleanup_(image_file_cleanup) ImageFile *file = NULL;
        _cleanup_(image_row_done) ImageRow row = {.fingerprint = NULL};
        if (check_aliases(publish, err) < 0 || make_file(publish, &file, err) < 0 ||
            import(publish, file, &row, err) < 0)
                return -1;
        if (rest_image_add_aliases(publish->context, publish->image_project, &publish->post, &row,
                                   err) < 0) {
                if (image_delete(publish->context->images, row.project, row.fingerprint, NULL) < 0)
                        log_warning("Image %s stays without its aliases", row.fingerprint);
                return -1;
        }
        rest_image_imported(publish->context, operation, &row);
        return 0;
}

static const OperationHooks publish_hooks = {.run = publish_run, .release = publish_free};

/* What is not there is said at once, as LXD does. */
static int check_source(RestRequest *request, const ApiImagesPost *post, Error **err) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        const char *name = post->source.name;
        bool is_snapshot = name != NULL && strchr(name, '/') != NULL;
        if (str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0, "No source provided");
        if (str_equal(post->source.type, "snapshot") && !is_snapshot)
                return error_set(err, ERROR_INVALID, 0, "Not a snapshot");
        return instance_load_source(request->context->instances, request->project, name, &instance,
                                    err);
}

int rest_image_publish(RestRequest *request, ApiImagesPost *post, Error **err) {
        if (check_source(request, post, err) < 0)
                return -1;
        Publish *publish = mem_new(Publish);
        publish->context = request->context;
        publish->post = *post;
        api_images_post_init(post);
        publish->project = str_dup(request->project);
        publish->image_project = str_dup(request->effective_project);
        EventRequestor requestor = rest_requestor(request);
        return rest_reply_operation(
                request, operation_new(request->context->operations,
                                       &(OperationSpec){.class = OPERATION_TASK,
                                                        .description = "Downloading image",
                                                        .project = request->effective_project,
                                                        .hooks = &publish_hooks,
                                                        .userdata = publish,
                                                        .requestor = &requestor}));
}
