#include "volume/volume_private.h"

#include "base/memory.h"

#include <string.h>

typedef struct VolumeHold {
        size_t readers;
        bool writer;
} VolumeHold;

static char *key_of(const StorageVolumeRow *row) {
        _cleanup_free_ char *name = volume_name_part(row->name);
        return str_printf("%s/%s/%s", row->pool, row->project, name);
}

static bool is_free(const VolumeLock *lock) {
        for (size_t i = 0; i < lock->count; i++) {
                const VolumeHold *hold = table_get(lock->volumes->held, lock->items[i].key);
                if (hold != NULL &&
                    (hold->writer || (lock->items[i].exclusive && hold->readers > 0)))
                        return false;
        }
        return true;
}

static void take(const VolumeLock *lock) {
        for (size_t i = 0; i < lock->count; i++) {
                VolumeHold *hold = table_get(lock->volumes->held, lock->items[i].key);
                if (hold == NULL) {
                        hold = mem_new(VolumeHold);
                        table_set(lock->volumes->held, lock->items[i].key, hold);
                }
                if (lock->items[i].exclusive)
                        hold->writer = true;
                else
                        hold->readers++;
        }
}

VolumeLock *volume_lock(Volumes *volumes, const StorageVolumeRow *first, bool exclusive,
                        const StorageVolumeRow *second, bool second_exclusive) {
        VolumeLock *lock = mem_new(VolumeLock);
        *lock = (VolumeLock){.volumes = volumes, .count = 1};
        lock->items[0].key = key_of(first);
        lock->items[0].exclusive = exclusive;
        if (second != NULL) {
                lock->items[1].key = key_of(second);
                lock->items[1].exclusive = second_exclusive;
                lock->count = 2;
                /* A copy of a snapshot over its own volume names one volume twice. */
                if (str_equal(lock->items[0].key, lock->items[1].key)) {
                        lock->items[0].exclusive = exclusive || second_exclusive;
                        lock->count = 1;
                }
        }
        pthread_mutex_lock(&volumes->lock);
        while (!is_free(lock))
                pthread_cond_wait(&volumes->changed, &volumes->lock);
        take(lock);
        pthread_mutex_unlock(&volumes->lock);
        return lock;
}

void volume_unlock(VolumeLock *lock) {
        Volumes *volumes = lock->volumes;
        pthread_mutex_lock(&volumes->lock);
        for (size_t i = 0; i < lock->count; i++) {
                VolumeHold *hold = table_get(volumes->held, lock->items[i].key);
                if (lock->items[i].exclusive)
                        hold->writer = false;
                else
                        hold->readers--;
                if (!hold->writer && hold->readers == 0)
                        (void) table_remove(volumes->held, lock->items[i].key);
        }
        pthread_cond_broadcast(&volumes->changed);
        pthread_mutex_unlock(&volumes->lock);
        free(lock->items[0].key);
        free(lock->items[1].key);
        free(lock);
}
