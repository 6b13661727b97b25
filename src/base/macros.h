/* Compiler attributes and scope-bound ownership.
 *
 * `_cleanup_(f)` runs f(&variable) at scope end: the variable owns what it holds. TAKE_PTR and
 * TAKE_FD hand that ownership on and leave the variable empty. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(text, first) __attribute__((__format__(__printf__, text, first)))
#define _unused_ __attribute__((unused))
#define _noreturn_ __attribute__((noreturn))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#define CONTAINER_OF(pointer, type, member) \
        ((type *) (void *) ((char *) (pointer) - offsetof(type, member)))

#define TAKE_PTR(p)                        \
        ({                                 \
                __typeof__(p) _taken = (p); \
                (p) = NULL;                \
                _taken;                    \
        })

#define TAKE_FD(fd)                \
        ({                         \
                int _taken = (fd); \
                (fd) = -1;         \
                _taken;            \
        })

/* Defines the cleanup function `name##_cleanup` for a pointer type from its `free_function`. */
#define DEFINE_CLEANUP(type, name, free_function)              \
        static inline _unused_ void name##_cleanup(type **p) { \
                if (*p != NULL)                                \
                        free_function(*p);                     \
        }

static inline void free_cleanup(void *p) {
        free(*(void **) p);
}

/* Closes and forgets an fd, keeping errno; -1 is allowed. */
static inline void fd_close(int *fd) {
        extern int *__errno_location(void) __attribute__((const));
        if (*fd >= 0) {
                int saved = *__errno_location();
                (void) close(*fd);
                *__errno_location() = saved;
                *fd = -1;
        }
}

#define _cleanup_free_ _cleanup_(free_cleanup)
#define _cleanup_close_ _cleanup_(fd_close)
