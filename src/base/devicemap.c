#include "base/memory.h"
#include "base/text.h"

#include <string.h>

/* The index of `name`, or where it belongs. Device maps have a handful of entries. */
static bool device_find(const DeviceMap *map, const char *name, size_t *ret_index) {
        size_t i = 0;
        int order = 1;
        while (i < map->count && (order = strcmp(map->items[i].name, name)) < 0)
                i++;
        *ret_index = i;
        return i < map->count && order == 0;
}

StrMap *devicemap_get(const DeviceMap *map, const char *name) {
        size_t index;
        return device_find(map, name, &index) ? &map->items[index].config : NULL;
}

StrMap *devicemap_add(DeviceMap *map, const char *name) {
        size_t index;
        if (!device_find(map, name, &index)) {
                mem_grow((void **) &map->items, &map->capacity, map->count + 1,
                         sizeof(DeviceEntry));
                memmove(&map->items[index + 1], &map->items[index],
                        (map->count - index) * sizeof(DeviceEntry));
                map->items[index] = (DeviceEntry){.name = str_dup(name)};
                map->count++;
        }
        return &map->items[index].config;
}

bool devicemap_remove(DeviceMap *map, const char *name) {
        size_t index;
        if (!device_find(map, name, &index))
                return false;
        free(map->items[index].name);
        strmap_done(&map->items[index].config);
        memmove(&map->items[index], &map->items[index + 1],
                (map->count - index - 1) * sizeof(DeviceEntry));
        map->count--;
        return true;
}

void devicemap_merge(DeviceMap *to, const DeviceMap *from) {
        for (size_t i = 0; i < from->count; i++)
                strmap_copy(devicemap_add(to, from->items[i].name), &from->items[i].config);
}

void devicemap_copy(DeviceMap *to, const DeviceMap *from) {
        DeviceMap copy = {};
        devicemap_merge(&copy, from);
        devicemap_done(to);
        *to = copy;
}

bool devicemap_equal(const DeviceMap *a, const DeviceMap *b) {
        if (a->count != b->count)
                return false;
        for (size_t i = 0; i < a->count; i++)
                if (!str_equal(a->items[i].name, b->items[i].name) ||
                    !strmap_equal(&a->items[i].config, &b->items[i].config))
                        return false;
        return true;
}

void devicemap_done(DeviceMap *map) {
        for (size_t i = 0; i < map->count; i++) {
                free(map->items[i].name);
                strmap_done(&map->items[i].config);
        }
        free(map->items);
        *map = (DeviceMap){};
}
