/* What a forward may say. Texts are LXD's. */
#include "forward/forward_private.h"

#include "base/memory.h"
#include "schema/key.h"

#include <string.h>

void port_list_done(PortList *list) {
        free(list->items);
        *list = (PortList){};
}

static int parse_port(const char *text, uint16_t *ret, Error **err) {
        uint64_t number;
        if (!str_to_uint64(text, &number) || number > 65535)
                return error_set(err, ERROR_INVALID, 0, "Invalid port number \"%s\"", text);
        *ret = (uint16_t) number;
        return 0;
}

static int parse_range(char *item, PortList *ret, Error **err) {
        char *dash = strchr(item, '-');
        uint16_t first, last;
        if (dash != NULL)
                *dash = '\0';
        if (parse_port(item, &first, err) < 0)
                return -1;
        last = first;
        if (dash != NULL && parse_port(dash + 1, &last, err) < 0)
                return -1;
        if (dash != NULL && last <= first)
                return error_set(err, ERROR_INVALID, 0,
                                 "End port should be higher than start port");
        for (unsigned port = first; port <= last; port++) {
                mem_grow((void **) &ret->items, &ret->capacity, ret->count + 1,
                         sizeof *ret->items);
                ret->items[ret->count++] = (uint16_t) port;
        }
        return 0;
}

int port_list_parse(const char *text, PortList *ret, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, text, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (ret->count > 65536)
                        return error_set(err, ERROR_INVALID, 0, "There are too many ports");
                if (parse_range(item, ret, err) < 0)
                        return -1;
        }
        return 0;
}

/* The ports that are taken already, a bit each. */
typedef struct PortSet {
        uint64_t tcp[1024], udp[1024];
} PortSet;

static int take_ports(PortSet *set, const char *protocol, const PortList *ports, size_t index,
                      Error **err) {
        uint64_t *bits = str_equal(protocol, "tcp") ? set->tcp : set->udp;
        for (size_t i = 0; i < ports->count; i++) {
                uint64_t bit = UINT64_C(1) << (ports->items[i] % 64);
                if ((bits[ports->items[i] / 64] & bit) != 0)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Duplicate listen port %u for protocol \"%s\" in port "
                                         "specification %zu",
                                         ports->items[i], protocol, index);
                bits[ports->items[i] / 64] |= bit;
        }
        return 0;
}

static bool in_subnet(const NetworkRow *network, const IpAddress *address) {
        const char *key = address->family == AF_INET ? "ipv4.address" : "ipv6.address";
        const char *text = strmap_get(&network->config, key);
        IpSubnet subnet;
        return !str_is_empty(text) && ip_parse_subnet(text, &subnet) &&
               ip_subnet_has(&subnet, address);
}

static int check_target(const NetworkRow *network, const IpAddress *listen,
                        ApiNetworkForwardPort *port, size_t index, Error **err) {
        IpAddress target;
        if (str_is_empty(port->target_address) || !ip_parse(port->target_address, &target))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid target address in port specification %zu", index);
        if (target.family != listen->family)
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot mix IP versions in listen address and port specification "
                                 "%zu target address",
                                 index);
        if (!in_subnet(network, &target))
                return error_set(err, ERROR_INVALID, 0,
                                 "Target address is not within the network subnet in port "
                                 "specification %zu",
                                 index);
        str_replace(&port->target_address, ip_format(&target));
        return 0;
}

static int check_target_ports(const ApiNetworkForwardPort *port, size_t listening, size_t index,
                              Error **err) {
        _cleanup_port_list_ PortList ports = {};
        if (str_is_empty(port->target_port))
                return 0;
        if (port_list_parse(port->target_port, &ports, NULL) < 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid target port in port specification %zu", index);
        if (ports.count != 1 && ports.count != listening)
                return error_set(err, ERROR_INVALID, 0,
                                 "Mismatch of listen port(s) and target port(s) count in port "
                                 "specification %zu",
                                 index);
        return 0;
}

static int check_port(const NetworkRow *network, const IpAddress *listen,
                      ApiNetworkForwardPort *port, size_t index, PortSet *set, Error **err) {
        _cleanup_port_list_ PortList ports = {};
        if (!str_equal(port->protocol, "tcp") && !str_equal(port->protocol, "udp"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid port protocol in port specification %zu, protocol must "
                                 "be one of: tcp, udp",
                                 index);
        if (check_target(network, listen, port, index, err) < 0)
                return -1;
        if (str_is_empty(port->listen_port))
                return error_set(err, ERROR_INVALID, 0,
                                 "Missing listen port in port specification %zu", index);
        if (port_list_parse(port->listen_port, &ports, err) < 0)
                return error_prefix(err, "Invalid listen port in port specification %zu", index);
        if (take_ports(set, port->protocol, &ports, index, err) < 0)
                return -1;
        return check_target_ports(port, ports.count, index, err);
}

static int check_default(const NetworkRow *network, const IpAddress *listen, StrMap *config,
                         Error **err) {
        const char *text = strmap_get(config, "target_address");
        IpAddress target;
        if (str_is_empty(text))
                return 0;
        if (!ip_parse(text, &target))
                return error_set(err, ERROR_INVALID, 0, "Invalid default target address");
        if (target.family != listen->family)
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot mix IP versions in listen address and default target "
                                 "address");
        if (!in_subnet(network, &target))
                return error_set(err, ERROR_INVALID, 0,
                                 "Default target address is not within the network subnet");
        _cleanup_free_ char *canonical = ip_format(&target);
        strmap_set(config, "target_address", canonical);
        return 0;
}

static int check_keys(const StrMap *config, Error **err) {
        for (size_t i = 0; i < config->count; i++)
                if (config_key_find(config_network_object_table("forward"),
                                    config->items[i].key) == NULL)
                        return error_set(err, ERROR_INVALID, 0, "Invalid option \"%s\"",
                                         config->items[i].key);
        return 0;
}

int forward_check(const NetworkRow *network, const IpAddress *listen, ApiNetworkForwardPut *put,
                  Error **err) {
        if (check_keys(&put->config, err) < 0 ||
            check_default(network, listen, &put->config, err) < 0)
                return -1;
        PortSet *set = mem_new(PortSet);
        int result = 0;
        for (size_t i = 0; result == 0 && i < put->ports.count; i++) {
                result = check_port(network, listen, &put->ports.items[i], i, set, err);
                if (result == 0 && str_equal(strmap_get(&put->config, "target_address"),
                                             put->ports.items[i].target_address))
                        result = error_set(err, ERROR_INVALID, 0,
                                           "Target address is same as default target address in "
                                           "port specification %zu",
                                           i);
        }
        free(set);
        return result;
}
