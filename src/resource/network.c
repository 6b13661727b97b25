#include "resource/resource_private.h"

#include "base/files.h"
#include "linux/link_settings.h"

#include <string.h>

#define NETWORK_CLASS "0x02"

typedef struct BitName {
        unsigned bit;
        const char *name;
} BitName;

/* ethtool's link modes. */
static const BitName modes[] = {
        {0, "10baseT/Half"},      {1, "10baseT/Full"},        {2, "100baseT/Half"},
        {3, "100baseT/Full"},     {4, "1000baseT/Half"},      {5, "1000baseT/Full"},
        {12, "10000baseT/Full"},  {15, "2500baseX/Full"},     {17, "1000baseKX/Full"},
        {18, "10000baseKX4/Full"}, {19, "10000baseKR/Full"},  {21, "20000baseMLD2/Full"},
        {22, "20000baseKR2/Full"}, {23, "40000baseKR4/Full"}, {24, "40000baseCR4/Full"},
        {25, "40000baseSR4/Full"}, {26, "40000baseLR4/Full"}, {27, "56000baseKR4/Full"},
        {28, "56000baseCR4/Full"}, {29, "56000baseSR4/Full"}, {30, "56000baseLR4/Full"},
        {31, "25000baseCR/Full"}, {32, "25000baseKR/Full"},   {33, "25000baseSR/Full"},
        {34, "50000baseCR2/Full"}, {35, "50000baseKR2/Full"}, {36, "100000baseKR4/Full"},
        {37, "100000baseSR4/Full"}, {38, "100000baseCR4/Full"},
        {39, "100000baseLR4_ER4/Full"}, {40, "50000baseSR2/Full"}, {41, "1000baseX/Full"},
        {42, "10000baseCR/Full"}, {43, "10000baseSR/Full"},   {44, "10000baseLR/Full"},
        {45, "10000baseLRM/Full"}, {46, "10000baseER/Full"},  {47, "2500baseT/Full"},
        {48, "5000baseT/Full"},
};
static const BitName port_bits[] = {
        {7, "twisted pair"}, {8, "AUI"}, {9, "media-independent"},
        {10, "fibre"},       {11, "BNC"}, {16, "backplane"},
};
static const BitName port_types[] = {
        {0, "twisted pair"}, {1, "AUI"}, {2, "media-independent"}, {3, "fibre"},
        {4, "BNC"}, {5, "direct attach"}, {0xef, "none"}, {0xff, "other"},
};
static const BitName transceivers[] = {{0, "internal"}, {1, "external"}};
static const BitName duplexes[] = {{0, "half"}, {1, "full"}};
static const BitName protocols[] = {{1, "ethernet"}, {19, "ATM"}, {32, "infiniband"}};

#define NAME_OF(table, number) name_of((table), ARRAY_SIZE(table), (number))

static char *name_of(const BitName *table, size_t count, uint64_t number) {
        for (size_t i = 0; i < count; i++)
                if (table[i].bit == number)
                        return str_dup(table[i].name);
        return NULL;
}

static void names_of(const BitName *table, size_t count, uint64_t bits, StrList *ret) {
        for (size_t i = 0; i < count; i++)
                if (bits & (UINT64_C(1) << table[i].bit))
                        strlist_add(ret, table[i].name);
}

static void add_ethtool(const ResourceHost *host, ApiResourcesNetworkCardPort *port) {
        LinkSettings link;
        if (*host->root != '\0' || !link_settings(port->id, &link))
                return;
        if (link.address[0] != '\0')
                str_replace(&port->address, str_dup(link.address));
        port->link_detected = link.detected;
        if (!link.has_settings)
                return;
        port->auto_negotiation = link.auto_negotiation;
        if (link.detected) {
                port->link_duplex = NAME_OF(duplexes, link.duplex);
                port->link_speed = link.speed;
        }
        port->transceiver_type = NAME_OF(transceivers, link.transceiver);
        port->port_type = NAME_OF(port_types, link.port);
        names_of(modes, ARRAY_SIZE(modes), link.supported, &port->supported_modes);
        names_of(port_bits, ARRAY_SIZE(port_bits), link.supported, &port->supported_ports);
}

static void add_infiniband(const char *device, ApiResourcesNetworkCardPort *port) {
        _cleanup_free_ char *mad = path_join(device, "infiniband_mad");
        _cleanup_free_ char *verbs = path_join(device, "infiniband_verbs");
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (!resource_has(device, "infiniband"))
                return;
        port->infiniband = mem_new(ApiResourcesNetworkCardPortInfiniband);
        sysfs_list(mad, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(mad, names.items[i]);
                bool issm = str_has_prefix(names.items[i], "issm");
                if (sysfs_number(path, "port", 0) != port->port + 1 || !resource_has(path, "dev") ||
                    (!issm && !str_has_prefix(names.items[i], "umad")))
                        continue;
                str_replace(issm ? &port->infiniband->issm_name : &port->infiniband->mad_name,
                            str_dup(names.items[i]));
                str_replace(issm ? &port->infiniband->issm_device : &port->infiniband->mad_device,
                            sysfs_text(path, "dev"));
        }
        sysfs_list(verbs, &names);
        if (names.count != 1)
                return;
        _cleanup_free_ char *path = path_join(verbs, names.items[0]);
        port->infiniband->verb_name = str_dup(names.items[0]);
        port->infiniband->verb_device = sysfs_text(path, "dev");
}

