/* Config keys. A key is one row; checks, defaults, /1.0/metadata/configuration, reference docs and
 * completion all read it. All tables are constant; all functions are thread-safe.
 *
 * To add a key: one row in the file of its table (instance keys: schema/instance/FIRSTWORD.c). */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

typedef struct ConfigKey ConfigKey;

/* Returns 0 or ERROR_INVALID about `value` alone ("Invalid value for a boolean \"x\""). Never
 * called with "" (which unsets). See schema/check.h. */
typedef int (*ConfigCheck)(const ConfigKey *key, const char *value, Error **err);

typedef enum ConfigFlags {
        KEY_LIVE = 1 << 0,      /* a change takes effect on a running object */
        KEY_LOCAL = 1 << 1,     /* scope local: a cluster member's own */
        KEY_HIDDEN = 1 << 2,    /* shown as true, and true in a PUT keeps it */
        KEY_REQUIRED = 1 << 3,
        KEY_READ_ONLY = 1 << 4, /* kept by the daemon: volatile.* */
        KEY_CONTAINER = 1 << 5, /* refused on virtual machines */
        KEY_VM = 1 << 6,        /* refused on containers */
        KEY_MANAGED = 1 << 7,   /* taken from the managed network when the nic names one */
        KEY_PROPERTY = 1 << 8,  /* a JSON key of the object, documented here; no config key */
} ConfigFlags;

struct ConfigKey {
        /* "limits.memory"; "user.*"; with one part that stands for any text, in upper case or
         * angle brackets: "tunnel.NAME.group", "volatile.<name>.hwaddr". */
        const char *name;
        const char *group;         /* of the documentation: "resource-limits" */
        const char *type;          /* as documented: string, bool, integer, blob */
        const char *default_value; /* what an unset key means; NULL: nothing, or see default_text */
        const char *default_text;  /* documentation when the default depends on something */
        ConfigCheck check;         /* NULL: any text */
        const char *allowed;       /* for check_one_of: "a b c"; others: see schema/check.h */
        int64_t minimum, maximum;  /* for check_integer; both 0: no limit */
        unsigned flags;            /* ConfigFlags */
        const char *live_text;     /* when "live" needs a condition, else NULL */
        const char *required;      /* when "required" needs a condition, else NULL */
        const char *condition;     /* "container", "IPv4 address"…; NULL: always */
        const char *summary;       /* one line */
        const char *text;          /* details; NULL when the summary says all */
};

/* Names that other tables know and this one explains: "volatile." in a profile. */
typedef struct ConfigRefusal {
        const char *prefix;
        const char *text;
} ConfigRefusal;

typedef struct ConfigTable ConfigTable;
struct ConfigTable {
        const char *entity; /* first level of /1.0/metadata/configuration: "instance" */
        const char *title;  /* of the reference */
        const ConfigKey *const *parts; /* arrays ended by a row without name; NULL-ended */
        unsigned without;              /* rows with these flags do not count */
        const ConfigRefusal *refusals; /* ended by one without prefix; NULL: none */
        /* Keys "volume.X" are this table's X: a pool's defaults for its volumes. */
        const ConfigTable *volumes;
        /* Error texts; {name} is the object, {key} and {value} what was given, {reason} the check's
         * own text. */
        const char *unknown_text;
        const char *invalid_text;
};

extern const ConfigTable config_instance;  /* all rows: for documentation */
extern const ConfigTable config_container; /* those of a container */
extern const ConfigTable config_virtual_machine;
extern const ConfigTable config_profile; /* an instance's, as profiles may have them */
extern const ConfigTable config_server;
extern const ConfigTable config_project;
extern const ConfigTable config_image; /* properties */
extern const ConfigTable config_cluster_member;

/* Tables by kind; NULL when the kind is unknown. */
const ConfigTable *config_pool_table(const char *driver);    /* dir, btrfs, zfs, lvm, ceph… */
const ConfigTable *config_volume_table(const char *driver);
const ConfigTable *config_bucket_table(const char *driver);
const ConfigTable *config_network_table(const char *type);   /* bridge, macvlan, sriov… */
const ConfigTable *config_network_object_table(const char *kind); /* acl, forward, zone, record,
                                                                   * peer, load-balancer */
/* `type` of a device; for nics "nic" and the nictype, for gpus "gpu" and the gputype. */
const ConfigTable *config_device_table(const char *type, const char *subtype);
/* The tables one after the other, in the order of the reference; NULL past the last. */
const ConfigTable *config_table_at(size_t index);

/* The row that `name` belongs to, an exact one before a pattern; NULL when there is none. */
const ConfigKey *config_key_find(const ConfigTable *table, const char *name);
/* The row's name is a pattern ("user.*"). */
bool config_key_is_pattern(const ConfigKey *key);
bool config_key_is_live(const ConfigTable *table, const char *name);
const char *config_default(const ConfigTable *table, const char *name); /* NULL when none */
/* The value, else the default, else NULL. */
const char *config_value(const ConfigTable *table, const StrMap *config, const char *name);
bool config_bool(const ConfigTable *table, const StrMap *config, const char *name);
int64_t config_integer(const ConfigTable *table, const StrMap *config, const char *name,
                       int64_t otherwise);

/* Checks names and values with LXD's texts, and that required keys are there. `object` names the
 * thing in texts that have {name}, and may be NULL. "" counts as unset. For instances LXD puts
 * "Invalid config: " before; that is the caller's part. */
int config_validate(const ConfigTable *table, const char *object, const StrMap *config,
                    Error **err) _must_check_;
int config_validate_key(const ConfigTable *table, const char *object, const char *name,
                        const char *value, Error **err) _must_check_;

/* A device: its type is known, its keys fit, required ones are there. `subtype`: the nictype, when
 * it comes from the network that the device names; NULL takes the device's own. Texts as LXD's,
 * without the device's name in front. What ties several keys together is the driver's part. */
int config_validate_device(const StrMap *device, const char *subtype, Error **err) _must_check_;

/* What /1.0/metadata/configuration returns in `metadata`; a new reference. */
json_t *schema_metadata_json(void);
/* The reference of all keys, as Markdown. */
void schema_write_markdown(StrBuf *out);

/* Walks rows: start with {} and the table; NULL at the end. */
typedef struct ConfigCursor {
        size_t part, row;
} ConfigCursor;
const ConfigKey *config_next(const ConfigTable *table, ConfigCursor *cursor);
