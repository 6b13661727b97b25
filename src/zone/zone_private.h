/* Shared by the files of zone/. */
#pragma once

#include "network/network.h"
#include "zone/zone.h"

#include <pthread.h>

struct Zones {
        Database *database;
        Networks *networks;
        pthread_mutex_t lock; /* of what follows */
        Table *shown;         /* by name: what was answered last, and its serial */
};

/* The items of a zone list in a network's config. */
bool zone_is_named(const char *list, const char *name);
/* All of a zone as it is now; the serial is `serial`. */
int zone_content(Zones *zones, const NetworkObjectRow *zone, uint32_t serial, DnsZone *ret,
                 Error **err) _must_check_;
