/* berthd init: --auto, --minimal, --preseed, --dump, and the questions when there is no option.
 *
 * All of them end as one preseed document, which is applied through the API in the order config,
 * networks, storage pools, projects, profiles; an object that exists is updated. */
#include "daemon/command.h"

#include "base/files.h"
#include "base/memory.h"
#include "daemon/api_call.h"
#include "daemon/preseed.h"
#include "json/json.h"
#include "json/yaml.h"

#include <stdio.h>
#include <string.h>

static const DaemonOption options[] = {
        {"auto", 0, DAEMON_OPTION_FLAG, "Configure without questions"},
        {"dump", 0, DAEMON_OPTION_FLAG, "Write the present configuration as a preseed"},
        {"minimal", 0, DAEMON_OPTION_FLAG, "Configure without questions, only what is needed"},
        {"network-address", 0, DAEMON_OPTION_TEXT, "Address to listen on (default: none)"},
        {"network-port", 0, DAEMON_OPTION_NUMBER, "Port to listen on (default: 8443)"},
        {"preseed", 0, DAEMON_OPTION_FLAG, "Read a YAML configuration from standard input"},
        {"storage-backend", 0, DAEMON_OPTION_TEXT, "Storage driver (default: dir)"},
        {"storage-create-device", 0, DAEMON_OPTION_TEXT, "Make the pool on this block device"},
        {"storage-create-loop", 0, DAEMON_OPTION_NUMBER, "Make the pool in a file of this many GB"},
        {"storage-pool", 0, DAEMON_OPTION_TEXT, "Name of the pool, or its source"},
        {"trust-password", 0, DAEMON_OPTION_TEXT, "Password that new clients give"},
};

static const char *const auto_options[] = {"network-address",       "network-port",
                                           "storage-backend",       "storage-create-device",
                                           "storage-create-loop",   "storage-pool",
                                           "trust-password"};

