/* System calls that the kernel hands to us (seccomp user notification), as liblxc's monitor passes
 * them on to a "notify proxy": a SOCK_SEQPACKET connection, one message a call, one back.
 * seccomp_unotify(2). */
#pragma once

#include "base/error.h"

#include <linux/seccomp.h>
#include <sys/types.h>

typedef enum NotifyCall {
        NOTIFY_UNKNOWN,
        NOTIFY_BPF,
        NOTIFY_MKNOD,
        NOTIFY_MKNODAT,
        NOTIFY_MOUNT,
        NOTIFY_SCHED_SETSCHEDULER,
        NOTIFY_SETXATTR,
        NOTIFY_SYSINFO,
        _NOTIFY_CALL_MAX,
} NotifyCall;

/* What liblxc puts before the kernel's structs. */
typedef struct NotifyHead {
        uint64_t reserved;
        pid_t monitor_pid, init_pid;
        struct seccomp_notif_sizes sizes;
        uint64_t cookie_length;
} NotifyHead;

typedef struct Notify {
        NotifyHead head;
        struct seccomp_notif request; /* .pid: the thread that calls; .data.args */
        struct seccomp_notif_resp response;
        int proc_fd;     /* its /proc directory */
        int memory_fd;   /* its memory */
        int listener_fd; /* for the kernel's own calls about the notification */
        NotifyCall call;
} Notify;

/* 1: a call (to be answered and done); 0: the monitor is gone. */
int notify_receive(int socket_fd, Notify *ret, Error **err) _must_check_;
void notify_done(Notify *notify);
#define _cleanup_notify_ _cleanup_(notify_done)

/* Answers are the call's result or -errno; or the kernel goes on as if nobody had listened. */
#define NOTIFY_CONTINUE INT32_MIN
int notify_answer(int socket_fd, Notify *notify, int result, Error **err) _must_check_;

/* The caller still waits: what was read of it by number was its own. */
bool notify_is_valid(const Notify *notify);
/* Its memory; -1 with errno. */
int notify_read(const Notify *notify, uint64_t address, void *ret, size_t size);
int notify_write(const Notify *notify, uint64_t address, const void *data, size_t size);
/* A text of less than `size` bytes. */
int notify_read_text(const Notify *notify, uint64_t address, char *ret, size_t size);
/* Puts a copy of `fd` into the caller; its number there, or -errno. */
int notify_give_fd(const Notify *notify, int fd);
