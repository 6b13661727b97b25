/* Messages: queries in, answers out. Pure. */
#pragma once

#include "base/text.h"
#include "dns/record.h"

enum {
        DNS_OK = 0,
        DNS_FORMAT_ERROR = 1,
        DNS_SERVER_FAILURE = 2,
        DNS_NO_NAME = 3,
        DNS_NOT_IMPLEMENTED = 4,
        DNS_REFUSED = 5,
        DNS_NOT_AUTHENTIC = 9,
};

#define DNS_MAC_MAX 64

/* A query's signature; `error` is one of the extended codes of RFC 8945. */
typedef struct DnsSignature {
        bool present;
        DnsName key, algorithm;
        uint64_t time;
        uint16_t fudge, original_id, error;
        unsigned char mac[DNS_MAC_MAX];
        size_t mac_size;
        size_t offset; /* of the record in the message */
} DnsSignature;

typedef struct DnsQuery {
        uint16_t id, flags;
        DnsName name;
        unsigned type, class;
        size_t question_end; /* offset behind the question */
        bool edns;
        uint16_t udp_size; /* what the client can take */
        DnsSignature signature;
} DnsQuery;

/* DNS_OK, or the code to answer with and as much of `ret` as was read. -1: not even a header, or no
 * query at all: no answer. */
int dns_query_parse(const unsigned char *data, size_t size, DnsQuery *ret);

/* A whole answer to anything but a transfer: the records that the zone has for it. What does not
 * fit into `limit` bytes is cut, and the client told so. `zone` NULL: `code` alone. */
void dns_answer(StrBuf *out, const unsigned char *data, const DnsQuery *query,
                const DnsZone *zone, unsigned code, size_t limit);

/* The messages of a transfer, one each call: begin with *at 0; false when there are no more. Each
 * has room for a signature. */
bool dns_transfer(StrBuf *out, const unsigned char *data, const DnsQuery *query,
                  const DnsZone *zone, size_t *at);