static int check_options(const DaemonArguments *arguments, Error **err) {
        bool automatic = daemon_argument_flag(arguments, "auto");
        if (automatic && daemon_argument_flag(arguments, "preseed"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Can't use --auto and --preseed together");
        if (daemon_argument_flag(arguments, "minimal") &&
            (automatic || daemon_argument_flag(arguments, "preseed")))
                return error_set(err, ERROR_INVALID, 0,
                                 "Can't use --minimal with --auto or --preseed");
        for (size_t i = 0; i < ARRAY_SIZE(auto_options) && !automatic; i++)
                if (daemon_argument(arguments, auto_options[i]) != NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Configuration flags require --auto");
        return 0;
}

static int refuse_second_pool(Error **err) {
        _cleanup_json_ json_t *pools = NULL;
        if (daemon_api_call("GET", "/1.0/storage-pools", NULL, &pools, err) < 0)
                return -1;
        if (json_array_size(pools) > 0)
                return error_set(err, ERROR_EXISTS, 0, "Storage has already been configured");
        return 0;
}

static int add_pool(json_t *preseed, const DaemonArguments *arguments, Error **err) {
        const char *driver = daemon_argument(arguments, "storage-backend");
        const char *pool = daemon_argument(arguments, "storage-pool");
        const char *device = daemon_argument(arguments, "storage-create-device");
        int64_t loop_gb = daemon_argument_number(arguments, "storage-create-loop", -1);
        if (str_equal(driver != NULL ? driver : "dir", "dir") &&
            (device != NULL || loop_gb >= 0 || pool != NULL))
                return error_set(err, ERROR_INVALID, 0,
                                 "None of --storage-pool, --storage-create-device or "
                                 "--storage-create-loop may be used with the 'dir' backend");
        if (device != NULL && loop_gb >= 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Only one of --storage-create-device or --storage-create-loop "
                                 "can be specified");
        _cleanup_strmap_ StrMap config = {};
        if (device != NULL)
                strmap_set(&config, "source", device);
        if (loop_gb >= 0)
                strmap_printf(&config, "size", "%lldGB", (long long) loop_gb);
        if (pool != NULL)
                strmap_set(&config, "source", pool);
        return preseed_add_pool(preseed, "default", driver != NULL ? driver : "dir", &config, err);
}

static void nic_on(const char *network, StrMap *ret) {
        strmap_set(ret, "type", "nic");
        strmap_set(ret, "name", "eth0");
        strmap_set(ret, "network", network);
}

/* A bridge with addresses of our choice, unless there is a network already. */
static int add_network(json_t *preseed, StrMap *ret_nic, Error **err) {
        _cleanup_json_ json_t *networks = NULL;
        _cleanup_strlist_ StrList taken = {};
        _cleanup_strmap_ StrMap config = {};
        json_t *network;
        size_t i;
        if (daemon_api_call("GET", "/1.0/networks?recursion=1", NULL, &networks, err) < 0)
                return -1;
        json_array_foreach(networks, i, network) {
                if (json_is_true(json_object_get(network, "managed")))
                        return 0;
                strlist_add(&taken, json_string_value(json_object_get(network, "name")));
        }
        for (unsigned number = 0;; number++) {
                _cleanup_free_ char *name = str_printf("lxdbr%u", number);
                if (strlist_has(&taken, name))
                        continue;
                nic_on(name, ret_nic);
                return preseed_add_network(preseed, name, &config, err);
        }
}

static int build_auto(const DaemonArguments *arguments, json_t **ret, Error **err) {
        _cleanup_json_ json_t *preseed = json_object();
        _cleanup_strmap_ StrMap nic = {};
        const char *address = daemon_argument(arguments, "network-address");
        if (refuse_second_pool(err) < 0 || add_pool(preseed, arguments, err) < 0 ||
            add_network(preseed, &nic, err) < 0)
                return -1;
        if (address != NULL)
                preseed_set_config(preseed, "core.https_address", "%s:%lld", address,
                                   (long long) daemon_argument_number(arguments, "network-port",
                                                                      8443));
        if (daemon_argument(arguments, "trust-password") != NULL)
                preseed_set_config(preseed, "core.trust_password", "%s",
                                   daemon_argument(arguments, "trust-password"));
        preseed_add_default_profile(preseed, "default", &nic);
        *ret = TAKE_PTR(preseed);
        return 0;
}

/* One question on the terminal; an empty answer takes the default. */
static char *ask(const char *question, const char *fallback) {
        char line[512];
        printf("%s [default=%s]: ", question, fallback);
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
                return str_dup(fallback);
        _cleanup_free_ char *answer = str_trim(line);
        return str_dup(str_is_empty(answer) ? fallback : answer);
}

static bool ask_yes(const char *question, const char *fallback) {
        for (;;) {
                _cleanup_free_ char *answer = ask(question, fallback);
                bool value;
                if (str_to_bool(answer, &value))
                        return value;
                printf("Please answer yes or no.\n");
                if (feof(stdin))
                        return str_is_true(fallback);
        }
}

static void ask_address(const char *family, const char *shown, StrMap *config) {
        _cleanup_free_ char *question = str_printf(
                "What %s address should be used? (CIDR subnet notation, “auto” or “none”)", shown);
        _cleanup_free_ char *address = ask(question, "auto");
        _cleanup_free_ char *key = str_printf("%s.address", family);
        _cleanup_free_ char *nat = str_printf("%s.nat", family);
        _cleanup_free_ char *again =
                str_printf("Would you like LXD to NAT %s traffic on your bridge?", shown);
        strmap_set(config, key, address);
        if (!str_equal(address, "auto") && !str_equal(address, "none"))
                strmap_set(config, nat, ask_yes(again, "yes") ? "true" : "false");
}

static int ask_network(json_t *preseed, StrMap *ret_nic, Error **err) {
        _cleanup_strmap_ StrMap config = {};
        if (ask_yes("Would you like to create a new local network bridge? (yes/no)", "yes")) {
                _cleanup_free_ char *name = ask("What should the new bridge be called?", "lxdbr0");
                ask_address("ipv4", "IPv4", &config);
                ask_address("ipv6", "IPv6", &config);
                nic_on(name, ret_nic);
                return preseed_add_network(preseed, name, &config, err);
        }
        if (!ask_yes("Would you like to configure LXD to use an existing bridge or host interface? "
                     "(yes/no)",
                     "no"))
                return 0;
        _cleanup_free_ char *parent = ask("Name of the existing bridge or host interface", "");
        _cleanup_free_ char *url = str_printf("/1.0/networks/%s", parent);
        _cleanup_json_ json_t *network = NULL;
        if (daemon_api_call("GET", url, NULL, &network, err) < 0)
                return -1;
        bool bridge = str_equal(json_string_value(json_object_get(network, "type")), "bridge");
        strmap_set(ret_nic, "type", "nic");
        strmap_set(ret_nic, "name", "eth0");
        strmap_set(ret_nic, "nictype", bridge ? "bridged" : "macvlan");
        strmap_set(ret_nic, "parent", parent);
        return 0;
}

static int build_interactive(json_t **ret, Error **err) {
        _cleanup_json_ json_t *preseed = json_object();
        _cleanup_strmap_ StrMap nic = {};
        _cleanup_free_ char *pool = NULL;
        if (ask_yes("Do you want to configure a new storage pool? (yes/no)", "yes")) {
                _cleanup_free_ char *name = ask("Name of the new storage pool", "default");
                _cleanup_free_ char *driver = ask("Name of the storage backend to use", "dir");
                _cleanup_strmap_ StrMap config = {};
                if (preseed_add_pool(preseed, name, driver, &config, err) < 0)
                        return -1;
                pool = TAKE_PTR(name);
        }
        if (ask_network(preseed, &nic, err) < 0)
                return -1;
        preseed_add_default_profile(preseed, pool, &nic);
        if (ask_yes("Would you like the server to be available over the network? (yes/no)",
                    "no")) {
                _cleanup_free_ char *address = ask("Address to bind to", "all");
                _cleanup_free_ char *port = ask("Port to bind to", "8443");
                preseed_set_config(preseed, "core.https_address", "%s:%s",
                                   str_equal(address, "all") ? "[::]" : address, port);
        }
        if (ask_yes("Would you like a YAML \"init\" preseed to be printed? (yes/no)", "no")) {
                _cleanup_free_ char *text = yaml_dump(preseed);
                fputs(text, stdout);
        }
        *ret = TAKE_PTR(preseed);
        return 0;
}

static int read_preseed(json_t **ret, Error **err) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (fd_read_all(STDIN_FILENO, 0, &text, &size, err) < 0 ||
            yaml_parse(text, size, ret, err) < 0)
                return error_prefix(err, "Failed to read the preseed");
        return 0;
}

static int dump(Error **err) {
        _cleanup_json_ json_t *preseed = NULL;
        if (preseed_dump(&preseed, err) < 0)
                return -1;
        _cleanup_free_ char *text = yaml_dump(preseed);
        fputs(text, stdout);
        return 0;
}

static int run_init(const DaemonArguments *arguments, Error **err) {
        _cleanup_json_ json_t *preseed = NULL;
        int result;
        if (check_options(arguments, err) < 0)
                return -1;
        if (daemon_argument_flag(arguments, "dump"))
                return dump(err);
        if (daemon_argument_flag(arguments, "preseed"))
                result = read_preseed(&preseed, err);
        else if (daemon_argument_flag(arguments, "auto") ||
                 daemon_argument_flag(arguments, "minimal"))
                result = build_auto(arguments, &preseed, err);
        else
                result = build_interactive(&preseed, err);
        return result < 0 ? -1 : preseed_apply(preseed, err);
}

static int init_run(const DaemonArguments *arguments) {
        _cleanup_error_ Error *err = NULL;
        if (run_init(arguments, &err) == 0)
                return 0;
        fprintf(stderr, "Error: %s\n", error_message(err));
        return 1;
}

const DaemonCommand daemon_command_init = {
        .name = "init",
        .usage = "init [--auto | --minimal | --preseed | --dump] [options]",
        .summary = "Configure the daemon",
        .text = "Configures a running daemon: a storage pool, the default profile, the network\n"
                "address. Without an option it asks. --preseed applies a YAML document, --dump\n"
                "writes the present configuration as one.",
        .options = options,
        .option_count = ARRAY_SIZE(options),
        .run = init_run,
};
