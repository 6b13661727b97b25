/* Facts of processes from /proc. PID 1 may be closed even to root: nothing here opens /proc/1
 * unless asked. Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <signal.h>
#include <sys/types.h>

/* Start time in clock ticks since boot: pid + start time names a process for ever. */
int procfs_start_time(pid_t pid, uint64_t *ret, Error **err) _must_check_;
int procfs_parent(pid_t pid, pid_t *ret, Error **err) _must_check_;
bool procfs_is_alive(pid_t pid, uint64_t start_time); /* same process and not a zombie */

/* Signals that the process blocks, ignores or handles (SigBlk, SigIgn, SigCgt), bit N-1 = N. */
typedef struct ProcSignals {
        uint64_t blocked, ignored, caught;
} ProcSignals;
int procfs_signals(pid_t pid, ProcSignals *ret, Error **err) _must_check_;

/* A pidfd that is certain to be the process that started at `start_time` (0: any). */
int procfs_open_pidfd(pid_t pid, uint64_t start_time, int *ret_fd, Error **err) _must_check_;
int pidfd_signal(int pidfd, int signal, Error **err);
bool pidfd_has_ended(int pidfd);
/* Waits for the end; false when the time is over. -1: for ever. */
bool pidfd_wait(int pidfd, int timeout_ms);

/* Abstract unix socket names (without '@') that are listening, from /proc/net/unix. */
int procfs_abstract_sockets(StrList *ret, Error **err) _must_check_;
/* One "Key:  N kB" line of /proc/PID/status or meminfo-like text; -1 when absent. */
int64_t procfs_field(const char *text, const char *key);
