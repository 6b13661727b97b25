#include "runtime/files_private.h"

#include "base/memory.h"
#include "runtime/runtime_private.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Big enough that one data packet fits and both sides work at once. */
#define SOCKET_BUFFER (512 * 1024)

static int stream_pair(int ret_fds[static 2], Error **err) {
        int size = SOCKET_BUFFER;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) < 0)
                return error_errno(err, errno, "Failed to make a socket pair");
        for (int i = 0; i < 2; i++)
                (void) setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        return 0;
}

static int call_files(const Runtime *runtime, const char *const *argv, int theirs, Error **err) {
        _cleanup_(helper_done) HelperCall call = HELPER_NONE;
        SpawnFd fd = {.from = theirs, .to = HELPER_INPUT_FD};
        ProcessExit ignored;
        if (helper_call(runtime, argv, &fd, 1, &call, err) < 0 ||
            helper_receive(&call, "ready", HELPER_TIMEOUT_MS, NULL, err) < 0)
                return -1;
        /* The server goes on as a child of PID 1; what was started here ends. */
        return process_wait(&call.process, HELPER_TIMEOUT_MS, &ignored, err);
}

int runtime_files_open(Runtime *runtime, const RuntimeFiles *files, int *ret_fd, Error **err) {
        static const IdMap none;
        const IdMap *map = files->idmap != NULL ? files->idmap : &none;
        int pair[2];
        if (stream_pair(pair, err) < 0)
                return -1;
        _cleanup_close_ int ours = pair[0];
        _cleanup_close_ int theirs = pair[1];
        int result;
        if (files->process != NULL) {
                _cleanup_free_ char *pid = str_printf("%d", (int) files->process->init_pid);
                _cleanup_free_ char *start = str_printf(
                        "%llu", (unsigned long long) files->process->init_start);
                const char *argv[] = {"files", "running", pid, start, NULL};
                result = call_files(runtime, argv, theirs, err);
        } else {
                _cleanup_free_ char *uids = idmap_to_proc(map, false);
                _cleanup_free_ char *gids = idmap_to_proc(map, true);
                const char *argv[] = {"files", "stopped", files->rootfs, uids, gids,
                                      files->idmapped ? "1" : "0", NULL};
                result = call_files(runtime, argv, theirs, err);
        }
        if (result < 0)
                return error_prefix(err, "Failed to reach the container's files");
        *ret_fd = TAKE_FD(ours);
        return 0;
}

void session_lock(FilesSession *session) {
        (void) pthread_mutex_lock(&session->lock);
}

void session_unlock(FilesSession **session) {
        (void) pthread_mutex_unlock(&(*session)->lock);
}

uint32_t session_begin(FilesSession *session, SftpType type) {
        uint32_t id = ++session->next_id;
        sftp_begin(&session->out, type);
        sftp_put_u32(&session->out, id);
        return id;
}

int session_send(FilesSession *session, const void *tail, size_t tail_size, Error **err) {
        if (session->broken)
                return error_set(err, ERROR_UNAVAILABLE, 0, "The file session has ended");
        if (sftp_send(session->fd, &session->out, tail, tail_size, err) < 0) {
                session->broken = true;
                return -1;
        }
        return 0;
}

static int receive_packet(FilesSession *session, Error **err) {
        bool end;
        if (sftp_receive(session->fd, &session->in, &end, err) < 0 || end) {
                session->broken = true;
                return end ? error_set(err, ERROR_UNAVAILABLE, 0, "The file session has ended")
                           : -1;
        }
        session->reader = (SftpReader) {.data = session->in.data, .size = session->in.length};
        return 0;
}

/* SFTP has one code for most failures; the texts are strerror()'s of the same C library. */
static int error_of_status(uint32_t status, const char *message, Error **err) {
        static const int known[] = {EEXIST, ENOTEMPTY, ENOTDIR, EISDIR, ENOSPC, EDQUOT, EROFS,
                                    EBUSY, ELOOP, ENAMETOOLONG, EINVAL, ETXTBSY, EXDEV};
        if (status == SFTP_NO_SUCH_FILE)
                return error_set(err, ERROR_NOT_FOUND, ENOENT, "Not Found");
        if (status == SFTP_PERMISSION_DENIED)
                return error_set(err, ERROR_FORBIDDEN, EACCES, "Permission denied");
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                char buffer[128];
                const char *text = strerror_r(known[i], buffer, sizeof(buffer));
                if (!str_equal(text, message))
                        continue;
                ErrorKind kind = ERROR_INVALID;
                if (known[i] == EEXIST)
                        kind = ERROR_EXISTS;
                else if (known[i] == ENOSPC || known[i] == EDQUOT)
                        kind = ERROR_NO_SPACE;
                return error_set(err, kind, known[i], "%s", message);
        }
        return error_set(err, ERROR_SYSTEM, 0, "%s", message);
}

