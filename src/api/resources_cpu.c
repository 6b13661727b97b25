#include "api/resources_cpu.h"

const JsonField api_resources_cpu_cache_fields[] = {
        JSON_INTEGER(ApiResourcesCpuCache, level, 0),
        JSON_STRING(ApiResourcesCpuCache, type, 0),
        JSON_INTEGER(ApiResourcesCpuCache, size, 0),
        JSON_END,
};

const JsonField api_resources_cpu_thread_fields[] = {
        JSON_INTEGER(ApiResourcesCpuThread, id, 0),
        JSON_INTEGER(ApiResourcesCpuThread, numa_node, 0),
        JSON_INTEGER(ApiResourcesCpuThread, thread, 0),
        JSON_BOOLEAN(ApiResourcesCpuThread, online, 0),
        JSON_BOOLEAN(ApiResourcesCpuThread, isolated, 0),
        JSON_END,
};

const JsonField api_resources_cpu_core_fields[] = {
        JSON_INTEGER(ApiResourcesCpuCore, core, 0),
        JSON_INTEGER(ApiResourcesCpuCore, die, 0),
        JSON_LIST(ApiResourcesCpuCore, threads, ApiResourcesCpuThread,
                  api_resources_cpu_thread_fields, 0),
        JSON_INTEGER(ApiResourcesCpuCore, frequency, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_cpu_socket_fields[] = {
        JSON_STRING(ApiResourcesCpuSocket, name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesCpuSocket, vendor, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesCpuSocket, socket, 0),
        JSON_LIST(ApiResourcesCpuSocket, cache, ApiResourcesCpuCache,
                  api_resources_cpu_cache_fields, JSON_OMIT_EMPTY),
        JSON_LIST(ApiResourcesCpuSocket, cores, ApiResourcesCpuCore,
                  api_resources_cpu_core_fields, 0),
        JSON_INTEGER(ApiResourcesCpuSocket, frequency, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesCpuSocket, frequency_minimum, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesCpuSocket, frequency_turbo, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_cpu_fields[] = {
        JSON_STRING(ApiResourcesCpu, architecture, 0),
        JSON_LIST(ApiResourcesCpu, sockets, ApiResourcesCpuSocket,
                  api_resources_cpu_socket_fields, 0),
        JSON_INTEGER(ApiResourcesCpu, total, 0),
        JSON_END,
};

const JsonField api_resources_memory_node_fields[] = {
        JSON_INTEGER(ApiResourcesMemoryNode, numa_node, 0),
        JSON_INTEGER(ApiResourcesMemoryNode, hugepages_used, 0),
        JSON_INTEGER(ApiResourcesMemoryNode, hugepages_total, 0),
        JSON_INTEGER(ApiResourcesMemoryNode, used, 0),
        JSON_INTEGER(ApiResourcesMemoryNode, total, 0),
        JSON_END,
};

const JsonField api_resources_memory_fields[] = {
        JSON_LIST(ApiResourcesMemory, nodes, ApiResourcesMemoryNode,
                  api_resources_memory_node_fields, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesMemory, hugepages_total, 0),
        JSON_INTEGER(ApiResourcesMemory, hugepages_used, 0),
        JSON_INTEGER(ApiResourcesMemory, hugepages_size, 0),
        JSON_INTEGER(ApiResourcesMemory, used, 0),
        JSON_INTEGER(ApiResourcesMemory, total, 0),
        JSON_END,
};
