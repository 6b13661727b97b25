/* /1.0/network-zones and their records */
#include "rest/table.h"

#include "base/memory.h"
#include "rest/context.h"
#include "zone/zone.h"

typedef struct ZoneEntity {
        NetworkObjectRow zone;
        NetworkObjectRow record; /* of one record; empty above it */
} ZoneEntity;

static void entity_unload(void *entity) {
        ZoneEntity *zone = entity;
        network_object_row_done(&zone->zone);
        network_object_row_done(&zone->record);
        free(zone);
}

static int zone_load(RestRequest *request, Error **err) {
        ZoneEntity zone = {};
        if (zone_get(request->context->zones, request->effective_project, request->parameters[0],
                     &zone.zone, err) < 0)
                return -1;
        request->entity = mem_copy(&zone, sizeof zone);
        return 0;
}

static int record_load(RestRequest *request, Error **err) {
        if (zone_load(request, err) < 0)
                return -1;
        ZoneEntity *zone = request->entity;
        return zone_record_get(request->context->zones, &zone->zone, request->parameters[1],
                               &zone->record, err);
}

static json_t *row_etag(const NetworkObjectRow *row) {
        return json_pack("[s, s, s, o]", row->name, row->description,
                         row->texts[0] != NULL ? row->texts[0] : "",
                         json_from_strmap(&row->config));
}

static json_t *zone_etag(RestRequest *request) {
        const ZoneEntity *zone = request->entity;
        return row_etag(&zone->zone);
}

static json_t *record_etag(RestRequest *request) {
        const ZoneEntity *zone = request->entity;
        return row_etag(&zone->record);
}

static const RestEntity zone_entity = {
        .load = zone_load, .etag = zone_etag, .unload = entity_unload};
static const RestEntity records_entity = {.load = zone_load, .unload = entity_unload};
static const RestEntity record_entity = {
        .load = record_load, .etag = record_etag, .unload = entity_unload};

/* --- zones --- */

static json_t *zone_json(RestRequest *request, const NetworkObjectRow *row, Error **err) {
        StrList used_by = {};
        if (zone_used_by(request->context->zones, request->effective_project, row->name, &used_by,
                         err) < 0)
                return NULL;
        const ApiNetworkZone zone = {.description = row->description,
                                     .config = row->config,
                                     .name = row->name,
                                     .used_by = used_by};
        json_t *object = api_network_zone_to_json(&zone);
        strlist_done(&used_by);
        return object;
}

static json_t *record_json(RestRequest *request, const NetworkObjectRow *row, Error **err) {
        _cleanup_(api_network_zone_record_done) ApiNetworkZoneRecord record;
        api_network_zone_record_init(&record);
        if (zone_record_read(row, &record, err) < 0)
                return NULL;
        return api_network_zone_record_to_json(&record);
}

/* `zone` NULL: of zones themselves. */
static char *url_of(const RestRequest *request, const char *project, const char *zone,
                    const char *name) {
        return zone != NULL ? rest_url(project, "network-zones", zone, "records", name, NULL)
                            : rest_url(project, "network-zones", name, NULL);
}

static int list_reply(RestRequest *request, const char *zone, const NetworkObjectRowList *rows,
                      json_t *(*to_json)(RestRequest *, const NetworkObjectRow *, Error **),
                      Error **err) {
        RestList list;
        if (rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows->count; i++) {
                _cleanup_free_ char *url =
                        url_of(request, request->effective_project, zone, rows->items[i].name);
                json_t *object = rest_list_wants_objects(&list)
                                         ? to_json(request, &rows->items[i], err)
                                         : NULL;
                rest_list_add(&list, url, object);
        }
        return rest_list_reply(&list);
}

static void emit(RestRequest *request, const char *action, const char *zone, const char *name) {
        _cleanup_free_ char *source = url_of(request, NULL, zone, name);
        rest_emit(request, action, source, NULL);
}

static int zones_get(RestRequest *request, Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        if (zone_list(request->context->zones, request->effective_project, &rows, err) < 0)
                return -1;
        return list_reply(request, NULL, &rows, zone_json, err);
}

static int zones_post(RestRequest *request, Error **err) {
        _cleanup_(api_network_zones_post_done) ApiNetworkZonesPost post;
        api_network_zones_post_init(&post);
        if (api_network_zones_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            zone_create(request->context->zones, request->effective_project, &post, err) < 0)
                return -1;
        emit(request, "network-zone-created", NULL, post.name);
        return rest_reply_created(
                request, url_of(request, request->effective_project, NULL, post.name));
}

