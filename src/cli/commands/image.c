/* Images: what is stored, and its properties. Import, export and copies are image_transfer.c. */
#include "cli/commands/image.h"

#include "base/memory.h"
#include "cli/columns.h"
#include "cli/commands/commands.h"
#include "cli/commands/image_transfer.h"
#include "cli/document.h"
#include "cli/editor.h"
#include "cli/fields.h"

#include <stdio.h>
#include <string.h>

#define WRITABLE "auto_update properties public expires_at profiles"
#define FIELDS                                                                               \
        WRITABLE " aliases architecture cached filename fingerprint size update_source type " \
                 "created_at last_used_at uploaded_at"
#define COLUMNS "lfpdatsu"

/* --- list --- */

static size_t shortest_alias(const json_t *image, const char **ret_name) {
        const json_t *alias;
        size_t i;
        *ret_name = "";
        json_array_foreach(field_get(image, "aliases"), i, alias) {
                const char *name = field_text(alias, "name");
                if (i == 0 || strlen(name) < strlen(*ret_name))
                        *ret_name = name;
        }
        return field_count(image, "aliases");
}

static char *column_alias(const json_t *image) {
        const char *name;
        size_t count = shortest_alias(image, &name);
        return count > 1 ? str_printf("%s (%zu more)", name, count - 1) : str_dup(name);
}

static char *column_aliases(const json_t *image) {
        _cleanup_strlist_ StrList names = {};
        const json_t *alias;
        size_t i;
        json_array_foreach(field_get(image, "aliases"), i, alias)
                strlist_add(&names, field_text(alias, "name"));
        strlist_sort(&names);
        return strlist_join(&names, "\n");
}

static char *column_fingerprint(const json_t *image) {
        return str_ndup(field_text(image, "fingerprint"), 12);
}

static char *column_fingerprint_long(const json_t *image) {
        return str_dup(field_text(image, "fingerprint"));
}

static char *column_public(const json_t *image) {
        return str_dup(field_bool(image, "public") ? "yes" : "no");
}

static char *column_description(const json_t *image) {
        return str_dup(field_text(field_get(image, "properties"), "description"));
}

static char *column_architecture(const json_t *image) {
        return str_dup(field_text(image, "architecture"));
}

/* In units of 1024 under the name of those of 1000, as LXD's client prints it. */
static char *column_size(const json_t *image) {
        return str_printf("%.2fMB", (double) field_number(image, "size") / 1048576.0);
}

static char *column_uploaded(const json_t *image) {
        return field_date(image, "uploaded_at");
}

static const Column columns[] = {
        {'l', "ALIAS", column_alias},
        {'L', "ALIASES", column_aliases},
        {'f', "FINGERPRINT", column_fingerprint},
        {'F', "FINGERPRINT", column_fingerprint_long},
        {'p', "PUBLIC", column_public},
        {'d', "DESCRIPTION", column_description},
        {'a', "ARCHITECTURE", column_architecture},
        {'t', "TYPE", columns_type},
        {'s', "SIZE", column_size},
        {'u', "UPLOAD DATE", column_uploaded},
        {},
};

/* key=value is about properties (and type), other texts about the beginning of fingerprints and
 * parts of aliases. */
static bool matches(const json_t *image, const char *filter) {
        const char *equals = strchr(filter, '=');
        _cleanup_free_ char *key = NULL;
        const json_t *alias;
        size_t i;
        if (equals != NULL) {
                key = str_ndup(filter, (size_t) (equals - filter));
                if (str_equal(key, "type") || str_equal(key, "architecture"))
                        return str_equal_nocase(field_text(image, key), equals + 1);
                return str_equal(field_text(field_get(image, "properties"), key), equals + 1);
        }
        if (str_has_prefix(field_text(image, "fingerprint"), filter))
                return true;
        json_array_foreach(field_get(image, "aliases"), i, alias) {
                if (strstr(field_text(alias, "name"), filter) != NULL)
                        return true;
        }
        return false;
}

