#include "daemon/api_call.h"

#include "base/memory.h"
#include "client/client.h"
#include "daemon/command.h"
#include "json/json.h"

int daemon_api_call(const char *method, const char *path, json_t *body, json_t **ret_metadata,
                    Error **err) {
        _cleanup_free_ char *socket_path = daemon_socket_path();
        _cleanup_client_ Client *client = client_new_unix(socket_path);
        _cleanup_response_ ClientResponse response = {};
        const ClientRequest request = {.method = method, .path = path, .body = body};
        if (client_send(client, &request, &response, err) < 0)
                return -1;
        *ret_metadata = response.metadata != NULL ? json_incref(response.metadata) : json_null();
        return 0;
}

int daemon_api_send(const char *method, const char *path, json_t *body, Error **err) {
        _cleanup_json_ json_t *metadata = NULL;
        return daemon_api_call(method, path, body, &metadata, err);
}
