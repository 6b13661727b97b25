/* An image from another server, as source.type "image" asks for. */
#include "rest/image_upload.h"

#include "base/memory.h"
#include "database/config.h"
#include "database/projects.h"
#include "image/update.h"
#include "rest/context.h"

typedef struct Pull {
        RestContext *context;
        ApiImagesPost post;
        char *project;
        Operation *operation; /* borrowed while it runs */
        int percent;
} Pull;

static void pull_free(void *userdata) {
        Pull *pull = userdata;
        api_images_post_done(&pull->post);
        free(pull->project);
        free(pull);
}

static void pull_progress(void *userdata, int64_t done, int64_t total) {
        Pull *pull = userdata;
        int percent = total > 0 ? (int) (done * 100 / total) : 0;
        if (percent == pull->percent)
                return;
        pull->percent = percent;
        _cleanup_free_ char *text = str_printf("rootfs: %d%%", percent);
        operation_set_progress(pull->operation, "download_progress", text);
}

static int run(Operation *operation, void *userdata, Error **err) {
        Pull *pull = userdata;
        const ApiImagesPostSource *from = &pull->post.source;
        _cleanup_(image_row_done) ImageRow row = {};
        const ImageSource source = {
                .server = from->server,
                .protocol = from->protocol,
                .certificate = from->certificate,
                .name = !str_is_empty(from->alias) ? from->alias : from->fingerprint,
                .secret = from->secret};
        const ImagePull how = {.project = pull->project,
                               .public = pull->post.public,
                               .auto_update = pull->post.auto_update,
                               .profiles = pull->post.profiles.count > 0 ? &pull->post.profiles
                                                                         : NULL,
                               .properties = &pull->post.properties,
                               .progress = pull_progress,
                               .userdata = pull};
        pull->operation = operation;
        if (image_pull(pull->context->images, &source, &how, &row, err) < 0 ||
            rest_image_add_aliases(pull->context, pull->project, &pull->post, &row, err) < 0)
                return -1;
        rest_image_imported(pull->context, operation, &row);
        return 0;
}

static const OperationHooks hooks = {.run = run, .release = pull_free};

int rest_image_pull(RestRequest *request, ApiImagesPost *post, Error **err) {
        if (str_is_empty(post->source.server))
                return error_set(err, ERROR_INVALID, 0, "Missing server for a remote image");
        Pull *pull = mem_new(Pull);
        *pull = (Pull){.context = request->context,
                       .post = *post,
                       .project = str_dup(request->effective_project),
                       .percent = -1};
        api_images_post_init(post); /* its content has moved */
        EventRequestor requestor = rest_requestor(request);
        const OperationSpec spec = {.class = OPERATION_TASK,
                                    .description = "Downloading image",
                                    .project = request->effective_project,
                                    .hooks = &hooks,
                                    .userdata = pull,
                                    .requestor = &requestor};
        return rest_reply_operation(request, operation_new(request->context->operations, &spec));
}

/* What images.* keys say about images that come by themselves. */
typedef struct CacheRules {
        bool update;  /* keep them current */
        bool prefers; /* take one that is here without asking its server */
} CacheRules;

static const char *rule(const StrMap *project, const StrMap *server, const char *key) {
        const char *text = strmap_get(project, key);
        return !str_is_empty(text) ? text : strmap_get(server, key);
}

static int read_rules(RestRequest *request, char **ret_project, CacheRules *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_done) ProjectRow project = {};
        _cleanup_strmap_ StrMap server = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_holder(tx, request->project, "features.images", ret_project, err) < 0 ||
            db_project_get(tx, *ret_project, &project, err) < 0 ||
            db_config_get(tx, &server, err) < 0)
                return -1;
        ret->update = !str_is_false(rule(&project.config, &server, "images.auto_update_cached"));
        ret->prefers = !str_equal(rule(&project.config, &server, "images.auto_update_interval"),
                                  "0");
        return 0;
}

int rest_image_take_remote(RestRequest *request, ApiInstanceSource *source, Error **err) {
        Images *images = request->context->images;
        _cleanup_(image_row_done) ImageRow row = {};
        _cleanup_free_ char *project = NULL, *cached = NULL;
        CacheRules rules;
        const ImageSource from = {
                .server = source->server,
                .protocol = source->protocol,
                .certificate = source->certificate,
                .name = !str_is_empty(source->alias) ? source->alias : source->fingerprint,
                .secret = source->secret};
        if (!str_equal(source->type, "image") || str_is_empty(source->server))
                return 0;
        if (read_rules(request, &project, &rules, err) < 0)
                return -1;
        if (rules.prefers && !str_is_empty(source->alias) &&
            image_find_cached(images, project, &from, &cached, err) < 0)
                return -1;
        const ImagePull how = {.project = project, .cached = true, .auto_update = rules.update};
        if (cached == NULL && image_pull(images, &from, &how, &row, err) < 0)
                return -1;
        str_replace(&source->server, NULL);
        str_replace(&source->alias, NULL);
        str_replace(&source->fingerprint, cached != NULL ? TAKE_PTR(cached)
                                                         : str_dup(row.fingerprint));
        return 0;
}
