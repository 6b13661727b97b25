/* Which rows make which table, and in what words it refuses. */
#include "schema/tables.h"

#define PARTS(...) ((const ConfigKey *const[]){__VA_ARGS__, NULL})

#define INSTANCE_PARTS                                                                        \
        schema_instance_boot, schema_instance_cloud_init, schema_instance_migration,          \
                schema_instance_agent, schema_instance_cluster, schema_instance_environment,  \
                schema_instance_linux, schema_instance_nvidia, schema_instance_raw,           \
                schema_instance_limits, schema_instance_limits_kernel, schema_instance_security, \
                schema_instance_snapshots, schema_instance_user_cloud_init,                   \
                schema_instance_limits_kernel_any, schema_instance_user

#define INSTANCE_TEXTS                                          \
        .unknown_text = "Unknown configuration key: {key}", .invalid_text = "{reason}"
#define SERVER_TEXTS                                                             \
        .unknown_text = "cannot set '{key}' to '{value}': unknown key",          \
        .invalid_text = "cannot set '{key}' to '{value}': {reason}"
#define PROJECT_TEXTS                                                            \
        .unknown_text = "Invalid project configuration key \"{key}\"",           \
        .invalid_text = "Invalid project configuration key \"{key}\" value: {reason}"
#define DEVICE_TEXTS                                             \
        .unknown_text = "Invalid device option \"{key}\"",       \
        .invalid_text = "Invalid value for device option \"{key}\": {reason}"
#define POOL_TEXTS                                               \
        .unknown_text = "Invalid option \"{key}\"",              \
        .invalid_text = "Invalid value for option \"{key}\": {reason}"
#define VOLUME_TEXTS                                                                      \
        .unknown_text = "Invalid option for volume \"{name}\" option \"{key}\"",          \
        .invalid_text = "Invalid value for volume \"{name}\" option \"{key}\": {reason}"
#define NETWORK_TEXTS                                                                     \
        .unknown_text = "Invalid option for network \"{name}\" option \"{key}\"",         \
        .invalid_text = "Invalid value for network \"{name}\" option \"{key}\": {reason}"
#define OBJECT_TEXTS                                             \
        .unknown_text = "Invalid config option \"{key}\"",       \
        .invalid_text = "Invalid value for config option \"{key}\": {reason}"

const ConfigTable config_instance = {
        .entity = "instance", .title = "Instances",
        .parts = PARTS(INSTANCE_PARTS, schema_instance_volatile, schema_instance_image),
        INSTANCE_TEXTS,
};

const ConfigTable config_container = {
        .entity = "instance", .title = "Containers",
        .parts = PARTS(INSTANCE_PARTS, schema_instance_volatile, schema_instance_image),
        .without = KEY_VM,
        INSTANCE_TEXTS,
};

const ConfigTable config_virtual_machine = {
        .entity = "instance", .title = "Virtual machines",
        .parts = PARTS(INSTANCE_PARTS, schema_instance_volatile, schema_instance_image),
        .without = KEY_CONTAINER,
        INSTANCE_TEXTS,
};

static const ConfigRefusal profile_refusals[] = {
        {"volatile.", "Volatile keys can only be set on instances"},
        {"image.", "Image keys can only be set on instances"},
        {},
};

const ConfigTable config_profile = {
        .entity = "instance", .title = "Profiles",
        .parts = PARTS(INSTANCE_PARTS), .refusals = profile_refusals,
        INSTANCE_TEXTS,
};

const ConfigTable config_server = {
        .entity = "server", .title = "Server",
        .parts = PARTS(schema_server_core, schema_server_acme, schema_server_candid,
                       schema_server_cluster, schema_server_images, schema_server_loki,
                       schema_server_oidc, schema_server_miscellaneous),
        SERVER_TEXTS,
};

const ConfigTable config_project = {
        .entity = "project", .title = "Projects",
        .parts = PARTS(schema_project_features, schema_project_limits, schema_project_restricted,
                       schema_project_specific),
        PROJECT_TEXTS,
};

const ConfigTable config_image = {
        .entity = "image", .title = "Image properties",
        .parts = PARTS(schema_image_requirements, schema_image_properties),
        OBJECT_TEXTS,
};

static const ConfigTable image_metadata = {
        .entity = "image-metadata.yaml", .title = "metadata.yaml of images",
        .parts = PARTS(schema_image_metadata, schema_image_templates,
                       schema_image_template_context),
        OBJECT_TEXTS,
};

