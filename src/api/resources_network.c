#include "api/resources_network.h"

const JsonField api_resources_network_card_port_infiniband_fields[] = {
        JSON_STRING(ApiResourcesNetworkCardPortInfiniband, issm_name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPortInfiniband, issm_device, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPortInfiniband, mad_name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPortInfiniband, mad_device, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPortInfiniband, verb_name, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPortInfiniband, verb_device, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_network_card_port_fields[] = {
        JSON_STRING(ApiResourcesNetworkCardPort, id, 0),
        JSON_STRING(ApiResourcesNetworkCardPort, address, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesNetworkCardPort, port, 0),
        JSON_STRING(ApiResourcesNetworkCardPort, protocol, 0),
        JSON_STRLIST(ApiResourcesNetworkCardPort, supported_modes, JSON_OMIT_EMPTY),
        JSON_STRLIST(ApiResourcesNetworkCardPort, supported_ports, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPort, port_type, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPort, transceiver_type, JSON_OMIT_EMPTY),
        JSON_BOOLEAN(ApiResourcesNetworkCardPort, auto_negotiation, 0),
        JSON_BOOLEAN(ApiResourcesNetworkCardPort, link_detected, 0),
        JSON_INTEGER(ApiResourcesNetworkCardPort, link_speed, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCardPort, link_duplex, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesNetworkCardPort,
                     infiniband, ApiResourcesNetworkCardPortInfiniband,
                     api_resources_network_card_port_infiniband_fields, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_network_card_sriov_fields[] = {
        JSON_INTEGER(ApiResourcesNetworkCardSriov, current_vfs, 0),
        JSON_INTEGER(ApiResourcesNetworkCardSriov, maximum_vfs, 0),
        JSON_LIST(ApiResourcesNetworkCardSriov, vfs, ApiResourcesNetworkCard,
                  api_resources_network_card_fields, 0),
        JSON_END,
};

const JsonField api_resources_network_card_vdpa_fields[] = {
        JSON_STRING(ApiResourcesNetworkCardVdpa, name, 0),
        JSON_STRING(ApiResourcesNetworkCardVdpa, device, 0),
        JSON_END,
};

const JsonField api_resources_network_card_fields[] = {
        JSON_STRING(ApiResourcesNetworkCard, driver, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, driver_version, JSON_OMIT_EMPTY),
        JSON_LIST(ApiResourcesNetworkCard, ports, ApiResourcesNetworkCardPort,
                  api_resources_network_card_port_fields, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesNetworkCard, sriov, ApiResourcesNetworkCardSriov,
                     api_resources_network_card_sriov_fields, JSON_OMIT_EMPTY),
        JSON_INTEGER(ApiResourcesNetworkCard, numa_node, 0),
        JSON_STRING(ApiResourcesNetworkCard, pci_address, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, vendor, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, vendor_id, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, product, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, product_id, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, firmware_version, JSON_OMIT_EMPTY),
        JSON_STRING(ApiResourcesNetworkCard, usb_address, JSON_OMIT_EMPTY),
        JSON_POINTER(ApiResourcesNetworkCard, vdpa, ApiResourcesNetworkCardVdpa,
                     api_resources_network_card_vdpa_fields, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_resources_network_fields[] = {
        JSON_LIST(ApiResourcesNetwork, cards, ApiResourcesNetworkCard,
                  api_resources_network_card_fields, 0),
        JSON_INTEGER(ApiResourcesNetwork, total, 0),
        JSON_END,
};
