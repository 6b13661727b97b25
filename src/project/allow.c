/* The questions: each loads the project's content, puts the change in, and checks the whole. */
#include "project/project_private.h"

#include "base/memory.h"
#include "base/units.h"

#define PROFILES_FEATURE "features.profiles"

void project_content_done(ProjectContent *content) {
        project_row_done(&content->project);
        profile_row_list_done(&content->profiles);
        instance_row_list_done(&content->instances);
        project_volume_list_done(&content->volumes);
}

static bool has_rules(const StrMap *config) {
        for (size_t i = 0; i < config->count; i++)
                if (str_has_prefix(config->items[i].key, "limits."))
                        return true;
        return project_is_restricted(config);
}

/* `ret_needed` false: nothing is limited, and nothing but the project was loaded. */
static int load(Transaction *tx, const char *project, bool always, ProjectContent *ret,
                bool *ret_needed, Error **err) {
        _cleanup_free_ char *holder = NULL;
        if (db_project_get(tx, project, &ret->project, err) < 0)
                return -1;
        *ret_needed = always || has_rules(&ret->project.config);
        if (!*ret_needed)
                return 0;
        if (db_project_holder(tx, project, PROFILES_FEATURE, &holder, err) < 0 ||
            db_profile_list(tx, holder, &ret->profiles, err) < 0 ||
            db_instance_list(tx, project, &ret->instances, err) < 0 ||
            db_project_volumes(tx, project, &ret->volumes, err) < 0)
                return -1;
        return 0;
}

static void expand(ProjectContent *content) {
        for (size_t i = 0; i < content->instances.count; i++) {
                InstanceRow *row = &content->instances.items[i];
                StrMap config = {.items = NULL};
                DeviceMap devices = {.items = NULL};
                profile_rows_apply(&content->profiles, &row->profiles, &config, &devices);
                strmap_merge(&config, &row->config);
                devicemap_merge(&devices, &row->devices);
                strmap_done(&row->config);
                devicemap_done(&row->devices);
                row->config = config;
                row->devices = devices;
        }
}

static int check_all(ProjectContent *content, Error **err) {
        expand(content);
        if (project_check_sums(content, err) < 0)
                return -1;
        return project_is_restricted(&content->project.config)
                       ? project_check_restrictions(content, err)
                       : 0;
}

static InstanceRow *put_instance(ProjectContent *content, const InstanceRow *row) {
        InstanceRowList *list = &content->instances;
        size_t index = 0;
        while (index < list->count && !str_equal(list->items[index].name, row->name))
                index++;
        if (index == list->count) {
                mem_grow((void **) &list->items, &list->capacity, list->count + 1,
                         sizeof *list->items);
                list->items[list->count++] = (InstanceRow) {.name = NULL};
        }
        instance_row_copy(&list->items[index], row);
        return &list->items[index];
}

int project_allow_instance(Transaction *tx, const InstanceRow *row, const StrMap *before,
                           bool copied, Error **err) {
        _cleanup_(project_content_done) ProjectContent content = {.volumes = {.items = NULL}};
        bool needed;
        if (load(tx, row->project, false, &content, &needed, err) < 0)
                return -1;
        if (!needed)
                return 0;
        if (before == NULL && project_check_counts(&content, row, err) < 0)
                return -1;
        if (!copied && project_check_volatile(&content, row, before, err) < 0)
                return -1;
        (void) put_instance(&content, row);
        if (check_all(&content, err) == 0)
                return 0;
        return error_prefix(err, "Failed checking if instance %s allowed",
                            before == NULL ? "creation" : "update");
}

static void put_profile(ProfileRowList *list, const ProfileRow *row) {
        size_t index = 0;
        while (index < list->count && !str_equal(list->items[index].name, row->name))
                index++;
        if (index == list->count) {
                mem_grow((void **) &list->items, &list->capacity, list->count + 1,
                         sizeof *list->items);
                list->items[list->count++] = (ProfileRow) {.name = str_dup(row->name)};
        }
        strmap_copy(&list->items[index].config, &row->config);
        devicemap_copy(&list->items[index].devices, &row->devices);
}

