/* /1.0/projects */
#include "rest/table.h"

#include "api/project.h"
#include "base/memory.h"
#include "database/database.h"
#include "database/profiles.h"
#include "database/projects.h"
#include "project/project.h"
#include "rest/context.h"
#include "schema/key.h"
#include "schema/names.h"

/* What a new project has when the request does not say. */
static const struct {
        const char *key, *value;
} initial_features[] = {
        {"features.images", "true"},
        {"features.profiles", "true"},
        {"features.storage.volumes", "true"},
};

static int project_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ProjectRow row = {};
        /* Not even whether there is one. */
        if (!rest_caller_may_use(request, request->parameters[0]))
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_get(tx, request->parameters[0], &row, err) < 0)
                return -1;
        ProjectRow *entity = mem_new(ProjectRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void project_unload(void *entity) {
        project_row_done(entity);
        free(entity);
}

static json_t *project_etag(RestRequest *request) {
        const ProjectRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_string(row->description));
        json_array_append_new(value, json_from_strmap(&row->config));
        return value;
}

static const RestEntity project_entity = {
        .load = project_load,
        .etag = project_etag,
        .unload = project_unload,
};

static json_t *project_json(Transaction *tx, const ProjectRow *row, Error **err) {
        StrList used_by = {};
        if (db_project_used_by(tx, row, &used_by, err) < 0)
                return NULL;
        const ApiProject project = {.config = row->config,
                                    .description = row->description,
                                    .name = row->name,
                                    .used_by = used_by};
        json_t *object = api_project_to_json(&project);
        strlist_done(&used_by);
        return object;
}

static int projects_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_list_done) ProjectRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_list(tx, &rows, err) < 0 || rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                if (!rest_caller_may_use(request, rows.items[i].name))
                        continue;
                _cleanup_free_ char *url = rest_url(NULL, "projects", rows.items[i].name, NULL);
                json_t *object = rest_list_wants_objects(&list)
                                         ? project_json(tx, &rows.items[i], err)
                                         : NULL;
                rest_list_add(&list, url, object);
        }
        return rest_list_reply(&list);
}

