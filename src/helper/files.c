/* The verb "files": goes where the container's files are, then serves SFTP until the socket is
 * closed. Everything that needs the host is done before the first request is read. */
#include "helper/helper.h"
#include "helper/sftp_server.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/idmap.h"
#include "linux/procfs.h"
#include "linux/userns.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* running PID START */
static int enter_running(char **argv, Error **err) {
        _cleanup_close_ int pidfd = -1;
        int64_t pid;
        uint64_t start;
        if (!str_to_int64(argv[1], &pid) || !str_to_uint64(argv[2], &start))
                return error_set(err, ERROR_INTERNAL, 0, "Bad process \"%s\"", argv[1]);
        if (procfs_open_pidfd((pid_t) pid, start, &pidfd, err) < 0)
                return -1;
        return namespaces_enter(pidfd, err);
}

static int add_map(IdMap *map, const char *text, bool group, Error **err) {
        _cleanup_strlist_ StrList words = {0};
        strlist_split(&words, text, " \n", true);
        for (size_t i = 0; i + 3 <= words.count; i += 3) {
                IdMapEntry entry = {.is_uid = !group, .is_gid = group};
                if (!str_to_int64(words.items[i], &entry.ns_id) ||
                    !str_to_int64(words.items[i + 1], &entry.host_id) ||
                    !str_to_int64(words.items[i + 2], &entry.range))
                        return error_set(err, ERROR_INTERNAL, 0, "Bad id map");
                idmap_add(map, entry);
        }
        return 0;
}

int helper_read_map(IdMap *map, const char *uids, const char *gids, Error **err) {
        return add_map(map, uids, false, err) < 0 ? -1 : add_map(map, gids, true, err);
}

/* stopped ROOTFS UIDS GIDS IDMAPPED */
static int enter_stopped(char **argv, Error **err) {
        _cleanup_idmap_ IdMap map = {0};
        _cleanup_close_ int userns = -1;
        if (helper_read_map(&map, argv[2], argv[3], err) < 0)
                return -1;
        if (map.count > 0 && userns_open(&map, &userns, err) < 0)
                return -1;
        if (mountns_make_root(argv[1], str_equal(argv[4], "1") ? userns : -1, err) < 0)
                return -1;
        return userns >= 0 ? userns_enter(userns, err) : 0;
}

int verb_files(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        bool running = str_equal(argv[0], "running");
        int result = -1;
        if (running && argc >= 3)
                result = enter_running(argv, &error);
        else if (!running && argc >= 5)
                result = enter_stopped(argv, &error);
        else
                (void) error_set(&error, ERROR_INTERNAL, 0, "Arguments are missing");
        if (result < 0)
                return report_failure(error);
        (void) umask(0);
        (void) prctl(PR_SET_DUMPABLE, 0);
        (void) signal(SIGPIPE, SIG_IGN);
        /* From here on it belongs to nobody: the daemon that started it has nothing to reap, and it
         * ends with its socket. */
        if (daemon(1, 1) < 0) {
                (void) error_errno(&error, errno, "Failed to leave the daemon");
                return report_failure(error);
        }
        (void) report(NULL, 0, "ready");
        (void) close(REPORT_FD);
        return server_run(INPUT_FD);
}
