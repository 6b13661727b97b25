/* /1.0/certificates: the trust store, and how strangers get into it. */
#include "rest/table.h"

#include "api/certificate.h"
#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "database/certificates.h"
#include "database/config.h"
#include "http/server.h"
#include "json/json.h"
#include "rest/context.h"
#include "schema/schedule.h"
#include "trust/trust.h"

#include <string.h>

#define SECRET_BYTES 32
#define TOKEN_DESCRIPTION "Executing operation"

static const char *const type_names[] = {
        [CERTIFICATE_CLIENT] = "client",
        [CERTIFICATE_SERVER] = "server",
        [CERTIFICATE_METRICS] = "metrics",
};

static int parse_type(const char *name, CertificateType *ret, Error **err) {
        for (size_t i = CERTIFICATE_CLIENT; i < ARRAY_SIZE(type_names); i++)
                if (i != CERTIFICATE_SERVER && str_equal(name, type_names[i])) {
                        *ret = (CertificateType) i;
                        return 0;
                }
        return error_set(err, ERROR_INVALID, 0, "Unknown request type %s", name);
}

static int certificate_load(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        CertificateRow row = {};
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_certificate_get(tx, request->parameters[0], &row, err) < 0)
                return -1;
        CertificateRow *entity = mem_new(CertificateRow);
        *entity = row;
        request->entity = entity;
        return 0;
}

static void certificate_unload(void *entity) {
        certificate_row_done(entity);
        free(entity);
}

static json_t *certificate_json(const CertificateRow *row) {
        const ApiCertificate certificate = {.name = row->name,
                                            .type = (char *) type_names[row->type],
                                            .restricted = row->restricted,
                                            .projects = row->projects,
                                            .certificate = row->certificate,
                                            .fingerprint = row->fingerprint};
        return api_certificate_to_json(&certificate);
}

static json_t *certificate_etag(RestRequest *request) {
        return certificate_json(request->entity);
}

static const RestEntity certificate_entity = {
        .load = certificate_load,
        .etag = certificate_etag,
        .unload = certificate_unload,
};

static int certificates_get(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_(certificate_row_list_done) CertificateRowList rows = {};
        RestList list;
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_certificate_list(tx, &rows, err) < 0 || rest_list_begin(request, &list, err) < 0)
                return -1;
        for (size_t i = 0; i < rows.count; i++) {
                const CertificateRow *row = &rows.items[i];
                _cleanup_free_ char *url =
                        rest_url(NULL, "certificates", row->fingerprint, NULL);
                rest_list_add(&list, url,
                              rest_list_wants_objects(&list) ? certificate_json(row) : NULL);
        }
        return rest_list_reply(&list);
}

static int certificate_get(RestRequest *request, Error **err) {
        return rest_reply_sync(request, certificate_json(request->entity));
}

static void emit(RestRequest *request, const char *action, const char *fingerprint) {
        _cleanup_free_ char *source = rest_url(NULL, "certificates", fingerprint, NULL);
        rest_emit(request, action, source, NULL);
}

/* --- tokens --- */

static int load_config(RestRequest *request, StrMap *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        return database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
                               db_config_get(tx, ret, err) < 0
                       ? -1
                       : 0;
}

static int token_expiry(RestRequest *request, int64_t *ret, Error **err) {
        _cleanup_strmap_ StrMap config = {};
        if (load_config(request, &config, err) < 0)
                return -1;
        const char *expiry = strmap_get(&config, "core.remote_token_expiry");
        return expiry_parse(expiry != NULL ? expiry : "", time_now_ns(), ret, err);
}

/* What the client will be asked to add is kept in the operation, and used when the token comes
 * back: the token's holder cannot widen it. */
static int token_create(RestRequest *request, const ApiCertificatesPost *post, Error **err) {
        RestContext *context = request->context;
        StrList addresses = {};
        int64_t expires_ns;
        char expires[TIME_TEXT_SIZE];
        if (token_expiry(request, &expires_ns, err) < 0)
                return -1;
        EventRequestor requestor = rest_requestor(request);
        const OperationSpec spec = {.class = OPERATION_TOKEN,
                                    .description = TOKEN_DESCRIPTION,
                                    .project = request->project,
                                    .requestor = &requestor};
        context->daemon.addresses(context->daemon.userdata, &addresses);
        _cleanup_free_ char *secret = random_hex(SECRET_BYTES);
        Operation *operation = operation_new(context->operations, &spec);
        json_t *shown = json_deep_copy(request->body);
        json_object_del(shown, "password");
        json_object_set_new(shown, "type", json_string(post->type));
        operation_set_metadata(operation, "request", shown);
        operation_set_metadata(operation, "secret", json_string(secret));
        operation_set_metadata(operation, "fingerprint",
                               json_string(trust_server_fingerprint(context->trust)));
        operation_set_metadata(operation, "addresses", json_from_strlist(&addresses));
        operation_set_metadata(operation, "expiresAt",
                               json_string(time_format_rfc3339(expires_ns, expires)));
        strlist_done(&addresses);
        return rest_reply_operation(request, operation);
}

