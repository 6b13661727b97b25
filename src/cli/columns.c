#include "cli/columns.h"

#include "base/memory.h"
#include "cli/fields.h"

#include <string.h>

char *columns_name(const json_t *item) {
        return str_dup(field_text(item, "name"));
}

char *columns_description(const json_t *item) {
        return str_dup(field_text(item, "description"));
}

char *columns_used_by(const json_t *item) {
        return str_printf("%zu", field_count(item, "used_by"));
}

char *columns_status(const json_t *item) {
        return field_upper(item, "status");
}

char *columns_location(const json_t *item) {
        return str_dup(field_text(item, "location"));
}

char *columns_type(const json_t *item) {
        char *type = field_upper(item, "type");
        if (*type == '\0')
                str_replace(&type, str_dup("CONTAINER"));
        return type;
}

bool columns_clustered(Client *client) {
        const json_t *server;
        return client_server(client, &server, NULL) == 0 &&
               field_bool(field_get(server, "environment"), "server_clustered");
}

bool columns_has(const ColumnChoice *choice, char letter) {
        for (const Column *column = choice->chosen; column->header != NULL; column++) {
                if (column->letter == letter)
                        return true;
        }
        return false;
}

static int add(ColumnChoice *choice, size_t *count, char letter, const char *text, Error **err) {
        const Column *found = choice->known;
        while (found->header != NULL && found->letter != letter)
                found++;
        if (found->header == NULL || *count + 1 == ARRAY_SIZE(choice->chosen))
                return error_set(err, ERROR_INVALID, 0,
                                 "Unknown column shorthand char '%c' in '%s'", letter, text);
        choice->chosen[(*count)++] = *found;
        return 0;
}

/* Whether L is the location; of images it is something else. */
static bool has_location(const ColumnChoice *choice) {
        for (const Column *column = choice->known; column->header != NULL; column++) {
                if (column->letter == 'L')
                        return column->text == columns_location;
        }
        return false;
}

int columns_choose(const Cli *cli, Client *client, ColumnChoice *choice, Error **err) {
        const char *text = cli_text(cli, "columns");
        bool initial = !cli_given(cli, "columns");
        size_t count = 0;
        for (const char *letter = text; *letter != '\0'; letter++) {
                if (*letter == ',' || (initial && choice->hidden != NULL &&
                                       strchr(choice->hidden, *letter) != NULL))
                        continue;
                if (*letter == 'L' && has_location(choice) && !columns_clustered(client)) {
                        if (initial)
                                continue;
                        return error_set(err, ERROR_INVALID, 0,
                                         "Can't specify column L when not clustered");
                }
                if (add(choice, &count, *letter, text, err) < 0)
                        return -1;
        }
        choice->chosen[count] = (Column){};
        return 0;
}
