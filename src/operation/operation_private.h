/* Shared by operation.c (one operation) and registry.c (all of them). */
#pragma once

#include "operation/operation.h"

#include <pthread.h>

struct OperationWatch {
        Operation *operation; /* referenced */
        OperationDone done;
        void *userdata;
        int64_t timeout_ns;
        OperationWatch *next;
        struct LoopTimer *timer;
        bool linked;
        bool removed; /* before it was linked */
};

struct Operation {
        Operations *registry;
        unsigned references; /* under registry->lock, as everything below */
        char *id;
        OperationClass class;
        char *description;
        char *project;
        OperationStatus status;
        int64_t created_ns;
        int64_t updated_ns;
        json_t *resources;
        json_t *metadata;
        char *error;
        const OperationHooks *hooks;
        void *userdata;
        char *username;
        char *protocol;
        char *address;
        EventRequestor requestor; /* points into the three above */
        bool has_requestor;
        bool started;
        OperationWatch *watches; /* of the loop's thread, not under the lock */
};

struct Operations {
        pthread_mutex_t lock;
        pthread_cond_t changed; /* an operation became final */
        EventHub *hub;
        struct Loop *loop;
        struct Workers *workers;
        Table *by_id; /* one reference each */
};

bool operation_is_final(OperationStatus status);
/* Under the lock: the JSON, and the event of a change. */
json_t *operation_render(const Operation *operation);
void operation_announce(Operation *operation);
/* Takes the registry's reference back five seconds later. */
void operations_expire(Operation *operation);
