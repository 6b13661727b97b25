/* Processors and memory of /1.0/resources. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiResourcesCpuCache {
        int64_t level;
        char *type;
        int64_t size;
} ApiResourcesCpuCache;
API_STRUCT(ApiResourcesCpuCache, api_resources_cpu_cache)
JSON_DEFINE_LIST(ApiResourcesCpuCache);

typedef struct ApiResourcesCpuThread {
        int64_t id;
        int64_t numa_node;
        int64_t thread;
        bool online;
        bool isolated;
} ApiResourcesCpuThread;
API_STRUCT(ApiResourcesCpuThread, api_resources_cpu_thread)
JSON_DEFINE_LIST(ApiResourcesCpuThread);

typedef struct ApiResourcesCpuCore {
        int64_t core;
        int64_t die;
        ApiResourcesCpuThreadList threads;
        int64_t frequency;
} ApiResourcesCpuCore;
API_STRUCT(ApiResourcesCpuCore, api_resources_cpu_core)
JSON_DEFINE_LIST(ApiResourcesCpuCore);

typedef struct ApiResourcesCpuSocket {
        char *name;
        char *vendor;
        int64_t socket;
        ApiResourcesCpuCacheList cache;
        ApiResourcesCpuCoreList cores;
        int64_t frequency;
        int64_t frequency_minimum;
        int64_t frequency_turbo;
} ApiResourcesCpuSocket;
API_STRUCT(ApiResourcesCpuSocket, api_resources_cpu_socket)
JSON_DEFINE_LIST(ApiResourcesCpuSocket);

typedef struct ApiResourcesCpu {
        char *architecture;
        ApiResourcesCpuSocketList sockets;
        int64_t total;
} ApiResourcesCpu;
API_STRUCT(ApiResourcesCpu, api_resources_cpu)

typedef struct ApiResourcesMemoryNode {
        int64_t numa_node;
        int64_t hugepages_used;
        int64_t hugepages_total;
        int64_t used;
        int64_t total;
} ApiResourcesMemoryNode;
API_STRUCT(ApiResourcesMemoryNode, api_resources_memory_node)
JSON_DEFINE_LIST(ApiResourcesMemoryNode);

typedef struct ApiResourcesMemory {
        ApiResourcesMemoryNodeList nodes;
        int64_t hugepages_total;
        int64_t hugepages_used;
        int64_t hugepages_size;
        int64_t used;
        int64_t total;
} ApiResourcesMemory;
API_STRUCT(ApiResourcesMemory, api_resources_memory)
