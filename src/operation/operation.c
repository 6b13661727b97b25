/* One operation: its status, metadata, end, and who waits for it. */
#include "operation/operation_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "json/json.h"
#include "loop/loop.h"
#include "loop/workers.h"

#include <string.h>

/* The moves that are allowed; everything else is a bug and is ignored. */
static const struct {
        OperationStatus from, to;
} moves[] = {
        {OPERATION_PENDING, OPERATION_RUNNING},      {OPERATION_RUNNING, OPERATION_CANCELLING},
        {OPERATION_PENDING, OPERATION_CANCELLED},    {OPERATION_RUNNING, OPERATION_SUCCESS},
        {OPERATION_RUNNING, OPERATION_FAILURE},      {OPERATION_RUNNING, OPERATION_CANCELLED},
        {OPERATION_CANCELLING, OPERATION_CANCELLED}, {OPERATION_CANCELLING, OPERATION_SUCCESS},
        {OPERATION_CANCELLING, OPERATION_FAILURE},   {OPERATION_CANCELLING, OPERATION_RUNNING},
        {OPERATION_PENDING, OPERATION_FAILURE},
};

static const struct {
        OperationStatus status;
        const char *text;
} status_texts[] = {
        {OPERATION_PENDING, "Pending"},   {OPERATION_RUNNING, "Running"},
        {OPERATION_SUCCESS, "Success"},   {OPERATION_FAILURE, "Failure"},
        {OPERATION_CANCELLED, "Cancelled"}, {OPERATION_CANCELLING, "Cancelling"},
};

static const char *const class_texts[] = {
        [OPERATION_TASK] = "task",
        [OPERATION_WEBSOCKET] = "websocket",
        [OPERATION_TOKEN] = "token",
};

const char *operation_status_name(OperationStatus status) {
        for (size_t i = 0; i < ARRAY_SIZE(status_texts); i++)
                if (status_texts[i].status == status)
                        return status_texts[i].text;
        return "Unknown";
}

bool operation_is_final(OperationStatus status) {
        return status >= 200;
}

static bool operation_move(Operation *operation, OperationStatus to) {
        for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
                if (moves[i].from == operation->status && moves[i].to == to) {
                        operation->status = to;
                        operation->updated_ns = time_now_ns();
                        return true;
                }
        return false;
}

static bool may_cancel(const Operation *operation) {
        return operation->class == OPERATION_TOKEN ||
               (operation->hooks != NULL && operation->hooks->cancel != NULL);
}

static json_t *time_json(int64_t ns) {
        char text[TIME_TEXT_SIZE];
        return json_string(time_format_rfc3339(ns, text));
}

json_t *operation_render(const Operation *operation) {
        json_t *object = json_object();
        json_object_set_new(object, "id", json_string(operation->id));
        json_object_set_new(object, "class", json_string(class_texts[operation->class]));
        json_object_set_new(object, "description", json_string(operation->description));
        json_object_set_new(object, "created_at", time_json(operation->created_ns));
        json_object_set_new(object, "updated_at", time_json(operation->updated_ns));
        json_object_set_new(object, "status",
                            json_string(operation_status_name(operation->status)));
        json_object_set_new(object, "status_code", json_integer(operation->status));
        json_object_set_new(object, "resources",
                            json_object_size(operation->resources) > 0
                                    ? json_deep_copy(operation->resources)
                                    : json_object());
        json_object_set_new(object, "metadata",
                            json_object_size(operation->metadata) > 0
                                    ? json_deep_copy(operation->metadata)
                                    : json_null());
        json_object_set_new(object, "may_cancel", json_boolean(may_cancel(operation)));
        json_object_set_new(object, "err",
                            json_string_lossy(operation->error != NULL ? operation->error : ""));
        json_object_set_new(object, "location", json_string("none"));
        return object;
}

void operation_announce(Operation *operation) {
        if (!event_hub_wants(operation->registry->hub, EVENT_OPERATION))
                return;
        _cleanup_json_ json_t *object = operation_render(operation);
        event_emit(operation->registry->hub, EVENT_OPERATION, operation->project, object);
}

static void lock(const Operation *operation) {
        pthread_mutex_lock(&operation->registry->lock);
}

static void unlock(const Operation *operation) {
        pthread_mutex_unlock(&operation->registry->lock);
}

Operation *operation_new(Operations *operations, const OperationSpec *spec) {
        Operation *operation = mem_new(Operation);
        operation->registry = operations;
        operation->references = 2; /* the caller's and the registry's */
        operation->id = random_uuid();
        operation->class = spec->class;
        operation->description = str_dup(spec->description);
        operation->project = str_dup(spec->project);
        operation->status = OPERATION_PENDING;
        operation->created_ns = operation->updated_ns = time_now_ns();
        operation->resources = json_object();
        operation->metadata = json_object();
        operation->hooks = spec->hooks;
        operation->userdata = spec->userdata;
        if (spec->requestor != NULL) {
                operation->has_requestor = true;
                operation->username = str_dup(spec->requestor->username);
                operation->protocol = str_dup(spec->requestor->protocol);
                operation->address = str_dup(spec->requestor->address);
                operation->requestor = (EventRequestor){
                        operation->username, operation->protocol, operation->address};
        }
        lock(operation);
        table_set(operations->by_id, operation->id, operation);
        unlock(operation);
        return operation;
}

