/* What a crash in the middle of a verb needs to know: one file a verb at work, below
 * DIRECTORY/instance-journal. Volumes that were made and not recorded are the storage's affair. */
#pragma once

#include "instance/lifecycle_private.h"

typedef enum JournalVerb {
        JOURNAL_RENAME,   /* undone unless it is recorded */
        JOURNAL_RENAME_SNAPSHOT,
        JOURNAL_RESTORE,  /* done again: its snapshot is still there */
        JOURNAL_MOVE,     /* the source's volume goes once the target is recorded */
        JOURNAL_DELETE,   /* done to its end once the volume has gone */
        _JOURNAL_VERB_MAX,
} JournalVerb;

typedef struct JournalNote {
        JournalVerb verb;
        const char *pool, *project, *name, *snapshot; /* of what there is */
        const char *to_pool, *to_project, *to;        /* what it becomes; NULL: as before */
} JournalNote;

/* *ret_path is what journal_done() takes; it frees it. */
int journal_begin(Instances *instances, const JournalNote *note, char **ret_path, Error **err)
        _must_check_;
void journal_done(char *path);
