/* A byte stream to one peer: a plain socket, or TLS over one (http/tls.h makes those).
 *
 * The fd is non-blocking; reads and writes wait with poll() for at most their time-out. One thread
 * may read while another one writes. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

typedef struct Transport Transport;

/* What a kind of stream does; return values as read(2) and write(2), -1 with EAGAIN when it would
 * block, and then *ret_events says which poll() event to wait for. */
typedef struct TransportOps {
        ssize_t (*read)(void *state, int fd, void *data, size_t size, short *ret_events);
        ssize_t (*write)(void *state, int fd, const void *data, size_t size, short *ret_events);
        void (*shutdown)(void *state, int fd);
        /* Whether bytes are there that poll() does not see. NULL: never. */
        bool (*pending)(void *state);
        void (*free)(void *state);
        bool sendfile; /* sendfile(2) may be used on the fd */
} TransportOps;

Transport *transport_new(int fd); /* plain; takes the fd and makes it non-blocking */
Transport *transport_new_with(int fd, const TransportOps *ops, void *state);
void transport_free(Transport *transport); /* closes the fd */
DEFINE_CLEANUP(Transport, transport, transport_free)

int transport_fd(const Transport *transport);
bool transport_is_plain(const Transport *transport);
/* Bytes can be read now although poll() would not say so. */
bool transport_has_pending(const Transport *transport);
/* The state of a stream of that kind; NULL: it is of another kind, or was detached. */
void *transport_state(const Transport *transport, const TransportOps *ops);
/* A stream on a duplicate of the fd that takes over the state; `transport` becomes empty and may
 * only be freed. */
Transport *transport_detach(Transport *transport);

/* At least one byte, or 0 at the end; timeout_ms -1 waits for ever. */
int transport_read(Transport *transport, void *data, size_t size, int timeout_ms,
                   size_t *ret_size, Error **err) _must_check_;
/* 0 bytes and false in *ret_ready when nothing is there now. */
int transport_read_now(Transport *transport, void *data, size_t size, size_t *ret_size,
                       bool *ret_ready, Error **err) _must_check_;
int transport_write(Transport *transport, const void *data, size_t size, int timeout_ms,
                    Error **err) _must_check_;
/* Writes what goes without waiting. */
int transport_write_now(Transport *transport, const void *data, size_t size, size_t *ret_size,
                        Error **err) _must_check_;
int transport_send_file(Transport *transport, int fd, uint64_t offset, uint64_t size,
                        Error **err) _must_check_;
/* Tells the peer that no more comes; the fd stays. */
void transport_shutdown(Transport *transport);
/* Makes a read or write of another thread return. */
void transport_abort(Transport *transport);
