#include "cli/commands/resources.h"

#include "base/memory.h"
#include "base/units.h"
#include "cli/fields.h"

#include <stdio.h>

static void print_text(const char *indent, const char *label, const json_t *object,
                       const char *key) {
        if (*field_text(object, key) != '\0')
                printf("%s%s: %s\n", indent, label, field_text(object, key));
}

static void print_size(const char *indent, const char *label, uint64_t bytes) {
        _cleanup_free_ char *text = units_format_bytes(bytes);
        printf("%s%s: %s\n", indent, label, text);
}

static void print_number(const char *indent, const char *label, const json_t *object,
                         const char *key) {
        printf("%s%s: %lld\n", indent, label, (long long) field_number(object, key));
}

static void print_flag(const char *indent, const char *label, const json_t *object,
                       const char *key) {
        printf("%s%s: %s\n", indent, label, field_bool(object, key) ? "true" : "false");
}

static void print_core(const json_t *core) {
        const json_t *thread;
        size_t i;
        printf("    - Core %lld\n", (long long) field_number(core, "core"));
        printf("      Frequency: %lldMhz\n", (long long) field_number(core, "frequency"));
        puts("      Threads:");
        json_array_foreach(field_get(core, "threads"), i, thread) {
                printf("        - %lld (id: %lld, online: %s, NUMA node: %lld)\n",
                       (long long) field_number(thread, "thread"),
                       (long long) field_number(thread, "id"),
                       field_bool(thread, "online") ? "true" : "false",
                       (long long) field_number(thread, "numa_node"));
        }
}

static void print_socket(const json_t *socket) {
        const json_t *item;
        size_t i;
        print_text("  ", "Vendor", socket, "vendor");
        print_text("  ", "Name", socket, "name");
        if (field_count(socket, "cache") > 0)
                puts("  Caches:");
        json_array_foreach(field_get(socket, "cache"), i, item) {
                _cleanup_free_ char *size =
                        units_format_bytes((uint64_t) field_number(item, "size"));
                char *point = size;
                while (*point != '\0' && *point != '.')
                        point++;
                printf("    - Level %lld (type: %s): %.*s%s\n",
                       (long long) field_number(item, "level"), field_text(item, "type"),
                       (int) (point - size), size, *point != '\0' ? point + 3 : "");
        }
        puts("  Cores:");
        json_array_foreach(field_get(socket, "cores"), i, item)
                print_core(item);
}

static void print_cpu(const json_t *cpu) {
        const json_t *sockets = field_get(cpu, "sockets"), *socket;
        size_t i;
        if (json_array_size(sockets) == 1) {
                printf("CPU (%s):\n", field_text(cpu, "architecture"));
                print_socket(json_array_get(sockets, 0));
                return;
        }
        printf("CPUs (%s):\n", field_text(cpu, "architecture"));
        json_array_foreach(sockets, i, socket) {
                printf("  Socket %lld:\n", (long long) field_number(socket, "socket"));
                print_socket(socket);
        }
}

static void print_memory(const json_t *memory) {
        uint64_t total = (uint64_t) field_number(memory, "total");
        uint64_t used = (uint64_t) field_number(memory, "used");
        puts("\nMemory:");
        if (field_number(memory, "hugepages_total") > 0) {
                uint64_t huge = (uint64_t) field_number(memory, "hugepages_total");
                uint64_t huge_used = (uint64_t) field_number(memory, "hugepages_used");
                puts("  Hugepages:");
                print_size("    ", "Free", huge - huge_used);
                print_size("    ", "Used", huge_used);
                print_size("    ", "Total", huge);
        }
        print_size("  ", "Free", total - used);
        print_size("  ", "Used", used);
        print_size("  ", "Total", total);
}

static void print_driver(const char *indent, const json_t *card) {
        if (*field_text(card, "driver") != '\0')
                printf("%sDriver: %s (%s)\n", indent, field_text(card, "driver"),
                       field_text(card, "driver_version"));
}

static void print_vendor(const char *indent, const json_t *card) {
        if (*field_text(card, "vendor") != '\0')
                printf("%sVendor: %s (%s)\n", indent, field_text(card, "vendor"),
                       field_text(card, "vendor_id"));
        if (*field_text(card, "product") != '\0')
                printf("%sProduct: %s (%s)\n", indent, field_text(card, "product"),
                       field_text(card, "product_id"));
}

