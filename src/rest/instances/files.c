/* /1.0/instances/{name}/files and /sftp */
#include "rest/instances/instances.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/server.h"
#include "json/json.h"
#include "rest/context.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BLOCK_SIZE ((size_t) 256 << 10)

static const char *const type_names[] = {
        [FILES_FILE] = "file",
        [FILES_DIRECTORY] = "directory",
        [FILES_SYMLINK] = "symlink",
        [FILES_OTHER] = "file",
};

/* One request's use of the instance's session, given back in any case. */
typedef struct Use {
        RestRequest *request;
        FilesSession *session;
        char *path;
} Use;

static void use_end(Use *use) {
        free(use->path);
        if (use->session != NULL)
                instance_files_release(use->request->context->instances, use->request->entity,
                                       use->session);
}
#define _cleanup_use_ _cleanup_(use_end)

static int use_begin(RestRequest *request, Use *ret, Error **err) {
        const char *path = rest_query(request, "path");
        if (str_is_empty(path))
                return error_set(err, ERROR_INVALID, 0, "Missing path argument");
        ret->request = request;
        ret->path = *path == '/' ? str_dup(path) : str_printf("/%s", path);
        return instance_files_acquire(request->context->instances, request->entity, &ret->session,
                                      err);
}

/* Go's time.String() of a whole second in UTC. */
static void set_headers(RestRequest *request, const FilesStat *info, const char *path) {
        char stamp[64];
        time_t seconds = (time_t) info->modified;
        struct tm parts;
        gmtime_r(&seconds, &parts);
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S +0000 UTC", &parts);
        strmap_printf(&request->headers, "X-LXD-uid", "%u", info->uid);
        strmap_printf(&request->headers, "X-LXD-gid", "%u", info->gid);
        strmap_printf(&request->headers, "X-LXD-mode", "%04o", info->mode & 0777);
        strmap_set(&request->headers, "X-LXD-modified", stamp);
        strmap_set(&request->headers, "X-LXD-type", type_names[info->type]);
        const char *name = strrchr(path, '/');
        strmap_printf(&request->headers, "Content-Disposition", "inline;filename=%s",
                      name != NULL ? name + 1 : path);
}

static int send_file(RestRequest *request, FilesFile *file, uint64_t size) {
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        uint64_t offset = 0;
        size_t got = 1;
        strmap_set(&request->headers, "Content-Type", "application/octet-stream");
        /* Small files in one piece, with their length. */
        if (size <= BLOCK_SIZE) {
                if (files_read(file, 0, block, BLOCK_SIZE, &got, NULL) < 0)
                        return -1;
                return got <= size ? http_exchange_reply(request->exchange, 200, &request->headers,
                                                         block, got, NULL)
                                   : -1;
        }
        if (http_exchange_stream_begin(request->exchange, 200, &request->headers, NULL) < 0)
                return 0;
        while (got > 0) {
                if (files_read(file, offset, block, BLOCK_SIZE, &got, NULL) < 0 ||
                    http_exchange_stream_write(request->exchange, block, got, NULL) < 0)
                        return 0;
                offset += got;
        }
        (void) http_exchange_stream_end(request->exchange, NULL);
        return 0;
}

static int get_regular(RestRequest *request, const Use *use, const FilesStat *info, Error **err) {
        _cleanup_(files_file_cleanup) FilesFile *file = NULL;
        if (files_open(use->session, use->path, FILES_READ, 0, &file, err) < 0)
                return -1;
        if (send_file(request, file, info->size) < 0)
                return error_set(err, ERROR_SYSTEM, EIO, "Cannot read \"%s\"", use->path);
        return rest_reply_taken(request);
}

static int get_link(RestRequest *request, const Use *use, Error **err) {
        _cleanup_free_ char *target = NULL;
        if (files_readlink(use->session, use->path, &target, err) < 0)
                return -1;
        strmap_set(&request->headers, "Content-Type", "application/octet-stream");
        (void) http_exchange_reply(request->exchange, 200, &request->headers, target,
                                   strlen(target), NULL);
        return rest_reply_taken(request);
}

static int get_directory(RestRequest *request, const Use *use, Error **err) {
        _cleanup_strlist_ StrList names = {};
        if (files_list(use->session, use->path, &names, err) < 0)
                return -1;
        strlist_sort(&names);
        return rest_reply_sync(request, json_from_strlist(&names));
}

