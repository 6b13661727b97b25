/* AppArmor: the profile as a printable plan, and its life in the kernel. Where the kernel or the
 * parser is missing, nothing is done. */
#pragma once

#include "instance/instance.h"

typedef struct ApparmorSpec {
        const StrMap *config;  /* expanded */
        const char *name;      /* of the profile */
        const char *namespace; /* of the policies that the container loads itself; NULL: none */
} ApparmorSpec;

char *apparmor_profile(const ApparmorSpec *spec);

/* Compiles and loads the profile for a start or after a change; what lxc.apparmor.profile becomes,
 * owned, or NULL where there is no AppArmor. */
int instance_load_apparmor(Instances *instances, const Instance *instance, char **ret, Error **err)
        _must_check_;
/* Only compiles: ERROR_INVALID with the parser's words. */
int instance_check_apparmor(Instances *instances, const Instance *instance, Error **err)
        _must_check_;
/* Takes it out of the kernel, after a stop; the files stay. */
void instance_unload_apparmor(Instances *instances, const Instance *instance);
/* The files of one that is deleted or renamed. */
void instance_forget_apparmor(Instances *instances, const Instance *instance);
