/* Checks of addresses, ports and interfaces. */
#include "schema/check.h"

#include "base/ip.h"
#include "base/memory.h"
#include "schema/names.h"

#include <ctype.h>
#include <string.h>

static const char *family_name(int family) {
        return family == AF_INET ? "IPv4" : "IPv6";
}

static bool is_allowed(const ConfigKey *key, const char *value) {
        return key != NULL && key->allowed != NULL && check_one_of(key, value, NULL) == 0;
}

static int bad_family(int family, const char *value, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Not an %s address \"%s\"", family_name(family),
                         value);
}

static int check_address(int family, const char *value, Error **err) {
        IpAddress address;
        if (!ip_parse(value, &address) || address.family != family)
                return bad_family(family, value, err);
        return 0;
}

int check_ipv4(const ConfigKey *key, const char *value, Error **err) {
        return check_address(AF_INET, value, err);
}

int check_ipv6(const ConfigKey *key, const char *value, Error **err) {
        return check_address(AF_INET6, value, err);
}

int check_ip(const ConfigKey *key, const char *value, Error **err) {
        IpAddress address;
        if (!ip_parse(value, &address))
                return error_set(err, ERROR_INVALID, 0, "Not an IP address \"%s\"", value);
        return 0;
}

int check_ipv4_or(const ConfigKey *key, const char *value, Error **err) {
        return is_allowed(key, value) ? 0 : check_ipv4(key, value, err);
}

int check_ipv6_or(const ConfigKey *key, const char *value, Error **err) {
        return is_allowed(key, value) ? 0 : check_ipv6(key, value, err);
}

/* Each item of a comma-separated list; what fails is named. */
static int check_items(const ConfigKey *key, const char *value, ConfigCheck check, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (is_allowed(key, item))
                        continue;
                if (check(key, item, err) < 0)
                        return error_prefix(err, "Item \"%s\"", item);
        }
        return 0;
}

int check_ip_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, check_ip, err);
}

int check_ipv4_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, check_ipv4, err);
}

int check_ipv6_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, check_ipv6, err);
}

static int check_cidr(int family, const char *value, bool network, Error **err) {
        IpSubnet subnet;
        if (!ip_parse_subnet(value, &subnet))
                return error_set(err, ERROR_INVALID, 0, "invalid CIDR address: %s", value);
        if (subnet.address.family != family)
                return bad_family(family, value, err);
        if (network && ip_has_host_bits(&subnet))
                return error_set(err, ERROR_INVALID, 0, "Not an %s network address \"%s\"",
                                 family_name(family), value);
        return 0;
}

int check_ipv4_cidr(const ConfigKey *key, const char *value, Error **err) {
        return is_allowed(key, value) ? 0 : check_cidr(AF_INET, value, false, err);
}

int check_ipv6_cidr(const ConfigKey *key, const char *value, Error **err) {
        return is_allowed(key, value) ? 0 : check_cidr(AF_INET6, value, false, err);
}

static int ipv4_with_or_without_bits(const ConfigKey *key, const char *value, Error **err) {
        return strchr(value, '/') != NULL ? check_cidr(AF_INET, value, false, err)
                                          : check_address(AF_INET, value, err);
}

static int ipv6_with_or_without_bits(const ConfigKey *key, const char *value, Error **err) {
        return strchr(value, '/') != NULL ? check_cidr(AF_INET6, value, false, err)
                                          : check_address(AF_INET6, value, err);
}

int check_ipv4_address_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, ipv4_with_or_without_bits, err);
}

int check_ipv6_address_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, ipv6_with_or_without_bits, err);
}

int check_ipv4_network(const ConfigKey *key, const char *value, Error **err) {
        return is_allowed(key, value) ? 0 : check_cidr(AF_INET, value, true, err);
}

int check_ipv6_network(const ConfigKey *key, const char *value, Error **err) {
        return is_allowed(key, value) ? 0 : check_cidr(AF_INET6, value, true, err);
}

int check_ipv4_network_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, check_ipv4_network, err);
}

int check_ipv6_network_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, check_ipv6_network, err);
}

