#include "dns/message.h"

#include "base/memory.h"

#include <string.h>

#define HEADER_SIZE 12
#define CLASS_IN 1
#define CLASS_ANY 255
#define FLAG_RESPONSE 0x8000
#define FLAG_AUTHORITATIVE 0x0400
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION_DESIRED 0x0100
#define OPCODE(flags) (((flags) >> 11) & 15)
#define TRANSFER_SIZE 16384 /* of one message of a transfer */
#define EDNS_SIZE 1232      /* what we offer to take */
#define CNAME_MAX 8

static uint16_t get16(const unsigned char *data) {
        return (uint16_t) (data[0] << 8 | data[1]);
}

static uint64_t get48(const unsigned char *data) {
        uint64_t value = 0;
        for (int i = 0; i < 6; i++)
                value = value << 8 | data[i];
        return value;
}

static void put16(StrBuf *out, unsigned value) {
        strbuf_add_char(out, (char) (value >> 8));
        strbuf_add_char(out, (char) value);
}

static void put32(StrBuf *out, uint32_t value) {
        put16(out, value >> 16);
        put16(out, value & 0xffff);
}

static void set16(StrBuf *out, size_t offset, unsigned value) {
        out->data[offset] = (char) (value >> 8);
        out->data[offset + 1] = (char) value;
}

/* --- queries --- */

/* A record's value: algorithm, time, fudge, MAC, original id, error, other data. */
static bool parse_signature(const unsigned char *data, size_t at, size_t end, DnsSignature *ret) {
        if (!dns_name_read(data, end, &at, &ret->algorithm) || at + 10 > end)
                return false;
        ret->time = get48(data + at);
        ret->fudge = get16(data + at + 6);
        ret->mac_size = get16(data + at + 8);
        at += 10;
        if (ret->mac_size > sizeof ret->mac || at + ret->mac_size + 6 > end)
                return false;
        memcpy(ret->mac, data + at, ret->mac_size);
        at += ret->mac_size;
        ret->original_id = get16(data + at);
        return at + 6u + get16(data + at + 4) == end;
}

/* `last`: a signature may only be the last record of all. */
static bool parse_record(const unsigned char *data, size_t size, size_t *at, bool last,
                         DnsQuery *ret) {
        size_t start = *at;
        DnsName name;
        if (!dns_name_read(data, size, at, &name) || *at + 10 > size)
                return false;
        unsigned type = get16(data + *at), class = get16(data + *at + 2);
        size_t length = get16(data + *at + 8), value = *at + 10;
        if (value + length > size)
                return false;
        *at = value + length;
        if (type == DNS_TYPE_OPT) {
                ret->edns = true;
                ret->udp_size = (uint16_t) class;
        }
        if (type != DNS_TYPE_TSIG)
                return true;
        ret->signature.present = true;
        ret->signature.key = name;
        ret->signature.offset = start;
        return last && class == CLASS_ANY &&
               parse_signature(data, value, *at, &ret->signature);
}

int dns_query_parse(const unsigned char *data, size_t size, DnsQuery *ret) {
        DnsQuery query = {.udp_size = 512};
        size_t at = HEADER_SIZE, records = 0;
        if (size < HEADER_SIZE || size > 65535)
                return -1;
        query.id = get16(data);
        query.flags = get16(data + 2);
        query.question_end = HEADER_SIZE;
        if ((query.flags & FLAG_RESPONSE) != 0)
                return -1;
        *ret = query;
        if (OPCODE(query.flags) != 0)
                return DNS_NOT_IMPLEMENTED;
        if (get16(data + 4) != 1 || !dns_name_read(data, size, &at, &query.name) || at + 4 > size)
                return DNS_FORMAT_ERROR;
        query.type = get16(data + at);
        query.class = get16(data + at + 2);
        at += 4;
        query.question_end = at;
        for (int section = 6; section <= 10; section += 2)
                records += get16(data + section);
        for (size_t i = 0; i < records; i++)
                if (!parse_record(data, size, &at, i + 1 == records, &query))
                        return DNS_FORMAT_ERROR;
        if (query.udp_size < 512)
                query.udp_size = 512;
        *ret = query;
        return at == size ? DNS_OK : DNS_FORMAT_ERROR;
}

/* --- answers --- */

/* An answer being written. */
typedef struct Writer {
        StrBuf *out;
        const DnsQuery *query;
        size_t limit;
        unsigned answers, authorities;
        bool truncated;
} Writer;

/* The header's counts are filled in by finish(). The question is the client's own bytes. */
static void begin(Writer *writer, const unsigned char *data) {
        strbuf_truncate(writer->out, 0);
        strbuf_add_data(writer->out, (const char *) data, 4);
        for (int i = 0; i < 4; i++)
                put16(writer->out, 0);
        strbuf_add_data(writer->out, (const char *) data + HEADER_SIZE,
                        writer->query->question_end - HEADER_SIZE);
}

static void finish(Writer *writer, unsigned code, bool authoritative) {
        StrBuf *out = writer->out;
        bool has_question = writer->query->question_end > HEADER_SIZE;
        unsigned flags = (writer->query->flags & (0x7800 | FLAG_RECURSION_DESIRED)) |
                         FLAG_RESPONSE | (code & 15);
        if (authoritative)
                flags |= FLAG_AUTHORITATIVE;
        if (writer->truncated)
                flags |= FLAG_TRUNCATED;
        if (writer->query->edns) {
                strbuf_add_char(out, 0);
                put16(out, DNS_TYPE_OPT);
                put16(out, EDNS_SIZE);
                put32(out, 0);
                put16(out, 0);
        }
        set16(out, 2, flags);
        set16(out, 4, has_question ? 1 : 0);
        set16(out, 6, writer->answers);
        set16(out, 8, writer->authorities);
        set16(out, 10, writer->query->edns ? 1 : 0);
}

