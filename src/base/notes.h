/* Notes of what is being done: a file each in a directory, there until it is done. What a crash
 * left half done is settled by them at the next start. */
#pragma once

#include "base/error.h"

/* Gives the text of each note to `settle` and removes the note; one whose settling fails stays and
 * is logged as `failure`. No directory: nothing to do. */
void notes_settle(const char *directory, const char *failure,
                  int (*settle)(void *userdata, const char *text, Error **err), void *userdata);