static int check_range(int family, const char *value, Error **err) {
        const char *dash = strchr(value, '-');
        IpAddress first, last;
        if (dash == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "IP range must contain start and end IP addresses");
        _cleanup_free_ char *start = str_ndup(value, (size_t) (dash - value));
        if (!ip_parse(start, &first) || first.family != family)
                return bad_family(family, start, err);
        if (!ip_parse(dash + 1, &last) || last.family != family)
                return bad_family(family, dash + 1, err);
        if (ip_compare(&first, &last) > 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Start IP \"%s\" must be less than end IP \"%s\"", start,
                                 dash + 1);
        return 0;
}

static int ipv4_range(const ConfigKey *key, const char *value, Error **err) {
        return check_range(AF_INET, value, err);
}

static int ipv6_range(const ConfigKey *key, const char *value, Error **err) {
        return check_range(AF_INET6, value, err);
}

int check_ipv4_range_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, ipv4_range, err);
}

int check_ipv6_range_list(const ConfigKey *key, const char *value, Error **err) {
        return check_items(key, value, ipv6_range, err);
}

int check_uplink_subnets(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        IpSubnet subnet;
        if (is_allowed(key, value))
                return 0;
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                const char *colon = strchr(item, ':');
                if (colon == NULL || colon == item || !ip_parse_subnet(colon + 1, &subnet))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Subnet \"%s\" invalid, must be in the format of "
                                         "\"<uplink network>:<subnet>\"",
                                         item);
        }
        return 0;
}

int check_mac(const ConfigKey *key, const char *value, Error **err) {
        bool valid = strlen(value) == 17;
        for (size_t i = 0; valid && i < 17; i++)
                valid = i % 3 == 2 ? value[i] == ':' : isxdigit((unsigned char) value[i]) != 0;
        if (!valid)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid MAC address, must be 6 bytes of hex separated by colons");
        return 0;
}

int check_infiniband_mac(const ConfigKey *key, const char *value, Error **err) {
        size_t length = strlen(value);
        bool valid = length == 3 * 20 - 1 || length == 3 * 8 - 1;
        for (size_t i = 0; valid && i < length; i++)
                valid = i % 3 == 2 ? value[i] == ':' : isxdigit((unsigned char) value[i]) != 0;
        if (!valid)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value, must be either 8 or 20 bytes of hex separated by "
                                 "colons");
        return 0;
}

int check_asn(const ConfigKey *key, const char *value, Error **err) {
        int64_t number;
        if (!str_to_int64(value, &number))
                return error_set(err, ERROR_INVALID, 0, "Invalid value for an integer \"%s\"",
                                 value);
        if (number < 1 || number > INT64_C(4294967294))
                return error_set(err, ERROR_INVALID, 0,
                                 "Value isn't within valid range. "
                                 "Must be between 1 and 4294967294");
        return 0;
}

int check_ipvlan_mode(const ConfigKey *key, const char *value, Error **err) {
        if (!is_allowed(key, value))
                return error_set(err, ERROR_INVALID, 0, "Must be one of: l3s, l2");
        return 0;
}

int check_mtu(const ConfigKey *key, const char *value, Error **err) {
        uint64_t mtu;
        if (!str_to_uint64(value, &mtu))
                return error_set(err, ERROR_INVALID, 0, "Invalid MTU \"%s\"", value);
        if (mtu < 1280 || mtu > 16384)
                return error_set(err, ERROR_INVALID, 0, "Out of MTU range (1280-16384) \"%s\"",
                                 value);
        return 0;
}

int check_vlan(const ConfigKey *key, const char *value, Error **err) {
        uint64_t vlan;
        if (is_allowed(key, value))
                return 0;
        if (!str_to_uint64(value, &vlan))
                return error_set(err, ERROR_INVALID, 0, "Invalid VLAN ID \"%s\"", value);
        if (vlan > 4094)
                return error_set(err, ERROR_INVALID, 0, "Out of VLAN ID range (0-4094) \"%s\"",
                                 value);
        return 0;
}

