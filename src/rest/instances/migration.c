/* Copies between hosts: POST /1.0/instances with source.type "migration" receives, POST
 * /1.0/instances/{name} with "migration" sends. */
#include "rest/instances/instances.h"

#include "base/memory.h"
#include "migration/migration.h"
#include "rest/context.h"

/* Mode "pull": we go to the source; "push": it comes to us. */
static int read_mode(const ApiInstanceSource *source, MigrationPeer *ret, Error **err) {
        if (!str_equal(source->mode, "pull") && !str_equal(source->mode, "push"))
                return error_set(err, ERROR_INVALID, 0,
                                 "Unknown migration mode \"%s\": pull or push is needed",
                                 source->mode != NULL ? source->mode : "");
        if (str_equal(source->mode, "push"))
                return 0;
        *ret = (MigrationPeer) {.operation = source->operation != NULL ? source->operation : "",
                                .certificate = source->certificate,
                                .secrets = &source->secrets};
        return 0;
}

static bool exists(RestRequest *request, const char *name) {
        _cleanup_(instance_cleanup) Instance *instance = NULL;
        return !str_is_empty(name) &&
               instance_load(request->context->instances, request->project, name, &instance,
                             NULL) == 0;
}

static int prepare(RestRequest *request, const ApiInstancesPost *post, bool refresh,
                   InstanceCreate *create, Error **err) {
        if (instance_create_from_api(post, request->project, json_has(request->body, "profiles"),
                                     create, err) < 0)
                return -1;
        create->origin = &migration_origin;
        if (!str_is_empty(post->source.base_image))
                strmap_set(&create->row.config, "volatile.base_image", post->source.base_image);
        return refresh ? 0 : instance_create_prepare(request->context->instances, create, err);
}

int rest_instance_receive(RestRequest *request, const ApiInstancesPost *post, Error **err) {
        const ApiInstanceSource *source = &post->source;
        _cleanup_(instance_create_done) InstanceCreate create = {.image = NULL};
        MigrationTarget *target;
        MigrationTargetSpec spec = {.instances = request->context->instances,
                                    .create = &create,
                                    .instance_only =
                                            source->instance_only || source->container_only,
                                    .refresh = source->refresh && exists(request, post->name)};
        if (read_mode(source, &spec.peer, err) < 0 ||
            prepare(request, post, spec.refresh, &create, err) < 0)
                return -1;
        _cleanup_free_ char *path = str_printf("/1.0/instances/%s", create.row.name);
        if (migration_target_new(&spec, &target, err) < 0)
                return -1;
        EventRequestor requestor = rest_requestor(request);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = migration_target_class(target),
                                               .description = "Creating instance",
                                               .project = request->project,
                                               .hooks = &migration_target_hooks,
                                               .userdata = target,
                                               .requestor = &requestor});
        operation_add_resource(operation, "instances", path);
        migration_target_attach(target, operation);
        return rest_reply_operation(request, operation);
}

int rest_instance_send(RestRequest *request, const ApiInstancePost *post, Error **err) {
        const Instance *instance = request->entity;
        const ApiInstancePostTarget *to = post->target;
        MigrationSource *source;
        MigrationSourceSpec spec = {.instances = request->context->instances,
                                    .instance = instance,
                                    .live = post->live,
                                    .instance_only = post->instance_only || post->container_only,
                                    .allow_inconsistent = post->allow_inconsistent};
        if (to != NULL)
                spec.peer = (MigrationPeer) {to->operation != NULL ? to->operation : "",
                                             to->certificate, &to->secrets};
        if (migration_source_new(&spec, &source, err) < 0)
                return -1;
        EventRequestor requestor = rest_requestor(request);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = migration_source_class(source),
                                               .description =
                                                       instance->snapshot != NULL
                                                               ? "Transferring snapshot"
                                                               : "Migrating instance",
                                               .project = instance->row.project,
                                               .hooks = &migration_source_hooks,
                                               .userdata = source,
                                               .requestor = &requestor});
        _cleanup_free_ char *url = instance_url(instance);
        operation_add_resource(operation, "instances", url);
        migration_source_attach(source, operation);
        return rest_reply_operation(request, operation);
}
