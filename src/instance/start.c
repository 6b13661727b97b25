/* Start: ids, files, devices, configuration, record, then liblxc; undone in reverse. */
#include "instance/lifecycle_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "device/entries.h"
#include "instance/apparmor.h"
#include "schema/arch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define KILL_TIMEOUT_MS 60000

/* What a start has made so far. */
typedef struct Start {
        Instances *instances;
        Instance *instance;
        char *log_directory, *volume, *rootfs, *seccomp_file, *config_file, *cpus;
        char *seccomp_proxy, *apparmor, *nvidia_hook;
        IdMap idmap;
        bool idmapped;
        DeviceRun run;
        StrMap volatiles;
} Start;

static void start_done(Start *start) {
        free(start->log_directory);
        free(start->volume);
        free(start->rootfs);
        free(start->seccomp_file);
        free(start->config_file);
        free(start->cpus);
        free(start->seccomp_proxy);
        free(start->apparmor);
        free(start->nvidia_hook);
        idmap_done(&start->idmap);
        device_run_done(&start->run);
        strmap_done(&start->volatiles);
}

static int start_devices(Start *start, Error **err) {
        const DeviceMap *devices = &start->instance->devices;
        _cleanup_free_ size_t *order = device_order(devices);
        for (size_t i = 0; i < devices->count; i++) {
                const DeviceContext context = instance_device_context(
                        start->instances, start->instance, devices, order[i]);
                _cleanup_device_run_ DeviceRun run = {.link = NULL};
                int result = device_start(&context, &run, err);
                /* Also of one that failed: its stop() finds by them what it had made. */
                strmap_merge(&start->volatiles, &run.volatiles);
                if (result < 0)
                        return error_prefix(err, "Failed to start device \"%s\"", context.name);
                for (size_t line = 0; line < run.lines.count; line++)
                        strlist_add(&start->run.lines, run.lines.items[line]);
        }
        return 0;
}

void instance_devices_stop(Instances *instances, const Instance *instance, StrMap *changes) {
        _cleanup_free_ size_t *order = device_order(&instance->devices);
        for (size_t i = instance->devices.count; i-- > 0;) {
                const DeviceContext context = instance_device_context(
                        instances, instance, &instance->devices, order[i]);
                device_stop(&context, changes);
        }
        device_entries_clean(instances->devices, instance->disk_name);
}

/* One over its quota refuses even what changes nothing. */
static int protect_volume(const char *volume, uid_t owner, Error **err) {
        struct stat info;
        if (stat(volume, &info) == 0 && info.st_uid == owner && info.st_gid == 0 &&
            (info.st_mode & 07777) == 0100)
                return 0;
        if (chown(volume, owner, 0) < 0 || chmod(volume, 0100) < 0)
                return error_errno(err, errno, "Failed to protect the volume \"%s\"", volume);
        return 0;
}

static int prepare_volume(Start *start, Error **err) {
        Instances *instances = start->instances;
        if (instance_volume_path(instances, start->instance, &start->volume, err) < 0 ||
            instance_idmap(start->instance, &start->idmap, err) < 0)
                return -1;
        if (instance_deferred_size(instances, start->instance, &start->volatiles, err) < 0)
                return -1;
        start->rootfs = path_join(start->volume, "rootfs");
        /* Nobody but the daemon and the container's own root may pass. */
        uid_t owner = start->idmap.count > 0 ? idmap_to_host(&start->idmap, false, 0) : 0;
        if (protect_volume(start->volume, owner, err) < 0)
                return -1;
        if (directory_make(start->rootfs, 0755, err) < 0)
                return -1;
        return instance_prepare_root(instances, start->instance, start->rootfs,
                                     &start->volatiles, &start->idmapped, err);
}

static int prepare_templates(Start *start, Error **err) {
        _cleanup_strlist_ StrList triggers = {.items = NULL};
        const char *pending = strmap_get(&start->instance->config, "volatile.apply_template");
        if (!str_is_empty(pending)) {
                strlist_add(&triggers, pending);
                strmap_set(&start->volatiles, "volatile.apply_template", "");
        }
        strlist_add(&triggers, "start");
        return instance_apply_templates(start->instances, start->instance, start->rootfs,
                                        &triggers, err);
}

