#include "schema/check.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/units.h"
#include "schema/arch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int refuse(Error **err, const char *text, const char *value) {
        return error_set(err, ERROR_INVALID, 0, "%s \"%s\"", text, value);
}

int check_bool(const ConfigKey *key, const char *value, Error **err) {
        bool ignored;
        if (!str_to_bool(value, &ignored))
                return refuse(err, "Invalid value for a boolean", value);
        return 0;
}

int check_integer(const ConfigKey *key, const char *value, Error **err) {
        int64_t number;
        if (!str_to_int64(value, &number))
                return refuse(err, "Invalid value for an integer", value);
        bool limited = key != NULL && (key->minimum != 0 || key->maximum != 0);
        if (limited && (number < key->minimum || number > key->maximum))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for an integer \"%s\". "
                                 "Must be between %lld and %lld",
                                 value, (long long) key->minimum, (long long) key->maximum);
        return 0;
}

int check_uint32(const ConfigKey *key, const char *value, Error **err) {
        uint64_t number;
        if (!str_to_uint64(value, &number))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for uint32 \"%s\": invalid syntax", value);
        if (number > UINT32_MAX)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for uint32 \"%s\": value out of range", value);
        return 0;
}

int check_priority(const ConfigKey *key, const char *value, Error **err) {
        int64_t number;
        if (!str_to_int64(value, &number))
                return refuse(err, "Invalid value for an integer", value);
        if (number < 0 || number > 10)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for a limit \"%s\". Must be between 0 and 10",
                                 value);
        return 0;
}

static bool is_allowed(const ConfigKey *key, const char *value) {
        _cleanup_strlist_ StrList allowed = {};
        if (key == NULL || key->allowed == NULL)
                return false;
        strlist_split(&allowed, key->allowed, " ", true);
        return strlist_has(&allowed, value);
}

int check_one_of(const ConfigKey *key, const char *value, Error **err) {
        if (!is_allowed(key, value))
                return error_set(err, ERROR_INVALID, 0, "Invalid value \"%s\" (not one of [%s])",
                                 value, key->allowed);
        return 0;
}

int check_list_of(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (check_one_of(key, item, err) < 0)
                        return error_prefix(err, "Item \"%s\"", item);
        }
        return 0;
}

int check_bool_or(const ConfigKey *key, const char *value, Error **err) {
        bool ignored;
        if (str_to_bool(value, &ignored) || is_allowed(key, value))
                return 0;
        return error_set(err, ERROR_INVALID, 0,
                         "Invalid value \"%s\" (not a boolean or one of [%s])", value,
                         key->allowed);
}

int check_plain_bool(const ConfigKey *key, const char *value, Error **err) {
        bool ignored;
        if (!str_to_bool(value, &ignored))
                return error_set(err, ERROR_INVALID, 0, "invalid boolean");
        return 0;
}

int check_plain_integer(const ConfigKey *key, const char *value, Error **err) {
        int64_t number;
        if (!str_to_int64(value, &number))
                return error_set(err, ERROR_INVALID, 0, "invalid integer");
        bool limited = key != NULL && (key->minimum != 0 || key->maximum != 0);
        if (limited && (number < key->minimum || number > key->maximum))
                return error_set(err, ERROR_INVALID, 0, "Value must be between %lld and %lld",
                                 (long long) key->minimum, (long long) key->maximum);
        return 0;
}

static int bad_size(const char *value, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Invalid value: %s", value);
}

int check_size(const ConfigKey *key, const char *value, Error **err) {
        int64_t bytes;
        if (units_parse_bytes(value, &bytes, NULL) < 0 || bytes < 0)
                return bad_size(value, err);
        return 0;
}

static bool is_percent(const char *value) {
        size_t digits = strspn(value, "0123456789");
        return digits > 0 && digits < 6 && str_equal(value + digits, "%");
}

int check_size_or_percent(const ConfigKey *key, const char *value, Error **err) {
        return is_percent(value) ? 0 : check_size(key, value, err);
}

int check_bool_or_size(const ConfigKey *key, const char *value, Error **err) {
        bool ignored;
        int64_t bytes;
        if (str_to_bool(value, &ignored) ||
            (units_parse_bytes(value, &bytes, NULL) == 0 && bytes >= 0))
                return 0;
        return check_bool(key, value, err);
}

int check_bit_rate(const ConfigKey *key, const char *value, Error **err) {
        int64_t bits;
        if (units_parse_bits(value, &bits, NULL) < 0 || bits < 0)
                return bad_size(value, err);
        return 0;
}

int check_disk_rate(const ConfigKey *key, const char *value, Error **err) {
        uint64_t number;
        if (!str_has_suffix(value, "iops"))
                return check_size(key, value, err);
        _cleanup_free_ char *digits = str_ndup(value, strlen(value) - strlen("iops"));
        return str_to_uint64(digits, &number) ? 0 : bad_size(value, err);
}