static void print_card(const char *indent, const json_t *card) {
        print_number(indent, "NUMA node", card, "numa_node");
        print_vendor(indent, card);
        print_text(indent, "PCI address", card, "pci_address");
        print_driver(indent, card);
}

static void print_port(const char *indent, const json_t *port) {
        printf("%s  - Port %lld (%s)\n", indent, (long long) field_number(port, "port"),
               field_text(port, "protocol"));
        printf("%s    ID: %s\n", indent, field_text(port, "id"));
        if (*field_text(port, "address") != '\0')
                printf("%s    Address: %s\n", indent, field_text(port, "address"));
        if (*field_text(port, "port_type") != '\0')
                printf("%s    Port type: %s\n", indent, field_text(port, "port_type"));
        if (*field_text(port, "transceiver_type") != '\0')
                printf("%s    Transceiver type: %s\n", indent,
                       field_text(port, "transceiver_type"));
        printf("%s    Auto negotiation: %s\n", indent,
               field_bool(port, "auto_negotiation") ? "true" : "false");
        printf("%s    Link detected: %s\n", indent,
               field_bool(port, "link_detected") ? "true" : "false");
        if (field_number(port, "link_speed") > 0)
                printf("%s    Link speed: %lldMbit/s (%s duplex)\n", indent,
                       (long long) field_number(port, "link_speed"),
                       field_text(port, "link_duplex"));
}

static void print_nic(const char *indent, const json_t *card) {
        const json_t *port;
        size_t i;
        print_card(indent, card);
        if (field_count(card, "ports") > 0)
                printf("%sPorts:\n", indent);
        json_array_foreach(field_get(card, "ports"), i, port)
                print_port(indent, port);
}

static void print_partition(const char *indent, const json_t *partition) {
        _cleanup_free_ char *size = units_format_bytes((uint64_t) field_number(partition, "size"));
        printf("%s  - Partition %lld\n", indent, (long long) field_number(partition, "partition"));
        printf("%s    ID: %s\n%s    Device: %s\n%s    Read-Only: %s\n%s    Size: %s\n", indent,
               field_text(partition, "id"), indent, field_text(partition, "device"), indent,
               field_bool(partition, "read_only") ? "true" : "false", indent, size);
}

static void print_disk(const char *indent, const json_t *disk) {
        const json_t *partition;
        size_t i;
        print_number(indent, "NUMA node", disk, "numa_node");
        print_text(indent, "ID", disk, "id");
        print_text(indent, "Device", disk, "device");
        print_text(indent, "Model", disk, "model");
        print_text(indent, "Type", disk, "type");
        print_size(indent, "Size", (uint64_t) field_number(disk, "size"));
        print_text(indent, "WWN", disk, "wwn");
        print_flag(indent, "Read-Only", disk, "read_only");
        print_flag(indent, "Removable", disk, "removable");
        if (field_count(disk, "partitions") > 0)
                printf("%sPartitions:\n", indent);
        json_array_foreach(field_get(disk, "partitions"), i, partition)
                print_partition(indent, partition);
}

static void print_usb(const char *indent, const json_t *device) {
        print_text(indent, "Vendor", device, "vendor");
        print_text(indent, "Vendor ID", device, "vendor_id");
        print_text(indent, "Product", device, "product");
        print_text(indent, "Product ID", device, "product_id");
        print_number(indent, "Bus Address", device, "bus_address");
        print_number(indent, "Device Address", device, "device_address");
}

/* "NIC:" with one, "NICs:" with a numbered list of more. */
static void print_all(const char *label, const char *one, const json_t *items,
                      void (*print)(const char *indent, const json_t *item)) {
        const json_t *item;
        size_t i;
        if (json_array_size(items) == 0)
                return;
        if (json_array_size(items) == 1) {
                printf("\n%s:\n", label);
                print("  ", json_array_get(items, 0));
                return;
        }
        printf("\n%ss:\n", label);
        json_array_foreach(items, i, item) {
                printf("  %s %zu:\n", one, i);
                print("    ", item);
        }
}

void resources_print(const json_t *resources) {
        print_cpu(field_get(resources, "cpu"));
        print_memory(field_get(resources, "memory"));
        print_all("GPU", "Card", field_get(field_get(resources, "gpu"), "cards"), print_card);
        print_all("NIC", "Card", field_get(field_get(resources, "network"), "cards"), print_nic);
        print_all("Disk", "Disk", field_get(field_get(resources, "storage"), "disks"), print_disk);
        print_all("USB device", "Device", field_get(field_get(resources, "usb"), "devices"),
                  print_usb);
}
