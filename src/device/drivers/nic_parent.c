#include "device/drivers/nic_parent.h"

#include "base/log.h"
#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"
#include "linux/sysctl.h"

#include <errno.h>
#include <fcntl.h>

char *nic_parent_interface(const Nic *nic) {
        const char *parent = nic_get(nic, "parent"), *vlan = nic_get(nic, "vlan");
        return vlan != NULL ? str_printf("%s.%s", parent, vlan) : str_dup(parent);
}

int nic_parent_start(const Nic *nic, DeviceRun *run, Error **err) {
        const char *parent = nic_get(nic, "parent");
        _cleanup_free_ char *interface = nic_parent_interface(nic);
        const LinkSpec spec = {.kind = "vlan",
                               .name = interface,
                               .parent = parent,
                               .vlan = nic_number(nic, "vlan"),
                               .gvrp = str_is_true(nic_get(nic, "gvrp"))};
        const LinkChange up = {.up = 1};
        bool made = false;
        if (parent == NULL || !link_exists(parent))
                return error_set(err, ERROR_INVALID, 0, "Parent device \"%s\" doesn't exist",
                                 parent != NULL ? parent : "");
        if (nic_get(nic, "vlan") != NULL && !link_exists(interface)) {
                if (link_create(&spec, err) < 0)
                        return error_prefix(err, "Failed to create VLAN interface \"%s\" on \"%s\"",
                                            interface, parent);
                made = true;
        }
        nic_set_volatile(nic, run, "last_state.created", made ? "true" : "false");
        return made ? link_change(interface, &up, err) : 0;
}

typedef struct Sharing {
        const Nic *nic;
        const char *parent, *vlan;
        bool shared;
} Sharing;

static void visit(void *userdata, const NetworkNic *other) {
        Sharing *sharing = userdata;
        const DeviceContext *context = sharing->nic->context;
        bool is_self = str_equal(other->project, context->project) &&
                       str_equal(other->owner, context->title) &&
                       str_equal(other->device, context->name);
        if (!other->is_profile && other->is_running && !is_self &&
            str_equal(strmap_get(other->config, "parent"), sharing->parent) &&
            str_equal(strmap_get(other->config, "vlan"), sharing->vlan))
                sharing->shared = true;
}

void nic_parent_stop(const Nic *nic) {
        Sharing sharing = {.nic = nic,
                           .parent = nic_get(nic, "parent"),
                           .vlan = nic_get(nic, "vlan")};
        _cleanup_free_ char *interface = nic_parent_interface(nic);
        if (sharing.vlan == NULL ||
            !str_is_true(device_volatile(nic->context, "last_state.created")) ||
            networks_each_nic(nic->context->networks, visit, &sharing, NULL) < 0 ||
            sharing.shared)
                return;
        (void) !link_delete(interface, NULL);
}

static int require_sysctl(const char *path, const char *mode, Error **err) {
        _cleanup_free_ char *value = NULL;
        if (sysctl_get(path, &value, err) < 0)
                return error_prefix(err, "Error reading net sysctl %s", path);
        if (str_equal(value, "1"))
                return 0;
        _cleanup_free_ char *dotted = str_dup(path);
        for (char *c = dotted; *c != '\0'; c++)
                if (*c == '/')
                        *c = '.';
        return error_set(err, ERROR_INVALID, 0, "%s requires sysctl %s=1", mode, dotted);
}

int nic_parent_check_sysctls(const Nic *nic, const char *parent, const char *mode,
                             Error **err) {
        if (nic_get(nic, "ipv4.address") != NULL) {
                _cleanup_free_ char *path = str_printf("net/ipv4/conf/%s/forwarding", parent);
                if (require_sysctl(path, mode, err) < 0)
                        return -1;
        }
        if (nic_get(nic, "ipv6.address") == NULL)
                return 0;
        _cleanup_free_ char *forwarding = str_printf("net/ipv6/conf/%s/forwarding", parent);
        _cleanup_free_ char *proxy = str_printf("net/ipv6/conf/%s/proxy_ndp", parent);
        const char *const paths[] = {"net/ipv6/conf/all/forwarding", forwarding,
                                     "net/ipv6/conf/all/proxy_ndp", proxy};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                if (require_sysctl(paths[i], mode, err) < 0)
                        return -1;
        return 0;
}

static const char *inner_name(const DeviceContext *context) {
        const char *name = strmap_get(context->config, "name");
        return !str_is_empty(name) ? name : device_volatile(context, "name");
}

int nic_unplug(const DeviceContext *context, Error **err) {
        _cleanup_close_ int socket = -1, home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        const char *host = device_volatile(context, "host_name");
        if (str_is_empty(host) || str_is_empty(inner_name(context)))
                return 0;
        if (home < 0)
                return error_errno(err, errno, "Failed to open our network namespace");
        if (runtime_open_netlink(context->runtime, context->process, &socket, err) < 0)
                return -1;
        const LinkChange change = {.new_name = host, .netns_fd = home, .up = -1};
        return link_change_inside(socket, inner_name(context), &change, err);
}

int nic_lend(const Nic *nic, const char *link, DeviceRun *run, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        _cleanup_free_ char *mtu = NULL;
        if (link_list(0, &links, err) < 0)
                return -1;
        const LinkInfo *info = linklist_find(&links, link);
        if (info == NULL)
                return error_set(err, ERROR_INVALID, 0, "Interface \"%s\" has gone", link);
        mtu = str_printf("%u", info->mtu);
        nic_set_volatile(nic, run, "host_name", link);
        nic_set_volatile(nic, run, "last_state.hwaddr", info->hwaddr);
        nic_set_volatile(nic, run, "last_state.mtu", mtu);
        const LinkChange change = {.hwaddr = nic_get(nic, "hwaddr"),
                                   .mtu = nic_number(nic, "mtu")};
        return link_change(link, &change, err);
}

/* When its monitor was killed, the kernel gives a link back under the name that it had inside. */
static void find_lost(const DeviceContext *context, const char *host) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        const char *hwaddr = device_volatile(context, "last_state.hwaddr");
        const char *configured = strmap_get(context->config, "hwaddr");
        const LinkChange change = {.new_name = host, .up = -1};
        if (hwaddr == NULL || link_list(0, &links, NULL) < 0 ||
            linklist_find(&links, host) != NULL)
                return;
        for (size_t i = 0; i < links.count; i++) {
                const LinkInfo *link = &links.items[i];
                bool named = str_equal(link->name, inner_name(context)) ||
                             str_has_prefix(link->name, "dev");
                if (named && (str_equal_nocase(link->hwaddr, hwaddr) ||
                              str_equal_nocase(link->hwaddr, configured)) &&
                    link_change(link->name, &change, NULL) == 0) {
                        log_info("%s is called %s again", link->name, host);
                        return;
                }
        }
}

void nic_take_back(const DeviceContext *context) {
        const char *host = device_volatile(context, "host_name");
        uint64_t mtu = 0;
        _cleanup_error_ Error *err = NULL;
        if (str_is_empty(host))
                return;
        find_lost(context, host);
        (void) str_to_uint64(device_volatile(context, "last_state.mtu"), &mtu);
        const LinkChange change = {.hwaddr = device_volatile(context, "last_state.hwaddr"),
                                   .mtu = (uint32_t) mtu};
        if (link_exists(host) && link_change(host, &change, &err) < 0)
                log_warning("%s is not what it was before %s had it: %s", host, context->instance,
                            error_message(err));
}
