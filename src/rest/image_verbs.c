/* Images that follow another server, and secrets for private ones:
 * /1.0/images/{fingerprint}/refresh and …/secret. */
#include "rest/image_upload.h"

#include "base/memory.h"
#include "base/units.h"
#include "image/update.h"
#include "rest/context.h"
#include "rest/table.h"

#define TOKEN_DESCRIPTION "Image download token"

typedef struct Refresh {
        RestContext *context;
        char *project, *fingerprint;
} Refresh;

static void refresh_free(void *userdata) {
        Refresh *refresh = userdata;
        free(refresh->project);
        free(refresh->fingerprint);
        free(refresh);
}

static int refresh_run(Operation *operation, void *userdata, Error **err) {
        const Refresh *refresh = userdata;
        _cleanup_(image_row_done) ImageRow row = {};
        bool refreshed;
        if (image_find(refresh->context->images, refresh->project, refresh->fingerprint, &row,
                       err) < 0 ||
            image_refresh(refresh->context->images, &row, NULL, NULL, &refreshed, err) < 0)
                return -1;
        operation_set_metadata(operation, "refreshed", json_boolean(refreshed));
        if (!refreshed)
                return 0;
        _cleanup_free_ char *source = rest_url(NULL, "images", row.fingerprint, NULL);
        event_emit_lifecycle(refresh->context->events,
                             &(EventLifecycle){.action = "image-refreshed",
                                               .project = row.project,
                                               .source = source,
                                               .requestor = operation_requestor(operation)});
        return 0;
}

static int refresh_post(RestRequest *request, Error **err) {
        static const OperationHooks hooks = {.run = refresh_run, .release = refresh_free};
        const ImageRow *row = request->entity;
        Refresh *refresh = mem_new(Refresh);
        *refresh = (Refresh){request->context, str_dup(request->effective_project),
                             str_dup(row->fingerprint)};
        EventRequestor requestor = rest_requestor(request);
        return rest_reply_operation(
                request, operation_new(request->context->operations,
                                       &(OperationSpec){.class = OPERATION_TASK,
                                                        .description = "Refreshing image",
                                                        .project = request->effective_project,
                                                        .hooks = &hooks,
                                                        .userdata = refresh,
                                                        .requestor = &requestor}));
}

static int secret_post(RestRequest *request, Error **err) {
        const ImageRow *row = request->entity;
        EventRequestor requestor = rest_requestor(request);
        _cleanup_free_ char *path = rest_url(NULL, "images", row->fingerprint, NULL);
        _cleanup_free_ char *secret = random_hex(32);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = OPERATION_TOKEN,
                                               .description = TOKEN_DESCRIPTION,
                                               .project = request->effective_project,
                                               .requestor = &requestor});
        operation_add_resource(operation, "images", path);
        operation_set_metadata(operation, "secret", json_string(secret));
        rest_emit(request, "image-secret-created", path, NULL);
        return rest_reply_operation(request, operation);
}

static bool is_token_for(Operation *operation, const char *path, const char *secret) {
        _cleanup_json_ json_t *object = operation_to_json(operation);
        const json_t *resources = json_object_get(object, "resources");
        return operation_class(operation) == OPERATION_TOKEN &&
               str_equal(json_string_value(json_object_get(object, "description")),
                         TOKEN_DESCRIPTION) &&
               str_equal(json_string_value(
                                 json_array_get(json_object_get(resources, "images"), 0)),
                         path) &&
               operation_secret_matches(operation, secret);
}

/* It ends with its first use, and serves for the few seconds that an ended operation stays: the
 * image's description and its files are two requests. */
bool rest_image_secret_fits(RestRequest *request, const ImageRow *row) {
        const char *secret = rest_query(request, "secret");
        _cleanup_free_ char *path = rest_url(NULL, "images", row->fingerprint, NULL);
        Operation **list;
        bool fits = false;
        if (str_is_empty(secret))
                return false;
        size_t count = operations_list(request->context->operations, request->effective_project,
                                       &list);
        for (size_t i = 0; i < count; i++) {
                if (!fits && is_token_for(list[i], path, secret)) {
                        fits = true;
                        (void) !operation_cancel(list[i], NULL);
                }
                (void) operation_unref(list[i]);
        }
        free(list);
        return fits;
}

static int refresh_all_get(RestRequest *request, Error **err) {
        images_update(request->context->images, true);
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/images/{fingerprint}/refresh",
                .entity = &rest_image_entity,
                .project_feature = "features.images",
                .post = {refresh_post, REST_PROJECT},
        },
        {
                .path = "/1.0/images/{fingerprint}/secret",
                .entity = &rest_image_entity,
                .project_feature = "features.images",
                .post = {secret_post, REST_PROJECT},
        },
        {
                .path = "/internal/testing/image-refresh",
                .get = {refresh_all_get, REST_INTERNAL},
        },
};

const RestTable rest_image_verbs_table = {endpoints, ARRAY_SIZE(endpoints)};
