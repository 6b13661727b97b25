/* gpu: the nodes of the cards that match. gputype=physical gives whole cards, mig a share of one of
 * NVIDIA's, through its container tools; mdev and sriov are for virtual machines. */
#include "base/files.h"
#include "base/memory.h"
#include "device/nodes.h"
#include "linux/sysfs.h"
#include "resource/resource.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *get(const DeviceContext *context, const char *key) {
        return strmap_get(context->config, key);
}

static int refuse_with(const DeviceContext *context, const char *key, const char *const *others,
                       const char *word, Error **err) {
        for (size_t i = 0; !str_is_empty(get(context, key)) && others[i] != NULL; i++)
                if (!str_is_empty(get(context, others[i])))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Cannot use \"%s\" %s \"%s\" is set", others[i], word,
                                         key);
        return 0;
}

static int physical_validate(const DeviceContext *context, Error **err) {
        static const char *const with_pci[] = {"id", "productid", "vendorid", NULL};
        static const char *const with_id[] = {"pci", "productid", "vendorid", NULL};
        /* LXD's words. */
        return refuse_with(context, "pci", with_pci, "when when", err) < 0
                       ? -1
                       : refuse_with(context, "id", with_id, "when when", err);
}

static int mig_validate(const DeviceContext *context, Error **err) {
        static const char *const with_uuid[] = {"mig.gi", "mig.ci", NULL};
        if (physical_validate(context, err) < 0 ||
            refuse_with(context, "mig.uuid", with_uuid, "when", err) < 0)
                return -1;
        if (str_is_empty(get(context, "mig.uuid")) &&
            (str_is_empty(get(context, "mig.gi")) || str_is_empty(get(context, "mig.ci"))))
                return error_set(err, ERROR_INVALID, 0,
                                 "Either \"mig.uuid\" or both \"mig.gi\" and \"mig.ci\" must be "
                                 "set");
        return 0;
}

static int gpu_validate_machine(_unused_ const DeviceContext *context, Error **err) {
        return error_set(err, ERROR_INVALID, 0, "Unsupported device type");
}

/* "3:0.0" and "0000:03:00.0" are the same place. */
static bool is_at(const char *wanted, const char *address) {
        unsigned a[4] = {0}, b[4] = {0};
        if (sscanf(wanted, "%x:%x:%x.%x", &a[0], &a[1], &a[2], &a[3]) != 4) {
                a[0] = 0;
                if (sscanf(wanted, "%x:%x.%x", &a[1], &a[2], &a[3]) != 3)
                        return false;
        }
        return address != NULL &&
               sscanf(address, "%x:%x:%x.%x", &b[0], &b[1], &b[2], &b[3]) == 4 &&
               memcmp(a, b, sizeof a) == 0;
}

static bool matches(const DeviceContext *context, const ApiResourcesGpuCard *card) {
        const char *vendor = get(context, "vendorid"), *product = get(context, "productid");
        const char *pci = get(context, "pci");
        return (str_is_empty(vendor) || str_equal_nocase(vendor, card->vendor_id)) &&
               (str_is_empty(product) || str_equal_nocase(product, card->product_id)) &&
               (str_is_empty(pci) || is_at(pci, card->pci_address));
}

/* One node of the host, when it is there: "226:0" for /dev/dri/card0. */
static int add_node(const DeviceContext *context, const char *directory, const char *name,
                    const char *number, DeviceNodes *ret, Error **err) {
        DeviceNode node = {.block = false};
        struct stat info;
        if (str_is_empty(name) || number == NULL ||
            sscanf(number, "%u:%u", &node.major, &node.minor) != 2)
                return 0;
        _cleanup_free_ char *path = path_join(directory, name);
        _cleanup_free_ char *full = str_printf("%s%s", context->host_root, path);
        if (stat(full, &info) < 0)
                return 0;
        if (device_node_owner(context, &node, err) < 0)
                return -1;
        if (str_is_empty(get(context, "mode")))
                node.mode = info.st_mode & 07777;
        node.path = path;
        device_nodes_add(ret, &node);
        return 0;
}

