#include "instance/create.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "database/projects.h"
#include "database/storage_volumes.h"
#include "instance/backup_file.h"
#include "instance/lifecycle_private.h"
#include "instance/state.h"
#include "project/project.h"
#include "schema/arch.h"
#include "schema/instance_types.h"
#include "schema/names.h"

#include <stdio.h>
#include <string.h>

void instance_create_done(InstanceCreate *create) {
        instance_row_done(&create->row);
        free(create->image);
        strmap_done(&create->image_properties);
        image_row_done(&create->image_row);
}

static int read_source(const ApiInstanceSource *source, InstanceCreate *ret, Error **err) {
        if (str_equal(source->type, "none") || str_equal(source->type, "migration") ||
            str_equal(source->type, "copy"))
                return 0;
        if (!str_equal(source->type, "image"))
                return error_set(err, ERROR_INVALID, 0, "Unknown source type %s",
                                 source->type != NULL ? source->type : "");
        ret->from_image = true;
        if (!str_is_empty(source->server))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Images of other servers cannot be used: import the image first");
        if (!str_is_empty(source->alias))
                ret->image = str_dup(source->alias);
        else if (!str_is_empty(source->fingerprint))
                ret->image = str_dup(source->fingerprint);
        else if (source->properties.count > 0)
                strmap_copy(&ret->image_properties, &source->properties);
        else
                return error_set(err, ERROR_INVALID, 0,
                                 "Must specify one of alias, fingerprint or properties for init "
                                 "from image");
        return 0;
}

int instance_create_from_api(const ApiInstancesPost *post, const char *project,
                             bool profiles_given, InstanceCreate *ret, Error **err) {
        _cleanup_(instance_create_done) InstanceCreate create = {
                .default_profiles = !profiles_given, .start = post->start};
        InstanceRow *row = &create.row;
        int architecture = ARCHITECTURE_UNKNOWN;
        if (str_equal(post->type, "virtual-machine"))
                return error_set(err, ERROR_UNSUPPORTED, 0, "Instance type not supported");
        if (!str_is_empty(post->type) && !str_equal(post->type, "container"))
                return error_set(err, ERROR_INVALID, 0, "Invalid instance type");
        if (!str_is_empty(post->architecture) &&
            architecture_parse(post->architecture, &architecture, err) < 0)
                return -1;
        if (read_source(&post->source, &create, err) < 0)
                return -1;
        *row = (InstanceRow) {.project = str_dup(project),
                              .name = str_dup(post->name != NULL ? post->name : ""),
                              .architecture = architecture,
                              .ephemeral = post->ephemeral,
                              .description =
                                      str_dup(post->description != NULL ? post->description : "")};
        strmap_copy(&row->config, &post->config);
        if (!str_is_empty(post->instance_type) &&
            instance_type_apply(post->instance_type, &row->config, err) < 0)
                return -1;
        devicemap_copy(&row->devices, &post->devices);
        strlist_copy(&row->profiles, &post->profiles);
        *ret = create;
        create = (InstanceCreate) {.image = NULL};
        return 0;
}

static int find_image(Instances *instances, InstanceCreate *create, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *project = NULL;
        Images *images = instances->spec.images;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_holder(tx, create->row.project, "features.images", &project, err) < 0)
                return -1;
        transaction_rollback(TAKE_PTR(tx));
        if (create->image == NULL)
                return image_find_by_properties(images, project, &create->image_properties,
                                                &create->image_row, err);
        return image_find(images, project, create->image, &create->image_row, err);
}

/* What the instance takes over from its image: profiles, architecture, image.* keys. */
static int take_image(Instances *instances, InstanceCreate *create, Error **err) {
        const ImageRow *image = &create->image_row;
        if (find_image(instances, create, err) < 0)
                return -1;
        create->row.architecture = image->architecture;
        if (create->default_profiles && image->profiles.count > 0) {
                strlist_copy(&create->row.profiles, &image->profiles);
                create->default_profiles = false;
        }
        for (size_t i = 0; i < image->properties.count; i++) {
                const StrPair *property = &image->properties.items[i];
                _cleanup_free_ char *key = str_printf("image.%s", property->key);
                if (!strmap_has(&create->row.config, key))
                        strmap_set(&create->row.config, key, property->value);
        }
        strmap_set(&create->row.config, "volatile.base_image", image->fingerprint);
        return 0;
}

