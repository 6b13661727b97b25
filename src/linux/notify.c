#include "linux/notify.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#else
#define NATIVE_ARCH 0 /* every call goes on in the kernel */
#endif

static const struct {
        int number;
        NotifyCall call;
} calls[] = {
#ifdef __NR_mknod
        {__NR_mknod, NOTIFY_MKNOD},
#endif
        {__NR_mknodat, NOTIFY_MKNODAT},
        {__NR_setxattr, NOTIFY_SETXATTR},
        {__NR_mount, NOTIFY_MOUNT},
        {__NR_bpf, NOTIFY_BPF},
        {__NR_sched_setscheduler, NOTIFY_SCHED_SETSCHEDULER},
        {__NR_sysinfo, NOTIFY_SYSINFO},
};

static NotifyCall find_call(const struct seccomp_data *data) {
        for (size_t i = 0; data->arch == NATIVE_ARCH && i < ARRAY_SIZE(calls); i++)
                if (calls[i].number == data->nr)
                        return calls[i].call;
        return NOTIFY_UNKNOWN;
}

#define FD_COUNT 3
#define COOKIE_SIZE 256

/* The three fds; others are closed, none is left to leak. */
static void take_fds(struct msghdr *message, Notify *notify) {
        int *places[FD_COUNT] = {&notify->proc_fd, &notify->memory_fd, &notify->listener_fd};
        size_t taken = 0;
        for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
             control = CMSG_NXTHDR(message, control)) {
                if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < count; i++) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
                        if (taken < FD_COUNT)
                                *places[taken++] = fd;
                        else
                                fd_close(&fd);
                }
        }
}

static bool has_known_sizes(const struct seccomp_notif_sizes *sizes) {
        return sizes->seccomp_notif == sizeof(struct seccomp_notif) &&
               sizes->seccomp_notif_resp == sizeof(struct seccomp_notif_resp) &&
               sizes->seccomp_data == sizeof(struct seccomp_data);
}

int notify_receive(int socket_fd, Notify *ret, Error **err) {
        Notify notify = {.proc_fd = -1, .memory_fd = -1, .listener_fd = -1};
        char cookie[COOKIE_SIZE];
        union {
                char space[CMSG_SPACE(sizeof(int) * 16)];
                struct cmsghdr align;
        } control;
        struct iovec parts[] = {{&notify.head, sizeof notify.head},
                                {&notify.request, sizeof notify.request},
                                {&notify.response, sizeof notify.response},
                                {cookie, sizeof cookie}};
        struct msghdr message = {.msg_iov = parts,
                                 .msg_iovlen = ARRAY_SIZE(parts),
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        ssize_t size;
        do
                size = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
        while (size < 0 && errno == EINTR);
        if (size == 0)
                return 0;
        if (size < 0)
                return error_errno(err, errno, "Failed to receive a notification");
        take_fds(&message, &notify);
        if (size < (ssize_t) (sizeof notify.head + sizeof notify.request +
                              sizeof notify.response) ||
            notify.listener_fd < 0 || !has_known_sizes(&notify.head.sizes)) {
                notify_done(&notify);
                return error_set(err, ERROR_UNSUPPORTED, 0, "A notification has unknown sizes");
        }
        notify.call = find_call(&notify.request.data);
        *ret = notify;
        return 1;
}

void notify_done(Notify *notify) {
        fd_close(&notify->proc_fd);
        fd_close(&notify->memory_fd);
        fd_close(&notify->listener_fd);
}

int notify_answer(int socket_fd, Notify *notify, int result, Error **err) {
        struct iovec parts[] = {{&notify->head, sizeof notify->head},
                                {&notify->request, sizeof notify->request},
                                {&notify->response, sizeof notify->response}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts)};
        bool goes_on = result == NOTIFY_CONTINUE;
        notify->response = (struct seccomp_notif_resp) {
                .id = notify->request.id,
                .val = goes_on || result < 0 ? 0 : result,
                .error = goes_on || result >= 0 ? 0 : result,
                .flags = goes_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
        ssize_t size;
        do
                size = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
        while (size < 0 && errno == EINTR);
        return size < 0 ? error_errno(err, errno, "Failed to answer a notification") : 0;
}

bool notify_is_valid(const Notify *notify) {
        uint64_t id = notify->request.id;
        return ioctl(notify->listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int notify_read(const Notify *notify, uint64_t address, void *ret, size_t size) {
        ssize_t got = pread(notify->memory_fd, ret, size, (off_t) address);
        if (got == (ssize_t) size)
                return 0;
        if (got >= 0)
                errno = EFAULT;
        return -1;
}

int notify_write(const Notify *notify, uint64_t address, const void *data, size_t size) {
        ssize_t put = pwrite(notify->memory_fd, data, size, (off_t) address);
        if (put == (ssize_t) size)
                return 0;
        if (put >= 0)
                errno = EFAULT;
        return -1;
}

int notify_read_text(const Notify *notify, uint64_t address, char *ret, size_t size) {
        ssize_t got = pread(notify->memory_fd, ret, size, (off_t) address);
        if (got < 0)
                return -1;
        if (memchr(ret, '\0', (size_t) got) != NULL)
                return 0;
        errno = (size_t) got == size ? ENAMETOOLONG : EFAULT;
        return -1;
}

int notify_give_fd(const Notify *notify, int fd) {
        struct seccomp_notif_addfd request = {.id = notify->request.id, .srcfd = (uint32_t) fd,
                                              .newfd_flags = O_CLOEXEC};
        int number = ioctl(notify->listener_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &request);
        return number < 0 ? -errno : number;
}
