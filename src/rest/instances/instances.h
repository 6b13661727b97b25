/* What the files of /1.0/instances share. */
#pragma once

#include "api/instance.h"
#include "api/instance_state.h"
#include "backup/backup.h"
#include "instance/instance.h"
#include "instance/state.h"
#include "rest/rest.h"

/* Loads the Instance that {name} says into request->entity. */
extern const RestEntity rest_instance_entity;
extern const RestEntity rest_instance_plain_entity; /* the same without an ETag */

/* An operation about the instance, not yet started; takes `userdata` for the hooks. */
Operation *rest_instance_operation(RestRequest *request, const Instance *instance,
                                   const char *description, const OperationHooks *hooks,
                                   void *userdata);
json_t *rest_instance_json(const Instance *instance);
json_t *rest_instance_state_json(const Instance *instance, const ApiInstanceState *state);
json_t *rest_instance_backup_json(const InstanceBackupRow *row);
BackupHost rest_backup_host(const RestContext *context);
/* POST with a tarball. */
int rest_instance_import(RestRequest *request, Error **err) _must_check_;
json_t *rest_instance_snapshots_json(RestContext *context, const Instance *items, size_t count);
/* With state, backups and snapshots: recursion=2, or recursion=1 on one instance. `related` has
 * those of a sorted list of instances and is walked along with it. */
typedef struct RestRelated {
        InstanceList snapshots;
        InstanceBackupRowList backups;
        size_t snapshot_at, backup_at;
        InstanceStateCache state;
} RestRelated;
int rest_related_load(RestRequest *request, const Instance *items, size_t count, RestRelated *ret,
                      Error **err) _must_check_;
void rest_related_done(RestRelated *related);
int rest_instance_full_json(RestRequest *request, const Instance *instance, RestRelated *related,
                            json_t **ret, Error **err) _must_check_;

/* Copies between hosts (migration.c). */
int rest_instance_receive(RestRequest *request, const ApiInstancesPost *post, Error **err)
        _must_check_;
int rest_instance_send(RestRequest *request, const ApiInstancePost *post, Error **err)
        _must_check_;

extern const RestTable rest_instances_collection_table;
extern const RestTable rest_instances_item_table;
extern const RestTable rest_instances_session_table;
extern const RestTable rest_instances_files_table;
extern const RestTable rest_instances_logs_table;
extern const RestTable rest_instances_metadata_table;
extern const RestTable rest_instances_snapshots_table;
extern const RestTable rest_instances_backups_table;
