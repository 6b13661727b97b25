/* Shared by links.c (changes) and links_list.c (what is there). */
#pragma once

#include "base/error.h"

#include <netlink/netlink.h>
#include <netlink/socket.h>

typedef struct nl_sock NetlinkSocket;
DEFINE_CLEANUP(NetlinkSocket, netlink_socket, nl_socket_free)

int netlink_open(NetlinkSocket **ret, Error **err) _must_check_;
/* The error of a libnl result, "text: reason"; returns -1. */
int netlink_error(Error **err, int result, const char *text);
