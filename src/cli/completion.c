/* Completion: the scripts are a few lines that call `berth __complete WORDS…`, so that what they
 * propose comes from the same tables as all else. */
#include "cli/help.h"

#include "base/memory.h"
#include "cli/fields.h"
#include "cli/parse.h"

#include <string.h>

static const char bash_script[] =
        "# bash completion for berth\n"
        "_berth() {\n"
        "        local IFS=$'\\n'\n"
        "        COMPREPLY=($(berth __complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
        "        case \"${COMPREPLY[0]}\" in\n"
        "        :file)\n"
        "                compopt -o default\n"
        "                COMPREPLY=()\n"
        "                ;;\n"
        "        *[:/=]) compopt -o nospace ;;\n"
        "        esac\n"
        "}\n"
        "complete -F _berth berth\n";

static const char zsh_script[] =
        "#compdef berth\n"
        "_berth() {\n"
        "        local -a found\n"
        "        found=(${(f)\"$(berth __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
        "        if [[ ${found[1]} == :file ]]; then\n"
        "                _files\n"
        "        else\n"
        "                compadd -a found\n"
        "        fi\n"
        "}\n"
        "compdef _berth berth\n";

int completion_script(FILE *out, const char *shell, Error **err) {
        if (str_equal(shell, "bash"))
                fputs(bash_script, out);
        else if (str_equal(shell, "zsh"))
                fputs(zsh_script, out);
        else
                return error_set(err, ERROR_INVALID, 0,
                                 "No completion for \"%s\"; there are bash and zsh", shell);
        return 0;
}

/* Where names come from: the collection, and the key of the name in its objects. */
typedef struct NameSource {
        const char *path;
        const char *key;
} NameSource;

static const NameSource sources[_COMPLETER_MAX] = {
        [COMPLETE_INSTANCE] = {"/1.0/instances?recursion=1", "name"},
        [COMPLETE_INSTANCE_PATH] = {"/1.0/instances?recursion=1", "name"},
        [COMPLETE_IMAGE] = {"/1.0/images/aliases?recursion=1", "name"},
        [COMPLETE_IMAGE_ALIAS] = {"/1.0/images/aliases?recursion=1", "name"},
        [COMPLETE_PROFILE] = {"/1.0/profiles?recursion=1", "name"},
        [COMPLETE_PROJECT] = {"/1.0/projects?recursion=1", "name"},
        [COMPLETE_POOL] = {"/1.0/storage-pools?recursion=1", "name"},
        [COMPLETE_NETWORK] = {"/1.0/networks?recursion=1", "name"},
        [COMPLETE_MEMBER] = {"/1.0/cluster/members?recursion=1", "server_name"},
        [COMPLETE_CERTIFICATE] = {"/1.0/certificates?recursion=1", "fingerprint"},
        [COMPLETE_WARNING] = {"/1.0/warnings?recursion=1", "uuid"},
};

static void print_match(const char *word, const char *prefix, const char *name,
                        const char *suffix) {
        _cleanup_free_ char *text = str_printf("%s%s%s", prefix, name, suffix);
        if (str_has_prefix(text, word))
                puts(text);
}

static void propose_remotes(const Cli *cli, const char *word) {
        for (size_t i = 0; i < cli->config->remote_count; i++)
                print_match(word, "", cli->config->remotes[i].name, ":");
}

static void propose_names(Cli *cli, Completer completer, const char *word) {
        const char *colon = strchr(word, ':');
        _cleanup_free_ char *prefix =
                colon != NULL ? str_ndup(word, (size_t) (colon - word + 1)) : str_dup("");
        _cleanup_free_ char *name = NULL;
        const char *suffix = completer == COMPLETE_INSTANCE_PATH ? "/" : "";
        Client *client;
        json_t *items;
        const json_t *item;
        size_t i;
        if (cli_resolve(cli, prefix, &client, &name, NULL) < 0 ||
            client_get(client, sources[completer].path, &items, NULL, NULL) < 0)
                return;
        json_array_foreach(items, i, item)
                print_match(word, prefix, field_text(item, sources[completer].key), suffix);
        json_decref(items);
}

