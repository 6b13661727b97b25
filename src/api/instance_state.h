/* /1.0/instances/{name}/state. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiInstanceStatePut {
        char *action;
        int64_t timeout;
        bool force;
        bool stateful;
} ApiInstanceStatePut;
API_STRUCT(ApiInstanceStatePut, api_instance_state_put)

typedef struct ApiInstanceStateDisk {
        int64_t usage;
        int64_t total;
} ApiInstanceStateDisk;
API_STRUCT(ApiInstanceStateDisk, api_instance_state_disk)
JSON_DEFINE_MAP(ApiInstanceStateDisk);

typedef struct ApiInstanceStateMemory {
        int64_t usage;
        int64_t usage_peak;
        int64_t swap_usage;
        int64_t swap_usage_peak;
        int64_t total;
} ApiInstanceStateMemory;
API_STRUCT(ApiInstanceStateMemory, api_instance_state_memory)

typedef struct ApiInstanceStateNetworkAddress {
        char *family;
        char *address;
        char *netmask;
        char *scope;
} ApiInstanceStateNetworkAddress;
API_STRUCT(ApiInstanceStateNetworkAddress, api_instance_state_network_address)
JSON_DEFINE_LIST(ApiInstanceStateNetworkAddress);

typedef struct ApiInstanceStateNetworkCounters {
        int64_t bytes_received;
        int64_t bytes_sent;
        int64_t packets_received;
        int64_t packets_sent;
        int64_t errors_received;
        int64_t errors_sent;
        int64_t packets_dropped_outbound;
        int64_t packets_dropped_inbound;
} ApiInstanceStateNetworkCounters;
API_STRUCT(ApiInstanceStateNetworkCounters, api_instance_state_network_counters)

typedef struct ApiInstanceStateNetwork {
        ApiInstanceStateNetworkAddressList addresses;
        ApiInstanceStateNetworkCounters counters;
        char *hwaddr;
        char *host_name;
        int64_t mtu;
        char *state;
        char *type;
} ApiInstanceStateNetwork;
API_STRUCT(ApiInstanceStateNetwork, api_instance_state_network)
JSON_DEFINE_MAP(ApiInstanceStateNetwork);

typedef struct ApiInstanceStateCpu {
        int64_t usage;
} ApiInstanceStateCpu;
API_STRUCT(ApiInstanceStateCpu, api_instance_state_cpu)

typedef struct ApiInstanceState {
        char *status;
        int64_t status_code;
        ApiInstanceStateDiskMap disk;
        ApiInstanceStateMemory memory;
        ApiInstanceStateNetworkMap network;
        int64_t pid;
        int64_t processes;
        ApiInstanceStateCpu cpu;
} ApiInstanceState;
API_STRUCT(ApiInstanceState, api_instance_state)
