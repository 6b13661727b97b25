#include "resource/resource_private.h"

#include "base/files.h"
#include "process/spawn.h"

#include <string.h>

#define DISPLAY_CLASS "0x03"

/* NVIDIA's cards by PCI address: what its own tool says, else its driver. */
typedef struct NvidiaCard {
        char *address;
        ApiResourcesGpuCardNvidia card;
} NvidiaCard;
typedef struct NvidiaCards {
        NvidiaCard *items;
        size_t count, capacity;
} NvidiaCards;

static void nvidia_done(NvidiaCards *cards) {
        for (size_t i = 0; i < cards->count; i++) {
                free(cards->items[i].address);
                api_resources_gpu_card_nvidia_done(&cards->items[i].card);
        }
        free(cards->items);
}

static ApiResourcesGpuCardNvidia *nvidia_add(NvidiaCards *cards, const char *address) {
        mem_grow((void **) &cards->items, &cards->capacity, cards->count + 1,
                 sizeof *cards->items);
        NvidiaCard *added = &cards->items[cards->count++];
        *added = (NvidiaCard) {.address = str_dup(address)};
        api_resources_gpu_card_nvidia_init(&added->card);
        return &added->card;
}

/* nvidia-container-cli info --csv: a title and a line for the driver, the same for each card. */
static void parse_nvidia_csv(char *text, NvidiaCards *cards) {
        _cleanup_strlist_ StrList lines = {.items = NULL}, driver = {.items = NULL};
        strlist_split(&lines, text, "\n", false);
        if (lines.count > 1)
                strlist_split(&driver, lines.items[1], ",", false);
        for (size_t i = 3; i < lines.count; i++) {
                _cleanup_strlist_ StrList words = {.items = NULL};
                strlist_split(&words, lines.items[i], ",", false);
                if (words.count < 7)
                        continue;
                ApiResourcesGpuCardNvidia *card = nvidia_add(cards, words.items[5]);
                card->nvrm_version = str_dup(driver.count > 1 ? driver.items[0] : NULL);
                card->cuda_version = str_dup(driver.count > 1 ? driver.items[1] : NULL);
                card->brand = str_dup(words.items[3]);
                card->model = str_dup(words.items[2]);
                card->uuid = str_dup(words.items[4]);
                card->architecture = str_dup(words.items[6]);
                card->card_name = str_printf("nvidia%s", words.items[1]);
                card->card_device = str_printf("195:%s", words.items[1]);
        }
}

static void read_nvidia_proc(const ResourceHost *host, NvidiaCards *cards) {
        _cleanup_free_ char *top = str_printf("%s/proc/driver/nvidia/gpus", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(top, names.items[i]);
                _cleanup_free_ char *text = sysfs_text(path, "information");
                _cleanup_strlist_ StrList lines = {.items = NULL};
                if (text == NULL)
                        continue;
                ApiResourcesGpuCardNvidia *card = nvidia_add(cards, names.items[i]);
                strlist_split(&lines, text, "\n", true);
                for (size_t l = 0; l < lines.count; l++) {
                        const char *colon = strchr(lines.items[l], ':');
                        if (colon == NULL)
                                continue;
                        _cleanup_free_ char *value = str_trim(colon + 1);
                        if (str_has_prefix(lines.items[l], "Model")) {
                                card->brand = str_ndup(value, strcspn(value, " "));
                                card->model = TAKE_PTR(value);
                        } else if (str_has_prefix(lines.items[l], "Device Minor")) {
                                card->card_name = str_printf("nvidia%s", value);
                                card->card_device = str_printf("195:%s", value);
                        }
                }
        }
}

static void load_nvidia(const ResourceHost *host, NvidiaCards *cards) {
        const SpawnSpec spec = {.argv = SPAWN_ARGV("nvidia-container-cli", "info", "--csv")};
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {0}};
        if (*host->root == '\0' && spawn_run(&spec, NULL, &output, NULL) == 0 &&
            output.exit.code == 0 && output.out.data != NULL)
                parse_nvidia_csv(output.out.data, cards);
        else
                read_nvidia_proc(host, cards);
}

