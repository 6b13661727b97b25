#include "network/openvswitch.h"

#include "base/memory.h"
#include "process/spawn.h"

#define TIMEOUT_MS 30000

static int run(const char *const *argv, Error **err) {
        const SpawnSpec spec = {.argv = argv};
        const SpawnLimits limits = {.timeout_ms = TIMEOUT_MS};
        if (spawn_run_checked(&spec, &limits, NULL, err) < 0)
                return error_prefix(err, "Open vSwitch");
        return 0;
}

int openvswitch_add_bridge(const char *bridge, const char *hwaddr, uint32_t mtu, Error **err) {
        _cleanup_free_ char *address = str_printf("other_config:hwaddr=\"%s\"", hwaddr);
        _cleanup_free_ char *request = str_printf("mtu_request=%u", mtu);
        return run(SPAWN_ARGV("ovs-vsctl", "--may-exist", "add-br", bridge, "--", "set", "bridge",
                              bridge, address, "--", "set", "interface", bridge, request),
                   err);
}

int openvswitch_remove_bridge(const char *bridge, Error **err) {
        return run(SPAWN_ARGV("ovs-vsctl", "--if-exists", "del-br", bridge), err);
}

int openvswitch_add_port(const char *bridge, const char *port, Error **err) {
        return run(SPAWN_ARGV("ovs-vsctl", "--may-exist", "add-port", bridge, port), err);
}

int openvswitch_remove_port(const char *bridge, const char *port, Error **err) {
        return run(SPAWN_ARGV("ovs-vsctl", "--if-exists", "del-port", bridge, port), err);
}

int openvswitch_set_vlans(const char *port, const char *tag, const char *trunks, Error **err) {
        _cleanup_free_ char *tag_text = str_printf("tag=%s", tag != NULL ? tag : "[]");
        _cleanup_free_ char *trunk_text = str_printf("trunks=%s", trunks != NULL ? trunks : "[]");
        _cleanup_free_ char *mode =
                str_printf("vlan_mode=%s", tag != NULL && trunks != NULL ? "native-untagged"
                                           : tag != NULL                 ? "access"
                                           : trunks != NULL              ? "trunk"
                                                                         : "[]");
        return run(SPAWN_ARGV("ovs-vsctl", "set", "port", port, tag_text, trunk_text, mode), err);
}

bool openvswitch_has_bridge(const char *bridge) {
        _cleanup_spawn_output_ SpawnOutput output = {};
        const SpawnSpec spec = {.argv = SPAWN_ARGV("ovs-vsctl", "br-exists", bridge)};
        const SpawnLimits limits = {.timeout_ms = TIMEOUT_MS};
        return spawn_run(&spec, &limits, &output, NULL) == 0 && output.exit.code == 0;
}
