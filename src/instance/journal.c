#include "instance/journal.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/notes.h"
#include "base/units.h"
#include "instance/snapshots.h"

#include <string.h>

#define FIELDS 7

static char *journal_directory(const Instances *instances) {
        return path_join(instances->directory, "instance-journal");
}

int journal_begin(Instances *instances, const JournalNote *note, char **ret_path, Error **err) {
        _cleanup_free_ char *directory = journal_directory(instances), *name = random_hex(8);
        _cleanup_free_ char *path = path_join(directory, name);
        const char *fields[FIELDS] = {note->pool,    note->project,    note->name, note->snapshot,
                                      note->to_pool, note->to_project, note->to};
        _cleanup_strbuf_ StrBuf text = {.data = NULL};
        strbuf_printf(&text, "%d\n", (int) note->verb);
        for (size_t i = 0; i < FIELDS; i++)
                strbuf_printf(&text, "%s\n", fields[i] != NULL ? fields[i] : "");
        if (directory_make(directory, 0700, err) < 0 ||
            file_write(path, text.data, text.length, 0600, true, err) < 0)
                return -1;
        *ret_path = TAKE_PTR(path);
        return 0;
}

void journal_done(char *path) {
        if (file_remove(path, NULL) < 0)
                log_warning("%s stays behind", path);
        free(path);
}

/* "Is there a record with that root pool?" */
static bool is_recorded(Instances *instances, const char *pool, const char *project,
                        const char *name) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        return instance_load(instances, project, name, &instance, NULL) == 0 &&
               str_equal(instance_root_pool(instance), pool);
}

static bool has_volume(StoragePool *pool, const char *project, const char *name,
                       const char *snapshot) {
        _cleanup_(storage_volume_cleanup) StorageVolume *volume =
                storage_volume_new(pool, STORAGE_VOLUME_CONTAINER, project, name);
        if (snapshot == NULL)
                return path_exists(volume->path);
        _cleanup_(storage_volume_cleanup) StorageVolume *found =
                storage_snapshot_new(volume, snapshot);
        return path_exists(found->path);
}

static int replay_rename(Instances *instances, const JournalNote *note, StoragePool *pool,
                         Error **err) {
        if (!is_recorded(instances, note->pool, note->project, note->name) ||
            has_volume(pool, note->project, note->name, NULL))
                return 0;
        return storage_instance_rename(instances->spec.storage, pool, note->project, note->to,
                                       note->name, err);
}

static int replay_rename_snapshot(Instances *instances, const JournalNote *note,
                                  StoragePool *pool, Error **err) {
        _cleanup_(instance_cleanup) Instance *snapshot = NULL;
        const StorageInstance renamed = {pool, note->project, note->name, note->to};
        if (instance_snapshot_load(instances, note->project, note->name, note->snapshot,
                                   &snapshot, NULL) < 0 ||
            has_volume(pool, note->project, note->name, note->snapshot))
                return 0;
        return storage_instance_snapshot_rename(instances->spec.storage, &renamed, note->snapshot,
                                                err);
}

static int replay_restore(Instances *instances, const JournalNote *note, StoragePool *pool,
                          Error **err) {
        _cleanup_(instance_cleanup) Instance *instance = NULL, *snapshot = NULL;
        if (instance_load(instances, note->project, note->name, &instance, NULL) < 0 ||
            instance_snapshot_load(instances, note->project, note->name, note->snapshot,
                                   &snapshot, NULL) < 0)
                return 0;
        return instance_restore_volume(instances, instance, snapshot, pool, err);
}

static int replay_move(Instances *instances, const JournalNote *note, StoragePool *pool,
                       Error **err) {
        if (!is_recorded(instances, note->to_pool, note->to_project, note->to))
                return 0;
        return storage_instance_delete(instances->spec.storage, pool, note->project, note->name,
                                       err);
}

static int replay_delete(Instances *instances, const JournalNote *note, StoragePool *pool,
                         Error **err) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        if (instance_load(instances, note->project, note->name, &instance, NULL) < 0 ||
            has_volume(pool, note->project, note->name, NULL))
                return 0;
        return instance_delete_held(instances, instance, NULL, err);
}

static int (*const replays[_JOURNAL_VERB_MAX])(Instances *instances, const JournalNote *note,
                                               StoragePool *pool, Error **err) = {
        [JOURNAL_RENAME] = replay_rename,
        [JOURNAL_RENAME_SNAPSHOT] = replay_rename_snapshot,
        [JOURNAL_RESTORE] = replay_restore,
        [JOURNAL_MOVE] = replay_move,
        [JOURNAL_DELETE] = replay_delete,
};

static int replay(void *userdata, const char *text, Error **err) {
        Instances *instances = userdata;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        int64_t verb;
        strlist_split(&lines, text, "\n", false);
        /* A torn file was written before anything was done. */
        if (lines.count != FIELDS + 2 || !str_to_int64(lines.items[0], &verb) || verb < 0 ||
            verb >= _JOURNAL_VERB_MAX)
                return 0;
        char **field = lines.items + 1;
        const JournalNote note = {.verb = (JournalVerb) verb,
                                  .pool = field[0],
                                  .project = field[1],
                                  .name = field[2],
                                  .snapshot = field[3],
                                  .to_pool = *field[4] != '\0' ? field[4] : field[0],
                                  .to_project = *field[5] != '\0' ? field[5] : field[1],
                                  .to = *field[6] != '\0' ? field[6] : field[2]};
        if (storage_pool_find(instances->spec.storage, note.pool, &pool, err) < 0)
                return -1;
        return replays[verb](instances, &note, pool, err);
}

void instances_replay_journal(Instances *instances) {
        _cleanup_free_ char *directory = journal_directory(instances);
        notes_settle(directory, "Cannot repair what a crash left", replay, instances);
}
