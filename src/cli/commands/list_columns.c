#include "cli/commands/list.h"

#include "base/memory.h"
#include "base/units.h"
#include "cli/fields.h"

#include <string.h>

#define STATUS_RUNNING 103
#define STATUS_FROZEN 110

static bool is_up(const json_t *instance) {
        int64_t status = field_number(instance, "status_code");
        return status == STATUS_RUNNING || status == STATUS_FROZEN;
}

static const json_t *state_of(const json_t *instance) {
        return field_get(instance, "state");
}

/* "10.0.0.5 (eth0)" lines of one family; link-local and loopback addresses are of no use. */
static char *addresses(const json_t *instance, const char *family) {
        _cleanup_strlist_ StrList found = {};
        _cleanup_strbuf_ StrBuf text = {};
        json_t *networks = field_get(state_of(instance), "network"), *network;
        const char *name;
        if (!is_up(instance))
                return str_dup("");
        json_object_foreach(networks, name, network) {
                const json_t *address;
                size_t i;
                if (str_equal(field_text(network, "type"), "loopback"))
                        continue;
                json_array_foreach(field_get(network, "addresses"), i, address) {
                        const char *scope = field_text(address, "scope");
                        if (str_equal(field_text(address, "family"), family) &&
                            !str_equal(scope, "link") && !str_equal(scope, "local"))
                                strlist_printf(&found, "%s (%s)", field_text(address, "address"),
                                               name);
                }
        }
        strlist_sort(&found);
        for (size_t i = found.count; i > 0; i--)
                strbuf_printf(&text, "%s%s", text.length > 0 ? "\n" : "", found.items[i - 1]);
        return strbuf_take(&text);
}

static char *text_ipv4(const json_t *instance) {
        return addresses(instance, "inet");
}

static char *text_ipv6(const json_t *instance) {
        return addresses(instance, "inet6");
}

static char *text_architecture(const json_t *instance) {
        return str_dup(field_text(instance, "architecture"));
}

static char *text_pool(const json_t *instance) {
        json_t *devices = field_get(instance, "expanded_devices"), *device;
        const char *name;
        json_object_foreach(devices, name, device) {
                if (str_equal(field_text(device, "type"), "disk") &&
                    str_equal(field_text(device, "path"), "/"))
                        return str_dup(field_text(device, "pool"));
        }
        return str_dup("");
}

static char *text_created(const json_t *instance) {
        return field_minute(instance, "created_at");
}

static char *text_description(const json_t *instance) {
        return str_dup(field_text(instance, "description"));
}

static char *text_disk(const json_t *instance) {
        int64_t usage = field_number(field_get(field_get(state_of(instance), "disk"), "root"),
                                     "usage");
        return usage > 0 ? units_format_bytes((uint64_t) usage) : str_dup("");
}

static char *text_project(const json_t *instance) {
        return str_dup(field_text(instance, "project"));
}

static char *text_used(const json_t *instance) {
        return field_minute(instance, "last_used_at");
}

static char *text_memory(const json_t *instance) {
        int64_t usage = field_number(field_get(state_of(instance), "memory"), "usage");
        return is_up(instance) && usage > 0 ? units_format_bytes((uint64_t) usage) : str_dup("");
}

/* Of limits.memory, when that is a size. */
static char *text_memory_percent(const json_t *instance) {
        const char *limit = field_text(field_get(instance, "expanded_config"), "limits.memory");
        int64_t usage = field_number(field_get(state_of(instance), "memory"), "usage"), total;
        if (!is_up(instance) || *limit == '\0' || str_has_suffix(limit, "%") ||
            units_parse_bytes(limit, &total, NULL) < 0 || total <= 0)
                return str_dup("");
        return str_printf("%.1f%%", 100.0 * (double) usage / (double) total);
}

static char *text_name(const json_t *instance) {
        return str_dup(field_text(instance, "name"));
}

static char *text_processes(const json_t *instance) {
        return is_up(instance) ? str_printf("%lld", (long long) field_number(state_of(instance),
                                                                             "processes"))
                               : str_dup("");
}

static char *text_pid(const json_t *instance) {
        return is_up(instance)
                       ? str_printf("%lld", (long long) field_number(state_of(instance), "pid"))
                       : str_dup("");
}

static char *text_profiles(const json_t *instance) {
        return field_joined(instance, "profiles", "\n");
}

static char *text_state(const json_t *instance) {
        return field_upper(instance, "status");
}

static char *text_snapshots(const json_t *instance) {
        return str_printf("%zu", field_count(instance, "snapshots"));
}

static char *text_type(const json_t *instance) {
        char *type = field_upper(instance, "type");
        if (str_is_empty(type))
                str_replace(&type, str_dup("CONTAINER"));
        if (field_bool(instance, "ephemeral"))
                str_replace(&type, str_printf("%s (EPHEMERAL)", type));
        return type;
}

static char *text_cpu(const json_t *instance) {
        double ns = (double) field_number(field_get(state_of(instance), "cpu"), "usage");
        return is_up(instance) ? str_printf("%.0fs", ns / 1e9) : str_dup("");
}

static char *text_location(const json_t *instance) {
        return str_dup(field_text(instance, "location"));
}

static char *text_image(const json_t *instance) {
        return str_dup(field_text(field_get(instance, "config"), "volatile.base_image"));
}

static char *text_image_short(const json_t *instance) {
        return str_ndup(field_text(field_get(instance, "config"), "volatile.base_image"), 12);
}

