/* The event hub: what GET /1.0/events sends.
 *
 * Every function is thread-safe and never blocks on a listener: a message is rendered once and put
 * into each matching listener's bounded queue (http/sink.h), a listener that does not read is
 * dropped. With no listener an event costs one atomic load. Shapes: api/event.h. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

typedef struct EventHub EventHub;
struct Loop;
struct WebSocket;

typedef enum EventType {
        EVENT_OPERATION = 1 << 0,
        EVENT_LOGGING = 1 << 1,
        EVENT_LIFECYCLE = 1 << 2,
} EventType;

/* Who asked; borrowed strings, NULL means empty. */
typedef struct EventRequestor {
        const char *username;
        const char *protocol; /* "unix", "tls" */
        const char *address;
} EventRequestor;

/* One lifecycle event. `source` is the object's URL without its query ("/1.0/instances/c1");
 * ?project= is appended for other projects than default. `context` (borrowed, may be NULL) is a
 * JSON object. `requestor` NULL: the daemon itself. */
typedef struct EventLifecycle {
        const char *action; /* "instance-started": lifecycle names of LXD */
        const char *project;
        const char *source;
        json_t *context;
        const EventRequestor *requestor;
} EventLifecycle;

EventHub *event_hub_new(struct Loop *loop); /* borrows the loop that writes to listeners */
void event_hub_free(EventHub *hub);

void event_emit_lifecycle(EventHub *hub, const EventLifecycle *event);
/* `metadata` is borrowed; project NULL: events of no project go to every listener. */
void event_emit(EventHub *hub, EventType type, const char *project, json_t *metadata);
bool event_hub_wants(EventHub *hub, EventType type);

typedef struct EventListenerSpec {
        unsigned types;      /* EventType bits */
        const char *project; /* NULL with all_projects */
        bool all_projects;
} EventListenerSpec;

/* Takes the websocket; it is closed and freed when the client leaves or falls behind. */
void event_hub_listen(EventHub *hub, struct WebSocket *socket, const EventListenerSpec *spec);
size_t event_hub_listener_count(EventHub *hub);

/* "operation", "logging", "lifecycle" to the bit; 0 when unknown. */
unsigned event_type_parse(const char *name);
