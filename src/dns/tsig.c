#include "dns/tsig.h"

#include "base/memory.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define FUDGE 300
#define CLASS_ANY 255
#define ARCOUNT 10 /* offset in the header */

static const struct {
        const char *name, *digest;
} algorithms[] = {
        {"hmac-sha256.", "SHA256"}, {"hmac-sha512.", "SHA512"}, {"hmac-sha384.", "SHA384"},
        {"hmac-sha224.", "SHA224"}, {"hmac-sha1.", "SHA1"},
};

static const EVP_MD *find_digest(const DnsName *algorithm) {
        _cleanup_free_ char *name = dns_name_text(algorithm);
        for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
                if (str_equal(name, algorithms[i].name))
                        return EVP_get_digestbyname(algorithms[i].digest);
        return NULL;
}

static void put(StrBuf *out, uint64_t value, int bytes) {
        for (int i = bytes; i-- > 0;)
                strbuf_add_char(out, (char) (value >> (8 * i)));
}

static void put_name(StrBuf *out, const DnsName *name) {
        strbuf_add_data(out, (const char *) name->bytes, name->length);
}

/* What is signed behind the message: all of the record but the MAC, or (between the messages of one
 * answer) the times alone. */
static void put_variables(StrBuf *out, const DnsSignature *signature, bool all) {
        if (all) {
                put_name(out, &signature->key);
                put(out, CLASS_ANY, 2);
                put(out, 0, 4);
                put_name(out, &signature->algorithm);
        }
        put(out, signature->time, 6);
        put(out, signature->fudge, 2);
        if (all) {
                put(out, signature->error, 2);
                put(out, 0, 2);
        }
}

static size_t mac_of(const DnsSecret *secret, const DnsName *algorithm, const StrBuf *text,
                     unsigned char ret[static DNS_MAC_MAX]) {
        const EVP_MD *digest = find_digest(algorithm);
        unsigned size = 0;
        if (digest == NULL ||
            HMAC(digest, secret->bytes, (int) secret->size, (const unsigned char *) text->data,
                 text->length, ret, &size) == NULL)
                return 0;
        return size;
}

unsigned dns_tsig_verify(const unsigned char *data, const DnsQuery *query,
                         const DnsSecret *secret, uint64_t now) {
        const DnsSignature *signature = &query->signature;
        _cleanup_strbuf_ StrBuf text = {.data = NULL};
        unsigned char mac[DNS_MAC_MAX];
        unsigned additional = (unsigned) (data[ARCOUNT] << 8 | data[ARCOUNT + 1]) - 1;
        /* The message as it was before it was signed. */
        put(&text, signature->original_id, 2);
        strbuf_add_data(&text, (const char *) data + 2, ARCOUNT - 2);
        put(&text, additional, 2);
        strbuf_add_data(&text, (const char *) data + ARCOUNT + 2,
                        signature->offset - ARCOUNT - 2);
        put_variables(&text, signature, true);
        size_t size = mac_of(secret, &signature->algorithm, &text, mac);
        if (size == 0)
                return 17;
        /* Shortened ones are refused: nobody who may ask sends them. */
        unsigned difference = signature->mac_size != size;
        for (size_t i = 0; i < size; i++)
                difference |= mac[i] ^ signature->mac[i];
        if (difference != 0)
                return 16;
        uint64_t apart = now > signature->time ? now - signature->time : signature->time - now;
        return apart > signature->fudge ? 18 : 0;
}

static void put_record(StrBuf *message, const DnsSignature *signature) {
        put_name(message, &signature->key);
        put(message, DNS_TYPE_TSIG, 2);
        put(message, CLASS_ANY, 2);
        put(message, 0, 4);
        put(message, signature->algorithm.length + 16 + signature->mac_size, 2);
        put_name(message, &signature->algorithm);
        put(message, signature->time, 6);
        put(message, signature->fudge, 2);
        put(message, signature->mac_size, 2);
        strbuf_add_data(message, (const char *) signature->mac, signature->mac_size);
        put(message, signature->original_id, 2);
        put(message, signature->error, 2);
        put(message, 0, 2);
        unsigned count = (unsigned) ((unsigned char) message->data[ARCOUNT] << 8 |
                                     (unsigned char) message->data[ARCOUNT + 1]) + 1;
        message->data[ARCOUNT] = (char) (count >> 8);
        message->data[ARCOUNT + 1] = (char) count;
}

void dns_tsig_sign(StrBuf *message, const DnsSecret *secret, DnsSignature *previous, bool first,
                   uint64_t now) {
        _cleanup_strbuf_ StrBuf text = {.data = NULL};
        put(&text, previous->mac_size, 2);
        strbuf_add_data(&text, (const char *) previous->mac, previous->mac_size);
        strbuf_add_data(&text, message->data, message->length);
        previous->time = now;
        previous->fudge = FUDGE;
        previous->error = 0;
        put_variables(&text, previous, first);
        previous->mac_size = mac_of(secret, &previous->algorithm, &text, previous->mac);
        put_record(message, previous);
}

void dns_tsig_refuse(StrBuf *message, const DnsQuery *query, unsigned error, uint64_t now) {
        DnsSignature signature = query->signature;
        signature.time = now;
        signature.fudge = FUDGE;
        signature.error = (uint16_t) error;
        signature.mac_size = 0;
        put_record(message, &signature);
}