static int files_get(RestRequest *request, Error **err) {
        _cleanup_use_ Use use = {};
        FilesStat info;
        if (use_begin(request, &use, err) < 0 ||
            files_stat(use.session, use.path, &info, err) < 0)
                return -1;
        set_headers(request, &info, use.path);
        if (str_equal(request->method_name, "HEAD")) {
                strmap_set(&request->headers, "Content-Type", "application/octet-stream");
                (void) http_exchange_reply(request->exchange, 200, &request->headers, NULL,
                                           info.type == FILES_FILE ? (size_t) info.size : 0, NULL);
                return rest_reply_taken(request);
        }
        switch (info.type) {
        case FILES_DIRECTORY:
                return get_directory(request, &use, err);
        case FILES_SYMLINK:
                return get_link(request, &use, err);
        case FILES_FILE:
                return get_regular(request, &use, &info, err);
        default:
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is no file, directory or link",
                                 use.path);
        }
}

typedef struct Headers {
        int64_t uid, gid, mode; /* -1: not given */
        const char *type;
        bool append;
} Headers;

static int number_header(RestRequest *request, const char *name, int base, int64_t *ret,
                         Error **err) {
        const char *text = http_exchange_header(request->exchange, name);
        char *end;
        *ret = -1;
        if (str_is_empty(text))
                return 0;
        errno = 0;
        long long value = strtoll(text, &end, base);
        if (errno != 0 || *end != '\0' || value < -1 || value > UINT32_MAX)
                return error_set(err, ERROR_INVALID, 0, "Invalid %s \"%s\": a number is needed",
                                 name, text);
        *ret = value;
        return 0;
}

