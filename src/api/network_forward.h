/* /1.0/networks/{name}/forwards. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiNetworkForwardPort {
        char *description;
        char *protocol;
        char *listen_port;
        char *target_port;
        char *target_address;
} ApiNetworkForwardPort;
API_STRUCT(ApiNetworkForwardPort, api_network_forward_port)
JSON_DEFINE_LIST(ApiNetworkForwardPort);

typedef struct ApiNetworkForwardsPost {
        char *description;
        StrMap config;
        ApiNetworkForwardPortList ports;
        char *listen_address;
} ApiNetworkForwardsPost;
API_STRUCT(ApiNetworkForwardsPost, api_network_forwards_post)

typedef struct ApiNetworkForwardPut {
        char *description;
        StrMap config;
        ApiNetworkForwardPortList ports;
} ApiNetworkForwardPut;
API_STRUCT(ApiNetworkForwardPut, api_network_forward_put)

typedef struct ApiNetworkForward {
        char *description;
        StrMap config;
        ApiNetworkForwardPortList ports;
        char *listen_address;
        char *location;
} ApiNetworkForward;
API_STRUCT(ApiNetworkForward, api_network_forward)
