/* What is known about an instance or the server. */
#include "cli/commands/commands.h"
#include "cli/commands/resources.h"

#include "base/memory.h"
#include "base/units.h"
#include "cli/document.h"
#include "cli/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SERVER_FIELDS                                                                        \
        "config api_extensions api_status api_version auth public auth_methods environment"

static void print_size(const char *label, const json_t *object, const char *key,
                       const char *indent) {
        int64_t value = field_number(object, key);
        _cleanup_free_ char *text = units_format_bytes((uint64_t) value);
        if (value > 0)
                printf("%s%s: %s\n", indent, label, text);
}

static void print_usage(const json_t *state) {
        json_t *disks = field_get(state, "disk"), *disk;
        const json_t *memory = field_get(state, "memory");
        int64_t cpu = field_number(field_get(state, "cpu"), "usage");
        const char *name;
        if (field_count(state, "disk") > 0) {
                puts("  Disk usage:");
                json_object_foreach(disks, name, disk)
                        print_size(name, disk, "usage", "    ");
        }
        if (cpu > 0)
                printf("  CPU usage:\n    CPU usage (in seconds): %lld\n",
                       (long long) (cpu / 1000000000));
        if (field_number(memory, "usage") > 0 || field_number(memory, "usage_peak") > 0) {
                puts("  Memory usage:");
                print_size("Memory (current)", memory, "usage", "    ");
                print_size("Memory (peak)", memory, "usage_peak", "    ");
                print_size("Swap (current)", memory, "swap_usage", "    ");
                print_size("Swap (peak)", memory, "swap_usage_peak", "    ");
        }
}

static void print_addresses(const json_t *network) {
        const json_t *address;
        size_t i;
        if (field_count(network, "addresses") == 0)
                return;
        puts("      IP addresses:");
        json_array_foreach(field_get(network, "addresses"), i, address) {
                _cleanup_free_ char *family = str_printf("%s:", field_text(address, "family"));
                printf("        %-6s %s/%s (%s)\n", family, field_text(address, "address"),
                       field_text(address, "netmask"), field_text(address, "scope"));
        }
}

static void print_network(const char *name, const json_t *network) {
        const json_t *counters = field_get(network, "counters");
        _cleanup_free_ char *state = field_upper(network, "state");
        _cleanup_free_ char *received =
                units_format_bytes_decimal((uint64_t) field_number(counters, "bytes_received"));
        _cleanup_free_ char *sent =
                units_format_bytes_decimal((uint64_t) field_number(counters, "bytes_sent"));
        printf("    %s:\n      Type: %s\n      State: %s\n", name, field_text(network, "type"),
               state);
        if (*field_text(network, "host_name") != '\0')
                printf("      Host interface: %s\n", field_text(network, "host_name"));
        if (*field_text(network, "hwaddr") != '\0')
                printf("      MAC address: %s\n", field_text(network, "hwaddr"));
        if (field_number(network, "mtu") > 0)
                printf("      MTU: %lld\n", (long long) field_number(network, "mtu"));
        printf("      Bytes received: %s\n      Bytes sent: %s\n", received, sent);
        printf("      Packets received: %lld\n      Packets sent: %lld\n",
               (long long) field_number(counters, "packets_received"),
               (long long) field_number(counters, "packets_sent"));
        print_addresses(network);
}

static void print_state(const json_t *state) {
        json_t *networks = field_get(state, "network"), *network;
        const char *name;
        puts("\nResources:");
        printf("  Processes: %lld\n", (long long) field_number(state, "processes"));
        print_usage(state);
        if (field_count(state, "network") == 0)
                return;
        puts("  Network usage:");
        json_object_foreach(networks, name, network)
                print_network(name, network);
}

static int print_snapshots(const json_t *instance, Error **err) {
        _cleanup_output_ Output output = {};
        const json_t *snapshot;
        size_t i;
        if (field_count(instance, "snapshots") == 0)
                return 0;
        for (i = 0; i < 4; i++)
                output_header(&output,
                              ((const char *[]){"NAME", "TAKEN AT", "EXPIRES AT", "STATEFUL"})[i]);
        json_array_foreach(field_get(instance, "snapshots"), i, snapshot) {
                const char *name = field_text(snapshot, "name"), *slash = strrchr(name, '/');
                output_cell(&output, slash != NULL ? slash + 1 : name);
                output_take(&output, field_minute(snapshot, "created_at"));
                output_take(&output, field_minute(snapshot, "expires_at"));
                output_cell(&output, field_bool(snapshot, "stateful") ? "YES" : "NO");
        }
        puts("\nSnapshots:");
        return output_print(&output, "table", NULL, err);
}

static int print_backups(const json_t *instance, Error **err) {
        _cleanup_output_ Output output = {};
        static const char *const headers[] = {"NAME", "TAKEN AT", "EXPIRES AT", "INSTANCE ONLY",
                                              "OPTIMIZED STORAGE"};
        const json_t *backup;
        size_t i;
        if (field_count(instance, "backups") == 0)
                return 0;
        for (i = 0; i < ARRAY_SIZE(headers); i++)
                output_header(&output, headers[i]);
        json_array_foreach(field_get(instance, "backups"), i, backup) {
                output_cell(&output, field_text(backup, "name"));
                output_take(&output, field_minute(backup, "created_at"));
                output_take(&output, field_minute(backup, "expires_at"));
                output_cell(&output, field_bool(backup, "instance_only") ? "YES" : "NO");
                output_cell(&output, field_bool(backup, "optimized_storage") ? "YES" : "NO");
        }
        puts("\nBackups:");
        return output_print(&output, "table", NULL, err);
}

