/* What the name server asks: keys, and zones for those that may see them.
 *
 * A zone is made anew at most every two seconds, and when the database changed, so that a flood of
 * queries costs little. Its serial moves when its content does; after a start of the daemon it
 * begins with the time. */
#include "zone/zone_private.h"

#include "base/memory.h"
#include "base/times.h"
#include "http/certificate.h"
#include "json/digest.h"

#include <string.h>

#define FRESH_NS (2 * NS_PER_SECOND)

typedef struct Shown {
        DnsZone zone;
        int64_t made_ns; /* monotonic */
        uint64_t generation;
        char *digest;
        uint32_t serial;
} Shown;

static void shown_free(void *value) {
        Shown *shown = value;
        dns_zone_done(&shown->zone);
        free(shown->digest);
        free(shown);
}

Zones *zones_new(Database *database, struct Networks *networks) {
        Zones *zones = mem_new(Zones);
        *zones = (Zones){.database = database,
                         .networks = networks,
                         .shown = table_new(shown_free)};
        pthread_mutex_init(&zones->lock, NULL);
        return zones;
}

static void copy_zone(DnsZone *to, const DnsZone *from) {
        *to = (DnsZone){.name = from->name, .count = from->count, .capacity = from->count};
        to->records = mem_new_array(DnsRecord, from->count);
        for (size_t i = 0; i < from->count; i++) {
                to->records[i] = from->records[i];
                to->records[i].data = mem_copy(from->records[i].data, from->records[i].size);
        }
}

/* Of all but the SOA, which has the serial in it. */
static char *digest_of(const DnsZone *zone) {
        Digest *digest = digest_new();
        for (size_t i = 1; i < zone->count; i++) {
                const DnsRecord *record = &zone->records[i];
                digest_add(digest, record->name.bytes, record->name.length);
                digest_add(digest, &record->type, sizeof record->type);
                digest_add(digest, &record->ttl, sizeof record->ttl);
                digest_add(digest, record->data, record->size);
        }
        char *hex = digest_hex(digest);
        digest_free(digest);
        return hex;
}

static int make(Zones *zones, const NetworkObjectRow *row, const Shown *before, Shown *ret,
                Error **err) {
        uint32_t now = (uint32_t) (time_now_ns() / NS_PER_SECOND);
        uint32_t serial = before != NULL ? before->serial : now;
        Shown shown = {.generation = database_generation(zones->database)};
        if (zone_content(zones, row, serial, &shown.zone, err) < 0)
                return -1;
        shown.digest = digest_of(&shown.zone);
        if (before != NULL && !str_equal(before->digest, shown.digest)) {
                serial = MAX_OF(now, before->serial + 1);
                dns_zone_done(&shown.zone);
                if (zone_content(zones, row, serial, &shown.zone, err) < 0) {
                        free(shown.digest);
                        return -1;
                }
        }
        shown.serial = serial;
        shown.made_ns = time_monotonic_ns();
        *ret = shown;
        return 0;
}

static int show(Zones *zones, const NetworkObjectRow *row, DnsZone *ret, Error **err) {
        pthread_mutex_lock(&zones->lock);
        Shown *known = table_get(zones->shown, row->name), made;
        int result = 0;
        bool fresh = known != NULL &&
                     known->generation == database_generation(zones->database) &&
                     time_monotonic_ns() - known->made_ns < FRESH_NS;
        if (!fresh) {
                result = make(zones, row, known, &made, err);
                if (result == 0) {
                        known = mem_copy(&made, sizeof made);
                        table_set(zones->shown, row->name, known);
                }
        }
        if (result == 0)
                copy_zone(ret, &known->zone);
        pthread_mutex_unlock(&zones->lock);
        return result;
}

static int load_zones(Zones *zones, NetworkObjectRowList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(zones->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_network_object_list(tx, NETWORK_ZONE, 0, ret, err);
}

/* The parts of "peers.NAME.KIND"; false for other keys. */
static bool is_peer_key(const char *key, const char *kind, char **ret_name) {
        const char *rest = str_after_prefix(key, "peers.");
        const char *dot = rest != NULL ? strchr(rest, '.') : NULL;
        if (dot == NULL || !str_equal(dot + 1, kind))
                return false;
        *ret_name = str_ndup(rest, (size_t) (dot - rest));
        return true;
}

/* A peer's key is called "ZONE_PEER.". */
static bool key_has_name(const NetworkObjectRow *zone, const char *peer, const DnsName *key) {
        _cleanup_free_ char *text = str_printf("%s_%s", zone->name, peer);
        DnsName name;
        return dns_name_parse(text, NULL, &name, NULL) == 0 && dns_name_equal(&name, key);
}

static bool decode_secret(const char *text, DnsSecret *ret) {
        _cleanup_free_ void *bytes = NULL;
        size_t size;
        if (http_base64_decode(text, &bytes, &size, NULL) < 0 || size == 0 ||
            size > sizeof ret->bytes)
                return false;
        memcpy(ret->bytes, bytes, size);
        ret->size = size;
        return true;
}

static bool find_secret(void *userdata, const DnsName *key, DnsSecret *ret) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        if (load_zones(userdata, &rows, NULL) < 0)
                return false;
        for (size_t z = 0; z < rows.count; z++) {
                const StrMap *config = &rows.items[z].config;
                for (size_t i = 0; i < config->count; i++) {
                        _cleanup_free_ char *peer = NULL;
                        if (is_peer_key(config->items[i].key, "key", &peer) &&
                            key_has_name(&rows.items[z], peer, key))
                                return decode_secret(config->items[i].value, ret);
                }
        }
        return false;
}

/* What a peer has of address and key must both fit; one that has neither lets nobody in. */
static bool peer_fits(const NetworkObjectRow *zone, const char *peer, const DnsClient *client) {
        _cleanup_free_ char *address_key = str_printf("peers.%s.address", peer);
        _cleanup_free_ char *secret_key = str_printf("peers.%s.key", peer);
        const char *address = strmap_get(&zone->config, address_key);
        bool needs_key = !str_is_empty(strmap_get(&zone->config, secret_key));
        if (str_is_empty(address) && !needs_key)
                return false;
        if (!str_is_empty(address) && !str_equal(address, client->address))
                return false;
        return !needs_key || (client->key != NULL && key_has_name(zone, peer, client->key));
}

static bool is_allowed(const NetworkObjectRow *zone, const DnsClient *client) {
        static const char *const kinds[] = {"address", "key"};
        for (size_t i = 0; i < zone->config.count; i++)
                for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                        _cleanup_free_ char *peer = NULL;
                        if (is_peer_key(zone->config.items[i].key, kinds[k], &peer) &&
                            peer_fits(zone, peer, client))
                                return true;
                }
        return false;
}

static int find_zone(void *userdata, const DnsName *name, const DnsClient *client, DnsZone *ret,
                     Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        const NetworkObjectRow *best = NULL;
        size_t best_length = 0;
        if (load_zones(userdata, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                DnsName zone;
                if (dns_name_parse(rows.items[i].name, NULL, &zone, NULL) == 0 &&
                    zone.length > best_length && dns_name_is_in(name, &zone)) {
                        best = &rows.items[i];
                        best_length = zone.length;
                }
        }
        if (best == NULL || !is_allowed(best, client))
                return error_set(err, ERROR_NOT_FOUND, 0, "Network zone not found");
        return show(userdata, best, ret, err);
}

DnsSource zones_source(Zones *zones) {
        return (DnsSource){find_secret, find_zone, zones};
}
