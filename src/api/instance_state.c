#include "api/instance_state.h"

const JsonField api_instance_state_put_fields[] = {
        JSON_STRING(ApiInstanceStatePut, action, 0),
        JSON_INTEGER(ApiInstanceStatePut, timeout, 0),
        JSON_BOOLEAN(ApiInstanceStatePut, force, 0),
        JSON_BOOLEAN(ApiInstanceStatePut, stateful, 0),
        JSON_END,
};

const JsonField api_instance_state_disk_fields[] = {
        JSON_INTEGER(ApiInstanceStateDisk, usage, 0),
        JSON_INTEGER(ApiInstanceStateDisk, total, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instance_state_memory_fields[] = {
        JSON_INTEGER(ApiInstanceStateMemory, usage, 0),
        JSON_INTEGER(ApiInstanceStateMemory, usage_peak, 0),
        JSON_INTEGER(ApiInstanceStateMemory, swap_usage, 0),
        JSON_INTEGER(ApiInstanceStateMemory, swap_usage_peak, 0),
        JSON_INTEGER(ApiInstanceStateMemory, total, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instance_state_network_address_fields[] = {
        JSON_STRING(ApiInstanceStateNetworkAddress, family, 0),
        JSON_STRING(ApiInstanceStateNetworkAddress, address, 0),
        JSON_STRING(ApiInstanceStateNetworkAddress, netmask, 0),
        JSON_STRING(ApiInstanceStateNetworkAddress, scope, 0),
        JSON_END,
};

const JsonField api_instance_state_network_counters_fields[] = {
        JSON_INTEGER(ApiInstanceStateNetworkCounters, bytes_received, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, bytes_sent, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, packets_received, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, packets_sent, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, errors_received, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, errors_sent, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, packets_dropped_outbound, 0),
        JSON_INTEGER(ApiInstanceStateNetworkCounters, packets_dropped_inbound, 0),
        JSON_END,
};

const JsonField api_instance_state_network_fields[] = {
        JSON_LIST(ApiInstanceStateNetwork, addresses, ApiInstanceStateNetworkAddress,
                  api_instance_state_network_address_fields, 0),
        JSON_OBJECT(ApiInstanceStateNetwork, counters, ApiInstanceStateNetworkCounters,
                    api_instance_state_network_counters_fields, 0),
        JSON_STRING(ApiInstanceStateNetwork, hwaddr, 0),
        JSON_STRING(ApiInstanceStateNetwork, host_name, 0),
        JSON_INTEGER(ApiInstanceStateNetwork, mtu, 0),
        JSON_STRING(ApiInstanceStateNetwork, state, 0),
        JSON_STRING(ApiInstanceStateNetwork, type, 0),
        JSON_END,
};

const JsonField api_instance_state_cpu_fields[] = {
        JSON_INTEGER(ApiInstanceStateCpu, usage, 0),
        JSON_END,
};

const JsonField api_instance_state_fields[] = {
        JSON_STRING(ApiInstanceState, status, 0),
        JSON_INTEGER(ApiInstanceState, status_code, 0),
        JSON_MAP(ApiInstanceState, disk, ApiInstanceStateDisk, api_instance_state_disk_fields, 0),
        JSON_OBJECT(ApiInstanceState, memory, ApiInstanceStateMemory,
                    api_instance_state_memory_fields, 0),
        JSON_MAP(ApiInstanceState, network, ApiInstanceStateNetwork,
                 api_instance_state_network_fields, 0),
        JSON_INTEGER(ApiInstanceState, pid, 0),
        JSON_INTEGER(ApiInstanceState, processes, 0),
        JSON_OBJECT(ApiInstanceState, cpu, ApiInstanceStateCpu, api_instance_state_cpu_fields, 0),
        JSON_END,
};
