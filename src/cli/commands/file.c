/* Files in instances: push, pull, edit, delete. */
#include "base/files.h"
#include "base/memory.h"
#include "cli/commands/commands.h"
#include "cli/commands/file_transfer.h"
#include "cli/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* --- push --- */

static int parse_mode(const Cli *cli, int64_t *ret, Error **err) {
        const char *text = cli_text(cli, "mode");
        int64_t mode = 0;
        *ret = -1;
        if (str_is_empty(text))
                return 0;
        for (const char *c = text; *c != '\0'; c++) {
                if (*c < '0' || *c > '7' || strlen(text) > 5)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid mode \"%s\"; an octal number like 0644 is wanted",
                                         text);
                mode = mode * 8 + (*c - '0');
        }
        *ret = mode;
        return 0;
}

/* Options win over what the file has here. */
static int choose_owner(const Cli *cli, int fd, FileOwner *ret, Error **err) {
        struct stat info;
        int64_t mode;
        if (parse_mode(cli, &mode, err) < 0)
                return -1;
        if (fstat(fd, &info) < 0)
                return error_errno(err, errno, "Cannot look at the file");
        ret->uid = cli_number(cli, "uid") >= 0 ? cli_number(cli, "uid") : (int64_t) info.st_uid;
        ret->gid = cli_number(cli, "gid") >= 0 ? cli_number(cli, "gid") : (int64_t) info.st_gid;
        ret->mode = mode >= 0                ? mode
                    : S_ISREG(info.st_mode) ? (int64_t) (info.st_mode & 0777)
                                            : 0644;
        return 0;
}

static int push_one(Cli *cli, const FilePlace *place, const char *source, const char *path,
                    Error **err) {
        bool standard = str_equal(source, "-");
        _cleanup_close_ int file = standard ? -1 : open(source, O_RDONLY | O_CLOEXEC);
        FileUpload upload = {.type = FILE_TYPE_FILE, .fd = standard ? STDIN_FILENO : file};
        struct stat info;
        if (!standard && file < 0)
                return error_errno(err, errno, "open %s", source);
        if (!standard && fstat(file, &info) == 0 && S_ISDIR(info.st_mode))
                return error_set(err, ERROR_INVALID, 0,
                                 "%s is a directory; push it with --recursive", source);
        if (choose_owner(cli, upload.fd, &upload.owner, err) < 0)
                return -1;
        if (cli_flag(cli, "create-dirs")) {
                const FileOwner owner = {cli_number(cli, "uid"), cli_number(cli, "gid"), -1};
                if (file_make_parents(cli, place, path, &owner, err) < 0)
                        return -1;
        }
        return file_send(cli, place, path, &upload, err);
}

static int push_tree(Cli *cli, const FilePlace *place, const char *source, Error **err) {
        _cleanup_free_ char *plain = str_has_suffix(source, "/") && strlen(source) > 1
                                             ? str_ndup(source, strlen(source) - 1)
                                             : str_dup(source);
        /* "dir" lands as PATH/dir, the content of "dir/" in PATH. */
        _cleanup_free_ char *path = str_equal(plain, source)
                                            ? path_join(place->path, path_name(plain))
                                            : str_dup(place->path);
        if (cli_flag(cli, "create-dirs")) {
                const FileOwner owner = {-1, -1, -1};
                _cleanup_free_ char *below = path_join(place->path, "x");
                if (file_make_parents(cli, place, below, &owner, err) < 0)
                        return -1;
        }
        return file_push_tree(cli, place, plain, path, err);
}

