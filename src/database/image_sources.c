#include "database/image_sources.h"

#include "base/memory.h"
#include "database/sql.h"

int db_image_source_set(Transaction *tx, const ImageSourceRow *row, Error **err) {
        if (db_run(tx, err, "DELETE FROM images_source WHERE image_id = ?", "i", row->image_id) <
            0)
                return -1;
        return db_run(tx, err,
                      "INSERT INTO images_source (image_id, server, protocol, certificate, alias)"
                      " VALUES (?, ?, ?, ?, ?)",
                      "isiss", row->image_id, row->server, row->protocol, row->certificate,
                      row->alias);
}

int db_image_source_find(Transaction *tx, const char *project, const ImageSourceRow *source,
                         int64_t architecture, char **ret_fingerprint, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        if (db_select(tx, &cursor, err,
                      "SELECT images.fingerprint FROM images_source"
                      " JOIN images ON images.id = image_id"
                      " JOIN projects ON projects.id = images.project_id"
                      " WHERE projects.name = ? AND server = ? AND protocol = ? AND alias = ?"
                      " AND auto_update = 1 AND architecture = ?"
                      " ORDER BY creation_date DESC LIMIT 1",
                      "ssisi", project, source->server, source->protocol, source->alias,
                      architecture) < 0)
                return -1;
        int found = db_next(&cursor, err);
        if (found < 0)
                return -1;
        *ret_fingerprint = found > 0 ? str_dup(db_text(&cursor, 0)) : NULL;
        return 0;
}

int db_image_succeed(Transaction *tx, const ImageRow *old, int64_t new_id, Error **err) {
        if (db_run(tx, err, "UPDATE images_aliases SET image_id = ? WHERE image_id = ?", "ii",
                   new_id, old->id) < 0)
                return -1;
        return db_run(tx, err, "UPDATE images SET last_use_date = ?, cached = ? WHERE id = ?",
                      "tbi", old->used_ns, old->cached, new_id);
}
