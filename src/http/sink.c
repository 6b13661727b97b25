#include "http/sink.h"

#include "base/memory.h"
#include "base/times.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>

#define PING_INTERVAL_NS (10 * NS_PER_SECOND)
#define SILENCE_LIMIT 3

struct SinkMessage {
        unsigned references; /* atomic */
        size_t size;
        unsigned char data[];
};

typedef struct Pending Pending;
struct Pending {
        Pending *next;
        SinkMessage *message;
};

struct WsSink {
        Loop *loop;
        Transport *transport;
        LoopSource *source;
        LoopTimer *ping;
        LoopCallback closed;
        void *userdata;
        unsigned silent; /* pings since something was heard */
        bool gone;
        bool writing; /* waits for EPOLLOUT */
        size_t sent;  /* bytes of the first pending message */
        pthread_mutex_t lock;
        Pending *first, **last;
        size_t queued;
        bool scheduled; /* a flush was posted */
        bool overflow;
};

SinkMessage *sink_message_new(WebSocketType type, const void *data, size_t size) {
        unsigned char head[10];
        size_t head_size = websocket_frame_head(type, size, head);
        SinkMessage *message = mem_alloc(sizeof *message + head_size + size);
        message->references = 1;
        message->size = head_size + size;
        memcpy(message->data, head, head_size);
        if (size > 0)
                memcpy(message->data + head_size, data, size);
        return message;
}

SinkMessage *sink_message_unref(SinkMessage *message) {
        if (message != NULL && __atomic_sub_fetch(&message->references, 1, __ATOMIC_ACQ_REL) == 0)
                free(message);
        return NULL;
}

static Pending *take_first(WsSink *sink) {
        Pending *pending = sink->first;
        sink->first = pending->next;
        if (sink->first == NULL)
                sink->last = &sink->first;
        sink->queued -= pending->message->size;
        return pending;
}

static void sink_free(void *userdata) {
        WsSink *sink = userdata;
        while (sink->first != NULL) {
                Pending *pending = take_first(sink);
                sink_message_unref(pending->message);
                free(pending);
        }
        transport_free(sink->transport);
        pthread_mutex_destroy(&sink->lock);
        free(sink);
}

/* After `closed` nobody sends; a flush that was posted before still runs, ahead of sink_free. */
static void sink_close(WsSink *sink) {
        if (sink->gone)
                return;
        sink->gone = true;
        if (sink->ping != NULL)
                loop_timer_cancel(sink->ping);
        sink->ping = NULL;
        loop_source_remove(sink->source);
        sink->closed(sink->userdata);
        loop_post(sink->loop, sink_free, sink);
}

static Pending *peek(WsSink *sink, bool *ret_overflow) {
        pthread_mutex_lock(&sink->lock);
        Pending *pending = sink->first;
        *ret_overflow = sink->overflow;
        if (pending == NULL)
                sink->scheduled = false;
        pthread_mutex_unlock(&sink->lock);
        return pending;
}

static void want(WsSink *sink, bool writing) {
        sink->writing = writing;
        if (loop_source_modify(sink->source, EPOLLIN | EPOLLRDHUP | (writing ? EPOLLOUT : 0),
                               NULL) < 0)
                sink_close(sink);
}

static void flush(void *userdata) {
        WsSink *sink = userdata;
        bool overflow;
        Pending *pending;
        if (sink->gone)
                return;
        while ((pending = peek(sink, &overflow)) != NULL && !overflow) {
                SinkMessage *message = pending->message;
                size_t put;
                if (transport_write_now(sink->transport, message->data + sink->sent,
                                        message->size - sink->sent, &put, NULL) < 0) {
                        sink_close(sink);
                        return;
                }
                sink->sent += put;
                if (sink->sent < message->size) {
                        if (!sink->writing)
                                want(sink, true);
                        return;
                }
                sink->sent = 0;
                pthread_mutex_lock(&sink->lock);
                (void) take_first(sink);
                pthread_mutex_unlock(&sink->lock);
                sink_message_unref(message);
                free(pending);
        }
        if (overflow)
                sink_close(sink);
        else if (sink->writing)
                want(sink, false);
}

void ws_sink_send(WsSink *sink, SinkMessage *message) {
        Pending *pending = mem_new(Pending);
        __atomic_add_fetch(&message->references, 1, __ATOMIC_RELAXED);
        pending->message = message;
        pthread_mutex_lock(&sink->lock);
        *sink->last = pending;
        sink->last = &pending->next;
        sink->queued += message->size;
        sink->overflow = sink->overflow || sink->queued > SINK_QUEUE_LIMIT;
        bool post = !sink->scheduled;
        sink->scheduled = true;
        pthread_mutex_unlock(&sink->lock);
        if (post)
                loop_post(sink->loop, flush, sink);
}

/* What clients send is not looked at but for its end; a close frame is followed by one. */
static void sink_event(void *userdata, uint32_t events) {
        WsSink *sink = userdata;
        char ignored[4096];
        size_t got;
        bool ready;
        if ((events & EPOLLIN) != 0) {
                if (transport_read_now(sink->transport, ignored, sizeof ignored, &got, &ready,
                                       NULL) < 0 ||
                    (ready && (got == 0 || (ignored[0] & 0x0f) == WS_CLOSE))) {
                        sink_close(sink);
                        return;
                }
                sink->silent = 0;
        } else if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
                sink_close(sink);
                return;
        }
        if ((events & EPOLLOUT) != 0)
                flush(sink);
}

static void ping(void *userdata) {
        WsSink *sink = userdata;
        sink->ping = NULL;
        if (++sink->silent > SILENCE_LIMIT) {
                sink_close(sink);
                return;
        }
        SinkMessage *message = sink_message_new(WS_PING, "keepalive", 9);
        ws_sink_send(sink, message);
        sink_message_unref(message);
        sink->ping = loop_timer_add(sink->loop, time_monotonic_ns() + PING_INTERVAL_NS, ping, sink);
}

static void attach(void *userdata) {
        WsSink *sink = userdata;
        if (loop_source_add(sink->loop, transport_fd(sink->transport), EPOLLIN | EPOLLRDHUP,
                            sink_event, sink, &sink->source, NULL) < 0) {
                sink_close(sink);
                return;
        }
        sink->ping = loop_timer_add(sink->loop, time_monotonic_ns() + PING_INTERVAL_NS, ping, sink);
}

WsSink *ws_sink_new(Loop *loop, WebSocket *socket, LoopCallback closed, void *userdata) {
        WsSink *sink = mem_new(WsSink);
        sink->loop = loop;
        sink->transport = websocket_take_transport(socket);
        websocket_free(socket);
        sink->closed = closed;
        sink->userdata = userdata;
        sink->last = &sink->first;
        pthread_mutex_init(&sink->lock, NULL);
        loop_post(loop, attach, sink);
        return sink;
}
