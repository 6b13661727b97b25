/* limits.cpu: which processors each running instance has. A number is a claim on so many, and the
 * claims are spread anew whenever an instance starts, stops or changes, or processors come and
 * go; what has moved is written into its control group. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>

#define CPU_DIRECTORY "/sys/devices/system/cpu"
#define NODE_DIRECTORY "/sys/devices/system/node"

/* Those of which instances may have some: online, not set apart, and ours. */
static CpuSet usable_cpus(const Instances *instances) {
        const char *test_directory = getenv("BERTH_TEST_CPUS");
        const char *directory = test_directory != NULL ? test_directory : CPU_DIRECTORY;
        _cleanup_free_ char *online = path_join(directory, "online");
        _cleanup_free_ char *apart = path_join(directory, "isolated");
        CpuSet set = cpuset_read(online);
        const CpuSet isolated = cpuset_read(apart);
        const char *mount = instances->cgroups.mounts[CGROUP_CPUSET];
        if (mount != NULL) {
                const char *file = instances->cgroups.unified[CGROUP_CPUSET]
                                           ? "cpuset.cpus.effective"
                                           : "cpuset.effective_cpus";
                _cleanup_free_ char *path = path_join(mount, file);
                const CpuSet effective = cpuset_read(path);
                if (cpuset_count(&effective) > 0)
                        cpuset_intersect(&set, &effective);
        }
        CpuSet rest = set;
        cpuset_remove(&rest, &isolated);
        return cpuset_count(&rest) > 0 ? rest : set;
}

static CpuSet cpus_of_nodes(const char *nodes) {
        CpuSet list, set = {.bits = {0}};
        if (str_is_empty(nodes) || !cpuset_parse(nodes, &list))
                return set;
        for (unsigned node = 0; node < CPUSET_SIZE; node++) {
                if (!cpuset_has(&list, node))
                        continue;
                _cleanup_free_ char *path = str_printf(NODE_DIRECTORY "/node%u/cpulist", node);
                const CpuSet cpus = cpuset_read(path);
                for (unsigned cpu = 0; cpu < CPUSET_SIZE; cpu++)
                        if (cpuset_has(&cpus, cpu))
                                cpuset_add(&set, cpu);
        }
        return set;
}

/* Keeps `claim->cpus`. */
static void read_claim(const StrMap *config, CpuClaim *claim) {
        const char *wish = strmap_get(config, "limits.cpu");
        uint64_t count = 0;
        claim->count = 0;
        claim->pinned = claim->within = (CpuSet) {.bits = {0}};
        const CpuSet nodes = cpus_of_nodes(strmap_get(config, "limits.cpu.nodes"));
        if (str_is_empty(wish))
                claim->pinned = nodes;
        else if (!str_to_uint64(wish, &count))
                (void) cpuset_parse(wish, &claim->pinned);
        claim->count = (unsigned) MIN_OF(count, (uint64_t) CPUSET_SIZE);
        claim->within = nodes;
}

/* A copy of what the loop below needs of a runner, so that files are written without the lock. */
typedef struct CpuChange {
        RuntimeProcess process;
        char *text;
} CpuChange;

typedef struct CpuPlan {
        Runner **runners; /* with a claim; borrowed, under the lock only */
        CpuClaim *claims;
        size_t count;
} CpuPlan;

static void plan_done(CpuPlan *plan) {
        free(plan->runners);
        free(plan->claims);
}

/* Under the lock. */
static void plan_all(Instances *instances, CpuPlan *plan) {
        const CpuSet usable = usable_cpus(instances);
        size_t cursor = 0, capacity = table_count(instances->runners);
        void *value;
        plan->runners = mem_new_array(Runner *, capacity + 1);
        plan->claims = mem_new_array(CpuClaim, capacity + 1);
        while (table_next(instances->runners, &cursor, NULL, &value)) {
                Runner *runner = value;
                if (!runner->claims_cpus)
                        continue;
                plan->runners[plan->count] = runner;
                plan->claims[plan->count++] = runner->cpu_claim;
        }
        cpu_claims_spread(&usable, plan->claims, plan->count);
}

