/* The instance's files: its root as the SFTP server sees it, and the session that is kept open. */
#include "instance/instance_private.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"

#define KEEP_SECONDS 10

/* What runtime_files_open() needs; everything is owned. */
typedef struct Root {
        RuntimeFiles files;
        RuntimeProcess process;
        char *rootfs;
        IdMap idmap;
} Root;

static void root_done(Root *root) {
        runtime_process_done(&root->process);
        free(root->rootfs);
        idmap_done(&root->idmap);
}

static int stopped_root(Instances *instances, const Instance *instance, Root *root, Error **err) {
        _cleanup_free_ char *volume = NULL;
        _cleanup_strmap_ StrMap changes = {.items = NULL};
        _cleanup_transaction_ Transaction *tx = NULL;
        if (instance_volume_path(instances, instance, &volume, err) < 0)
                return -1;
        root->rootfs = path_join(volume, "rootfs");
        if (instance_idmap(instance, &root->idmap, err) < 0 ||
            instance_prepare_root(instances, instance, root->rootfs, &changes,
                                  &root->files.idmapped, err) < 0)
                return -1;
        if (changes.count == 0)
                return 0;
        if (database_begin(instances->spec.database, DATABASE_WRITE, &tx, err) < 0 ||
            db_instance_config_set(tx, instance->row.id, &changes, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

/* `root` must not move afterwards. */
static int find_root(Instances *instances, const Instance *instance, Root *root, Error **err) {
        if (instance_is_running(instance)) {
                if (instance_process(instances, instance, &root->process, err) < 0)
                        return -1;
                root->files.process = &root->process;
                return 0;
        }
        if (stopped_root(instances, instance, root, err) < 0)
                return -1;
        root->files.rootfs = root->rootfs;
        root->files.idmap = &root->idmap;
        return 0;
}

int instance_files_open_socket(Instances *instances, const Instance *instance, int *ret_fd,
                               Error **err) {
        _cleanup_(root_done) Root root = {.rootfs = NULL};
        if (find_root(instances, instance, &root, err) < 0)
                return -1;
        return runtime_files_open(instances->spec.runtime, &root.files, ret_fd, err);
}

int instance_files_acquire(Instances *instances, const Instance *instance, FilesSession **ret,
                           Error **err) {
        _cleanup_(root_done) Root root = {.rootfs = NULL};
        FilesSession *session = NULL;
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_of(instances, instance->disk_name);
        if (runner != NULL)
                session = TAKE_PTR(runner->files);
        pthread_mutex_unlock(&instances->lock);
        if (session != NULL && files_session_is_alive(session)) {
                *ret = session;
                return 0;
        }
        files_session_free(session);
        if (find_root(instances, instance, &root, err) < 0)
                return -1;
        return files_session_new(instances->spec.runtime, &root.files, ret, err);
}

static void expire_files(void *userdata) {
        Instances *instances = userdata;
        int64_t oldest = time_monotonic_ns() - KEEP_SECONDS * NS_PER_SECOND;
        size_t cursor = 0;
        void *value;
        pthread_mutex_lock(&instances->lock);
        while (table_next(instances->runners, &cursor, NULL, &value)) {
                Runner *runner = value;
                if (runner->files != NULL && runner->files_used_ns <= oldest)
                        files_session_free(TAKE_PTR(runner->files));
        }
        pthread_mutex_unlock(&instances->lock);
}

void instance_files_release(Instances *instances, const Instance *instance,
                            FilesSession *session) {
        pthread_mutex_lock(&instances->lock);
        Runner *runner = runner_get(instances, instance->row.project, instance->row.name,
                                    instance->disk_name);
        bool running = runner->process.init_pid != 0;
        /* Only a session of the present life is kept. */
        if (runner->files == NULL && runner->busy == NULL && files_session_is_alive(session) &&
            running == instance_is_running(instance)) {
                runner->files = TAKE_PTR(session);
                runner->files_used_ns = time_monotonic_ns();
                int64_t later = runner->files_used_ns + (KEEP_SECONDS + 1) * NS_PER_SECOND;
                (void) loop_timer_add(instances->spec.loop, later, expire_files, instances);
        }
        pthread_mutex_unlock(&instances->lock);
        files_session_free(session);
}
