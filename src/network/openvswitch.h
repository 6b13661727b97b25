/* Bridges of Open vSwitch, by its own program: it has no other interface for us. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* There already: fine. */
int openvswitch_add_bridge(const char *bridge, const char *hwaddr, uint32_t mtu, Error **err)
        _must_check_;
int openvswitch_remove_bridge(const char *bridge, Error **err) _must_check_; /* absent: fine */
int openvswitch_add_port(const char *bridge, const char *port, Error **err) _must_check_;
int openvswitch_remove_port(const char *bridge, const char *port, Error **err) _must_check_;
/* `tag`: "10"; NULL: none. `trunks`: "1,2,3"; NULL: all. */
int openvswitch_set_vlans(const char *port, const char *tag, const char *trunks, Error **err)
        _must_check_;
bool openvswitch_has_bridge(const char *bridge);