static void print_head(const json_t *instance) {
        _cleanup_free_ char *status = field_upper(instance, "status");
        _cleanup_free_ char *created = field_minute(instance, "created_at");
        _cleanup_free_ char *used = field_minute(instance, "last_used_at");
        const char *location = field_text(instance, "location"), *type;
        int64_t pid = field_number(field_get(instance, "state"), "pid");
        type = field_text(instance, "type");
        printf("Name: %s\n", field_text(instance, "name"));
        if (*field_text(instance, "description") != '\0')
                printf("Description: %s\n", field_text(instance, "description"));
        printf("Status: %s\n", status);
        printf("Type: %s%s\n", *type != '\0' ? type : "container",
               field_bool(instance, "ephemeral") ? " (ephemeral)" : "");
        printf("Architecture: %s\n", field_text(instance, "architecture"));
        if (*location != '\0' && !str_equal(location, "none"))
                printf("Location: %s\n", location);
        if (pid > 0)
                printf("PID: %lld\n", (long long) pid);
        if (*created != '\0')
                printf("Created: %s\n", created);
        if (*used != '\0')
                printf("Last Used: %s\n", used);
}

/* The last lines of a text; the log of a container may be long. */
static const char *last_lines(const char *text, size_t size, size_t lines) {
        const char *at = text + size;
        if (at > text && at[-1] == '\n')
                at--;
        for (; at > text; at--) {
                if (at[-1] == '\n' && --lines == 0)
                        break;
        }
        return at;
}

static int print_log(Client *client, const char *name, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/instances/{}/logs/lxc.log", name, NULL);
        _cleanup_response_ ClientResponse response = {};
        const ClientRequest request = {.path = path};
        if (client_send(client, &request, &response, err) < 0)
                return -1;
        printf("\nLog:\n\n%s\n",
               response.text != NULL ? last_lines(response.text, response.text_size, 100) : "");
        return 0;
}

static int show_instance(Cli *cli, Client *client, const char *name, Error **err) {
        char *url = client_url("/1.0/instances/{}", name, NULL);
        _cleanup_free_ char *path = client_url_query(url, "recursion", "1");
        json_t *instance;
        int result;
        if (cli_flag(cli, "resources"))
                return error_set(err, ERROR_INVALID, 0,
                                 "--resources is about the server, not about an instance");
        if (client_get(client, path, &instance, NULL, err) < 0)
                return -1;
        print_head(instance);
        if (field_number(field_get(instance, "state"), "pid") > 0)
                print_state(field_get(instance, "state"));
        result = print_snapshots(instance, err);
        if (result == 0)
                result = print_backups(instance, err);
        json_decref(instance);
        if (result == 0 && cli_flag(cli, "show-log"))
                result = print_log(client, name, err);
        return result;
}

/* LXD's JSON has these keys in capitals, its YAML has not. */
static void lower_drivers(const json_t *server) {
        static const char *const keys[][2] = {
                {"Name", "name"}, {"Version", "version"}, {"Remote", "remote"}};
        json_t *driver;
        size_t i;
        json_array_foreach(field_get(field_get(server, "environment"),
                                     "storage_supported_drivers"), i, driver) {
                for (size_t j = 0; j < ARRAY_SIZE(keys); j++) {
                        json_t *value = json_object_get(driver, keys[j][0]);
                        if (value == NULL)
                                continue;
                        json_object_set(driver, keys[j][1], value);
                        json_object_del(driver, keys[j][0]);
                }
        }
}

static int show_server(Cli *cli, Client *client, Error **err) {
        json_t *object, *shown;
        if (cli_flag(cli, "resources") && client_need_extension(client, "resources", err) < 0)
                return -1;
        if (client_get(client, cli_flag(cli, "resources") ? "/1.0/resources" : "/1.0", &object,
                       NULL, err) < 0)
                return -1;
        if (cli_flag(cli, "resources")) {
                resources_print(object);
        } else {
                shown = field_pick(object, SERVER_FIELDS);
                lower_drivers(shown);
                document_print(shown);
                json_decref(shown);
        }
        json_decref(object);
        return 0;
}

static int run_info(Cli *cli, Error **err) {
        _cleanup_free_ char *name = NULL;
        Client *client;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0)
                return -1;
        return *name != '\0' ? show_instance(cli, client, name, err)
                             : show_server(cli, client, err);
}

static const Option options[] = {
        {"resources", 0, OPTION_FLAG, NULL, "The server's hardware"},
        {"show-log", 0, OPTION_FLAG, NULL, "The last 100 lines of the instance's log"},
        OPTION_TARGET,
        {}};

const Command command_info = {
        .name = "info",
        .arguments = "[<remote>:][<instance>]",
        .summary = "Show what is known about an instance or the server",
        .examples = "berth info c1 --show-log\n"
                    "berth info --resources",
        .options = options,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_info,
};