int check_uuid(const ConfigKey *key, const char *value, Error **err) {
        static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        bool valid = strlen(value) == strlen(form);
        for (size_t i = 0; valid && i < strlen(form); i++)
                valid = form[i] == '-' ? value[i] == '-' : isxdigit((unsigned char) value[i]) != 0;
        if (!valid)
                return error_set(err, ERROR_INVALID, 0, "Invalid UUID");
        return 0;
}

int check_absolute_path(const ConfigKey *key, const char *value, Error **err) {
        if (value[0] != '/')
                return error_set(err, ERROR_INVALID, 0, "Must be absolute file path");
        return 0;
}

/* Any program found where programs are, with its arguments. */
static bool is_program(const char *name) {
        static const char *const directories[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                  "/usr/bin", "/sbin", "/bin"};
        if (strchr(name, '/') != NULL)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                _cleanup_free_ char *path = path_join(directories[i], name);
                if (path_exists(path) && !path_is_directory(path))
                        return true;
        }
        return false;
}

int check_compression(const ConfigKey *key, const char *value, Error **err) {
        static const char *const known[] = {"none", "bzip2", "gzip", "lzma", "xz", "zstd",
                                            "squashfs"};
        _cleanup_strlist_ StrList words = {};
        strlist_split(&words, value, " \t", true);
        for (size_t i = 0; words.count > 0 && i < ARRAY_SIZE(known); i++)
                if (str_equal(words.items[0], known[i]))
                        return 0;
        if (words.count > 0 && is_program(words.items[0]))
                return 0;
        return refuse(err, "Invalid compression algorithm", value);
}

int check_architecture(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strbuf_ StrBuf names = {};
        int id = architecture_id(value);
        if (id != ARCHITECTURE_UNKNOWN && str_equal(architecture_name(id), value))
                return 0;
        for (id = 1; architecture_name(id) != NULL; id++)
                strbuf_printf(&names, "%s%s", id > 1 ? " " : "", architecture_name(id));
        return error_set(err, ERROR_INVALID, 0, "Invalid value \"%s\" (not one of [%s])", value,
                         names.data);
}

int check_architecture_or_any(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++)
                if (check_architecture(key, items.items[i], err) < 0)
                        return -1;
        return 0;
}

int check_pool_volume(const ConfigKey *key, const char *value, Error **err) {
        const char *slash = strchr(value, '/');
        if (slash == NULL || slash == value || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid syntax for volume, must be <pool>/<volume>");
        return 0;
}

int check_url(const ConfigKey *key, const char *value, Error **err) {
        const char *colon = strstr(value, "://");
        bool valid = colon != NULL && colon != value && colon[3] != '\0';
        for (const char *c = value; valid && c < colon; c++)
                valid = isalnum((unsigned char) *c) || strchr("+-.", *c) != NULL;
        for (const char *c = value; valid && *c != '\0'; c++)
                valid = (unsigned char) *c > 0x20 && *c != 0x7f;
        if (!valid)
                return refuse(err, "Not a URL", value);
        return 0;
}

int check_odd_voters(const ConfigKey *key, const char *value, Error **err) {
        int64_t number;
        if (!str_to_int64(value, &number))
                return error_set(err, ERROR_INVALID, 0, "invalid integer");
        if (number < 3 || number % 2 != 1)
                return error_set(err, ERROR_INVALID, 0,
                                 "Value must be an odd number equal to or higher than 3");
        return 0;
}

int check_json(const ConfigKey *key, const char *value, Error **err) {
        json_error_t where;
        json_t *parsed = json_loads(value, JSON_DECODE_ANY, &where);
        if (parsed == NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid JSON: %s", where.text);
        json_decref(parsed);
        return 0;
}

int check_certificate(const ConfigKey *key, const char *value, Error **err) {
        if (strstr(value, "-----BEGIN ") == NULL || strstr(value, "-----END ") == NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid certificate: not in PEM form");
        return 0;
}

int check_list_of_paths(const ConfigKey *key, const char *value, Error **err) {
        _cleanup_strlist_ StrList items = {};
        strlist_split(&items, value, ",", false);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (check_absolute_path(key, item, err) < 0)
                        return error_prefix(err, "Item \"%s\"", item);
        }
        return 0;
}

int check_zfs_block_size(const ConfigKey *key, const char *value, Error **err) {
        int64_t bytes;
        if (check_size(key, value, err) < 0)
                return -1;
        if (units_parse_bytes(value, &bytes, err) < 0)
                return -1;
        if (bytes < 512 || bytes > 16 * 1024 * 1024 || (bytes & (bytes - 1)) != 0)
                return error_set(err, ERROR_INVALID, 0,
                                 "Value should be a power of two between 512 bytes and 16MiB");
        return 0;
}