static void add_nvidia(const NvidiaCards *cards, ApiResourcesGpuCard *card) {
        _cleanup_free_ char *longer = str_printf("0000%s", card->pci_address);
        for (size_t i = 0; i < cards->count; i++) {
                const ApiResourcesGpuCardNvidia *from = &cards->items[i].card;
                if (!str_equal(cards->items[i].address, card->pci_address) &&
                    !str_equal(cards->items[i].address, longer))
                        continue;
                card->nvidia = mem_new(ApiResourcesGpuCardNvidia);
                *card->nvidia = (ApiResourcesGpuCardNvidia) {
                        .cuda_version = str_dup(from->cuda_version),
                        .nvrm_version = str_dup(from->nvrm_version),
                        .brand = str_dup(from->brand),
                        .model = str_dup(from->model),
                        .uuid = str_dup(from->uuid),
                        .architecture = str_dup(from->architecture),
                        .card_name = str_dup(from->card_name),
                        .card_device = str_dup(from->card_device)};
                return;
        }
}

static void add_drm(const char *device, ApiResourcesGpuCard *card) {
        _cleanup_free_ char *top = path_join(device, "drm");
        _cleanup_strlist_ StrList names = {.items = NULL};
        if (!path_exists(top))
                return;
        card->drm = mem_new(ApiResourcesGpuCardDrm);
        const struct {
                const char *prefix;
                char **name, **number;
        } kinds[] = {
                {"card", &card->drm->card_name, &card->drm->card_device},
                {"controlD", &card->drm->control_name, &card->drm->control_device},
                {"renderD", &card->drm->render_name, &card->drm->render_device},
        };
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++)
                for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                        const char *rest = str_after_prefix(names.items[i], kinds[k].prefix);
                        _cleanup_free_ char *path = path_join(top, names.items[i]);
                        if (rest == NULL || !resource_has(path, "dev"))
                                continue;
                        str_replace(kinds[k].name, str_dup(names.items[i]));
                        str_replace(kinds[k].number, sysfs_text(path, "dev"));
                        if (k == 0)
                                (void) str_to_int64(rest, &card->drm->id);
                }
}

static void add_mdev(const char *device, ApiResourcesGpuCard *card) {
        _cleanup_free_ char *top = path_join(device, "mdev_supported_types");
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(top, names.items[i]);
                _cleanup_free_ char *devices = path_join(path, "devices");
                ApiResourcesGpuCardMdev *mdev = json_map_add(
                        &card->mdev, api_resources_gpu_card_mdev_fields, names.items[i]);
                mdev->api = sysfs_text(path, "device_api");
                mdev->available = sysfs_number(path, "available_instances", 0);
                mdev->name = sysfs_text(path, "name");
                mdev->description = sysfs_text(path, "description");
                sysfs_list(devices, &mdev->devices);
        }
}

static void add_ids(const ResourceHost *host, const char *device, ApiResourcesGpuCard *card) {
        _cleanup_free_ char *usb = path_join(device, "device");
        if (resource_has(usb, "busnum")) {
                card->usb_address = resource_usb_address(usb);
                return;
        }
        card->vendor_id = resource_hex_id(device, "vendor");
        card->product_id = resource_hex_id(device, "device");
        resource_pci_names(host, card->vendor_id, card->product_id, &card->vendor, &card->product);
}

