/* Bodies in both directions, in constant memory. */
#include "client/connection_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/units.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE 65536

/* --- receiving --- */

static void finish(ClientDownload *download) {
        download->ended = true;
        if (download->head.keep_alive && download->client->idle == NULL)
                download->client->idle = TAKE_PTR(download->connection);
}

static int read_chunked(ClientDownload *download, void *buffer, size_t size, size_t *ret_size,
                        Error **err) {
        Connection *connection = download->connection;
        for (;;) {
                ChunkBuffers step = {.in = connection->buffer + connection->start,
                                     .in_size = connection->end - connection->start,
                                     .out = buffer,
                                     .out_size = size};
                bool end;
                if (http_chunk_decode(&download->decoder, &step, err) < 0)
                        return -1;
                connection->start = connection->end - step.in_size;
                *ret_size = size - step.out_size;
                if (*ret_size > 0)
                        return 0;
                if (download->decoder.state == CHUNK_DONE) {
                        finish(download);
                        return 0;
                }
                if (connection_fill(connection, &end, err) < 0)
                        return -1;
                if (end)
                        return error_set(err, ERROR_UNAVAILABLE, 0,
                                         "The connection broke in the middle of the answer");
        }
}

static int read_plain(ClientDownload *download, void *buffer, size_t size, size_t *ret_size,
                      Error **err) {
        Connection *connection = download->connection;
        size_t have = connection->end - connection->start;
        bool end = false;
        if (download->left == 0) {
                *ret_size = 0;
                finish(download);
                return 0;
        }
        if (have == 0 && connection_fill(connection, &end, err) < 0)
                return -1;
        if (end && download->left > 0)
                return error_set(err, ERROR_UNAVAILABLE, 0,
                                 "The connection broke in the middle of the answer");
        have = MIN_OF(connection->end - connection->start, size);
        if (download->left >= 0)
                have = MIN_OF(have, (size_t) download->left);
        memcpy(buffer, connection->buffer + connection->start, have);
        connection->start += have;
        if (download->left > 0)
                download->left -= (int64_t) have;
        download->ended = end;
        *ret_size = have;
        return 0;
}

int client_download_read(ClientDownload *download, void *buffer, size_t size, size_t *ret_size,
                         Error **err) {
        if (download->ended) {
                *ret_size = 0;
                return 0;
        }
        if (download->head.chunked)
                return read_chunked(download, buffer, size, ret_size, err);
        return read_plain(download, buffer, size, ret_size, err);
}

int64_t client_download_size(const ClientDownload *download) {
        return download->head.content_length;
}

int client_download_to_fd(ClientDownload *download, int fd, ClientProgress progress,
                          void *userdata, Error **err) {
        int64_t done = 0, total = client_download_size(download);
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        for (;;) {
                size_t size;
                if (client_download_read(download, block, BLOCK_SIZE, &size, err) < 0)
                        return -1;
                if (size == 0)
                        return 0;
                if (fd_write_all(fd, block, size, err) < 0)
                        return -1;
                done += (int64_t) size;
                if (progress != NULL)
                        progress(userdata, done, total);
        }
}

void client_download_free(ClientDownload *download) {
        if (download == NULL)
                return;
        http_head_done(&download->head);
        connection_free(download->connection);
        free(download);
}

/* --- sending --- */

typedef struct Upload {
        Transport *transport;
        const ClientRequest *request;
        bool chunked;
        int64_t done, total;
} Upload;

static int upload_write(Upload *upload, const void *data, size_t size, Error **err) {
        char head[32];
        int length;
        if (!upload->chunked)
                return transport_write(upload->transport, data, size, -1, err);
        length = snprintf(head, sizeof(head), "%zx\r\n", size);
        if (transport_write(upload->transport, head, (size_t) length, -1, err) < 0 ||
            transport_write(upload->transport, data, size, -1, err) < 0)
                return -1;
        return transport_write(upload->transport, "\r\n", 2, -1, err);
}

static int upload_fd(Upload *upload, int fd, Error **err) {
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        for (;;) {
                ssize_t got = read(fd, block, BLOCK_SIZE);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return error_set(err, ERROR_INVALID, errno, "Cannot read the input: %s",
                                         strerror(errno));
                if (got == 0)
                        return 0;
                if (upload_write(upload, block, (size_t) got, err) < 0)
                        return -1;
                upload->done += got;
                if (upload->request->progress != NULL)
                        upload->request->progress(upload->request->progress_userdata, upload->done,
                                                  upload->total);
        }
}

/* What is left in a regular file; -1 for a pipe. */
static int64_t fd_left(int fd) {
        struct stat info;
        off_t at;
        if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
                return -1;
        at = lseek(fd, 0, SEEK_CUR);
        return at < 0 || at > info.st_size ? -1 : (int64_t) (info.st_size - at);
}

static char *part_head(const ClientPart *part, const char *boundary, bool first) {
        return str_printf("%s--%s\r\nContent-Disposition: form-data; name=\"%s\"; "
                          "filename=\"%s\"\r\nContent-Type: application/octet-stream\r\n\r\n",
                          first ? "" : "\r\n", boundary, part->name, part->filename);
}

static int64_t parts_size(const ClientRequest *request, const char *boundary) {
        int64_t total = (int64_t) strlen(boundary) + 8; /* CRLF -- boundary -- CRLF */
        for (size_t i = 0; i < request->part_count; i++) {
                _cleanup_free_ char *head = part_head(&request->parts[i], boundary, i == 0);
                int64_t size = fd_left(request->parts[i].fd);
                if (size < 0)
                        return -1;
                total += (int64_t) strlen(head) + size;
        }
        return total;
}

