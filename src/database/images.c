#include "database/images.h"

#include "base/memory.h"
#include "base/times.h"
#include "database/projects.h"

#define COLUMNS                                                                              \
        "SELECT i.id, p.name, i.fingerprint, i.filename, i.size, i.public, i.cached,"         \
        " i.auto_update, i.architecture, i.type, i.creation_date, i.expiry_date,"             \
        " i.upload_date, i.last_use_date, s.server, s.certificate, s.alias, s.protocol"       \
        " FROM images AS i JOIN projects AS p ON p.id = i.project_id"                         \
        " LEFT JOIN images_source AS s ON s.image_id = i.id "
#define ALIAS_COLUMNS                                                                        \
        "SELECT a.id, a.name, a.description, i.fingerprint, i.type FROM images_aliases AS a"  \
        " JOIN images AS i ON i.id = a.image_id JOIN projects AS p ON p.id = a.project_id "

void image_alias_row_done(ImageAliasRow *row) {
        free(row->name);
        free(row->description);
        free(row->fingerprint);
        *row = (ImageAliasRow){};
}

void image_alias_list_done(ImageAliasList *list) {
        for (size_t i = 0; i < list->count; i++)
                image_alias_row_done(&list->items[i]);
        free(list->items);
        *list = (ImageAliasList){};
}

void image_source_row_done(ImageSourceRow *row) {
        free(row->server);
        free(row->certificate);
        free(row->alias);
        *row = (ImageSourceRow){};
}

void image_row_done(ImageRow *row) {
        free(row->project);
        free(row->fingerprint);
        free(row->filename);
        strmap_done(&row->properties);
        strlist_done(&row->profiles);
        image_alias_list_done(&row->aliases);
        image_source_row_done(&row->source);
        *row = (ImageRow){};
}

void image_row_list_done(ImageRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                image_row_done(&list->items[i]);
        free(list->items);
        *list = (ImageRowList){};
}

static int take_aliases(DbCursor *cursor, ImageAliasList *ret, Error **err) {
        int found;
        while ((found = db_next(cursor, err)) > 0) {
                mem_grow((void **) &ret->items, &ret->capacity, ret->count + 1,
                         sizeof *ret->items);
                ret->items[ret->count++] =
                        (ImageAliasRow){.id = db_integer(cursor, 0),
                                        .name = str_dup(db_text(cursor, 1)),
                                        .description = str_dup(db_text(cursor, 2)),
                                        .fingerprint = str_dup(db_text(cursor, 3)),
                                        .type = db_integer(cursor, 4)};
        }
        return found;
}

static int fill(Transaction *tx, const DbCursor *cursor, ImageRow *row, Error **err) {
        _cleanup_cursor_ DbCursor aliases = {}, profiles = {};
        int found;
        *row = (ImageRow){.id = db_integer(cursor, 0),
                          .project = str_dup(db_text(cursor, 1)),
                          .fingerprint = str_dup(db_text(cursor, 2)),
                          .filename = str_dup(db_text(cursor, 3)),
                          .size = db_integer(cursor, 4),
                          .public = db_integer(cursor, 5) != 0,
                          .cached = db_integer(cursor, 6) != 0,
                          .auto_update = db_integer(cursor, 7) != 0,
                          .architecture = db_integer(cursor, 8),
                          .type = db_integer(cursor, 9),
                          .created_ns = db_time(cursor, 10),
                          .expiry_ns = db_time(cursor, 11),
                          .uploaded_ns = db_time(cursor, 12),
                          .used_ns = db_time(cursor, 13),
                          .source = {.image_id = db_integer(cursor, 0),
                                     .server = db_is_null(cursor, 14)
                                                       ? NULL
                                                       : str_dup(db_text(cursor, 14)),
                                     .certificate = str_dup(db_text(cursor, 15)),
                                     .alias = str_dup(db_text(cursor, 16)),
                                     .protocol = db_integer(cursor, 17)}};
        if (db_load_map(tx, &row->properties,
                        "SELECT key, value FROM images_properties WHERE image_id = ?",
                        row->id, err) < 0 ||
            db_select(tx, &aliases, err, ALIAS_COLUMNS "WHERE a.image_id = ? ORDER BY a.name", "i",
                      row->id) < 0 ||
            take_aliases(&aliases, &row->aliases, err) < 0 ||
            db_select(tx, &profiles, err,
                      "SELECT profiles.name FROM images_profiles JOIN profiles"
                      " ON profiles.id = profile_id WHERE image_id = ?"
                      " ORDER BY images_profiles.rowid",
                      "i", row->id) < 0)
                return -1;
        while ((found = db_next(&profiles, err)) > 0)
                strlist_add(&row->profiles, db_text(&profiles, 0));
        return found;
}

