/* The form in which LXD keeps id maps in volatile keys. */
#include "linux/idmap.h"

#include "base/memory.h"

#include <jansson.h>

char *idmap_to_json(const IdMap *map) {
        StrBuf text = {0};
        strbuf_add_char(&text, '[');
        for (size_t i = 0; i < map->count; i++) {
                const IdMapEntry *entry = &map->items[i];
                strbuf_printf(&text,
                              "%s{\"Isuid\":%s,\"Isgid\":%s,\"Hostid\":%lld,\"Nsid\":%lld,"
                              "\"Maprange\":%lld}",
                              i > 0 ? "," : "", entry->is_uid ? "true" : "false",
                              entry->is_gid ? "true" : "false", (long long) entry->host_id,
                              (long long) entry->ns_id, (long long) entry->range);
        }
        strbuf_add_char(&text, ']');
        return strbuf_take(&text);
}

static int entry_from_json(json_t *item, IdMap *map, Error **err) {
        IdMapEntry entry = {
                .is_uid = json_is_true(json_object_get(item, "Isuid")),
                .is_gid = json_is_true(json_object_get(item, "Isgid")),
                .host_id = json_integer_value(json_object_get(item, "Hostid")),
                .ns_id = json_integer_value(json_object_get(item, "Nsid")),
                .range = json_integer_value(json_object_get(item, "Maprange")),
        };
        if ((!entry.is_uid && !entry.is_gid) || entry.range <= 0 || entry.range > UINT32_MAX ||
            entry.host_id < 0 || entry.host_id > UINT32_MAX || entry.ns_id < 0 ||
            entry.ns_id > UINT32_MAX)
                return error_set(err, ERROR_INVALID, 0, "Bad entry in an id map");
        idmap_add(map, entry);
        return 0;
}

int idmap_from_json(const char *text, IdMap *ret, Error **err) {
        _cleanup_idmap_ IdMap map = {0};
        if (str_is_empty(text)) {
                *ret = map;
                return 0;
        }
        json_error_t where;
        json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, &where);
        int result = 0;
        if (list == NULL || (!json_is_array(list) && !json_is_null(list)))
                result = error_set(err, ERROR_INVALID, 0, "An id map must be a JSON list");
        for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                result = entry_from_json(json_array_get(list, i), &map, err);
        json_decref(list);
        if (result < 0)
                return -1;
        *ret = map;
        map = (IdMap) {0};
        return 0;
}
