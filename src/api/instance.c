#include "api/instance.h"

const JsonField api_instance_source_fields[] = {
        JSON_STRING(ApiInstanceSource, type, 0),
        JSON_STRING(ApiInstanceSource, certificate, 0),
        JSON_STRING(ApiInstanceSource, alias, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, fingerprint, JSON_OMIT_EMPTY),
        JSON_STRMAP(ApiInstanceSource, properties, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, server, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, secret, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, protocol, JSON_OMIT_EMPTY),
        JSON_STRING_AS(ApiInstanceSource, base_image, "base-image", JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, mode, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, operation, JSON_OMIT_EMPTY),
        JSON_STRMAP(ApiInstanceSource, secrets, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, source, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstanceSource, live, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstanceSource, instance_only, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstanceSource, container_only, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstanceSource, refresh, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstanceSource, project, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstanceSource, allow_inconsistent, 0),
        JSON_INTEGER(ApiInstanceSource, source_disk_size, JSON_OMIT_EMPTY),
        JSON_STRLIST(ApiInstanceSource, conversion_options, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstanceSource, override_snapshot_profiles, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instances_post_fields[] = {
        JSON_STRING(ApiInstancesPost, architecture, 0),
        JSON_STRMAP(ApiInstancesPost, config, 0),
        JSON_DEVICEMAP(ApiInstancesPost, devices, 0),
        JSON_BOOLEAN(ApiInstancesPost, ephemeral, 0),
        JSON_STRLIST(ApiInstancesPost, profiles, 0),
        JSON_STRING(ApiInstancesPost, restore, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstancesPost, stateful, 0),
        JSON_STRING(ApiInstancesPost, description, 0),
        JSON_STRING(ApiInstancesPost, name, 0),
        JSON_OBJECT(ApiInstancesPost, source, ApiInstanceSource, api_instance_source_fields, 0),
        JSON_STRING(ApiInstancesPost, instance_type, 0),
        JSON_STRING(ApiInstancesPost, type, 0),
        JSON_BOOLEAN(ApiInstancesPost, start, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instances_put_fields[] = {
        JSON_POINTER(ApiInstancesPut, state, ApiInstanceStatePut, api_instance_state_put_fields, 0),
        JSON_END,
};

const JsonField api_instance_post_target_fields[] = {
        JSON_STRING(ApiInstancePostTarget, certificate, 0),
        JSON_STRING(ApiInstancePostTarget, operation, JSON_OMIT_EMPTY),
        JSON_STRMAP(ApiInstancePostTarget, secrets, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instance_post_fields[] = {
        JSON_STRING(ApiInstancePost, name, 0),
        JSON_BOOLEAN(ApiInstancePost, migration, 0),
        JSON_BOOLEAN(ApiInstancePost, live, 0),
        JSON_BOOLEAN(ApiInstancePost, instance_only, 0),
        JSON_BOOLEAN(ApiInstancePost, container_only, 0),
        JSON_POINTER(ApiInstancePost, target, ApiInstancePostTarget,
                     api_instance_post_target_fields, 0),
        JSON_STRING(ApiInstancePost, pool, 0),
        JSON_STRING(ApiInstancePost, project, 0),
        JSON_BOOLEAN(ApiInstancePost, allow_inconsistent, 0),
        JSON_STRMAP(ApiInstancePost, config, JSON_OMIT_EMPTY),
        JSON_DEVICEMAP(ApiInstancePost, devices, JSON_OMIT_EMPTY),
        JSON_STRLIST(ApiInstancePost, profiles, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstancePost, override_snapshot_profiles, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_instance_put_fields[] = {
        JSON_STRING(ApiInstancePut, architecture, 0),
        JSON_STRMAP(ApiInstancePut, config, 0),
        JSON_DEVICEMAP(ApiInstancePut, devices, 0),
        JSON_BOOLEAN(ApiInstancePut, ephemeral, 0),
        JSON_STRLIST(ApiInstancePut, profiles, 0),
        JSON_STRING(ApiInstancePut, restore, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstancePut, stateful, 0),
        JSON_STRING(ApiInstancePut, description, 0),
        JSON_END,
};

const JsonField api_instance_fields[] = {
        JSON_STRING(ApiInstance, architecture, 0),
        JSON_STRMAP(ApiInstance, config, 0),
        JSON_DEVICEMAP(ApiInstance, devices, 0),
        JSON_BOOLEAN(ApiInstance, ephemeral, 0),
        JSON_STRLIST(ApiInstance, profiles, 0),
        JSON_STRING(ApiInstance, restore, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiInstance, stateful, 0),
        JSON_STRING(ApiInstance, description, 0),
        JSON_TIME(ApiInstance, created_at, 0),
        JSON_STRMAP(ApiInstance, expanded_config, JSON_OMIT_EMPTY),
        JSON_DEVICEMAP(ApiInstance, expanded_devices, JSON_OMIT_EMPTY),
        JSON_STRING(ApiInstance, name, 0),
        JSON_STRING(ApiInstance, status, 0),
        JSON_INTEGER(ApiInstance, status_code, 0),
        JSON_TIME(ApiInstance, last_used_at, 0),
        JSON_STRING(ApiInstance, location, 0),
        JSON_STRING(ApiInstance, type, 0),
        JSON_STRING(ApiInstance, project, 0),
        JSON_END,
};

const JsonField api_instance_rebuild_post_fields[] = {
        JSON_OBJECT(ApiInstanceRebuildPost, source, ApiInstanceSource, api_instance_source_fields,
                    0),
        JSON_END,
};
