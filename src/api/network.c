#include "api/network.h"

const JsonField api_networks_post_fields[] = {
        JSON_STRMAP(ApiNetworksPost, config, 0),
        JSON_STRING(ApiNetworksPost, description, 0),
        JSON_STRING(ApiNetworksPost, name, 0),
        JSON_STRING(ApiNetworksPost, type, 0),
        JSON_END,
};

const JsonField api_network_post_fields[] = {
        JSON_STRING(ApiNetworkPost, name, 0),
        JSON_END,
};

const JsonField api_network_put_fields[] = {
        JSON_STRMAP(ApiNetworkPut, config, 0),
        JSON_STRING(ApiNetworkPut, description, 0),
        JSON_END,
};

const JsonField api_network_fields[] = {
        JSON_STRMAP(ApiNetwork, config, 0),
        JSON_STRING(ApiNetwork, description, 0),
        JSON_STRING(ApiNetwork, name, 0),
        JSON_STRING(ApiNetwork, type, 0),
        JSON_STRLIST(ApiNetwork, used_by, 0),
        JSON_BOOLEAN(ApiNetwork, managed, 0),
        JSON_STRING(ApiNetwork, status, 0),
        JSON_STRLIST(ApiNetwork, locations, 0),
        JSON_STRLIST(ApiNetwork, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiNetwork, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_network_lease_fields[] = {
        JSON_STRING(ApiNetworkLease, hostname, 0),
        JSON_STRING(ApiNetworkLease, hwaddr, 0),
        JSON_STRING(ApiNetworkLease, address, 0),
        JSON_STRING(ApiNetworkLease, type, 0),
        JSON_STRING(ApiNetworkLease, location, 0),
        JSON_STRING(ApiNetworkLease, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_network_state_address_fields[] = {
        JSON_STRING(ApiNetworkStateAddress, family, 0),
        JSON_STRING(ApiNetworkStateAddress, address, 0),
        JSON_STRING(ApiNetworkStateAddress, netmask, 0),
        JSON_STRING(ApiNetworkStateAddress, scope, 0),
        JSON_END,
};

const JsonField api_network_state_counters_fields[] = {
        JSON_INTEGER(ApiNetworkStateCounters, bytes_received, 0),
        JSON_INTEGER(ApiNetworkStateCounters, bytes_sent, 0),
        JSON_INTEGER(ApiNetworkStateCounters, packets_received, 0),
        JSON_INTEGER(ApiNetworkStateCounters, packets_sent, 0),
        JSON_END,
};

const JsonField api_network_state_bond_fields[] = {
        JSON_STRING(ApiNetworkStateBond, mode, 0),
        JSON_STRING(ApiNetworkStateBond, transmit_policy, 0),
        JSON_INTEGER(ApiNetworkStateBond, up_delay, 0),
        JSON_INTEGER(ApiNetworkStateBond, down_delay, 0),
        JSON_INTEGER(ApiNetworkStateBond, mii_frequency, 0),
        JSON_STRING(ApiNetworkStateBond, mii_state, 0),
        JSON_STRLIST(ApiNetworkStateBond, lower_devices, 0),
        JSON_END,
};

const JsonField api_network_state_bridge_fields[] = {
        JSON_STRING(ApiNetworkStateBridge, id, 0),
        JSON_BOOLEAN(ApiNetworkStateBridge, stp, 0),
        JSON_INTEGER(ApiNetworkStateBridge, forward_delay, 0),
        JSON_INTEGER(ApiNetworkStateBridge, vlan_default, 0),
        JSON_BOOLEAN(ApiNetworkStateBridge, vlan_filtering, 0),
        JSON_STRLIST(ApiNetworkStateBridge, upper_devices, 0),
        JSON_END,
};

const JsonField api_network_state_vlan_fields[] = {
        JSON_STRING(ApiNetworkStateVlan, lower_device, 0),
        JSON_INTEGER(ApiNetworkStateVlan, vid, 0),
        JSON_END,
};

const JsonField api_network_state_ovn_fields[] = {
        JSON_STRING(ApiNetworkStateOvn, chassis, 0),
        JSON_END,
};

const JsonField api_network_state_fields[] = {
        JSON_LIST(ApiNetworkState, addresses, ApiNetworkStateAddress,
                  api_network_state_address_fields, 0),
        JSON_OBJECT(ApiNetworkState, counters, ApiNetworkStateCounters,
                    api_network_state_counters_fields, 0),
        JSON_STRING(ApiNetworkState, hwaddr, 0),
        JSON_INTEGER(ApiNetworkState, mtu, 0),
        JSON_STRING(ApiNetworkState, state, 0),
        JSON_STRING(ApiNetworkState, type, 0),
        JSON_POINTER(ApiNetworkState, bond, ApiNetworkStateBond, api_network_state_bond_fields, 0),
        JSON_POINTER(ApiNetworkState, bridge, ApiNetworkStateBridge,
                     api_network_state_bridge_fields, 0),
        JSON_POINTER(ApiNetworkState, vlan, ApiNetworkStateVlan, api_network_state_vlan_fields, 0),
        JSON_POINTER(ApiNetworkState, ovn, ApiNetworkStateOvn, api_network_state_ovn_fields, 0),
        JSON_END,
};

const JsonField api_network_allocations_fields[] = {
        JSON_STRING(ApiNetworkAllocations, addresses, 0),
        JSON_STRING(ApiNetworkAllocations, used_by, 0),
        JSON_STRING(ApiNetworkAllocations, type, 0),
        JSON_BOOLEAN(ApiNetworkAllocations, nat, 0),
        JSON_STRING(ApiNetworkAllocations, hwaddr, 0),
        JSON_STRING(ApiNetworkAllocations, network, 0),
        JSON_END,
};
