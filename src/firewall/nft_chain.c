/* Chains as nft text. "add, flush, delete" is harmless whether the chain is there or not, and what
 * is one text is one transaction: nobody ever sees a chain half filled. */
#include "firewall/firewall_private.h"

#include "base/memory.h"

#include <string.h>

void nft_chain(StrBuf *out, const NftChain *chain, const char *label) {
        strbuf_printf(out, "add table %s lxd\n", chain->family);
        if (chain->hook != NULL)
                strbuf_printf(out, "add chain %s lxd %s.%s { %s }\n", chain->family, chain->prefix,
                              label, chain->hook);
        else
                strbuf_printf(out, "add chain %s lxd %s.%s\n", chain->family, chain->prefix, label);
        strbuf_printf(out, "flush chain %s lxd %s.%s\n", chain->family, chain->prefix, label);
}

void nft_chain_remove(StrBuf *out, const NftChain *chain, const char *label) {
        nft_chain(out, chain, label);
        strbuf_printf(out, "delete chain %s lxd %s.%s\n", chain->family, chain->prefix, label);
}

void nft_chains_remove(StrBuf *out, const NftChain *chains, size_t count, const char *label) {
        for (size_t i = 0; i < count; i++)
                nft_chain_remove(out, &chains[i], label);
}

void nft_rule(StrBuf *out, const NftChain *chain, const char *label, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *rule = str_vprintf(format, arguments);
        va_end(arguments);
        strbuf_printf(out, "add rule %s lxd %s.%s %s\n", chain->family, chain->prefix, label, rule);
}

/* Longer names than the kernel takes for a chain do not occur: 63 each, and what stands around. */
char *firewall_device_label(const FirewallDevice *device) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_.";
        StrBuf out = {};
        bool is_default = str_is_empty(device->project) || str_equal(device->project, "default");
        _cleanup_free_ char *label =
                str_printf("%s%s%s.%s", is_default ? "" : device->project, is_default ? "" : "_",
                           device->instance, device->device);
        for (const char *c = label; *c != '\0'; c++) {
                if (strchr(plain, *c) != NULL)
                        strbuf_add_char(&out, *c);
                else
                        strbuf_printf(&out, "/%02x", (unsigned char) *c);
        }
        return strbuf_take(&out);
}
