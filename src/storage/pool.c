#include "storage/storage_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies in every pool's directory. */
static const struct {
        const char *name;
        mode_t mode;
} pool_directories[] = {
        {"containers", 0711}, {"containers-snapshots", 0711}, {"custom", 0711},
        {"custom-snapshots", 0700}, {"images", 0700}, {".making", 0700}, {"virtual-machines", 0711},
        {"virtual-machines-snapshots", 0711},
};

Storage *storage_new(Database *database, Runtime *runtime, const char *directory) {
        Storage *storage = mem_new(Storage);
        storage->database = database;
        storage->runtime = runtime;
        storage->directory = str_dup(directory);
        pthread_mutex_init(&storage->lock, NULL);
        pthread_cond_init(&storage->changed, NULL);
        storage->held = table_new(NULL);
        storage->unavailable = table_new(NULL);
        storage->versions = table_new(free);
        return storage;
}

void storage_free(Storage *storage) {
        if (storage == NULL)
                return;
        table_free(storage->held);
        table_free(storage->unavailable);
        table_free(storage->versions);
        pthread_mutex_destroy(&storage->lock);
        pthread_cond_destroy(&storage->changed);
        free(storage->directory);
        free(storage);
}

void storage_pool_free(StoragePool *pool) {
        if (pool == NULL)
                return;
        storage_pool_row_done(&pool->row);
        free(pool->directory);
        free(pool->path);
        free(pool);
}

void storage_hold(Storage *storage, const char *name) {
        pthread_mutex_lock(&storage->lock);
        while (table_get(storage->held, name) != NULL)
                pthread_cond_wait(&storage->changed, &storage->lock);
        table_set(storage->held, name, storage);
        pthread_mutex_unlock(&storage->lock);
}

void storage_release(Storage *storage, const char *name) {
        pthread_mutex_lock(&storage->lock);
        (void) table_take(storage->held, name);
        pthread_cond_broadcast(&storage->changed);
        pthread_mutex_unlock(&storage->lock);
}

const char *storage_driver_version(Storage *storage, const StorageDriver *driver) {
        if (driver->version != NULL)
                return driver->version;
        pthread_mutex_lock(&storage->lock);
        const char *known = table_get(storage->versions, driver->name);
        pthread_mutex_unlock(&storage->lock);
        if (known != NULL)
                return known;
        char *found = driver->find_version();
        if (found == NULL)
                return NULL;
        pthread_mutex_lock(&storage->lock);
        known = table_get(storage->versions, driver->name);
        if (known == NULL) {
                table_set(storage->versions, driver->name, found);
                known = TAKE_PTR(found);
        }
        pthread_mutex_unlock(&storage->lock);
        free(found);
        return known;
}

StoragePool *storage_pool_from_row(Storage *storage, StoragePoolRow *row) {
        StoragePool *pool = mem_new(StoragePool);
        pool->driver = storage_driver_find(row->driver);
        pool->row = *row;
        *row = (StoragePoolRow){};
        pool->directory = str_dup(storage->directory);
        pool->runtime = storage->runtime;
        pool->path = str_printf("%s/storage-pools/%s", storage->directory, pool->row.name);
        pool->unavailable = !storage_pool_is_available(storage, pool->row.name);
        return pool;
}

