/* Networks. */
#include "cli/commands/network.h"

#include "base/memory.h"
#include "base/units.h"
#include "cli/commands/attach.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/fields.h"

#include <stdio.h>

static char *column_type(const json_t *item) {
        return str_dup(field_text(item, "type"));
}

static char *column_managed(const json_t *item) {
        return str_dup(field_bool(item, "managed") ? "YES" : "NO");
}

static char *column_ipv4(const json_t *item) {
        return str_dup(field_text(field_get(item, "config"), "ipv4.address"));
}

static char *column_ipv6(const json_t *item) {
        return str_dup(field_text(field_get(item, "config"), "ipv6.address"));
}

static const Column columns[] = {
        {.header = "NAME", .text = columns_name},
        {.header = "TYPE", .text = column_type},
        {.header = "MANAGED", .text = column_managed},
        {.header = "IPV4", .text = column_ipv4},
        {.header = "IPV6", .text = column_ipv6},
        {.header = "DESCRIPTION", .text = columns_description},
        {.header = "USED BY", .text = columns_used_by},
        {.header = "STATE", .text = columns_status},
        {}};

static const ObjectKind kind_network = {
        .noun = "Network",
        .collection = "/1.0/networks",
        .shown = "config description name type used_by managed status locations",
        .writable = "config description",
        .extension = "network",
        .guide = "The network as YAML. Lines that begin with # are left out.",
};

/* Interfaces that nothing can be attached to are in json and yaml only. */
static bool is_of_use(const json_t *network) {
        const char *type = field_text(network, "type");
        return !str_equal(type, "loopback") && !str_equal(type, "unknown");
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_output_ Output output = {};
        _cleanup_free_ char *name = NULL;
        Client *client;
        json_t *items, *shown;
        const json_t *item;
        size_t i;
        int result;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            client_need_extension(client, "network", err) < 0 ||
            object_collection(client, "/1.0/networks", &items, err) < 0)
                return -1;
        shown = json_array();
        for (const Column *column = columns; column->header != NULL; column++)
                output_header(&output, column->header);
        json_array_foreach(items, i, item) {
                json_array_append_new(shown, field_pick(item, kind_network.shown));
                for (const Column *column = columns; is_of_use(item) && column->header != NULL;
                     column++)
                        output_take(&output, column->text(item));
        }
        output_sort(&output);
        result = output_print(&output, cli_text(cli, "format"), shown, err);
        json_decref(shown);
        json_decref(items);
        return result;
}

static int run_create(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap config = {};
        json_t *body;
        int result;
        if (object_target(cli, &target, err) < 0 || cli_pairs(cli, 1, false, &config, err) < 0)
                return -1;
        body = json_pack("{s:s,s:s,s:s}", "name", target.name, "description", "", "type",
                         cli_given(cli, "type") ? cli_text(cli, "type") : "");
        object_merge(body, "config", &config, false);
        result = client_change(target.client, "POST", "/1.0/networks", body, NULL, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, cli_given(cli, "target") ? "Network %s pending on member %s"
                                                      : "Network %s created",
                        target.name, cli_text(cli, "target"));
        return result;
}

/* --- info --- */

static void print_addresses(const json_t *state) {
        const json_t *address;
        size_t i;
        if (field_count(state, "addresses") == 0)
                return;
        puts("\nIP addresses:");
        json_array_foreach(field_get(state, "addresses"), i, address)
                printf("  %s\t%s/%s (%s)\n", field_text(address, "family"),
                       field_text(address, "address"), field_text(address, "netmask"),
                       field_text(address, "scope"));
}

static void print_counters(const json_t *state) {
        const json_t *counters = field_get(state, "counters");
        _cleanup_free_ char *received =
                units_format_bytes_decimal((uint64_t) field_number(counters, "bytes_received"));
        _cleanup_free_ char *sent =
                units_format_bytes_decimal((uint64_t) field_number(counters, "bytes_sent"));
        if (!json_is_object(counters))
                return;
        printf("\nNetwork usage:\n  Bytes received: %s\n  Bytes sent: %s\n", received, sent);
        printf("  Packets received: %lld\n  Packets sent: %lld\n",
               (long long) field_number(counters, "packets_received"),
               (long long) field_number(counters, "packets_sent"));
}

static void print_bridge(const json_t *bridge) {
        _cleanup_free_ char *upper = field_joined(bridge, "upper_devices", ", ");
        if (!json_is_object(bridge))
                return;
        printf("\nBridge:\n  ID: %s\n  STP: %s\n  Forward delay: %lld\n", field_text(bridge, "id"),
               field_bool(bridge, "stp") ? "true" : "false",
               (long long) field_number(bridge, "forward_delay"));
        printf("  Default VLAN ID: %lld\n  VLAN filtering: %s\n  Upper devices: %s\n",
               (long long) field_number(bridge, "vlan_default"),
               field_bool(bridge, "vlan_filtering") ? "true" : "false", upper);
}

