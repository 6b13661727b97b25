/* Looking whether an address is in use. */
#pragma once

#include "base/ip.h"

/* Whether somebody behind `link` answers an echo request within the time. What cannot be asked does
 * not answer. */
bool probe_answers(const IpAddress *address, const char *link, int timeout_ms);
