#include "instance/apparmor.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "instance/instance_private.h"
#include "process/spawn.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define POLICY "/sys/kernel/security/apparmor"
#define PARSER_TIMEOUT_MS 60000

static char *profile_name(Instances *instances, const Instance *instance) {
        return str_printf("berth-%s_<%s>", instance->disk_name, instances->directory);
}

/* Of the container's own policies, where the kernel can stack them on ours; in names of namespaces
 * no slash may stand. */
static char *namespace_name(Instances *instances, const Instance *instance) {
        _cleanup_free_ char *stacking = NULL;
        if (file_read(POLICY "/features/domain/stack", 16, &stacking, NULL, NULL) < 0 ||
            !str_has_prefix(stacking, "yes"))
                return NULL;
        char *name = str_printf("berth-%s_<%s>", instance->disk_name, instances->directory + 1);
        for (char *c = name; *c != '\0'; c++)
                if (*c == '/')
                        *c = '-';
        return name;
}

static char *profile_file(Instances *instances, const Instance *instance) {
        return str_printf("%s/security/apparmor/profiles/%s", instances->directory,
                          instance->disk_name);
}

/* Only when it has become another one: the parser's cache goes by the file's time. */
static int write_profile(Instances *instances, const Instance *instance, const char *name,
                         const char *namespace, Error **err) {
        const ApparmorSpec spec = {
                .config = &instance->config, .name = name, .namespace = namespace};
        _cleanup_free_ char *file = profile_file(instances, instance), *present = NULL;
        _cleanup_free_ char *directory = path_directory(file);
        _cleanup_free_ char *text = apparmor_profile(&spec);
        if (directory_make_all(directory, 0700, err) < 0)
                return -1;
        if (file_read(file, 0, &present, NULL, NULL) == 0 && str_equal(present, text))
                return 0;
        return file_write_text(file, text, err);
}

/* `verb`: "-rWL" loads, "-RWL" removes, "-QWL" only compiles. */
static int run_parser(Instances *instances, const Instance *instance, const char *verb,
                      Error **err) {
        _cleanup_free_ char *file = profile_file(instances, instance);
        _cleanup_free_ char *cache = str_printf("%s/security/apparmor/cache",
                                                instances->directory);
        const char *const argv[] = {"apparmor_parser", verb, cache, file, NULL};
        const SpawnSpec spec = {.argv = argv};
        const SpawnLimits limits = {.timeout_ms = PARSER_TIMEOUT_MS};
        if (directory_make_all(cache, 0700, err) < 0)
                return -1;
        _cleanup_error_ Error *failed = NULL;
        if (spawn_run_checked(&spec, &limits, NULL, &failed) == 0)
                return 0;
        return error_set(err, ERROR_INVALID, 0, "%s", error_message(failed));
}

int instance_check_apparmor(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_free_ char *name = profile_name(instances, instance);
        _cleanup_free_ char *namespace = namespace_name(instances, instance);
        if (!instances->features.apparmor)
                return 0;
        if (write_profile(instances, instance, name, namespace, err) < 0)
                return -1;
        if (run_parser(instances, instance, "-QWL", err) == 0)
                return 0;
        return error_prefix(err, "Parse AppArmor profile");
}

static void make_namespace(const char *name) {
        _cleanup_free_ char *path = str_printf(POLICY "/policy/namespaces/%s", name);
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                log_warning("Cannot make %s: %s", path, strerror(errno));
}

int instance_load_apparmor(Instances *instances, const Instance *instance, char **ret,
                           Error **err) {
        _cleanup_free_ char *name = profile_name(instances, instance);
        _cleanup_free_ char *namespace = namespace_name(instances, instance);
        *ret = NULL;
        if (!instances->features.apparmor)
                return 0;
        if (namespace != NULL)
                make_namespace(namespace);
        if (write_profile(instances, instance, name, namespace, err) < 0 ||
            run_parser(instances, instance, "-rWL", err) < 0)
                return error_prefix(err, "Load AppArmor profile");
        *ret = namespace != NULL ? str_printf("%s//&:%s:", name, namespace) : TAKE_PTR(name);
        return 0;
}

void instance_unload_apparmor(Instances *instances, const Instance *instance) {
        _cleanup_free_ char *namespace = namespace_name(instances, instance);
        _cleanup_free_ char *file = profile_file(instances, instance);
        _cleanup_error_ Error *err = NULL;
        if (!instances->features.apparmor || !path_exists(file))
                return;
        if (namespace != NULL) {
                _cleanup_free_ char *path = str_printf(POLICY "/policy/namespaces/%s", namespace);
                (void) rmdir(path);
        }
        if (run_parser(instances, instance, "-RWL", &err) < 0)
                log_warning("The AppArmor profile of %s stays: %s", instance->disk_name,
                            error_message(err));
}

/* The cache has a folder for each set of the kernel's features. */
void instance_forget_apparmor(Instances *instances, const Instance *instance) {
        _cleanup_free_ char *file = profile_file(instances, instance);
        _cleanup_free_ char *cache = str_printf("%s/security/apparmor/cache",
                                                instances->directory);
        _cleanup_strlist_ StrList folders = {.items = NULL};
        (void) !file_remove(file, NULL);
        if (!path_exists(cache) || directory_list(cache, &folders, NULL) < 0)
                return;
        for (size_t i = 0; i < folders.count; i++) {
                _cleanup_free_ char *compiled = str_printf("%s/%s/%s", cache, folders.items[i],
                                                           instance->disk_name);
                (void) !file_remove(compiled, NULL);
        }
}
