/* tpm: a software TPM for each container, which the kernel shows as a device of its own (vtpm
 * proxy). Its state is in the instance's volume, and goes where that goes. */
#include "base/files.h"
#include "base/memory.h"
#include "device/entries.h"
#include "device/nodes.h"
#include "device/processes.h"
#include "linux/procfs.h"
#include "process/spawn.h"

#include <stdio.h>
#include <string.h>

#define TPM_PREFIX "swtpm"
#define FIRST_MINOR 224     /* of /dev/tpm0, with the misc major */
#define RESOURCE_MANAGERS 65536 /* the first minor of /dev/tpmrm0 */
#define START_TIMEOUT_MS 10000

static int tpm_validate(const DeviceContext *context, Error **err) {
        static const char *const keys[] = {"path", "pathrm"};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (str_is_empty(strmap_get(context->config, keys[i])))
                        return error_set(err, ERROR_INVALID, 0,
                                         "Failed to validate config: Invalid value for device "
                                         "option \"%s\": Required value", keys[i]);
        return 0;
}

/* "New TPM device: /dev/tpm1 (major/minor = 253/1)" */
static int parse_answer(const char *text, DeviceNode *ret, Error **err) {
        const char *numbers = text != NULL ? strstr(text, "(major/minor = ") : NULL;
        if (numbers == NULL ||
            sscanf(numbers, "(major/minor = %u/%u)", &ret->major, &ret->minor) != 2)
                return error_set(err, ERROR_SYSTEM, 0,
                                 "Failed to get TPM device information: \"%s\"",
                                 text != NULL ? text : "");
        return 0;
}

static int record(const DeviceContext *context, const char *pid_file, Error **err) {
        _cleanup_free_ char *text = NULL;
        uint64_t start;
        if (file_read(pid_file, 64, &text, NULL, err) < 0)
                return -1;
        long pid = strtol(text, NULL, 10);
        if (pid <= 1 || procfs_start_time((pid_t) pid, &start, err) < 0)
                return error_set(err, ERROR_SYSTEM, 0, "The TPM emulator ended at once");
        return device_process_record(context, TPM_PREFIX, (pid_t) pid, start, err);
}

static int start_emulator(const DeviceContext *context, DeviceNode *ret, Error **err) {
        _cleanup_free_ char *state = str_printf("%s/../containers/%s/tpm.%s", context->directory,
                                                context->instance, context->name);
        _cleanup_free_ char *directory = NULL, *answer = NULL;
        _cleanup_free_ char *option = str_printf("dir=%s", state);
        if (device_entry_directory(context, &directory, err) < 0 ||
            directory_make(state, 0700, err) < 0)
                return -1;
        _cleanup_free_ char *pid_file = str_printf("%s/swtpm-%s.pid", state, context->name);
        _cleanup_free_ char *pid_option = str_printf("file=%s", pid_file);
        const SpawnSpec spec = {.argv = SPAWN_ARGV("swtpm", "chardev", "--tpm2", "--tpmstate",
                                                   option, "--vtpm-proxy", "--daemon", "--pid",
                                                   pid_option),
                                .new_session = true};
        const SpawnLimits limits = {.timeout_ms = START_TIMEOUT_MS};
        if (spawn_run_checked(&spec, &limits, &answer, err) < 0)
                return error_prefix(err, "Failed to start the TPM emulator");
        if (record(context, pid_file, err) < 0)
                return -1;
        return parse_answer(answer, ret, err);
}

static int tpm_nodes(const DeviceContext *context, DeviceNodes *ret, Error **err) {
        _cleanup_free_ char *control = str_printf("%s/dev/vtpmx", context->host_root);
        DeviceNode node = {.block = false};
        if (!path_exists(control))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "Failed to validate environment: the kernel has no proxy for "
                                 "TPMs (/dev/vtpmx, module tpm_vtpm_proxy)");
        if (start_emulator(context, &node, err) < 0 ||
            device_node_owner(context, &node, err) < 0)
                return -1;
        node.path = (char *) strmap_get(context->config, "path");
        device_nodes_add(ret, &node);
        node.path = (char *) strmap_get(context->config, "pathrm");
        node.minor = RESOURCE_MANAGERS + (node.minor == FIRST_MINOR ? 0 : node.minor);
        device_nodes_add(ret, &node);
        return 0;
}

static void tpm_stop(const DeviceContext *context, _unused_ StrMap *volatiles) {
        _cleanup_free_ char *file = device_process_file(context, TPM_PREFIX);
        device_process_end(file);
}

const DeviceDriver device_tpm = {
        .type = "tpm",
        .prefix = "unix",
        .validate = tpm_validate,
        .nodes = tpm_nodes,
        .stop = tpm_stop,
};