/* Where the question's name ends a name, a pointer to it takes its place. */
static void put_name(Writer *writer, const DnsName *name) {
        const DnsName *known = &writer->query->name;
        DnsName rest = *name;
        size_t plain = name->length;
        if (known->length > 1) {
                do {
                        if (dns_name_equal(&rest, known))
                                plain = (size_t) (name->length - rest.length);
                } while (plain == name->length && dns_name_up(&rest));
        }
        strbuf_add_data(writer->out, (const char *) name->bytes, plain);
        if (plain < name->length)
                put16(writer->out, 0xc000 | HEADER_SIZE);
}

/* false: it does not fit. */
static bool put_record(Writer *writer, const DnsName *name, const DnsRecord *record,
                       unsigned *count) {
        size_t before = writer->out->length;
        put_name(writer, name);
        put16(writer->out, record->type);
        put16(writer->out, CLASS_IN);
        put32(writer->out, record->ttl);
        put16(writer->out, (unsigned) record->size);
        strbuf_add_data(writer->out, (const char *) record->data, record->size);
        if (writer->out->length > writer->limit) {
                strbuf_truncate(writer->out, before);
                return false;
        }
        (*count)++;
        return true;
}

static bool is_wanted(const DnsRecord *record, unsigned type) {
        return type == DNS_TYPE_ANY || record->type == type || record->type == DNS_TYPE_CNAME;
}

/* The records of `owner`, written as those of `name`; the alias among them, if any. */
static bool put_matches(Writer *writer, const DnsZone *zone, const DnsName *owner,
                        const DnsName *name, const DnsRecord **ret_alias) {
        *ret_alias = NULL;
        for (size_t i = 0; i < zone->count; i++) {
                const DnsRecord *record = &zone->records[i];
                if (!dns_name_equal(&record->name, owner) ||
                    !is_wanted(record, writer->query->type))
                        continue;
                if (!put_record(writer, name, record, &writer->answers)) {
                        writer->truncated = true;
                        return false;
                }
                if (record->type == DNS_TYPE_CNAME && writer->query->type != DNS_TYPE_CNAME &&
                    writer->query->type != DNS_TYPE_ANY)
                        *ret_alias = record;
        }
        return true;
}

/* Something has the name, or is below it. */
static bool name_exists(const DnsZone *zone, const DnsName *name) {
        for (size_t i = 0; i < zone->count; i++)
                if (dns_name_is_in(&zone->records[i].name, name))
                        return true;
        return false;
}

/* The name whose records answer for `name`: itself, or "*" below the closest name that exists. */
static bool find_owner(const DnsZone *zone, const DnsName *name, DnsName *ret) {
        DnsName at = *name, wildcard;
        if (name_exists(zone, name)) {
                *ret = *name;
                return true;
        }
        while (dns_name_up(&at) && dns_name_is_in(&at, &zone->name)) {
                if (!name_exists(zone, &at))
                        continue;
                if (!dns_name_wildcard(&at, &wildcard) || !name_exists(zone, &wildcard))
                        return false;
                *ret = wildcard;
                return true;
        }
        return false;
}

/* Follows aliases as far as they stay in the zone. */
static unsigned put_answers(Writer *writer, const DnsZone *zone) {
        DnsName name = writer->query->name, owner;
        const DnsRecord *alias;
        for (int i = 0; i < CNAME_MAX; i++) {
                if (!find_owner(zone, &name, &owner))
                        return i == 0 || writer->answers == 0 ? DNS_NO_NAME : DNS_OK;
                if (!put_matches(writer, zone, &owner, &name, &alias) || alias == NULL)
                        return DNS_OK;
                size_t offset = 0;
                if (!dns_name_read(alias->data, alias->size, &offset, &name) ||
                    !dns_name_is_in(&name, &zone->name))
                        return DNS_OK;
        }
        return DNS_OK;
}

void dns_answer(StrBuf *out, const unsigned char *data, const DnsQuery *query,
                const DnsZone *zone, unsigned code, size_t limit) {
        Writer writer = {.out = out, .query = query,
                         .limit = limit - (query->edns ? 11 : 0)};
        begin(&writer, data);
        if (zone != NULL && code == DNS_OK) {
                code = put_answers(&writer, zone);
                if (writer.answers == 0 && !writer.truncated)
                        (void) !put_record(&writer, &zone->name, &zone->records[0],
                                           &writer.authorities);
        }
        finish(&writer, code, zone != NULL);
}

bool dns_transfer(StrBuf *out, const unsigned char *data, const DnsQuery *query,
                  const DnsZone *zone, size_t *at) {
        Writer writer = {.out = out, .query = query, .limit = TRANSFER_SIZE};
        if (*at > zone->count)
                return false;
        begin(&writer, data);
        /* The SOA is the first and the last one. A record alone always fits. */
        for (; *at <= zone->count; (*at)++) {
                const DnsRecord *record = &zone->records[*at < zone->count ? *at : 0];
                if (!put_record(&writer, &record->name, record, &writer.answers))
                        break;
        }
        finish(&writer, DNS_OK, true);
        return true;
}
