/* Which instances have a custom volume as a device. */
#include "instance/instance_private.h"

#include "base/memory.h"
#include "database/projects.h"

static bool has_device(const Instance *instance, const StorageVolumeRow *volume) {
        for (size_t i = 0; i < instance->devices.count; i++) {
                const StrMap *config = &instance->devices.items[i].config;
                if (str_equal(strmap_get(config, "type"), "disk") &&
                    str_equal(strmap_get(config, "pool"), volume->pool) &&
                    str_equal(strmap_get(config, "source"), volume->name))
                        return true;
        }
        return false;
}

static void add(const Instance *instance, VolumeInstanceList *list) {
        bool running = instance_is_running(instance);
        const char *map = strmap_get(&instance->config, running ? "volatile.idmap.current"
                                                                : "volatile.idmap.next");
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof *list->items);
        list->items[list->count++] =
                (VolumeInstance) {.project = str_dup(instance->row.project),
                                  .name = str_dup(instance->row.name),
                                  .running = running,
                                  .idmap = str_dup(map != NULL ? map : "[]")};
}

static int users_of_volume(void *userdata, const StorageVolumeRow *volume,
                           VolumeInstanceList *ret, Error **err) {
        Instances *instances = userdata;
        _cleanup_(instance_list_done) InstanceList list = {.items = NULL};
        _cleanup_transaction_ Transaction *tx = NULL;
        if (instance_list(instances, NULL, &list, err) < 0 ||
            database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_free_ char *holder = NULL;
                if (!has_device(&list.items[i], volume))
                        continue;
                if (db_project_holder(tx, list.items[i].row.project, "features.storage.volumes",
                                      &holder, err) < 0)
                        return -1;
                if (str_equal(holder, volume->project))
                        add(&list.items[i], ret);
        }
        return 0;
}

void instances_answer_volumes(Instances *instances) {
        if (instances->spec.volumes != NULL)
                volumes_set_hooks(instances->spec.volumes,
                                  &(VolumesHooks) {.instances = users_of_volume,
                                                   .userdata = instances});
}
