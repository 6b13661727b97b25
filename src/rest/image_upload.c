/* The body is stored while it arrives, by the request's own thread; checking and recording it is
 * an operation. Whatever fails, the files go with the upload. */
#include "rest/image_upload.h"

#include "base/memory.h"
#include "base/times.h"
#include "http/multipart.h"
#include "http/server.h"
#include "json/json.h"
#include "rest/context.h"

#include <stdio.h>
#include <string.h>

#define JSON_LIMIT ((size_t) 1 << 20)

typedef struct Upload {
        RestContext *context;
        ImageFile *metadata, *rootfs;
        char *project, *filename, *fingerprint;
        bool public;
        StrMap properties;
        StrList profiles;
} Upload;

static void upload_free(void *userdata) {
        Upload *upload = userdata;
        if (upload == NULL)
                return;
        image_file_free(upload->metadata);
        image_file_free(upload->rootfs);
        free(upload->project);
        free(upload->filename);
        free(upload->fingerprint);
        strmap_done(&upload->properties);
        strlist_done(&upload->profiles);
        free(upload);
}

static void upload_cleanup(Upload **upload) {
        upload_free(*upload);
}

static int receive_whole(RestRequest *request, ImageFile *file, Error **err) {
        char block[65536];
        size_t got;
        do {
                if (http_exchange_read(request->exchange, block, sizeof block, &got, err) < 0 ||
                    image_file_write(file, block, got, err) < 0)
                        return -1;
        } while (got > 0);
        return 0;
}

static int receive_part(Multipart *multipart, ImageFile *file, Error **err) {
        char block[65536];
        size_t got;
        do {
                if (multipart_read(multipart, block, sizeof block, &got, err) < 0 ||
                    image_file_write(file, block, got, err) < 0)
                        return -1;
        } while (got > 0);
        return 0;
}

/* "metadata", then "rootfs", as LXD's clients send them. */
static int receive_parts(RestRequest *request, const char *boundary, Upload *upload,
                         Error **err) {
        _cleanup_(multipart_cleanup) Multipart *multipart =
                multipart_new(request->exchange, boundary);
        for (;;) {
                _cleanup_free_ char *name = NULL;
                int found = multipart_next(multipart, &name, err);
                if (found <= 0) {
                        if (found == 0 && (upload->metadata == NULL || upload->rootfs == NULL))
                                return error_set(err, ERROR_INVALID, 0,
                                                 "Invalid multipart image: the parts \"metadata\" "
                                                 "and \"rootfs\" are needed");
                        return found;
                }
                ImageFile **file = str_equal(name, "metadata") ? &upload->metadata
                                   : str_equal(name, "rootfs") ? &upload->rootfs
                                                               : NULL;
                if (file == NULL || *file != NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid multipart image: unexpected part \"%s\"", name);
                if (image_file_new(request->context->images, file, err) < 0 ||
                    receive_part(multipart, *file, err) < 0)
                        return -1;
        }
}

/* X-LXD-properties: url-encoded k=v pairs. */
static int parse_properties(const char *text, StrMap *ret, Error **err) {
        _cleanup_strlist_ StrList pairs = {};
        strlist_split(&pairs, text, "&", true);
        for (size_t i = 0; i < pairs.count; i++) {
                const char *equal = strchr(pairs.items[i], '=');
                if (equal == NULL)
                        continue;
                _cleanup_free_ char *key = url_unescape(
                        pairs.items[i], (size_t) (equal - pairs.items[i]), true);
                _cleanup_free_ char *value = url_unescape(equal + 1, strlen(equal + 1), true);
                if (key == NULL || value == NULL)
                        return error_set(err, ERROR_INVALID, 0, "Invalid image properties \"%s\"",
                                         text);
                strmap_set(ret, key, value);
        }
        return 0;
}

/* Profiles come as "profile=a&profile=b". */
static void parse_profiles(const char *text, StrList *ret) {
        _cleanup_strlist_ StrList pairs = {};
        strlist_split(&pairs, text, "&", true);
        for (size_t i = 0; i < pairs.count; i++) {
                const char *value = str_after_prefix(pairs.items[i], "profile=");
                if (value != NULL)
                        strlist_take(ret, url_unescape(value, strlen(value), true));
        }
}

