#include "network/drivers/bridge/plan.h"

#include "base/memory.h"
#include "json/digest.h"
#include "schema/key.h"

#include <string.h>

#define MTU 1500
#define TUNNEL_MTU 1400
#define MULTICAST_GROUP "239.0.0.1"

typedef struct Planner {
        const NetworkRow *row;
        const ConfigTable *table;
        const BridgeHost *host;
        BridgePlan *plan;
} Planner;

void bridge_plan_done(BridgePlan *plan) {
        free(plan->hwaddr);
        strmap_done(&plan->sysctls);
        free(plan->routes);
        strlist_done(&plan->ports);
        for (size_t i = 0; i < plan->tunnel_count; i++) {
                free(plan->tunnels[i].kind);
                free(plan->tunnels[i].name);
                free(plan->tunnels[i].parent);
        }
        free(plan->tunnels);
        dnsmasq_plan_done(&plan->dnsmasq);
        for (size_t i = 0; i < ARRAY_SIZE(plan->nat_subnets); i++)
                free(plan->nat_subnets[i]);
        *plan = (BridgePlan){};
}

static const char *get(const Planner *planner, const char *key) {
        return config_value(planner->table, &planner->row->config, key);
}

static bool is_on(const Planner *planner, const char *family, const char *key) {
        _cleanup_free_ char *whole = str_printf("%s.%s", family, key);
        return config_bool(planner->table, &planner->row->config, whole);
}

static void plan_link(const Planner *planner) {
        BridgePlan *plan = planner->plan;
        const char *hwaddr = get(planner, "bridge.hwaddr");
        const char *mtu = strmap_get(&planner->row->config, "bridge.mtu");
        uint64_t number = plan->tunnel_count > 0 ? TUNNEL_MTU : MTU;
        plan->name = planner->row->name;
        plan->openvswitch = str_equal(get(planner, "bridge.driver"), "openvswitch");
        if (!str_is_empty(mtu))
                (void) str_to_uint64(mtu, &number);
        plan->mtu = (uint32_t) number;
        if (!str_is_empty(hwaddr)) {
                plan->hwaddr = str_dup(hwaddr);
                return;
        }
        /* The same after each start of the host, so that guests keep their neighbour. */
        _cleanup_free_ char *text = str_printf("%s.%lld", planner->host->seed,
                                               (long long) planner->row->id);
        _cleanup_free_ char *digest = digest_sha256_hex(text, strlen(text));
        plan->hwaddr = str_printf("00:16:3e:%.2s:%.2s:%.2s", digest, digest + 2, digest + 4);
}

static void set_sysctl(const Planner *planner, const char *family, const char *name,
                       const char *value) {
        _cleanup_free_ char *path =
                str_printf("net/%s/conf/%s/%s", family, planner->row->name, name);
        strmap_set(&planner->plan->sysctls, path, value);
}

static void plan_sysctls(const Planner *planner, bool has_ipv4, bool has_ipv6) {
        StrMap *sysctls = &planner->plan->sysctls;
        if (has_ipv4 && is_on(planner, "ipv4", "routing"))
                strmap_set(sysctls, "net/ipv4/ip_forward", "1");
        if (!planner->host->has_ipv6)
                return;
        set_sysctl(planner, "ipv6", "disable_ipv6", has_ipv6 ? "0" : "1");
        if (!has_ipv6)
                return;
        /* We give the address: it is not asked for, and is of use at once. */
        set_sysctl(planner, "ipv6", "autoconf", "0");
        set_sysctl(planner, "ipv6", "accept_dad", "0");
        if (is_on(planner, "ipv6", "routing"))
                strmap_set(sysctls, "net/ipv6/conf/all/forwarding", "1");
}

static void plan_routes(const Planner *planner, const char *family) {
        BridgePlan *plan = planner->plan;
        _cleanup_free_ char *key = str_printf("%s.routes", family);
        _cleanup_strlist_ StrList list = {};
        strlist_split(&list, get(planner, key), ", ", true);
        plan->routes = mem_resize(plan->routes, plan->route_count + list.count + 1, sizeof(Route));
        for (size_t i = 0; i < list.count; i++) {
                Route route = {.protocol = ROUTE_STATIC};
                if (ip_parse_subnet(list.items[i], &route.to))
                        plan->routes[plan->route_count++] = route;
        }
}

