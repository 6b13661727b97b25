/* nftables by libnftables: text in, one transaction of the kernel. */
#include "firewall/firewall_private.h"

#include "base/memory.h"

#include <nftables/libnftables.h>
#include <string.h>

typedef struct nft_ctx NftContext;
DEFINE_CLEANUP(NftContext, nft_context, nft_ctx_free)
#define _cleanup_context_ _cleanup_(nft_context_cleanup)

/* The first line of what nft says, without its "<cmdline>:1:1-5: Error: ". */
static char *reason_of(const char *text) {
        const char *start = strstr(text, "Error: ");
        start = start != NULL ? start + strlen("Error: ") : text;
        return str_ndup(start, strcspn(start, "\n"));
}

/* A context of its own for each call: it keeps a cache of the kernel's rules, which would be stale,
 * and memory for as long as it lives. */
static int run(const char *commands, Error **err) {
        _cleanup_context_ NftContext *context = nft_ctx_new(NFT_CTX_DEFAULT);
        if (context == NULL)
                return error_set(err, ERROR_INTERNAL, 0, "Cannot use libnftables");
        (void) nft_ctx_buffer_output(context);
        (void) nft_ctx_buffer_error(context);
        if (nft_run_cmd_from_buffer(context, commands) == 0)
                return 0;
        _cleanup_free_ char *reason = reason_of(nft_ctx_get_error_buffer(context));
        return error_set(err, ERROR_SYSTEM, 0, "Failed to apply firewall rules: %s", reason);
}

static bool nft_is_usable(void) {
        return run("list tables\n", NULL) == 0;
}

static int finish(StrBuf *text, Error **err) {
        int result = run(text->data != NULL ? text->data : "", err);
        strbuf_done(text);
        return result;
}

static int nft_network(Firewall *firewall, const FirewallNetwork *network, Error **err) {
        StrBuf text = {};
        nft_plan_network(&text, network);
        return finish(&text, err);
}

static int nft_network_clear(Firewall *firewall, const char *network, Error **err) {
        StrBuf text = {};
        nft_plan_network_clear(&text, network);
        return finish(&text, err);
}

static int nft_forwards(Firewall *firewall, const char *network, const FirewallForward *forwards,
                        size_t count, Error **err) {
        StrBuf text = {};
        nft_plan_forwards(&text, network, forwards, count);
        return finish(&text, err);
}

static int nft_acls(Firewall *firewall, const char *network, const FirewallAclRule *rules,
                    size_t count, Error **err) {
        StrBuf text = {};
        nft_plan_acls(&text, network, rules, count);
        return finish(&text, err);
}

static int nft_acls_clear(Firewall *firewall, const char *network, Error **err) {
        StrBuf text = {};
        nft_plan_acls_clear(&text, network);
        return finish(&text, err);
}

static int nft_nic(Firewall *firewall, const FirewallNic *nic, Error **err) {
        StrBuf text = {};
        nft_plan_nic(&text, nic);
        return finish(&text, err);
}

static int nft_nic_clear(Firewall *firewall, const FirewallNic *nic, Error **err) {
        StrBuf text = {};
        nft_plan_nic_clear(&text, nic);
        return finish(&text, err);
}

static int nft_proxy(Firewall *firewall, const FirewallDevice *device,
                     const FirewallForward *forwards, size_t count, Error **err) {
        StrBuf text = {};
        nft_plan_proxy(&text, device, forwards, count);
        return finish(&text, err);
}

static int nft_rpfilter(Firewall *firewall, const FirewallDevice *device, const char *host_name,
                        Error **err) {
        StrBuf text = {};
        nft_plan_rpfilter(&text, device, host_name);
        return finish(&text, err);
}

const FirewallDriver firewall_nftables = {
        .name = "nftables",
        .is_usable = nft_is_usable,
        .network = nft_network,
        .network_clear = nft_network_clear,
        .forwards = nft_forwards,
        .acls = nft_acls,
        .acls_clear = nft_acls_clear,
        .nic = nft_nic,
        .nic_clear = nft_nic_clear,
        .proxy = nft_proxy,
        .rpfilter = nft_rpfilter,
};
