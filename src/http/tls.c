#include "http/tls.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#define HANDSHAKE_TIMEOUT_MS (30 * 1000)

struct TlsServer {
        SSL_CTX *context;
        unsigned references; /* atomic */
};

typedef struct Tls {
        SSL *ssl;
        pthread_mutex_t lock; /* OpenSSL's object is not for two threads at once */
        int fd;               /* of the transport that calls; it changes when one is detached */
} Tls;

/* --- the bytes under OpenSSL: recv() and send(), which raise no SIGPIPE --- */

static int bio_result(BIO *bio, ssize_t done, void (*retry)(BIO *bio)) {
        BIO_clear_retry_flags(bio);
        if (done < 0 && (errno == EAGAIN || errno == EINTR))
                retry(bio);
        return (int) done;
}

static void retry_read(BIO *bio) {
        BIO_set_retry_read(bio);
}

static void retry_write(BIO *bio) {
        BIO_set_retry_write(bio);
}

static int bio_read(BIO *bio, char *data, int size) {
        const Tls *tls = BIO_get_data(bio);
        return bio_result(bio, recv(tls->fd, data, (size_t) size, 0), retry_read);
}

static int bio_write(BIO *bio, const char *data, int size) {
        const Tls *tls = BIO_get_data(bio);
        return bio_result(bio, send(tls->fd, data, (size_t) size, MSG_NOSIGNAL), retry_write);
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
        return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void) {
        BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "berth");
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
        return method;
}

static BIO *make_bio(Tls *tls) {
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        static BIO_METHOD *method; /* constant once made */
        pthread_mutex_lock(&lock);
        if (method == NULL)
                method = make_method();
        pthread_mutex_unlock(&lock);
        BIO *bio = BIO_new(method);
        BIO_set_data(bio, tls);
        BIO_set_init(bio, 1);
        return bio;
}

/* --- a stream --- */

/* What a call that gave `done` means in the terms of read(2). */
static ssize_t outcome(Tls *tls, int done, short *ret_events) {
        if (done > 0)
                return done;
        int number = errno;
        switch (SSL_get_error(tls->ssl, done)) {
        case SSL_ERROR_ZERO_RETURN:
                return 0;
        case SSL_ERROR_WANT_READ:
                *ret_events = POLLIN;
                errno = EAGAIN;
                return -1;
        case SSL_ERROR_WANT_WRITE:
                *ret_events = POLLOUT;
                errno = EAGAIN;
                return -1;
        case SSL_ERROR_SYSCALL:
                errno = number != 0 ? number : ECONNRESET;
                return -1;
        default:
                errno = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                                ? ECONNRESET
                                : EPROTO;
                return -1;
        }
}

static ssize_t tls_read(void *state, int fd, void *data, size_t size, short *ret_events) {
        Tls *tls = state;
        pthread_mutex_lock(&tls->lock);
        tls->fd = fd;
        ERR_clear_error();
        errno = 0;
        int got = SSL_read(tls->ssl, data, (int) MIN_OF(size, (size_t) 1 << 30));
        ssize_t result = outcome(tls, got, ret_events);
        pthread_mutex_unlock(&tls->lock);
        return result;
}

static ssize_t tls_write(void *state, int fd, const void *data, size_t size, short *ret_events) {
        Tls *tls = state;
        if (size == 0)
                return 0;
        pthread_mutex_lock(&tls->lock);
        tls->fd = fd;
        ERR_clear_error();
        errno = 0;
        int put = SSL_write(tls->ssl, data, (int) MIN_OF(size, (size_t) 1 << 30));
        ssize_t result = outcome(tls, put, ret_events);
        pthread_mutex_unlock(&tls->lock);
        return result;
}

static void tls_shutdown(void *state, int fd) {
        Tls *tls = state;
        pthread_mutex_lock(&tls->lock);
        tls->fd = fd;
        ERR_clear_error();
        if (SSL_is_init_finished(tls->ssl))
                (void) SSL_shutdown(tls->ssl);
        pthread_mutex_unlock(&tls->lock);
        (void) shutdown(fd, SHUT_WR);
}

static bool tls_pending(void *state) {
        Tls *tls = state;
        pthread_mutex_lock(&tls->lock);
        bool pending = SSL_pending(tls->ssl) > 0;
        pthread_mutex_unlock(&tls->lock);
        return pending;
}

static void tls_free(void *state) {
        Tls *tls = state;
        SSL_free(tls->ssl);
        pthread_mutex_destroy(&tls->lock);
        free(tls);
}

