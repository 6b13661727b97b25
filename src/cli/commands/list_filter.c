/* Which instances a list shows. A filter is a name's beginning, a regular expression on names, or
 * key=value with a shorthand, a field, or a configuration key whose parts may be cut short. */
#include "cli/commands/list.h"

#include "base/memory.h"
#include "cli/fields.h"

#include <arpa/inet.h>
#include <regex.h>
#include <string.h>

/* Anchored at both ends unless the pattern says its own; false in *ret_valid: no such pattern. */
static bool matches_pattern(const char *pattern, const char *text, bool *ret_valid) {
        bool anchored = strpbrk(pattern, "^$") != NULL;
        _cleanup_free_ char *full = anchored ? str_dup(pattern) : str_printf("^(%s)$", pattern);
        regex_t compiled;
        bool found;
        *ret_valid = regcomp(&compiled, full, REG_EXTENDED | REG_NOSUB) == 0;
        if (!*ret_valid)
                return false;
        found = regexec(&compiled, text, 0, NULL, 0) == 0;
        regfree(&compiled);
        return found;
}

static bool matches_value(const char *pattern, const char *text) {
        bool valid;
        if (matches_pattern(pattern, text, &valid))
                return true;
        return !valid && str_equal(pattern, text);
}

/* "u.x" is short for "user.x": each part may be the beginning of the key's part. */
static bool is_short_for(const char *word, const char *key) {
        _cleanup_strlist_ StrList words = {}, parts = {};
        strlist_split(&words, word, ".", false);
        strlist_split(&parts, key, ".", false);
        if (words.count != parts.count)
                return false;
        for (size_t i = 0; i < words.count; i++) {
                if (!str_has_prefix(parts.items[i], words.items[i]))
                        return false;
        }
        return true;
}

/* --- addresses --- */

static bool same_bits(const unsigned char *a, const unsigned char *b, size_t bits) {
        size_t whole = bits / 8, rest = bits % 8;
        unsigned char mask = (unsigned char) (0xff00 >> rest);
        if (memcmp(a, b, whole) != 0)
                return false;
        return rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

static bool in_network(int family, const char *wanted, const char *address) {
        const char *slash = strchr(wanted, '/');
        _cleanup_free_ char *base =
                slash != NULL ? str_ndup(wanted, (size_t) (slash - wanted)) : str_dup(wanted);
        unsigned char a[16], b[16];
        size_t size = family == AF_INET ? 32 : 128;
        int64_t bits = (int64_t) size;
        if (slash != NULL && (!str_to_int64(slash + 1, &bits) || bits < 0 || bits > (int64_t) size))
                return false;
        return inet_pton(family, base, a) == 1 && inet_pton(family, address, b) == 1 &&
               same_bits(a, b, (size_t) bits);
}

static bool has_address(const json_t *instance, int family, const char *wanted) {
        json_t *networks = field_get(field_get(instance, "state"), "network"), *network;
        const char *name, *family_name = family == AF_INET ? "inet" : "inet6";
        json_object_foreach(networks, name, network) {
                const json_t *address;
                size_t i;
                if (str_equal(name, "lo"))
                        continue;
                json_array_foreach(field_get(network, "addresses"), i, address) {
                        if (str_equal(field_text(address, "family"), family_name) &&
                            in_network(family, wanted, field_text(address, "address")))
                                return true;
                }
        }
        return false;
}

/* --- key=value --- */

static bool has_word(const char *list, const char *word) {
        _cleanup_strlist_ StrList words = {};
        strlist_split(&words, list, ",", true);
        for (size_t i = 0; i < words.count; i++) {
                if (str_equal_nocase(words.items[i], word))
                        return true;
        }
        return false;
}

/* 1 yes, 0 no, -1 the key is no shorthand. */
static int matches_shorthand(const char *key, const char *value, const json_t *instance) {
        static const char *const words[] = {"type", "status", "architecture", "location"};
        static const char *const fields[] = {"name", "project", "description"};
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                if (str_equal(key, words[i]))
                        return has_word(value, field_text(instance, key));
        }
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                if (str_equal(key, fields[i]))
                        return matches_value(value, field_text(instance, key));
        }
        if (str_equal(key, "ipv4"))
                return has_address(instance, AF_INET, value);
        if (str_equal(key, "ipv6"))
                return has_address(instance, AF_INET6, value);
        return -1;
}

static bool matches_config(const char *key, const char *value, const json_t *instance) {
        json_t *config = field_get(instance, "expanded_config"), *setting;
        const char *name;
        json_object_foreach(config, name, setting) {
                if (is_short_for(key, name) && matches_value(value, json_string_value(setting)))
                        return true;
        }
        return false;
}

static bool matches_one(const char *filter, const json_t *instance) {
        const char *equals = strchr(filter, '='), *name = field_text(instance, "name");
        _cleanup_free_ char *key = NULL;
        bool valid;
        int result;
        if (equals == NULL)
                return matches_pattern(filter, name, &valid) || str_has_prefix(name, filter);
        key = str_ndup(filter, (size_t) (equals - filter));
        result = matches_shorthand(key, equals + 1, instance);
        return result >= 0 ? result > 0 : matches_config(key, equals + 1, instance);
}

bool list_filter_matches(const StrList *filters, const json_t *instance) {
        for (size_t i = 0; i < filters->count; i++) {
                if (!matches_one(filters->items[i], instance))
                        return false;
        }
        return true;
}
