#pragma once

#include "database/database.h"

typedef struct ProfileRow {
        int64_t id;
        char *project;
        char *name;
        char *description;
        StrMap config;
        DeviceMap devices;
} ProfileRow;

typedef struct ProfileRowList {
        ProfileRow *items;
        size_t count, capacity;
} ProfileRowList;

void profile_row_done(ProfileRow *row);
void profile_row_list_done(ProfileRowList *list);

/* Merges those with these names, in the names' order. */
void profile_rows_apply(const ProfileRowList *profiles, const StrList *names, StrMap *config,
                        DeviceMap *devices);

/* ERROR_NOT_FOUND "Profile not found". */
int db_profile_get(Transaction *tx, const char *project, const char *name, ProfileRow *ret,
                   Error **err) _must_check_;
/* Sorted by name; project NULL: all. */
int db_profile_list(Transaction *tx, const char *project, ProfileRowList *ret, Error **err)
        _must_check_;
int db_profile_create(Transaction *tx, const ProfileRow *row, int64_t *ret_id, Error **err)
        _must_check_;
int db_profile_update(Transaction *tx, const ProfileRow *row, Error **err) _must_check_;
int db_profile_rename(Transaction *tx, int64_t id, const char *to, Error **err) _must_check_;
int db_profile_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
/* URLs of the instances that use it. */
int db_profile_used_by(Transaction *tx, int64_t id, StrList *ret, Error **err) _must_check_;
