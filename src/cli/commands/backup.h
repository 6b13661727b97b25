/* Backups as files: of instances and of volumes. */
#pragma once

#include "cli/cli.h"

typedef struct BackupPlan {
        Client *client;
        const char *path;     /* of the instance or volume */
        const char *name;     /* what the file is called when no target was given */
        const char *only_key; /* "instance_only", "volume_only" */
        bool only;
        const char *extension; /* what the server has to have */
        bool optimized;
        const char *compression; /* NULL: the server's choice */
        const char *target;      /* NULL: NAME with the ending of its content; "-": output */
} BackupPlan;

/* Has a backup made, fetches it, and has it deleted on the server. */
int backup_export(Cli *cli, const BackupPlan *plan, Error **err) _must_check_;
/* What is said meanwhile, and the headers that go along. */
typedef struct BackupHeaders {
        const char *prefix;
        const StrMap *map;
} BackupHeaders;

/* Sends the file ("-": standard input). */
int backup_import(Cli *cli, Client *client, const char *path, const char *file,
                  const BackupHeaders *headers, Error **err) _must_check_;
