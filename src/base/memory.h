/* Allocation that does not fail, and the strings built on it.
 *
 * Every size that a request can influence is bounded where it is parsed, so running out of memory
 * means the host is out of memory; the daemon then ends and its supervisor restarts it (containers
 * are not touched by that). Code therefore never checks these for NULL. */
#pragma once

#include "base/macros.h"

#include <stdarg.h>
#include <stdbool.h>

void *mem_alloc(size_t size); /* zeroed */
void *mem_alloc_array(size_t count, size_t size); /* zeroed; aborts on overflow */
void *mem_resize(void *pointer, size_t count, size_t size); /* realloc, not zeroed */
void *mem_copy(const void *data, size_t size); /* adds a NUL after the copy */
#define mem_new(type) ((type *) mem_alloc(sizeof(type)))
#define mem_new_array(type, count) ((type *) mem_alloc_array((count), sizeof(type)))

/* Grows *array (of *capacity elements) so that `needed` fit, doubling. */
void mem_grow(void **array, size_t *capacity, size_t needed, size_t element_size);

char *str_dup(const char *text); /* NULL stays NULL */
char *str_ndup(const char *text, size_t length);
char *str_printf(const char *format, ...) _printf_(1, 2);
char *str_vprintf(const char *format, va_list arguments) _printf_(1, 0);
void str_replace(char **target, char *owned); /* frees the old value, takes the new */
