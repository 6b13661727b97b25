#include "helper/sftp_server.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>

/* A handle on the wire is its index, 4 bytes. */
static ServerHandle *take_handle(Server *server) {
        size_t size;
        const char *data = sftp_get_data(&server->reader, &size);
        SftpReader reader = {.data = data, .size = size};
        uint32_t index = sftp_get_u32(&reader);
        if (size != sizeof(index) || index >= SERVER_MAX_HANDLES || !server->handles[index].used)
                return NULL;
        return &server->handles[index];
}

static int bad_handle(Server *server) {
        return server_status(server, SFTP_FAILURE, "Bad handle");
}

static void close_handle(ServerHandle *handle) {
        if (handle->dir != NULL)
                (void) closedir(handle->dir);
        else
                fd_close(&handle->fd);
        *handle = (ServerHandle) {.used = false, .fd = -1};
}

void handles_close_all(Server *server) {
        for (size_t i = 0; i < SERVER_MAX_HANDLES; i++) {
                if (server->handles[i].used)
                        close_handle(&server->handles[i]);
        }
}

static int answer_handle(Server *server, const ServerHandle *made) {
        for (uint32_t i = 0; i < SERVER_MAX_HANDLES; i++) {
                if (server->handles[i].used)
                        continue;
                server->handles[i] = *made;
                (void) server_reply_begin(server, SFTP_HANDLE);
                sftp_put_u32(&server->out, sizeof(i));
                sftp_put_u32(&server->out, i);
                return server_reply_send(server);
        }
        ServerHandle rest = *made;
        close_handle(&rest);
        return server_errno(server, EMFILE);
}

static int open_flags(uint32_t wanted) {
        int flags = (wanted & SFTP_OPEN_WRITE)
                            ? ((wanted & SFTP_OPEN_READ) ? O_RDWR : O_WRONLY)
                            : O_RDONLY;
        if (wanted & SFTP_OPEN_CREATE)
                flags |= O_CREAT;
        if (wanted & SFTP_OPEN_TRUNCATE)
                flags |= O_TRUNC;
        if (wanted & SFTP_OPEN_EXCLUSIVE)
                flags |= O_EXCL;
        return flags;
}

int handle_open(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        uint32_t wanted = sftp_get_u32(&server->reader);
        SftpAttributes attributes;
        struct stat info;
        sftp_get_attributes(&server->reader, &attributes);
        if (server->reader.broken)
                return server_status(server, SFTP_BAD_MESSAGE, "Bad message");
        mode_t mode = attributes.flags & SFTP_ATTR_MODE ? attributes.mode & 07777 : 0644;
        /* A FIFO or a device that the container put there must neither block this process nor be
         * acted on. */
        int flags = open_flags(wanted) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        int fd = open(path, flags, mode);
        if (fd < 0)
                return server_errno(server, errno);
        ServerHandle handle = {.used = true, .fd = fd, .append = (wanted & SFTP_OPEN_APPEND) != 0};
        if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
                return answer_handle(server, &handle);
        close_handle(&handle);
        return server_status(server, SFTP_FAILURE, "Not a regular file");
}

int handle_close(Server *server) {
        ServerHandle *handle = take_handle(server);
        if (handle == NULL)
                return bad_handle(server);
        close_handle(handle);
        return server_errno(server, 0);
}

int handle_read(Server *server) {
        ServerHandle *handle = take_handle(server);
        uint64_t offset = sftp_get_u64(&server->reader);
        size_t size = sftp_get_u32(&server->reader);
        if (handle == NULL || handle->dir != NULL || server->reader.broken)
                return bad_handle(server);
        ssize_t count = pread(handle->fd, server->data, MIN_OF(size, SFTP_MAX_DATA),
                              (off_t) offset);
        if (count < 0)
                return server_errno(server, errno);
        if (count == 0 && size > 0)
                return server_status(server, SFTP_EOF, "EOF");
        (void) server_reply_begin(server, SFTP_DATA);
        sftp_put_u32(&server->out, (uint32_t) count);
        return sftp_send(server->fd, &server->out, server->data, (size_t) count, NULL);
}

