#include "cli/commands/image_transfer.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/commands/image.h"
#include "cli/commands/multipart.h"
#include "cli/fields.h"
#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- import --- */

/* What the arguments mean: one or two files, a remote, properties; or a URL. */
typedef struct ImportPlan {
        const char *metadata; /* the unified file, or the metadata's */
        const char *rootfs;   /* NULL: unified */
        const char *remote;   /* NULL: the default one */
        StrMap properties;
} ImportPlan;

static void plan_done(ImportPlan *plan) {
        strmap_done(&plan->properties);
}

static int plan_import(const Cli *cli, ImportPlan *plan, Error **err) {
        for (size_t i = 0; i < cli_count(cli); i++) {
                const char *argument = cli_argument(cli, i);
                if (i > 0 && strchr(argument, '=') != NULL && !path_exists(argument)) {
                        if (cli_pair_add(&plan->properties, argument, err) < 0)
                                return -1;
                } else if (i > 0 && str_has_suffix(argument, ":")) {
                        plan->remote = argument;
                } else if (plan->metadata == NULL) {
                        plan->metadata = argument;
                } else if (plan->rootfs == NULL) {
                        plan->rootfs = argument;
                } else {
                        return error_set(err, ERROR_INVALID, 0, "What is \"%s\" for?", argument);
                }
        }
        return 0;
}

/* An image is made of one or two files; a directory would have to be packed by root first. */
static int open_file(const char *path, int *ret_fd, Error **err) {
        struct stat info;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_errno(err, errno, "open %s", path);
        if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
                (void) close(fd);
                return error_set(err, ERROR_INVALID, 0,
                                 "%s is a directory; pack it first: "
                                 "tar -C %s --numeric-owner --xattrs -czf IMAGE.tar.gz .",
                                 path, path);
        }
        *ret_fd = fd;
        return 0;
}

/* The properties as a query string, which is how the header carries them. */
static char *encode_properties(const StrMap *properties) {
        _cleanup_strbuf_ StrBuf text = {};
        for (size_t i = 0; i < properties->count; i++) {
                _cleanup_free_ char *key = url_escape(properties->items[i].key);
                _cleanup_free_ char *value = url_escape(properties->items[i].value);
                strbuf_printf(&text, "%s%s=%s", i > 0 ? "&" : "", key, value);
        }
        return strbuf_take(&text);
}

static void add_headers(const Cli *cli, const ImportPlan *plan, StrMap *headers) {
        _cleanup_free_ char *properties = encode_properties(&plan->properties);
        strmap_set(headers, "X-LXD-filename", path_name(plan->metadata));
        if (cli_flag(cli, "public"))
                strmap_set(headers, "X-LXD-public", "true");
        if (*properties != '\0')
                strmap_set(headers, "X-LXD-properties", properties);
}

/* Whether the file is a disk of a virtual machine (qcow2). */
static bool is_disk(int fd) {
        char magic[4] = "";
        ssize_t got = pread(fd, magic, 4, 0);
        return got == 4 && memcmp(magic, "QFI\xfb", 4) == 0;
}

static int upload(Cli *cli, Client *client, const ImportPlan *plan, json_t **ret, Error **err) {
        _cleanup_strmap_ StrMap headers = {};
        _cleanup_progress_ Progress progress = {};
        _cleanup_close_ int metadata = -1, rootfs = -1;
        ClientPart parts[2] = {{.name = "metadata", .filename = path_name(plan->metadata)}};
        ClientRequest request = {.method = "POST",
                                 .path = "/1.0/images",
                                 .headers = &headers,
                                 .progress = progress_transfer,
                                 .progress_userdata = &progress};
        if (open_file(plan->metadata, &metadata, err) < 0)
                return -1;
        add_headers(cli, plan, &headers);
        if (plan->rootfs != NULL) {
                if (open_file(plan->rootfs, &rootfs, err) < 0)
                        return -1;
                parts[0].fd = metadata;
                parts[1] = (ClientPart){is_disk(rootfs) ? "rootfs.img" : "rootfs",
                                        path_name(plan->rootfs), rootfs};
                request.parts = parts;
                request.part_count = 2;
        } else {
                request.has_fd = true;
                request.fd = metadata;
        }
        progress_start(&progress, cli, "Transferring image");
        return cli_operate(cli, client, &request, ret, err);
}

