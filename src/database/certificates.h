#pragma once

#include "database/database.h"

typedef enum CertificateType {
        CERTIFICATE_CLIENT = 1,
        CERTIFICATE_SERVER = 2,
        CERTIFICATE_METRICS = 3,
} CertificateType;

typedef struct CertificateRow {
        int64_t id;
        char *fingerprint;
        CertificateType type;
        char *name;
        char *certificate; /* PEM */
        bool restricted;
        StrList projects;
} CertificateRow;

typedef struct CertificateRowList {
        CertificateRow *items;
        size_t count, capacity;
} CertificateRowList;

void certificate_row_done(CertificateRow *row);
void certificate_row_list_done(CertificateRowList *list);

/* By the fingerprint or the beginning of exactly one; ERROR_NOT_FOUND "Certificate not found". */
int db_certificate_get(Transaction *tx, const char *prefix, CertificateRow *ret, Error **err)
        _must_check_;
int db_certificate_list(Transaction *tx, CertificateRowList *ret, Error **err) _must_check_;
/* ERROR_EXISTS "Certificate already in trust store"; ERROR_NOT_FOUND about a project. */
int db_certificate_create(Transaction *tx, const CertificateRow *row, Error **err) _must_check_;
int db_certificate_update(Transaction *tx, const CertificateRow *row, Error **err) _must_check_;
int db_certificate_delete(Transaction *tx, int64_t id, Error **err) _must_check_;
