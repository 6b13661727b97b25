/* The verb "proxy": sockets on one side, connections on the other, one thread with epoll. */
#pragma once

#include "runtime/proxy.h"

#include <sys/socket.h>

#define PROXY_BUFFER ((size_t) 64 * 1024)

typedef struct Proxy Proxy;
typedef struct ProxySource ProxySource;
struct ProxySource {
        void (*run)(Proxy *proxy, ProxySource *source, uint32_t events);
        int fd;
};

typedef struct ProxyListener {
        ProxySource source;
        size_t index; /* among the ports */
} ProxyListener;

typedef struct ProxyPair ProxyPair;
typedef struct ProxySession ProxySession;

struct Proxy {
        ProxyAddress listen, connect;
        bool protocol;
        int epoll;
        int spare; /* closed for a moment when fds run out, to refuse whoever waits */
        ProxyListener *listeners;
        size_t listener_count;
        ProxySource container; /* a pidfd: the end of it all */
        bool ended;
        ProxyPair *ready;  /* have more to do than their turn allowed */
        ProxyPair *waiting; /* for a place in the target's queue */
        ProxyPair *dead;
        struct ProxyDatagrams *datagrams; /* udp to udp */
        char buffer[PROXY_BUFFER];
};

int proxy_watch(Proxy *proxy, ProxySource *source, uint32_t events); /* errno or 0 */
/* A non-blocking socket that is, or is about to be, connected to the target of listener `index`;
 * -1 and errno. EAGAIN: its queue is full. */
int proxy_connect(const Proxy *proxy, size_t index);

/* Goes into all of a container that a proxy needs, as its root. */
int proxy_enter(int pidfd, Error **err) _must_check_;

/* Streams (proxy_stream.c). */
void proxy_accept(Proxy *proxy, ProxySource *source, uint32_t events);
/* Goes on with those that had no turn; the time that epoll may wait then, -1: for ever. */
int proxy_streams_turn(Proxy *proxy);
void proxy_streams_bury(Proxy *proxy);

/* Datagrams (proxy_datagram.c). */
void proxy_datagram(Proxy *proxy, ProxySource *source, uint32_t events);
void proxy_datagrams_bury(Proxy *proxy);

/* Sockets (proxy_listen.c). */
typedef struct ProxyListen {
        const char *mode, *uid, *gid; /* of a unix path; "": as it comes */
} ProxyListen;
int proxy_listen(const ProxyAddress *address, const ProxyListen *options, int **ret_fds,
                 size_t *ret_count, Error **err) _must_check_;
typedef union ProxyName {
        struct sockaddr_storage storage;
        struct sockaddr any;
} ProxyName;
/* The kernel's form of an address; `index`: which port. Returns the length, 0: it does not fit. */
unsigned proxy_name(const ProxyAddress *address, size_t index, ProxyName *ret);
