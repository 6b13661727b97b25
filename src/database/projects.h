#pragma once

#include "database/database.h"

typedef struct ProjectRow {
        int64_t id;
        char *name;
        char *description;
        StrMap config;
} ProjectRow;

typedef struct ProjectRowList {
        ProjectRow *items;
        size_t count, capacity;
} ProjectRowList;

void project_row_done(ProjectRow *row);
void project_row_list_done(ProjectRowList *list);

/* ERROR_NOT_FOUND "Project not found". */
int db_project_get(Transaction *tx, const char *name, ProjectRow *ret, Error **err) _must_check_;
int db_project_id(Transaction *tx, const char *name, int64_t *ret, Error **err) _must_check_;
/* The project that holds what instances of `project` see: its own objects with `feature`
 * (features.images, features.profiles…), else those of "default". Owned. */
int db_project_holder(Transaction *tx, const char *project, const char *feature, char **ret,
                      Error **err) _must_check_;
int db_project_list(Transaction *tx, ProjectRowList *ret, Error **err) _must_check_;
int db_project_create(Transaction *tx, const ProjectRow *row, int64_t *ret_id, Error **err)
        _must_check_;
int db_project_update(Transaction *tx, const ProjectRow *row, Error **err) _must_check_;
int db_project_rename(Transaction *tx, const char *name, const char *to, Error **err)
        _must_check_;
int db_project_delete(Transaction *tx, const char *name, Error **err) _must_check_;
/* The custom volumes in it: how much of its limits they take. */
typedef struct ProjectVolume {
        char *pool, *name;
        char *size; /* config, NULL: none */
} ProjectVolume;
typedef struct ProjectVolumeList {
        ProjectVolume *items;
        size_t count, capacity;
} ProjectVolumeList;
void project_volume_list_done(ProjectVolumeList *list);
int db_project_volumes(Transaction *tx, const char *project, ProjectVolumeList *ret, Error **err)
        _must_check_;
int db_project_network_count(Transaction *tx, const char *project, int64_t *ret, Error **err)
        _must_check_;
/* URLs of what is in it: instances, images, profiles, networks, custom volumes. */
int db_project_used_by(Transaction *tx, const ProjectRow *row, StrList *ret, Error **err)
        _must_check_;
