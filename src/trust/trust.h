/* The trust store and what belongs to it. All functions are thread-safe. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/certificate.h"

typedef struct Trust Trust;
struct Database;

/* Loads server.crt and server.key from `directory`, made when they are not there. */
int trust_new(struct Database *database, const char *directory, Trust **ret, Error **err)
        _must_check_;
const char *trust_server_certificate(const Trust *trust); /* PEM; borrowed */
const char *trust_server_key(const Trust *trust);
const char *trust_server_fingerprint(const Trust *trust);

/* Who shows a certificate. */
typedef struct TrustIdentity {
        bool trusted; /* a client certificate of the store */
        bool metrics; /* a metrics certificate: /1.0/metrics and nothing else */
        bool restricted;
        StrList projects; /* of a restricted one */
        char *fingerprint;
} TrustIdentity;

void trust_identity_done(TrustIdentity *identity);
/* What the store says about the certificate (DER; NULL: none). A store that cannot be read trusts
 * nobody. */
void trust_identify(Trust *trust, const void *der, size_t size, TrustIdentity *ret);

/* Each address may guess a few passwords or tokens a minute; ERROR_FORBIDDEN when it did more. */
int trust_attempt(Trust *trust, const char *address, Error **err) _must_check_;
void trust_attempt_succeeded(Trust *trust, const char *address);

/* hex(salt || scrypt), as LXD stores the trust password. */
char *trust_password_hash(const char *password);
bool trust_password_matches(const char *stored, const char *password);
