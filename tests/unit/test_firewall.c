/* Firewall rules as text against tests/golden/nft-*.nft (argument 1; UPDATE_GOLDEN=1 writes them).
 * tests/system/test_firewall.py gives the same files to the kernel. */
#include "base/files.h"
#include "base/memory.h"
#include "firewall/firewall_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *golden_directory;

#define ok(expression)                                                          \
        do {                                                                    \
                Error *_error = NULL;                                           \
                Error **err = &_error;                                          \
                if ((expression) < 0)                                           \
                        fail_msg("%s: %s", #expression, error_message(_error)); \
        } while (0)

static const FirewallNetwork networks[] = {
        {.name = "br0",
         .ipv4 = {FIREWALL_FORWARD_ACCEPT, true, "10.77.0.0/24", NULL, false},
         .ipv6 = {FIREWALL_FORWARD_ACCEPT, true, "fd77::/64", "fd88::1", true}},
        {.name = "br1", .ipv4 = {FIREWALL_FORWARD_REJECT, false, NULL, NULL, false}},
        {.name = "br2", .ipv4 = {.nat_subnet = "10.78.0.0/24"}},
};

static void render_networks(StrBuf *out) {
        for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
                nft_plan_network(out, &networks[i]);
}

static void render_networks_cleared(StrBuf *out) {
        for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
                nft_plan_network_clear(out, networks[i].name);
}

static const FirewallAclRule acl_rules[] = {
        {.ingress = true, .action = "drop", .log_name = "br0-ingress-1", .protocol = "icmp4",
         .icmp_type = "8"},
        {.action = "reject", .destination = "10.9.9.9", .protocol = "udp", .source_port = "5",
         .destination_port = "53"},
        {.ingress = true, .action = "allow", .source = "10.1.2.0/24,192.0.2.1-192.0.2.9,fd01::/16",
         .protocol = "tcp", .destination_port = "80,443,8000-8080"},
        {.action = "allow", .destination = "fd00::/8,fd01::/16"},
        {.action = "allow", .protocol = "icmp6"},
        {.action = "allow", .protocol = "icmp6", .icmp_type = "128", .icmp_code = "0"},
        {.action = "allow", .protocol = "tcp"},
        {.action = "allow", .source = "10.0.0.1", .destination = "fd00::1"},
        {.action = "reject", .log_name = "br0-egress"},
        {.ingress = true, .action = "reject"},
};

static void render_acls(StrBuf *out) {
        nft_plan_acls(out, "br0", acl_rules, ARRAY_SIZE(acl_rules));
}

static void render_acls_cleared(StrBuf *out) {
        nft_plan_acls_clear(out, "br0");
}

static void fill_ports(uint16_t *ports, size_t count, uint16_t first) {
        for (size_t i = 0; i < count; i++)
                ports[i] = (uint16_t) (first + i);
}

static void render_forwards(StrBuf *out) {
        uint16_t many[40], others[40];
        fill_ports(many, 40, 9000);
        fill_ports(others, 40, 7000);
        const uint16_t listen[] = {80, 90, 91, 443}, target[] = {8080, 90, 91, 8443};
        const FirewallForward forwards[] = {
                {.listen_address = "198.51.100.1", .target_address = "10.77.0.5"},
                {.listen_address = "fd99::1", .target_address = "fd77::5"},
                {"198.51.100.1", "10.77.0.6", "tcp", listen, target, 4},
                {"fd99::1", "fd77::6", "udp", listen, target, 2},
                {"198.51.100.1", "10.77.0.7", "tcp", many, others, 40},
        };
        nft_plan_forwards(out, "br0", forwards, ARRAY_SIZE(forwards));
}

static void render_forwards_cleared(StrBuf *out) {
        nft_plan_forwards(out, "br0", NULL, 0);
}

static const FirewallDevice web = {NULL, "c1", "web"};

static void render_proxy(StrBuf *out) {
        const uint16_t ports[] = {80, 81, 82, 90};
        const FirewallForward forward = {"198.18.0.1", "10.77.0.5", "tcp", ports, ports, 4};
        nft_plan_proxy(out, &web, &forward, 1);
}

static void render_proxy_cleared(StrBuf *out) {
        nft_plan_proxy(out, &web, NULL, 0);
}

static const FirewallNic nics[] = {
        {{"default", "c1", "eth0"}, "veth1", "00:16:3e:55:64:0a", "br0", .filter_ipv4 = false},
        {{"web:2", "c1", "eth/0"}, "veth2", "00:16:3e:55:64:0b", "br0", .filter_ipv4 = true,
         .filter_ipv6 = true},
};

static void render_nics(StrBuf *out) {
        FirewallNic nic = {{NULL, "c2", "eth0"}, "veth3", "00:16:3e:55:64:0c", "br0",
                           .filter_ipv4 = true, .filter_ipv6 = true};
        for (size_t i = 0; i < ARRAY_SIZE(nics); i++)
                nft_plan_nic(out, &nics[i]);
        strlist_add(&nic.ipv4, "10.77.0.5");
        strlist_add(&nic.ipv4, "192.0.2.0/24");
        strlist_add(&nic.ipv6, "fd77::5");
        strlist_add(&nic.ipv6, "2001:db8::/56");
        nft_plan_nic(out, &nic);
        nft_plan_rpfilter(out, &web, "veth4");
        strlist_done(&nic.ipv4);
        strlist_done(&nic.ipv6);
}

static void render_nics_cleared(StrBuf *out) {
        const FirewallNic last = {{NULL, "c2", "eth0"}, "veth3", "", "br0", .filter_ipv4 = true};
        for (size_t i = 0; i < ARRAY_SIZE(nics); i++)
                nft_plan_nic_clear(out, &nics[i]);
        nft_plan_nic_clear(out, &last);
        nft_plan_rpfilter(out, &web, NULL);
}

static const struct {
        const char *name;
        void (*render)(StrBuf *out);
        void (*clear)(StrBuf *out);
} cases[] = {
        {"networks", render_networks, render_networks_cleared},
        {"acls", render_acls, render_acls_cleared},
        {"forwards", render_forwards, render_forwards_cleared},
        {"proxy", render_proxy, render_proxy_cleared},
        {"nics", render_nics, render_nics_cleared},
};

static void test_plans(_unused_ void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *path =
                        str_printf("%s/nft-%s.nft", golden_directory, cases[i].name);
                _cleanup_free_ char *expected = NULL;
                _cleanup_strbuf_ StrBuf text = {};
                cases[i].render(&text);
                if (getenv("UPDATE_GOLDEN") != NULL)
                        ok(file_write(path, text.data, text.length, 0644, false, err));
                ok(file_read(path, 0, &expected, NULL, err));
                assert_string_equal(text.data, expected);
        }
}

