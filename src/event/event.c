#include "event/event.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "http/sink.h"
#include "http/websocket.h"
#include "json/json.h"

#include <pthread.h>
#include <string.h>

typedef struct Listener Listener;
struct Listener {
        Listener *next;
        EventHub *hub;
        WsSink *sink;
        unsigned types;
        char *project;
        bool all_projects;
};

struct EventHub {
        pthread_mutex_t lock;
        struct Loop *loop;
        Listener *listeners;
        size_t count;
        unsigned wanted; /* atomic: union of the listeners' types */
};

static const struct {
        EventType type;
        const char *name;
} type_names[] = {
        {EVENT_OPERATION, "operation"},
        {EVENT_LOGGING, "logging"},
        {EVENT_LIFECYCLE, "lifecycle"},
};

unsigned event_type_parse(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
                if (str_equal(type_names[i].name, name))
                        return type_names[i].type;
        return 0;
}

static const char *type_name(EventType type) {
        for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
                if (type_names[i].type == type)
                        return type_names[i].name;
        return "unknown";
}

/* The log is written while other locks are held; the hub takes none of those. */
static void forward_log(void *userdata, LogLevel level, const char *message,
                        const char *const *context) {
        EventHub *hub = userdata;
        if (!event_hub_wants(hub, EVENT_LOGGING))
                return;
        _cleanup_json_ json_t *record = json_object();
        json_t *pairs = json_object();
        for (size_t i = 0; context != NULL && context[i] != NULL && context[i + 1] != NULL; i += 2)
                json_object_set_new(pairs, context[i], json_string_lossy(context[i + 1]));
        json_object_set_new(record, "message", json_string_lossy(message));
        json_object_set_new(record, "level", json_string(log_level_name(level)));
        json_object_set_new(record, "context", pairs);
        event_emit(hub, EVENT_LOGGING, NULL, record);
}

EventHub *event_hub_new(struct Loop *loop) {
        EventHub *hub = mem_new(EventHub);
        pthread_mutex_init(&hub->lock, NULL);
        hub->loop = loop;
        return hub;
}

static void listener_free(Listener *listener) {
        free(listener->project);
        free(listener);
}

void event_hub_free(EventHub *hub) {
        if (hub == NULL)
                return;
        log_subscribe(NULL, NULL);
        for (Listener *listener = hub->listeners, *next; listener != NULL; listener = next) {
                next = listener->next;
                listener_free(listener);
        }
        pthread_mutex_destroy(&hub->lock);
        free(hub);
}

bool event_hub_wants(EventHub *hub, EventType type) {
        return (__atomic_load_n(&hub->wanted, __ATOMIC_RELAXED) & (unsigned) type) != 0;
}

static void update_wanted(EventHub *hub) {
        unsigned wanted = 0;
        for (Listener *listener = hub->listeners; listener != NULL; listener = listener->next)
                wanted |= listener->types;
        __atomic_store_n(&hub->wanted, wanted, __ATOMIC_RELAXED);
        /* records nobody reads are not even formatted */
        log_subscribe((wanted & EVENT_LOGGING) != 0 ? forward_log : NULL, hub);
}

static bool listener_matches(const Listener *listener, EventType type, const char *project) {
        if ((listener->types & (unsigned) type) == 0)
                return false;
        return project == NULL || listener->all_projects || str_equal(listener->project, project);
}

static SinkMessage *render(EventType type, const char *project, json_t *metadata) {
        char stamp[TIME_TEXT_SIZE];
        _cleanup_json_ json_t *event = json_object();
        json_object_set_new(event, "type", json_string(type_name(type)));
        json_object_set_new(event, "timestamp",
                            json_string(time_format_rfc3339(time_now_ns(), stamp)));
        json_object_set(event, "metadata", metadata);
        json_object_set_new(event, "location", json_string("none"));
        if (project != NULL)
                json_object_set_new(event, "project", json_string(project));
        _cleanup_free_ char *text = json_dump_compact(event);
        return sink_message_new(WS_TEXT, text, strlen(text));
}

void event_emit(EventHub *hub, EventType type, const char *project, json_t *metadata) {
        if (!event_hub_wants(hub, type))
                return;
        SinkMessage *message = render(type, project, metadata);
        pthread_mutex_lock(&hub->lock);
        for (Listener *listener = hub->listeners; listener != NULL; listener = listener->next)
                if (listener_matches(listener, type, project))
                        ws_sink_send(listener->sink, message);
        pthread_mutex_unlock(&hub->lock);
        sink_message_unref(message);
}

static json_t *requestor_json(const EventRequestor *requestor) {
        json_t *object = json_object();
        json_object_set_new(object, "username",
                            json_string_lossy(requestor->username ? requestor->username : ""));
        json_object_set_new(object, "protocol",
                            json_string(requestor->protocol ? requestor->protocol : ""));
        json_object_set_new(object, "address",
                            json_string_lossy(requestor->address ? requestor->address : ""));
        return object;
}

void event_emit_lifecycle(EventHub *hub, const EventLifecycle *event) {
        log_with(LOG_LEVEL_DEBUG, CONTEXT("action", event->action, "source", event->source),
                 "Lifecycle event");
        if (!event_hub_wants(hub, EVENT_LIFECYCLE))
                return;
        _cleanup_json_ json_t *metadata = json_object();
        _cleanup_free_ char *project = NULL;
        if (!str_is_empty(event->project) && !str_equal(event->project, "default"))
                project = url_escape(event->project);
        _cleanup_free_ char *source =
                str_printf("%s%s%s", event->source, project != NULL ? "?project=" : "",
                           project != NULL ? project : "");
        json_object_set_new(metadata, "action", json_string(event->action));
        json_object_set_new(metadata, "source", json_string_lossy(source));
        if (json_object_size(event->context) > 0)
                json_object_set(metadata, "context", event->context);
        if (event->requestor != NULL)
                json_object_set_new(metadata, "requestor", requestor_json(event->requestor));
        event_emit(hub, EVENT_LIFECYCLE, event->project, metadata);
}

static void listener_closed(void *userdata) {
        Listener *listener = userdata;
        EventHub *hub = listener->hub;
        pthread_mutex_lock(&hub->lock);
        for (Listener **slot = &hub->listeners; *slot != NULL; slot = &(*slot)->next)
                if (*slot == listener) {
                        *slot = listener->next;
                        hub->count--;
                        break;
                }
        update_wanted(hub);
        pthread_mutex_unlock(&hub->lock);
        listener_free(listener);
}

void event_hub_listen(EventHub *hub, struct WebSocket *socket, const EventListenerSpec *spec) {
        Listener *listener = mem_new(Listener);
        listener->hub = hub;
        listener->types = spec->types;
        listener->project = str_dup(spec->project);
        listener->all_projects = spec->all_projects;
        pthread_mutex_lock(&hub->lock);
        listener->sink = ws_sink_new(hub->loop, socket, listener_closed, listener);
        listener->next = hub->listeners;
        hub->listeners = listener;
        hub->count++;
        update_wanted(hub);
        pthread_mutex_unlock(&hub->lock);
}

size_t event_hub_listener_count(EventHub *hub) {
        pthread_mutex_lock(&hub->lock);
        size_t count = hub->count;
        pthread_mutex_unlock(&hub->lock);
        return count;
}