/* NVIDIA's nodes that are of no card: nvidiactl, nvidia-uvm… */
static int add_common_nvidia(const DeviceContext *context, DeviceNodes *ret, Error **err) {
        _cleanup_free_ char *dev = str_printf("%s/dev", context->host_root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(dev, &names);
        for (size_t i = 0; i < names.count; i++) {
                const char *rest = str_after_prefix(names.items[i], "nvidia");
                _cleanup_free_ char *path = str_printf("/dev/%s", names.items[i]);
                DeviceNode node = {.block = false};
                if (rest == NULL || isdigit((unsigned char) *rest) ||
                    device_node_stat(context->host_root, path, &node, NULL) < 0 || node.block)
                        continue;
                _cleanup_free_ char *number = str_printf("%u:%u", node.major, node.minor);
                if (add_node(context, "/dev", names.items[i], number, ret, err) < 0)
                        return -1;
        }
        return 0;
}

static int add_card(const DeviceContext *context, const ApiResourcesGpuCard *card,
                    bool *ret_nvidia, DeviceNodes *ret, Error **err) {
        const ApiResourcesGpuCardDrm *drm = card->drm;
        _cleanup_free_ char *id = drm != NULL ? str_printf("%lld", (long long) drm->id) : NULL;
        const char *wanted = get(context, "id");
        if (drm != NULL && (str_is_empty(wanted) || str_equal(wanted, id)) &&
            (add_node(context, "/dev/dri", drm->card_name, drm->card_device, ret, err) < 0 ||
             add_node(context, "/dev/dri", drm->render_name, drm->render_device, ret, err) < 0 ||
             add_node(context, "/dev/dri", drm->control_name, drm->control_device, ret, err) < 0))
                return -1;
        size_t before = ret->count;
        if (card->nvidia != NULL && add_node(context, "/dev", card->nvidia->card_name,
                                             card->nvidia->card_device, ret, err) < 0)
                return -1;
        *ret_nvidia |= ret->count > before;
        return 0;
}

static int physical_nodes(const DeviceContext *context, DeviceNodes *ret, Error **err) {
        _cleanup_(api_resources_gpu_done) ApiResourcesGpu gpu = {.total = 0};
        bool found = false, nvidia = false;
        if (resources_load_gpu(context->host_root, &gpu, err) < 0)
                return -1;
        for (size_t i = 0; i < gpu.cards.count; i++) {
                const ApiResourcesGpuCard *card = &gpu.cards.items[i];
                if (!matches(context, card))
                        continue;
                found = true;
                if (add_card(context, card, &nvidia, ret, err) < 0)
                        return -1;
        }
        if (!found)
                return error_set(err, ERROR_INVALID, 0, "Failed to detect requested GPU device");
        /* With nvidia.runtime the tools of NVIDIA bring them. */
        if (nvidia && !str_is_true(strmap_get(context->volatiles, "nvidia.runtime")))
                return add_common_nvidia(context, ret, err);
        return 0;
}

static int check_mig(const DeviceContext *context, const ApiResourcesGpuCard *card, Error **err) {
        const char *number = card->nvidia != NULL ? strchr(card->nvidia->card_device, ':') : NULL;
        if (card->nvidia == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Card isn't a NVIDIA GPU or driver isn't properly setup");
        if (number == NULL)
                return error_set(err, ERROR_INVALID, 0, "Bad NVIDIA GPU (couldn't find ID)");
        if (!str_is_empty(get(context, "mig.uuid")))
                return 0;
        _cleanup_free_ char *access = str_printf(
                "%s/proc/driver/nvidia/capabilities/gpu%s/mig/gi%s/ci%s/access", context->host_root,
                number + 1, get(context, "mig.gi"), get(context, "mig.ci"));
        if (path_exists(access))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "MIG device gi=%s ci=%s doesn't exist on GPU %s",
                         get(context, "mig.gi"), get(context, "mig.ci"), number + 1);
}

/* Its name for NVIDIA's tools. */
static int mig_name(const DeviceContext *context, const ApiResourcesGpu *gpu, char **ret,
                    Error **err) {
        const ApiResourcesGpuCard *card = NULL;
        const char *uuid = get(context, "mig.uuid");
        for (size_t i = 0; i < gpu->cards.count; i++) {
                if (!matches(context, &gpu->cards.items[i]))
                        continue;
                if (card != NULL)
                        return error_set(err, ERROR_INVALID, 0,
                                         "More than one GPU matched the MIG device");
                card = &gpu->cards.items[i];
        }
        if (card == NULL)
                return error_set(err, ERROR_INVALID, 0, "Failed to detect requested GPU device");
        if (check_mig(context, card, err) < 0)
                return -1;
        if (!str_is_empty(uuid))
                *ret = str_printf("%s%s", str_has_prefix(uuid, "MIG-") ? "" : "MIG-", uuid);
        else
                *ret = str_printf("MIG-%s/%s/%s",
                                  card->nvidia->uuid != NULL ? card->nvidia->uuid : "",
                                  get(context, "mig.gi"), get(context, "mig.ci"));
        return 0;
}

static int mig_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_(api_resources_gpu_done) ApiResourcesGpu gpu = {.total = 0};
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (!str_is_true(strmap_get(context->volatiles, "nvidia.runtime")))
                return error_set(err, ERROR_INVALID, 0,
                                 "nvidia.runtime must be set to true for MIG GPUs to work");
        if (resources_load_gpu(context->host_root, &gpu, err) < 0)
                return -1;
        /* The last line wins: each has those of the devices before it too. */
        for (size_t i = 0; i < context->devices->count; i++) {
                DeviceContext other = *context;
                other.name = context->devices->items[i].name;
                other.config = &context->devices->items[i].config;
                char *name = NULL;
                if (!str_equal(get(&other, "type"), "gpu") ||
                    !str_equal(get(&other, "gputype"), "mig") ||
                    strcmp(other.name, context->name) > 0)
                        continue;
                if (mig_name(&other, &gpu, &name, err) < 0)
                        return -1;
                strlist_take(&names, name);
        }
        _cleanup_free_ char *list = strlist_join(&names, ",");
        strlist_printf(&run->lines, "lxc.environment = NVIDIA_VISIBLE_DEVICES=%s", list);
        return 0;
}

static const char *mig_needs_stop(_unused_ const DeviceContext *context) {
        return "MIG devices cannot be changed while the instance is running";
}

const DeviceDriver device_gpu_physical = {
        .type = "gpu",
        .subtype = "physical",
        .prefix = "unix",
        .validate = physical_validate,
        .nodes = physical_nodes,
};

const DeviceDriver device_gpu_mig = {
        .type = "gpu",
        .subtype = "mig",
        .validate = mig_validate,
        .start = mig_start,
        .needs_stop = mig_needs_stop,
};

const DeviceDriver device_gpu_mdev = {
        .type = "gpu", .subtype = "mdev", .validate = gpu_validate_machine};
const DeviceDriver device_gpu_sriov = {
        .type = "gpu", .subtype = "sriov", .validate = gpu_validate_machine};
const DeviceDriver device_pci = {.type = "pci", .validate = gpu_validate_machine};
