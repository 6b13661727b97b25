/* The verbs that most objects of the API share: list, show, create, get, set, unset, edit, rename,
 * delete. A kind of object is data; a command names its kind and one of these as `run`. */
#pragma once

#include "cli/cli.h"
#include "cli/output.h"

typedef struct ObjectKind {
        const char *noun;       /* "Profile": "Profile p1 created" */
        const char *collection; /* "/1.0/profiles"; "/1.0/networks/{}/forwards" for a child: then
                                 * the first argument is the parent, the second the object */
        const char *shown;      /* its fields as `show` prints them, blank-separated, in order */
        const char *writable;   /* those that PUT takes */
        const char *name_key;   /* NULL: "name" */
        const char *extension;  /* what the server has to have; NULL: nothing */
        const char *guide;      /* comment on top of the text in the editor */
        const Column *columns;  /* of `list`, ended by a NULL header */
        bool child;
        bool asynchronous; /* changes are operations */
        bool drop_empty;   /* `set key=` removes the key here, the server does not */
        bool takes_input;  /* `create` reads YAML from pipes too, not only from files */
        /* The path of the object where the collection alone does not make it. */
        char *(*path)(const Cli *cli, const char *parent, const char *name);
} ObjectKind;

/* What the arguments name. */
typedef struct ObjectTarget {
        const ObjectKind *kind;
        Client *client;
        char *parent; /* NULL when the kind is no child */
        char *name;
        char *path;
        size_t next; /* the first argument behind */
} ObjectTarget;

int object_target(Cli *cli, ObjectTarget *ret, Error **err) _must_check_;
void object_target_done(ObjectTarget *target);
#define _cleanup_target_ _cleanup_(object_target_done)

int object_list(Cli *cli, Error **err);
int object_show(Cli *cli, Error **err);
int object_create(Cli *cli, Error **err); /* arguments: key=value of its config */
int object_get(Cli *cli, Error **err);
int object_set(Cli *cli, Error **err);
int object_unset(Cli *cli, Error **err);
int object_edit(Cli *cli, Error **err);
int object_rename(Cli *cli, Error **err);
int object_delete(Cli *cli, Error **err);

/* Parts of them, for kinds with more to say. */
int object_load(const ObjectTarget *target, json_t **ret, char **ret_etag, Error **err)
        _must_check_;
int object_update(Cli *cli, const ObjectTarget *target, const json_t *object, const char *etag,
                  Error **err) _must_check_;
/* A collection's objects in full; `path` without its query. Caller decrefs. */
int object_collection(Client *client, const char *path, json_t **ret, Error **err) _must_check_;
/* One row an item, sorted, printed in --format. */
int object_print(const Cli *cli, const Column *columns, const json_t *items, Error **err)
        _must_check_;
/* The same in the order of `items`. */
int object_print_in_order(const Cli *cli, const Column *columns, const json_t *items, Error **err)
        _must_check_;
/* Sets or, when the value is empty and `drop` is set, removes keys of object[`member`]. */
void object_merge(json_t *object, const char *member, const StrMap *changes, bool drop);

/* The options that the lists have in common: { OPTION_FORMAT, {} }. */
#define OPTION_FORMAT                                                                            \
        { "format", 'f', OPTION_TEXT, "FORMAT", "csv, json, table, yaml or compact", "table",      \
          COMPLETE_FORMAT }
#define OPTION_TARGET                                                                            \
        { "target", 0, OPTION_TEXT, "MEMBER", "Cluster member", NULL, COMPLETE_MEMBER }
extern const Option object_list_options[];
extern const Option object_target_options[];