static void add_ports(const ResourceHost *host, const char *device, ApiResourcesNetworkCard *card) {
        _cleanup_free_ char *top = path_join(device, "net");
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(top, names.items[i]);
                ApiResourcesNetworkCardPort *port =
                        json_list_add(&card->ports, api_resources_network_card_port_fields);
                port->id = str_dup(names.items[i]);
                if (resource_has(path, "type"))
                        port->protocol = NAME_OF(protocols,
                                                 (uint64_t) sysfs_number(path, "type", 0));
                port->address = sysfs_text(path, "address");
                port->port = sysfs_number(path, "dev_port", 0);
                if (str_equal(port->protocol, "infiniband"))
                        add_infiniband(device, port);
                /* What the parent's hardware says is not a virtual function's. */
                if (!resource_has(device, "physfn"))
                        add_ethtool(host, port);
        }
        if (names.count > 0 && *host->root == '\0')
                card->firmware_version = link_firmware(names.items[0]);
}

static void fill_card(const ResourceHost *host, const char *device, ApiResourcesNetworkCard *card) {
        if (resource_has(device, "sriov_numvfs")) {
                card->sriov = mem_new(ApiResourcesNetworkCardSriov);
                card->sriov->maximum_vfs = sysfs_number(device, "sriov_totalvfs", 0);
                card->sriov->current_vfs = sysfs_number(device, "sriov_numvfs", 0);
        }
        card->numa_node = resource_numa_node(device);
        card->usb_address = resource_usb_address(device);
        card->vendor_id = resource_hex_id(device, "vendor");
        card->product_id = resource_hex_id(device, "device");
        resource_pci_names(host, card->vendor_id, card->product_id, &card->vendor, &card->product);
        resource_driver(host, device, &card->driver, &card->driver_version);
        add_ports(host, device, card);
}

/* Virtual functions wait until their parents are all known. */
typedef struct Found {
        ApiResourcesNetworkCardList *cards, *functions;
        StrList parents; /* of the functions */
        StrList known;   /* PCI addresses */
} Found;

static void add_card(const ResourceHost *host, const char *device, char *address, Found *found) {
        _cleanup_free_ char *owned = address;
        _cleanup_free_ char *parent = resource_physical_function(device);
        if (owned != NULL && strlist_has(&found->known, owned))
                return;
        if (owned != NULL)
                strlist_add(&found->known, owned);
        ApiResourcesNetworkCard *card =
                json_list_add(parent != NULL ? found->functions : found->cards,
                              api_resources_network_card_fields);
        card->pci_address = TAKE_PTR(owned);
        fill_card(host, device, card);
        if (parent != NULL)
                strlist_add(&found->parents, parent);
}

static void find_cards(const ResourceHost *host, Found *found) {
        _cleanup_free_ char *links = str_printf("%s/sys/class/net", host->root);
        _cleanup_free_ char *pci = str_printf("%s/sys/bus/pci/devices", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(links, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *link = path_join(links, names.items[i]);
                _cleanup_free_ char *device = path_join(link, "device");
                if (path_exists(device))
                        add_card(host, device, resource_pci_address(device), found);
        }
        /* Those without a driver. */
        sysfs_list(pci, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *device = path_join(pci, names.items[i]);
                _cleanup_free_ char *class = sysfs_text(device, "class");
                if (str_has_prefix(class, NETWORK_CLASS))
                        add_card(host, device, str_dup(names.items[i]), found);
        }
}

void resource_network(const ResourceHost *host, ApiResourcesNetwork *ret) {
        ApiResourcesNetworkCardList functions = {.items = NULL};
        Found found = {.cards = &ret->cards, .functions = &functions};
        find_cards(host, &found);
        for (size_t i = 0; i < functions.count; i++) {
                ApiResourcesNetworkCardSriov *parent = NULL;
                for (size_t c = 0; c < ret->cards.count; c++)
                        if (str_equal(ret->cards.items[c].pci_address, found.parents.items[i]))
                                parent = ret->cards.items[c].sriov;
                if (parent == NULL) {
                        api_resources_network_card_done(&functions.items[i]);
                        continue;
                }
                *json_list_add(&parent->vfs, api_resources_network_card_fields) =
                        functions.items[i];
                ret->total++;
        }
        ret->total += (int64_t) ret->cards.count;
        free(functions.items);
        strlist_done(&found.parents);
        strlist_done(&found.known);
}
