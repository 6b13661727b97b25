/* Log files of an instance: lxc.log, lxc.conf, console.log, recorded exec output. */
#pragma once

#include "instance/instance.h"

/* Names that are logs, sorted; none when there is no directory. */
int instance_log_list(Instances *instances, const Instance *instance, StrList *ret, Error **err)
        _must_check_;
/* The path of one; ERROR_INVALID "Log file name … not valid", ERROR_NOT_FOUND. */
int instance_log_path(Instances *instances, const Instance *instance, const char *name,
                      char **ret, Error **err) _must_check_;
/* Only snapshots of recorded output (exec_*) and rotated logs may go. */
int instance_log_delete(Instances *instances, const Instance *instance, const char *name,
                        Error **err) _must_check_;
