/* Checks of single values. As ConfigCheck they get their limits from the row; those without a row
 * take NULL. All say what was given and what is allowed, in LXD's words where it has some.
 * Accepting "" is the caller's part: an empty value is an unset one. */
#pragma once

#include "schema/key.h"

int check_any(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_bool(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_integer(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_uint32(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_one_of(const ConfigKey *key, const char *value, Error **err) _must_check_; /* allowed */
int check_list_of(const ConfigKey *key, const char *value, Error **err) _must_check_; /* commas */
int check_bool_or(const ConfigKey *key, const char *value, Error **err) _must_check_; /* allowed */
int check_integer_or(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_size(const ConfigKey *key, const char *value, Error **err) _must_check_; /* 10GiB */
int check_size_or_percent(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_bit_rate(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_disk_rate(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_cpu_set(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_cpu_allowance(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_priority(const ConfigKey *key, const char *value, Error **err) _must_check_; /* 0-10 */
int check_rlimit(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_schedule(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_expiry(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_cron(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv4(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv6(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ip(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ip_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv4_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv6_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv4_cidr(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv6_cidr(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv4_cidr_or(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv6_cidr_or(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv4_cidr_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv6_cidr_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_cidr_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv4_range_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_ipv6_range_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_mac(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_mtu(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_vlan(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_vlan_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_port(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_port_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_listen_address(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_interface(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_interface_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_file_mode(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_hex_id(const ConfigKey *key, const char *value, Error **err) _must_check_; /* 4 digits */
int check_pci_address(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_uuid(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_absolute_path(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_compression(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_architecture(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_architecture_list(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_idmap(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_url(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_asn(const ConfigKey *key, const char *value, Error **err) _must_check_;
int check_proxy_address(const ConfigKey *key, const char *value, Error **err) _must_check_;
