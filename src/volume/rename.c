/* Renames on disk that survive a crash: a note says from what to what until the record says so
 * too. A note that is found at the start is carried back when the record has the old name. */
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/notes.h"
#include "base/units.h"
#include "volume/volume_private.h"

#include <string.h>

static char *notes_directory(const Volumes *volumes) {
        return path_join(volumes->spec.directory, "volume-renames");
}

int volume_rename_on_disk(Volumes *volumes, const Volume *from, const StorageVolumeRow *to,
                          StorageVolume *renamed, char **ret_note, Error **err) {
        _cleanup_free_ char *directory = notes_directory(volumes), *name = random_hex(8);
        _cleanup_free_ char *note = path_join(directory, name);
        _cleanup_free_ char *text =
                str_printf("%s\n%s\n%s\n%s\n%s\n", from->row.pool, from->row.project,
                           from->row.name, to->project, to->name);
        if (directory_make(directory, 0700, err) < 0 ||
            file_write(note, text, strlen(text), 0600, false, err) < 0)
                return -1;
        if (storage_volume_rename(volumes->spec.storage, from->disk, renamed, err) < 0) {
                volume_rename_done(TAKE_PTR(note));
                return -1;
        }
        *ret_note = TAKE_PTR(note);
        return 0;
}

void volume_rename_done(char *note) {
        if (file_remove(note, NULL) < 0)
                log_warning("%s stays behind", note);
        free(note);
}

static int carry_back(void *userdata, const char *text, Error **err) {
        Volumes *volumes = userdata;
        _cleanup_strlist_ StrList parts = {};
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        _cleanup_(storage_volume_cleanup) StorageVolume *renamed = NULL;
        _cleanup_volume_ Volume volume = {};
        _cleanup_error_ Error *failed = NULL;
        strlist_split(&parts, text, "\n", false);
        if (parts.count != 6) /* torn: nothing was renamed yet */
                return 0;
        StorageVolumeRow key = {.pool = parts.items[0],
                                .project = parts.items[1],
                                .name = parts.items[2],
                                .type = STORAGE_VOLUME_CUSTOM};
        if (volume_load(volumes, &key, &volume, &failed) < 0)
                return error_is(failed, ERROR_NOT_FOUND) ? 0 : error_move(err, &failed);
        key.project = parts.items[3];
        key.name = parts.items[4];
        key.content_type = volume.row.content_type;
        if (volume_place(volumes, &key, &pool, &renamed, err) < 0)
                return -1;
        if (path_exists(volume.disk->path) || !path_exists(renamed->path))
                return 0;
        return storage_volume_rename(volumes->spec.storage, renamed, volume.disk, err);
}

void volume_renames_end(Volumes *volumes) {
        _cleanup_free_ char *directory = notes_directory(volumes);
        notes_settle(directory, "Cannot end the renaming of a volume", carry_back, volumes);
}
