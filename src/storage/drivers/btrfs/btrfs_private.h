#pragma once

#include "storage/storage_private.h"

extern const StoragePoolOps btrfs_pool_ops;
extern const StorageVolumeOps btrfs_volume_ops;
extern const StorageStreamOps btrfs_stream_ops;
