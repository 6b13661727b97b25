#pragma once

#include "database/database.h"

typedef struct ImageAliasRow {
        int64_t id;
        char *name;
        char *description;
        char *fingerprint; /* of its image */
        int64_t type;      /* of its image */
} ImageAliasRow;

typedef struct ImageAliasList {
        ImageAliasRow *items;
        size_t count, capacity;
} ImageAliasList;

typedef enum ImageProtocol { /* as the column has it */
        IMAGE_PROTOCOL_LXD = 0,
        IMAGE_PROTOCOL_DIRECT = 1,
        IMAGE_PROTOCOL_SIMPLESTREAMS = 2,
} ImageProtocol;

typedef struct ImageSourceRow {
        int64_t image_id;
        char *server, *certificate, *alias;
        int64_t protocol;
} ImageSourceRow; /* where an image came from */

void image_source_row_done(ImageSourceRow *row);
typedef struct ImageRow {
        int64_t id;
        char *project;
        char *fingerprint;
        char *filename;
        int64_t size;
        bool public, cached, auto_update;
        int64_t architecture;
        int64_t type; /* 0 container, 1 virtual machine */
        int64_t created_ns, expiry_ns, uploaded_ns, used_ns;
        StrMap properties;
        StrList profiles;
        ImageAliasList aliases;
        ImageSourceRow source; /* server NULL: from nowhere */
} ImageRow;

typedef struct ImageRowList {
        ImageRow *items;
        size_t count, capacity;
} ImageRowList;

void image_row_done(ImageRow *row);
void image_row_list_done(ImageRowList *list);
void image_alias_row_done(ImageAliasRow *row);
void image_alias_list_done(ImageAliasList *list);

/* By fingerprint or an unambiguous beginning of one; ERROR_NOT_FOUND "Image not found". */
int db_image_get(Transaction *tx, const char *project, const char *prefix, ImageRow *ret,
                 Error **err) _must_check_;
int db_image_list(Transaction *tx, const char *project, ImageRowList *ret, Error **err)
        _must_check_;
int db_image_create(Transaction *tx, const ImageRow *row, int64_t *ret_id, Error **err)
        _must_check_;
/* Properties, public, auto_update, expiry and profiles. */
int db_image_update(Transaction *tx, const ImageRow *row, Error **err) _must_check_;
int db_image_touch(Transaction *tx, int64_t id, int64_t used_ns, Error **err) _must_check_;
int db_image_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
/* How many projects hold this fingerprint: the files go with the last one. */
int db_image_references(Transaction *tx, const char *fingerprint, int64_t *ret, Error **err)
        _must_check_;
/* Every fingerprint of every project. */
int db_image_fingerprints(Transaction *tx, StrList *ret, Error **err) _must_check_;

/* ERROR_NOT_FOUND "Image alias not found". */
int db_image_alias_get(Transaction *tx, const char *project, const char *name, ImageAliasRow *ret,
                       Error **err) _must_check_;
int db_image_alias_list(Transaction *tx, const char *project, ImageAliasList *ret, Error **err)
        _must_check_;
int db_image_alias_create(Transaction *tx, const char *project, const ImageAliasRow *row,
                          Error **err) _must_check_;
int db_image_alias_update(Transaction *tx, const char *project, const ImageAliasRow *row,
                          Error **err) _must_check_;
int db_image_alias_rename(Transaction *tx, int64_t id, const char *to, Error **err) _must_check_;
int db_image_alias_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
