/* The tables as JSON (/1.0/metadata/configuration) and as the reference manual. */
#include "schema/key.h"

#include "base/memory.h"
#include "json/json.h"

static const char *live_text(const ConfigKey *key) {
        if (key->live_text != NULL)
                return key->live_text;
        return (key->flags & KEY_LIVE) != 0 ? "yes" : "no";
}

static const char *required_text(const ConfigKey *key) {
        if (key->required != NULL)
                return key->required;
        return (key->flags & KEY_REQUIRED) != 0 ? "yes" : NULL;
}

static const char *default_text(const ConfigKey *key) {
        return key->default_text != NULL ? key->default_text : key->default_value;
}

static bool has_scope(const ConfigTable *table) {
        return str_equal(table->entity, "server") || str_has_prefix(table->entity, "network-") ||
               str_has_prefix(table->entity, "storage-");
}

static void set_text(json_t *object, const char *name, const char *text) {
        if (text != NULL)
                json_object_set_new(object, name, json_string(text));
}

static json_t *key_json(const ConfigTable *table, const ConfigKey *key) {
        json_t *value = json_object();
        set_text(value, "condition", key->condition);
        set_text(value, "defaultdesc", default_text(key));
        if (str_equal(table->entity, "instance"))
                set_text(value, "liveupdate", live_text(key));
        set_text(value, "longdesc", key->text != NULL ? key->text : "");
        if ((key->flags & KEY_MANAGED) != 0)
                set_text(value, "managed", "yes");
        set_text(value, "required", required_text(key));
        if (has_scope(table) && (key->flags & KEY_PROPERTY) == 0)
                set_text(value, "scope", (key->flags & KEY_LOCAL) != 0 ? "local" : "global");
        set_text(value, "shortdesc", key->summary);
        set_text(value, "type", key->type);
        json_t *named = json_object();
        json_object_set_new(named, key->name, value);
        return named;
}

/* The member `name` of an object, made when it is not there yet. */
static json_t *member(json_t *object, const char *name, json_t *fresh) {
        json_t *found = json_object_get(object, name);
        if (found == NULL) {
                json_object_set_new(object, name, fresh);
                return fresh;
        }
        json_decref(fresh);
        return found;
}

static void add_table(json_t *configs, const ConfigTable *table) {
        ConfigCursor cursor = {};
        const ConfigKey *key;
        json_t *entity = member(configs, table->entity, json_object());
        while ((key = config_next(table, &cursor)) != NULL) {
                json_t *group = member(entity, key->group, json_object());
                json_t *keys = member(group, "keys", json_array());
                json_array_append_new(keys, key_json(table, key));
        }
}

json_t *schema_metadata_json(void) {
        json_t *root = json_object(), *configs = json_object();
        const ConfigTable *table;
        for (size_t i = 0; (table = config_table_at(i)) != NULL; i++)
                add_table(configs, table);
        json_object_set_new(root, "configs", configs);
        json_object_set_new(root, "entities", json_object());
        return root;
}

static void write_line(StrBuf *out, const char *label, const char *text) {
        if (text != NULL)
                strbuf_printf(out, "- %s: %s\n", label, text);
}

static void write_key(StrBuf *out, const ConfigTable *table, const ConfigKey *key) {
        const char *value = default_text(key);
        strbuf_printf(out, "\n### `%s`\n\n%s.\n", key->name, key->summary);
        if (key->text != NULL)
                strbuf_printf(out, "%s\n", key->text);
        strbuf_printf(out, "\n- Type: %s\n", key->type);
        if (value != NULL && key->default_text == NULL)
                strbuf_printf(out, "- Default: `%s`\n", value);
        else
                write_line(out, "Default", value);
        if (key->allowed != NULL)
                strbuf_printf(out, "- Allowed: `%s`\n", key->allowed);
        write_line(out, "Required", required_text(key));
        write_line(out, "Condition", key->condition);
        if (str_equal(table->entity, "instance"))
                write_line(out, "Live update", live_text(key));
        if ((key->flags & KEY_LOCAL) != 0)
                write_line(out, "Scope", "local to a cluster member");
        if ((key->flags & KEY_READ_ONLY) != 0)
                write_line(out, "Kept by", "the daemon");
}

static void write_table(StrBuf *out, const ConfigTable *table) {
        ConfigCursor cursor = {};
        const ConfigKey *key;
        strbuf_printf(out, "\n## %s\n", table->title);
        while ((key = config_next(table, &cursor)) != NULL)
                write_key(out, table, key);
}

void schema_write_markdown(StrBuf *out) {
        const ConfigTable *table;
        strbuf_add(out, "# Configuration keys\n\nWritten from the tables in src/schema; "
                        "change them there.\n");
        for (size_t i = 0; (table = config_table_at(i)) != NULL; i++)
                write_table(out, table);
}
