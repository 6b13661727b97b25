/* mount of new file systems: by the kernel for types that are allowed, or by a FUSE program of the
 * container's own. */
#include "helper/intercept.h"

#include "base/files.h"
#include "base/memory.h"
#include "helper/child.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define OPTIONS_SIZE 4096

typedef struct Mount {
        Intercept *intercept;
        char source[PATH_MAX], target[PATH_MAX], type[256], options[OPTIONS_SIZE];
        unsigned long flags;
        bool shift;
        const char *program; /* FUSE; NULL: the kernel */
} Mount;

static const struct {
        unsigned long old;
        unsigned flag;
        const char *option; /* of a FUSE program */
} flag_rows[] = {
        {MS_RDONLY, MOUNT_READONLY, "ro"},   {MS_NOEXEC, MOUNT_NOEXEC, "noexec"},
        {MS_NOSUID, MOUNT_NOSUID, "nosuid"}, {MS_NODEV, MOUNT_NODEV, "nodev"},
        {MS_NOATIME, MOUNT_NOATIME, "noatime"},
};

static bool is_mountable_directory(const Intercept *intercept, int base, const char *path,
                                   int *ret_fd) {
        _cleanup_close_ int fd = openat(base, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat info;
        if (fd < 0 || fstatat(fd, "", &info, AT_EMPTY_PATH) < 0 ||
            !intercept_owns(intercept, info.st_uid, info.st_gid))
                return false;
        *ret_fd = TAKE_FD(fd);
        return true;
}

/* hugetlbfs takes its owner as an option, and that is the host's to say: the container's root, or
 * what the container wrote, as ids of the host. */
static char *translate_owner(const Mount *call) {
        static const char *const keys[] = {"uid=", "gid="};
        _cleanup_strlist_ StrList options = {.items = NULL}, out = {.items = NULL};
        bool given[2] = {false, false};
        strlist_split(&options, call->options, ",", true);
        for (size_t i = 0; i < options.count; i++) {
                const char *rest = NULL;
                size_t k = 0;
                uint64_t id;
                for (; k < ARRAY_SIZE(keys) && rest == NULL; k++)
                        rest = str_after_prefix(options.items[i], keys[k]);
                if (rest == NULL || !str_to_uint64(rest, &id)) {
                        strlist_add(&out, options.items[i]);
                        continue;
                }
                given[k - 1] = true;
                strlist_printf(&out, "%s%u", keys[k - 1],
                               idmap_to_host(&call->intercept->ids, k == 2, (uint32_t) id));
        }
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
                if (!given[k])
                        strlist_printf(&out, "%s%u", keys[k],
                                       idmap_to_host(&call->intercept->ids, k == 1, 0));
        return strlist_join(&out, ",");
}

/* Whoever made the file system could have put device nodes of the host into it: never any. */
static int mount_by_kernel(void *userdata) {
        const Mount *call = userdata;
        const Notify *notify = &call->intercept->notify;
        _cleanup_close_ int base = -1, target = -1, tree = -1, userns = -1;
        _cleanup_error_ Error *err = NULL;
        unsigned flags = MOUNT_NODEV;
        for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++)
                flags |= (call->flags & flag_rows[i].old) != 0 ? flag_rows[i].flag : 0;
        userns = openat(notify->proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);
        if (userns < 0 || task_open_directory(notify->proc_fd, AT_FDCWD, &base, NULL) < 0 ||
            task_enter_files(notify->proc_fd, NULL) < 0 || fchdir(base) < 0)
                return -EPERM;
        if (!is_mountable_directory(call->intercept, AT_FDCWD, call->target, &target))
                return -EPERM;
        bool huge = str_equal(call->type, "hugetlbfs");
        _cleanup_free_ char *options = huge ? translate_owner(call) : str_dup(call->options);
        if (mount_create(call->type, call->source, options, flags, &tree, &err) < 0 ||
            mount_configure(tree, flags, call->shift && !huge ? userns : -1, &err) < 0 ||
            mount_attach(tree, target, "", &err) < 0)
                return err->number > 0 ? -err->number : -EINVAL;
        return 0;
}

