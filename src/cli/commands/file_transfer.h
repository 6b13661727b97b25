/* Files of an instance, one at a time and as trees. */
#pragma once

#include "cli/cli.h"
#include "cli/command.h"

extern const Command command_file_mount; /* file_mount.c */

/* A path in an instance: "[remote:]instance/path". */
typedef struct FilePlace {
        Client *client;
        char *instance;
        char *path;     /* absolute, without double slashes */
        bool directory; /* it was written with a slash at its end */
} FilePlace;

int file_place(Cli *cli, const char *argument, FilePlace *ret, Error **err) _must_check_;
void file_place_done(FilePlace *place);
#define _cleanup_place_ _cleanup_(file_place_done)

typedef enum FileType {
        FILE_TYPE_FILE,
        FILE_TYPE_DIRECTORY,
        FILE_TYPE_SYMLINK,
} FileType;

/* What is sent with a file; -1 leaves it to the server. */
typedef struct FileOwner {
        int64_t uid, gid, mode;
} FileOwner;

char *file_url(const char *instance, const char *path); /* caller frees */
FileType file_type(const ClientResponse *head);

/* Sends what `fd` holds (not looked at for directories), `text` for a symlink's target. */
typedef struct FileUpload {
        FileType type;
        FileOwner owner;
        int fd;
        const char *text;
} FileUpload;

int file_send(Cli *cli, const FilePlace *place, const char *path, const FileUpload *upload,
              Error **err) _must_check_;
/* Makes the directories above `path` that are missing. */
int file_make_parents(Cli *cli, const FilePlace *place, const char *path, const FileOwner *owner,
                      Error **err) _must_check_;

/* A tree of this machine into `path` of the instance, and the other way round. */
int file_push_tree(Cli *cli, const FilePlace *place, const char *source, const char *path,
                   Error **err) _must_check_;
int file_pull_tree(Cli *cli, const FilePlace *place, const char *path, const char *target,
                   Error **err) _must_check_;