static int read_filters(Cli *cli, Client **ret_client, StrList *filters, Error **err) {
        const char *first = cli_argument(cli, 0);
        bool remote = first != NULL && strchr(first, ':') != NULL && strchr(first, '=') == NULL;
        _cleanup_free_ char *name = NULL;
        if (cli_resolve_optional(cli, remote ? first : NULL, ret_client, &name, err) < 0)
                return -1;
        if (*name != '\0')
                strlist_add(filters, name);
        for (size_t i = remote ? 1 : 0; i < cli_count(cli); i++)
                strlist_add(filters, cli_argument(cli, i));
        return 0;
}

static int run_list(Cli *cli, Error **err) {
        _cleanup_strlist_ StrList filters = {};
        ColumnChoice choice = {.known = columns};
        Client *client;
        json_t *images, *shown;
        const json_t *image;
        size_t i;
        int result;
        if (read_filters(cli, &client, &filters, err) < 0 ||
            columns_choose(cli, client, &choice, err) < 0 ||
            object_collection(client, "/1.0/images", &images, err) < 0)
                return -1;
        shown = json_array();
        json_array_foreach(images, i, image) {
                bool wanted = true;
                for (size_t j = 0; j < filters.count; j++)
                        wanted = wanted && matches(image, filters.items[j]);
                if (wanted)
                        json_array_append_new(shown, field_pick(image, FIELDS));
        }
        result = object_print(cli, choice.chosen, shown, err);
        json_decref(shown);
        json_decref(images);
        return result;
}

/* --- one image --- */

typedef struct ImagePlace {
        Client *client;
        char *fingerprint;
        char *path;
} ImagePlace;

static void place_done(ImagePlace *place) {
        free(place->fingerprint);
        free(place->path);
}

static int find_place(Cli *cli, const char *argument, ImagePlace *place, Error **err) {
        _cleanup_free_ char *name = NULL;
        const char *type = cli_flag(cli, "vm") ? "virtual-machine" : NULL;
        if (cli_resolve(cli, argument, &place->client, &name, err) < 0)
                return -1;
        if (*name == '\0')
                return error_set(err, ERROR_INVALID, 0, "Image identifier missing: %s", argument);
        if (image_find(place->client, name, type, &place->fingerprint, err) < 0)
                return -1;
        place->path = client_url("/1.0/images/{}", place->fingerprint, NULL);
        return 0;
}

static int load_image(Cli *cli, ImagePlace *place, json_t **ret, char **ret_etag, Error **err) {
        if (find_place(cli, cli_argument(cli, 0), place, err) < 0)
                return -1;
        return client_get(place->client, place->path, ret, ret_etag, err);
}

static int run_show(Cli *cli, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        json_t *image, *shown;
        if (load_image(cli, &place, &image, NULL, err) < 0)
                return -1;
        shown = field_pick(image, WRITABLE);
        document_print(shown);
        json_decref(shown);
        json_decref(image);
        return 0;
}

static void print_time(const char *label, const json_t *image, const char *key) {
        _cleanup_free_ char *text = field_minute(image, key);
        printf("    %s: %s\n", label, *text != '\0' ? text : "never");
}

static void print_info(const json_t *image) {
        _cleanup_free_ char *size = column_size(image);
        _cleanup_free_ char *created = field_minute(image, "created_at");
        json_t *properties = field_get(image, "properties"), *value;
        const json_t *item;
        const char *key;
        size_t i;
        printf("Fingerprint: %s\nSize: %s\nArchitecture: %s\nType: %s\nPublic: %s\n",
               field_text(image, "fingerprint"), size, field_text(image, "architecture"),
               field_text(image, "type"), field_bool(image, "public") ? "yes" : "no");
        puts("Timestamps:");
        if (*created != '\0')
                printf("    Created: %s\n", created);
        print_time("Uploaded", image, "uploaded_at");
        print_time("Expires", image, "expires_at");
        print_time("Last used", image, "last_used_at");
        puts("Properties:");
        json_object_foreach(properties, key, value)
                printf("    %s: %s\n", key, json_string_value(value));
        puts("Aliases:");
        json_array_foreach(field_get(image, "aliases"), i, item) {
                const char *text = field_text(item, "description");
                printf(*text != '\0' ? "    - %s (%s)\n" : "    - %s\n", field_text(item, "name"),
                       text);
        }
        printf("Cached: %s\nAuto update: %s\n", field_bool(image, "cached") ? "yes" : "no",
               field_bool(image, "auto_update") ? "enabled" : "disabled");
        item = field_get(image, "update_source");
        if (json_is_object(item))
                printf("Source:\n    Server: %s\n    Protocol: %s\n    Alias: %s\n",
                       field_text(item, "server"), field_text(item, "protocol"),
                       field_text(item, "alias"));
        if (field_count(image, "profiles") == 0) {
                puts("Profiles: []");
                return;
        }
        puts("Profiles:");
        json_array_foreach(field_get(image, "profiles"), i, item)
                printf("    - %s\n", json_string_value(item));
}

