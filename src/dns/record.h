/* Resource records, and their values as text. */
#pragma once

#include "dns/name.h"

enum {
        DNS_TYPE_A = 1,
        DNS_TYPE_NS = 2,
        DNS_TYPE_CNAME = 5,
        DNS_TYPE_SOA = 6,
        DNS_TYPE_PTR = 12,
        DNS_TYPE_AAAA = 28,
        DNS_TYPE_OPT = 41,
        DNS_TYPE_TSIG = 250,
        DNS_TYPE_IXFR = 251,
        DNS_TYPE_AXFR = 252,
        DNS_TYPE_ANY = 255,
};

typedef struct DnsRecord {
        DnsName name;
        unsigned type;
        uint32_t ttl;
        unsigned char *data;
        size_t size;
} DnsRecord;

/* The first record is the SOA. */
typedef struct DnsZone {
        DnsName name;
        DnsRecord *records;
        size_t count, capacity;
} DnsZone;

void dns_zone_done(DnsZone *zone);
#define _cleanup_dns_zone_ _cleanup_(dns_zone_done)

/* Adds a record with its value as zone files have it: "A" "192.0.2.1", "MX" "10 mail.example.".
 * Names without a last dot are below the zone; the type in any case. ERROR_INVALID says what is
 * wrong with the value. */
int dns_zone_add(DnsZone *zone, const DnsName *name, const char *type, uint32_t ttl,
                 const char *value, Error **err) _must_check_;
