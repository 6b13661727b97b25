/* Bandwidth of a nic, limited at the host's end of its pair. Thread-safe for different links. */
#pragma once

#include "base/error.h"

typedef struct TrafficLimits {
        uint64_t ingress; /* to the instance, bits per second; 0: no limit */
        uint64_t egress;  /* from the instance */
} TrafficLimits;

/* The limits of `link` from now on, whatever it had. What leaves the instance is dropped above its
 * rate where the kernel has act_police; elsewhere it waits on a link of its own (ifb), which
 * traffic_clear() removes. */
int traffic_limit(const char *link, const TrafficLimits *limits, Error **err) _must_check_;
/* Also when the link is gone: what was made beside it goes. */
int traffic_clear(const char *link, Error **err);
/* Removes what was made beside links that are no more. */
void traffic_sweep(void);