static const TransportOps tls_ops = {
        .read = tls_read,
        .write = tls_write,
        .shutdown = tls_shutdown,
        .pending = tls_pending,
        .free = tls_free,
};

static int failed(Error **err, const char *what) {
        char text[256];
        ERR_error_string_n(ERR_peek_error(), text, sizeof text);
        return error_set(err, ERROR_INTERNAL, 0, "%s: %s", what, text);
}

static Tls *tls_new(SSL_CTX *context, int fd) {
        Tls *tls = mem_new(Tls);
        tls->ssl = SSL_new(context);
        if (tls->ssl == NULL)
                abort(); /* the only failure is memory */
        tls->fd = fd;
        pthread_mutex_init(&tls->lock, NULL);
        BIO *bio = make_bio(tls);
        SSL_set_bio(tls->ssl, bio, bio);
        return tls;
}

/* --- contexts --- */

static int take_any(int valid, X509_STORE_CTX *store) {
        return 1;
}

static bool allows_old(void) {
        return !str_is_empty(getenv("BERTH_INSECURE_TLS")) ||
               !str_is_empty(getenv("LXD_INSECURE_TLS"));
}

static SSL_CTX *context_new(const SSL_METHOD *method) {
        SSL_CTX *context = SSL_CTX_new(method);
        if (context == NULL)
                abort();
        SSL_CTX_set_min_proto_version(context, allows_old() ? TLS1_2_VERSION : TLS1_3_VERSION);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                          SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        return context;
}

static int use_pair(SSL_CTX *context, const char *certificate, const char *key, Error **err) {
        BIO *source = BIO_new_mem_buf(certificate, -1), *key_source = BIO_new_mem_buf(key, -1);
        X509 *own = PEM_read_bio_X509(source, NULL, NULL, NULL);
        EVP_PKEY *pair = PEM_read_bio_PrivateKey(key_source, NULL, NULL, NULL);
        bool good = own != NULL && pair != NULL && SSL_CTX_use_certificate(context, own) == 1 &&
                    SSL_CTX_use_PrivateKey(context, pair) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
        X509 *more;
        while (good && (more = PEM_read_bio_X509(source, NULL, NULL, NULL)) != NULL)
                SSL_CTX_add0_chain_cert(context, more);
        X509_free(own);
        EVP_PKEY_free(pair);
        BIO_free(source);
        BIO_free(key_source);
        return good ? 0 : failed(err, "Cannot use the certificate and its key");
}

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_size,
                           const unsigned char *offered, unsigned offered_size, void *userdata) {
        static const unsigned char ours[] = "\x08http/1.1";
        unsigned char *chosen;
        if (SSL_select_next_proto(&chosen, ret_size, ours, sizeof ours - 1, offered,
                                  offered_size) != OPENSSL_NPN_NEGOTIATED)
                return SSL_TLSEXT_ERR_NOACK;
        *ret = chosen;
        return SSL_TLSEXT_ERR_OK;
}

int tls_server_new(const char *certificate, const char *key, TlsServer **ret, Error **err) {
        SSL_CTX *context = context_new(TLS_server_method());
        if (use_pair(context, certificate, key, err) < 0) {
                SSL_CTX_free(context);
                return -1;
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, take_any);
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
        SSL_CTX_set_num_tickets(context, 0); /* nobody resumes: the certificate is asked anew */
        TlsServer *server = mem_new(TlsServer);
        *server = (TlsServer){context, 1};
        *ret = server;
        return 0;
}

TlsServer *tls_server_ref(TlsServer *server) {
        if (server != NULL)
                __atomic_add_fetch(&server->references, 1, __ATOMIC_RELAXED);
        return server;
}

void tls_server_free(TlsServer *server) {
        if (server == NULL || __atomic_sub_fetch(&server->references, 1, __ATOMIC_ACQ_REL) > 0)
                return;
        SSL_CTX_free(server->context);
        free(server);
}

Transport *tls_server_transport(TlsServer *server, int fd) {
        Tls *tls = tls_new(server->context, fd);
        SSL_set_accept_state(tls->ssl);
        return transport_new_with(fd, &tls_ops, tls);
}

/* --- the client --- */

