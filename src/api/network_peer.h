/* /1.0/networks/{name}/peers. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiNetworkPeersPost {
        char *description;
        StrMap config;
        char *name;
        char *target_project;
        char *target_network;
} ApiNetworkPeersPost;
API_STRUCT(ApiNetworkPeersPost, api_network_peers_post)

typedef struct ApiNetworkPeerPut {
        char *description;
        StrMap config;
} ApiNetworkPeerPut;
API_STRUCT(ApiNetworkPeerPut, api_network_peer_put)

typedef struct ApiNetworkPeer {
        char *description;
        StrMap config;
        char *name;
        char *target_project;
        char *target_network;
        char *status;
        StrList used_by;
} ApiNetworkPeer;
API_STRUCT(ApiNetworkPeer, api_network_peer)
