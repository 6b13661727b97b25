/* Networks and volumes become devices of instances and profiles, and stop being them. */
#pragma once

#include "cli/cli.h"

/* Whose devices: "/1.0/instances/{}" (changes are operations) or "/1.0/profiles/{}". */
typedef struct AttachOwner {
        const char *pattern;
        const char *fields; /* that PUT takes */
        bool asynchronous;
} AttachOwner;

extern const AttachOwner attach_instance, attach_profile;

/* One instance or profile. */
typedef struct AttachPlace {
        const AttachOwner *owner;
        Client *client;
        const char *name;
} AttachPlace;

/* Adds `device` (borrowed) under `name`; ERROR_EXISTS when the name is taken. */
int attach_add(Cli *cli, const AttachPlace *place, const char *name, json_t *device, Error **err)
        _must_check_;

/* What a device has to have to be meant; NULL keys count as had. */
typedef struct AttachMatch {
        const char *what; /* "network", "storage volume", for errors */
        bool (*matches)(const json_t *device, const void *userdata);
        const void *userdata;
} AttachMatch;

/* Removes the device of that name, or the only one that matches when `name` is NULL. */
int attach_remove(Cli *cli, const AttachPlace *place, const char *name, const AttachMatch *match,
                  Error **err) _must_check_;
