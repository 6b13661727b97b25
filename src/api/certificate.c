#include "api/certificate.h"

const JsonField api_certificates_post_fields[] = {
        JSON_STRING(ApiCertificatesPost, name, 0),
        JSON_STRING(ApiCertificatesPost, type, 0),
        JSON_BOOLEAN(ApiCertificatesPost, restricted, 0),
        JSON_STRLIST(ApiCertificatesPost, projects, 0),
        JSON_STRING(ApiCertificatesPost, certificate, 0),
        JSON_STRING(ApiCertificatesPost, password, 0),
        JSON_BOOLEAN(ApiCertificatesPost, token, 0),
        JSON_STRING(ApiCertificatesPost, trust_token, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_certificate_put_fields[] = {
        JSON_STRING(ApiCertificatePut, name, 0),
        JSON_STRING(ApiCertificatePut, type, 0),
        JSON_BOOLEAN(ApiCertificatePut, restricted, 0),
        JSON_STRLIST(ApiCertificatePut, projects, 0),
        JSON_STRING(ApiCertificatePut, certificate, 0),
        JSON_END,
};

const JsonField api_certificate_fields[] = {
        JSON_STRING(ApiCertificate, name, 0),
        JSON_STRING(ApiCertificate, type, 0),
        JSON_BOOLEAN(ApiCertificate, restricted, 0),
        JSON_STRLIST(ApiCertificate, projects, 0),
        JSON_STRING(ApiCertificate, certificate, 0),
        JSON_STRING(ApiCertificate, fingerprint, 0),
        JSON_STRLIST(ApiCertificate, access_entitlements, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_certificate_add_token_fields[] = {
        JSON_STRING(ApiCertificateAddToken, client_name, 0),
        JSON_STRING(ApiCertificateAddToken, fingerprint, 0),
        JSON_STRLIST(ApiCertificateAddToken, addresses, 0),
        JSON_STRING(ApiCertificateAddToken, secret, 0),
        JSON_TIME(ApiCertificateAddToken, expires_at, 0),
        JSON_STRING(ApiCertificateAddToken, type, JSON_OMIT_EMPTY),
        JSON_END,
};
