#include "rest/bytes.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define BLOCK_SIZE ((size_t) 256 << 10)
#define BYTES "application/octet-stream"

static int receive(RestRequest *request, int fd, Error **err) {
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        size_t got;
        for (;;) {
                if (http_exchange_read(request->exchange, block, BLOCK_SIZE, &got, err) < 0)
                        return -1;
                if (got == 0)
                        return 0;
                if (fd_write_all(fd, block, got, err) < 0)
                        return -1;
        }
}

int rest_receive_file(RestRequest *request, const char *path, Error **err) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Cannot make %s", path);
        return receive(request, fd, err);
}

int rest_reply_file(RestRequest *request, const char *path, Error **err) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        struct stat info;
        if (fd < 0 || fstat(fd, &info) < 0)
                return error_errno(err, errno, "Cannot open %s", path);
        strmap_set(&request->headers, "Content-Type", BYTES);
        strmap_set(&request->headers, "Content-Disposition", "inline;filename=");
        (void) http_exchange_reply_fd(request->exchange, 200, &request->headers, fd, 0,
                                      (uint64_t) info.st_size, NULL);
        return rest_reply_taken(request);
}

bool rest_has_bytes(const RestRequest *request) {
        return str_equal(http_exchange_header(request->exchange, "Content-Type"), BYTES);
}
