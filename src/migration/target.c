#include "migration/migration.h"

#include "base/log.h"
#include "base/memory.h"
#include "http/server.h"
#include "instance/snapshots.h"
#include "instance/transfer.h"
#include "migration/link.h"
#include "migration/negotiate.h"
#include "migration/progress.h"
#include "migration/snapshots.h"
#include "migration/wire.h"

struct MigrationTarget {
        Instances *instances;
        InstanceCreate create;
        Instance *existing; /* of a refresh */
        bool instance_only;
        MigrationLink link;
        char *operation, *certificate; /* of the peer; NULL: it comes to us */
        StrMap secrets;
};

void migration_target_free(MigrationTarget *target) {
        if (target == NULL)
                return;
        migration_link_done(&target->link);
        instance_create_done(&target->create);
        instance_free(target->existing);
        strmap_done(&target->secrets);
        free(target->operation);
        free(target->certificate);
        free(target);
}
DEFINE_CLEANUP(MigrationTarget, migration_target, migration_target_free)

int migration_target_new(const MigrationTargetSpec *spec, MigrationTarget **ret, Error **err) {
        const MigrationPeer *peer = &spec->peer;
        const InstanceRow *row = &spec->create->row;
        _cleanup_(migration_target_cleanup) MigrationTarget *target = mem_new(MigrationTarget);
        target->instances = spec->instances;
        target->instance_only = spec->instance_only;
        if (spec->refresh &&
            instance_load(spec->instances, row->project, row->name, &target->existing, err) < 0)
                return -1;
        if (target->existing != NULL && instance_is_running(target->existing))
                return error_set(err, ERROR_BAD_STATE, 0, "Cannot refresh a running instance");
        if (peer->operation == NULL) {
                if (migration_link_listen(&target->link, err) < 0)
                        return -1;
        } else {
                target->operation = str_dup(peer->operation);
                target->certificate = str_dup(peer->certificate);
                strmap_copy(&target->secrets, peer->secrets);
        }
        target->create = *spec->create;
        *spec->create = (InstanceCreate) {.image = NULL};
        *ret = TAKE_PTR(target);
        return 0;
}

OperationClass migration_target_class(const MigrationTarget *target) {
        return target->operation == NULL ? OPERATION_WEBSOCKET : OPERATION_TASK;
}

void migration_target_attach(MigrationTarget *target, Operation *operation) {
        if (target->operation == NULL)
                migration_link_publish(&target->link, operation);
}

/* One migration while it runs. */
typedef struct Receiving {
        MigrationTarget *target;
        MigrationHeader offer, choice;
        InstanceList snapshots; /* those that come */
        MigrationProgress progress;
        char *title;      /* of what is under way */
        const char *pool; /* where it goes */
        bool began;  /* the first volume is here */
} Receiving;

static void receiving_done(Receiving *receiving) {
        migration_header_done(&receiving->offer);
        migration_header_done(&receiving->choice);
        instance_list_done(&receiving->snapshots);
        free(receiving->title);
}

/* Of a refresh: what the source has not, or not so, goes; what is here does not come again. */
static int drop_stale(Receiving *receiving, Error **err) {
        MigrationTarget *target = receiving->target;
        _cleanup_(instance_list_done) InstanceList there = {.items = NULL};
        _cleanup_free_ size_t *stale = NULL;
        size_t count = 0;
        int result = 0;
        if (instance_snapshots_of(target->instances, target->existing, 1, &there, err) < 0)
                return -1;
        migration_snapshots_compare(&receiving->snapshots, &there, &stale, &count);
        for (size_t i = 0; result == 0 && i < count; i++)
                result = instance_drop_snapshot(
                        target->instances, &there.items[stale[i]],
                        operation_requestor(receiving->progress.operation), err);
        return result;
}

static int choose_snapshots(Receiving *receiving, Error **err) {
        MigrationTarget *target = receiving->target;
        if (!target->instance_only &&
            migration_snapshots_take(&receiving->offer, &target->create.row,
                                     &receiving->snapshots, err) < 0)
                return -1;
        if (target->existing != NULL && !target->instance_only && drop_stale(receiving, err) < 0)
                return -1;
        migration_snapshots_offer(&receiving->snapshots, &receiving->choice);
        return 0;
}

