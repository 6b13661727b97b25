/* none: masks a device that a profile gives. */
#include "device/device.h"

const DeviceDriver device_none = {.type = "none"};
