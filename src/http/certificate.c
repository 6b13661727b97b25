#include "http/certificate.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define LIFETIME_SECONDS (10L * 365 * 24 * 3600)
#define HOST_NAME_SIZE 256

void certificate_pair_done(CertificatePair *pair) {
        free(pair->certificate);
        if (pair->key != NULL)
                OPENSSL_cleanse(pair->key, strlen(pair->key));
        free(pair->key);
        *pair = (CertificatePair){};
}

static char *bio_text(BIO *bio) {
        char *data;
        long size = BIO_get_mem_data(bio, &data);
        char *text = str_ndup(data, (size_t) size);
        BIO_free(bio);
        return text;
}

static void add_extension(X509 *certificate, int kind, const char *value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
        if (extension != NULL)
                (void) X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
}

static void add_names(X509 *certificate, const StrList *names) {
        _cleanup_strbuf_ StrBuf text = {};
        for (size_t i = 0; i < names->count; i++) {
                ASN1_OCTET_STRING *address = a2i_IPADDRESS(names->items[i]);
                strbuf_printf(&text, "%s%s:%s", i > 0 ? "," : "", address != NULL ? "IP" : "DNS",
                              names->items[i]);
                ASN1_OCTET_STRING_free(address);
        }
        if (text.length > 0)
                add_extension(certificate, NID_subject_alt_name, text.data);
}

static void fill(X509 *certificate, const char *common_name, const StrList *names, bool client) {
        unsigned char serial[16];
        (void) RAND_bytes(serial, sizeof serial);
        serial[0] &= 0x7f;
        BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
        (void) BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
        BN_free(number);
        (void) X509_set_version(certificate, X509_VERSION_3);
        (void) X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        (void) X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_SECONDS);
        X509_NAME *subject = X509_get_subject_name(certificate);
        (void) X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                                          (const unsigned char *) "linuxcontainers.org", -1, -1,
                                          0);
        (void) X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                          (const unsigned char *) common_name, -1, -1, 0);
        (void) X509_set_issuer_name(certificate, subject);
        add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment");
        add_extension(certificate, NID_ext_key_usage, client ? "clientAuth" : "serverAuth");
        add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
        add_names(certificate, names);
}

int certificate_make(const char *common_name, const StrList *names, bool client,
                     CertificatePair *ret, Error **err) {
        EVP_PKEY *key = EVP_EC_gen("P-384");
        X509 *certificate = X509_new();
        if (key == NULL || certificate == NULL)
                abort();
        fill(certificate, common_name, names, client);
        int result = X509_set_pubkey(certificate, key) == 1 &&
                                     X509_sign(certificate, key, EVP_sha384()) > 0
                             ? 0
                             : error_set(err, ERROR_INTERNAL, 0, "Cannot sign a certificate");
        if (result == 0) {
                BIO *text = BIO_new(BIO_s_mem()), *key_text = BIO_new(BIO_s_mem());
                (void) PEM_write_bio_X509(text, certificate);
                (void) PEM_write_bio_PrivateKey_traditional(key_text, key, NULL, NULL, 0, NULL,
                                                            NULL);
                *ret = (CertificatePair){bio_text(text), bio_text(key_text)};
        }
        X509_free(certificate);
        EVP_PKEY_free(key);
        return result;
}

static void add_addresses(StrList *names) {
        struct ifaddrs *list;
        if (getifaddrs(&list) < 0)
                return;
        for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
                char text[INET6_ADDRSTRLEN] = "";
                const struct sockaddr *address = entry->ifa_addr;
                if (address == NULL)
                        continue;
                if (address->sa_family == AF_INET)
                        inet_ntop(AF_INET, &((const struct sockaddr_in *) address)->sin_addr, text,
                                  sizeof text);
                const struct sockaddr_in6 *in6 = (const void *) address;
                if (address->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
                        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
                if (*text != '\0' && !strlist_has(names, text))
                        strlist_add(names, text);
        }
        freeifaddrs(list);
}

static int make_here(bool client, CertificatePair *ret, Error **err) {
        _cleanup_strlist_ StrList names = {};
        char host[HOST_NAME_SIZE] = "UNKNOWN";
        const char *user = getenv("USER");
        (void) gethostname(host, sizeof host - 1);
        _cleanup_free_ char *name = str_printf("%s@%s", str_is_empty(user) ? "root" : user, host);
        if (!client) {
                strlist_add(&names, host); /* Go's clients take the first name as the server's */
                add_addresses(&names);
        }
        name[MIN_OF(strlen(name), (size_t) 64)] = '\0'; /* X.509 allows no longer ones */
        return certificate_make(name, &names, client, ret, err);
}

