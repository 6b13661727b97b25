/* The console of an instance. */
#pragma once

#include "cli/cli.h"

/* Attaches until ctrl-a q or the instance's end; `type` is "console" or "vga". */
int console_attach(Client *client, const char *name, const char *type, Error **err) _must_check_;