static int write_seccomp(Start *start, Error **err) {
        const Instance *instance = start->instance;
        _cleanup_free_ char *policy = seccomp_policy(&instance->config);
        _cleanup_free_ char *directory =
                str_printf("%s/security/seccomp", start->instances->directory);
        if (policy == NULL)
                return 0;
        start->seccomp_file = path_join(directory, instance->disk_name);
        if (directory_make_all(directory, 0700, err) < 0)
                return -1;
        if (seccomp_intercepts(&instance->config)) {
                start->seccomp_proxy = str_printf("%s/security/%lld.notify",
                                                  start->instances->directory,
                                                  (long long) instance->row.id);
                if (instance_write_intercept(start->instances, instance, err) < 0)
                        return -1;
        }
        return file_write_text(start->seccomp_file, policy, err);
}

int instance_write_intercept(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_free_ char *logs = instance_log_directory(instances, instance);
        _cleanup_free_ char *path = path_join(logs, "intercept");
        _cleanup_free_ char *settings = seccomp_settings(&instance->config);
        return file_write_text(path, settings, err);
}

LxcConfigSpec instance_lxc_spec(Instances *instances, const Instance *instance) {
        return (LxcConfigSpec) {
                .config = &instance->config,
                .name = instance->row.name,
                .architecture = architecture_lxc_name((int) instance->row.architecture),
                .cgroups = &instances->cgroups,
                .memory_total = instances->memory_total,
                .memory_swap = instances->memory_swap,
                .disk_weight = instances->disk_weight,
                .lxcfs = path_exists("/var/lib/lxcfs/proc/meminfo") ? "/var/lib/lxcfs" : NULL,
                .host_paths = &instances->host_paths,
                .devlxd = instances->devlxd,
        };
}

static int write_config(Start *start, Error **err) {
        Instances *instances = start->instances;
        _cleanup_strlist_ StrList lines = {.items = NULL};
        _cleanup_free_ char *hook =
                runtime_stop_hook(instances->spec.runtime, start->instance->disk_name);
        LxcConfigSpec spec = instance_lxc_spec(instances, start->instance);
        spec.log_directory = start->log_directory;
        spec.rootfs = start->rootfs;
        spec.stop_hook = hook;
        spec.seccomp_profile = start->seccomp_file;
        spec.seccomp_proxy = start->seccomp_proxy;
        spec.apparmor = start->apparmor;
        spec.nvidia_hook = start->nvidia_hook;
        spec.idmap = &start->idmap;
        spec.idmapped = start->idmapped;
        if (instance_disk_limits(instances, start->instance, &start->run.lines, err) < 0)
                return -1;
        spec.device_lines = &start->run.lines;
        start->cpus = instance_place_cpus(instances, start->instance);
        spec.cpus = start->cpus;
        if (lxc_config_plan(&spec, &lines, err) < 0)
                return -1;
        strlist_add(&lines, "");
        _cleanup_free_ char *text = strlist_join(&lines, "\n");
        return file_write_text(start->config_file, text, err);
}

static int prepare(Start *start, Error **err) {
        Instances *instances = start->instances;
        Instance *instance = start->instance;
        if (instance_plan_volatile(instances, instance, &start->volatiles, err) < 0)
                return -1;
        instance_apply_volatile(instance, &start->volatiles);
        start->log_directory = instance_log_directory(instances, instance);
        start->config_file = instance_config_file(instances, instance);
        if (directory_make_all(start->log_directory, 0700, err) < 0 ||
            prepare_volume(start, err) < 0)
                return -1;
        instance_apply_volatile(instance, &start->volatiles);
        if (instance_load_modules(instance, err) < 0 ||
            instance_find_nvidia_hook(instance, &start->nvidia_hook, err) < 0 ||
            prepare_templates(start, err) < 0 || write_seccomp(start, err) < 0 ||
            instance_load_apparmor(instances, instance, &start->apparmor, err) < 0 ||
            start_devices(start, err) < 0)
                return -1;
        return write_config(start, err);
}

static int launch(Start *start, Error **err) {
        _cleanup_free_ char *log = path_join(start->log_directory, "lxc.log");
        _cleanup_free_ char *old = str_printf("%s.old", log);
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        _cleanup_error_ Error *failed = NULL;
        const RuntimeStart spec = {.name = start->instance->disk_name,
                                   .config_file = start->config_file,
                                   .log_file = log};
        /* The log of the life that begins; the one before stays beside it. */
        (void) rename(log, old);
        if (runtime_start(start->instances->spec.runtime, &spec, &process, err) < 0)
                return -1;
        if (instance_set_network_priority(start->instances, NULL, start->instance, &process,
                                          &failed) < 0)
                log_warning("Packets of %s have no priority: %s", start->instance->disk_name,
                            error_message(failed));
        runner_set_process(start->instances, start->instance, &process);
        start->instance->status = INSTANCE_RUNNING;
        instances_balance_cpus(start->instances);
        return 0;
}

