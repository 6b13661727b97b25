#include "helper/helper.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/procfs.h"

#include <lxc/lxccontainer.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int container_open(const char *name, const char *lxcpath, const char *config, LxcContainer **ret,
                   Error **err) {
        _cleanup_(container_cleanup) LxcContainer *container = lxc_container_new(name, lxcpath);
        if (container == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "liblxc refused container \"%s\"", name);
        container->clear_config(container);
        if (!container->load_config(container, config))
                return error_set(err, ERROR_INTERNAL, 0, "liblxc cannot load %s", config);
        *ret = TAKE_PTR(container);
        return 0;
}

void container_close(LxcContainer *container) {
        (void) lxc_container_put(container);
}

LogMark log_mark(const char *path) {
        struct stat info;
        return (LogMark) {.path = path, .offset = stat(path, &info) == 0 ? info.st_size : 0};
}

#define LOG_TAIL_LIMIT ((size_t) 256 * 1024)
#define LOG_MAX_ERRORS 3

/* "lxc NAME TIME ERROR    conf - ../src/lxc/conf.c:f:12 - Message": the message of an ERROR. */
static const char *error_of_line(const char *line) {
        const char *level = strstr(line, " ERROR ");
        const char *location = level != NULL ? strstr(level, " - ") : NULL;
        const char *message = location != NULL ? strstr(location + 3, " - ") : NULL;
        return message != NULL ? message + 3 : NULL;
}

char *log_mark_errors(const LogMark *mark) {
        _cleanup_close_ int fd = open(mark->path, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        if (fd < 0 || lseek(fd, mark->offset, SEEK_SET) < 0 ||
            fd_read_all(fd, LOG_TAIL_LIMIT, &text, NULL, NULL) < 0)
                return NULL;
        _cleanup_strlist_ StrList lines = {0};
        _cleanup_strlist_ StrList errors = {0};
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count && errors.count < LOG_MAX_ERRORS; i++) {
                const char *message = error_of_line(lines.items[i]);
                if (message != NULL && !strlist_has(&errors, message))
                        strlist_add(&errors, message);
        }
        return errors.count > 0 ? strlist_join(&errors, "; ") : NULL;
}

int container_record(LxcContainer *container, const char *run_dir, const char *boot_id,
                     char **ret_line, Error **err) {
        pid_t init = container->init_pid(container);
        pid_t monitor;
        uint64_t init_start, monitor_start;
        if (init <= 0)
                return error_set(err, ERROR_NOT_FOUND, 0, "The container is not running");
        /* liblxc has no call for the monitor's pid: it is init's parent. */
        if (procfs_parent(init, &monitor, err) < 0 ||
            procfs_start_time(init, &init_start, err) < 0 ||
            procfs_start_time(monitor, &monitor_start, err) < 0)
                return error_prefix(err, "The container ended at once");
        _cleanup_free_ char *line = str_printf("%d %llu %d %llu", (int) init,
                                               (unsigned long long) init_start, (int) monitor,
                                               (unsigned long long) monitor_start);
        _cleanup_free_ char *path = path_join(run_dir, "runtime");
        _cleanup_free_ char *record = str_printf("%s %s\n", boot_id, line);
        if (file_write_text(path, record, err) < 0)
                return -1;
        *ret_line = TAKE_PTR(line);
        return 0;
}

/* liblxc's monitor keeps the program that filters devices in v2. */
int verb_device_rule(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        _cleanup_(container_cleanup) LxcContainer *container = lxc_container_new(argv[0], argv[1]);
        if (container == NULL || !container->set_cgroup_item(container, argv[2], argv[3])) {
                (void) error_set(&error, ERROR_SYSTEM, 0, "liblxc refused \"%s\" for %s", argv[3],
                                 argv[2]);
                return report_failure(error);
        }
        (void) report(NULL, 0, "done");
        return 0;
}

int verb_find(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        _cleanup_(container_cleanup) LxcContainer *container = lxc_container_new(argv[0], argv[1]);
        _cleanup_free_ char *line = NULL;
        if (container == NULL) {
                (void) error_set(&error, ERROR_INTERNAL, 0, "liblxc refused the container");
                return report_failure(error);
        }
        if (container_record(container, argv[2], argv[3], &line, &error) < 0)
                return report_failure(error);
        (void) report(NULL, 0, "found %s", line);
        return 0;
}
