/* Sets of processors, and how instances spread over them. Pure but for cpuset_read(). */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define CPUSET_SIZE 1024

typedef struct CpuSet {
        uint64_t bits[CPUSET_SIZE / 64];
} CpuSet;

bool cpuset_has(const CpuSet *set, unsigned cpu);
void cpuset_add(CpuSet *set, unsigned cpu);
unsigned cpuset_count(const CpuSet *set);
bool cpuset_equal(const CpuSet *a, const CpuSet *b);
void cpuset_intersect(CpuSet *set, const CpuSet *with);
void cpuset_remove(CpuSet *set, const CpuSet *what);
/* "0-1,3" both ways; "" is the empty set. False: no such list, or a number beyond the size. */
bool cpuset_parse(const char *text, CpuSet *ret);
char *cpuset_to_text(const CpuSet *set);
/* A file that holds such a list (/sys/devices/system/cpu/online); empty when it cannot be read. */
CpuSet cpuset_read(const char *path);

/* What one instance asks for and gets. */
typedef struct CpuClaim {
        unsigned count; /* so many, whichever; 0: the set `pinned`, and when that is empty all */
        CpuSet pinned;
        CpuSet within; /* of a count: only these; empty: no wish */
        CpuSet cpus;   /* in: what it has now; out: what it shall have */
} CpuClaim;

/* Gives each claim its processors of `online`: pinned ones what they name, counted ones those with
 * the fewest claims, the biggest first. Who has a good place keeps it. */
void cpu_claims_spread(const CpuSet *online, CpuClaim *claims, size_t count);