static int project_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        json_t *object = project_json(tx, request->entity, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static void emit(RestRequest *request, const char *action, const char *name, const char *old) {
        _cleanup_free_ char *source = rest_url(NULL, "projects", name, NULL);
        json_t *context = old != NULL ? json_pack("{s:s}", "old_name", old) : NULL;
        rest_emit(request, action, source, context);
}

/* A project with profiles of its own begins with an empty default profile. */
static int add_default_profile(Transaction *tx, const char *project, const StrMap *config,
                               Error **err) {
        _cleanup_free_ char *text = str_printf("Default LXD profile for project %s", project);
        const ProfileRow profile = {.project = (char *) project,
                                    .name = (char *) "default",
                                    .description = text};
        int64_t id;
        if (!str_is_true(strmap_get(config, "features.profiles")))
                return 0;
        return db_profile_create(tx, &profile, &id, err);
}

static int projects_post(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(api_projects_post_done) ApiProjectsPost post;
        int64_t id;
        api_projects_post_init(&post);
        if (api_projects_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        for (size_t i = 0; i < ARRAY_SIZE(initial_features); i++)
                if (!strmap_has(&post.config, initial_features[i].key))
                        strmap_set(&post.config, initial_features[i].key,
                                   initial_features[i].value);
        const ProjectRow row = {.name = post.name,
                                .description = post.description,
                                .config = post.config};
        if (name_check_project(post.name, err) < 0 ||
            config_validate(&config_project, post.name, &post.config, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_create(tx, &row, &id, err) < 0 ||
            add_default_profile(tx, post.name, &post.config, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "project-created", post.name, NULL);
        return rest_reply_created(request, rest_url(NULL, "projects", post.name, NULL));
}

/* Whether the project holds more than its own default profile. */
static int is_empty(Transaction *tx, const ProjectRow *row, bool *ret, Error **err) {
        _cleanup_strlist_ StrList users = {};
        if (db_project_used_by(tx, row, &users, err) < 0)
                return -1;
        *ret = true;
        for (size_t i = 0; i < users.count; i++)
                if (!str_has_prefix(users.items[i], "/1.0/profiles/default"))
                        *ret = false;
        return 0;
}

static int check_feature(const char *key, const char *before, const char *after, bool empty,
                         Error **err) {
        if (empty || str_equal(before, after))
                return 0;
        if (str_is_true(before))
                return error_set(err, ERROR_INVALID, 0,
                                 "Project feature \"%s\" cannot be disabled on non-empty projects",
                                 key);
        if (str_is_false(before))
                return error_set(err, ERROR_INVALID, 0,
                                 "Project feature \"%s\" cannot be enabled on non-empty projects",
                                 key);
        return 0;
}

/* Features say where the objects are: they cannot change under them. */
static int check_features(Transaction *tx, const ProjectRow *row, const StrMap *before,
                          Error **err) {
        _cleanup_strmap_ StrMap all = {};
        bool empty, changed = false;
        strmap_copy(&all, before);
        strmap_merge(&all, &row->config);
        for (size_t i = 0; i < all.count; i++)
                changed = changed || (str_has_prefix(all.items[i].key, "features.") &&
                                      !str_equal(strmap_get(&row->config, all.items[i].key),
                                                 strmap_get(before, all.items[i].key)));
        if (!changed)
                return 0;
        if (str_equal(row->name, "default"))
                return error_set(err, ERROR_INVALID, 0,
                                 "You can't change the features of the default project");
        if (is_empty(tx, row, &empty, err) < 0)
                return -1;
        for (size_t i = 0; i < all.count; i++) {
                const char *key = all.items[i].key;
                if (str_has_prefix(key, "features.") &&
                    check_feature(key, strmap_get(before, key), strmap_get(&row->config, key),
                                  empty, err) < 0)
                        return -1;
        }
        return 0;
}

/* With profiles of its own it has a default one, else none. */
static int settle_default_profile(Transaction *tx, const ProjectRow *row, Error **err) {
        _cleanup_(profile_row_done) ProfileRow own = {};
        bool has_one = db_profile_get(tx, row->name, "default", &own, NULL) == 0;
        bool wants_one = str_equal(row->name, "default") ||
                         str_is_true(strmap_get(&row->config, "features.profiles"));
        if (has_one == wants_one)
                return 0;
        return wants_one ? add_default_profile(tx, row->name, &row->config, err)
                         : db_profile_delete(tx, own.id, err);
}

static int project_put(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strmap_ StrMap before = {};
        ProjectRow *row = request->entity;
        ApiProjectPut put = {.config = row->config, .description = row->description};
        strmap_copy(&before, &row->config);
        row->config = (StrMap){};
        row->description = NULL;
        int result = api_project_put_read(request->body, &put,
                                          rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err);
        row->config = put.config;
        row->description = put.description != NULL ? put.description : str_dup("");
        if (result < 0 || config_validate(&config_project, row->name, &row->config, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            check_features(tx, row, &before, err) < 0 ||
            project_allow_update(tx, row, &before, err) < 0 ||
            db_project_update(tx, row, err) < 0 || settle_default_profile(tx, row, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "project-updated", row->name, NULL);
        return rest_reply_empty(request);
}

typedef struct Rename {
        RestContext *context;
        char *from, *to;
} Rename;

static void rename_release(void *userdata) {
        Rename *rename = userdata;
        free(rename->from);
        free(rename->to);
        free(rename);
}

static int rename_run(Operation *operation, void *userdata, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(project_row_done) ProjectRow row = {};
        const Rename *rename = userdata;
        bool empty;
        if (database_begin(rename->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_get(tx, rename->from, &row, err) < 0 || is_empty(tx, &row, &empty, err) < 0)
                return -1;
        if (!empty)
                return error_set(err, ERROR_IN_USE, 0, "Only empty projects can be renamed");
        if (db_project_rename(tx, rename->from, rename->to, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        _cleanup_free_ char *source = rest_url(NULL, "projects", rename->to, NULL);
        const EventLifecycle event = {.action = "project-renamed",
                                      .project = rename->to,
                                      .source = source,
                                      .requestor = operation_requestor(operation)};
        event_emit_lifecycle(rename->context->events, &event);
        return 0;
}

static const OperationHooks rename_hooks = {.run = rename_run, .release = rename_release};

static int project_post(RestRequest *request, Error **err) {
        _cleanup_(api_project_post_done) ApiProjectPost post;
        const ProjectRow *row = request->entity;
        api_project_post_init(&post);
        if (str_equal(row->name, "default"))
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "The 'default' project cannot be renamed");
        if (api_project_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        if (name_check_project(post.name, err) < 0)
                return -1;
        Rename *rename = mem_new(Rename);
        *rename = (Rename){request->context, str_dup(row->name), str_dup(post.name)};
        EventRequestor requestor = rest_requestor(request);
        return rest_reply_operation(
                request, operation_new(request->context->operations,
                                       &(OperationSpec){.class = OPERATION_TASK,
                                                        .description = "Renaming project",
                                                        .hooks = &rename_hooks,
                                                        .userdata = rename,
                                                        .requestor = &requestor}));
}

static int project_delete(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const ProjectRow *row = request->entity;
        bool empty;
        if (str_equal(row->name, "default"))
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "The 'default' project cannot be deleted");
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            is_empty(tx, row, &empty, err) < 0)
                return -1;
        if (!empty)
                return error_set(err, ERROR_IN_USE, 0, "Only empty projects can be removed");
        if (db_project_delete(tx, row->name, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "project-deleted", row->name, NULL);
        return rest_reply_empty(request);
}

static int project_state_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const ProjectRow *row = request->entity;
        ProjectUsage usage[_PROJECT_RESOURCE_MAX];
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            project_usage(tx, row->name, usage, err) < 0)
                return -1;
        ApiProjectState state;
        api_project_state_init(&state);
        for (size_t i = 0; i < _PROJECT_RESOURCE_MAX; i++) {
                ApiProjectStateResource *resource =
                        json_map_add(&state.resources, api_project_state_resource_fields,
                                     project_resource_names[i]);
                resource->limit = usage[i].limit;
                resource->usage = usage[i].usage;
        }
        json_t *object = api_project_state_to_json(&state);
        api_project_state_done(&state);
        return rest_reply_sync(request, object);
}

static const RestEntity project_plain_entity = {
        .load = project_load,
        .unload = project_unload,
};

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/projects",
                .get = {projects_get, REST_TRUSTED},
                .post = {projects_post, REST_ADMIN, REST_JSON_BODY},
        },
        {
                .path = "/1.0/projects/{name}",
                .entity = &project_entity,
                .get = {project_get, REST_TRUSTED},
                .put = {project_put, REST_ADMIN, REST_JSON_BODY},
                .patch = {project_put, REST_ADMIN, REST_JSON_BODY},
                .post = {project_post, REST_ADMIN, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {project_delete, REST_ADMIN, REST_NO_ETAG},
        },
        {
                .path = "/1.0/projects/{name}/state",
                .entity = &project_plain_entity,
                .get = {project_state_get, REST_TRUSTED},
        },
};

const RestTable rest_projects_table = {endpoints, ARRAY_SIZE(endpoints)};
