/* macvlan and sriov: only a parent that nics are made on. Nothing of the host is changed. */
#include "network/driver.h"

const NetworkDriver network_driver_macvlan = {.type = "macvlan"};
const NetworkDriver network_driver_sriov = {.type = "sriov"};
