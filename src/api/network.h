/* /1.0/networks, their state, leases and allocations. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiNetworksPost {
        StrMap config;
        char *description;
        char *name;
        char *type;
} ApiNetworksPost;
API_STRUCT(ApiNetworksPost, api_networks_post)

typedef struct ApiNetworkPost {
        char *name;
} ApiNetworkPost;
API_STRUCT(ApiNetworkPost, api_network_post)

typedef struct ApiNetworkPut {
        StrMap config;
        char *description;
} ApiNetworkPut;
API_STRUCT(ApiNetworkPut, api_network_put)

typedef struct ApiNetwork {
        StrMap config;
        char *description;
        char *name;
        char *type;
        StrList used_by;
        bool managed;
        char *status;
        StrList locations;
        StrList access_entitlements;
        char *project;
} ApiNetwork;
API_STRUCT(ApiNetwork, api_network)

typedef struct ApiNetworkLease {
        char *hostname;
        char *hwaddr;
        char *address;
        char *type;
        char *location;
        char *project;
} ApiNetworkLease;
API_STRUCT(ApiNetworkLease, api_network_lease)

typedef struct ApiNetworkStateAddress {
        char *family;
        char *address;
        char *netmask;
        char *scope;
} ApiNetworkStateAddress;
API_STRUCT(ApiNetworkStateAddress, api_network_state_address)
JSON_DEFINE_LIST(ApiNetworkStateAddress);

typedef struct ApiNetworkStateCounters {
        int64_t bytes_received;
        int64_t bytes_sent;
        int64_t packets_received;
        int64_t packets_sent;
} ApiNetworkStateCounters;
API_STRUCT(ApiNetworkStateCounters, api_network_state_counters)

typedef struct ApiNetworkStateBond {
        char *mode;
        char *transmit_policy;
        int64_t up_delay;
        int64_t down_delay;
        int64_t mii_frequency;
        char *mii_state;
        StrList lower_devices;
} ApiNetworkStateBond;
API_STRUCT(ApiNetworkStateBond, api_network_state_bond)

typedef struct ApiNetworkStateBridge {
        char *id;
        bool stp;
        int64_t forward_delay;
        int64_t vlan_default;
        bool vlan_filtering;
        StrList upper_devices;
} ApiNetworkStateBridge;
API_STRUCT(ApiNetworkStateBridge, api_network_state_bridge)

typedef struct ApiNetworkStateVlan {
        char *lower_device;
        int64_t vid;
} ApiNetworkStateVlan;
API_STRUCT(ApiNetworkStateVlan, api_network_state_vlan)

typedef struct ApiNetworkStateOvn {
        char *chassis;
} ApiNetworkStateOvn;
API_STRUCT(ApiNetworkStateOvn, api_network_state_ovn)

typedef struct ApiNetworkState {
        ApiNetworkStateAddressList addresses;
        ApiNetworkStateCounters counters;
        char *hwaddr;
        int64_t mtu;
        char *state;
        char *type;
        struct ApiNetworkStateBond *bond;
        struct ApiNetworkStateBridge *bridge;
        struct ApiNetworkStateVlan *vlan;
        struct ApiNetworkStateOvn *ovn;
} ApiNetworkState;
API_STRUCT(ApiNetworkState, api_network_state)

typedef struct ApiNetworkAllocations {
        char *addresses;
        char *used_by;
        char *type;
        bool nat;
        char *hwaddr;
        char *network;
} ApiNetworkAllocations;
API_STRUCT(ApiNetworkAllocations, api_network_allocations)
