/* Networks: records, what makes them real on the host, and who uses them.
 *
 * A NetworkRow is a copy of the record. Verbs exclude each other. All functions are thread-safe and
 * may block. */
#pragma once

#include "api/network.h"
#include "base/error.h"
#include "base/text.h"
#include "database/networks.h"

typedef struct Networks Networks;
struct Firewall;
struct Loop;
struct Workers;

#define NETWORKS_FEATURE "features.networks" /* for db_project_holder() */

typedef struct NetworksSpec { /* all borrowed */
        Database *database;
        struct Firewall *firewall; /* NULL: the host has none, networks are without rules */
        struct Loop *loop;
        struct Workers *workers;
        const char *directory; /* BERTH_DIR */
        const char *seed;      /* differs between hosts and stays: makes hardware addresses */
} NetworksSpec;

/* A nic of an instance or of a profile, devices of profiles applied. Borrowed. */
typedef struct NetworkNic {
        const char *project, *owner; /* instance or profile */
        bool is_profile;
        bool is_running;
        const char *device;
        const StrMap *config;
        const StrMap *volatiles; /* the instance's config; NULL of a profile */
} NetworkNic;
typedef void (*NetworkNicVisitor)(void *userdata, const NetworkNic *nic);

/* Questions that those above answer; set once by the daemon before networks_start(). */
typedef struct NetworkHooks {
        int (*each_nic)(void *userdata, NetworkNicVisitor visit, void *visit_data, Error **err);
        /* What a network names is there (zones). */
        int (*check)(void *userdata, const NetworkRow *row, Error **err);
        /* What else belongs to a network comes back after it was set up (forwards, ACLs). */
        int (*after_setup)(void *userdata, const NetworkRow *row, Error **err);
        void *userdata;
} NetworkHooks;

Networks *networks_new(const NetworksSpec *spec);
void networks_free(Networks *networks);
void networks_set_hooks(Networks *networks, const NetworkHooks *hooks);
/* Makes the host what the records say. A network that cannot be set up is a warning, is shown as
 * unavailable, and is tried again by networks_retry(). */
void networks_start(Networks *networks);
void networks_retry(Networks *networks);
struct Firewall *networks_firewall(const Networks *networks);

/* `project`: of the instance or request; what it sees is of the default project unless it has
 * networks of its own. ERROR_NOT_FOUND "Network not found". */
int network_load(Networks *networks, const char *project, const char *name, NetworkRow *ret,
                 Error **err) _must_check_;
/* A managed network whose host interface is `interface` (a bridge); ERROR_NOT_FOUND. */
int network_find_interface(Networks *networks, const char *interface, NetworkRow *ret,
                           Error **err) _must_check_;
/* "Created", "Pending", "Errored", "Unavailable". */
const char *network_status(Networks *networks, const NetworkRow *row);

/* `row`: project (effective), name, description, type, config; automatic values are filled in. */
int network_create(Networks *networks, NetworkRow *row, Error **err) _must_check_;
/* `row`: the record with description and config as they are to be. */
int network_update(Networks *networks, NetworkRow *row, Error **err) _must_check_;
int network_rename(Networks *networks, const NetworkRow *row, const char *to, Error **err)
        _must_check_;
int network_delete(Networks *networks, const NetworkRow *row, Error **err) _must_check_;

/* Whether an instance of another project has the name: they can meet in DNS. */
bool network_name_is_shared(Networks *networks, const char *project, const char *instance);
/* What all users of networks share, in one question each. */
int networks_each_nic(Networks *networks, NetworkNicVisitor visit, void *visit_data, Error **err)
        _must_check_;
/* Whether the nic is on the network: by its name, or by the interface that stands for it. */
bool network_nic_is_on(const NetworkRow *row, const NetworkNic *nic);
/* URLs: instances, then profiles, then networks on top of it. */
int network_used_by(Networks *networks, const NetworkRow *row, StrList *ret, Error **err)
        _must_check_;
/* The same for all rows at once, in one walk over nics; `rets` has an entry for each row. */
int network_used_by_all(Networks *networks, const NetworkRowList *rows, StrList *rets,
                        Error **err) _must_check_;
int network_interface_used_by(Networks *networks, const char *interface, StrList *ret,
                              Error **err) _must_check_;

JSON_DEFINE_LIST(ApiNetworkLease);
void network_lease_list_done(ApiNetworkLeaseList *list);
/* `project`: whose instances' leases are wanted. ERROR_NOT_FOUND when its type has none. */
int network_leases(Networks *networks, const NetworkRow *row, const char *project,
                   ApiNetworkLeaseList *ret, Error **err) _must_check_;

/* Interfaces of the host. */
typedef struct NetworkInterface {
        char *name;
        const char *type; /* "bridge", "bond", "physical", "vlan", "loopback", "unknown" */
} NetworkInterface;
typedef struct NetworkInterfaceList {
        NetworkInterface *items;
        size_t count, capacity;
} NetworkInterfaceList;
void network_interface_list_done(NetworkInterfaceList *list);
int network_interfaces(NetworkInterfaceList *ret, Error **err) _must_check_;
/* The interface that stands for a network on this host. */
char *network_host_interface(const NetworkRow *row);
int network_state(const char *interface, ApiNetworkState *ret, Error **err) _must_check_;

/* DHCP and DNS of one nic on a bridge, in networks/NET/dnsmasq.hosts/[PROJECT_]INSTANCE.DEVICE. */
typedef struct NetworkHost {
        const char *disk_name; /* [PROJECT_]INSTANCE */
        const char *name;      /* in DNS */
        const char *device;
        const char *hwaddr;
        const char *ipv4, *ipv6; /* NULL: none fixed */
} NetworkHost;
int network_host_set(Networks *networks, const NetworkRow *row, const NetworkHost *host,
                     Error **err) _must_check_;
void network_host_clear(Networks *networks, const char *network, const char *disk_name,
                        const char *device);
/* Forgets what the server gave to a hardware address. */
void network_lease_forget(Networks *networks, const NetworkRow *row, const char *hwaddr);
