/* Shared by the files of runtime/: a call of berth-helper, and the record of a container's pids. */
#pragma once

#include "linux/cgroup.h"
#include "linux/message.h"
#include "process/spawn.h"
#include "runtime/runtime.h"

#define HELPER_REPORT_FD 3 /* the same numbers as in helper/helper.h */
#define HELPER_INPUT_FD 4
#define HELPER_TIMEOUT_MS 30000
#define FREEZE_TIMEOUT_MS 10000

struct Runtime {
        char *helper;
        char *lxcpath;
        char *run_root;
        char *boot_id;
        CgroupLayout cgroups;
};

/* A helper that runs. The socket is its report channel. */
typedef struct HelperCall {
        Process process;
        int socket;
} HelperCall;

#define HELPER_NONE ((HelperCall) {.process = PROCESS_NONE, .socket = -1})

/* `argv` starts with the verb, NULL-ended. `fds`: the child's stdio and input; may be NULL. */
int helper_call(const Runtime *runtime, const char *const *argv, const SpawnFd *fds,
                size_t fd_count, HelperCall *ret, Error **err) _must_check_;
/* Waits for a report that starts with `word`; a "failed" report becomes the error it carries.
 * ret->text is what follows the word. */
int helper_receive(HelperCall *call, const char *word, int timeout_ms, Message *ret, Error **err)
        _must_check_;
void helper_done(HelperCall *call); /* kills what still runs */
/* Call, one report, end. `ret` may be NULL. */
int helper_ask(const Runtime *runtime, const char *const *argv, const char *word, Message *ret,
               Error **err) _must_check_;

char *runtime_directory(const Runtime *runtime, const char *name); /* run_root/NAME */
/* "INIT START MONITOR START", as the helper reports and records it. */
int process_from_text(const char *name, const char *text, RuntimeProcess *ret, Error **err)
        _must_check_;
