/* Who calls, and what that caller may use. */
#include "rest/rest.h"

#include "base/memory.h"
#include "http/server.h"
#include "rest/context.h"
#include "trust/trust.h"

/* A unix peer is admitted by the socket's mode and group: whoever could connect is admin. */
void rest_identify_caller(RestRequest *request) {
        RestCaller *caller = &request->caller;
        HttpPeer peer;
        http_exchange_peer(request->exchange, &peer);
        caller->is_unix = peer.is_unix;
        caller->protocol = str_dup(peer.is_unix ? "unix" : "tls");
        caller->address = str_dup(peer.is_unix ? "@" : peer.address);
        if (peer.is_unix) {
                caller->uid = peer.uid;
                caller->trusted = caller->admin = true;
                return;
        }
        TrustIdentity identity;
        size_t size = 0;
        _cleanup_free_ void *der = http_exchange_certificate(request->exchange, &size);
        trust_identify(request->context->trust, der, size, &identity);
        caller->trusted = identity.trusted;
        caller->metrics = identity.metrics;
        caller->restricted = identity.restricted;
        caller->admin = identity.trusted && !identity.restricted;
        strlist_copy(&caller->projects, &identity.projects);
        caller->fingerprint = TAKE_PTR(identity.fingerprint);
        if (caller->trusted)
                caller->username = str_dup(caller->fingerprint);
        trust_identity_done(&identity);
}

bool rest_caller_may_use(const RestRequest *request, const char *project) {
        const RestCaller *caller = &request->caller;
        return caller->admin || (caller->trusted && project != NULL &&
                                 strlist_has(&caller->projects, project));
}

int rest_check_access(RestRequest *request, Error **err) {
        switch (request->method->access) {
        case REST_GUEST:
                return 0;
        case REST_INTERNAL:
                if (request->caller.is_unix)
                        return 0;
                break;
        case REST_TRUSTED:
        case REST_PROJECT:
                if (request->caller.trusted)
                        return 0;
                break;
        case REST_METRICS:
                if (request->caller.trusted || request->caller.metrics)
                        return 0;
                break;
        case REST_ADMIN:
                if (request->caller.admin)
                        return 0;
                break;
        }
        return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
}

/* After the project is known: a restricted client has its own ones. Elsewhere it is, for what
 * guests may see, a guest. */
int rest_check_project(RestRequest *request, Error **err) {
        if (request->method->access != REST_PROJECT)
                return 0;
        if (request->all_projects ? request->caller.admin
                                  : rest_caller_may_use(request, request->project))
                return 0;
        return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
}
