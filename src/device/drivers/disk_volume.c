#include "device/drivers/disk_volume.h"

#include "volume/attach.h"

bool disk_is_volume(const DeviceContext *context) {
        return !str_is_empty(strmap_get(context->config, "pool")) &&
               !device_is_root_disk(context->config);
}

/* The ids that the instance has now, or gets when it starts. */
static VolumeAttach attachment(const DeviceContext *context) {
        const char *key =
                context->process != NULL ? "volatile.idmap.current" : "volatile.idmap.next";
        const char *map = strmap_get(context->volatiles, key);
        return (VolumeAttach) {.project = context->project,
                               .pool = strmap_get(context->config, "pool"),
                               .source = strmap_get(context->config, "source"),
                               .instance = context->title,
                               .idmap = context->unprivileged ? (map != NULL ? map : "[]") : NULL};
}

/* Profiles may name volumes that come later. */
int disk_volume_validate(const DeviceContext *context, Error **err) {
        const VolumeAttach attach = attachment(context);
        if (context->volumes == NULL)
                return 0;
        return volume_attachable(context->volumes, &attach, err);
}

int disk_volume_start(const DeviceContext *context, char **ret_path, bool *ret_shift,
                      Error **err) {
        const VolumeAttach attach = attachment(context);
        return volume_attach(context->volumes, &attach, ret_path, ret_shift, err);
}

void disk_volume_stop(const DeviceContext *context) {
        const VolumeAttach attach = attachment(context);
        if (context->volumes != NULL)
                volume_detach(context->volumes, &attach);
}
