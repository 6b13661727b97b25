/* /1.0. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiServerStorageDriverInfo {
        char *name;
        char *version;
        bool remote;
} ApiServerStorageDriverInfo;
API_STRUCT(ApiServerStorageDriverInfo, api_server_storage_driver_info)
JSON_DEFINE_LIST(ApiServerStorageDriverInfo);

typedef struct ApiServerEnvironment {
        StrList addresses;
        StrList architectures;
        char *certificate;
        char *certificate_fingerprint;
        char *driver;
        char *driver_version;
        char *firewall;
        char *kernel;
        char *kernel_architecture;
        StrMap kernel_features;
        char *kernel_version;
        StrMap lxc_features;
        char *os_name;
        char *os_version;
        char *project;
        char *server;
        bool server_clustered;
        char *server_event_mode;
        char *server_name;
        int64_t server_pid;
        char *server_version;
        char *storage;
        char *storage_version;
        ApiServerStorageDriverInfoList storage_supported_drivers;
        StrList instance_types;
        bool server_lts;
} ApiServerEnvironment;
API_STRUCT(ApiServerEnvironment, api_server_environment)

typedef struct ApiServerPut {
        json_t *config;
} ApiServerPut;
API_STRUCT(ApiServerPut, api_server_put)

typedef struct ApiServerUntrusted {
        StrList api_extensions;
        char *api_status;
        char *api_version;
        char *auth;
        bool public;
        StrList auth_methods;
        bool client_certificate;
        json_t *config;
} ApiServerUntrusted;
API_STRUCT(ApiServerUntrusted, api_server_untrusted)

typedef struct ApiServer {
        json_t *config;
        StrList api_extensions;
        char *api_status;
        char *api_version;
        char *auth;
        bool public;
        StrList auth_methods;
        ApiServerEnvironment environment;
        StrList access_entitlements;
        bool client_certificate;
        char *auth_user_name;
        char *auth_user_method;
} ApiServer;
API_STRUCT(ApiServer, api_server)
