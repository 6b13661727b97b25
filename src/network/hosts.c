/* What dnsmasq knows of single nics: a file for each, read again on a signal. */
#include "network/network_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "storage/storage.h"

#include <string.h>

static char *host_path(const Networks *networks, const char *network, const char *disk_name,
                       const char *device) {
        /* Names of devices may have slashes. */
        _cleanup_free_ char *file = str_printf("%s.%s", disk_name, device);
        for (char *c = file; *c != '\0'; c++)
                if (*c == '/')
                        *c = '-';
        return str_printf("%s/%s/dnsmasq.hosts/%s", networks->directory, network, file);
}

/* "MAC,IPV4,[IPV6],NAME"; NULL when there is nothing to say. */
static char *host_line(const NetworkRow *row, const NetworkHost *host) {
        const char *mode = strmap_get(&row->config, "dns.mode");
        bool named = str_is_empty(mode) || str_equal(mode, "managed");
        StrBuf line = {};
        if (!named && host->ipv4 == NULL && host->ipv6 == NULL)
                return NULL;
        strbuf_add(&line, host->hwaddr);
        if (host->ipv4 != NULL)
                strbuf_printf(&line, ",%s", host->ipv4);
        if (host->ipv6 != NULL)
                strbuf_printf(&line, ",[%s]", host->ipv6);
        if (named)
                strbuf_printf(&line, ",%s", host->name);
        strbuf_add_char(&line, '\n');
        return strbuf_take(&line);
}

/* `ret_changed`: dnsmasq has to read again. */
static int write_host(Networks *networks, const NetworkRow *row, const NetworkHost *host,
                      bool *ret_changed, Error **err) {
        _cleanup_free_ char *path =
                host_path(networks, row->name, host->disk_name, host->device);
        _cleanup_free_ char *line = host_line(row, host), *present = NULL;
        if (line == NULL) {
                *ret_changed = unlink(path) == 0;
                return 0;
        }
        *ret_changed = file_read(path, 0, &present, NULL, NULL) < 0 || !str_equal(present, line);
        if (*ret_changed && file_write(path, line, strlen(line), 0644, false, err) < 0)
                return error_prefix(err, "Failed to tell DHCP of network \"%s\"", row->name);
        return 0;
}

/* A network without addresses has nobody to read it. */
static bool is_served(const NetworkRow *row) {
        return network_has_address(&row->config, "ipv4.address") ||
               network_has_address(&row->config, "ipv6.address");
}

int network_host_set(Networks *networks, const NetworkRow *row, const NetworkHost *host,
                     Error **err) {
        bool changed = false;
        if (!is_served(row))
                return 0;
        if (write_host(networks, row, host, &changed, err) < 0)
                return -1;
        if (changed)
                dnsmasq_reload(networks->dnsmasqs, row->name);
        return 0;
}

void network_host_clear(Networks *networks, const char *network, const char *disk_name,
                        const char *device) {
        _cleanup_free_ char *path = host_path(networks, network, disk_name, device);
        if (unlink(path) == 0)
                dnsmasq_reload(networks->dnsmasqs, network);
}

/* --- all of them, from the records --- */

typedef struct Rebuild {
        Networks *networks;
        const NetworkRowList *rows;
        StrList *paths; /* of each row: those that are to be */
        bool *changed;
} Rebuild;

static const char *nic_value(const NetworkNic *nic, const char *key) {
        return network_has_address(nic->config, key) ? strmap_get(nic->config, key) : NULL;
}

static void rebuild_nic(void *userdata, const NetworkNic *nic) {
        Rebuild *rebuild = userdata;
        _cleanup_free_ char *key = str_printf("volatile.%s.hwaddr", nic->device);
        const char *hwaddr = strmap_get(nic->config, "hwaddr");
        if (nic->is_profile)
                return;
        if (str_is_empty(hwaddr))
                hwaddr = strmap_get(nic->volatiles, key);
        for (size_t i = 0; !str_is_empty(hwaddr) && i < rebuild->rows->count; i++) {
                const NetworkRow *row = &rebuild->rows->items[i];
                bool changed = false;
                if (!is_served(row) || !network_nic_is_on(row, nic))
                        continue;
                _cleanup_free_ char *disk_name = storage_instance_name(nic->project, nic->owner);
                const NetworkHost host = {.disk_name = disk_name,
                                          .name = nic->owner,
                                          .device = nic->device,
                                          .hwaddr = hwaddr,
                                          .ipv4 = nic_value(nic, "ipv4.address"),
                                          .ipv6 = nic_value(nic, "ipv6.address")};
                if (write_host(rebuild->networks, row, &host, &changed, NULL) == 0)
                        strlist_take(&rebuild->paths[i],
                                     host_path(rebuild->networks, row->name, disk_name,
                                               nic->device));
                rebuild->changed[i] |= changed;
        }
}

static bool remove_strangers(Networks *networks, const NetworkRow *row, const StrList *paths) {
        _cleanup_free_ char *directory =
                str_printf("%s/%s/dnsmasq.hosts", networks->directory, row->name);
        _cleanup_strlist_ StrList names = {.items = NULL};
        bool removed = false;
        if (directory_list(directory, &names, NULL) < 0)
                return false;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(directory, names.items[i]);
                if (!strlist_has(paths, path))
                        removed |= unlink(path) == 0;
        }
        return removed;
}

void network_hosts_rebuild(Networks *networks, const NetworkRowList *rows) {
        Rebuild rebuild = {.networks = networks,
                           .rows = rows,
                           .paths = mem_new_array(StrList, rows->count + 1),
                           .changed = mem_new_array(bool, rows->count + 1)};
        bool known = networks_each_nic(networks, rebuild_nic, &rebuild, NULL) == 0;
        for (size_t i = 0; i < rows->count; i++) {
                if (known && remove_strangers(networks, &rows->items[i], &rebuild.paths[i]))
                        rebuild.changed[i] = true;
                if (rebuild.changed[i])
                        dnsmasq_reload(networks->dnsmasqs, rows->items[i].name);
                strlist_done(&rebuild.paths[i]);
        }
        free(rebuild.paths);
        free(rebuild.changed);
}
