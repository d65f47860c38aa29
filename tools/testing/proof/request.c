// SPDX-License-Identifier: GPL-2.0
/*
 * Property: a request's size: rounded up to the granule, refused if that overflows
 * Bounds: all 64-bit sizes, alignments and addresses, all granules
 * Options: --unwind 5
 */

#include "search.c"
#include "proof.h"

static bool is_power_of_two(u64 number)
{
	return number && !(number & (number - 1));
}

/* An independent formulation, without sums that could wrap. */
static bool is_refused(const struct carveout_heap_request *req, u64 granule)
{
	unsigned int i;

	if (!req->size || req->size > -granule)
		return true;
	if (req->align && !is_power_of_two(req->align))
		return true;
	if (req->exact && (req->top_down || req->addr % granule ||
			   (req->align && (req->addr & (req->align - 1)))))
		return true;
	for (i = 0; i < CARVEOUT_FALLBACKS; i++)
		if (i < req->nr_fallback && req->fallback[i] & req->forbid)
			return true;
	return req->require & req->forbid || req->nr_fallback > CARVEOUT_FALLBACKS;
}

/* The model checker gives uninitialised automatic variables any value. */
int main(void)
{
	struct carveout_heap heap;
	struct carveout_heap_request req;
	u64 granule, size;

	assume(heap.shift < CARVEOUT_OFF_BITS);
	req.top_down = nondet_bool();
	req.exact = nondet_bool();
	granule = 1ULL << heap.shift;
	size = carveout_request_size(&heap, &req);
	prove(!size == is_refused(&req, granule));
	prove(!(size & (granule - 1)));
	prove(!size || (size >= req.size && size - req.size < granule));
	return 0;
}