static int import_url(Cli *cli, Client *client, const ImportPlan *plan, json_t **ret,
                      Error **err) {
        json_t *properties = json_object();
        json_t *body = json_pack("{s:{s:s,s:s,s:s},s:b,s:o}", "source", "type", "url", "mode",
                                 "pull", "url", plan->metadata, "public",
                                 (int) cli_flag(cli, "public"), "properties", properties);
        const ClientRequest request = {.method = "POST", .path = "/1.0/images", .body = body};
        int result;
        for (size_t i = 0; i < plan->properties.count; i++)
                field_set_text(properties, plan->properties.items[i].key,
                               plan->properties.items[i].value);
        result = cli_operate(cli, client, &request, ret, err);
        json_decref(body);
        return result;
}

static int run_import(Cli *cli, Error **err) {
        _cleanup_(plan_done) ImportPlan plan = {};
        _cleanup_free_ char *name = NULL;
        const char *fingerprint;
        Client *client;
        json_t *operation;
        bool url;
        int result;
        if (plan_import(cli, &plan, err) < 0 ||
            cli_resolve_optional(cli, plan.remote, &client, &name, err) < 0)
                return -1;
        url = str_has_prefix(plan.metadata, "https://");
        if (str_has_prefix(plan.metadata, "http://"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Only https:// is supported for remote image import");
        result = url ? import_url(cli, client, &plan, &operation, err)
                     : upload(cli, client, &plan, &operation, err);
        if (result < 0)
                return -1;
        fingerprint = field_text(field_get(operation, "metadata"), "fingerprint");
        cli_say(cli, "Image imported with fingerprint: %s", fingerprint);
        result = image_add_aliases(client, cli_list(cli, "alias"), fingerprint, false, err);
        json_decref(operation);
        return result;
}

/* --- export --- */

/* The name in "inline;filename=NAME". */
static char *sent_name(const ClientResponse *head, const char *initial) {
        const char *disposition = strmap_get(&head->headers, "content-disposition");
        const char *name = disposition != NULL ? strstr(disposition, "filename=") : NULL;
        _cleanup_free_ char *text = NULL;
        if (name == NULL)
                return str_dup(initial);
        name += strlen("filename=");
        if (*name == '"')
                name++;
        text = str_ndup(name, strcspn(name, "\";"));
        return str_dup(*path_name(text) != '\0' ? path_name(text) : initial);
}

/* Where a unified image goes: a directory takes the server's name, a new name its ending. */
static char *unified_path(const char *target, const char *name, const char *fingerprint) {
        const char *ending = str_after_prefix(name, fingerprint);
        if (path_is_directory(target))
                return path_join(target, name);
        return str_printf("%s%s", target, ending != NULL ? ending : "");
}

static int export_unified(ClientDownload *download, const char *path, Progress *progress,
                          Error **err) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                return error_errno(err, errno, "Cannot create %s", path);
        if (client_download_to_fd(download, fd, progress_transfer, progress, err) < 0) {
                (void) unlink(path);
                return -1;
        }
        return 0;
}

static int run_export(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL, *fingerprint = NULL, *path = NULL, *sent = NULL,
                            *file = NULL;
        _cleanup_response_ ClientResponse head = {};
        _cleanup_download_ ClientDownload *download = NULL;
        _cleanup_progress_ Progress progress = {};
        const char *target = cli_count(cli) > 1 ? cli_argument(cli, 1) : ".", *type;
        ClientRequest request = {};
        Client *client;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            image_find(client, name, cli_flag(cli, "vm") ? "virtual-machine" : NULL, &fingerprint,
                       err) < 0)
                return -1;
        path = client_url("/1.0/images/{}/export", fingerprint, NULL);
        request.path = path;
        if (client_download(client, &request, &head, &download, err) < 0)
                return -1;
        progress_start(&progress, cli, "Exporting the image");
        type = strmap_get(&head.headers, "content-type");
        sent = sent_name(&head, fingerprint);
        file = unified_path(target, sent, fingerprint);
        if (str_has_prefix(type, "multipart/form-data")) {
                if (multipart_save(download, type, target, &progress, err) < 0)
                        return -1;
        } else if (export_unified(download, file, &progress, err) < 0) {
                return -1;
        }
        progress_done(&progress);
        cli_say(cli, "Image exported successfully!");
        return 0;
}

/* --- copy --- */

