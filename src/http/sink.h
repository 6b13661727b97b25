/* Listeners of events: websockets that are only written to, all by one loop thread.
 *
 * A message is made once and shared. A listener that has more than SINK_QUEUE_LIMIT bytes waiting
 * is closed. A ping goes out every ten seconds; a peer that does not answer is closed too. */
#pragma once

#include "http/websocket.h"
#include "loop/loop.h"

#define SINK_QUEUE_LIMIT ((size_t) 1 << 20)

typedef struct WsSink WsSink;
typedef struct SinkMessage SinkMessage;

SinkMessage *sink_message_new(WebSocketType type, const void *data, size_t size);
SinkMessage *sink_message_unref(SinkMessage *message); /* returns NULL */

/* Takes the socket. `closed` is called once on the loop's thread when the listener has gone; the
 * sink is freed after it, so nobody may send from then on. */
WsSink *ws_sink_new(Loop *loop, WebSocket *socket, LoopCallback closed, void *userdata);
/* Any thread; takes a reference of its own. */
void ws_sink_send(WsSink *sink, SinkMessage *message);
