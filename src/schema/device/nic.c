#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_device_nic_type[] = {
        {.name = "nictype", .group = "device-conf",
         .type = "string", .check = check_one_of,
         .allowed = "bridged macvlan sriov physical ipvlan p2p routed ovn",
         .required = "unless network is given", .condition = "without `network`",
         .summary = "How the interface is connected"},
        {},
};

const ConfigKey schema_device_nic_name[] = {
        {.name = "name", .group = "device-conf",
         .type = "string", .default_text = "the kernel's", .check = check_interface,
         .summary = "Name of the interface in the instance"},
        {.name = "hwaddr", .group = "device-conf",
         .type = "string", .default_text = "random", .check = check_mac,
         .summary = "Hardware address"},
        {},
};

const ConfigKey schema_device_nic_mtu[] = {
        {.name = "mtu", .group = "device-conf",
         .type = "integer", .default_text = "that of the parent", .check = check_mtu,
         .flags = KEY_MANAGED,
         .summary = "MTU of the interface"},
        {},
};

const ConfigKey schema_device_nic_host_name[] = {
        {.name = "host_name", .group = "device-conf",
         .type = "string", .default_text = "random", .check = check_interface,
         .summary = "Name of the interface on the host's side"},
        {},
};

const ConfigKey schema_device_nic_queue[] = {
        {.name = "queue.tx.length", .group = "device-conf",
         .type = "integer", .default_text = "the kernel's", .check = check_uint32,
         .summary = "How many packets may wait to be sent"},
        {},
};

const ConfigKey schema_device_nic_boot[] = {
        {.name = "boot.priority", .group = "device-conf",
         .type = "integer", .check = check_uint32, .condition = "virtual machine",
         .summary = "Place in the boot order, greater is earlier"},
        {},
};

const ConfigKey schema_device_nic_limits[] = {
        {.name = "limits.ingress", .group = "device-conf",
         .type = "string", .check = check_bit_rate,
         .summary = "Most that is received in a second, such as 100Mbit"},
        {.name = "limits.egress", .group = "device-conf",
         .type = "string", .check = check_bit_rate,
         .summary = "Most that is sent in a second, such as 100Mbit"},
        {.name = "limits.max", .group = "device-conf",
         .type = "string", .check = check_bit_rate,
         .summary = "Sets `limits.ingress` and `limits.egress` at once"},
        {},
};

const ConfigKey schema_device_nic_network[] = {
        {.name = "network", .group = "device-conf",
         .type = "string",
         .summary = "Managed network to join, instead of `nictype`"},
        {},
};

const ConfigKey schema_device_nic_parent[] = {
        {.name = "parent", .group = "device-conf",
         .type = "string", .check = check_interface, .flags = KEY_REQUIRED | KEY_MANAGED,
         .required = "if nictype is given",
         .summary = "Interface of the host"},
        {},
};

const ConfigKey schema_device_nic_maas[] = {
        {.name = "maas.subnet.ipv4", .group = "device-conf",
         .type = "string", .flags = KEY_MANAGED,
         .summary = "MAAS subnet that the IPv4 address is registered in"},
        {.name = "maas.subnet.ipv6", .group = "device-conf",
         .type = "string", .flags = KEY_MANAGED,
         .summary = "MAAS subnet that the IPv6 address is registered in"},
        {},
};

const ConfigKey schema_device_nic_vlan[] = {
        {.name = "vlan", .group = "device-conf",
         .type = "integer", .check = check_vlan,
         .summary = "VLAN of the interface"},
        {},
};

const ConfigKey schema_device_nic_gvrp[] = {
        {.name = "gvrp", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Register the VLAN with switches by GVRP"},
        {},
};

const ConfigKey schema_device_nic_mac_filtering[] = {
        {.name = "security.mac_filtering", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Drop what does not come from the interface's own hardware address"},
        {},
};

const ConfigKey schema_device_nic_bridged[] = {
        {.name = "ipv4.address", .group = "device-conf",
         .type = "string", .check = check_ipv4_or, .allowed = "none",
         .summary = "IPv4 address that DHCP assigns",
         .text = "`none` keeps all IPv4 out when `security.ipv4_filtering` is on."},
        {.name = "ipv4.routes", .group = "device-conf",
         .type = "string", .check = check_ipv4_network_list,
         .summary = "IPv4 networks the host routes to the interface, separated by commas"},
        {.name = "ipv4.routes.external", .group = "device-conf",
         .type = "string", .check = check_ipv4_network_list,
         .summary = "IPv4 networks routed to the interface and announced by BGP"},
        {.name = "ipv6.address", .group = "device-conf",
         .type = "string", .check = check_ipv6_or, .allowed = "none",
         .summary = "IPv6 address that DHCP assigns",
         .text = "`none` keeps all IPv6 out when `security.ipv6_filtering` is on."},
        {.name = "ipv6.routes", .group = "device-conf",
         .type = "string", .check = check_ipv6_network_list,
         .summary = "IPv6 networks the host routes to the interface, separated by commas"},
        {.name = "ipv6.routes.external", .group = "device-conf",
         .type = "string", .check = check_ipv6_network_list,
         .summary = "IPv6 networks routed to the interface and announced by BGP"},
        {.name = "security.ipv4_filtering", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Drop IPv4 from other addresses than the instance's own",
         .text = "Turns `security.mac_filtering` on."},
        {.name = "security.ipv6_filtering", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Drop IPv6 from other addresses than the instance's own",
         .text = "Turns `security.mac_filtering` on."},
        {.name = "security.port_isolation", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Keep the interface from talking to other isolated ones of the bridge"},
        {.name = "security.acls", .group = "device-conf",
         .type = "string",
         .summary = "Network ACLs of the interface, separated by commas"},
        {.name = "security.acls.default.ingress.action", .group = "device-conf",
         .type = "string", .default_value = "reject", .check = check_one_of,
         .allowed = "allow drop reject",
         .summary = "What happens to incoming traffic that no rule covers"},
        {.name = "security.acls.default.ingress.logged", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Log incoming traffic that no rule covers"},
        {.name = "security.acls.default.egress.action", .group = "device-conf",
         .type = "string", .default_value = "reject", .check = check_one_of,
         .allowed = "allow drop reject",
         .summary = "What happens to outgoing traffic that no rule covers"},
        {.name = "security.acls.default.egress.logged", .group = "device-conf",
         .type = "bool", .default_value = "false", .check = check_bool,
         .summary = "Log outgoing traffic that no rule covers"},
        {.name = "vlan", .group = "device-conf",
         .type = "integer", .check = check_vlan, .allowed = "none",
         .summary = "VLAN of untagged traffic",
         .text = "`none` removes the port from the bridge's default VLAN."},
        {.name = "vlan.tagged", .group = "device-conf",
         .type = "integer", .check = check_vlan_list,
         .summary = "VLANs whose traffic passes tagged, as ids and ranges separated by commas"},
        {},
};

const ConfigKey schema_device_nic_p2p[] = {
        {.name = "ipv4.routes", .group = "device-conf",
         .type = "string", .check = check_ipv4_network_list,
         .summary = "IPv4 networks the host routes to the interface, separated by commas"},
        {.name = "ipv6.routes", .group = "device-conf",
         .type = "string", .check = check_ipv6_network_list,
         .summary = "IPv6 networks the host routes to the interface, separated by commas"},
        {},
};
