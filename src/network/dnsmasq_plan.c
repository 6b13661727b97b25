/* The command line of dnsmasq, as LXD writes it: administrators and tests look for it. */
#include "network/dnsmasq.h"

#include "base/ip.h"
#include "base/memory.h"
#include "schema/key.h"

#include <string.h>

#define DEFAULT_MTU 1500

typedef struct Plan {
        const NetworkRow *row;
        const ConfigTable *table;
        const char *directory;
        StrList *arguments;
} Plan;

void dnsmasq_plan_done(DnsmasqPlan *plan) {
        strlist_done(&plan->arguments);
        free(plan->raw);
        *plan = (DnsmasqPlan){};
}

static const char *get(const Plan *plan, const char *key) {
        return config_value(plan->table, &plan->row->config, key);
}

static bool is_on(const Plan *plan, const char *key) {
        return config_bool(plan->table, &plan->row->config, key);
}

/* One --dhcp-range for each range of the key; `otherwise` when there is none. */
static void add_ranges(const Plan *plan, const char *key, const char *otherwise,
                       const char *rest) {
        _cleanup_strlist_ StrList ranges = {};
        strlist_split(&ranges, get(plan, key), ",", true);
        for (size_t i = 0; i < ranges.count; i++) {
                _cleanup_free_ char *range = str_trim(ranges.items[i]);
                char *dash = strchr(range, '-');
                if (dash != NULL)
                        *dash = ',';
                strlist_add(plan->arguments, "--dhcp-range");
                strlist_printf(plan->arguments, "%s,%s", range, rest);
        }
        if (ranges.count > 0)
                return;
        strlist_add(plan->arguments, "--dhcp-range");
        strlist_printf(plan->arguments, "%s,%s", otherwise, rest);
}

static void add_leases(const Plan *plan) {
        static const char *const switches[] = {"--dhcp-no-override", "--dhcp-authoritative"};
        if (strlist_has(plan->arguments, switches[0]))
                return;
        for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
                strlist_add(plan->arguments, switches[i]);
        strlist_printf(plan->arguments, "--dhcp-leasefile=%s/dnsmasq.leases", plan->directory);
        strlist_printf(plan->arguments, "--dhcp-hostsfile=%s/dnsmasq.hosts", plan->directory);
}

static void plan_ipv4(const Plan *plan, const IpSubnet *subnet, uint32_t mtu) {
        _cleanup_free_ char *address = ip_format(&subnet->address);
        const char *gateway = get(plan, "ipv4.dhcp.gateway"), *search = get(plan, "dns.search");
        const IpAddress first = ip_nth(subnet, 2), last = ip_nth_last(subnet, 1);
        _cleanup_free_ char *from = ip_format(&first), *to = ip_format(&last);
        _cleanup_free_ char *all = str_printf("%s,%s", from, to);
        strlist_printf(plan->arguments, "--listen-address=%s", address);
        if (!is_on(plan, "ipv4.dhcp"))
                return;
        add_leases(plan);
        if (!str_is_empty(gateway))
                strlist_printf(plan->arguments, "--dhcp-option-force=3,%s", gateway);
        if (mtu != DEFAULT_MTU)
                strlist_printf(plan->arguments, "--dhcp-option-force=26,%u", mtu);
        if (!str_is_empty(search))
                strlist_printf(plan->arguments, "--dhcp-option-force=119,%s", search);
        add_ranges(plan, "ipv4.dhcp.ranges", all, get(plan, "ipv4.dhcp.expiry"));
}

static void plan_ipv6(const Plan *plan, const IpSubnet *subnet) {
        _cleanup_free_ char *address = ip_format(&subnet->address);
        const char *name = plan->row->name;
        strlist_printf(plan->arguments, "--listen-address=%s", address);
        strlist_add(plan->arguments, "--enable-ra");
        if (is_on(plan, "ipv6.dhcp")) {
                add_leases(plan);
                if (is_on(plan, "ipv6.dhcp.stateful")) {
                        const IpAddress first = ip_nth(subnet, 2), last = ip_nth_last(subnet, 0);
                        _cleanup_free_ char *from = ip_format(&first), *to = ip_format(&last);
                        _cleanup_free_ char *all = str_printf("%s,%s", from, to);
                        _cleanup_free_ char *rest = str_printf("%u,%s", subnet->bits,
                                                               get(plan, "ipv6.dhcp.expiry"));
                        add_ranges(plan, "ipv6.dhcp.ranges", all, rest);
                        return;
                }
        }
        strlist_add(plan->arguments, "--dhcp-range");
        strlist_printf(plan->arguments, "::,constructor:%s,%s", name,
                       is_on(plan, "ipv6.dhcp") ? "ra-stateless,ra-names" : "ra-only");
}

static void plan_dns(const Plan *plan) {
        const char *domain = get(plan, "dns.domain");
        if (str_equal(get(plan, "dns.mode"), "none"))
                return;
        strlist_add(plan->arguments, "-s");
        strlist_add(plan->arguments, domain);
        strlist_add(plan->arguments, "--interface-name");
        strlist_printf(plan->arguments, "_gateway.%s,%s", domain, plan->row->name);
        strlist_add(plan->arguments, "-S");
        strlist_printf(plan->arguments, "/%s/", domain);
}

static void plan_start(const Plan *plan) {
        static const char *const first[] = {"dnsmasq", "--strict-order", "--bind-interfaces",
                                            "--except-interface=lo"};
        static const char *const last[] = {"--dhcp-rapid-commit", "--no-ping", "--quiet-dhcp",
                                           "--quiet-dhcp6", "--quiet-ra"};
        for (size_t i = 0; i < ARRAY_SIZE(first); i++)
                strlist_add(plan->arguments, first[i]);
        strlist_printf(plan->arguments, "--pid-file=%s/dnsmasq.run", plan->directory);
        strlist_printf(plan->arguments, "--interface=%s", plan->row->name);
        for (size_t i = 0; i < ARRAY_SIZE(last); i++)
                strlist_add(plan->arguments, last[i]);
}

void dnsmasq_plan(const NetworkRow *row, const char *directory, uint32_t mtu, const char *user,
                  const char *group, DnsmasqPlan *ret) {
        const Plan plan = {.row = row,
                           .table = config_network_table(row->type),
                           .directory = directory,
                           .arguments = &ret->arguments};
        IpSubnet ipv4, ipv6;
        const char *raw = get(&plan, "raw.dnsmasq");
        bool has_ipv4 = ip_parse_subnet(get(&plan, "ipv4.address"), &ipv4);
        bool has_ipv6 = ip_parse_subnet(get(&plan, "ipv6.address"), &ipv6);
        ret->raw = str_printf("%s\n", raw != NULL ? raw : "");
        if (!has_ipv4 && !has_ipv6)
                return;
        plan_start(&plan);
        if (has_ipv4)
                plan_ipv4(&plan, &ipv4, mtu);
        if (has_ipv6)
                plan_ipv6(&plan, &ipv6);
        plan_dns(&plan);
        strlist_printf(&ret->arguments, "--conf-file=%s/dnsmasq.raw", directory);
        const char *const who[][2] = {{"-u", user}, {"-g", group}};
        for (size_t i = 0; i < ARRAY_SIZE(who); i++)
                if (who[i][1] != NULL) {
                        strlist_add(&ret->arguments, who[i][0]);
                        strlist_add(&ret->arguments, who[i][1]);
                }
}
