/* Warnings: what is wrong with the host or an object, for an administrator to see. */
#pragma once

#include "database/database.h"

/* The numbers of LXD 5.0, which stand in the table. */
typedef enum WarningType {
        WARNING_MISSING_BLKIO_WEIGHT = 2,
        WARNING_MISSING_NETWORK_PRIORITY = 10,
        WARNING_APPARMOR_NOT_AVAILABLE = 14,
        WARNING_NETWORK_UNAVAILABLE = 20,
        WARNING_INSTANCE_AUTOSTART_FAILURE = 22,
        WARNING_STORAGE_POOL_UNAVAILABLE = 24,
} WarningType;

typedef enum WarningStatus {
        WARNING_NEW = 1,
        WARNING_ACKNOWLEDGED = 2,
        WARNING_RESOLVED = 3,
} WarningStatus;

/* LXD's numbers of the kinds of objects. */
typedef enum WarningEntity {
        WARNING_OF_HOST = -1,
        WARNING_OF_PROJECT = 3,
        WARNING_OF_INSTANCE = 5,
        WARNING_OF_NETWORK = 8,
        WARNING_OF_POOL = 12,
} WarningEntity;

typedef struct WarningRow {
        char *uuid;
        char *project; /* "" when it belongs to none */
        char *entity_url; /* "" for the host, or when the object is gone */
        const char *type; /* text */
        const char *severity;
        const char *status;
        char *message;
        int64_t first_seen_ns, last_seen_ns;
        int64_t count;
} WarningRow;

typedef struct WarningRowList {
        WarningRow *items;
        size_t count, capacity;
} WarningRowList;

void warning_row_done(WarningRow *row);
void warning_row_list_done(WarningRowList *list);

typedef struct WarningSpec {
        WarningType type;
        WarningEntity entity;
        int64_t entity_id;   /* of the entity; ignored for the host */
        const char *project; /* NULL: none */
        const char *message;
} WarningSpec;

/* project NULL: all; those that belong to none are always there. Newest last. */
int db_warning_list(Transaction *tx, const char *project, WarningRowList *ret, Error **err)
        _must_check_;
/* ERROR_NOT_FOUND "Warning not found". */
int db_warning_get(Transaction *tx, const char *uuid, WarningRow *ret, Error **err) _must_check_;
int db_warning_set_status(Transaction *tx, const char *uuid, WarningStatus status, Error **err)
        _must_check_;
int db_warning_delete(Transaction *tx, const char *uuid, Error **err) _must_check_;
/* A second time counts up, and a resolved one is new again. */
int db_warning_raise(Transaction *tx, const WarningSpec *spec, Error **err) _must_check_;
/* The cause is gone. None of that kind: fine. */
int db_warning_resolve(Transaction *tx, WarningType type, WarningEntity entity, int64_t entity_id,
                       Error **err) _must_check_;
/* All of one object, which goes. */
int db_warning_delete_of(Transaction *tx, WarningEntity entity, int64_t entity_id, Error **err)
        _must_check_;
/* Deletes those that were resolved before `before_ns`. */
int db_warning_prune(Transaction *tx, int64_t before_ns, Error **err) _must_check_;

/* The same in a transaction of its own; what fails is only logged. */
void database_warn(Database *database, const WarningSpec *spec);
void database_warning_gone(Database *database, WarningType type, WarningEntity entity,
                           int64_t entity_id);
