/* X.509 certificates: made, read and named. Texts are PEM unless they say DER. */
#pragma once

#include "base/error.h"
#include "base/text.h"

typedef struct CertificatePair {
        char *certificate;
        char *key;
} CertificatePair;

void certificate_pair_done(CertificatePair *pair);

/* A self-signed ECDSA P-384 certificate for ten years with LXD's fields. `common_name` is
 * USER@HOST; `names` are DNS names and addresses (client: none). */
int certificate_make(const char *common_name, const StrList *names, bool client,
                     CertificatePair *ret, Error **err) _must_check_;
/* The pair in `certificate_path` and `key_path`, made first when neither is there. */
int certificate_load_or_make(const char *certificate_path, const char *key_path, bool client,
                             CertificatePair *ret, Error **err) _must_check_;

char *certificate_fingerprint(const void *der, size_t size); /* SHA-256 in hex */
char *certificate_to_pem(const void *der, size_t size);      /* NULL: it is no certificate */
/* The first certificate of the text as DER (caller's). ERROR_INVALID. */
int certificate_from_pem(const char *text, void **ret_der, size_t *ret_size, Error **err)
        _must_check_;
char *certificate_pem_fingerprint(const char *text); /* NULL: it is no certificate */
/* What a certificate says of itself; times as wall-clock ns. False: it is no certificate. */
bool certificate_describe(const char *text, char **ret_common_name, int64_t *ret_from_ns,
                          int64_t *ret_until_ns);
/* ERROR_INVALID unless the certificate is one, and valid now. */
int certificate_check(const void *der, size_t size, Error **err) _must_check_;

char *http_base64_encode(const void *data, size_t size);
/* Standard base64, padded; blanks are skipped. Ends with a NUL that is not counted. */
int http_base64_decode(const char *text, void **ret, size_t *ret_size, Error **err) _must_check_;
