/* Background operations: GET /1.0/operations and everything that answers 202.
 *
 * An Operation is reference counted. It is created pending, started (its run function then runs on
 * a worker thread), and ends once; it stays readable for five seconds after. Moves of the status
 * are a table in operation.c; every change emits an operation event. All functions are
 * thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "event/event.h"

#include <jansson.h>

typedef struct Operations Operations;
typedef struct Operation Operation;
struct Loop;
struct Workers;
struct HttpExchange;

typedef enum OperationClass {
        OPERATION_TASK = 1,
        OPERATION_WEBSOCKET = 2,
        OPERATION_TOKEN = 3,
} OperationClass;

/* Status codes of the API; >= 200 is final. */
typedef enum OperationStatus {
        OPERATION_PENDING = 105,
        OPERATION_RUNNING = 103,
        OPERATION_CANCELLING = 104,
        OPERATION_SUCCESS = 200,
        OPERATION_FAILURE = 400,
        OPERATION_CANCELLED = 401,
} OperationStatus;

/* What an operation does. All hooks may be NULL; `userdata` is given to each and released by
 * `release` when the last reference goes. */
typedef struct OperationHooks {
        /* Runs on a worker; its return decides success or failure. NULL: a token or a websocket
         * operation that something else ends with operation_finish(). */
        int (*run)(Operation *operation, void *userdata, Error **err);
        /* Asked from DELETE; must make `run` return soon. NULL: may_cancel is false (but for
         * tokens, which can always be deleted). */
        int (*cancel)(Operation *operation, void *userdata, Error **err);
        /* A client connected to …/websocket with `secret`; the hook upgrades the exchange. */
        int (*connect)(Operation *operation, void *userdata, const char *secret,
                       struct HttpExchange *exchange, Error **err);
        void (*release)(void *userdata);
} OperationHooks;

typedef struct OperationSpec {
        OperationClass class;
        const char *description; /* as LXD's operation types have it: "Creating instance" */
        const char *project;     /* NULL: of no project */
        const OperationHooks *hooks;
        void *userdata;
        const EventRequestor *requestor; /* copied; NULL: the daemon */
} OperationSpec;

Operations *operations_new(EventHub *hub, struct Loop *loop, struct Workers *workers);
void operations_free(Operations *operations);

/* Life. operation_new() never fails; the result holds one reference for the caller. */
Operation *operation_new(Operations *operations, const OperationSpec *spec);
/* Adds "/1.0/KIND/NAME" (+ ?project=) under `kind`; "instances" also fills "containers", as LXD
 * does for its old clients. Only before the start. `path` is the URL without query. */
void operation_add_resource(Operation *operation, const char *kind, const char *path);
/* Sets a metadata key; steals `value`. After the start each call emits an event. */
void operation_set_metadata(Operation *operation, const char *key, json_t *value);
/* metadata.KEY = text, e.g. ("create_instance_from_image_unpack_progress", "45% (5.67MB/s)"). */
void operation_set_progress(Operation *operation, const char *key, const char *text);
void operation_start(Operation *operation);
/* Ends it: `error` NULL is success. Borrowed. A second end is ignored. */
void operation_finish(Operation *operation, const Error *error);
Operation *operation_ref(Operation *operation);
Operation *operation_unref(Operation *operation); /* returns NULL */
DEFINE_CLEANUP(Operation, operation, operation_unref)
#define _cleanup_operation_ _cleanup_(operation_cleanup)

/* Questions. */
const char *operation_id(const Operation *operation);
const char *operation_project(const Operation *operation); /* NULL: none */
OperationClass operation_class(const Operation *operation);
const EventRequestor *operation_requestor(const Operation *operation);
OperationStatus operation_status(Operation *operation);
const char *operation_status_name(OperationStatus status); /* "Running" */
bool operation_is_cancelled(Operation *operation); /* asked to stop: long work polls this */
/* The Operation object of the API; a new reference. */
json_t *operation_to_json(Operation *operation);
/* "/1.0/operations/ID". */
char *operation_url(const Operation *operation);
/* metadata.fds or metadata.secret, for a waiter without certificate. */
bool operation_secret_matches(Operation *operation, const char *secret);

/* Requests. */
int operation_find(Operations *operations, const char *id, Operation **ret, Error **err)
        _must_check_;
int operation_cancel(Operation *operation, Error **err) _must_check_;
int operation_connect(Operation *operation, const char *secret, struct HttpExchange *exchange,
                      Error **err) _must_check_;
/* Those of `project` and those of none; project NULL: all. Steals nothing; array of references. */
size_t operations_list(Operations *operations, const char *project, Operation ***ret_list);
size_t operations_running(Operations *operations); /* not final, tokens left out */

/* Calls `done` once, on the loop's thread, when the operation is final, or with timed_out after
 * `timeout_ns` (< 0: never). Any thread may watch; only the loop's thread may unwatch, and only
 * before `done` was called. */
typedef void (*OperationDone)(Operation *operation, bool timed_out, void *userdata);
typedef struct OperationWatch OperationWatch;
/* *ret_watch is written before `done` can be called, since `done` may end what holds it. */
void operation_watch(Operation *operation, int64_t timeout_ns, OperationDone done, void *userdata,
                     OperationWatch **ret_watch);
void operation_unwatch(OperationWatch *watch);
/* Blocks this thread until final. */
void operation_wait(Operation *operation);