/* What stands beside the running container. */
static int run_devices(const Start *start, Error **err) {
        const DeviceMap *devices = &start->instance->devices;
        _cleanup_free_ size_t *order = device_order(devices);
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (instance_process(start->instances, start->instance, &process, err) < 0)
                return -1;
        for (size_t i = 0; i < devices->count; i++) {
                DeviceContext context = instance_device_context(
                        start->instances, start->instance, devices, order[i]);
                context.process = &process;
                if (device_running(&context, err) < 0)
                        return error_prefix(err, "Failed to start device \"%s\"", context.name);
        }
        return 0;
}

/* One transaction for all of a start, and before the container runs: a crash in between leaves the
 * names of links where the clean-up at the daemon's start finds them. */
static int record(Start *start, Error **err) {
        _cleanup_free_ char *map = idmap_to_json(&start->idmap);
        if (!str_equal(map, strmap_get(&start->instance->config, "volatile.idmap.current")))
                strmap_set(&start->volatiles, "volatile.idmap.current", map);
        strmap_set(&start->volatiles, "volatile.last_state.power", "RUNNING");
        if (strmap_has(&start->instance->row.config, "volatile.last_state.ready"))
                strmap_set(&start->volatiles, "volatile.last_state.ready", "");
        return instance_set_volatile(start->instances, start->instance, &start->volatiles, true,
                                     err);
}

static void undo(Start *start) {
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        _cleanup_error_ Error *failed = NULL;
        runner_unclaim_cpus(start->instances, start->instance);
        instance_unload_apparmor(start->instances, start->instance);
        /* The owners on disk have changed whether the start went well or not. */
        const char *last = strmap_get(&start->volatiles, "volatile.last_state.idmap");
        if (last != NULL)
                strmap_set(&changes, "volatile.last_state.idmap", last);
        instance_apply_volatile(start->instance, &start->volatiles);
        instance_devices_stop(start->instances, start->instance, &changes);
        strmap_set(&changes, "volatile.last_state.power", "STOPPED");
        if (instance_set_volatile(start->instances, start->instance, &changes, false, &failed) < 0)
                log_error("Cannot record the failed start of %s: %s", start->instance->disk_name,
                          error_message(failed));
}

/* It runs, but not as it should. */
static void end_process(Instances *instances, Instance *instance) {
        _cleanup_(runtime_process_done) RuntimeProcess process = {.name = NULL};
        if (instance_process(instances, instance, &process, NULL) == 0 &&
            runtime_kill(instances->spec.runtime, &process, NULL) == 0 &&
            runtime_wait_stopped(&process, KILL_TIMEOUT_MS, NULL) < 0)
                log_error("%s could not be ended", instance->disk_name);
        runner_clear_process(instances, instance);
        instance->status = INSTANCE_STOPPED;
}

static int check_startable(const Instance *instance, Error **err) {
        if (instance->status == INSTANCE_FROZEN)
                return error_set(err, ERROR_BAD_STATE, 0, "The instance is frozen");
        if (instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "The instance is already running");
        if (str_is_true(strmap_get(&instance->config, "security.protection.start")))
                return error_set(err, ERROR_BAD_STATE, 0,
                                 "Instance is protected from being started");
        return 0;
}

int instance_start_held(Instances *instances, Instance *instance, const EventRequestor *requestor,
                        Error **err) {
        _cleanup_(start_done) Start start = {.instances = instances, .instance = instance};
        _cleanup_error_ Error *failed = NULL;
        if (check_startable(instance, err) < 0 ||
            instance_take_startup_snapshot(instances, instance, err) < 0)
                return -1;
        if (prepare(&start, &failed) < 0 || record(&start, &failed) < 0 ||
            launch(&start, &failed) < 0) {
                undo(&start);
                return error_move(err, &failed);
        }
        if (run_devices(&start, &failed) < 0) {
                end_process(instances, instance);
                undo(&start);
                return error_move(err, &failed);
        }
        instance_emit(instances, instance, "instance-started", NULL, requestor);
        return 0;
}
