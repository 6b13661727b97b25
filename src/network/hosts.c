/* What dnsmasq knows of single nics: a file for each, read again on a signal. */
#include "network/network_private.h"

#include "base/files.h"
#include "base/memory.h"

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

int network_host_set(Networks *networks, const NetworkRow *row, const NetworkHost *host,
                     Error **err) {
        _cleanup_free_ char *path =
                host_path(networks, row->name, host->disk_name, host->device);
        _cleanup_free_ char *line = host_line(row, host), *present = NULL;
        if (line == NULL) {
                network_host_clear(networks, row->name, host->disk_name, host->device);
                return 0;
        }
        if (file_read(path, 0, &present, NULL, NULL) == 0 && str_equal(present, line))
                return 0;
        if (file_write(path, line, strlen(line), 0644, false, err) < 0)
                return error_prefix(err, "Failed to tell DHCP of network \"%s\"", row->name);
        dnsmasq_reload(networks->dnsmasqs, row->name);
        return 0;
}

void network_host_clear(Networks *networks, const char *network, const char *disk_name,
                        const char *device) {
        _cleanup_free_ char *path = host_path(networks, network, disk_name, device);
        if (unlink(path) == 0)
                dnsmasq_reload(networks->dnsmasqs, network);
}
