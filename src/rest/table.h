/* Every endpoint table; a new file adds its line here and in table.c. */
#pragma once

#include "rest/rest.h"

extern const RestTable rest_certificates_table;
extern const RestTable rest_events_table;
extern const RestTable rest_image_aliases_table;
extern const RestTable rest_images_table;
extern const RestTable rest_image_verbs_table;
extern const RestTable rest_internal_table;
extern const RestTable rest_network_acls_table;
extern const RestTable rest_network_forwards_table;
extern const RestTable rest_network_zones_table;
extern const RestTable rest_networks_table;
extern const RestTable rest_operations_table;
extern const RestTable rest_profiles_table;
extern const RestTable rest_projects_table;
extern const RestTable rest_resources_table;
extern const RestTable rest_server_table;
extern const RestTable rest_storage_pools_table;
extern const RestTable rest_warnings_table;
