#include "http/websocket.h"

#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <wslay/wslay.h>

#define INPUT_SIZE 16384
#define SEND_TIMEOUT_MS (60 * 1000)

struct WebSocket {
        Transport *transport;
        WebSocketRole role;
        wslay_frame_context_ptr receiver;
        wslay_frame_context_ptr sender;
        pthread_mutex_t send_lock;
        char *input; /* at first the bytes behind the handshake */
        size_t input_capacity, input_size, input_used;
        bool close_sent;
        bool ended; /* end of stream or an error below */
        /* The message being put together. */
        StrBuf message;
        WebSocketType message_type;
        /* The frame being received. */
        StrBuf control;
        struct wslay_frame_iocb frame;
        uint64_t frame_left;
        bool in_frame;
};

/* False when there is nothing now. */
static bool fill_input(WebSocket *socket) {
        bool ready;
        if (socket->input_capacity < INPUT_SIZE) {
                free(socket->input);
                socket->input = mem_alloc(INPUT_SIZE);
                socket->input_capacity = INPUT_SIZE;
        }
        socket->input_used = socket->input_size = 0;
        if (transport_read_now(socket->transport, socket->input, INPUT_SIZE, &socket->input_size,
                               &ready, NULL) < 0 ||
            (ready && socket->input_size == 0)) {
                socket->input_size = 0;
                socket->ended = true;
        }
        return socket->input_size > 0;
}

/* wslay has a buffer of its own that nobody can look into. It gets no byte of the frame after the
 * present one, so that ws_has_input() knows all that poll() does not show. */
static ssize_t receive_callback(uint8_t *data, size_t size, int flags, void *userdata) {
        WebSocket *socket = userdata;
        size_t wanted = socket->in_frame ? socket->frame_left : 1;
        if (socket->input_used == socket->input_size && !fill_input(socket))
                return -1;
        size = MIN_OF(size, MIN_OF(MAX_OF(wanted, (size_t) 1),
                                   socket->input_size - socket->input_used));
        memcpy(data, socket->input + socket->input_used, size);
        socket->input_used += size;
        return (ssize_t) size;
}

static ssize_t send_callback(const uint8_t *data, size_t size, int flags, void *userdata) {
        WebSocket *socket = userdata;
        if (transport_write(socket->transport, data, size, SEND_TIMEOUT_MS, NULL) < 0)
                return -1;
        return (ssize_t) size;
}

static int mask_callback(uint8_t *data, size_t size, void *userdata) {
        random_bytes(data, size);
        return 0;
}

WebSocket *websocket_new(Transport *transport, WebSocketRole role, const void *input,
                         size_t input_size) {
        static const struct wslay_frame_callbacks callbacks = {send_callback, receive_callback,
                                                               mask_callback};
        WebSocket *socket = mem_new(WebSocket);
        socket->transport = transport;
        socket->role = role;
        socket->input = mem_copy(input, input_size);
        socket->input_size = input_size;
        pthread_mutex_init(&socket->send_lock, NULL);
        if (wslay_frame_context_init(&socket->receiver, &callbacks, socket) != 0 ||
            wslay_frame_context_init(&socket->sender, &callbacks, socket) != 0)
                abort(); /* the only failure is memory */
        return socket;
}

void websocket_free(WebSocket *socket) {
        if (socket == NULL)
                return;
        wslay_frame_context_free(socket->receiver);
        wslay_frame_context_free(socket->sender);
        transport_free(socket->transport);
        pthread_mutex_destroy(&socket->send_lock);
        strbuf_done(&socket->message);
        strbuf_done(&socket->control);
        free(socket->input);
        free(socket);
}

Transport *websocket_take_transport(WebSocket *socket) {
        return TAKE_PTR(socket->transport);
}

int ws_fd(const WebSocket *socket) {
        return transport_fd(socket->transport);
}

