/* Facts of a network card that only its driver knows (SIOCETHTOOL). Thread-safe. */
#pragma once

#include "base/error.h"

typedef struct LinkSettings {
        char address[96]; /* the permanent one, with colons; "": none */
        bool detected;
        bool has_settings; /* the rest holds */
        bool auto_negotiation;
        int64_t speed; /* Mbit/s, 0: unknown */
        unsigned duplex, port, transceiver; /* ethtool's numbers */
        uint64_t supported; /* the first 64 link modes */
} LinkSettings;

/* False: the driver says nothing. */
bool link_settings(const char *name, LinkSettings *ret);
/* The firmware's version; NULL. */
char *link_firmware(const char *name);
