/* A server of LXD's API, as its clients see it: requests over kept-alive connections, operations
 * waited for on the events websocket, streams.
 *
 * A Client is used by one thread at a time; websockets that it opened are independent of it. What
 * the server refuses becomes an Error with the server's words and `number` set to the HTTP status
 * (errors of the connection have an errno or 0 there, and ERROR_UNAVAILABLE as kind when nobody
 * answers). Nothing here is Linux-only. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

typedef struct Client Client;
typedef struct WebSocket WebSocket;
typedef struct Transport Transport;

/* Makes one connection. `userdata` is the ClientConnector's. Another transport (HTTPS) is another
 * connector; all else stays. */
typedef struct ClientConnector {
        int (*connect)(void *userdata, Transport **ret, Error **err);
        void (*free)(void *userdata);
        void *userdata;
} ClientConnector;

/* Connects lazily; only client_check() and requests notice that nobody is there. */
Client *client_new_unix(const char *socket_path);
/* `name` is for messages ("unix socket /run/…", "https://h:8443"), `host` for the Host header. */
Client *client_new(const char *name, const char *host, const ClientConnector *connector);
void client_free(Client *client);
DEFINE_CLEANUP(Client, client, client_free)
#define _cleanup_client_ _cleanup_(client_cleanup)

const char *client_name(const Client *client);
/* Sent as ?project= and ?target= with each request that does not say another one itself; NULL:
 * none. */
void client_set_project(Client *client, const char *project);
const char *client_project(const Client *client);
void client_set_target(Client *client, const char *target);
/* "{}" in `pattern` are replaced by the arguments (const char *, NULL-ended), percent-encoded:
 * client_url("/1.0/profiles/{}", name, NULL). Caller frees. */
char *client_url(const char *pattern, ...) __attribute__((sentinel));
/* Adds "?key=value" or "&key=value". Frees `url`, caller frees the result. */
char *client_url_query(char *url, const char *key, const char *value);

/* Called with the bytes moved so far; `total` -1 when unknown. */
typedef void (*ClientProgress)(void *userdata, int64_t done, int64_t total);
/* Called with the metadata of a running operation at each change. */
typedef void (*ClientWatch)(void *userdata, const json_t *operation);

/* A part of a multipart upload. */
typedef struct ClientPart {
        const char *name;
        const char *filename;
        int fd;
} ClientPart;

/* What is sent. At most one of body, text, fd, parts. */
typedef struct ClientRequest {
        const char *method; /* NULL: GET */
        const char *path;   /* "/1.0/…", with its query */
        const json_t *body; /* sent as JSON; borrowed */
        const char *text;   /* sent as it is */
        size_t text_size;
        const char *type; /* Content-Type of text or fd; NULL: application/octet-stream */
        bool has_fd;      /* the content of `fd` from where it stands */
        int fd;
        const ClientPart *parts;
        size_t part_count;
        const char *etag; /* If-Match; NULL: none */
        const StrMap *headers;
        ClientProgress progress; /* of the upload */
        void *progress_userdata;
} ClientRequest;

/* What comes back. `body` is the reply's JSON when it is an envelope, its metadata is borrowed from
 * it. */
typedef struct ClientResponse {
        int status;
        StrMap headers; /* names in lower case */
        json_t *body;
        json_t *metadata;
        char *etag;
        char *text; /* the body when it is no envelope and was not streamed */
        size_t text_size;
} ClientResponse;

void client_response_done(ClientResponse *response);
#define _cleanup_response_ _cleanup_(client_response_done)

/* One exchange. A status of 400 and more, and an error envelope, is -1. */
int client_send(Client *client, const ClientRequest *request, ClientResponse *ret, Error **err)
        _must_check_;
/* The same without looking at the status: for `query --raw`. */
int client_send_raw(Client *client, const ClientRequest *request, ClientResponse *ret, Error **err)
        _must_check_;

/* GET: the metadata (caller's), and the ETag when ret_etag is not NULL. */
int client_get(Client *client, const char *path, json_t **ret, char **ret_etag, Error **err)
        _must_check_;
/* A synchronous POST, PUT, PATCH or DELETE with JSON (NULL: none) and If-Match (NULL: none). */
int client_change(Client *client, const char *method, const char *path, const json_t *body,
                  const char *etag, Error **err) _must_check_;

/* --- bodies that do not fit memory --- */
typedef struct ClientDownload ClientDownload; /* an open reply */
/* Sends a GET and reads the reply's head. The caller then reads the body and frees. */
int client_download(Client *client, const ClientRequest *request, ClientResponse *ret_head,
                    ClientDownload **ret, Error **err) _must_check_;
/* 0 at the end. */
int client_download_read(ClientDownload *download, void *buffer, size_t size, size_t *ret_size,
                         Error **err) _must_check_;
int64_t client_download_size(const ClientDownload *download); /* -1: unknown */
int client_download_to_fd(ClientDownload *download, int fd, ClientProgress progress,
                          void *userdata, Error **err) _must_check_;
void client_download_free(ClientDownload *download);
DEFINE_CLEANUP(ClientDownload, client_download, client_download_free)
#define _cleanup_download_ _cleanup_(client_download_cleanup)

/* --- operations --- */
/* Opens the events websocket if it is not open yet. Called before the request whose operation is
 * to be waited for, so that its end cannot be missed. */
int client_listen(Client *client, Error **err) _must_check_;
/* Sends a request whose answer is an operation; does not wait. *ret_operation: the operation as
 * answered (caller's). ERROR_INTERNAL when the server answered without one. */
int client_start(Client *client, const ClientRequest *request, json_t **ret_operation, Error **err)
        _must_check_;

/* How to wait. */
typedef struct ClientWait {
        ClientWatch watch; /* may be NULL */
        /* Called at the first interrupt: whether the operation could be cancelled. May be NULL. */
        void (*interrupted)(void *userdata, bool cancelled);
        void *userdata;
        int interrupt_fd; /* readable: cancel and go on waiting, the second time stop; -1: none */
} ClientWait;

/* Waits for the operation's end; its last state (caller's) when ret is not NULL. -1 with the
 * operation's own error when it failed. */
int client_wait(Client *client, const json_t *operation, const ClientWait *wait, json_t **ret,
                Error **err) _must_check_;
/* The next operation event, for those who poll client_events_fd() themselves; *ret NULL: none
 * was complete yet. */
int client_events_fd(const Client *client); /* -1 when not listening */
int client_events_next(Client *client, json_t **ret, Error **err) _must_check_;
int client_operation_cancel(Client *client, const char *id, Error **err) _must_check_;
/* 0, or -1 with the error that the final operation carries. */
int client_operation_result(const json_t *operation, Error **err) _must_check_;
bool client_operation_is_final(const json_t *operation);

/* --- websockets and other upgrades --- */
int client_websocket(Client *client, const char *path, WebSocket **ret, Error **err) _must_check_;
/* The socket of an operation: /1.0/operations/ID/websocket?secret=… */
int client_operation_socket(Client *client, const char *id, const char *secret, WebSocket **ret,
                            Error **err) _must_check_;
/* Upgrades to a protocol that is not websocket ("sftp"); bytes already received are kept by the
 * transport. */
int client_upgrade(Client *client, const char *path, const char *protocol, Transport **ret,
                   Error **err) _must_check_;

/* --- what the server is --- */
/* GET /1.0, once; borrowed. */
int client_server(Client *client, const json_t **ret, Error **err) _must_check_;
bool client_has_extension(Client *client, const char *extension);
/* ERROR_UNSUPPORTED that names the extension. */
int client_need_extension(Client *client, const char *extension, Error **err) _must_check_;
