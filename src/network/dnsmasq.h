/* One dnsmasq for each bridge. It outlives the daemon: the next one finds it by its command line
 * and goes on with it when that is still what is wanted. One that dies is started again. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "database/networks.h"

struct Loop;
struct Workers;

/* What a network asks of dnsmasq. */
typedef struct DnsmasqPlan {
        StrList arguments; /* the command line; empty: none is wanted */
        char *raw;         /* content of dnsmasq.raw */
} DnsmasqPlan;
void dnsmasq_plan_done(DnsmasqPlan *plan);
#define _cleanup_dnsmasq_plan_ _cleanup_(dnsmasq_plan_done)
/* Pure. `directory`: networks/NAME. `user`, `group`: whom it becomes; NULL: stays root. */
void dnsmasq_plan(const NetworkRow *row, const char *directory, uint32_t mtu, const char *user,
                  const char *group, DnsmasqPlan *ret);

typedef struct Dnsmasqs Dnsmasqs;
/* `directory`: networks/. */
Dnsmasqs *dnsmasqs_new(const char *directory, struct Loop *loop, struct Workers *workers);
void dnsmasqs_free(Dnsmasqs *all);
/* Finds those that an earlier daemon left; those whose network is not among `names` are ended. */
void dnsmasqs_scan(Dnsmasqs *all, const StrList *names);
/* Makes it run as planned: started, left alone when it does already, else replaced. Returns when it
 * serves. A plan without arguments ends it. */
int dnsmasq_apply(Dnsmasqs *all, const char *network, const DnsmasqPlan *plan, Error **err)
        _must_check_;
void dnsmasq_stop(Dnsmasqs *all, const char *network);
/* Reads hosts again. */
void dnsmasq_reload(Dnsmasqs *all, const char *network);
/* Ends it, calls `change` and starts it: for files that it writes itself. */
void dnsmasq_while_stopped(Dnsmasqs *all, const char *network, void (*change)(void *userdata),
                           void *userdata);
