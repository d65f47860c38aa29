// SPDX-License-Identifier: GPL-2.0
/*
 * Property: a place in a hole: inside the hole, aligned, below the limit, the lowest one
 * Bounds: all 64-bit holes, sizes, alignments, limits, all granules
 * Options: --unwind 1
 */

#include "search.c"
#include "proof.h"

#ifndef TOP_DOWN
#define TOP_DOWN false
#endif

static carveout_off_t granule;

/* Does a place satisfy the request? Only differences are computed: none can wrap. */
static bool is_place(const struct want *want, const struct carveout_span *hole,
		     carveout_off_t place)
{
	if (place < hole->start || place - hole->start > size_of(want, hole) ||
	    size_of(want, hole) - (place - hole->start) < want->size)
		return false;
	if (place & (want->align - 1))
		return false;
	return !want->limit || (place < want->limit && want->limit - place >= want->size);
}

/* Preconditions checked by check_request() and carveout_heap_add_region(). */
static void assume_checked(const struct want *want, const struct carveout_span *hole)
{
	assume(want->size && !(want->size & (granule - 1)));
	assume(want->align >= granule && !(want->align & (want->align - 1)));
	assume(size_of(want, hole) && !(hole->start & (granule - 1)));
	assume(size_of(want, hole) >> want->shift == carveout_granules(hole));
	assume((carveout_off_t)(hole->start + size_of(want, hole)) > hole->start);
}

/* The model checker gives uninitialised automatic variables any value. */
int main(void)
{
	struct carveout_heap_request req;
	struct want want = {
		.req = &req,
		.size = nondet_u64(),
		.align = nondet_u64(),
		.limit = nondet_u64(),
		.shift = any_below(CARVEOUT_OFF_BITS),
	};
	struct carveout_span hole;
	carveout_off_t start, other = nondet_u64();
	bool found;

	granule = (carveout_off_t)1 << want.shift;
	req.top_down = TOP_DOWN;
	assume_checked(&want, &hole);
	found = fits(&want, &hole, &start);
	prove(!found || is_place(&want, &hole, start));
	if (is_place(&want, &hole, other)) {
		prove(found);
		prove(TOP_DOWN ? start >= other : start <= other);
	}
	return 0;
}
