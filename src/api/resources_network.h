/* Network cards of /1.0/resources. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiResourcesNetworkCardPortInfiniband {
        char *issm_name;
        char *issm_device;
        char *mad_name;
        char *mad_device;
        char *verb_name;
        char *verb_device;
} ApiResourcesNetworkCardPortInfiniband;
API_STRUCT(ApiResourcesNetworkCardPortInfiniband, api_resources_network_card_port_infiniband)

typedef struct ApiResourcesNetworkCardPort {
        char *id;
        char *address;
        int64_t port;
        char *protocol;
        StrList supported_modes;
        StrList supported_ports;
        char *port_type;
        char *transceiver_type;
        bool auto_negotiation;
        bool link_detected;
        int64_t link_speed;
        char *link_duplex;
        struct ApiResourcesNetworkCardPortInfiniband *infiniband;
} ApiResourcesNetworkCardPort;
API_STRUCT(ApiResourcesNetworkCardPort, api_resources_network_card_port)
JSON_DEFINE_LIST(ApiResourcesNetworkCardPort);

JSON_DEFINE_LIST(ApiResourcesNetworkCard);

typedef struct ApiResourcesNetworkCardSriov {
        int64_t current_vfs;
        int64_t maximum_vfs;
        ApiResourcesNetworkCardList vfs;
} ApiResourcesNetworkCardSriov;
API_STRUCT(ApiResourcesNetworkCardSriov, api_resources_network_card_sriov)

typedef struct ApiResourcesNetworkCardVdpa {
        char *name;
        char *device;
} ApiResourcesNetworkCardVdpa;
API_STRUCT(ApiResourcesNetworkCardVdpa, api_resources_network_card_vdpa)

typedef struct ApiResourcesNetworkCard {
        char *driver;
        char *driver_version;
        ApiResourcesNetworkCardPortList ports;
        struct ApiResourcesNetworkCardSriov *sriov;
        int64_t numa_node;
        char *pci_address;
        char *vendor;
        char *vendor_id;
        char *product;
        char *product_id;
        char *firmware_version;
        char *usb_address;
        struct ApiResourcesNetworkCardVdpa *vdpa;
} ApiResourcesNetworkCard;
API_STRUCT(ApiResourcesNetworkCard, api_resources_network_card)

typedef struct ApiResourcesNetwork {
        ApiResourcesNetworkCardList cards;
        int64_t total;
} ApiResourcesNetwork;
API_STRUCT(ApiResourcesNetwork, api_resources_network)
