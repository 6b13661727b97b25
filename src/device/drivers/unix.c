/* unix-char and unix-block: a node of the host, or one by its numbers. */
#include "base/memory.h"
#include "device/nodes.h"

static const char *source_path(const StrMap *config) {
        const char *source = strmap_get(config, "source");
        return str_is_empty(source) ? strmap_get(config, "path") : source;
}

static const char *inner_path(const StrMap *config) {
        const char *path = strmap_get(config, "path");
        return str_is_empty(path) ? strmap_get(config, "source") : path;
}

static bool is_required(const StrMap *config) {
        return !str_is_false(strmap_get(config, "required"));
}

/* Only there somebody watches. */
static bool is_watched(const DeviceContext *context, const char *path) {
        const char *rest = str_after_prefix(path, context->monitor);
        return rest != NULL && *rest == '/';
}

static int unix_validate(const DeviceContext *context, Error **err) {
        const char *source = strmap_get(context->config, "source");
        if (!str_is_empty(source) && context->monitor != NULL && !is_watched(context, source))
                return error_set(err, ERROR_INVALID, 0,
                                 "Invalid value for device option \"source\": Path needs to be in "
                                 "%s", context->monitor);
        if (str_is_empty(source_path(context->config)))
                return error_set(err, ERROR_INVALID, 0, "Unix device entry is missing the required "
                                                        "\"source\" or \"path\" property");
        return 0;
}

/* The numbers of the configuration, when there are any. */
static int read_numbers(const DeviceContext *context, DeviceNode *node, bool *ret_given,
                        Error **err) {
        const char *major_text = strmap_get(context->config, "major");
        const char *minor_text = strmap_get(context->config, "minor");
        uint64_t major = 0, minor = 0;
        *ret_given = !str_is_empty(major_text) || !str_is_empty(minor_text);
        if (!*ret_given)
                return 0;
        if (str_is_empty(major_text) || str_is_empty(minor_text))
                return error_set(err, ERROR_INVALID, 0,
                                 "Both major and minor must be supplied for device: %s",
                                 source_path(context->config));
        if (!str_to_uint64(major_text, &major) || !str_to_uint64(minor_text, &minor))
                return error_set(err, ERROR_INVALID, 0, "Bad numbers %s:%s in device %s",
                                 major_text, minor_text, source_path(context->config));
        node->major = (uint32_t) major;
        node->minor = (uint32_t) minor;
        return 0;
}

/* It may appear later. */
static int check_watched(const DeviceContext *context, Error **err) {
        const char *source = source_path(context->config);
        if (is_required(context->config) || is_watched(context, source))
                return 0;
        return error_set(err, ERROR_INVALID, 0,
                         "Failed to add \"%s\" to watch targets: Path needs to be in %s", source,
                         context->monitor);
}

static int unix_nodes(const DeviceContext *context, DeviceNodes *ret, Error **err) {
        const StrMap *config = context->config;
        const char *type = strmap_get(config, "type");
        bool block = str_equal(type, "unix-block"), numbered;
        DeviceNode node = {.path = (char *) inner_path(config)}, given = {.block = block};
        _cleanup_error_ Error *missing = NULL;
        if (check_watched(context, err) < 0 ||
            read_numbers(context, &given, &numbered, err) < 0 ||
            device_node_owner(context, &node, err) < 0)
                return -1;
        if (device_node_stat("", source_path(config), &node, &missing) == 0) {
                if (node.block != block)
                        return error_set(err, ERROR_INVALID, 0, "Path specified is not a %s device",
                                         type);
        } else if (!error_is(missing, ERROR_NOT_FOUND)) {
                return error_move(err, &missing);
        } else if (!numbered) {
                if (!is_required(config))
                        return 0;
                return error_set(err, ERROR_INVALID, 0,
                                 "The required device path doesn't exist and the major and minor "
                                 "settings are not specified");
        }
        if (numbered) {
                node.block = given.block;
                node.major = given.major;
                node.minor = given.minor;
        }
        device_nodes_add(ret, &node);
        return 0;
}

static DeviceFollow unix_follows(const DeviceContext *context, StrList *paths) {
        if (is_required(context->config))
                return DEVICE_FOLLOWS_NOTHING;
        strlist_add(paths, source_path(context->config));
        return DEVICE_FOLLOWS_PATHS;
}

#define UNIX_METHODS                                                              \
        .prefix = "unix", .validate = unix_validate, .nodes = unix_nodes,         \
        .follows = unix_follows

const DeviceDriver device_unix_block = {.type = "unix-block", UNIX_METHODS};
const DeviceDriver device_unix_char = {.type = "unix-char", UNIX_METHODS};
