#include "cli/commands/backup.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"
#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A backup that we cannot fetch or delete goes away by itself. */
#define EXPIRY_NS (INT64_C(24) * 3600 * NS_PER_SECOND)

/* --- export --- */

static int make_backup(Cli *cli, const BackupPlan *plan, char **ret_path, Error **err) {
        char expiry[TIME_TEXT_SIZE];
        _cleanup_free_ char *path = str_printf("%s/backups", plan->path);
        ClientRequest request = {.method = "POST", .path = path};
        json_t *body, *operation;
        const char *url;
        int result;
        time_format_rfc3339(time_now_ns() + EXPIRY_NS, expiry);
        body = json_pack("{s:s,s:s,s:b,s:b,s:s}", "name", "", "expires_at", expiry, plan->only_key,
                         (int) plan->only, "optimized_storage", (int) plan->optimized,
                         "compression_algorithm",
                         plan->compression != NULL ? plan->compression : "");
        request.body = body;
        result = cli_operate(cli, plan->client, &request, &operation, err);
        json_decref(body);
        if (result < 0)
                return -1;
        url = json_string_value(json_array_get(
                field_get(field_get(operation, "resources"), "backups"), 0));
        if (url == NULL)
                result = error_set(err, ERROR_INTERNAL, 0, "The server did not name the backup");
        else
                *ret_path = str_printf("%s/%.*s", path,
                                       (int) strcspn(strrchr(url, '/') + 1, "?"),
                                       strrchr(url, '/') + 1);
        json_decref(operation);
        return result;
}

/* The ending that the file's first bytes call for. */
static const char *ending_of(const char *path) {
        static const struct {
                const char *magic;
                size_t size;
                const char *ending;
        } kinds[] = {
                {"BZ", 2, ".tar.bz2"},       {"\x1f\x8b", 2, ".tar.gz"},
                {"\xfd" "7zXZ", 5, ".tar.xz"}, {"\x5d\x00\x00", 3, ".tar.lzma"},
                {"hsqs", 4, ".squashfs"},    {"\x28\xb5\x2f\xfd", 4, ".tar.zst"},
        };
        char head[8] = "";
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, head, sizeof(head)) : 0;
        for (size_t i = 0; got == sizeof(head) && i < ARRAY_SIZE(kinds); i++) {
                if (memcmp(head, kinds[i].magic, kinds[i].size) == 0)
                        return kinds[i].ending;
        }
        return ".tar";
}

static int fetch(Cli *cli, const BackupPlan *plan, const char *path, const char *file,
                 Error **err) {
        _cleanup_free_ char *url = str_printf("%s/export", path);
        _cleanup_download_ ClientDownload *download = NULL;
        _cleanup_progress_ Progress progress = {};
        _cleanup_close_ int fd = -1;
        const ClientRequest request = {.path = url};
        if (client_download(plan->client, &request, NULL, &download, err) < 0)
                return -1;
        if (str_equal(file, "-"))
                return client_download_to_fd(download, STDOUT_FILENO, NULL, NULL, err);
        fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Cannot create %s", file);
        progress_start(&progress, cli, "Exporting the backup");
        if (client_download_to_fd(download, fd, progress_transfer, &progress, err) < 0) {
                (void) unlink(file);
                return -1;
        }
        return 0;
}

static int name_file(const char *file, const char *name, Error **err) {
        _cleanup_free_ char *final = str_printf("%s%s", name, ending_of(file));
        if (rename(file, final) < 0)
                return error_errno(err, errno, "Cannot rename %s to %s", file, final);
        return 0;
}

int backup_export(Cli *cli, const BackupPlan *plan, Error **err) {
        _cleanup_free_ char *path = NULL, *file = NULL;
        int result;
        if (client_need_extension(plan->client, plan->extension, err) < 0 ||
            make_backup(cli, plan, &path, err) < 0)
                return -1;
        file = plan->target != NULL ? str_dup(plan->target) : str_printf("%s.backup", plan->name);
        result = fetch(cli, plan, path, file, err);
        if (result == 0 && plan->target == NULL)
                result = name_file(file, plan->name, err);
        if (cli_change(cli, plan->client, "DELETE", path, NULL, result == 0 ? err : NULL) < 0)
                return -1;
        if (result == 0 && !str_equal(file, "-"))
                cli_say(cli, "Backup exported successfully!");
        return result;
}

