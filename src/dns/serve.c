/* From a query to its messages. */
#include "dns/server.h"

#include "base/log.h"
#include "base/memory.h"

#include <time.h>

typedef struct Job {
        const DnsSource *source;
        const unsigned char *data;
        const DnsQuery *query;
        const DnsSecret *secret; /* NULL: not signed */
        size_t limit;
        bool stream;
        DnsSend send;
        void *send_data;
} Job;

static uint64_t now(void) {
        return (uint64_t) time(NULL);
}

/* Room that a signature takes at most. */
#define SIGNATURE_SIZE (2 * DNS_NAME_MAX + 26 + DNS_MAC_MAX)

static void reply(const Job *job, const DnsZone *zone, unsigned code) {
        _cleanup_strbuf_ StrBuf message = {.data = NULL};
        DnsSignature signature = job->query->signature;
        dns_answer(&message, job->data, job->query, zone, code,
                   job->secret != NULL && job->stream ? job->limit - SIGNATURE_SIZE : job->limit);
        if (job->secret != NULL)
                dns_tsig_sign(&message, job->secret, &signature, true, now());
        (void) !job->send(job->send_data, &message);
}

static void transfer(const Job *job, const DnsZone *zone) {
        _cleanup_strbuf_ StrBuf message = {.data = NULL};
        DnsSignature signature = job->query->signature;
        bool first = true;
        for (size_t at = 0; dns_transfer(&message, job->data, job->query, zone, &at);
             first = false) {
                if (job->secret != NULL)
                        dns_tsig_sign(&message, job->secret, &signature, first, now());
                if (job->send(job->send_data, &message) < 0)
                        return;
        }
}

static void refuse_signature(const Job *job, unsigned error) {
        _cleanup_strbuf_ StrBuf message = {.data = NULL};
        dns_answer(&message, job->data, job->query, NULL, DNS_NOT_AUTHENTIC, job->limit);
        dns_tsig_refuse(&message, job->query, error, now());
        (void) !job->send(job->send_data, &message);
}

static void answer(const Job *job, const DnsClient *client) {
        _cleanup_dns_zone_ DnsZone zone = {.count = 0};
        _cleanup_error_ Error *err = NULL;
        const DnsQuery *query = job->query;
        bool whole = query->type == DNS_TYPE_AXFR || query->type == DNS_TYPE_IXFR;
        if (query->class != 1 ||
            job->source->find_zone(job->source->userdata, &query->name, client, &zone, &err) < 0) {
                if (err != NULL && !error_is(err, ERROR_NOT_FOUND))
                        log_error("DNS: %s", error_message(err));
                reply(job, NULL, err == NULL || error_is(err, ERROR_NOT_FOUND)
                                         ? DNS_REFUSED
                                         : DNS_SERVER_FAILURE);
                return;
        }
        if (!whole) {
                reply(job, &zone, DNS_OK);
        } else if (!dns_name_equal(&query->name, &zone.name)) {
                reply(job, NULL, DNS_REFUSED);
        } else if (job->stream) {
                transfer(job, &zone);
        } else {
                /* IXFR over UDP: the SOA says what there is. AXFR needs a connection. */
                DnsQuery soa = *query;
                Job short_job = *job;
                soa.type = DNS_TYPE_SOA;
                short_job.query = &soa;
                reply(query->type == DNS_TYPE_IXFR ? &short_job : job,
                      query->type == DNS_TYPE_IXFR ? &zone : NULL,
                      query->type == DNS_TYPE_IXFR ? DNS_OK : DNS_REFUSED);
        }
}

void dns_serve(const DnsSource *source, const DnsRequest *request, DnsSend send,
               void *send_data) {
        DnsQuery query;
        DnsSecret secret;
        int code = dns_query_parse(request->data, request->size, &query);
        if (code < 0)
                return;
        Job job = {.source = source, .data = request->data, .query = &query,
                   .stream = request->stream,
                   .limit = request->stream ? 65535 : MIN_OF(query.udp_size, 1232), .send = send,
                   .send_data = send_data};
        DnsClient client = {.address = request->address};
        if (code != DNS_OK) {
                reply(&job, NULL, (unsigned) code);
                return;
        }
        if (query.signature.present) {
                unsigned error =
                        source->find_secret(source->userdata, &query.signature.key, &secret)
                                ? dns_tsig_verify(request->data, &query, &secret, now())
                                : 17;
                if (error != 0) {
                        refuse_signature(&job, error);
                        return;
                }
                job.secret = &secret;
                client.key = &query.signature.key;
        }
        answer(&job, &client);
}
