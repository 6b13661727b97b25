/* Children of this program that do something in another place. It has one thread, so that a bare
 * clone is safe. */
#pragma once

#include "base/macros.h"

/* Runs `body` in a child of ours and waits for it: what it changes of itself goes with it. Returns
 * body's result, or -errno when there was no child. A body that becomes another program gives 0
 * when that ends well, else -EIO. */
typedef int (*ChildBody)(void *userdata);
int child_run(ChildBody body, void *userdata);
/* Runs it in a process that belongs to nobody any more, in a session of its own. -errno. */
int child_detach(ChildBody body, void *userdata);
