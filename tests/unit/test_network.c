/* Addresses as values, and the plans of bridges against the files in tests/golden (argument 1;
 * UPDATE_GOLDEN=1 writes them). */
#include "base/files.h"
#include "base/ip.h"
#include "base/memory.h"
#include "network/drivers/bridge/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *golden_directory;

static void test_addresses(void **state) {
        static const char *const wrong[] = {"",      "10.0.0",      "10.0.0.256",
                                            "::1::", "10.0.0.1/24", NULL};
        IpAddress address, last;
        IpSubnet subnet, other;
        for (size_t i = 0; wrong[i] != NULL; i++)
                assert_false(ip_parse(wrong[i], &address));
        assert_true(ip_parse_subnet("10.1.2.3/24", &subnet));
        assert_true(ip_has_host_bits(&subnet));
        assert_false(ip_parse_subnet("10.1.2.3/33", &other));
        assert_false(ip_parse_subnet("10.1.2.3", &other));
        assert_true(ip_parse_subnet_or_address("fd42::1", &other));
        assert_int_equal(other.bits, 128);
        assert_true(ip_parse_range("10.0.0.1-10.0.0.9", &address, &last));
        assert_false(ip_parse_range("10.0.0.9-10.0.0.1", &address, &last));
        assert_false(ip_parse_range("10.0.0.1-::1", &address, &last));
        assert_true(ip_parse("10.1.2.255", &address));
        assert_true(ip_subnet_has(&subnet, &address));
        assert_true(ip_parse("10.1.3.0", &address));
        assert_false(ip_subnet_has(&subnet, &address));
        assert_true(ip_parse_subnet("10.0.0.0/8", &other));
        assert_true(ip_subnets_overlap(&subnet, &other));
        assert_true(ip_subnets_overlap(&other, &subnet));
        assert_true(ip_parse_subnet("fd00::/8", &other));
        assert_false(ip_subnets_overlap(&other, &subnet));
}

static void test_counting(void **state) {
        static const struct {
                const char *subnet, *first, *last;
                uint32_t from_start, from_end;
        } cases[] = {
                {"10.1.2.3/24", "10.1.2.2", "10.1.2.254", 2, 1},
                {"10.1.0.1/16", "10.1.1.44", "10.1.254.255", 300, 256},
                {"fd42::1/64", "fd42::2", "fd42::ffff:ffff:ffff:ffff", 2, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                IpSubnet subnet;
                assert_true(ip_parse_subnet(cases[i].subnet, &subnet));
                const IpAddress first = ip_nth(&subnet, cases[i].from_start);
                const IpAddress last = ip_nth_last(&subnet, cases[i].from_end);
                _cleanup_free_ char *a = ip_format(&first), *b = ip_format(&last);
                assert_string_equal(a, cases[i].first);
                assert_string_equal(b, cases[i].last);
        }
}

typedef struct Case {
        const char *name;
        const char *config[32]; /* key, value, … */
} Case;

static const Case cases[] = {
        {.name = "auto",
         .config = {"ipv4.address", "10.31.0.1/24", "ipv4.nat", "true", "ipv6.address",
                    "fd31::1/64", "ipv6.nat", "true"}},
        {.name = "bare", .config = {"ipv4.address", "none", "ipv6.address", "none"}},
        {.name = "rich",
         .config = {"ipv4.address", "10.32.0.1/16", "ipv4.dhcp.ranges",
                    "10.32.0.5-10.32.0.9, 10.32.1.5-10.32.1.9", "ipv4.dhcp.expiry", "2h",
                    "ipv4.dhcp.gateway", "10.32.0.2", "ipv4.routes", "10.33.0.0/24,10.34.0.0/24",
                    "ipv4.nat", "true", "ipv4.nat.address", "192.0.2.1", "ipv4.nat.order", "after",
                    "ipv4.routing", "false", "ipv6.address", "fd32::1/64", "ipv6.dhcp.stateful",
                    "true", "ipv6.firewall", "false", "bridge.mtu", "1400", "dns.domain",
                    "example.org", "raw.dnsmasq", "log-queries"}},
        {.name = "tunnels",
         .config = {"ipv4.address", "10.35.0.1/24", "ipv4.dhcp", "false", "dns.mode", "none",
                    "bridge.hwaddr", "00:16:3e:01:02:03", "bridge.external_interfaces",
                    "eth1,eth2.5/eth2/5", "tunnel.a.protocol", "vxlan", "tunnel.b.protocol", "gre",
                    "tunnel.b.local", "192.0.2.1", "tunnel.b.remote", "192.0.2.2",
                    "tunnel.c.protocol", "gre", "tunnel.a.id", "7"}},
};

static void check_case(const Case *one) {
        NetworkRow row = {.id = 7, .name = (char *) "br0", .type = (char *) "bridge"};
        const BridgeHost host = {.directory = "/b/networks/br0",
                                 .user = "nobody",
                                 .group = "nogroup",
                                 .seed = "seed",
                                 .default_link = "eth0",
                                 .has_ipv6 = true};
        _cleanup_bridge_plan_ BridgePlan plan = {.name = NULL};
        _cleanup_strbuf_ StrBuf text = {.data = NULL};
        _cleanup_error_ Error *err = NULL;
        _cleanup_free_ char *path =
                str_printf("%s/network-%s.plan", golden_directory, one->name);
        _cleanup_free_ char *expected = NULL;
        for (size_t i = 0; one->config[i] != NULL; i += 2)
                strmap_set(&row.config, one->config[i], one->config[i + 1]);
        assert_int_equal(bridge_plan(&row, &host, &plan, &err), 0);
        bridge_plan_print(&plan, &text);
        if (getenv("UPDATE_GOLDEN") != NULL)
                assert_int_equal(file_write(path, text.data, text.length, 0644, false, &err), 0);
        assert_int_equal(file_read(path, 0, &expected, NULL, &err), 0);
        assert_string_equal(text.data, expected);
        strmap_done(&row.config);
}

static void test_plans(void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                check_case(&cases[i]);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_counting),
                cmocka_unit_test(test_plans),
        };
        golden_directory = argc > 1 ? argv[1] : "tests/golden";
        return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