static void add_volatiles(InstanceCreate *create) {
        StrMap *config = &create->row.config;
        _cleanup_free_ char *cloud = random_uuid();
        const char *trigger = create->origin != NULL ? create->origin->trigger : "create";
        if (create->origin == NULL || !create->origin->keeps_volatile)
                strmap_set(config, "volatile.cloud-init.instance-id", cloud);
        if (trigger != NULL)
                strmap_set(config, "volatile.apply_template", trigger);
        if (!strmap_has(config, "volatile.last_state.idmap"))
                strmap_set(config, "volatile.last_state.idmap", "[]");
}

static int choose_name(Instances *instances, InstanceCreate *create, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strlist_ StrList taken = {.items = NULL};
        if (!str_is_empty(create->row.name)) {
                if (strchr(create->row.name, '/') != NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "The character \"/\" is reserved for snapshots");
                return name_check_instance(create->row.name, err);
        }
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_instance_names(tx, create->row.project, &taken, err) < 0)
                return -1;
        do
                str_replace(&create->row.name, instance_random_name());
        while (strlist_has(&taken, create->row.name));
        return 0;
}

static int check_profiles(Transaction *tx, const InstanceRow *row, Error **err) {
        _cleanup_free_ char *project = NULL;
        if (db_project_holder(tx, row->project, PROFILES_FEATURE, &project, err) < 0)
                return -1;
        for (size_t i = 0; i < row->profiles.count; i++) {
                _cleanup_(profile_row_done) ProfileRow profile = {.name = NULL};
                if (db_profile_get(tx, project, row->profiles.items[i], &profile, NULL) < 0)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Requested profile \"%s\" doesn't exist",
                                         row->profiles.items[i]);
        }
        return 0;
}

int instance_set_root_pool(Instances *instances, InstanceRow *row, const char *pool,
                           Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_cleanup) Instance *plan = mem_new(Instance);
        instance_row_copy(&plan->row, row);
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            check_profiles(tx, row, err) < 0 || instance_expand(instances, tx, plan, err) < 0)
                return -1;
        instance_move_root(plan, pool, &row->devices);
        return 0;
}

int instance_default_pool(Instances *instances, const char *project, char **ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *holder = NULL;
        _cleanup_(profile_row_done) ProfileRow profile = {.name = NULL};
        *ret = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0 ||
            db_project_holder(tx, project, PROFILES_FEATURE, &holder, err) < 0 ||
            db_profile_get(tx, holder, "default", &profile, err) < 0)
                return -1;
        for (size_t i = 0; i < profile.devices.count; i++)
                if (device_is_root_disk(&profile.devices.items[i].config))
                        *ret = str_dup(strmap_get(&profile.devices.items[i].config, "pool"));
        return 0;
}

/* The instance as it will be, with profiles applied; ERROR_EXISTS when there is one already. */
static int expand_request(Instances *instances, const InstanceCreate *create, Instance **ret,
                          Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(instance_cleanup) Instance *plan = mem_new(Instance);
        _cleanup_(instance_row_done) InstanceRow other = {.name = NULL};
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        if (db_instance_get(tx, create->row.project, create->row.name, &other, NULL) == 0)
                return error_set(err, ERROR_EXISTS, 0,
                                 "Failed creating instance record: Add instance info to the "
                                 "database: This \"instances\" entry already exists");
        instance_row_copy(&plan->row, &create->row);
        plan->disk_name = storage_instance_name(create->row.project, create->row.name);
        plan->status = INSTANCE_STOPPED;
        if (check_profiles(tx, &plan->row, err) < 0 ||
            instance_expand(instances, tx, plan, err) < 0)
                return -1;
        *ret = TAKE_PTR(plan);
        return 0;
}

