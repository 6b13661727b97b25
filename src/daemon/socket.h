/* Sockets on addresses of configuration keys. */
#pragma once

#include "base/error.h"

/* A host of "*" or none is empty. */
void daemon_split_address(const char *address, const char *default_port, char **ret_host,
                          char **ret_port);
/* "HOST:PORT", "[HOST]:PORT", "HOST", ":PORT"; a host of "*" or none is all addresses. `type`:
 * SOCK_STREAM, which listens, or SOCK_DGRAM, which tells where a packet went to. */
int daemon_open_socket(const char *address, const char *default_port, int type, int *ret_fd,
                       Error **err) _must_check_;
