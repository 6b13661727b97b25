#include "storage/storage_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"

/* What lies in every pool's directory. */
static const struct {
        const char *name;
        mode_t mode;
} pool_directories[] = {
        {"containers", 0711}, {"containers-snapshots", 0711}, {"custom", 0711},
        {"custom-snapshots", 0700}, {"images", 0700}, {".making", 0700}, {"virtual-machines", 0711},
        {"virtual-machines-snapshots", 0711},
};

Storage *storage_new(Database *database, const char *directory) {
        Storage *storage = mem_new(Storage);
        storage->database = database;
        storage->directory = str_dup(directory);
        pthread_mutex_init(&storage->lock, NULL);
        pthread_cond_init(&storage->changed, NULL);
        storage->making = table_new(NULL);
        return storage;
}

void storage_free(Storage *storage) {
        if (storage == NULL)
                return;
        table_free(storage->making);
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

/* Takes the row's content. */
static int pool_from_row(Storage *storage, StoragePoolRow *row, StoragePool **ret, Error **err) {
        const StorageDriver *driver = storage_driver_find(row->driver);
        if (driver == NULL)
                return error_set(err, ERROR_INVALID, 0, "Unknown storage driver \"%s\"",
                                 row->driver);
        StoragePool *pool = mem_new(StoragePool);
        pool->driver = driver;
        pool->row = *row;
        *row = (StoragePoolRow){};
        pool->directory = str_dup(storage->directory);
        pool->path = str_printf("%s/storage-pools/%s", storage->directory, pool->row.name);
        *ret = pool;
        return 0;
}

int storage_pool_find(Storage *storage, const char *name, StoragePool **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {};
        if (database_begin(storage->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_get(tx, name, &row, err) < 0)
                return -1;
        return pool_from_row(storage, &row, ret, err);
}

static int make_directories(StoragePool *pool, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(pool_directories); i++) {
                _cleanup_free_ char *path = path_join(pool->path, pool_directories[i].name);
                if (directory_make(path, pool_directories[i].mode, err) < 0)
                        return -1;
        }
        return 0;
}

static int pool_mount(StoragePool *pool, Error **err) {
        if (directory_make(pool->path, 0711, err) < 0)
                return -1;
        if (pool->driver->pool.mount != NULL && pool->driver->pool.mount(pool, err) < 0)
                return -1;
        storage_making_sweep(pool);
        return make_directories(pool, err);
}

void storage_start(Storage *storage) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_list_done) StoragePoolRowList list = {};
        _cleanup_error_ Error *err = NULL;
        if (database_begin(storage->database, DATABASE_READ, &tx, &err) < 0 ||
            db_storage_pool_list(tx, &list, &err) < 0) {
                log_error("Cannot list the storage pools: %s", error_message(err));
                return;
        }
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
                _cleanup_error_ Error *failed = NULL;
                _cleanup_free_ char *name = str_dup(list.items[i].name);
                if (pool_from_row(storage, &list.items[i], &pool, &failed) < 0 ||
                    pool_mount(pool, &failed) < 0)
                        log_error("Storage pool %s is not available: %s", name,
                                  error_message(failed));
        }
        transaction_rollback(TAKE_PTR(tx));
        storage_journal_replay(storage);
}

static int record_pool(Storage *storage, const StoragePoolRow *row, int64_t *ret_id, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_pool_create(tx, row, ret_id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int set_state(Storage *storage, int64_t id, StoragePoolState state, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
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
                               .description = str_dup(from->description),
                               .state = STORAGE_POOL_PENDING};
        strmap_copy(&to->config, &from->config);
}

static int build_pool(StoragePool *pool, Error **err) {
        if (path_exists(pool->path))
                return error_set(err, ERROR_EXISTS, 0, "%s already exists", pool->path);
        if (directory_make_all(pool->path, 0711, err) < 0 ||
            pool->driver->pool.create(pool, err) < 0)
                return -1;
        return make_directories(pool, err);
}

/* The record comes first, as pending: a crash in the middle leaves a pool that can be deleted. */
int storage_pool_create(Storage *storage, const StoragePoolRow *given, Error **err) {
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {};
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        int64_t id;
        row_copy(&row, given);
        if (!strmap_has(&row.config, "source"))
                strmap_printf(&row.config, "source", "%s/storage-pools/%s", storage->directory,
                              row.name);
        if (pool_from_row(storage, &row, &pool, err) < 0 ||
            record_pool(storage, &pool->row, &id, err) < 0)
                return -1;
        if (build_pool(pool, err) == 0 &&
            set_state(storage, id, STORAGE_POOL_CREATED, err) == 0)
                return 0;
        if (!error_is(*err, ERROR_EXISTS)) {
                (void) !pool->driver->pool.delete(pool, NULL);
                (void) !path_remove_all(pool->path, NULL);
        }
        if (forget_pool(storage, id, NULL) < 0)
                (void) set_state(storage, id, STORAGE_POOL_ERRORED, NULL);
        return -1;
}

int storage_pool_update(Storage *storage, const char *name, const char *description,
                        const StrMap *config, Error **err) {
        static const char *const fixed[] = {"source", "volatile.initial_source"};
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {};
        if (database_begin(storage->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_storage_pool_get(tx, name, &row, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
                if (strmap_has(config, fixed[i]) &&
                    !str_equal(strmap_get(config, fixed[i]), strmap_get(&row.config, fixed[i])))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Pool property \"%s\" cannot be changed", fixed[i]);
        StrMap merged = {};
        strmap_copy(&merged, config);
        for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
                if (strmap_has(&row.config, fixed[i]))
                        strmap_set(&merged, fixed[i], strmap_get(&row.config, fixed[i]));
        strmap_done(&row.config);
        row.config = merged;
        str_replace(&row.description, str_dup(description != NULL ? description : ""));
        if (db_storage_pool_update(tx, &row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
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

int storage_pool_delete(Storage *storage, const char *name, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (storage_pool_find(storage, name, &pool, err) < 0 ||
            check_unused(storage, pool, err) < 0 || pool->driver->pool.delete(pool, err) < 0 ||
            path_remove_all(pool->path, err) < 0)
                return -1;
        return forget_pool(storage, pool->row.id, err);
}

int storage_pool_usage(StoragePool *pool, StorageUsage *ret, Error **err) {
        return pool->driver->pool.usage(pool, ret, err);
}
