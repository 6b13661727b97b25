/* What goes over the data socket: rsync's protocol between a program here and one there, or a tree
 * stream of our own. Each direction of each transfer ends with an empty text. */
#pragma once

#include "base/error.h"

#include <stdint.h>

typedef struct WebSocket WebSocket;
struct Runtime;

typedef struct MigrationWire {
        WebSocket *socket; /* borrowed */
        const char *helper; /* path of berth-helper */
        unsigned rsync;     /* RSYNC_… that both sides want */
        bool exact;         /* Berth on both sides: hard links and ACLs too */
        bool allow_inconsistent; /* files may vanish meanwhile */
        const char *bandwidth;   /* rsync.bwlimit; NULL: none */
        /* Called with the bytes of this transfer so far; may be NULL. */
        void (*progress)(void *userdata, uint64_t bytes);
        void *userdata;
} MigrationWire;

/* The content of the directory `path` becomes that of the receiver's. */
int migration_rsync_send(const MigrationWire *wire, const char *path, Error **err) _must_check_;
int migration_rsync_receive(const MigrationWire *wire, const char *path, Error **err)
        _must_check_;

/* The same by archive/stream.h: the receiver's directory has to be new. */
int migration_tree_send(const MigrationWire *wire, const char *path, Error **err) _must_check_;
int migration_tree_receive(const MigrationWire *wire, const char *path, Error **err)
        _must_check_;
