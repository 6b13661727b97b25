/* Chained hash table with FNV-1a; it doubles when there are more entries than buckets. The keys
 * are names that were checked before, never raw header text, so a seeded hash is not needed. */
#include "base/memory.h"
#include "base/text.h"

#include <string.h>

typedef struct Entry Entry;
struct Entry {
        Entry *next;
        char *key;
        void *value;
};

struct Table {
        Entry **buckets;
        size_t bucket_count;
        size_t count;
        TableFree free_value;
};

static size_t hash_text(const char *text) {
        uint64_t hash = 0xcbf29ce484222325u;
        for (; *text != '\0'; text++)
                hash = (hash ^ (unsigned char) *text) * 0x100000001b3u;
        return (size_t) (hash ^ hash >> 32);
}

Table *table_new(TableFree free_value) {
        Table *table = mem_new(Table);
        table->free_value = free_value;
        table->bucket_count = 16;
        table->buckets = mem_new_array(Entry *, table->bucket_count);
        return table;
}

static Entry **table_slot(const Table *table, const char *key) {
        Entry **slot = &table->buckets[hash_text(key) & (table->bucket_count - 1)];
        while (*slot != NULL && strcmp((*slot)->key, key) != 0)
                slot = &(*slot)->next;
        return slot;
}

static void table_double(Table *table) {
        Entry **old = table->buckets;
        size_t old_count = table->bucket_count;
        table->bucket_count *= 2;
        table->buckets = mem_new_array(Entry *, table->bucket_count);
        for (size_t i = 0; i < old_count; i++)
                for (Entry *entry = old[i], *next; entry != NULL; entry = next) {
                        next = entry->next;
                        Entry **head =
                                &table->buckets[hash_text(entry->key) & (table->bucket_count - 1)];
                        entry->next = *head;
                        *head = entry;
                }
        free(old);
}

void *table_get(const Table *table, const char *key) {
        Entry *entry = *table_slot(table, key);
        return entry != NULL ? entry->value : NULL;
}

void table_set(Table *table, const char *key, void *value) {
        Entry **slot = table_slot(table, key);
        if (*slot != NULL) {
                if (table->free_value != NULL)
                        table->free_value((*slot)->value);
                (*slot)->value = value;
                return;
        }
        Entry *entry = mem_new(Entry);
        entry->key = str_dup(key);
        entry->value = value;
        *slot = entry;
        if (++table->count > table->bucket_count)
                table_double(table);
}

void *table_take(Table *table, const char *key) {
        Entry **slot = table_slot(table, key), *entry = *slot;
        if (entry == NULL)
                return NULL;
        void *value = entry->value;
        *slot = entry->next;
        free(entry->key);
        free(entry);
        table->count--;
        return value;
}

bool table_remove(Table *table, const char *key) {
        if (*table_slot(table, key) == NULL)
                return false;
        void *value = table_take(table, key);
        if (table->free_value != NULL)
                table->free_value(value);
        return true;
}

size_t table_count(const Table *table) {
        return table->count;
}

/* The cursor is bucket << 32 | position in chain. */
bool table_next(const Table *table, size_t *cursor, const char **ret_key, void **ret_value) {
        size_t bucket = *cursor >> 32, position = *cursor & 0xffffffffu;
        for (; bucket < table->bucket_count; bucket++, position = 0) {
                Entry *entry = table->buckets[bucket];
                for (size_t i = 0; i < position && entry != NULL; i++)
                        entry = entry->next;
                if (entry == NULL)
                        continue;
                if (ret_key != NULL)
                        *ret_key = entry->key;
                if (ret_value != NULL)
                        *ret_value = entry->value;
                *cursor = bucket << 32 | (position + 1);
                return true;
        }
        return false;
}

void table_free(Table *table) {
        if (table == NULL)
                return;
        for (size_t i = 0; i < table->bucket_count; i++)
                for (Entry *entry = table->buckets[i], *next; entry != NULL; entry = next) {
                        next = entry->next;
                        if (table->free_value != NULL)
                                table->free_value(entry->value);
                        free(entry->key);
                        free(entry);
                }
        free(table->buckets);
        free(table);
}