/* Those whose instances use the profiles of `holder`. */
static int allow_profile_in(Transaction *tx, const char *project, const ProfileRow *row,
                            Error **err) {
        _cleanup_(project_content_done) ProjectContent content = {.volumes = {.items = NULL}};
        bool needed;
        if (load(tx, project, false, &content, &needed, err) < 0)
                return -1;
        if (needed)
                put_profile(&content.profiles, row);
        if (!needed || check_all(&content, err) == 0)
                return 0;
        return error_prefix(err, "Failed checking if profile update allowed");
}

int project_allow_profile(Transaction *tx, const ProfileRow *row, Error **err) {
        _cleanup_(project_row_list_done) ProjectRowList projects = {.items = NULL};
        if (db_project_list(tx, &projects, err) < 0)
                return -1;
        for (size_t i = 0; i < projects.count; i++) {
                const ProjectRow *project = &projects.items[i];
                bool own = str_equal(project->name, "default") ||
                           str_is_true(strmap_get(&project->config, PROFILES_FEATURE));
                if (str_equal(own ? project->name : "default", row->project) &&
                    allow_profile_in(tx, project->name, row, err) < 0)
                        return -1;
        }
        return 0;
}

static void put_volume(ProjectContent *content, const char *pool, const char *name,
                       const char *size) {
        ProjectVolumeList *list = &content->volumes;
        size_t index = 0;
        while (index < list->count && !(str_equal(list->items[index].name, name) &&
                                        str_equal(list->items[index].pool, pool)))
                index++;
        if (index == list->count) {
                mem_grow((void **) &list->items, &list->capacity, list->count + 1,
                         sizeof *list->items);
                list->items[list->count++] =
                        (ProjectVolume) {.pool = str_dup(pool), .name = str_dup(name)};
        }
        str_replace(&list->items[index].size, str_dup(size));
}

int project_allow_volume(Transaction *tx, const char *project, const char *pool, const char *name,
                         const StrMap *config, Error **err) {
        _cleanup_(project_content_done) ProjectContent content = {.volumes = {.items = NULL}};
        bool needed, is_new = true;
        if (load(tx, project, false, &content, &needed, err) < 0)
                return -1;
        if (!needed)
                return 0;
        for (size_t i = 0; i < content.volumes.count; i++)
                is_new = is_new && !(str_equal(content.volumes.items[i].name, name) &&
                                     str_equal(content.volumes.items[i].pool, pool));
        put_volume(&content, pool, name, strmap_get(config, "size"));
        expand(&content);
        if (project_check_sums(&content, err) == 0)
                return 0;
        return error_prefix(err, "Failed checking if volume %s allowed",
                            is_new ? "creation" : "update");
}

int project_allow_network(Transaction *tx, const char *project, Error **err) {
        _cleanup_(project_row_done) ProjectRow row = {.name = NULL};
        int64_t most, count;
        if (db_project_get(tx, project, &row, err) < 0 ||
            db_project_network_count(tx, project, &count, err) < 0)
                return -1;
        const char *limit = strmap_get(&row.config, "limits.networks");
        if (str_is_empty(limit) || !str_to_int64(limit, &most) || count < most)
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Networks limit has been reached for project");
}

static bool restrictions_differ(const StrMap *a, const StrMap *b) {
        for (size_t i = 0; i < a->count; i++)
                if (str_has_prefix(a->items[i].key, "restricted") &&
                    !str_equal(a->items[i].value, strmap_get(b, a->items[i].key)))
                        return true;
        return false;
}

int project_allow_update(Transaction *tx, const ProjectRow *row, const StrMap *before,
                         Error **err) {
        _cleanup_(project_content_done) ProjectContent content = {.volumes = {.items = NULL}};
        bool needed;
        if (load(tx, row->name, true, &content, &needed, err) < 0)
                return -1;
        strmap_copy(&content.project.config, &row->config);
        expand(&content);
        if (project_check_lowered(&content, before, err) < 0)
                return -1;
        bool changed = restrictions_differ(&row->config, before) ||
                       restrictions_differ(before, &row->config);
        if (!changed || !project_is_restricted(&row->config) ||
            project_check_restrictions(&content, err) == 0)
                return 0;
        return error_prefix(err, "Conflict detected when changing \"restricted\" in project "
                                 "\"%s\"",
                            row->name);
}

