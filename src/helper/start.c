/* Starting a container. liblxc's daemonised start is used: its grandchild becomes the monitor,
 * with a session of its own, /dev/null as stdio and every inherited fd closed, and this process
 * learns over liblxc's own socket when init runs. So nothing of the daemon is left in what lives
 * on, the monitor belongs to PID 1, and no half-started state has to be guessed from outside. The
 * price over a monitor in the foreground is two forks of a 3 MiB process. */
#include "helper/helper.h"
#include "helper/intercept.h"

#include "base/files.h"
#include "base/memory.h"

#include <lxc/lxccontainer.h>

#include <malloc.h>

static int start_failed(const char *name, const LogMark *mark, Error **err) {
        _cleanup_free_ char *reason = log_mark_errors(mark);
        return error_set(err, ERROR_SYSTEM, 0, "%s",
                         reason != NULL ? reason : "liblxc gave no reason");
}

static int start(char **argv, char **ret_line, Error **err) {
        const char *name = argv[0], *lxcpath = argv[1], *config = argv[2], *log = argv[3];
        LogMark mark = log_mark(log);
        _cleanup_(container_cleanup) LxcContainer *container = NULL;
        if (container_open(name, lxcpath, config, &container, err) < 0) {
                _cleanup_free_ char *reason = log_mark_errors(&mark);
                return reason != NULL ? error_prefix(err, "%s", reason) : -1;
        }
        if (container->is_running(container))
                return error_set(err, ERROR_BAD_STATE, 0, "The container is already running");
        char proxy[256] = "";
        (void) container->get_config_item(container, "lxc.seccomp.notify.proxy", proxy,
                                          sizeof proxy);
        if (intercept_start(proxy, argv[4], err) < 0)
                return -1;
        (void) container->want_daemonize(container, true);
        (void) container->want_close_all_fds(container, true);
        (void) malloc_trim(0); /* the monitor keeps a copy of this heap */
        if (!container->start(container, 0, NULL))
                return start_failed(name, &mark, err);
        return container_record(container, argv[4], argv[5], ret_line, err);
}

int verb_start(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        _cleanup_free_ char *line = NULL;
        if (start(argv, &line, &error) < 0)
                return report_failure(error);
        (void) report(NULL, 0, "started %s", line);
        return 0;
}

/* Run by the monitor after the container has ended, as lxc.hook.post-stop. LXC_TARGET is "reboot"
 * when init called reboot(2): liblxc would then start the same container again with the same
 * configuration, while the daemon wants to make it anew (changed config, devices, id map). So the
 * target is noted for the daemon, and the hook fails: liblxc then stops for good. */
int verb_hook_stop(int argc, char **argv) {
        const char *target = getenv("LXC_TARGET");
        bool reboot = str_equal(target, "reboot");
        _cleanup_error_ Error *error = NULL;
        _cleanup_free_ char *path = path_join(argv[0], "stop-target");
        if (file_write_text(path, reboot ? "reboot" : "stop", &error) < 0)
                (void) fprintf(stderr, "berth-helper: %s\n", error_message(error));
        return reboot ? 1 : 0;
}
