#include "resource/resource_private.h"

#include "base/files.h"
#include "linux/features.h"

#include <stdlib.h>
#include <string.h>

/* "0-3,8" */
static bool list_has(const char *list, int64_t number) {
        _cleanup_strlist_ StrList items = {.items = NULL};
        strlist_split(&items, list != NULL ? list : "", ",", true);
        for (size_t i = 0; i < items.count; i++) {
                char *end;
                int64_t low = strtoll(items.items[i], &end, 10);
                int64_t high = *end == '-' ? strtoll(end + 1, NULL, 10) : low;
                if (number >= low && number <= high)
                        return true;
        }
        return false;
}

/* The vendor and the name of the processor called `number`, as far as /proc/cpuinfo has them. */
static void read_cpuinfo(const ResourceHost *host, int64_t number, ApiResourcesCpuSocket *socket) {
        _cleanup_free_ char *proc = str_printf("%s/proc", host->root);
        _cleanup_free_ char *path = path_join(proc, "cpuinfo");
        _cleanup_free_ char *text = NULL;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        bool inside = false;
        if (file_read(path, 0, &text, NULL, NULL) < 0)
                return;
        strlist_split(&lines, text, "\n", false);
        for (size_t i = 0; i < lines.count; i++) {
                char *colon = strchr(lines.items[i], ':');
                if (colon == NULL) {
                        if (inside)
                                return;
                        continue;
                }
                *colon = '\0';
                _cleanup_free_ char *key = str_trim(lines.items[i]), *value = str_trim(colon + 1);
                int64_t found;
                if (str_equal(key, "processor"))
                        inside = str_to_int64(value, &found) && found == number;
                if (!inside)
                        continue;
                if (str_equal(key, "vendor_id") && socket->vendor == NULL)
                        socket->vendor = TAKE_PTR(value);
                else if ((str_equal(key, "model name") || str_equal(key, "cpu")) &&
                         socket->name == NULL)
                        socket->name = TAKE_PTR(value);
        }
}

#define DMI_PROCESSOR 4

/* The second and third text of the processor's table: maker and version. */
static void read_dmi(const ResourceHost *host, ApiResourcesCpuSocket *socket) {
        _cleanup_free_ char *path = str_printf("%s/sys/firmware/dmi/tables/DMI", host->root);
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        if (file_read(path, 0, &data, &size, NULL) < 0)
                return;
        for (size_t at = 0; at + 4 <= size;) {
                unsigned char type = (unsigned char) data[at];
                unsigned char length = (unsigned char) data[at + 1];
                const char *texts[3] = {NULL};
                size_t count = 0, text = at + length;
                if (length < 4)
                        return;
                /* Texts follow, ended by an empty one. */
                for (; text < size && data[text] != '\0'; text += strlen(data + text) + 1)
                        if (count < ARRAY_SIZE(texts))
                                texts[count++] = data + text;
                if (type == DMI_PROCESSOR && count == ARRAY_SIZE(texts)) {
                        if (socket->vendor == NULL)
                                socket->vendor = str_dup(texts[1]);
                        if (socket->name == NULL)
                                socket->name = str_dup(texts[2]);
                        return;
                }
                at = text + (text > at + length ? 1 : 2);
        }
}

static void read_caches(const char *cpu, ApiResourcesCpuSocket *socket) {
        _cleanup_free_ char *directory = path_join(cpu, "cache");
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(directory, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(directory, names.items[i]);
                _cleanup_free_ char *size = NULL;
                if (!resource_has(path, "level"))
                        continue;
                ApiResourcesCpuCache *cache =
                        json_list_add(&socket->cache, api_resources_cpu_cache_fields);
                cache->level = sysfs_number(path, "level", 0);
                cache->type = sysfs_text(path, "type");
                if (cache->type == NULL)
                        cache->type = str_dup("Unknown");
                size = sysfs_text(path, "size");
                cache->size = size != NULL ? strtoll(size, NULL, 10) : 0;
                if (str_has_suffix(size, "K"))
                        cache->size *= 1024;
        }
}

/* MHz. */
static int64_t frequency(const char *cpu, const char *first, const char *second) {
        _cleanup_free_ char *directory = path_join(cpu, "cpufreq");
        int64_t khz = sysfs_number(directory, first, -1);
        if (khz < 0 && second != NULL)
                khz = sysfs_number(directory, second, -1);
        return khz > 0 ? khz / 1000 : 0;
}

