/* POST …/volumes/custom with bytes instead of JSON: a backup's tarball or an ISO image. */
#include "rest/storage_volumes/storage_volumes.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/server.h"
#include "rest/context.h"
#include "schema/names.h"
#include "volume/backup.h"

#define BLOCK_SIZE ((size_t) 256 << 10)

typedef struct ImportJob {
        RestContext *context;
        StorageVolumeRow target;
        VolumeUpload upload;
        bool iso;
} ImportJob;

static void job_release(void *userdata) {
        ImportJob *job = userdata;
        storage_volume_row_done(&job->target);
        volume_upload_done(&job->upload);
        free(job);
}
DEFINE_CLEANUP(ImportJob, job, job_release)

static int import_run(Operation *operation, void *userdata, Error **err) {
        ImportJob *job = userdata;
        int (*import)(Volumes *, const char *, const StorageVolumeRow *, const EventRequestor *,
                      Error **) = job->iso ? volume_import_iso : volume_import;
        int result = import(job->context->volumes, job->upload.path, &job->target,
                            operation_requestor(operation), err);
        /* The operation stays readable; what was sent needs not. */
        volume_upload_done(&job->upload);
        return result;
}

static const OperationHooks import_hooks = {.run = import_run, .release = job_release};

static int receive(RestRequest *request, const VolumeUpload *upload, Error **err) {
        _cleanup_free_ char *block = mem_alloc(BLOCK_SIZE);
        size_t got;
        for (;;) {
                if (http_exchange_read(request->exchange, block, BLOCK_SIZE, &got, err) < 0)
                        return -1;
                if (got == 0)
                        return 0;
                if (fd_write_all(upload->fd, block, got, err) < 0)
                        return -1;
        }
}

int rest_volume_import(RestRequest *request, Error **err) {
        Volumes *volumes = request->context->volumes;
        const char *name = http_exchange_header(request->exchange, "X-LXD-name");
        const char *kind = http_exchange_header(request->exchange, "X-LXD-type");
        _cleanup_(job_cleanup) ImportJob *job = mem_new(ImportJob);
        job->context = request->context;
        job->upload.fd = -1;
        job->iso = str_equal(kind, "iso");
        job->target = (StorageVolumeRow){.pool = str_dup(request->parameters[0]),
                                         .project = str_dup(request->effective_project),
                                         .name = str_dup(name != NULL ? name : ""),
                                         .type = STORAGE_VOLUME_CUSTOM};
        if (!str_is_empty(kind) && !job->iso && !str_equal(kind, "backup"))
                return error_set(err, ERROR_INVALID, 0, "Invalid import type \"%s\"", kind);
        if (job->iso && str_is_empty(name))
                return error_set(err, ERROR_INVALID, 0,
                                 "A name is required for an import of an ISO image");
        if ((!str_is_empty(name) && name_check_volume(name, err) < 0) ||
            volume_upload_new(volumes, &job->upload, err) < 0 ||
            receive(request, &job->upload, err) < 0 ||
            (!job->iso &&
             volume_import_look(volumes, job->upload.path, &job->target, err) < 0) ||
            name_check_volume(job->target.name, err) < 0 ||
            rest_volume_check_free(request, &job->target, err) < 0)
                return -1;
        const char *title = job->target.name;
        const char *description =
                job->iso ? "Creating storage volume" : "Restoring custom volume backup";
        const RestVolumeOperation spec = {.description = description,
                                          .hooks = &import_hooks,
                                          .userdata = TAKE_PTR(job),
                                          .resources = {{"storage_volumes", title}}};
        return rest_reply_operation(request, rest_volume_operation(request, &spec));
}
