/* Acting in the place of another process: its identity, its files, its namespaces. For
 * single-threaded helper processes only. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* Who a thread is, in ids of the host. */
typedef struct TaskIdentity {
        uid_t uid, fsuid;
        gid_t gid, fsgid;
        pid_t group; /* the process that the thread belongs to */
        mode_t umask;
        uint64_t capabilities; /* effective, in its user namespace */
        ino_t userns;
} TaskIdentity;
int task_identity(int proc_fd, TaskIdentity *ret, Error **err) _must_check_;
bool task_has_capability(const TaskIdentity *identity, int capability);

/* The directory that a path of the thread starts at: `directory_fd` is a number of its own. */
int task_open_directory(int proc_fd, int directory_fd, int *ret_fd, Error **err) _must_check_;
/* Its mount namespace and root; we stay who we are. Fds that were opened before stay good. */
int task_enter_files(int proc_fd, Error **err) _must_check_;
/* Its pid namespace, for children of ours. */
int task_enter_pids(int proc_fd, Error **err) _must_check_;
/* All its namespaces, its root and directory, as root inside: for running a program there. The
 * program has to be run in a child, which alone is in the pid namespace. */
int task_enter_all(int proc_fd, Error **err) _must_check_;
/* Makes files as this user and group, with these capabilities (bits) and no others. */
int task_become(uid_t fsuid, gid_t fsgid, uint64_t capabilities, Error **err) _must_check_;
/* All capabilities again. */
int task_become_root(Error **err) _must_check_;
