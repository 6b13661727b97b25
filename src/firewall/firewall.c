#include "firewall/firewall_private.h"

#include "base/memory.h"

#include <pthread.h>

/* One change at a time: the kernel refuses transactions that were prepared on rules which changed
 * meanwhile, and each caller would have to try again. */
struct Firewall {
        const FirewallDriver *driver;
        pthread_mutex_t lock;
};

static const FirewallDriver *const drivers[] = {
        &firewall_nftables,
};

Firewall *firewall_new(void) {
        Firewall *firewall = mem_new(Firewall);
        size_t chosen = 0;
        for (size_t i = ARRAY_SIZE(drivers); i-- > 0;)
                if (drivers[i]->is_usable())
                        chosen = i;
        firewall->driver = drivers[chosen];
        pthread_mutex_init(&firewall->lock, NULL);
        return firewall;
}

void firewall_free(Firewall *firewall) {
        pthread_mutex_destroy(&firewall->lock);
        free(firewall);
}

const char *firewall_driver_name(const Firewall *firewall) {
        return firewall->driver->name;
}

/* Calls a method of the driver with the lock held; the error says of what it was. */
#define CALL(firewall, err, what, method, ...)                                             \
        ({                                                                                 \
                pthread_mutex_lock(&(firewall)->lock);                                     \
                int _result = (firewall)->driver->method((firewall), __VA_ARGS__, (err));  \
                pthread_mutex_unlock(&(firewall)->lock);                                   \
                _result < 0 ? error_prefix((err), "Firewall of \"%s\"", (what)) : _result; \
        })

int firewall_network_setup(Firewall *firewall, const FirewallNetwork *network, Error **err) {
        return CALL(firewall, err, network->name, network, network);
}

int firewall_network_clear(Firewall *firewall, const char *network, Error **err) {
        return CALL(firewall, err, network, network_clear, network);
}

int firewall_network_forwards(Firewall *firewall, const char *network,
                              const FirewallForward *forwards, size_t count, Error **err) {
        return CALL(firewall, err, network, forwards, network, forwards, count);
}

int firewall_network_acls(Firewall *firewall, const char *network, const FirewallAclRule *rules,
                          size_t count, Error **err) {
        return CALL(firewall, err, network, acls, network, rules, count);
}

int firewall_network_acls_clear(Firewall *firewall, const char *network, Error **err) {
        return CALL(firewall, err, network, acls_clear, network);
}

int firewall_nic_filter(Firewall *firewall, const FirewallNic *nic, Error **err) {
        return CALL(firewall, err, nic->owner.device, nic, nic);
}

int firewall_nic_clear(Firewall *firewall, const FirewallNic *nic, Error **err) {
        return CALL(firewall, err, nic->owner.device, nic_clear, nic);
}

int firewall_proxy_nat(Firewall *firewall, const FirewallDevice *device,
                       const FirewallForward *forwards, size_t count, Error **err) {
        return CALL(firewall, err, device->device, proxy, device, forwards, count);
}

int firewall_proxy_clear(Firewall *firewall, const FirewallDevice *device, Error **err) {
        return CALL(firewall, err, device->device, proxy, device, NULL, 0);
}

int firewall_nic_rpfilter(Firewall *firewall, const FirewallDevice *device, const char *host_name,
                          Error **err) {
        return CALL(firewall, err, device->device, rpfilter, device, host_name);
}

int firewall_nic_rpfilter_clear(Firewall *firewall, const FirewallDevice *device, Error **err) {
        return CALL(firewall, err, device->device, rpfilter, device, NULL);
}
