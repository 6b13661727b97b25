/* bpf: programs that decide about devices, for a container manager inside the container. */
#include "helper/intercept.h"

#include "base/memory.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>

#define MAX_INSTRUCTIONS 1000000
#define LICENSE_SIZE 128

static int call_bpf(int command, union bpf_attr *attributes, size_t size) {
        long result = syscall(SYS_bpf, command, attributes, size);
        return result < 0 ? -errno : (int) result;
}

static int load(const Notify *notify, const union bpf_attr *from) {
        char license[LICENSE_SIZE] = "";
        if (from->prog_type != BPF_PROG_TYPE_CGROUP_DEVICE)
                return NOTIFY_CONTINUE;
        if (from->insn_cnt == 0 || from->insn_cnt > MAX_INSTRUCTIONS)
                return -EINVAL;
        _cleanup_free_ struct bpf_insn *program = mem_new_array(struct bpf_insn, from->insn_cnt);
        if (notify_read(notify, from->insns, program, from->insn_cnt * sizeof *program) < 0 ||
            (from->license != 0 &&
             notify_read_text(notify, from->license, license, sizeof license) < 0))
                return -EFAULT;
        union bpf_attr attributes = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                                     .insn_cnt = from->insn_cnt,
                                     .insns = (uint64_t) (uintptr_t) program,
                                     .license = (uint64_t) (uintptr_t) license};
        int fd = call_bpf(BPF_PROG_LOAD, &attributes, sizeof attributes);
        if (fd < 0)
                return fd;
        int number = notify_give_fd(notify, fd);
        fd_close(&fd);
        return number;
}

/* A number of the caller's as a descriptor of ours. A thread may have a table of its own, which
 * cannot be asked for: only the process's first thread is served. */
static int take_fd(const Intercept *intercept, uint32_t number) {
        pid_t group = intercept->caller.group;
        if (group != (pid_t) intercept->notify.request.pid)
                return -EINVAL;
        int pidfd = pidfd_open(group, 0);
        if (pidfd < 0)
                return -errno;
        int fd = pidfd_getfd(pidfd, (int) number, 0);
        int result = fd < 0 ? -errno : fd;
        fd_close(&pidfd);
        return notify_is_valid(&intercept->notify) ? result : -ESRCH;
}

static int attach(const Intercept *intercept, int command, const union bpf_attr *from) {
        if (from->attach_type != BPF_CGROUP_DEVICE)
                return NOTIFY_CONTINUE;
        _cleanup_close_ int target = take_fd(intercept, from->target_fd);
        _cleanup_close_ int program = take_fd(intercept, from->attach_bpf_fd);
        if (target < 0 || program < 0)
                return target < 0 ? target : program;
        union bpf_attr attributes = {.target_fd = (uint32_t) target,
                                     .attach_bpf_fd = (uint32_t) program,
                                     .attach_type = BPF_CGROUP_DEVICE,
                                     .attach_flags = from->attach_flags};
        return call_bpf(command, &attributes, sizeof attributes);
}

int intercept_bpf(Intercept *intercept) {
        const Notify *notify = &intercept->notify;
        const uint64_t *arguments = (const uint64_t *) notify->request.data.args;
        _cleanup_free_ char *devices = intercept_setting(intercept, "bpf.devices");
        union bpf_attr from = {.prog_type = 0};
        if (!str_is_true(devices) || !task_has_capability(&intercept->caller, CAP_SYS_ADMIN))
                return NOTIFY_CONTINUE;
        if (arguments[2] > sizeof from)
                return -E2BIG;
        if (notify_read(notify, arguments[1], &from, (size_t) arguments[2]) < 0)
                return -EFAULT;
        switch (arguments[0]) {
        case BPF_PROG_LOAD:
                return load(notify, &from);
        case BPF_PROG_ATTACH:
        case BPF_PROG_DETACH:
                return attach(intercept, (int) arguments[0], &from);
        default:
                return NOTIFY_CONTINUE;
        }
}