static int read_headers(RestRequest *request, Upload *upload, Error **err) {
        HttpExchange *exchange = request->exchange;
        upload->public = str_is_true(http_exchange_header(exchange, "X-LXD-public"));
        upload->filename = str_dup(http_exchange_header(exchange, "X-LXD-filename"));
        upload->fingerprint = str_dup(http_exchange_header(exchange, "X-LXD-fingerprint"));
        parse_profiles(http_exchange_header(exchange, "X-LXD-profiles"), &upload->profiles);
        return parse_properties(http_exchange_header(exchange, "X-LXD-properties"),
                                &upload->properties, err);
}

void rest_image_imported(RestContext *context, Operation *operation, const ImageRow *row) {
        char size[32];
        snprintf(size, sizeof size, "%lld", (long long) row->size);
        operation_set_metadata(operation, "fingerprint", json_string(row->fingerprint));
        operation_set_metadata(operation, "size", json_string(size));
        _cleanup_free_ char *source = rest_url(NULL, "images", row->fingerprint, NULL);
        const EventLifecycle event = {.action = "image-created",
                                      .project = row->project,
                                      .source = source,
                                      .requestor = operation_requestor(operation)};
        event_emit_lifecycle(context->events, &event);
}

static int upload_run(Operation *operation, void *userdata, Error **err) {
        Upload *upload = userdata;
        _cleanup_(image_row_done) ImageRow row = {};
        const ImageImport import = {.project = upload->project,
                                    .metadata = upload->metadata,
                                    .rootfs = upload->rootfs,
                                    .filename = upload->filename,
                                    .fingerprint = upload->fingerprint,
                                    .public = upload->public,
                                    .expiry_ns = TIME_ZERO,
                                    .properties = &upload->properties,
                                    .profiles = &upload->profiles};
        int result = image_import(upload->context->images, &import, &row, err);
        /* The operation outlives its end by some seconds; what was not imported does not. */
        image_file_free(TAKE_PTR(upload->metadata));
        image_file_free(TAKE_PTR(upload->rootfs));
        if (result < 0)
                return -1;
        rest_image_imported(upload->context, operation, &row);
        return 0;
}

static const OperationHooks upload_hooks = {.run = upload_run, .release = upload_free};

static int receive(RestRequest *request, Upload *upload, Error **err) {
        const char *type = http_exchange_header(request->exchange, "Content-Type");
        _cleanup_free_ char *boundary = multipart_boundary(type);
        if (boundary != NULL)
                return receive_parts(request, boundary, upload, err);
        if (image_file_new(request->context->images, &upload->metadata, err) < 0 ||
            receive_whole(request, upload->metadata, err) < 0)
                return -1;
        if (image_file_size(upload->metadata) == 0)
                return error_set(err, ERROR_INVALID, 0, "No image was sent");
        return 0;
}

static int post_json(RestRequest *request, Error **err) {
        _cleanup_(api_images_post_done) ApiImagesPost post;
        _cleanup_json_ json_t *body = NULL;
        _cleanup_free_ char *data = NULL;
        size_t size;
        api_images_post_init(&post);
        if (http_exchange_read_all(request->exchange, JSON_LIMIT, &data, &size, err) < 0 ||
            json_parse(data, size, &body, err) < 0 ||
            api_images_post_read(body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (rest_image_is_publish(&post))
                return rest_image_publish(request, &post, err);
        if (str_equal(post.source.type, "image"))
                return rest_image_pull(request, &post, err);
        return error_set(err, ERROR_UNSUPPORTED, 0, "Invalid images JSON: source type \"%s\"",
                         post.source.type != NULL ? post.source.type : "");
}

int rest_images_post(RestRequest *request, Error **err) {
        if (str_has_prefix(http_exchange_header(request->exchange, "Content-Type"),
                           "application/json"))
                return post_json(request, err);
        _cleanup_(upload_cleanup) Upload *upload = mem_new(Upload);
        upload->context = request->context;
        upload->project = str_dup(request->effective_project);
        if (read_headers(request, upload, err) < 0 || receive(request, upload, err) < 0)
                return -1;
        EventRequestor requestor = rest_requestor(request);
        return rest_reply_operation(
                request, operation_new(request->context->operations,
                                       &(OperationSpec){.class = OPERATION_TASK,
                                                        .description = "Downloading image",
                                                        .project = request->effective_project,
                                                        .hooks = &upload_hooks,
                                                        .userdata = TAKE_PTR(upload),
                                                        .requestor = &requestor}));
}