int handle_write(Server *server) {
        ServerHandle *handle = take_handle(server);
        uint64_t offset = sftp_get_u64(&server->reader);
        size_t size;
        const char *data = sftp_get_data(&server->reader, &size);
        if (handle == NULL || handle->dir != NULL || server->reader.broken)
                return bad_handle(server);
        /* Append means the end at each write, whatever offset the client counted. */
        if (handle->append) {
                off_t end = lseek(handle->fd, 0, SEEK_END);
                offset = end >= 0 ? (uint64_t) end : offset;
        }
        for (size_t done = 0; done < size;) {
                ssize_t part = pwrite(handle->fd, data + done, size - done,
                                      (off_t) (offset + done));
                if (part < 0 && errno == EINTR)
                        continue;
                if (part < 0)
                        return server_errno(server, errno);
                done += (size_t) part;
        }
        return server_errno(server, 0);
}

int handle_fstat(Server *server) {
        ServerHandle *handle = take_handle(server);
        struct stat info;
        SftpAttributes attributes;
        if (handle == NULL)
                return bad_handle(server);
        if (fstat(handle->dir != NULL ? dirfd(handle->dir) : handle->fd, &info) < 0)
                return server_errno(server, errno);
        sftp_attributes_from_stat(&info, &attributes);
        (void) server_reply_begin(server, SFTP_ATTRS);
        sftp_put_attributes(&server->out, &attributes);
        return server_reply_send(server);
}

int sftp_apply_attributes(int fd, const SftpAttributes *attributes) {
        if ((attributes->flags & SFTP_ATTR_SIZE) && ftruncate(fd, (off_t) attributes->size) < 0)
                return errno;
        if ((attributes->flags & SFTP_ATTR_OWNER) &&
            fchown(fd, attributes->uid, attributes->gid) < 0)
                return errno;
        /* After the owner: a change of owner clears setuid bits. */
        if ((attributes->flags & SFTP_ATTR_MODE) && fchmod(fd, attributes->mode & 07777) < 0)
                return errno;
        struct timespec times[2] = {{.tv_sec = attributes->accessed},
                                    {.tv_sec = attributes->modified}};
        if ((attributes->flags & SFTP_ATTR_TIMES) && futimens(fd, times) < 0)
                return errno;
        return 0;
}

int handle_fsetstat(Server *server) {
        ServerHandle *handle = take_handle(server);
        SftpAttributes attributes;
        sftp_get_attributes(&server->reader, &attributes);
        if (handle == NULL || server->reader.broken)
                return bad_handle(server);
        int fd = handle->dir != NULL ? dirfd(handle->dir) : handle->fd;
        return server_errno(server, sftp_apply_attributes(fd, &attributes));
}

int handle_opendir(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return server_status(server, SFTP_BAD_MESSAGE, "Bad message");
        DIR *dir = opendir(path);
        if (dir == NULL)
                return server_errno(server, errno);
        ServerHandle handle = {.used = true, .fd = -1, .dir = dir};
        return answer_handle(server, &handle);
}

#define READDIR_ENTRIES 128

static void put_entry(StrBuf *list, DIR *dir, const char *name) {
        struct stat info;
        SftpAttributes attributes = {.flags = 0};
        if (fstatat(dirfd(dir), name, &info, AT_SYMLINK_NOFOLLOW) == 0)
                sftp_attributes_from_stat(&info, &attributes);
        _cleanup_free_ char *line = str_printf("%06o %u %u %llu %s", attributes.mode,
                                               attributes.uid, attributes.gid,
                                               (unsigned long long) attributes.size, name);
        sftp_put_text(list, name);
        sftp_put_text(list, line);
        sftp_put_attributes(list, &attributes);
}

int handle_readdir(Server *server) {
        ServerHandle *handle = take_handle(server);
        if (handle == NULL || handle->dir == NULL)
                return bad_handle(server);
        _cleanup_strbuf_ StrBuf list = {0};
        uint32_t count = 0;
        struct dirent *entry;
        while (count < READDIR_ENTRIES && (entry = readdir(handle->dir)) != NULL) {
                if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
                        continue;
                put_entry(&list, handle->dir, entry->d_name);
                count++;
        }
        if (count == 0)
                return server_status(server, SFTP_EOF, "EOF");
        (void) server_reply_begin(server, SFTP_NAME);
        sftp_put_u32(&server->out, count);
        strbuf_add_data(&server->out, list.data, list.length);
        return server_reply_send(server);
}

int handle_fsync(Server *server) {
        ServerHandle *handle = take_handle(server);
        if (handle == NULL || handle->dir != NULL)
                return bad_handle(server);
        return server_errno(server, fsync(handle->fd) < 0 ? errno : 0);
}
