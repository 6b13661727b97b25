#include "schema/arch.h"

#include <string.h>
#include <sys/utsname.h>

/* Ids are LXD's and stand in databases; never renumber. */
typedef struct Architecture {
        int id;
        unsigned bits;
        const char *name, *lxc, *debian;
        const char *aliases; /* blank-separated */
        int personalities[4];
} Architecture;

enum {
        I686 = 1,
        X86_64,
        ARMV7L,
        AARCH64,
        PPC,
        PPC64,
        PPC64LE,
        S390X,
        MIPS,
        MIPS64,
        RISCV32,
        RISCV64,
        ARMV6L,
        ARMV8L,
};

static const Architecture architectures[] = {
        {I686, 32, "i686", "i686", "i386", "i386 i586 386 x86 generic_32", {}},
        {X86_64, 64, "x86_64", "x86_64", "amd64", "amd64 generic_64", {I686}},
        {ARMV7L, 32, "armv7l", "armv7l", "armhf",
         "armv7 armhf armhfp armv7a_hardfp armv7a_vfpv3_hardfp armv7hl arm", {ARMV6L}},
        {AARCH64, 64, "aarch64", "aarch64", "arm64", "arm64 arm64_generic",
         {ARMV8L, ARMV7L, ARMV6L}},
        {PPC, 32, "ppc", "powerpc", "powerpc", "powerpc", {}},
        {PPC64, 64, "ppc64", "powerpc64", "ppc64", "powerpc64", {PPC}},
        {PPC64LE, 64, "ppc64le", "ppc64le", "ppc64el", "ppc64el powerpc64le", {}},
        {S390X, 64, "s390x", "s390x", "s390x", "mainframe", {}},
        {MIPS, 32, "mips", "mips", "mipsel", "mipsel mipsle", {}},
        {MIPS64, 64, "mips64", "mips64", "mips64el", "mips64el mips64le", {MIPS}},
        {RISCV32, 32, "riscv32", "riscv32", "riscv32", "", {}},
        {RISCV64, 64, "riscv64", "riscv64", "riscv64", "", {RISCV32}},
        {ARMV6L, 32, "armv6l", "armv6l", "armel", "armv6 armel arm_hf", {}},
        {ARMV8L, 32, "armv8l", "armv8l", "armhf", "armv8", {ARMV7L, ARMV6L}},
};

static const Architecture *by_id(int id) {
        for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
                if (architectures[i].id == id)
                        return &architectures[i];
        return NULL;
}

static bool has_alias(const Architecture *architecture, const char *name) {
        _cleanup_strlist_ StrList aliases = {};
        strlist_split(&aliases, architecture->aliases, " ", true);
        return strlist_has(&aliases, name);
}

int architecture_id(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
                if (str_equal(architectures[i].name, name))
                        return architectures[i].id;
        for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
                if (!str_is_empty(name) && has_alias(&architectures[i], name))
                        return architectures[i].id;
        return ARCHITECTURE_UNKNOWN;
}

int architecture_parse(const char *name, int *ret_id, Error **err) {
        int id = architecture_id(name);
        if (id == ARCHITECTURE_UNKNOWN)
                return error_set(err, ERROR_INVALID, 0, "Architecture isn't supported: %s",
                                 name != NULL ? name : "");
        *ret_id = id;
        return 0;
}

const char *architecture_name(int id) {
        const Architecture *architecture = by_id(id);
        return architecture != NULL ? architecture->name : NULL;
}

int architecture_from_machine(const char *machine) {
        return architecture_id(machine);
}

int architecture_host(void) {
        struct utsname name;
        if (uname(&name) < 0)
                return ARCHITECTURE_UNKNOWN;
        return architecture_from_machine(name.machine);
}

size_t architecture_personalities(int id, int *ret_ids, size_t size) {
        const Architecture *architecture = by_id(id);
        size_t count = 0;
        if (architecture == NULL)
                return 0;
        while (count < size && count < ARRAY_SIZE(architecture->personalities) &&
               architecture->personalities[count] != 0) {
                ret_ids[count] = architecture->personalities[count];
                count++;
        }
        return count;
}

const char *architecture_debian_name(int id) {
        const Architecture *architecture = by_id(id);
        return architecture != NULL ? architecture->debian : NULL;
}

unsigned architecture_bits(int id) {
        const Architecture *architecture = by_id(id);
        return architecture != NULL ? architecture->bits : 0;
}

const char *architecture_lxc_name(int id) {
        const Architecture *architecture = by_id(id);
        return architecture != NULL ? architecture->lxc : NULL;
}