static int zone_item_get(RestRequest *request, Error **err) {
        const ZoneEntity *zone = request->entity;
        json_t *object = zone_json(request, &zone->zone, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static int zone_put(RestRequest *request, Error **err) {
        _cleanup_(api_network_zone_put_done) ApiNetworkZonePut put;
        const ZoneEntity *zone = request->entity;
        api_network_zone_put_init(&put);
        if (rest_is_patch(request)) {
                str_replace(&put.description, str_dup(zone->zone.description));
                strmap_copy(&put.config, &zone->zone.config);
        }
        if (api_network_zone_put_read(request->body, &put,
                                      rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE,
                                      err) < 0 ||
            zone_update(request->context->zones, &zone->zone, &put, err) < 0)
                return -1;
        emit(request, "network-zone-updated", NULL, zone->zone.name);
        return rest_reply_empty(request);
}

static int zone_item_delete(RestRequest *request, Error **err) {
        const ZoneEntity *zone = request->entity;
        if (zone_delete(request->context->zones, request->effective_project, &zone->zone, err) < 0)
                return -1;
        emit(request, "network-zone-deleted", NULL, zone->zone.name);
        return rest_reply_empty(request);
}

/* --- records --- */

static int records_get(RestRequest *request, Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        const ZoneEntity *zone = request->entity;
        if (zone_record_list(request->context->zones, &zone->zone, &rows, err) < 0)
                return -1;
        return list_reply(request, zone->zone.name, &rows, record_json, err);
}

static int records_post(RestRequest *request, Error **err) {
        _cleanup_(api_network_zone_records_post_done) ApiNetworkZoneRecordsPost post;
        const ZoneEntity *zone = request->entity;
        api_network_zone_records_post_init(&post);
        if (api_network_zone_records_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            zone_record_create(request->context->zones, &zone->zone, &post, err) < 0)
                return -1;
        emit(request, "network-zone-record-created", zone->zone.name, post.name);
        return rest_reply_created(
                request, url_of(request, request->effective_project, zone->zone.name, post.name));
}

static int record_get(RestRequest *request, Error **err) {
        const ZoneEntity *zone = request->entity;
        json_t *object = record_json(request, &zone->record, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static int record_put(RestRequest *request, Error **err) {
        _cleanup_(api_network_zone_record_done) ApiNetworkZoneRecord before;
        const ZoneEntity *zone = request->entity;
        bool patch = rest_is_patch(request);
        api_network_zone_record_init(&before);
        if (patch && zone_record_read(&zone->record, &before, err) < 0)
                return -1;
        ApiNetworkZoneRecordPut put = {.description = TAKE_PTR(before.description),
                                       .entries = before.entries,
                                       .config = before.config};
        before.entries = (ApiNetworkZoneRecordEntryList){};
        before.config = (StrMap){};
        int result = api_network_zone_record_put_read(request->body, &put,
                                                      patch ? JSON_PATCH : JSON_REPLACE, err);
        if (result == 0)
                result = zone_record_update(request->context->zones, &zone->zone, &zone->record,
                                            &put, err);
        api_network_zone_record_put_done(&put);
        if (result < 0)
                return -1;
        emit(request, "network-zone-record-updated", zone->zone.name, zone->record.name);
        return rest_reply_empty(request);
}

static int record_delete(RestRequest *request, Error **err) {
        const ZoneEntity *zone = request->entity;
        if (zone_record_delete(request->context->zones, &zone->record, err) < 0)
                return -1;
        emit(request, "network-zone-record-deleted", zone->zone.name, zone->record.name);
        return rest_reply_empty(request);
}

#define FEATURE "features.networks"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/network-zones",
                .project_feature = FEATURE,
                .get = {zones_get, REST_PROJECT},
                .post = {zones_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/network-zones/{name}",
                .entity = &zone_entity,
                .project_feature = FEATURE,
                .get = {zone_item_get, REST_PROJECT},
                .put = {zone_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {zone_put, REST_PROJECT, REST_JSON_BODY},
                .delete = {zone_item_delete, REST_PROJECT, REST_NO_ETAG},
        },
        {
                .path = "/1.0/network-zones/{name}/records",
                .entity = &records_entity,
                .project_feature = FEATURE,
                .get = {records_get, REST_PROJECT},
                .post = {records_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/network-zones/{name}/records/{record}",
                .entity = &record_entity,
                .project_feature = FEATURE,
                .get = {record_get, REST_PROJECT},
                .put = {record_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {record_put, REST_PROJECT, REST_JSON_BODY},
                .delete = {record_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_network_zones_table = {endpoints, ARRAY_SIZE(endpoints)};