static int upload_parts(Upload *upload, const char *boundary, Error **err) {
        const ClientRequest *request = upload->request;
        _cleanup_free_ char *last = str_printf("\r\n--%s--\r\n", boundary);
        for (size_t i = 0; i < request->part_count; i++) {
                _cleanup_free_ char *head = part_head(&request->parts[i], boundary, i == 0);
                if (upload_write(upload, head, strlen(head), err) < 0 ||
                    upload_fd(upload, request->parts[i].fd, err) < 0)
                        return -1;
        }
        return upload_write(upload, last, strlen(last), err);
}

/* What belongs to no project: there the parameter would filter. */
static bool has_project(const char *path) {
        static const char *const without[] = {"/internal", "/1.0/warnings", "/1.0/certificates",
                                              "/1.0/cluster", "/1.0/resources"};
        for (size_t i = 0; i < ARRAY_SIZE(without); i++) {
                if (str_has_prefix(path, without[i]))
                        return false;
        }
        return true;
}

/* ?project= and ?target= of the client, unless the path says its own. */
static char *full_path(const Client *client, const char *path) {
        char *url = str_dup(path);
        bool internal = str_has_prefix(path, "/internal");
        if (client->project != NULL && has_project(path) && strstr(path, "project=") == NULL &&
            strstr(path, "all-projects=") == NULL)
                url = client_url_query(url, "project", client->project);
        if (client->target != NULL && !internal && strstr(path, "target=") == NULL)
                url = client_url_query(url, "target", client->target);
        return url;
}

static void add_headers(StrBuf *head, const ClientRequest *request) {
        for (size_t i = 0; request->headers != NULL && i < request->headers->count; i++)
                strbuf_printf(head, "%s: %s\r\n", request->headers->items[i].key,
                              request->headers->items[i].value);
        if (request->etag != NULL)
                strbuf_printf(head, "If-Match: %s\r\n", request->etag);
}

static void add_length(StrBuf *head, int64_t length) {
        if (length < 0)
                strbuf_add(head, "Transfer-Encoding: chunked\r\n");
        else
                strbuf_printf(head, "Content-Length: %lld\r\n", (long long) length);
}

/* What the body is, and its length (-1: chunked). */
typedef struct BodyPlan {
        char *boundary;
        char *json;
        const char *text;
        size_t text_size;
        int64_t length;
        bool present;
} BodyPlan;

static void plan_done(BodyPlan *plan) {
        free(plan->boundary);
        free(plan->json);
}

static void plan_body(const ClientRequest *request, BodyPlan *plan) {
        plan->present = true;
        if (request->body != NULL) {
                plan->json = json_dumps(request->body, JSON_COMPACT | JSON_ENCODE_ANY);
                plan->text = plan->json;
                plan->text_size = plan->json != NULL ? strlen(plan->json) : 0;
                plan->length = (int64_t) plan->text_size;
        } else if (request->part_count > 0) {
                plan->boundary = random_hex(24);
                plan->length = parts_size(request, plan->boundary);
        } else if (request->has_fd) {
                plan->length = fd_left(request->fd);
        } else {
                plan->text = request->text;
                plan->text_size = request->text_size;
                plan->length = (int64_t) request->text_size;
                plan->present = request->text != NULL;
        }
}

static void add_type(StrBuf *head, const ClientRequest *request, const BodyPlan *plan) {
        if (plan->boundary != NULL)
                strbuf_printf(head, "Content-Type: multipart/form-data; boundary=%s\r\n",
                              plan->boundary);
        else if (request->body != NULL)
                strbuf_add(head, "Content-Type: application/json\r\n");
        else
                strbuf_printf(head, "Content-Type: %s\r\n",
                              request->type != NULL ? request->type : "application/octet-stream");
}

int connection_write_request(Client *client, Connection *connection, const ClientRequest *request,
                  const char *extra, Error **err) {
        _cleanup_(plan_done) BodyPlan plan = {};
        _cleanup_strbuf_ StrBuf head = {};
        _cleanup_free_ char *path = full_path(client, request->path);
        const char *method = request->method != NULL ? request->method : "GET";
        Upload upload = {.transport = connection->transport, .request = request};
        plan_body(request, &plan);
        upload.chunked = plan.length < 0;
        upload.total = plan.length;
        strbuf_printf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: berth\r\n", method, path,
                      client->host);
        add_headers(&head, request);
        strbuf_add(&head, extra != NULL ? extra : "");
        if (plan.present)
                add_type(&head, request, &plan);
        if (plan.present || !str_equal(method, "GET"))
                add_length(&head, plan.length);
        strbuf_add(&head, "\r\n");
        if (plan.text != NULL)
                strbuf_add_data(&head, plan.text, plan.text_size);
        if (transport_write(connection->transport, head.data, head.length, -1, err) < 0)
                return -1;
        if (plan.boundary != NULL && upload_parts(&upload, plan.boundary, err) < 0)
                return -1;
        if (plan.boundary == NULL && request->has_fd && upload_fd(&upload, request->fd, err) < 0)
                return -1;
        if (upload.chunked)
                return transport_write(connection->transport, "0\r\n\r\n", 5, -1, err);
        return 0;
}
