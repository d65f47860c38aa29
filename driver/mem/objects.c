// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of live objects.
 */

#include <linux/build_bug.h>
#include <linux/kernel.h>

#include "objects.h"

/** carveout_objects - number of live objects of each kind */
atomic_t carveout_objects[CARVEOUT_NR_OBJECTS];

/** carveout_object_names - names of the kinds, as debugfs shows them */
const char * const carveout_object_names[] = {
	[CARVEOUT_OBJ_CLAIM] = "claims",
	[CARVEOUT_OBJ_CARVEOUT] = "heaps",
	[CARVEOUT_OBJ_DEVICE] = "devices",
	[CARVEOUT_OBJ_ACCOUNT] = "accounts",
	[CARVEOUT_OBJ_BUF] = "buffers",
	[CARVEOUT_OBJ_DMABUF] = "dmabufs",
	[CARVEOUT_OBJ_ATTACH] = "attachments",
	[CARVEOUT_OBJ_PARKED] = "parked",
	[CARVEOUT_OBJ_POOL] = "pools",
	[CARVEOUT_OBJ_POOL_FILE] = "poolfiles",
	[CARVEOUT_OBJ_POOL_CLIENT] = "poolclients",
	[CARVEOUT_OBJ_OWNER] = "owners",
	[CARVEOUT_OBJ_SESSION] = "sessions",
	[CARVEOUT_OBJ_WAIT] = "waits",
};

static_assert(ARRAY_SIZE(carveout_object_names) == CARVEOUT_NR_OBJECTS);
