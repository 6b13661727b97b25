/* /1.0/network-zones and their records. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiNetworkZonesPost {
        char *description;
        StrMap config;
        char *name;
} ApiNetworkZonesPost;
API_STRUCT(ApiNetworkZonesPost, api_network_zones_post)

typedef struct ApiNetworkZonePut {
        char *description;
        StrMap config;
} ApiNetworkZonePut;
API_STRUCT(ApiNetworkZonePut, api_network_zone_put)

typedef struct ApiNetworkZone {
        char *description;
        StrMap config;
        char *name;
        StrList used_by;
        StrList access_entitlements;
        char *project;
} ApiNetworkZone;
API_STRUCT(ApiNetworkZone, api_network_zone)

typedef struct ApiNetworkZoneRecordEntry {
        char *type;
        int64_t ttl;
        char *value;
} ApiNetworkZoneRecordEntry;
API_STRUCT(ApiNetworkZoneRecordEntry, api_network_zone_record_entry)
JSON_DEFINE_LIST(ApiNetworkZoneRecordEntry);

typedef struct ApiNetworkZoneRecordsPost {
        char *description;
        ApiNetworkZoneRecordEntryList entries;
        StrMap config;
        char *name;
} ApiNetworkZoneRecordsPost;
API_STRUCT(ApiNetworkZoneRecordsPost, api_network_zone_records_post)

typedef struct ApiNetworkZoneRecordPut {
        char *description;
        ApiNetworkZoneRecordEntryList entries;
        StrMap config;
} ApiNetworkZoneRecordPut;
API_STRUCT(ApiNetworkZoneRecordPut, api_network_zone_record_put)

typedef struct ApiNetworkZoneRecord {
        char *description;
        ApiNetworkZoneRecordEntryList entries;
        StrMap config;
        char *name;
} ApiNetworkZoneRecord;
API_STRUCT(ApiNetworkZoneRecord, api_network_zone_record)
