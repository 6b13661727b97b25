/* Volumes on their way: copies, snapshots, backups. */
#include "base/files.h"
#include "base/memory.h"
#include "cli/commands/backup.h"
#include "cli/commands/volume.h"
#include "cli/fields.h"

#include <string.h>

/* "[remote:]pool/volume[/snapshot]" */
typedef struct VolumePlace {
        Client *client;
        char *pool;
        VolumeName name;
} VolumePlace;

static void place_done(VolumePlace *place) {
        free(place->pool);
        volume_name_done(&place->name);
}

static int find_place(Cli *cli, const char *argument, VolumePlace *place, Error **err) {
        _cleanup_free_ char *text = NULL;
        const char *slash;
        if (cli_resolve(cli, argument, &place->client, &text, err) < 0)
                return -1;
        slash = strchr(text, '/');
        if (slash == NULL || slash == text || slash[1] == '\0')
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is not of the form POOL/VOLUME",
                                 argument);
        place->pool = str_ndup(text, (size_t) (slash - text));
        volume_name_parse(slash + 1, &place->name);
        return 0;
}

static int find_both(Cli *cli, VolumePlace *from, VolumePlace *to, Error **err) {
        if (find_place(cli, cli_argument(cli, 0), from, err) < 0 ||
            find_place(cli, cli_argument(cli, 1), to, err) < 0)
                return -1;
        if (from->client != to->client)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Volumes are copied within one server");
        return 0;
}

static int run_copy(Cli *cli, Error **err) {
        _cleanup_(place_done) VolumePlace from = {}, to = {};
        _cleanup_free_ char *source_path = NULL, *source_name = NULL, *path = NULL;
        const char *project = cli_text(cli, "target-project");
        json_t *volume, *body;
        ClientRequest request = {.method = "POST"};
        int result;
        if (find_both(cli, &from, &to, err) < 0)
                return -1;
        source_path = volume_path(from.pool, &from.name);
        if (client_get(from.client, source_path, &volume, NULL, err) < 0)
                return -1;
        source_name = from.name.snapshot != NULL
                              ? str_printf("%s/%s", from.name.name, from.name.snapshot)
                              : str_dup(from.name.name);
        body = json_pack("{s:s,s:s,s:s,s:{s:s,s:s,s:s,s:b,s:b}}", "name", to.name.name, "type",
                         "custom", "content_type", field_text(volume, "content_type"), "source",
                         "type", "copy", "name", source_name, "pool", from.pool, "volume_only",
                         (int) cli_flag(cli, "volume-only"), "refresh",
                         (int) cli_flag(cli, "refresh"));
        json_object_set(body, "config", field_get(volume, "config"));
        json_object_set(body, "description", field_get(volume, "description"));
        json_decref(volume);
        path = client_url("/1.0/storage-pools/{}/volumes/custom", to.pool, NULL);
        if (project != NULL) {
                field_set_text(json_object_get(body, "source"), "project",
                               client_project(from.client) != NULL ? client_project(from.client)
                                                                   : "default");
                path = client_url_query(TAKE_PTR(path), "project", project);
        }
        request.path = path;
        request.body = body;
        result = cli_operate(cli, to.client, &request, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Storage volume copied successfully!");
        return result;
}

static int run_move(Cli *cli, Error **err) {
        _cleanup_(place_done) VolumePlace from = {}, to = {};
        _cleanup_free_ char *path = NULL;
        const char *project = cli_text(cli, "target-project");
        json_t *body;
        bool same;
        int result;
        if (find_both(cli, &from, &to, err) < 0)
                return -1;
        same = str_equal(from.pool, to.pool) && project == NULL;
        path = volume_path(from.pool, &from.name);
        body = json_pack("{s:s}", "name", to.name.name);
        if (!same)
                field_set_text(body, "pool", to.pool);
        if (project != NULL)
                field_set_text(body, "project", project);
        result = same ? client_change(from.client, "POST", path, body, NULL, err)
                      : cli_change(cli, from.client, "POST", path, body, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "Storage volume moved successfully!");
        return result;
}

/* --- snapshots --- */

static int remove_old(Cli *cli, const ObjectTarget *target, const char *name, Error **err) {
        _cleanup_free_ char *escaped = url_escape(name);
        _cleanup_free_ char *path = str_printf("%s/snapshots/%s", target->path, escaped);
        _cleanup_error_ Error *failed = NULL;
        if (cli_change(cli, target->client, "DELETE", path, NULL, &failed) < 0 &&
            !error_is(failed, ERROR_NOT_FOUND))
                return error_move(err, &failed);
        return 0;
}

static int run_snapshot(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL;
        const char *name = cli_count(cli) > 2 ? cli_argument(cli, 2) : "";
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        if (cli_flag(cli, "reuse") && *name != '\0' && remove_old(cli, &target, name, err) < 0)
                return -1;
        path = str_printf("%s/snapshots", target.path);
        body = json_pack("{s:s}", "name", name);
        if (cli_flag(cli, "no-expiry"))
                field_set_text(body, "expires_at", "0001-01-01T00:00:00Z");
        result = cli_change(cli, target.client, "POST", path, body, err);
        json_decref(body);
        return result;
}

static int run_restore(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL;
        json_t *volume, *body;
        int result;
        if (object_target(cli, &target, err) < 0 || object_load(&target, &volume, &etag, err) < 0)
                return -1;
        json_decref(volume);
        body = json_pack("{s:s}", "restore", cli_argument(cli, 2));
        result = client_change(target.client, "PUT", target.path, body, etag, err);
        json_decref(body);
        return result;
}

/* --- backups --- */

static int run_export(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        BackupPlan plan = {};
        if (object_target(cli, &target, err) < 0)
                return -1;
        plan = (BackupPlan){.client = target.client,
                            .path = target.path,
                            .name = path_name(target.name),
                            .only_key = "volume_only",
                            .extension = "custom_volume_backup",
                            .only = cli_flag(cli, "volume-only"),
                            .optimized = cli_flag(cli, "optimized-storage"),
                            .compression = cli_text(cli, "compression"),
                            .target = cli_argument(cli, 2)};
        return backup_export(cli, &plan, err);
}

static int run_import(Cli *cli, Error **err) {
        _cleanup_free_ char *pool = NULL, *path = NULL;
        _cleanup_strmap_ StrMap headers = {};
        const char *file = cli_argument(cli, 1), *name = cli_argument(cli, 2);
        Client *client;
        if (cli_resolve(cli, cli_argument(cli, 0), &client, &pool, err) < 0)
                return -1;
        path = client_url("/1.0/storage-pools/{}/volumes/custom", pool, NULL);
        if (name != NULL)
                strmap_set(&headers, "X-LXD-name", name);
        return backup_import(cli, client, path, file,
                             &(BackupHeaders){"Importing custom volume", &headers}, err);
}

static const Option copy_options[] = {
        {"mode", 0, OPTION_TEXT, "MODE", "How data goes between servers", "pull"},
        OPTION_TARGET,
        {"destination-target", 0, OPTION_TEXT, "MEMBER", "Cluster member of the copy", NULL,
         COMPLETE_MEMBER},
        {"volume-only", 0, OPTION_FLAG, NULL, "Without snapshots"},
        {"target-project", 0, OPTION_TEXT, "PROJECT", "Project of the copy", NULL,
         COMPLETE_PROJECT},
        {"refresh", 0, OPTION_FLAG, NULL, "Bring an existing copy up to date"},
        {}};

static const Option move_options[] = {
        {"mode", 0, OPTION_TEXT, "MODE", "How data goes between servers", "pull"},
        OPTION_TARGET,
        {"destination-target", 0, OPTION_TEXT, "MEMBER", "Cluster member to move to", NULL,
         COMPLETE_MEMBER},
        {"target-project", 0, OPTION_TEXT, "PROJECT", "Project to move to", NULL,
         COMPLETE_PROJECT},
        {}};

static const Option export_options[] = {
        {"volume-only", 0, OPTION_FLAG, NULL, "Without snapshots"},
        {"optimized-storage", 0, OPTION_FLAG, NULL,
         "In the pool's own format, which only a pool of the same kind can read"},
        {"compression", 0, OPTION_TEXT, "ALGORITHM", "Compression, or none"},
        OPTION_TARGET,
        {}};

static const Option snapshot_options[] = {
        {"no-expiry", 0, OPTION_FLAG, NULL, "Whatever the volume says about expiry"},
        {"reuse", 0, OPTION_FLAG, NULL, "Delete a snapshot of that name first"},
        OPTION_TARGET,
        {}};

const Command command_volume_copy = {
        .name = "copy",
        .aliases = "cp",
        .arguments = "[<remote>:]<pool>/<volume>[/<snapshot>] [<remote>:]<pool>/<volume>",
        .summary = "Copy a volume",
        .options = copy_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL},
        .run = run_copy,
};