/* The program counts as the container's. */
static void join_groups(const Intercept *intercept) {
        CgroupLayout layout = {.unified_mount = NULL};
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        _cleanup_free_ char *pid = str_printf("%d", (int) getpid());
        if (cgroup_layout_load(NULL, NULL, &layout, NULL) == 0 &&
            cgroup_paths_load(&layout, (pid_t) intercept->notify.request.pid, NULL, NULL, &paths,
                              NULL) == 0)
                for (int i = 0; i < _CGROUP_CONTROLLER_MAX; i++)
                        (void) cgroup_set(&paths, (CgroupController) i, "cgroup.procs", pid, NULL);
        cgroup_layout_done(&layout);
}

static int run_program(void *userdata) {
        const Mount *call = userdata;
        static const char *const mounters[] = {"mount.fuse", "mount.fuse3"};
        static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        char *environment[] = {path, NULL};
        _cleanup_free_ char *source = str_printf("%s#%s", call->program, call->source);
        _cleanup_free_ char *options = str_dup(call->options);
        for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++)
                if ((call->flags & flag_rows[i].old) != 0)
                        str_replace(&options, str_printf("%s%s%s", options,
                                                         options[0] != '\0' ? "," : "",
                                                         flag_rows[i].option));
        for (size_t i = 0; i < ARRAY_SIZE(mounters); i++) {
                const char *argv[] = {mounters[i], source, call->target,
                                      options[0] != '\0' ? "-o" : NULL, options, NULL};
                (void) clearenv();
                environ = environment;
                (void) execvp(mounters[i], (char *const *) argv);
        }
        return -ENOENT;
}

static int run_inside(void *userdata) {
        const Mount *call = userdata;
        join_groups(call->intercept);
        if (task_enter_all(call->intercept->notify.proc_fd, NULL) < 0)
                return -EPERM;
        return child_run(run_program, userdata);
}

/* The setting as a list "ext4=fuse2fs,…"; the value of `type`, owned, or NULL. */
static char *find_program(const Intercept *intercept, const char *type) {
        _cleanup_free_ char *setting = intercept_setting(intercept, "mount.fuse");
        _cleanup_strlist_ StrList pairs = {.items = NULL};
        strlist_split(&pairs, setting, ", ", true);
        for (size_t i = 0; i < pairs.count; i++) {
                const char *rest = str_after_prefix(pairs.items[i], type);
                if (rest != NULL && *rest == '=')
                        return str_dup(rest + 1);
        }
        return NULL;
}

static bool is_allowed(const Intercept *intercept, const char *type) {
        _cleanup_free_ char *setting = intercept_setting(intercept, "mount.allowed");
        _cleanup_strlist_ StrList types = {.items = NULL};
        strlist_split(&types, setting, ", ", true);
        return type[0] != '\0' && strlist_has(&types, type);
}

static bool read_call(Mount *call) {
        const Notify *notify = &call->intercept->notify;
        const uint64_t *arguments = (const uint64_t *) notify->request.data.args;
        call->flags = (unsigned long) arguments[3];
        return arguments[1] != 0 && arguments[2] != 0 &&
               (arguments[0] == 0 || notify_read_text(notify, arguments[0], call->source,
                                                      sizeof call->source) == 0) &&
               notify_read_text(notify, arguments[1], call->target, sizeof call->target) == 0 &&
               notify_read_text(notify, arguments[2], call->type, sizeof call->type) == 0 &&
               (arguments[4] == 0 || notify_read_text(notify, arguments[4], call->options,
                                                      sizeof call->options) == 0);
}

int intercept_mount(Intercept *intercept) {
        _cleanup_free_ Mount *call = mem_new(Mount);
        call->intercept = intercept;
        if (!task_has_capability(&intercept->caller, CAP_SYS_ADMIN) || !read_call(call))
                return NOTIFY_CONTINUE;
        _cleanup_free_ char *program = find_program(intercept, call->type);
        _cleanup_free_ char *shift = intercept_setting(intercept, "mount.shift");
        call->program = program;
        call->shift = str_is_true(shift);
        if (program != NULL)
                return child_run(run_inside, call);
        return is_allowed(intercept, call->type) ? child_run(mount_by_kernel, call)
                                                 : NOTIFY_CONTINUE;
}
