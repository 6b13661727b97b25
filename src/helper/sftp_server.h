/* The SFTP server's inside. The process was put into the container's namespaces and root before:
 * paths are used as they come, because there is nothing else to reach. */
#pragma once

#include "runtime/sftp.h"

#include <dirent.h>

#define SERVER_MAX_HANDLES 256

/* An open file or directory; `used` false: free. */
typedef struct ServerHandle {
        bool used;
        bool append;
        int fd;
        DIR *dir;
} ServerHandle;

typedef struct Server {
        int fd;
        StrBuf in, out;
        SftpReader reader; /* of the request at hand, behind its id */
        uint32_t id;
        ServerHandle handles[SERVER_MAX_HANDLES];
        char *data; /* SFTP_MAX_DATA bytes for reads */
} Server;

/* Serves until the client closes; returns the exit code. Takes the fd. */
int server_run(int fd);

/* Answers; all return what sftp_send() returns. */
int server_status(Server *server, SftpStatus status, const char *message);
int server_errno(Server *server, int number); /* 0: SFTP_OK */
int server_reply_begin(Server *server, SftpType type);
int server_reply_send(Server *server);

typedef int (*ServerHandler)(Server *server);

/* sftp_handles.c: what works on open files */
int handle_open(Server *server);
int handle_close(Server *server);
int handle_read(Server *server);
int handle_write(Server *server);
int handle_fstat(Server *server);
int handle_fsetstat(Server *server);
int handle_opendir(Server *server);
int handle_readdir(Server *server);
int handle_fsync(Server *server);
void handles_close_all(Server *server);

/* sftp_paths.c: what works on names */
int path_stat(Server *server);
int path_lstat(Server *server);
int path_setstat(Server *server);
int path_lsetstat(Server *server);
int path_remove(Server *server);
int path_mkdir(Server *server);
int path_rmdir(Server *server);
int path_realpath(Server *server);
int path_rename(Server *server);
int path_readlink(Server *server);
int path_symlink(Server *server);
int path_hardlink(Server *server);
int path_statvfs(Server *server);
int sftp_apply_attributes(int fd, const SftpAttributes *attributes); /* errno or 0 */
