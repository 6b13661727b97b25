/* Proxies between the host's and a container's sockets: one process of berth-helper each, which
 * belongs to nobody, outlives the daemon, and ends with the container. */
#pragma once

#include "runtime/runtime.h"

typedef enum ProxyType { PROXY_TCP, PROXY_UDP, PROXY_UNIX } ProxyType;

typedef struct ProxyAddress {
        ProxyType type;
        bool abstract;   /* of unix: the name stands behind the '@' */
        char *address;   /* IP without brackets, may be empty: all; or the path, or "@name" */
        uint16_t *ports; /* of tcp and udp: at least one */
        size_t port_count;
} ProxyAddress;

/* "tcp:127.0.0.1:80,90-92", "udp:[::]:53", "unix:/path", "unix:@name". */
int proxy_address_parse(const char *text, ProxyAddress *ret, Error **err) _must_check_;
void proxy_address_done(ProxyAddress *address);
#define _cleanup_proxy_address_ _cleanup_(proxy_address_done)
const char *proxy_type_name(ProxyType type);

typedef struct RuntimeProxy {
        const RuntimeProcess *process;
        const char *listen, *connect; /* checked addresses */
        bool inside;                  /* listens in the container, connects to the host */
        bool protocol;                /* sends the PROXY header */
        const char *mode, *uid, *gid; /* of a listening unix path; NULL: 0644, as it comes */
        uint32_t security_uid, security_gid; /* what the process becomes, on the connecting side */
        const char *log_name;                /* a file in the container's log directory */
} RuntimeProxy;

/* Returns when it listens. */
int runtime_proxy_start(Runtime *runtime, const RuntimeProxy *proxy, pid_t *ret_pid,
                        uint64_t *ret_start, Error **err) _must_check_;