static int allow_verb(Transaction *tx, const char *project, const char *key, const char *what,
                      Error **err) {
        _cleanup_(project_row_done) ProjectRow row = {.name = NULL};
        if (db_project_get(tx, project, &row, err) < 0)
                return -1;
        if (!project_is_restricted(&row.config) ||
            str_equal(strmap_get(&row.config, key), "allow"))
                return 0;
        return error_set(err, ERROR_FORBIDDEN, 0, "Project \"%s\" doesn't allow for %s creation",
                         project, what);
}

int project_allow_snapshot(Transaction *tx, const char *project, Error **err) {
        return allow_verb(tx, project, "restricted.snapshots", "snapshot", err);
}

int project_allow_backup(Transaction *tx, const char *project, Error **err) {
        return allow_verb(tx, project, "restricted.backups", "backup", err);
}

int project_image_budget(Transaction *tx, const char *project, int64_t *ret, Error **err) {
        _cleanup_(project_content_done) ProjectContent content = {.volumes = {.items = NULL}};
        bool needed;
        int64_t limit, sum;
        if (load(tx, project, false, &content, &needed, err) < 0)
                return -1;
        const char *text = strmap_get(&content.project.config, "limits.disk");
        *ret = -1;
        if (str_is_empty(text) ||
            str_is_false(strmap_get(&content.project.config, "features.images")))
                return 0;
        expand(&content);
        if (units_parse_bytes(text, &limit, err) < 0 ||
            project_sum(&content, "limits.disk", false, &sum, err) < 0)
                return -1;
        *ret = MAX_OF(limit - sum, 0);
        return 0;
}

const char *const project_resource_names[_PROJECT_RESOURCE_MAX] = {
        [PROJECT_CONTAINERS] = "containers",
        [PROJECT_CPU] = "cpu",
        [PROJECT_DISK] = "disk",
        [PROJECT_INSTANCES] = "instances",
        [PROJECT_MEMORY] = "memory",
        [PROJECT_NETWORKS] = "networks",
        [PROJECT_PROCESSES] = "processes",
        [PROJECT_VIRTUAL_MACHINES] = "virtual-machines",
};

static int read_limit(const StrMap *config, const char *key, int64_t *ret, Error **err) {
        const char *value = strmap_get(config, key);
        *ret = -1;
        return str_is_empty(value) ? 0 : units_parse_bytes(value, ret, err);
}

int project_usage(Transaction *tx, const char *project, ProjectUsage ret[_PROJECT_RESOURCE_MAX],
                  Error **err) {
        static const ProjectResource summed[] = {PROJECT_CPU, PROJECT_DISK, PROJECT_MEMORY,
                                                 PROJECT_PROCESSES};
        _cleanup_(project_content_done) ProjectContent content = {.volumes = {.items = NULL}};
        bool needed;
        if (load(tx, project, true, &content, &needed, err) < 0)
                return -1;
        expand(&content);
        for (size_t i = 0; i < _PROJECT_RESOURCE_MAX; i++) {
                _cleanup_free_ char *key = str_printf("limits.%s", project_resource_names[i]);
                ret[i].usage = 0;
                /* A plain number is a size in bytes too. */
                if (read_limit(&content.project.config, key, &ret[i].limit, err) < 0)
                        return -1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(summed); i++) {
                _cleanup_free_ char *key =
                        str_printf("limits.%s", project_resource_names[summed[i]]);
                if (project_sum(&content, key, true, &ret[summed[i]].usage, err) < 0)
                        return -1;
        }
        ret[PROJECT_INSTANCES].usage = (int64_t) content.instances.count;
        ret[PROJECT_CONTAINERS].usage = project_count(&content, INSTANCE_CONTAINER);
        ret[PROJECT_VIRTUAL_MACHINES].usage = project_count(&content, INSTANCE_VIRTUAL_MACHINE);
        return db_project_network_count(tx, project, &ret[PROJECT_NETWORKS].usage, err);
}
