#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static _noreturn_ void out_of_memory(void) {
        static const char text[] = "out of memory\n";
        (void) !write(STDERR_FILENO, text, sizeof text - 1);
        abort();
}

void *mem_alloc(size_t size) {
        void *pointer = calloc(1, size > 0 ? size : 1);
        if (pointer == NULL)
                out_of_memory();
        return pointer;
}

void *mem_alloc_array(size_t count, size_t size) {
        void *pointer = calloc(count > 0 ? count : 1, size);
        if (pointer == NULL)
                out_of_memory();
        return pointer;
}

void *mem_resize(void *pointer, size_t count, size_t size) {
        void *resized = reallocarray(pointer, count > 0 ? count : 1, size);
        if (resized == NULL)
                out_of_memory();
        return resized;
}

void *mem_copy(const void *data, size_t size) {
        char *copy = mem_alloc(size + 1);
        if (size > 0)
                memcpy(copy, data, size);
        return copy;
}

void mem_grow(void **array, size_t *capacity, size_t needed, size_t element_size) {
        if (needed <= *capacity)
                return;
        size_t larger = *capacity < 8 ? 8 : *capacity * 2;
        if (larger < needed)
                larger = needed;
        *array = mem_resize(*array, larger, element_size);
        *capacity = larger;
}

char *str_dup(const char *text) {
        return text != NULL ? mem_copy(text, strlen(text)) : NULL;
}

char *str_ndup(const char *text, size_t length) {
        return mem_copy(text, strnlen(text, length));
}

char *str_vprintf(const char *format, va_list arguments) {
        char *text = NULL;
        if (vasprintf(&text, format, arguments) < 0)
                out_of_memory();
        return text;
}

char *str_printf(const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        char *text = str_vprintf(format, arguments);
        va_end(arguments);
        return text;
}

void str_replace(char **target, char *owned) {
        free(*target);
        *target = owned;
}