static int64_t topology(const char *cpu, const char *name) {
        _cleanup_free_ char *directory = path_join(cpu, "topology");
        return MAX_OF(sysfs_number(directory, name, 0), INT64_C(0));
}

static int64_t node_of(const char *cpu) {
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(cpu, &names);
        for (size_t i = 0; i < names.count; i++) {
                const char *number = str_after_prefix(names.items[i], "node");
                _cleanup_free_ char *path = path_join(cpu, names.items[i]);
                int64_t node;
                if (number != NULL && str_to_int64(number, &node) && resource_has(path, "numastat"))
                        return node;
        }
        return 0;
}

static ApiResourcesCpuSocket *find_socket(const ResourceHost *host, ApiResourcesCpu *cpus,
                                          const char *cpu) {
        int64_t number = topology(cpu, "physical_package_id");
        for (size_t i = 0; i < cpus->sockets.count; i++)
                if (cpus->sockets.items[i].socket == number)
                        return &cpus->sockets.items[i];
        ApiResourcesCpuSocket *socket =
                json_list_add(&cpus->sockets, api_resources_cpu_socket_fields);
        socket->socket = number;
        read_cpuinfo(host, number, socket);
        read_dmi(host, socket);
        read_caches(cpu, socket);
        socket->frequency_minimum = frequency(cpu, "cpuinfo_min_freq", "scaling_min_freq");
        socket->frequency_turbo = frequency(cpu, "cpuinfo_max_freq", "scaling_max_freq");
        return socket;
}

static ApiResourcesCpuCore *find_core(ApiResourcesCpuSocket *socket, const char *cpu) {
        int64_t core = topology(cpu, "core_id"), die = topology(cpu, "die_id");
        for (size_t i = 0; i < socket->cores.count; i++)
                if (socket->cores.items[i].core == core && socket->cores.items[i].die == die)
                        return &socket->cores.items[i];
        ApiResourcesCpuCore *found = json_list_add(&socket->cores, api_resources_cpu_core_fields);
        found->core = core;
        found->die = die;
        found->frequency = frequency(cpu, "scaling_cur_freq", NULL);
        return found;
}

static int by_core(const void *a, const void *b) {
        const ApiResourcesCpuCore *x = a, *y = b;
        if (x->core != y->core)
                return x->core < y->core ? -1 : 1;
        return (x->die > y->die) - (x->die < y->die);
}

static int by_socket(const void *a, const void *b) {
        const ApiResourcesCpuSocket *x = a, *y = b;
        return (x->socket > y->socket) - (x->socket < y->socket);
}

static void finish(ApiResourcesCpu *cpus) {
        for (size_t i = 0; i < cpus->sockets.count; i++) {
                ApiResourcesCpuSocket *socket = &cpus->sockets.items[i];
                int64_t sum = 0, count = 0;
                for (size_t c = 0; c < socket->cores.count; c++) {
                        sum += socket->cores.items[c].frequency;
                        count += socket->cores.items[c].frequency > 0;
                }
                socket->frequency = count > 0 ? sum / count : 0;
                if (socket->cores.count > 0)
                        qsort(socket->cores.items, socket->cores.count,
                              sizeof *socket->cores.items, by_core);
        }
        if (cpus->sockets.count > 0) /* an empty list has no array */
                qsort(cpus->sockets.items, cpus->sockets.count, sizeof *cpus->sockets.items,
                      by_socket);
}

void resource_cpu(const ResourceHost *host, ApiResourcesCpu *ret) {
        _cleanup_free_ char *top = str_printf("%s/sys/devices/system/cpu", host->root);
        _cleanup_free_ char *isolated = sysfs_text(top, "isolated");
        _cleanup_strlist_ StrList names = {.items = NULL};
        ret->architecture = features_machine();
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *cpu = path_join(top, names.items[i]);
                const char *number = str_after_prefix(names.items[i], "cpu");
                int64_t id;
                if (!resource_has(cpu, "topology") || !str_to_int64(number, &id))
                        continue;
                ApiResourcesCpuCore *core = find_core(find_socket(host, ret, cpu), cpu);
                int64_t place = (int64_t) core->threads.count;
                ApiResourcesCpuThread *thread =
                        json_list_add(&core->threads, api_resources_cpu_thread_fields);
                thread->id = id;
                thread->thread = place;
                thread->numa_node = node_of(cpu);
                thread->online = sysfs_number(cpu, "online", 1) != 0;
                thread->isolated = list_has(isolated, id);
                ret->total++;
        }
        finish(ret);
}
