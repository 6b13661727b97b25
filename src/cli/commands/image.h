/* Images, for the commands that use one. */
#pragma once

#include "cli/cli.h"

/* The `source` of a new instance: the image "[remote:]name" for the server `target`. Caller
 * decrefs. */
int image_source(Cli *cli, const char *text, Client *target, const char *type, json_t **ret,
                 Error **err) _must_check_;
/* The fingerprint that an alias or the beginning of a fingerprint stands for. */
int image_find(Client *client, const char *name, const char *type, char **ret_fingerprint,
               Error **err) _must_check_;
/* Gives the image these aliases; one that another image has is moved when `take_over`. */
int image_add_aliases(Client *client, const StrList *aliases, const char *fingerprint,
                      bool take_over, Error **err) _must_check_;
