/* What the files of /1.0/storage-pools/{pool}/volumes share. */
#pragma once

#include "api/storage_volume.h"
#include "database/storage_volumes.h"
#include "rest/rest.h"

/* Loads the record that {pool}, {type} and {name} say into request->entity (StorageVolumeRow). */
extern const RestEntity rest_volume_entity;
extern const RestEntity rest_volume_plain_entity; /* the same without an ETag */

/* "container"; NULL when there is no such code. */
const char *rest_volume_type_name(int64_t type);
int rest_volume_type_parse(const char *name, int64_t *ret, Error **err) _must_check_;
/* The project that holds what a request means by a volume of that type. */
const char *rest_volume_project(const RestRequest *request, int64_t type);
/* "/1.0/storage-pools/POOL/volumes/TYPE/NAME[/snapshots/SNAPSHOT]"; project NULL: no query. */
char *rest_volume_url(const char *project, const StorageVolumeRow *row);
/* `users`: of the pool at least. */
json_t *rest_volume_json(const StorageVolumeRow *row, const StorageVolumeUserList *users);

extern const RestTable rest_volumes_collection_table;
extern const RestTable rest_volumes_item_table;
