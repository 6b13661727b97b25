#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_network_user[] = {
        {.name = "user.*", .group = "network-conf",
         .type = "string",
         .summary = "Free text of your own"},
        {},
};

const ConfigKey schema_network_maas[] = {
        {.name = "maas.subnet.ipv4", .group = "network-conf",
         .type = "string", .condition = "IPv4 address",
         .summary = "MAAS subnet that IPv4 addresses are registered in"},
        {.name = "maas.subnet.ipv6", .group = "network-conf",
         .type = "string", .condition = "IPv6 address",
         .summary = "MAAS subnet that IPv6 addresses are registered in"},
        {},
};

const ConfigKey schema_network_parent[] = {
        {.name = "parent", .group = "network-conf",
         .type = "string", .check = check_interface, .flags = KEY_REQUIRED | KEY_LOCAL,
         .summary = "Interface of the host that the network uses"},
        {},
};

const ConfigKey schema_network_mtu[] = {
        {.name = "mtu", .group = "network-conf",
         .type = "integer", .check = check_mtu,
         .summary = "MTU of the interfaces"},
        {},
};

const ConfigKey schema_network_vlan[] = {
        {.name = "vlan", .group = "network-conf",
         .type = "integer", .check = check_vlan,
         .summary = "VLAN of the network"},
        {},
};

const ConfigKey schema_network_gvrp[] = {
        {.name = "gvrp", .group = "network-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Register the VLAN with switches by GVRP"},
        {},
};

const ConfigKey schema_network_bgp[] = {
        {.name = "bgp.peers.NAME.address", .group = "network-conf",
         .type = "string", .check = check_ip, .condition = "BGP server",
         .summary = "Address of a BGP neighbour"},
        {.name = "bgp.peers.NAME.asn", .group = "network-conf",
         .type = "integer", .check = check_asn, .condition = "BGP server",
         .summary = "Autonomous system number of a BGP neighbour"},
        {.name = "bgp.peers.NAME.holdtime", .group = "network-conf",
         .type = "integer", .default_value = "180", .check = check_integer, .minimum = 9,
         .maximum = 65535, .condition = "BGP server",
         .summary = "Seconds after which a silent BGP neighbour is given up"},
        {.name = "bgp.peers.NAME.password", .group = "network-conf",
         .type = "string", .condition = "BGP server",
         .summary = "Password of a BGP neighbour"},
        {},
};

const ConfigKey schema_network_acls[] = {
        {.name = "security.acls", .group = "network-conf",
         .type = "string",
         .summary = "Network ACLs of all interfaces in the network, separated by commas"},
        {.name = "security.acls.default.ingress.action", .group = "network-conf",
         .type = "string", .default_value = "reject", .check = check_one_of,
         .allowed = "allow drop reject", .condition = "security.acls",
         .summary = "What happens to incoming traffic that no rule covers"},
        {.name = "security.acls.default.ingress.logged", .group = "network-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .condition = "security.acls",
         .summary = "Log incoming traffic that no rule covers"},
        {.name = "security.acls.default.egress.action", .group = "network-conf",
         .type = "string", .default_value = "reject", .check = check_one_of,
         .allowed = "allow drop reject", .condition = "security.acls",
         .summary = "What happens to outgoing traffic that no rule covers"},
        {.name = "security.acls.default.egress.logged", .group = "network-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .condition = "security.acls",
         .summary = "Log outgoing traffic that no rule covers"},
        {},
};

const ConfigKey schema_network_dns[] = {
        {.name = "dns.domain", .group = "network-conf",
         .type = "string", .default_value = "lxd",
         .summary = "Domain of the instances' names"},
        {.name = "dns.search", .group = "network-conf",
         .type = "string", .default_text = "dns.domain",
         .summary = "Search list given to instances, separated by commas"},
        {.name = "dns.zone.forward", .group = "network-conf",
         .type = "string",
         .summary = "Network zones that get the instances' names, separated by commas"},
        {.name = "dns.zone.reverse.ipv4", .group = "network-conf",
         .type = "string",
         .summary = "Network zone that gets the instances' IPv4 addresses"},
        {.name = "dns.zone.reverse.ipv6", .group = "network-conf",
         .type = "string",
         .summary = "Network zone that gets the instances' IPv6 addresses"},
        {},
};

const ConfigKey schema_network_addresses[] = {
        {.name = "ipv4.address", .group = "network-conf",
         .type = "string", .default_text = "auto at creation", .check = check_ipv4_cidr,
         .allowed = "auto none", .condition = "standard mode",
         .summary = "IPv4 address of the network, with prefix length",
         .text = "`none` for no IPv4, `auto` for a free subnet."},
        {.name = "ipv4.dhcp", .group = "network-conf",
         .type = "bool", .default_value = "true", .check = check_bool,
         .condition = "IPv4 address",
         .summary = "Give IPv4 addresses by DHCP"},
        {.name = "ipv4.nat", .group = "network-conf",
         .type = "bool", .default_value = "false",
         .default_text = "true for new networks with an automatic address", .check = check_bool,
         .condition = "IPv4 address",
         .summary = "Hide the IPv4 addresses behind the host's"},
        {.name = "ipv4.nat.address", .group = "network-conf",
         .type = "string", .check = check_ipv4, .condition = "IPv4 address",
         .summary = "Source address of hidden IPv4 traffic"},
        {.name = "ipv6.address", .group = "network-conf",
         .type = "string", .default_text = "auto at creation", .check = check_ipv6_cidr,
         .allowed = "auto none", .condition = "standard mode",
         .summary = "IPv6 address of the network, with prefix length",
         .text = "`none` for no IPv6, `auto` for a free subnet."},
        {.name = "ipv6.dhcp", .group = "network-conf",
         .type = "bool", .default_value = "true", .check = check_bool,
         .condition = "IPv6 address",
         .summary = "Give more than addresses by DHCPv6"},
        {.name = "ipv6.dhcp.stateful", .group = "network-conf",
         .type = "bool", .default_value = "false", .check = check_bool, .condition = "IPv6 DHCP",
         .summary = "Give IPv6 addresses by DHCPv6"},
        {.name = "ipv6.nat", .group = "network-conf",
         .type = "bool", .default_value = "false",
         .default_text = "true for new networks with an automatic address", .check = check_bool,
         .condition = "IPv6 address",
         .summary = "Hide the IPv6 addresses behind the host's"},
        {.name = "ipv6.nat.address", .group = "network-conf",
         .type = "string", .check = check_ipv6, .condition = "IPv6 address",
         .summary = "Source address of hidden IPv6 traffic"},
        {},
};