static void plan_firewall(const Planner *planner, const char *family, const IpSubnet *subnet,
                          size_t slot) {
        FirewallNetwork *firewall = &planner->plan->firewall;
        FirewallFamily *wish = slot == 0 ? &firewall->ipv4 : &firewall->ipv6;
        _cleanup_free_ char *address = str_printf("%s.nat.address", family);
        _cleanup_free_ char *order = str_printf("%s.nat.order", family);
        bool guarded = is_on(planner, family, "firewall");
        if (guarded)
                wish->forward = is_on(planner, family, "routing") ? FIREWALL_FORWARD_ACCEPT
                                                                  : FIREWALL_FORWARD_REJECT;
        wish->services = guarded && is_on(planner, family, "dhcp");
        if (!is_on(planner, family, "nat"))
                return;
        const IpSubnet network = ip_network(subnet);
        planner->plan->nat_subnets[slot] = ip_format_subnet(&network);
        wish->nat_subnet = planner->plan->nat_subnets[slot];
        wish->nat_address = get(planner, address);
        wish->nat_append = str_equal(get(planner, order), "after");
}

static void plan_family(const Planner *planner, const char *family, const IpSubnet *subnet,
                        size_t slot) {
        BridgePlan *plan = planner->plan;
        plan->addresses[plan->address_count++] = *subnet;
        plan_routes(planner, family);
        plan_firewall(planner, family, subnet, slot);
}

void bridge_tunnel_names(const StrMap *config, StrList *ret) {
        for (size_t i = 0; i < config->count; i++) {
                const char *rest = str_after_prefix(config->items[i].key, "tunnel.");
                const char *dot = rest != NULL ? strchr(rest, '.') : NULL;
                if (dot == NULL)
                        continue;
                _cleanup_free_ char *name = str_ndup(rest, (size_t) (dot - rest));
                if (!strlist_has(ret, name))
                        strlist_add(ret, name);
        }
}

static const char *tunnel_get(const Planner *planner, const char *tunnel, const char *key) {
        _cleanup_free_ char *name = str_printf("tunnel.%s.%s", tunnel, key);
        return strmap_get(&planner->row->config, name);
}

static uint32_t tunnel_number(const Planner *planner, const char *tunnel, const char *key,
                              uint32_t otherwise) {
        uint64_t number;
        return str_to_uint64(tunnel_get(planner, tunnel, key), &number) ? (uint32_t) number
                                                                        : otherwise;
}

/* vxlan without ends is multicast, and needs a link for it. */
static int plan_multicast(const Planner *planner, const char *name, BridgeTunnel *tunnel,
                          Error **err) {
        const char *group = tunnel_get(planner, name, "group");
        const char *link = tunnel_get(planner, name, "interface");
        (void) ip_parse(str_is_empty(group) ? MULTICAST_GROUP : group, &tunnel->spec.remote);
        if (str_is_empty(link))
                link = planner->host->default_link;
        if (link == NULL)
                return error_set(err, ERROR_INVALID, 0, "No default gateway for IPv4");
        tunnel->parent = str_dup(link);
        return 0;
}

static int plan_tunnel(const Planner *planner, const char *name, Error **err) {
        BridgePlan *plan = planner->plan;
        const char *protocol = tunnel_get(planner, name, "protocol");
        const char *local = tunnel_get(planner, name, "local");
        const char *remote = tunnel_get(planner, name, "remote");
        bool vxlan = str_equal(protocol, "vxlan");
        bool has_ends = !str_is_empty(local) && !str_is_empty(remote);
        if (str_is_empty(protocol) || (!vxlan && !has_ends))
                return 0; /* not complete yet: LXD's clients set key after key */
        BridgeTunnel *tunnel = &plan->tunnels[plan->tunnel_count++];
        *tunnel = (BridgeTunnel){.kind = str_dup(vxlan ? "vxlan" : "gretap"),
                                 .name = str_printf("%s-%s", planner->row->name, name)};
        tunnel->spec = (LinkSpec){
                .ttl = vxlan ? tunnel_number(planner, name, "ttl", 1) : 0,
                .id = vxlan ? tunnel_number(planner, name, "id", 1) : 0,
                .port = vxlan ? tunnel_number(planner, name, "port", 0) : 0};
        if (has_ends) {
                (void) ip_parse(local, &tunnel->spec.local);
                (void) ip_parse(remote, &tunnel->spec.remote);
        } else if (plan_multicast(planner, name, tunnel, err) < 0) {
                return -1;
        }
        tunnel->spec.kind = tunnel->kind;
        tunnel->spec.name = tunnel->name;
        tunnel->spec.parent = tunnel->parent;
        return 0;
}

