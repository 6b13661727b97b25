#include "linux/idmap.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>

void idmap_add(IdMap *map, IdMapEntry entry) {
        /* Kept as entries of one kind each: splitting and comparing stay simple. */
        if (entry.is_uid && entry.is_gid) {
                IdMapEntry half = entry;
                half.is_gid = false;
                idmap_add(map, half);
                entry.is_uid = false;
        }
        mem_grow((void **) &map->items, &map->capacity, map->count + 1, sizeof(IdMapEntry));
        map->items[map->count++] = entry;
}

void idmap_add_both(IdMap *map, int64_t host_id, int64_t ns_id, int64_t range) {
        idmap_add(map, (IdMapEntry) {.is_uid = true, .is_gid = true, .host_id = host_id,
                                     .ns_id = ns_id, .range = range});
}

void idmap_copy(IdMap *to, const IdMap *from) {
        if (to == from)
                return;
        idmap_done(to);
        for (size_t i = 0; from != NULL && i < from->count; i++)
                idmap_add(to, from->items[i]);
}

void idmap_done(IdMap *map) {
        free(map->items);
        *map = (IdMap) {0};
}

static int compare_entries(const void *left, const void *right) {
        const IdMapEntry *a = left, *b = right;
        if (a->is_uid != b->is_uid)
                return a->is_uid ? -1 : 1;
        return a->ns_id < b->ns_id ? -1 : a->ns_id > b->ns_id;
}

/* Sorted, neighbours joined: two maps that mean the same become the same list. */
static void normalise(const IdMap *map, IdMap *ret) {
        idmap_copy(ret, map);
        if (ret->count < 2)
                return;
        qsort(ret->items, ret->count, sizeof(IdMapEntry), compare_entries);
        size_t kept = 0;
        for (size_t i = 1; i < ret->count; i++) {
                IdMapEntry *last = &ret->items[kept], *next = &ret->items[i];
                if (last->is_uid == next->is_uid && last->ns_id + last->range == next->ns_id &&
                    last->host_id + last->range == next->host_id)
                        last->range += next->range;
                else
                        ret->items[++kept] = *next;
        }
        ret->count = kept + 1;
}

bool idmap_equal(const IdMap *a, const IdMap *b) {
        _cleanup_idmap_ IdMap left = {0}, right = {0};
        normalise(a, &left);
        normalise(b, &right);
        if (left.count != right.count)
                return false;
        for (size_t i = 0; i < left.count; i++) {
                const IdMapEntry *x = &left.items[i], *y = &right.items[i];
                if (x->is_uid != y->is_uid || x->host_id != y->host_id || x->ns_id != y->ns_id ||
                    x->range != y->range)
                        return false;
        }
        return true;
}

static bool overlaps(int64_t a, int64_t a_size, int64_t b, int64_t b_size) {
        return a < b + b_size && b < a + a_size;
}

static int insert_one(IdMap *map, IdMapEntry entry, Error **err) {
        IdMap result = {0};
        for (size_t i = 0; i < map->count; i++) {
                IdMapEntry old = map->items[i];
                if (old.is_uid != entry.is_uid ||
                    !overlaps(old.ns_id, old.range, entry.ns_id, entry.range)) {
                        idmap_add(&result, old);
                        continue;
                }
                if (overlaps(old.host_id, old.range, entry.host_id, entry.range)) {
                        idmap_done(&result);
                        return error_set(err, ERROR_INVALID, 0,
                                         "Host ID is in the range of subids");
                }
                IdMapEntry before = old, after = old;
                before.range = entry.ns_id - old.ns_id;
                after.ns_id = entry.ns_id + entry.range;
                after.host_id += after.ns_id - old.ns_id;
                after.range -= after.ns_id - old.ns_id;
                if (before.range > 0)
                        idmap_add(&result, before);
                if (after.range > 0)
                        idmap_add(&result, after);
        }
        idmap_add(&result, entry);
        idmap_done(map);
        *map = result;
        return 0;
}

