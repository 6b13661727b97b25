#include "resource/resource_private.h"

#include "base/files.h"
#include "process/spawn.h"

/* By the numbers of the SMBIOS specification. */
static const char *const chassis_types[] = {
        NULL, "Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower",
        "Tower", "Portable", "Laptop", "Notebook", "Hand Held", "Docking Station", "All in One",
        "Sub Notebook", "Space-saving", "Lunch Box", "Main Server Chassis", "Expansion Chassis",
        "SubChassis", "Bus Expansion Chassis", "Peripheral Chassis", "RAID Chassis",
        "Rack Mount Chassis", "Sealed-case PC", "Multi-system chassis", "Compact PCI",
        "Advanced TCA", "Blade", "Blade Enclosure", "Tablet", "Convertible", "Detachable",
        "IoT Gateway", "Embedded PC", "Mini PC", "Stick PC",
};

static int detect(const char *flag) {
        const SpawnSpec spec = {.argv = SPAWN_ARGV("systemd-detect-virt", flag)};
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {0}};
        return spawn_run(&spec, NULL, &output, NULL) < 0 ? -1 : output.exit.code;
}

static const char *system_type(const ResourceHost *host) {
        int container = *host->root == '\0' ? detect("--container") : -1;
        if (container < 0 || container == 127)
                return "unknown";
        if (container == 0)
                return "container";
        return detect("--vm") == 0 ? "virtual-machine" : "physical";
}

void resource_system(const ResourceHost *host, ApiResourcesSystem *ret) {
        _cleanup_free_ char *dmi = str_printf("%s/sys/class/dmi/id", host->root);
        ret->type = str_dup(system_type(host));
        if (!path_exists(dmi))
                return;
        ret->uuid = sysfs_text(dmi, "product_uuid");
        ret->vendor = sysfs_text(dmi, "sys_vendor");
        ret->product = sysfs_text(dmi, "product_name");
        ret->family = sysfs_text(dmi, "product_family");
        ret->version = sysfs_text(dmi, "product_version");
        ret->sku = sysfs_text(dmi, "product_sku");
        ret->serial = sysfs_text(dmi, "product_serial");
        ret->firmware = mem_new(ApiResourcesSystemFirmware);
        ret->firmware->vendor = sysfs_text(dmi, "bios_vendor");
        ret->firmware->date = sysfs_text(dmi, "bios_date");
        ret->firmware->version = sysfs_text(dmi, "bios_version");
        ret->chassis = mem_new(ApiResourcesSystemChassis);
        ret->chassis->vendor = sysfs_text(dmi, "chassis_vendor");
        ret->chassis->serial = sysfs_text(dmi, "chassis_serial");
        ret->chassis->version = sysfs_text(dmi, "chassis_version");
        int64_t type = sysfs_number(dmi, "chassis_type", 0);
        if (type > 0 && type < (int64_t) ARRAY_SIZE(chassis_types))
                ret->chassis->type = str_dup(chassis_types[type]);
        ret->motherboard = mem_new(ApiResourcesSystemMotherboard);
        ret->motherboard->vendor = sysfs_text(dmi, "board_vendor");
        ret->motherboard->product = sysfs_text(dmi, "board_name");
        ret->motherboard->serial = sysfs_text(dmi, "board_serial");
        ret->motherboard->version = sysfs_text(dmi, "board_version");
}
