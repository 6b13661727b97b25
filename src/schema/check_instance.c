/* Checks of instance, device and project values. */
#include "schema/check.h"

#include "base/memory.h"
#include "schema/schedule.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define CPU_LIMIT 65536

static int bad_cpu_set(Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Invalid CPU limit syntax");
}

static int add_cpus(const char *item, bool seen[CPU_LIMIT], Error **err) {
        uint64_t first, last;
        const char *dash = strchr(item, '-');
        _cleanup_free_ char *start = str_ndup(item, dash != NULL ? (size_t) (dash - item)
                                                                 : strlen(item));
        if (!str_to_uint64(start, &first) || !str_to_uint64(dash != NULL ? dash + 1 : item, &last))
                return bad_cpu_set(err);
        if (first > last || last >= CPU_LIMIT)
                return bad_cpu_set(err);
        for (; first <= last; first++) {
                if (seen[first])
                        return error_set(err, ERROR_INVALID, 0,
                                         "Cannot define CPU multiple times");
                seen[first] = true;
        }
        return 0;
}

/* A number of processors, or which ones: "0-1,3". */
int check_cpu_set(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        uint64_t count;
        if (str_to_uint64(value, &count))
                return count < CPU_LIMIT ? 0 : bad_cpu_set(err);
        _cleanup_free_ bool *seen = mem_new_array(bool, CPU_LIMIT);
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++)
                if (add_cpus(items.items[i], seen, err) < 0)
                        return -1;
        return 0;
}

int check_cpu_nodes(const ConfigKey *key, const char *value, Error **err) {
        if (check_cpu_set(key, value, NULL) < 0)
                return error_set(err, ERROR_INVALID, 0, "Invalid NUMA node set \"%s\"", value);
        return 0;
}

static bool is_milliseconds(const char *text) {
        uint64_t number;
        if (!str_has_suffix(text, "ms"))
                return false;
        _cleanup_free_ char *digits = str_ndup(text, strlen(text) - 2);
        return str_to_uint64(digits, &number) && number > 0;
}

int check_cpu_allowance(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList parts = {};
        size_t length = strlen(value);
        uint64_t percent;
        if (length > 1 && value[length - 1] == '%') {
                _cleanup_free_ char *digits = str_ndup(value, length - 1);
                if (str_to_uint64(digits, &percent))
                        return 0;
        }
        strlist_split(&parts, value, "/", false);
        if (parts.count == 2 && is_milliseconds(parts.items[0]) && is_milliseconds(parts.items[1]))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid allowance: %s", value);
}

static bool is_limit(const char *text) {
        uint64_t number;
        return str_equal(text, "unlimited") || str_to_uint64(text, &number);
}

int check_rlimit(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList parts = {};
        strlist_split(&parts, value, ":", false);
        bool valid = parts.count == 1 || parts.count == 2;
        for (size_t i = 0; valid && i < parts.count; i++)
                valid = is_limit(parts.items[i]);
        if (!valid)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid kernel limit \"%s\": must be NUMBER, unlimited or "
                                 "SOFT:HARD",
                                 value);
        return 0;
}

int check_schedule(const ConfigKey *key, const char *value, Error **err) {
        return schedule_check(value, key != NULL ? key->allowed : NULL, err);
}

int check_expiry(const ConfigKey *key, const char *value, Error **err) {
        int64_t ignored;
        return expiry_parse(value, 0, &ignored, err);
}

/* FIRST or FIRST-LAST. */
static bool parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last) {
        const char *dash = strchr(text, '-');
        if (dash == NULL) {
                bool valid = str_to_uint64(text, ret_first);
                *ret_last = *ret_first;
                return valid && *ret_last <= UINT32_MAX;
        }
        _cleanup_free_ char *first = str_ndup(text, (size_t) (dash - text));
        return str_to_uint64(first, ret_first) && str_to_uint64(dash + 1, ret_last) &&
               *ret_last <= UINT32_MAX && *ret_first <= *ret_last;
}

