/* Limits and restrictions of projects. Every function reads within the caller's transaction, so
 * that between the answer and the change nobody else slips in: ask in the transaction that writes.
 * Refusals are ERROR_FORBIDDEN with LXD's texts; ERROR_INVALID for values that cannot be summed. */
#pragma once

#include "database/instances.h"
#include "database/profiles.h"
#include "database/projects.h"

/* The instance as it will be. `before`: its config until now, NULL for a new one. A copy takes its
 * source's volatile keys along (`copied`), which are no wish of the caller's. */
int project_allow_instance(Transaction *tx, const InstanceRow *row, const StrMap *before,
                           bool copied, Error **err) _must_check_;
/* A profile as it will be, for all projects that use it. */
int project_allow_profile(Transaction *tx, const ProfileRow *row, Error **err) _must_check_;
/* A custom volume as it will be; `name` may be new. */
int project_allow_volume(Transaction *tx, const char *project, const char *pool, const char *name,
                         const StrMap *config, Error **err) _must_check_;
/* One network more; ERROR_INVALID "Networks limit has been reached for project". */
int project_allow_network(Transaction *tx, const char *project, Error **err) _must_check_;
/* A project as it will be: nothing in it may be beyond its new limits. */
int project_allow_update(Transaction *tx, const ProjectRow *row, const StrMap *before, Error **err)
        _must_check_;
/* Snapshots and backups, by restricted.snapshots and restricted.backups. */
int project_allow_snapshot(Transaction *tx, const char *project, Error **err) _must_check_;
int project_allow_backup(Transaction *tx, const char *project, Error **err) _must_check_;
/* Bytes that images may still take; -1: no limit. */
int project_image_budget(Transaction *tx, const char *project, int64_t *ret, Error **err)
        _must_check_;

/* By restricted.devices.nic and restricted.networks.access. */
bool project_has_network_access(const StrMap *config, const char *network, bool managed);
/* By restricted.devices.disk.paths; `ret_parent` (may be NULL) is the allowed directory the path
 * is below, owned, or NULL when all paths are allowed. */
bool project_has_path_access(const StrMap *config, const char *path, char **ret_parent);

typedef enum ProjectResource {
        PROJECT_CONTAINERS,
        PROJECT_CPU,
        PROJECT_DISK,
        PROJECT_INSTANCES,
        PROJECT_MEMORY,
        PROJECT_NETWORKS,
        PROJECT_PROCESSES,
        PROJECT_VIRTUAL_MACHINES,
        _PROJECT_RESOURCE_MAX,
} ProjectResource;
typedef struct ProjectUsage {
        int64_t limit, usage; /* limit -1: none */
} ProjectUsage;
extern const char *const project_resource_names[_PROJECT_RESOURCE_MAX];
int project_usage(Transaction *tx, const char *project, ProjectUsage ret[_PROJECT_RESOURCE_MAX],
                  Error **err) _must_check_;
