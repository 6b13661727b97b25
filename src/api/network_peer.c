#include "api/network_peer.h"

const JsonField api_network_peers_post_fields[] = {
        JSON_STRING(ApiNetworkPeersPost, description, 0),
        JSON_STRMAP(ApiNetworkPeersPost, config, 0),
        JSON_STRING(ApiNetworkPeersPost, name, 0),
        JSON_STRING(ApiNetworkPeersPost, target_project, 0),
        JSON_STRING(ApiNetworkPeersPost, target_network, 0),
        JSON_END,
};

const JsonField api_network_peer_put_fields[] = {
        JSON_STRING(ApiNetworkPeerPut, description, 0),
        JSON_STRMAP(ApiNetworkPeerPut, config, 0),
        JSON_END,
};

const JsonField api_network_peer_fields[] = {
        JSON_STRING(ApiNetworkPeer, description, 0),
        JSON_STRMAP(ApiNetworkPeer, config, 0),
        JSON_STRING(ApiNetworkPeer, name, 0),
        JSON_STRING(ApiNetworkPeer, target_project, 0),
        JSON_STRING(ApiNetworkPeer, target_network, 0),
        JSON_STRING(ApiNetworkPeer, status, 0),
        JSON_STRLIST(ApiNetworkPeer, used_by, 0),
        JSON_END,
};
