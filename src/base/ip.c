#include "base/ip.h"

#include "base/memory.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

static size_t size_of(int family) {
        return family == AF_INET ? 4 : 16;
}

unsigned ip_bits(int family) {
        return (unsigned) size_of(family) * 8;
}

bool ip_parse(const char *text, IpAddress *ret) {
        IpAddress address = {.family = AF_INET};
        if (text == NULL)
                return false;
        if (strchr(text, ':') != NULL)
                address.family = AF_INET6;
        if (inet_pton(address.family, text, address.bytes) != 1)
                return false;
        *ret = address;
        return true;
}

bool ip_parse_subnet(const char *text, IpSubnet *ret) {
        const char *slash = text != NULL ? strchr(text, '/') : NULL;
        IpSubnet subnet;
        uint64_t bits;
        if (slash == NULL || !str_to_uint64(slash + 1, &bits))
                return false;
        _cleanup_free_ char *address = str_ndup(text, (size_t) (slash - text));
        if (!ip_parse(address, &subnet.address) || bits > ip_bits(subnet.address.family))
                return false;
        subnet.bits = (unsigned) bits;
        *ret = subnet;
        return true;
}

bool ip_parse_subnet_or_address(const char *text, IpSubnet *ret) {
        IpSubnet subnet;
        if (ip_parse_subnet(text, ret))
                return true;
        if (!ip_parse(text, &subnet.address))
                return false;
        subnet.bits = ip_bits(subnet.address.family);
        *ret = subnet;
        return true;
}

bool ip_parse_range(const char *text, IpAddress *ret_first, IpAddress *ret_last) {
        const char *dash = text != NULL ? strchr(text, '-') : NULL;
        IpAddress first, last;
        if (dash == NULL)
                return false;
        _cleanup_free_ char *start = str_ndup(text, (size_t) (dash - text));
        if (!ip_parse(start, &first) || !ip_parse(dash + 1, &last) ||
            first.family != last.family || ip_compare(&first, &last) > 0)
                return false;
        *ret_first = first;
        *ret_last = last;
        return true;
}

char *ip_format(const IpAddress *address) {
        char text[INET6_ADDRSTRLEN];
        if (address->family == 0 ||
            inet_ntop(address->family, address->bytes, text, sizeof text) == NULL)
                return str_dup("");
        return str_dup(text);
}

char *ip_format_subnet(const IpSubnet *subnet) {
        _cleanup_free_ char *address = ip_format(&subnet->address);
        return str_printf("%s/%u", address, subnet->bits);
}

bool ip_equal(const IpAddress *a, const IpAddress *b) {
        return a->family == b->family && memcmp(a->bytes, b->bytes, size_of(a->family)) == 0;
}

int ip_compare(const IpAddress *a, const IpAddress *b) {
        return memcmp(a->bytes, b->bytes, size_of(a->family));
}

/* The bits of byte `i` that belong to the network. */
static unsigned char network_mask(unsigned bits, size_t i) {
        unsigned kept = bits > 8 * i ? MIN_OF(bits - 8 * (unsigned) i, 8u) : 0;
        return (unsigned char) ~(0xff >> kept);
}

IpSubnet ip_network(const IpSubnet *subnet) {
        IpSubnet network = *subnet;
        for (size_t i = 0; i < size_of(network.address.family); i++)
                network.address.bytes[i] &= network_mask(subnet->bits, i);
        return network;
}

bool ip_has_host_bits(const IpSubnet *subnet) {
        IpSubnet network = ip_network(subnet);
        return !ip_equal(&network.address, &subnet->address);
}

bool ip_subnet_has(const IpSubnet *subnet, const IpAddress *address) {
        const IpSubnet other = {.address = *address, .bits = subnet->bits};
        IpSubnet a = ip_network(subnet), b = ip_network(&other);
        return subnet->address.family == address->family && ip_equal(&a.address, &b.address);
}

bool ip_subnets_overlap(const IpSubnet *a, const IpSubnet *b) {
        return a->bits < b->bits ? ip_subnet_has(a, &b->address)
                                 : ip_subnet_has(b, &a->address);
}

IpAddress ip_nth(const IpSubnet *subnet, uint32_t offset) {
        IpAddress address = ip_network(subnet).address;
        uint64_t carry = offset;
        for (size_t i = size_of(address.family); i-- > 0 && carry > 0; carry >>= 8) {
                carry += address.bytes[i];
                address.bytes[i] = (unsigned char) carry;
        }
        return address;
}

IpAddress ip_nth_last(const IpSubnet *subnet, uint32_t offset) {
        IpAddress address = subnet->address;
        for (size_t i = 0; i < size_of(address.family); i++)
                address.bytes[i] |= (unsigned char) ~network_mask(subnet->bits, i);
        uint32_t borrow = offset;
        for (size_t i = size_of(address.family); i-- > 0 && borrow > 0;) {
                uint32_t low = borrow & 0xff;
                borrow = (borrow >> 8) + (address.bytes[i] < low);
                address.bytes[i] = (unsigned char) (address.bytes[i] - low);
        }
        return address;
}

bool ip_is_link_local(const IpAddress *address) {
        if (address->family == AF_INET)
                return address->bytes[0] == 169 && address->bytes[1] == 254;
        return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}
