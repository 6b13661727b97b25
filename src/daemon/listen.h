/* The daemon's listening socket: made, or handed over by the service manager. */
#pragma once

#include "base/error.h"

/* unix.socket in `directory`, mode 0660, of `group` (NULL: root). A socket left by a dead daemon is
 * replaced, one that answers is ERROR_IN_USE. With LISTEN_FDS (sd_listen_fds(3)) the first passed
 * socket is taken: it stays the service manager's, `ret_passed`, and its path is not removed. */
int daemon_listen_unix(const char *directory, const char *group, int *ret_fd, bool *ret_passed,
                       Error **err) _must_check_;
