/* One thread a direction: a program that does not read its input must not keep us from showing its
 * output, and the other way round. */
#include "cli/commands/streams.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/fields.h"
#include "cli/terminal.h"
#include "http/websocket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define BLOCK_SIZE 32768
#define KEY_ESCAPE 1 /* ctrl-a */
#define KEY_QUIT 'q'

typedef struct Stream {
        Streams *streams;
        WebSocket *socket;
        int fd;
        bool detachable;
        bool is_input;
        bool started;
        pthread_t thread;
} Stream;

struct Streams {
        Client *client;
        WebSocket *control;
        const Signals *signals;
        Stream items[STREAMS_MAX + 1];
        size_t count;
        int stop[2];  /* closed end: inputs return */
        int ended[2]; /* a byte for each output that ended, 'd' for a detach */
};

static int make_pipe(int fds[2]) {
        if (pipe(fds) < 0)
                return -1;
        for (int i = 0; i < 2; i++)
                (void) fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        return 0;
}

Streams *streams_new(Client *client, WebSocket *control, const Signals *signals) {
        Streams *streams = mem_new(Streams);
        streams->client = client;
        streams->control = control;
        streams->signals = signals;
        streams->stop[0] = streams->stop[1] = streams->ended[0] = streams->ended[1] = -1;
        if (make_pipe(streams->stop) < 0 || make_pipe(streams->ended) < 0) {
                streams_free(streams);
                return NULL;
        }
        return streams;
}

static void tell(const Streams *streams, char what) {
        (void) !write(streams->ended[1], &what, 1);
}

static void *run_output(void *data) {
        Stream *stream = data;
        _cleanup_strbuf_ StrBuf message = {};
        WebSocketType type = WS_BINARY;
        while (type != WS_CLOSE) {
                if (ws_receive(stream->socket, -1, &type, &message, NULL) < 0)
                        break;
                if (type == WS_TEXT && message.length == 0)
                        break; /* the protocol's end of stream */
                if (type != WS_CLOSE &&
                    fd_write_all(stream->fd, message.data, message.length, NULL) < 0)
                        break;
        }
        ws_close(stream->socket, 1000);
        tell(stream->streams, 'e');
        return NULL;
}

/* Looks for ctrl-a q; ctrl-a ctrl-a is one ctrl-a. Returns the bytes to send, *ret_quit at q. */
static size_t filter_keys(char *data, size_t size, bool *escaped, bool *ret_quit) {
        size_t kept = 0;
        *ret_quit = false;
        for (size_t i = 0; i < size; i++) {
                if (*escaped && data[i] == KEY_QUIT) {
                        *ret_quit = true;
                        return kept;
                }
                if (!*escaped && data[i] == KEY_ESCAPE) {
                        *escaped = true;
                        continue;
                }
                *escaped = false;
                data[kept++] = data[i];
        }
        return kept;
}

/* False at the end of input, or when it is time to stop. */
static bool wait_for_input(const Stream *stream) {
        struct pollfd entries[2] = {{.fd = stream->fd, .events = POLLIN},
                                    {.fd = stream->streams->stop[0], .events = POLLIN}};
        while (poll(entries, 2, -1) < 0) {
                if (errno != EINTR)
                        return false;
        }
        return entries[1].revents == 0;
}