static void print_bond(const json_t *bond) {
        _cleanup_free_ char *lower = field_joined(bond, "lower_devices", ", ");
        if (!json_is_object(bond))
                return;
        printf("\nBond:\n  Mode: %s\n  Transmit policy: %s\n", field_text(bond, "mode"),
               field_text(bond, "transmit_policy"));
        printf("  Up delay: %lld\n  Down delay: %lld\n  MII Frequency: %lld\n",
               (long long) field_number(bond, "up_delay"),
               (long long) field_number(bond, "down_delay"),
               (long long) field_number(bond, "mii_frequency"));
        printf("  MII state: %s\n  Lower devices: %s\n", field_text(bond, "mii_state"), lower);
}

static int run_info(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL;
        json_t *state;
        const json_t *vlan;
        if (object_target(cli, &target, err) < 0)
                return -1;
        path = str_printf("%s/state", target.path);
        if (client_get(target.client, path, &state, NULL, err) < 0)
                return -1;
        printf("Name: %s\n", target.name);
        if (*field_text(state, "hwaddr") != '\0')
                printf("MAC address: %s\n", field_text(state, "hwaddr"));
        printf("MTU: %lld\nState: %s\nType: %s\n", (long long) field_number(state, "mtu"),
               field_text(state, "state"), field_text(state, "type"));
        print_addresses(state);
        print_counters(state);
        print_bond(field_get(state, "bond"));
        print_bridge(field_get(state, "bridge"));
        vlan = field_get(state, "vlan");
        if (json_is_object(vlan))
                printf("\nVLAN:\n  Parent: %s\n  VLAN ID: %lld\n", field_text(vlan, "lower_device"),
                       (long long) field_number(vlan, "vid"));
        json_decref(state);
        return 0;
}

/* --- leases --- */

static char *lease_hostname(const json_t *item) {
        return str_dup(field_text(item, "hostname"));
}

static char *lease_hwaddr(const json_t *item) {
        return str_dup(field_text(item, "hwaddr"));
}

static char *lease_address(const json_t *item) {
        return str_dup(field_text(item, "address"));
}

static char *lease_type(const json_t *item) {
        return field_upper(item, "type");
}

static const Column lease_columns[] = {{.header = "HOSTNAME", .text = lease_hostname},
                                       {.header = "MAC ADDRESS", .text = lease_hwaddr},
                                       {.header = "IP ADDRESS", .text = lease_address},
                                       {.header = "TYPE", .text = lease_type},
                                       {}};

static int run_leases(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *path = NULL;
        json_t *leases;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        path = str_printf("%s/leases", target.path);
        if (client_get(target.client, path, &leases, NULL, err) < 0)
                return -1;
        result = object_print(cli, lease_columns, leases, err);
        json_decref(leases);
        return result;
}

/* --- devices --- */

/* A managed network is a nic's "network"; another one is the parent of a bridged or macvlan nic. */
static int make_device(Client *client, const char *network, json_t **ret, Error **err) {
        _cleanup_free_ char *path = client_url("/1.0/networks/{}", network, NULL);
        json_t *object, *device;
        if (client_get(client, path, &object, NULL, err) < 0)
                return -1;
        if (field_bool(object, "managed") && !str_is_empty(field_text(object, "type")))
                device = json_pack("{s:s,s:s}", "type", "nic", "network", network);
        else
                device = json_pack("{s:s,s:s,s:s}", "type", "nic", "nictype",
                                   str_equal(field_text(object, "type"), "bridge") ? "bridged"
                                                                                   : "macvlan",
                                   "parent", network);
        json_decref(object);
        *ret = device;
        return 0;
}

/* [remote:]network owner [device] [interface] */
static int attach(Cli *cli, const AttachOwner *owner, Error **err) {
        _cleanup_free_ char *network = NULL;
        AttachPlace place = {.owner = owner, .name = cli_argument(cli, 1)};
        const char *name = cli_argument(cli, 2);
        json_t *device;
        int result;
        if (cli_resolve(cli, cli_argument(cli, 0), &place.client, &network, err) < 0 ||
            make_device(place.client, network, &device, err) < 0)
                return -1;
        if (cli_argument(cli, 3) != NULL)
                field_set_text(device, "name", cli_argument(cli, 3));
        result = attach_add(cli, &place, name != NULL ? name : network, device, err);
        json_decref(device);
        return result;
}

static bool is_on_network(const json_t *device, const void *userdata) {
        const char *network = userdata;
        return str_equal(field_text(device, "type"), "nic") &&
               (str_equal(field_text(device, "parent"), network) ||
                str_equal(field_text(device, "network"), network));
}

static int detach(Cli *cli, const AttachOwner *owner, Error **err) {
        _cleanup_free_ char *network = NULL;
        AttachPlace place = {.owner = owner, .name = cli_argument(cli, 1)};
        AttachMatch match = {"network", is_on_network, NULL};
        if (cli_resolve(cli, cli_argument(cli, 0), &place.client, &network, err) < 0)
                return -1;
        match.userdata = network;
        return attach_remove(cli, &place, cli_argument(cli, 2), &match, err);
}