static int read_headers(RestRequest *request, Headers *ret, Error **err) {
        const char *write = http_exchange_header(request->exchange, "X-LXD-write");
        if (number_header(request, "X-LXD-uid", 10, &ret->uid, err) < 0 ||
            number_header(request, "X-LXD-gid", 10, &ret->gid, err) < 0 ||
            number_header(request, "X-LXD-mode", 8, &ret->mode, err) < 0)
                return -1;
        if (ret->mode >= 0)
                ret->mode &= 0777;
        ret->type = http_exchange_header(request->exchange, "X-LXD-type");
        if (str_is_empty(ret->type))
                ret->type = "file";
        if (!str_is_empty(write) && !str_equal(write, "overwrite") && !str_equal(write, "append"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Bad file write mode \"%s\": overwrite or append is needed",
                                 write);
        ret->append = str_equal(write, "append");
        return 0;
}

static int receive(RestRequest *request, FilesFile *file, uint64_t offset, Error **err) {
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        size_t got;
        do {
                if (http_exchange_read(request->exchange, block, BLOCK_SIZE, &got, err) < 0 ||
                    (got > 0 && files_write(file, offset, block, got, err) < 0))
                        return -1;
                offset += got;
        } while (got > 0);
        return 0;
}

/* Owner and mode are for files that were not there before. */
static int post_file(RestRequest *request, const Use *use, const Headers *headers, Error **err) {
        _cleanup_(files_file_cleanup) FilesFile *file = NULL;
        FilesStat info = {};
        bool existed = files_stat(use->session, use->path, &info, NULL) == 0;
        unsigned flags = FILES_WRITE | FILES_CREATE | (headers->append ? 0 : FILES_TRUNCATE);
        uint32_t mode = headers->mode >= 0 ? (uint32_t) headers->mode : 0644;
        if (existed && info.type == FILES_DIRECTORY)
                return error_set(err, ERROR_INVALID, 0, "\"%s\" is a directory", use->path);
        if (files_open(use->session, use->path, flags, mode, &file, err) < 0)
                return -1;
        if (headers->append && files_file_stat(file, &info, err) < 0)
                return -1;
        if (receive(request, file, headers->append ? info.size : 0, err) < 0 ||
            files_close(TAKE_PTR(file), err) < 0)
                return -1;
        if (existed)
                return 0;
        return files_set_owner(use->session, use->path, headers->uid, headers->gid, headers->mode,
                               err);
}

static int post_link(RestRequest *request, const Use *use, Error **err) {
        _cleanup_free_ char *target = NULL, *present = NULL;
        size_t size;
        if (http_exchange_read_all(request->exchange, 4096, &target, &size, err) < 0)
                return -1;
        if (files_readlink(use->session, use->path, &present, NULL) == 0 &&
            str_equal(present, target))
                return 0;
        return files_symlink(use->session, target, use->path, err);
}

static int post_directory(const Use *use, const Headers *headers, Error **err) {
        FilesStat info;
        if (files_stat(use->session, use->path, &info, NULL) == 0 &&
            info.type == FILES_DIRECTORY)
                return 0;
        uint32_t mode = headers->mode >= 0 ? (uint32_t) headers->mode : 0750;
        if (files_mkdir(use->session, use->path, mode, err) < 0)
                return -1;
        return files_set_owner(use->session, use->path, headers->uid, headers->gid, mode, err);
}

static void emit_file(RestRequest *request, const char *action, const char *path) {
        const Instance *instance = request->entity;
        _cleanup_free_ char *source = str_printf("/1.0/instances/%s", instance->row.name);
        rest_emit(request, action, source, json_pack("{s:s}", "file", path));
}

static int files_post(RestRequest *request, Error **err) {
        _cleanup_use_ Use use = {};
        Headers headers;
        int result;
        if (read_headers(request, &headers, err) < 0 || use_begin(request, &use, err) < 0)
                return -1;
        if (str_equal(headers.type, "file"))
                result = post_file(request, &use, &headers, err);
        else if (str_equal(headers.type, "symlink"))
                result = post_link(request, &use, err);
        else if (str_equal(headers.type, "directory"))
                result = post_directory(&use, &headers, err);
        else
                result = error_set(err, ERROR_INVALID, 0,
                                   "Bad file type \"%s\": file, directory or symlink is needed",
                                   headers.type);
        if (result < 0)
                return -1;
        emit_file(request, "instance-file-pushed", use.path);
        return rest_reply_empty(request);
}

static int files_delete(RestRequest *request, Error **err) {
        _cleanup_use_ Use use = {};
        if (use_begin(request, &use, err) < 0 || files_remove(use.session, use.path, err) < 0)
                return -1;
        emit_file(request, "instance-file-deleted", use.path);
        return rest_reply_empty(request);
}

/* An open SFTP session: bytes go both ways until one side ends. */
typedef struct Pump {
        Transport *client;
        int server;
} Pump;

static bool pump_to_server(const Pump *pump, char *block, size_t size) {
        size_t got;
        return transport_read(pump->client, block, size, -1, &got, NULL) == 0 && got > 0 &&
               fd_write_all(pump->server, block, got, NULL) == 0;
}

static bool pump_to_client(const Pump *pump, char *block, size_t size) {
        ssize_t got = read(pump->server, block, size);
        return got > 0 && transport_write(pump->client, block, (size_t) got, -1, NULL) == 0;
}

static void pump_on_worker(void *userdata) {
        Pump *pump = userdata;
        char block[65536];
        struct pollfd ends[2] = {{.fd = transport_fd(pump->client), .events = POLLIN},
                                 {.fd = pump->server, .events = POLLIN}};
        bool open = true;
        while (open) {
                if (poll(ends, 2, -1) < 0)
                        open = errno == EINTR;
                if (open && ends[0].revents != 0)
                        open = pump_to_server(pump, block, sizeof block);
                if (open && ends[1].revents != 0)
                        open = pump_to_client(pump, block, sizeof block);
        }
        transport_free(pump->client);
        fd_close(&pump->server);
        free(pump);
}

static int sftp_get(RestRequest *request, Error **err) {
        Transport *client;
        _cleanup_close_ int server = -1;
        if (instance_files_open_socket(request->context->instances, request->entity, &server,
                                       err) < 0 ||
            http_exchange_upgrade_raw(request->exchange, "sftp", &client, err) < 0)
                return -1;
        Pump *pump = mem_new(Pump);
        *pump = (Pump){client, TAKE_FD(server)};
        workers_submit(request->context->workers, WORK_LONG, pump_on_worker, pump);
        return rest_reply_taken(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}/files",
                .entity = &rest_instance_plain_entity,
                .get = {files_get, REST_PROJECT},
                .post = {files_post, REST_PROJECT},
                .delete = {files_delete, REST_PROJECT},
        },
        {
                .path = "/1.0/instances/{name}/sftp",
                .entity = &rest_instance_plain_entity,
                .get = {sftp_get, REST_PROJECT},
        },
};

const RestTable rest_instances_files_table = {endpoints, ARRAY_SIZE(endpoints)};
