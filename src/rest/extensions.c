#include "rest/extensions.h"

#include "base/macros.h"

/* A name stands here when everything it means in LXD works, with the test that shows it. */
static const char *const extensions[] = {
        "container_host_shutdown_timeout",
        "container_stop_priority",
        "container_syscall_filtering",
        "container_last_used_at",
        "etag",
        "patch",
        "directory_manipulation",
        "container_cpu_time",
        "profile_usedby",
        "container_exec_recording",
        "container_exec_signal_handling",
        "container_image_properties",
        "id_map",
        "certificate_update",
        "storage",
        "file_delete",
        "file_append",
        "image_create_aliases",
        "entity_description",
        "id_map_base",
        "file_symlinks",
        "storage_images_delete",
        "container_edit_metadata",
        "kernel_limits",
        "console",
        "file_get_symlink",
        "operation_description",
        "event_lifecycle",
        "container_protection_delete",
        "container_full",
        "projects",
        "kernel_features",
        "id_map_current",
        "event_location",
        "lxc_features",
        "container_exec_user_group_cwd",
        "instances",
        "image_types",
        "images_expiry",
        "image_profiles",
        "api_filtering",
        "api_os",
        "usedby_consistency",
        "instance_bulk_state_change",
        "certificate_project",
        "warnings",
        "certificate_token",
        "server_instance_driver_operational",
        "server_supported_storage_drivers",
        "event_lifecycle_requestor_address",
        "network_counters_errors_dropped",
        "instance_all_projects",
        "instance_get_full",
        "event_project",
        "image_restrictions",
        "certificate_self_renewal",
        "instance_file_head",
        "init_preseed",
};

json_t *rest_extensions_json(void) {
        json_t *list = json_array();
        for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
                json_array_append_new(list, json_string(extensions[i]));
        return list;
}
