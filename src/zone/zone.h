/* Network zones: DNS zones of instances, and of records that users add. Thread-safe. */
#pragma once

#include "api/network_zone.h"
#include "database/network_objects.h"
#include "database/networks.h"
#include "dns/server.h"

typedef struct Zones Zones;
struct Networks;

Zones *zones_new(Database *database, struct Networks *networks); /* both borrowed */
DnsSource zones_source(Zones *zones);

int zone_create(Zones *zones, const char *project, const ApiNetworkZonesPost *post, Error **err)
        _must_check_;
int zone_update(Zones *zones, const NetworkObjectRow *zone, const ApiNetworkZonePut *put,
                Error **err) _must_check_;
int zone_delete(Zones *zones, const char *project, const NetworkObjectRow *zone, Error **err)
        _must_check_;
int zone_get(Zones *zones, const char *project, const char *name, NetworkObjectRow *ret,
             Error **err) _must_check_;
int zone_list(Zones *zones, const char *project, NetworkObjectRowList *ret, Error **err)
        _must_check_;
/* URLs of networks. */
int zone_used_by(Zones *zones, const char *project, const char *name, StrList *ret, Error **err)
        _must_check_;
/* The zones that a network names are there: "Network zone "x" doesn't exist". */
int zone_check_network(Zones *zones, const NetworkRow *network, Error **err) _must_check_;

/* Records: "@" is the zone itself, "*" what has no name of its own. */
int zone_record_create(Zones *zones, const NetworkObjectRow *zone,
                       const ApiNetworkZoneRecordsPost *post, Error **err) _must_check_;
int zone_record_update(Zones *zones, const NetworkObjectRow *zone, const NetworkObjectRow *record,
                       const ApiNetworkZoneRecordPut *put, Error **err) _must_check_;
int zone_record_delete(Zones *zones, const NetworkObjectRow *record, Error **err) _must_check_;
int zone_record_get(Zones *zones, const NetworkObjectRow *zone, const char *name,
                    NetworkObjectRow *ret, Error **err) _must_check_;
int zone_record_list(Zones *zones, const NetworkObjectRow *zone, NetworkObjectRowList *ret,
                     Error **err) _must_check_;
/* `ret` is initialised by the caller. */
int zone_record_read(const NetworkObjectRow *row, ApiNetworkZoneRecord *ret, Error **err)
        _must_check_;
