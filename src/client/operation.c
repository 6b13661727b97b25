/* Operations. Their end is learnt from the events websocket, which is open before the request: an
 * operation lives only a few seconds after its end, and waiting costs no request. */
#include "client/connection_private.h"

#include "base/memory.h"
#include "http/websocket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define STATUS_FINAL 200
#define STATUS_FAILURE 400

bool client_operation_is_final(const json_t *operation) {
        return json_integer_value(json_object_get(operation, "status_code")) >= STATUS_FINAL;
}

int client_operation_result(const json_t *operation, Error **err) {
        const char *message = json_string_value(json_object_get(operation, "err"));
        json_int_t status = json_integer_value(json_object_get(operation, "status_code"));
        if (!str_is_empty(message))
                return error_set(err, ERROR_INTERNAL, (int) status, "%s", message);
        if (status >= STATUS_FAILURE)
                return error_set(err, ERROR_INTERNAL, (int) status, "The operation failed");
        return 0;
}

static void stop_listening(Client *client) {
        websocket_free(TAKE_PTR(client->events));
}

int client_listen(Client *client, Error **err) {
        _cleanup_free_ char *path = str_dup("/1.0/events?type=operation");
        if (client->events != NULL && str_equal(client->events_project, client->project))
                return 0;
        stop_listening(client);
        str_replace(&client->events_project, str_dup(client->project));
        return client_websocket(client, path, &client->events, err);
}

int client_start(Client *client, const ClientRequest *request, json_t **ret_operation,
                 Error **err) {
        _cleanup_response_ ClientResponse response = {};
        /* Without events the waiting falls back to /wait: some callers may not listen. */
        (void) !client_listen(client, NULL);
        if (client_send(client, request, &response, err) < 0)
                return -1;
        if (!str_equal(json_string_value(json_object_get(response.body, "type")), "async"))
                return error_set(err, ERROR_INTERNAL, 0,
                                 "The server answered without an operation");
        *ret_operation = json_incref(response.metadata);
        return 0;
}

int client_events_fd(const Client *client) {
        return client->events != NULL ? ws_fd(client->events) : -1;
}

int client_events_next(Client *client, json_t **ret, Error **err) {
        _cleanup_strbuf_ StrBuf text = {};
        _cleanup_error_ Error *failed = NULL;
        WebSocketType type;
        *ret = NULL;
        while (*ret == NULL) {
                json_t *event;
                if (ws_receive(client->events, 0, &type, &text, &failed) < 0)
                        return error_is(failed, ERROR_TIMEOUT) ? 0 : error_move(err, &failed);
                if (type == WS_CLOSE)
                        return error_set(err, ERROR_UNAVAILABLE, 0,
                                         "The server closed the event stream");
                event = json_loadb(text.data, text.length, 0, NULL);
                if (str_equal(json_string_value(json_object_get(event, "type")), "operation"))
                        *ret = json_incref(json_object_get(event, "metadata"));
                json_decref(event);
        }
        return 0;
}

int client_operation_cancel(Client *client, const char *id, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/operations/{}", id, NULL);
        return client_change(client, "DELETE", path, NULL, NULL, err);
}

static int wait_by_request(Client *client, const char *id, json_t **ret, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/operations/{}/wait", id, NULL);
        return client_get(client, path, ret, NULL, err);
}

/* Cancels once; an operation that cannot be cancelled is waited for. */
static int interrupted(Client *client, const char *id, const ClientWait *wait, bool *cancelled,
                       Error **err) {
        _cleanup_error_ Error *refused = NULL;
        bool done;
        if (*cancelled)
                return error_set(err, ERROR_CANCELLED, EINTR, "Interrupted");
        *cancelled = true;
        done = client_operation_cancel(client, id, &refused) == 0;
        if (!done && !error_is(refused, ERROR_INVALID) && !error_is(refused, ERROR_NOT_FOUND))
                return error_set(err, ERROR_CANCELLED, EINTR,
                                 "Interrupted; the operation goes on: %s", error_message(refused));
        if (wait->interrupted != NULL)
                wait->interrupted(wait->userdata, done);
        return 0;
}

