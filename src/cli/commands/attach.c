#include "cli/commands/attach.h"

#include "base/memory.h"
#include "cli/fields.h"

const AttachOwner attach_instance = {
        .pattern = "/1.0/instances/{}",
        .fields = "architecture config devices ephemeral profiles stateful description",
        .asynchronous = true,
};

const AttachOwner attach_profile = {
        .pattern = "/1.0/profiles/{}",
        .fields = "config description devices",
};

/* The object while its devices are changed. */
typedef struct AttachObject {
        char *path;
        char *etag;
        json_t *object;
        json_t *devices;
} AttachObject;

static void object_done(AttachObject *object) {
        free(object->path);
        free(object->etag);
        json_decref(object->object);
}

static int load(const AttachPlace *place, AttachObject *ret, Error **err) {
        ret->path = client_url(place->owner->pattern, place->name, NULL);
        if (client_get(place->client, ret->path, &ret->object, &ret->etag, err) < 0)
                return -1;
        ret->devices = json_object_get(ret->object, "devices");
        if (!json_is_object(ret->devices)) {
                ret->devices = json_object();
                json_object_set_new(ret->object, "devices", ret->devices);
        }
        return 0;
}

static int save(Cli *cli, const AttachPlace *place, const AttachObject *object, Error **err) {
        json_t *body = field_pick(object->object, place->owner->fields);
        const ClientRequest request = {
                .method = "PUT", .path = object->path, .body = body, .etag = object->etag};
        int result = place->owner->asynchronous
                             ? cli_operate(cli, place->client, &request, NULL, err)
                             : client_change(place->client, "PUT", object->path, body, object->etag,
                                             err);
        json_decref(body);
        return result;
}

int attach_add(Cli *cli, const AttachPlace *place, const char *name, json_t *device,
               Error **err) {
        _cleanup_(object_done) AttachObject object = {};
        if (load(place, &object, err) < 0)
                return -1;
        if (json_object_get(object.devices, name) != NULL)
                return error_set(err, ERROR_EXISTS, 0, "Device already exists: %s", name);
        json_object_set(object.devices, name, device);
        return save(cli, place, &object, err);
}

/* The name of the one device that matches. */
static const char *find(const AttachObject *object, const AttachMatch *match, Error **err) {
        const char *name, *found = NULL;
        json_t *device;
        json_object_foreach(object->devices, name, device) {
                if (!match->matches(device, match->userdata))
                        continue;
                if (found != NULL) {
                        (void) error_set(err, ERROR_INVALID, 0,
                                         "More than one device matches, specify the device name");
                        return NULL;
                }
                found = name;
        }
        if (found == NULL)
                (void) error_set(err, ERROR_NOT_FOUND, 0, "No device found for this %s",
                                 match->what);
        return found;
}

int attach_remove(Cli *cli, const AttachPlace *place, const char *name, const AttachMatch *match,
                  Error **err) {
        _cleanup_(object_done) AttachObject object = {};
        json_t *device;
        if (load(place, &object, err) < 0)
                return -1;
        if (name == NULL)
                name = find(&object, match, err);
        if (name == NULL)
                return -1;
        device = json_object_get(object.devices, name);
        if (device == NULL)
                return error_set(err, ERROR_NOT_FOUND, 0, "The specified device doesn't exist");
        if (!match->matches(device, match->userdata))
                return error_set(err, ERROR_INVALID, 0,
                                 "The specified device doesn't match the %s", match->what);
        json_object_del(object.devices, name);
        return save(cli, place, &object, err);
}
