/* Signals as bytes in a pipe, so that a poll() loop sees them and no handler runs. */
#pragma once

#include "base/error.h"

typedef struct Signals Signals;

/* Takes these signals (0-ended) from the whole program until it is freed. */
int signals_open(const int *numbers, Signals **ret, Error **err) _must_check_;
void signals_free(Signals *signals);
DEFINE_CLEANUP(Signals, signals, signals_free)
#define _cleanup_signals_ _cleanup_(signals_cleanup)

/* Readable when there is one: a byte, its number. */
int signals_fd(const Signals *signals);
int signals_next(const Signals *signals); /* 0: none there */
