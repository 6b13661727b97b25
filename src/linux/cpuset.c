#include "linux/cpuset.h"

#include "base/files.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool cpuset_has(const CpuSet *set, unsigned cpu) {
        return cpu < CPUSET_SIZE && (set->bits[cpu / 64] >> (cpu % 64) & 1) != 0;
}

void cpuset_add(CpuSet *set, unsigned cpu) {
        if (cpu < CPUSET_SIZE)
                set->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

unsigned cpuset_count(const CpuSet *set) {
        unsigned count = 0;
        for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
                count += (unsigned) __builtin_popcountll(set->bits[i]);
        return count;
}

bool cpuset_equal(const CpuSet *a, const CpuSet *b) {
        return memcmp(a, b, sizeof *a) == 0;
}

void cpuset_intersect(CpuSet *set, const CpuSet *with) {
        for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
                set->bits[i] &= with->bits[i];
}

void cpuset_remove(CpuSet *set, const CpuSet *what) {
        for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
                set->bits[i] &= ~what->bits[i];
}

static bool parse_item(const char *item, CpuSet *set) {
        const char *dash = strchr(item, '-');
        _cleanup_free_ char *start = dash != NULL ? str_ndup(item, (size_t) (dash - item))
                                                  : str_dup(item);
        uint64_t first, last;
        if (!str_to_uint64(start, &first))
                return false;
        last = first;
        if ((dash != NULL && !str_to_uint64(dash + 1, &last)) || last < first ||
            last >= CPUSET_SIZE)
                return false;
        for (uint64_t cpu = first; cpu <= last; cpu++)
                cpuset_add(set, (unsigned) cpu);
        return true;
}

bool cpuset_parse(const char *text, CpuSet *ret) {
        _cleanup_strlist_ StrList items = {.items = NULL};
        CpuSet set = {.bits = {0}};
        strlist_split(&items, text, ",", true);
        for (size_t i = 0; i < items.count; i++) {
                _cleanup_free_ char *item = str_trim(items.items[i]);
                if (!parse_item(item, &set))
                        return false;
        }
        *ret = set;
        return true;
}

char *cpuset_to_text(const CpuSet *set) {
        StrBuf text = {.data = NULL};
        for (unsigned cpu = 0; cpu < CPUSET_SIZE; cpu++) {
                unsigned last = cpu;
                if (!cpuset_has(set, cpu))
                        continue;
                while (cpuset_has(set, last + 1))
                        last++;
                strbuf_printf(&text, "%s%u", text.length > 0 ? "," : "", cpu);
                if (last > cpu)
                        strbuf_printf(&text, "-%u", last);
                cpu = last;
        }
        return strbuf_take(&text);
}

CpuSet cpuset_read(const char *path) {
        _cleanup_free_ char *text = NULL;
        CpuSet set = {.bits = {0}};
        if (file_read(path, 0, &text, NULL, NULL) < 0)
                return set;
        _cleanup_free_ char *trimmed = str_trim(text);
        (void) cpuset_parse(trimmed, &set);
        return set;
}

static void add_load(unsigned load[CPUSET_SIZE], const CpuSet *set) {
        for (unsigned cpu = 0; cpu < CPUSET_SIZE; cpu++)
                load[cpu] += cpuset_has(set, cpu);
}

/* The least loaded; among equals one that the claim has already, then the lowest number. */
static void take_best(const unsigned load[CPUSET_SIZE], CpuSet *free_cpus, const CpuSet *present,
                      CpuSet *ret) {
        unsigned best = CPUSET_SIZE;
        for (unsigned cpu = 0; cpu < CPUSET_SIZE; cpu++) {
                if (!cpuset_has(free_cpus, cpu))
                        continue;
                if (best == CPUSET_SIZE || load[cpu] < load[best] ||
                    (load[cpu] == load[best] && cpuset_has(present, cpu) &&
                     !cpuset_has(present, best)))
                        best = cpu;
        }
        if (best == CPUSET_SIZE)
                return;
        free_cpus->bits[best / 64] &= ~(UINT64_C(1) << (best % 64));
        cpuset_add(ret, best);
}

static void place_counted(const CpuSet *online, unsigned load[CPUSET_SIZE], CpuClaim *claim) {
        CpuSet free_cpus = claim->within, chosen = {.bits = {0}};
        cpuset_intersect(&free_cpus, online);
        if (cpuset_count(&free_cpus) == 0)
                free_cpus = *online;
        for (unsigned i = 0; i < claim->count && cpuset_count(&free_cpus) > 0; i++)
                take_best(load, &free_cpus, &claim->cpus, &chosen);
        claim->cpus = chosen;
        add_load(load, &chosen);
}

static int by_count(const void *a, const void *b) {
        const CpuClaim *const *x = a, *const *y = b;
        if ((*x)->count != (*y)->count)
                return (*x)->count > (*y)->count ? -1 : 1;
        return *x < *y ? -1 : *x > *y; /* as they were given */
}

void cpu_claims_spread(const CpuSet *online, CpuClaim *claims, size_t count) {
        unsigned load[CPUSET_SIZE] = {0};
        CpuClaim **order = mem_new_array(CpuClaim *, count + 1);
        for (size_t i = 0; i < count; i++) {
                CpuClaim *claim = order[i] = &claims[i];
                if (claim->count > 0)
                        continue;
                claim->cpus = claim->pinned;
                cpuset_intersect(&claim->cpus, online);
                if (cpuset_count(&claim->cpus) == 0)
                        claim->cpus = *online;
                if (cpuset_count(&claim->pinned) > 0)
                        add_load(load, &claim->cpus);
        }
        qsort(order, count, sizeof(CpuClaim *), by_count);
        for (size_t i = 0; i < count && order[i]->count > 0; i++)
                place_counted(online, load, order[i]);
        free(order);
}
