/* Checks of single values: each is a ConfigCheck, so it takes its limits from the row (`key`), or
 * none from NULL where it has no limits. On failure ERROR_INVALID says what was given and what is
 * allowed, in LXD's words where it has some. "" never comes here: it unsets a key. */
#pragma once

#include "schema/key.h"

#define CONFIG_CHECK(name) \
        int check_##name(const ConfigKey *key, const char *value, Error **err) _must_check_

/* Plain values: check.c. */
CONFIG_CHECK(bool);
CONFIG_CHECK(integer);    /* minimum..maximum of the row when not both 0 */
CONFIG_CHECK(uint32);
CONFIG_CHECK(priority);   /* 0..10 */
CONFIG_CHECK(one_of);     /* of `allowed` */
CONFIG_CHECK(list_of);    /* comma-separated, each of `allowed` */
CONFIG_CHECK(bool_or);    /* a boolean or one of `allowed` */
CONFIG_CHECK(plain_bool); /* bool and integer in the words of the server's table */
CONFIG_CHECK(plain_integer);
CONFIG_CHECK(size);            /* 10GiB */
CONFIG_CHECK(size_or_percent); /* 10GiB, 10% */
CONFIG_CHECK(bool_or_size);
CONFIG_CHECK(bit_rate);        /* 10Mbit */
CONFIG_CHECK(disk_rate);       /* 10MiB, 100iops */
CONFIG_CHECK(uuid);
CONFIG_CHECK(absolute_path);
CONFIG_CHECK(compression);
CONFIG_CHECK(architecture);
CONFIG_CHECK(architecture_or_any); /* comma-separated */
CONFIG_CHECK(pool_volume);         /* POOL/VOLUME */
CONFIG_CHECK(url);
CONFIG_CHECK(odd_voters);
CONFIG_CHECK(json);
CONFIG_CHECK(certificate); /* PEM */
CONFIG_CHECK(list_of_paths);
CONFIG_CHECK(zfs_block_size);

/* Instances, devices and projects: check_instance.c. */
CONFIG_CHECK(cpu_set);
CONFIG_CHECK(cpu_nodes);
CONFIG_CHECK(cpu_allowance);
CONFIG_CHECK(rlimit); /* N, unlimited, SOFT:HARD */
CONFIG_CHECK(schedule); /* cron, or of the @aliases in `allowed` */
CONFIG_CHECK(expiry);
CONFIG_CHECK(idmap);
CONFIG_CHECK(id_ranges); /* 1000-1010,1020 */
CONFIG_CHECK(unix_id);
CONFIG_CHECK(unix_number);
CONFIG_CHECK(file_mode);
CONFIG_CHECK(hex_id); /* of a vendor or product */
CONFIG_CHECK(pci_address);
CONFIG_CHECK(raw_lxc);
CONFIG_CHECK(kernel_modules);
CONFIG_CHECK(proxy_address);
CONFIG_CHECK(fuse_map); /* ext4=fuse2fs,… */
CONFIG_CHECK(file_systems);

/* Networks: check_network.c. */
CONFIG_CHECK(ipv4);
CONFIG_CHECK(ipv6);
CONFIG_CHECK(ip);
CONFIG_CHECK(ip_list);
CONFIG_CHECK(ipv4_or); /* or one of `allowed` */
CONFIG_CHECK(ipv6_or);
CONFIG_CHECK(ipv4_list); /* each may be one of `allowed` */
CONFIG_CHECK(ipv6_list);
CONFIG_CHECK(ipv4_cidr); /* an address in its network: 10.1.2.3/24; or one of `allowed` */
CONFIG_CHECK(ipv6_cidr);
CONFIG_CHECK(ipv4_address_list); /* 10.1.2.3 or 10.1.2.3/24, comma-separated */
CONFIG_CHECK(ipv6_address_list);
CONFIG_CHECK(ipv4_network); /* no host bits: 10.1.2.0/24; or one of `allowed` */
CONFIG_CHECK(ipv6_network);
CONFIG_CHECK(ipv4_network_list);
CONFIG_CHECK(ipv6_network_list);
CONFIG_CHECK(ipv4_range_list);
CONFIG_CHECK(ipv6_range_list);
CONFIG_CHECK(uplink_subnets); /* UPLINK:SUBNET,… */
CONFIG_CHECK(mac);
CONFIG_CHECK(infiniband_mac); /* 20 or 8 bytes */
CONFIG_CHECK(asn);
CONFIG_CHECK(ipvlan_mode);
CONFIG_CHECK(mtu);
CONFIG_CHECK(vlan); /* 0..4094, or one of `allowed` */
CONFIG_CHECK(vlan_list);
CONFIG_CHECK(port);
CONFIG_CHECK(port_list); /* 80,90-100 */
CONFIG_CHECK(interface);
CONFIG_CHECK(interface_list);
CONFIG_CHECK(listen_address); /* HOST, HOST:PORT, [V6]:PORT, :PORT */
CONFIG_CHECK(dns_name);
