/* What nics share. */
#pragma once

#include "device/device.h"
#include "network/network.h"

/* A nic with what its network says. */
typedef struct Nic {
        const DeviceContext *context;
        StrMap config;      /* as configured, with the network's parent, MTU… */
        NetworkRow network; /* the managed one it is on, by name or by its interface */
        bool managed;
} Nic;

int nic_load(const DeviceContext *context, Nic *ret, Error **err) _must_check_;
void nic_done(Nic *nic);
#define _cleanup_nic_ _cleanup_(nic_done)
const char *nic_get(const Nic *nic, const char *key); /* NULL when unset */
/* The key "FAMILY.KEY". */
const char *nic_get_of(const Nic *nic, const char *family, const char *key);
/* 0 when unset. */
uint32_t nic_number(const Nic *nic, const char *key);
/* The configured address, else the one made once; NULL: none. */
const char *nic_hwaddr(const Nic *nic);
/* "PREFIXxxxxxxxx" with random digits. */
char *nic_random_name(const char *prefix);
/* Refuses keys that the network gives. `network` must be set. */
int nic_check_network_keys(const DeviceContext *context, Error **err) _must_check_;

/* The lines for the end that goes inside, and what plug() and stop() need. */
void nic_add_lines(const Nic *nic, const char *link, DeviceRun *run);
/* The host's end of the pair that this run made. */
char *nic_host_name(const Nic *nic, const DeviceRun *run);
void nic_set_volatile(const Nic *nic, DeviceRun *run, const char *key, const char *value);

/* Makes the pair and sets `bridge` as the master of the host's end (NULL: none). */
int nic_veth_start(const Nic *nic, const char *bridge, DeviceRun *run, Error **err) _must_check_;
/* The link that `run` names goes into the running instance. */
int nic_plug(const DeviceContext *context, const DeviceRun *run, Error **err) _must_check_;
/* Deletes the host's end (and so the other one, wherever it is) and its volatile keys. */
void nic_veth_stop(const DeviceContext *context, StrMap *volatiles);
/* Forgets the volatile keys that only a running nic has. */
void nic_clear_volatile(const DeviceContext *context, StrMap *volatiles);
/* ipvN.routes (and .external) of the host to `link`; on failure those added go. */
int nic_routes_add(const Nic *nic, const char *link, Error **err) _must_check_;
void nic_routes_remove(const StrMap *config, const char *link);

/* Filters of what a bridged nic sends; `host`: the port, `parent`: the bridge. */
int nic_filter_check(const Nic *nic, Error **err) _must_check_;
int nic_filter_start(const Nic *nic, const char *host, const char *parent, Error **err)
        _must_check_;
/* `config`: as it was started. */
void nic_filter_stop(const DeviceContext *context, const StrMap *config, const char *host,
                     const char *parent);

/* Between nics of all instances on one bridge: names, hardware and fixed addresses. */
int nic_bridged_admit(const DeviceContext *context, Error **err) _must_check_;

/* nics with "network": what the type of the network stands for. */
int nic_find_by_network(const DeviceContext *context, const DeviceDriver **ret, Error **err)
        _must_check_;
