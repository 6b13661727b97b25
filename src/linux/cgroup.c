#include "linux/cgroup.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>

typedef struct ControllerName {
        const char *v1, *v2; /* v2 NULL: no files there */
} ControllerName;

static const ControllerName controller_names[_CGROUP_CONTROLLER_MAX] = {
        [CGROUP_MEMORY] = {"memory", "memory"},
        [CGROUP_CPU] = {"cpu", "cpu"},
        [CGROUP_CPUACCT] = {"cpuacct", "cpu"},
        [CGROUP_CPUSET] = {"cpuset", "cpuset"},
        [CGROUP_PIDS] = {"pids", "pids"},
        [CGROUP_BLKIO] = {"blkio", "io"},
        [CGROUP_FREEZER] = {"freezer", NULL},
        [CGROUP_DEVICES] = {"devices", NULL},
        [CGROUP_HUGETLB] = {"hugetlb", "hugetlb"},
        [CGROUP_NET_PRIO] = {"net_prio", NULL},
};

/* The parts of a mountinfo line that matter here; point into its split words. */
typedef struct MountLine {
        const char *root, *point, *type, *options;
} MountLine;

static bool parse_mount(const StrList *words, MountLine *ret) {
        size_t dash = 6;
        while (dash < words->count && !str_equal(words->items[dash], "-"))
                dash++;
        if (dash + 3 >= words->count)
                return false;
        *ret = (MountLine) {.root = words->items[3], .point = words->items[4],
                            .type = words->items[dash + 1], .options = words->items[dash + 3]};
        return true;
}

static void take_v1(CgroupLayout *layout, const MountLine *line) {
        _cleanup_strlist_ StrList options = {0};
        strlist_split(&options, line->options, ",", true);
        bool known = false;
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                if (!strlist_has(&options, controller_names[i].v1))
                        continue;
                known = true;
                if (layout->mounts[i] != NULL)
                        continue;
                layout->mounts[i] = str_dup(line->point);
                layout->roots[i] = str_dup(line->root);
        }
        if (!known)
                strlist_add(&layout->others, line->point);
}

/* The v2 hierarchy serves what no v1 hierarchy has taken. */
static void take_v2(CgroupLayout *layout, const char *unified_root, const char *prefix) {
        _cleanup_free_ char *path = str_printf("%s%s/cgroup.controllers", prefix,
                                               layout->unified_mount);
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList names = {0};
        if (file_read(path, 0, &text, NULL, NULL) == 0)
                strlist_split(&names, text, " \n", true);
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                const char *name = controller_names[i].v2;
                /* Freezing and CPU time need no controller in v2. */
                bool always = i == CGROUP_FREEZER || i == CGROUP_CPUACCT;
                if (layout->mounts[i] != NULL ||
                    (!always && (name == NULL || !strlist_has(&names, name))))
                        continue;
                layout->mounts[i] = str_dup(layout->unified_mount);
                layout->roots[i] = str_dup(unified_root);
                layout->unified[i] = true;
        }
}

static void add_prefix(CgroupLayout *layout, const char *prefix) {
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                if (layout->mounts[i] != NULL)
                        str_replace(&layout->mounts[i],
                                    str_printf("%s%s", prefix, layout->mounts[i]));
        }
        if (layout->unified_mount != NULL)
                str_replace(&layout->unified_mount,
                            str_printf("%s%s", prefix, layout->unified_mount));
}

int cgroup_layout_load(const char *mountinfo, const char *root, CgroupLayout *ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *unified_root = NULL;
        if (mountinfo == NULL) {
                if (file_read("/proc/self/mountinfo", 0, &text, NULL, err) < 0)
                        return -1;
                mountinfo = text;
        }
        CgroupLayout layout = {.unified_mount = NULL};
        _cleanup_strlist_ StrList lines = {0};
        strlist_split(&lines, mountinfo, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                _cleanup_strlist_ StrList words = {0};
                MountLine line;
                strlist_split(&words, lines.items[i], " ", true);
                if (!parse_mount(&words, &line))
                        continue;
                if (str_equal(line.type, "cgroup"))
                        take_v1(&layout, &line);
                if (str_equal(line.type, "cgroup2") && layout.unified_mount == NULL) {
                        layout.unified_mount = str_dup(line.point);
                        unified_root = str_dup(line.root);
                }
        }
        const char *prefix = root != NULL ? root : "";
        if (layout.unified_mount != NULL)
                take_v2(&layout, unified_root, prefix);
        add_prefix(&layout, prefix);
        *ret = layout;
        return 0;
}