const ConfigTable config_cluster_member = {
        .entity = "cluster", .title = "Cluster members",
        .parts = PARTS(schema_cluster_member),
        OBJECT_TEXTS,
};

/* What is chosen by a kind and, for some, a second word. */
typedef struct NamedTable {
        const char *name, *subtype;
        ConfigTable table;
} NamedTable;

#define DEVICE(kind, sub, entity_name, title_text, ...)                                       \
        {                                                                                     \
                .name = (kind), .subtype = (sub), .table = {                                  \
                        .entity = (entity_name), .title = (title_text),                       \
                        .parts = PARTS(schema_device_type, __VA_ARGS__, schema_device_user),  \
                        DEVICE_TEXTS,                                                         \
                }                                                                             \
        }
#define NIC(sub, title_text, ...)                                                             \
        DEVICE("nic", sub, "device-nic-" sub, title_text, schema_device_nic_type, __VA_ARGS__, \
               schema_device_nic_name)
#define GPU(sub, title_text, ...)                                                             \
        DEVICE("gpu", sub, "device-gpu-" sub, title_text, schema_device_gpu_type,             \
               schema_device_gpu_select, __VA_ARGS__)

static const NamedTable device_tables[] = {
        NIC("bridged", "Nic: port of a bridge", schema_device_nic_network,
            schema_device_nic_parent, schema_device_nic_mtu, schema_device_nic_host_name,
            schema_device_nic_bridged, schema_device_nic_limits,
            schema_device_nic_mac_filtering, schema_device_nic_maas, schema_device_nic_queue,
            schema_device_nic_boot),
        NIC("macvlan", "Nic: macvlan on an interface", schema_device_nic_network,
            schema_device_nic_parent, schema_device_nic_mtu, schema_device_nic_vlan,
            schema_device_nic_gvrp, schema_device_nic_maas, schema_device_nic_boot),
        NIC("sriov", "Nic: virtual function", schema_device_nic_network,
            schema_device_nic_parent, schema_device_nic_mtu, schema_device_nic_vlan,
            schema_device_nic_mac_filtering, schema_device_nic_maas, schema_device_nic_boot),
        NIC("physical", "Nic: interface of the host", schema_device_nic_network,
            schema_device_nic_parent, schema_device_nic_mtu, schema_device_nic_vlan,
            schema_device_nic_gvrp, schema_device_nic_maas, schema_device_nic_boot),
        NIC("p2p", "Nic: pair with the host", schema_device_nic_p2p, schema_device_nic_mtu,
            schema_device_nic_host_name, schema_device_nic_limits, schema_device_nic_queue,
            schema_device_nic_boot),
        NIC("ipvlan", "Nic: ipvlan on an interface", schema_device_nic_parent,
            schema_device_nic_ipvlan, schema_device_nic_mtu, schema_device_nic_vlan,
            schema_device_nic_gvrp),
        NIC("routed", "Nic: routed by the host", schema_device_nic_routed, schema_device_nic_mtu,
            schema_device_nic_host_name, schema_device_nic_limits, schema_device_nic_vlan,
            schema_device_nic_gvrp, schema_device_nic_queue),
        NIC("ovn", "Nic: port of an OVN network", schema_device_nic_ovn,
            schema_device_nic_host_name, schema_device_nic_boot),
        DEVICE("disk", NULL, "device-disk", "Disk", schema_device_disk),
        DEVICE("unix-char", NULL, "device-unix-char", "Character device", schema_device_unix,
               schema_device_unix_owner),
        DEVICE("unix-block", NULL, "device-unix-block", "Block device", schema_device_unix,
               schema_device_unix_owner),
        DEVICE("unix-hotplug", NULL, "device-unix-hotplug", "Device that comes and goes",
               schema_device_unix_hotplug, schema_device_unix_owner),
        DEVICE("usb", NULL, "device-unix-usb", "USB device", schema_device_usb,
               schema_device_unix_owner),
        GPU("physical", "GPU: a whole card", schema_device_unix_owner),
        GPU("mdev", "GPU: a mediated device", schema_device_gpu_mdev),
        GPU("mig", "GPU: an NVIDIA MIG instance", schema_device_gpu_mig),
        GPU("sriov", "GPU: a virtual function", schema_device_none),
        DEVICE("infiniband", NULL, "device-infiniband", "InfiniBand device",
               schema_device_infiniband),
        DEVICE("proxy", NULL, "device-proxy", "Proxy", schema_device_proxy),
        DEVICE("tpm", NULL, "device-tpm", "TPM", schema_device_tpm),
        DEVICE("pci", NULL, "device-pci", "PCI device", schema_device_pci),
        DEVICE("none", NULL, "device-none", "None: masks a device of a profile",
               schema_device_none),
};