static void resource_append(Operation *operation, const char *kind, const char *path) {
        json_t *list = json_object_get(operation->resources, kind);
        if (list == NULL) {
                list = json_array();
                json_object_set_new(operation->resources, kind, list);
        }
        _cleanup_free_ char *project = NULL;
        if (operation->project != NULL && !str_equal(operation->project, "default"))
                project = url_escape(operation->project);
        _cleanup_free_ char *url = str_printf("%s%s%s", path, project != NULL ? "?project=" : "",
                                              project != NULL ? project : "");
        json_array_append_new(list, json_string(url));
}

void operation_add_resource(Operation *operation, const char *kind, const char *path) {
        lock(operation);
        resource_append(operation, kind, path);
        if (str_equal(kind, "instances"))
                resource_append(operation, "containers", path);
        unlock(operation);
}

void operation_set_metadata(Operation *operation, const char *key, json_t *value) {
        lock(operation);
        json_object_set_new(operation->metadata, key, value);
        operation->updated_ns = time_now_ns();
        if (operation->started)
                operation_announce(operation);
        unlock(operation);
}

void operation_set_progress(Operation *operation, const char *key, const char *text) {
        operation_set_metadata(operation, key, json_string_lossy(text));
}

static void run_on_worker(void *userdata) {
        Operation *operation = userdata;
        _cleanup_error_ Error *err = NULL;
        int result = operation->hooks->run(operation, operation->userdata, &err);
        if (result < 0 && err == NULL)
                (void) error_set(&err, ERROR_INTERNAL, 0, "The operation failed");
        if (result < 0 && operation_is_cancelled(operation)) {
                error_free(err);
                err = NULL;
                (void) error_set(&err, ERROR_CANCELLED, 0, "Operation cancelled");
        }
        operation_finish(operation, err);
        (void) operation_unref(operation);
}

void operation_start(Operation *operation) {
        bool runs = operation->hooks != NULL && operation->hooks->run != NULL;
        lock(operation);
        if (operation->started || !operation_move(operation, OPERATION_RUNNING)) {
                unlock(operation);
                return;
        }
        operation_announce(operation); /* as pending first, LXD's clients count both */
        operation->started = true;
        if (runs)
                operation->references++;
        unlock(operation);
        if (runs)
                workers_submit(operation->registry->workers, WORK_LONG, run_on_worker, operation);
}

/* Watches live on the loop's thread alone: they are linked, timed out, fired and removed there, so
 * neither a timer nor a client's hang-up can meet a watch that another thread is freeing. */
static void watch_free(OperationWatch *watch) {
        (void) operation_unref(watch->operation);
        free(watch);
}

static void watch_unlink(OperationWatch *watch) {
        for (OperationWatch **slot = &watch->operation->watches; *slot != NULL;
             slot = &(*slot)->next)
                if (*slot == watch) {
                        *slot = watch->next;
                        return;
                }
}

static void watch_fire(OperationWatch *watch, bool timed_out) {
        watch_unlink(watch);
        if (watch->timer != NULL)
                loop_timer_cancel(watch->timer);
        watch->done(watch->operation, timed_out, watch->userdata);
        watch_free(watch);
}

static void watch_timed_out(void *userdata) {
        OperationWatch *watch = userdata;
        watch->timer = NULL;
        watch_fire(watch, true);
}

static void watch_link(void *userdata) {
        OperationWatch *watch = userdata;
        if (watch->removed) {
                watch_free(watch);
                return;
        }
        watch->next = watch->operation->watches;
        watch->operation->watches = watch;
        watch->linked = true;
        if (operation_is_final(operation_status(watch->operation)))
                watch_fire(watch, false);
        else if (watch->timeout_ns >= 0)
                watch->timer = loop_timer_add(watch->operation->registry->loop,
                                              time_monotonic_ns() + watch->timeout_ns,
                                              watch_timed_out, watch);
}

void operation_watch(Operation *operation, int64_t timeout_ns, OperationDone done, void *userdata,
                     OperationWatch **ret_watch) {
        OperationWatch *watch = mem_new(OperationWatch);
        *watch = (OperationWatch){.operation = operation_ref(operation),
                                  .done = done,
                                  .userdata = userdata,
                                  .timeout_ns = timeout_ns};
        *ret_watch = watch;
        loop_post(operation->registry->loop, watch_link, watch);
}

