/* Which ids an instance has, on the host and on disk; and the other volatile keys that are made
 * once and kept. */
#include "instance/instance_private.h"

#include "base/memory.h"
#include "base/units.h"
#include "linux/shift.h"

#include <stdio.h>
#include <sys/stat.h>

bool instance_is_privileged(const Instance *instance) {
        return str_is_true(strmap_get(&instance->config, "security.privileged"));
}

static int read_map(const Instance *instance, const char *key, IdMap *ret, Error **err) {
        const char *text = strmap_get(&instance->config, key);
        return idmap_from_json(text != NULL ? text : "[]", ret, err);
}

int instance_idmap(const Instance *instance, IdMap *ret, Error **err) {
        if (instance_is_privileged(instance))
                return 0;
        return read_map(instance, "volatile.idmap.next", ret, err);
}

typedef struct Blocks {
        IdBlock *items;
        size_t count, capacity;
} Blocks;

static int64_t block_size(const StrMap *config) {
        const char *text = strmap_get(config, "security.idmap.size");
        int64_t size = IDMAP_ISOLATED_SIZE;
        if (text != NULL)
                (void) str_to_int64(text, &size);
        return size;
}

static bool is_isolated(const StrMap *config) {
        return str_is_true(strmap_get(config, "security.idmap.isolated"));
}

/* The blocks that the other isolated instances have. */
static int taken_blocks(Instances *instances, const Instance *instance, Blocks *ret,
                        Error **err) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        if (instance_list(instances, NULL, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++) {
                const StrMap *config = &list.items[i].config;
                const char *text = strmap_get(config, "volatile.idmap.base");
                int64_t base;
                if (str_equal(list.items[i].disk_name, instance->disk_name) ||
                    !is_isolated(config) || text == NULL || !str_to_int64(text, &base))
                        continue;
                mem_grow((void **) &ret->items, &ret->capacity, ret->count + 1,
                         sizeof *ret->items);
                ret->items[ret->count++] = (IdBlock) {.base = base, .size = block_size(config)};
        }
        return 0;
}

static int isolated_block(Instances *instances, const Instance *instance, IdBlock *ret,
                          Error **err) {
        Blocks taken = {.items = NULL};
        const char *wanted = strmap_get(&instance->config, "security.idmap.base");
        const char *present = strmap_get(&instance->config, "volatile.idmap.base");
        int64_t base = 0;
        if (!str_is_empty(wanted))
                (void) str_to_int64(wanted, &base);
        else if (!str_is_empty(present))
                (void) str_to_int64(present, &base);
        int result = taken_blocks(instances, instance, &taken, err);
        if (result == 0)
                result = id_range_allocate(&instances->id_range, taken.items, taken.count,
                                           block_size(&instance->config), base, ret, err);
        free(taken.items);
        return result;
}

static int plan_map(Instances *instances, const Instance *instance, StrMap *changes,
                    Error **err) {
        if (instances->id_range.count == 0)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "There are no uids and gids for containers here. In this mode, "
                                 "only privileged containers are supported");
        _cleanup_idmap_ IdMap map = {.items = NULL}, raw = {.items = NULL};
        const IdRange *range = &instances->id_range;
        int64_t base = 0;
        if (is_isolated(&instance->config)) {
                IdBlock block;
                if (isolated_block(instances, instance, &block, err) < 0)
                        return -1;
                base = block.base;
                idmap_add_both(&map, block.base, 0, block.size);
        } else {
                idmap_add(&map, (IdMapEntry) {.is_uid = true, .host_id = range->uid_base,
                                              .range = range->count});
                idmap_add(&map, (IdMapEntry) {.is_gid = true, .host_id = range->gid_base,
                                              .range = range->count});
        }
        if (idmap_parse_raw(strmap_get(&instance->config, "raw.idmap"), &raw, err) < 0)
                return -1;
        for (size_t i = 0; i < raw.count; i++)
                if (idmap_insert(&map, raw.items[i], err) < 0)
                        return -1;
        _cleanup_free_ char *json = idmap_to_json(&map);
        strmap_set(changes, "volatile.idmap.next", json);
        strmap_printf(changes, "volatile.idmap.base", "%lld", (long long) base);
        return 0;
}

