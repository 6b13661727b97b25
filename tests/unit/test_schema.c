#include "base/memory.h"
#include "base/times.h"
#include "json/json.h"
#include "schema/arch.h"
#include "schema/check.h"
#include "schema/filter.h"
#include "schema/instance_types.h"
#include "schema/key.h"
#include "schema/names.h"
#include "schema/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What every row of every table must have. */
static void check_row(const ConfigTable *table, const ConfigKey *key) {
        static const char *const types[] = {"string", "bool", "integer", "blob"};
        bool known = (key->flags & KEY_PROPERTY) != 0;
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                known = known || str_equal(key->type, types[i]);
        if (!known || str_is_empty(key->summary) || str_is_empty(key->group))
                fail_msg("%s: %s lacks type, summary or group", table->entity, key->name);
        if (str_has_suffix(key->summary, "."))
                fail_msg("%s: the summary of %s ends with a dot", table->entity, key->name);
        if (str_equal(key->type, "bool") && key->check == NULL)
                fail_msg("%s: %s has no check", table->entity, key->name);
        /* A default must be a valid value. */
        _cleanup_error_ Error *err = NULL;
        if (key->default_value != NULL && key->check != NULL &&
            key->check(key, key->default_value, &err) < 0)
                fail_msg("%s: default of %s: %s", table->entity, key->name, error_message(err));
        if (key->check == check_one_of && str_is_empty(key->allowed))
                fail_msg("%s: %s allows nothing", table->entity, key->name);
}

static void test_every_row_is_complete(void **state) {
        const ConfigTable *table;
        size_t rows = 0;
        for (size_t i = 0; (table = config_table_at(i)) != NULL; i++) {
                ConfigCursor cursor = {};
                const ConfigKey *key;
                assert_non_null(table->unknown_text);
                assert_non_null(table->invalid_text);
                for (; (key = config_next(table, &cursor)) != NULL; rows++)
                        check_row(table, key);
        }
        assert_true(rows > 600);
}

static void test_no_key_stands_twice(void **state) {
        const ConfigTable *table;
        for (size_t i = 0; (table = config_table_at(i)) != NULL; i++) {
                ConfigCursor cursor = {};
                const ConfigKey *key;
                _cleanup_strmap_ StrMap seen = {};
                while ((key = config_next(table, &cursor)) != NULL) {
                        if ((key->flags & KEY_PROPERTY) != 0)
                                continue;
                        if (strmap_has(&seen, key->name))
                                fail_msg("%s: %s is there twice", table->title, key->name);
                        strmap_set(&seen, key->name, "");
                }
        }
}

