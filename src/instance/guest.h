/* What an instance sees of itself on /dev/lxd: who asks, and the events it is told. */
#pragma once

#include "event/event.h"
#include "http/websocket.h"
#include "instance/instance.h"

/* The instance in which the process runs, also in a nested container; ERROR_NOT_FOUND. */
int instance_find_by_pid(Instances *instances, pid_t pid, Instance **ret, Error **err)
        _must_check_;
/* Root inside, as a host id. */
uid_t instance_root_uid(const Instance *instance);

typedef enum GuestEventType {
        GUEST_EVENT_CONFIG = 1 << 0,
        GUEST_EVENT_DEVICE = 1 << 1,
} GuestEventType;

/* "config", "device" to the bit; 0 when unknown. */
unsigned guest_event_parse(const char *name);
/* Takes the websocket; it is closed when the guest leaves or falls behind. */
void instance_guest_listen(Instances *instances, const Instance *instance, unsigned types,
                           WebSocket *socket);
/* The same as lines of JSON, on the calling thread, until `send` returns -1. It is also called with
 * NULL every few seconds, to look whether the guest is still there. ERROR_BUSY when too many
 * listen so: each costs a thread. */
typedef int (*GuestSend)(void *userdata, const char *line);
int instance_guest_stream(Instances *instances, const Instance *instance, unsigned types,
                          GuestSend send, void *userdata, Error **err) _must_check_;
/* The keys and devices that differ, to those who listen. */
void instance_guest_changed(Instances *instances, const Instance *before, const Instance *after);
/* Keys that a guest may read. */
bool instance_is_guest_key(const char *key);
/* The guest says that it is ready, or that it is not any more. */
int instance_guest_ready(Instances *instances, Instance *instance, bool ready, Error **err)
        _must_check_;
/* What /1.0/devices shows: hardware addresses filled in. */
json_t *instance_guest_devices(const Instance *instance);
