/* /1.0/images and its aliases */
#include "rest/table.h"

#include "api/image.h"
#include "archive/archive.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "http/files.h"
#include "image/export.h"
#include "image/source.h"
#include "rest/context.h"
#include "rest/image_upload.h"
#include "schema/arch.h"
#include "schema/names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int image_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ImageRow row = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_image_get(tx, request->effective_project, request->parameters[0], &row, err) < 0)
                return -1;
        ImageRow *entity = mem_new(ImageRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void image_unload(void *entity) {
        image_row_done(entity);
        free(entity);
}

static json_t *image_etag(RestRequest *request) {
        const ImageRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_boolean(row->public));
        json_array_append_new(value, json_boolean(row->auto_update));
        json_array_append_new(value, json_from_strmap(&row->properties));
        return value;
}

const RestEntity rest_image_entity = {
        .load = image_load,
        .etag = image_etag,
        .unload = image_unload,
};

static json_t *image_json(const ImageRow *row) {
        ApiImageAliasList aliases = {};
        for (size_t i = 0; i < row->aliases.count; i++) {
                ApiImageAlias *alias = json_list_add(&aliases, api_image_alias_fields);
                alias->name = str_dup(row->aliases.items[i].name);
                alias->description = str_dup(row->aliases.items[i].description);
        }
        ApiImageSource source = {.alias = row->source.alias,
                                 .certificate = row->source.certificate,
                                 .protocol = (char *) image_protocol_name(row->source.protocol),
                                 .server = row->source.server,
                                 .image_type = (char *) "container"};
        ApiImage image = {.auto_update = row->auto_update,
                          .update_source = row->source.server != NULL ? &source : NULL,
                          .properties = row->properties,
                          .public = row->public,
                          /* LXD shows 1970 for an image that does not expire. */
                          .expires_at = row->expiry_ns != TIME_ZERO ? row->expiry_ns : 0,
                          .profiles = row->profiles,
                          .aliases = aliases,
                          .architecture = (char *) architecture_name((int) row->architecture),
                          .cached = row->cached,
                          .filename = row->filename,
                          .fingerprint = row->fingerprint,
                          .size = row->size,
                          .type = (char *) "container",
                          .created_at = row->created_ns,
                          .last_used_at = row->used_ns,
                          .uploaded_at = row->uploaded_ns};
        json_t *object = api_image_to_json(&image);
        for (size_t i = 0; i < aliases.count; i++)
                api_image_alias_done(&aliases.items[i]);
        free(aliases.items);
        return object;
}

static int images_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(image_row_list_done) ImageRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_image_list(tx, request->effective_project, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                const ImageRow *row = &rows.items[i];
                if (!rest_caller_may_use(request, request->project) && !row->public)
                        continue;
                _cleanup_free_ char *url =
                        rest_url(request->effective_project, "images", row->fingerprint, NULL);
                rest_list_add(&list, url, rest_list_wants_objects(&list) ? image_json(row) : NULL);
        }
        return rest_list_reply(&list);
}

/* A guest must not learn that a private image exists. */
static int check_visible(RestRequest *request, Error **err) {
        const ImageRow *row = request->entity;
        if (rest_caller_may_use(request, request->project) || row->public ||
            rest_image_secret_fits(request, row))
                return 0;
        return error_set(err, ERROR_NOT_FOUND, 0, "Image not found");
}

static int image_get(RestRequest *request, Error **err) {
        if (check_visible(request, err) < 0)
                return -1;
        return rest_reply_sync(request, image_json(request->entity));
}

static void emit(RestRequest *request, const char *action, const char *fingerprint) {
        _cleanup_free_ char *source = rest_url(NULL, "images", fingerprint, NULL);
        rest_emit(request, action, source, NULL);
}

static int image_put(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ImageRow *row = request->entity;
        ApiImagePut put = {.auto_update = row->auto_update,
                           .properties = row->properties,
                           .public = row->public,
                           .expires_at = row->expiry_ns,
                           .profiles = row->profiles};
        row->properties = (StrMap){};
        row->profiles = (StrList){};
        int result = api_image_put_read(request->body, &put,
                                        rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err);
        row->auto_update = put.auto_update;
        row->public = put.public;
        row->expiry_ns = put.expires_at > 0 ? put.expires_at : TIME_ZERO;
        row->properties = put.properties;
        row->profiles = put.profiles;
        if (result < 0)
                return -1;
        if (row->profiles.count == 0)
                strlist_add(&row->profiles, "default");
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_image_update(tx, row, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "image-updated", row->fingerprint);
        return rest_reply_empty(request);
}

typedef struct Delete {
        RestContext *context;
        char *project, *fingerprint;
} Delete;

static void delete_release(void *userdata) {
        Delete *job = userdata;
        free(job->project);
        free(job->fingerprint);
        free(job);
}

static int delete_run(Operation *operation, void *userdata, Error **err) {
        const Delete *job = userdata;
        if (image_delete(job->context->images, job->project, job->fingerprint, err) < 0)
                return -1;
        _cleanup_free_ char *source = rest_url(NULL, "images", job->fingerprint, NULL);
        const EventLifecycle event = {.action = "image-deleted",
                                      .project = job->project,
                                      .source = source,
                                      .requestor = operation_requestor(operation)};
        event_emit_lifecycle(job->context->events, &event);
        return 0;
}

static const OperationHooks delete_hooks = {.run = delete_run, .release = delete_release};

static int image_delete_request(RestRequest *request, Error **err) {
        const ImageRow *row = request->entity;
        EventRequestor requestor = rest_requestor(request);
        Delete *job = mem_new(Delete);
        *job = (Delete){request->context, str_dup(request->effective_project),
                        str_dup(row->fingerprint)};
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = OPERATION_TASK,
                                               .description = "Deleting image",
                                               .project = request->effective_project,
                                               .hooks = &delete_hooks,
                                               .userdata = job,
                                               .requestor = &requestor});
        _cleanup_free_ char *path = str_printf("/1.0/images/%s", row->fingerprint);
        operation_add_resource(operation, "images", path);
        return rest_reply_operation(request, operation);
}

static int image_export_get(RestRequest *request, Error **err) {
        const ImageRow *row = request->entity;
        if (check_visible(request, err) < 0)
                return -1;
        _cleanup_(image_export_done) ImageExport export = {};
        HttpFile files[2];
        if (image_export_open(request->context->images, row->fingerprint, &export, err) < 0)
                return -1;
        for (size_t i = 0; i < export.count; i++)
                files[i] = (HttpFile){export.files[i].part, export.files[i].filename,
                                      export.files[i].fd, export.files[i].size};
        (void) http_exchange_reply_files(request->exchange, files, export.count, NULL);
        return rest_reply_taken(request);
}

#define FEATURE "features.images"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/images",
                .project_feature = FEATURE,
                .get = {images_get, REST_GUEST},
                .post = {rest_images_post, REST_PROJECT},
        },
        {
                .path = "/1.0/images/{fingerprint}",
                .entity = &rest_image_entity,
                .project_feature = FEATURE,
                .get = {image_get, REST_GUEST},
                .put = {image_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {image_put, REST_PROJECT, REST_JSON_BODY},
                .delete = {image_delete_request, REST_PROJECT, REST_NO_ETAG},
        },
        {
                .path = "/1.0/images/{fingerprint}/export",
                .entity = &rest_image_entity,
                .project_feature = FEATURE,
                .get = {image_export_get, REST_GUEST, REST_NO_ETAG},
        },
};

const RestTable rest_images_table = {endpoints, ARRAY_SIZE(endpoints)};