static int choose(Receiving *receiving, const StoragePool *pool, Error **err) {
        MigrationLink *link = &receiving->target->link;
        _cleanup_strbuf_ StrBuf message = {}, answer = {};
        MigrationHeader *offer = &receiving->offer, *choice = &receiving->choice;
        if (migration_link_receive(link, -1, &message, err) < 0 ||
            migration_header_read(message.data, message.length, offer, err) < 0)
                return error_prefix(err, "Failed receiving migration offer header");
        migration_choose(pool, offer, receiving->target->existing != NULL, choice);
        choice->criu = offer->criu == MIGRATION_CRIU_NONE ? MIGRATION_CRIU_NONE
                                                          : MIGRATION_CRIU_ABSENT;
        if (choose_snapshots(receiving, err) < 0)
                return -1;
        migration_header_write(choice, &answer);
        return migration_link_send(link, &answer, err);
}

static int receive_index(Receiving *receiving, Error **err) {
        MigrationLink *link = &receiving->target->link;
        _cleanup_strbuf_ StrBuf index = {};
        _cleanup_free_ char *answer = migration_index_answer(receiving->choice.refresh);
        if (receiving->choice.index_version == 0)
                return 0;
        if (migration_link_get(link, &index, err) < 0)
                return error_prefix(err, "Failed reading migration index header");
        return migration_link_put(link, answer, err);
}

/* One volume. The first one comes into an empty place, and so as a whole where both sides can. */
static int receive_volume(Receiving *receiving, const char *path, const char *snapshot,
                          Error **err) {
        const MigrationHeader *choice = &receiving->choice;
        const char *name = receiving->target->create.row.name;
        bool whole = choice->tree > 0 && !choice->refresh && !receiving->began;
        const MigrationWire wire = {.socket = receiving->target->link.fs,
                                    .rsync = migration_rsync_features(choice),
                                    .exact = choice->tree > 0,
                                    .progress = migration_progress,
                                    .userdata = &receiving->progress};
        str_replace(&receiving->title, snapshot != NULL ? str_printf("%s/%s", name, snapshot)
                                                        : str_dup(name));
        receiving->progress.name = receiving->title;
        receiving->began = true;
        return whole ? migration_tree_receive(&wire, path, err)
                     : migration_rsync_receive(&wire, path, err);
}

/* The snapshots, oldest first, each on top of the one before it, and then what is now. */
static int receive_volumes(Receiving *receiving, const StorageInstance *volume, const char *path,
                           Error **err) {
        Storage *storage = instances_storage(receiving->target->instances);
        for (size_t i = 0; i < receiving->snapshots.count; i++) {
                StorageInstance snapshot = *volume;
                snapshot.snapshot = receiving->snapshots.items[i].snapshot;
                if (receive_volume(receiving, path, snapshot.snapshot, err) < 0 ||
                    storage_instance_snapshot(storage, &snapshot, err) < 0)
                        return -1;
        }
        if (receive_volume(receiving, path, NULL, err) < 0)
                return -1;
        return receiving->choice.criu == MIGRATION_CRIU_NONE
                       ? receive_volume(receiving, path, NULL, err)
                       : 0;
}

static int receive(Receiving *receiving, StoragePool *pool, Error **err) {
        MigrationTarget *target = receiving->target;
        const InstanceRow *row = &target->create.row;
        Storage *storage = instances_storage(target->instances);
        const StorageInstance volume = {pool, row->project, row->name, NULL};
        _cleanup_(storage_volume_cleanup) StorageVolume *place =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, row->project, row->name);
        receiving->pool = pool->row.name;
        if (choose(receiving, pool, err) < 0 || receive_index(receiving, err) < 0)
                return -1;
        if (target->existing == NULL &&
            storage_instance_create(storage, pool, row->project, row->name, NULL, err) < 0)
                return -1;
        int result = storage_instance_mount(&volume, err);
        if (result == 0) {
                result = receive_volumes(receiving, &volume, place->path, err);
                if (storage_instance_unmount(&volume, result == 0 ? err : NULL) < 0)
                        result = -1;
        }
        if (result < 0 && target->existing == NULL &&
            storage_instance_delete(storage, pool, row->project, row->name, NULL) < 0)
                log_error("The volume of %s stays behind", place->name);
        return result;
}