void cgroup_layout_done(CgroupLayout *layout) {
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                free(layout->mounts[i]);
                free(layout->roots[i]);
        }
        strlist_done(&layout->others);
        free(layout->unified_mount);
        *layout = (CgroupLayout) {.unified_mount = NULL};
}

bool cgroup_has(const CgroupLayout *layout, CgroupController controller) {
        return layout->mounts[controller] != NULL;
}

/* "/a/lxc.payload.c1/init.scope" with payload "lxc.payload.c1" becomes "/a/lxc.payload.c1".
 * liblxc appends "-N" when the name was taken. */
static size_t payload_length(const char *path, const char *payload) {
        size_t length = payload != NULL ? strlen(payload) : 0;
        for (const char *part = path; length > 0 && *part != '\0';) {
                part += *part == '/';
                size_t size = strcspn(part, "/");
                if (strncmp(part, payload, length) == 0 &&
                    (part[length] == '/' || part[length] == '\0' || part[length] == '-') &&
                    strspn(part + length + (part[length] == '-'), "0123456789") + length +
                                    (part[length] == '-') == size)
                        return (size_t) (part - path) + size;
                part += size;
        }
        return strlen(path);
}

static char *full_path(const CgroupLayout *layout, int controller, const char *path,
                       const char *payload) {
        const char *root = layout->roots[controller];
        const char *below = str_equal(root, "/") ? path : str_after_prefix(path, root);
        if (below == NULL)
                below = path;
        return str_printf("%s%.*s", layout->mounts[controller],
                          (int) payload_length(below, payload), below);
}

static void take_line(const CgroupLayout *layout, const char *line, const char *payload,
                      CgroupPaths *paths) {
        const char *names = strchr(line, ':');
        const char *path = names != NULL ? strchr(names + 1, ':') : NULL;
        if (path == NULL)
                return;
        _cleanup_free_ char *list = str_ndup(names + 1, (size_t) (path - names - 1));
        _cleanup_strlist_ StrList controllers = {0};
        strlist_split(&controllers, list, ",", true);
        bool unified = list[0] == '\0';
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++) {
                if (layout->mounts[i] == NULL || layout->unified[i] != unified ||
                    paths->directories[i] != NULL)
                        continue;
                if (unified || strlist_has(&controllers, controller_names[i].v1))
                        paths->directories[i] = full_path(layout, i, path + 1, payload);
        }
}

int cgroup_paths_load(const CgroupLayout *layout, pid_t pid, const char *payload,
                      const char *text, CgroupPaths *ret, Error **err) {
        _cleanup_free_ char *read = NULL;
        if (text == NULL) {
                _cleanup_free_ char *path = str_printf("/proc/%d/cgroup", (int) pid);
                if (file_read(path, 0, &read, NULL, err) < 0)
                        return -1;
                text = read;
        }
        CgroupPaths paths = {.directories = {NULL}};
        _cleanup_strlist_ StrList lines = {0};
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++)
                take_line(layout, lines.items[i], payload, &paths);
        *ret = paths;
        return 0;
}

void cgroup_paths_done(CgroupPaths *paths) {
        for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++)
                free(paths->directories[i]);
        *paths = (CgroupPaths) {.directories = {NULL}};
}

int cgroup_get(const CgroupPaths *paths, CgroupController controller, const char *file,
               char **ret, Error **err) {
        if (paths->directories[controller] == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "The %s cgroup controller is missing",
                                 controller_names[controller].v1);
        _cleanup_free_ char *path = path_join(paths->directories[controller], file);
        _cleanup_free_ char *text = NULL;
        if (file_read(path, 0, &text, NULL, err) < 0)
                return -1;
        *ret = str_trim(text);
        return 0;
}

int cgroup_set(const CgroupPaths *paths, CgroupController controller, const char *file,
               const char *value, Error **err) {
        if (paths->directories[controller] == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "The %s cgroup controller is missing",
                                 controller_names[controller].v1);
        _cleanup_free_ char *path = path_join(paths->directories[controller], file);
        FILE *stream = fopen(path, "we");
        if (stream == NULL)
                return error_errno(err, errno, "Failed to open %s", path);
        /* One write for the whole value, and its errno is the kernel's verdict. */
        (void) setvbuf(stream, NULL, _IONBF, 0);
        ssize_t written = write(fileno(stream), value, strlen(value));
        int number = errno;
        (void) fclose(stream);
        if (written < 0)
                return error_errno(err, number, "Failed to write \"%s\" to %s", value, path);
        return 0;
}

bool cgroup_has_file(const CgroupPaths *paths, CgroupController controller, const char *file) {
        if (paths->directories[controller] == NULL)
                return false;
        _cleanup_free_ char *path = path_join(paths->directories[controller], file);
        return path_exists(path);
}
