#include "cli/object.h"

#include "base/memory.h"
#include "cli/editor.h"
#include "cli/fields.h"
#include "cli/document.h"

#include <stdio.h>
#include <string.h>

const Option object_list_options[] = {OPTION_FORMAT, {}};
const Option object_target_options[] = {OPTION_TARGET, {}};

static const ObjectKind *kind_of(const Cli *cli) {
        return cli->path.levels[cli->path.depth - 1]->kind;
}

static const char *name_key(const ObjectKind *kind) {
        return kind->name_key != NULL ? kind->name_key : "name";
}

static int need_extension(const ObjectKind *kind, Client *client, Error **err) {
        return kind->extension == NULL ? 0 : client_need_extension(client, kind->extension, err);
}

static char *object_path(const Cli *cli, const ObjectKind *kind, const char *parent,
                         const char *name) {
        _cleanup_free_ char *pattern = str_printf("%s/{}", kind->collection);
        if (kind->path != NULL)
                return kind->path(cli, parent, name);
        return kind->child ? client_url(pattern, parent, name, NULL)
                           : client_url(pattern, name, NULL);
}

int object_target(Cli *cli, ObjectTarget *ret, Error **err) {
        _cleanup_target_ ObjectTarget target = {.kind = kind_of(cli)};
        char *first;
        if (cli_resolve(cli, cli_argument(cli, 0), &target.client, &first, err) < 0)
                return -1;
        target.name = first;
        if (target.kind->child) {
                target.parent = first;
                target.name = str_dup(cli_argument(cli, 1));
        }
        if (str_is_empty(target.name) || (target.kind->child && str_is_empty(target.parent)))
                return error_set(err, ERROR_INVALID, 0, "Missing %s name", target.kind->noun);
        if (need_extension(target.kind, target.client, err) < 0)
                return -1;
        target.path = object_path(cli, target.kind, target.parent, target.name);
        target.next = target.kind->child ? 2 : 1;
        *ret = target;
        target = (ObjectTarget){};
        return 0;
}

void object_target_done(ObjectTarget *target) {
        free(target->parent);
        free(target->name);
        free(target->path);
}

/* --- list --- */

int object_collection(Client *client, const char *path, json_t **ret, Error **err) {
        _cleanup_free_ char *url = client_url_query(str_dup(path), "recursion", "1");
        return client_get(client, url, ret, NULL, err);
}

static int print_items(const Cli *cli, const Column *columns, const json_t *items, bool sorted,
                       Error **err) {
        _cleanup_output_ Output output = {};
        const json_t *item;
        size_t i;
        for (const Column *column = columns; column->header != NULL; column++)
                output_header(&output, column->header);
        json_array_foreach(items, i, item) {
                for (const Column *column = columns; column->header != NULL; column++)
                        output_take(&output, column->text(item));
        }
        if (sorted)
                output_sort(&output);
        return output_print(&output, cli_text(cli, "format"), items, err);
}

int object_print(const Cli *cli, const Column *columns, const json_t *items, Error **err) {
        return print_items(cli, columns, items, true, err);
}

int object_print_in_order(const Cli *cli, const Column *columns, const json_t *items,
                          Error **err) {
        return print_items(cli, columns, items, false, err);
}

int object_list(Cli *cli, Error **err) {
        const ObjectKind *kind = kind_of(cli);
        _cleanup_free_ char *name = NULL, *path = NULL;
        Client *client;
        json_t *items, *shown = json_array();
        const json_t *item;
        size_t i;
        int result;
        if (cli_resolve_optional(cli, cli_argument(cli, 0), &client, &name, err) < 0 ||
            need_extension(kind, client, err) < 0) {
                json_decref(shown);
                return -1;
        }
        path = client_url(kind->collection, name, NULL);
        result = object_collection(client, path, &items, err);
        if (result == 0) {
                json_array_foreach(items, i, item)
                        json_array_append_new(shown, field_pick(item, kind->shown));
                result = object_print(cli, kind->columns, shown, err);
                json_decref(items);
        }
        json_decref(shown);
        return result;
}

/* --- read --- */

int object_load(const ObjectTarget *target, json_t **ret, char **ret_etag, Error **err) {
        return client_get(target->client, target->path, ret, ret_etag, err);
}

int object_show(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *object, *shown;
        if (object_target(cli, &target, err) < 0 || object_load(&target, &object, NULL, err) < 0)
                return -1;
        shown = field_pick(object, target.kind->shown);
        document_print(shown);
        json_decref(shown);
        json_decref(object);
        return 0;
}

int object_get(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        json_t *object;
        if (object_target(cli, &target, err) < 0 || object_load(&target, &object, NULL, err) < 0)
                return -1;
        puts(field_text(field_get(object, "config"), cli_argument(cli, target.next)));
        json_decref(object);
        return 0;
}

/* --- change --- */

static int send_change(Cli *cli, const ObjectTarget *target, const ClientRequest *request,
                       Error **err) {
        if (target->kind->asynchronous)
                return cli_operate(cli, target->client, request, NULL, err);
        return client_change(target->client, request->method, request->path, request->body,
                             request->etag, err);
}

