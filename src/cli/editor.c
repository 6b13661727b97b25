/* Runs the editor with posix_spawn: process/ is the daemon's gate and Linux only. */
#include "cli/editor.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

char *editor_text(const char *guide, const char *text) {
        _cleanup_strbuf_ StrBuf all = {};
        for (const char *line = guide; line != NULL && *line != '\0';) {
                int length = (int) strcspn(line, "\n");
                strbuf_printf(&all, "###%s%.*s\n", length > 0 ? " " : "", length, line);
                line += length + (line[length] == '\n');
        }
        if (guide != NULL)
                strbuf_add_char(&all, '\n');
        strbuf_add(&all, text);
        return strbuf_take(&all);
}

static bool is_in_path(const char *program) {
        _cleanup_strlist_ StrList directories = {};
        const char *path = getenv("PATH");
        strlist_split(&directories, path != NULL ? path : "/usr/bin:/bin", ":", true);
        for (size_t i = 0; i < directories.count; i++) {
                _cleanup_free_ char *file = path_join(directories.items[i], program);
                if (access(file, X_OK) == 0)
                        return true;
        }
        return false;
}

static const char *find_editor(void) {
        static const char *const usual[] = {"editor", "vi", "emacs", "nano"};
        const char *chosen = getenv("VISUAL");
        if (str_is_empty(chosen))
                chosen = getenv("EDITOR");
        for (size_t i = 0; str_is_empty(chosen) && i < ARRAY_SIZE(usual); i++) {
                if (is_in_path(usual[i]))
                        chosen = usual[i];
        }
        return chosen;
}

/* Through the shell, since $EDITOR may have arguments. */
static int run_program(const char *file, Error **err) {
        const char *editor = find_editor();
        _cleanup_free_ char *script = NULL;
        char shell[] = "sh", option[] = "-c";
        char *argv[] = {shell, option, NULL, shell, (char *) file, NULL};
        int status, number;
        pid_t pid;
        if (str_is_empty(editor))
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "No text editor found; set the EDITOR environment variable");
        script = str_printf("%s \"$1\"", editor);
        argv[2] = script;
        number = posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ);
        if (number != 0)
                return error_errno(err, number, "Cannot start the editor");
        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR)
                        return error_errno(err, errno, "Cannot wait for the editor");
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return error_set(err, ERROR_CANCELLED, 0,
                                 "The editor \"%s\" failed; nothing changed", editor);
        return 0;
}

int editor_edit(const char *text, size_t size, const char *suffix, char **ret_text,
                size_t *ret_size, Error **err) {
        const char *given = getenv("TMPDIR"), *directory = str_is_empty(given) ? "/tmp" : given;
        _cleanup_free_ char *path = str_printf("%s/berth_editor_XXXXXX%s", directory, suffix);
        _cleanup_close_ int fd = mkstemps(path, (int) strlen(suffix));
        int result;
        if (fd < 0)
                return error_errno(err, errno, "Cannot create %s", path);
        result = fd_write_all(fd, text, size, err);
        if (result == 0)
                result = run_program(path, err);
        if (result == 0) /* by name: many editors replace the file */
                result = file_read(path, 0, ret_text, ret_size, err);
        (void) unlink(path);
        return result;
}

int editor_run(const char *text, EditorApply apply, void *userdata, Error **err) {
        _cleanup_free_ char *current = str_dup(text);
        for (;;) {
                _cleanup_error_ Error *refused = NULL;
                char *edited;
                size_t size;
                int key;
                if (editor_edit(current, strlen(current), ".yaml", &edited, &size, err) < 0)
                        return -1;
                str_replace(&current, edited);
                if (apply(userdata, current, &refused) == 0)
                        return 0;
                fprintf(stderr, "Config parsing error: %s\n", error_message(refused));
                printf("Press enter to open the editor again or ctrl+c to abort change\n");
                do
                        key = getchar();
                while (key != '\n' && key != EOF);
                if (key == EOF)
                        return error_move(err, &refused);
        }
}
