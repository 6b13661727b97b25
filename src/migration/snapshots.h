/* Snapshots as the messages have them, and as this host has them. */
#pragma once

#include "instance/instance.h"
#include "migration/header.h"

void migration_snapshots_offer(const InstanceList *snapshots, MigrationHeader *header);
/* What a peer offers, as snapshots of an instance that is called as in `row`; names are checked. A
 * peer that only sends names has snapshots that are as the instance is. */
int migration_snapshots_take(const MigrationHeader *offer, const InstanceRow *row,
                             InstanceList *ret, Error **err) _must_check_;
/* For a refresh, whose target has `there`: of `offered` those that are missing stay, and *ret_stale
 * gets the indexes in `there` of those that go (caller frees). The same: the same name, made in the
 * same second. */
void migration_snapshots_compare(InstanceList *offered, const InstanceList *there,
                                 size_t **ret_stale, size_t *ret_count);
/* Keeps those with these names, in their order. */
void migration_snapshots_select(InstanceList *snapshots, const StrList *names);