/* Early, so that nothing is unpacked in vain; the record's transaction asks again. */
static int check_project(Instances *instances, const InstanceCreate *create, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(instances->spec.database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return project_allow_instance(tx, &create->row, NULL, create->origin != NULL, err);
}

int instance_create_prepare(Instances *instances, InstanceCreate *create, Error **err) {
        _cleanup_(instance_cleanup) Instance *plan = NULL;
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        if (choose_name(instances, create, err) < 0)
                return -1;
        create->row.type = INSTANCE_CONTAINER;
        create->row.created_ns = time_now_ns();
        create->row.used_ns = TIME_ZERO;
        if (create->from_image && take_image(instances, create, err) < 0)
                return -1;
        if (create->default_profiles)
                strlist_add(&create->row.profiles, "default");
        if (create->row.architecture == ARCHITECTURE_UNKNOWN)
                create->row.architecture = architecture_host();
        if (check_project(instances, create, err) < 0)
                return -1;
        add_volatiles(create);
        if (expand_request(instances, create, &plan, err) < 0)
                return -1;
        if (instance_check(instances, plan, err) < 0)
                return error_prefix(err, "Failed creating instance record");
        if (instance_plan_volatile(instances, plan, &changes, err) < 0)
                return -1;
        strmap_merge(&create->row.config, &changes);
        instance_apply_volatile(plan, &changes);
        if (instance_admit_devices(instances, NULL, plan, err) < 0)
                return error_prefix(err, "Failed creating instance record");
        return 0;
}

/* The instance, its volume's record and the image's time of use, in one transaction. */
static int record(Instances *instances, InstanceCreate *create, const char *pool, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_free_ char *profile_project = NULL;
        const StorageVolumeRow volume = {.pool = (char *) pool,
                                         .project = create->row.project,
                                         .name = create->row.name,
                                         .type = STORAGE_VOLUME_CONTAINER};
        int64_t volume_id;
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_holder(tx, create->row.project, PROFILES_FEATURE, &profile_project,
                              err) < 0 ||
            project_allow_instance(tx, &create->row, NULL, true, err) < 0 ||
            db_instance_create(tx, &create->row, profile_project, &create->row.id, err) < 0 ||
            db_storage_volume_create(tx, &volume, &volume_id, err) < 0 ||
            (create->from_image &&
             db_image_touch(tx, create->image_row.id, create->row.created_ns, err) < 0) ||
            (create->origin != NULL && create->origin->record != NULL &&
             create->origin->record(create->origin_userdata, tx, create, volume_id, err) < 0))
                return -1;
        return transaction_commit(&tx, err);
}

static int make_volume(Instances *instances, const InstanceCreate *create, StoragePool *pool,
                       Operation *operation, Error **err) {
        Storage *storage = instances->spec.storage;
        const InstanceRow *row = &create->row;
        if (create->origin != NULL)
                return create->origin->make(create->origin_userdata, create, pool, err);
        if (!create->from_image)
                return storage_instance_create(storage, pool, row->project, row->name, NULL, err);
        const char *fingerprint = create->image_row.fingerprint;
        _cleanup_free_ char *metadata = image_path(instances->spec.images, fingerprint);
        _cleanup_free_ char *rootfs = image_rootfs_path(instances->spec.images, fingerprint);
        InstanceProgress unpack = {.operation = operation,
                                   .key = "create_instance_from_image_unpack_progress",
                                   .label = "Unpack"};
        const StorageImage image = {.fingerprint = fingerprint,
                                    .metadata = metadata,
                                    .rootfs = rootfs,
                                    .progress = instance_report_progress,
                                    .userdata = &unpack};
        return storage_instance_create(storage, pool, row->project, row->name, &image, err);
}

/* The volume first and the records last: what has records is whole. */
static int create_held(Instances *instances, InstanceCreate *create, const Instance *plan,
                       Operation *operation, Error **err) {
        _cleanup_(storage_pool_cleanup) StoragePool *pool = NULL;
        const char *pool_name = instance_root_pool(plan);
        if (storage_pool_find(instances->spec.storage, pool_name, &pool, err) < 0 ||
            make_volume(instances, create, pool, operation, err) < 0)
                return -1;
        const StorageInstance volume = instance_volume(plan, pool);
        if (instance_init_root_size(instances, plan, err) < 0 ||
            record(instances, create, pool_name, err) < 0) {
                if (storage_instance_delete(instances->spec.storage, pool, volume.project,
                                            volume.name, NULL) < 0)
                        log_error("The volume of %s stays behind", plan->disk_name);
                return -1;
        }
        storage_instance_settled(instances->spec.storage, &volume);
        if (create->origin != NULL && create->origin->settled != NULL)
                create->origin->settled(create->origin_userdata, create, pool);
        instance_backup_file_update(instances, plan);
        return 0;
}

int instance_create(Instances *instances, InstanceCreate *create, Operation *operation,
                    const EventRequestor *requestor, Error **err) {
        _cleanup_(instance_cleanup) Instance *plan = NULL;
        if (expand_request(instances, create, &plan, err) < 0 ||
            runner_acquire(instances, plan, "create", false, err) < 0)
                return -1;
        int result = create_held(instances, create, plan, operation, err);
        if (result < 0) {
                runner_forget(instances, plan->disk_name);
                return -1;
        }
        instance_devices_changed(instances, NULL, plan);
        runner_release(instances, plan);
        instance_emit(instances, plan, "instance-created", NULL, requestor);
        const InstanceChange start = {.action = INSTANCE_ACTION_START, .requestor = requestor};
        return create->start ? instance_change_state(instances, plan, &start, err) : 0;
}
