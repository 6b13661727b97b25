#include "device/processes.h"

#include "base/files.h"
#include "base/memory.h"
#include "device/entries.h"
#include "linux/procfs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define END_TIMEOUT_MS 2000

/* The prefixes, and the type of device that has such processes. */
static const struct {
        const char *prefix, *type;
} kinds[] = {
        {"proxy.", "proxy"},
        {"swtpm.", "tpm"},
};

char *device_process_file(const DeviceContext *context, const char *prefix) {
        return str_printf("%s/%s/%s.%s", context->directory, context->instance, prefix,
                          context->name);
}

int device_process_record(const DeviceContext *context, const char *prefix, pid_t pid,
                          uint64_t start, Error **err) {
        _cleanup_free_ char *directory = NULL;
        _cleanup_free_ char *file = device_process_file(context, prefix);
        _cleanup_free_ char *text = str_printf("pid: %d\nstart: %llu\n", (int) pid,
                                               (unsigned long long) start);
        if (device_entry_directory(context, &directory, err) < 0)
                return -1;
        return file_write_text(file, text, err);
}

bool device_process_is_file(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (str_has_prefix(name, kinds[i].prefix))
                        return true;
        return false;
}

bool device_process_is_owned(const DeviceMap *devices, const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const char *device = str_after_prefix(name, kinds[i].prefix);
                const StrMap *config = device != NULL ? devicemap_get(devices, device) : NULL;
                if (config != NULL && str_equal(strmap_get(config, "type"), kinds[i].type))
                        return true;
        }
        return false;
}

void device_process_end(const char *file) {
        _cleanup_close_ int pidfd = -1;
        _cleanup_free_ char *text = NULL;
        int pid = 0;
        unsigned long long start = 0;
        if (!device_process_is_file(path_name(file)) ||
            file_read(file, 4096, &text, NULL, NULL) < 0)
                return;
        if (sscanf(text, "pid: %d start: %llu", &pid, &start) == 2 && pid > 1 && start > 0 &&
            procfs_open_pidfd(pid, start, &pidfd, NULL) == 0 &&
            pidfd_signal(pidfd, SIGKILL, NULL) == 0)
                (void) pidfd_wait(pidfd, END_TIMEOUT_MS);
        (void) !file_remove(file, NULL);
}
