/* Texts that come from files and config: id maps, id ranges, cgroup lists. What is understood must
 * read back the same. */
#include "base/memory.h"
#include "linux/cgroup.h"
#include "linux/idmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const char *text) {
        _cleanup_idmap_ IdMap map = {0}, back = {0};
        if (idmap_from_json(text, &map, NULL) < 0)
                return;
        _cleanup_free_ char *written = idmap_to_json(&map);
        if (idmap_from_json(written, &back, NULL) < 0 || !idmap_equal(&map, &back))
                abort();
}

static void check_raw(const char *text) {
        _cleanup_idmap_ IdMap raw = {0}, map = {0};
        if (idmap_parse_raw(text, &raw, NULL) < 0)
                return;
        idmap_add_both(&map, 1000000, 0, 65536);
        for (size_t i = 0; i < raw.count && i < 64; i++) {
                const IdMapEntry *entry = &raw.items[i];
                if (idmap_insert(&map, *entry, NULL) == 0 &&
                    idmap_to_host(&map, entry->is_gid, (uint32_t) entry->ns_id) !=
                            (uint32_t) entry->host_id)
                        abort();
        }
}

static void check_cgroups(const char *text) {
        CgroupLayout layout;
        CgroupPaths paths;
        if (cgroup_layout_load(text, "/nonexistent", &layout, NULL) < 0)
                abort();
        if (cgroup_paths_load(&layout, 1, "lxc.payload.c", text, &paths, NULL) < 0)
                abort();
        cgroup_paths_done(&paths);
        cgroup_layout_done(&layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = str_ndup((const char *) data, size);
        IdRange range;
        check_json(text);
        check_raw(text);
        check_cgroups(text);
        if (id_range_parse(text, text, "root", &range, NULL) == 0 && range.count < 65536)
                abort();
        return 0;
}
