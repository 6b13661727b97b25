#include "cli/commands/file_transfer.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/fields.h"
#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- places --- */

/* "a//b/" is "/a/b". */
static char *clean_path(const char *text) {
        _cleanup_strlist_ StrList parts = {};
        _cleanup_free_ char *joined = NULL;
        strlist_split(&parts, text, "/", true);
        joined = strlist_join(&parts, "/");
        return str_printf("/%s", joined);
}

int file_place(Cli *cli, const char *argument, FilePlace *ret, Error **err) {
        _cleanup_place_ FilePlace place = {};
        _cleanup_free_ char *name = NULL;
        const char *slash;
        if (cli_resolve(cli, argument, &place.client, &name, err) < 0)
                return -1;
        slash = strchr(name, '/');
        if (slash == NULL || slash == name)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid target %s; [<remote>:]<instance>/<path> is wanted",
                                 argument);
        place.instance = str_ndup(name, (size_t) (slash - name));
        place.path = clean_path(slash);
        place.directory = str_has_suffix(name, "/");
        *ret = place;
        place = (FilePlace){};
        return 0;
}

void file_place_done(FilePlace *place) {
        free(place->instance);
        free(place->path);
}

char *file_url(const char *instance, const char *path) {
        return client_url_query(client_url("/1.0/instances/{}/files", instance, NULL), "path",
                                path);
}

FileType file_type(const ClientResponse *head) {
        const char *type = strmap_get(&head->headers, "x-lxd-type");
        if (str_equal(type, "directory"))
                return FILE_TYPE_DIRECTORY;
        return str_equal(type, "symlink") ? FILE_TYPE_SYMLINK : FILE_TYPE_FILE;
}

/* --- sending --- */

static void add_owner(StrMap *headers, const FileOwner *owner) {
        if (owner->uid >= 0)
                strmap_printf(headers, "X-LXD-uid", "%lld", (long long) owner->uid);
        if (owner->gid >= 0)
                strmap_printf(headers, "X-LXD-gid", "%lld", (long long) owner->gid);
        if (owner->mode >= 0)
                strmap_printf(headers, "X-LXD-mode", "%04llo", (unsigned long long) owner->mode);
}

int file_send(Cli *cli, const FilePlace *place, const char *path, const FileUpload *upload,
              Error **err) {
        static const char *const types[] = {"file", "directory", "symlink"};
        _cleanup_free_ char *url = file_url(place->instance, path);
        _cleanup_free_ char *prefix = str_printf("Pushing %s", path);
        _cleanup_strmap_ StrMap headers = {};
        _cleanup_response_ ClientResponse response = {};
        _cleanup_progress_ Progress progress = {};
        ClientRequest request = {.method = "POST",
                                 .path = url,
                                 .headers = &headers,
                                 .progress = progress_transfer,
                                 .progress_userdata = &progress};
        strmap_set(&headers, "X-LXD-type", types[upload->type]);
        add_owner(&headers, &upload->owner);
        if (upload->type == FILE_TYPE_FILE) {
                strmap_set(&headers, "X-LXD-write", "overwrite");
                request.has_fd = true;
                request.fd = upload->fd;
        } else if (upload->type == FILE_TYPE_SYMLINK) {
                request.text = upload->text;
                request.text_size = strlen(upload->text);
        }
        progress_start(&progress, cli, prefix);
        return client_send(place->client, &request, &response, err);
}

int file_make_parents(Cli *cli, const FilePlace *place, const char *path, const FileOwner *owner,
                      Error **err) {
        FileUpload upload = {.type = FILE_TYPE_DIRECTORY, .owner = *owner};
        upload.owner.mode = -1;
        for (const char *slash = strchr(path + 1, '/'); slash != NULL;
             slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *parent = str_ndup(path, (size_t) (slash - path));
                if (file_send(cli, place, parent, &upload, err) < 0)
                        return error_prefix(err, "Cannot create %s", parent);
        }
        return 0;
}

