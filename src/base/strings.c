/* StrBuf, StrList and StrMap. StrMap is a sorted array: config maps have tens of keys. */
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void strbuf_add_data(StrBuf *buffer, const void *data, size_t size) {
        mem_grow((void **) &buffer->data, &buffer->capacity, buffer->length + size + 1, 1);
        if (size > 0)
                memcpy(buffer->data + buffer->length, data, size);
        buffer->length += size;
        buffer->data[buffer->length] = '\0';
}

void strbuf_add(StrBuf *buffer, const char *text) {
        strbuf_add_data(buffer, text, strlen(text));
}

void strbuf_add_char(StrBuf *buffer, char c) {
        strbuf_add_data(buffer, &c, 1);
}

void strbuf_printf(StrBuf *buffer, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = str_vprintf(format, arguments);
        va_end(arguments);
        strbuf_add(buffer, text);
}

void strbuf_truncate(StrBuf *buffer, size_t length) {
        if (length < buffer->length) {
                buffer->length = length;
                buffer->data[length] = '\0';
        }
}

char *strbuf_take(StrBuf *buffer) {
        char *text = buffer->data != NULL ? buffer->data : str_dup("");
        *buffer = (StrBuf){};
        return text;
}

void strbuf_done(StrBuf *buffer) {
        free(buffer->data);
        *buffer = (StrBuf){};
}

void strlist_take(StrList *list, char *owned) {
        mem_grow((void **) &list->items, &list->capacity, list->count + 2, sizeof(char *));
        list->items[list->count++] = owned;
        list->items[list->count] = NULL;
}

void strlist_add(StrList *list, const char *text) {
        strlist_take(list, str_dup(text));
}

void strlist_printf(StrList *list, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        strlist_take(list, str_vprintf(format, arguments));
        va_end(arguments);
}

bool strlist_has(const StrList *list, const char *text) {
        for (size_t i = 0; i < list->count; i++)
                if (str_equal(list->items[i], text))
                        return true;
        return false;
}

void strlist_remove(StrList *list, size_t index) {
        free(list->items[index]);
        memmove(&list->items[index], &list->items[index + 1],
                (list->count - index) * sizeof(char *));
        list->count--;
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strlist_sort(StrList *list) {
        if (list->count > 1)
                qsort(list->items, list->count, sizeof(char *), compare_strings);
}

void strlist_copy(StrList *to, const StrList *from) {
        StrList copy = {};
        for (size_t i = 0; i < from->count; i++)
                strlist_add(&copy, from->items[i]);
        strlist_done(to);
        *to = copy;
}

bool strlist_equal(const StrList *a, const StrList *b) {
        if (a->count != b->count)
                return false;
        for (size_t i = 0; i < a->count; i++)
                if (!str_equal(a->items[i], b->items[i]))
                        return false;
        return true;
}

char *strlist_join(const StrList *list, const char *separator) {
        StrBuf buffer = {};
        for (size_t i = 0; i < list->count; i++) {
                if (i > 0)
                        strbuf_add(&buffer, separator);
                strbuf_add(&buffer, list->items[i]);
        }
        return strbuf_take(&buffer);
}

void strlist_split(StrList *list, const char *text, const char *separators, bool skip_empty) {
        for (const char *part = text != NULL ? text : "";; part++) {
                size_t length = strcspn(part, separators);
                if (length > 0 || !skip_empty)
                        strlist_take(list, str_ndup(part, length));
                part += length;
                if (*part == '\0')
                        return;
        }
}

void strlist_done(StrList *list) {
        for (size_t i = 0; i < list->count; i++)
                free(list->items[i]);
        free(list->items);
        *list = (StrList){};
}

/* The index of `key`, or where it would be inserted. */
static bool pair_find(const StrMap *map, const char *key, size_t *ret_index) {
        size_t low = 0, high = map->count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(map->items[middle].key, key);
                if (order == 0) {
                        *ret_index = middle;
                        return true;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_index = low;
        return false;
}

const char *strmap_get(const StrMap *map, const char *key) {
        size_t index;
        return pair_find(map, key, &index) ? map->items[index].value : NULL;
}

bool strmap_has(const StrMap *map, const char *key) {
        size_t index;
        return pair_find(map, key, &index);
}

void strmap_set(StrMap *map, const char *key, const char *value) {
        size_t index;
        if (value == NULL) {
                (void) strmap_remove(map, key);
                return;
        }
        if (pair_find(map, key, &index)) {
                str_replace(&map->items[index].value, str_dup(value));
                return;
        }
        mem_grow((void **) &map->items, &map->capacity, map->count + 1, sizeof(StrPair));
        memmove(&map->items[index + 1], &map->items[index],
                (map->count - index) * sizeof(StrPair));
        map->items[index] = (StrPair){str_dup(key), str_dup(value)};
        map->count++;
}

void strmap_printf(StrMap *map, const char *key, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *value = str_vprintf(format, arguments);
        va_end(arguments);
        strmap_set(map, key, value);
}

bool strmap_remove(StrMap *map, const char *key) {
        size_t index;
        if (!pair_find(map, key, &index))
                return false;
        free(map->items[index].key);
        free(map->items[index].value);
        memmove(&map->items[index], &map->items[index + 1],
                (map->count - index - 1) * sizeof(StrPair));
        map->count--;
        return true;
}

void strmap_merge(StrMap *to, const StrMap *from) {
        for (size_t i = 0; i < from->count; i++)
                strmap_set(to, from->items[i].key, from->items[i].value);
}

void strmap_copy(StrMap *to, const StrMap *from) {
        StrMap copy = {};
        strmap_merge(&copy, from);
        strmap_done(to);
        *to = copy;
}

bool strmap_equal(const StrMap *a, const StrMap *b) {
        if (a->count != b->count)
                return false;
        for (size_t i = 0; i < a->count; i++)
                if (!str_equal(a->items[i].key, b->items[i].key) ||
                    !str_equal(a->items[i].value, b->items[i].value))
                        return false;
        return true;
}

void strmap_done(StrMap *map) {
        for (size_t i = 0; i < map->count; i++) {
                free(map->items[i].key);
                free(map->items[i].value);
        }
        free(map->items);
        *map = (StrMap){};
}
