#include "schema/tables.h"

#include "schema/check.h"

const ConfigKey schema_pool_source[] = {
        {.name = "source", .group = "pool-conf",
         .type = "string", .default_text = "made by the driver", .flags = KEY_LOCAL,
         .summary = "Where the pool is: a path, device, volume group, dataset or remote pool",
         .text = "Unset, the driver makes one of its own."},
        {},
};

const ConfigKey schema_pool_size[] = {
        {.name = "size", .group = "pool-conf",
         .type = "string", .default_text = "20% of the free disk space, 5GiB to 30GiB",
         .check = check_size, .flags = KEY_LOCAL, .condition = "loop-based pools",
         .summary = "Size of the loop file"},
        {},
};

const ConfigKey schema_pool_wipe[] = {
        {.name = "source.wipe", .group = "pool-conf",
         .type = "bool", .default_value = "false", .check = check_bool, .flags = KEY_LOCAL,
         .summary = "Erase the block device before use"},
        {},
};

const ConfigKey schema_pool_rsync[] = {
        {.name = "rsync.bwlimit", .group = "pool-conf",
         .type = "string", .default_value = "0", .default_text = "no limit", .check = check_size,
         .summary = "Most that a copy by rsync transfers in a second"},
        {.name = "rsync.compression", .group = "pool-conf",
         .type = "bool", .default_value = "true", .check = check_bool,
         .summary = "Compress what rsync transfers between hosts"},
        {},
};

const ConfigKey schema_pool_any[] = {
        {.name = "volatile.initial_source", .group = "pool-conf",
         .type = "string", .flags = KEY_READ_ONLY,
         .summary = "The source that was given when the pool was made"},
        {.name = "user.*", .group = "pool-conf",
         .type = "string",
         .summary = "Free text of your own"},
        {},
};

const ConfigKey schema_pool_pristine[] = {
        {.name = "volatile.pool.pristine", .group = "pool-conf",
         .type = "string", .default_value = "true", .flags = KEY_READ_ONLY,
         .summary = "Whether the remote pool was empty when it was taken"},
        {},
};

const ConfigKey schema_volume_size[] = {
        {.name = "size", .group = "volume-conf",
         .type = "string", .default_text = "the pool's volume.size", .check = check_size,
         .condition = "appropriate driver",
         .summary = "Size of the volume"},
        {},
};

const ConfigKey schema_volume_common[] = {
        {.name = "security.shifted", .group = "volume-conf",
         .type = "bool", .default_value = "false",
         .default_text = "the pool's volume.security.shifted", .check = check_bool,
         .condition = "custom volume",
         .summary = "Let several isolated containers use the volume, by mapping owners at mount "
                    "time"},
        {.name = "security.unmapped", .group = "volume-conf",
         .type = "bool", .default_value = "false",
         .default_text = "the pool's volume.security.unmapped", .check = check_bool,
         .condition = "custom volume",
         .summary = "Leave the owners of files as they are"},
        {.name = "security.shared", .group = "volume-conf",
         .type = "bool", .default_value = "false",
         .default_text = "the pool's volume.security.shared", .check = check_bool,
         .condition = "virtual-machine or custom block volume",
         .summary = "Let several instances use the block volume at once"},
        {.name = "snapshots.expiry", .group = "volume-conf",
         .type = "string", .default_text = "the pool's volume.snapshots.expiry",
         .check = check_expiry, .condition = "custom volume",
         .summary = "When snapshots are deleted, counted from their creation",
         .text = "Such as `1M 2H 3d 4w 5m 6y`, each unit at most once."},
        {.name = "snapshots.pattern", .group = "volume-conf",
         .type = "string", .default_value = "snap%d",
         .default_text = "the pool's volume.snapshots.pattern", .condition = "custom volume",
         .summary = "Names of snapshots that are made without one",
         .text = "A template with `creation_date`, or text with `%d` for the next free number."},
        {.name = "snapshots.schedule", .group = "volume-conf",
         .type = "string", .default_text = "the pool's volume.snapshots.schedule",
         .check = check_schedule,
         .allowed = "@hourly @daily @midnight @weekly @monthly @annually @yearly @never",
         .condition = "custom volume",
         .summary = "When snapshots are taken by themselves",
         .text = "Five cron fields, or aliases such as `@daily`, separated by commas."},
        {.name = "volatile.idmap.last", .group = "volume-conf",
         .type = "string", .flags = KEY_READ_ONLY, .condition = "filesystem",
         .summary = "Id map that the files on disk have, as JSON"},
        {.name = "volatile.idmap.next", .group = "volume-conf",
         .type = "string", .flags = KEY_READ_ONLY, .condition = "filesystem",
         .summary = "Id map for the next mount, as JSON"},
        {.name = "volatile.rootfs.size", .group = "volume-conf",
         .type = "string", .check = check_size, .flags = KEY_READ_ONLY,
         .summary = "Size the image volume was made with"},
        {.name = "volatile.uuid", .group = "volume-conf",
         .type = "string", .check = check_uuid, .flags = KEY_READ_ONLY,
         .summary = "Id of the volume"},
        {.name = "user.*", .group = "volume-conf",
         .type = "string",
         .summary = "Free text of your own"},
        {},
};

const ConfigKey schema_volume_block[] = {
        {.name = "block.filesystem", .group = "volume-conf",
         .type = "string", .default_value = "ext4",
         .default_text = "the pool's volume.block.filesystem", .check = check_one_of,
         .allowed = "btrfs ext4 xfs", .condition = "block based driver",
         .summary = "File system of the volume"},
        {.name = "block.mount_options", .group = "volume-conf",
         .type = "string", .default_value = "discard",
         .default_text = "the pool's volume.block.mount_options",
         .condition = "block based driver",
         .summary = "Mount options of the volume"},
        {},
};

const ConfigKey schema_bucket[] = {
        {.name = "size", .group = "bucket-conf",
         .type = "string", .default_text = "the pool's volume.size", .check = check_size,
         .condition = "appropriate driver",
         .summary = "Quota of the bucket"},
        {.name = "user.*", .group = "bucket-conf",
         .type = "string",
         .summary = "Free text of your own"},
        {},
};

const ConfigKey schema_bucket_key[] = {
        {.name = "name", .group = "bucket-key-properties",
         .type = "string", .flags = KEY_REQUIRED | KEY_PROPERTY,
         .summary = "Name of the key"},
        {.name = "description", .group = "bucket-key-properties",
         .type = "string", .flags = KEY_PROPERTY,
         .summary = "What it is for"},
        {.name = "role", .group = "bucket-key-properties",
         .type = "string", .default_value = "read-only", .check = check_one_of,
         .allowed = "admin read-only", .flags = KEY_PROPERTY,
         .summary = "What the key may do"},
        {.name = "access-key", .group = "bucket-key-properties",
         .type = "string", .flags = KEY_PROPERTY,
         .summary = "Access key, made when not given"},
        {.name = "secret-key", .group = "bucket-key-properties",
         .type = "string", .flags = KEY_PROPERTY,
         .summary = "Secret key, made when not given"},
        {},
};
