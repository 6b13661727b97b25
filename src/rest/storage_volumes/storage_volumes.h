/* What the files of /1.0/storage-pools/{pool}/volumes share. */
#pragma once

#include "api/storage_volume.h"
#include "database/storage_volumes.h"
#include "rest/rest.h"
#include "volume/volume.h"

/* Loads the record that {pool}, {type} and {name} say into request->entity (StorageVolumeRow). */
extern const RestEntity rest_volume_entity;
extern const RestEntity rest_volume_plain_entity; /* the same without an ETag */
/* The volume or VOLUME/SNAPSHOT of the path's pool and type, into request->entity. */
int rest_volume_load(RestRequest *request, const char *name, Error **err) _must_check_;
void rest_volume_unload(void *entity);

/* The project that holds what a request means by a volume of that type. */
const char *rest_volume_project(const RestRequest *request, int64_t type);
/* The project whose volumes a body's "project" means; "": the request's. */
int rest_volume_holder(RestRequest *request, const char *project, char **ret, Error **err)
        _must_check_;
/* A name that is taken is told at once; all is checked again when it is done. */
int rest_volume_check_free(RestRequest *request, const StorageVolumeRow *row, Error **err)
        _must_check_;
/* With ?project= unless it is default or NULL. */
char *rest_volume_url(const char *project, const StorageVolumeRow *row);
/* `users`: of the pool at least. */
json_t *rest_volume_json(RestRequest *request, const StorageVolumeRow *row,
                         const StorageVolumeUserList *users);

/* An operation of the request's project; takes `userdata` for the hooks. */
typedef struct RestVolumeOperation {
        const char *description;
        const OperationHooks *hooks;
        void *userdata;
        struct {
                const char *kind, *name; /* "storage_volumes" */
        } resources[2];
} RestVolumeOperation;
Operation *rest_volume_operation(RestRequest *request, const RestVolumeOperation *spec);

/* A StorageProgress that tells the operation. */
typedef struct RestVolumeProgress {
        Operation *operation;
        const char *key, *name; /* "volume_copy_progress", "Copy" */
        int64_t reported_ns;
} RestVolumeProgress;
void rest_volume_progress(void *userdata, uint64_t done, uint64_t total);

/* POST with the bytes of a backup or an ISO image. */
int rest_volume_import(RestRequest *request, Error **err) _must_check_;

extern const RestTable rest_volumes_backups_table;
extern const RestTable rest_volumes_collection_table;
extern const RestTable rest_volumes_item_table;
extern const RestTable rest_volumes_snapshots_table;