/* --- pushing trees --- */

static int push_link(Cli *cli, const FilePlace *place, const char *source, const char *path,
                     Error **err) {
        char target[4096];
        ssize_t length = readlink(source, target, sizeof(target) - 1);
        FileUpload upload = {
                .type = FILE_TYPE_SYMLINK, .owner = {-1, -1, -1}, .text = target};
        if (length < 0)
                return error_errno(err, errno, "Cannot read %s", source);
        target[length] = '\0';
        return file_send(cli, place, path, &upload, err);
}

static int push_directory(Cli *cli, const FilePlace *place, const char *source, const char *path,
                          Error **err) {
        _cleanup_strlist_ StrList names = {};
        if (directory_list(source, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *below = path_join(source, names.items[i]);
                _cleanup_free_ char *target = path_join(path, names.items[i]);
                if (file_push_tree(cli, place, below, target, err) < 0)
                        return -1;
        }
        return 0;
}

int file_push_tree(Cli *cli, const FilePlace *place, const char *source, const char *path,
                   Error **err) {
        _cleanup_close_ int fd = -1;
        struct stat info;
        FileUpload upload = {};
        if (lstat(source, &info) < 0)
                return error_errno(err, errno, "Cannot read %s", source);
        upload.owner = (FileOwner){info.st_uid, info.st_gid, info.st_mode & 07777};
        if (S_ISLNK(info.st_mode))
                return push_link(cli, place, source, path, err);
        if (S_ISDIR(info.st_mode)) {
                upload.type = FILE_TYPE_DIRECTORY;
                if (!str_equal(path, "/") && file_send(cli, place, path, &upload, err) < 0)
                        return -1;
                return push_directory(cli, place, source, path, err);
        }
        if (!S_ISREG(info.st_mode))
                return error_set(err, ERROR_UNSUPPORTED, 0, "'%s' isn't a supported file type",
                                 source);
        upload.fd = fd = open(source, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "Cannot read %s", source);
        return file_send(cli, place, path, &upload, err);
}

/* --- pulling trees --- */

static int pull_file(Cli *cli, ClientDownload *download, const char *target, Error **err) {
        _cleanup_free_ char *prefix = str_printf("Pulling %s", target);
        _cleanup_progress_ Progress progress = {};
        _cleanup_close_ int fd = -1;
        if (str_equal(target, "-"))
                return client_download_to_fd(download, STDOUT_FILENO, NULL, NULL, err);
        fd = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Cannot create %s", target);
        progress_start(&progress, cli, prefix);
        return client_download_to_fd(download, fd, progress_transfer, &progress, err);
}

static int read_body(ClientDownload *download, char **ret, Error **err) {
        _cleanup_strbuf_ StrBuf text = {};
        char block[4096];
        size_t size;
        do {
                if (client_download_read(download, block, sizeof(block), &size, err) < 0)
                        return -1;
                strbuf_add_data(&text, block, size);
        } while (size > 0);
        *ret = strbuf_take(&text);
        return 0;
}

static int pull_link(ClientDownload *download, const char *target, Error **err) {
        _cleanup_free_ char *text = NULL;
        if (read_body(download, &text, err) < 0)
                return -1;
        text[strcspn(text, "\n")] = '\0';
        return file_symlink(text, target, err);
}

/* A name that could lead out of the target is refused, and one that comes twice: the first time it
 * could be a link, through which the second would write. */
static int check_listed(const char *name, Table *seen, Error **err) {
        if (str_is_empty(name) || strchr(name, '/') != NULL || str_equal(name, ".") ||
            str_equal(name, "..") || table_get(seen, name) != NULL)
                return error_set(err, ERROR_INVALID, 0, "The server listed the name \"%s\"",
                                 name != NULL ? name : "");
        table_set(seen, name, seen);
        return 0;
}

static int pull_directory(Cli *cli, const FilePlace *place, const char *path, const char *listing,
                          const char *target, Error **err) {
        json_t *envelope = json_loads(listing, 0, NULL);
        _cleanup_(table_cleanup) Table *seen = table_new(NULL);
        const json_t *item;
        size_t i;
        int result = 0;
        json_array_foreach(json_object_get(envelope, "metadata"), i, item) {
                const char *name = json_string_value(item);
                _cleanup_free_ char *below = NULL, *file = NULL;
                result = check_listed(name, seen, err);
                if (result < 0)
                        break;
                below = path_join(path, name);
                file = path_join(target, name);
                result = file_pull_tree(cli, place, below, file, err);
                if (result < 0)
                        break;
        }
        json_decref(envelope);
        return result;
}

static mode_t mode_of(const ClientResponse *head) {
        const char *text = strmap_get(&head->headers, "x-lxd-mode");
        mode_t mode = 0;
        for (; text != NULL && *text >= '0' && *text <= '7'; text++)
                mode = (mode & 07777) * 8 + (mode_t) (*text - '0');
        return mode & 0777;
}

/* As many as the kernel follows. */
#define LINK_LIMIT 40

static int open_path(const FilePlace *place, const char *path, ClientResponse *head,
                     ClientDownload **ret, Error **err) {
        _cleanup_free_ char *url = file_url(place->instance, path);
        return client_download(place->client, &(ClientRequest) {.path = url}, head, ret, err);
}

/* Standard output gets what a link leads to: the link itself would be of no use there. */
static int print_target(const FilePlace *place, const char *path, ClientDownload *link,
                        Error **err) {
        _cleanup_free_ char *at = str_dup(path), *text = NULL;
        if (read_body(link, &text, err) < 0)
                return -1;
        for (size_t i = 0; i < LINK_LIMIT; i++) {
                _cleanup_response_ ClientResponse head = {};
                _cleanup_download_ ClientDownload *download = NULL;
                text[strcspn(text, "\n")] = '\0';
                _cleanup_free_ char *directory = path_directory(at);
                str_replace(&at, text[0] == '/' ? str_dup(text) : path_join(directory, text));
                if (open_path(place, at, &head, &download, err) < 0)
                        return -1;
                if (file_type(&head) == FILE_TYPE_FILE)
                        return client_download_to_fd(download, STDOUT_FILENO, NULL, NULL, err);
                if (file_type(&head) == FILE_TYPE_DIRECTORY)
                        return error_set(err, ERROR_INVALID, 0, "%s leads to the directory %s",
                                         path, at);
                str_replace(&text, NULL);
                if (read_body(download, &text, err) < 0)
                        return -1;
        }
        return error_set(err, ERROR_INVALID, 0, "%s leads through more than %d links", path,
                         LINK_LIMIT);
}

int file_pull_tree(Cli *cli, const FilePlace *place, const char *path, const char *target,
                   Error **err) {
        _cleanup_free_ char *listing = NULL;
        _cleanup_response_ ClientResponse head = {};
        _cleanup_download_ ClientDownload *download = NULL;
        FileType type;
        if (open_path(place, path, &head, &download, err) < 0)
                return -1;
        type = file_type(&head);
        if (type == FILE_TYPE_SYMLINK)
                return str_equal(target, "-") ? print_target(place, path, download, err)
                                              : pull_link(download, target, err);
        if (type == FILE_TYPE_FILE) {
                if (pull_file(cli, download, target, err) < 0)
                        return -1;
        } else {
                if (!cli_flag(cli, "recursive"))
                        return error_set(err, ERROR_INVALID, 0,
                                         "%s is a directory; pull it with --recursive", path);
                if (read_body(download, &listing, err) < 0 ||
                    directory_make(target, 0700, err) < 0 ||
                    pull_directory(cli, place, path, listing, target, err) < 0)
                        return -1;
        }
        if (!str_equal(target, "-") && mode_of(&head) != 0 && chmod(target, mode_of(&head)) < 0)
                return error_errno(err, errno, "Cannot set the mode of %s", target);
        return 0;
}
