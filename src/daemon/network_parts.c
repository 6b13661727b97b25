#include "daemon/network_parts.h"

#include "acl/acl.h"
#include "forward/forward.h"
#include "instance/instance.h"
#include "network/network.h"

static int each_nic(void *userdata, NetworkNicVisitor visit, void *visit_data, Error **err) {
        const RestContext *context = userdata;
        return instances_each_nic(context->instances, visit, visit_data, err);
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
        const NetworkHooks hooks = {
                .each_nic = each_nic, .after_setup = after_setup, .userdata = context};
        context->acls = acls_new(context->database, context->firewall);
        context->forwards = forwards_new(context->database, context->firewall);
        networks_set_hooks(context->networks, &hooks);
}
