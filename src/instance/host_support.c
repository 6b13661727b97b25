/* What an instance wants of the host before it starts: kernel modules, NVIDIA's hook. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "process/spawn.h"

#include <stdlib.h>
#include <string.h>

#define MODPROBE_TIMEOUT_MS 30000

/* Built in or loaded: it has a folder, whose name has underscores. */
static bool is_loaded(const char *module) {
        _cleanup_free_ char *path = str_printf("/sys/module/%s", module);
        for (char *c = path; *c != '\0'; c++)
                if (*c == '-')
                        *c = '_';
        return path_exists(path);
}

int instance_load_modules(const Instance *instance, Error **err) {
        const char *wanted = strmap_get(&instance->config, "linux.kernel_modules");
        const SpawnLimits limits = {.timeout_ms = MODPROBE_TIMEOUT_MS};
        _cleanup_strlist_ StrList names = {.items = NULL};
        strlist_split(&names, wanted != NULL ? wanted : "", ",", true);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *name = str_trim(names.items[i]);
                const char *const argv[] = {"modprobe", "-b", "--", name, NULL};
                const SpawnSpec spec = {.argv = argv};
                _cleanup_error_ Error *failed = NULL;
                if (!is_loaded(name) && spawn_run_checked(&spec, &limits, NULL, &failed) < 0)
                        return error_set(err, ERROR_UNSUPPORTED, 0,
                                         "Failed to load kernel module '%s': %s", name,
                                         error_message(failed));
        }
        return 0;
}

static bool is_in_path(const char *program) {
        const char *path = getenv("PATH");
        _cleanup_strlist_ StrList folders = {.items = NULL};
        strlist_split(&folders, path != NULL ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ":", true);
        for (size_t i = 0; i < folders.count; i++) {
                _cleanup_free_ char *file = path_join(folders.items[i], program);
                if (path_exists(file))
                        return true;
        }
        return false;
}

int instance_find_nvidia_hook(const Instance *instance, char **ret, Error **err) {
        const char *folder = getenv("LXD_LXC_HOOK");
        _cleanup_free_ char *hook =
                path_join(str_is_empty(folder) ? "/usr/share/lxc/hooks" : folder, "nvidia");
        *ret = NULL;
        if (!str_is_true(strmap_get(&instance->config, "nvidia.runtime")))
                return 0;
        if (!path_exists(hook))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The NVIDIA LXC hook couldn't be found");
        if (!is_in_path("nvidia-container-cli"))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "The NVIDIA container tools couldn't be found");
        *ret = TAKE_PTR(hook);
        return 0;
}

/* Two spellings of one thing. */
static int check_spellings(const StrMap *config, Error **err) {
        static const char *const pairs[][2] = {
                {"security.syscalls.allow", "security.syscalls.whitelist"},
                {"security.syscalls.deny", "security.syscalls.blacklist"},
                {"security.syscalls.deny_default", "security.syscalls.blacklist_default"},
                {"security.syscalls.deny_compat", "security.syscalls.blacklist_compat"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                if (strmap_has(config, pairs[i][0]) && strmap_has(config, pairs[i][1]))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Mutually exclusive keys %s and %s are set", pairs[i][0],
                                         pairs[i][1]);
        return 0;
}

static bool either(const StrMap *config, const char *key, const char *old, bool truth) {
        const char *value = strmap_get(config, key);
        if (str_is_empty(value))
                value = strmap_get(config, old);
        return truth ? str_is_true(value) : !str_is_empty(value);
}

int instance_check_combinations(const StrMap *config, Error **err) {
        bool allow = either(config, "security.syscalls.allow", "security.syscalls.whitelist",
                            false);
        bool deny = either(config, "security.syscalls.deny", "security.syscalls.blacklist",
                           false) ||
                    either(config, "security.syscalls.deny_default",
                           "security.syscalls.blacklist_default", true) ||
                    either(config, "security.syscalls.deny_compat",
                           "security.syscalls.blacklist_compat", true);
        if (check_spellings(config, err) < 0)
                return -1;
        if (!str_is_empty(strmap_get(config, "raw.seccomp")) && (allow || deny))
                return error_set(err, ERROR_INVALID, 0,
                                 "raw.seccomp is mutually exclusive with security.syscalls*");
        if (allow && deny)
                return error_set(err, ERROR_INVALID, 0,
                                 "security.syscalls.allow is mutually exclusive with "
                                 "security.syscalls.deny*");
        if (str_is_true(strmap_get(config, "security.privileged")) &&
            str_is_true(strmap_get(config, "nvidia.runtime")))
                return error_set(err, ERROR_INVALID, 0,
                                 "nvidia.runtime is incompatible with privileged containers");
        return 0;
}
