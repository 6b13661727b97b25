/* Inside berth-helper: one verb, one process, one thread. The process is started by runtime/ with a
 * message socket (linux/message.h) as fd 3 on which it reports, and ends when its work is done or
 * the socket is closed. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

#define REPORT_FD 3 /* the message socket */
#define INPUT_FD 4  /* what the verb works on: exec's spec, the sftp socket, a mount */

/* Verbs get the arguments behind their name and return the exit code. */
int verb_start(int argc, char **argv);       /* NAME LXCPATH CONFIG LOG RUN-DIR BOOT-ID */
int verb_exec(int argc, char **argv);        /* NAME LXCPATH CONFIG; spec in INPUT_FD */
int verb_console(int argc, char **argv);     /* NAME LXCPATH CONFIG */
int verb_console_log(int argc, char **argv); /* NAME LXCPATH CONFIG read|clear */
int verb_find(int argc, char **argv);        /* NAME LXCPATH RUN-DIR BOOT-ID */
int verb_hook_stop(int argc, char **argv);   /* RUN-DIR … (liblxc appends) */
int verb_mount(int argc, char **argv);       /* PID START SOURCE TARGET FLAGS SHIFT */
int verb_unmount(int argc, char **argv);     /* PID START TARGET */
int verb_device_rule(int argc, char **argv); /* NAME LXCPATH devices.allow|devices.deny RULE */
int verb_proxy(int argc, char **argv);       /* PID START SIDE LISTEN CONNECT … (proxy.c) */
int verb_listen(int argc, char **argv);      /* PID START LISTEN MODE UID GID */
int verb_uevent(int argc, char **argv);      /* PID START PARTS, separated by newlines */
int verb_netlink(int argc, char **argv);     /* PID START */
int verb_probe_idmap(int argc, char **argv); /* PATH */
int verb_overlay(int argc, char **argv);     /* LOWER UPPER WORK TARGET UIDS GIDS */
int verb_files(int argc, char **argv);       /* running PID START, or stopped … (files.c) */
int verb_wire(int argc, char **argv);        /* … (rsync appends) */

/* "NS HOST RANGE" triples, as in /proc/PID/uid_map and gid_map. */
struct IdMap;
int helper_read_map(struct IdMap *map, const char *uids, const char *gids, Error **err)
        _must_check_;
/* Reports; fds are borrowed. "failed KIND ERRNO TEXT" for an error; returns the exit code 1. */
int report(const int *fds, size_t fd_count, const char *format, ...) _printf_(3, 4);
int report_failure(const Error *error);

/* The container as liblxc knows it. */
struct lxc_container;
typedef struct lxc_container LxcContainer;
int container_open(const char *name, const char *lxcpath, const char *config, LxcContainer **ret,
                   Error **err) _must_check_;
void container_close(LxcContainer *container);
DEFINE_CLEANUP(LxcContainer, container, container_close)

/* liblxc has no error API: what it writes into its log file from now on is all there is. */
typedef struct LogMark {
        const char *path;
        off_t offset;
} LogMark;
LogMark log_mark(const char *path);
/* The first ERROR messages since the mark, joined with "; ". NULL when there is none. */
char *log_mark_errors(const LogMark *mark);

/* Notes both pids in RUN-DIR/runtime, "BOOT-ID INIT START MONITOR START" (runtime/scan.c reads it);
 * `ret_line` is that without the boot id, for the report. */
int container_record(LxcContainer *container, const char *run_dir, const char *boot_id,
                     char **ret_line, Error **err) _must_check_;
