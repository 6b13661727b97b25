/* /1.0/networks/{name}/load-balancers. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiNetworkLoadBalancerBackend {
        char *name;
        char *description;
        char *target_port;
        char *target_address;
} ApiNetworkLoadBalancerBackend;
API_STRUCT(ApiNetworkLoadBalancerBackend, api_network_load_balancer_backend)
JSON_DEFINE_LIST(ApiNetworkLoadBalancerBackend);

typedef struct ApiNetworkLoadBalancerPort {
        char *description;
        char *protocol;
        char *listen_port;
        StrList target_backend;
} ApiNetworkLoadBalancerPort;
API_STRUCT(ApiNetworkLoadBalancerPort, api_network_load_balancer_port)
JSON_DEFINE_LIST(ApiNetworkLoadBalancerPort);

typedef struct ApiNetworkLoadBalancersPost {
        char *description;
        StrMap config;
        ApiNetworkLoadBalancerBackendList backends;
        ApiNetworkLoadBalancerPortList ports;
        char *listen_address;
} ApiNetworkLoadBalancersPost;
API_STRUCT(ApiNetworkLoadBalancersPost, api_network_load_balancers_post)

typedef struct ApiNetworkLoadBalancerPut {
        char *description;
        StrMap config;
        ApiNetworkLoadBalancerBackendList backends;
        ApiNetworkLoadBalancerPortList ports;
} ApiNetworkLoadBalancerPut;
API_STRUCT(ApiNetworkLoadBalancerPut, api_network_load_balancer_put)

typedef struct ApiNetworkLoadBalancer {
        char *description;
        StrMap config;
        ApiNetworkLoadBalancerBackendList backends;
        ApiNetworkLoadBalancerPortList ports;
        char *listen_address;
        char *location;
} ApiNetworkLoadBalancer;
API_STRUCT(ApiNetworkLoadBalancer, api_network_load_balancer)
