/* Open files of a session. */
#include "runtime/files_private.h"

#include "base/memory.h"

/* The server answers in order, so several requests may be on their way; their answers are small
 * enough never to fill the socket. */
#define CHUNK ((size_t) 128 * 1024)
#define IN_FLIGHT 8

struct FilesFile {
        FilesSession *session;
        char *handle;
        size_t handle_size;
};

int files_open(FilesSession *session, const char *path, unsigned flags, uint32_t mode,
               FilesFile **ret, Error **err) {
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        uint32_t wanted = ((flags & FILES_READ) ? SFTP_OPEN_READ : 0) |
                          ((flags & FILES_WRITE) ? SFTP_OPEN_WRITE : 0) |
                          ((flags & FILES_APPEND) ? SFTP_OPEN_APPEND | SFTP_OPEN_WRITE : 0) |
                          ((flags & FILES_CREATE) ? SFTP_OPEN_CREATE : 0) |
                          ((flags & FILES_TRUNCATE) ? SFTP_OPEN_TRUNCATE : 0) |
                          ((flags & FILES_EXCLUSIVE) ? SFTP_OPEN_EXCLUSIVE : 0);
        SftpAttributes attributes = {.flags = SFTP_ATTR_MODE, .mode = mode & 07777};
        uint32_t id = session_begin(session, SFTP_OPEN);
        sftp_put_text(&session->out, path);
        sftp_put_u32(&session->out, wanted);
        sftp_put_attributes(&session->out, &attributes);
        if (session_send(session, NULL, 0, err) < 0 ||
            session_receive(session, id, SFTP_HANDLE, NULL, err) < 0)
                return -1;
        size_t size;
        const char *data = sftp_get_data(&session->reader, &size);
        FilesFile *file = mem_new(FilesFile);
        *file = (FilesFile) {.session = session, .handle = mem_copy(data, size),
                             .handle_size = size};
        *ret = file;
        return 0;
}

static uint32_t begin_for(FilesFile *file, SftpType type) {
        uint32_t id = session_begin(file->session, type);
        sftp_put_data(&file->session->out, file->handle, file->handle_size);
        return id;
}

int files_file_stat(FilesFile *file, FilesStat *ret, Error **err) {
        FilesSession *session = file->session;
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        SftpAttributes attributes;
        uint32_t id = begin_for(file, SFTP_FSTAT);
        if (session_send(session, NULL, 0, err) < 0 ||
            session_receive(session, id, SFTP_ATTRS, NULL, err) < 0)
                return -1;
        sftp_get_attributes(&session->reader, &attributes);
        files_stat_from_attributes(&attributes, ret);
        return 0;
}

/* All answers must be taken off the socket, also behind a failure: `result` carries it on. */
typedef struct ReadState {
        size_t done;
        bool ended;
        int result;
} ReadState;

static void take_answer(FilesSession *session, uint32_t id, char *data, size_t wanted,
                        ReadState *state, Error **err) {
        bool end;
        Error **sink = state->result < 0 ? NULL : err;
        if (session_receive(session, id, SFTP_DATA, &end, sink) < 0) {
                state->result = -1;
                return;
        }
        size_t size = 0;
        const char *part = end ? "" : sftp_get_data(&session->reader, &size);
        /* Behind a short answer the rest of what was asked lies beyond the end. */
        if (!state->ended && state->result == 0) {
                size = MIN_OF(size, wanted);
                memcpy(data, part, size);
                state->done += size;
                state->ended = size < wanted;
        }
}

int files_read(FilesFile *file, uint64_t offset, void *data, size_t size, size_t *ret_count,
               Error **err) {
        FilesSession *session = file->session;
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        size = MIN_OF(size, CHUNK * IN_FLIGHT);
        uint32_t ids[IN_FLIGHT];
        size_t count = 0;
        for (size_t asked = 0; asked < size; asked += CHUNK) {
                ids[count++] = begin_for(file, SFTP_READ);
                sftp_put_u64(&session->out, offset + asked);
                sftp_put_u32(&session->out, (uint32_t) MIN_OF(CHUNK, size - asked));
                if (session_send(session, NULL, 0, err) < 0)
                        return -1;
        }
        ReadState state = {.done = 0};
        for (size_t i = 0; i < count && !session->broken; i++)
                take_answer(session, ids[i], (char *) data + i * CHUNK,
                            MIN_OF(CHUNK, size - i * CHUNK), &state, err);
        if (state.result < 0 || session->broken)
                return -1;
        *ret_count = state.done;
        return 0;
}

static int write_some(FilesFile *file, uint64_t offset, const char *data, size_t size,
                      Error **err) {
        FilesSession *session = file->session;
        uint32_t ids[IN_FLIGHT];
        size_t count = 0;
        for (size_t sent = 0; sent < size; sent += CHUNK) {
                size_t part = MIN_OF(CHUNK, size - sent);
                ids[count++] = begin_for(file, SFTP_WRITE);
                sftp_put_u64(&session->out, offset + sent);
                sftp_put_u32(&session->out, (uint32_t) part);
                if (session_send(session, data + sent, part, err) < 0)
                        return -1;
        }
        int result = 0;
        for (size_t i = 0; i < count && !session->broken; i++) {
                if (session_receive_status(session, ids[i], result < 0 ? NULL : err) < 0)
                        result = -1;
        }
        return session->broken ? -1 : result;
}

int files_write(FilesFile *file, uint64_t offset, const void *data, size_t size, Error **err) {
        FilesSession *session = file->session;
        session_lock(session);
        _cleanup_session_ FilesSession *locked = session;
        for (size_t done = 0; done < size;) {
                size_t part = MIN_OF(size - done, CHUNK * IN_FLIGHT);
                if (write_some(file, offset + done, (const char *) data + done, part, err) < 0)
                        return -1;
                done += part;
        }
        return 0;
}

int files_close(FilesFile *file, Error **err) {
        FilesSession *session = file->session;
        int result = -1;
        session_lock(session);
        uint32_t id = begin_for(file, SFTP_CLOSE);
        if (session_send(session, NULL, 0, err) == 0)
                result = session_receive_status(session, id, err);
        session_unlock(&session);
        free(file->handle);
        free(file);
        return result;
}

void files_file_free(FilesFile *file) {
        if (file != NULL && files_close(file, NULL) < 0)
                return; /* nobody to tell: the session's end closes it */
}
