/* The system call policy, in the text that liblxc reads. */
#include "instance/lxc_config.h"

#include "base/memory.h"
#include "schema/arch.h"

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
                return strbuf_take(&text);
        }
        if (str_is_false(defaults) && !str_is_true(compat) && str_is_empty(deny))
                return NULL;
        strbuf_add(&text, "2\ndenylist\n");
        if (!str_is_false(defaults))
                strbuf_add(&text, default_policy);
        if (str_is_true(compat)) {
                strbuf_printf(&text, "[%s]\n", architecture_name(architecture_host()));
                for (size_t i = 0; i < ARRAY_SIZE(compat_calls); i++)
                        strbuf_printf(&text, "%s errno 38\n", compat_calls[i]);
        }
        if (!str_is_empty(deny))
                strbuf_printf(&text, "%s\n", deny);
        return strbuf_take(&text);
}
