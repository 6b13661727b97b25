/* Who has nics, for the networks. */
#include "instance/instance_private.h"

#include "base/memory.h"
#include "database/profiles.h"

static void visit_devices(const DeviceMap *devices, NetworkNic *nic, NetworkNicVisitor visit,
                          void *visit_data) {
        for (size_t i = 0; i < devices->count; i++) {
                if (!device_is_nic(&devices->items[i].config))
                        continue;
                nic->device = devices->items[i].name;
                nic->config = &devices->items[i].config;
                visit(visit_data, nic);
        }
}

static int visit_profiles(Instances *instances, NetworkNicVisitor visit, void *visit_data,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(profile_row_list_done) ProfileRowList list = {.items = NULL};
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_profile_list(tx, NULL, &list, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        for (size_t i = 0; i < list.count; i++) {
                NetworkNic nic = {.project = list.items[i].project,
                                  .owner = list.items[i].name,
                                  .is_profile = true};
                visit_devices(&list.items[i].devices, &nic, visit, visit_data);
        }
        return 0;
}

int instances_each_nic(Instances *instances, NetworkNicVisitor visit, void *visit_data,
                       Error **err) {
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        if (instance_list(instances, NULL, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++) {
                const Instance *instance = &list.items[i];
                NetworkNic nic = {.project = instance->row.project,
                                  .owner = instance->row.name,
                                  .is_running = instance_is_running(instance),
                                  .volatiles = &instance->config};
                visit_devices(&instance->devices, &nic, visit, visit_data);
        }
        return visit_profiles(instances, visit, visit_data, err);
}
