/* Storage volumes, for the commands that move them. */
#pragma once

#include "cli/object.h"

/* "[type/]name[/snapshot]" */
typedef struct VolumeName {
        char *type; /* "custom" unless said */
        char *name;
        char *snapshot; /* NULL: none */
} VolumeName;

void volume_name_parse(const char *text, VolumeName *ret);
void volume_name_done(VolumeName *name);
char *volume_path(const char *pool, const VolumeName *name); /* caller frees */

extern const ObjectKind kind_volume;
extern const Command command_volume_copy, command_volume_export, command_volume_import,
        command_volume_move, command_volume_restore, command_volume_snapshot;
