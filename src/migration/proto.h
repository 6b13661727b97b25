/* The wire form of protocol buffers: fields of a number and a varint, or of a number and bytes. */
#pragma once

#include "base/error.h"
#include "base/text.h"

void proto_put_number(StrBuf *to, unsigned field, int64_t number);
void proto_put_bytes(StrBuf *to, unsigned field, const void *data, size_t size);
void proto_put_text(StrBuf *to, unsigned field, const char *text);
/* Empties `part`. */
void proto_put_part(StrBuf *to, unsigned field, StrBuf *part);

typedef struct ProtoReader {
        const unsigned char *at, *end;
} ProtoReader;

typedef struct ProtoField {
        unsigned number;
        bool is_bytes;
        int64_t value;             /* of a varint */
        const unsigned char *data; /* of bytes; borrowed from the message */
        size_t size;
} ProtoField;

ProtoReader proto_reader(const void *data, size_t size);
/* Reads a field inside a field. */
ProtoReader proto_inside(const ProtoField *field);
/* False at the end and when the rest is malformed; then `*ret_broken`. Fields of fixed width are
 * skipped: no message here has one. */
bool proto_next(ProtoReader *reader, ProtoField *ret, bool *ret_broken);
/* A copy of the bytes as text; NULL when the field is none or has zeros in it. */
char *proto_text(const ProtoField *field);
