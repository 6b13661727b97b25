/* The messages of the control socket, as LXD 5.0 has them: an offer by the source, a choice by the
 * target, and at the end the target's word whether all went well. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "linux/idmap.h"

typedef enum MigrationType {
        MIGRATION_RSYNC = 0,
        MIGRATION_BTRFS = 1,
        MIGRATION_ZFS = 2,
        MIGRATION_RBD = 3,
        MIGRATION_BLOCK_AND_RSYNC = 4,
} MigrationType;

/* How the memory of processes comes: not at all, but the instance runs (LXD then sends the files a
 * second time, while it stands still). */
typedef enum MigrationCriu {
        MIGRATION_CRIU_ABSENT = -1,
        MIGRATION_CRIU_RSYNC = 0,
        MIGRATION_CRIU_NONE = 2,
} MigrationCriu;

/* Bits in the order of the fields of the messages. */
enum {
        RSYNC_XATTRS = 1 << 0,
        RSYNC_DELETE = 1 << 1,
        RSYNC_COMPRESS = 1 << 2,
        RSYNC_BIDIRECTIONAL = 1 << 3,
};
enum {
        BTRFS_HEADER = 1 << 0,
        BTRFS_SUBVOLUMES = 1 << 1,
        BTRFS_SUBVOLUME_UUIDS = 1 << 2,
};
enum {
        ZFS_COMPRESS = 1 << 0,
        ZFS_HEADER = 1 << 1,
};

typedef struct MigrationSnapshot {
        char *name;
        StrMap config;
        StrList profiles;
        DeviceMap devices;
        bool ephemeral, stateful;
        int architecture;
        int64_t created, used, expires; /* seconds; 0: unknown or never */
} MigrationSnapshot;

typedef struct MigrationHeader {
        MigrationType type;
        MigrationCriu criu;
        IdMap idmap; /* of what is on the source's disk */
        StrList snapshot_names;
        MigrationSnapshot *snapshots;
        size_t snapshot_count;
        bool predump, refresh;
        unsigned rsync, zfs, btrfs; /* features */
        int64_t volume_size;        /* of block volumes; 0: none */
        unsigned index_version;
        /* Berth's own way, archive/stream.h: its version; 0: not known. LXD passes over the field
         * (number 1000), and so answers without it. */
        unsigned tree;
} MigrationHeader;

void migration_header_done(MigrationHeader *header);
MigrationSnapshot *migration_header_add_snapshot(MigrationHeader *header, const char *name);
void migration_header_write(const MigrationHeader *header, StrBuf *to);
int migration_header_read(const void *data, size_t size, MigrationHeader *ret, Error **err)
        _must_check_;

/* `message` NULL: it went well. */
void migration_control_write(const char *message, StrBuf *to);
/* Success is 0, the peer's failure an error with its words. */
int migration_control_read(const void *data, size_t size, Error **err) _must_check_;
