/* What a bridged nic may send: security.mac_filtering and security.ipvN_filtering. */
#include "device/drivers/nic.h"

#include "base/ip.h"
#include "base/memory.h"
#include "firewall/firewall.h"

#include <stdio.h>

static const char *const families[] = {"ipv4", "ipv6"};

static bool is_on(const Nic *nic, const char *what) {
        _cleanup_free_ char *key = str_printf("security.%s_filtering", what);
        return str_is_true(nic_get(nic, key));
}

/* Each interface has the link-local address of its hardware address. */
static void add_link_local(const char *hwaddr, StrList *ret) {
        IpAddress address = {.family = AF_INET6, .bytes = {0xfe, 0x80}};
        unsigned char *b = address.bytes + 8;
        if (sscanf(hwaddr, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &b[0], &b[1], &b[2], &b[5],
                   &b[6], &b[7]) != 6)
                return;
        b[0] ^= 0x02;
        b[3] = 0xff;
        b[4] = 0xfe;
        strlist_take(ret, ip_format(&address));
}

/* "none" leaves the list empty: nothing of the family passes. */
static void add_addresses(const Nic *nic, const char *family, StrList *ret) {
        const char *address = nic_get_of(nic, family, "address");
        if (address == NULL || str_equal(address, "none"))
                return;
        strlist_add(ret, address);
        strlist_split(ret, nic_get_of(nic, family, "routes"), ", ", true);
        strlist_split(ret, nic_get_of(nic, family, "routes.external"), ", ", true);
}

static FirewallNic describe(const DeviceContext *context, const char *host, const char *parent) {
        return (FirewallNic) {.owner = {.project = context->project,
                                        .instance = context->title,
                                        .device = context->name},
                              .host_name = host,
                              .parent = parent};
}

int nic_filter_check(const Nic *nic, Error **err) {
        for (size_t f = 0; f < ARRAY_SIZE(families); f++)
                if (is_on(nic, families[f]) && nic_get_of(nic, families[f], "address") == NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "security.%s_filtering needs %s.address: an address, or "
                                         "\"none\"",
                                         families[f], families[f]);
        return 0;
}

int nic_filter_start(const Nic *nic, const char *host, const char *parent, Error **err) {
        struct Firewall *firewall = networks_firewall(nic->context->networks);
        FirewallNic wish = describe(nic->context, host, parent);
        wish.hwaddr = nic_hwaddr(nic);
        wish.filter_ipv4 = is_on(nic, "ipv4");
        wish.filter_ipv6 = is_on(nic, "ipv6");
        if (!is_on(nic, "mac") && !wish.filter_ipv4 && !wish.filter_ipv6)
                return 0;
        if (firewall == NULL || wish.hwaddr == NULL)
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "This host has no packet filter for \"%s\"", nic->context->name);
        add_addresses(nic, "ipv4", &wish.ipv4);
        add_addresses(nic, "ipv6", &wish.ipv6);
        if (wish.ipv6.count > 0)
                add_link_local(wish.hwaddr, &wish.ipv6);
        int result = firewall_nic_filter(firewall, &wish, err);
        strlist_done(&wish.ipv4);
        strlist_done(&wish.ipv6);
        return result;
}

void nic_filter_stop(const DeviceContext *context, const StrMap *config, const char *host,
                     const char *parent) {
        static const char *const keys[] = {"security.mac_filtering", "security.ipv4_filtering",
                                           "security.ipv6_filtering"};
        struct Firewall *firewall = networks_firewall(context->networks);
        const FirewallNic wish = describe(context, host, parent);
        bool on = false;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                on |= str_is_true(strmap_get(config, keys[i]));
        if (on && firewall != NULL)
                (void) !firewall_nic_clear(firewall, &wish, NULL);
}
