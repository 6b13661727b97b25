/* Which way the files go, and the index that describes them before they do. */
#pragma once

#include "instance/instance.h"
#include "migration/header.h"
#include "storage/storage.h"

/* What this side can do: type, features. */
void migration_offer(const StoragePool *pool, MigrationHeader *header);
/* The target's choice among what it was offered and what it can do: `header` gets type and
 * features. `refresh`: its volume is there already. */
void migration_choose(const StoragePool *pool, const MigrationHeader *offer, bool refresh,
                      MigrationHeader *header);
/* rsync's features of a header: those of LXD 3.7 when it says nothing about them. */
unsigned migration_rsync_features(const MigrationHeader *header);

/* {"config": {"Container": …, "Volume": …, …}}; caller frees. */
char *migration_index(const Instance *instance, const StoragePool *pool,
                      const InstanceList *snapshots);
/* What the target answers to the index. */
char *migration_index_answer(bool refresh);
int migration_index_check(const char *text, size_t size, Error **err) _must_check_;
