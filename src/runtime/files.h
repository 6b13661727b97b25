/* Files of a container, running or stopped, through an SFTP v3 server that is confined to the
 * container's root and has the container's ids: a helper process that is inside the user and mount
 * namespace of the running container, or inside new ones made for a stopped container. No path can
 * leave the root, because for the server there is nothing else.
 *
 * A session is thread-safe (one request at a time). The helper ends when the session is freed. */
#pragma once

#include "runtime/runtime.h"

typedef struct RuntimeFiles {
        const RuntimeProcess *process; /* running; else NULL and the next three hold */
        const char *rootfs;            /* directory of the host, already mounted there */
        const IdMap *idmap;            /* NULL or empty: privileged */
        bool idmapped;                 /* ids on disk are inner ids: show them through `idmap` */
} RuntimeFiles;

/* The raw socket that speaks SFTP v3 (for the /sftp upgrade): hand it to the client. The helper
 * ends when it is closed. */
int runtime_files_open(Runtime *runtime, const RuntimeFiles *files, int *ret_fd, Error **err)
        _must_check_;

typedef struct FilesSession FilesSession;
int files_session_new(Runtime *runtime, const RuntimeFiles *files, FilesSession **ret,
                      Error **err) _must_check_;
void files_session_free(FilesSession *session);
DEFINE_CLEANUP(FilesSession, files_session, files_session_free)
bool files_session_is_alive(const FilesSession *session); /* false after any transport failure */

typedef enum FilesType { FILES_FILE, FILES_DIRECTORY, FILES_SYMLINK, FILES_OTHER } FilesType;

typedef struct FilesStat {
        FilesType type;
        uint64_t size;
        uint32_t uid, gid; /* inside */
        uint32_t mode;     /* permission bits, 07777 */
        int64_t modified;  /* seconds since 1970 */
} FilesStat;

/* Does not follow a final link. Absent: ERROR_NOT_FOUND. Paths are absolute. */
int files_stat(FilesSession *session, const char *path, FilesStat *ret, Error **err)
        _must_check_;
int files_list(FilesSession *session, const char *path, StrList *ret, Error **err) _must_check_;
int files_readlink(FilesSession *session, const char *path, char **ret, Error **err)
        _must_check_;
int files_symlink(FilesSession *session, const char *target, const char *path, Error **err)
        _must_check_;
int files_mkdir(FilesSession *session, const char *path, uint32_t mode, Error **err)
        _must_check_;
int files_remove(FilesSession *session, const char *path, Error **err) _must_check_; /* or rmdir */
/* uid/gid/mode: -1 leaves it. */
int files_set_owner(FilesSession *session, const char *path, int64_t uid, int64_t gid,
                    int64_t mode, Error **err) _must_check_;

/* Open files. Reads and writes keep several packets in flight. */
typedef enum FilesOpen {
        FILES_READ = 1 << 0,
        FILES_WRITE = 1 << 1,
        FILES_APPEND = 1 << 2,
        FILES_CREATE = 1 << 3,
        FILES_TRUNCATE = 1 << 4,
        FILES_EXCLUSIVE = 1 << 5,
} FilesOpen;
typedef struct FilesFile FilesFile;
int files_open(FilesSession *session, const char *path, unsigned flags, uint32_t mode,
               FilesFile **ret, Error **err) _must_check_;
int files_file_stat(FilesFile *file, FilesStat *ret, Error **err) _must_check_;
/* At most `size` bytes at `offset`; *ret_count 0: end. */
int files_read(FilesFile *file, uint64_t offset, void *data, size_t size, size_t *ret_count,
               Error **err) _must_check_;
int files_write(FilesFile *file, uint64_t offset, const void *data, size_t size, Error **err)
        _must_check_;
int files_close(FilesFile *file, Error **err) _must_check_; /* frees in any case */
void files_file_free(FilesFile *file);                      /* closes without looking */
DEFINE_CLEANUP(FilesFile, files_file, files_file_free)
