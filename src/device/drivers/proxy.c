/* proxy: connections from the host to the instance or the other way, by a process or by address
 * translation. */
#include "base/memory.h"
#include "device/device.h"
#include "device/processes.h"
#include "runtime/proxy.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>

#define PROXY_PREFIX "proxy"

static const char *get(const DeviceContext *context, const char *key) {
        return strmap_get(context->config, key);
}

static bool has(const DeviceContext *context, const char *key) {
        return !str_is_empty(get(context, key));
}

static bool is_inside(const DeviceContext *context) {
        return has(context, "bind") && !str_equal(get(context, "bind"), "host");
}

static bool is_wildcard(const ProxyAddress *address) {
        return str_equal(address->address, "0.0.0.0") || str_equal(address->address, "::");
}

static int validate_nat(const DeviceContext *context, const ProxyAddress *listen,
                        const ProxyAddress *connect, Error **err) {
        if (is_inside(context))
                return error_set(err, ERROR_INVALID, 0, "Only host-bound proxies can use NAT");
        if (listen->type == PROXY_UNIX || listen->type != connect->type)
                return error_set(err, ERROR_INVALID, 0,
                                 "Proxying %s <-> %s is not supported when using NAT",
                                 proxy_type_name(listen->type), proxy_type_name(connect->type));
        if (is_wildcard(listen))
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot listen on wildcard address \"%s\" when in nat mode",
                                 listen->address);
        if ((strchr(listen->address, ':') != NULL) != (strchr(connect->address, ':') != NULL))
                return error_set(err, ERROR_INVALID, 0, "Cannot mix IP versions between listen and "
                                                        "connect in nat mode");
        return 0;
}

static int validate_addresses(const DeviceContext *context, const ProxyAddress *listen,
                              const ProxyAddress *connect, Error **err) {
        bool is_path = listen->type == PROXY_UNIX && !listen->abstract;
        if ((listen->type != PROXY_UNIX && connect->port_count > listen->port_count) ||
            (listen->type == PROXY_UNIX && connect->port_count > 1))
                return error_set(err, ERROR_INVALID, 0,
                                 "Mismatch between listen port(s) and connect port(s) count");
        if (connect->port_count > 1 && connect->port_count != listen->port_count)
                return error_set(err, ERROR_INVALID, 0, "Invalid port range");
        if (str_is_true(get(context, "proxy_protocol")) &&
            (connect->type != PROXY_TCP || str_is_true(get(context, "nat"))))
                return error_set(err, ERROR_INVALID, 0, "The PROXY header can only be sent to tcp "
                                                        "servers in non-nat mode");
        if (!is_path && (has(context, "uid") || has(context, "gid") || has(context, "mode")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Only proxy devices for non-abstract unix sockets can carry uid, "
                                 "gid, or mode properties");
        if (str_is_true(get(context, "nat")))
                return validate_nat(context, listen, connect, err);
        return 0;
}

static int proxy_validate(const DeviceContext *context, Error **err) {
        _cleanup_proxy_address_ ProxyAddress listen = {.address = NULL};
        _cleanup_proxy_address_ ProxyAddress connect = {.address = NULL};
        if (proxy_address_parse(get(context, "listen"), &listen, err) < 0)
                return error_prefix(err, "Invalid value for device option \"listen\"");
        if (proxy_address_parse(get(context, "connect"), &connect, err) < 0)
                return error_prefix(err, "Invalid value for device option \"connect\"");
        return validate_addresses(context, &listen, &connect, err);
}

static uint32_t number(const DeviceContext *context, const char *key) {
        uint64_t value = 0;
        (void) str_to_uint64(get(context, key), &value);
        return (uint32_t) value;
}

static int start_process(const DeviceContext *context, Error **err) {
        _cleanup_free_ char *log = str_printf("proxy.%s.log", context->name);
        const RuntimeProxy proxy = {
                .process = context->process,
                .listen = get(context, "listen"),
                .connect = get(context, "connect"),
                .inside = is_inside(context),
                .protocol = str_is_true(get(context, "proxy_protocol")),
                .mode = get(context, "mode"),
                .uid = get(context, "uid"),
                .gid = get(context, "gid"),
                .security_uid = number(context, "security.uid"),
                .security_gid = number(context, "security.gid"),
                .log_name = log,
        };
        pid_t pid;
        uint64_t start;
        if (runtime_proxy_start(context->runtime, &proxy, &pid, &start, err) < 0)
                return error_prefix(err, "Error occurred when starting proxy device");
        return device_process_record(context, PROXY_PREFIX, pid, start, err);
}

static int proxy_running(const DeviceContext *context, Error **err) {
        _cleanup_proxy_address_ ProxyAddress listen = {.address = NULL};
        _cleanup_proxy_address_ ProxyAddress connect = {.address = NULL};
        if (proxy_address_parse(get(context, "listen"), &listen, err) < 0 ||
            proxy_address_parse(get(context, "connect"), &connect, err) < 0)
                return -1;
        if (listen.type == PROXY_UDP && connect.type != PROXY_UDP)
                return error_set(err, ERROR_INVALID, 0,
                                 "Error occurred when starting proxy device: Error: Proxying from "
                                 "udp to non-udp protocol is not supported");
        return start_process(context, err);
}

/* The file of a listening socket has no use without it. */
static void remove_socket(const DeviceContext *context) {
        _cleanup_proxy_address_ ProxyAddress listen = {.address = NULL};
        struct stat info;
        if (proxy_address_parse(get(context, "listen"), &listen, NULL) < 0 ||
            listen.type != PROXY_UNIX || listen.abstract)
                return;
        if (!is_inside(context) && lstat(listen.address, &info) == 0 && S_ISSOCK(info.st_mode))
                (void) unlink(listen.address);
        if (is_inside(context) && context->process != NULL)
                (void) !runtime_unmount(context->runtime, context->process, listen.address, NULL);
}

static void proxy_stop(const DeviceContext *context, _unused_ StrMap *volatiles) {
        _cleanup_free_ char *file = device_process_file(context, PROXY_PREFIX);
        struct stat info;
        if (lstat(file, &info) < 0)
                return;
        device_process_end(file);
        remove_socket(context);
}

const DeviceDriver device_proxy = {
        .type = "proxy",
        .validate = proxy_validate,
        .running = proxy_running,
        .stop = proxy_stop,
};