int idmap_insert(IdMap *map, IdMapEntry entry, Error **err) {
        _cleanup_idmap_ IdMap halves = {0};
        idmap_add(&halves, entry);
        for (size_t i = 0; i < halves.count; i++) {
                if (insert_one(map, halves.items[i], err) < 0)
                        return -1;
        }
        return 0;
}

uint32_t idmap_to_host(const IdMap *map, bool group, uint32_t id) {
        for (size_t i = 0; i < map->count; i++) {
                const IdMapEntry *entry = &map->items[i];
                if (entry->is_gid == group && id >= entry->ns_id &&
                    id < entry->ns_id + entry->range)
                        return (uint32_t) (entry->host_id + (id - entry->ns_id));
        }
        return IDMAP_INVALID_ID;
}

uint32_t idmap_to_ns(const IdMap *map, bool group, uint32_t id) {
        for (size_t i = 0; i < map->count; i++) {
                const IdMapEntry *entry = &map->items[i];
                if (entry->is_gid == group && id >= entry->host_id &&
                    id < entry->host_id + entry->range)
                        return (uint32_t) (entry->ns_id + (id - entry->host_id));
        }
        return IDMAP_INVALID_ID;
}

static bool is_id_range(int64_t start, int64_t count) {
        return start >= 0 && count > 0 && start <= UINT32_MAX && count <= UINT32_MAX &&
               start + count <= (int64_t) UINT32_MAX;
}

/* "N" or "N-M". */
static bool parse_range(const char *text, int64_t *ret_start, int64_t *ret_count) {
        _cleanup_strlist_ StrList parts = {0};
        int64_t start, end;
        strlist_split(&parts, text, "-", false);
        if (parts.count < 1 || parts.count > 2 || !str_to_int64(parts.items[0], &start))
                return false;
        end = start;
        if (parts.count == 2 && !str_to_int64(parts.items[1], &end))
                return false;
        if (end < start || !is_id_range(start, end - start + 1))
                return false;
        *ret_start = start;
        *ret_count = end - start + 1;
        return true;
}

static int parse_raw_line(const char *line, IdMap *map, Error **err) {
        _cleanup_strlist_ StrList words = {0};
        strlist_split(&words, line, " \t", true);
        if (words.count == 0)
                return 0;
        if (words.count != 3)
                return error_set(err, ERROR_INVALID, 0, "invalid raw.idmap line \"%s\"", line);
        IdMapEntry entry = {.is_uid = !str_equal(words.items[0], "gid"),
                            .is_gid = !str_equal(words.items[0], "uid")};
        if (entry.is_uid && entry.is_gid && !str_equal(words.items[0], "both"))
                return error_set(err, ERROR_INVALID, 0, "invalid raw.idmap type \"%s\"",
                                 words.items[0]);
        int64_t inside;
        if (!parse_range(words.items[1], &entry.host_id, &entry.range) ||
            !parse_range(words.items[2], &entry.ns_id, &inside))
                return error_set(err, ERROR_INVALID, 0, "invalid raw.idmap range in \"%s\"",
                                 line);
        if (inside != entry.range)
                return error_set(err, ERROR_INVALID, 0,
                                 "idmap ranges of different sizes \"%s\"", line);
        idmap_add(map, entry);
        return 0;
}

int idmap_parse_raw(const char *text, IdMap *ret, Error **err) {
        _cleanup_idmap_ IdMap map = {0};
        _cleanup_strlist_ StrList lines = {0};
        strlist_split(&lines, text != NULL ? text : "", "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                if (parse_raw_line(lines.items[i], &map, err) < 0)
                        return -1;
        }
        *ret = map;
        map = (IdMap) {0};
        return 0;
}

