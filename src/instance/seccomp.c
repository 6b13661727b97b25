/* The system call policy, in the text that liblxc reads. */
#include "instance/lxc_config.h"

#include "base/memory.h"
#include "schema/arch.h"

#include <string.h>

/* What nobody in a container has a use for and the kernel has had holes in. */
static const char default_policy[] = "reject_force_umount\n"
                                     "[all]\n"
                                     "kexec_load errno 38\n"
                                     "open_by_handle_at errno 38\n"
                                     "init_module errno 38\n"
                                     "finit_module errno 38\n"
                                     "delete_module errno 38\n";

/* Entry points of the x32 and compat ABIs (security.syscalls.deny_compat). */
static const char *const compat_calls[] = {
        "compat_sys_rt_sigaction", "stub_x32_rt_sigreturn", "compat_sys_ioctl",
        "compat_sys_readv", "compat_sys_writev", "compat_sys_recvfrom", "compat_sys_sendmsg",
        "compat_sys_recvmsg", "stub_x32_execve", "compat_sys_ptrace",
        "compat_sys_rt_sigpending", "compat_sys_rt_sigtimedwait",
        "compat_sys_rt_sigqueueinfo", "compat_sys_sigaltstack", "compat_sys_timer_create",
        "compat_sys_mq_notify", "compat_sys_kexec_load", "compat_sys_waitid",
        "compat_sys_set_robust_list", "compat_sys_get_robust_list", "compat_sys_vmsplice",
        "compat_sys_move_pages", "compat_sys_preadv64", "compat_sys_pwritev64",
        "compat_sys_rt_tgsigqueueinfo", "compat_sys_recvmmsg", "compat_sys_sendmmsg",
        "compat_sys_process_vm_readv", "compat_sys_process_vm_writev",
        "compat_sys_setsockopt", "compat_sys_getsockopt", "compat_sys_io_setup",
        "compat_sys_io_submit", "stub_x32_execveat",
};

/* The key or the name it had before LXD 4.5. */
static const char *either(const StrMap *config, const char *key, const char *old_key) {
        const char *value = strmap_get(config, key);
        return !str_is_empty(value) ? value : strmap_get(config, old_key);
}

/* What is handed to us, and what would get round it. */
static const struct {
        const char *key, *lines;
} interceptions[] = {
        /* Nodes for characters and blocks alone: by the file type in the mode. */
        {"mknod", "mknod notify [1,8192,SCMP_CMP_MASKED_EQ,61440]\n"
                  "mknod notify [1,24576,SCMP_CMP_MASKED_EQ,61440]\n"
                  "mknodat notify [2,8192,SCMP_CMP_MASKED_EQ,61440]\n"
                  "mknodat notify [2,24576,SCMP_CMP_MASKED_EQ,61440]\n"},
        {"sched_setscheduler", "sched_setscheduler notify\n"},
        /* Overlay's mark of an opaque directory is one byte. */
        {"setxattr", "setxattr notify [3,1,SCMP_CMP_EQ]\n"},
        {"sysinfo", "sysinfo notify\n"},
        /* Flags that make no new file system (remount, bind, move, propagation) stay out; and with
         * the newer calls a mount is made in steps that nobody could put together. */
        {"mount", "mount notify [3,0,SCMP_CMP_MASKED_EQ,18446744070422410016]\n"
                  "fsopen errno 38\nfsconfig errno 38\nfsmount errno 38\nfspick errno 38\n"
                  "open_tree errno 38\nmove_mount errno 38\n"},
        {"bpf", "bpf notify [0,5,SCMP_CMP_EQ]\nbpf notify [0,8,SCMP_CMP_EQ]\n"
                "bpf notify [0,9,SCMP_CMP_EQ]\n"},
};
#define INTERCEPT "security.syscalls.intercept."

static bool is_intercepted(const StrMap *config, size_t row) {
        _cleanup_free_ char *key = str_printf(INTERCEPT "%s", interceptions[row].key);
        return str_is_true(strmap_get(config, key));
}

bool seccomp_intercepts(const StrMap *config) {
        if (str_is_true(strmap_get(config, "security.privileged")))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(interceptions); i++)
                if (is_intercepted(config, i))
                        return true;
        return false;
}

char *seccomp_settings(const StrMap *config) {
        StrBuf text = {.data = NULL};
        for (size_t i = 0; i < config->count; i++) {
                const char *rest = str_after_prefix(config->items[i].key, INTERCEPT);
                if (rest != NULL && strchr(config->items[i].value, '\n') == NULL)
                        strbuf_printf(&text, "%s=%s\n", rest, config->items[i].value);
        }
        return strbuf_take(&text);
}

static void add_interceptions(const StrMap *config, StrBuf *text) {
        if (!seccomp_intercepts(config))
                return;
        /* A filter may have one listener: a second one, or a tracer, would take the calls. */
        strbuf_add(text, "seccomp errno 22 [1,2146435072,SCMP_CMP_MASKED_EQ,2146435072]\n"
                         "seccomp errno 22 [1,8,SCMP_CMP_MASKED_EQ,8]\n");
        for (size_t i = 0; i < ARRAY_SIZE(interceptions); i++)
                if (is_intercepted(config, i))
                        strbuf_add(text, interceptions[i].lines);
}

char *seccomp_policy(const StrMap *config) {
        StrBuf text = {.data = NULL};
        const char *allow = either(config, "security.syscalls.allow",
                                   "security.syscalls.whitelist");
        const char *deny = either(config, "security.syscalls.deny", "security.syscalls.blacklist");
        const char *defaults = either(config, "security.syscalls.deny_default",
                                      "security.syscalls.blacklist_default");
        const char *compat = either(config, "security.syscalls.deny_compat",
                                    "security.syscalls.blacklist_compat");
        const char *raw = strmap_get(config, "raw.seccomp");
        if (!str_is_empty(raw))
                return str_dup(raw);
        if (!str_is_empty(allow)) {
                strbuf_printf(&text, "2\nallowlist\n%s\n", allow);
                add_interceptions(config, &text);
                return strbuf_take(&text);
        }
        if (str_is_false(defaults) && !str_is_true(compat) && str_is_empty(deny) &&
            !seccomp_intercepts(config))
                return NULL;
        strbuf_add(&text, "2\ndenylist\n");
        if (!str_is_false(defaults))
                strbuf_add(&text, default_policy);
        else
                strbuf_add(&text, "[all]\n");
        add_interceptions(config, &text);
        if (str_is_true(compat)) {
                strbuf_printf(&text, "[%s]\n", architecture_name(architecture_host()));
                for (size_t i = 0; i < ARRAY_SIZE(compat_calls); i++)
                        strbuf_printf(&text, "%s errno 38\n", compat_calls[i]);
        }
        if (!str_is_empty(deny))
                strbuf_printf(&text, "%s\n", deny);
        return strbuf_take(&text);
}
