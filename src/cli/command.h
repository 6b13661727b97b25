/* What a command is: one const struct. The dispatcher, --help, the manual pages, the completion and
 * the generic tests read nothing else. */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef struct Cli Cli;
typedef struct Command Command;
struct ObjectKind;

typedef enum OptionType {
        OPTION_FLAG,     /* --force, --force=false */
        OPTION_TEXT,     /* --format csv, --format=csv, -f csv, -fcsv; the last one counts */
        OPTION_LIST,     /* may be given several times */
        OPTION_NUMBER,   /* a whole number, checked while it is read */
        OPTION_UNSIGNED, /* one that is not negative */
        OPTION_OPTIONAL, /* --console or --console=vga: a value only behind "=" */
} OptionType;

/* What the shell may propose for an argument or an option's value. */
typedef enum Completer {
        COMPLETE_NOTHING,
        COMPLETE_FILE,
        COMPLETE_FORMAT,
        COMPLETE_REMOTE,
        COMPLETE_COMMAND,
        COMPLETE_INSTANCE,
        COMPLETE_INSTANCE_PATH,
        COMPLETE_IMAGE,
        COMPLETE_IMAGE_ALIAS,
        COMPLETE_PROFILE,
        COMPLETE_PROJECT,
        COMPLETE_POOL,
        COMPLETE_NETWORK,
        COMPLETE_MEMBER,
        COMPLETE_OPERATION,
        COMPLETE_CERTIFICATE,
        COMPLETE_WARNING,
        COMPLETE_CONFIG_KEY,
        COMPLETE_ALIAS,
        _COMPLETER_MAX,
} Completer;

typedef struct Option {
        const char *name; /* without dashes; NULL ends a table */
        char letter;      /* 0: none */
        OptionType type;
        const char *value;   /* what --help calls the value; NULL for flags */
        const char *help;    /* one line without a full stop */
        const char *initial; /* the value when it is not given; for OPTION_OPTIONAL the value of the
                              * bare option */
        Completer completer;
} Option;

#define COMMAND_ARGUMENTS 4
#define COMMAND_UNLIMITED (-1)

struct Command {
        const char *name;
        const char *aliases;   /* blank-separated; NULL: none */
        const char *arguments; /* as --help shows them, "[<remote>:]<instance> <key>" */
        const char *summary;   /* one line without a full stop */
        const char *details;   /* paragraphs; NULL: the summary says all */
        const char *examples;  /* lines; an indented line explains the one above */
        const Option *options; /* NULL: none of its own */
        int minimum;           /* number of arguments */
        int maximum;           /* COMMAND_UNLIMITED */
        Completer completers[COMMAND_ARGUMENTS]; /* by argument; the last one set repeats */
        const Command *const *subcommands;       /* NULL-ended; a group has no `run` */
        bool hidden;                             /* only in --help --all */
        const struct ObjectKind *kind; /* for the verbs that all kinds share (object.h) */
        int (*run)(Cli *cli, Error **err); /* 0; -1 with an error; an exit code by cli_set_exit() */
};

extern const Command command_root;
extern const Option command_global_options[];

/* The subcommand of that name or alias, or NULL. */
const Command *command_find(const Command *group, const char *word);
/* The option of that name or letter among the command's and the global ones, or NULL. */
const Option *command_option(const Command *command, const char *name);
const Option *command_option_letter(const Command *command, char letter);

typedef struct CommandPath {
        const Command *levels[8]; /* from the root */
        size_t depth;
} CommandPath;

/* "berth config device". Caller frees. */
char *command_path_text(const CommandPath *path);
/* Names of subcommands close to `word`: a prefix, a part, or two letters away at most. */
void command_similar(const Command *group, const char *word, StrList *ret);

/* Calls `visit` for the command at the end of `path` and for all below it. */
typedef int (*CommandVisitor)(const CommandPath *path, void *userdata, Error **err);
int command_walk(const CommandPath *path, CommandVisitor visit, void *userdata, Error **err)
        _must_check_;
