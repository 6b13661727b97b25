#include "resource/resource.h"

#include "base/files.h"
#include "linux/features.h"
#include "resource/resource_private.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static const char *const pci_ids[] = {"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids", NULL};
static const char *const usb_ids[] = {"/usr/share/misc/usb.ids", NULL};

static int host_open(const char *root, ResourceHost *ret, Error **err) {
        *ret = (ResourceHost) {.root = root, .kernel = features_kernel_version()};
        return ret->kernel != NULL ? 0 : error_set(err, ERROR_INTERNAL, 0, "Failed to get uname");
}

static void host_done(ResourceHost *host) {
        id_names_done(&host->pci);
        id_names_done(&host->usb);
        free(host->kernel);
}

int resources_load(const char *root, ApiResources *ret, Error **err) {
        _cleanup_(host_done) ResourceHost host = {.root = NULL};
        if (host_open(root, &host, err) < 0)
                return -1;
        id_names_load(&host.pci, root, pci_ids);
        id_names_load(&host.usb, root, usb_ids);
        api_resources_init(ret);
        resource_cpu(&host, &ret->cpu);
        resource_memory(&host, &ret->memory);
        resource_gpu(&host, &ret->gpu);
        resource_network(&host, &ret->network);
        resource_storage(&host, &ret->storage);
        resource_usb(&host, &ret->usb);
        resource_pci(&host, &ret->pci);
        resource_system(&host, &ret->system_info);
        return 0;
}

int resources_load_gpu(const char *root, ApiResourcesGpu *ret, Error **err) {
        _cleanup_(host_done) ResourceHost host = {.root = NULL};
        if (host_open(root, &host, err) < 0)
                return -1;
        resource_gpu(&host, ret);
        return 0;
}

int resources_load_network(const char *root, ApiResourcesNetwork *ret, Error **err) {
        _cleanup_(host_done) ResourceHost host = {.root = NULL};
        if (host_open(root, &host, err) < 0)
                return -1;
        resource_network(&host, ret);
        return 0;
}

bool resource_has(const char *directory, const char *name) {
        _cleanup_free_ char *path = path_join(directory, name);
        return path_exists(path);
}

char *resource_hex_id(const char *directory, const char *name) {
        _cleanup_free_ char *text = sysfs_text(directory, name);
        const char *rest = str_after_prefix(text, "0x");
        return str_dup(rest != NULL ? rest : text);
}

int64_t resource_numa_node(const char *directory) {
        return MAX_OF(sysfs_number(directory, "numa_node", 0), INT64_C(0));
}

void resource_driver(const ResourceHost *host, const char *directory, char **ret_name,
                     char **ret_version) {
        _cleanup_free_ char *module = path_join(directory, "driver/module");
        *ret_name = sysfs_link(directory, "driver");
        if (*ret_name == NULL)
                return;
        *ret_version = sysfs_text(module, "version");
        if (*ret_version == NULL)
                *ret_version = str_dup(host->kernel);
}

char *resource_pci_address(const char *device) {
        _cleanup_free_ char *target = realpath(device, NULL);
        if (target == NULL)
                return NULL;
        _cleanup_free_ char *subsystem = sysfs_link(target, "subsystem");
        if (str_equal(subsystem, "virtio")) {
                str_replace(&target, path_directory(target));
                str_replace(&subsystem, sysfs_link(target, "subsystem"));
        }
        return str_equal(subsystem, "pci") ? str_dup(path_name(target)) : NULL;
}

char *resource_usb_address(const char *device) {
        _cleanup_free_ char *path = realpath(device, NULL);
        if (path == NULL || strstr(path, "/usb") == NULL)
                return NULL;
        while (strlen(path) > 1 && !(resource_has(path, "busnum") && resource_has(path, "devnum")))
                str_replace(&path, path_directory(path));
        if (strlen(path) <= 1)
                return NULL;
        return str_printf("%lld:%lld", (long long) sysfs_number(path, "busnum", 0),
                          (long long) sysfs_number(path, "devnum", 0));
}

char *resource_physical_function(const char *device) {
        return sysfs_link(device, "physfn");
}

void resource_pci_names(const ResourceHost *host, const char *vendor_id, const char *product_id,
                        char **ret_vendor, char **ret_product) {
        *ret_vendor = id_names_find(&host->pci, vendor_id, NULL);
        if (*ret_vendor != NULL && product_id != NULL)
                *ret_product = id_names_find(&host->pci, vendor_id, product_id);
}