static int check_idmap_line(const char *line, Error **err) {
        _cleanup_strlist_ StrList words = {};
        uint64_t host_first, host_last, first, last;
        strlist_split(&words, line, " \t", true);
        if (words.count == 0)
                return 0;
        if (words.count != 3)
                return error_set(err, ERROR_INVALID, 0, "Invalid ID map line \"%s\"", line);
        const char *kind = words.items[0];
        if (!str_equal(kind, "both") && !str_equal(kind, "uid") && !str_equal(kind, "gid"))
                return error_set(err, ERROR_INVALID, 0, "Invalid ID map type \"%s\"", line);
        if (!parse_range(words.items[1], &host_first, &host_last) ||
            !parse_range(words.items[2], &first, &last))
                return error_set(err, ERROR_INVALID, 0, "Invalid ID map range \"%s\"", line);
        if (host_last - host_first != last - first)
                return error_set(err, ERROR_INVALID, 0,
                                 "The ID map ranges are of different sizes \"%s\"", line);
        return 0;
}

int check_idmap(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList lines = {};
        strlist_split(&lines, value, "\n", true);
        for (size_t i = 0; i < lines.count; i++)
                if (check_idmap_line(lines.items[i], err) < 0)
                        return -1;
        return 0;
}

int check_id_ranges(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        uint64_t first, last;
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (!parse_range(item, &first, &last))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Item \"%s\": Invalid number \"%s\"", item, item);
        }
        return 0;
}

static bool is_uint32(const char *value) {
        uint64_t number;
        return str_to_uint64(value, &number) && number <= UINT32_MAX;
}

int check_unix_id(const ConfigKey *key, const char *value, Error **err) {
        if (!is_uint32(value))
                return error_set(err, ERROR_INVALID, 0, "Invalid value for a UNIX ID");
        return 0;
}

int check_unix_number(const ConfigKey *key, const char *value, Error **err) {
        if (!is_uint32(value))
                return error_set(err, ERROR_INVALID, 0, "Invalid value for a UNIX device number");
        return 0;
}

int check_file_mode(const ConfigKey *key, const char *value, Error **err) {
        size_t length = strlen(value);
        if (length < 1 || length > 6 || strspn(value, "01234567") != length)
                return error_set(err, ERROR_INVALID, 0, "Invalid value for an octal file mode");
        return 0;
}

int check_hex_id(const ConfigKey *key, const char *value, Error **err) {
        if (strlen(value) != 4 || strspn(value, "0123456789abcdef") != 4)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value, must be four lower case hex characters");
        return 0;
}

/* [0000:]00:00.0 */
int check_pci_address(const ConfigKey *key, const char *value, Error **err) {
        static const char form[] = "xxxx:xx:xx.x";
        size_t length = strlen(value);
        bool valid = length == strlen(form) || length == strlen(form) - 5;
        const char *shape = length == strlen(form) ? form : form + 5;
        for (size_t i = 0; valid && i < length; i++)
                valid = shape[i] == 'x' ? isxdigit((unsigned char) value[i]) != 0
                                        : value[i] == shape[i];
        if (!valid)
                return error_set(err, ERROR_INVALID, 0, "Invalid PCI address");
        return 0;
}