static int run_attach(Cli *cli, Error **err) {
        return attach(cli, &attach_instance, err);
}

static int run_attach_profile(Cli *cli, Error **err) {
        return attach(cli, &attach_profile, err);
}

static int run_detach(Cli *cli, Error **err) {
        return detach(cli, &attach_instance, err);
}

static int run_detach_profile(Cli *cli, Error **err) {
        return detach(cli, &attach_profile, err);
}

static const Option create_options[] = {
        OPTION_TARGET, {"type", 't', OPTION_TEXT, "TYPE", "Type of the network"}, {}};

static const Command attach_command = {
        .name = "attach",
        .arguments = "[<remote>:]<network> <instance> [<device name>] [<interface name>]",
        .summary = "Attach a network to an instance",
        .minimum = 2,
        .maximum = 4,
        .completers = {COMPLETE_NETWORK, COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_attach,
};

static const Command attach_profile_command = {
        .name = "attach-profile",
        .arguments = "[<remote>:]<network> <profile> [<device name>] [<interface name>]",
        .summary = "Attach a network to a profile",
        .minimum = 2,
        .maximum = 4,
        .completers = {COMPLETE_NETWORK, COMPLETE_PROFILE, COMPLETE_NOTHING},
        .run = run_attach_profile,
};

static const Command create = {
        .name = "create",
        .arguments = "[<remote>:]<network> [key=value...]",
        .summary = "Create a network",
        .examples = "berth network create br1 ipv4.address=10.1.0.1/24",
        .options = create_options,
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_REMOTE, COMPLETE_NOTHING},
        .kind = &kind_network,
        .run = run_create,
};

static const Command detach_command = {
        .name = "detach",
        .arguments = "[<remote>:]<network> <instance> [<device name>]",
        .summary = "Detach a network from an instance",
        .minimum = 2,
        .maximum = 3,
        .completers = {COMPLETE_NETWORK, COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_detach,
};

static const Command detach_profile_command = {
        .name = "detach-profile",
        .arguments = "[<remote>:]<network> <profile> [<device name>]",
        .summary = "Detach a network from a profile",
        .minimum = 2,
        .maximum = 3,
        .completers = {COMPLETE_NETWORK, COMPLETE_PROFILE, COMPLETE_NOTHING},
        .run = run_detach_profile,
};

static const Command info = {
        .name = "info",
        .arguments = "[<remote>:]<network>",
        .summary = "Show the state of a network",
        .options = object_target_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .kind = &kind_network,
        .run = run_info,
};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:]",
        .summary = "List networks",
        .options = object_list_options,
        .maximum = 1,
        .completers = {COMPLETE_REMOTE},
        .run = run_list,
};

static const Command list_leases = {
        .name = "list-leases",
        .arguments = "[<remote>:]<network>",
        .summary = "List the addresses that a network gave out",
        .options = object_list_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .kind = &kind_network,
        .run = run_leases,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<network>",
        .summary = "Show a network as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .options = object_target_options,
        .kind = &kind_network,
        .run = object_show,
};

static const Command get = {
        .name = "get",
        .arguments = "[<remote>:]<network> <key>",
        .summary = "Show the value of a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_CONFIG_KEY},
        .options = object_target_options,
        .kind = &kind_network,
        .run = object_get,
};

static const Command set = {
        .name = "set",
        .arguments = "[<remote>:]<network> <key>=<value>...",
        .summary = "Set configuration keys",
        .details = "\"<key> <value>\" is understood too.",
        .minimum = 2,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_NETWORK, COMPLETE_CONFIG_KEY},
        .options = object_target_options,
        .kind = &kind_network,
        .run = object_set,
};

static const Command unset = {
        .name = "unset",
        .arguments = "[<remote>:]<network> <key>",
        .summary = "Remove a configuration key",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_CONFIG_KEY},
        .options = object_target_options,
        .kind = &kind_network,
        .run = object_unset,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<network>",
        .summary = "Edit a network as YAML",
        .details = "In your editor, or from standard input when that is a file or a pipe.",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .kind = &kind_network,
        .run = object_edit,
};

static const Command rename_ = {
        .name = "rename",
        .aliases = "mv",
        .arguments = "[<remote>:]<network> <new-name>",
        .summary = "Rename a network",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_NETWORK, COMPLETE_NOTHING},
        .kind = &kind_network,
        .run = object_rename,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<network>",
        .summary = "Delete a network",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_NETWORK},
        .kind = &kind_network,
        .run = object_delete,
};

static const Command *const subcommands[] = {
        &command_network_acl, &attach_command, &attach_profile_command, &create, &delete,
        &detach_command, &detach_profile_command, &edit, &command_network_forward, &get, &info,
        &list, &list_leases, &command_network_peer, &rename_, &set, &show, &unset,
        &command_network_zone, NULL};

const Command command_network = {
        .name = "network",
        .summary = "Manage networks",
        .subcommands = subcommands,
};
