/* What the REST handlers stand on; filled by daemon/ and constant after the start but for the
 * atomic state. All borrowed. */
#pragma once

#include "base/text.h"
#include "event/event.h"
#include "operation/operation.h"

#include <pthread.h>

struct Acls;
struct Database;
struct Firewall;
struct Forwards;
struct Storage;
struct Images;
struct Instances;
struct Networks;
struct Trust;
struct Volumes;
struct Loop;
struct Workers;
struct Zones;

typedef enum RestState {
        REST_STATE_STARTING, /* only internal requests are served */
        REST_STATE_READY,
        REST_STATE_STOPPING,
} RestState;

/* What the daemon does for a request that concerns the daemon itself. */
typedef struct RestDaemonHooks {
        /* Starts the end of the daemon; `stop_instances` as PUT /internal/shutdown asks. */
        void (*shutdown)(void *userdata, bool force, int64_t timeout_seconds);
        /* Serves HTTPS on that address instead of the one before; NULL: nowhere. When it fails the
         * old one goes on. */
        int (*listen)(void *userdata, const char *address, Error **err);
        /* Makes the name server what the configuration says; on failure it is as before. */
        int (*configure)(void *userdata, const StrMap *config, Error **err);
        /* Appends "HOST:PORT" of each address that clients can reach. */
        void (*addresses)(void *userdata, StrList *ret);
        /* Runs one of the daemon's periodic tasks now, to its end. */
        int (*run_task)(void *userdata, const char *name, Error **err);
        void *userdata;
} RestDaemonHooks;

typedef struct RestContext {
        struct Database *database;
        struct Firewall *firewall;
        struct Acls *acls;
        struct Forwards *forwards;
        struct Zones *zones;
        struct Storage *storage;
        struct Images *images;
        struct Networks *networks;
        struct Instances *instances;
        struct Trust *trust;
        struct Volumes *volumes;
        Operations *operations;
        EventHub *events;
        struct Loop *loop;
        struct Workers *workers;
        const char *directory; /* BERTH_DIR */
        const char *server_name;
        const char *server_version;
        RestDaemonHooks daemon;
        int state; /* RestState, atomic */
        /* The text of GET /1.0 for a generation of the database. */
        struct {
                pthread_mutex_t lock;
                uint64_t generation;
                char *project, *text;
        } server_cache;
} RestContext;

RestState rest_context_state(const RestContext *context);
