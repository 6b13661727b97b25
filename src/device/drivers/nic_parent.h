/* What nics on an interface of the host share: macvlan, ipvlan, routed, physical, sriov. */
#pragma once

#include "device/drivers/nic.h"

/* "parent", or "parent.vlan" when it has a VLAN. */
char *nic_parent_interface(const Nic *nic);
/* The parent is there; a VLAN's link is made on it when it is not. Notes last_state.created. */
int nic_parent_start(const Nic *nic, DeviceRun *run, Error **err) _must_check_;
/* The VLAN's link goes, when it was made for this nic and nobody else stands on it. */
void nic_parent_stop(const Nic *nic);
/* The host forwards what answers for the addresses need; "MODE requires sysctl …". */
int nic_parent_check_sysctls(const Nic *nic, const char *parent, const char *mode, Error **err)
        _must_check_;
/* The link that went inside comes out again, under the name that it had. */
int nic_unplug(const DeviceContext *context, Error **err) _must_check_;
/* A link of the host that was lent to an instance: notes what it was, and makes it that again, also
 * when it came back under another name. */
int nic_lend(const Nic *nic, const char *link, DeviceRun *run, Error **err) _must_check_;
void nic_take_back(const DeviceContext *context);
