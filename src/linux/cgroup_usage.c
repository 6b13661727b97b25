/* Figures, freezing and killing: what is done with a container's groups. */
#include "linux/cgroup.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "linux/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>

#define MAX_DEPTH 32
#define NO_LIMIT (INT64_MAX / 2) /* v1 writes "none" as a huge number of pages */

static int64_t number_of(const CgroupPaths *paths, CgroupController controller,
                         const char *file) {
        _cleanup_free_ char *text = NULL;
        int64_t value;
        if (cgroup_get(paths, controller, file, &text, NULL) < 0 || !str_to_int64(text, &value))
                return -1;
        return value;
}

static int64_t difference(int64_t with_swap, int64_t without) {
        return with_swap < 0 || without < 0 ? -1 : MAX_OF(with_swap - without, 0);
}

static void memory_v1(const CgroupPaths *paths, CgroupUsage *usage) {
        usage->memory = number_of(paths, CGROUP_MEMORY, "memory.usage_in_bytes");
        usage->memory_peak = number_of(paths, CGROUP_MEMORY, "memory.max_usage_in_bytes");
        usage->memory_limit = number_of(paths, CGROUP_MEMORY, "memory.limit_in_bytes");
        if (usage->memory_limit > NO_LIMIT)
                usage->memory_limit = -1;
        usage->swap = difference(number_of(paths, CGROUP_MEMORY, "memory.memsw.usage_in_bytes"),
                                 usage->memory);
        usage->swap_peak = difference(
                number_of(paths, CGROUP_MEMORY, "memory.memsw.max_usage_in_bytes"),
                usage->memory_peak);
}

static void memory_v2(const CgroupPaths *paths, CgroupUsage *usage) {
        usage->memory = number_of(paths, CGROUP_MEMORY, "memory.current");
        usage->memory_peak = number_of(paths, CGROUP_MEMORY, "memory.peak");
        usage->memory_limit = number_of(paths, CGROUP_MEMORY, "memory.max");
        usage->swap = number_of(paths, CGROUP_MEMORY, "memory.swap.current");
        usage->swap_peak = number_of(paths, CGROUP_MEMORY, "memory.swap.peak");
}

static int64_t cpu_time(const CgroupLayout *layout, const CgroupPaths *paths) {
        if (!layout->unified[CGROUP_CPUACCT])
                return number_of(paths, CGROUP_CPUACCT, "cpuacct.usage");
        _cleanup_free_ char *text = NULL;
        if (cgroup_get(paths, CGROUP_CPUACCT, "cpu.stat", &text, NULL) < 0)
                return -1;
        int64_t microseconds = procfs_field(text, "usage_usec");
        return microseconds < 0 ? -1 : microseconds * 1000;
}

void cgroup_usage(const CgroupLayout *layout, const CgroupPaths *paths, CgroupUsage *ret) {
        *ret = (CgroupUsage) {-1, -1, -1, -1, -1, -1, -1};
        if (layout->unified[CGROUP_MEMORY])
                memory_v2(paths, ret);
        else
                memory_v1(paths, ret);
        ret->cpu_ns = cpu_time(layout, paths);
        ret->processes = number_of(paths, CGROUP_PIDS, "pids.current");
        if (ret->processes < 0) {
                pid_t *pids = NULL;
                size_t count;
                if (cgroup_pids(layout, paths, &pids, &count, NULL) == 0)
                        ret->processes = (int64_t) count;
                free(pids);
        }
}

typedef struct PidList {
        pid_t *items;
        size_t count, capacity;
} PidList;

static void add_pids(const char *directory, PidList *list) {
        _cleanup_free_ char *path = path_join(directory, "cgroup.procs");
        _cleanup_free_ char *text = NULL;
        if (file_read(path, 0, &text, NULL, NULL) < 0)
                return;
        for (char *cursor = text, *end; *cursor != '\0'; cursor = end) {
                long pid = strtol(cursor, &end, 10);
                if (end == cursor)
                        break;
                mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof(pid_t));
                list->items[list->count++] = (pid_t) pid;
                end += *end == '\n';
        }
}

static void walk(const char *directory, PidList *list, int depth) {
        add_pids(directory, list);
        DIR *dir = depth < MAX_DEPTH ? opendir(directory) : NULL;
        struct dirent *entry;
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                _cleanup_free_ char *below = path_join(directory, entry->d_name);
                walk(below, list, depth + 1);
        }
        if (dir != NULL)
                (void) closedir(dir);
}

/* Any hierarchy knows all processes; the freezer's or the pids' stands on every host. */
static const char *any_directory(const CgroupPaths *paths) {
        static const CgroupController order[] = {CGROUP_PIDS, CGROUP_FREEZER, CGROUP_MEMORY,
                                                 CGROUP_CPU, CGROUP_DEVICES};
        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                if (paths->directories[order[i]] != NULL)
                        return paths->directories[order[i]];
        }
        return NULL;
}