/* --- import --- */

int backup_import(Cli *cli, Client *client, const char *path, const char *file,
                  const BackupHeaders *headers, Error **err) {
        _cleanup_progress_ Progress progress = {};
        bool standard = str_equal(file, "-");
        _cleanup_close_ int fd = standard ? -1 : open(file, O_RDONLY | O_CLOEXEC);
        const ClientRequest request = {.method = "POST",
                                       .path = path,
                                       .has_fd = true,
                                       .fd = standard ? STDIN_FILENO : fd,
                                       .headers = headers->map,
                                       .progress = progress_transfer,
                                       .progress_userdata = &progress};
        if (!standard && fd < 0)
                return error_errno(err, errno, "open %s", file);
        progress_start(&progress, cli, headers->prefix);
        return cli_operate(cli, client, &request, NULL, err);
}

/* --- instances --- */

static int run_export(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL, *path = NULL;
        BackupPlan plan = {.only_key = "instance_only",
                           .extension = "container_backup",
                           .only = cli_flag(cli, "instance-only"),
                           .optimized = cli_flag(cli, "optimized-storage"),
                           .compression = cli_text(cli, "compression"),
                           .target = cli_argument(cli, 1)};
        if (cli_resolve(cli, cli_argument(cli, 0), &plan.client, &name, err) < 0)
                return -1;
        path = client_url("/1.0/instances/{}", name, NULL);
        plan.path = path;
        plan.name = name;
        return backup_export(cli, &plan, err);
}

/* [remote:] FILE [NAME]; the remote may be left out. */
static int run_import(Cli *cli, Error **err) {
        const char *first = cli_argument(cli, 0);
        size_t at = cli_count(cli) > 1 && str_has_suffix(first, ":") ? 1 : 0;
        _cleanup_free_ char *rest = NULL;
        _cleanup_strmap_ StrMap map = {};
        const BackupHeaders headers = {"Importing instance", &map};
        const char *name = cli_argument(cli, at + 1);
        Client *client;
        if (cli_resolve_optional(cli, at > 0 ? first : NULL, &client, &rest, err) < 0)
                return -1;
        if (client_need_extension(client, "container_backup", err) < 0)
                return -1;
        if (!str_is_empty(cli_text(cli, "storage")))
                strmap_set(&map, "X-LXD-pool", cli_text(cli, "storage"));
        if (name != NULL)
                strmap_set(&map, "X-LXD-name", name);
        return backup_import(cli, client, "/1.0/instances", cli_argument(cli, at), &headers, err);
}

static const Option export_options[] = {
        {"instance-only", 0, OPTION_FLAG, NULL, "Without snapshots"},
        {"optimized-storage", 0, OPTION_FLAG, NULL,
         "In the pool's own format, which only a pool of the same kind can read"},
        {"compression", 0, OPTION_TEXT, "ALGORITHM", "Compression, or none"},
        {}};

const Command command_export = {
        .name = "export",
        .arguments = "[<remote>:]<instance> [target]",
        .summary = "Export an instance to a backup file",
        .details = "Without a target the file is called like the instance; \"-\" is standard "
                   "output.",
        .examples = "berth export c1 c1.tar.gz",
        .options = export_options,
        .minimum = 1,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_FILE},
        .run = run_export,
};

static const Option import_options[] = {
        {"storage", 's', OPTION_TEXT, "POOL", "Storage pool", NULL, COMPLETE_POOL}, {}};

const Command command_import = {
        .name = "import",
        .arguments = "[<remote>:] <backup file> [<instance name>]",
        .summary = "Import an instance from a backup file",
        .examples = "berth import c1.tar.gz\n"
                    "berth import c1.tar.gz c2",
        .options = import_options,
        .minimum = 1,
        .maximum = 3,
        .completers = {COMPLETE_FILE},
        .run = run_import,
};