void idmap_to_lxc(const IdMap *map, StrList *lines) {
        IdMap sorted = {0};
        normalise(map, &sorted);
        for (size_t i = 0; i < sorted.count; i++)
                strlist_printf(lines, "%c %lld %lld %lld", sorted.items[i].is_uid ? 'u' : 'g',
                               (long long) sorted.items[i].ns_id,
                               (long long) sorted.items[i].host_id,
                               (long long) sorted.items[i].range);
        idmap_done(&sorted);
}

char *idmap_to_proc(const IdMap *map, bool group) {
        StrBuf text = {0};
        for (size_t i = 0; i < map->count; i++) {
                const IdMapEntry *entry = &map->items[i];
                if (entry->is_gid == group)
                        strbuf_printf(&text, "%lld %lld %lld\n", (long long) entry->ns_id,
                                      (long long) entry->host_id, (long long) entry->range);
        }
        return strbuf_take(&text);
}

static int read_proc_map(pid_t pid, bool group, IdMap *map, Error **err) {
        _cleanup_free_ char *path = str_printf("/proc/%d/%s", (int) pid,
                                               group ? "gid_map" : "uid_map");
        _cleanup_free_ char *text = NULL;
        if (file_read(path, 0, &text, NULL, err) < 0)
                return -1;
        char *cursor = text;
        for (;;) {
                IdMapEntry entry = {.is_uid = !group, .is_gid = group};
                char *end;
                entry.ns_id = strtoll(cursor, &end, 10);
                if (end == cursor)
                        return 0;
                entry.host_id = strtoll(end, &end, 10);
                entry.range = strtoll(end, &cursor, 10);
                if (entry.range <= 0)
                        return error_set(err, ERROR_INTERNAL, 0, "Cannot read %s", path);
                idmap_add(map, entry);
        }
}

int idmap_from_proc(pid_t pid, IdMap *ret, Error **err) {
        _cleanup_idmap_ IdMap map = {0};
        if (read_proc_map(pid, false, &map, err) < 0 || read_proc_map(pid, true, &map, err) < 0)
                return -1;
        *ret = map;
        map = (IdMap) {0};
        return 0;
}

/* The first range of the user that is big enough for a container, as LXD picks it. */
static bool find_subid(const char *text, const char *user, int64_t *ret_base, int64_t *ret_count) {
        _cleanup_strlist_ StrList lines = {0};
        strlist_split(&lines, text, "\n", true);
        for (size_t i = 0; i < lines.count; i++) {
                _cleanup_strlist_ StrList parts = {0};
                int64_t base, count;
                strlist_split(&parts, lines.items[i], ":", false);
                if (parts.count != 3 || !str_equal(parts.items[0], user) ||
                    !str_to_int64(parts.items[1], &base) ||
                    !str_to_int64(parts.items[2], &count))
                        continue;
                if (count < IDMAP_ISOLATED_SIZE || !is_id_range(base, count))
                        continue;
                *ret_base = base;
                *ret_count = count;
                return true;
        }
        return false;
}

int id_range_parse(const char *subuid, const char *subgid, const char *user, IdRange *ret,
                   Error **err) {
        if (subuid == NULL || subgid == NULL) {
                *ret = (IdRange) {.uid_base = IDMAP_DEFAULT_BASE, .gid_base = IDMAP_DEFAULT_BASE,
                                  .count = IDMAP_DEFAULT_COUNT};
                return 0;
        }
        IdRange range;
        int64_t uids, gids;
        if (!find_subid(subuid, user, &range.uid_base, &uids))
                return error_set(err, ERROR_NOT_FOUND, 0, "User \"%s\" has no subuids", user);
        if (!find_subid(subgid, user, &range.gid_base, &gids))
                return error_set(err, ERROR_NOT_FOUND, 0, "User \"%s\" has no subgids", user);
        range.count = MIN_OF(uids, gids);
        *ret = range;
        return 0;
}

static int read_optional(const char *path, char **ret, Error **err) {
        _cleanup_error_ Error *inner = NULL;
        if (file_read(path, 0, ret, NULL, &inner) < 0 && !error_is(inner, ERROR_NOT_FOUND))
                return error_move(err, &inner);
        return 0;
}

