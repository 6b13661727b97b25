/* What may stand in a rule. Texts are LXD's. */
#include "acl/acl_private.h"

#include "base/ip.h"
#include "base/memory.h"
#include "schema/key.h"
#include "schema/names.h"

#include <string.h>

/* " a , b" is "a,b". */
static void normalise_list(char **list) {
        _cleanup_strlist_ StrList items = {};
        if (str_is_empty(*list))
                return;
        strlist_split(&items, *list, ",", false);
        for (size_t i = 0; i < items.count; i++)
                str_replace(&items.items[i], str_trim(items.items[i]));
        str_replace(list, strlist_join(&items, ","));
}

static void normalise(ApiNetworkAclRule *rule) {
        char **lists[] = {&rule->source, &rule->destination, &rule->source_port,
                          &rule->destination_port};
        char **words[] = {&rule->action, &rule->state, &rule->protocol, &rule->icmp_type,
                          &rule->icmp_code};
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                normalise_list(lists[i]);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (*words[i] != NULL)
                        str_replace(words[i], str_trim(*words[i]));
}

static int check_word(const char *what, const char *word, const char *allowed, Error **err) {
        _cleanup_strlist_ StrList words = {};
        strlist_split(&words, allowed, ", ", true);
        if (!str_is_empty(word) && strlist_has(&words, word))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "%s must be one of: %s", what, allowed);
}

typedef struct Subjects {
        bool ipv4, ipv6, names;
} Subjects;

static bool is_name(const char *subject) {
        if (subject[0] == '@')
                return subject[1] != '\0' && strpbrk(subject, " \t\"") == NULL;
        return name_check_acl(subject, NULL) == 0;
}

static bool add_address(const char *subject, Subjects *subjects) {
        IpAddress first, last;
        IpSubnet subnet;
        int family = ip_parse_subnet_or_address(subject, &subnet) ? subnet.address.family
                     : ip_parse_range(subject, &first, &last)     ? first.family
                                                                  : 0;
        subjects->ipv4 = subjects->ipv4 || family == AF_INET;
        subjects->ipv6 = subjects->ipv6 || family == AF_INET6;
        return family != 0;
}

/* `named`: ACLs, groups and peers may stand there, which is the far side of the rule. */
static int check_subjects(const char *what, const char *list, bool named, const char *direction,
                          Subjects *ret, Error **err) {
        _cleanup_strlist_ StrList items = {};
        if (str_is_empty(list))
                return 0;
        strlist_split(&items, list, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                const char *item = items.items[i];
                if (add_address(item, ret))
                        continue;
                if (!is_name(item))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid %s: Invalid subject \"%s\"", what, item);
                if (!named)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid %s: Named subjects not allowed in \"%s\" for "
                                         "\"%s\" rules",
                                         what, what, direction);
                ret->names = true;
        }
        return 0;
}

static int check_port(const char *port, int64_t *ret, Error **err) {
        if (!str_to_int64(port, ret) || *ret < 0 || *ret > 65535)
                return error_set(err, ERROR_INVALID, 0, "Invalid port number \"%s\"", port);
        return 0;
}

static int check_ports(const char *what, const char *list, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, list, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                char *dash = strchr(items.items[i], '-');
                int64_t first, last;
                if (dash != NULL)
                        *dash = '\0';
                if (check_port(items.items[i], &first, err) < 0 ||
                    (dash != NULL && check_port(dash + 1, &last, err) < 0))
                        return error_prefix(err, "Invalid %s", what);
                if (dash != NULL && first >= last)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid %s: Start port %s must be lower than end port %s",
                                         what, items.items[i], dash + 1);
        }
        return 0;
}

static int check_icmp_number(const char *what, const char *value, Error **err) {
        int64_t number;
        if (!str_is_empty(value) && (!str_to_int64(value, &number) || number < 0 || number > 255))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid %s: Invalid value for an integer \"%s\". Must be between "
                                 "0 and 255",
                                 what, value);
        return 0;
}