static int make(void *userdata, _unused_ const InstanceCreate *create, StoragePool *pool,
                Error **err) {
        Receiving *receiving = userdata;
        if (receive(receiving, pool, err) < 0)
                return -1;
        _cleanup_free_ char *idmap = idmap_to_json(&receiving->offer.idmap);
        strmap_set(&receiving->target->create.row.config, "volatile.last_state.idmap", idmap);
        return 0;
}

static int record(void *userdata, Transaction *tx, const InstanceCreate *create,
                  int64_t volume_id, Error **err) {
        const Receiving *receiving = userdata;
        for (size_t i = 0; i < receiving->snapshots.count; i++)
                if (instance_record_received(tx, &receiving->snapshots.items[i], create->row.id,
                                             volume_id, receiving->pool, err) < 0)
                        return -1;
        return 0;
}

static void settled(void *userdata, const InstanceCreate *create, StoragePool *pool) {
        const Receiving *receiving = userdata;
        const StorageInstance volume = {pool, create->row.project, create->row.name, NULL};
        instance_settle_received(receiving->target->instances, &volume, &receiving->snapshots);
}

const InstanceOrigin migration_origin = {.trigger = "copy",
                                         .keeps_volatile = true,
                                         .make = make,
                                         .record = record,
                                         .settled = settled};

static void undo_snapshots(const Receiving *receiving, const StorageInstance *volume) {
        Storage *storage = instances_storage(receiving->target->instances);
        for (size_t i = 0; i < receiving->snapshots.count; i++) {
                StorageInstance snapshot = *volume;
                snapshot.snapshot = receiving->snapshots.items[i].snapshot;
                (void) !storage_instance_snapshot_delete(storage, &snapshot, NULL);
        }
}

static int refresh_held(Receiving *receiving, Error **err) {
        MigrationTarget *target = receiving->target;
        const InstanceRow *row = &target->existing->row;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        if (instance_pool(target->instances, target->existing, &pool, err) < 0)
                return -1;
        const StorageInstance volume = {pool, row->project, row->name, NULL};
        if (receive(receiving, pool, err) < 0 ||
            instance_record_refreshed(target->instances, target->existing, &receiving->snapshots,
                                      &receiving->offer.idmap, pool->row.name, err) < 0) {
                undo_snapshots(receiving, &volume);
                return -1;
        }
        instance_settle_received(target->instances, &volume, &receiving->snapshots);
        return 0;
}

static int refresh(Receiving *receiving, Error **err) {
        MigrationTarget *target = receiving->target;
        if (instance_hold(target->instances, target->existing, "refresh", err) < 0)
                return -1;
        int result = refresh_held(receiving, err);
        instance_unhold(target->instances, target->existing);
        return result;
}

static int connect_peer(MigrationTarget *target, Error **err) {
        return target->operation == NULL
                       ? migration_link_wait(&target->link, err)
                       : migration_link_dial(&target->link, target->operation, &target->secrets,
                                             target->certificate, err);
}

static int run(Operation *operation, void *userdata, Error **err) {
        MigrationTarget *target = userdata;
        _cleanup_(receiving_done) Receiving receiving = {
                .target = target,
                .offer = {.criu = MIGRATION_CRIU_ABSENT},
                .choice = {.criu = MIGRATION_CRIU_ABSENT},
                .progress = {.operation = operation, .name = target->create.row.name}};
        _cleanup_error_ Error *failed = NULL;
        int result = connect_peer(target, &failed);
        target->create.origin_userdata = &receiving;
        if (result == 0)
                result = target->existing != NULL
                                 ? refresh(&receiving, &failed)
                                 : instance_create(target->instances, &target->create, operation,
                                                   operation_requestor(operation), &failed);
        migration_link_finish(&target->link, true, &failed);
        if (result == 0)
                return 0;
        (void) error_move(err, &failed);
        return error_prefix(err, "Error transferring instance data");
}

static int connect_socket(_unused_ Operation *operation, void *userdata, const char *secret,
                          struct HttpExchange *exchange, Error **err) {
        MigrationTarget *target = userdata;
        return migration_link_accept(&target->link, secret, exchange, err);
}

static void release(void *userdata) {
        migration_target_free(userdata);
}

const OperationHooks migration_target_hooks = {
        .run = run,
        .connect = connect_socket,
        .release = release,
};
