/* What nics and networks ask of the kernel, for suites that look at its effect:
 *   nettool limit LINK INGRESS EGRESS     bits per second, 0: none
 *   nettool unlimit LINK | sweep
 *   nettool filter LINK HWADDR IPV4,… IPV6,…    "-": not filtered, "": blocked
 *   nettool unfilter LINK */
#include "base/units.h"
#include "firewall/firewall.h"
#include "linux/traffic.h"

#include <stdio.h>
#include <string.h>

static int limit(char **words, Error **err) {
        int64_t ingress, egress;
        if (units_parse_bits(words[1], &ingress, err) < 0 ||
            units_parse_bits(words[2], &egress, err) < 0)
                return -1;
        const TrafficLimits limits = {(uint64_t) ingress, (uint64_t) egress};
        return traffic_limit(words[0], &limits, err);
}

static int unlimit(char **words, Error **err) {
        return traffic_clear(words[0], err);
}

static int sweep(char **words, Error **err) {
        traffic_sweep();
        return 0;
}

static int filter(char **words, Error **err) {
        _cleanup_firewall_ Firewall *firewall = firewall_new();
        FirewallNic nic = {.owner = {NULL, "tool", words[0]}, .host_name = words[0],
                           .hwaddr = words[1], .filter_ipv4 = strcmp(words[2], "-") != 0,
                           .filter_ipv6 = strcmp(words[3], "-") != 0};
        if (nic.filter_ipv4)
                strlist_split(&nic.ipv4, words[2], ",", true);
        if (nic.filter_ipv6)
                strlist_split(&nic.ipv6, words[3], ",", true);
        int result = firewall_nic_filter(firewall, &nic, err);
        strlist_done(&nic.ipv4);
        strlist_done(&nic.ipv6);
        return result;
}

static int unfilter(char **words, Error **err) {
        _cleanup_firewall_ Firewall *firewall = firewall_new();
        const FirewallNic nic = {.owner = {NULL, "tool", words[0]}, .host_name = words[0]};
        return firewall_nic_clear(firewall, &nic, err);
}

static const struct {
        const char *name;
        int words;
        int (*run)(char **words, Error **err);
} verbs[] = {
        {"limit", 3, limit}, {"unlimit", 1, unlimit}, {"sweep", 0, sweep},
        {"filter", 4, filter}, {"unfilter", 1, unfilter},
};

int main(int argc, char **argv) {
        _cleanup_error_ Error *err = NULL;
        for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++) {
                if (strcmp(argv[1], verbs[i].name) != 0 || argc != verbs[i].words + 2)
                        continue;
                if (verbs[i].run(argv + 2, &err) == 0)
                        return 0;
                fprintf(stderr, "%s\n", error_message(err));
                return 1;
        }
        return 2;
}