static int run_info(Cli *cli, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        json_t *image;
        if (load_image(cli, &place, &image, NULL, err) < 0)
                return -1;
        print_info(image);
        json_decref(image);
        return 0;
}

static int save_image(const ImagePlace *place, const json_t *image, const char *etag,
                      Error **err) {
        json_t *body = field_pick(image, WRITABLE);
        int result = client_change(place->client, "PUT", place->path, body, etag, err);
        json_decref(body);
        return result;
}

typedef struct EditImage {
        const ImagePlace *place;
        const char *etag;
} EditImage;

static int apply_text(void *userdata, const char *text, Error **err) {
        const EditImage *edit = userdata;
        json_t *image;
        int result;
        if (document_parse(text, &image, err) < 0)
                return -1;
        result = save_image(edit->place, image, edit->etag, err);
        json_decref(image);
        return result;
}

static int run_edit(Cli *cli, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        _cleanup_free_ char *etag = NULL, *text = NULL, *start = NULL;
        EditImage edit = {.place = &place};
        json_t *image, *shown;
        if (load_image(cli, &place, &image, &etag, err) < 0)
                return -1;
        shown = field_pick(image, WRITABLE);
        json_decref(image);
        text = document_text(shown);
        json_decref(shown);
        if (cli_input_is_data()) {
                free(TAKE_PTR(text));
                if (cli_input_read(&text, err) < 0)
                        return -1;
                return apply_text(&edit, text, err);
        }
        edit.etag = etag;
        start = editor_text("The image's properties as YAML.", text);
        return editor_run(start, apply_text, &edit, err);
}

static int run_get_property(Cli *cli, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        const char *key = cli_argument(cli, 1), *value;
        json_t *image;
        int result = 0;
        if (load_image(cli, &place, &image, NULL, err) < 0)
                return -1;
        value = json_string_value(json_object_get(field_get(image, "properties"), key));
        if (value != NULL)
                puts(value);
        else
                result = error_set(err, ERROR_NOT_FOUND, 0, "Property not found");
        json_decref(image);
        return result;
}

static int run_set_property(Cli *cli, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        _cleanup_free_ char *etag = NULL;
        _cleanup_strmap_ StrMap changes = {};
        json_t *image;
        int result;
        strmap_set(&changes, cli_argument(cli, 1), cli_argument(cli, 2));
        if (load_image(cli, &place, &image, &etag, err) < 0)
                return -1;
        object_merge(image, "properties", &changes, false);
        result = save_image(&place, image, etag, err);
        json_decref(image);
        return result;
}

static int run_unset_property(Cli *cli, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        _cleanup_free_ char *etag = NULL;
        json_t *image;
        int result;
        if (load_image(cli, &place, &image, &etag, err) < 0)
                return -1;
        if (json_object_del(field_get(image, "properties"), cli_argument(cli, 1)) < 0)
                result = error_set(err, ERROR_NOT_FOUND, 0, "Property not found");
        else
                result = save_image(&place, image, etag, err);
        json_decref(image);
        return result;
}

static int run_delete(Cli *cli, Error **err) {
        for (size_t i = 0; i < cli_count(cli); i++) {
                _cleanup_(place_done) ImagePlace place = {};
                if (find_place(cli, cli_argument(cli, i), &place, err) < 0 ||
                    cli_change(cli, place.client, "DELETE", place.path, NULL, err) < 0)
                        return -1;
        }
        return 0;
}