static int wait_handshake(Tls *tls, int fd, Error **err) {
        int64_t deadline = time_monotonic_ns() + HANDSHAKE_TIMEOUT_MS * NS_PER_MS;
        for (;;) {
                short events = POLLIN;
                ERR_clear_error();
                errno = 0;
                int done = SSL_do_handshake(tls->ssl);
                if (done == 1)
                        return 0;
                if (outcome(tls, done, &events) == 0 || errno != EAGAIN)
                        return failed(err, "The TLS handshake failed");
                int64_t left = (deadline - time_monotonic_ns()) / NS_PER_MS;
                struct pollfd entry = {.fd = fd, .events = events};
                if (left <= 0 || (poll(&entry, 1, (int) left) <= 0 && errno != EINTR))
                        return error_set(err, ERROR_TIMEOUT, ETIMEDOUT,
                                         "The TLS handshake took too long");
        }
}

static int check_pinned(Tls *tls, const char *pinned, Error **err) {
        BIO *source = BIO_new_mem_buf(pinned, -1);
        X509 *wanted = PEM_read_bio_X509(source, NULL, NULL, NULL);
        X509 *peer = SSL_get0_peer_certificate(tls->ssl);
        bool same = wanted != NULL && peer != NULL && X509_cmp(wanted, peer) == 0;
        BIO_free(source);
        X509_free(wanted);
        if (!same)
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "The server's certificate is not the one that was trusted when "
                                 "the remote was added");
        return 0;
}

static int check_authority(Tls *tls, const char *host, Error **err) {
        long result = SSL_get_verify_result(tls->ssl);
        if (result != X509_V_OK)
                return error_set(err, ERROR_FORBIDDEN, 0,
                                 "The certificate of %s is not trusted: %s", host,
                                 X509_verify_cert_error_string(result));
        return 0;
}

static bool is_address(const char *host) {
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
        ASN1_OCTET_STRING_free(address);
        return address != NULL;
}

static void expect_host(Tls *tls, const TlsClientSpec *spec) {
        if (is_address(spec->host)) {
                (void) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), spec->host);
                return;
        }
        (void) SSL_set_tlsext_host_name(tls->ssl, spec->host);
        if (!spec->any && spec->pinned == NULL)
                (void) SSL_set1_host(tls->ssl, spec->host);
}

static int client_context(const TlsClientSpec *spec, SSL_CTX **ret, Error **err) {
        static const unsigned char protocols[] = "\x08http/1.1";
        SSL_CTX *context = context_new(TLS_client_method());
        /* Public image servers may be older than our own. */
        if (spec->pinned == NULL && !spec->any)
                SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
        SSL_CTX_set_default_verify_paths(context);
        /* The result is looked at after the handshake, for a better text. */
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        if (spec->certificate != NULL && use_pair(context, spec->certificate, spec->key, err) < 0) {
                SSL_CTX_free(context);
                return -1;
        }
        *ret = context;
        return 0;
}

int tls_client_transport(const TlsClientSpec *spec, int fd, Transport **ret, Error **err) {
        _cleanup_close_ int owned = fd;
        SSL_CTX *context;
        if (client_context(spec, &context, err) < 0)
                return -1;
        Tls *tls = tls_new(context, fd);
        SSL_CTX_free(context); /* the stream has a reference */
        SSL_set_connect_state(tls->ssl);
        expect_host(tls, spec);
        Transport *transport = transport_new_with(TAKE_FD(owned), &tls_ops, tls);
        int result = wait_handshake(tls, fd, err);
        if (result == 0 && spec->pinned != NULL)
                result = check_pinned(tls, spec->pinned, err);
        else if (result == 0 && !spec->any)
                result = check_authority(tls, spec->host, err);
        if (result < 0) {
                transport_free(transport);
                return -1;
        }
        *ret = transport;
        return 0;
}

/* --- questions --- */

void *tls_peer_certificate(Transport *transport, size_t *ret_size) {
        Tls *tls = transport_state(transport, &tls_ops);
        unsigned char *der = NULL;
        if (tls == NULL)
                return NULL;
        pthread_mutex_lock(&tls->lock);
        X509 *peer = SSL_get0_peer_certificate(tls->ssl);
        int size = peer != NULL ? i2d_X509(peer, &der) : -1;
        pthread_mutex_unlock(&tls->lock);
        if (size <= 0)
                return NULL;
        void *copy = mem_alloc((size_t) size);
        memcpy(copy, der, (size_t) size);
        OPENSSL_free(der);
        *ret_size = (size_t) size;
        return copy;
}

bool tls_is_ready(Transport *transport) {
        Tls *tls = transport_state(transport, &tls_ops);
        if (tls == NULL)
                return true;
        pthread_mutex_lock(&tls->lock);
        bool ready = SSL_is_init_finished(tls->ssl) == 1;
        pthread_mutex_unlock(&tls->lock);
        return ready;
}
