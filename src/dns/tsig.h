/* Signatures of messages with a shared secret (TSIG, RFC 8945). */
#pragma once

#include "dns/message.h"

typedef struct DnsSecret {
        unsigned char bytes[256];
        size_t size;
} DnsSecret;

/* 0, or the code to answer with: 16 bad signature, 17 bad key, 18 bad time. `now`: seconds. */
unsigned dns_tsig_verify(const unsigned char *data, const DnsQuery *query,
                         const DnsSecret *secret, uint64_t now);

/* Appends the signature to an answer. `previous`, which begins as the query's signature, becomes
 * this one's; `first`: the first message of the answer. */
void dns_tsig_sign(StrBuf *message, const DnsSecret *secret, DnsSignature *previous, bool first,
                   uint64_t now);
/* The record that says what was wrong, unsigned. */
void dns_tsig_refuse(StrBuf *message, const DnsQuery *query, unsigned error, uint64_t now);
