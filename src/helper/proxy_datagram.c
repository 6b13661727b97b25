/* UDP: each client's address gets a socket of its own to the target, so that answers find back. */
#include "helper/proxy.h"

#include "base/memory.h"
#include "base/times.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define BATCH 32
#define DATAGRAM_SIZE ((size_t) 64 * 1024)
#define BUCKETS 1024
#define MAX_SESSIONS 4096
#define IDLE_NS (1800 * NS_PER_SECOND) /* LXD's half an hour */

struct ProxySession {
        ProxySource source; /* to the target */
        ProxyListener *listener;
        ProxyName client;
        unsigned length;
        int64_t used_ns;
        ProxySession *next;
};

typedef struct ProxyDatagrams {
        ProxySession *buckets[BUCKETS];
        ProxySession *dead;
        size_t count;
        struct mmsghdr headers[BATCH];
        struct iovec parts[BATCH];
        ProxyName names[BATCH];
        char data[BATCH][DATAGRAM_SIZE];
} ProxyDatagrams;

static ProxyDatagrams *datagrams_of(Proxy *proxy) {
        if (proxy->datagrams == NULL)
                proxy->datagrams = mem_new(ProxyDatagrams);
        return proxy->datagrams;
}

static size_t bucket_of(const ProxyName *name, unsigned length, const ProxyListener *listener) {
        uint64_t hash = 14695981039346656037u + listener->index;
        const unsigned char *bytes = (const void *) name;
        for (unsigned i = 0; i < length; i++)
                hash = (hash ^ bytes[i]) * 1099511628211u;
        return hash % BUCKETS;
}

static void ignore_event(_unused_ Proxy *proxy, _unused_ ProxySource *source,
                         _unused_ uint32_t events) {}

/* Events of the same batch may still name it: freed behind them. */
static void session_end(ProxyDatagrams *all, ProxySession **place) {
        ProxySession *session = *place;
        *place = session->next;
        all->count--;
        fd_close(&session->source.fd);
        session->source.run = ignore_event;
        session->next = all->dead;
        all->dead = session;
}

void proxy_datagrams_bury(Proxy *proxy) {
        ProxyDatagrams *all = proxy->datagrams;
        while (all != NULL && all->dead != NULL) {
                ProxySession *session = all->dead;
                all->dead = session->next;
                free(session);
        }
}

/* Those that nobody has used for long, or the one unused for longest. */
static void make_room(ProxyDatagrams *all) {
        int64_t now = time_monotonic_ns(), oldest = INT64_MAX;
        ProxySession **victim = NULL;
        for (size_t i = 0; i < BUCKETS; i++)
                for (ProxySession **place = &all->buckets[i]; *place != NULL;) {
                        if (now - (*place)->used_ns > IDLE_NS) {
                                session_end(all, place);
                                continue;
                        }
                        if ((*place)->used_ns < oldest) {
                                oldest = (*place)->used_ns;
                                victim = place;
                        }
                        place = &(*place)->next;
                }
        /* Ending moves what is behind it only, and the victim was noted after the others went. */
        if (all->count >= MAX_SESSIONS && victim != NULL)
                session_end(all, victim);
}

static void answer_event(Proxy *proxy, ProxySource *source, uint32_t events);

static ProxySession *session_of(Proxy *proxy, ProxyListener *listener, const ProxyName *client,
                                unsigned length) {
        ProxyDatagrams *all = datagrams_of(proxy);
        size_t bucket = bucket_of(client, length, listener);
        for (ProxySession *s = all->buckets[bucket]; s != NULL; s = s->next)
                if (s->length == length && s->listener == listener &&
                    memcmp(&s->client, client, length) == 0)
                        return s;
        if (all->count >= MAX_SESSIONS)
                make_room(all);
        int fd = proxy_connect(proxy, listener->index);
        if (fd < 0) {
                (void) fprintf(stderr, "Warning: Failed to connect to target: %s\n",
                               strerror(errno));
                return NULL;
        }
        ProxySession *session = mem_new(ProxySession);
        *session = (ProxySession) {.source = {.run = answer_event, .fd = fd},
                                   .listener = listener,
                                   .client = *client,
                                   .length = length,
                                   .next = all->buckets[bucket]};
        if (proxy_watch(proxy, &session->source, EPOLLIN) != 0) {
                fd_close(&session->source.fd);
                free(session);
                return NULL;
        }
        all->buckets[bucket] = session;
        all->count++;
        return session;
}

static int receive(ProxyDatagrams *all, int fd) {
        for (size_t i = 0; i < BATCH; i++) {
                all->parts[i] = (struct iovec) {.iov_base = all->data[i], .iov_len = DATAGRAM_SIZE};
                all->headers[i].msg_hdr = (struct msghdr) {.msg_iov = &all->parts[i],
                                                           .msg_iovlen = 1,
                                                           .msg_name = &all->names[i],
                                                           .msg_namelen = sizeof all->names[i]};
        }
        return recvmmsg(fd, all->headers, BATCH, MSG_DONTWAIT, NULL);
}

/* Sends headers [first, end); what does not fit is lost, as datagrams are. */
static void send_on(ProxyDatagrams *all, int fd, const ProxySession *to, int first, int end) {
        for (int i = first; i < end; i++) {
                all->parts[i].iov_len = all->headers[i].msg_len;
                all->headers[i].msg_hdr.msg_name = to != NULL ? (void *) &to->client : NULL;
                all->headers[i].msg_hdr.msg_namelen = to != NULL ? to->length : 0;
        }
        while (first < end) {
                int sent = sendmmsg(fd, all->headers + first, (unsigned) (end - first),
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
                /* One that is refused (nobody listens) does not hold up the others. */
                first += MAX_OF(sent, 1);
        }
}

static void answer_event(Proxy *proxy, ProxySource *source, _unused_ uint32_t events) {
        ProxySession *session = CONTAINER_OF(source, ProxySession, source);
        ProxyDatagrams *all = datagrams_of(proxy);
        int count = receive(all, source->fd);
        if (count <= 0)
                return; /* an error that was waiting is taken by that */
        session->used_ns = time_monotonic_ns();
        send_on(all, session->listener->source.fd, session, 0, count);
}

void proxy_datagram(Proxy *proxy, ProxySource *source, _unused_ uint32_t events) {
        ProxyListener *listener = CONTAINER_OF(source, ProxyListener, source);
        ProxyDatagrams *all = datagrams_of(proxy);
        int count = receive(all, source->fd);
        int64_t now = time_monotonic_ns();
        /* Those of one client in a row go together. */
        for (int first = 0, end; first < count; first = end) {
                unsigned length = all->headers[first].msg_hdr.msg_namelen;
                for (end = first + 1;
                     end < count && all->headers[end].msg_hdr.msg_namelen == length &&
                     memcmp(&all->names[end], &all->names[first], length) == 0;
                     end++)
                        continue;
                ProxySession *session = session_of(proxy, listener, &all->names[first], length);
                if (session == NULL)
                        continue;
                session->used_ns = now;
                send_on(all, session->source.fd, NULL, first, end);
        }
}
