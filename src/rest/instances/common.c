#include "rest/instances/instances.h"

#include "base/memory.h"
#include "instance/snapshots.h"
#include "instance/state.h"
#include "rest/context.h"

#include <string.h>

/* LXD has no networks at all for an instance that does not run. */
json_t *rest_instance_state_json(const Instance *instance, const ApiInstanceState *state) {
        json_t *object = api_instance_state_to_json(state);
        if (!instance_is_running(instance))
                json_object_set_new(object, "network", json_null());
        return object;
}

static int instance_entity_load(RestRequest *request, Error **err) {
        Instance *instance;
        if (instance_load(request->context->instances, request->project, request->parameters[0],
                          &instance, err) < 0)
                return -1;
        request->entity = instance;
        return 0;
}

static json_t *instance_entity_etag(RestRequest *request) {
        return instance_etag(request->entity);
}

static void instance_entity_unload(void *entity) {
        instance_free(entity);
}

const RestEntity rest_instance_entity = {
        .load = instance_entity_load,
        .etag = instance_entity_etag,
        .unload = instance_entity_unload,
};

const RestEntity rest_instance_plain_entity = {
        .load = instance_entity_load,
        .unload = instance_entity_unload,
};

Operation *rest_instance_operation(RestRequest *request, const Instance *instance,
                                   const char *description, const OperationHooks *hooks,
                                   void *userdata) {
        EventRequestor requestor = rest_requestor(request);
        Operation *operation =
                operation_new(request->context->operations,
                              &(OperationSpec){.class = OPERATION_TASK,
                                               .description = description,
                                               .project = instance->row.project,
                                               .hooks = hooks,
                                               .userdata = userdata,
                                               .requestor = &requestor});
        _cleanup_free_ char *url = instance_url(instance);
        operation_add_resource(operation, "instances", url);
        return operation;
}

json_t *rest_instance_json(const Instance *instance) {
        ApiInstance api;
        instance_to_api(instance, &api);
        return api_instance_to_json(&api);
}

int rest_related_load(RestRequest *request, const Instance *items, size_t count, RestRelated *ret,
                      Error **err) {
        const BackupHost host = rest_backup_host(request->context);
        *ret = (RestRelated) {.snapshot_at = 0};
        if (backup_list(&host, count == 1 ? items : NULL, &ret->backups, err) < 0)
                return -1;
        return instance_snapshots_of(request->context->instances, items, count, &ret->snapshots,
                                     err);
}

void rest_related_done(RestRelated *related) {
        instance_list_done(&related->snapshots);
        instance_backup_row_list_done(&related->backups);
        instance_state_cache_done(&related->state);
}

static json_t *take_snapshots(RestRequest *request, const Instance *instance,
                              RestRelated *related) {
        const InstanceList *list = &related->snapshots;
        size_t first = related->snapshot_at, at = first;
        while (at < list->count && list->items[at].row.id == instance->row.id)
                at++;
        related->snapshot_at = at;
        if (at == first)
                return json_null();
        return rest_instance_snapshots_json(request->context, list->items + first, at - first);
}

/* The list may be one of all projects' instances: what is before this one's is passed over. */
static json_t *take_backups(const Instance *instance, RestRelated *related) {
        const InstanceBackupRowList *list = &related->backups;
        json_t *array = NULL;
        for (; related->backup_at < list->count; related->backup_at++) {
                const InstanceBackupRow *row = &list->items[related->backup_at];
                int order = strcmp(row->project, instance->row.project);
                if (order == 0)
                        order = strcmp(row->instance, instance->row.name);
                if (order > 0)
                        break;
                if (order < 0)
                        continue;
                if (array == NULL)
                        array = json_array();
                json_array_append_new(array, rest_instance_backup_json(row));
        }
        return array != NULL ? array : json_null();
}

int rest_instance_full_json(RestRequest *request, const Instance *instance, RestRelated *related,
                            json_t **ret, Error **err) {
        ApiInstanceState state;
        api_instance_state_init(&state);
        int result = instance_state(request->context->instances, instance, &related->state, &state,
                                    err);
        if (result == 0) {
                json_t *object = rest_instance_json(instance);
                json_object_set_new(object, "backups", take_backups(instance, related));
                json_object_set_new(object, "state", rest_instance_state_json(instance, &state));
                json_object_set_new(object, "snapshots",
                                    take_snapshots(request, instance, related));
                *ret = object;
        }
        api_instance_state_done(&state);
        return result;
}