/* What of a rule goes with which protocols. */
static int check_protocol(const ApiNetworkAclRule *rule, Error **err) {
        const char *protocol = rule->protocol;
        bool none = str_is_empty(protocol), icmp = str_has_prefix(protocol, "icmp");
        const struct {
                const char *name, *value;
                bool of_icmp;
        } fields[] = {
                {"ICMP type", rule->icmp_type, true},
                {"ICMP code", rule->icmp_code, true},
                {"Source port", rule->source_port, false},
                {"Destination port", rule->destination_port, false},
        };
        if (!none && check_word("Protocol", protocol, "icmp4, icmp6, tcp, udp", err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                if (str_is_empty(fields[i].value))
                        continue;
                if (none)
                        return error_set(err, ERROR_INVALID, 0,
                                         "%s cannot be used without specifying protocol",
                                         fields[i].name);
                if (fields[i].of_icmp && !icmp)
                        return error_set(err, ERROR_INVALID, 0,
                                         "%s cannot be used with non-ICMP protocol",
                                         fields[i].name);
                if (!fields[i].of_icmp && icmp)
                        return error_set(err, ERROR_INVALID, 0,
                                         "%s cannot be used with \"%s\" protocol", fields[i].name,
                                         protocol);
                int result = fields[i].of_icmp
                                     ? check_icmp_number(fields[i].name, fields[i].value, err)
                                     : check_ports(fields[i].name, fields[i].value, err);
                if (result < 0)
                        return -1;
        }
        return 0;
}

static int check_icmp_family(const char *protocol, const char *side, const Subjects *subjects,
                             Error **err) {
        bool wrong4 = str_equal(protocol, "icmp6") && subjects->ipv4;
        bool wrong6 = str_equal(protocol, "icmp4") && subjects->ipv6;
        if (wrong4 || wrong6)
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot use IPv%d %s addresses with \"%s\" protocol",
                                 wrong4 ? 4 : 6, side, protocol);
        return 0;
}

static int check_rule(const ApiNetworkAclRule *rule, bool ingress, Error **err) {
        const char *direction = ingress ? "ingress" : "egress";
        Subjects source = {}, target = {};
        if (check_word("Action", rule->action, "allow, drop, reject", err) < 0 ||
            check_word("State", rule->state, "enabled, disabled, logged", err) < 0 ||
            check_subjects("Source", rule->source, ingress, direction, &source, err) < 0 ||
            check_subjects("Destination", rule->destination, !ingress, direction, &target, err) < 0)
                return -1;
        bool source_given = source.ipv4 || source.ipv6, target_given = target.ipv4 || target.ipv6;
        if (source_given && target_given && !source.names && !target.names &&
            !(source.ipv4 && target.ipv4) && !(source.ipv6 && target.ipv6))
                return error_set(err, ERROR_INVALID, 0,
                                 "Conflicting IP family types used for Source and Destination");
        if (check_protocol(rule, err) < 0 ||
            check_icmp_family(rule->protocol, "source", &source, err) < 0)
                return -1;
        return check_icmp_family(rule->protocol, "destination", &target, err);
}

static bool same_rule(const ApiNetworkAclRule *a, const ApiNetworkAclRule *b) {
        return str_equal(a->action, b->action) && str_equal(a->source, b->source) &&
               str_equal(a->destination, b->destination) && str_equal(a->protocol, b->protocol) &&
               str_equal(a->source_port, b->source_port) &&
               str_equal(a->destination_port, b->destination_port) &&
               str_equal(a->icmp_type, b->icmp_type) && str_equal(a->icmp_code, b->icmp_code) &&
               str_equal(a->description, b->description) && str_equal(a->state, b->state);
}

static int check_rules(ApiNetworkAclRuleList *rules, bool ingress, Error **err) {
        const char *direction = ingress ? "ingress" : "egress";
        for (size_t i = 0; i < rules->count; i++) {
                normalise(&rules->items[i]);
                for (size_t k = 0; k < i; k++)
                        if (same_rule(&rules->items[i], &rules->items[k]))
                                return error_set(err, ERROR_INVALID, 0, "Duplicate of %s rule %zu",
                                                 direction, k);
                if (check_rule(&rules->items[i], ingress, err) < 0)
                        return error_prefix(err, "Invalid %s rule %zu", direction, i);
        }
        return 0;
}

int acl_check_content(ApiNetworkAclPut *content, Error **err) {
        if (config_validate(config_network_object_table("acl"), NULL, &content->config, err) < 0 ||
            check_rules(&content->ingress, true, err) < 0)
                return -1;
        return check_rules(&content->egress, false, err);
}
