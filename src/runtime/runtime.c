#include "runtime/runtime_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "build-config.h"

#include <errno.h>

#define HELPER_NAME "berth-helper"

/* The environment for trying another build, the directory of this executable for a build tree,
 * then the installed place. */
static char *find_helper(const char *given) {
        const char *environment = getenv("BERTH_HELPER");
        if (given != NULL)
                return str_dup(given);
        if (!str_is_empty(environment))
                return str_dup(environment);
        char self[4096];
        ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (length > 0) {
                self[length] = '\0';
                _cleanup_free_ char *directory = path_directory(self);
                _cleanup_free_ char *beside = path_join(directory, HELPER_NAME);
                if (access(beside, X_OK) == 0)
                        return TAKE_PTR(beside);
        }
        return path_join(BERTH_LIBEXECDIR, HELPER_NAME);
}

static char *read_boot_id(void) {
        char *text = NULL;
        if (file_read("/proc/sys/kernel/random/boot_id", 128, &text, NULL, NULL) < 0)
                return str_dup("unknown");
        text[strcspn(text, "\n")] = '\0';
        return text;
}

int runtime_new(const char *helper, const char *lxcpath, const char *run_root, Runtime **ret,
                Error **err) {
        _cleanup_(runtime_cleanup) Runtime *runtime = mem_new(Runtime);
        _cleanup_free_ char *found = find_helper(helper);
        /* Absolute: the stop hook runs in another directory. */
        runtime->helper = realpath(found, NULL);
        if (runtime->helper == NULL)
                return error_errno(err, errno, "Cannot run %s", found);
        runtime->lxcpath = str_dup(lxcpath);
        runtime->run_root = str_dup(run_root);
        runtime->boot_id = read_boot_id();
        if (access(runtime->helper, X_OK) < 0)
                return error_errno(err, errno, "Cannot run %s", runtime->helper);
        if (cgroup_layout_load(NULL, NULL, &runtime->cgroups, err) < 0)
                return -1;
        *ret = TAKE_PTR(runtime);
        return 0;
}

const char *runtime_helper(const Runtime *runtime) {
        return runtime->helper;
}

void runtime_free(Runtime *runtime) {
        if (runtime == NULL)
                return;
        cgroup_layout_done(&runtime->cgroups);
        free(runtime->helper);
        free(runtime->lxcpath);
        free(runtime->run_root);
        free(runtime->boot_id);
        free(runtime);
}

char *runtime_directory(const Runtime *runtime, const char *name) {
        return path_join(runtime->run_root, name);
}

int helper_call(const Runtime *runtime, const char *const *argv, const SpawnFd *fds,
                size_t fd_count, HelperCall *ret, Error **err) {
        const char *words[16] = {runtime->helper};
        SpawnFd map[SPAWN_MAX_FDS];
        int pair[2];
        for (size_t i = 0; argv[i] != NULL; i++) {
                if (i + 2 >= ARRAY_SIZE(words))
                        return error_set(err, ERROR_INTERNAL, 0, "Too many helper arguments");
                words[i + 1] = argv[i];
        }
        if (message_pair(pair, err) < 0)
                return -1;
        _cleanup_close_ int ours = pair[0];
        _cleanup_close_ int theirs = pair[1];
        map[0] = (SpawnFd) {.from = theirs, .to = HELPER_REPORT_FD};
        for (size_t i = 0; i < fd_count; i++)
                map[i + 1] = fds[i];
        SpawnSpec spec = {.argv = words, .fds = map, .fd_count = fd_count + 1,
                          .new_session = true};
        if (process_spawn(&spec, &ret->process, err) < 0)
                return -1;
        ret->socket = TAKE_FD(ours);
        return 0;
}

/* "KIND ERRNO TEXT" */
static int failure_of(const char *text, Error **err) {
        char *end;
        long kind = strtol(text, &end, 10);
        long number = strtol(end, &end, 10);
        if (kind < 0 || kind >= _ERROR_KIND_MAX)
                kind = ERROR_INTERNAL;
        return error_set(err, (ErrorKind) kind, (int) number, "%s", *end == ' ' ? end + 1 : end);
}

int helper_receive(HelperCall *call, const char *word, int timeout_ms, Message *ret, Error **err) {
        _cleanup_message_ Message message = {.text = NULL};
        if (message_receive(call->socket, timeout_ms, &message, err) < 0)
                return -1;
        if (message.text == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "berth-helper ended without an answer");
        const char *failure = str_after_prefix(message.text, "failed ");
        if (failure != NULL)
                return failure_of(failure, err);
        const char *rest = str_after_prefix(message.text, word);
        if (rest == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "berth-helper answered \"%s\"",
                                 message.text);
        if (ret != NULL) {
                char *text = str_dup(rest + (*rest == ' '));
                free(message.text);
                message.text = text;
                *ret = message;
                message = (Message) {.text = NULL};
        }
        return 0;
}

void helper_done(HelperCall *call) {
        fd_close(&call->socket);
        process_done(&call->process);
}

int helper_ask(const Runtime *runtime, const char *const *argv, const char *word, Message *ret,
               Error **err) {
        _cleanup_(helper_done) HelperCall call = HELPER_NONE;
        ProcessExit ignored;
        if (helper_call(runtime, argv, NULL, 0, &call, err) < 0 ||
            helper_receive(&call, word, HELPER_TIMEOUT_MS, ret, err) < 0)
                return -1;
        /* It has said all it has to say: its end is a matter of microseconds. */
        return process_wait(&call.process, HELPER_TIMEOUT_MS, &ignored, err);
}
