#include "helper/sftp_server.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/statvfs.h>

static int bad_message(Server *server) {
        return server_status(server, SFTP_BAD_MESSAGE, "Bad message");
}

static int answer_stat(Server *server, int flags) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        struct stat info;
        SftpAttributes attributes;
        if (server->reader.broken)
                return bad_message(server);
        if (fstatat(AT_FDCWD, path, &info, flags) < 0)
                return server_errno(server, errno);
        sftp_attributes_from_stat(&info, &attributes);
        (void) server_reply_begin(server, SFTP_ATTRS);
        sftp_put_attributes(&server->out, &attributes);
        return server_reply_send(server);
}

int path_stat(Server *server) {
        return answer_stat(server, 0);
}

int path_lstat(Server *server) {
        return answer_stat(server, AT_SYMLINK_NOFOLLOW);
}

/* By name, because a file need not be readable or writable for this. */
static int set_by_path(const char *path, const SftpAttributes *attributes, bool follow) {
        int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
        struct stat info;
        if (fstatat(AT_FDCWD, path, &info, flags) < 0)
                return errno;
        bool link = S_ISLNK(info.st_mode);
        if ((attributes->flags & SFTP_ATTR_SIZE) && !link &&
            truncate(path, (off_t) attributes->size) < 0)
                return errno;
        if ((attributes->flags & SFTP_ATTR_OWNER) &&
            fchownat(AT_FDCWD, path, attributes->uid, attributes->gid, flags) < 0)
                return errno;
        /* Links have no mode. After the owner, whose change clears setuid bits. */
        if ((attributes->flags & SFTP_ATTR_MODE) && !link &&
            chmod(path, attributes->mode & 07777) < 0)
                return errno;
        struct timespec times[2] = {{.tv_sec = attributes->accessed},
                                    {.tv_sec = attributes->modified}};
        if ((attributes->flags & SFTP_ATTR_TIMES) && utimensat(AT_FDCWD, path, times, flags) < 0)
                return errno;
        return 0;
}

static int answer_setstat(Server *server, bool follow) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        SftpAttributes attributes;
        sftp_get_attributes(&server->reader, &attributes);
        if (server->reader.broken)
                return bad_message(server);
        return server_errno(server, set_by_path(path, &attributes, follow));
}

int path_setstat(Server *server) {
        return answer_setstat(server, true);
}

int path_lsetstat(Server *server) {
        return answer_setstat(server, false);
}

int path_remove(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return bad_message(server);
        return server_errno(server, unlink(path) < 0 ? errno : 0);
}

int path_mkdir(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        SftpAttributes attributes;
        sftp_get_attributes(&server->reader, &attributes);
        if (server->reader.broken)
                return bad_message(server);
        mode_t mode = attributes.flags & SFTP_ATTR_MODE ? attributes.mode & 07777 : 0755;
        return server_errno(server, mkdir(path, mode) < 0 ? errno : 0);
}

int path_rmdir(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return bad_message(server);
        return server_errno(server, rmdir(path) < 0 ? errno : 0);
}

static int answer_name(Server *server, const char *name) {
        (void) server_reply_begin(server, SFTP_NAME);
        sftp_put_u32(&server->out, 1);
        sftp_put_text(&server->out, name);
        sftp_put_text(&server->out, name);
        sftp_put_u32(&server->out, 0); /* no attributes */
        return server_reply_send(server);
}

/* "." and ".." taken out of the text; links are not looked at, as clients only want something
 * absolute to start from. */
int path_realpath(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return bad_message(server);
        _cleanup_strlist_ StrList parts = {0};
        _cleanup_strlist_ StrList kept = {0};
        strlist_split(&parts, path, "/", true);
        for (size_t i = 0; i < parts.count; i++) {
                if (str_equal(parts.items[i], "."))
                        continue;
                if (!str_equal(parts.items[i], ".."))
                        strlist_add(&kept, parts.items[i]);
                else if (kept.count > 0)
                        strlist_remove(&kept, kept.count - 1);
        }
        _cleanup_free_ char *joined = strlist_join(&kept, "/");
        _cleanup_free_ char *result = str_printf("/%s", joined);
        return answer_name(server, result);
}

/* Replaces the target, for the plain request too: what LXD's own server does. */
int path_rename(Server *server) {
        _cleanup_free_ char *from = sftp_get_text(&server->reader);
        _cleanup_free_ char *to = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return bad_message(server);
        return server_errno(server, rename(from, to) < 0 ? errno : 0);
}

int path_readlink(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        char target[PATH_MAX + 1];
        if (server->reader.broken)
                return bad_message(server);
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        if (length < 0)
                return server_errno(server, errno);
        target[length] = '\0';
        return answer_name(server, target);
}

/* The draft and OpenSSH disagree on the order; everybody follows OpenSSH: target, then link. */
int path_symlink(Server *server) {
        _cleanup_free_ char *target = sftp_get_text(&server->reader);
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return bad_message(server);
        return server_errno(server, symlink(target, path) < 0 ? errno : 0);
}

int path_hardlink(Server *server) {
        _cleanup_free_ char *from = sftp_get_text(&server->reader);
        _cleanup_free_ char *to = sftp_get_text(&server->reader);
        if (server->reader.broken)
                return bad_message(server);
        return server_errno(server, linkat(AT_FDCWD, from, AT_FDCWD, to, 0) < 0 ? errno : 0);
}

int path_statvfs(Server *server) {
        _cleanup_free_ char *path = sftp_get_text(&server->reader);
        struct statvfs info;
        if (server->reader.broken)
                return bad_message(server);
        if (statvfs(path, &info) < 0)
                return server_errno(server, errno);
        uint64_t flags = ((info.f_flag & ST_RDONLY) ? 1 : 0) | ((info.f_flag & ST_NOSUID) ? 2 : 0);
        const uint64_t fields[] = {info.f_bsize, info.f_frsize, info.f_blocks, info.f_bfree,
                                   info.f_bavail, info.f_files, info.f_ffree, info.f_favail,
                                   info.f_fsid, flags, info.f_namemax};
        (void) server_reply_begin(server, SFTP_EXTENDED_REPLY);
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                sftp_put_u64(&server->out, fields[i]);
        return server_reply_send(server);
}