/* Whether all of [base, base + count) is mapped here. */
static bool is_mapped(const IdMap *map, bool group, int64_t base, int64_t count) {
        for (size_t i = 0; i < map->count; i++) {
                const IdMapEntry *entry = &map->items[i];
                if ((group ? entry->is_gid : entry->is_uid) && base >= entry->ns_id &&
                    base + count <= entry->ns_id + entry->range)
                        return true;
        }
        return false;
}

int id_range_within(const IdMap *ours, IdRange *range, Error **err) {
        int64_t most = 0;
        if (is_mapped(ours, false, range->uid_base, range->count) &&
            is_mapped(ours, true, range->gid_base, range->count))
                return 0;
        /* We run in a user namespace ourselves: its first ids are its own, the others are free. */
        for (size_t i = 0; i < ours->count; i++) {
                const IdMapEntry *entry = &ours->items[i];
                if (entry->ns_id <= IDMAP_ISOLATED_SIZE)
                        most = MAX_OF(most, entry->ns_id + entry->range - IDMAP_ISOLATED_SIZE);
        }
        if (most < IDMAP_ISOLATED_SIZE ||
            !is_mapped(ours, false, IDMAP_ISOLATED_SIZE, most) ||
            !is_mapped(ours, true, IDMAP_ISOLATED_SIZE, most))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The user namespace has fewer than %d ids for containers",
                                 IDMAP_ISOLATED_SIZE);
        *range = (IdRange) {.uid_base = IDMAP_ISOLATED_SIZE, .gid_base = IDMAP_ISOLATED_SIZE,
                            .count = most};
        return 0;
}

static int load_range(IdRange *ret, Error **err) {
        _cleanup_free_ char *subuid = NULL;
        _cleanup_free_ char *subgid = NULL;
        if (read_optional("/etc/subuid", &subuid, err) < 0 ||
            read_optional("/etc/subgid", &subgid, err) < 0)
                return -1;
        /* A plain Debian has the files, for login users, and no line for root. Root needs no
         * permission from them, so the default range serves there as well. */
        if (id_range_parse(subuid, subgid, "root", ret, NULL) < 0)
                return id_range_parse(NULL, NULL, "root", ret, err);
        return 0;
}

int id_range_load(IdRange *ret, Error **err) {
        _cleanup_idmap_ IdMap ours = {.items = NULL};
        if (load_range(ret, err) < 0 || idmap_from_proc(getpid(), &ours, err) < 0)
                return -1;
        /* Without ids of its own, privileged containers are all that can be had. */
        if (id_range_within(&ours, ret, NULL) < 0)
                ret->count = 0;
        return 0;
}

static int compare_blocks(const void *left, const void *right) {
        const IdBlock *a = left, *b = right;
        return a->base < b->base ? -1 : a->base > b->base;
}

int id_range_allocate(const IdRange *range, const IdBlock *taken, size_t taken_count, int64_t size,
                      int64_t base, IdBlock *ret, Error **err) {
        if (size <= 0)
                size = IDMAP_ISOLATED_SIZE;
        if (base != 0) {
                *ret = (IdBlock) {.base = base, .size = size};
                return 0;
        }
        IdBlock *sorted = mem_copy(taken, taken_count * sizeof(IdBlock));
        qsort(sorted, taken_count, sizeof(IdBlock), compare_blocks);
        int64_t offset = range->uid_base + IDMAP_ISOLATED_SIZE;
        for (size_t i = 0; i < taken_count; i++) {
                if (overlaps(offset, size, sorted[i].base, sorted[i].size))
                        offset = sorted[i].base + sorted[i].size;
        }
        free(sorted);
        if (offset + size > range->uid_base + range->count)
                return error_set(err, ERROR_NO_SPACE, 0,
                                 "Not enough uid/gid available for the container");
        *ret = (IdBlock) {.base = offset, .size = size};
        return 0;
}