int certificate_load_or_make(const char *certificate_path, const char *key_path, bool client,
                             CertificatePair *ret, Error **err) {
        _cleanup_(certificate_pair_done) CertificatePair pair = {};
        if (!path_exists(certificate_path) || !path_exists(key_path)) {
                if (make_here(client, &pair, err) < 0 ||
                    file_write(key_path, pair.key, strlen(pair.key), 0600, true, err) < 0 ||
                    file_write(certificate_path, pair.certificate, strlen(pair.certificate), 0644,
                               true, err) < 0)
                        return -1;
        } else if (file_read(certificate_path, 0, &pair.certificate, NULL, err) < 0 ||
                   file_read(key_path, 0, &pair.key, NULL, err) < 0) {
                return -1;
        }
        *ret = pair;
        pair = (CertificatePair){};
        return 0;
}

char *certificate_fingerprint(const void *der, size_t size) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        SHA256(der, size, digest);
        return hex_encode(digest, sizeof digest);
}

static X509 *parse_der(const void *der, size_t size) {
        const unsigned char *at = der;
        X509 *certificate = d2i_X509(NULL, &at, (long) size);
        if (certificate != NULL && at != (const unsigned char *) der + size) {
                X509_free(certificate);
                return NULL;
        }
        return certificate;
}

char *certificate_to_pem(const void *der, size_t size) {
        X509 *certificate = parse_der(der, size);
        if (certificate == NULL)
                return NULL;
        BIO *text = BIO_new(BIO_s_mem());
        (void) PEM_write_bio_X509(text, certificate);
        X509_free(certificate);
        return bio_text(text);
}

int certificate_from_pem(const char *text, void **ret_der, size_t *ret_size, Error **err) {
        unsigned char *der = NULL;
        BIO *source = BIO_new_mem_buf(text, -1);
        X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
        BIO_free(source);
        int size = certificate != NULL ? i2d_X509(certificate, &der) : -1;
        X509_free(certificate);
        if (size <= 0)
                return error_set(err, ERROR_INVALID, 0, "Invalid certificate: no PEM block");
        *ret_der = mem_alloc((size_t) size);
        memcpy(*ret_der, der, (size_t) size);
        *ret_size = (size_t) size;
        OPENSSL_free(der);
        return 0;
}

char *certificate_pem_fingerprint(const char *text) {
        _cleanup_free_ void *der = NULL;
        size_t size;
        if (certificate_from_pem(text, &der, &size, NULL) < 0)
                return NULL;
        return certificate_fingerprint(der, size);
}

static int64_t time_ns(const ASN1_TIME *when) {
        struct tm broken = {};
        (void) ASN1_TIME_to_tm(when, &broken);
        return (int64_t) timegm(&broken) * NS_PER_SECOND;
}

bool certificate_describe(const char *text, char **ret_common_name, int64_t *ret_from_ns,
                          int64_t *ret_until_ns) {
        char name[256] = "";
        BIO *source = BIO_new_mem_buf(text, -1);
        X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
        BIO_free(source);
        if (certificate == NULL)
                return false;
        (void) X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                         sizeof name);
        *ret_common_name = str_dup(name);
        *ret_from_ns = time_ns(X509_get0_notBefore(certificate));
        *ret_until_ns = time_ns(X509_get0_notAfter(certificate));
        X509_free(certificate);
        return true;
}

int certificate_check(const void *der, size_t size, Error **err) {
        X509 *certificate = parse_der(der, size);
        if (certificate == NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid certificate material");
        bool early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
        bool late = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
        X509_free(certificate);
        if (early)
                return error_set(err, ERROR_INVALID, 0, "The provided certificate isn't valid yet");
        if (late)
                return error_set(err, ERROR_INVALID, 0, "The provided certificate is expired");
        return 0;
}

char *http_base64_encode(const void *data, size_t size) {
        char *text = mem_alloc(4 * ((size + 2) / 3) + 1);
        (void) EVP_EncodeBlock((unsigned char *) text, data, (int) size);
        return text;
}

int http_base64_decode(const char *text, void **ret, size_t *ret_size, Error **err) {
        _cleanup_strbuf_ StrBuf compact = {};
        size_t padding = 0;
        for (; *text != '\0'; text++)
                if (!isspace((unsigned char) *text))
                        strbuf_add_char(&compact, *text);
        while (padding < 2 && padding < compact.length &&
               compact.data[compact.length - 1 - padding] == '=')
                padding++;
        _cleanup_free_ unsigned char *data = mem_alloc(compact.length + 4);
        int size = compact.length == 0 || compact.length % 4 != 0 || compact.length > 1u << 24
                           ? -1
                           : EVP_DecodeBlock(data, (const unsigned char *) compact.data,
                                             (int) compact.length);
        if (size < 0 || (size_t) size < padding)
                return error_set(err, ERROR_INVALID, 0, "illegal base64 data");
        *ret_size = (size_t) size - padding;
        data[*ret_size] = '\0';
        *ret = TAKE_PTR(data);
        return 0;
}
