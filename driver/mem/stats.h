/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots of a heap: counters, regions, spans, validity.
 */
#ifndef CARVEOUT_STATS_H
#define CARVEOUT_STATS_H

#include <linux/carveout.h>
#include <linux/types.h>

#include "../../lib/heap.h"

/**
 * struct carveout_debug_state - Counters of a heap as of one moment
 * @stats: the counters that drivers see
 * @counters: the counters of lib/
 * @hash: hash over all regions and spans
 * @poisoned_bytes: memory that is not used any longer because it is poisoned
 */
struct carveout_debug_state {
	struct carveout_stats stats;
	struct carveout_heap_stats counters;
	u64 hash;
	u64 poisoned_bytes;
};

void carveout_debug_state(struct carveout *carveout, struct carveout_debug_state *state);
u32 carveout_region_attrs(struct carveout *carveout);
unsigned int carveout_spans_next(struct carveout *carveout, u32 *cursor,
				 struct carveout_span_info *info,
				 const char **purpose, unsigned int count);
int carveout_validate(struct carveout *carveout, struct carveout_report *report);

#endif /* CARVEOUT_STATS_H */
