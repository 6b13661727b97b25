/* The AppArmor profile of a container, as text. What a container's own root may do to the kernel
 * through files and mounts is cut down here; for an unprivileged one the kernel does most of it. */
#include "instance/apparmor.h"

#include "base/memory.h"

#include <string.h>

/* Mounts that any container may make, where programs expect them. */
static const struct {
        const char *type, *target; /* NULL: anywhere */
} file_systems[] = {
        {"binfmt_misc", "/proc/sys/fs/binfmt_misc/"},
        {"configfs", "/sys/kernel/config/"},
        {"debugfs", "/sys/kernel/debug/"},
        {"efivarfs", "/sys/firmware/efi/efivars/"},
        {"fuse", NULL},
        {"fuse.*", NULL},
        {"fusectl", "/sys/fs/fuse/connections/"},
        {"hugetlbfs", NULL},
        {"mqueue", NULL},
        {"proc", "/proc/"},
        {"ramfs", NULL},
        {"securityfs", "/sys/kernel/security/"},
        {"sysfs", "/sys/"},
        {"tmpfs", NULL},
        {"tracefs", "/sys/kernel/tracing/"},
        {"cgroup", "/sys/fs/cgroup/**"},
        {"cgroup2", "/sys/fs/cgroup/**"},
};

static const char *const fixed_rules[] = {
        "capability,", "dbus,", "file,", "network,", "umount,", "unix,",
        "deny mount options=(ro,remount) -> /,",
        "deny mount options=(ro,remount,silent) -> /,",
        "signal (receive),", "signal peer=@{profile_name},",
        "ptrace (readby),", "ptrace (tracedby),", "ptrace peer=@{profile_name},",
        "mount options=(ro,nosuid,nodev,noexec,remount,strictatime) -> /sys/fs/cgroup/,",
        "mount options=(rw,nosuid,nodev,noexec,remount) -> /sys/,",
        "mount options=(rw,nosuid,nodev,remount) -> /run/,",
        /* Files of the host that shine through. */
        "deny /proc/sys/fs/** wklx,", "deny /proc/sys/fs/binfmt_misc/{,**} rwklx,",
        "deny /proc/bus/** wklx,", "deny /proc/acpi/** rwklx,", "deny /proc/kcore rwklx,",
        "deny /proc/sysrq-trigger rwklx,", "deny /sys/firmware/efi/efivars/{,**} rwklx,",
        "deny /sys/kernel/config/{,**} rwklx,", "deny /sys/kernel/debug/{,**} rwklx,",
        "deny /sys/kernel/tracing/{,**} rwklx,",
};

static const char *const propagations[] = {"slave",  "rslave",  "shared",     "rshared",
                                           "private", "rprivate", "unbindable", "runbindable"};

/* Below these only what is named may be written; a star stands for the rest of a name. */
static const struct {
        const char *base;
        const char *const open[8]; /* sorted; each without the base */
} closed[] = {
        {"/proc/sys/", {"kernel/domainname", "kernel/hostname", "kernel/msg*", "kernel/sem*",
                        "kernel/shm*", "net/**"}},
        {"/sys/", {"class/net/**", "devices/virtual/net/**", "fs/bpf/**", "fs/cgroup/**",
                   "kernel/security/apparmor/**"}},
};
/* Sources of binds: everything but these trees. */
static const char *const kept_in_place[] = {"dev/.lxc/**", "proc/**", "sys/**", NULL};

static void add(StrBuf *out, const char *rule) {
        strbuf_printf(out, "  %s\n", rule);
}

/* AppArmor has no "all but": the rules that together cover every path below `base` which is not in
 * `open`, character by character. */
typedef struct Complement {
        StrBuf *out;
        const char *before, *base, *after;
        const char *const *open;
} Complement;

static void add_rule(const Complement *what, const char *prefix, const char *rest) {
        strbuf_printf(what->out, "  %s%s%s%s%s\n", what->before, what->base, prefix, rest,
                      what->after);
}

/* Of the words `from` up to `to`, which begin with `prefix`. */
static void add_complement(const Complement *what, const char *prefix, size_t from, size_t to) {
        size_t length = strlen(prefix);
        _cleanup_strbuf_ StrBuf next = {.data = NULL};
        for (size_t i = from; i < to; i++) {
                char c = what->open[i][length];
                if (c != '\0' && (next.length == 0 || next.data[next.length - 1] != c))
                        strbuf_add_char(&next, c);
        }
        if (str_equal(next.data, "*")) { /* any end of the name is open, but nothing below it */
                add_rule(what, prefix, "*/**");
                return;
        }
        if (next.length == 0 || str_equal(next.data, "/")) { /* a whole name: what is longer */
                add_rule(what, prefix, "?*{,/**}");
        } else {
                _cleanup_free_ char *others = str_printf("[^%s]*{,/**}", next.data);
                add_rule(what, prefix, others);
        }
        for (size_t i = from, end; i < to; i = end) {
                char c = what->open[i][length];
                for (end = i; end < to && what->open[end][length] == c;)
                        end++;
                if (c == '\0' || str_equal(what->open[i] + length, "/**"))
                        continue;
                _cleanup_free_ char *longer = str_printf("%s%c", prefix, c);
                add_complement(what, longer, i, end);
        }
}

