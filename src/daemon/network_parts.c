#include "daemon/network_parts.h"

#include "acl/acl.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/socket.h"
#include "database/config.h"
#include "forward/forward.h"
#include "instance/instance.h"
#include "network/network.h"
#include "zone/zone.h"

#include <sys/socket.h>

/* The servers that run, in the daemon's one copy. */
typedef struct Servers {
        pthread_mutex_t lock; /* one change at a time */
        char *dns_address;    /* NULL: none */
        DnsServer *dns;
} Servers;

static Servers servers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int each_nic(void *userdata, NetworkNicVisitor visit, void *visit_data, Error **err) {
        const RestContext *context = userdata;
        return instances_each_nic(context->instances, visit, visit_data, err);
}

static int check(void *userdata, const NetworkRow *row, Error **err) {
        const RestContext *context = userdata;
        return zone_check_network(context->zones, row, err);
}

static int after_setup(void *userdata, const NetworkRow *row, Error **err) {
        const RestContext *context = userdata;
        if (!str_equal(row->type, "bridge"))
                return 0;
        if (acl_apply_network(context->acls, row->project, row->name, &row->config, err) < 0)
                return -1;
        return forward_apply_network(context->forwards, row, err);
}

void daemon_network_parts(RestContext *context) {
        const NetworkHooks hooks = {.each_nic = each_nic,
                                    .check = check,
                                    .after_setup = after_setup,
                                    .userdata = context};
        context->acls = acls_new(context->database, context->firewall);
        context->forwards = forwards_new(context->database, context->firewall);
        context->zones = zones_new(context->database, context->networks);
        networks_set_hooks(context->networks, &hooks);
}

static int start_dns(RestContext *context, const char *address, DnsServer **ret, Error **err) {
        _cleanup_close_ int udp = -1, tcp = -1;
        const DnsSource source = zones_source(context->zones);
        if (daemon_open_socket(address, "53", SOCK_DGRAM, &udp, err) < 0 ||
            daemon_open_socket(address, "53", SOCK_STREAM, &tcp, err) < 0)
                return -1;
        return dns_server_start(TAKE_FD(udp), TAKE_FD(tcp), &source, context->workers, ret, err);
}

static void stop_dns(void) {
        if (servers.dns != NULL)
                dns_server_stop(TAKE_PTR(servers.dns));
        str_replace(&servers.dns_address, NULL);
}

/* An address that shares a port with the one before needs it to be closed first; when the new one
 * does not work the old one is opened again. */
static int configure_dns(RestContext *context, const char *address, Error **err) {
        _cleanup_free_ char *before = str_dup(servers.dns_address);
        if (str_equal(address, servers.dns_address))
                return 0;
        stop_dns();
        if (str_is_empty(address))
                return 0;
        if (start_dns(context, address, &servers.dns, err) == 0) {
                servers.dns_address = str_dup(address);
                return 0;
        }
        if (before != NULL && start_dns(context, before, &servers.dns, NULL) == 0)
                servers.dns_address = TAKE_PTR(before);
        return error_prefix(err, "Cannot serve DNS");
}

int daemon_network_parts_configure(RestContext *context, const StrMap *config, Error **err) {
        pthread_mutex_lock(&servers.lock);
        int result = configure_dns(context, strmap_get(config, "core.dns_address"), err);
        pthread_mutex_unlock(&servers.lock);
        return result;
}

void daemon_network_parts_start(RestContext *context) {
        static const DatabaseMode modes[] = {DATABASE_READ, DATABASE_LOCAL_READ};
        _cleanup_strmap_ StrMap config = {};
        _cleanup_error_ Error *err = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                _cleanup_transaction_ Transaction *tx = NULL;
                if (database_begin(context->database, modes[i], &tx, &err) < 0 ||
                    db_config_get(tx, &config, &err) < 0)
                        break;
        }
        if (err != NULL || daemon_network_parts_configure(context, &config, &err) < 0)
                log_error("%s", error_message(err));
}