bool ws_has_input(const WebSocket *socket) {
        return socket->input_used < socket->input_size;
}

/* Small frames leave in one write: head and data are put into one buffer when not masked. */
static int send_unmasked(WebSocket *socket, WebSocketType type, const void *data, size_t size,
                         Error **err) {
        unsigned char frame[10 + 4096];
        size_t head = websocket_frame_head(type, size, frame);
        if (size <= sizeof frame - head) {
                if (size > 0)
                        memcpy(frame + head, data, size);
                return transport_write(socket->transport, frame, head + size, SEND_TIMEOUT_MS,
                                       err);
        }
        if (transport_write(socket->transport, frame, head, SEND_TIMEOUT_MS, err) < 0)
                return -1;
        return transport_write(socket->transport, data, size, SEND_TIMEOUT_MS, err);
}

static int send_masked(WebSocket *socket, WebSocketType type, const void *data, size_t size,
                       Error **err) {
        struct wslay_frame_iocb frame = {
                .fin = 1,
                .opcode = (uint8_t) type,
                .mask = 1,
                .payload_length = size,
                .data = data,
                .data_length = size,
        };
        do {
                ssize_t put = wslay_frame_send(socket->sender, &frame);
                if (put < 0)
                        return error_set(err, ERROR_SYSTEM, EPIPE, "Cannot write to the peer");
                frame.data += put;
                frame.data_length -= (size_t) put;
        } while (frame.data_length > 0);
        return 0;
}

int ws_send(WebSocket *socket, WebSocketType type, const void *data, size_t size, Error **err) {
        int result;
        pthread_mutex_lock(&socket->send_lock);
        if (socket->close_sent)
                result = error_set(err, ERROR_SYSTEM, EPIPE, "The websocket is closed");
        else if (socket->role == WEBSOCKET_SERVER)
                result = send_unmasked(socket, type, data, size, err);
        else
                result = send_masked(socket, type, data, size, err);
        if (type == WS_CLOSE)
                socket->close_sent = true;
        pthread_mutex_unlock(&socket->send_lock);
        return result;
}

void ws_close(WebSocket *socket, uint16_t code) {
        const unsigned char payload[2] = {(unsigned char) (code >> 8), (unsigned char) code};
        (void) !ws_send(socket, WS_CLOSE, payload, sizeof payload, NULL);
}

void ws_abort(WebSocket *socket) {
        transport_abort(socket->transport);
}

/* One step of wslay: >0 payload bytes or a finished head, 0 more input is needed, -1 broken. */
static int receive_step(WebSocket *socket, Error **err) {
        struct wslay_frame_iocb *frame = &socket->frame;
        ssize_t got = wslay_frame_recv(socket->receiver, frame);
        if (got == WSLAY_ERR_WANT_READ)
                return 0;
        if (got < 0)
                return error_set(err, ERROR_INVALID, EPROTO, "Malformed websocket frame");
        if (!socket->in_frame) {
                socket->in_frame = true;
                socket->frame_left = frame->payload_length;
                bool is_control = (frame->opcode & 8) != 0;
                bool masked = frame->mask != 0;
                if (masked != (socket->role == WEBSOCKET_SERVER) || frame->rsv != 0 ||
                    (is_control && (!frame->fin || frame->payload_length > 125)))
                        return error_set(err, ERROR_INVALID, EPROTO, "Malformed websocket frame");
        }
        StrBuf *target = (frame->opcode & 8) != 0 ? &socket->control : &socket->message;
        if (target->length + frame->payload_length > WEBSOCKET_MESSAGE_LIMIT)
                return error_set(err, ERROR_TOO_LARGE, 0, "Websocket message over %zu bytes",
                                 WEBSOCKET_MESSAGE_LIMIT);
        if (frame->data_length > 0)
                strbuf_add_data(target, frame->data, frame->data_length);
        socket->frame_left -= frame->data_length;
        return 1;
}