int cgroup_pids(const CgroupLayout *layout, const CgroupPaths *paths, pid_t **ret,
                size_t *ret_count, Error **err) {
        const char *directory = any_directory(paths);
        if (directory == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "No usable cgroup hierarchy");
        PidList list = {0};
        walk(directory, &list, 0);
        *ret = list.items;
        *ret_count = list.count;
        return 0;
}

bool cgroup_is_frozen(const CgroupLayout *layout, const CgroupPaths *paths) {
        _cleanup_free_ char *text = NULL;
        if (!layout->unified[CGROUP_FREEZER])
                return cgroup_get(paths, CGROUP_FREEZER, "freezer.state", &text, NULL) == 0 &&
                       str_equal(text, "FROZEN");
        return cgroup_get(paths, CGROUP_FREEZER, "cgroup.events", &text, NULL) == 0 &&
               procfs_field(text, "frozen") == 1;
}

/* Thawing counts as done when nothing is frozen or freezing any more. */
static bool has_state(const CgroupLayout *layout, const CgroupPaths *paths, bool frozen) {
        if (frozen || layout->unified[CGROUP_FREEZER])
                return cgroup_is_frozen(layout, paths) == frozen;
        _cleanup_free_ char *text = NULL;
        return cgroup_get(paths, CGROUP_FREEZER, "freezer.state", &text, NULL) == 0 &&
               str_equal(text, "THAWED");
}

int cgroup_freeze(const CgroupLayout *layout, const CgroupPaths *paths, bool freeze,
                  int timeout_ms, Error **err) {
        bool unified = layout->unified[CGROUP_FREEZER];
        const char *file = unified ? "cgroup.freeze" : "freezer.state";
        const char *value = unified ? (freeze ? "1" : "0") : (freeze ? "FROZEN" : "THAWED");
        int64_t deadline = time_monotonic_ns() + timeout_ms * NS_PER_MS;
        int wait_ms = 1;
        for (;;) {
                /* v1 gives up on processes that were being made meanwhile: write again. */
                if (cgroup_set(paths, CGROUP_FREEZER, file, value, err) < 0)
                        return -1;
                if (has_state(layout, paths, freeze))
                        return 0;
                if (time_monotonic_ns() > deadline)
                        break;
                (void) poll(NULL, 0, wait_ms);
                wait_ms = MIN_OF(wait_ms * 2, 50);
        }
        if (freeze) /* half frozen is worse than running */
                (void) cgroup_set(paths, CGROUP_FREEZER, file, unified ? "0" : "THAWED", NULL);
        return error_set(err, ERROR_TIMEOUT, 0, "The container could not be %s within %d ms",
                         freeze ? "frozen" : "thawed", timeout_ms);
}

#define KILL_ROUNDS 100

int cgroup_kill(const CgroupLayout *layout, const CgroupPaths *paths, Error **err) {
        if (layout->unified[CGROUP_FREEZER] &&
            cgroup_has_file(paths, CGROUP_FREEZER, "cgroup.kill"))
                return cgroup_set(paths, CGROUP_FREEZER, "cgroup.kill", "1", err);
        for (int round = 0; round < KILL_ROUNDS; round++) {
                _cleanup_free_ pid_t *pids = NULL;
                size_t count;
                if (cgroup_pids(layout, paths, &pids, &count, err) < 0)
                        return -1;
                if (count == 0)
                        return 0;
                for (size_t i = 0; i < count; i++)
                        (void) kill(pids[i], SIGKILL);
                if (paths->directories[CGROUP_FREEZER] != NULL)
                        (void) cgroup_freeze(layout, paths, false, 100, NULL);
                (void) poll(NULL, 0, 10);
        }
        return error_set(err, ERROR_TIMEOUT, 0, "Processes of the container do not end");
}

static bool remove_groups(const char *directory, int depth) {
        if (rmdir(directory) == 0 || errno == ENOENT)
                return true;
        if (errno != EBUSY || depth >= MAX_DEPTH)
                return false;
        /* Busy: groups below, or processes, and then nothing goes. */
        DIR *dir = opendir(directory);
        struct dirent *entry;
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                _cleanup_free_ char *below = path_join(directory, entry->d_name);
                (void) remove_groups(below, depth + 1);
        }
        if (dir != NULL)
                (void) closedir(dir);
        return rmdir(directory) == 0;
}

static bool remove_below(const char *mount, const char *name) {
        if (mount == NULL)
                return true;
        _cleanup_free_ char *path = path_join(mount, name);
        return remove_groups(path, 0);
}

bool cgroup_remove_empty(const CgroupLayout *layout, const char *name) {
        /* liblxc makes its groups below those of process 1. */
        _cleanup_cgroup_paths_ CgroupPaths base = {};
        bool gone = remove_below(layout->unified_mount, name);
        if (cgroup_paths_load(layout, 1, NULL, NULL, &base, NULL) < 0)
                base = (CgroupPaths){};
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                const char *directory = base.directories[i];
                gone = remove_below(directory != NULL ? directory : layout->mounts[i], name) &&
                       gone;
        }
        for (size_t i = 0; i < layout->others.count; i++)
                gone = remove_below(layout->others.items[i], name) && gone;
        return gone;
}
