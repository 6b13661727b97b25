/* An image of an instance: metadata.yaml, templates/ and rootfs/ in a tarball. */
#pragma once

#include "archive/archive.h"
#include "instance/instance.h"

typedef struct InstancePublish {
        const char *compression; /* NULL: images.compression_algorithm */
        const StrMap *properties; /* instead of the metadata's, when there are any */
        int64_t expiry_ns;        /* TIME_ZERO: as the metadata says */
} InstancePublish;

/* The instance may not run. The caller imports the file, or frees it. */
int instance_publish(Instances *instances, const Instance *instance,
                     const InstancePublish *publish, ImageFile **ret, Error **err) _must_check_;

/* What compresses: `wanted`, else the project's KEY, else the server's. */
int instance_compression(Instances *instances, const char *project, const char *wanted,
                         const char *key, ArchiveFormat *ret, int *ret_level, Error **err)
        _must_check_;
/* The map of what is on disk, for ArchiveTree.owner with it as userdata. */
uint32_t instance_inner_id(void *idmap, bool group, uint32_t id);
int instance_disk_idmap(const Instance *instance, IdMap *ret, Error **err) _must_check_;
