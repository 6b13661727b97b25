/* Id maps of user namespaces: which host ids a container's ids are.
 *
 * Sources of the rules: user_namespaces(7); subuid(5); LXD's behaviour: the daemon's own ranges are
 * root's first line in /etc/subuid and /etc/subgid, and 1000000:1000000000 when the files are
 * absent or have no line for root. Pure but for the functions that name a file. Thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define IDMAP_DEFAULT_BASE 1000000
#define IDMAP_DEFAULT_COUNT 1000000000
#define IDMAP_ISOLATED_SIZE 65536 /* security.idmap.size unset */
#define IDMAP_INVALID_ID ((uint32_t) -1)

typedef struct IdMapEntry {
        bool is_uid, is_gid;  /* at least one */
        int64_t host_id;
        int64_t ns_id;
        int64_t range;
} IdMapEntry;

typedef struct IdMap {
        IdMapEntry *items;
        size_t count, capacity;
} IdMap;

void idmap_add(IdMap *map, IdMapEntry entry);
void idmap_copy(IdMap *to, const IdMap *from); /* `to` is replaced */
bool idmap_equal(const IdMap *a, const IdMap *b); /* same mapping, order does not matter */
void idmap_done(IdMap *map);
#define _cleanup_idmap_ _cleanup_(idmap_done)

/* The same range for users and groups, starting at 0 inside. */
void idmap_add_both(IdMap *map, int64_t host_id, int64_t ns_id, int64_t range);

/* Overlaying: `entry` takes its inner ids (and refuses taken host ids) away from what is there;
 * used for raw.idmap. */
int idmap_insert(IdMap *map, IdMapEntry entry, Error **err) _must_check_;

/* Inner id -> host id and back; IDMAP_INVALID_ID when not mapped. */
uint32_t idmap_to_host(const IdMap *map, bool group, uint32_t id);
uint32_t idmap_to_ns(const IdMap *map, bool group, uint32_t id);

/* LXD's volatile.idmap.next / .current / last_state.idmap value:
 * [{"Isuid":true,"Isgid":false,"Hostid":1000000,"Nsid":0,"Maprange":65536}, …]. An entry with both
 * flags is kept as two. "" and "[]" parse to an empty map. */
char *idmap_to_json(const IdMap *map);
int idmap_from_json(const char *text, IdMap *ret, Error **err) _must_check_;

/* raw.idmap: lines "both|uid|gid HOST INSIDE", each side N or N-M of equal length. Returns the
 * entries without checking what the host allows: idmap_insert() does. */
int idmap_parse_raw(const char *text, IdMap *ret, Error **err) _must_check_;

/* "u 0 1000000 65536" lines for lxc.idmap, appended (uids first, by inner id). */
void idmap_to_lxc(const IdMap *map, StrList *lines);
/* The text for /proc/PID/uid_map or gid_map. */
char *idmap_to_proc(const IdMap *map, bool group);
int idmap_from_proc(pid_t pid, IdMap *ret, Error **err) _must_check_; /* of a running process */

/* What the daemon may hand out: root's first range of 65536 or more in each of both files. Text is
 * the files' content; NULL when the file is absent. */
typedef struct IdRange {
        int64_t uid_base, gid_base;
        int64_t count;
} IdRange;
int id_range_parse(const char *subuid, const char *subgid, const char *user, IdRange *ret,
                   Error **err) _must_check_;
/* Fits the range into the map of our own user namespace, where we are in one. */
int id_range_within(const IdMap *ours, IdRange *range, Error **err) _must_check_;
/* Reads the files, applies the default. Count 0: there are no ids for unprivileged containers. */
int id_range_load(IdRange *ret, Error **err) _must_check_;

/* security.idmap.isolated: the lowest free block of `size` ids in the range, behind the first
 * 65536 (those are the shared map's), given the blocks (host base, size) already taken.
 * `base` != 0 asks for that very block. */
typedef struct IdBlock {
        int64_t base, size;
} IdBlock;
int id_range_allocate(const IdRange *range, const IdBlock *taken, size_t taken_count, int64_t size,
                      int64_t base, IdBlock *ret, Error **err) _must_check_;
