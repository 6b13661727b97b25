#include "rest/storage_volumes/storage_volumes.h"

#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "rest/context.h"

const char *rest_volume_project(const RestRequest *request, int64_t type) {
        return type == STORAGE_VOLUME_CUSTOM  ? request->effective_project
               : type == STORAGE_VOLUME_IMAGE ? "default"
                                              : request->project;
}

int rest_volume_load(RestRequest *request, const char *name, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        StorageVolumeRow row = {}, key = {.pool = request->parameters[0], .name = (char *) name};
        _cleanup_(storage_pool_row_done) StoragePoolRow pool = {};
        if (volume_type_parse(request->parameters[1], &key.type, err) < 0 ||
            database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_get(tx, key.pool, &pool, err) < 0)
                return -1;
        key.project = (char *) rest_volume_project(request, key.type);
        if (db_storage_volume_get(tx, &key, &row, err) < 0)
                return -1;
        StorageVolumeRow *entity = mem_new(StorageVolumeRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static int volume_load(RestRequest *request, Error **err) {
        return rest_volume_load(request, request->parameters[2], err);
}

void rest_volume_unload(void *entity) {
        storage_volume_row_done(entity);
        free(entity);
}

static json_t *volume_etag(RestRequest *request) {
        const StorageVolumeRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_string(row->name));
        json_array_append_new(value, json_string(volume_type_name(row->type)));
        json_array_append_new(value, json_from_strmap(&row->config));
        return value;
}

const RestEntity rest_volume_entity = {
        .load = volume_load,
        .etag = volume_etag,
        .unload = rest_volume_unload,
};

const RestEntity rest_volume_plain_entity = {
        .load = volume_load,
        .unload = rest_volume_unload,
};

int rest_volume_check_free(RestRequest *request, const StorageVolumeRow *row, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(storage_volume_row_done) StorageVolumeRow found = {};
        _cleanup_(storage_pool_row_done) StoragePoolRow pool = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_storage_pool_get(tx, row->pool, &pool, err) < 0)
                return -1;
        if (db_storage_volume_get(tx, row, &found, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0, "Volume by that name already exists");
        return 0;
}

char *rest_volume_url(const char *project, const StorageVolumeRow *row) {
        char *url = volume_url(row);
        if (!str_is_empty(project) && !str_equal(project, "default")) {
                _cleanup_free_ char *escaped = url_escape(project);
                str_replace(&url, str_printf("%s?project=%s", url, escaped));
        }
        return url;
}

json_t *rest_volume_json(RestRequest *request, const StorageVolumeRow *row,
                         const StorageVolumeUserList *users) {
        StrList used_by = {};
        volume_used_by(request->context->volumes, row, users, &used_by);
        const ApiStorageVolume volume = {
                .config = row->config,
                .description = row->description,
                .name = row->name,
                .type = (char *) volume_type_name(row->type),
                .used_by = used_by,
                .location = (char *) "none",
                .content_type = (char *) volume_content_name(row->content_type),
                .project = row->project,
                .created_at = TIME_ZERO};
        json_t *object = api_storage_volume_to_json(&volume);
        strlist_done(&used_by);
        return object;
}

Operation *rest_volume_operation(RestRequest *request, const RestVolumeOperation *spec) {
        EventRequestor requestor = rest_requestor(request);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = OPERATION_TASK,
                                               .description = spec->description,
                                               .project = request->effective_project,
                                               .hooks = spec->hooks,
                                               .userdata = spec->userdata,
                                               .requestor = &requestor});
        for (size_t i = 0; i < ARRAY_SIZE(spec->resources) && spec->resources[i].kind; i++) {
                _cleanup_free_ char *escaped = url_escape(spec->resources[i].name);
                _cleanup_free_ char *path =
                        str_printf("/1.0/%s/%s", spec->resources[i].kind, escaped);
                operation_add_resource(operation, spec->resources[i].kind, path);
        }
        return operation;
}

/* At most five events a second for each listener. */
void rest_volume_progress(void *userdata, uint64_t done, uint64_t total) {
        RestVolumeProgress *progress = userdata;
        int64_t now = time_monotonic_ns();
        if (progress->operation == NULL || now - progress->reported_ns < 200 * NS_PER_MS)
                return;
        progress->reported_ns = now;
        _cleanup_free_ char *bytes = units_format_bytes_decimal(done);
        _cleanup_free_ char *text =
                total > 0 ? str_printf("%s: %llu%%", progress->name,
                                       (unsigned long long) (done * 100 / total))
                          : str_printf("%s: %s", progress->name, bytes);
        operation_set_progress(progress->operation, progress->key, text);
}
