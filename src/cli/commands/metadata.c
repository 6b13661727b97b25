/* What an image brought along: an instance's metadata.yaml and its templates. */
#include "cli/commands/commands.h"

#include "base/memory.h"
#include "cli/document.h"
#include "cli/editor.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

#define METADATA_FIELDS "architecture creation_date expiry_date properties templates"

typedef struct Place {
        Client *client;
        char *path;
        char *name;
} Place;

static void place_done(Place *place) {
        free(place->path);
        free(place->name);
}

/* "…/metadata" or "…/metadata/templates[?path=]" of the instance in the first argument. */
static int find_place(Cli *cli, const char *pattern, const char *template, Place *place,
                      Error **err) {
        if (cli_resolve(cli, cli_argument(cli, 0), &place->client, &place->name, err) < 0)
                return -1;
        place->path = client_url(pattern, place->name, NULL);
        if (template != NULL)
                place->path = client_url_query(place->path, "path", template);
        return 0;
}

static int find_template(Cli *cli, Place *place, Error **err) {
        return find_place(cli, "/1.0/instances/{}/metadata/templates", cli_argument(cli, 1), place,
                          err);
}

/* --- metadata --- */

/* A template with all its fields, in their order, whatever the server left out. */
static json_t *whole_template(const json_t *template) {
        json_t *whole = json_object(), *when = json_object_get(template, "when");
        json_t *properties = json_object_get(template, "properties");
        json_object_set_new(whole, "when", when != NULL ? json_incref(when) : json_array());
        json_object_set_new(whole, "create_only",
                            json_boolean(field_bool(template, "create_only")));
        field_set_text(whole, "template", field_text(template, "template"));
        json_object_set_new(whole, "properties",
                            properties != NULL ? json_incref(properties) : json_object());
        return whole;
}

static void complete_templates(json_t *metadata) {
        json_t *templates = json_object_get(metadata, "templates"), *template;
        const char *name;
        json_object_foreach(templates, name, template)
                json_object_set_new(templates, name, whole_template(template));
}

static int load_metadata(const Place *place, json_t **ret, char **ret_etag, Error **err) {
        json_t *object;
        if (client_get(place->client, place->path, &object, ret_etag, err) < 0)
                return -1;
        complete_templates(object);
        *ret = field_pick(object, METADATA_FIELDS);
        json_decref(object);
        return 0;
}

static int run_show(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        json_t *metadata;
        if (find_place(cli, "/1.0/instances/{}/metadata", NULL, &place, err) < 0 ||
            load_metadata(&place, &metadata, NULL, err) < 0)
                return -1;
        document_print(metadata);
        json_decref(metadata);
        return 0;
}

typedef struct EditMetadata {
        const Place *place;
        const char *etag;
} EditMetadata;

static int apply_metadata(void *userdata, const char *text, Error **err) {
        const EditMetadata *edit = userdata;
        json_t *object;
        int result;
        if (document_parse(text, &object, err) < 0)
                return -1;
        result = client_change(edit->place->client, "PUT", edit->place->path, object, edit->etag,
                               err);
        json_decref(object);
        return result;
}

static int run_edit(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        _cleanup_free_ char *etag = NULL, *text = NULL, *start = NULL;
        EditMetadata edit = {.place = &place};
        json_t *metadata;
        if (find_place(cli, "/1.0/instances/{}/metadata", NULL, &place, err) < 0)
                return -1;
        if (cli_input_is_data()) {
                if (cli_input_read(&text, err) < 0)
                        return -1;
                return apply_metadata(&edit, text, err);
        }
        if (load_metadata(&place, &metadata, &etag, err) < 0)
                return -1;
        text = document_text(metadata);
        json_decref(metadata);
        edit.etag = etag;
        start = editor_text("The instance's metadata.yaml.", text);
        return editor_run(start, apply_metadata, &edit, err);
}

/* --- templates --- */

static int run_template_list(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        _cleanup_output_ Output output = {};
        json_t *names;
        const json_t *item;
        size_t i;
        int result;
        if (find_place(cli, "/1.0/instances/{}/metadata/templates", NULL, &place, err) < 0 ||
            client_get(place.client, place.path, &names, NULL, err) < 0)
                return -1;
        output_header(&output, "FILENAME");
        json_array_foreach(names, i, item)
                output_cell(&output, json_string_value(item));
        output_sort(&output);
        result = output_print(&output, cli_text(cli, "format"), names, err);
        json_decref(names);
        return result;
}

static int load_template(const Place *place, ClientResponse *ret, Error **err) {
        const ClientRequest request = {.path = place->path};
        return client_send(place->client, &request, ret, err);
}

static int run_template_show(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        _cleanup_response_ ClientResponse response = {};
        if (find_template(cli, &place, err) < 0 || load_template(&place, &response, err) < 0)
                return -1;
        fwrite(response.text, 1, response.text_size, stdout);
        return 0;
}

static int save_template(const Place *place, const char *text, size_t size, Error **err) {
        _cleanup_response_ ClientResponse response = {};
        const ClientRequest request = {
                .method = "POST", .path = place->path, .text = text, .text_size = size};
        return client_send(place->client, &request, &response, err);
}

static int run_template_create(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        if (find_template(cli, &place, err) < 0)
                return -1;
        return save_template(&place, "", 0, err);
}

static int run_template_delete(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        if (find_template(cli, &place, err) < 0)
                return -1;
        return client_change(place.client, "DELETE", place.path, NULL, NULL, err);
}

static int run_template_edit(Cli *cli, Error **err) {
        _cleanup_(place_done) Place place = {};
        _cleanup_response_ ClientResponse response = {};
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (find_template(cli, &place, err) < 0)
                return -1;
        if (cli_input_is_data()) {
                if (cli_input_read(&text, err) < 0)
                        return -1;
                return save_template(&place, text, strlen(text), err);
        }
        if (load_template(&place, &response, err) < 0 ||
            editor_edit(response.text, response.text_size, ".tpl", &text, &size, err) < 0)
                return -1;
        return save_template(&place, text, size, err);
}

/* --- the commands --- */

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<instance>",
        .summary = "Show an instance's metadata as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_show,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<instance>",
        .summary = "Edit an instance's metadata as YAML",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_edit,
};

static const Command *const metadata_commands[] = {&edit, &show, NULL};

const Command command_config_metadata = {
        .name = "metadata",
        .summary = "Manage the metadata of instances",
        .subcommands = metadata_commands,
};

static const Command template_create = {
        .name = "create",
        .arguments = "[<remote>:]<instance> <template>",
        .summary = "Create an empty template",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_template_create,
};

static const Command template_delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<instance> <template>",
        .summary = "Delete a template",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_template_delete,
};

static const Command template_edit = {
        .name = "edit",
        .arguments = "[<remote>:]<instance> <template>",
        .summary = "Edit a template",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_template_edit,
};

static const Command template_list = {
        .name = "list",
        .arguments = "[<remote>:]<instance>",
        .summary = "List the templates of an instance",
        .options = object_list_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_INSTANCE},
        .run = run_template_list,
};

static const Command template_show = {
        .name = "show",
        .arguments = "[<remote>:]<instance> <template>",
        .summary = "Show the text of a template",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_INSTANCE, COMPLETE_NOTHING},
        .run = run_template_show,
};

static const Command *const template_commands[] = {&template_create, &template_delete,
                                                   &template_edit,   &template_list,
                                                   &template_show,   NULL};

const Command command_config_template = {
        .name = "template",
        .summary = "Manage the templates of instances",
        .subcommands = template_commands,
};
