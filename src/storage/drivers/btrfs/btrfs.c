/* btrfs: see README.md. */
#include "storage/drivers/btrfs/btrfs_private.h"

#include "base/memory.h"
#include "process/spawn.h"

/* "btrfs-progs v6.2", in newer ones with more lines behind it. */
static char *btrfs_find_version(void) {
        const SpawnSpec spec = {.argv = SPAWN_ARGV("btrfs", "--version")};
        _cleanup_strlist_ StrList words = {};
        _cleanup_free_ char *text = NULL;
        if (spawn_run_checked(&spec, NULL, &text, NULL) < 0)
                return NULL;
        strlist_split(&words, text, " \n", true);
        return words.count < 2 ? NULL : str_dup(words.items[1] + (words.items[1][0] == 'v'));
}

const StorageDriver storage_driver_btrfs = {
        .name = "btrfs",
        .find_version = btrfs_find_version,
        .can = {.cheap_copies = true, .volume_quota = true, .snapshot_copies = true},
        .pool = &btrfs_pool_ops,
        .volume = &btrfs_volume_ops,
        .stream = &btrfs_stream_ops,
};
