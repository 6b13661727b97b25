#include "instance/guest.h"

#include "base/memory.h"
#include "base/times.h"
#include "http/sink.h"
#include "instance/instance_private.h"
#include "json/json.h"
#include "linux/procfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 64

struct GuestListener {
        GuestListener *next;
        Instances *instances;
        char *disk_name;
        unsigned types;
        WsSink *sink; /* NULL: a stream */
        StrList lines; /* of a stream: not yet sent */
        bool overrun;
};

#define MAX_STREAMS 32
#define MAX_WAITING_LINES 1000
#define LOOK_SECONDS 5

static ino_t pid_namespace(pid_t pid) {
        char path[64];
        struct stat info;
        (void) snprintf(path, sizeof path, "/proc/%d/ns/pid", (int) pid);
        return stat(path, &info) == 0 ? info.st_ino : 0;
}

/* The runner whose init has the same namespace; the name on disk, owned. Under the lock. */
static bool find_runner(Instances *instances, ino_t wanted, char **ret_project, char **ret_name) {
        size_t cursor = 0;
        void *value;
        while (table_next(instances->runners, &cursor, NULL, &value)) {
                const Runner *runner = value;
                if (runner->process.init_pid == 0 ||
                    pid_namespace(runner->process.init_pid) != wanted)
                        continue;
                *ret_project = str_dup(runner->project);
                *ret_name = str_dup(runner->name);
                return true;
        }
        return false;
}

int instance_find_by_pid(Instances *instances, pid_t pid, Instance **ret, Error **err) {
        ino_t ours = pid_namespace(getpid());
        for (int depth = 0; depth < MAX_DEPTH && pid > 1; depth++) {
                _cleanup_free_ char *project = NULL, *name = NULL;
                ino_t namespace = pid_namespace(pid);
                if (namespace == 0 || namespace == ours)
                        break;
                pthread_mutex_lock(&instances->lock);
                bool found = find_runner(instances, namespace, &project, &name);
                pthread_mutex_unlock(&instances->lock);
                if (found)
                        return instance_load(instances, project, name, ret, err);
                if (procfs_parent(pid, &pid, NULL) < 0)
                        break;
        }
        return error_set(err, ERROR_NOT_FOUND, 0, "pid not in container?");
}

uid_t instance_root_uid(const Instance *instance) {
        _cleanup_idmap_ IdMap map = {.items = NULL};
        const char *text = strmap_get(&instance->config, "volatile.idmap.current");
        if (idmap_from_json(text != NULL ? text : "[]", &map, NULL) < 0 || map.count == 0)
                return 0;
        return idmap_to_host(&map, false, 0);
}

unsigned guest_event_parse(const char *name) {
        return str_equal(name, "config")   ? GUEST_EVENT_CONFIG
               : str_equal(name, "device") ? GUEST_EVENT_DEVICE
                                           : 0;
}

bool instance_is_guest_key(const char *key) {
        return str_has_prefix(key, "user.") || str_has_prefix(key, "cloud-init.");
}

static void listener_free(GuestListener *listener) {
        free(listener->disk_name);
        strlist_done(&listener->lines);
        free(listener);
}

/* Under the lock. */
static void unlink_listener(Instances *instances, GuestListener *listener) {
        GuestListener **at = &instances->guest_listeners;
        while (*at != listener)
                at = &(*at)->next;
        *at = listener->next;
}

/* On the loop. */
static void listener_closed(void *userdata) {
        GuestListener *listener = userdata;
        Instances *instances = listener->instances;
        pthread_mutex_lock(&instances->lock);
        unlink_listener(instances, listener);
        pthread_mutex_unlock(&instances->lock);
        listener_free(listener);
}

void instance_guest_listen(Instances *instances, const Instance *instance, unsigned types,
                           WebSocket *socket) {
        GuestListener *listener = mem_new(GuestListener);
        listener->instances = instances;
        listener->disk_name = str_dup(instance->disk_name);
        listener->types = types;
        pthread_mutex_lock(&instances->lock);
        listener->next = instances->guest_listeners;
        instances->guest_listeners = listener;
        listener->sink = ws_sink_new(instances->spec.loop, socket, listener_closed, listener);
        pthread_mutex_unlock(&instances->lock);
}

/* Under the lock. */
static bool add_stream(Instances *instances, GuestListener *listener) {
        size_t streams = 0;
        for (const GuestListener *at = instances->guest_listeners; at != NULL; at = at->next)
                streams += at->sink == NULL;
        if (streams >= MAX_STREAMS)
                return false;
        listener->next = instances->guest_listeners;
        instances->guest_listeners = listener;
        return true;
}

/* Waits under the lock for lines and takes them. */
static void take_lines(Instances *instances, GuestListener *listener, StrList *ret) {
        struct timespec end;
        (void) clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += LOOK_SECONDS;
        pthread_mutex_lock(&instances->lock);
        while (listener->lines.count == 0 && !listener->overrun &&
               pthread_cond_timedwait(&instances->changed, &instances->lock, &end) == 0)
                continue;
        *ret = listener->lines;
        listener->lines = (StrList) {.items = NULL};
        pthread_mutex_unlock(&instances->lock);
}

static int send_lines(const StrList *lines, GuestSend send, void *userdata) {
        for (size_t i = 0; i < lines->count; i++)
                if (send(userdata, lines->items[i]) < 0)
                        return -1;
        return lines->count > 0 ? 0 : send(userdata, NULL);
}