static const Column columns[] = {
        {'4', "IPV4", text_ipv4},
        {'6', "IPV6", text_ipv6},
        {'a', "ARCHITECTURE", text_architecture},
        {'b', "STORAGE POOL", text_pool},
        {'c', "CREATED AT", text_created},
        {'d', "DESCRIPTION", text_description},
        {'D', "DISK USAGE", text_disk},
        {'e', "PROJECT", text_project},
        {'f', "BASE IMAGE", text_image_short},
        {'F', "BASE IMAGE", text_image},
        {'l', "LAST USED AT", text_used},
        {'L', "LOCATION", text_location},
        {'m', "MEMORY USAGE", text_memory},
        {'M', "MEMORY USAGE%", text_memory_percent},
        {'n', "NAME", text_name},
        {'N', "PROCESSES", text_processes},
        {'p', "PID", text_pid},
        {'P', "PROFILES", text_profiles},
        {'s', "STATE", text_state},
        {'S', "SNAPSHOTS", text_snapshots},
        {'t', "TYPE", text_type},
        {'u', "CPU USAGE", text_cpu},
        {},
};

static const char with_state[] = "46DmMNpSu";

/* --- choosing --- */

static ListColumn *add_column(ListColumns *list) {
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof(ListColumn));
        list->items[list->count] = (ListColumn){.width = -1};
        return &list->items[list->count++];
}

static int add_letter(ListColumns *list, char letter, bool clustered, const char *entry,
                      Error **err) {
        for (const Column *column = columns; column->header != NULL; column++) {
                if (column->letter != letter)
                        continue;
                if (letter == 'L' && !clustered)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Can't specify column L when not clustered");
                add_column(list)->fixed = column;
                list->needs_state |= strchr(with_state, letter) != NULL;
                return 0;
        }
        return error_set(err, ERROR_INVALID, 0, "Unknown column shorthand char '%c' in '%s'",
                         letter, entry);
}

/* "[config:|devices:]key[:name][:maxWidth]" */
static int add_key(ListColumns *list, const char *entry, Error **err) {
        _cleanup_strlist_ StrList parts = {};
        ListColumn *column = add_column(list);
        size_t at = 0;
        strlist_split(&parts, entry, ":", false);
        if (str_equal(parts.items[0], "config") || str_equal(parts.items[0], "devices")) {
                column->device = str_equal(parts.items[0], "devices");
                at = 1;
        }
        if (parts.count <= at || parts.count > at + 3 || str_is_empty(parts.items[at]))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid config key column format '%s': "
                                 "[config:|devices:]key[:name][:maxWidth]",
                                 entry);
        if (column->device && strchr(parts.items[at], '.') == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid config key '%s' in '%s': a device and its key are wanted",
                                 parts.items[at], entry);
        column->key = str_dup(parts.items[at]);
        column->header = str_dup(parts.count > at + 1 && !str_is_empty(parts.items[at + 1])
                                         ? parts.items[at + 1]
                                         : parts.items[at]);
        if (parts.count > at + 2 && (!str_to_int64(parts.items[at + 2], &column->width) ||
                                     column->width < -1))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid max width (must be an integer, -1 or more) '%s' in '%s'",
                                 parts.items[at + 2], entry);
        if (column->width == 0)
                column->width = (int64_t) output_width(column->header);
        return 0;
}

int list_columns_parse(const char *text, bool clustered, ListColumns *ret, Error **err) {
        _cleanup_strlist_ StrList entries = {};
        _cleanup_(list_columns_done) ListColumns list = {};
        bool initial = str_equal(text, LIST_COLUMNS);
        strlist_split(&entries, text, ",", false);
        for (size_t i = 0; i < entries.count; i++) {
                const char *entry = entries.items[i];
                if (*entry == '\0')
                        return error_set(err, ERROR_INVALID, 0,
                                         "Empty column entry (redundant, leading or trailing "
                                         "comma) in '%s'",
                                         text);
                if (strchr(entry, '.') != NULL) {
                        if (add_key(&list, entry, err) < 0)
                                return -1;
                        continue;
                }
                for (const char *letter = entry; *letter != '\0'; letter++) {
                        if (initial && *letter == 'L' && !clustered)
                                continue;
                        if (add_letter(&list, *letter, clustered, entry, err) < 0)
                                return -1;
                }
        }
        *ret = list;
        list = (ListColumns){};
        return 0;
}

void list_columns_done(ListColumns *columns_list) {
        for (size_t i = 0; i < columns_list->count; i++) {
                free(columns_list->items[i].header);
                free(columns_list->items[i].key);
        }
        free(columns_list->items);
        *columns_list = (ListColumns){};
}

static const char *key_value(const ListColumn *column, const json_t *instance) {
        const char *dot = strchr(column->key, '.');
        _cleanup_free_ char *device = NULL;
        if (!column->device)
                return field_text(field_get(instance, "expanded_config"), column->key);
        device = str_ndup(column->key, (size_t) (dot - column->key));
        return field_text(field_get(field_get(instance, "expanded_devices"), device), dot + 1);
}

char *list_column_text(const ListColumn *column, const json_t *instance) {
        const char *value;
        if (column->fixed != NULL)
                return column->fixed->text(instance);
        value = key_value(column, instance);
        if (column->width >= 0 && strlen(value) > (size_t) column->width)
                return str_ndup(value, (size_t) column->width);
        return str_dup(value);
}
