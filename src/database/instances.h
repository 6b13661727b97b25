#pragma once

#include "database/database.h"

typedef enum InstanceType {
        INSTANCE_CONTAINER = 0,
        INSTANCE_VIRTUAL_MACHINE = 1,
} InstanceType;

/* What an instance's row says; profiles are names of its project's profiles, in order. */
typedef struct InstanceRow {
        int64_t id;
        char *project;
        char *name;
        int64_t type;
        int64_t architecture;
        bool ephemeral, stateful;
        int64_t created_ns, used_ns; /* TIME_ZERO: never used */
        char *description;
        StrMap config;
        DeviceMap devices;
        StrList profiles;
} InstanceRow;

typedef struct InstanceRowList {
        InstanceRow *items;
        size_t count, capacity;
} InstanceRowList;

void instance_row_done(InstanceRow *row);
void instance_row_copy(InstanceRow *to, const InstanceRow *from);
void instance_row_list_done(InstanceRowList *list);

/* ERROR_NOT_FOUND "Instance not found". `profile_project` holds the profiles. */
int db_instance_get(Transaction *tx, const char *project, const char *name, InstanceRow *ret,
                    Error **err) _must_check_;
/* In five queries however many there are, sorted by project and name; project NULL: all. */
int db_instance_list(Transaction *tx, const char *project, InstanceRowList *ret, Error **err)
        _must_check_;
/* Sorted "name"s only. */
int db_instance_names(Transaction *tx, const char *project, StrList *ret, Error **err)
        _must_check_;
/* How many of other projects have the name, without regard to case. */
int db_instance_count_elsewhere(Transaction *tx, const char *project, const char *name,
                                int64_t *ret, Error **err) _must_check_;
/* `profile_project`: the project that holds the instance's profiles. */
int db_instance_create(Transaction *tx, const InstanceRow *row, const char *profile_project,
                       int64_t *ret_id, Error **err) _must_check_;
int db_instance_update(Transaction *tx, const InstanceRow *row, const char *profile_project,
                       Error **err) _must_check_;
int db_instance_rename(Transaction *tx, int64_t id, const char *to, Error **err) _must_check_;
/* To another project and name; its profiles are still those of before. */
int db_instance_move(Transaction *tx, int64_t id, const char *project, const char *name,
                     Error **err) _must_check_;
int db_instance_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
/* Sets keys; an empty value deletes the key. */
int db_instance_config_set(Transaction *tx, int64_t id, const StrMap *changes, Error **err)
        _must_check_;
int db_instance_touch(Transaction *tx, int64_t id, int64_t used_ns, Error **err) _must_check_;
