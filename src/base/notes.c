#include "base/notes.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"

void notes_settle(const char *directory, const char *failure,
                  int (*settle)(void *userdata, const char *text, Error **err), void *userdata) {
        _cleanup_strlist_ StrList names = {};
        if (!path_exists(directory) || directory_list(directory, &names, NULL) < 0)
                return;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(directory, names.items[i]), *text = NULL;
                _cleanup_error_ Error *err = NULL;
                if (file_read(path, 0, &text, NULL, &err) < 0 || settle(userdata, text, &err) < 0 ||
                    file_remove(path, &err) < 0)
                        log_error("%s: %s", failure, error_message(err));
        }
}
