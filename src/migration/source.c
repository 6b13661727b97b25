#include "migration/migration.h"

#include "base/memory.h"
#include "http/server.h"
#include "instance/publish.h"
#include "instance/snapshots.h"
#include "instance/transfer.h"
#include "migration/link.h"
#include "migration/negotiate.h"
#include "migration/progress.h"
#include "migration/snapshots.h"
#include "migration/wire.h"

struct MigrationSource {
        Instances *instances;
        Instance *instance;
        bool instance_only, allow_inconsistent;
        MigrationLink link;
        char *operation, *certificate; /* of the peer; NULL: it comes to us */
        StrMap secrets;
};

void migration_source_free(MigrationSource *source) {
        if (source == NULL)
                return;
        migration_link_done(&source->link);
        instance_free(source->instance);
        strmap_done(&source->secrets);
        free(source->operation);
        free(source->certificate);
        free(source);
}
DEFINE_CLEANUP(MigrationSource, migration_source, migration_source_free)

static int load(Instances *instances, const Instance *like, Instance **ret, Error **err) {
        return like->snapshot != NULL
                       ? instance_snapshot_load(instances, like->row.project, like->row.name,
                                                like->snapshot, ret, err)
                       : instance_load(instances, like->row.project, like->row.name, ret, err);
}

int migration_source_new(const MigrationSourceSpec *spec, MigrationSource **ret, Error **err) {
        const MigrationPeer *peer = &spec->peer;
        if (spec->live && instance_is_running(spec->instance))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Unable to perform container live migration: stop the instance, "
                                 "or copy it stateless");
        _cleanup_(migration_source_cleanup) MigrationSource *source = mem_new(MigrationSource);
        source->instances = spec->instances;
        source->instance_only = spec->instance_only;
        source->allow_inconsistent = spec->allow_inconsistent;
        if (load(spec->instances, spec->instance, &source->instance, err) < 0)
                return -1;
        if (peer->operation == NULL) {
                if (migration_link_listen(&source->link, err) < 0)
                        return -1;
        } else {
                source->operation = str_dup(peer->operation);
                source->certificate = str_dup(peer->certificate);
                strmap_copy(&source->secrets, peer->secrets);
        }
        *ret = TAKE_PTR(source);
        return 0;
}

OperationClass migration_source_class(const MigrationSource *source) {
        return source->operation == NULL ? OPERATION_WEBSOCKET : OPERATION_TASK;
}

void migration_source_attach(MigrationSource *source, Operation *operation) {
        if (source->operation == NULL)
                migration_link_publish(&source->link, operation);
}

/* One migration while it runs. */
typedef struct Sending {
        MigrationSource *source;
        StoragePool *pool;
        MigrationHeader choice;
        MigrationWire wire;
        MigrationProgress progress;
        InstanceList snapshots; /* those that go */
        bool began;             /* the first volume is there */
} Sending;

static void sending_done(Sending *sending) {
        storage_pool_free(sending->pool);
        migration_header_done(&sending->choice);
        instance_list_done(&sending->snapshots);
}

static int load_snapshots(Sending *sending, Error **err) {
        const MigrationSource *source = sending->source;
        return source->instance_only || source->instance->snapshot != NULL
                       ? 0
                       : instance_snapshots_of(source->instances, source->instance, 1,
                                               &sending->snapshots, err);
}

static int offer(Sending *sending, Error **err) {
        MigrationSource *source = sending->source;
        _cleanup_(migration_header_done) MigrationHeader header = {.criu = MIGRATION_CRIU_ABSENT};
        _cleanup_strbuf_ StrBuf message = {}, answer = {};
        migration_offer(sending->pool, &header);
        if (instance_is_running(source->instance))
                header.criu = MIGRATION_CRIU_NONE;
        if (instance_disk_idmap(source->instance, &header.idmap, err) < 0 ||
            load_snapshots(sending, err) < 0)
                return -1;
        migration_snapshots_offer(&sending->snapshots, &header);
        migration_header_write(&header, &message);
        if (migration_link_send(&source->link, &message, err) < 0)
                return error_prefix(err, "Failed sending migration offer header");
        if (migration_link_receive(&source->link, -1, &answer, err) < 0)
                return -1;
        if (migration_header_read(answer.data, answer.length, &sending->choice, NULL) < 0) {
                /* a target that cannot go on sends its last word in place of its choice */
                return migration_control_read(answer.data, answer.length, err) < 0
                               ? -1
                               : error_set(err, ERROR_INVALID, 0, "The target made no choice");
        }
        if (sending->choice.type != MIGRATION_RSYNC)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The target chose a transfer that was not offered");
        if (sending->choice.refresh)
                migration_snapshots_select(&sending->snapshots, &sending->choice.snapshot_names);
        return 0;
}

