/* Config maps and devices, which many kinds of objects have in tables of one shape. */
#include "database/database.h"

#include "base/memory.h"

#include <string.h>

/* Codes of the `type` columns of *_devices. */
static const char *const device_types[] = {
        "none", "nic", "disk", "unix-char", "unix-block", "usb", "gpu", "infiniband", "proxy",
        "unix-hotplug", "tpm", "pci",
};

int64_t db_device_type_code(const char *type) {
        for (size_t i = 0; i < ARRAY_SIZE(device_types); i++)
                if (str_equal(device_types[i], type))
                        return (int64_t) i;
        return 0;
}

const char *db_device_type_name(int64_t code) {
        return code >= 0 && (size_t) code < ARRAY_SIZE(device_types) ? device_types[code] : "none";
}

int db_load_map(Transaction *transaction, StrMap *ret, const char *sql, int64_t id, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int row;
        if (db_select(transaction, &cursor, err, sql, "i", id) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0)
                strmap_set(ret, db_text(&cursor, 0), db_text(&cursor, 1));
        return row;
}

int db_store_map(Transaction *transaction, int64_t id, const StrMap *map, const char *delete_sql,
                 const char *insert_sql, Error **err) {
        if (db_run(transaction, err, delete_sql, "i", id) < 0)
                return -1;
        for (size_t i = 0; i < map->count; i++)
                if (!str_is_empty(map->items[i].value) &&
                    db_run(transaction, err, insert_sql, "iss", id, map->items[i].key,
                           map->items[i].value) < 0)
                        return -1;
        return 0;
}

static int compare_owners(const void *a, const void *b) {
        const DbOwner *x = a, *y = b;
        return (x->id > y->id) - (x->id < y->id);
}

int db_merge(Transaction *transaction, DbOwners *owners, const char *sql, DbTakeRow take,
             Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        size_t at = 0;
        int found;
        qsort(owners->items, owners->count, sizeof *owners->items, compare_owners);
        if (db_select(transaction, &cursor, err, sql, "ii", owners->first, owners->last) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                int64_t id = db_integer(&cursor, 0);
                while (at < owners->count && owners->items[at].id < id)
                        at++;
                if (at < owners->count && owners->items[at].id == id)
                        take(owners->items[at].row, &cursor);
        }
        return found;
}

void db_take_pair(StrMap *map, const DbCursor *cursor) {
        strmap_set(map, db_text(cursor, 1), db_text(cursor, 2));
}

void db_take_device(DeviceMap *devices, const DbCursor *cursor) {
        StrMap *config = devicemap_add(devices, db_text(cursor, 1));
        strmap_set(config, "type", db_device_type_name(db_integer(cursor, 2)));
        if (!db_is_null(cursor, 3))
                strmap_set(config, db_text(cursor, 3), db_text(cursor, 4));
}

int db_load_devices(Transaction *transaction, DeviceMap *ret, const DbDeviceSql *sql, int64_t id,
                    Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int row;
        if (db_select(transaction, &cursor, err, sql->select, "i", id) < 0)
                return -1;
        while ((row = db_next(&cursor, err)) > 0)
                db_take_device(ret, &cursor);
        return row;
}

int db_store_devices(Transaction *transaction, int64_t id, const DeviceMap *devices,
                     const DbDeviceSql *sql, Error **err) {
        if (db_run(transaction, err, sql->delete, "i", id) < 0)
                return -1;
        for (size_t i = 0; i < devices->count; i++) {
                const DeviceEntry *device = &devices->items[i];
                if (db_run(transaction, err, sql->insert, "isi", id, device->name,
                           db_device_type_code(strmap_get(&device->config, "type"))) < 0)
                        return -1;
                int64_t device_id = db_last_id(transaction);
                for (size_t k = 0; k < device->config.count; k++)
                        if (!str_equal(device->config.items[k].key, "type") &&
                            db_run(transaction, err, sql->insert_config, "iss", device_id,
                                   device->config.items[k].key, device->config.items[k].value) < 0)
                                return -1;
        }
        return 0;
}