int object_update(Cli *cli, const ObjectTarget *target, const json_t *object, const char *etag,
                  Error **err) {
        json_t *body = field_pick(object, target->kind->writable);
        const ClientRequest request = {
                .method = "PUT", .path = target->path, .body = body, .etag = etag};
        int result = send_change(cli, target, &request, err);
        json_decref(body);
        return result;
}

void object_merge(json_t *object, const char *member, const StrMap *changes, bool drop) {
        json_t *map = json_object_get(object, member);
        if (!json_is_object(map)) {
                map = json_object();
                json_object_set_new(object, member, map);
        }
        for (size_t i = 0; i < changes->count; i++) {
                if (drop && str_is_empty(changes->items[i].value))
                        json_object_del(map, changes->items[i].key);
                else
                        field_set_text(map, changes->items[i].key, changes->items[i].value);
        }
}

static int set_keys(Cli *cli, const ObjectTarget *target, const StrMap *changes, Error **err) {
        _cleanup_free_ char *etag = NULL;
        json_t *object;
        int result;
        if (object_load(target, &object, &etag, err) < 0)
                return -1;
        object_merge(object, "config", changes, target->kind->drop_empty);
        result = object_update(cli, target, object, etag, err);
        json_decref(object);
        return result;
}

int object_set(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap changes = {};
        if (object_target(cli, &target, err) < 0 ||
            cli_pairs(cli, target.next, true, &changes, err) < 0)
                return -1;
        return set_keys(cli, &target, &changes, err);
}

int object_unset(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap changes = {};
        if (object_target(cli, &target, err) < 0)
                return -1;
        strmap_set(&changes, cli_argument(cli, target.next), "");
        return set_keys(cli, &target, &changes, err);
}

int object_create(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_strmap_ StrMap config = {};
        _cleanup_free_ char *text = NULL, *path = NULL;
        json_t *body;
        ClientRequest request;
        int result;
        if (object_target(cli, &target, err) < 0 ||
            cli_pairs(cli, target.next, false, &config, err) < 0)
                return -1;
        if ((target.kind->takes_input ? cli_input_is_data() : cli_input_is_file()) &&
            cli_input_read(&text, err) < 0)
                return -1;
        if (document_parse(text != NULL ? text : "", &body, err) < 0)
                return -1;
        field_set_text(body, name_key(target.kind), target.name);
        object_merge(body, "config", &config, false);
        path = client_url(target.kind->collection, target.parent, NULL);
        request = (ClientRequest){.method = "POST", .path = path, .body = body};
        result = send_change(cli, &target, &request, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "%s %s created", target.kind->noun, target.name);
        return result;
}

int object_rename(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        const char *new_name;
        json_t *body;
        ClientRequest request;
        int result;
        if (object_target(cli, &target, err) < 0)
                return -1;
        new_name = cli_argument(cli, target.next);
        body = json_pack("{s:s}", name_key(target.kind), new_name);
        request = (ClientRequest){.method = "POST", .path = target.path, .body = body};
        result = send_change(cli, &target, &request, err);
        json_decref(body);
        if (result == 0)
                cli_say(cli, "%s %s renamed to %s", target.kind->noun, target.name, new_name);
        return result;
}

int object_delete(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        ClientRequest request;
        if (object_target(cli, &target, err) < 0)
                return -1;
        request = (ClientRequest){.method = "DELETE", .path = target.path};
        if (send_change(cli, &target, &request, err) < 0)
                return -1;
        cli_say(cli, "%s %s deleted", target.kind->noun, target.name);
        return 0;
}

/* --- edit --- */

/* What the editor's text is given to. */
typedef struct EditObject {
        Cli *cli;
        const ObjectTarget *target;
        const char *etag;
} EditObject;

static int apply_text(void *userdata, const char *text, Error **err) {
        const EditObject *edit = userdata;
        json_t *object;
        int result;
        if (document_parse(text, &object, err) < 0)
                return -1;
        result = object_update(edit->cli, edit->target, object, edit->etag, err);
        json_decref(object);
        return result;
}

int object_edit(Cli *cli, Error **err) {
        _cleanup_target_ ObjectTarget target = {};
        _cleanup_free_ char *etag = NULL, *text = NULL, *start = NULL;
        EditObject edit = {.cli = cli, .target = &target};
        json_t *object, *shown;
        if (object_target(cli, &target, err) < 0)
                return -1;
        if (cli_input_is_data()) {
                if (cli_input_read(&text, err) < 0)
                        return -1;
                return apply_text(&edit, text, err);
        }
        if (object_load(&target, &object, &etag, err) < 0)
                return -1;
        shown = field_pick(object, target.kind->shown);
        text = document_text(shown);
        json_decref(shown);
        json_decref(object);
        edit.etag = etag;
        start = editor_text(target.kind->guide, text);
        return editor_run(start, apply_text, &edit, err);
}