static void test_patterns_find_their_row(void **state) {
        static const struct {
                const char *key, *row;
        } cases[] = {
                {"limits.memory", "limits.memory"},
                {"user.anything.at all", "user.*"},
                {"user.user-data", "user.user-data"},
                {"user.", NULL},
                {"user", NULL},
                {"limits.kernel.nofile", "limits.kernel.nofile"},
                {"limits.kernel.rss", "limits.kernel.*"},
                {"volatile.eth0.hwaddr", "volatile.<name>.hwaddr"},
                {"volatile.eth0.100.last_state.created", "volatile.<name>.last_state.created"},
                {"volatile.eth0.nope", NULL},
                {"volatile..hwaddr", NULL},
                {"volatile.uuid", "volatile.uuid"},
                {"image.os", "image.*"},
                {"security.secureboot", NULL},
                {"nope", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const ConfigKey *key = config_key_find(&config_container, cases[i].key);
                if (!str_equal(key != NULL ? key->name : NULL, cases[i].row))
                        fail_msg("%s found %s", cases[i].key, key != NULL ? key->name : "nothing");
        }
        const ConfigTable *bridge = config_network_table("bridge");
        assert_string_equal(config_key_find(bridge, "tunnel.t1.id")->name, "tunnel.NAME.id");
        assert_null(config_key_find(bridge, "tunnel.t1.nope"));
        assert_null(config_key_find(config_network_object_table("acl"), "ingress"));
}

static void assert_answer(const ConfigTable *table, const char *object, const char *key,
                          const char *value, const char *expected) {
        _cleanup_error_ Error *err = NULL;
        int result = config_validate_key(table, object, key, value, &err);
        if (expected == NULL && result < 0)
                fail_msg("%s=%s: %s", key, value, error_message(err));
        if (expected != NULL && !str_equal(result < 0 ? error_message(err) : "accepted", expected))
                fail_msg("%s=%s: %s", key, value, result < 0 ? error_message(err) : "accepted");
}

/* The texts were printed by LXD 5.0.2 for the same input. */
static void test_instance_values(void **state) {
        static const struct {
                const char *key, *value, *error;
        } cases[] = {
                {"nope", "1", "Unknown configuration key: nope"},
                {"limits.memory", "xx", "Invalid value: xx"},
                {"limits.memory", "10%", NULL},
                {"limits.memory", "1GiB", NULL},
                {"limits.memory", "-5", "Invalid value: -5"},
                {"limits.memory", "", NULL},
                {"limits.cpu", "abc", "Invalid CPU limit syntax"},
                {"limits.cpu", "0-", "Invalid CPU limit syntax"},
                {"limits.cpu", "0,0", "Cannot define CPU multiple times"},
                {"limits.cpu", "0-1,3", NULL},
                {"limits.cpu", "4", NULL},
                {"limits.cpu.allowance", "50", "Invalid allowance: 50"},
                {"limits.cpu.allowance", "25ms", "Invalid allowance: 25ms"},
                {"limits.cpu.allowance", "25ms/100ms", NULL},
                {"limits.cpu.allowance", "50%", NULL},
                {"limits.cpu.priority", "11",
                 "Invalid value for a limit \"11\". Must be between 0 and 10"},
                {"limits.cpu.priority", "x", "Invalid value for an integer \"x\""},
                {"limits.memory.enforce", "x", "Invalid value \"x\" (not one of [soft hard])"},
                {"limits.kernel.nofile", "1000:2000", NULL},
                {"limits.kernel.nofile", "unlimited", NULL},
                {"limits.kernel.nofile", "1:2:3",
                 "Invalid kernel limit \"1:2:3\": must be NUMBER, unlimited or SOFT:HARD"},
                {"boot.autostart", "maybe", "Invalid value for a boolean \"maybe\""},
                {"boot.stop.priority", "1.5", "Invalid value for an integer \"1.5\""},
                {"snapshots.expiry", "5x", "Invalid expiry expression"},
                {"snapshots.expiry", "1d 2d", "Invalid expiry expression"},
                {"snapshots.expiry", "1M 2H 3d 4w 5m 6y", NULL},
                {"snapshots.schedule", "@foo",
                 "Schedule must be of the form: <minute> <hour> <day-of-month> <month> "
                 "<day-of-week>"},
                {"snapshots.schedule", "@daily, @startup", NULL},
                {"snapshots.schedule", "*/5 0-6,12 * jan-mar mon", NULL},
                {"volatile.uuid", "x", "Invalid UUID"},
                {"cluster.evacuate", "foo",
                 "Invalid value \"foo\" (not one of [auto migrate live-migrate stop])"},
                {"raw.lxc", "foo", "Invalid raw.lxc line: foo"},
                {"raw.lxc", "lxc.ephemeral=1", "Setting lxc.ephemeral is not allowed"},
                {"raw.lxc", "lxc.net.0.type = none",
                 "Only interface-specific ipv4/ipv6 lxc.net. keys are allowed"},
                {"raw.lxc", "# a\nlxc.cap.drop = sys_admin", NULL},
                {"raw.idmap", "foo", "Invalid ID map line \"foo\""},
                {"raw.idmap", "foo 1 2", "Invalid ID map type \"foo 1 2\""},
                {"raw.idmap", "both 1-5 1-2",
                 "The ID map ranges are of different sizes \"both 1-5 1-2\""},
                {"raw.idmap", "both 1000 1000\nuid 50-60 500-510", NULL},
                {"linux.kernel_modules", "x;y", "Invalid kernel module name \"x;y\""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_answer(&config_container, NULL, cases[i].key, cases[i].value,
                              cases[i].error);
        assert_answer(&config_profile, NULL, "volatile.uuid", "x",
                      "Volatile keys can only be set on instances");
        assert_answer(&config_profile, NULL, "security.secureboot", "true", NULL);
}

static void test_other_values(void **state) {
        assert_answer(&config_server, NULL, "nope", "1", "cannot set 'nope' to '1': unknown key");
        assert_answer(&config_server, NULL, "core.trust_ca_certificates", "x",
                      "cannot set 'core.trust_ca_certificates' to 'x': invalid boolean");
        assert_answer(&config_server, NULL, "core.https_address", "[::]:8443", NULL);
        assert_answer(&config_server, NULL, "core.https_address", "xx:yy:zz",
                      "cannot set 'core.https_address' to 'xx:yy:zz': "
                      "Couldn't resolve \"xx:yy:zz\"");
        assert_answer(&config_project, NULL, "nope", "1",
                      "Invalid project configuration key \"nope\"");
        assert_answer(&config_project, NULL, "features.images", "x",
                      "Invalid project configuration key \"features.images\" value: "
                      "Invalid value for a boolean \"x\"");
        const ConfigTable *pool = config_pool_table("dir"), *volume = config_volume_table("dir");
        assert_answer(pool, "p", "size", "1", "Invalid option \"size\"");
        assert_answer(pool, "p", "volume.size", "xx",
                      "Invalid value for option \"volume.size\": Invalid value: xx");
        assert_answer(pool, "p", "volume.nope", "1", "Invalid option \"volume.nope\"");
        assert_answer(volume, "default_v1", "size", "xx",
                      "Invalid value for volume \"default_v1\" option \"size\": "
                      "Invalid value: xx");
        assert_answer(volume, "default_v1", "block.filesystem", "ext4",
                      "Invalid option for volume \"default_v1\" option \"block.filesystem\"");
        assert_answer(config_volume_table("lvm"), "v", "block.filesystem", "ext4", NULL);
        assert_null(config_pool_table("nope"));
}

static void test_network_values(void **state) {
        static const struct {
                const char *key, *value, *reason;
        } cases[] = {
                {"ipv4.address", "10.1.2.3", "invalid CIDR address: 10.1.2.3"},
                {"ipv4.address", "auto", NULL},
                {"ipv4.address", "10.1.2.3/24", NULL},
                {"ipv6.address", "10.0.0.1/24", "Not an IPv6 address \"10.0.0.1/24\""},
                {"bridge.mtu", "x", "Invalid MTU \"x\""},
                {"bridge.mtu", "10", "Out of MTU range (1280-16384) \"10\""},
                {"bridge.hwaddr", "x",
                 "Invalid MAC address, must be 6 bytes of hex separated by colons"},
                {"ipv4.dhcp.ranges", "x",
                 "Item \"x\": IP range must contain start and end IP addresses"},
                {"ipv4.dhcp.ranges", "10.0.0.2-10.0.0.9,10.0.0.20-10.0.0.30", NULL},
                {"ipv4.routes", "10.1.2.3/24",
                 "Item \"10.1.2.3/24\": Not an IPv4 network address \"10.1.2.3/24\""},
                {"ipv6.routes", "fd00::/64, fd01::/48", NULL},
                {"tunnel.t1.port", "99999", "Invalid port number: 99999"},
                {"tunnel.t1.ttl", "300",
                 "Invalid value for an integer \"300\". Must be between 0 and 255"},
                {"bgp.peers.x.asn", "0",
                 "Value isn't within valid range. Must be between 1 and 4294967294"},
                {"bridge.external_interfaces", "a b",
                 "Invalid interface name \"a b\": Network interface contains invalid characters"},
                {"dns.mode", "x", "Invalid value \"x\" (not one of [dynamic managed none])"},
        };
        const ConfigTable *bridge = config_network_table("bridge");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *expected =
                        cases[i].reason == NULL
                                ? NULL
                                : str_printf("Invalid value for network \"br0\" option \"%s\": %s",
                                             cases[i].key, cases[i].reason);
                assert_answer(bridge, "br0", cases[i].key, cases[i].value, expected);
        }
        assert_answer(bridge, "br0", "nope", "1",
                      "Invalid option for network \"br0\" option \"nope\"");
}

/* "type=nic nictype=p2p" as a device. */
static void assert_device(const char *text, const char *expected) {
        _cleanup_strmap_ StrMap device = {};
        _cleanup_strlist_ StrList words = {};
        _cleanup_error_ Error *err = NULL;
        strlist_split(&words, text, " ", true);
        for (size_t i = 0; i < words.count; i++) {
                char *equals = strchr(words.items[i], '=');
                _cleanup_free_ char *key = str_ndup(words.items[i],
                                                    (size_t) (equals - words.items[i]));
                strmap_set(&device, key, equals + 1);
        }
        int result = config_validate_device(&device, NULL, &err);
        if (!str_equal(result < 0 ? error_message(err) : NULL, expected))
                fail_msg("%s: %s", text, result < 0 ? error_message(err) : "accepted");
}

static void test_devices(void **state) {
        assert_device("type=nope", "Unsupported device type");
        assert_device("type=nic nictype=x", "Unsupported device type");
        assert_device("type=none", NULL);
        assert_device("type=none x=y", "Invalid device option \"x\"");
        assert_device("type=nic nictype=bridged",
                      "Invalid value for device option \"parent\": Required value");
        assert_device("type=nic nictype=bridged network=br0", NULL);
        assert_device("type=nic nictype=bridged parent=br0 user.x=y name=eth0", NULL);
        assert_device("type=nic nictype=bridged parent=br0 vlan=5000",
                      "Invalid value for device option \"vlan\": "
                      "Out of VLAN ID range (0-4094) \"5000\"");
        assert_device("type=nic nictype=p2p hwaddr=x",
                      "Invalid value for device option \"hwaddr\": "
                      "Invalid MAC address, must be 6 bytes of hex separated by colons");
        assert_device("type=disk path=/x source=/y readonly=x",
                      "Invalid value for device option \"readonly\": "
                      "Invalid value for a boolean \"x\"");
        assert_device("type=disk path=/ pool=default size=10GiB", NULL);
        assert_device("type=unix-char path=/dev/x mode=9999",
                      "Invalid value for device option \"mode\": "
                      "Invalid value for an octal file mode");
        assert_device("type=usb vendorid=x",
                      "Invalid value for device option \"vendorid\": "
                      "Invalid value, must be four lower case hex characters");
        assert_device("type=gpu pci=x", "Invalid value for device option \"pci\": "
                                        "Invalid PCI address");
        assert_device("type=proxy listen=x connect=tcp:127.0.0.1:80",
                      "Invalid value for device option \"listen\": Unknown protocol type \"x\"");
        assert_device("type=proxy listen=tcp:[::1]:80-90,99 connect=unix:@x", NULL);
        assert_device("type=proxy listen=tcp:127.0.0.1 connect=unix:/x",
                      "Invalid value for device option \"listen\": "
                      "address 127.0.0.1: missing port in address");
}

static void test_defaults(void **state) {
        _cleanup_strmap_ StrMap config = {};
        strmap_set(&config, "boot.autostart.delay", "7");
        assert_int_equal(config_integer(&config_instance, &config, "boot.autostart.delay", 0), 7);
        assert_int_equal(
                config_integer(&config_instance, &config, "boot.host_shutdown_timeout", 0), 30);
        assert_true(config_bool(&config_instance, &config, "security.devlxd"));
        assert_false(config_bool(&config_instance, &config, "security.nesting"));
        assert_null(config_value(&config_instance, &config, "limits.memory"));
        assert_true(config_key_is_live(&config_instance, "limits.memory"));
        assert_false(config_key_is_live(&config_instance, "security.privileged"));
}

typedef int (*NameCheck)(const char *name, Error **err);

static void assert_name(NameCheck check, const char *name, const char *expected) {
        _cleanup_error_ Error *err = NULL;
        int result = check(name, &err);
        if (!str_equal(result < 0 ? error_message(err) : NULL, expected))
                fail_msg("%s: %s", name, result < 0 ? error_message(err) : "accepted");
}

static void test_names(void **state) {
        char long_name[65];
        memset(long_name, 'a', 64);
        long_name[64] = '\0';
        assert_name(name_check_instance, "c1", NULL);
        assert_name(name_check_instance, long_name + 1, NULL);
        assert_name(name_check_instance, long_name,
                    "Invalid instance name: Name must be 1-63 characters long");
        assert_name(name_check_instance, "1abc",
                    "Invalid instance name: Name must not start with a number");
        assert_name(name_check_instance, "abc-",
                    "Invalid instance name: Name must not end with \"-\" character");
        assert_name(name_check_instance, "a/b", "The character \"/\" is reserved for snapshots");
        assert_name(name_check_instance, "a b", "Invalid instance name: Name can only contain "
                                                "alphanumeric and hyphen characters");
        assert_name(name_check_snapshot, "a b", "Invalid instance snapshot name: "
                                                "Cannot contain space or / characters");
        assert_name(name_check_snapshot, "snap0", NULL);
        assert_name(name_check_instance_path, "c1/snap0", NULL);
        assert_name(name_check_profile, "", "No name provided");
        assert_name(name_check_profile, "a/b", "Profile names may not contain slashes");
        assert_name(name_check_profile, "..", "Invalid profile name \"..\"");
        assert_name(name_check_profile, "a b", NULL);
        assert_name(name_check_project, "a b", "Project names may not contain spaces");
        assert_name(name_check_project, "*", "Reserved project name");
        assert_name(name_check_pool, "a b", "Storage name cannot contain white space");
        assert_name(name_check_volume, "..", "Invalid storage volume name \"..\"");
        assert_name(name_check_device, "a/b:c", NULL);
        assert_name(name_check_device, "..", "Name must not start with \".\" character");
        assert_name(name_check_network, "a",
                    "Network interface is too short (minimum 2 characters)");
        assert_name(name_check_network, "lxdbr0", NULL);
}

static void test_architectures(void **state) {
        int ids[4];
        assert_int_equal(architecture_id("x86_64"), 2);
        assert_int_equal(architecture_id("amd64"), 2);
        assert_int_equal(architecture_id("armhf"), 3);
        assert_int_equal(architecture_id("nope"), ARCHITECTURE_UNKNOWN);
        assert_int_equal(architecture_id(""), ARCHITECTURE_UNKNOWN);
        assert_string_equal(architecture_name(4), "aarch64");
        assert_null(architecture_name(99));
        assert_int_equal(architecture_personalities(2, ids, ARRAY_SIZE(ids)), 1);
        assert_int_equal(ids[0], 1);
        assert_int_not_equal(architecture_host(), ARCHITECTURE_UNKNOWN);
}

static bool matches(const char *text) {
        static const char object[] =
                "{\"name\":\"c1\",\"status\":\"Running\",\"ephemeral\":true,"
                "\"config\":{\"image.os\":\"debian\",\"user.a\":\"b c\"},"
                "\"expanded_devices\":{\"eth0\":{\"type\":\"nic\"}}}";
        _cleanup_json_ json_t *value = NULL;
        _cleanup_(filter_cleanup) Filter *filter = NULL;
        assert_int_equal(json_parse(object, strlen(object), &value, NULL), 0);
        assert_int_equal(filter_parse(text, &filter, NULL), 0);
        return filter_match(filter, value);
}

static void test_filters(void **state) {
        assert_true(matches(""));
        assert_true(matches("status eq running"));
        assert_true(matches("status eq run.*"));
        assert_false(matches("status eq run"));
        assert_true(matches("status eq ^run"));
        assert_false(matches("status ne running"));
        assert_true(matches("not status eq stopped"));
        assert_true(matches("config.image.os eq debian and expanded_devices.eth0.type eq nic"));
        assert_true(matches("name eq x or status eq running"));
        assert_false(matches("name eq c1 or status eq x and name eq y"));
        assert_true(matches("config.user.a eq \"b c\""));
        assert_true(matches("ephemeral eq true"));
        assert_false(matches("nope eq x"));
        assert_true(matches("nope ne x"));
        assert_false(matches("name eq a{1,9}"));
        Filter *filter = NULL;
        assert_int_equal(filter_parse("name", &filter, NULL), -1);
        assert_int_equal(filter_parse("name eq \"a b", &filter, NULL), -1);
        assert_int_equal(filter_parse("name eq a xor name eq b", &filter, NULL), -1);
        assert_int_equal(filter_parse("name eq a and", &filter, NULL), -1);
}

static void test_schedules(void **state) {
        struct tm monday = {.tm_min = 30, .tm_hour = 6, .tm_mday = 13, .tm_mon = 5, .tm_wday = 1,
                            .tm_year = 122};
        struct tm midnight = {.tm_mday = 1, .tm_wday = 0};
        assert_true(schedule_is_due("30 6 * * 1-5", 0, &monday));
        assert_true(schedule_is_due("*/15 * * jun mon", 0, &monday));
        assert_false(schedule_is_due("31 6 * * *", 0, &monday));
        /* Either of two given days. */
        assert_true(schedule_is_due("30 6 1 * 1", 0, &monday));
        assert_true(schedule_is_due("@hourly", 0, &midnight));
        assert_true(schedule_is_due("@never, @weekly", 0, &midnight));
        assert_true(schedule_is_due("0 0 * * 7", 0, &midnight));
        assert_false(schedule_is_due("@daily", 0, &monday));
        assert_false(schedule_is_due("@startup", 0, &midnight));
        assert_true(schedule_has_alias("@daily, @startup", "@startup"));
        assert_true(schedule_is_due("0 1 * * *, 30 5,6 * * *", 0, &monday));
        assert_int_equal(schedule_check("@daily, 0 1,2 * * *", "@daily", NULL), 0);
        assert_int_equal(schedule_check("@daily,@daily", "@daily", NULL), -1);
}

/* Aliases leave the minute open: each subject has its own, once an hour. */
static void test_schedules_are_spread(void **state) {
        bool taken[60] = {false};
        int different = 0;
        for (int64_t subject = 1; subject <= 20; subject++) {
                int times = 0;
                for (int minute = 0; minute < 60; minute++) {
                        struct tm time = {.tm_min = minute, .tm_mday = 1};
                        if (schedule_is_due("@hourly", subject, &time)) {
                                times++;
                                different += !taken[minute];
                                taken[minute] = true;
                        }
                }
                assert_int_equal(times, 1);
        }
        assert_true(different > 10);
}

/* What was missed counts once, an hour back at most; a clock that went back repeats nothing. */
static void test_missed_schedules(void **state) {
        const int64_t minute = 28000020; /* full hour */
        assert_true(schedule_was_due("0 * * * *", 0, minute - 1, minute));
        assert_false(schedule_was_due("0 * * * *", 0, minute, minute));
        assert_true(schedule_was_due("0 * * * *", 0, minute - 5, minute + 5));
        assert_false(schedule_was_due("0 * * * *", 0, minute, minute + 5));
        assert_false(schedule_was_due("0 * * * *", 0, minute + 90, minute));
        assert_false(schedule_was_due("0 0 1 1 *", 0, 0, minute));
}

static void test_expiry(void **state) {
        int64_t from = INT64_C(1600000000) * NS_PER_SECOND, expires;
        assert_int_equal(expiry_parse("1H 30M 5S", from, &expires, NULL), 0);
        assert_int_equal((expires - from) / NS_PER_SECOND, 5405);
        assert_int_equal(expiry_parse("", from, &expires, NULL), 0);
        assert_true(expires == TIME_ZERO);
        assert_int_equal(expiry_parse("1000000y", from, &expires, NULL), -1);
        assert_int_equal(expiry_parse("-1d", from, &expires, NULL), -1);
}

static void test_metadata(void **state) {
        _cleanup_json_ json_t *metadata = schema_metadata_json();
        json_t *configs = json_object_get(metadata, "configs");
        json_t *boot = json_object_get(json_object_get(configs, "instance"), "boot");
        json_t *first = json_array_get(json_object_get(boot, "keys"), 0);
        json_t *key = json_object_get(first, "boot.autostart");
        assert_string_equal(json_string_value(json_object_get(key, "type")), "bool");
        assert_non_null(json_object_get(key, "shortdesc"));
        json_t *dir = json_object_get(configs, "storage-dir");
        assert_non_null(json_object_get(dir, "pool-conf"));
        assert_non_null(json_object_get(dir, "volume-conf"));
        _cleanup_strbuf_ StrBuf text = {};
        schema_write_markdown(&text);
        assert_non_null(strstr(text.data, "### `limits.memory`"));
}

static void test_instance_types(_unused_ void **state) {
        static const struct {
                const char *type, *cpu, *allowance, *memory; /* cpu NULL and memory NULL: refused */
        } types[] = {
                {"t2.micro", "1", NULL, "1024MB"},     {"aws:t2.medium", "2", NULL, "4096MB"},
                {"c2-m4", "2", NULL, "4096MB"},        {"m0.5", NULL, NULL, "512MB"},
                {"c1.5", "2", "75%", NULL},            {"gce:f1-micro", "1", "20%", "614MB"},
                {"nonsense", NULL, NULL, NULL},        {"gce:t2.micro", NULL, NULL, NULL},
                {"c2-x4", NULL, NULL, NULL},           {"c1e9", NULL, NULL, NULL},
                {"c-1", NULL, NULL, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                _cleanup_strmap_ StrMap config = {.items = NULL};
                bool good = types[i].cpu != NULL || types[i].memory != NULL;
                assert_int_equal(instance_type_apply(types[i].type, &config, NULL), good ? 0 : -1);
                if (!good)
                        continue;
                assert_true(str_equal(strmap_get(&config, "limits.cpu"), types[i].cpu));
                assert_true(str_equal(strmap_get(&config, "limits.cpu.allowance"),
                                      types[i].allowance));
                assert_true(str_equal(strmap_get(&config, "limits.memory"), types[i].memory));
        }
        _cleanup_strmap_ StrMap own = {.items = NULL};
        strmap_set(&own, "limits.memory", "1GiB");
        assert_int_equal(instance_type_apply("c1-m9", &own, NULL), 0);
        assert_string_equal(strmap_get(&own, "limits.memory"), "1GiB");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_instance_types),
                cmocka_unit_test(test_every_row_is_complete),
                cmocka_unit_test(test_no_key_stands_twice),
                cmocka_unit_test(test_patterns_find_their_row),
                cmocka_unit_test(test_instance_values),
                cmocka_unit_test(test_other_values),
                cmocka_unit_test(test_network_values),
                cmocka_unit_test(test_devices),
                cmocka_unit_test(test_defaults),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_architectures),
                cmocka_unit_test(test_filters),
                cmocka_unit_test(test_schedules),
                cmocka_unit_test(test_schedules_are_spread),
                cmocka_unit_test(test_missed_schedules),
                cmocka_unit_test(test_expiry),
                cmocka_unit_test(test_metadata),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
