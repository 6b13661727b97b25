#include "migration/proto.h"

#include "base/memory.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static void put_varint(StrBuf *to, uint64_t number) {
        while (number >= 0x80) {
                strbuf_add_char(to, (char) (number | 0x80));
                number >>= 7;
        }
        strbuf_add_char(to, (char) number);
}

void proto_put_number(StrBuf *to, unsigned field, int64_t number) {
        put_varint(to, (uint64_t) field << 3 | WIRE_VARINT);
        put_varint(to, (uint64_t) number);
}

void proto_put_bytes(StrBuf *to, unsigned field, const void *data, size_t size) {
        put_varint(to, (uint64_t) field << 3 | WIRE_BYTES);
        put_varint(to, size);
        strbuf_add_data(to, data, size);
}

void proto_put_text(StrBuf *to, unsigned field, const char *text) {
        proto_put_bytes(to, field, text, strlen(text));
}

void proto_put_part(StrBuf *to, unsigned field, StrBuf *part) {
        proto_put_bytes(to, field, part->data != NULL ? part->data : "", part->length);
        strbuf_truncate(part, 0);
}

ProtoReader proto_reader(const void *data, size_t size) {
        const unsigned char *start = data;
        return (ProtoReader) {.at = start, .end = size > 0 ? start + size : start};
}

ProtoReader proto_inside(const ProtoField *field) {
        return proto_reader(field->data, field->size);
}

static bool take_varint(ProtoReader *reader, uint64_t *ret) {
        uint64_t number = 0;
        for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
                unsigned char byte = *reader->at++;
                number |= (uint64_t) (byte & 0x7f) << shift;
                if (byte < 0x80) {
                        *ret = number;
                        return true;
                }
        }
        return false;
}

static bool skip(ProtoReader *reader, size_t size, const unsigned char **ret_data) {
        if (size > (size_t) (reader->end - reader->at))
                return false;
        *ret_data = reader->at;
        reader->at += size;
        return true;
}

/* 1 a field, 0 one that is skipped, -1 broken. */
static int take_field(ProtoReader *reader, ProtoField *ret) {
        uint64_t tag, number;
        if (!take_varint(reader, &tag) || tag >> 3 > UINT32_MAX)
                return -1;
        *ret = (ProtoField) {.number = (unsigned) (tag >> 3), .is_bytes = (tag & 7) == WIRE_BYTES};
        switch (tag & 7) {
        case WIRE_VARINT:
                if (!take_varint(reader, &number))
                        return -1;
                ret->value = (int64_t) number;
                return 1;
        case WIRE_BYTES:
                if (!take_varint(reader, &number) || !skip(reader, number, &ret->data))
                        return -1;
                ret->size = number;
                return 1;
        case WIRE_FIXED64:
                return skip(reader, 8, &ret->data) ? 0 : -1;
        case WIRE_FIXED32:
                return skip(reader, 4, &ret->data) ? 0 : -1;
        default:
                return -1;
        }
}

bool proto_next(ProtoReader *reader, ProtoField *ret, bool *ret_broken) {
        while (reader->at < reader->end) {
                int taken = take_field(reader, ret);
                if (taken > 0)
                        return true;
                if (taken < 0) {
                        *ret_broken = true;
                        return false;
                }
        }
        return false;
}

char *proto_text(const ProtoField *field) {
        if (!field->is_bytes || (field->size > 0 && memchr(field->data, 0, field->size) != NULL))
                return NULL;
        return str_ndup(field->size > 0 ? (const char *) field->data : "", field->size);
}