/* Each text names only tables of ours: the words behind the verb and the family. */
static void test_own_tables(_unused_ void **state) {
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_strbuf_ StrBuf text = {};
                _cleanup_strlist_ StrList lines = {};
                cases[i].render(&text);
                cases[i].clear(&text);
                strlist_split(&lines, text.data, "\n", true);
                for (size_t k = 0; k < lines.count; k++) {
                        _cleanup_strlist_ StrList words = {};
                        strlist_split(&words, lines.items[k], " ", true);
                        assert_true(words.count >= 4);
                        assert_string_equal(words.items[3], "lxd");
                }
        }
}

static void test_labels(_unused_ void **state) {
        static const struct {
                FirewallDevice device;
                const char *label;
        } names[] = {
                {{NULL, "c1", "eth0"}, "c1.eth0"},
                {{"default", "c1", "eth0"}, "c1.eth0"},
                {{"p", "c1", "eth0"}, "p_c1.eth0"},
                {{"p{;", "c1", "a b"}, "p/7b/3b_c1.a/20b"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *label = firewall_device_label(&names[i].device);
                assert_string_equal(label, names[i].label);
        }
}

int main(_unused_ int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plans),
                cmocka_unit_test(test_own_tables),
                cmocka_unit_test(test_labels),
        };
        golden_directory = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