int storage_pool_find(Storage *storage, const char *name, StoragePool **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {};
        if (database_begin(storage->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_get(tx, name, &row, err) < 0)
                return -1;
        if (storage_driver_find(row.driver) == NULL)
                return error_set(err, ERROR_INVALID, 0, "Unknown storage driver \"%s\"",
                                 row.driver);
        *ret = storage_pool_from_row(storage, &row);
        return 0;
}

int storage_empty_directory(const char *path, Error **err) {
        _cleanup_strlist_ StrList entries = {};
        if (directory_list(path, &entries, err) < 0)
                return -1;
        for (size_t i = 0; i < entries.count; i++) {
                _cleanup_free_ char *entry = path_join(path, entries.items[i]);
                if (path_remove_all(entry, err) < 0)
                        return -1;
        }
        return 0;
}

int storage_pool_prepare(StoragePool *pool, Error **err) {
        if (chmod(pool->path, 0711) < 0)
                return error_errno(err, errno, "Cannot protect %s", pool->path);
        for (size_t i = 0; i < ARRAY_SIZE(pool_directories); i++) {
                _cleanup_free_ char *path = path_join(pool->path, pool_directories[i].name);
                if (directory_make(path, pool_directories[i].mode, err) < 0)
                        return -1;
        }
        return 0;
}

static int record_pool(Storage *storage, const StoragePoolRow *row, int64_t *ret_id, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_pool_create(tx, row, ret_id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* What the driver made of the config, and the state. */
static int settle_pool(Storage *storage, int64_t id, const StoragePoolRow *made,
                       StoragePoolState state, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        StoragePoolRow row = *made;
        row.id = id;
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_pool_update(tx, &row, err) < 0 ||
            db_storage_pool_set_state(tx, id, state, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int forget_pool(Storage *storage, int64_t id, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_pool_delete(tx, id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static void row_copy(StoragePoolRow *to, const StoragePoolRow *from) {
        *to = (StoragePoolRow){.name = str_dup(from->name),
                               .driver = str_dup(from->driver),
                               .description =
                                       str_dup(from->description != NULL ? from->description : ""),
                               .state = STORAGE_POOL_PENDING};
        strmap_copy(&to->config, &from->config);
}

static int build_pool(Storage *storage, StoragePool *pool, int64_t id, Error **err) {
        if (path_exists(pool->path))
                return error_set(err, ERROR_EXISTS, 0, "%s already exists", pool->path);
        if (directory_make_all(pool->path, 0711, err) < 0)
                return -1;
        if (pool->driver->pool->create(pool, err) < 0) {
                (void) rmdir(pool->path);
                return -1;
        }
        if (storage_pool_prepare(pool, err) == 0 &&
            settle_pool(storage, id, &pool->row, STORAGE_POOL_CREATED, err) == 0)
                return 0;
        if (pool->driver->pool->delete(pool, NULL) < 0 || path_remove_all(pool->path, NULL) < 0)
                log_warning("%s stays behind", pool->path);
        return -1;
}

static int check_driver(Storage *storage, const char *name, Error **err) {
        const StorageDriver *driver = storage_driver_find(name);
        if (driver == NULL)
                return error_set(err, ERROR_INVALID, 0, "Unknown storage driver \"%s\"", name);
        if (storage_driver_version(storage, driver) == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The storage driver \"%s\" needs programs that are not installed",
                                 name);
        return 0;
}

/* The record comes first, as pending: a crash in the middle leaves a pool that can be deleted. */
int storage_pool_create(Storage *storage, const StoragePoolRow *given, Error **err) {
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {};
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        int64_t id;
        if (check_driver(storage, given->driver, err) < 0)
                return -1;
        row_copy(&row, given);
        pool = storage_pool_from_row(storage, &row);
        if (record_pool(storage, &pool->row, &id, err) < 0)
                return -1;
        if (build_pool(storage, pool, id, err) == 0)
                return 0;
        if (forget_pool(storage, id, NULL) < 0)
                (void) settle_pool(storage, id, &pool->row, STORAGE_POOL_ERRORED, NULL);
        return -1;
}

/* What the config becomes: where the pool is stays. */
static int merge_config(const StoragePool *pool, const StrMap *config, StrMap *ret, Error **err) {
        static const char *const fixed[] = {"source", "volatile.initial_source"};
        const StrMap *old = &pool->row.config;
        strmap_copy(ret, config);
        for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
                const char *present = strmap_get(old, fixed[i]);
                if (strmap_has(config, fixed[i]) &&
                    !str_equal(strmap_get(config, fixed[i]), present))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Pool %s cannot be changed when not in pending state",
                                         fixed[i]);
                strmap_set(ret, fixed[i], present);
        }
        return 0;
}

static int update_held(Storage *storage, const char *name, const char *description,
                       const StrMap *config, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_strmap_ StrMap merged = {};
        if (storage_pool_find(storage, name, &pool, err) < 0 ||
            merge_config(pool, config, &merged, err) < 0)
                return -1;
        if (pool->driver->pool->update != NULL && !pool->unavailable &&
            pool->driver->pool->update(pool, &merged, err) < 0)
                return -1;
        strmap_copy(&pool->row.config, &merged);
        str_replace(&pool->row.description, str_dup(description != NULL ? description : ""));
        return settle_pool(storage, pool->row.id, &pool->row, (StoragePoolState) pool->row.state,
                           err);
}

int storage_pool_update(Storage *storage, const char *name, const char *description,
                        const StrMap *config, Error **err) {
        _cleanup_free_ char *key = str_printf("pool %s", name);
        storage_hold(storage, key);
        int result = update_held(storage, name, description, config, err);
        storage_release(storage, key);
        return result;
}

static int check_unused(Storage *storage, StoragePool *pool, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strlist_ StrList users = {};
        if (database_begin(storage->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_used_by(tx, &pool->row, &users, err) < 0)
                return -1;
        /* Images are caches here: they go with the pool. */
        for (size_t i = 0; i < users.count; i++)
                if (!str_has_prefix(users.items[i], "/1.0/images/"))
                        return error_set(err, ERROR_IN_USE, 0,
                                         "The storage pool is currently in use");
        return 0;
}

static int delete_held(Storage *storage, const char *name, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (storage_pool_find(storage, name, &pool, err) < 0 ||
            check_unused(storage, pool, err) < 0 || pool->driver->pool->delete(pool, err) < 0 ||
            path_remove_all(pool->path, err) < 0 || forget_pool(storage, pool->row.id, err) < 0)
                return -1;
        storage_set_available(storage, pool, NULL);
        return 0;
}

int storage_pool_delete(Storage *storage, const char *name, Error **err) {
        _cleanup_free_ char *key = str_printf("pool %s", name);
        storage_hold(storage, key);
        int result = delete_held(storage, name, err);
        storage_release(storage, key);
        return result;
}

int storage_pool_usage(StoragePool *pool, StorageUsage *ret, Error **err) {
        if (pool->unavailable)
                return error_set(err, ERROR_UNAVAILABLE, 0, STORAGE_UNAVAILABLE);
        return pool->driver->pool->usage(pool, ret, err);
}
