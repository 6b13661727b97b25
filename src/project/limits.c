/* Counts and sums over what a project holds. */
#include "project/project_private.h"

#include "base/memory.h"
#include "base/units.h"

#include <string.h>

typedef int (*LimitParser)(const char *value, int64_t *ret, Error **err);

static int parse_number(const char *value, int64_t *ret, Error **err) {
        if (str_to_int64(value, ret))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid number \"%s\"", value);
}

static int parse_cpus(const char *value, int64_t *ret, Error **err) {
        if (strpbrk(value, ",-") != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "CPUs can't be pinned if project limits are used");
        return parse_number(value, ret, err);
}

static int parse_memory(const char *value, int64_t *ret, Error **err) {
        if (str_has_suffix(value, "%"))
                return error_set(err, ERROR_INVALID, 0, "Value can't be a percentage");
        return units_parse_bytes(value, ret, err);
}

#define POOL_LIMIT "limits.disk.pool."

/* A limit over the sum of the instances' own values. */
typedef struct SumRow {
        const char *key;
        LimitParser parse;
        bool bytes, disk;
} SumRow;

static const SumRow sums[] = {
        {"limits.cpu", parse_cpus, false, false},
        {"limits.disk", units_parse_bytes, true, true},
        {"limits.memory", parse_memory, true, false},
        {"limits.processes", parse_number, false, false},
};
static const SumRow pool_sum = {POOL_LIMIT, units_parse_bytes, true, true};

static const SumRow *find_sum(const char *key) {
        for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
                if (str_equal(sums[i].key, key))
                        return &sums[i];
        return str_has_prefix(key, POOL_LIMIT) ? &pool_sum : NULL;
}

static const StrMap *root_disk(const InstanceRow *row) {
        for (size_t i = 0; i < row->devices.count; i++) {
                const StrMap *device = &row->devices.items[i].config;
                if (str_equal(strmap_get(device, "type"), "disk") &&
                    str_equal(strmap_get(device, "path"), "/") &&
                    str_is_empty(strmap_get(device, "source")))
                        return device;
        }
        return NULL;
}

static int missing_size(const ProjectContent *content, const InstanceRow *row, Error **err) {
        return error_set(err, ERROR_INVALID, 0,
                         "Instance \"%s\" in project \"%s\" has no \"size\" config set on the root "
                         "device either directly or via a profile",
                         row->name, content->project.name);
}

/* What one instance adds; 0 where nothing is said and that is allowed. */
static int add_instance(const ProjectContent *content, const InstanceRow *row, const char *key,
                        bool lenient, int64_t *sum, Error **err) {
        const SumRow *limit = find_sum(key);
        const StrMap *disk = limit->disk ? root_disk(row) : NULL;
        const char *pool = str_after_prefix(key, POOL_LIMIT);
        const char *value = limit->disk ? strmap_get(disk != NULL ? disk : &row->config, "size")
                                        : strmap_get(&row->config, key);
        int64_t number;
        if (pool != NULL && !str_equal(disk != NULL ? strmap_get(disk, "pool") : NULL, pool))
                return 0;
        if (str_is_empty(value)) {
                if (lenient)
                        return 0;
                if (limit->disk)
                        return missing_size(content, row, err);
                return error_set(err, ERROR_INVALID, 0,
                                 "Instance \"%s\" in project \"%s\" has no \"%s\" config, either "
                                 "directly or via a profile",
                                 row->name, content->project.name, key);
        }
        if (limit->parse(value, &number, NULL) == 0)
                *sum += number;
        else if (!lenient)
                return error_set(err, ERROR_INVALID, 0,
                                 "Failed parsing \"%s\" for instance \"%s\" in project \"%s\"",
                                 key, row->name, content->project.name);
        return 0;
}

static int add_volume(const ProjectContent *content, const ProjectVolume *volume, const char *key,
                      bool lenient, int64_t *sum, Error **err) {
        const char *pool = str_after_prefix(key, POOL_LIMIT);
        int64_t number;
        if (pool != NULL && !str_equal(volume->pool, pool))
                return 0;
        if (str_is_empty(volume->size)) {
                if (lenient)
                        return 0;
                return error_set(err, ERROR_INVALID, 0,
                                 "Custom volume \"%s\" in project \"%s\" has no \"size\" config "
                                 "set",
                                 volume->name, content->project.name);
        }
        if (units_parse_bytes(volume->size, &number, err) < 0)
                return error_prefix(err, "Parse \"size\" for custom volume \"%s\" in project "
                                         "\"%s\"",
                                    volume->name, content->project.name);
        *sum += number;
        return 0;
}

int project_sum(const ProjectContent *content, const char *key, bool lenient, int64_t *ret,
                Error **err) {
        int64_t sum = 0;
        for (size_t i = 0; find_sum(key)->disk && i < content->volumes.count; i++)
                if (add_volume(content, &content->volumes.items[i], key, lenient, &sum, err) < 0)
                        return -1;
        for (size_t i = 0; i < content->instances.count; i++)
                if (add_instance(content, &content->instances.items[i], key, lenient, &sum, err) <
                    0)
                        return -1;
        *ret = sum;
        return 0;
}

