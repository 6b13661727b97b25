/* The container's console: its terminal, and the ring buffer of what was written to it. */
#include "helper/helper.h"

#include "base/files.h"
#include "base/memory.h"

#include <lxc/lxccontainer.h>

#include <errno.h>
#include <sys/mman.h>

/* liblxc keeps the console allocated to the client while the connection it was asked on is open;
 * that connection is the lease the daemon gets. */
int verb_console(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        _cleanup_(container_cleanup) LxcContainer *container = NULL;
        if (container_open(argv[0], argv[1], argv[2], &container, &error) < 0)
                return report_failure(error);
        int number = 0;
        _cleanup_close_ int terminal = -1;
        _cleanup_close_ int lease = container->console_getfd(container, &number, &terminal);
        if (lease < 0 || terminal < 0) {
                (void) error_set(&error, ERROR_BUSY, 0,
                                 "The console is in use or the container has none");
                return report_failure(error);
        }
        int fds[2] = {terminal, lease};
        (void) report(fds, 2, "console");
        return 0;
}

static int send_buffer(const char *data, size_t size, Error **err) {
        _cleanup_close_ int fd = memfd_create("console", MFD_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Failed to make a memory file");
        if (size > 0 && fd_write_all(fd, data, size, err) < 0)
                return -1;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_errno(err, errno, "Failed to rewind a memory file");
        (void) report(&fd, 1, "console-log");
        return 0;
}

int verb_console_log(int argc, char **argv) {
        _cleanup_error_ Error *error = NULL;
        _cleanup_(container_cleanup) LxcContainer *container = NULL;
        if (container_open(argv[0], argv[1], argv[2], &container, &error) < 0)
                return report_failure(error);
        bool clear = str_equal(argv[3], "clear");
        uint64_t size = 0; /* all of it */
        struct lxc_console_log request = {.clear = clear, .read = !clear, .read_max = &size};
        int result = container->console_log(container, &request);
        if (result == -ENODATA) {
                size = 0;
        } else if (result < 0) {
                (void) error_set(&error, ERROR_SYSTEM, -result,
                                 "Failed to read the console's buffer: %s", strerror(-result));
                return report_failure(error);
        }
        if (send_buffer(request.data, clear || request.data == NULL ? 0 : size, &error) < 0)
                return report_failure(error);
        return 0;
}
