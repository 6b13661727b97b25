/* Shared by mapping.c and mapping_read.c. */
#pragma once

#include "json/mapping.h"

/* The common shape of every TList and TMap: the items' type is in the row. */
typedef struct JsonItems {
        char *items;
        size_t count;
        size_t capacity;
} JsonItems;

static inline void *json_member(const JsonField *field, void *data) {
        return (char *) data + field->offset;
}

static inline const void *json_const_member(const JsonField *field, const void *data) {
        return (const char *) data + field->offset;
}

void json_member_done(const JsonField *field, void *member);
