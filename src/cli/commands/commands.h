/* The commands, one file each or one file a kind of object. */
#pragma once

#include "cli/cli.h"
#include "cli/object.h"

extern const Command command_alias, command_cluster, command_completion, command_complete,
        command_config, command_config_device, command_config_metadata, command_config_template,
        command_config_trust, command_console, command_copy, command_delete, command_exec,
        command_export, command_file, command_help, command_image, command_image_alias,
        command_import, command_info, command_init, command_launch, command_list,
        command_manpage, command_monitor, command_move, command_network, command_operation,
        command_pause, command_profile, command_profile_device, command_project,
        command_publish, command_query, command_remote, command_rename, command_restart,
        command_restore, command_shell, command_snapshot, command_start, command_stop,
        command_storage, command_storage_volume, command_version, command_warning;

extern const ObjectKind kind_instance, kind_profile;
