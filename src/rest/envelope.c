#include "rest/envelope.h"

#include "base/memory.h"
#include "http/server.h"
#include "json/json.h"
#include "rest/error.h"

#include <string.h>

#define SYNC_HEAD                                                                       \
        "{\"type\":\"sync\",\"status\":\"Success\",\"status_code\":200,\"operation\":\"\"," \
        "\"error_code\":0,\"error\":\"\",\"metadata\":"

char *rest_envelope_sync(const char *metadata_text, size_t *ret_size) {
        size_t head = strlen(SYNC_HEAD), size = strlen(metadata_text);
        char *text = mem_alloc(head + size + 3);
        memcpy(text, SYNC_HEAD, head);
        memcpy(text + head, metadata_text, size);
        memcpy(text + head + size, "}\n", 3);
        *ret_size = head + size + 2;
        return text;
}

static int send_json(HttpExchange *exchange, int status, StrMap *headers, const char *body,
                     size_t size, Error **err) {
        strmap_set(headers, "Content-Type", "application/json");
        return http_exchange_reply(exchange, status, headers, body, size, err);
}

static int send_sync(RestRequest *request, Error **err) {
        _cleanup_free_ char *rendered =
                request->metadata != NULL ? json_dump_compact(request->metadata) : NULL;
        const char *metadata = request->metadata_text != NULL ? request->metadata_text
                               : rendered != NULL             ? rendered
                               : request->reply == REST_REPLY_EMPTY ? "{}"
                                                                    : "null";
        size_t size;
        _cleanup_free_ char *body = rest_envelope_sync(metadata, &size);
        int status = 200;
        if (request->location != NULL) {
                strmap_set(&request->headers, "Location", request->location);
                status = 201;
        }
        return send_json(request->exchange, status, &request->headers, body, size, err);
}

static int send_operation(RestRequest *request, Error **err) {
        Operation *operation = request->operation;
        _cleanup_free_ char *url = operation_url(operation);
        operation_start(operation);
        _cleanup_json_ json_t *object = operation_to_json(operation);
        _cleanup_free_ char *metadata = json_dump_compact(object);
        _cleanup_strbuf_ StrBuf body = {};
        strbuf_printf(&body,
                      "{\"type\":\"async\",\"status\":\"Operation created\",\"status_code\":100,"
                      "\"operation\":\"%s\",\"error_code\":0,\"error\":\"\",\"metadata\":%s}\n",
                      url, metadata);
        strmap_set(&request->headers, "Location", url);
        return send_json(request->exchange, 202, &request->headers, body.data, body.length, err);
}

int rest_envelope_send(RestRequest *request, Error **err) {
        if (request->reply == REST_REPLY_OPERATION)
                return send_operation(request, err);
        return send_sync(request, err);
}

int rest_envelope_send_error(HttpExchange *exchange, const Error *error, Error **err) {
        int status = rest_error_status(error);
        _cleanup_strmap_ StrMap headers = {};
        _cleanup_json_ json_t *message = json_string_lossy(error_message(error));
        _cleanup_free_ char *text = json_dump_compact(message);
        _cleanup_strbuf_ StrBuf body = {};
        strbuf_printf(&body,
                      "{\"type\":\"error\",\"status\":\"\",\"status_code\":0,\"operation\":\"\","
                      "\"error_code\":%d,\"error\":%s,\"metadata\":null}\n\n",
                      status, text);
        strmap_set(&headers, "X-Content-Type-Options", "nosniff");
        return send_json(exchange, status, &headers, body.data, body.length, err);
}
