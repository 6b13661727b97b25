/* The daemon's listening socket: made, or handed over by the service manager. */
#pragma once

#include "base/error.h"

/* unix.socket in `directory`, mode 0660, of `group` (NULL: root). A socket left by a dead daemon is
 * replaced, one that answers is ERROR_IN_USE. With LISTEN_FDS (sd_listen_fds(3)) the first passed
 * socket is taken. */
int daemon_listen_unix(const char *directory, const char *group, int *ret_fd, Error **err)
        _must_check_;