static void propose_config_keys(Cli *cli, const char *word) {
        json_t *metadata, *groups, *group, *keys, *row;
        const char *entity, *section, *name;
        Client *client;
        size_t i;
        if (cli_client(cli, cli->config->default_remote, &client, NULL) < 0 ||
            client_get(client, "/1.0/metadata/configuration", &metadata, NULL, NULL) < 0)
                return;
        json_object_foreach(field_get(metadata, "configs"), entity, groups) {
                json_object_foreach(groups, section, group) {
                        json_array_foreach(field_get(group, "keys"), i, row) {
                                json_object_foreach(row, name, keys)
                                        print_match(word, "", name, "=");
                        }
                }
        }
        json_decref(metadata);
}

static void propose_fixed(const char *word, const char *const *texts) {
        for (size_t i = 0; texts[i] != NULL; i++)
                print_match(word, "", texts[i], "");
}

static void propose(Cli *cli, Completer completer, const char *word) {
        static const char *const formats[] = {"table", "compact", "csv", "json", "yaml", NULL};
        switch (completer) {
        case COMPLETE_FILE:
                puts(":file");
                break;
        case COMPLETE_FORMAT:
                propose_fixed(word, formats);
                break;
        case COMPLETE_REMOTE:
                propose_remotes(cli, word);
                break;
        case COMPLETE_CONFIG_KEY:
                propose_config_keys(cli, word);
                break;
        case COMPLETE_ALIAS:
                for (size_t i = 0; i < cli->config->aliases.count; i++)
                        print_match(word, "", cli->config->aliases.items[i].key, "");
                break;
        case COMPLETE_COMMAND:
                for (size_t i = 0; command_root.subcommands[i] != NULL; i++)
                        print_match(word, "", command_root.subcommands[i]->name, "");
                break;
        default:
                if (sources[completer].path != NULL) {
                        propose_names(cli, completer, word);
                        if (strchr(word, ':') == NULL && cli->config->remote_count > 1)
                                propose_remotes(cli, word);
                }
        }
}

static void propose_options(const Command *command, const char *word) {
        const Option *tables[] = {command->options, command_global_options};
        for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
                for (size_t i = 0; tables[t] != NULL && tables[t][i].name != NULL; i++)
                        print_match(word, "--", tables[t][i].name, "");
        }
}

static void propose_commands(const Command *group, const char *word) {
        for (size_t i = 0; group->subcommands[i] != NULL; i++) {
                if (!group->subcommands[i]->hidden)
                        print_match(word, "", group->subcommands[i]->name, "");
        }
}

static Completer completer_of(const Command *command, size_t argument) {
        Completer last = COMPLETE_NOTHING;
        for (size_t i = 0; i < COMMAND_ARGUMENTS && i <= argument; i++) {
                if (command->completers[i] != COMPLETE_NOTHING || i == argument)
                        last = command->completers[i];
        }
        if (command->maximum != COMMAND_UNLIMITED && argument >= (size_t) command->maximum)
                return COMPLETE_NOTHING;
        return last;
}

/* The option whose value is being typed: "--format <TAB>". */
static const Option *waiting_option(const Command *command, const StrList *words) {
        const char *before = words->count >= 2 ? words->items[words->count - 2] : "";
        const Option *option = NULL;
        if (str_has_prefix(before, "--"))
                option = command_option(command, before + 2);
        else if (before[0] == '-' && before[1] != '\0' && before[2] == '\0')
                option = command_option_letter(command, before[1]);
        if (option == NULL || option->type == OPTION_FLAG || option->type == OPTION_OPTIONAL)
                return NULL;
        return option;
}

int completion_propose(Cli *cli, const StrList *words, Error **err) {
        Cli typed = {.config = cli->config, .clients = cli->clients};
        _cleanup_strlist_ StrList before = {};
        const char *word = words->count > 0 ? words->items[words->count - 1] : "";
        const Command *command;
        const Option *option;
        for (size_t i = 0; i + 1 < words->count; i++)
                strlist_add(&before, words->items[i]);
        (void) !cli_parse(&typed, &before, NULL); /* as far as it goes */
        command = cli_command(&typed);
        option = waiting_option(command, words);
        if (option != NULL)
                propose(&typed, option->completer, word);
        else if (word[0] == '-')
                propose_options(command, word);
        else if (command->subcommands != NULL)
                propose_commands(command, word);
        else
                propose(&typed, completer_of(command, typed.arguments.count), word);
        strlist_done(&typed.arguments);
        table_free(typed.options);
        return 0;
}
