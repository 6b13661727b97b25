#include "database/certificates.h"

#include "base/memory.h"
#include "database/projects.h"

#define SELECT "SELECT id, fingerprint, type, name, certificate, restricted FROM certificates "

void certificate_row_done(CertificateRow *row) {
        free(row->fingerprint);
        free(row->name);
        free(row->certificate);
        strlist_done(&row->projects);
        *row = (CertificateRow){};
}

void certificate_row_list_done(CertificateRowList *list) {
        for (size_t i = 0; i < list->count; i++)
                certificate_row_done(&list->items[i]);
        free(list->items);
        *list = (CertificateRowList){};
}

static int load_projects(Transaction *tx, CertificateRow *row, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int found;
        if (db_select(tx, &cursor, err,
                      "SELECT projects.name FROM certificates_projects"
                      " JOIN projects ON projects.id = project_id WHERE certificate_id = ?"
                      " ORDER BY projects.name",
                      "i", row->id) < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                strlist_add(&row->projects, db_text(&cursor, 0));
        return found;
}

static int fill(Transaction *tx, const DbCursor *cursor, CertificateRow *row, Error **err) {
        *row = (CertificateRow){.id = db_integer(cursor, 0),
                                .fingerprint = str_dup(db_text(cursor, 1)),
                                .type = (CertificateType) db_integer(cursor, 2),
                                .name = str_dup(db_text(cursor, 3)),
                                .certificate = str_dup(db_text(cursor, 4)),
                                .restricted = db_integer(cursor, 5) != 0};
        return load_projects(tx, row, err);
}

static int collect(Transaction *tx, DbCursor *cursor, CertificateRowList *ret, Error **err) {
        _cleanup_(certificate_row_list_done) CertificateRowList list = {};
        int found;
        while ((found = db_next(cursor, err)) > 0) {
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof *list.items);
                if (fill(tx, cursor, &list.items[list.count++], err) < 0)
                        return -1;
        }
        if (found < 0)
                return -1;
        *ret = list;
        list = (CertificateRowList){};
        return 0;
}

int db_certificate_get(Transaction *tx, const char *prefix, CertificateRow *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        _cleanup_(certificate_row_list_done) CertificateRowList list = {};
        if (db_select(tx, &cursor, err,
                      SELECT "WHERE ?1 <> '' AND substr(fingerprint, 1, length(?1)) = ?1", "s",
                      prefix) < 0 ||
            collect(tx, &cursor, &list, err) < 0)
                return -1;
        if (list.count == 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "Certificate not found");
        if (list.count > 1)
                return error_set(err, ERROR_INVALID, 0, "More than one certificate matches");
        *ret = list.items[0];
        list.items[0] = (CertificateRow){};
        return 0;
}

int db_certificate_list(Transaction *tx, CertificateRowList *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err, SELECT "ORDER BY fingerprint", "") < 0)
                return -1;
        return collect(tx, &cursor, ret, err);
}

static int store_projects(Transaction *tx, int64_t id, const StrList *projects, Error **err) {
        if (db_run(tx, err, "DELETE FROM certificates_projects WHERE certificate_id = ?", "i",
                   id) < 0)
                return -1;
        for (size_t i = 0; i < projects->count; i++) {
                int64_t project;
                if (db_project_id(tx, projects->items[i], &project, err) < 0 ||
                    db_run(tx, err,
                           "INSERT OR IGNORE INTO certificates_projects"
                           " (certificate_id, project_id) VALUES (?, ?)",
                           "ii", id, project) < 0)
                        return -1;
        }
        return 0;
}

static int taken(Error **err, Error **failed) {
        if (!error_is(*failed, ERROR_EXISTS))
                return error_move(err, failed);
        error_free(*failed);
        return error_set(err, ERROR_EXISTS, 0, "Certificate already in trust store");
}

int db_certificate_create(Transaction *tx, const CertificateRow *row, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "INSERT INTO certificates (fingerprint, type, name, certificate, restricted)"
                   " VALUES (?, ?, ?, ?, ?)",
                   "sissb", row->fingerprint, (int64_t) row->type, row->name, row->certificate,
                   row->restricted) < 0)
                return taken(err, &failed);
        return store_projects(tx, db_last_id(tx), &row->projects, err);
}

int db_certificate_update(Transaction *tx, const CertificateRow *row, Error **err) {
        Error *failed = NULL;
        if (db_run(tx, &failed,
                   "UPDATE certificates SET fingerprint = ?, type = ?, name = ?, certificate = ?,"
                   " restricted = ? WHERE id = ?",
                   "sissbi", row->fingerprint, (int64_t) row->type, row->name, row->certificate,
                   row->restricted, row->id) < 0)
                return taken(err, &failed);
        return store_projects(tx, row->id, &row->projects, err);
}

int db_certificate_delete(Transaction *tx, int64_t id, Error **err) {
        return db_run(tx, err, "DELETE FROM certificates WHERE id = ?", "i", id);
}
