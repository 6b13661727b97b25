/* Answers on UDP and TCP. One thread waits and answers queries; transfers and other TCP connections
 * are each a job of the workers. */
#pragma once

#include "base/error.h"
#include "dns/message.h"
#include "dns/tsig.h"

typedef struct DnsServer DnsServer;
struct Workers;

/* Who asks. `key` NULL: the query was not signed. */
typedef struct DnsClient {
        const char *address;
        const DnsName *key; /* verified */
} DnsClient;

typedef struct DnsSource {
        /* The secret of a key; false when there is none of that name. */
        bool (*find_secret)(void *userdata, const DnsName *key, DnsSecret *ret);
        /* The zone that `name` is in, when the client may see it. ERROR_NOT_FOUND else. */
        int (*find_zone)(void *userdata, const DnsName *name, const DnsClient *client,
                         DnsZone *ret, Error **err);
        void *userdata;
} DnsSource;

/* Takes both sockets, the second of which listens; `source` and `workers` live on. */
int dns_server_start(int udp_fd, int tcp_fd, const DnsSource *source, struct Workers *workers,
                     DnsServer **ret, Error **err) _must_check_;
/* Waits for its thread; connections that are served go on to their end. */
void dns_server_stop(DnsServer *server);

/* One query, one or several messages out. `stream`: TCP. For the server and for tests. */
typedef int (*DnsSend)(void *userdata, const StrBuf *message);
typedef struct DnsRequest {
        const char *address; /* of who asks */
        bool stream;
        const unsigned char *data;
        size_t size;
} DnsRequest;
void dns_serve(const DnsSource *source, const DnsRequest *request, DnsSend send,
               void *send_data);