static int run_push(Cli *cli, Error **err) {
        _cleanup_place_ FilePlace place = {};
        size_t sources = cli_count(cli) - 1;
        if (file_place(cli, cli_argument(cli, sources), &place, err) < 0)
                return -1;
        if (cli_flag(cli, "recursive") &&
            (cli_given(cli, "uid") || cli_given(cli, "gid") || cli_given(cli, "mode")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Can't supply uid/gid/mode in recursive mode");
        for (size_t i = 0; i < sources; i++) {
                const char *source = cli_argument(cli, i);
                bool inside = sources > 1 || place.directory;
                _cleanup_free_ char *path = inside ? path_join(place.path, path_name(source))
                                                   : str_dup(place.path);
                struct stat info;
                bool tree = cli_flag(cli, "recursive") && lstat(source, &info) == 0 &&
                            S_ISDIR(info.st_mode);
                if (inside && str_equal(source, "-"))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Missing target filename for standard input");
                if (tree ? push_tree(cli, &place, source, err) < 0
                         : push_one(cli, &place, source, path, err) < 0)
                        return -1;
        }
        return 0;
}

/* --- pull --- */

static int run_pull(Cli *cli, Error **err) {
        size_t sources = cli_count(cli) - 1;
        const char *target = cli_argument(cli, sources);
        bool standard = str_equal(target, "-"), recursive = cli_flag(cli, "recursive");
        bool inside = !standard && (sources > 1 || recursive || str_has_suffix(target, "/") ||
                                    path_is_directory(target));
        if (cli_flag(cli, "create-dirs") && !standard) {
                _cleanup_free_ char *parent = inside ? str_dup(target) : path_directory(target);
                if (directory_make_all(parent, 0755, err) < 0)
                        return -1;
        } else if (inside && recursive && directory_make(target, 0755, err) < 0) {
                return -1;
        }
        if (inside && !path_is_directory(target))
                return error_set(err, ERROR_INVALID, 0,
                                 "%s is no directory; --create-dirs makes it", target);
        for (size_t i = 0; i < sources; i++) {
                _cleanup_place_ FilePlace place = {};
                _cleanup_free_ char *file = NULL;
                if (file_place(cli, cli_argument(cli, i), &place, err) < 0)
                        return -1;
                file = inside ? path_join(target, path_name(place.path)) : str_dup(target);
                if (file_pull_tree(cli, &place, place.path, file, err) < 0)
                        return -1;
        }
        return 0;
}

/* --- delete, edit --- */

static int run_delete(Cli *cli, Error **err) {
        for (size_t i = 0; i < cli_count(cli); i++) {
                _cleanup_place_ FilePlace place = {};
                _cleanup_free_ char *url = NULL;
                if (file_place(cli, cli_argument(cli, i), &place, err) < 0)
                        return -1;
                url = file_url(place.instance, place.path);
                if (client_change(place.client, "DELETE", url, NULL, NULL, err) < 0)
                        return -1;
        }
        return 0;
}

/* Owner and mode stay as they are: the server keeps them of a file that exists. */
static int send_text(const FilePlace *place, const char *text, size_t size, Error **err) {
        _cleanup_free_ char *url = file_url(place->instance, place->path);
        _cleanup_response_ ClientResponse response = {};
        _cleanup_strmap_ StrMap headers = {};
        const ClientRequest request = {.method = "POST",
                                       .path = url,
                                       .headers = &headers,
                                       .text = text,
                                       .text_size = size};
        strmap_set(&headers, "X-LXD-type", "file");
        strmap_set(&headers, "X-LXD-write", "overwrite");
        return client_send(place->client, &request, &response, err);
}

static int run_edit(Cli *cli, Error **err) {
        _cleanup_place_ FilePlace place = {};
        _cleanup_free_ char *url = NULL, *text = NULL, *suffix = NULL;
        _cleanup_response_ ClientResponse response = {};
        ClientRequest request = {};
        size_t size;
        if (file_place(cli, cli_argument(cli, 0), &place, err) < 0)
                return -1;
        if (cli_input_is_data()) {
                if (cli_input_read(&text, err) < 0)
                        return -1;
                return send_text(&place, text, strlen(text), err);
        }
        url = file_url(place.instance, place.path);
        request.path = url;
        if (client_send(place.client, &request, &response, err) < 0)
                return -1;
        if (file_type(&response) != FILE_TYPE_FILE)
                return error_set(err, ERROR_INVALID, 0, "%s is no regular file", place.path);
        suffix = str_printf("_%s", path_name(place.path));
        if (editor_edit(response.text, response.text_size, suffix, &text, &size, err) < 0)
                return -1;
        return send_text(&place, text, size, err);
}

static const Option push_options[] = {
        {"recursive", 'r', OPTION_FLAG, NULL, "Whole directories"},
        {"create-dirs", 'p', OPTION_FLAG, NULL, "Make missing directories"},
        {"uid", 0, OPTION_NUMBER, "UID", "Owner of the new file, -1 for the one it has here", "-1"},
        {"gid", 0, OPTION_NUMBER, "GID", "Group of the new file, -1 for the one it has here", "-1"},
        {"mode", 0, OPTION_TEXT, "MODE", "Permissions of the new file, in octal"},
        {}};

static const Option pull_options[] = {
        {"recursive", 'r', OPTION_FLAG, NULL, "Whole directories"},
        {"create-dirs", 'p', OPTION_FLAG, NULL, "Make missing directories"},
        {}};

static const Command push = {
        .name = "push",
        .arguments = "<source path>... [<remote>:]<instance>/<path>",
        .summary = "Copy files into an instance",
        .details = "A target that ends in a slash is a directory. \"-\" is standard input.",
        .examples = "berth file push /etc/hosts c1/etc/hosts\n"
                    "berth file push -r site/ c1/srv/www/",
        .options = push_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_FILE, COMPLETE_INSTANCE_PATH},
        .run = run_push,
};

static const Command pull = {
        .name = "pull",
        .arguments = "[<remote>:]<instance>/<path> [[<remote>:]<instance>/<path>...] <target path>",
        .summary = "Copy files from an instance",
        .details = "\"-\" as target is standard output.",
        .examples = "berth file pull c1/etc/hosts .\n"
                    "berth file pull -r c1/etc backup/",
        .options = pull_options,
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE_PATH, COMPLETE_FILE},
        .run = run_pull,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<instance>/<path> [[<remote>:]<instance>/<path>...]",
        .summary = "Delete files in instances",
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_INSTANCE_PATH},
        .run = run_delete,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<instance>/<path>",
        .summary = "Edit a file of an instance",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE_PATH},
        .run = run_edit,
};

static const Command *const subcommands[] = {
        &delete, &edit, &command_file_mount, &pull, &push, NULL};

const Command command_file = {
        .name = "file",
        .summary = "Manage files in instances",
        .subcommands = subcommands,
};
