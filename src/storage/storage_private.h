#pragma once

#include "storage/storage.h"

#include <pthread.h>

#define STORAGE_UNAVAILABLE "Storage pool is unavailable on this server"

struct Storage {
        Database *database;
        Runtime *runtime;
        char *directory;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        Table *held;        /* names that storage_hold() has */
        Table *unavailable; /* names of pools whose backend is missing */
        Table *versions;    /* of drivers, by name */
};

/* Excludes others that hold the same name; waits for them. */
void storage_hold(Storage *storage, const char *name);
void storage_release(Storage *storage, const char *name);
StoragePool *storage_pool_from_row(Storage *storage, StoragePoolRow *row); /* takes the content */
/* Its directories below pool->path. */
int storage_pool_prepare(StoragePool *pool, Error **err) _must_check_;
/* Removes what is in a directory. */
int storage_empty_directory(const char *path, Error **err) _must_check_;
void storage_set_available(Storage *storage, const StoragePool *pool, const Error *why);
int storage_check_available(const StorageVolume *volume, Error **err) _must_check_;

/* A volume that is no record's yet, at POOL/.making/HEX: drivers of directories build there and
 * rename. What a crash leaves there is deleted when the pool is mounted. */
StorageVolume *storage_volume_beside(StoragePool *pool, StorageVolumeType type);
/* Checks that the name is free, and notes in the journal that the volume is being made. */
int storage_making_begin(Storage *storage, const StorageVolume *volume, Error **err) _must_check_;
/* Removes what there is of it; -1. */
int storage_making_failed(Storage *storage, StorageVolume *volume);
/* Makes the directory that the snapshot comes to stand in. */
int storage_snapshots_prepare(const StorageVolume *snapshot, Error **err) _must_check_;
/* POOL/TYPE-snapshots/NAME */
char *storage_snapshots_path(const StorageVolume *volume);
/* The volume that a snapshot is of; the volume itself else. */
StorageVolume *storage_volume_parent(const StorageVolume *snapshot);
void storage_making_sweep(StoragePool *pool);

/* The journal: DIRECTORY/storage-journal has a file for each volume that was made and is not known
 * to have a record. */
int storage_journal_add(Storage *storage, const StorageVolume *volume, Error **err) _must_check_;
void storage_journal_remove(Storage *storage, const StorageVolume *volume);
/* Deletes what has no record, in pools that are there. */
void storage_journal_replay(Storage *storage);
