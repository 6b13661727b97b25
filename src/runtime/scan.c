/* Which containers run. The helper that starts one leaves a record of its pids; a record counts
 * when it is of this boot and both processes are still the ones it names. The helper is asked only
 * where liblxc's command socket exists and no record holds: it was killed between the start and the
 * record, or something else started the container. */
#include "runtime/runtime_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/procfs.h"

#include <sys/socket.h>
#include <sys/un.h>

void runtime_process_done(RuntimeProcess *process) {
        free(process->name);
        *process = (RuntimeProcess) {.name = NULL};
}

void runtime_process_list_done(RuntimeProcessList *list) {
        for (size_t i = 0; i < list->count; i++)
                runtime_process_done(&list->items[i]);
        free(list->items);
        *list = (RuntimeProcessList) {.items = NULL};
}

int process_from_text(const char *name, const char *text, RuntimeProcess *ret, Error **err) {
        _cleanup_strlist_ StrList words = {0};
        int64_t init, monitor;
        uint64_t init_start, monitor_start;
        strlist_split(&words, text, " \n", true);
        if (words.count != 4 || !str_to_int64(words.items[0], &init) ||
            !str_to_uint64(words.items[1], &init_start) ||
            !str_to_int64(words.items[2], &monitor) ||
            !str_to_uint64(words.items[3], &monitor_start))
                return error_set(err, ERROR_INTERNAL, 0, "Cannot read \"%s\"", text);
        *ret = (RuntimeProcess) {.name = str_dup(name), .init_pid = (pid_t) init,
                                 .init_start = init_start, .monitor_pid = (pid_t) monitor,
                                 .monitor_start = monitor_start};
        return 0;
}

/* The record of the last start in this boot, whether it still runs or not. */
static bool record_read(const Runtime *runtime, const char *name, RuntimeProcess *ret) {
        _cleanup_free_ char *directory = runtime_directory(runtime, name);
        _cleanup_free_ char *path = path_join(directory, "runtime");
        _cleanup_free_ char *text = NULL;
        if (file_read(path, 256, &text, NULL, NULL) < 0)
                return false;
        const char *pids = str_after_prefix(text, runtime->boot_id);
        return pids != NULL && process_from_text(name, pids, ret, NULL) == 0;
}

/* False when there is no record or it is not true any more. */
static bool read_living(const Runtime *runtime, const char *name, RuntimeProcess *ret) {
        RuntimeProcess process;
        if (!record_read(runtime, name, &process))
                return false;
        if (procfs_is_alive(process.monitor_pid, process.monitor_start) &&
            procfs_is_alive(process.init_pid, process.init_start)) {
                *ret = process;
                return true;
        }
        runtime_process_done(&process);
        return false;
}

#define FNV64_START UINT64_C(0xcbf29ce484222325)
#define FNV64_PRIME UINT64_C(0x100000001b3)

/* liblxc's name for the abstract socket of a container: the path, or, when that does not fit, its
 * FNV-1a hash. */
static char *socket_name(const Runtime *runtime, const char *name) {
        char *plain = str_printf("%s/%s/command", runtime->lxcpath, name);
        if (strlen(plain) < sizeof(((struct sockaddr_un *) 0)->sun_path) - 2)
                return plain;
        free(plain);
        _cleanup_free_ char *path = str_printf("%s/%s", runtime->lxcpath, name);
        uint64_t hash = FNV64_START;
        for (const char *c = path; *c != '\0'; c++)
                hash = (hash ^ (unsigned char) *c) * FNV64_PRIME;
        return str_printf("lxc/%016llx/command", (unsigned long long) hash);
}

static int ask_helper(const Runtime *runtime, const char *name, RuntimeProcess *ret, Error **err) {
        _cleanup_message_ Message message = {.text = NULL};
        _cleanup_free_ char *directory = runtime_directory(runtime, name);
        const char *argv[] = {"find", name, runtime->lxcpath, directory, runtime->boot_id, NULL};
        if (helper_ask(runtime, argv, "found", &message, err) < 0)
                return -1;
        return process_from_text(name, message.text, ret, err);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static bool has_socket(const Runtime *runtime, const StrList *sorted, const char *name) {
        _cleanup_free_ char *wanted = socket_name(runtime, name);
        return sorted->count > 0 && bsearch(&wanted, sorted->items, sorted->count, sizeof(char *),
                                            compare_names) != NULL;
}

int runtime_find(Runtime *runtime, const char *name, RuntimeProcess *ret, Error **err) {
        if (read_living(runtime, name, ret))
                return 0;
        _cleanup_strlist_ StrList sockets = {0};
        if (procfs_abstract_sockets(&sockets, err) < 0)
                return -1;
        strlist_sort(&sockets);
        if (!has_socket(runtime, &sockets, name))
                return error_set(err, ERROR_NOT_FOUND, 0, "The instance is not running");
        return ask_helper(runtime, name, ret, err);
}

int runtime_scan(Runtime *runtime, RuntimeProcessList *ret, Error **err) {
        _cleanup_strlist_ StrList names = {0};
        _cleanup_strlist_ StrList sockets = {0};
        if (!path_is_directory(runtime->run_root)) {
                *ret = (RuntimeProcessList) {.items = NULL};
                return 0;
        }
        if (directory_list(runtime->run_root, &names, err) < 0 ||
            procfs_abstract_sockets(&sockets, err) < 0)
                return -1;
        strlist_sort(&sockets);
        RuntimeProcessList list = {.items = NULL};
        for (size_t i = 0; i < names.count; i++) {
                RuntimeProcess process;
                if (!read_living(runtime, names.items[i], &process) &&
                    (!has_socket(runtime, &sockets, names.items[i]) ||
                     ask_helper(runtime, names.items[i], &process, NULL) < 0))
                        continue;
                mem_grow((void **) &list.items, &list.capacity, list.count + 1,
                         sizeof(RuntimeProcess));
                list.items[list.count++] = process;
        }
        *ret = list;
        return 0;
}
