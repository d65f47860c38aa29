/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spans of a heap: the allocator of lib/ with a lock.
 */
#ifndef CARVEOUT_ALLOC_H
#define CARVEOUT_ALLOC_H

#include <linux/types.h>

#include <uapi/linux/carveout.h>

#include "../../lib/heap.h"

struct carveout;
struct carveout_claim;

/**
 * carveout_attrs_valid() - Check the attributes of a request
 * @require: attributes that the region must have
 * @forbid: attributes that the region must not have
 * @fallback: alternatives to @require
 * @nr_fallback: number of alternatives
 *
 * An alternative to memory that the CPU accesses is such memory as well.
 *
 * Context: Any context.
 * Return: true if they are known and do not contradict each other.
 */
static inline bool carveout_attrs_valid(u32 require, u32 forbid, const u32 *fallback,
					u32 nr_fallback)
{
	u32 i;

	if ((require | forbid) & ~CARVEOUT_ATTR_MASK || require & forbid ||
	    nr_fallback > CARVEOUT_NR_FALLBACK)
		return false;
	for (i = 0; i < nr_fallback; i++)
		if (fallback[i] & (~CARVEOUT_ATTR_MASK | forbid) ||
		    (fallback[i] ^ require) & CARVEOUT_ATTR_NO_CPU)
			return false;
	return true;
}

u32 carveout_request_forbid(const struct carveout *carveout,
			    const struct carveout_heap_request *request);

int carveout_alloc_add_claim(struct carveout *carveout, struct carveout_claim *claim);
int carveout_alloc_stop(struct carveout *carveout, bool force);

int carveout_span_alloc(struct carveout *carveout,
			const struct carveout_heap_request *request,
			struct carveout_span_info *info);
int carveout_span_resize(struct carveout *carveout, struct carveout_handle handle,
			 u64 size);
int carveout_span_retire(struct carveout *carveout, const struct carveout_claim *claim,
			 u64 start, u64 size);
void carveout_span_free(struct carveout *carveout, struct carveout_handle handle);
void carveout_span_free_pending(struct carveout *carveout,
				const struct carveout_span_info *info);
void carveout_scrub(struct carveout *carveout, struct carveout_claim *claim, u64 start,
		    u64 size);
void carveout_report_corruption(struct carveout *carveout, const char *object);

#endif /* CARVEOUT_ALLOC_H */