int db_image_get(Transaction *tx, const char *project, const char *prefix, ImageRow *ret,
                 Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(image_row_done) ImageRow row = {};
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE p.name = ? AND substr(i.fingerprint, 1, length(?2)) = ?2"
                              " AND ?2 <> '' LIMIT 2",
                      "ss", project, prefix) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Image not found");
        if (found < 0 || fill(tx, &cursor, &row, err) < 0)
                return -1;
        found = db_next(&cursor, err);
        if (found > 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Partial fingerprint \"%s\" matches more than one image", prefix);
        if (found < 0)
                return -1;
        *ret = row;
        row = (ImageRow){};
        return 0;
}

int db_image_list(Transaction *tx, const char *project, ImageRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(image_row_list_done) ImageRowList list = {};
        int found;
        if (db_select(tx, &cursor, err,
                      COLUMNS "WHERE ?1 IS NULL OR p.name = ?1 ORDER BY i.fingerprint", "s",
                      project) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                if (fill(tx, &cursor, &list.items[list.count++], err) < 0)
                        return -1;
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (ImageRowList){};
        return 0;
}

static int store(Transaction *tx, int64_t id, const ImageRow *row, Error **err) {
        if (db_store_map(tx, id, &row->properties,
                         "DELETE FROM images_properties WHERE image_id = ?",
                         "INSERT INTO images_properties (image_id, type, key, value)"
                         " VALUES (?, 0, ?, ?)",
                         err) < 0 ||
            db_run(tx, err, "DELETE FROM images_profiles WHERE image_id = ?", "i", id) < 0)
                return -1;
        for (size_t i = 0; i < row->profiles.count; i++) {
                if (db_run(tx, err,
                           "INSERT INTO images_profiles (image_id, profile_id) SELECT ?,"
                           " profiles.id FROM profiles JOIN projects ON projects.id = project_id"
                           " WHERE projects.name = ? AND profiles.name = ?",
                           "iss", id, row->project, row->profiles.items[i]) < 0)
                        return -1;
                if (db_changes(tx) == 0)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Requested profile \"%s\" doesn't exist",
                                         row->profiles.items[i]);
        }
        return 0;
}

int db_image_create(Transaction *tx, const ImageRow *row, int64_t *ret_id, Error **err) {
        Error *failed = NULL;
        int64_t project;
        if (db_project_id(tx, row->project, &project, err) < 0)
                return -1;
        if (db_run(tx, &failed,
                   "INSERT INTO images (fingerprint, filename, size, public, architecture,"
                   " creation_date, expiry_date, upload_date, cached, last_use_date, auto_update,"
                   " project_id, type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "ssibitttbtbii", row->fingerprint, row->filename, row->size, row->public,
                   row->architecture, row->created_ns, row->expiry_ns, row->uploaded_ns,
                   row->cached, row->used_ns, row->auto_update, project, row->type) < 0) {
                if (!error_is(failed, ERROR_EXISTS))
                        return error_move(err, &failed);
                error_free(failed);
                return error_set(err, ERROR_EXISTS, 0,
                                 "Image with same fingerprint already exists");
        }
        *ret_id = db_last_id(tx);
        return store(tx, *ret_id, row, err);
}

