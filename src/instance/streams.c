#include "instance/streams.h"

#include "base/memory.h"
#include "base/text.h"
#include "http/websocket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#define CHUNK 65536
#define FRAME_TIMEOUT_MS 10000

int stream_set_nonblocking(int fd, Error **err) {
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return error_errno(err, errno, "Failed to make a stream non-blocking");
        return 0;
}

/* Returns false at the end of the stream, or when there is nothing and nothing more will come. */
static bool pump(OutputStream *stream, char *buffer, bool ended) {
        ssize_t count = read(stream->fd, buffer, CHUNK);
        if (count > 0)
                return ws_send(stream->socket, WS_BINARY, buffer, (size_t) count, NULL) == 0;
        if (count < 0 && errno == EINTR)
                return true;
        /* A terminal whose other side is closed gives EIO. */
        return count < 0 && errno == EAGAIN && !ended;
}

static void *output_thread(void *userdata) {
        OutputStream *stream = userdata;
        _cleanup_free_ char *buffer = mem_alloc(CHUNK);
        bool more = true;
        while (more) {
                struct pollfd fds[2] = {{.fd = stream->fd, .events = POLLIN},
                                        {.fd = stream->ended_fd, .events = POLLIN}};
                (void) poll(fds, 2, -1);
                more = pump(stream, buffer, fds[1].revents != 0);
        }
        (void) !ws_send(stream->socket, WS_TEXT, "", 0, NULL);
        if (stream->abort_at_end)
                ws_abort(stream->socket);
        /* Who still writes gets SIGPIPE. */
        fd_close(&stream->fd);
        return NULL;
}

int output_stream_start(OutputStream *stream, WebSocket *socket, int fd, bool abort_at_end,
                        Error **err) {
        *stream = (OutputStream) {.socket = socket,
                                  .fd = fd,
                                  .abort_at_end = abort_at_end,
                                  .ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (stream->ended_fd < 0 || stream_set_nonblocking(fd, err) < 0 ||
            pthread_create(&stream->thread, NULL, output_thread, stream) != 0) {
                fd_close(&stream->fd);
                fd_close(&stream->ended_fd);
                return error_set(err, ERROR_SYSTEM, 0, "Failed to start an output stream");
        }
        stream->running = true;
        return 0;
}

void output_stream_finish(OutputStream *stream) {
        static const uint64_t one = 1;
        if (!stream->running)
                return;
        (void) !write(stream->ended_fd, &one, sizeof one);
        (void) pthread_join(stream->thread, NULL);
        fd_close(&stream->ended_fd);
        stream->running = false;
}

/* Where the loop stands. */
typedef struct Input {
        StrBuf pending; /* read from the socket, not yet written */
        size_t written;
        bool closed; /* the socket will bring no more */
} Input;

static void flush_input(StreamLoop *loop, Input *input) {
        while (loop->input_fd >= 0 && input->written < input->pending.length) {
                ssize_t count = write(loop->input_fd, input->pending.data + input->written,
                                      input->pending.length - input->written);
                if (count < 0 && (errno == EAGAIN || errno == EINTR))
                        return;
                if (count < 0) { /* nobody reads any more */
                        fd_close(&loop->input_fd);
                        break;
                }
                input->written += (size_t) count;
        }
        strbuf_truncate(&input->pending, 0);
        input->written = 0;
        if (input->closed && !loop->keep_input)
                fd_close(&loop->input_fd);
}

static void receive_input(StreamLoop *loop, Input *input, WebSocket *socket) {
        _cleanup_strbuf_ StrBuf message = {.data = NULL};
        WebSocketType type;
        if (ws_receive(socket, FRAME_TIMEOUT_MS, &type, &message, NULL) < 0 || type == WS_CLOSE ||
            (type == WS_TEXT && message.length == 0))
                input->closed = true;
        else
                strbuf_add_data(&input->pending, message.data, message.length);
        flush_input(loop, input);
}

/* False: it is closed. */
static bool receive_control(StreamLoop *loop, WebSocket *socket) {
        _cleanup_strbuf_ StrBuf message = {.data = NULL};
        WebSocketType type;
        if (ws_receive(socket, FRAME_TIMEOUT_MS, &type, &message, NULL) < 0 || type == WS_CLOSE) {
                loop->control(loop, NULL, 0);
                return false;
        }
        if (message.length > 0)
                loop->control(loop, message.data, message.length);
        return true;
}

/* Readable, also by what poll() does not see. */
static bool is_ready(WebSocket *socket, const struct pollfd *fd) {
        return socket != NULL && fd->fd >= 0 && (fd->revents != 0 || ws_has_input(socket));
}

void stream_loop_run(StreamLoop *loop) {
        enum { PROCESS, EVENT, CONTROL, INPUT, OUTPUT, COUNT };
        Input input = {.closed = false};
        bool control_open = true;
        for (;;) {
                WebSocket *control = session_socket(loop->session, "control");
                WebSocket *stdin_socket = session_socket(loop->session, "0");
                bool pending = input.pending.length > 0;
                bool reads = stdin_socket != NULL && !input.closed && !pending;
                bool listens = control != NULL && control_open;
                struct pollfd fds[COUNT] = {
                        [PROCESS] = {.fd = loop->process_fd, .events = POLLIN},
                        [EVENT] = {.fd = loop->session->event_fd, .events = POLLIN},
                        [CONTROL] = {.fd = listens ? ws_fd(control) : -1, .events = POLLIN},
                        [INPUT] = {.fd = reads ? ws_fd(stdin_socket) : -1, .events = POLLIN},
                        [OUTPUT] = {.fd = pending ? loop->input_fd : -1, .events = POLLOUT},
                };
                bool buffered = (reads && ws_has_input(stdin_socket)) ||
                                (listens && ws_has_input(control));
                uint64_t count;
                (void) poll(fds, COUNT, buffered ? 0 : -1);
                if (fds[PROCESS].revents != 0 || (loop->process_fd < 0 && input.closed))
                        break;
                if (fds[EVENT].revents != 0)
                        (void) !read(loop->session->event_fd, &count, sizeof count);
                if (is_ready(control, &fds[CONTROL]))
                        control_open = receive_control(loop, control);
                if (is_ready(stdin_socket, &fds[INPUT]))
                        receive_input(loop, &input, stdin_socket);
                if (fds[OUTPUT].revents != 0)
                        flush_input(loop, &input);
                if (loop->process_fd < 0 && input.closed)
                        break;
        }
        strbuf_done(&input.pending);
}
