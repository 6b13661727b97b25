/* What nics of different instances on one bridge may not share. */
#include "device/drivers/nic.h"

#include "base/memory.h"

typedef struct Admission {
        const Nic *nic;
        Error *refusal;
} Admission;

static const char *hwaddr_of(const NetworkNic *other, char **ret_key) {
        const char *hwaddr = strmap_get(other->config, "hwaddr");
        if (!str_is_empty(hwaddr))
                return hwaddr;
        str_replace(ret_key, str_printf("volatile.%s.hwaddr", other->device));
        return strmap_get(other->volatiles, *ret_key);
}

static void check_addresses(Admission *admission, const NetworkNic *other) {
        static const char *const keys[] = {"ipv4.address", "ipv6.address"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                const char *mine = nic_get(admission->nic, keys[i]);
                if (mine != NULL && !str_equal(mine, "none") &&
                    str_equal(mine, strmap_get(other->config, keys[i])))
                        (void) error_set(&admission->refusal, ERROR_INVALID, 0,
                                         "IP address \"%s\" already defined on another NIC", mine);
        }
}

static void visit(void *userdata, const NetworkNic *other) {
        Admission *admission = userdata;
        const Nic *nic = admission->nic;
        const DeviceContext *context = nic->context;
        _cleanup_free_ char *key = NULL;
        if (other->is_profile || !network_nic_is_on(&nic->network, other) ||
            admission->refusal != NULL)
                return;
        bool same_owner = str_equal(other->project, context->project) &&
                          str_equal(other->owner, context->title);
        if (same_owner && str_equal(other->device, context->name))
                return;
        const char *mine = nic_hwaddr(nic), *theirs = hwaddr_of(other, &key);
        if (mine != NULL && str_equal_nocase(mine, theirs))
                (void) error_set(&admission->refusal, ERROR_INVALID, 0,
                                 "MAC address \"%s\" already defined on another NIC", mine);
        if (str_equal_nocase(other->owner, context->title) && !same_owner)
                (void) error_set(&admission->refusal, ERROR_INVALID, 0,
                                 "Instance DNS name \"%s\" already used on network",
                                 context->title);
        check_addresses(admission, other);
}

/* Two nics of one instance: records of others do not know of them yet. */
static int check_own(const Nic *nic, Error **err) {
        const DeviceContext *context = nic->context;
        for (size_t i = 0; i < context->devices->count; i++) {
                const DeviceEntry *device = &context->devices->items[i];
                const NetworkNic other = {.device = device->name, .config = &device->config};
                if (!str_equal(device->name, context->name) &&
                    network_nic_is_on(&nic->network, &other))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Instance DNS name \"%s\" already used on network",
                                         context->title);
        }
        return 0;
}

/* Names are unique in a project and addresses of our own making are random: most nics need no look
 * at all the others. */
static bool can_conflict(const Nic *nic) {
        return nic_get(nic, "hwaddr") != NULL || nic_get(nic, "ipv4.address") != NULL ||
               nic_get(nic, "ipv6.address") != NULL ||
               network_name_is_shared(nic->context->networks, nic->context->project,
                                      nic->context->title);
}

int nic_bridged_admit(const DeviceContext *context, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        if (nic_load(context, &nic, err) < 0)
                return -1;
        if (!nic.managed)
                return 0;
        if (check_own(&nic, err) < 0)
                return -1;
        if (!can_conflict(&nic))
                return 0;
        Admission admission = {.nic = &nic};
        if (networks_each_nic(context->networks, visit, &admission, err) < 0)
                return -1;
        return admission.refusal != NULL ? error_move(err, &admission.refusal) : 0;
}
