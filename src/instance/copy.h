/* Copies of instances and snapshots on one host. Source of the rules: LXD 5.0.2's source type
 * "copy". */
#pragma once

#include "instance/create.h"

typedef struct InstanceCopy {
        InstanceCreate create;
        char *source_project, *source; /* NAME or NAME/SNAPSHOT */
        bool instance_only;            /* without the snapshots */
        bool refresh; /* the target may exist: then volume and snapshots become the source's */
} InstanceCopy;
void instance_copy_done(InstanceCopy *copy);

/* From a body of the API, completed and checked: what it does not say is the source's. */
int instance_copy_from_api(Instances *instances, const ApiInstancesPost *post,
                           const char *project, bool profiles_given, InstanceCopy *ret,
                           Error **err) _must_check_;
int instance_copy(Instances *instances, InstanceCopy *copy, Operation *operation,
                  const EventRequestor *requestor, Error **err) _must_check_;

/* A move within the host: to another name, project or pool, with snapshots and backups. */
typedef struct InstanceMove {
        const char *name, *project, *pool; /* NULL: as it is */
        bool instance_only;                /* the snapshots are deleted */
        bool live;                         /* with the memory of what runs: nobody can */
        const ApiInstancePost *changes;    /* config, devices and profiles laid over; may be NULL */
        Operation *operation;              /* gets progress; may be NULL */
        const EventRequestor *requestor;
} InstanceMove;
int instance_move(Instances *instances, const Instance *instance, const InstanceMove *move,
                  Error **err) _must_check_;
