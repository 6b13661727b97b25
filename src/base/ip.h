/* IPv4 and IPv6 addresses and subnets as values: parsing, text, arithmetic. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct IpAddress {
        int family; /* AF_INET, AF_INET6; 0: none */
        unsigned char bytes[16]; /* network order; an IPv4 address has four */
} IpAddress;

/* An address and how many of its bits are the network's; host bits are kept. */
typedef struct IpSubnet {
        IpAddress address;
        unsigned bits;
} IpSubnet;

bool ip_parse(const char *text, IpAddress *ret);
/* "10.1.2.3/24". */
bool ip_parse_subnet(const char *text, IpSubnet *ret);
/* The same, and an address alone is a subnet of one. */
bool ip_parse_subnet_or_address(const char *text, IpSubnet *ret);
/* "FIRST-LAST" of one family and in order. */
bool ip_parse_range(const char *text, IpAddress *ret_first, IpAddress *ret_last);
char *ip_format(const IpAddress *address);
char *ip_format_subnet(const IpSubnet *subnet);

unsigned ip_bits(int family); /* 32, 128 */
bool ip_equal(const IpAddress *a, const IpAddress *b);
/* Within one family: below, at or above zero as memcmp(). */
int ip_compare(const IpAddress *a, const IpAddress *b);
/* Without host bits. */
IpSubnet ip_network(const IpSubnet *subnet);
bool ip_has_host_bits(const IpSubnet *subnet);
bool ip_subnet_has(const IpSubnet *subnet, const IpAddress *address);
bool ip_subnets_overlap(const IpSubnet *a, const IpSubnet *b);
/* The `offset`th address of the network; of its last one counted down. */
IpAddress ip_nth(const IpSubnet *subnet, uint32_t offset);
IpAddress ip_nth_last(const IpSubnet *subnet, uint32_t offset);
bool ip_is_link_local(const IpAddress *address);
