/* What a zone holds: its head, the instances of the networks that name it, and its own records. */
#include "zone/zone_private.h"

#include "base/ip.h"
#include "base/log.h"
#include "base/memory.h"
#include "database/projects.h"

#include <string.h>

#define TTL 300
#define SOA_TTL 3600

typedef struct Builder {
        Zones *zones;
        const NetworkObjectRow *row;
        DnsZone *zone;
        bool with_nat; /* also addresses that NAT hides */
} Builder;

static int add_head(const Builder *builder, uint32_t serial, Error **err) {
        const char *list = strmap_get(&builder->row->config, "dns.nameservers");
        const char *zone = builder->row->name;
        _cleanup_strlist_ StrList servers = {};
        if (!str_is_empty(list))
                strlist_split(&servers, list, ", ", true);
        _cleanup_free_ char *primary = servers.count > 0 ? str_dup(servers.items[0])
                                                         : str_printf("hostmaster.%s", zone);
        bool dot = str_has_suffix(primary, ".");
        _cleanup_free_ char *soa = str_printf("%s. %s%s %u 120 60 86400 30", zone, primary,
                                              dot ? "" : ".", serial);
        if (dns_zone_add(builder->zone, &builder->zone->name, "SOA", SOA_TTL, soa, err) < 0)
                return -1;
        for (size_t i = 0; i < servers.count; i++) {
                dot = str_has_suffix(servers.items[i], ".");
                _cleanup_free_ char *server = str_printf("%s%s", servers.items[i], dot ? "" : ".");
                if (dns_zone_add(builder->zone, &builder->zone->name, "NS", TTL, server, err) < 0)
                        return -1;
        }
        return 0;
}

/* Letters, digits, hyphens and dots: what else a guest calls itself is not for others' ears. */
static bool is_host(const char *name) {
        return !str_is_empty(name) &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
                       strlen(name);
}

static char *reverse_name(const IpAddress *address) {
        StrBuf name = {};
        if (address->family == AF_INET) {
                strbuf_printf(&name, "%u.%u.%u.%u.in-addr.arpa", address->bytes[3],
                              address->bytes[2], address->bytes[1], address->bytes[0]);
                return strbuf_take(&name);
        }
        for (int i = 15; i >= 0; i--)
                strbuf_printf(&name, "%x.%x.", address->bytes[i] & 15, address->bytes[i] >> 4);
        strbuf_add(&name, "ip6.arpa");
        return strbuf_take(&name);
}

/* Names that do not fit, and addresses outside the zone, are left out. */
static void add_forward(const Builder *builder, const ApiNetworkLease *lease, int family) {
        DnsName name;
        if (dns_name_parse(lease->hostname, &builder->zone->name, &name, NULL) == 0)
                (void) !dns_zone_add(builder->zone, &name, family == AF_INET ? "A" : "AAAA", TTL,
                                     lease->address, NULL);
}

static void add_reverse(const Builder *builder, const NetworkRow *network,
                        const ApiNetworkLease *lease, const IpAddress *address) {
        _cleanup_free_ char *reverse = reverse_name(address);
        _cleanup_strlist_ StrList forward = {};
        const char *list = strmap_get(&network->config, "dns.zone.forward");
        DnsName name;
        if (!str_is_empty(list))
                strlist_split(&forward, list, ", ", true);
        if (forward.count == 0 || dns_name_parse(reverse, NULL, &name, NULL) < 0 ||
            !dns_name_is_in(&name, &builder->zone->name))
                return;
        _cleanup_free_ char *target = str_printf("%s.%s.", lease->hostname, forward.items[0]);
        (void) !dns_zone_add(builder->zone, &name, "PTR", TTL, target, NULL);
}

static bool is_named(const NetworkRow *network, const char *key, const char *zone) {
        return zone_is_named(strmap_get(&network->config, key), zone);
}