static bool token_is(Operation *operation, const char *secret) {
        _cleanup_json_ json_t *object = operation_to_json(operation);
        const char *known = json_string_value(
                json_object_get(json_object_get(object, "metadata"), "secret"));
        return operation_class(operation) == OPERATION_TOKEN && known != NULL &&
               operation_status(operation) == OPERATION_RUNNING &&
               str_equal_secret(known, secret);
}

/* The pending token with that secret; a reference, or NULL. */
static Operation *token_find(RestRequest *request, const char *secret) {
        Operation **list, *found = NULL;
        size_t count = operations_list(request->context->operations, NULL, &list);
        for (size_t i = 0; i < count; i++) {
                if (found == NULL && token_is(list[i], secret))
                        found = operation_ref(list[i]);
                (void) operation_unref(list[i]);
        }
        free(list);
        return found;
}

/* The secret in a token's text; NULL when it is none. */
static char *token_secret(const char *text) {
        _cleanup_free_ void *data = NULL;
        size_t size;
        if (str_is_empty(text) || http_base64_decode(text, &data, &size, NULL) < 0)
                return NULL;
        _cleanup_json_ json_t *token = json_loadb(data, size, 0, NULL);
        const char *secret = json_string_value(json_object_get(token, "secret"));
        return str_is_empty(secret) ? NULL : str_dup(secret);
}

/* What the token allows replaces what was asked for; the token is used up. */
static int token_redeem(Operation *operation, ApiCertificatesPost *post, Error **err) {
        _cleanup_json_ json_t *object = operation_to_json(operation);
        const json_t *metadata = json_object_get(object, "metadata");
        const char *expires = json_string_value(json_object_get(metadata, "expiresAt"));
        int64_t expires_ns = TIME_ZERO;
        /* Cancelling decides between two clients that come with the same token. */
        if (operation_cancel(operation, err) < 0)
                return -1;
        if (expires != NULL && time_parse_rfc3339(expires, &expires_ns) &&
            expires_ns > 0 && expires_ns < time_now_ns())
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        _cleanup_(api_certificates_post_done) ApiCertificatesPost asked;
        api_certificates_post_init(&asked);
        if (api_certificates_post_read(json_object_get(metadata, "request"), &asked, JSON_REPLACE,
                                       err) < 0)
                return -1;
        str_replace(&post->name, str_dup(asked.name));
        str_replace(&post->type, str_dup(asked.type));
        post->restricted = asked.restricted;
        strlist_copy(&post->projects, &asked.projects);
        return 0;
}

/* --- adding --- */

static int check_password(RestRequest *request, const char *password, Error **err) {
        _cleanup_strmap_ StrMap config = {};
        if (load_config(request, &config, err) < 0)
                return -1;
        if (!trust_password_matches(strmap_get(&config, "core.trust_password"), password))
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        return 0;
}

/* A stranger has a token or knows the password, and cannot choose its own rights. */
static int admit(RestRequest *request, ApiCertificatesPost *post, Error **err) {
        RestContext *context = request->context;
        const char *given = !str_is_empty(post->trust_token) ? post->trust_token : post->password;
        if (trust_attempt(context->trust, request->caller.address, err) < 0)
                return -1;
        _cleanup_free_ char *secret = token_secret(given);
        if (secret != NULL) {
                _cleanup_operation_ Operation *token = token_find(request, secret);
                if (token == NULL)
                        return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
                if (token_redeem(token, post, err) < 0)
                        return -1;
        } else {
                if (check_password(request, given, err) < 0)
                        return -1;
                if (post->restricted || post->projects.count > 0 ||
                    !str_equal(post->type, type_names[CERTIFICATE_CLIENT]))
                        return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        }
        trust_attempt_succeeded(context->trust, request->caller.address);
        return 0;
}

/* The body's certificate, else the one that the connection showed. */
static int take_certificate(RestRequest *request, const ApiCertificatesPost *post, void **ret,
                            size_t *ret_size, Error **err) {
        if (!str_is_empty(post->certificate))
                return http_base64_decode(post->certificate, ret, ret_size, err);
        *ret = request->caller.is_unix ? NULL
                                       : http_exchange_certificate(request->exchange, ret_size);
        if (*ret == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 request->caller.is_unix ? "Can't use TLS data on non-TLS link"
                                                         : "No client certificate provided");
        return 0;
}

static int store(RestRequest *request, const ApiCertificatesPost *post, const void *der,
                 size_t size, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        CertificateRow row = {.restricted = post->restricted};
        if (certificate_check(der, size, err) < 0 || parse_type(post->type, &row.type, err) < 0)
                return -1;
        _cleanup_free_ char *fingerprint = certificate_fingerprint(der, size);
        _cleanup_free_ char *pem = certificate_to_pem(der, size);
        row.fingerprint = fingerprint;
        row.certificate = pem;
        row.name = post->name;
        row.projects = post->projects;
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_certificate_create(tx, &row, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "certificate-created", fingerprint);
        return rest_reply_created(request, rest_url(NULL, "certificates", fingerprint, NULL));
}