int session_receive(FilesSession *session, uint32_t id, SftpType wanted, bool *ret_end,
                    Error **err) {
        if (receive_packet(session, err) < 0)
                return -1;
        uint8_t type = sftp_get_byte(&session->reader);
        uint32_t answered = sftp_get_u32(&session->reader);
        if (answered != id || (type != wanted && type != SFTP_STATUS)) {
                session->broken = true;
                return error_set(err, ERROR_INTERNAL, 0, "The file server answered out of turn");
        }
        if (ret_end != NULL)
                *ret_end = false;
        if (type != SFTP_STATUS)
                return 0;
        uint32_t status = sftp_get_u32(&session->reader);
        _cleanup_free_ char *message = sftp_get_text(&session->reader);
        if (status == SFTP_EOF && ret_end != NULL) {
                *ret_end = true;
                return 0;
        }
        if (status == SFTP_OK && wanted == SFTP_STATUS)
                return 0;
        return error_of_status(status, message, err);
}

int session_receive_status(FilesSession *session, uint32_t id, Error **err) {
        return session_receive(session, id, SFTP_STATUS, NULL, err);
}

static int greet(FilesSession *session, Error **err) {
        sftp_begin(&session->out, SFTP_INIT);
        sftp_put_u32(&session->out, SFTP_VERSION);
        if (session_send(session, NULL, 0, err) < 0 || receive_packet(session, err) < 0)
                return -1;
        if (sftp_get_byte(&session->reader) != SFTP_VERSION_REPLY ||
            sftp_get_u32(&session->reader) != SFTP_VERSION)
                return error_set(err, ERROR_INTERNAL, 0, "The file server gave no greeting");
        return 0;
}

int files_session_new(Runtime *runtime, const RuntimeFiles *files, FilesSession **ret,
                      Error **err) {
        _cleanup_(files_session_cleanup) FilesSession *session = mem_new(FilesSession);
        (void) pthread_mutex_init(&session->lock, NULL);
        session->fd = -1;
        if (runtime_files_open(runtime, files, &session->fd, err) < 0 ||
            greet(session, err) < 0)
                return -1;
        *ret = TAKE_PTR(session);
        return 0;
}

void files_session_free(FilesSession *session) {
        if (session == NULL)
                return;
        fd_close(&session->fd);
        (void) pthread_mutex_destroy(&session->lock);
        strbuf_done(&session->in);
        strbuf_done(&session->out);
        free(session);
}

bool files_session_is_alive(const FilesSession *session) {
        return !session->broken;
}

void files_stat_from_attributes(const SftpAttributes *attributes, FilesStat *ret) {
        *ret = (FilesStat) {.type = FILES_OTHER, .size = attributes->size,
                            .uid = attributes->uid, .gid = attributes->gid,
                            .mode = attributes->mode & 07777,
                            .modified = attributes->modified};
        if (S_ISREG(attributes->mode))
                ret->type = FILES_FILE;
        else if (S_ISDIR(attributes->mode))
                ret->type = FILES_DIRECTORY;
        else if (S_ISLNK(attributes->mode))
                ret->type = FILES_SYMLINK;
}

/* A request that names one path and nothing else. */
static int ask_path(FilesSession *session, SftpType type, const char *path, uint32_t *ret_id,
                    Error **err) {
        *ret_id = session_begin(session, type);
        sftp_put_text(&session->out, path);
        return session_send(session, NULL, 0, err);
}

int files_stat(FilesSession *session, const char *path, FilesStat *ret, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        SftpAttributes attributes;
        uint32_t id;
        if (ask_path(session, SFTP_LSTAT, path, &id, err) < 0 ||
            session_receive(session, id, SFTP_ATTRS, NULL, err) < 0)
                return -1;
        sftp_get_attributes(&session->reader, &attributes);
        files_stat_from_attributes(&attributes, ret);
        return 0;
}

int files_readlink(FilesSession *session, const char *path, char **ret, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        uint32_t id;
        if (ask_path(session, SFTP_READLINK, path, &id, err) < 0 ||
            session_receive(session, id, SFTP_NAME, NULL, err) < 0)
                return -1;
        (void) sftp_get_u32(&session->reader); /* one name */
        *ret = sftp_get_text(&session->reader);
        return 0;
}

