#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"
#include "rest/context.h"

#include <string.h>

static const char *const type_names[] = {
        [STORAGE_VOLUME_CONTAINER] = "container",
        [STORAGE_VOLUME_IMAGE] = "image",
        [STORAGE_VOLUME_CUSTOM] = "custom",
        [STORAGE_VOLUME_VIRTUAL_MACHINE] = "virtual-machine",
};

static const char *const content_names[] = {
        [STORAGE_CONTENT_FILESYSTEM] = "filesystem",
        [STORAGE_CONTENT_BLOCK] = "block",
        [STORAGE_CONTENT_ISO] = "iso",
};

const char *rest_volume_type_name(int64_t type) {
        return type >= 0 && type < (int64_t) ARRAY_SIZE(type_names) ? type_names[type] : NULL;
}

int rest_volume_type_parse(const char *name, int64_t *ret, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
                if (str_equal(type_names[i], name)) {
                        *ret = (int64_t) i;
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "Invalid storage volume type name");
}

const char *rest_volume_project(const RestRequest *request, int64_t type) {
        return type == STORAGE_VOLUME_CUSTOM  ? request->effective_project
               : type == STORAGE_VOLUME_IMAGE ? "default"
                                              : request->project;
}

static int volume_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        StorageVolumeRow row = {}, key = {.pool = request->parameters[0],
                                          .name = request->parameters[2]};
        if (rest_volume_type_parse(request->parameters[1], &key.type, err) < 0 ||
            database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        key.project = (char *) rest_volume_project(request, key.type);
        if (db_storage_volume_get(tx, &key, &row, err) < 0)
                return -1;
        StorageVolumeRow *entity = mem_new(StorageVolumeRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void volume_unload(void *entity) {
        storage_volume_row_done(entity);
        free(entity);
}

static json_t *volume_etag(RestRequest *request) {
        const StorageVolumeRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_string(row->name));
        json_array_append_new(value, json_string(rest_volume_type_name(row->type)));
        json_array_append_new(value, json_from_strmap(&row->config));
        return value;
}

const RestEntity rest_volume_entity = {
        .load = volume_load,
        .etag = volume_etag,
        .unload = volume_unload,
};

const RestEntity rest_volume_plain_entity = {
        .load = volume_load,
        .unload = volume_unload,
};

/* Calls `url` with the one or two names of the row. */
static char *url_of(const char *project, const StorageVolumeRow *row, const char *const head[3],
                    bool snapshots_too) {
        const char *slash = strchr(row->name, '/');
        _cleanup_free_ char *volume = slash != NULL
                                              ? str_ndup(row->name, (size_t) (slash - row->name))
                                              : str_dup(row->name);
        if (slash == NULL || !snapshots_too)
                return head[1] != NULL ? rest_url(project, "storage-pools", head[0], "volumes",
                                                  head[1], volume, NULL)
                                       : rest_url(project, head[0], volume, NULL);
        return head[1] != NULL ? rest_url(project, "storage-pools", head[0], "volumes", head[1],
                                          volume, "snapshots", slash + 1, NULL)
                               : rest_url(project, head[0], volume, "snapshots", slash + 1, NULL);
}

char *rest_volume_url(const char *project, const StorageVolumeRow *row) {
        const char *const head[] = {row->pool, rest_volume_type_name(row->type), NULL};
        return url_of(project, row, head, true);
}

static void add_users(const StorageVolumeRow *row, const StorageVolumeUserList *users,
                      StrList *ret) {
        for (size_t i = 0; i < users->count; i++) {
                const StorageVolumeUser *user = &users->items[i];
                if (!storage_volume_user_uses(user, row))
                        continue;
                _cleanup_free_ char *url =
                        rest_url(user->project, user->is_profile ? "profiles" : "instances",
                                 user->name, NULL);
                if (!strlist_has(ret, url))
                        strlist_add(ret, url);
        }
}

json_t *rest_volume_json(const StorageVolumeRow *row, const StorageVolumeUserList *users) {
        StrList used_by = {};
        const char *const heads[][3] = {{"instances"}, {"images"}};
        if (row->type == STORAGE_VOLUME_CUSTOM)
                add_users(row, users, &used_by);
        else
                strlist_take(&used_by, url_of(row->project, row,
                                              heads[row->type == STORAGE_VOLUME_IMAGE], true));
        const ApiStorageVolume volume = {
                .config = row->config,
                .description = row->description,
                .name = row->name,
                .type = (char *) rest_volume_type_name(row->type),
                .used_by = used_by,
                .location = (char *) "none",
                .content_type = (char *) content_names[row->content_type],
                .project = row->project,
                .created_at = TIME_ZERO};
        json_t *object = api_storage_volume_to_json(&volume);
        strlist_done(&used_by);
        return object;
}