int check_vlan_list(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_strlist_ StrList ends = {};
                uint64_t first, last;
                _cleanup_free_ char *item = str_trim(items.items[i]);
                strlist_split(&ends, item, "-", false);
                bool valid = (ends.count == 1 || ends.count == 2) &&
                             str_to_uint64(ends.items[0], &first) &&
                             str_to_uint64(ends.items[ends.count - 1], &last);
                if (!valid || first > last)
                        return error_set(err, ERROR_INVALID, 0, "Invalid VLAN range input: %s",
                                         item);
                if (last > 4094)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Out of VLAN ID range (0-4094) \"%s\"", item);
        }
        return 0;
}

int check_port(const ConfigKey *key, const char *value, Error **err) {
        uint64_t port;
        if (!str_to_uint64(value, &port) || port > 65535)
                return error_set(err, ERROR_INVALID, 0, "Invalid port number: %s", value);
        return 0;
}

int check_port_list(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_strlist_ StrList ends = {};
                uint64_t first, last;
                _cleanup_free_ char *item = str_trim(items.items[i]);
                strlist_split(&ends, item, "-", false);
                bool valid = (ends.count == 1 || ends.count == 2) &&
                             str_to_uint64(ends.items[0], &first) &&
                             str_to_uint64(ends.items[ends.count - 1], &last);
                if (!valid || last > 65535 || first > last)
                        return error_set(err, ERROR_INVALID, 0, "Invalid port range: %s", item);
        }
        if (items.count == 0)
                return error_set(err, ERROR_INVALID, 0, "Invalid port range: %s", value);
        return 0;
}

int check_interface(const ConfigKey *key, const char *value, Error **err) {
        return name_check_interface(value, err);
}

static int listed_interface(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList parts = {}; /* NAME, or NAME/PARENT/VLAN */
        strlist_split(&parts, value, "/", false);
        bool valid = parts.count == 1 || parts.count == 3;
        if (!valid || name_check_interface(parts.items[0], err) < 0 ||
            (parts.count == 3 && (name_check_interface(parts.items[1], err) < 0 ||
                                  check_vlan(NULL, parts.items[2], err) < 0)))
                return valid ? error_prefix(err, "Invalid interface name \"%s\"", value)
                             : error_set(err, ERROR_INVALID, 0,
                                         "Invalid interface name \"%s\"", value);
        return 0;
}

int check_interface_list(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (listed_interface(key, item, err) < 0)
                        return -1;
        }
        return 0;
}

static bool is_host_name(const char *text, size_t length) {
        bool valid = length > 0 && length <= 253;
        for (size_t i = 0; valid && i < length; i++)
                valid = isalnum((unsigned char) text[i]) || strchr("-._", text[i]) != NULL;
        return valid;
}

/* Splits HOST:PORT as listeners have it: brackets around IPv6, host or port may be missing. */
static bool split_listen(const char *value, char **ret_host, const char **ret_port) {
        const char *last = strrchr(value, ':');
        if (value[0] == '[') {
                const char *end = strchr(value, ']');
                if (end == NULL || (end[1] != '\0' && end[1] != ':'))
                        return false;
                *ret_host = str_ndup(value + 1, (size_t) (end - value) - 1);
                *ret_port = end[1] == ':' ? end + 2 : NULL;
                return true;
        }
        bool bare_ipv6 = last != NULL && strchr(value, ':') != last;
        *ret_port = last != NULL && !bare_ipv6 ? last + 1 : NULL;
        *ret_host = *ret_port != NULL ? str_ndup(value, (size_t) (last - value)) : str_dup(value);
        return true;
}

int check_listen_address(const ConfigKey *key, const char *value, Error **err) {
        IpAddress address;
        _cleanup_free_ char *host = NULL;
        const char *port = NULL;
        if (!split_listen(value, &host, &port))
                return error_set(err, ERROR_INVALID, 0, "Couldn't resolve \"%s\"", value);
        bool known = host[0] == '\0' || ip_parse(host, &address) ||
                     (strchr(host, ':') == NULL && is_host_name(host, strlen(host)));
        if (!known)
                return error_set(err, ERROR_INVALID, 0, "Couldn't resolve \"%s\"", host);
        return port != NULL ? check_port(NULL, port, err) : 0;
}

int check_dns_name(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (!is_host_name(item, strlen(item)))
                        return error_set(err, ERROR_INVALID, 0, "Invalid DNS name \"%s\"", item);
        }
        return 0;
}
