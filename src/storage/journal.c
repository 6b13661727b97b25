/* The journal of volumes that were made and may have no record. A file a volume: its name says
 * nothing (names may be longer than those of files), its lines are pool, type, project, name, and
 * snapshot ("" for none). */
#include "storage/storage_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/notes.h"
#include "database/storage_volumes.h"

#include <string.h>

static char *journal_directory(const Storage *storage) {
        return path_join(storage->directory, "storage-journal");
}

static char *journal_path(const Storage *storage, const StorageVolume *volume) {
        _cleanup_free_ char *directory = journal_directory(storage);
        _cleanup_free_ char *key =
                str_printf("%s/%d/%s/%s", volume->pool->row.name, (int) volume->type, volume->name,
                           volume->snapshot != NULL ? volume->snapshot : "");
        uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
        for (const char *c = key; *c != '\0'; c++)
                hash = (hash ^ (unsigned char) *c) * UINT64_C(1099511628211);
        return str_printf("%s/%016llx", directory, (unsigned long long) hash);
}

int storage_journal_add(Storage *storage, const StorageVolume *volume, Error **err) {
        _cleanup_free_ char *directory = journal_directory(storage);
        _cleanup_free_ char *path = journal_path(storage, volume);
        _cleanup_free_ char *text =
                str_printf("%s\n%d\n%s\n%s\n%s\n", volume->pool->row.name, (int) volume->type,
                           volume->project != NULL ? volume->project : "", volume->title,
                           volume->snapshot != NULL ? volume->snapshot : "");
        if (directory_make(directory, 0700, err) < 0)
                return -1;
        return file_write(path, text, strlen(text), 0600, false, err);
}

void storage_journal_remove(Storage *storage, const StorageVolume *volume) {
        _cleanup_free_ char *path = journal_path(storage, volume);
        if (file_remove(path, NULL) < 0)
                log_warning("%s stays behind", path);
}

static int has_record(Storage *storage, const StrList *parts, int64_t type, bool *ret,
                      Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow row = {};
        _cleanup_error_ Error *failed = NULL;
        _cleanup_free_ char *name = str_dup(parts->items[3]);
        if (*parts->items[4] != '\0')
                str_replace(&name, str_printf("%s/%s", name, parts->items[4]));
        const StorageVolumeRow key = {.pool = parts->items[0],
                                      .project = parts->items[2],
                                      .type = type,
                                      .name = name};
        if (database_begin(storage->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        *ret = db_storage_volume_get(tx, &key, &row, &failed) == 0;
        return *ret || error_is(failed, ERROR_NOT_FOUND) ? 0 : error_move(err, &failed);
}

static int replay_entry(void *userdata, const char *text, Error **err) {
        Storage *storage = userdata;
        _cleanup_strlist_ StrList parts = {};
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        int64_t type;
        bool known;
        strlist_split(&parts, text, "\n", false);
        /* A torn file was written before anything was made. */
        if (parts.count != 6 || !str_to_int64(parts.items[1], &type))
                return 0;
        if (has_record(storage, &parts, type, &known, err) < 0)
                return -1;
        if (known || storage_pool_find(storage, parts.items[0], &pool, NULL) < 0)
                return 0;
        /* Of a pool that is away the entry stays. */
        _cleanup_(storage_volume_cleanup) StorageVolume *volume = storage_volume_new(
                pool, (StorageVolumeType) type, parts.items[2], parts.items[3]);
        if (*parts.items[4] == '\0')
                return storage_volume_delete(storage, volume, err);
        _cleanup_(storage_volume_cleanup) StorageVolume *snapshot =
                storage_snapshot_new(volume, parts.items[4]);
        return storage_volume_delete(storage, snapshot, err);
}

void storage_journal_replay(Storage *storage) {
        _cleanup_free_ char *directory = journal_directory(storage);
        notes_settle(directory, "Cannot remove what a crash left", replay_entry, storage);
}