int db_image_update(Transaction *tx, const ImageRow *row, Error **err) {
        if (db_run(tx, err,
                   "UPDATE images SET public = ?, auto_update = ?, expiry_date = ? WHERE id = ?",
                   "bbti", row->public, row->auto_update, row->expiry_ns, row->id) < 0)
                return -1;
        return store(tx, row->id, row, err);
}

int db_image_touch(Transaction *tx, int64_t id, int64_t used_ns, Error **err) {
        return db_run(tx, err, "UPDATE images SET last_use_date = ? WHERE id = ?", "ti", used_ns,
                      id);
}

int db_image_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM images WHERE id = ?", "i", id);
}

int db_image_references(Transaction *tx, const char *fingerprint, int64_t *ret, Error **err) {
        return db_lookup(tx, "", ret, err, "SELECT COUNT(*) FROM images WHERE fingerprint = ?", "s",
                         fingerprint);
}

int db_image_fingerprints(Transaction *tx, StrList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int found;
        if (db_select(tx, &cursor, err, "SELECT DISTINCT fingerprint FROM images", "") < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                strlist_add(ret, db_text(&cursor, 0));
        return found;
}

int db_image_alias_list(Transaction *tx, const char *project, ImageAliasList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, ALIAS_COLUMNS "WHERE p.name = ? ORDER BY a.name", "s",
                      project) < 0)
                return -1;
        return take_aliases(&cursor, ret, err);
}

int db_image_alias_get(Transaction *tx, const char *project, const char *name, ImageAliasRow *ret,
                       Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        ImageAliasList list = {};
        if (db_select(tx, &cursor, err, ALIAS_COLUMNS "WHERE p.name = ? AND a.name = ?", "ss",
                      project, name) < 0 ||
            take_aliases(&cursor, &list, err) < 0) {
                image_alias_list_done(&list);
                return -1;
        }
        if (list.count == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Image alias not found");
        *ret = list.items[0];
        free(list.items);
        return 0;
}

int db_image_alias_create(Transaction *tx, const char *project, const ImageAliasRow *row,
                          Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO images_aliases (name, image_id, description, project_id)"
                   " SELECT ?, images.id, ?, project_id FROM images JOIN projects"
                   " ON projects.id = project_id WHERE projects.name = ? AND fingerprint = ?",
                   "ssss", row->name, row->description != NULL ? row->description : "", project,
                   row->fingerprint) < 0) {
                if (!error_is(failed, ERROR_EXISTS))
                        return error_move(err, &failed);
                error_free(failed);
                return error_set(err, ERROR_EXISTS, 0, "Alias \"%s\" already exists", row->name);
        }
        if (db_changes(tx) == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Image not found");
        return 0;
}

int db_image_alias_update(Transaction *tx, const char *project, const ImageAliasRow *row,
                          Error **err) {
        if (db_run(tx, err,
                   "UPDATE images_aliases SET description = ?, image_id = (SELECT images.id FROM"
                   " images JOIN projects ON projects.id = project_id WHERE projects.name = ? AND"
                   " fingerprint = ?) WHERE id = ?",
                   "sssi", row->description, project, row->fingerprint, row->id) < 0)
                return -1;
        return 0;
}

int db_image_alias_rename(Transaction *tx, int64_t id, const char *to, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed, "UPDATE images_aliases SET name = ? WHERE id = ?", "si", to, id) ==
            0)
                return 0;
        if (!error_is(failed, ERROR_EXISTS))
                return error_move(err, &failed);
        error_free(failed);
        return error_set(err, ERROR_EXISTS, 0, "Alias \"%s\" already exists", to);
}

int db_image_alias_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM images_aliases WHERE id = ?", "i", id);
}