void runner_claim_cpus(Instances *instances, const Instance *instance, const CpuSet *present) {
        CpuClaim claim = {.count = 0};
        read_claim(&instance->config, &claim);
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_get(instances, instance->row.project, instance->row.name,
                                    instance->disk_name);
        claim.cpus = present != NULL        ? *present
                     : runner->claims_cpus  ? runner->cpu_claim.cpus
                                            : usable_cpus(instances);
        runner->cpu_claim = claim;
        runner->claims_cpus = true;
        pthread_mutex_unlock(&instances->lock);
}

void runner_unclaim_cpus(Instances *instances, const Instance *instance) {
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        if (runner != NULL)
                runner->claims_cpus = false;
        pthread_mutex_unlock(&instances->lock);
}

char *instance_place_cpus(Instances *instances, const Instance *instance) {
        _cleanup_(plan_done) CpuPlan plan = {.runners = NULL};
        char *text = NULL;
        runner_claim_cpus(instances, instance, NULL);
        pthread_mutex_lock(&instances->lock);
        plan_all(instances, &plan);
        for (size_t i = 0; i < plan.count; i++) {
                Runner *runner = plan.runners[i];
                const CpuClaim *claim = &plan.claims[i];
                if (!str_equal(runner->disk_name, instance->disk_name))
                        continue;
                runner->cpu_claim.cpus = claim->cpus;
                if (claim->count > 0 || cpuset_count(&claim->pinned) > 0)
                        text = cpuset_to_text(&claim->cpus);
        }
        pthread_mutex_unlock(&instances->lock);
        return text;
}

static void write_change(Instances *instances, CpuChange *change) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        _cleanup_error_ Error *err = NULL;
        /* One that has just ended has no group any more. */
        if (runtime_cgroups(instances->spec.runtime, &change->process, &paths, NULL) == 0 &&
            cgroup_has_file(&paths, CGROUP_CPUSET, "cpuset.cpus") &&
            cgroup_set(&paths, CGROUP_CPUSET, "cpuset.cpus", change->text, &err) < 0)
                log_warning("Cannot give %s the processors %s: %s", change->process.name,
                            change->text, error_message(err));
        runtime_process_done(&change->process);
        free(change->text);
}

void instances_balance_cpus(Instances *instances) {
        _cleanup_(plan_done) CpuPlan plan = {.runners = NULL};
        size_t count = 0;
        if (!cgroup_has(&instances->cgroups, CGROUP_CPUSET))
                return;
        /* One balance after the other: else an older one could write last. */
        pthread_mutex_lock(&instances->balance_lock);
        pthread_mutex_lock(&instances->lock);
        plan_all(instances, &plan);
        CpuChange *changes = mem_new_array(CpuChange, plan.count + 1);
        for (size_t i = 0; i < plan.count; i++) {
                Runner *runner = plan.runners[i];
                if (runner->process.init_pid == 0 ||
                    cpuset_equal(&runner->cpu_claim.cpus, &plan.claims[i].cpus))
                        continue;
                runner->cpu_claim.cpus = plan.claims[i].cpus;
                changes[count].process = runner->process;
                changes[count].process.name = str_dup(runner->process.name);
                changes[count++].text = cpuset_to_text(&runner->cpu_claim.cpus);
        }
        pthread_mutex_unlock(&instances->lock);
        for (size_t i = 0; i < count; i++)
                write_change(instances, &changes[i]);
        free(changes);
        pthread_mutex_unlock(&instances->balance_lock);
}

void instance_adopt_cpus(Instances *instances, const Instance *instance,
                         const RuntimeProcess *process) {
        _cleanup_cgroup_paths_ CgroupPaths paths = {.directories = {NULL}};
        _cleanup_free_ char *text = NULL;
        CpuSet present;
        if (str_is_empty(strmap_get(&instance->config, "limits.cpu"))) {
                runner_claim_cpus(instances, instance, NULL);
                return;
        }
        bool known = runtime_cgroups(instances->spec.runtime, process, &paths, NULL) == 0 &&
                     cgroup_get(&paths, CGROUP_CPUSET, "cpuset.cpus", &text, NULL) == 0 &&
                     cpuset_parse(text, &present);
        runner_claim_cpus(instances, instance, known ? &present : NULL);
}
