/* The trust store: /1.0/certificates. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiCertificatesPost {
        char *name;
        char *type;
        bool restricted;
        StrList projects;
        char *certificate;
        char *password;
        bool token;
        char *trust_token;
} ApiCertificatesPost;
API_STRUCT(ApiCertificatesPost, api_certificates_post)

typedef struct ApiCertificatePut {
        char *name;
        char *type;
        bool restricted;
        StrList projects;
        char *certificate;
} ApiCertificatePut;
API_STRUCT(ApiCertificatePut, api_certificate_put)

typedef struct ApiCertificate {
        char *name;
        char *type;
        bool restricted;
        StrList projects;
        char *certificate;
        char *fingerprint;
        StrList access_entitlements;
} ApiCertificate;
API_STRUCT(ApiCertificate, api_certificate)

typedef struct ApiCertificateAddToken {
        char *client_name;
        char *fingerprint;
        StrList addresses;
        char *secret;
        int64_t expires_at;
        char *type;
} ApiCertificateAddToken;
API_STRUCT(ApiCertificateAddToken, api_certificate_add_token)
