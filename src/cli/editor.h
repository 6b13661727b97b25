/* The user's editor on a piece of text. */
#pragma once

#include "base/error.h"

/* Takes the edited text; an error is shown, and the editor opened again on the same text. */
typedef int (*EditorApply)(void *userdata, const char *text, Error **err);

/* `guide` as comment lines (NULL: none), then `text`. Caller frees. */
char *editor_text(const char *guide, const char *text);
/* Runs $VISUAL, $EDITOR or the first usual one until `apply` accepts or the user gives up. */
int editor_run(const char *text, EditorApply apply, void *userdata, Error **err) _must_check_;
/* The same on raw content, once, without a comment: *ret_text is what was saved. */
int editor_edit(const char *text, size_t size, const char *suffix, char **ret_text,
                size_t *ret_size, Error **err) _must_check_;
