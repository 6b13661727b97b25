#include "instance/logs.h"

#include "base/files.h"
#include "base/memory.h"

#include <string.h>

/* Nothing but these names can be asked for, so no name leaves the directory. */
static bool is_log(const char *name) {
        static const char *const names[] = {"lxc.log",       "lxc.conf",     "lxc.log.old",
                                            "console.log",   "qemu.log",     "forkstart.log",
                                            "edk2.log",      "qemu.conf"};
        static const char *const beginnings[] = {"exec_", "migration_", "snapshot_", "proxy."};
        if (strchr(name, '/') != NULL)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (str_equal(name, names[i]))
                        return true;
        for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
                if (str_has_prefix(name, beginnings[i]))
                        return true;
        return false;
}

int instance_log_list(Instances *instances, const Instance *instance, StrList *ret, Error **err) {
        _cleanup_free_ char *directory = instance_log_directory(instances, instance);
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (!path_exists(directory))
                return 0;
        if (directory_list(directory, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++)
                if (is_log(names.items[i]) && !str_equal(names.items[i], "console.log"))
                        strlist_add(ret, names.items[i]);
        return 0;
}

int instance_log_path(Instances *instances, const Instance *instance, const char *name,
                      char **ret, Error **err) {
        _cleanup_free_ char *directory = instance_log_directory(instances, instance);
        _cleanup_free_ char *path = path_join(directory, name);
        if (!is_log(name))
                return error_set(err, ERROR_INVALID, 0, "log file name %s not valid", name);
        if (!path_exists(path))
                return error_set(err, ERROR_NOT_FOUND, 0, "Log file \"%s\" not found", name);
        *ret = TAKE_PTR(path);
        return 0;
}

int instance_log_delete(Instances *instances, const Instance *instance, const char *name,
                        Error **err) {
        _cleanup_free_ char *path = NULL;
        if (!is_log(name))
                return error_set(err, ERROR_INVALID, 0, "log file name %s not valid", name);
        if (str_equal(name, "lxc.log") || str_equal(name, "lxc.conf"))
                return error_set(err, ERROR_INVALID, 0, "lxc.log and lxc.conf may not be deleted");
        if (instance_log_path(instances, instance, name, &path, err) < 0)
                return -1;
        return file_remove(path, err);
}