const Command command_volume_move = {
        .name = "move",
        .aliases = "mv",
        .arguments = "[<remote>:]<pool>/<volume> [<remote>:]<pool>/<volume>",
        .summary = "Move a volume to another pool or project",
        .options = move_options,
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_POOL},
        .run = run_move,
};

const Command command_volume_snapshot = {
        .name = "snapshot",
        .arguments = "[<remote>:]<pool> <volume> [<snapshot>]",
        .summary = "Make a snapshot of a volume",
        .options = snapshot_options,
        .minimum = 2,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = run_snapshot,
};

const Command command_volume_restore = {
        .name = "restore",
        .arguments = "[<remote>:]<pool> <volume> <snapshot>",
        .summary = "Bring a volume back to a snapshot",
        .options = object_target_options,
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING},
        .kind = &kind_volume,
        .run = run_restore,
};

const Command command_volume_export = {
        .name = "export",
        .arguments = "[<remote>:]<pool> <volume> [<path>]",
        .summary = "Export a volume to a file",
        .options = export_options,
        .minimum = 2,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_NOTHING, COMPLETE_FILE},
        .kind = &kind_volume,
        .run = run_export,
};

const Command command_volume_import = {
        .name = "import",
        .arguments = "[<remote>:]<pool> <backup file> [<volume name>]",
        .summary = "Import a volume from a file",
        .options = object_target_options,
        .minimum = 2,
        .maximum = 3,
        .completers = {COMPLETE_POOL, COMPLETE_FILE, COMPLETE_NOTHING},
        .run = run_import,
};
