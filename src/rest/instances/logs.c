/* /1.0/instances/{name}/logs */
#include "rest/instances/instances.h"

#include "base/memory.h"
#include "http/server.h"
#include "instance/logs.h"
#include "rest/context.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int logs_get(RestRequest *request, Error **err) {
        const Instance *instance = request->entity;
        _cleanup_strlist_ StrList names = {};
        RestList list;
        if (instance_log_list(request->context->instances, instance, &names, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        list.objects = false;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *url =
                        rest_url(instance->row.project, request->collection, instance->row.name,
                                 "logs", names.items[i], NULL);
                rest_list_add(&list, url, NULL);
        }
        return rest_list_reply(&list);
}

static int log_get(RestRequest *request, Error **err) {
        _cleanup_free_ char *path = NULL;
        struct stat info;
        if (instance_log_path(request->context->instances, request->entity, request->parameters[1],
                              &path, err) < 0)
                return -1;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &info) < 0)
                return error_errno(err, errno, "Cannot open the log");
        strmap_set(&request->headers, "Content-Type", "text/plain");
        (void) http_exchange_reply_fd(request->exchange, 200, &request->headers, fd, 0,
                                      (uint64_t) info.st_size, NULL);
        return rest_reply_taken(request);
}

static int log_delete(RestRequest *request, Error **err) {
        if (instance_log_delete(request->context->instances, request->entity,
                                request->parameters[1], err) < 0)
                return -1;
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/instances/{name}/logs",
                .entity = &rest_instance_plain_entity,
                .get = {logs_get, REST_PROJECT},
        },
        {
                .path = "/1.0/instances/{name}/logs/{file}",
                .entity = &rest_instance_plain_entity,
                .get = {log_get, REST_PROJECT},
                .delete = {log_delete, REST_PROJECT},
        },
};

const RestTable rest_instances_logs_table = {endpoints, ARRAY_SIZE(endpoints)};
