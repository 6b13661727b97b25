#include "runtime/sftp.h"

#include "base/memory.h"

#include <endian.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

void sftp_attributes_from_stat(const struct stat *info, SftpAttributes *ret) {
        *ret = (SftpAttributes) {
                .flags = SFTP_ATTR_SIZE | SFTP_ATTR_OWNER | SFTP_ATTR_MODE | SFTP_ATTR_TIMES,
                .size = (uint64_t) info->st_size,
                .uid = info->st_uid,
                .gid = info->st_gid,
                .mode = info->st_mode,
                .accessed = (uint32_t) info->st_atim.tv_sec,
                .modified = (uint32_t) info->st_mtim.tv_sec,
        };
}

static const char *take(SftpReader *reader, size_t size) {
        if (reader->broken || reader->size - reader->offset < size) {
                reader->broken = true;
                return NULL;
        }
        const char *data = reader->data + reader->offset;
        reader->offset += size;
        return data;
}

uint8_t sftp_get_byte(SftpReader *reader) {
        const char *data = take(reader, 1);
        return data != NULL ? (uint8_t) *data : 0;
}

uint32_t sftp_get_u32(SftpReader *reader) {
        uint32_t value = 0;
        const char *data = take(reader, sizeof(value));
        if (data != NULL)
                memcpy(&value, data, sizeof(value));
        return be32toh(value);
}

uint64_t sftp_get_u64(SftpReader *reader) {
        uint64_t value = 0;
        const char *data = take(reader, sizeof(value));
        if (data != NULL)
                memcpy(&value, data, sizeof(value));
        return be64toh(value);
}

const char *sftp_get_data(SftpReader *reader, size_t *ret_size) {
        size_t size = sftp_get_u32(reader);
        const char *data = take(reader, size);
        *ret_size = data != NULL ? size : 0;
        return data != NULL ? data : "";
}

char *sftp_get_text(SftpReader *reader) {
        size_t size;
        const char *data = sftp_get_data(reader, &size);
        if (memchr(data, '\0', size) != NULL) {
                reader->broken = true;
                size = 0;
        }
        return str_ndup(data, size);
}

void sftp_get_attributes(SftpReader *reader, SftpAttributes *ret) {
        *ret = (SftpAttributes) {.flags = sftp_get_u32(reader)};
        if (ret->flags & SFTP_ATTR_SIZE)
                ret->size = sftp_get_u64(reader);
        if (ret->flags & SFTP_ATTR_OWNER) {
                ret->uid = sftp_get_u32(reader);
                ret->gid = sftp_get_u32(reader);
        }
        if (ret->flags & SFTP_ATTR_MODE)
                ret->mode = sftp_get_u32(reader);
        if (ret->flags & SFTP_ATTR_TIMES) {
                ret->accessed = sftp_get_u32(reader);
                ret->modified = sftp_get_u32(reader);
        }
        uint32_t extended = ret->flags & SFTP_ATTR_EXTENDED ? sftp_get_u32(reader) : 0;
        for (uint32_t i = 0; i < extended && !reader->broken; i++) {
                size_t size;
                (void) sftp_get_data(reader, &size);
                (void) sftp_get_data(reader, &size);
        }
}

void sftp_begin(StrBuf *packet, SftpType type) {
        strbuf_truncate(packet, 0);
        sftp_put_u32(packet, 0); /* the length comes when it is sent */
        strbuf_add_char(packet, (char) type);
}

void sftp_put_u32(StrBuf *packet, uint32_t value) {
        value = htobe32(value);
        strbuf_add_data(packet, &value, sizeof(value));
}

void sftp_put_u64(StrBuf *packet, uint64_t value) {
        value = htobe64(value);
        strbuf_add_data(packet, &value, sizeof(value));
}

void sftp_put_data(StrBuf *packet, const void *data, size_t size) {
        sftp_put_u32(packet, (uint32_t) size);
        strbuf_add_data(packet, data, size);
}

void sftp_put_text(StrBuf *packet, const char *text) {
        sftp_put_data(packet, text, strlen(text));
}

void sftp_put_attributes(StrBuf *packet, const SftpAttributes *attributes) {
        sftp_put_u32(packet, attributes->flags);
        if (attributes->flags & SFTP_ATTR_SIZE)
                sftp_put_u64(packet, attributes->size);
        if (attributes->flags & SFTP_ATTR_OWNER) {
                sftp_put_u32(packet, attributes->uid);
                sftp_put_u32(packet, attributes->gid);
        }
        if (attributes->flags & SFTP_ATTR_MODE)
                sftp_put_u32(packet, attributes->mode);
        if (attributes->flags & SFTP_ATTR_TIMES) {
                sftp_put_u32(packet, attributes->accessed);
                sftp_put_u32(packet, attributes->modified);
        }
}

static void skip_sent(struct iovec *parts, size_t sent) {
        for (int i = 0; i < 2; i++) {
                size_t part = MIN_OF(parts[i].iov_len, sent);
                parts[i].iov_base = (char *) parts[i].iov_base + part;
                parts[i].iov_len -= part;
                sent -= part;
        }
}

int sftp_send(int fd, StrBuf *packet, const void *tail, size_t tail_size, Error **err) {
        uint32_t length = htobe32((uint32_t) (packet->length - sizeof(length) + tail_size));
        memcpy(packet->data, &length, sizeof(length));
        struct iovec parts[2] = {
                {.iov_base = packet->data, .iov_len = packet->length},
                {.iov_base = (void *) (uintptr_t) (tail != NULL ? tail : ""),
                 .iov_len = tail_size},
        };
        while (parts[0].iov_len + parts[1].iov_len > 0) {
                struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts)};
                ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
                if (sent < 0 && errno != EINTR)
                        return error_errno(err, errno, "Failed to send an SFTP packet");
                skip_sent(parts, sent > 0 ? (size_t) sent : 0);
        }
        return 0;
}

/* Returns what came of `size`: less only at the end of the stream. */
static int read_exactly(int fd, char *data, size_t size, size_t *ret, Error **err) {
        size_t count = 0;
        while (count < size) {
                ssize_t part = recv(fd, data + count, size - count, MSG_WAITALL);
                if (part < 0 && errno == EINTR)
                        continue;
                if (part < 0 && errno != ECONNRESET)
                        return error_errno(err, errno, "Failed to receive an SFTP packet");
                if (part <= 0)
                        break;
                count += (size_t) part;
        }
        *ret = count;
        return 0;
}

int sftp_receive(int fd, StrBuf *ret, bool *ret_end, Error **err) {
        uint32_t length;
        size_t count;
        if (read_exactly(fd, (char *) &length, sizeof(length), &count, err) < 0)
                return -1;
        *ret_end = count == 0;
        if (count == 0)
                return 0;
        length = be32toh(length);
        if (count < sizeof(length) || length == 0 || length > SFTP_MAX_PACKET)
                return error_set(err, ERROR_INVALID, 0, "Bad SFTP packet");
        strbuf_truncate(ret, 0);
        mem_grow((void **) &ret->data, &ret->capacity, (size_t) length + 1, 1);
        if (read_exactly(fd, ret->data, length, &count, err) < 0)
                return -1;
        if (count < length)
                return error_set(err, ERROR_INVALID, 0, "An SFTP packet was cut off");
        ret->data[length] = '\0';
        ret->length = length;
        return 0;
}
