/* Addresses that belong to others. */
#include "forward/forward_private.h"

#include "base/memory.h"

static int taken(const IpAddress *listen, Error **err) {
        _cleanup_free_ char *text = ip_format(listen);
        return error_set(err, ERROR_INVALID, 0,
                         "Forward listen address \"%s/%u\" overlaps with another network or NIC",
                         text, ip_bits(listen->family));
}

/* A list of subnets or addresses has the address. */
static bool list_has(const char *list, const IpAddress *address) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, list, ", ", true);
        for (size_t i = 0; i < items.count; i++) {
                IpSubnet subnet;
                if (ip_parse_subnet_or_address(items.items[i], &subnet) &&
                    ip_subnet_has(&subnet, address))
                        return true;
        }
        return false;
}

static bool network_has(const NetworkRow *network, const IpAddress *address) {
        static const char *const keys[] = {"ipv4.address", "ipv6.address", "ipv4.routes",
                                           "ipv6.routes"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (list_has(strmap_get(&network->config, keys[i]), address))
                        return true;
        return false;
}

static int check_networks(Transaction *tx, const NetworkRow *network, const IpAddress *listen,
                          Error **err) {
        _cleanup_(network_row_list_done) NetworkRowList networks = {};
        if (db_network_list(tx, NULL, &networks, err) < 0)
                return -1;
        for (size_t i = 0; i < networks.count; i++)
                if (networks.items[i].id != network->id &&
                    network_has(&networks.items[i], listen))
                        return taken(listen, err);
        return 0;
}

static int check_forwards(Transaction *tx, const NetworkRow *network, const IpAddress *listen,
                          Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        if (db_network_object_list(tx, NETWORK_FORWARD, 0, &rows, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++)
                if (rows.items[i].owner != network->id && list_has(rows.items[i].name, listen))
                        return taken(listen, err);
        return 0;
}

static int check_nics(Transaction *tx, const IpAddress *listen, Error **err) {
        _cleanup_config_users_ ConfigUserList users = {};
        if (db_config_users(tx, "ipv[46].routes*", &users, err) < 0)
                return -1;
        for (size_t i = 0; i < users.count; i++)
                if (users.items[i].kind == CONFIG_USER_INSTANCE &&
                    list_has(users.items[i].value, listen))
                        return taken(listen, err);
        return 0;
}

int forward_check_conflicts(Transaction *tx, const NetworkRow *network, const IpAddress *listen,
                            Error **err) {
        if (check_networks(tx, network, listen, err) < 0 ||
            check_forwards(tx, network, listen, err) < 0)
                return -1;
        return check_nics(tx, listen, err);
}
