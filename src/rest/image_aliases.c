/* /1.0/images/aliases */
#include "rest/table.h"

#include "api/image.h"
#include "base/memory.h"
#include "database/images.h"
#include "rest/context.h"
#include "schema/names.h"

static int alias_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ImageAliasRow row = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_image_alias_get(tx, request->effective_project, request->parameters[0], &row,
                               err) < 0)
                return -1;
        ImageAliasRow *entity = mem_new(ImageAliasRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void alias_unload(void *entity) {
        image_alias_row_done(entity);
        free(entity);
}

static json_t *alias_json(const ImageAliasRow *row) {
        const ApiImageAliasesEntry entry = {.description = row->description,
                                            .target = row->fingerprint,
                                            .name = row->name,
                                            .type = (char *) "container"};
        return api_image_aliases_entry_to_json(&entry);
}

static json_t *alias_etag(RestRequest *request) {
        return alias_json(request->entity);
}

static const RestEntity alias_entity = {
        .load = alias_load,
        .etag = alias_etag,
        .unload = alias_unload,
};

static int aliases_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(image_alias_list_done) ImageAliasList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_image_alias_list(tx, request->effective_project, &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url = rest_url(request->effective_project, "images", "aliases",
                                                    rows.items[i].name, NULL);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list) ? alias_json(&rows.items[i]) : NULL);
        }
        return rest_list_reply(&list);
}

/* Strangers see the names of public images. */
static int check_visible(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(image_row_done) ImageRow image = {};
        const ImageAliasRow *row = request->entity;
        if (rest_caller_may_use(request, request->project))
                return 0;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_image_get(tx, request->effective_project, row->fingerprint, &image, err) < 0)
                return -1;
        return image.public ? 0
                            : error_set(err, ERROR_NOT_FOUND, 0, "Image alias not found");
}

static int alias_get(RestRequest *request, Error **err) {
        if (check_visible(request, err) < 0)
                return -1;
        return rest_reply_sync(request, alias_json(request->entity));
}

static void emit(RestRequest *request, const char *action, const char *name, json_t *context) {
        _cleanup_free_ char *source = rest_url(NULL, "images", "aliases", name, NULL);
        rest_emit(request, action, source, context);
}

static char *alias_url(const RestRequest *request, const char *name) {
        return rest_url(request->effective_project, "images", "aliases", name, NULL);
}

/* The whole fingerprint of a target that may be the beginning of one. */
static int resolve_target(Transaction *tx, const RestRequest *request, const char *target,
                          char **ret, Error **err) {
        _cleanup_(image_row_done) ImageRow image = {};
        if (db_image_get(tx, request->effective_project, target, &image, err) < 0)
                return -1;
        str_replace(ret, str_dup(image.fingerprint));
        return 0;
}

static int aliases_post(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(api_image_aliases_post_done) ApiImageAliasesPost post;
        _cleanup_free_ char *fingerprint = NULL;
        api_image_aliases_post_init(&post);
        if (api_image_aliases_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.name) || str_is_empty(post.target))
                return error_set(err, ERROR_INVALID, 0, "name and target are required");
        if (name_check_image_alias(post.name, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            resolve_target(tx, request, post.target, &fingerprint, err) < 0)
                return -1;
        const ImageAliasRow row = {.name = post.name,
                                   .description = post.description,
                                   .fingerprint = fingerprint};
        if (db_image_alias_create(tx, request->effective_project, &row, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "image-alias-created", post.name,
             json_pack("{s:s}", "target", fingerprint));
        return rest_reply_created(request, alias_url(request, post.name));
}

static int alias_put(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        ImageAliasRow *row = request->entity;
        ApiImageAliasesEntryPut put = {.description = row->description, .target = row->fingerprint};
        row->description = row->fingerprint = NULL;
        int result = api_image_aliases_entry_put_read(
                request->body, &put, rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err);
        row->description = put.description != NULL ? put.description : str_dup("");
        row->fingerprint = put.target;
        if (result < 0)
                return -1;
        if (str_is_empty(row->fingerprint))
                return error_set(err, ERROR_INVALID, 0, "The target field is required");
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            resolve_target(tx, request, row->fingerprint, &row->fingerprint, err) < 0 ||
            db_image_alias_update(tx, request->effective_project, row, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "image-alias-updated", row->name, NULL);
        return rest_reply_empty(request);
}

static int alias_post(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(api_image_aliases_entry_post_done) ApiImageAliasesEntryPost post;
        const ImageAliasRow *row = request->entity;
        api_image_aliases_entry_post_init(&post);
        if (api_image_aliases_entry_post_read(request->body, &post, JSON_REPLACE, err) < 0 ||
            name_check_image_alias(post.name, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_image_alias_rename(tx, row->id, post.name, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "image-alias-renamed", post.name, json_pack("{s:s}", "old_name", row->name));
        return rest_reply_created(request, alias_url(request, post.name));
}

static int alias_delete(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const ImageAliasRow *row = request->entity;
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_image_alias_delete(tx, row->id, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "image-alias-deleted", row->name, NULL);
        return rest_reply_empty(request);
}

#define FEATURE "features.images"

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/images/aliases",
                .project_feature = FEATURE,
                .get = {aliases_get, REST_PROJECT},
                .post = {aliases_post, REST_PROJECT, REST_JSON_BODY},
        },
        {
                .path = "/1.0/images/aliases/{name...}",
                .entity = &alias_entity,
                .project_feature = FEATURE,
                .get = {alias_get, REST_GUEST},
                .put = {alias_put, REST_PROJECT, REST_JSON_BODY},
                .patch = {alias_put, REST_PROJECT, REST_JSON_BODY},
                .post = {alias_post, REST_PROJECT, REST_JSON_BODY | REST_NO_ETAG},
                .delete = {alias_delete, REST_PROJECT, REST_NO_ETAG},
        },
};

const RestTable rest_image_aliases_table = {endpoints, ARRAY_SIZE(endpoints)};
