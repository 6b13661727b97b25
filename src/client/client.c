/* Requests and what their answers mean. */
#include "client/connection_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/websocket.h"

#include <ctype.h>
#include <string.h>

#define ANSWER_LIMIT ((size_t) 1 << 30)

Client *client_new(const char *name, const char *host, const ClientConnector *connector) {
        Client *client = mem_new(Client);
        client->name = str_dup(name);
        client->host = str_dup(host);
        client->connector = *connector;
        return client;
}

void client_free(Client *client) {
        if (client == NULL)
                return;
        connection_free(client->idle);
        websocket_free(client->events);
        client->connector.free(client->connector.userdata);
        table_free(client->ended);
        json_decref(client->server);
        free(client->name);
        free(client->host);
        free(client->project);
        free(client->target);
        free(client->events_project);
        free(client);
}

const char *client_name(const Client *client) {
        return client->name;
}

void client_set_project(Client *client, const char *project) {
        str_replace(&client->project, str_is_empty(project) ? NULL : str_dup(project));
}

const char *client_project(const Client *client) {
        return client->project;
}

void client_set_target(Client *client, const char *target) {
        str_replace(&client->target, str_is_empty(target) ? NULL : str_dup(target));
}

/* --- URLs --- */

char *client_url(const char *pattern, ...) {
        _cleanup_strbuf_ StrBuf url = {};
        va_list values;
        va_start(values, pattern);
        for (; *pattern != '\0'; pattern++) {
                const char *value;
                if (pattern[0] != '{' || pattern[1] != '}') {
                        strbuf_add_char(&url, *pattern);
                        continue;
                }
                pattern++;
                value = va_arg(values, const char *);
                if (value != NULL) {
                        _cleanup_free_ char *escaped = url_escape(value);
                        strbuf_add(&url, escaped);
                }
        }
        va_end(values);
        return strbuf_take(&url);
}

char *client_url_query(char *url, const char *key, const char *value) {
        _cleanup_free_ char *owned = url, *escaped = url_escape(value);
        return str_printf("%s%c%s=%s", owned, strchr(owned, '?') != NULL ? '&' : '?', key, escaped);
}

/* --- answers --- */

void client_response_done(ClientResponse *response) {
        strmap_done(&response->headers);
        json_decref(response->body);
        free(response->etag);
        free(response->text);
        *response = (ClientResponse){};
}

static ErrorKind kind_of(int status) {
        static const struct {
                int status;
                ErrorKind kind;
        } kinds[] = {
                {400, ERROR_INVALID},     {401, ERROR_UNAUTHORIZED}, {403, ERROR_FORBIDDEN},
                {404, ERROR_NOT_FOUND},   {409, ERROR_EXISTS},       {412, ERROR_PRECONDITION},
                {413, ERROR_TOO_LARGE},   {501, ERROR_METHOD},       {503, ERROR_UNAVAILABLE},
        };
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                if (kinds[i].status == status)
                        return kinds[i].kind;
        }
        return ERROR_INTERNAL;
}

int client_error_from_reply(Error **err, int status, const json_t *body, const char *text) {
        const char *message = json_string_value(json_object_get(body, "error"));
        json_int_t code = json_integer_value(json_object_get(body, "error_code"));
        if (code != 0)
                status = (int) code;
        if (!str_is_empty(message))
                return error_set(err, kind_of(status), status, "%s", message);
        if (!str_is_empty(text) && strlen(text) < 200)
                return error_set(err, kind_of(status), status, "The server answered %d: %s", status,
                                 text);
        return error_set(err, kind_of(status), status, "The server answered with status %d",
                         status);
}

static void keep_headers(const HttpHead *head, ClientResponse *response) {
        response->status = head->status;
        for (size_t i = 0; i < head->header_count; i++) {
                _cleanup_free_ char *name = str_lower(head->headers[i].name);
                strmap_set(&response->headers, name, head->headers[i].value);
        }
        if (http_head_get(head, "ETag") != NULL) {
                /* Quoted by RFC 9110; servers compare what stands between the quotes. */
                const char *etag = http_head_get(head, "ETag");
                size_t length = strlen(etag);
                bool quoted = length >= 2 && etag[0] == '"' && etag[length - 1] == '"';
                response->etag = quoted ? str_ndup(etag + 1, length - 2) : str_dup(etag);
        }
}

