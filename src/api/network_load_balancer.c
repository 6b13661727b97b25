#include "api/network_load_balancer.h"

const JsonField api_network_load_balancer_backend_fields[] = {
        JSON_STRING(ApiNetworkLoadBalancerBackend, name, 0),
        JSON_STRING(ApiNetworkLoadBalancerBackend, description, 0),
        JSON_STRING(ApiNetworkLoadBalancerBackend, target_port, 0),
        JSON_STRING(ApiNetworkLoadBalancerBackend, target_address, 0),
        JSON_END,
};

const JsonField api_network_load_balancer_port_fields[] = {
        JSON_STRING(ApiNetworkLoadBalancerPort, description, 0),
        JSON_STRING(ApiNetworkLoadBalancerPort, protocol, 0),
        JSON_STRING(ApiNetworkLoadBalancerPort, listen_port, 0),
        JSON_STRLIST(ApiNetworkLoadBalancerPort, target_backend, 0),
        JSON_END,
};

const JsonField api_network_load_balancers_post_fields[] = {
        JSON_STRING(ApiNetworkLoadBalancersPost, description, 0),
        JSON_STRMAP(ApiNetworkLoadBalancersPost, config, 0),
        JSON_LIST(ApiNetworkLoadBalancersPost, backends, ApiNetworkLoadBalancerBackend,
                  api_network_load_balancer_backend_fields, 0),
        JSON_LIST(ApiNetworkLoadBalancersPost, ports, ApiNetworkLoadBalancerPort,
                  api_network_load_balancer_port_fields, 0),
        JSON_STRING(ApiNetworkLoadBalancersPost, listen_address, 0),
        JSON_END,
};

const JsonField api_network_load_balancer_put_fields[] = {
        JSON_STRING(ApiNetworkLoadBalancerPut, description, 0),
        JSON_STRMAP(ApiNetworkLoadBalancerPut, config, 0),
        JSON_LIST(ApiNetworkLoadBalancerPut, backends, ApiNetworkLoadBalancerBackend,
                  api_network_load_balancer_backend_fields, 0),
        JSON_LIST(ApiNetworkLoadBalancerPut, ports, ApiNetworkLoadBalancerPort,
                  api_network_load_balancer_port_fields, 0),
        JSON_END,
};

const JsonField api_network_load_balancer_fields[] = {
        JSON_STRING(ApiNetworkLoadBalancer, description, 0),
        JSON_STRMAP(ApiNetworkLoadBalancer, config, 0),
        JSON_LIST(ApiNetworkLoadBalancer, backends, ApiNetworkLoadBalancerBackend,
                  api_network_load_balancer_backend_fields, 0),
        JSON_LIST(ApiNetworkLoadBalancer, ports, ApiNetworkLoadBalancerPort,
                  api_network_load_balancer_port_fields, 0),
        JSON_STRING(ApiNetworkLoadBalancer, listen_address, 0),
        JSON_STRING(ApiNetworkLoadBalancer, location, 0),
        JSON_END,
};