void operation_unwatch(OperationWatch *watch) {
        if (!watch->linked) {
                watch->removed = true;
                return;
        }
        watch_unlink(watch);
        if (watch->timer != NULL)
                loop_timer_cancel(watch->timer);
        watch_free(watch);
}

static void fire_watches(void *userdata) {
        Operation *operation = userdata;
        while (operation->watches != NULL)
                watch_fire(operation->watches, false);
        operations_expire(operation);
        (void) operation_unref(operation);
}

void operation_finish(Operation *operation, const Error *error) {
        OperationStatus status = error == NULL                       ? OPERATION_SUCCESS
                                 : error_is(error, ERROR_CANCELLED) ? OPERATION_CANCELLED
                                                                     : OPERATION_FAILURE;
        lock(operation);
        if (!operation_move(operation, status)) {
                unlock(operation);
                return;
        }
        if (error != NULL)
                str_replace(&operation->error, str_dup(error_message(error)));
        operation_announce(operation);
        pthread_cond_broadcast(&operation->registry->changed);
        operation->references++;
        unlock(operation);
        loop_post(operation->registry->loop, fire_watches, operation);
}

Operation *operation_ref(Operation *operation) {
        lock(operation);
        operation->references++;
        unlock(operation);
        return operation;
}

Operation *operation_unref(Operation *operation) {
        if (operation == NULL)
                return NULL;
        lock(operation);
        bool last = --operation->references == 0;
        unlock(operation);
        if (!last)
                return NULL;
        if (operation->hooks != NULL && operation->hooks->release != NULL)
                operation->hooks->release(operation->userdata);
        free(operation->id);
        free(operation->description);
        free(operation->project);
        free(operation->error);
        free(operation->username);
        free(operation->protocol);
        free(operation->address);
        json_decref(operation->resources);
        json_decref(operation->metadata);
        free(operation);
        return NULL;
}

const char *operation_id(const Operation *operation) {
        return operation->id;
}

const char *operation_project(const Operation *operation) {
        return operation->project;
}

OperationClass operation_class(const Operation *operation) {
        return operation->class;
}

const EventRequestor *operation_requestor(const Operation *operation) {
        return operation->has_requestor ? &operation->requestor : NULL;
}

OperationStatus operation_status(Operation *operation) {
        lock(operation);
        OperationStatus status = operation->status;
        unlock(operation);
        return status;
}

bool operation_is_cancelled(Operation *operation) {
        OperationStatus status = operation_status(operation);
        return status == OPERATION_CANCELLING || status == OPERATION_CANCELLED;
}

json_t *operation_to_json(Operation *operation) {
        lock(operation);
        json_t *object = operation_render(operation);
        unlock(operation);
        return object;
}

char *operation_url(const Operation *operation) {
        return str_printf("/1.0/operations/%s", operation->id);
}

bool operation_secret_matches(Operation *operation, const char *secret) {
        lock(operation);
        const char *own = json_string_value(json_object_get(operation->metadata, "secret"));
        bool match = own != NULL && secret != NULL && str_equal_secret(own, secret);
        unlock(operation);
        return match;
}

int operation_cancel(Operation *operation, Error **err) {
        lock(operation);
        bool allowed = may_cancel(operation);
        bool final = operation_is_final(operation->status);
        bool moved = allowed && !final && operation_move(operation, OPERATION_CANCELLING);
        if (moved)
                operation_announce(operation);
        unlock(operation);
        if (final || !allowed)
                return error_set(err, ERROR_INVALID, 0, "This operation can't be cancelled");
        if (!moved)
                return error_set(err, ERROR_INVALID, 0,
                                 "Only running operations can be cancelled");
        if (operation->class == OPERATION_TOKEN) {
                _cleanup_error_ Error *cancelled = NULL;
                (void) error_set(&cancelled, ERROR_CANCELLED, 0, "Operation cancelled");
                operation_finish(operation, cancelled);
                return 0;
        }
        if (operation->hooks->cancel(operation, operation->userdata, err) == 0)
                return 0;
        lock(operation);
        (void) operation_move(operation, OPERATION_RUNNING);
        unlock(operation);
        return -1;
}

int operation_connect(Operation *operation, const char *secret, struct HttpExchange *exchange,
                      Error **err) {
        if (operation->hooks == NULL || operation->hooks->connect == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Only websocket operations can be connected");
        if (operation_status(operation) != OPERATION_RUNNING)
                return error_set(err, ERROR_INTERNAL, 0,
                                 "Only running operations can be connected");
        return operation->hooks->connect(operation, operation->userdata, secret, exchange, err);
}

void operation_wait(Operation *operation) {
        lock(operation);
        while (!operation_is_final(operation->status))
                pthread_cond_wait(&operation->registry->changed, &operation->registry->lock);
        unlock(operation);
}
