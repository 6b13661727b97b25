#include "api/network_zone.h"

const JsonField api_network_zones_post_fields[] = {
        JSON_STRING(ApiNetworkZonesPost, description, 0),
        JSON_STRMAP(ApiNetworkZonesPost, config, 0),
        JSON_STRING(ApiNetworkZonesPost, name, 0),
        JSON_END,
};

const JsonField api_network_zone_put_fields[] = {
        JSON_STRING(ApiNetworkZonePut, description, 0),
        JSON_STRMAP(ApiNetworkZonePut, config, 0),
        JSON_END,
};

const JsonField api_network_zone_fields[] = {
        JSON_STRING(ApiNetworkZone, description, 0),
        JSON_STRMAP(ApiNetworkZone, config, 0),
        JSON_STRING(ApiNetworkZone, name, 0),
        JSON_STRLIST(ApiNetworkZone, used_by, 0),
        JSON_STRLIST(ApiNetworkZone, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkZone, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_network_zone_record_entry_fields[] = {
        JSON_STRING(ApiNetworkZoneRecordEntry, type, 0),
        JSON_INTEGER(ApiNetworkZoneRecordEntry, ttl, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetworkZoneRecordEntry, value, 0),
        JSON_END,
};

const JsonField api_network_zone_records_post_fields[] = {
        JSON_STRING(ApiNetworkZoneRecordsPost, description, 0),
        JSON_LIST(ApiNetworkZoneRecordsPost, entries, ApiNetworkZoneRecordEntry,
                  api_network_zone_record_entry_fields, 0),
        JSON_STRMAP(ApiNetworkZoneRecordsPost, config, 0),
        JSON_STRING(ApiNetworkZoneRecordsPost, name, 0),
        JSON_END,
};

const JsonField api_network_zone_record_put_fields[] = {
        JSON_STRING(ApiNetworkZoneRecordPut, description, 0),
        JSON_LIST(ApiNetworkZoneRecordPut, entries, ApiNetworkZoneRecordEntry,
                  api_network_zone_record_entry_fields, 0),
        JSON_STRMAP(ApiNetworkZoneRecordPut, config, 0),
        JSON_END,
};

const JsonField api_network_zone_record_fields[] = {
        JSON_STRING(ApiNetworkZoneRecord, description, 0),
        JSON_LIST(ApiNetworkZoneRecord, entries, ApiNetworkZoneRecordEntry,
                  api_network_zone_record_entry_fields, 0),
        JSON_STRMAP(ApiNetworkZoneRecord, config, 0),
        JSON_STRING(ApiNetworkZoneRecord, name, 0),
        JSON_END,
};
