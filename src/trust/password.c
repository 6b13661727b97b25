/* The stored form is LXD's, so that a database from there goes on working. */
#include "trust/trust.h"

#include "base/memory.h"
#include "base/units.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define SALT_SIZE 32
#define HASH_SIZE 64
#define COST 16384
#define BLOCKS 8
#define MEMORY_LIMIT (64u << 20)

static void derive(const char *password, const unsigned char *salt, unsigned char *ret) {
        if (EVP_PBE_scrypt(password, strlen(password), salt, SALT_SIZE, COST, BLOCKS, 1,
                           MEMORY_LIMIT, ret, HASH_SIZE) != 1)
                abort(); /* the only failure is memory */
}

char *trust_password_hash(const char *password) {
        unsigned char data[SALT_SIZE + HASH_SIZE];
        random_bytes(data, SALT_SIZE);
        derive(password, data, data + SALT_SIZE);
        return hex_encode(data, sizeof data);
}

bool trust_password_matches(const char *stored, const char *password) {
        unsigned char data[SALT_SIZE + HASH_SIZE], given[HASH_SIZE];
        if (str_is_empty(stored) || str_is_empty(password) ||
            hex_decode(stored, data, sizeof data) < 0)
                return false;
        derive(password, data, given);
        return CRYPTO_memcmp(given, data + SALT_SIZE, HASH_SIZE) == 0;
}
