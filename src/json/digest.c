#include "json/digest.h"

#include "base/memory.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

struct Digest {
        EVP_MD_CTX *context;
};

Digest *digest_new(void) {
        Digest *digest = mem_new(Digest);
        digest->context = EVP_MD_CTX_new();
        if (digest->context == NULL || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
                abort(); /* the only failure is memory */
        return digest;
}

void digest_add(Digest *digest, const void *data, size_t size) {
        if (EVP_DigestUpdate(digest->context, data, size) != 1)
                abort();
}

char *digest_hex(Digest *digest) {
        unsigned char result[SHA256_DIGEST_LENGTH];
        if (EVP_DigestFinal_ex(digest->context, result, NULL) != 1)
                abort();
        return hex_encode(result, sizeof result);
}

void digest_free(Digest *digest) {
        if (digest == NULL)
                return;
        EVP_MD_CTX_free(digest->context);
        free(digest);
}

char *digest_sha256_hex(const void *data, size_t size) {
        unsigned char result[SHA256_DIGEST_LENGTH];
        SHA256(data, size, result);
        return hex_encode(result, sizeof result);
}
