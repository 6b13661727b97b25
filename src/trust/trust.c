#include "trust/trust.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/certificates.h"

#include <pthread.h>
#include <string.h>

#define ATTEMPTS 10 /* an address and minute */
#define ATTEMPT_WINDOW_NS (60 * NS_PER_SECOND)
#define ATTEMPT_ADDRESSES 4096

typedef struct Attempts {
        int64_t since_ns;
        unsigned count;
} Attempts;

struct Trust {
        struct Database *database;
        CertificatePair server;
        char *fingerprint;
        pthread_mutex_t lock; /* of what follows */
        bool loaded;
        uint64_t generation; /* of the database that `rows` are from */
        CertificateRowList rows;
        Table *attempts; /* host -> Attempts */
};

int trust_new(struct Database *database, const char *directory, Trust **ret, Error **err) {
        _cleanup_free_ char *certificate = path_join(directory, "server.crt");
        _cleanup_free_ char *key = path_join(directory, "server.key");
        CertificatePair server;
        if (certificate_load_or_make(certificate, key, false, &server, err) < 0)
                return -1;
        Trust *trust = mem_new(Trust);
        trust->database = database;
        trust->server = server;
        trust->fingerprint = certificate_pem_fingerprint(server.certificate);
        trust->attempts = table_new(free);
        pthread_mutex_init(&trust->lock, NULL);
        if (trust->fingerprint == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "%s holds no certificate", certificate);
        *ret = trust;
        return 0;
}

const char *trust_server_certificate(const Trust *trust) {
        return trust->server.certificate;
}

const char *trust_server_key(const Trust *trust) {
        return trust->server.key;
}

const char *trust_server_fingerprint(const Trust *trust) {
        return trust->fingerprint;
}

void trust_identity_done(TrustIdentity *identity) {
        strlist_done(&identity->projects);
        free(identity->fingerprint);
        *identity = (TrustIdentity){};
}

/* Under the lock. The rows are read again when the database has changed. */
static int refresh(Trust *trust, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        CertificateRowList rows;
        uint64_t generation = database_generation(trust->database);
        if (trust->loaded && generation == trust->generation)
                return 0;
        if (database_begin(trust->database, DATABASE_READ, &tx, err) < 0 ||
            db_certificate_list(tx, &rows, err) < 0)
                return -1;
        certificate_row_list_done(&trust->rows);
        trust->rows = rows;
        trust->generation = generation;
        trust->loaded = true;
        return 0;
}

static void match(const Trust *trust, TrustIdentity *identity) {
        for (size_t i = 0; i < trust->rows.count; i++) {
                const CertificateRow *row = &trust->rows.items[i];
                if (!str_equal(row->fingerprint, identity->fingerprint))
                        continue;
                identity->trusted = row->type == CERTIFICATE_CLIENT;
                identity->metrics = row->type == CERTIFICATE_METRICS;
                identity->restricted = row->restricted;
                if (row->restricted)
                        strlist_copy(&identity->projects, &row->projects);
        }
}

void trust_identify(Trust *trust, const void *der, size_t size, TrustIdentity *ret) {
        _cleanup_error_ Error *err = NULL;
        *ret = (TrustIdentity){};
        if (der == NULL)
                return;
        ret->fingerprint = certificate_fingerprint(der, size);
        pthread_mutex_lock(&trust->lock);
        if (refresh(trust, &err) == 0)
                match(trust, ret);
        pthread_mutex_unlock(&trust->lock);
        if (err != NULL)
                log_error("Cannot read the trusted certificates: %s", error_message(err));
        if (ret->trusted && certificate_check(der, size, NULL) < 0)
                ret->trusted = false; /* it has expired since */
}

/* The address without its port. */
static char *host_of(const char *address) {
        const char *colon = strrchr(address, ':');
        return str_ndup(address, colon != NULL ? (size_t) (colon - address) : strlen(address));
}

int trust_attempt(Trust *trust, const char *address, Error **err) {
        _cleanup_free_ char *host = host_of(address);
        int64_t now = time_monotonic_ns();
        pthread_mutex_lock(&trust->lock);
        Attempts *attempts = table_get(trust->attempts, host);
        if (attempts == NULL) {
                if (table_count(trust->attempts) >= ATTEMPT_ADDRESSES) {
                        table_free(trust->attempts);
                        trust->attempts = table_new(free);
                }
                attempts = mem_new(Attempts);
                table_set(trust->attempts, host, attempts);
        }
        if (attempts->count == 0 || now - attempts->since_ns > ATTEMPT_WINDOW_NS)
                *attempts = (Attempts){.since_ns = now};
        bool allowed = ++attempts->count <= ATTEMPTS;
        pthread_mutex_unlock(&trust->lock);
        if (!allowed)
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "Too many attempts from this address; try again in a minute");
        return 0;
}

void trust_attempt_succeeded(Trust *trust, const char *address) {
        _cleanup_free_ char *host = host_of(address);
        pthread_mutex_lock(&trust->lock);
        (void) table_remove(trust->attempts, host);
        pthread_mutex_unlock(&trust->lock);
}
