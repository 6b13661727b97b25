#include "helper/helper.h"

#include "base/memory.h"
#include "linux/message.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

typedef struct Verb {
        const char *name;
        int (*run)(int argc, char **argv);
        int min_arguments;
        bool reports; /* has the message socket */
} Verb;

static const Verb verbs[] = {
        {"start", verb_start, 6, true},
        {"exec", verb_exec, 3, true},
        {"console", verb_console, 3, true},
        {"console-log", verb_console_log, 4, true},
        {"find", verb_find, 4, true},
        {"hook-stop", verb_hook_stop, 1, false},
        {"mount", verb_mount, 6, true},
        {"unmount", verb_unmount, 3, true},
        {"device-rule", verb_device_rule, 4, true},
        {"proxy", verb_proxy, 11, true},
        {"listen", verb_listen, 6, true},
        {"uevent", verb_uevent, 3, true},
        {"netlink", verb_netlink, 2, true},
        {"probe-idmap", verb_probe_idmap, 1, true},
        {"overlay", verb_overlay, 6, true},
        {"files", verb_files, 3, true},
        {"wire", verb_wire, 0, true},
};

int report(const int *fds, size_t fd_count, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = str_vprintf(format, arguments);
        va_end(arguments);
        /* The reader may be gone (a daemon that was killed): the work is done all the same. */
        return message_send(REPORT_FD, text, fds, fd_count, NULL);
}

int report_failure(const Error *error) {
        (void) report(NULL, 0, "failed %d %d %.8000s", error != NULL ? (int) error->kind : 0,
                      error != NULL ? error->number : 0, error_message(error));
        return 1;
}

static const Verb *verb_find_row(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
                if (str_equal(verbs[i].name, name))
                        return &verbs[i];
        }
        return NULL;
}

/* Read by LeakSanitizer, where it is built in: it looks for leaks from a process that traces this
 * one, which cannot be done from inside a container's namespaces; it would wait for ever. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
        return 1;
}

int main(int argc, char **argv) {
        const Verb *verb = argc >= 2 ? verb_find_row(argv[1]) : NULL;
        if (verb == NULL || argc - 2 < verb->min_arguments) {
                (void) fprintf(stderr, "berth-helper is run by berthd, not by hand.\n");
                return 2;
        }
        if (verb->reports && fcntl(REPORT_FD, F_GETFD) < 0) {
                (void) fprintf(stderr, "berth-helper: no message socket given.\n");
                return 2;
        }
        /* What is passed in must not reach the container's programs. */
        if (verb->reports) {
                (void) fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
                (void) fcntl(INPUT_FD, F_SETFD, FD_CLOEXEC);
                (void) prctl(PR_SET_DUMPABLE, 0);
        }
        (void) umask(022);
        /* Where liblxc finds newuidmap in PATH it runs it (twice, through a shell) instead of
         * writing the id map itself, and then root's ranges have to stand in /etc/subuid. The
         * daemon decides on ranges; the shells of hooks fall back on their own default PATH. */
        (void) unsetenv("PATH");
        return verb->run(argc - 2, argv + 2);
}
