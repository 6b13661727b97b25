/* Pools at the daemon's start, and those whose backend comes and goes. */
#include "storage/storage_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/warnings.h"

#include <string.h>
#include <unistd.h>

int storage_check_available(const StorageVolume *volume, Error **err) {
        if (!volume->pool->unavailable)
                return 0;
        return error_set(err, ERROR_UNAVAILABLE, 0, STORAGE_UNAVAILABLE);
}

bool storage_pool_is_available(Storage *storage, const char *name) {
        pthread_mutex_lock(&storage->lock);
        bool away = table_get(storage->unavailable, name) != NULL;
        pthread_mutex_unlock(&storage->lock);
        return !away;
}

void storage_set_available(Storage *storage, const StoragePool *pool, const Error *why) {
        const char *name = pool->row.name;
        pthread_mutex_lock(&storage->lock);
        bool was_away = table_take(storage->unavailable, name) != NULL;
        if (why != NULL)
                table_set(storage->unavailable, name, storage);
        pthread_mutex_unlock(&storage->lock);
        if (why == NULL && was_away)
                log_info("Storage pool %s is available again", name);
        if (why == NULL) {
                database_warning_gone(storage->database, WARNING_STORAGE_POOL_UNAVAILABLE,
                                      WARNING_OF_POOL, pool->row.id);
                return;
        }
        if (!was_away)
                log_error("Storage pool %s is not available: %s", name, error_message(why));
        const WarningSpec warning = {.type = WARNING_STORAGE_POOL_UNAVAILABLE,
                                     .entity = WARNING_OF_POOL,
                                     .entity_id = pool->row.id,
                                     .message = error_message(why)};
        database_warn(storage->database, &warning);
}

static int mount_pool(StoragePool *pool, Error **err) {
        if (directory_make(pool->path, 0711, err) < 0)
                return -1;
        if (pool->driver->pool->mount != NULL && pool->driver->pool->mount(pool, err) < 0)
                return -1;
        if (storage_pool_prepare(pool, err) < 0)
                return -1;
        storage_making_sweep(pool);
        return 0;
}

static void start_pool(Storage *storage, StoragePoolRow *row) {
        _cleanup_free_ char *key = str_printf("pool %s", row->name);
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_error_ Error *failed = NULL;
        if (storage_driver_find(row->driver) == NULL) {
                log_error("Storage pool %s has the unknown driver %s", row->name, row->driver);
                return;
        }
        storage_hold(storage, key);
        pool = storage_pool_from_row(storage, row);
        (void) !mount_pool(pool, &failed);
        storage_set_available(storage, pool, failed);
        storage_release(storage, key);
}

static int list_pools(Storage *storage, StoragePoolRowList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(storage->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_storage_pool_list(tx, ret, err);
}

/* `all`, or those that were not available. */
static size_t start_pools(Storage *storage, bool all) {
        _cleanup_(storage_pool_row_list_done) StoragePoolRowList list = {};
        _cleanup_error_ Error *err = NULL;
        size_t started = 0;
        if (list_pools(storage, &list, &err) < 0)
                log_error("Cannot list the storage pools: %s", error_message(err));
        for (size_t i = 0; i < list.count; i++) {
                StoragePoolRow *row = &list.items[i];
                if (row->state != STORAGE_POOL_CREATED ||
                    !(all || !storage_pool_is_available(storage, row->name)))
                        continue;
                start_pool(storage, row);
                started++;
        }
        return started;
}

/* Whether a link leads to what a pool that is there has not. One of the half made kind is NAME.new,
 * which is no instance's name. */
static bool is_stale(Storage *storage, const char *link) {
        _cleanup_free_ char *inside = str_printf("%s/storage-pools/", storage->directory);
        char target[4096];
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length < 0)
                return false;
        target[length] = '\0';
        const char *rest = str_after_prefix(target, inside);
        if (rest == NULL)
                return false;
        _cleanup_free_ char *pool = str_ndup(rest, strcspn(rest, "/"));
        return storage_pool_is_available(storage, pool) &&
               (str_has_suffix(link, ".new") || !path_exists(target));
}

/* Links that a crash left. */
static void sweep_links(Storage *storage) {
        static const char *const folders[] = {"containers", "snapshots"};
        for (size_t f = 0; f < ARRAY_SIZE(folders); f++) {
                _cleanup_free_ char *folder = path_join(storage->directory, folders[f]);
                _cleanup_strlist_ StrList names = {};
                if (directory_list(folder, &names, NULL) < 0)
                        continue;
                for (size_t i = 0; i < names.count; i++) {
                        _cleanup_free_ char *link = path_join(folder, names.items[i]);
                        if (is_stale(storage, link) && file_remove(link, NULL) < 0)
                                log_warning("%s stays behind", link);
                }
        }
}

void storage_start(Storage *storage) {
        (void) start_pools(storage, true);
        storage_journal_replay(storage);
        sweep_links(storage);
}

void storage_retry(Storage *storage) {
        if (start_pools(storage, false) > 0)
                storage_journal_replay(storage);
}
