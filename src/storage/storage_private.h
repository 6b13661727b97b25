#pragma once

#include "storage/storage.h"

#include <pthread.h>

struct Storage {
        Database *database;
        char *directory;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        Table *making; /* "POOL/FINGERPRINT" of images that are being unpacked */
};