static size_t count_words(const char *const *words) {
        size_t count = 0;
        while (words[count] != NULL)
                count++;
        return count;
}

static void add_base(StrBuf *out) {
        for (size_t i = 0; i < ARRAY_SIZE(fixed_rules); i++)
                add(out, fixed_rules[i]);
        for (size_t i = 0; i < ARRAY_SIZE(file_systems); i++) {
                strbuf_printf(out, "  mount fstype=%s", file_systems[i].type);
                if (file_systems[i].target != NULL)
                        strbuf_printf(out, " -> %s", file_systems[i].target);
                strbuf_add(out, ",\n");
        }
        for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
                const Complement what = {out, "deny ", closed[i].base, " wklx,", closed[i].open};
                add_complement(&what, "", 0, count_words(closed[i].open));
        }
}

/* Binds of what is the container's own. */
static void add_privileged(StrBuf *out) {
        static const char *const binds[] = {"rw,bind", "rw,move", "ro,remount,bind",
                                            "ro,remount,bind,nodev", "ro,remount,bind,nosuid",
                                            "ro,remount,bind,noexec",
                                            "ro,remount,bind,nosuid,nodev",
                                            "ro,remount,bind,nosuid,noexec",
                                            "ro,remount,bind,nosuid,noexec,nodev"};
        for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
                strbuf_printf(out, "  mount options=(rw,%s) -> /,\n", propagations[i]);
        for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
                _cleanup_free_ char *before = str_printf("mount options=(%s) ", binds[i]);
                const Complement what = {out, before, "/", ",", kept_in_place};
                add_complement(&what, "", 0, count_words(kept_in_place));
        }
}

/* The kernel knows that its mounts reach no further than its user namespace. */
static void add_unprivileged(StrBuf *out) {
        static const char *const rules[] = {
                "pivot_root,", "mount options=(rw,bind) / -> /**,",
                "mount options=(rw,bind) /** -> /**,", "mount options=(rw,rbind) / -> /**,",
                "mount options=(rw,rbind) /** -> /**,", "mount options=(rw,move) /** -> /**,",
                "mount options=(ro,remount) /,", "mount options=(ro,remount) /**,",
                "mount options=(ro,remount,bind),",
        };
        static const char *const restrictions[] = {"nodev", "nosuid", "noexec", "noatime"};
        for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
                strbuf_printf(out, "  mount options=(rw,%s) -> **,\n", propagations[i]);
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
                add(out, rules[i]);
        for (unsigned bits = 1; bits < 1U << ARRAY_SIZE(restrictions); bits++) {
                strbuf_add(out, "  mount options=(ro,remount,bind");
                for (size_t i = 0; i < ARRAY_SIZE(restrictions); i++)
                        if (bits & 1U << i)
                                strbuf_printf(out, ",%s", restrictions[i]);
                strbuf_add(out, "),\n");
        }
}

static void add_nesting(StrBuf *out, const ApparmorSpec *spec) {
        add(out, "pivot_root,");
        add(out, "ptrace,");
        add(out, "signal,");
        add(out, "deny /dev/.lxc/proc/** rw,");
        add(out, "deny /dev/.lxc/sys/** rw,");
        /* A manager inside mounts for its own containers: options cannot be told apart well enough
         * to allow only what it needs. */
        add(out, "mount,");
        if (spec->namespace == NULL)
                strbuf_printf(out, "  change_profile -> \"%s\",\n", spec->name);
}

char *apparmor_profile(const ApparmorSpec *spec) {
        StrBuf out = {.data = NULL};
        const char *raw = strmap_get(spec->config, "raw.apparmor");
        strbuf_printf(&out,
                      "#include <tunables/global>\n"
                      "profile \"%s\" flags=(attach_disconnected,mediate_deleted) {\n",
                      spec->name);
        add_base(&out);
        if (str_is_true(strmap_get(spec->config, "security.privileged")))
                add_privileged(&out);
        else
                add_unprivileged(&out);
        if (spec->namespace != NULL) {
                strbuf_printf(&out, "  change_profile -> \":%s:*\",\n", spec->namespace);
                strbuf_printf(&out, "  change_profile -> \":%s://*\",\n", spec->namespace);
        } else {
                add(&out, "deny /sys/kernel/security/apparmor/{,**} wklx,");
        }
        if (str_is_true(strmap_get(spec->config, "security.nesting")))
                add_nesting(&out, spec);
        if (!str_is_empty(raw)) {
                _cleanup_strlist_ StrList lines = {.items = NULL};
                strlist_split(&lines, raw, "\n", true);
                for (size_t i = 0; i < lines.count; i++)
                        add(&out, lines.items[i]);
        }
        strbuf_add(&out, "}\n");
        return strbuf_take(&out);
}
