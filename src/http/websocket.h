/* A websocket (RFC 6455) over a Transport; frames are libwslay's.
 *
 * One thread may receive while others send: sends are serialised by a lock. Fragmented messages
 * are put together (gorilla fragments above 4 KiB), pings are answered while receiving. An empty
 * text message is data to this layer; LXD's protocols use it as end of stream. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/transport.h"

typedef struct WebSocket WebSocket;

typedef enum WebSocketRole {
        WEBSOCKET_SERVER,
        WEBSOCKET_CLIENT, /* masks what it sends */
} WebSocketRole;

typedef enum WebSocketType {
        WS_TEXT = 1,
        WS_BINARY = 2,
        WS_CLOSE = 8, /* received: the peer closes or has gone */
        WS_PING = 9,
        WS_PONG = 10,
} WebSocketType;

#define WEBSOCKET_MESSAGE_LIMIT ((size_t) 16 << 20)

/* Takes the transport; `input` are bytes that were read behind the handshake. */
WebSocket *websocket_new(Transport *transport, WebSocketRole role, const void *input,
                         size_t input_size);
void websocket_free(WebSocket *socket);
DEFINE_CLEANUP(WebSocket, websocket, websocket_free)

int ws_send(WebSocket *socket, WebSocketType type, const void *data, size_t size, Error **err)
        _must_check_;
/* The next text, binary or close message; WS_CLOSE also for an end without a close frame. The
 * buffer is replaced. timeout_ms -1: for ever, else ERROR_TIMEOUT. */
int ws_receive(WebSocket *socket, int timeout_ms, WebSocketType *ret_type, StrBuf *ret_message,
               Error **err) _must_check_;
/* Sends a close frame; the peer answers with one. */
void ws_close(WebSocket *socket, uint16_t code);
/* Makes the receiver return WS_CLOSE. */
void ws_abort(WebSocket *socket);
int ws_fd(const WebSocket *socket);
/* Bytes are buffered that poll() on the fd would not show. */
bool ws_has_input(const WebSocket *socket);
/* Takes the transport out (for http/sink.h); the socket may only be freed after. */
Transport *websocket_take_transport(WebSocket *socket);

/* The Sec-WebSocket-Accept value for a key. */
char *websocket_accept_key(const char *key);
/* A server's frame head (not masked) into `ret`, at most 10 bytes; returns its length. */
size_t websocket_frame_head(WebSocketType type, size_t size, unsigned char ret[static 10]);
