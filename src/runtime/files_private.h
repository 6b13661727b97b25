/* The session's inside, for files.c (names) and files_io.c (open files). */
#pragma once

#include "runtime/files.h"
#include "runtime/sftp.h"

#include <pthread.h>

struct FilesSession {
        pthread_mutex_t lock;
        int fd;
        uint32_t next_id;
        bool broken;
        StrBuf out, in;
        SftpReader reader; /* of the answer at hand, behind its id */
};

/* With the lock held. A request: begin, put its fields, send; then receive() the answer to it. A
 * status that is not OK becomes the error ("" message: the server's text). */
void session_lock(FilesSession *session);
void session_unlock(FilesSession **session);
#define _cleanup_session_ _cleanup_(session_unlock)

uint32_t session_begin(FilesSession *session, SftpType type);
int session_send(FilesSession *session, const void *tail, size_t tail_size, Error **err)
        _must_check_;
/* `wanted`: the type that is no status. *ret_end: the answer was an end-of-file status. */
int session_receive(FilesSession *session, uint32_t id, SftpType wanted, bool *ret_end,
                    Error **err) _must_check_;
int session_receive_status(FilesSession *session, uint32_t id, Error **err) _must_check_;
void files_stat_from_attributes(const SftpAttributes *attributes, FilesStat *ret);