#define VOLUME(driver, ...)                                                                    \
        {                                                                                      \
                .name = (driver), .table = {                                                   \
                        .entity = "storage-" driver, .title = "Storage volumes: " driver,      \
                        .parts = PARTS(schema_volume_size, schema_volume_common, __VA_ARGS__), \
                        VOLUME_TEXTS,                                                          \
                }                                                                              \
        }
/* A driver without rows of its own. */
#define NOTHING schema_device_none

enum {
        VOLUME_DIR,
        VOLUME_BTRFS,
        VOLUME_LVM,
        VOLUME_ZFS,
        VOLUME_CEPH,
        VOLUME_CEPHFS,
        VOLUME_OVERLAY,
        _VOLUME_MAX,
};

static const NamedTable volume_tables[_VOLUME_MAX] = {
        [VOLUME_DIR] = VOLUME("dir", NOTHING),
        [VOLUME_BTRFS] = VOLUME("btrfs", NOTHING),
        [VOLUME_LVM] = VOLUME("lvm", schema_volume_block, schema_volume_lvm),
        [VOLUME_ZFS] = VOLUME("zfs", schema_volume_block, schema_volume_zfs),
        [VOLUME_CEPH] = VOLUME("ceph", schema_volume_block),
        [VOLUME_CEPHFS] = VOLUME("cephfs", NOTHING),
        [VOLUME_OVERLAY] = VOLUME("overlay", NOTHING),
};

#define POOL(driver, volume_table, ...)                                                 \
        {                                                                               \
                .name = (driver), .table = {                                            \
                        .entity = "storage-" driver, .title = "Storage pools: " driver, \
                        .parts = PARTS(__VA_ARGS__, schema_pool_any),                   \
                        .volumes = (volume_table),                                      \
                        POOL_TEXTS,                                                     \
                }                                                                       \
        }

static const NamedTable pool_tables[] = {
        POOL("dir", &volume_tables[VOLUME_DIR].table, schema_pool_source, schema_pool_rsync),
        POOL("btrfs", &volume_tables[VOLUME_BTRFS].table, schema_pool_source, schema_pool_size,
             schema_pool_wipe, schema_pool_btrfs),
        POOL("lvm", &volume_tables[VOLUME_LVM].table, schema_pool_source, schema_pool_size,
             schema_pool_wipe, schema_pool_lvm, schema_pool_rsync),
        POOL("zfs", &volume_tables[VOLUME_ZFS].table, schema_pool_source, schema_pool_size,
             schema_pool_wipe, schema_pool_zfs),
        POOL("ceph", &volume_tables[VOLUME_CEPH].table, schema_pool_source, schema_pool_ceph,
             schema_pool_pristine),
        POOL("cephfs", &volume_tables[VOLUME_CEPHFS].table, schema_pool_source,
             schema_pool_cephfs, schema_pool_pristine),
        POOL("cephobject", NULL, schema_pool_cephobject, schema_pool_pristine),
        POOL("overlay", &volume_tables[VOLUME_OVERLAY].table, schema_pool_source,
             schema_pool_rsync),
};

#define BUCKET(driver)                                                                    \
        {                                                                                 \
                .name = (driver), .table = {                                              \
                        .entity = "storage-" driver, .title = "Storage buckets: " driver, \
                        .parts = PARTS(schema_bucket), POOL_TEXTS,                        \
                }                                                                         \
        }

static const NamedTable bucket_tables[] = {
        BUCKET("dir"),
        BUCKET("btrfs"),
        BUCKET("lvm"),
        BUCKET("zfs"),
        BUCKET("cephobject"),
};

static const ConfigTable bucket_key = {
        .entity = "storage-bucket", .title = "Keys of storage buckets",
        .parts = PARTS(schema_bucket_key),
        POOL_TEXTS,
};

#define NETWORK(type, title_text, ...)                                       \
        {                                                                    \
                .name = (type), .table = {                                   \
                        .entity = "network-" type, .title = (title_text),    \
                        .parts = PARTS(__VA_ARGS__, schema_network_user),    \
                        NETWORK_TEXTS,                                       \
                }                                                            \
        }

