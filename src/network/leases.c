/* Leases: the gateway, what is fixed for nics, and what dnsmasq has given. */
#include "network/network_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "database/projects.h"
#include "network/driver.h"

#include <stdio.h>
#include <string.h>

typedef struct Leases {
        const NetworkRow *row;
        const char *project;
        StrList hwaddrs; /* of the project's nics on the network */
        ApiNetworkLeaseList *list;
} Leases;

void network_lease_list_done(ApiNetworkLeaseList *list) {
        for (size_t i = 0; i < list->count; i++)
                struct_done(api_network_lease_fields, &list->items[i]);
        free(list->items);
        *list = (ApiNetworkLeaseList){};
}

static void add(Leases *leases, const char *name, const char *hwaddr, const char *address,
                const char *type) {
        ApiNetworkLease *lease = json_list_add(leases->list, api_network_lease_fields);
        lease->hostname = str_dup(name);
        lease->hwaddr = str_dup(hwaddr);
        lease->address = str_dup(address);
        lease->type = str_dup(type);
        lease->location = str_dup(str_equal(type, "gateway") ? "" : "none");
}

static void add_gateways(Leases *leases) {
        static const char *const keys[] = {"ipv4.address", "ipv6.address"};
        _cleanup_free_ char *name = str_printf("%s.gw", leases->row->name);
        IpSubnet subnet;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (ip_parse_subnet(strmap_get(&leases->row->config, keys[i]), &subnet)) {
                        _cleanup_free_ char *address = ip_format(&subnet.address);
                        add(leases, name, "", address, "gateway");
                }
}

/* The address that a guest gives itself from the router's announcement. */
static char *eui64(const IpSubnet *network, const char *hwaddr) {
        IpAddress address = ip_network(network).address;
        unsigned char *b = address.bytes + 8;
        if (sscanf(hwaddr, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &b[0], &b[1], &b[2], &b[5],
                   &b[6], &b[7]) != 6)
                return NULL;
        b[3] = 0xff;
        b[4] = 0xfe;
        b[0] ^= 0x02;
        return ip_format(&address);
}

static void add_announced(Leases *leases, const char *name, const char *hwaddr) {
        const StrMap *config = &leases->row->config;
        IpSubnet subnet;
        if (!ip_parse_subnet(strmap_get(config, "ipv6.address"), &subnet) || subnet.bits != 64 ||
            str_is_true(strmap_get(config, "ipv6.dhcp.stateful")))
                return;
        _cleanup_free_ char *address = eui64(&subnet, hwaddr);
        if (address != NULL)
                add(leases, name, hwaddr, address, "dynamic");
}

static void visit(void *userdata, const NetworkNic *nic) {
        static const char *const keys[] = {"ipv4.address", "ipv6.address"};
        Leases *leases = userdata;
        if (nic->is_profile || !str_equal(nic->project, leases->project) ||
            !network_nic_is_on(leases->row, nic))
                return;
        _cleanup_free_ char *key = str_printf("volatile.%s.hwaddr", nic->device);
        const char *hwaddr = strmap_get(nic->config, "hwaddr");
        if (str_is_empty(hwaddr))
                hwaddr = strmap_get(nic->volatiles, key);
        if (str_is_empty(hwaddr))
                hwaddr = "";
        strlist_add(&leases->hwaddrs, hwaddr);
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (network_has_address(nic->config, keys[i]))
                        add(leases, nic->owner, hwaddr, strmap_get(nic->config, keys[i]), "static");
        add_announced(leases, nic->owner, hwaddr);
}

static bool is_listed(const Leases *leases, const char *address) {
        for (size_t i = 0; i < leases->list->count; i++)
                if (str_equal(leases->list->items[i].address, address))
                        return true;
        return false;
}

/* "EXPIRY MAC ADDRESS NAME CLIENT"; of IPv6 the second is a number and the last one the DUID,
 * which ends in the hardware address. */
static void add_given(Leases *leases, const char *line) {
        _cleanup_strlist_ StrList fields = {};
        strlist_split(&fields, line, " ", true);
        if (fields.count < 5)
                return;
        const char *hwaddr = fields.items[1], *address = fields.items[2], *id = fields.items[4];
        if (strlen(hwaddr) < 17)
                hwaddr = strlen(id) >= 17 ? id + strlen(id) - 17 : "";
        if (is_listed(leases, address))
                return;
        bool ours = strlist_has(&leases->hwaddrs, hwaddr);
        bool six = strchr(address, ':') != NULL;
        if (leases->hwaddrs.count > 0 && !ours && !six)
                return;
        add(leases, fields.items[3], six && !ours ? "" : hwaddr, address, "dynamic");
}

static void add_file(Networks *networks, Leases *leases) {
        _cleanup_free_ char *directory = network_path(networks, leases->row->name);
        _cleanup_free_ char *path = path_join(directory, "dnsmasq.leases"), *text = NULL;
        _cleanup_strlist_ StrList lines = {};
        if (file_read(path, 0, &text, NULL, NULL) < 0)
                return;
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++)
                add_given(leases, lines.items[i]);
}

int network_leases(Networks *networks, const NetworkRow *row, const char *project,
                   ApiNetworkLeaseList *ret, Error **err) {
        Leases leases = {.row = row, .project = project, .list = ret};
        const NetworkDriver *driver;
        if (network_driver_find(row->type, &driver, err) < 0)
                return -1;
        if (!driver->has_leases)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Networks of type \"%s\" have no leases", row->type);
        if (str_equal(project, row->project))
                add_gateways(&leases);
        int result = networks_each_nic(networks, visit, &leases, err);
        if (result == 0)
                add_file(networks, &leases);
        strlist_done(&leases.hwaddrs);
        if (result < 0)
                network_lease_list_done(ret);
        return result;
}

typedef struct Forgetting {
        const char *path, *hwaddr;
} Forgetting;

static void forget(void *userdata) {
        const Forgetting *job = userdata;
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {};
        _cleanup_strbuf_ StrBuf kept = {};
        if (file_read(job->path, 0, &text, NULL, NULL) < 0)
                return;
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++)
                if (strstr(lines.items[i], job->hwaddr) == NULL)
                        strbuf_printf(&kept, "%s\n", lines.items[i]);
        if (kept.length != strlen(text))
                (void) !file_write(job->path, kept.data != NULL ? kept.data : "", kept.length,
                                   0644, false, NULL);
}

void network_lease_forget(Networks *networks, const NetworkRow *row, const char *hwaddr) {
        _cleanup_free_ char *directory = network_path(networks, row->name);
        _cleanup_free_ char *path = path_join(directory, "dnsmasq.leases"), *text = NULL;
        Forgetting job = {.path = path, .hwaddr = hwaddr};
        if (str_is_empty(hwaddr) || file_read(path, 0, &text, NULL, NULL) < 0 ||
            strstr(text, hwaddr) == NULL)
                return;
        dnsmasq_while_stopped(networks->dnsmasqs, row->name, forget, &job);
}
