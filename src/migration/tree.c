#include "migration/wire.h"

#include "archive/stream.h"
#include "base/text.h"
#include "base/times.h"
#include "base/units.h"
#include "http/websocket.h"

#include <errno.h>
#include <time.h>

typedef struct Flow {
        const MigrationWire *wire;
        StrBuf message; /* the piece that was handed out */
        uint64_t moved;
        uint64_t limit; /* bytes a second; 0: none */
        int64_t started_ns;
} Flow;

static void count(Flow *flow, size_t size) {
        flow->moved += size;
        if (flow->wire->progress != NULL)
                flow->wire->progress(flow->wire->userdata, flow->moved);
}

/* Sleeps until the average since the start is below the limit. */
static void throttle(const Flow *flow) {
        if (flow->limit == 0)
                return;
        int64_t due = (int64_t) ((double) flow->moved / (double) flow->limit * 1e9);
        int64_t early = due - (time_monotonic_ns() - flow->started_ns);
        if (early <= 0)
                return;
        const struct timespec pause = {.tv_sec = early / NS_PER_SECOND,
                                       .tv_nsec = early % NS_PER_SECOND};
        (void) nanosleep(&pause, NULL);
}

static int write_piece(void *userdata, const void *data, size_t size, Error **err) {
        Flow *flow = userdata;
        if (ws_send(flow->wire->socket, WS_BINARY, data, size, err) < 0)
                return -1;
        count(flow, size);
        throttle(flow);
        return 0;
}

static int read_piece(void *userdata, const void **ret_data, size_t *ret_size, Error **err) {
        Flow *flow = userdata;
        WebSocketType type;
        if (ws_receive(flow->wire->socket, -1, &type, &flow->message, err) < 0)
                return -1;
        if (type == WS_CLOSE)
                return error_set(err, ERROR_UNAVAILABLE, ECONNRESET,
                                 "The connection to the other server was lost");
        *ret_data = flow->message.data;
        *ret_size = type == WS_TEXT ? 0 : flow->message.length;
        count(flow, *ret_size);
        return 0;
}

/* As rsync's --bwlimit takes it: KiB a second; "2M" and "2MiB" count in 1024, "2MB" in 1000. */
static uint64_t bytes_a_second(const char *text) {
        static const char suffixes[] = "kmgt";
        uint64_t number = 0, factor = 1024;
        if (str_is_empty(text))
                return 0;
        for (; *text >= '0' && *text <= '9' && number < UINT32_MAX; text++)
                number = number * 10 + (uint64_t) (*text - '0');
        uint64_t base = *text != '\0' && (text[1] | 0x20) == 'b' ? 1000 : 1024;
        for (size_t i = 0; i < sizeof suffixes - 1; i++)
                if (*text != '\0' && (*text | 0x20) == suffixes[i]) {
                        factor = base;
                        for (size_t step = 0; step < i; step++)
                                factor *= base;
                }
        return number * factor;
}

int migration_tree_send(const MigrationWire *wire, const char *path, Error **err) {
        Flow flow = {.wire = wire,
                     .limit = bytes_a_second(wire->bandwidth),
                     .started_ns = time_monotonic_ns()};
        if (tree_send(path, write_piece, &flow, err) < 0)
                return -1;
        return ws_send(wire->socket, WS_TEXT, "", 0, err);
}

int migration_tree_receive(const MigrationWire *wire, const char *path, Error **err) {
        _cleanup_strbuf_ StrBuf end = {};
        WebSocketType type;
        Flow flow = {.wire = wire};
        int result = tree_receive(path, read_piece, &flow, err);
        strbuf_done(&flow.message);
        if (result < 0)
                return -1;
        if (ws_receive(wire->socket, -1, &type, &end, err) < 0)
                return -1;
        return type == WS_TEXT && end.length == 0
                       ? 0
                       : error_set(err, ERROR_INVALID, EPROTO, "The tree goes on behind its end");
}