/* LXD's answer to who asks without anything new. */
static int check_caller(const RestRequest *request, const ApiCertificatesPost *post,
                        Error **err) {
        if (request->caller.trusted && str_is_empty(post->certificate) && !post->token &&
            !request->caller.is_unix)
                return error_set(err, ERROR_INVALID, 0, "Client is already trusted");
        if (request->caller.trusted && !request->caller.admin)
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        if (post->token && !request->caller.admin)
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        return 0;
}

static int certificates_post(RestRequest *request, Error **err) {
        _cleanup_(api_certificates_post_done) ApiCertificatesPost post;
        _cleanup_free_ void *der = NULL;
        size_t size = 0;
        api_certificates_post_init(&post);
        if (api_certificates_post_read(request->body, &post, JSON_REPLACE, err) < 0)
                return -1;
        if (str_is_empty(post.type))
                str_replace(&post.type, str_dup(type_names[CERTIFICATE_CLIENT]));
        if (check_caller(request, &post, err) < 0)
                return -1;
        if (post.token)
                return str_is_empty(post.certificate)
                               ? token_create(request, &post, err)
                               : error_set(err, ERROR_INVALID, 0,
                                           "Can't use certificate if token is requested");
        if (!request->caller.admin && admit(request, &post, err) < 0)
                return -1;
        if (take_certificate(request, &post, &der, &size, err) < 0)
                return -1;
        if (str_is_empty(post.name))
                str_replace(&post.name, str_dup(request->caller.is_unix
                                                        ? ""
                                                        : request->caller.address));
        return store(request, &post, der, size, err);
}

/* --- changing --- */

/* A restricted client may renew its own certificate and change nothing else of it. */
static int check_change(const RestRequest *request, const CertificateRow *row,
                        const ApiCertificatePut *put, Error **err) {
        if (request->caller.admin)
                return 0;
        if (!str_equal(request->caller.fingerprint, row->fingerprint) ||
            put->restricted != row->restricted ||
            !strlist_equal(&put->projects, &row->projects) || !str_equal(put->name, row->name) ||
            !str_equal(put->type, type_names[row->type]))
                return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
        return 0;
}

static int renew(CertificateRow *row, const char *pem, Error **err) {
        _cleanup_free_ void *der = NULL;
        size_t size;
        if (str_is_empty(pem) || str_equal(pem, row->certificate))
                return 0;
        if (certificate_from_pem(pem, &der, &size, err) < 0 ||
            certificate_check(der, size, err) < 0)
                return -1;
        str_replace(&row->certificate, certificate_to_pem(der, size));
        str_replace(&row->fingerprint, certificate_fingerprint(der, size));
        return 0;
}

static int certificate_put(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        CertificateRow *row = request->entity;
        _cleanup_(api_certificate_put_done) ApiCertificatePut put;
        api_certificate_put_init(&put);
        if (rest_is_patch(request)) {
                str_replace(&put.name, str_dup(row->name));
                str_replace(&put.type, str_dup(type_names[row->type]));
                str_replace(&put.certificate, str_dup(row->certificate));
                put.restricted = row->restricted;
                strlist_copy(&put.projects, &row->projects);
        }
        if (api_certificate_put_read(request->body, &put,
                                     rest_is_patch(request) ? JSON_PATCH : JSON_REPLACE, err) < 0 ||
            check_change(request, row, &put, err) < 0 || parse_type(put.type, &row->type, err) < 0)
                return -1;
        str_replace(&row->name, str_dup(put.name != NULL ? put.name : ""));
        row->restricted = put.restricted;
        strlist_copy(&row->projects, &put.projects);
        if (renew(row, put.certificate, err) < 0 ||
            database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_certificate_update(tx, row, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "certificate-updated", row->fingerprint);
        return rest_reply_empty(request);
}

static int certificate_delete(RestRequest *request, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const CertificateRow *row = request->entity;
        if (database_begin(request->context->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_certificate_delete(tx, row->id, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        emit(request, "certificate-deleted", row->fingerprint);
        return rest_reply_empty(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/certificates",
                .get = {certificates_get, REST_TRUSTED},
                .post = {certificates_post, REST_GUEST, REST_JSON_BODY},
        },
        {
                .path = "/1.0/certificates/{fingerprint}",
                .entity = &certificate_entity,
                .get = {certificate_get, REST_TRUSTED},
                .put = {certificate_put, REST_TRUSTED, REST_JSON_BODY},
                .patch = {certificate_put, REST_TRUSTED, REST_JSON_BODY},
                .delete = {certificate_delete, REST_ADMIN, REST_NO_ETAG},
        },
};

const RestTable rest_certificates_table = {endpoints, ARRAY_SIZE(endpoints)};
