#include "migration/migration.h"

#include "base/memory.h"
#include "http/server.h"
#include "instance/transfer.h"
#include "migration/link.h"
#include "migration/negotiate.h"
#include "migration/progress.h"
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
        MigrationProgress progress;
} Receiving;

static void receiving_done(Receiving *receiving) {
        migration_header_done(&receiving->offer);
        migration_header_done(&receiving->choice);
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

static int receive_files(Receiving *receiving, const char *path, Error **err) {
        const MigrationHeader *choice = &receiving->choice;
        bool whole = choice->tree > 0 && !choice->refresh;
        const MigrationWire wire = {.socket = receiving->target->link.fs,
                                    .rsync = migration_rsync_features(choice),
                                    .exact = choice->tree > 0,
                                    .progress = migration_progress,
                                    .userdata = &receiving->progress};
        if ((whole ? migration_tree_receive(&wire, path, err)
                   : migration_rsync_receive(&wire, path, err)) < 0)
                return -1;
        return choice->criu == MIGRATION_CRIU_NONE ? migration_rsync_receive(&wire, path, err)
                                                   : 0;
}

static int receive(Receiving *receiving, const StoragePool *pool, const char *path, Error **err) {
        return choose(receiving, pool, err) < 0 || receive_index(receiving, err) < 0
                       ? -1
                       : receive_files(receiving, path, err);
}

/* Fills the volume of a new instance. */
static int fill(void *userdata, InstanceCreate *create, const StoragePool *pool, const char *path,
                Error **err) {
        Receiving *receiving = userdata;
        if (receive(receiving, pool, path, err) < 0)
                return -1;
        _cleanup_free_ char *idmap = idmap_to_json(&receiving->offer.idmap);
        strmap_set(&create->row.config, "volatile.last_state.idmap", idmap);
        strmap_set(&create->row.config, "volatile.apply_template", "copy");
        return 0;
}

static int refresh_held(Receiving *receiving, Error **err) {
        MigrationTarget *target = receiving->target;
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_free_ char *path = NULL;
        if (instance_pool(target->instances, target->existing, &pool, err) < 0 ||
            instance_volume_path(target->instances, target->existing, &path, err) < 0)
                return -1;
        const StorageInstance volume = {pool, target->existing->row.project,
                                        target->existing->row.name, NULL};
        if (storage_instance_flatten(&volume, err) < 0 ||
            receive(receiving, pool, path, err) < 0)
                return -1;
        return instance_set_disk_idmap(target->instances, target->existing,
                                       &receiving->offer.idmap, err);
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
        target->create.fill = fill;
        target->create.fill_userdata = &receiving;
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
