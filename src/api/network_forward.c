#include "api/network_forward.h"

const JsonField api_network_forward_port_fields[] = {
        JSON_STRING(ApiNetworkForwardPort, description, 0),
        JSON_STRING(ApiNetworkForwardPort, protocol, 0),
        JSON_STRING(ApiNetworkForwardPort, listen_port, 0),
        JSON_STRING(ApiNetworkForwardPort, target_port, 0),
        JSON_STRING(ApiNetworkForwardPort, target_address, 0),
        JSON_END,
};

const JsonField api_network_forwards_post_fields[] = {
        JSON_STRING(ApiNetworkForwardsPost, description, 0),
        JSON_STRMAP(ApiNetworkForwardsPost, config, 0),
        JSON_LIST(ApiNetworkForwardsPost, ports, ApiNetworkForwardPort,
                  api_network_forward_port_fields, 0),
        JSON_STRING(ApiNetworkForwardsPost, listen_address, 0),
        JSON_END,
};

const JsonField api_network_forward_put_fields[] = {
        JSON_STRING(ApiNetworkForwardPut, description, 0),
        JSON_STRMAP(ApiNetworkForwardPut, config, 0),
        JSON_LIST(ApiNetworkForwardPut, ports, ApiNetworkForwardPort,
                  api_network_forward_port_fields, 0),
        JSON_END,
};

const JsonField api_network_forward_fields[] = {
        JSON_STRING(ApiNetworkForward, description, 0),
        JSON_STRMAP(ApiNetworkForward, config, 0),
        JSON_LIST(ApiNetworkForward, ports, ApiNetworkForwardPort,
                  api_network_forward_port_fields, 0),
        JSON_STRING(ApiNetworkForward, listen_address, 0),
        JSON_STRING(ApiNetworkForward, location, 0),
        JSON_END,
};
