#include "rest/table.h"

#include "rest/instances/instances.h"
#include "rest/route.h"
#include "rest/storage_volumes/storage_volumes.h"

const RestTable *const *rest_tables(size_t *ret_count) {
        static const RestTable *const tables[] = {
                &rest_server_table,
                &rest_certificates_table,
                &rest_events_table,
                &rest_image_aliases_table,
                &rest_images_table,
                &rest_image_verbs_table,
                &rest_instances_collection_table,
                &rest_instances_item_table,
                &rest_instances_session_table,
                &rest_instances_files_table,
                &rest_instances_logs_table,
                &rest_instances_metadata_table,
                &rest_instances_snapshots_table,
                &rest_instances_backups_table,
                &rest_internal_table,
                &rest_network_acls_table,
                &rest_network_forwards_table,
                &rest_network_zones_table,
                &rest_networks_table,
                &rest_operations_table,
                &rest_profiles_table,
                &rest_projects_table,
                &rest_resources_table,
                &rest_storage_pools_table,
                &rest_volumes_backups_table,
                &rest_volumes_collection_table,
                &rest_volumes_item_table,
                &rest_volumes_snapshots_table,
                &rest_warnings_table,
        };
        *ret_count = ARRAY_SIZE(tables);
        return tables;
}