int instance_guest_stream(Instances *instances, const Instance *instance, unsigned types,
                          GuestSend send, void *userdata, Error **err) {
        GuestListener *listener = mem_new(GuestListener);
        listener->instances = instances;
        listener->disk_name = str_dup(instance->disk_name);
        listener->types = types;
        pthread_mutex_lock(&instances->lock);
        bool added = add_stream(instances, listener);
        pthread_mutex_unlock(&instances->lock);
        if (!added) {
                listener_free(listener);
                return error_set(err, ERROR_BUSY, 0, "Too many event streams are open");
        }
        for (bool goes_on = true; goes_on;) {
                _cleanup_strlist_ StrList lines = {.items = NULL};
                take_lines(instances, listener, &lines);
                goes_on = !listener->overrun && send_lines(&lines, send, userdata) == 0;
        }
        pthread_mutex_lock(&instances->lock);
        unlink_listener(instances, listener);
        pthread_mutex_unlock(&instances->lock);
        listener_free(listener);
        return 0;
}

/* Under the lock. */
static void deliver(GuestListener *listener, SinkMessage *message, const char *text) {
        if (listener->sink != NULL)
                ws_sink_send(listener->sink, message);
        else if (listener->lines.count < MAX_WAITING_LINES)
                strlist_add(&listener->lines, text);
        else
                listener->overrun = true;
}

/* Steals the metadata. */
static void send_event(Instances *instances, const Instance *instance, const char *type,
                       json_t *metadata) {
        char stamp[TIME_TEXT_SIZE];
        _cleanup_json_ json_t *event =
                json_pack("{s:o, s:s, s:s}", "metadata", metadata, "timestamp",
                          time_format_rfc3339(time_now_ns(), stamp), "type", type);
        _cleanup_free_ char *text = json_dumps(event, JSON_COMPACT);
        SinkMessage *message = sink_message_new(WS_TEXT, text, strlen(text));
        pthread_mutex_lock(&instances->lock);
        for (GuestListener *at = instances->guest_listeners; at != NULL; at = at->next)
                if (str_equal(at->disk_name, instance->disk_name) &&
                    (at->types & guest_event_parse(type)) != 0)
                        deliver(at, message, text);
        pthread_cond_broadcast(&instances->changed);
        pthread_mutex_unlock(&instances->lock);
        sink_message_unref(message);
}

static void key_changed(Instances *instances, const Instance *instance, const char *key,
                        const char *old, const char *new) {
        if (instance_is_guest_key(key) && !str_equal(old, new))
                send_event(instances, instance, "config",
                           json_pack("{s:s, s:s, s:s}", "key", key, "old_value",
                                     old != NULL ? old : "", "value", new != NULL ? new : ""));
}

static void device_changed(Instances *instances, const Instance *instance, const char *action,
                           const DeviceEntry *device) {
        send_event(instances, instance, "device",
                   json_pack("{s:s, s:s, s:o}", "action", action, "name", device->name, "config",
                             json_from_strmap(&device->config)));
}

static void devices_changed(Instances *instances, const Instance *before, const Instance *after) {
        for (size_t i = 0; i < before->devices.count; i++) {
                const DeviceEntry *device = &before->devices.items[i];
                if (devicemap_get(&after->devices, device->name) == NULL)
                        device_changed(instances, after, "removed", device);
        }
        for (size_t i = 0; i < after->devices.count; i++) {
                const DeviceEntry *device = &after->devices.items[i];
                const StrMap *old = devicemap_get(&before->devices, device->name);
                if (old == NULL)
                        device_changed(instances, after, "added", device);
                else if (!strmap_equal(old, &device->config))
                        device_changed(instances, after, "updated", device);
        }
}

void instance_guest_changed(Instances *instances, const Instance *before, const Instance *after) {
        pthread_mutex_lock(&instances->lock);
        bool wanted = instances->guest_listeners != NULL;
        pthread_mutex_unlock(&instances->lock);
        if (!wanted)
                return;
        for (size_t i = 0; i < before->config.count; i++) {
                const StrPair *pair = &before->config.items[i];
                key_changed(instances, after, pair->key, pair->value,
                            strmap_get(&after->config, pair->key));
        }
        for (size_t i = 0; i < after->config.count; i++) {
                const StrPair *pair = &after->config.items[i];
                if (!strmap_has(&before->config, pair->key))
                        key_changed(instances, after, pair->key, NULL, pair->value);
        }
        devices_changed(instances, before, after);
}

json_t *instance_guest_devices(const Instance *instance) {
        json_t *devices = json_object();
        for (size_t i = 0; i < instance->devices.count; i++) {
                const DeviceEntry *device = &instance->devices.items[i];
                _cleanup_free_ char *key = str_printf("volatile.%s.hwaddr", device->name);
                const char *address = strmap_get(&instance->config, key);
                json_t *config = json_from_strmap(&device->config);
                if (device_is_nic(&device->config) && address != NULL &&
                    !strmap_has(&device->config, "hwaddr"))
                        json_object_set_new(config, "hwaddr", json_string(address));
                json_object_set_new(devices, device->name, config);
        }
        return devices;
}

int instance_guest_ready(Instances *instances, Instance *instance, bool ready, Error **err) {
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        strmap_set(&changes, "volatile.last_state.ready", ready ? "true" : "");
        if (instance_set_volatile(instances, instance, &changes, false, err) < 0)
                return -1;
        if (ready)
                instance_emit(instances, instance, "instance-ready", NULL, NULL);
        return 0;
}
