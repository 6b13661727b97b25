/* proxy: connections from the host to the instance or the other way, by a process or by address
 * translation. */
#include "base/log.h"
#include "base/memory.h"
#include "device/device.h"
#include "device/processes.h"
#include "firewall/firewall.h"
#include "linux/sysfs.h"
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

/* The address that rules name has to be one that the instance certainly has. */
static int find_nic(const DeviceContext *context, const ProxyAddress *connect,
                    const char **ret_address, const char **ret_nic, Error **err) {
        bool six = strchr(connect->address, ':') != NULL;
        for (size_t i = 0; i < context->devices->count; i++) {
                const DeviceEntry *device = &context->devices->items[i];
                const char *nictype = strmap_get(&device->config, "nictype");
                const char *address = strmap_get(&device->config,
                                                 six ? "ipv6.address" : "ipv4.address");
                if (!device_is_nic(&device->config) || str_is_empty(address) ||
                    (!str_is_empty(nictype) && !str_equal(nictype, "bridged")) ||
                    (!is_wildcard(connect) && !str_equal(address, connect->address)))
                        continue;
                *ret_address = address;
                *ret_nic = device->name;
                return 0;
        }
        if (is_wildcard(connect))
                return error_set(err, ERROR_INVALID, 0,
                                 "Instance has no static IPv%d address assigned to be used as the "
                                 "connect IP", six ? 6 : 4);
        return error_set(err, ERROR_INVALID, 0,
                         "Connect IP \"%s\" must be one of the instance's static IPv%d addresses",
                         connect->address, six ? 6 : 4);
}

/* So that the instance reaches itself through the host's address. */
static void enable_hairpin(const DeviceContext *context, const char *nic) {
        _cleanup_free_ char *key = str_printf("volatile.%s.host_name", nic);
        const char *host_name = strmap_get(context->volatiles, key);
        _cleanup_free_ char *port = str_printf("/sys/class/net/%s/brport",
                                               host_name != NULL ? host_name : "");
        if (host_name != NULL && !sysfs_write(port, "hairpin_mode", "1"))
                log_warning("%s cannot reach itself through proxy %s", context->instance,
                            context->name);
}

static FirewallDevice firewall_device(const DeviceContext *context) {
        return (FirewallDevice) {.project = context->project,
                                 .instance = context->title,
                                 .device = context->name};
}

static int start_nat(const DeviceContext *context, const ProxyAddress *listen,
                     const ProxyAddress *connect, Error **err) {
        const FirewallDevice device = firewall_device(context);
        const char *address, *nic;
        if (context->firewall == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0, "The host has no firewall for NAT");
        if (find_nic(context, connect, &address, &nic, err) < 0)
                return -1;
        enable_hairpin(context, nic);
        _cleanup_free_ uint16_t *targets = mem_new_array(uint16_t, listen->port_count);
        for (size_t i = 0; i < listen->port_count; i++)
                targets[i] = connect->ports[connect->port_count > 1 ? i : 0];
        const FirewallForward forward = {.listen_address = listen->address,
                                         .target_address = address,
                                         .protocol = proxy_type_name(listen->type),
                                         .listen_ports = listen->ports,
                                         .target_ports = targets,
                                         .port_count = listen->port_count};
        return firewall_proxy_nat(context->firewall, &device, &forward, 1, err);
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
        return str_is_true(get(context, "nat")) ? start_nat(context, &listen, &connect, err)
                                                : start_process(context, err);
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
        if (str_is_true(get(context, "nat")) && context->firewall != NULL) {
                const FirewallDevice device = firewall_device(context);
                _cleanup_error_ Error *err = NULL;
                if (firewall_proxy_clear(context->firewall, &device, &err) < 0)
                        log_warning("Proxy %s of %s: %s", context->name, context->instance,
                                    error_message(err));
        }
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
