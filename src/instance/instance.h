/* Instances: the registry of what runs, and records with profiles applied.
 *
 * An Instance is a copy of its records; it is loaded for a request and freed by it. What lives
 * longer (pids, who is busy with it, the file session) is in the registry, by name. Verbs that
 * change an instance exclude each other: a second one fails with ERROR_BUSY, 'Instance is busy
 * running a "start" operation'. All functions are thread-safe and may block.
 *
 * The verbs: create.h, state.h (start, stop, figures), update.h (config, rename, delete), exec.h,
 * console.h, logs.h, metadata.h. */
#pragma once

#include "api/instance.h"
#include "database/instances.h"
#include "event/event.h"
#include "image/image.h"
#include "linux/idmap.h"
#include "network/network.h"
#include "operation/operation.h"
#include "runtime/files.h"
#include "runtime/runtime.h"
#include "storage/storage.h"
#include "volume/volume.h"

typedef struct Instances Instances;
struct Loop;
struct Workers;

typedef struct InstancesSpec { /* all borrowed */
        Database *database;
        Storage *storage;
        Volumes *volumes; /* told who uses them */
        Images *images;
        Networks *networks;
        EventHub *events;
        struct Loop *loop;
        struct Workers *workers;
        Runtime *runtime;      /* lxcpath DIRECTORY/containers, run root DIRECTORY/logs */
        const char *directory; /* BERTH_DIR */
} InstancesSpec;

int instances_new(const InstancesSpec *spec, Instances **ret, Error **err) _must_check_;
void instances_free(Instances *instances);
/* Finds what runs, cleans up what a crash left, starts what wants to be started (boot.autostart,
 * or it ran when the host went down), the latter on a worker. */
int instances_start(Instances *instances, Error **err) _must_check_;
/* For the host's shutdown: stops everything that runs, highest boot.stop.priority first, each in at
 * most its boot.host_shutdown_timeout, and remembers that it ran. */
void instances_shutdown(Instances *instances);

typedef enum InstanceStatus { /* the API's codes */
        INSTANCE_STOPPED = 102,
        INSTANCE_RUNNING = 103,
        INSTANCE_FROZEN = 110,
        INSTANCE_READY = 113, /* it runs, and the guest said that it is ready */
} InstanceStatus;

typedef struct Instance {
        InstanceRow row;
        StrMap config;     /* expanded */
        DeviceMap devices; /* expanded */
        char *disk_name;   /* [PROJECT_]NAME: on disk and to liblxc */
        char *snapshot;    /* of a snapshot (snapshots.h): its name; row.name is the instance's */
        char *pool;        /* of a snapshot: where it is, whatever its devices say */
        int64_t snapshot_id, expiry_ns;
        InstanceStatus status;
} Instance;

typedef struct InstanceList {
        Instance *items;
        size_t count;
} InstanceList;

/* ERROR_NOT_FOUND "Instance not found". */
int instance_load(Instances *instances, const char *project, const char *name, Instance **ret,
                  Error **err) _must_check_;
void instance_free(Instance *instance);
DEFINE_CLEANUP(Instance, instance, instance_free)
/* project NULL: all. A fixed number of queries. */
int instance_list(Instances *instances, const char *project, InstanceList *ret, Error **err)
        _must_check_;
/* The names in one project, sorted: one small query. */
int instance_names(Instances *instances, const char *project, StrList *ret, Error **err)
        _must_check_;
void instance_list_done(InstanceList *list);
const char *instance_status_name(InstanceStatus status);
bool instance_is_running(const Instance *instance); /* frozen counts */
/* "/1.0/instances/NAME", of a snapshot with "/snapshots/SNAPSHOT". */
char *instance_url(const Instance *instance);
/* What the API shows. Everything in `ret` is borrowed from the instance: it is never given to
 * api_instance_done(). */
void instance_to_api(const Instance *instance, ApiInstance *ret);
/* The value whose hash is the ETag; a new reference. */
json_t *instance_etag(const Instance *instance);

/* The running process; ERROR_BAD_STATE "Instance is not running". */
int instance_process(Instances *instances, const Instance *instance, RuntimeProcess *ret,
                     Error **err) _must_check_;
Runtime *instances_runtime(Instances *instances);
/* logs/NAME, and the liblxc configuration in it. */
char *instance_log_directory(Instances *instances, const Instance *instance);
char *instance_config_file(Instances *instances, const Instance *instance);
/* storage-pools/P/containers/NAME, of a snapshot storage-pools/P/containers-snapshots/NAME/SNAP. */
int instance_volume_path(Instances *instances, const Instance *instance, char **ret, Error **err)
        _must_check_;
/* The same with the files there to be read, whatever the storage driver. */
int instance_volume_mount(Instances *instances, const Instance *instance, char **ret, Error **err)
        _must_check_;

/* Files: the SFTP session of the instance, running or stopped, kept open between requests for ten
 * seconds; given back by the caller. Verbs on paths are runtime/files.h's. */
int instance_files_acquire(Instances *instances, const Instance *instance, FilesSession **ret,
                           Error **err) _must_check_;
void instance_files_release(Instances *instances, const Instance *instance,
                            FilesSession *session);
/* A raw SFTP v3 socket for the /sftp upgrade. */
int instance_files_open_socket(Instances *instances, const Instance *instance, int *ret_fd,
                               Error **err) _must_check_;

/* For NetworkHooks: the nics of all instances and profiles. */
int instances_each_nic(Instances *instances, NetworkNicVisitor visit, void *visit_data,
                       Error **err) _must_check_;

/* "instance-ACTION" with the instance as source; `context` (stolen) may be NULL. */
void instance_emit(Instances *instances, const Instance *instance, const char *action,
                   json_t *context, const EventRequestor *requestor);
/* The same of something below it: "backups/NAME", escaped. */
void instance_emit_at(Instances *instances, const Instance *instance, const char *below,
                      const char *action, json_t *context, const EventRequestor *requestor);