static void free_operation(void *operation) {
        json_decref(operation);
}

/* The end of an operation that somebody will wait for after this one. Takes the event. */
static void keep_final(Client *client, json_t *event) {
        const char *id = json_string_value(json_object_get(event, "id"));
        if (id == NULL || !client_operation_is_final(event)) {
                json_decref(event);
                return;
        }
        if (client->ended == NULL)
                client->ended = table_new(free_operation);
        table_set(client->ended, id, event);
}

static int wait_input(Client *client, const char *id, const ClientWait *wait, bool *cancelled,
                      Error **err) {
        struct pollfd entries[2] = {{.fd = client_events_fd(client), .events = POLLIN},
                                    {.fd = wait->interrupt_fd, .events = POLLIN}};
        char signal;
        if (poll(entries, 2, -1) < 0 && errno != EINTR)
                return error_errno(err, errno, "Cannot wait");
        if (entries[1].revents != 0 && read(wait->interrupt_fd, &signal, 1) > 0)
                return interrupted(client, id, wait, cancelled, err);
        return 0;
}

/* The next event of this operation. */
static int next_of(Client *client, const char *id, const ClientWait *wait, bool *cancelled,
                   json_t **ret, Error **err) {
        for (;;) {
                json_t *event;
                if (client_events_next(client, &event, err) < 0)
                        return -1;
                if (event == NULL) {
                        if (wait_input(client, id, wait, cancelled, err) < 0)
                                return -1;
                } else if (str_equal(json_string_value(json_object_get(event, "id")), id)) {
                        *ret = event;
                        return 0;
                } else {
                        keep_final(client, event);
                }
        }
}

/* The last state; asks the server once more, since events of different workers may overtake each
 * other. */
static json_t *refresh(Client *client, const char *id, json_t *last) {
        _cleanup_free_ char *path = client_url("/1.0/operations/{}", id, NULL);
        json_t *fresh = NULL;
        if (client_get(client, path, &fresh, NULL, NULL) < 0)
                return last;
        json_decref(last);
        return fresh;
}

static int wait_by_events(Client *client, const char *id, const ClientWait *wait, json_t **ret,
                          Error **err) {
        bool cancelled = false;
        if (client->ended != NULL && table_get(client->ended, id) != NULL) {
                *ret = table_take(client->ended, id);
                return 0;
        }
        for (;;) {
                json_t *event;
                if (next_of(client, id, wait, &cancelled, &event, err) < 0) {
                        if (err == NULL || !error_is(*err, ERROR_CANCELLED))
                                stop_listening(client);
                        return -1;
                }
                if (client_operation_is_final(event)) {
                        *ret = refresh(client, id, event);
                        return 0;
                }
                if (wait->watch != NULL)
                        wait->watch(wait->userdata, event);
                json_decref(event);
        }
}

int client_wait(Client *client, const json_t *operation, const ClientWait *wait, json_t **ret,
                Error **err) {
        const char *id = json_string_value(json_object_get(operation, "id"));
        _cleanup_error_ Error *lost = NULL;
        json_t *last = NULL;
        int result;
        if (str_is_empty(id))
                return error_set(err, ERROR_INTERNAL, 0, "The operation has no id");
        if (client_operation_is_final(operation)) {
                last = json_incref((json_t *) operation);
        } else if (client->events == NULL || wait_by_events(client, id, wait, &last, &lost) < 0) {
                if (error_is(lost, ERROR_CANCELLED))
                        return error_move(err, &lost);
                if (wait_by_request(client, id, &last, err) < 0)
                        return -1;
        }
        result = client_operation_result(last, err);
        if (result == 0 && ret != NULL)
                *ret = json_incref(last);
        json_decref(last);
        return result;
}
