/* The user's terminal. */
#pragma once

#include "base/error.h"

#include <termios.h>

typedef struct TerminalMode {
        int fd; /* -1: nothing to restore */
        struct termios before;
} TerminalMode;

/* Keys come one by one and unchanged, nothing is echoed. */
int terminal_raw(int fd, TerminalMode *ret, Error **err) _must_check_;
/* What is typed is not shown; false when `fd` is no terminal. */
bool terminal_hide(int fd, TerminalMode *ret);
void terminal_restore(TerminalMode *mode);
#define _cleanup_terminal_ _cleanup_(terminal_restore)

size_t terminal_width(void); /* of standard output; 80 when it is no terminal */
/* False when `fd` is no terminal. */
bool terminal_size(int fd, int *ret_width, int *ret_height);
