/* The records of a tree stream, between its writer and its reader. Numbers are little endian.
 *
 *     record:  kind u8, name u16 + bytes, attributes, then by kind
 *       'D' directory: its records follow, up to an 'U' (which is only the kind)
 *       'F' file: link id u64 (0: one name only), segments (offset u64, size u32, bytes), and one
 *           of size 0 whose offset is the file's size
 *       'H' one more name of an earlier file: link id u64 (no attributes)
 *       'L' link: target u16 + bytes
 *       'S' special file: device u64
 *     attributes:  mode u32, owner u32, group u32, access and change time (seconds i64, ns u32),
 *                  xattrs u16: (name u16 + bytes, value u32 + bytes)
 *
 * The first record is a directory with an empty name: the top. */
#pragma once

#include "archive/stream.h"

#define TREE_NAME_MAX 255
#define TREE_TARGET_MAX 4095
#define TREE_XATTRS_MAX 1024
#define TREE_VALUE_MAX 65536
#define TREE_DEPTH_MAX 2048
