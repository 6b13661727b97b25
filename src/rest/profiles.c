/* /1.0/profiles */
#include "rest/table.h"

#include "api/profile.h"
#include "base/memory.h"
#include "database/database.h"
#include "database/profiles.h"
#include "device/device.h"
#include "instance/update.h"
#include "project/project.h"
#include "rest/context.h"
#include "schema/key.h"
#include "schema/names.h"

static int profile_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ProfileRow row = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_profile_get(tx, request->effective_project, request->parameters[0], &row, err) < 0)
                return -1;
        ProfileRow *entity = mem_new(ProfileRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void profile_unload(void *entity) {
        profile_row_done(entity);
        free(entity);
}

static json_t *profile_etag(RestRequest *request) {
        const ProfileRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_from_strmap(&row->config));
        json_array_append_new(value, json_string(row->description));
        json_array_append_new(value, json_from_devicemap(&row->devices));
        return value;
}

static const RestEntity profile_entity = {
        .load = profile_load,
        .etag = profile_etag,
        .unload = profile_unload,
};

/* Everything but used_by is borrowed from the row. */
static json_t *profile_json(Transaction *tx, const ProfileRow *row, Error **err) {
        StrList used_by = {};
        if (db_profile_used_by(tx, row->id, &used_by, err) < 0)
                return NULL;
        const ApiProfile profile = {.config = row->config,
                                    .description = row->description,
                                    .devices = row->devices,
                                    .name = row->name,
                                    .used_by = used_by};
        json_t *object = api_profile_to_json(&profile);
        strlist_done(&used_by);
        return object;
}

static int profiles_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(profile_row_list_done) ProfileRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_profile_list(tx, request->effective_project, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url =
                        rest_url(request->effective_project, "profiles", rows.items[i].name, NULL);
                json_t *object = rest_list_wants_objects(&list)
                                         ? profile_json(tx, &rows.items[i], err)
                                         : NULL;
                rest_list_add(&list, url, object);
        }
        return rest_list_reply(&list);
}

static int profile_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        json_t *object = profile_json(tx, request->entity, err);
        return object != NULL ? rest_reply_sync(request, object) : -1;
}

static int check_content(RestRequest *request, const ProfileRow *row, Error **err) {
        if (config_validate(&config_profile, row->name, &row->config, err) < 0)
                return -1;
        for (size_t i = 0; i < row->devices.count; i++) {
                const DeviceContext context = {.instance = row->name,
                                               .project = request->effective_project,
                                               .title = row->name,
                                               .networks = request->context->networks,
                                               .devices = &row->devices,
                                               .name = row->devices.items[i].name,
                                               .config = &row->devices.items[i].config,
                                               .volatiles = &row->config};
                if (device_validate(&context, err) < 0)
                        return -1;
        }
        return 0;
}

static void emit(RestRequest *request, const char *action, const char *name, const char *old) {
        _cleanup_free_ char *source = rest_url(NULL, "profiles", name, NULL);
        json_t *context = old != NULL ? json_pack("{s:s}", "old_name", old) : NULL;
        rest_emit(request, action, source, context);
}

static int profiles_post(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(api_profiles_post_done) ApiProfilesPost post;
        int64_t id;
        api_profiles_post_init(&post);
        if (api_profiles_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        const ProfileRow row = {.project = request->effective_project,
                                .name = post.name,
                                .description = post.description,
                                .config = post.config,
                                .devices = post.devices};
        if (name_check_profile(post.name, err) < 0 || check_content(request, &row, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            project_allow_profile(tx, &row, err) < 0 ||
            db_profile_create(tx, &row, &id, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "profile-created", post.name, NULL);
        return rest_reply_created(request, rest_url(request->effective_project, "profiles",
                                                    post.name, NULL));
}

static int profile_put(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ProfileRow *row = request->entity;
        _cleanup_(profile_row_done) ProfileRow before = {.project = str_dup(row->project),
                                                         .name = str_dup(row->name)};
        strmap_copy(&before.config, &row->config);
        devicemap_copy(&before.devices, &row->devices);
        ApiProfilePut put = {.config = row->config,
                             .description = row->description,
                             .devices = row->devices};
        /* The row lends its parts to the body and takes them back changed. */
        row->config = (StrMap){};
        row->description = NULL;
        row->devices = (DeviceMap){};
        int result = api_profile_put_read(request->body, &put,
                                          rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err);
        row->config = put.config;
        row->description = put.description != NULL ? put.description : str_dup("");
        row->devices = put.devices;
        if (result < 0 || check_content(request, row, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            project_allow_profile(tx, row, err) < 0 ||
            db_profile_update(tx, row, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        instances_profile_changed(request->context->instances, &before);
        emit(request, "profile-updated", row->name, NULL);
        return rest_reply_empty(request);
}

static int profile_post(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(api_profile_post_done) ApiProfilePost post;
        const ProfileRow *row = request->entity;
        api_profile_post_init(&post);
        if (str_equal(row->name, "default"))
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "The \"default\" profile cannot be renamed");
        if (api_profile_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                return error_set(err, ERROR_INVALID, 0, "No name provided");
        if (name_check_profile(post.name, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_profile_rename(tx, row->id, post.name, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "profile-renamed", post.name, row->name);
        return rest_reply_created(request, rest_url(request->effective_project, "profiles",
                                                    post.name, NULL));
}

static int profile_delete(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strlist_ StrList users = {};
        const ProfileRow *row = request->entity;
        if (str_equal(row->name, "default"))
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "The \"default\" profile cannot be deleted");
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_profile_used_by(tx, row->id, &users, err) < 0)
                return -1;
        if (users.count > 0)
                return error_set(err, ERROR_IN_USE, 0, "Profile is currently in use");
        if (db_profile_delete(tx, row->id, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "profile-deleted", row->name, NULL);
        return rest_reply_empty(request);
}

#define FEATURE "features.profiles"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/profiles",
                .project_feature = FEATURE,
                .get = {profiles_get, REST_PROJECT},
                .post = {profiles_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/profiles/{name}",
                .entity = &profile_entity,
                .project_feature = FEATURE,
                .get = {profile_get, REST_PROJECT},
                .put = {profile_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {profile_put, REST_PROJECT, REST_JSON_BODY},
                .post = {profile_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {profile_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_profiles_table = {endpoints, ARRAY_SIZE(endpoints)};