static int plan_tunnels(const Planner *planner, Error **err) {
        BridgePlan *plan = planner->plan;
        _cleanup_strlist_ StrList names = {};
        bridge_tunnel_names(&planner->row->config, &names);
        plan->tunnels = mem_new_array(BridgeTunnel, names.count + 1);
        for (size_t i = 0; i < names.count; i++)
                if (plan_tunnel(planner, names.items[i], err) < 0)
                        return -1;
        return 0;
}

int bridge_plan(const NetworkRow *row, const BridgeHost *host, BridgePlan *ret, Error **err) {
        const Planner planner = {.row = row,
                                 .table = config_network_table("bridge"),
                                 .host = host,
                                 .plan = ret};
        IpSubnet ipv4, ipv6;
        bool has_ipv4 = ip_parse_subnet(get(&planner, "ipv4.address"), &ipv4);
        bool has_ipv6 = host->has_ipv6 && ip_parse_subnet(get(&planner, "ipv6.address"), &ipv6);
        if (plan_tunnels(&planner, err) < 0) {
                bridge_plan_done(ret);
                return -1;
        }
        plan_link(&planner);
        plan_sysctls(&planner, has_ipv4, has_ipv6);
        ret->firewall.name = row->name;
        if (has_ipv4)
                plan_family(&planner, "ipv4", &ipv4, 0);
        if (has_ipv6)
                plan_family(&planner, "ipv6", &ipv6, 1);
        _cleanup_strlist_ StrList ports = {};
        strlist_split(&ports, get(&planner, "bridge.external_interfaces"), ",", true);
        for (size_t i = 0; i < ports.count; i++)
                strlist_take(&ret->ports, str_trim(ports.items[i]));
        dnsmasq_plan(row, host->directory, ret->mtu, host->user, host->group, &ret->dnsmasq);
        for (size_t i = 0; i < ret->tunnel_count; i++)
                ret->tunnels[i].spec.mtu = ret->mtu;
        return 0;
}

static void print_tunnel(const BridgeTunnel *tunnel, StrBuf *out) {
        _cleanup_free_ char *local = ip_format(&tunnel->spec.local);
        _cleanup_free_ char *remote = ip_format(&tunnel->spec.remote);
        strbuf_printf(out,
                      "tunnel %s %s local=%s remote=%s parent=%s id=%u port=%u ttl=%u mtu=%u\n",
                      tunnel->name, tunnel->kind, local, remote,
                      tunnel->parent != NULL ? tunnel->parent : "", tunnel->spec.id,
                      tunnel->spec.port, tunnel->spec.ttl, tunnel->spec.mtu);
}

static void print_family(const char *name, const FirewallFamily *wish, StrBuf *out) {
        static const char *const forwards[] = {"any", "accept", "reject"};
        strbuf_printf(out, "firewall %s forward=%s services=%s nat=%s%s%s%s\n", name,
                      forwards[wish->forward], wish->services ? "yes" : "no",
                      wish->nat_subnet != NULL ? wish->nat_subnet : "none",
                      wish->nat_address != NULL ? " to " : "",
                      wish->nat_address != NULL ? wish->nat_address : "",
                      wish->nat_append ? " after others" : "");
}

void bridge_plan_print(const BridgePlan *plan, StrBuf *out) {
        strbuf_printf(out, "bridge %s %s hwaddr=%s mtu=%u\n", plan->name,
                      plan->openvswitch ? "openvswitch" : "native", plan->hwaddr, plan->mtu);
        for (size_t i = 0; i < plan->sysctls.count; i++)
                strbuf_printf(out, "sysctl %s=%s\n", plan->sysctls.items[i].key,
                              plan->sysctls.items[i].value);
        for (size_t i = 0; i < plan->address_count; i++) {
                _cleanup_free_ char *text = ip_format_subnet(&plan->addresses[i]);
                strbuf_printf(out, "address %s\n", text);
        }
        for (size_t i = 0; i < plan->route_count; i++) {
                _cleanup_free_ char *text = ip_format_subnet(&plan->routes[i].to);
                strbuf_printf(out, "route %s\n", text);
        }
        for (size_t i = 0; i < plan->ports.count; i++)
                strbuf_printf(out, "port %s\n", plan->ports.items[i]);
        for (size_t i = 0; i < plan->tunnel_count; i++)
                print_tunnel(&plan->tunnels[i], out);
        print_family("ipv4", &plan->firewall.ipv4, out);
        print_family("ipv6", &plan->firewall.ipv6, out);
        for (size_t i = 0; i < plan->dnsmasq.arguments.count; i++)
                strbuf_printf(out, "%s %s\n", i == 0 ? "run" : "   ",
                              plan->dnsmasq.arguments.items[i]);
        strbuf_printf(out, "raw %s", plan->dnsmasq.raw);
}
