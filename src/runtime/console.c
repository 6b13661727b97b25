/* Console and mounts: single questions to the helper. */
#include "runtime/runtime_private.h"

#include "base/files.h"
#include "base/memory.h"

int runtime_console(Runtime *runtime, const char *name, const char *config_file,
                    int *ret_terminal, int *ret_lease, Error **err) {
        _cleanup_message_ Message message = {.text = NULL};
        const char *argv[] = {"console", name, runtime->lxcpath, config_file, NULL};
        if (helper_ask(runtime, argv, "console", &message, err) < 0)
                return -1;
        if (message.fd_count != 2)
                return error_set(err, ERROR_INTERNAL, 0, "berth-helper sent no console");
        *ret_terminal = message_take_fd(&message, 0);
        *ret_lease = message_take_fd(&message, 1);
        return 0;
}

#define CONSOLE_LOG_LIMIT ((size_t) 64 * 1024 * 1024)

int runtime_console_log(Runtime *runtime, const char *name, const char *config_file, bool clear,
                        char **ret_data, size_t *ret_size, Error **err) {
        _cleanup_message_ Message message = {.text = NULL};
        const char *argv[] = {"console-log", name, runtime->lxcpath, config_file,
                              clear ? "clear" : "read", NULL};
        if (helper_ask(runtime, argv, "console-log", &message, err) < 0)
                return -1;
        if (message.fd_count != 1)
                return error_set(err, ERROR_INTERNAL, 0, "berth-helper sent no console log");
        return fd_read_all(message.fds[0], CONSOLE_LOG_LIMIT, ret_data, ret_size, err);
}

typedef struct InitWords {
        char *pid, *start;
} InitWords;

static InitWords init_words(const RuntimeProcess *process) {
        return (InitWords) {.pid = str_printf("%d", (int) process->init_pid),
                            .start = str_printf("%llu", (unsigned long long) process->init_start)};
}

static void init_words_done(InitWords *words) {
        free(words->pid);
        free(words->start);
}

int runtime_mount(Runtime *runtime, const RuntimeProcess *process, const RuntimeMount *mount,
                  Error **err) {
        _cleanup_(init_words_done) InitWords words = init_words(process);
        _cleanup_free_ char *flags = str_printf("%u", mount->flags);
        const char *argv[] = {"mount", words.pid, words.start, mount->source, mount->target,
                              flags, mount->shift ? "1" : "0", NULL};
        return helper_ask(runtime, argv, "done", NULL, err);
}

int runtime_open_netlink(Runtime *runtime, const RuntimeProcess *process, int *ret_fd,
                         Error **err) {
        _cleanup_(init_words_done) InitWords words = init_words(process);
        _cleanup_message_ Message message = {.text = NULL};
        const char *argv[] = {"netlink", words.pid, words.start, NULL};
        if (helper_ask(runtime, argv, "done", &message, err) < 0)
                return -1;
        int fd = message_take_fd(&message, 0);
        if (fd < 0)
                return error_set(err, ERROR_INTERNAL, 0, "The helper gave no socket");
        *ret_fd = fd;
        return 0;
}

int runtime_unmount(Runtime *runtime, const RuntimeProcess *process, const char *target,
                    Error **err) {
        _cleanup_(init_words_done) InitWords words = init_words(process);
        const char *argv[] = {"unmount", words.pid, words.start, target, NULL};
        return helper_ask(runtime, argv, "done", NULL, err);
}

int runtime_device_rule(Runtime *runtime, const RuntimeProcess *process, const char *rule,
                        bool allow, Error **err) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        if (cgroup_has(&runtime->cgroups, CGROUP_DEVICES) &&
            !runtime->cgroups.unified[CGROUP_DEVICES]) {
                if (runtime_cgroups(runtime, process, &paths, err) < 0)
                        return -1;
                return cgroup_set(&paths, CGROUP_DEVICES, allow ? "devices.allow" : "devices.deny",
                                  rule, err);
        }
        /* The program is the monitor's. */
        const char *argv[] = {"device-rule", process->name, runtime->lxcpath,
                              allow ? "devices.allow" : "devices.deny", rule, NULL};
        return helper_ask(runtime, argv, "done", NULL, err);
}

int runtime_send_uevent(Runtime *runtime, const RuntimeProcess *process, const StrList *parts,
                        Error **err) {
        _cleanup_(init_words_done) InitWords words = init_words(process);
        _cleanup_free_ char *text = strlist_join(parts, "\n");
        const char *argv[] = {"uevent", words.pid, words.start, text, NULL};
        return helper_ask(runtime, argv, "done", NULL, err);
}

bool runtime_can_idmap(Runtime *runtime, const char *path) {
        const char *argv[] = {"probe-idmap", path, NULL};
        return helper_ask(runtime, argv, "done", NULL, NULL) == 0;
}

int runtime_mount_overlay(Runtime *runtime, const OverlaySpec *spec, Error **err) {
        _cleanup_free_ char *uids = idmap_to_proc(spec->map, false);
        _cleanup_free_ char *gids = idmap_to_proc(spec->map, true);
        const char *argv[] = {"overlay", spec->lower, spec->upper,
                              spec->work != NULL ? spec->work : "", spec->target, uids, gids, NULL};
        return helper_ask(runtime, argv, "done", NULL, err);
}