static int send_index(Sending *sending, Error **err) {
        MigrationLink *link = &sending->source->link;
        _cleanup_free_ char *index = NULL;
        _cleanup_strbuf_ StrBuf answer = {};
        if (sending->choice.index_version == 0)
                return 0;
        index = migration_index(sending->source->instance, sending->pool,
                                &sending->snapshots);
        if (migration_link_put(link, index, err) < 0 || migration_link_get(link, &answer, err) < 0)
                return error_prefix(err, "Failed sending migration index header");
        return migration_index_check(answer.data, answer.length, err);
}

static void plan_wire(Sending *sending) {
        const MigrationSource *source = sending->source;
        const char *bandwidth = strmap_get(&sending->pool->row.config, "rsync.bwlimit");
        sending->wire = (MigrationWire) {
                .socket = source->link.fs,
                .helper = runtime_helper(instances_runtime(source->instances)),
                .rsync = migration_rsync_features(&sending->choice),
                .exact = sending->choice.tree > 0,
                .allow_inconsistent = source->allow_inconsistent,
                .bandwidth = str_is_empty(bandwidth) || str_equal(bandwidth, "0") ? NULL
                                                                                  : bandwidth,
                .progress = migration_progress,
                .userdata = &sending->progress};
}

/* One volume. The first one goes into an empty place, and so as a whole where both sides can. */
static int send_volume(Sending *sending, const Instance *instance, Error **err) {
        const MigrationHeader *choice = &sending->choice;
        Instances *instances = sending->source->instances;
        bool whole = choice->tree > 0 && !choice->refresh && !sending->began;
        _cleanup_free_ char *path = NULL;
        _cleanup_free_ char *title =
                str_printf("%s%s%s", instance->row.name, instance->snapshot != NULL ? "/" : "",
                           instance->snapshot != NULL ? instance->snapshot : "");
        if (instance_volume_mount(instances, instance, &path, err) < 0)
                return -1;
        sending->began = true;
        sending->progress.name = title;
        int result = whole ? migration_tree_send(&sending->wire, path, err)
                           : migration_rsync_send(&sending->wire, path, err);
        sending->progress.name = NULL;
        instance_unmount_held(instances, instance);
        return result;
}

/* What an LXD expects of one that runs: everything, and once more what changed meanwhile. */
static int send_now(Sending *sending, Error **err) {
        const Instance *instance = sending->source->instance;
        if (send_volume(sending, instance, err) < 0)
                return -1;
        return sending->choice.criu == MIGRATION_CRIU_NONE ? send_volume(sending, instance, err)
                                                           : 0;
}

static int send_held(Sending *sending, Error **err) {
        MigrationSource *source = sending->source;
        bool frozen = false;
        if (instance_pool(source->instances, source->instance, &sending->pool, err) < 0 ||
            offer(sending, err) < 0 || send_index(sending, err) < 0)
                return -1;
        plan_wire(sending);
        for (size_t i = 0; i < sending->snapshots.count; i++)
                if (send_volume(sending, &sending->snapshots.items[i], err) < 0)
                        return -1;
        if (!source->allow_inconsistent &&
            instance_freeze_held(source->instances, source->instance, &frozen, err) < 0)
                return -1;
        int result = send_now(sending, err);
        if (frozen)
                instance_thaw_held(source->instances, source->instance);
        return result;
}

static int send_all(Sending *sending, Error **err) {
        MigrationSource *source = sending->source;
        if (instance_hold(source->instances, source->instance, "copy", err) < 0)
                return -1;
        int result = send_held(sending, err);
        instance_unhold(source->instances, source->instance);
        return result;
}

static int connect_peer(MigrationSource *source, Error **err) {
        return source->operation == NULL
                       ? migration_link_wait(&source->link, err)
                       : migration_link_dial(&source->link, source->operation, &source->secrets,
                                             source->certificate, err);
}

static int run(Operation *operation, void *userdata, Error **err) {
        MigrationSource *source = userdata;
        _cleanup_(sending_done) Sending sending = {
                .source = source,
                .progress = {.operation = operation}};
        _cleanup_error_ Error *failed = NULL;
        if (connect_peer(source, &failed) == 0 && send_all(&sending, &failed) == 0)
                (void) !migration_link_result(&source->link, -1, &failed);
        migration_link_finish(&source->link, failed != NULL, &failed);
        return failed != NULL ? error_move(err, &failed) : 0;
}

static int connect_socket(_unused_ Operation *operation, void *userdata, const char *secret,
                          struct HttpExchange *exchange, Error **err) {
        MigrationSource *source = userdata;
        return migration_link_accept(&source->link, secret, exchange, err);
}

static void release(void *userdata) {
        migration_source_free(userdata);
}

const OperationHooks migration_source_hooks = {
        .run = run,
        .connect = connect_socket,
        .release = release,
};
