/* Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02, and the extensions that OpenSSH's
 * PROTOCOL file describes), for the helper's server and the daemon's client. A packet is a length
 * (4 bytes, big-endian), a type byte and fields. Pure but for the two functions that name an fd. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/stat.h>

#define SFTP_VERSION 3
#define SFTP_MAX_PACKET ((size_t) 256 * 1024 + 1024)
#define SFTP_MAX_DATA ((size_t) 256 * 1024)

typedef enum SftpType {
        SFTP_INIT = 1, SFTP_VERSION_REPLY = 2, SFTP_OPEN = 3, SFTP_CLOSE = 4, SFTP_READ = 5,
        SFTP_WRITE = 6, SFTP_LSTAT = 7, SFTP_FSTAT = 8, SFTP_SETSTAT = 9, SFTP_FSETSTAT = 10,
        SFTP_OPENDIR = 11, SFTP_READDIR = 12, SFTP_REMOVE = 13, SFTP_MKDIR = 14, SFTP_RMDIR = 15,
        SFTP_REALPATH = 16, SFTP_STAT = 17, SFTP_RENAME = 18, SFTP_READLINK = 19,
        SFTP_SYMLINK = 20, SFTP_STATUS = 101, SFTP_HANDLE = 102, SFTP_DATA = 103, SFTP_NAME = 104,
        SFTP_ATTRS = 105, SFTP_EXTENDED = 200, SFTP_EXTENDED_REPLY = 201,
} SftpType;

typedef enum SftpStatus {
        SFTP_OK = 0, SFTP_EOF = 1, SFTP_NO_SUCH_FILE = 2, SFTP_PERMISSION_DENIED = 3,
        SFTP_FAILURE = 4, SFTP_BAD_MESSAGE = 5, SFTP_OP_UNSUPPORTED = 8,
} SftpStatus;

typedef enum SftpOpenFlags {
        SFTP_OPEN_READ = 1, SFTP_OPEN_WRITE = 2, SFTP_OPEN_APPEND = 4, SFTP_OPEN_CREATE = 8,
        SFTP_OPEN_TRUNCATE = 16, SFTP_OPEN_EXCLUSIVE = 32,
} SftpOpenFlags;

#define SFTP_ATTR_SIZE 0x1u
#define SFTP_ATTR_OWNER 0x2u
#define SFTP_ATTR_MODE 0x4u
#define SFTP_ATTR_TIMES 0x8u
#define SFTP_ATTR_EXTENDED 0x80000000u

typedef struct SftpAttributes {
        uint32_t flags; /* which of these hold */
        uint64_t size;
        uint32_t uid, gid;
        uint32_t mode; /* with the type bits */
        uint32_t accessed, modified;
} SftpAttributes;

void sftp_attributes_from_stat(const struct stat *info, SftpAttributes *ret);

/* Reading: `broken` stays set once a field did not fit; then fields read as 0 and "". */
typedef struct SftpReader {
        const char *data;
        size_t size, offset;
        bool broken;
} SftpReader;

uint8_t sftp_get_byte(SftpReader *reader);
uint32_t sftp_get_u32(SftpReader *reader);
uint64_t sftp_get_u64(SftpReader *reader);
const char *sftp_get_data(SftpReader *reader, size_t *ret_size); /* borrowed */
char *sftp_get_text(SftpReader *reader); /* owned; a NUL inside breaks it */
void sftp_get_attributes(SftpReader *reader, SftpAttributes *ret);

/* Writing: begin, put, send. */
void sftp_begin(StrBuf *packet, SftpType type);
void sftp_put_u32(StrBuf *packet, uint32_t value);
void sftp_put_u64(StrBuf *packet, uint64_t value);
void sftp_put_data(StrBuf *packet, const void *data, size_t size);
void sftp_put_text(StrBuf *packet, const char *text);
void sftp_put_attributes(StrBuf *packet, const SftpAttributes *attributes);

/* Fills in the length and sends it all, `tail` (may be NULL) behind it as part of the packet. */
int sftp_send(int fd, StrBuf *packet, const void *tail, size_t tail_size, Error **err)
        _must_check_;
/* The packet without its length. The end of the stream between two packets: *ret_end. */
int sftp_receive(int fd, StrBuf *ret, bool *ret_end, Error **err) _must_check_;