static void *run_input(void *data) {
        Stream *stream = data;
        char block[BLOCK_SIZE];
        bool escaped = false, quit = false;
        while (wait_for_input(stream)) {
                ssize_t got = read(stream->fd, block, sizeof(block));
                size_t size;
                if (got < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (got <= 0)
                        break;
                size = (size_t) got;
                if (stream->detachable)
                        size = filter_keys(block, size, &escaped, &quit);
                if (quit) {
                        tell(stream->streams, 'd');
                        return NULL;
                }
                if (size > 0 && ws_send(stream->socket, WS_BINARY, block, size, NULL) < 0)
                        return NULL;
        }
        (void) !ws_send(stream->socket, WS_TEXT, "", 0, NULL);
        return NULL;
}

static int add_stream(Streams *streams, const Stream *wanted, void *(*run)(void *), Error **err) {
        Stream *stream = &streams->items[streams->count];
        int number;
        *stream = *wanted;
        stream->streams = streams;
        number = pthread_create(&stream->thread, NULL, run, stream);
        if (number != 0)
                return error_errno(err, number, "Cannot start a thread");
        stream->started = true;
        streams->count++;
        return 0;
}

int streams_add_output(Streams *streams, WebSocket *socket, int fd, Error **err) {
        return add_stream(streams, &(Stream){.socket = socket, .fd = fd}, run_output, err);
}

int streams_add_input(Streams *streams, WebSocket *socket, int fd, bool detachable, Error **err) {
        return add_stream(streams,
                          &(Stream){.socket = socket,
                                    .fd = fd,
                                    .detachable = detachable,
                                    .is_input = true},
                          run_input, err);
}

/* --- control --- */

static void send_control(const Streams *streams, json_t *message) {
        char *text = json_dumps(message, JSON_COMPACT);
        if (streams->control != NULL)
                (void) !ws_send(streams->control, WS_TEXT, text, strlen(text), NULL);
        free(text);
        json_decref(message);
}

void streams_send_size(Streams *streams, int terminal) {
        int width, height;
        _cleanup_free_ char *width_text = NULL, *height_text = NULL;
        if (!terminal_size(terminal, &width, &height))
                return;
        width_text = str_printf("%d", width);
        height_text = str_printf("%d", height);
        send_control(streams, json_pack("{s:s,s:{s:s,s:s}}", "command", "window-resize", "args",
                                        "width", width_text, "height", height_text));
}

static void handle_signals(Streams *streams, int terminal) {
        int number;
        while ((number = signals_next(streams->signals)) != 0) {
                if (number == SIGWINCH)
                        streams_send_size(streams, terminal);
                else
                        send_control(streams, json_pack("{s:s,s:i}", "command", "signal", "signal",
                                                        number));
        }
}

/* Answers pings; the server says nothing else there. */
static void drain_control(const Streams *streams) {
        _cleanup_strbuf_ StrBuf message = {};
        WebSocketType type = WS_BINARY;
        while (type != WS_CLOSE && ws_receive(streams->control, 0, &type, &message, NULL) == 0)
                ;
}

static int next_event(Streams *streams, const char *id, json_t **ret, Error **err) {
        json_t *event;
        *ret = NULL;
        if (client_events_fd(streams->client) < 0)
                return 0;
        for (;;) {
                if (client_events_next(streams->client, &event, err) < 0)
                        return -1;
                if (event == NULL)
                        return 0;
                if (str_equal(field_text(event, "id"), id) && client_operation_is_final(event)) {
                        *ret = event;
                        return 0;
                }
                json_decref(event);
        }
}

/* All output has come: the operation ends any moment. Its failure is the caller's to judge. */
static int wait_end(Streams *streams, const char *id, json_t **ret, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/operations/{}/wait", id, NULL);
        return client_get(streams->client, path, ret, NULL, err);
}

int streams_run(Streams *streams, const json_t *operation, int terminal, json_t **ret_operation,
                Error **err) {
        const char *id = field_text(operation, "id");
        size_t outputs = 0;
        int control = streams->control != NULL ? ws_fd(streams->control) : -1;
        for (size_t i = 0; i < streams->count; i++)
                outputs += !streams->items[i].is_input;
        while (outputs > 0) {
                struct pollfd entries[4] = {
                        {.fd = client_events_fd(streams->client), .events = POLLIN},
                        {.fd = signals_fd(streams->signals), .events = POLLIN},
                        {.fd = streams->ended[0], .events = POLLIN},
                        {.fd = control, .events = POLLIN}};
                char what;
                if (next_event(streams, id, ret_operation, err) < 0)
                        return -1;
                if (*ret_operation != NULL)
                        return 0;
                if (poll(entries, ARRAY_SIZE(entries), -1) < 0)
                        continue;
                if (entries[1].revents != 0)
                        handle_signals(streams, terminal);
                if (entries[2].revents != 0 && read(streams->ended[0], &what, 1) == 1) {
                        if (what == 'd') {
                                *ret_operation = NULL;
                                return 0;
                        }
                        outputs--;
                }
                if (entries[3].revents != 0) {
                        drain_control(streams);
                        control = (entries[3].revents & (POLLHUP | POLLERR)) != 0 ? -1 : control;
                }
        }
        return wait_end(streams, id, ret_operation, err);
}

void streams_free(Streams *streams) {
        if (streams == NULL)
                return;
        fd_close(&streams->stop[1]);
        for (size_t i = 0; i < streams->count; i++)
                pthread_join(streams->items[i].thread, NULL);
        for (int i = 0; i < 2; i++) {
                fd_close(&streams->stop[i]);
                fd_close(&streams->ended[i]);
        }
        free(streams);
}
