/* Figures of one instance: control groups, links, disk. */
#include "instance/state.h"

#include "base/memory.h"
#include "instance/instance_private.h"
#include "linux/links.h"

static void add_addresses(ApiInstanceStateNetwork *to, const LinkInfo *link) {
        for (size_t i = 0; i < link->address_count; i++) {
                const LinkAddress *from = &link->addresses[i];
                ApiInstanceStateNetworkAddress *item = json_list_add(
                        &to->addresses, api_instance_state_network_address_fields);
                item->family = str_dup(from->family);
                item->address = str_dup(from->address);
                item->netmask = str_dup(from->netmask);
                item->scope = str_dup(from->scope);
        }
}

static void add_link(ApiInstanceState *state, const LinkInfo *link) {
        ApiInstanceStateNetwork *to = json_map_add(
                &state->network, api_instance_state_network_fields, link->name);
        const LinkCounters *counters = &link->counters;
        to->counters = (ApiInstanceStateNetworkCounters){
                .bytes_received = counters->bytes_received,
                .bytes_sent = counters->bytes_sent,
                .packets_received = counters->packets_received,
                .packets_sent = counters->packets_sent,
                .errors_received = counters->errors_received,
                .errors_sent = counters->errors_sent,
                .packets_dropped_inbound = counters->packets_dropped_inbound,
                .packets_dropped_outbound = counters->packets_dropped_outbound};
        to->hwaddr = str_dup(link->loopback ? "" : link->hwaddr);
        to->host_name = str_dup(link->host_name != NULL ? link->host_name : "");
        to->mtu = link->mtu;
        to->state = str_dup(link->up ? "up" : "down");
        to->type = str_dup(link->loopback         ? "loopback"
                           : link->point_to_point ? "point-to-point"
                           : link->broadcast      ? "broadcast"
                                                  : "unknown");
        add_addresses(to, link);
}

static void add_usage(Instances *instances, const Instance *instance, pid_t pid,
                      ApiInstanceState *state) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {};
        _cleanup_free_ char *payload = str_printf("lxc.payload.%s", instance->disk_name);
        CgroupUsage usage;
        if (cgroup_paths_load(&instances->cgroups, pid, payload, NULL, &paths, NULL) < 0)
                return;
        cgroup_usage(&instances->cgroups, &paths, &usage);
        state->memory.usage = MAX_OF(usage.memory, 0);
        state->memory.usage_peak = MAX_OF(usage.memory_peak, 0);
        state->memory.swap_usage = MAX_OF(usage.swap, 0);
        state->memory.swap_usage_peak = MAX_OF(usage.swap_peak, 0);
        state->cpu.usage = MAX_OF(usage.cpu_ns, 0);
        state->processes = usage.processes;
}

static const char *root_disk_name(const Instance *instance) {
        for (size_t i = 0; i < instance->devices.count; i++)
                if (device_is_root_disk(&instance->devices.items[i].config))
                        return instance->devices.items[i].name;
        return NULL;
}

void instance_state_cache_done(InstanceStateCache *cache) {
        storage_pool_free(cache->pool);
        free(cache->pool_name);
        *cache = (InstanceStateCache){};
}

static StoragePool *find_pool(Instances *instances, const char *name, InstanceStateCache *cache) {
        if (cache->pool == NULL || !str_equal(cache->pool_name, name)) {
                instance_state_cache_done(cache);
                if (storage_pool_find(instances->spec.storage, name, &cache->pool, NULL) < 0)
                        return NULL;
                cache->pool_name = str_dup(name);
        }
        return cache->pool;
}

static void add_disk(Instances *instances, const Instance *instance, InstanceStateCache *cache,
                     ApiInstanceState *state) {
        const char *name = root_disk_name(instance), *pool_name = instance_root_pool(instance);
        uint64_t bytes;
        if (name == NULL || pool_name == NULL)
                return;
        StoragePool *pool = find_pool(instances, pool_name, cache);
        if (pool == NULL)
                return;
        const StorageInstance volume = {pool, instance->row.project, instance->row.name,
                                        instance->snapshot};
        if (storage_instance_usage(&volume, &bytes, NULL) < 0)
                return;
        ApiInstanceStateDisk *disk =
                json_map_add(&state->disk, api_instance_state_disk_fields, name);
        disk->usage = (int64_t) bytes;
}

int instance_state(Instances *instances, const Instance *instance, InstanceStateCache *cache,
                   ApiInstanceState *state, _unused_ Error **err) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        str_replace(&state->status, str_dup(instance_status_name(instance->status)));
        state->status_code = instance->status;
        add_disk(instances, instance, cache, state);
        if (!instance_is_running(instance) ||
            instance_process(instances, instance, &process, NULL) < 0)
                return 0;
        _cleanup_linklist_ LinkList links = {};
        state->pid = process.init_pid;
        add_usage(instances, instance, process.init_pid, state);
        /* The process may end meanwhile: then there are no links any more. */
        if (link_list(process.init_pid, &links, NULL) == 0)
                for (size_t i = 0; i < links.count; i++)
                        add_link(state, &links.items[i]);
        return 0;
}
