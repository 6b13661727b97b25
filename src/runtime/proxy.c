#include "runtime/proxy.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/procfs.h"
#include "runtime/runtime_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_PORTS 4096 /* of one proxy: each is an open socket */

static const struct {
        const char *prefix;
        ProxyType type;
} types[] = {
        {"tcp", PROXY_TCP},
        {"udp", PROXY_UDP},
        {"unix", PROXY_UNIX},
};

const char *proxy_type_name(ProxyType type) {
        return types[type].prefix;
}

void proxy_address_done(ProxyAddress *address) {
        free(address->address);
        free(address->ports);
        *address = (ProxyAddress) {.address = NULL};
}

static int add_ports(ProxyAddress *address, const char *item, Error **err) {
        const char *dash = strchr(item, '-');
        _cleanup_free_ char *begin =
                str_ndup(item, dash != NULL ? (size_t) (dash - item) : strlen(item));
        uint64_t first, last;
        if (!str_to_uint64(begin, &first) ||
            !str_to_uint64(dash != NULL ? dash + 1 : begin, &last) || first == 0 ||
            last > UINT16_MAX || first > last)
                return error_set(err, ERROR_INVALID, 0, "Invalid port range \"%s\"", item);
        size_t count = (size_t) (last - first) + 1;
        if (address->port_count + count > MAX_PORTS)
                return error_set(err, ERROR_INVALID, 0, "A proxy can have at most %d ports",
                                 MAX_PORTS);
        address->ports = mem_resize(address->ports, address->port_count + count, sizeof(uint16_t));
        for (uint64_t port = first; port <= last; port++)
                address->ports[address->port_count++] = (uint16_t) port;
        return 0;
}

static int parse_socket(const char *text, ProxyAddress *address, Error **err) {
        _cleanup_strlist_ StrList items = {.items = NULL};
        const char *end = strrchr(text, ':');
        if (end == NULL)
                return error_set(err, ERROR_INVALID, 0, "address %s: missing port in address",
                                 text);
        bool bracketed = text[0] == '[' && end - text >= 2 && end[-1] == ']';
        size_t length = (size_t) (end - text) - (bracketed ? 2 : 0);
        address->address = str_ndup(text + (bracketed ? 1 : 0), length);
        strlist_split(&items, end + 1, ",", true);
        for (size_t i = 0; i < items.count; i++)
                if (add_ports(address, items.items[i], err) < 0)
                        return -1;
        if (address->port_count == 0)
                return error_set(err, ERROR_INVALID, 0, "At least one port is required");
        return 0;
}

static int parse(const char *text, ProxyAddress *address, Error **err) {
        const char *colon = strchr(text, ':');
        size_t length = colon != NULL ? (size_t) (colon - text) : strlen(text), i = 0;
        while (i < ARRAY_SIZE(types) && (strlen(types[i].prefix) != length ||
                                         strncmp(types[i].prefix, text, length) != 0))
                i++;
        if (i == ARRAY_SIZE(types))
                return error_set(err, ERROR_INVALID, 0, "Unknown protocol type \"%.*s\"",
                                 (int) length, text);
        if (colon == NULL || colon[1] == '\0')
                return error_set(err, ERROR_INVALID, 0, "Missing address");
        address->type = types[i].type;
        if (address->type != PROXY_UNIX)
                return parse_socket(colon + 1, address, err);
        address->address = str_dup(colon + 1);
        address->abstract = colon[1] == '@';
        return 0;
}

int proxy_address_parse(const char *text, ProxyAddress *ret, Error **err) {
        ProxyAddress address = {.address = NULL};
        if (parse(text != NULL ? text : "", &address, err) < 0) {
                proxy_address_done(&address);
                return -1;
        }
        *ret = address;
        return 0;
}

static char *decimal(uint64_t number) {
        return str_printf("%llu", (unsigned long long) number);
}

int runtime_proxy_start(Runtime *runtime, const RuntimeProxy *proxy, pid_t *ret_pid,
                        uint64_t *ret_start, Error **err) {
        _cleanup_(helper_done) HelperCall call = HELPER_NONE;
        _cleanup_message_ Message message = {.text = NULL};
        _cleanup_free_ char *pid = str_printf("%d", (int) proxy->process->init_pid);
        _cleanup_free_ char *start = decimal(proxy->process->init_start);
        _cleanup_free_ char *uid = decimal(proxy->security_uid);
        _cleanup_free_ char *gid = decimal(proxy->security_gid);
        const char *argv[] = {"proxy", pid, start, proxy->inside ? "inside" : "outside",
                              proxy->listen, proxy->connect, proxy->mode != NULL ? proxy->mode : "",
                              proxy->uid != NULL ? proxy->uid : "",
                              proxy->gid != NULL ? proxy->gid : "", uid, gid,
                              proxy->protocol ? "1" : "0", NULL};
        _cleanup_free_ char *directory = runtime_directory(runtime, proxy->process->name);
        _cleanup_free_ char *log_file = path_join(directory, proxy->log_name);
        _cleanup_close_ int log = open(log_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
                                                                O_NOFOLLOW, 0600);
        int64_t number;
        ProcessExit ignored;
        if (log < 0)
                return error_errno(err, errno, "Failed to open %s", log_file);
        const SpawnFd fds[] = {{.from = log, .to = 1}, {.from = log, .to = 2}};
        if (helper_call(runtime, argv, fds, ARRAY_SIZE(fds), &call, err) < 0 ||
            helper_receive(&call, "started", HELPER_TIMEOUT_MS, &message, err) < 0)
                return -1;
        if (!str_to_int64(message.text, &number) ||
            procfs_start_time((pid_t) number, ret_start, err) < 0)
                return error_set(err, ERROR_INTERNAL, 0, "The proxy ended at once");
        *ret_pid = (pid_t) number;
        /* It went on as a child of PID 1; what was started here ends. */
        return process_wait(&call.process, HELPER_TIMEOUT_MS, &ignored, err);
}
