/* limits.network.priority: the priority of an instance's packets on each link of the host. Only v1
 * has a controller for it, and few hosts mount it: where it is missing, nothing happens. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/memory.h"

static const char *wish(const Instance *instance) {
        const char *value = strmap_get(&instance->config, "limits.network.priority");
        return str_is_empty(value) ? "0" : value;
}

static int apply(const CgroupPaths *paths, const char *priority, Error **err) {
        _cleanup_strlist_ StrList links = {.items = NULL};
        if (directory_list("/sys/class/net", &links, err) < 0)
                return -1;
        for (size_t i = 0; i < links.count; i++) {
                _cleanup_free_ char *line = str_printf("%s %s", links.items[i], priority);
                /* A link may go away meanwhile. */
                (void) cgroup_set(paths, CGROUP_NET_PRIO, "net_prio.ifpriomap", line, NULL);
        }
        return 0;
}

int instance_set_network_priority(Instances *instances, const Instance *before,
                                  const Instance *after, const RuntimeProcess *process,
                                  Error **err) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        const char *old = before != NULL ? wish(before) : "0";
        if (!cgroup_has(&instances->cgroups, CGROUP_NET_PRIO) || str_equal(old, wish(after)))
                return 0;
        if (runtime_cgroups(instances->spec.runtime, process, &paths, err) < 0)
                return -1;
        return apply(&paths, wish(after), err);
}
