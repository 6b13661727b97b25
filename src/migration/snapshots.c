#include "migration/snapshots.h"

#include "base/memory.h"
#include "base/times.h"
#include "schema/names.h"

/* Seconds since 1970; what is before that is no time at all. */
static int64_t to_seconds(int64_t ns) {
        return ns == TIME_ZERO ? 0 : ns / NS_PER_SECOND;
}

static int64_t from_seconds(int64_t seconds) {
        return seconds <= 0 || seconds > INT64_MAX / NS_PER_SECOND ? TIME_ZERO
                                                                   : seconds * NS_PER_SECOND;
}

void migration_snapshots_offer(const InstanceList *snapshots, MigrationHeader *header) {
        for (size_t i = 0; i < snapshots->count; i++) {
                const Instance *from = &snapshots->items[i];
                MigrationSnapshot *to = migration_header_add_snapshot(header, from->snapshot);
                strlist_add(&header->snapshot_names, from->snapshot);
                strmap_copy(&to->config, &from->row.config);
                strlist_copy(&to->profiles, &from->row.profiles);
                devicemap_copy(&to->devices, &from->row.devices);
                to->ephemeral = from->row.ephemeral;
                to->stateful = from->row.stateful;
                to->architecture = (int) from->row.architecture;
                to->created = to_seconds(from->row.created_ns);
                to->used = to_seconds(from->row.used_ns);
                to->expires = to_seconds(from->expiry_ns);
        }
}

static void take_one(const MigrationSnapshot *from, const InstanceRow *row, Instance *to) {
        *to = (Instance) {.snapshot = str_dup(from->name), .status = INSTANCE_STOPPED};
        to->row.project = str_dup(row->project);
        to->row.name = str_dup(row->name);
        to->row.description = str_dup("");
        strmap_copy(&to->row.config, &from->config);
        devicemap_copy(&to->row.devices, &from->devices);
        devicemap_copy(&to->devices, &from->devices);
        to->disk_name = storage_instance_name(row->project, row->name);
        to->row.created_ns = from_seconds(from->created);
        to->row.used_ns = from_seconds(from->used);
        to->expiry_ns = from_seconds(from->expires);
        if (to->row.created_ns == TIME_ZERO)
                to->row.created_ns = time_now_ns();
}

int migration_snapshots_take(const MigrationHeader *offer, const InstanceRow *row,
                             InstanceList *ret, Error **err) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        bool described = offer->snapshot_count == offer->snapshot_names.count;
        size_t count = described ? offer->snapshot_count : offer->snapshot_names.count;
        list.items = mem_new_array(Instance, count + 1);
        for (size_t i = 0; i < count; i++) {
                const MigrationSnapshot plain = {.name = offer->snapshot_names.items[i],
                                                 .config = row->config,
                                                 .devices = row->devices};
                const MigrationSnapshot *from = described ? &offer->snapshots[i] : &plain;
                if (name_check_snapshot(from->name, err) < 0)
                        return error_prefix(err, "The other server offers a snapshot \"%s\"",
                                            from->name);
                take_one(from, row, &list.items[list.count++]);
        }
        *ret = list;
        list = (InstanceList) {.items = NULL};
        return 0;
}

static const Instance *find_same(const InstanceList *list, const Instance *wanted) {
        for (size_t i = 0; i < list->count; i++)
                if (str_equal(list->items[i].snapshot, wanted->snapshot) &&
                    to_seconds(list->items[i].row.created_ns) ==
                            to_seconds(wanted->row.created_ns))
                        return &list->items[i];
        return NULL;
}

/* Keeps what `keeps` says. */
static void filter(InstanceList *list, bool (*keeps)(const void *userdata, const Instance *item),
                   const void *userdata) {
        InstanceList kept = {.items = mem_new_array(Instance, list->count + 1)};
        for (size_t i = 0; i < list->count; i++) {
                if (!keeps(userdata, &list->items[i]))
                        continue;
                kept.items[kept.count++] = list->items[i];
                list->items[i] = (Instance) {.disk_name = NULL};
        }
        instance_list_done(list);
        *list = kept;
}

static bool is_missing(const void *there, const Instance *item) {
        return find_same(there, item) == NULL;
}

static bool is_named(const void *names, const Instance *item) {
        return strlist_has(names, item->snapshot);
}

void migration_snapshots_compare(InstanceList *offered, const InstanceList *there,
                                 size_t **ret_stale, size_t *ret_count) {
        size_t *stale = mem_new_array(size_t, there->count + 1), count = 0;
        for (size_t i = 0; i < there->count; i++)
                if (find_same(offered, &there->items[i]) == NULL)
                        stale[count++] = i;
        filter(offered, is_missing, there);
        *ret_stale = stale;
        *ret_count = count;
}

void migration_snapshots_select(InstanceList *snapshots, const StrList *names) {
        filter(snapshots, is_named, names);
}
