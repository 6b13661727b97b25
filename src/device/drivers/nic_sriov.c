/* nic, nictype=sriov, or on an sriov network: a free virtual function of the parent's card, lent to
 * the instance. */
#include "device/drivers/nic_parent.h"

#include "base/files.h"
#include "base/memory.h"
#include "linux/link_kinds.h"
#include "linux/links.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

typedef struct Function {
        unsigned index;
        char *link;
} Function;

static char *device_path(const DeviceContext *context, const char *parent, const char *name) {
        return str_printf("%s/sys/class/net/%s/device/%s", context->host_root, parent, name);
}

static bool read_number(const DeviceContext *context, const char *parent, const char *name,
                        uint64_t *ret) {
        _cleanup_free_ char *path = device_path(context, parent, name), *text = NULL;
        if (file_read(path, 64, &text, NULL, NULL) < 0)
                return false;
        text[strcspn(text, "\n")] = '\0';
        return str_to_uint64(text, ret);
}

/* Functions that other instances have; one that is in a namespace has no link here anyway. */
typedef struct Taken {
        const DeviceContext *context;
        const char *parent;
        StrList indexes;
} Taken;

static void visit(void *userdata, const NetworkNic *nic) {
        Taken *taken = userdata;
        _cleanup_free_ char *id = str_printf("volatile.%s.last_state.vf.id", nic->device);
        _cleanup_free_ char *parent = str_printf("volatile.%s.last_state.vf.parent", nic->device);
        if (!nic->is_profile && strmap_has(nic->volatiles, id) &&
            str_equal(strmap_get(nic->volatiles, parent), taken->parent))
                strlist_add(&taken->indexes, strmap_get(nic->volatiles, id));
}

static char *link_of(const DeviceContext *context, const char *parent, unsigned index) {
        _cleanup_free_ char *name = str_printf("virtfn%u/net", index);
        _cleanup_free_ char *path = device_path(context, parent, name);
        _cleanup_strlist_ StrList links = {.items = NULL};
        if (directory_list(path, &links, NULL) < 0 || links.count == 0)
                return NULL;
        return str_dup(links.items[0]);
}

/* One that exists, that no instance has and that nobody on the host has brought up. */
static int find_free(const DeviceContext *context, const char *parent, uint64_t count,
                     Function *ret, Error **err) {
        _cleanup_linklist_ LinkList links = {.items = NULL};
        Taken taken = {.context = context, .parent = parent};
        if (link_list(0, &links, err) < 0 ||
            networks_each_nic(context->networks, visit, &taken, err) < 0) {
                strlist_done(&taken.indexes);
                return -1;
        }
        for (unsigned index = 0; index < count && ret->link == NULL; index++) {
                _cleanup_free_ char *text = str_printf("%u", index);
                _cleanup_free_ char *name = link_of(context, parent, index);
                const LinkInfo *link = name != NULL ? linklist_find(&links, name) : NULL;
                if (link != NULL && !link->up && !strlist_has(&taken.indexes, text))
                        *ret = (Function) {.index = index, .link = TAKE_PTR(name)};
        }
        strlist_done(&taken.indexes);
        return ret->link != NULL
                       ? 0
                       : error_set(err, ERROR_UNAVAILABLE, 0,
                                   "All virtual functions on parent device \"%s\" are in use",
                                   parent);
}

static int find_function(const DeviceContext *context, const char *parent, Function *ret,
                         Error **err) {
        uint64_t present = 0, most = 0;
        if (!read_number(context, parent, "sriov_totalvfs", &most))
                return error_set(err, ERROR_INVALID, 0,
                                 "Parent device \"%s\" doesn't support SR-IOV", parent);
        (void) read_number(context, parent, "sriov_numvfs", &present);
        if (present > 0 && find_free(context, parent, present, ret, NULL) == 0)
                return 0;
        if (present == 0) { /* none were asked for: as many as there can be */
                _cleanup_free_ char *path = device_path(context, parent, "sriov_numvfs");
                _cleanup_free_ char *text = str_printf("%llu", (unsigned long long) most);
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
                if (fd < 0)
                        return error_errno(err, errno, "Failed to open %s", path);
                if (fd_write_all(fd, text, strlen(text), err) < 0)
                        return error_prefix(err, "Failed to make virtual functions of \"%s\"",
                                            parent);
                present = most;
        }
        return find_free(context, parent, present, ret, err);
}

/* What the card itself enforces. */
static int configure(const Nic *nic, const char *parent, const Function *function, Error **err) {
        bool filter = str_is_true(nic_get(nic, "security.mac_filtering"));
        const LinkVirtualFunction wish = {.index = function->index,
                                          .hwaddr = nic_hwaddr(nic),
                                          .vlan = nic_number(nic, "vlan"),
                                          .spoof_check = filter};
        if (wish.vlan == 0 && !filter && nic_get(nic, "hwaddr") == NULL)
                return 0;
        return link_set_virtual_function(parent, &wish, err);
}

static int start_function(const Nic *nic, const char *parent, const Function *function,
                          DeviceRun *run, Error **err) {
        _cleanup_free_ char *index = str_printf("%u", function->index);
        nic_set_volatile(nic, run, "last_state.vf.id", index);
        nic_set_volatile(nic, run, "last_state.vf.parent", parent);
        if (configure(nic, parent, function, err) < 0 ||
            nic_lend(nic, function->link, run, err) < 0)
                return -1;
        nic_add_lines(nic, function->link, run);
        return 0;
}

static int sriov_start(const DeviceContext *context, DeviceRun *run, Error **err) {
        _cleanup_nic_ Nic nic = {.context = context};
        Function function = {.link = NULL};
        if (nic_load(context, &nic, err) < 0)
                return -1;
        const char *parent = nic_get(&nic, "parent");
        if (parent == NULL || !link_exists(parent))
                return error_set(err, ERROR_INVALID, 0, "Parent device \"%s\" doesn't exist",
                                 parent != NULL ? parent : "");
        int result = find_function(context, parent, &function, err);
        if (result == 0)
                result = start_function(&nic, parent, &function, run, err);
        free(function.link);
        return result;
}

static void sriov_stop(const DeviceContext *context, StrMap *volatiles) {
        const char *parent = device_volatile(context, "last_state.vf.parent");
        uint64_t index = 0;
        if (device_volatile(context, "host_name") != NULL)
                nic_take_back(context);
        if (parent != NULL && str_to_uint64(device_volatile(context, "last_state.vf.id"), &index)) {
                const LinkVirtualFunction plain = {
                        .index = (unsigned) index,
                        .hwaddr = device_volatile(context, "last_state.hwaddr")};
                (void) !link_set_virtual_function(parent, &plain, NULL);
        }
        nic_clear_volatile(context, volatiles);
}

const DeviceDriver device_nic_sriov = {
        .type = "nic",
        .subtype = "sriov",
        .start = sriov_start,
        .plug = nic_plug,
        .unplug = nic_unplug,
        .stop = sriov_stop,
        .is_nic = true,
};
