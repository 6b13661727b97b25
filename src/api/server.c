#include "api/server.h"

const JsonField api_server_storage_driver_info_fields[] = {
        JSON_STRING_AS(ApiServerStorageDriverInfo, name, "Name", 0),
        JSON_STRING_AS(ApiServerStorageDriverInfo, version, "Version", 0),
        JSON_BOOLEAN_AS(ApiServerStorageDriverInfo, remote, "Remote", 0),
        JSON_END,
};

const JsonField api_server_environment_fields[] = {
        JSON_STRLIST(ApiServerEnvironment, addresses, 0),
        JSON_STRLIST(ApiServerEnvironment, architectures, 0),
        JSON_STRING(ApiServerEnvironment, certificate, 0),
        JSON_STRING(ApiServerEnvironment, certificate_fingerprint, 0),
        JSON_STRING(ApiServerEnvironment, driver, 0),
        JSON_STRING(ApiServerEnvironment, driver_version, 0),
        JSON_STRING(ApiServerEnvironment, firewall, 0),
        JSON_STRING(ApiServerEnvironment, kernel, 0),
        JSON_STRING(ApiServerEnvironment, kernel_architecture, 0),
        JSON_STRMAP(ApiServerEnvironment, kernel_features, 0),
        JSON_STRING(ApiServerEnvironment, kernel_version, 0),
        JSON_STRMAP(ApiServerEnvironment, lxc_features, 0),
        JSON_STRING(ApiServerEnvironment, os_name, 0),
        JSON_STRING(ApiServerEnvironment, os_version, 0),
        JSON_STRING(ApiServerEnvironment, project, 0),
        JSON_STRING(ApiServerEnvironment, server, 0),
        JSON_BOOLEAN(ApiServerEnvironment, server_clustered, 0),
        JSON_STRING(ApiServerEnvironment, server_event_mode, 0),
        JSON_STRING(ApiServerEnvironment, server_name, 0),
        JSON_INTEGER(ApiServerEnvironment, server_pid, 0),
        JSON_STRING(ApiServerEnvironment, server_version, 0),
        JSON_STRING(ApiServerEnvironment, storage, 0),
        JSON_STRING(ApiServerEnvironment, storage_version, 0),
        JSON_LIST(ApiServerEnvironment, storage_supported_drivers, ApiServerStorageDriverInfo,
                  api_server_storage_driver_info_fields, 0),
        JSON_STRLIST(ApiServerEnvironment, instance_types, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiServerEnvironment, server_lts, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_server_put_fields[] = {
        JSON_VALUE(ApiServerPut, config, 0),
        JSON_END,
};

const JsonField api_server_untrusted_fields[] = {
        JSON_STRLIST(ApiServerUntrusted, api_extensions, 0),
        JSON_STRING(ApiServerUntrusted, api_status, 0),
        JSON_STRING(ApiServerUntrusted, api_version, 0),
        JSON_STRING(ApiServerUntrusted, auth, 0),
        JSON_BOOLEAN(ApiServerUntrusted, public, 0),
        JSON_STRLIST(ApiServerUntrusted, auth_methods, 0),
        JSON_BOOLEAN(ApiServerUntrusted, client_certificate, JSON_OMIT_EMPTY),
        JSON_VALUE(ApiServerUntrusted, config, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_server_fields[] = {
        JSON_VALUE(ApiServer, config, 0),
        JSON_STRLIST(ApiServer, api_extensions, 0),
        JSON_STRING(ApiServer, api_status, 0),
        JSON_STRING(ApiServer, api_version, 0),
        JSON_STRING(ApiServer, auth, 0),
        JSON_BOOLEAN(ApiServer, public, 0),
        JSON_STRLIST(ApiServer, auth_methods, 0),
        JSON_OBJECT(ApiServer, environment, ApiServerEnvironment, api_server_environment_fields, 0),
        JSON_STRLIST(ApiServer, access_entitlements, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiServer, client_certificate, JSON_OMIT_EMPTY),
        JSON_STRING(ApiServer, auth_user_name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiServer, auth_user_method, JSON_OMIT_EMPTY),
        JSON_END,
};
