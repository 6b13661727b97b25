/* Shared by links.c (changes) and links_list.c (what is there). */
#pragma once

#include "base/error.h"

#include <netlink/netlink.h>
#include <netlink/socket.h>

typedef struct nl_sock NetlinkSocket;
DEFINE_CLEANUP(NetlinkSocket, netlink_socket, nl_socket_free)

struct nlattr;
typedef struct LinkInfo LinkInfo;

/* Fills in what the kind of a link says about it: the kind's name and its own attributes. */
void link_read_kind(struct nlattr *link_info, LinkInfo *link);
int netlink_open(NetlinkSocket **ret, Error **err) _must_check_;
/* On a copy of a socket that may be of another namespace. */
int netlink_adopt(int fd, NetlinkSocket **ret, Error **err) _must_check_;
int netlink_link_index(NetlinkSocket *socket, const char *name, int *ret, Error **err)
        _must_check_;
/* The error of a libnl result, "text: reason"; returns -1. */
int netlink_error(Error **err, int result, const char *text);