static int check_lxc_key(const char *name, const char *line, Error **err) {
        static const char *const refused[] = {"lxc.log.file", "lxc.logfile", "lxc.syslog",
                                              "lxc.log.syslog", "lxc.ephemeral"};
        const char *net = str_after_prefix(name, "lxc.net.");
        if (net == NULL)
                net = str_after_prefix(name, "lxc.network.");
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
                if (str_equal(name, refused[i]))
                        return error_set(err, ERROR_INVALID, 0, "Setting %s is not allowed", name);
        if (str_has_prefix(name, "lxc.prlimit."))
                return error_set(err, ERROR_INVALID, 0,
                                 "Process limits should be set via \"limits.kernel.[limit name]\" "
                                 "and not directly via \"lxc.prlimit.[limit name]\"");
        if (net == NULL)
                return 0;
        net += strspn(net, "0123456789.");
        if (!str_has_prefix(net, "ipv4") && !str_has_prefix(net, "ipv6"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Only interface-specific ipv4/ipv6 lxc.net. keys are allowed");
        return 0;
}

/* Lines of "key = value" and comments; the keys that the daemon itself sets are refused. */
int check_raw_lxc(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList lines = {};
        strlist_split(&lines, value, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                _cleanup_free_ char *line = str_trim(lines.items[i]);
                const char *equals = strchr(line, '=');
                if (line[0] == '#' || line[0] == '\0')
                        continue;
                if (equals == NULL)
                        return error_set(err, ERROR_INVALID, 0, "Invalid raw.lxc line: %s", line);
                _cleanup_free_ char *start = str_ndup(line, (size_t) (equals - line));
                _cleanup_free_ char *trimmed = str_trim(start);
                _cleanup_free_ char *name = str_lower(trimmed);
                if (check_lxc_key(name, line, err) < 0)
                        return -1;
        }
        return 0;
}

/* They become arguments of modprobe. */
int check_kernel_modules(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", true);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                bool valid = isalnum((unsigned char) item[0]);
                for (const char *c = item; valid && *c != '\0'; c++)
                        valid = isalnum((unsigned char) *c) || strchr("_-.", *c) != NULL;
                if (!valid)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid kernel module name \"%s\"", item);
        }
        return 0;
}

/* file system=program pairs, as in ext4=fuse2fs,ntfs=ntfs-3g. */
int check_fuse_map(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", true);
        for (size_t i = 0; i < items.count; i++) {
                const char *equals = strchr(items.items[i], '=');
                if (equals == NULL || equals == items.items[i] || equals[1] == '\0')
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid FUSE mapping \"%s\": must be "
                                         "FILESYSTEM=PROGRAM",
                                         items.items[i]);
        }
        return 0;
}

int check_file_systems(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", true);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                for (const char *c = item; *c != '\0'; c++)
                        if (!isalnum((unsigned char) *c) && strchr("_-.", *c) == NULL)
                                return error_set(err, ERROR_INVALID, 0,
                                                 "Invalid file system name \"%s\"", item);
        }
        return 0;
}

/* ADDRESS:PORTS of tcp and udp; the address may be empty, IPv6 stands in brackets. */
static int check_proxy_socket(const char *text, Error **err) {
        unsigned char binary[sizeof(struct in6_addr)];
        const char *end = strrchr(text, ':');
        if (end == NULL || (text[0] == '[' && strchr(text, ']') == NULL))
                return error_set(err, ERROR_INVALID, 0, "address %s: missing port in address",
                                 text);
        bool bracketed = text[0] == '[' && end > text && end[-1] == ']';
        _cleanup_free_ char *address =
                bracketed ? str_ndup(text + 1, (size_t) (end - text) - 2)
                          : str_ndup(text, (size_t) (end - text));
        bool valid = address[0] == '\0' || inet_pton(AF_INET6, address, binary) == 1 ||
                     (!bracketed && inet_pton(AF_INET, address, binary) == 1);
        if (!valid)
                return error_set(err, ERROR_INVALID, 0, "Not an IP address \"%s\"", address);
        return check_port_list(NULL, end + 1, err);
}

int check_proxy_address(const ConfigKey *key, const char *value, Error **err) {
        const char *colon = strchr(value, ':');
        size_t length = colon != NULL ? (size_t) (colon - value) : strlen(value);
        _cleanup_free_ char *protocol = str_ndup(value, length);
        if (str_equal(protocol, "unix")) {
                if (colon == NULL || (colon[1] != '/' && colon[1] != '@') || colon[2] == '\0')
                        return error_set(err, ERROR_INVALID, 0,
                                         "A unix address is unix:/PATH or unix:@NAME");
                return 0;
        }
        if (!str_equal(protocol, "tcp") && !str_equal(protocol, "udp"))
                return error_set(err, ERROR_INVALID, 0, "Unknown protocol type \"%s\"", protocol);
        return check_proxy_socket(colon != NULL ? colon + 1 : "", err);
}
