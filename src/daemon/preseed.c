#include "daemon/preseed.h"

#include "base/memory.h"
#include "daemon/api_call.h"
#include "json/json.h"

#include <string.h>

/* The kinds in the order in which they depend on each other. */
typedef struct PreseedKind {
        const char *key;        /* in the document */
        const char *collection; /* its URL */
        bool in_project;        /* the object may name a project */
        /* Keys of a GET answer that a preseed keeps, NULL-ended. */
        const char *const keys[6];
} PreseedKind;

static const PreseedKind kinds[] = {
        {"projects", "/1.0/projects", false, {"config", "description", "name"}},
        {"networks", "/1.0/networks", true, {"config", "description", "name", "type"}},
        {"storage_pools", "/1.0/storage-pools", false, {"config", "description", "name", "driver"}},
        {"profiles", "/1.0/profiles", true, {"config", "description", "devices", "name"}},
};

static json_t *section(json_t *preseed, const char *key, json_t *fresh) {
        json_t *found = json_object_get(preseed, key);
        if (found == NULL) {
                json_object_set_new(preseed, key, fresh);
                return fresh;
        }
        json_decref(fresh);
        return found;
}

void preseed_set_config(json_t *preseed, const char *key, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *value = str_vprintf(format, arguments);
        va_end(arguments);
        json_object_set_new(section(preseed, "config", json_object()), key, json_string(value));
}

int preseed_add_pool(json_t *preseed, const char *name, const char *driver, const StrMap *config,
                     Error **err) {
        json_t *pool = json_pack("{s:s, s:s, s:o}", "name", name, "driver", driver, "config",
                                 json_from_strmap(config));
        if (pool == NULL)
                return error_set(err, ERROR_INVALID, 0, "Pool name and driver must be UTF-8 text");
        json_array_append_new(section(preseed, "storage_pools", json_array()), pool);
        return 0;
}

int preseed_add_network(json_t *preseed, const char *name, const StrMap *config, Error **err) {
        json_t *network = json_pack("{s:s, s:s, s:o}", "name", name, "type", "bridge", "config",
                                    json_from_strmap(config));
        if (network == NULL)
                return error_set(err, ERROR_INVALID, 0, "A network's name must be UTF-8 text");
        json_array_append_new(section(preseed, "networks", json_array()), network);
        return 0;
}

void preseed_add_default_profile(json_t *preseed, const char *pool, const StrMap *nic) {
        json_t *devices = json_object();
        if (pool != NULL)
                json_object_set_new(devices, "root",
                                    json_pack("{s:s, s:s, s:s}", "type", "disk", "path", "/",
                                              "pool", pool));
        if (nic->count > 0)
                json_object_set_new(devices, "eth0", json_from_strmap(nic));
        if (json_object_size(devices) > 0)
                json_array_append_new(section(preseed, "profiles", json_array()),
                                      json_pack("{s:s, s:O}", "name", "default", "devices",
                                                devices));
        json_decref(devices);
}

/* What takes a change back: a DELETE, or a PUT of what was there. */
typedef struct PreseedUndo {
        char *url;
        json_t *before; /* NULL: nothing was there */
} PreseedUndo;

typedef struct PreseedUndoList {
        PreseedUndo *items;
        size_t count, capacity;
} PreseedUndoList;

static void undo_add(PreseedUndoList *list, const char *url, json_t *before) {
        mem_grow((void **) &list->items, &list->capacity, list->count + 1, sizeof *list->items);
        list->items[list->count++] = (PreseedUndo){str_dup(url), json_incref(before)};
}

static void undo_list_done(PreseedUndoList *list) {
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].url);
                json_decref(list->items[i].before);
        }
        free(list->items);
}

/* The newest change first; what cannot be taken back is said beside the first error. */
static void undo_all(PreseedUndoList *list, Error **err) {
        for (size_t i = list->count; i-- > 0;) {
                PreseedUndo *undo = &list->items[i];
                const char *method = undo->before != NULL ? "PUT" : "DELETE";
                if (daemon_api_send(method, undo->url, undo->before, NULL) < 0)
                        (void) error_prefix(err, "%s could not be put back", undo->url);
        }
}

static char *object_url(const PreseedKind *kind, const char *name, const char *project) {
        _cleanup_free_ char *escaped_name = name != NULL ? url_escape(name) : NULL;
        _cleanup_free_ char *escaped = project != NULL ? url_escape(project) : NULL;
        return str_printf("%s%s%s%s%s", kind->collection, name != NULL ? "/" : "",
                          name != NULL ? escaped_name : "", project != NULL ? "?project=" : "",
                          project != NULL ? escaped : "");
}

/* Lays `object` over what exists, as PATCH would, but keeping devices that are not named. */
static int update_object(const char *url, json_t *object, json_t *existing, Error **err) {
        _cleanup_json_ json_t *merged = json_object();
        static const char *const parts[] = {"config", "devices"};
        const char *description = json_string_value(json_object_get(object, "description"));
        if (description == NULL)
                description = json_string_value(json_object_get(existing, "description"));
        json_object_set_new(merged, "description", json_string(description ? description : ""));
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                json_t *part = json_deep_copy(json_object_get(existing, parts[i]));
                if (part == NULL)
                        continue;
                json_object_update(part, json_object_get(object, parts[i]));
                json_object_set_new(merged, parts[i], part);
        }
        return daemon_api_send("PUT", url, merged, err);
}

