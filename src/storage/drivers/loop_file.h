/* Pools that live in a file of ours: BERTH_DIR/disks/NAME.img. */
#pragma once

#include "storage/driver.h"

char *storage_loop_path(const StoragePool *pool);
/* The pool's source is that file. */
bool storage_loop_is_source(const StoragePool *pool);
/* Makes the sparse file of config "size"; sets that (20% of the free space, 5 to 30 GiB) when
 * unset, and "source". */
int storage_loop_create(StoragePool *pool, Error **err) _must_check_;
int storage_loop_delete(const StoragePool *pool, Error **err) _must_check_; /* absent: fine */
/* The file grows to the "size" of a new config; *ret_grown says whether it did. Shrinking is
 * refused. */
int storage_loop_resize(const StoragePool *pool, const char *size, bool *ret_grown, Error **err)
        _must_check_;
