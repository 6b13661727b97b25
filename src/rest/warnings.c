/* /1.0/warnings */
#include "rest/table.h"

#include "api/warning.h"
#include "base/memory.h"
#include "database/warnings.h"
#include "rest/context.h"

static int warning_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        WarningRow row = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_warning_get(tx, request->parameters[0], &row, err) < 0)
                return -1;
        WarningRow *entity = mem_new(WarningRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void warning_unload(void *entity) {
        warning_row_done(entity);
        free(entity);
}

static json_t *warning_etag(RestRequest *request) {
        const WarningRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_string(row->status));
        return value;
}

static const RestEntity warning_entity = {
        .load = warning_load,
        .etag = warning_etag,
        .unload = warning_unload,
};

/* Borrows from the row. */
static json_t *warning_json(const WarningRow *row) {
        const ApiWarning warning = {.status = (char *) row->status,
                                    .uuid = row->uuid,
                                    .location = (char *) "none",
                                    .project = row->project,
                                    .type = (char *) row->type,
                                    .count = row->count,
                                    .first_seen_at = row->first_seen_ns,
                                    .last_seen_at = row->last_seen_ns,
                                    .last_message = row->message,
                                    .severity = (char *) row->severity,
                                    .entity_url = row->entity_url};
        return api_warning_to_json(&warning);
}

static int warnings_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(warning_row_list_done) WarningRowList rows = {};
        RestList list;
        /* Without a project all are meant, not those of the default one. */
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_warning_list(tx, rest_query(request, "project"), &rows, err) < 0 ||
            rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                _cleanup_free_ char *url = rest_url(NULL, "warnings", rows.items[i].uuid, NULL);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list) ? warning_json(&rows.items[i]) : NULL);
        }
        return rest_list_reply(&list);
}

static int warning_get(RestRequest *request, _unused_ Error **err) {
        return rest_reply_sync(request, warning_json(request->entity));
}

static void emit(RestRequest *request, const char *action) {
        const WarningRow *row = request->entity;
        _cleanup_free_ char *source = rest_url(NULL, "warnings", row->uuid, NULL);
        rest_emit(request, action, source, NULL);
}

static int read_status(RestRequest *request, WarningStatus *ret, Error **err) {
        _cleanup_(api_warning_put_done) ApiWarningPut put;
        api_warning_put_init(&put);
        if (api_warning_put_read(request->body, &put, JSON_REPLACE, err) < 0)
                return -1;
        *ret = str_equal(put.status, "new") ? WARNING_NEW : WARNING_ACKNOWLEDGED;
        if (*ret == WARNING_ACKNOWLEDGED && !str_equal(put.status, "acknowledged"))
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Status may only be set to \"acknowledged\" or \"new\"");
        return 0;
}

static int warning_put(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const WarningRow *row = request->entity;
        WarningStatus status;
        if (read_status(request, &status, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_warning_set_status(tx, row->uuid, status, err) < 0 ||
            transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, status == WARNING_NEW ? "warning-reset" : "warning-acknowledged");
        return rest_reply_empty(request);
}

static int warning_delete(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const WarningRow *row = request->entity;
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_warning_delete(tx, row->uuid, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "warning-deleted");
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/warnings",
                .get = {warnings_get, REST_ADMIN},
        },
        {
                .path = "/1.0/warnings/{id}",
                .entity = &warning_entity,
                .get = {warning_get, REST_ADMIN},
                .put = {warning_put, REST_ADMIN, REST_JSON_BODY},
                .patch = {warning_put, REST_ADMIN, REST_JSON_BODY},
                .delete = {warning_delete, REST_ADMIN, REST_NO_ETAG},
        },
};

const RestTable rest_warnings_table = {endpoints, ARRAY_SIZE(endpoints)};