static int apply_object(const PreseedKind *kind, json_t *object, PreseedUndoList *undo,
                        Error **err) {
        const char *name = json_string_value(json_object_get(object, "name"));
        const char *project = json_string_value(json_object_get(object, "project"));
        if (name == NULL)
                return error_set(err, ERROR_INVALID, 0, "An entry of %s has no name", kind->key);
        if (!kind->in_project)
                project = NULL;
        _cleanup_free_ char *url = object_url(kind, name, project);
        _cleanup_free_ char *collection = object_url(kind, NULL, project);
        _cleanup_json_ json_t *existing = NULL, *body = json_copy(object);
        _cleanup_error_ Error *missing = NULL;
        json_object_del(body, "project");
        if (daemon_api_call("GET", url, NULL, &existing, &missing) == 0) {
                if (update_object(url, body, existing, err) < 0)
                        return error_prefix(err, "Failed to update %s \"%s\"", kind->key, name);
                undo_add(undo, url, existing);
                return 0;
        }
        if (!error_is(missing, ERROR_NOT_FOUND))
                return error_move(err, &missing);
        if (daemon_api_send("POST", collection, body, err) < 0)
                return error_prefix(err, "Failed to create %s \"%s\"", kind->key, name);
        undo_add(undo, url, NULL);
        return 0;
}

static int apply_config(json_t *config, PreseedUndoList *undo, Error **err) {
        if (json_object_size(config) == 0)
                return 0;
        _cleanup_json_ json_t *body = json_object(), *values = json_object(), *before = NULL;
        const char *key;
        json_t *value;
        /* YAML writes core.x: true without quotes; the API wants text. */
        json_object_foreach(config, key, value) {
                _cleanup_free_ char *text = json_is_string(value)
                                                    ? str_dup(json_string_value(value))
                                                    : json_dump_compact(value);
                json_object_set_new(values, key, json_string(text));
        }
        json_object_set(body, "config", values);
        if (daemon_api_call("GET", "/1.0", NULL, &before, err) < 0)
                return -1;
        if (daemon_api_send("PATCH", "/1.0", body, err) < 0)
                return error_prefix(err, "Failed to update the server configuration");
        undo_add(undo, "/1.0", before);
        return 0;
}

static int apply_objects(json_t *preseed, PreseedUndoList *undo, Error **err) {
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                size_t i;
                json_t *object;
                json_array_foreach(json_object_get(preseed, kinds[k].key), i, object)
                        if (apply_object(&kinds[k], object, undo, err) < 0)
                                return -1;
        }
        return 0;
}

int preseed_apply(json_t *preseed, Error **err) {
        _cleanup_(undo_list_done) PreseedUndoList undo = {.items = NULL};
        if (!json_is_object(preseed))
                return error_set(err, ERROR_INVALID, 0, "The preseed must be a YAML mapping");
        if (json_is_object(json_object_get(preseed, "cluster")) &&
            json_is_true(json_object_get(json_object_get(preseed, "cluster"), "enabled")))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "This daemon is not built for clusters: leave \"cluster\" out");
        if (apply_config(json_object_get(preseed, "config"), &undo, err) == 0 &&
            apply_objects(preseed, &undo, err) == 0)
                return 0;
        undo_all(&undo, err);
        return -1;
}

static int dump_kind(const PreseedKind *kind, json_t *preseed, Error **err) {
        _cleanup_free_ char *url = str_printf("%s?recursion=1", kind->collection);
        _cleanup_json_ json_t *objects = NULL;
        _cleanup_error_ Error *missing = NULL;
        if (daemon_api_call("GET", url, NULL, &objects, &missing) < 0 &&
            !error_is(missing, ERROR_NOT_FOUND))
                return error_move(err, &missing);
        json_t *list = json_array(), *object;
        size_t i;
        json_array_foreach(objects, i, object) {
                json_t *managed = json_object_get(object, "managed");
                if (managed != NULL && !json_is_true(managed))
                        continue;
                json_t *entry = json_object();
                for (size_t k = 0; k < ARRAY_SIZE(kind->keys) && kind->keys[k] != NULL; k++)
                        json_object_set(entry, kind->keys[k],
                                        json_object_get(object, kind->keys[k]));
                json_array_append_new(list, entry);
        }
        json_object_set_new(preseed, kind->key, list);
        return 0;
}

int preseed_dump(json_t **ret, Error **err) {
        _cleanup_json_ json_t *preseed = json_object(), *server = NULL;
        if (daemon_api_call("GET", "/1.0", NULL, &server, err) < 0)
                return -1;
        json_object_set(preseed, "config", json_object_get(server, "config"));
        /* LXD prints networks, pools, profiles, projects. */
        static const size_t order[] = {1, 2, 3, 0};
        for (size_t i = 0; i < ARRAY_SIZE(order); i++)
                if (dump_kind(&kinds[order[i]], preseed, err) < 0)
                        return -1;
        *ret = TAKE_PTR(preseed);
        return 0;
}
