#include "migration/negotiate.h"

#include "api/instance.h"
#include "archive/stream.h"
#include "base/memory.h"
#include "json/json.h"

#define INDEX_VERSION 1

static unsigned own_rsync(const StoragePool *pool) {
        unsigned features = RSYNC_XATTRS | RSYNC_DELETE | RSYNC_BIDIRECTIONAL;
        if (!str_is_false(strmap_get(&pool->row.config, "rsync.compression")))
                features |= RSYNC_COMPRESS;
        return features;
}

void migration_offer(const StoragePool *pool, MigrationHeader *header) {
        header->type = MIGRATION_RSYNC;
        header->rsync = own_rsync(pool);
        header->index_version = INDEX_VERSION;
        header->tree = TREE_STREAM_VERSION;
}

unsigned migration_rsync_features(const MigrationHeader *header) {
        return (header->rsync & RSYNC_BIDIRECTIONAL) != 0
                       ? header->rsync
                       : RSYNC_XATTRS | RSYNC_DELETE | RSYNC_COMPRESS;
}

void migration_choose(const StoragePool *pool, const MigrationHeader *offer, bool refresh,
                      MigrationHeader *header) {
        header->type = MIGRATION_RSYNC;
        header->rsync = own_rsync(pool) & (migration_rsync_features(offer) | RSYNC_BIDIRECTIONAL);
        header->index_version = MIN_OF(offer->index_version, (unsigned) INDEX_VERSION);
        header->tree = MIN_OF(offer->tree, (unsigned) TREE_STREAM_VERSION);
        header->refresh = refresh;
}

static json_t *volume_json(const Instance *instance, const StoragePool *pool) {
        return json_pack("{s:{}, s:s, s:s, s:s, s:[], s:s, s:s, s:s}", "config", "description", "",
                         "name", instance->row.name, "type", "container", "used_by", "location",
                         "none", "content_type", "filesystem", "pool", pool->row.name);
}

static json_t *volume_snapshots_json(const InstanceList *snapshots) {
        json_t *list = json_array();
        for (size_t i = 0; snapshots != NULL && i < snapshots->count; i++)
                json_array_append_new(list,
                                      json_pack("{s:{}, s:s, s:s, s:s}", "config", "description",
                                                "", "name", snapshots->items[i].snapshot,
                                                "content_type", "filesystem"));
        return list;
}

char *migration_index(const Instance *instance, const StoragePool *pool,
                      const InstanceList *snapshots) {
        ApiInstance api;
        instance_to_api(instance, &api);
        _cleanup_json_ json_t *index = json_pack(
                "{s:{s:o, s:[], s:n, s:[], s:o, s:o}}", "config", "Container",
                api_instance_to_json(&api), "Snapshots", "Pool", "Profiles", "Volume",
                volume_json(instance, pool), "VolumeSnapshots", volume_snapshots_json(snapshots));
        return json_dump_compact(index);
}

char *migration_index_answer(bool refresh) {
        return str_printf("{\"StatusCode\":200,\"Error\":\"\",\"Refresh\":%s}",
                          refresh ? "true" : "false");
}

int migration_index_check(const char *text, size_t size, Error **err) {
        _cleanup_json_ json_t *answer = NULL;
        if (json_parse(text != NULL ? text : "", size, &answer, err) < 0)
                return error_prefix(err, "Failed decoding migration index header response");
        if (json_integer_value(json_object_get(answer, "StatusCode")) == 200)
                return 0;
        const char *message = json_string_value(json_object_get(answer, "Error"));
        return error_set(err, ERROR_INTERNAL, 0, "Failed negotiating migration options: %s",
                         message != NULL ? message : "");
}