static int refresh_one(Cli *cli, const char *argument, Error **err) {
        _cleanup_(place_done) ImagePlace place = {};
        _cleanup_free_ char *path = NULL;
        ClientRequest request = {.method = "POST"};
        json_t *operation;
        if (find_place(cli, argument, &place, err) < 0)
                return -1;
        path = str_printf("%s/refresh", place.path);
        request.path = path;
        if (cli_operate(cli, place.client, &request, &operation, err) < 0)
                return -1;
        if (field_bool(field_get(operation, "metadata"), "refreshed"))
                cli_say(cli, "Image refreshed successfully!");
        else
                cli_say(cli, "Image already up to date.");
        json_decref(operation);
        return 0;
}

static int run_refresh(Cli *cli, Error **err) {
        for (size_t i = 0; i < cli_count(cli); i++) {
                if (refresh_one(cli, cli_argument(cli, i), err) < 0)
                        return -1;
        }
        return 0;
}

/* --- the commands --- */

static const Option list_options[] = {
        {"columns", 'c', OPTION_TEXT, "COLUMNS", "Columns to show", COLUMNS}, OPTION_FORMAT, {}};

static const Option vm_options[] = {
        {"vm", 0, OPTION_FLAG, NULL, "Look among images of virtual machines"}, {}};

static const Command list = {
        .name = "list",
        .aliases = "ls",
        .arguments = "[<remote>:] [<filter>...]",
        .summary = "List images",
        .details = "A filter is key=value of a property, or a part of a fingerprint or alias.\n"
                   "\n"
                   "Columns are letters:\n"
                   "  l shortest alias        d description\n"
                   "  L all aliases           a architecture\n"
                   "  f fingerprint, short    t type\n"
                   "  F fingerprint           s size\n"
                   "  p public                u uploaded at",
        .options = list_options,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_IMAGE},
        .run = run_list,
};

static const Command show = {
        .name = "show",
        .arguments = "[<remote>:]<image>",
        .summary = "Show the properties of an image as YAML",
        .options = vm_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_IMAGE},
        .run = run_show,
};

static const Command info = {
        .name = "info",
        .arguments = "[<remote>:]<image>",
        .summary = "Show what is known about an image",
        .options = vm_options,
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_IMAGE},
        .run = run_info,
};

static const Command edit = {
        .name = "edit",
        .arguments = "[<remote>:]<image>",
        .summary = "Edit the properties of an image as YAML",
        .examples = "berth image edit debian < debian.yaml",
        .minimum = 1,
        .maximum = 1,
        .completers = {COMPLETE_IMAGE},
        .run = run_edit,
};

static const Command get_property = {
        .name = "get-property",
        .arguments = "[<remote>:]<image> <key>",
        .summary = "Show a property of an image",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE, COMPLETE_NOTHING},
        .run = run_get_property,
};

static const Command set_property = {
        .name = "set-property",
        .arguments = "[<remote>:]<image> <key> <value>",
        .summary = "Set a property of an image",
        .minimum = 3,
        .maximum = 3,
        .completers = {COMPLETE_IMAGE, COMPLETE_NOTHING},
        .run = run_set_property,
};

static const Command unset_property = {
        .name = "unset-property",
        .arguments = "[<remote>:]<image> <key>",
        .summary = "Remove a property of an image",
        .minimum = 2,
        .maximum = 2,
        .completers = {COMPLETE_IMAGE, COMPLETE_NOTHING},
        .run = run_unset_property,
};

static const Command delete = {
        .name = "delete",
        .aliases = "rm",
        .arguments = "[<remote>:]<image> [[<remote>:]<image>...]",
        .summary = "Delete images",
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_IMAGE},
        .run = run_delete,
};

static const Command refresh = {
        .name = "refresh",
        .arguments = "[<remote>:]<image> [[<remote>:]<image>...]",
        .summary = "Update images from where they came",
        .minimum = 1,
        .maximum = COMMAND_UNLIMITED,
        .completers = {COMPLETE_IMAGE},
        .run = run_refresh,
};

static const Command *const subcommands[] = {
        &command_image_alias, &command_image_copy, &delete,       &edit, &command_image_export,
        &get_property,        &command_image_import, &info,       &list, &refresh,
        &set_property,        &show,               &unset_property, NULL};

const Command command_image = {
        .name = "image",
        .summary = "Manage images",
        .details = "Instances are made from images. An image is known by its fingerprint, the "
                   "SHA-256 of its file or files; the shortest beginning that no other image "
                   "has will do, or an alias.",
        .subcommands = subcommands,
};