static void fill_card(const ResourceHost *host, const char *start, const NvidiaCards *nvidia,
                      ApiResourcesGpuCard *card) {
        /* A device in a device: the innermost one has the facts. */
        _cleanup_free_ char *device = str_dup(start), *inner = path_join(start, "device");
        while (path_is_directory(inner)) {
                str_replace(&device, str_dup(inner));
                str_replace(&inner, path_join(device, "device"));
        }
        if (resource_has(device, "sriov_numvfs")) {
                card->sriov = mem_new(ApiResourcesGpuCardSriov);
                card->sriov->maximum_vfs = sysfs_number(device, "sriov_totalvfs", 0);
                card->sriov->current_vfs = sysfs_number(device, "sriov_numvfs", 0);
        }
        card->numa_node = resource_numa_node(device);
        add_ids(host, device, card);
        resource_driver(host, device, &card->driver, &card->driver_version);
        if (str_equal(card->driver, "nvidia") && card->pci_address != NULL)
                add_nvidia(nvidia, card);
        add_drm(device, card);
        add_mdev(device, card);
}

/* Virtual functions wait until their parents are all known. */
typedef struct Found {
        ApiResourcesGpuCardList *cards, *functions;
        StrList parents; /* of the functions */
        StrList known;   /* PCI addresses */
} Found;

static void add_card(const ResourceHost *host, const char *device, char *address,
                     const NvidiaCards *nvidia, Found *found) {
        _cleanup_free_ char *owned = address;
        _cleanup_free_ char *parent = resource_physical_function(device);
        if (owned != NULL && strlist_has(&found->known, owned))
                return;
        if (owned != NULL)
                strlist_add(&found->known, owned);
        ApiResourcesGpuCard *card = json_list_add(parent != NULL ? found->functions : found->cards,
                                                  api_resources_gpu_card_fields);
        card->pci_address = TAKE_PTR(owned);
        fill_card(host, device, nvidia, card);
        if (parent != NULL)
                strlist_add(&found->parents, parent);
}

static void find_drm(const ResourceHost *host, const NvidiaCards *nvidia, Found *found) {
        _cleanup_free_ char *top = str_printf("%s/sys/class/drm", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *entry = path_join(top, names.items[i]);
                _cleanup_free_ char *device = path_join(entry, "device");
                /* Cards, not what hangs on them. */
                if (str_has_prefix(names.items[i], "card") && resource_has(entry, "dev"))
                        add_card(host, device, resource_pci_address(device), nvidia, found);
        }
}

static void find_pci(const ResourceHost *host, const NvidiaCards *nvidia, Found *found) {
        _cleanup_free_ char *top = str_printf("%s/sys/bus/pci/devices", host->root);
        _cleanup_strlist_ StrList names = {.items = NULL};
        sysfs_list(top, &names);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *device = path_join(top, names.items[i]);
                _cleanup_free_ char *class = sysfs_text(device, "class");
                if (str_has_prefix(class, DISPLAY_CLASS))
                        add_card(host, device, str_dup(names.items[i]), nvidia, found);
        }
}

void resource_gpu(const ResourceHost *host, ApiResourcesGpu *ret) {
        _cleanup_(nvidia_done) NvidiaCards nvidia = {.items = NULL};
        ApiResourcesGpuCardList functions = {.items = NULL};
        Found found = {.cards = &ret->cards, .functions = &functions};
        load_nvidia(host, &nvidia);
        find_drm(host, &nvidia, &found);
        find_pci(host, &nvidia, &found);
        for (size_t i = 0; i < functions.count; i++) {
                ApiResourcesGpuCardSriov *parent = NULL;
                for (size_t c = 0; c < ret->cards.count; c++)
                        if (str_equal(ret->cards.items[c].pci_address, found.parents.items[i]))
                                parent = ret->cards.items[c].sriov;
                if (parent == NULL) {
                        api_resources_gpu_card_done(&functions.items[i]);
                        continue;
                }
                *json_list_add(&parent->vfs, api_resources_gpu_card_fields) = functions.items[i];
                ret->total++;
        }
        ret->total += (int64_t) ret->cards.count;
        free(functions.items);
        strlist_done(&found.parents);
        strlist_done(&found.known);
}
