#include "cli/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>

int terminal_raw(int fd, TerminalMode *ret, Error **err) {
        struct termios mode;
        if (tcgetattr(fd, &mode) < 0)
                return error_errno(err, errno, "Cannot read the terminal's mode");
        *ret = (TerminalMode){.fd = fd, .before = mode};
        cfmakeraw(&mode);
        if (tcsetattr(fd, TCSANOW, &mode) < 0) {
                ret->fd = -1;
                return error_errno(err, errno, "Cannot set the terminal's mode");
        }
        return 0;
}

bool terminal_hide(int fd, TerminalMode *ret) {
        struct termios mode;
        if (tcgetattr(fd, &mode) < 0)
                return false;
        *ret = (TerminalMode){.fd = fd, .before = mode};
        mode.c_lflag &= ~(tcflag_t) ECHO;
        return tcsetattr(fd, TCSANOW, &mode) == 0;
}

void terminal_restore(TerminalMode *mode) {
        if (mode->fd >= 0)
                (void) tcsetattr(mode->fd, TCSANOW, &mode->before);
        mode->fd = -1;
}

bool terminal_size(int fd, int *ret_width, int *ret_height) {
        struct winsize size;
        if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return false;
        *ret_width = size.ws_col;
        *ret_height = size.ws_row;
        return true;
}

size_t terminal_width(void) {
        int width, height;
        return terminal_size(STDOUT_FILENO, &width, &height) ? (size_t) width : 80;
}
