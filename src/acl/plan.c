#include "acl/acl_private.h"

#include "base/ip.h"
#include "base/memory.h"

void acl_plan_done(AclPlan *plan) {
        free(plan->rules);
        strlist_done(&plan->strings);
        *plan = (AclPlan){};
}

void acl_names(const StrMap *config, StrList *ret) {
        const char *list = strmap_get(config, "security.acls");
        if (str_is_empty(list))
                return;
        strlist_split(ret, list, ",", false);
        for (size_t i = 0; i < ret->count; i++)
                str_replace(&ret->items[i], str_trim(ret->items[i]));
}

static const char *keep(AclPlan *plan, char *owned) {
        strlist_take(&plan->strings, owned);
        return owned;
}

/* Addresses and networks without host bits, ranges as they are. Names of groups, ACLs and peers
 * mean ports of a switch, which a bridge's firewall does not know. */
static int plan_subjects(AclPlan *plan, const char *list, const char **ret, Error **err) {
        _cleanup_strlist_ StrList items = {};
        *ret = NULL;
        if (str_is_empty(list))
                return 0;
        strlist_split(&items, list, ",", true);
        for (size_t i = 0; i < items.count; i++) {
                IpSubnet subnet;
                IpAddress first, last;
                if (ip_parse_subnet_or_address(items.items[i], &subnet)) {
                        IpSubnet network = ip_network(&subnet);
                        bool whole = network.bits == ip_bits(network.address.family);
                        str_replace(&items.items[i], whole ? ip_format(&network.address)
                                                           : ip_format_subnet(&network));
                } else if (!ip_parse_range(items.items[i], &first, &last)) {
                        return error_set(err, ERROR_INVALID, 0,
                                         "Unsupported nftables subject \"%s\"", items.items[i]);
                }
        }
        *ret = keep(plan, strlist_join(&items, ","));
        return 0;
}

static const char *copy(AclPlan *plan, const char *text) {
        return str_is_empty(text) ? NULL : keep(plan, str_dup(text));
}

static int plan_rule(AclPlan *plan, const ApiNetworkAclRule *rule, const char *log_name,
                     bool ingress, Error **err) {
        FirewallAclRule wish = {.ingress = ingress, .action = copy(plan, rule->action),
                                .protocol = copy(plan, rule->protocol),
                                .source_port = copy(plan, rule->source_port),
                                .destination_port = copy(plan, rule->destination_port),
                                .icmp_type = copy(plan, rule->icmp_type),
                                .icmp_code = copy(plan, rule->icmp_code)};
        if (str_equal(rule->state, "logged"))
                wish.log_name = copy(plan, log_name);
        if (plan_subjects(plan, rule->source, &wish.source, err) < 0 ||
            plan_subjects(plan, rule->destination, &wish.destination, err) < 0)
                return -1;
        mem_grow((void **) &plan->rules, &plan->capacity, plan->count + 1, sizeof *plan->rules);
        plan->rules[plan->count++] = wish;
        return 0;
}

static int plan_list(AclPlan *plan, const char *network, const ApiNetworkAclRuleList *rules,
                     bool ingress, const char *action, Error **err) {
        for (size_t i = 0; i < rules->count; i++) {
                const ApiNetworkAclRule *rule = &rules->items[i];
                if (str_equal(rule->state, "disabled") || !str_equal(rule->action, action))
                        continue;
                _cleanup_free_ char *log_name =
                        str_printf("%s-%s-%zu", network, ingress ? "ingress" : "egress", i);
                if (plan_rule(plan, rule, log_name, ingress, err) < 0)
                        return -1;
        }
        return 0;
}

static int plan_default(AclPlan *plan, const char *network, const StrMap *config, bool ingress,
                        Error **err) {
        const char *direction = ingress ? "ingress" : "egress";
        _cleanup_free_ char *action = str_printf("security.acls.default.%s.action", direction);
        _cleanup_free_ char *logged = str_printf("security.acls.default.%s.logged", direction);
        _cleanup_free_ char *log_name = str_printf("%s-%s", network, direction);
        const char *wanted = strmap_get(config, action);
        ApiNetworkAclRule rule = {
                .action = (char *) (str_is_empty(wanted) ? "reject" : wanted),
                .state = (char *) (str_is_true(strmap_get(config, logged)) ? "logged" : "enabled")};
        return plan_rule(plan, &rule, log_name, ingress, err);
}

int acl_plan(const char *network, const StrMap *config, const ApiNetworkAcl *acls, size_t count,
             AclPlan *ret, Error **err) {
        static const char *const actions[] = {"drop", "reject", "allow"};
        _cleanup_acl_plan_ AclPlan plan = {};
        for (size_t a = 0; a < ARRAY_SIZE(actions); a++)
                for (size_t i = 0; i < count; i++) {
                        const ApiNetworkAcl *acl = &acls[i];
                        if (plan_list(&plan, network, &acl->ingress, true, actions[a], err) < 0 ||
                            plan_list(&plan, network, &acl->egress, false, actions[a], err) < 0)
                                return -1;
                }
        if (plan_default(&plan, network, config, false, err) < 0 ||
            plan_default(&plan, network, config, true, err) < 0)
                return -1;
        *ret = plan;
        plan = (AclPlan){};
        return 0;
}