/* Both ends on one daemon, in two projects: the daemon copies by itself. */
static int run_copy(Cli *cli, Error **err) {
        _cleanup_free_ char *remote = NULL, *name = NULL, *target = NULL, *rest = NULL,
                            *fingerprint = NULL, *path = NULL;
        const ClientRemote *source;
        const char *project = cli_text(cli, "target-project");
        Client *client;
        json_t *body, *operation;
        ClientRequest request = {.method = "POST"};
        bool foreign;
        int result;
        if (cli_split(cli, cli_argument(cli, 0), &remote, &name, err) < 0 ||
            cli_split(cli, cli_argument(cli, 1), &target, &rest, err) < 0 ||
            cli_client(cli, target, &client, err) < 0)
                return -1;
        source = client_config_remote(cli->config, remote);
        foreign = str_has_prefix(source->address, "https:");
        if (!foreign && project == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "The source and target servers must be different");
        if (foreign) {
                body = json_pack("{s:{s:s,s:s,s:s,s:s,s:s}}", "source", "type", "image", "mode",
                                 "pull", "server", source->address, "protocol",
                                 str_is_empty(source->protocol) ? "lxd" : source->protocol, "alias",
                                 name);
        } else {
                if (image_find(client, name, NULL, &fingerprint, err) < 0)
                        return -1;
                body = json_pack("{s:{s:s,s:s,s:s,s:s}}", "source", "type", "image", "mode", "pull",
                                 "fingerprint", fingerprint, "project",
                                 client_project(client) != NULL ? client_project(client)
                                                                : "default");
        }
        json_object_set_new(body, "public", json_boolean(cli_flag(cli, "public")));
        json_object_set_new(body, "auto_update", json_boolean(cli_flag(cli, "auto-update")));
        path = str_dup("/1.0/images");
        if (project != NULL)
                path = client_url_query(TAKE_PTR(path), "project", project);
        request.path = path;
        request.body = body;
        result = cli_operate(cli, client, &request, &operation, err);
        json_decref(body);
        if (result < 0)
                return -1;
        cli_say(cli, "Image copied successfully!");
        if (project != NULL)
                client_set_project(client, project);
        result = image_add_aliases(client, cli_list(cli, "alias"),
                                   field_text(field_get(operation, "metadata"), "fingerprint"),
                                   false, err);
        json_decref(operation);
        return result;
}

static const Option import_options[] = {
        {"alias", 0, OPTION_LIST, "ALIAS", "Alias of the new image"},
        {"public", 0, OPTION_FLAG, NULL, "Let everybody have it"},
        {}};

const Command command_image_import = {
        .name = "import",
        .arguments = "<tarball>|<URL> [<rootfs tarball>] [<remote>:] [key=value...]",
        .summary = "Import an image from files or a URL",
        .details = "One file is a unified image: metadata.yaml, rootfs/ and templates/. Two files "
                   "are the metadata (with the templates) and the root file system, which may be "
                   "a squashfs. key=value are properties.",
        .examples = "berth image import debian.tar.xz --alias debian\n"
                    "berth image import meta.tar.xz rootfs.squashfs --alias debian os=debian",
        .options = import_options,
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_FILE},
        .run = run_import,
};

static const Option export_options[] = {
        {"vm", 0, OPTION_FLAG, NULL, "Look among images of virtual machines"}, {}};

const Command command_image_export = {
        .name = "export",
        .arguments = "[<remote>:]<image> [<target>]",
        .summary = "Export an image to files",
        .details = "The target is a directory or the name without its ending; the working "
                   "directory when it is left out.",
        .options = export_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE, COMPLETE_FILE},
        .run = run_export,
};

static const Option copy_options[] = {
        {"alias", 0, OPTION_LIST, "ALIAS", "Alias of the copy"},
        {"auto-update", 0, OPTION_FLAG, NULL, "Keep the copy up to date"},
        {"public", 0, OPTION_FLAG, NULL, "Let everybody have it"},
        {"target-project", 0, OPTION_TEXT, "PROJECT", "Project of the copy", NULL,
         COMPLETE_PROJECT},
        {}};

const Command command_image_copy = {
        .name = "copy",
        .aliases = "cp",
        .arguments = "[<remote>:]<image> <remote>:",
        .summary = "Copy an image to another server or project",
        .options = copy_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE, COMPLETE_REMOTE},
        .run = run_copy,
};
