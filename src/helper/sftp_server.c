/* The loop: one request, one answer, in order. */
#include "helper/sftp_server.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>

typedef struct Request {
        uint8_t type;
        ServerHandler run;
} Request;

static const Request requests[] = {
        {SFTP_OPEN, handle_open},         {SFTP_CLOSE, handle_close},
        {SFTP_READ, handle_read},         {SFTP_WRITE, handle_write},
        {SFTP_LSTAT, path_lstat},         {SFTP_FSTAT, handle_fstat},
        {SFTP_SETSTAT, path_setstat},     {SFTP_FSETSTAT, handle_fsetstat},
        {SFTP_OPENDIR, handle_opendir},   {SFTP_READDIR, handle_readdir},
        {SFTP_REMOVE, path_remove},       {SFTP_MKDIR, path_mkdir},
        {SFTP_RMDIR, path_rmdir},         {SFTP_REALPATH, path_realpath},
        {SFTP_STAT, path_stat},           {SFTP_RENAME, path_rename},
        {SFTP_READLINK, path_readlink},   {SFTP_SYMLINK, path_symlink},
};

typedef struct Extension {
        const char *name, *version;
        ServerHandler run;
} Extension;

static const Extension extensions[] = {
        {"posix-rename@openssh.com", "1", path_rename},
        {"hardlink@openssh.com", "1", path_hardlink},
        {"statvfs@openssh.com", "2", path_statvfs},
        {"fsync@openssh.com", "1", handle_fsync},
        {"lsetstat@openssh.com", "1", path_lsetstat},
};

int server_status(Server *server, SftpStatus status, const char *message) {
        sftp_begin(&server->out, SFTP_STATUS);
        sftp_put_u32(&server->out, server->id);
        sftp_put_u32(&server->out, status);
        sftp_put_text(&server->out, message);
        sftp_put_text(&server->out, "");
        return server_reply_send(server);
}

int server_errno(Server *server, int number) {
        SftpStatus status = SFTP_FAILURE;
        if (number == 0)
                status = SFTP_OK;
        else if (number == ENOENT)
                status = SFTP_NO_SUCH_FILE;
        else if (number == EACCES || number == EPERM)
                status = SFTP_PERMISSION_DENIED;
        return server_status(server, status, strerror(number));
}

int server_reply_begin(Server *server, SftpType type) {
        sftp_begin(&server->out, type);
        sftp_put_u32(&server->out, server->id);
        return 0;
}

int server_reply_send(Server *server) {
        return sftp_send(server->fd, &server->out, NULL, 0, NULL);
}

static int greet(Server *server) {
        sftp_begin(&server->out, SFTP_VERSION_REPLY);
        sftp_put_u32(&server->out, SFTP_VERSION);
        for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
                sftp_put_text(&server->out, extensions[i].name);
                sftp_put_text(&server->out, extensions[i].version);
        }
        return server_reply_send(server);
}

static int run_extension(Server *server) {
        _cleanup_free_ char *name = sftp_get_text(&server->reader);
        for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
                if (str_equal(extensions[i].name, name))
                        return extensions[i].run(server);
        }
        return server_status(server, SFTP_OP_UNSUPPORTED, "Operation unsupported");
}

static int run_request(Server *server) {
        server->reader = (SftpReader) {.data = server->in.data, .size = server->in.length};
        uint8_t type = sftp_get_byte(&server->reader);
        if (type == SFTP_INIT)
                return greet(server);
        server->id = sftp_get_u32(&server->reader);
        if (type == SFTP_EXTENDED)
                return run_extension(server);
        for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
                if (requests[i].type == type)
                        return requests[i].run(server);
        }
        return server_status(server, SFTP_OP_UNSUPPORTED, "Operation unsupported");
}

int server_run(int fd) {
        Server *server = mem_new(Server);
        server->fd = fd;
        server->data = mem_alloc(SFTP_MAX_DATA);
        int result;
        for (;;) {
                bool end;
                result = sftp_receive(fd, &server->in, &end, NULL);
                if (result < 0 || end)
                        break;
                result = run_request(server);
                if (result < 0)
                        break;
        }
        handles_close_all(server);
        strbuf_done(&server->in);
        strbuf_done(&server->out);
        free(server->data);
        free(server);
        (void) close(fd);
        return result < 0 ? 1 : 0;
}