static void add_lease(const Builder *builder, const NetworkRow *network,
                      const ApiNetworkLease *lease) {
        const char *zone = builder->row->name;
        IpAddress address;
        if (!is_host(lease->hostname) || !ip_parse(lease->address, &address))
                return;
        bool six = address.family == AF_INET6;
        bool hidden = str_is_true(strmap_get(&network->config, six ? "ipv6.nat" : "ipv4.nat"));
        if (hidden && !builder->with_nat)
                return;
        if (is_named(network, "dns.zone.forward", zone))
                add_forward(builder, lease, address.family);
        if (is_named(network, six ? "dns.zone.reverse.ipv6" : "dns.zone.reverse.ipv4", zone))
                add_reverse(builder, network, lease, &address);
}

/* The leases that instances of all projects have there. */
static int add_network(const Builder *builder, const NetworkRow *network,
                       const ProjectRowList *projects, Error **err) {
        for (size_t p = 0; p < projects->count; p++) {
                ApiNetworkLeaseList leases = {};
                if (network_leases(builder->zones->networks, network, projects->items[p].name,
                                   &leases, err) < 0)
                        return -1;
                for (size_t i = 0; i < leases.count; i++)
                        add_lease(builder, network, &leases.items[i]);
                network_lease_list_done(&leases);
        }
        return 0;
}

static int add_records(const Builder *builder, const NetworkObjectRowList *rows, Error **err) {
        for (size_t r = 0; r < rows->count; r++) {
                _cleanup_(api_network_zone_record_done) ApiNetworkZoneRecord record;
                DnsName name;
                api_network_zone_record_init(&record);
                if (zone_record_read(&rows->items[r], &record, err) < 0 ||
                    dns_name_parse(record.name, &builder->zone->name, &name, err) < 0)
                        return -1;
                for (size_t i = 0; i < record.entries.count; i++) {
                        const ApiNetworkZoneRecordEntry *entry = &record.entries.items[i];
                        _cleanup_error_ Error *failed = NULL;
                        uint32_t ttl = entry->ttl > 0 ? (uint32_t) entry->ttl : TTL;
                        if (dns_zone_add(builder->zone, &name, entry->type, ttl, entry->value,
                                         &failed) < 0)
                                log_warning("Record %s of zone %s is left out: %s", record.name,
                                            builder->row->name, error_message(failed));
                }
        }
        return 0;
}

static bool uses_zone(const NetworkRow *network, const char *zone) {
        static const char *const keys[] = {"dns.zone.forward", "dns.zone.reverse.ipv4",
                                           "dns.zone.reverse.ipv6"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (is_named(network, keys[i], zone))
                        return true;
        return false;
}

int zone_content(Zones *zones, const NetworkObjectRow *row, uint32_t serial, DnsZone *ret,
                 Error **err) {
        _cleanup_dns_zone_ DnsZone zone = {};
        _cleanup_(network_row_list_done) NetworkRowList networks = {};
        _cleanup_(project_row_list_done) ProjectRowList projects = {};
        _cleanup_network_object_row_list_ NetworkObjectRowList records = {};
        _cleanup_transaction_ Transaction *tx = NULL;
        const Builder builder = {zones, row, &zone,
                                 !str_is_false(strmap_get(&row->config, "network.nat"))};
        if (dns_name_parse(row->name, NULL, &zone.name, err) < 0 ||
            add_head(&builder, serial, err) < 0 ||
            database_begin(zones->database, DATABASE_READ, &tx, err) < 0 ||
            db_network_list(tx, NULL, &networks, err) < 0 ||
            db_project_list(tx, &projects, err) < 0 ||
            db_network_object_list(tx, NETWORK_ZONE_RECORD, row->id, &records, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        for (size_t i = 0; i < networks.count; i++)
                if (uses_zone(&networks.items[i], row->name) &&
                    add_network(&builder, &networks.items[i], &projects, err) < 0)
                        return -1;
        if (add_records(&builder, &records, err) < 0)
                return -1;
        *ret = zone;
        zone = (DnsZone){};
        return 0;
}