/* A complete control frame. True: the caller sees it (a close). */
static bool handle_control(WebSocket *socket) {
        WebSocketType type = (WebSocketType) socket->frame.opcode;
        if (type == WS_PING)
                (void) !ws_send(socket, WS_PONG, socket->control.data, socket->control.length,
                                NULL);
        if (type == WS_CLOSE && !socket->close_sent)
                ws_close(socket, 1000);
        strbuf_truncate(&socket->control, 0);
        return type == WS_CLOSE;
}

/* The end of a frame: 1 a message is complete (type set), 0 go on, -1 broken. */
static int frame_end(WebSocket *socket, WebSocketType *ret_type, Error **err) {
        const struct wslay_frame_iocb *frame = &socket->frame;
        socket->in_frame = false;
        if ((frame->opcode & 8) != 0) {
                *ret_type = WS_CLOSE;
                return handle_control(socket) ? 1 : 0;
        }
        bool continues = frame->opcode == 0;
        if (continues != (socket->message_type != 0))
                return error_set(err, ERROR_INVALID, EPROTO, "Websocket fragments out of order");
        if (!continues)
                socket->message_type = (WebSocketType) frame->opcode;
        if (!frame->fin)
                return 0;
        *ret_type = socket->message_type;
        socket->message_type = 0;
        return 1;
}

static int wait_input(WebSocket *socket, int64_t deadline, Error **err) {
        int64_t left = deadline - time_monotonic_ns();
        struct pollfd entry = {.fd = ws_fd(socket), .events = POLLIN};
        int timeout = deadline < 0 ? -1 : left <= 0 ? 0 : (int) (left / NS_PER_MS) + 1;
        int count = poll(&entry, 1, timeout);
        if (count < 0 && errno != EINTR)
                return error_errno(err, errno, "Cannot wait for the peer");
        if (count == 0)
                return error_set(err, ERROR_TIMEOUT, ETIMEDOUT, "The peer sent nothing in time");
        return 0;
}

int ws_receive(WebSocket *socket, int timeout_ms, WebSocketType *ret_type, StrBuf *ret_message,
               Error **err) {
        int64_t deadline = timeout_ms < 0 ? -1 : time_monotonic_ns() + timeout_ms * NS_PER_MS;
        for (;;) {
                int step = receive_step(socket, err);
                if (step < 0)
                        return -1;
                if (step > 0 && socket->frame_left == 0) {
                        int end = frame_end(socket, ret_type, err);
                        if (end < 0)
                                return -1;
                        if (end > 0)
                                break;
                } else if (step == 0) {
                        if (socket->ended) {
                                *ret_type = WS_CLOSE;
                                break;
                        }
                        if (!ws_has_input(socket) && wait_input(socket, deadline, err) < 0)
                                return -1;
                }
        }
        strbuf_done(ret_message);
        *ret_message = socket->message;
        socket->message = (StrBuf){};
        return 0;
}

char *websocket_accept_key(const char *key) {
        static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */
        _cleanup_free_ char *text = str_printf("%s%s", key, guid);
        unsigned char digest[SHA_DIGEST_LENGTH];
        char *encoded = mem_alloc(32);
        SHA1((const unsigned char *) text, strlen(text), digest);
        EVP_EncodeBlock((unsigned char *) encoded, digest, sizeof digest);
        return encoded;
}

size_t websocket_frame_head(WebSocketType type, size_t size, unsigned char ret[static 10]) {
        ret[0] = (unsigned char) (0x80 | type);
        if (size < 126) {
                ret[1] = (unsigned char) size;
                return 2;
        }
        size_t bytes = size <= 0xffff ? 2 : 8;
        ret[1] = bytes == 2 ? 126 : 127;
        for (size_t i = 0; i < bytes; i++)
                ret[2 + i] = (unsigned char) ((uint64_t) size >> 8 * (bytes - 1 - i));
        return 2 + bytes;
}
