/* The server behind /dev/lxd/sock of every container. Answers are bare bodies, without the
 * envelope of the REST API; only root inside may ask. */
#pragma once

#include "base/error.h"
#include "image/image.h"
#include "instance/instance.h"

struct Loop;
struct Workers;

/* Serves DIRECTORY/devlxd/sock for the rest of the process's life. Before the loop runs. */
int guest_api_start(Instances *instances, Images *images, const char *directory,
                    struct Loop *loop, struct Workers *workers, Error **err) _must_check_;