static const NamedTable network_tables[] = {
        NETWORK("bridge", "Network: bridge", schema_network_bridge, schema_network_addresses,
                schema_network_dns, schema_network_acls, schema_network_bgp,
                schema_network_maas),
        NETWORK("macvlan", "Network: macvlan", schema_network_parent, schema_network_mtu,
                schema_network_vlan, schema_network_gvrp, schema_network_maas),
        NETWORK("sriov", "Network: SR-IOV", schema_network_parent, schema_network_mtu,
                schema_network_vlan, schema_network_maas),
        NETWORK("physical", "Network: physical uplink", schema_network_parent,
                schema_network_mtu, schema_network_vlan, schema_network_gvrp,
                schema_network_physical, schema_network_bgp, schema_network_maas),
        NETWORK("ovn", "Network: OVN", schema_network_ovn, schema_network_addresses,
                schema_network_dns, schema_network_acls),
};

#define NETWORK_OBJECT(kind, entity_name, title_text, ...)                       \
        {                                                                        \
                .name = (kind), .table = {                                       \
                        .entity = (entity_name), .title = (title_text),          \
                        .parts = PARTS(__VA_ARGS__), OBJECT_TEXTS,               \
                }                                                                \
        }

static const NamedTable network_object_tables[] = {
        NETWORK_OBJECT("acl", "network-acl", "Network ACLs", schema_network_acl,
                       schema_network_acl_rule),
        NETWORK_OBJECT("forward", "network-forward", "Network forwards", schema_network_forward,
                       schema_network_forward_port),
        NETWORK_OBJECT("load-balancer", "network-load-balancer", "Network load balancers",
                       schema_network_load_balancer, schema_network_load_balancer_backend,
                       schema_network_load_balancer_port),
        NETWORK_OBJECT("peer", "network-peering", "Network peers", schema_network_peer),
        NETWORK_OBJECT("zone", "network-zone", "Network zones", schema_network_zone),
        NETWORK_OBJECT("record", "network-zone", "Records of network zones",
                       schema_network_zone_record),
};

typedef struct TableGroup {
        const NamedTable *tables;
        size_t count;
} TableGroup;

#define GROUP(array) {(array), ARRAY_SIZE(array)}

static const TableGroup groups[] = {
        GROUP(device_tables), GROUP(pool_tables),    GROUP(volume_tables),
        GROUP(bucket_tables), GROUP(network_tables), GROUP(network_object_tables),
};

static const ConfigTable *const single_tables[] = {
        &config_server,         &config_project, &config_instance,
        &config_image,          &image_metadata, &config_cluster_member,
        &bucket_key,
};

static const ConfigTable *find(const NamedTable *tables, size_t count, const char *name,
                               const char *subtype) {
        for (size_t i = 0; i < count; i++)
                if (str_equal(tables[i].name, name) && str_equal(tables[i].subtype, subtype))
                        return &tables[i].table;
        return NULL;
}

const ConfigTable *config_pool_table(const char *driver) {
        return find(pool_tables, ARRAY_SIZE(pool_tables), driver, NULL);
}

const ConfigTable *config_volume_table(const char *driver) {
        return find(volume_tables, ARRAY_SIZE(volume_tables), driver, NULL);
}

const ConfigTable *config_bucket_table(const char *driver) {
        return find(bucket_tables, ARRAY_SIZE(bucket_tables), driver, NULL);
}

const ConfigTable *config_network_table(const char *type) {
        return find(network_tables, ARRAY_SIZE(network_tables), type, NULL);
}

const ConfigTable *config_network_object_table(const char *kind) {
        return find(network_object_tables, ARRAY_SIZE(network_object_tables), kind, NULL);
}

const ConfigTable *config_device_table(const char *type, const char *subtype) {
        bool has_subtype = str_equal(type, "nic") || str_equal(type, "gpu");
        return find(device_tables, ARRAY_SIZE(device_tables), type, has_subtype ? subtype : NULL);
}

const ConfigTable *config_table_at(size_t index) {
        if (index < ARRAY_SIZE(single_tables))
                return single_tables[index];
        index -= ARRAY_SIZE(single_tables);
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
                if (index < groups[i].count)
                        return &groups[i].tables[index].table;
                index -= groups[i].count;
        }
        return NULL;
}
