#include "cli/commands/multipart.h"

#include "base/files.h"
#include "base/memory.h"
#include "client/multipart.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

typedef struct Saving {
        const char *target;
        Progress *progress;
        ClientDownload *download;
        char *name; /* of the part that is open */
        char *path;
        int fd;
        int64_t received;
        size_t parts;
} Saving;

static char *part_path(const Saving *saving, const char *name) {
        const char *dot = strchr(path_name(name), '.');
        if (path_is_directory(saving->target))
                return path_join(saving->target, path_name(name));
        return str_printf("%s%s%s", saving->target, saving->parts > 0 ? ".root" : "",
                          dot != NULL ? dot : "");
}

static void close_part(Saving *saving) {
        fd_close(&saving->fd);
        free(TAKE_PTR(saving->name));
        free(TAKE_PTR(saving->path));
}

static int take(void *userdata, const char *name, const void *data, size_t size, Error **err) {
        Saving *saving = userdata;
        if (saving->name == NULL || !str_equal(saving->name, name)) {
                close_part(saving);
                saving->path = part_path(saving, name);
                saving->fd = open(saving->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
                if (saving->fd < 0)
                        return error_errno(err, errno, "Cannot create %s", saving->path);
                saving->name = str_dup(name);
                saving->parts++;
        }
        saving->received += (int64_t) size;
        progress_transfer(saving->progress, saving->received,
                          client_download_size(saving->download));
        return fd_write_all(saving->fd, data, size, err);
}

int multipart_save(ClientDownload *download, const char *type, const char *target,
                   Progress *progress, Error **err) {
        Saving saving = {
                .target = target, .progress = progress, .download = download, .fd = -1};
        int result = client_multipart_read(download, type, take, &saving, err);
        if (result < 0 && saving.fd >= 0)
                (void) unlink(saving.path);
        close_part(&saving);
        return result;
}
