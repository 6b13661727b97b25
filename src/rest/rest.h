/* The REST face: one row an endpoint, one router that does what all endpoints share.
 *
 * From its row the router does: path match and percent-decoding, method, authentication and access,
 * readiness, query, project, body, loading the named entity, ETag and If-Match; then it calls the
 * handler, which calls one domain function and sets the reply; then it writes the envelope.
 * Handlers run on a worker thread and may block. HTTP status codes come from rest/error.c alone.
 *
 * To add an endpoint: a row in the table of the file that follows the URL (rest/instances/state.c
 * for /1.0/instances/{name}/state), listed in rest/table.c. tests/rest walks the table. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "event/event.h"
#include "operation/operation.h"

#include <jansson.h>

typedef struct RestRequest RestRequest;
typedef struct RestContext RestContext;
struct HttpExchange;

/* Who may call a method. Rows are checked against endpoints.tsv by a test. */
typedef enum RestAccess {
        REST_ADMIN,     /* the default: unrestricted clients */
        REST_GUEST,     /* anybody, also without a certificate */
        REST_TRUSTED,   /* any trusted client */
        REST_PROJECT,   /* trusted clients that may use the request's project */
        REST_INTERNAL,  /* only over the unix socket */
        REST_METRICS,   /* trusted clients and metrics certificates */
} RestAccess;

typedef int (*RestHandler)(RestRequest *request, Error **err);

typedef enum RestFlags {
        REST_JSON_BODY = 1 << 0,  /* parsed into request->body: a JSON object is required */
        REST_WHEN_STARTING = 1 << 1, /* also before the daemon is ready and while it stops */
        REST_NO_ETAG = 1 << 2,
        REST_OPTIONAL_BODY = 1 << 3, /* with REST_JSON_BODY: an empty body is {} */
        REST_OR_BYTES = 1 << 4, /* with REST_JSON_BODY: bytes (bytes.h) are left to the handler */
} RestFlags;

typedef struct RestMethod {
        RestHandler handler; /* NULL: 501, as LXD answers a known path's missing method */
        RestAccess access;
        unsigned flags;
} RestMethod;

/* Loads what the path names, before the handler, and knows its ETag. */
typedef struct RestEntity {
        /* Sets request->entity; ERROR_NOT_FOUND with LXD's text when it is not there. */
        int (*load)(RestRequest *request, Error **err);
        /* The value that is hashed; a new reference. NULL: no ETag. */
        json_t *(*etag)(RestRequest *request);
        void (*unload)(void *entity);
} RestEntity;

typedef struct RestEndpoint {
        const char *path; /* "/1.0/profiles/{name}"; {…} takes one segment */
        const RestEntity *entity;
        const char *project_feature; /* "features.profiles": where off, project default is meant */
        RestMethod get, put, post, patch, delete;
} RestEndpoint;

typedef struct RestTable {
        const RestEndpoint *endpoints;
        size_t count;
} RestTable;

/* Caller identity, from the listener. */
typedef struct RestCaller {
        bool trusted;
        bool admin;
        bool is_unix;
        bool metrics;      /* showed a metrics certificate: trusted is false */
        bool restricted;   /* trusted, but for `projects` only */
        StrList projects;
        char *fingerprint; /* of the certificate it showed; NULL: none */
        uint32_t uid;      /* of a unix peer */
        char *username;    /* looked up by rest_requestor() */
        char *protocol;
        char *address;
} RestCaller;

#define REST_MAX_PARAMETERS 6

/* How the reply was decided; the router writes it. */
typedef enum RestReplyKind {
        REST_REPLY_EMPTY, /* sync, metadata {} */
        REST_REPLY_SYNC,
        REST_REPLY_OPERATION,
        REST_REPLY_TAKEN, /* the handler answered on the exchange itself, or parked it */
} RestReplyKind;

struct RestRequest {
        RestContext *context;
        struct HttpExchange *exchange;
        const RestEndpoint *endpoint;
        const RestMethod *method;
        const char *method_name;
        char *parameters[REST_MAX_PARAMETERS]; /* decoded {…} of the path, in order */
        const char *collection; /* "instances", "containers" or "virtual-machines" on such paths */
        StrMap query;
        char *project;           /* the request's, which exists */
        char *effective_project; /* the one that holds the objects (project_feature) */
        unsigned recursion;
        bool all_projects;
        RestCaller caller;
        json_t *body;
        void *entity;

        RestReplyKind reply;
        json_t *metadata;
        char *metadata_text; /* rendered JSON instead of `metadata` */
        char *location;
        Operation *operation;
        StrMap headers;
};

/* Replies. Each returns 0, so that a handler ends with one of them. */
int rest_reply_empty(RestRequest *request);
int rest_reply_sync(RestRequest *request, json_t *metadata);        /* steals */
int rest_reply_text(RestRequest *request, char *metadata_text);     /* steals rendered JSON */
int rest_reply_created(RestRequest *request, char *location);       /* steals; 201 */
int rest_reply_operation(RestRequest *request, Operation *operation); /* steals; starts it; 202 */
int rest_reply_taken(RestRequest *request);

/* The caller is unrestricted or has this project. */
bool rest_caller_may_use(const RestRequest *request, const char *project);
/* For the router (caller.c): fill request->caller; access before and after the project is known. */
void rest_identify_caller(RestRequest *request);
int rest_check_access(RestRequest *request, Error **err) _must_check_;
int rest_check_project(RestRequest *request, Error **err) _must_check_;

/* Query. */
const char *rest_query(const RestRequest *request, const char *name); /* NULL when absent */
bool rest_query_bool(const RestRequest *request, const char *name);
bool rest_is_patch(const RestRequest *request);
EventRequestor rest_requestor(RestRequest *request); /* borrows from the request */
/* Emits a lifecycle event with the request's caller. `source` without query. */
void rest_emit(RestRequest *request, const char *action, const char *source, json_t *context);

/* Lists: URLs without recursion, objects with it, filtered by ?filter=. Ordered as added. */
typedef struct RestList {
        RestRequest *request;
        json_t *array;
        void *filter; /* compiled ?filter= */
        bool objects;
} RestList;
int rest_list_begin(RestRequest *request, RestList *ret, Error **err) _must_check_;
/* True when objects have to be rendered (recursion or a filter). */
bool rest_list_wants_objects(const RestList *list);
/* `url` is copied; `object` (stolen) may be NULL unless objects are wanted. */
void rest_list_add(RestList *list, const char *url, json_t *object);
int rest_list_reply(RestList *list);
void rest_list_drop(RestList *list); /* instead of the reply, after a failure */

/* "/1.0/KIND/NAME" with escaped segments and ?project= where it is not default. The arguments
 * after project are segments, NULL-ended. */
char *rest_url(const char *project, ...) __attribute__((sentinel));

/* The server's handler (http/server.h); userdata is the RestContext. */
void rest_handle(struct HttpExchange *exchange, void *userdata);
