/* What happens to custom volumes by the clock. What fails is logged and tried again. */
#pragma once

#include "volume/volume.h"

void volumes_take_scheduled_snapshots(Volumes *volumes); /* once a minute */
void volumes_prune(Volumes *volumes); /* snapshots and backups that have expired */
