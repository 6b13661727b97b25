/* Instances that go from one host to another, by LXD's protocol: between Berths, and between a
 * Berth and an LXD 5.0.
 *
 * A source is an operation on the sending host, a target one on the receiving host. Each of them
 * either waits for the other one's websockets (its secrets are the operation's metadata) or opens
 * them: a pull is a source that waits, a push a target that waits; in a relay both wait, and the
 * client between them connects the two.
 *
 *     migration_source_new(…)
 *     operation_new(…, hooks = &migration_source_hooks, userdata = source)
 *     migration_source_attach(source, operation)
 *
 * The operation owns its source or target. A transfer that fails leaves nothing on the target but
 * what was there before. */
#pragma once

#include "instance/create.h"
#include "operation/operation.h"

/* The other side's operation; all NULL for a side that waits. Borrowed texts. */
typedef struct MigrationPeer {
        const char *operation;   /* "https://HOST:PORT/1.0/operations/ID" */
        const char *certificate; /* PEM; empty: an authority's */
        const StrMap *secrets;
} MigrationPeer;

typedef struct MigrationSource MigrationSource;

typedef struct MigrationSourceSpec {
        Instances *instances;
        const Instance *instance; /* or a snapshot */
        bool live;                /* with the memory of its processes */
        bool instance_only;       /* without snapshots */
        bool allow_inconsistent;
        MigrationPeer peer;
} MigrationSourceSpec;

int migration_source_new(const MigrationSourceSpec *spec, MigrationSource **ret, Error **err)
        _must_check_;
void migration_source_free(MigrationSource *source);
OperationClass migration_source_class(const MigrationSource *source);
void migration_source_attach(MigrationSource *source, Operation *operation);
extern const OperationHooks migration_source_hooks;

typedef struct MigrationTarget MigrationTarget;

typedef struct MigrationTargetSpec {
        Instances *instances;
        InstanceCreate *create; /* prepared; taken. With `refresh` only its row's project and name
                                 * count */
        bool instance_only, refresh;
        MigrationPeer peer;
} MigrationTargetSpec;

/* For the InstanceCreate, before it is prepared. */
extern const InstanceOrigin migration_origin;
int migration_target_new(const MigrationTargetSpec *spec, MigrationTarget **ret, Error **err)
        _must_check_;
void migration_target_free(MigrationTarget *target);
OperationClass migration_target_class(const MigrationTarget *target);
void migration_target_attach(MigrationTarget *target, Operation *operation);
extern const OperationHooks migration_target_hooks;