static int read_names(FilesSession *session, const char *handle, size_t size, StrList *names,
                      Error **err) {
        for (;;) {
                bool end;
                uint32_t id = session_begin(session, SFTP_READDIR);
                sftp_put_data(&session->out, handle, size);
                if (session_send(session, NULL, 0, err) < 0 ||
                    session_receive(session, id, SFTP_NAME, &end, err) < 0)
                        return -1;
                if (end)
                        return 0;
                uint32_t count = sftp_get_u32(&session->reader);
                for (uint32_t i = 0; i < count && !session->reader.broken; i++) {
                        SftpAttributes ignored;
                        size_t line;
                        strlist_take(names, sftp_get_text(&session->reader));
                        (void) sftp_get_data(&session->reader, &line);
                        sftp_get_attributes(&session->reader, &ignored);
                }
        }
}

static int close_handle(FilesSession *session, const char *handle, size_t size, Error **err) {
        uint32_t id = session_begin(session, SFTP_CLOSE);
        sftp_put_data(&session->out, handle, size);
        return session_send(session, NULL, 0, err) < 0 ||
                               session_receive_status(session, id, err) < 0
                       ? -1
                       : 0;
}

int files_list(FilesSession *session, const char *path, StrList *ret, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        uint32_t id;
        if (ask_path(session, SFTP_OPENDIR, path, &id, err) < 0 ||
            session_receive(session, id, SFTP_HANDLE, NULL, err) < 0)
                return -1;
        size_t size;
        const char *data = sftp_get_data(&session->reader, &size);
        _cleanup_free_ char *handle = mem_copy(data, size);
        _cleanup_strlist_ StrList names = {0};
        if (read_names(session, handle, size, &names, err) < 0)
                return -1;
        if (close_handle(session, handle, size, err) < 0)
                return -1;
        strlist_sort(&names);
        strlist_copy(ret, &names);
        return 0;
}

int files_symlink(FilesSession *session, const char *target, const char *path, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        uint32_t id = session_begin(session, SFTP_SYMLINK);
        sftp_put_text(&session->out, target);
        sftp_put_text(&session->out, path);
        if (session_send(session, NULL, 0, err) < 0)
                return -1;
        return session_receive_status(session, id, err);
}

int files_mkdir(FilesSession *session, const char *path, uint32_t mode, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        SftpAttributes attributes = {.flags = SFTP_ATTR_MODE, .mode = mode & 07777};
        uint32_t id = session_begin(session, SFTP_MKDIR);
        sftp_put_text(&session->out, path);
        sftp_put_attributes(&session->out, &attributes);
        if (session_send(session, NULL, 0, err) < 0)
                return -1;
        return session_receive_status(session, id, err);
}

static int remove_as(FilesSession *session, SftpType type, const char *path, Error **err) {
        uint32_t id;
        if (ask_path(session, type, path, &id, err) < 0)
                return -1;
        return session_receive_status(session, id, err);
}

int files_remove(FilesSession *session, const char *path, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        _cleanup_error_ Error *inner = NULL;
        if (remove_as(session, SFTP_REMOVE, path, &inner) == 0)
                return 0;
        /* unlink() of a directory gives EISDIR, which the kernel may also say as EPERM. */
        if (inner->number != EISDIR && inner->number != EACCES)
                return error_move(err, &inner);
        return remove_as(session, SFTP_RMDIR, path, err);
}

int files_set_owner(FilesSession *session, const char *path, int64_t uid, int64_t gid,
                    int64_t mode, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        SftpAttributes attributes = {.flags = 0};
        /* The protocol sets both or none; (uint32_t) -1 is "leave it" to chown. */
        if (uid >= 0 || gid >= 0)
                attributes.flags |= SFTP_ATTR_OWNER;
        attributes.uid = (uint32_t) uid;
        attributes.gid = (uint32_t) gid;
        if (mode >= 0)
                attributes.flags |= SFTP_ATTR_MODE;
        attributes.mode = (uint32_t) mode & 07777;
        uint32_t id = session_begin(session, SFTP_EXTENDED);
        sftp_put_text(&session->out, "lsetstat@openssh.com");
        sftp_put_text(&session->out, path);
        sftp_put_attributes(&session->out, &attributes);
        if (session_send(session, NULL, 0, err) < 0)
                return -1;
        return session_receive_status(session, id, err);
}
