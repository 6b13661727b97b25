/* Who uses custom volumes: disk devices of instances and profiles that name a pool and a source. */
#include "database/storage_volumes.h"

#include "base/memory.h"

/* A project without volumes of its own sees those of the default project. */
#define USERS(table, column)                                                                  \
        "SELECT o.id, p.name, o.name, CASE WHEN p.name = 'default' OR f.value = 'true'"        \
        " THEN p.name ELSE 'default' END, d.name, pool.value, source.value, path.value"        \
        " FROM " table " AS o JOIN projects AS p ON p.id = o.project_id"                       \
        " JOIN " table "_devices AS d ON d." column "_id = o.id AND d.type = 2"                \
        " JOIN " table "_devices_config AS pool ON pool." column "_device_id = d.id"           \
        " AND pool.key = 'pool' AND (?1 IS NULL OR pool.value = ?1)"                           \
        " JOIN " table "_devices_config AS source ON source." column "_device_id = d.id"       \
        " AND source.key = 'source'"                                                           \
        " LEFT JOIN " table "_devices_config AS path ON path." column "_device_id = d.id"      \
        " AND path.key = 'path' LEFT JOIN projects_config AS f ON f.project_id = p.id"         \
        " AND f.key = 'features.storage.volumes' ORDER BY p.name, o.name, d.name"

void storage_volume_user_list_done(StorageVolumeUserList *list) {
        for (size_t i = 0; i < list->count; i++) {
                StorageVolumeUser *user = &list->items[i];
                free(user->project);
                free(user->name);
                free(user->volume_project);
                free(user->device);
                free(user->pool);
                free(user->source);
                free(user->path);
        }
        free(list->items);
        *list = (StorageVolumeUserList){};
}

static void take(const DbCursor *cursor, bool is_profile, StorageVolumeUserList *list) {
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof *list->items);
        list->items[list->count++] =
                (StorageVolumeUser){.owner_id = db_integer(cursor, 0),
                                    .is_profile = is_profile,
                                    .project = str_dup(db_text(cursor, 1)),
                                    .name = str_dup(db_text(cursor, 2)),
                                    .volume_project = str_dup(db_text(cursor, 3)),
                                    .device = str_dup(db_text(cursor, 4)),
                                    .pool = str_dup(db_text(cursor, 5)),
                                    .source = str_dup(db_text(cursor, 6)),
                                    .path = str_dup(db_text(cursor, 7))};
}

int db_storage_volume_users(Transaction *tx, const char *pool, StorageVolumeUserList *ret,
                            Error **err) {
        static const char *const selects[] = {
                USERS("instances", "instance"),
                USERS("profiles", "profile"),
        };
        _cleanup_(storage_volume_user_list_done) StorageVolumeUserList list = {};
        for (size_t i = 0; i < ARRAY_SIZE(selects); i++) {
                _cleanup_cursor_ DbCursor cursor = {};
                int found;
                if (db_select(tx, &cursor, err, selects[i], "s", pool) < 0)
                        return -1;
                while ((found = db_next(&cursor, err)) > 0)
                        take(&cursor, i == 1, &list);
                if (found < 0)
                        return -1;
        }
        *ret = list;
        list = (StorageVolumeUserList){};
        return 0;
}

bool storage_volume_user_uses(const StorageVolumeUser *user, const StorageVolumeRow *row) {
        return row->type == STORAGE_VOLUME_CUSTOM && str_equal(user->pool, row->pool) &&
               str_equal(user->source, row->name) && str_equal(user->volume_project, row->project);
}

int db_storage_volume_user_update(Transaction *tx, const StorageVolumeUser *user, const char *pool,
                                  const char *source, Error **err) {
        const char *const sql =
                user->is_profile
                        ? "UPDATE profiles_devices_config SET value = ? WHERE key = ? AND"
                          " profile_device_id = (SELECT id FROM profiles_devices WHERE"
                          " profile_id = ? AND name = ?)"
                        : "UPDATE instances_devices_config SET value = ? WHERE key = ? AND"
                          " instance_device_id = (SELECT id FROM instances_devices WHERE"
                          " instance_id = ? AND name = ?)";
        if (db_run(tx, err, sql, "ssis", pool, "pool", user->owner_id, user->device) < 0)
                return -1;
        return db_run(tx, err, sql, "ssis", source, "source", user->owner_id, user->device);
}
