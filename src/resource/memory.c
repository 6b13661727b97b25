#include "resource/resource_private.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

typedef struct MemoryInfo {
        int64_t total, free, used, cached, buffers; /* bytes */
        int64_t huge_total, huge_free;              /* pages */
        int64_t huge_size;
} MemoryInfo;

static const struct {
        const char *key;
        size_t offset;
} figures[] = {
        {"MemTotal", offsetof(MemoryInfo, total)},
        {"MemFree", offsetof(MemoryInfo, free)},
        {"MemUsed", offsetof(MemoryInfo, used)},
        {"Cached", offsetof(MemoryInfo, cached)},
        {"Buffers", offsetof(MemoryInfo, buffers)},
        {"HugePages_Total", offsetof(MemoryInfo, huge_total)},
        {"HugePages_Free", offsetof(MemoryInfo, huge_free)},
        {"Hugepagesize", offsetof(MemoryInfo, huge_size)},
};

/* "MemTotal:  12 kB", in a node's file with "Node 0 " before. */
static bool read_meminfo(const char *path, MemoryInfo *ret) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        *ret = (MemoryInfo) {.total = 0};
        if (file_read(path, 0, &text, NULL, NULL) < 0)
                return false;
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                char *colon = strchr(lines.items[i], ':');
                if (colon == NULL)
                        continue;
                *colon = '\0';
                const char *space = strrchr(lines.items[i], ' ');
                const char *key = space != NULL ? space + 1 : lines.items[i];
                int64_t value = strtoll(colon + 1, NULL, 10);
                if (strstr(colon + 1, " kB") != NULL)
                        value *= 1024;
                for (size_t f = 0; f < ARRAY_SIZE(figures); f++)
                        if (str_equal(figures[f].key, key))
                                *(int64_t *) (void *) ((char *) ret + figures[f].offset) = value;
        }
        return true;
}

/* What the machine has, without what the kernel keeps for itself; 0: unknown. */
static int64_t count_blocks(const ResourceHost *host, const char *directory) {
        _cleanup_free_ char *top = str_printf("%s/sys/devices/system/memory", host->root);
        _cleanup_free_ char *size = sysfs_text(top, "block_size_bytes");
        _cleanup_strlist_ StrList names = {.items = NULL};
        int64_t count = 0;
        sysfs_list(directory, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(directory, names.items[i]);
                count += str_has_prefix(names.items[i], "memory") &&
                         sysfs_number(path, "online", 0) == 1;
        }
        return size != NULL ? strtoll(size, NULL, 16) * count : 0;
}

static void add_node(const ResourceHost *host, const char *directory, int64_t number,
                     ApiResourcesMemory *memory) {
        _cleanup_free_ char *path = path_join(directory, "meminfo");
        MemoryInfo info;
        if (!read_meminfo(path, &info))
                return;
        ApiResourcesMemoryNode *node =
                json_list_add(&memory->nodes, api_resources_memory_node_fields);
        int64_t blocks = count_blocks(host, directory);
        node->numa_node = number;
        node->hugepages_used = (info.huge_total - info.huge_free) * memory->hugepages_size;
        node->hugepages_total = info.huge_total * memory->hugepages_size;
        node->used = info.used;
        node->total = blocks > 0 ? blocks : info.total;
}

void resource_memory(const ResourceHost *host, ApiResourcesMemory *ret) {
        _cleanup_free_ char *proc = str_printf("%s/proc/meminfo", host->root);
        _cleanup_free_ char *top = str_printf("%s/sys/devices/system/memory", host->root);
        _cleanup_free_ char *nodes = str_printf("%s/sys/devices/system/node", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        MemoryInfo info;
        (void) read_meminfo(proc, &info);
        int64_t blocks = count_blocks(host, top);
        ret->total = blocks > 0 ? blocks : info.total;
        ret->used = ret->total - info.free - info.cached - info.buffers;
        ret->hugepages_size = info.huge_size;
        ret->hugepages_total = info.huge_total * info.huge_size;
        ret->hugepages_used = (info.huge_total - info.huge_free) * info.huge_size;
        sysfs_list(nodes, &names);
        for (size_t i = 0; i < names.count; i++) {
                const char *number = str_after_prefix(names.items[i], "node");
                _cleanup_free_ char *path = path_join(nodes, names.items[i]);
                int64_t node;
                if (number != NULL && str_to_int64(number, &node))
                        add_node(host, path, node, ret);
        }
}
