/* Messages to the name server: whatever comes, each answer is well formed and no longer than the
 * client takes. The first byte: odd is TCP. Values of records are read as text on the way. */
#include "base/memory.h"
#include "base/text.h"
#include "dns/server.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
        const char *name, *type, *value;
} records[] = {
        {"@", "SOA", "zone.example. ns 1 120 60 86400 30"},
        {"@", "NS", "ns"},
        {"www", "A", "192.0.2.1"},
        {"www", "AAAA", "fd00::1"},
        {"alias", "CNAME", "www"},
        {"loop", "CNAME", "loop"},
        {"*.any", "TXT", "\"a b\" c\\032d"},
        {"a.b.c", "MX", "10 mail"},
};

static bool find_secret(void *userdata, const DnsName *key, DnsSecret *ret) {
        *ret = (DnsSecret){.bytes = "secret", .size = 6};
        return key->length < 40;
}

static int find_zone(void *userdata, const DnsName *name, const DnsClient *client, DnsZone *ret,
                     Error **err) {
        DnsZone zone = {.count = 0};
        if (dns_name_parse("zone.example", NULL, &zone.name, err) < 0)
                abort();
        if (!dns_name_is_in(name, &zone.name))
                return error_set(err, ERROR_NOT_FOUND, 0, "Network zone not found");
        for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
                DnsName owner;
                if (dns_name_parse(records[i].name, &zone.name, &owner, err) < 0 ||
                    dns_zone_add(&zone, &owner, records[i].type, 300, records[i].value, err) < 0)
                        abort();
        }
        *ret = zone;
        return 0;
}

static int check(void *userdata, const StrBuf *message) {
        const bool *stream = userdata;
        if (message->length < 12 || message->length > (*stream ? 65535u : 2048u) ||
            ((unsigned char) message->data[2] & 0x80) == 0)
                abort();
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const DnsSource source = {find_secret, find_zone, NULL};
        if (size < 1)
                return 0;
        bool stream = (data[0] & 1) != 0;
        /* A copy of its own, so that a byte too far is seen. */
        unsigned char *message = malloc(size);
        if (message == NULL)
                return 0;
        memcpy(message, data + 1, size - 1);
        const DnsRequest request = {"192.0.2.7", stream, message, size - 1};
        dns_serve(&source, &request, check, &stream);
        free(message);
        char *text = str_ndup((const char *) data + 1, size - 1);
        DnsZone zone = {.count = 0};
        static const char *const types[] = {"TXT", "MX", "CAA", "TLSA", "NAPTR", "A"};
        if (dns_name_parse("zone.example", NULL, &zone.name, NULL) == 0)
                for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                        (void) !dns_zone_add(&zone, &zone.name, types[i], 1, text, NULL);
        dns_zone_done(&zone);
        free(text);
        return 0;
}
