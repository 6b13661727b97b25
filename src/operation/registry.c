/* All operations, by id; final ones leave five seconds after their end. */
#include "operation/operation_private.h"

#include "base/memory.h"
#include "base/times.h"
#include "loop/loop.h"

#define AFTERLIFE_NS (5 * NS_PER_SECOND)

Operations *operations_new(EventHub *hub, struct Loop *loop, struct Workers *workers) {
        Operations *operations = mem_new(Operations);
        pthread_mutex_init(&operations->lock, NULL);
        pthread_cond_init(&operations->changed, NULL);
        operations->hub = hub;
        operations->loop = loop;
        operations->workers = workers;
        operations->by_id = table_new(NULL);
        return operations;
}

void operations_free(Operations *operations) {
        size_t cursor = 0;
        void *operation;
        if (operations == NULL)
                return;
        while (table_next(operations->by_id, &cursor, NULL, &operation))
                (void) operation_unref(operation);
        table_free(operations->by_id);
        pthread_mutex_destroy(&operations->lock);
        pthread_cond_destroy(&operations->changed);
        free(operations);
}

static void expire(void *userdata) {
        Operation *operation = userdata;
        Operations *operations = operation->registry;
        pthread_mutex_lock(&operations->lock);
        (void) table_take(operations->by_id, operation->id);
        pthread_mutex_unlock(&operations->lock);
        (void) operation_unref(operation);
}

void operations_expire(Operation *operation) {
        (void) loop_timer_add(operation->registry->loop, time_monotonic_ns() + AFTERLIFE_NS, expire,
                              operation);
}

int operation_find(Operations *operations, const char *id, Operation **ret, Error **err) {
        pthread_mutex_lock(&operations->lock);
        Operation *operation = table_get(operations->by_id, id);
        if (operation != NULL)
                operation->references++;
        pthread_mutex_unlock(&operations->lock);
        if (operation == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "Operation not found");
        *ret = operation;
        return 0;
}

static int by_creation(const void *a, const void *b) {
        const Operation *x = *(Operation *const *) a, *y = *(Operation *const *) b;
        return (x->created_ns > y->created_ns) - (x->created_ns < y->created_ns);
}

size_t operations_list(Operations *operations, const char *project, Operation ***ret_list) {
        size_t cursor = 0, count = 0;
        void *value;
        pthread_mutex_lock(&operations->lock);
        Operation **list = mem_new_array(Operation *, table_count(operations->by_id) + 1);
        while (table_next(operations->by_id, &cursor, NULL, &value)) {
                Operation *operation = value;
                if (project != NULL && operation->project != NULL &&
                    !str_equal(project, operation->project))
                        continue;
                operation->references++;
                list[count++] = operation;
        }
        pthread_mutex_unlock(&operations->lock);
        qsort(list, count, sizeof *list, by_creation);
        *ret_list = list;
        return count;
}

size_t operations_running(Operations *operations) {
        size_t cursor = 0, count = 0;
        void *value;
        pthread_mutex_lock(&operations->lock);
        while (table_next(operations->by_id, &cursor, NULL, &value)) {
                Operation *operation = value;
                count += operation->class != OPERATION_TOKEN &&
                         !operation_is_final(operation->status);
        }
        pthread_mutex_unlock(&operations->lock);
        return count;
}
