/* What the nics that are a veth pair share. */
#pragma once

#include "device/device.h"

/* Makes the pair, sets `bridge` as the master of the host's end (NULL: none) and adds the lines. */
int nic_veth_start(const DeviceContext *context, const char *bridge, DeviceRun *run, Error **err)
        _must_check_;
/* Moves the inner end into the running instance; stop() takes the pair away from both sides. */
int nic_veth_plug(const DeviceContext *context, const DeviceRun *run, Error **err) _must_check_;
void nic_veth_stop(const DeviceContext *context, StrMap *volatiles);
