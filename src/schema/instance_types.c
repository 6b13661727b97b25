#include "schema/instance_types.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct InstanceSize {
        const char *source, *name;
        double cpus, memory; /* GiB */
} InstanceSize;

/* As the makers publish them; shared-core machines have their guaranteed share. */
static const InstanceSize sizes[] = {
        {"aws", "t2.nano", 1, 0.5},       {"aws", "t2.micro", 1, 1},
        {"aws", "t2.small", 1, 2},        {"aws", "t2.medium", 2, 4},
        {"aws", "t2.large", 2, 8},        {"aws", "t2.xlarge", 4, 16},
        {"aws", "t2.2xlarge", 8, 32},     {"aws", "t3.nano", 2, 0.5},
        {"aws", "t3.micro", 2, 1},        {"aws", "t3.small", 2, 2},
        {"aws", "t3.medium", 2, 4},       {"aws", "t3.large", 2, 8},
        {"aws", "t3.xlarge", 4, 16},      {"aws", "t3.2xlarge", 8, 32},
        {"aws", "m4.large", 2, 8},        {"aws", "m4.xlarge", 4, 16},
        {"aws", "m4.2xlarge", 8, 32},     {"aws", "m4.4xlarge", 16, 64},
        {"aws", "m5.large", 2, 8},        {"aws", "m5.xlarge", 4, 16},
        {"aws", "m5.2xlarge", 8, 32},     {"aws", "m5.4xlarge", 16, 64},
        {"aws", "m5.8xlarge", 32, 128},   {"aws", "c4.large", 2, 3.75},
        {"aws", "c4.xlarge", 4, 7.5},     {"aws", "c4.2xlarge", 8, 15},
        {"aws", "c5.large", 2, 4},        {"aws", "c5.xlarge", 4, 8},
        {"aws", "c5.2xlarge", 8, 16},     {"aws", "c5.4xlarge", 16, 32},
        {"aws", "r4.large", 2, 15.25},    {"aws", "r4.xlarge", 4, 30.5},
        {"aws", "r5.large", 2, 16},       {"aws", "r5.xlarge", 4, 32},
        {"aws", "r5.2xlarge", 8, 64},     {"aws", "r5.4xlarge", 16, 128},
        {"azure", "Standard_A0", 1, 0.75}, {"azure", "Standard_A1", 1, 1.75},
        {"azure", "Standard_A2", 2, 3.5}, {"azure", "Standard_A3", 4, 7},
        {"azure", "Standard_B1s", 1, 1},  {"azure", "Standard_B1ms", 1, 2},
        {"azure", "Standard_B2s", 2, 4},  {"azure", "Standard_B2ms", 2, 8},
        {"azure", "Standard_B4ms", 4, 16}, {"azure", "Standard_D1_v2", 1, 3.5},
        {"azure", "Standard_D2_v3", 2, 8}, {"azure", "Standard_D4_v3", 4, 16},
        {"azure", "Standard_D8_v3", 8, 32}, {"azure", "Standard_F2s_v2", 2, 4},
        {"azure", "Standard_F4s_v2", 4, 8}, {"azure", "Standard_F8s_v2", 8, 16},
        {"gce", "f1-micro", 0.2, 0.6},    {"gce", "g1-small", 0.5, 1.7},
        {"gce", "e2-micro", 0.25, 1},     {"gce", "e2-small", 0.5, 2},
        {"gce", "e2-medium", 1, 4},       {"gce", "e2-standard-2", 2, 8},
        {"gce", "e2-standard-4", 4, 16},  {"gce", "n1-standard-1", 1, 3.75},
        {"gce", "n1-standard-2", 2, 7.5}, {"gce", "n1-standard-4", 4, 15},
        {"gce", "n1-standard-8", 8, 30},  {"gce", "n1-highcpu-2", 2, 1.8},
        {"gce", "n1-highcpu-4", 4, 3.6},  {"gce", "n1-highmem-2", 2, 13},
        {"gce", "n1-highmem-4", 4, 26},
};

/* "c2-m4.5": so many processors and GiB. */
static int parse_custom(const char *type, InstanceSize *ret, Error **err) {
        _cleanup_strlist_ StrList fields = {.items = NULL};
        strlist_split(&fields, type, "-", false);
        for (size_t i = 0; i < fields.count; i++) {
                const char *field = fields.items[i];
                char *end;
                if (strlen(field) < 2 || strchr("cm", field[0]) == NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Provided instance type doesn't exist: %s", type);
                double value = strtod(field + 1, &end);
                if (*end != '\0' || strspn(field + 1, "0123456789.") != strlen(field + 1) ||
                    value > 1e6)
                        return error_set(err, ERROR_INVALID, 0, "Bad custom instance type: %s",
                                         type);
                *(field[0] == 'c' ? &ret->cpus : &ret->memory) = value;
        }
        return 0;
}

static int find(const char *type, InstanceSize *ret, Error **err) {
        const char *colon = strchr(type, ':');
        const char *name = colon != NULL ? colon + 1 : type;
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                size_t length = strlen(sizes[i].source);
                if (str_equal(sizes[i].name, name) &&
                    (colon == NULL || ((size_t) (colon - type) == length &&
                                       strncmp(sizes[i].source, type, length) == 0))) {
                        *ret = sizes[i];
                        return 0;
                }
        }
        if (colon != NULL)
                return error_set(err, ERROR_INVALID, 0, "Provided instance type doesn't exist: %s",
                                 type);
        return parse_custom(type, ret, err);
}

static void put(StrMap *config, const char *key, char *owned) {
        if (str_is_empty(strmap_get(config, key)))
                strmap_set(config, key, owned);
        free(owned);
}

int instance_type_apply(const char *type, StrMap *config, Error **err) {
        InstanceSize size = {.name = NULL};
        if (find(type, &size, err) < 0)
                return -1;
        if (size.cpus > 0) {
                int cores = (int) size.cpus;
                cores += (double) cores < size.cpus;
                int share = (int) (size.cpus / cores * 100);
                put(config, "limits.cpu", str_printf("%d", cores));
                if (share < 100)
                        put(config, "limits.cpu.allowance", str_printf("%d%%", share));
        }
        if (size.memory > 0)
                put(config, "limits.memory",
                    str_printf("%lldMB", (long long) (size.memory * 1024)));
        return 0;
}