int project_check_sums(const ProjectContent *content, Error **err) {
        const StrMap *config = &content->project.config;
        for (size_t i = 0; i < config->count; i++) {
                const char *key = config->items[i].key, *value = config->items[i].value;
                const SumRow *limit = find_sum(key);
                int64_t sum, most;
                if (limit == NULL || str_is_empty(value))
                        continue;
                if (project_sum(content, key, false, &sum, err) < 0)
                        return error_prefix(err, "Failed getting usage of project entities");
                if (limit->parse(value, &most, err) < 0)
                        return -1;
                if (sum > most)
                        return error_set(err, ERROR_FORBIDDEN, 0,
                                         "Reached maximum aggregate value \"%s\" for \"%s\" in "
                                         "project \"%s\"",
                                         value, key, content->project.name);
        }
        return 0;
}

int64_t project_count(const ProjectContent *content, InstanceType type) {
        int64_t count = 0;
        for (size_t i = 0; i < content->instances.count; i++)
                count += content->instances.items[i].type == type;
        return count;
}

static const struct {
        const char *key, *type_name;
        int type; /* -1: all */
} counts[] = {
        {"limits.containers", "container", INSTANCE_CONTAINER},
        {"limits.virtual-machines", "virtual-machine", INSTANCE_VIRTUAL_MACHINE},
        {"limits.instances", NULL, -1},
};

static int64_t count_of(const ProjectContent *content, int type) {
        return type < 0 ? (int64_t) content->instances.count
                        : project_count(content, (InstanceType) type);
}

int project_check_counts(const ProjectContent *content, const InstanceRow *new_row, Error **err) {
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                const char *value = strmap_get(&content->project.config, counts[i].key);
                int64_t most;
                if ((counts[i].type >= 0 && counts[i].type != new_row->type) ||
                    str_is_empty(value) || !str_to_int64(value, &most) ||
                    count_of(content, counts[i].type) < most)
                        continue;
                if (counts[i].type_name == NULL)
                        return error_set(err, ERROR_FORBIDDEN, 0,
                                         "Reached maximum number of instances in project \"%s\"",
                                         content->project.name);
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Reached maximum number of instances of type \"%s\" in project "
                                 "\"%s\"",
                                 counts[i].type_name, content->project.name);
        }
        return 0;
}

static int check_lowered_count(const ProjectContent *content, size_t row, const char *value,
                               Error **err) {
        const char *name = content->project.name;
        int64_t most, count = count_of(content, counts[row].type);
        if (parse_number(value, &most, err) < 0)
                return -1;
        if (most >= count)
                return 0;
        if (counts[row].type_name == NULL)
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Can't change limits.instances in project \"%s\": "
                                 "\"limits.instances\" is too low: there currently are %lld total "
                                 "instances in project %s",
                                 name, (long long) count, name);
        return error_set(err, ERROR_FORBIDDEN, 0,
                         "Can't change \"%s\" in project \"%s\": \"%s\" is too low: there "
                         "currently are %lld instances of type %s in project %s",
                         counts[row].key, name, counts[row].key, (long long) count,
                         counts[row].type_name, name);
}

/* As LXD prints it: one digit and a binary suffix. */
static char *print_bytes(int64_t bytes) {
        static const char *const suffixes[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = (double) bytes;
        size_t index = 0;
        for (; value >= 1024 && index + 1 < ARRAY_SIZE(suffixes); index++)
                value /= 1024;
        return index == 0 ? str_printf("%lldB", (long long) bytes)
                          : str_printf("%.1f%s", value, suffixes[index]);
}

static int check_lowered_sum(const ProjectContent *content, const char *key, const char *value,
                             Error **err) {
        const SumRow *limit = find_sum(key);
        int64_t most, sum;
        if (project_sum(content, key, false, &sum, err) < 0)
                return -1;
        if (limit->parse(value, &most, err) < 0)
                return error_prefix(err, "Invalid value \"%s\" for limit \"%s\"", value, key);
        if (most >= sum)
                return 0;
        _cleanup_free_ char *text = limit->bytes ? print_bytes(sum)
                                                 : str_printf("%lld", (long long) sum);
        return error_set(err, ERROR_FORBIDDEN, 0, "\"%s\" is too low: current total is \"%s\"",
                         key, text);
}

int project_check_lowered(const ProjectContent *content, const StrMap *before, Error **err) {
        const StrMap *config = &content->project.config;
        for (size_t i = 0; i < config->count; i++) {
                const char *key = config->items[i].key, *value = config->items[i].value;
                if (str_is_empty(value) || str_equal(value, strmap_get(before, key)))
                        continue;
                for (size_t row = 0; row < ARRAY_SIZE(counts); row++)
                        if (str_equal(key, counts[row].key) &&
                            check_lowered_count(content, row, value, err) < 0)
                                return -1;
                if (find_sum(key) != NULL && check_lowered_sum(content, key, value, err) < 0)
                        return -1;
        }
        return 0;
}