static int read_text(ClientDownload *download, ClientResponse *response, Error **err) {
        _cleanup_strbuf_ StrBuf text = {};
        char block[16384];
        size_t size;
        do {
                if (client_download_read(download, block, sizeof(block), &size, err) < 0)
                        return -1;
                strbuf_add_data(&text, block, size);
                if (text.length > ANSWER_LIMIT)
                        return error_set(err, ERROR_TOO_LARGE, 0, "The answer is over 1 GiB");
        } while (size > 0);
        response->text_size = text.length;
        response->text = strbuf_take(&text);
        return 0;
}

static bool is_json(const ClientResponse *response) {
        return str_has_prefix(strmap_get(&response->headers, "content-type"), "application/json");
}

static int read_answer(ClientDownload *download, ClientResponse *response, Error **err) {
        json_error_t where;
        if (read_text(download, response, err) < 0)
                return -1;
        if (!is_json(response))
                return 0;
        response->body = json_loadb(response->text, response->text_size, 0, &where);
        if (response->body == NULL)
                return error_set(err, ERROR_INTERNAL, 0,
                                 "The server's answer is no JSON: line %d: %s", where.line,
                                 where.text);
        response->metadata = json_object_get(response->body, "metadata");
        return 0;
}

int client_send_raw(Client *client, const ClientRequest *request, ClientResponse *ret,
                    Error **err) {
        _cleanup_download_ ClientDownload *download = NULL;
        _cleanup_response_ ClientResponse response = {};
        if (connection_begin(client, request, &download, err) < 0)
                return -1;
        keep_headers(&download->head, &response);
        if (read_answer(download, &response, err) < 0)
                return -1;
        *ret = response;
        response = (ClientResponse){};
        return 0;
}

static bool is_error(const ClientResponse *response) {
        return response->status >= 400 ||
               str_equal(json_string_value(json_object_get(response->body, "type")), "error");
}

int client_send(Client *client, const ClientRequest *request, ClientResponse *ret, Error **err) {
        _cleanup_response_ ClientResponse response = {};
        if (client_send_raw(client, request, &response, err) < 0)
                return -1;
        if (is_error(&response))
                return client_error_from_reply(err, response.status, response.body, response.text);
        *ret = response;
        response = (ClientResponse){};
        return 0;
}

int client_download(Client *client, const ClientRequest *request, ClientResponse *ret_head,
                    ClientDownload **ret, Error **err) {
        _cleanup_download_ ClientDownload *download = NULL;
        _cleanup_response_ ClientResponse response = {};
        if (connection_begin(client, request, &download, err) < 0)
                return -1;
        keep_headers(&download->head, &response);
        if (response.status >= 400) {
                if (read_answer(download, &response, err) < 0)
                        return -1;
                return client_error_from_reply(err, response.status, response.body, response.text);
        }
        if (ret_head != NULL) {
                *ret_head = response;
                response = (ClientResponse){};
        }
        *ret = TAKE_PTR(download);
        return 0;
}

int client_get(Client *client, const char *path, json_t **ret, char **ret_etag, Error **err) {
        _cleanup_response_ ClientResponse response = {};
        const ClientRequest request = {.path = path};
        if (client_send(client, &request, &response, err) < 0)
                return -1;
        if (response.body == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "The server's answer is no JSON");
        *ret = json_incref(response.metadata != NULL ? response.metadata : json_null());
        if (ret_etag != NULL)
                *ret_etag = TAKE_PTR(response.etag);
        return 0;
}

int client_change(Client *client, const char *method, const char *path, const json_t *body,
                  const char *etag, Error **err) {
        _cleanup_response_ ClientResponse response = {};
        const ClientRequest request = {.method = method, .path = path, .body = body, .etag = etag};
        return client_send(client, &request, &response, err);
}

/* --- the server --- */

int client_server(Client *client, const json_t **ret, Error **err) {
        if (client->server == NULL && client_get(client, "/1.0", &client->server, NULL, err) < 0)
                return -1;
        *ret = client->server;
        return 0;
}

bool client_has_extension(Client *client, const char *extension) {
        const json_t *server, *item;
        size_t i;
        if (client_server(client, &server, NULL) < 0)
                return false;
        json_array_foreach(json_object_get(server, "api_extensions"), i, item) {
                if (str_equal(json_string_value(item), extension))
                        return true;
        }
        return false;
}

int client_need_extension(Client *client, const char *extension, Error **err) {
        const json_t *server;
        if (client_server(client, &server, err) < 0)
                return -1;
        if (client_has_extension(client, extension))
                return 0;
        return error_set(err, ERROR_UNSUPPORTED, 0,
                         "The server is missing the required \"%s\" API extension", extension);
}
