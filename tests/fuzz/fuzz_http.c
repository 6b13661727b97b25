/* Heads of requests and responses, and chunked bodies. The first byte chooses the reader. What was
 * accepted must hold the promises of http/parser.h; a body must decode alike in one piece and byte
 * by byte. */
#include "base/memory.h"
#include "base/text.h"
#include "http/parser.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool value) {
        if (!value)
                abort();
}

static void read_head(const char *data, size_t size, bool response) {
        HttpHead head = {};
        size_t end = http_head_end(data, size);
        int result;
        expect(end <= size);
        if (end == 0)
                return;
        result = response ? http_head_parse_response(data, end, &head, NULL)
                          : http_head_parse_request(data, end, &head, NULL);
        if (result < 0)
                return;
        expect(head.header_count <= HTTP_HEADER_LIMIT && head.content_length >= -1);
        expect(!(head.chunked && head.content_length >= 0));
        for (size_t i = 0; i < head.header_count; i++) {
                expect(strpbrk(head.headers[i].name, " \t\r\n:") == NULL);
                expect(strpbrk(head.headers[i].value, "\r\n") == NULL);
                expect(http_head_get(&head, head.headers[i].name) != NULL);
        }
        (void) http_head_has_token(&head, "Connection", "close");
        http_head_done(&head);
}

/* Decodes with at most `step` bytes of input and of output at a time; false when it is refused. */
static bool decode(const char *data, size_t size, size_t step, StrBuf *ret_body, bool *ret_done) {
        ChunkDecoder decoder = {};
        size_t at = 0;
        while (at < size && decoder.state != CHUNK_DONE) {
                char out[64];
                size_t give = MIN_OF(step, size - at), room = MIN_OF(step, sizeof out);
                ChunkBuffers buffers = {data + at, give, out, room};
                if (http_chunk_decode(&decoder, &buffers, NULL) < 0)
                        return false;
                expect(buffers.in_size <= give && buffers.out_size <= room);
                strbuf_add_data(ret_body, out, room - buffers.out_size);
                if (buffers.in_size == give && buffers.out_size == room
                    && decoder.state != CHUNK_DONE)
                        abort(); /* no progress: the reader would wait for ever */
                at += give - buffers.in_size;
        }
        *ret_done = decoder.state == CHUNK_DONE;
        return true;
}

static void read_chunks(const char *data, size_t size) {
        _cleanup_strbuf_ StrBuf whole = {}, bytes = {};
        bool whole_done = false, bytes_done = false;
        bool accepted = decode(data, size, 64, &whole, &whole_done);
        bool again = decode(data, size, 1, &bytes, &bytes_done);
        expect(accepted == again);
        if (accepted) {
                expect(whole_done == bytes_done && whole.length == bytes.length);
                expect(whole.length == 0 || memcmp(whole.data, bytes.data, whole.length) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data + 1;
        if (size == 0)
                return 0;
        if (data[0] == 'c')
                read_chunks(text, size - 1);
        else
                read_head(text, size - 1, data[0] == 'r');
        return 0;
}
