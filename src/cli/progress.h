/* What a long operation is doing, in one line of the terminal that is written over. Silent when
 * standard output is no terminal. */
#pragma once

#include "cli/cli.h"

typedef struct Progress {
        char *prefix;  /* "Retrieving image" */
        size_t shown;  /* columns of the present line */
        bool enabled;
        int64_t started_ns, updated_ns;
        char *last;
} Progress;

void progress_start(Progress *progress, const Cli *cli, const char *prefix);
/* A ClientWatch; `userdata` is the Progress: any metadata key that ends in "_progress". */
void progress_watch(void *progress, const json_t *operation);
/* A ClientWait's `interrupted`. */
void progress_interrupted(void *progress, bool cancelled);
/* A ClientProgress; `userdata` is the Progress. */
void progress_transfer(void *progress, int64_t done, int64_t total);
void progress_text(Progress *progress, const char *text);
/* Clears the line. */
void progress_done(Progress *progress);
#define _cleanup_progress_ _cleanup_(progress_done)