/* Addresses of the range that LXC and Xen share. */
static void plan_addresses(const Instance *instance, StrMap *changes) {
        for (size_t i = 0; i < instance->devices.count; i++) {
                const DeviceEntry *device = &instance->devices.items[i];
                _cleanup_free_ char *key = str_printf("volatile.%s.hwaddr", device->name);
                unsigned char random[3];
                if (!device_is_nic(&device->config) || strmap_has(&device->config, "hwaddr") ||
                    strmap_has(&instance->config, key))
                        continue;
                random_bytes(random, sizeof random);
                strmap_printf(changes, key, "00:16:3e:%02x:%02x:%02x", random[0], random[1],
                              random[2]);
        }
}

/* Keys of the list that hold their value already are no change. */
static void drop_unchanged(const Instance *instance, StrMap *changes) {
        for (size_t i = changes->count; i-- > 0;) {
                const StrPair *pair = &changes->items[i];
                const char *present = strmap_get(&instance->row.config, pair->key);
                if (str_equal(present, pair->value))
                        (void) strmap_remove(changes, pair->key);
        }
}

int instance_plan_volatile(Instances *instances, const Instance *instance, StrMap *changes,
                           Error **err) {
        plan_addresses(instance, changes);
        if (strmap_get(&instance->config, "volatile.uuid") == NULL) {
                _cleanup_free_ char *uuid = random_uuid();
                strmap_set(changes, "volatile.uuid", uuid);
        }
        if (instance_is_privileged(instance))
                strmap_set(changes, "volatile.idmap.next", "[]");
        else if (plan_map(instances, instance, changes, err) < 0)
                return -1;
        drop_unchanged(instance, changes);
        return 0;
}

/* Trying costs a process: the answer is kept for each file system. */
static bool can_idmap(Instances *instances, const char *path) {
        struct stat info;
        char key[32];
        if (!instances->features.idmapped_mounts ||
            str_is_true(getenv("LXD_IDMAPPED_MOUNTS_DISABLE")) || stat(path, &info) < 0)
                return false;
        (void) snprintf(key, sizeof key, "%llx", (unsigned long long) info.st_dev);
        pthread_mutex_lock(&instances->lock);
        const char *known = table_get(instances->idmappable, key);
        pthread_mutex_unlock(&instances->lock);
        if (known != NULL)
                return str_equal(known, "yes");
        bool can = runtime_can_idmap(instances->spec.runtime, path);
        pthread_mutex_lock(&instances->lock);
        table_set(instances->idmappable, key, (void *) (can ? "yes" : "no"));
        pthread_mutex_unlock(&instances->lock);
        return can;
}

/* A driver with layers shows the files with the ids of the map itself. */
static int mount_root(Instances *instances, const Instance *instance, const IdMap *map,
                      bool *ret_mapped, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (storage_pool_find(instances->spec.storage, instance_root_pool(instance), &pool, err) <
            0)
                return -1;
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = storage_volume_new(
                pool, STORAGE_VOLUME_CONTAINER, instance->row.project, instance->row.name);
        return storage_volume_mount_mapped(volume, map, ret_mapped, err);
}

int instance_prepare_root(Instances *instances, const Instance *instance, const char *rootfs,
                          StrMap *changes, bool *ret_idmapped, Error **err) {
        _cleanup_idmap_ IdMap on_disk = {.items = NULL}, wanted = {.items = NULL};
        bool privileged = instance_is_privileged(instance), mapped;
        if (read_map(instance, "volatile.last_state.idmap", &on_disk, err) < 0 ||
            instance_idmap(instance, &wanted, err) < 0 ||
            mount_root(instances, instance, &wanted, &mapped, err) < 0)
                return -1;
        bool idmapped = !privileged && !mapped && can_idmap(instances, rootfs);
        if (idmapped)
                idmap_done(&wanted);
        if (!mapped && !idmap_equal(&on_disk, &wanted)) {
                const ShiftSpec shift = {.from = &on_disk, .to = &wanted};
                if (str_is_true(strmap_get(&instance->config, "security.protection.shift")))
                        return error_set(err, ERROR_BAD_STATE, 0,
                                         "Container is protected against filesystem shifting");
                if (shift_tree(rootfs, &shift, err) < 0)
                        return error_prefix(err, "Failed to change ACLs and owners of the root");
        }
        _cleanup_free_ char *last = idmap_to_json(&wanted);
        if (!str_equal(last, strmap_get(&instance->config, "volatile.last_state.idmap")))
                strmap_set(changes, "volatile.last_state.idmap", last);
        *ret_idmapped = idmapped;
        return 0;
}
