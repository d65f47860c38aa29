// SPDX-License-Identifier: GPL-2.0
/*
 * Property: allocating a place in a hole: only the place becomes used, the rest stays holes
 * Bounds: all 16-bit regions of up to 3 spans, granule 4, one piece; bins and map stubs
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=3 -DCARVEOUT_OFF_BITS=16
 * Cases: -DPATTERN=h -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=h -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=0
 * Cases: -DPATTERN=h -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1
 * Cases: -DPATTERN=h -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=0
 * Cases: -DPATTERN=h -DFREE=1 -DFRESH=1 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=h -DFREE=0 -DFRESH=2 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=h -DFREE=1 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=Uh -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=Uh -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=0
 * Cases: -DPATTERN=Uh -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1
 * Cases: -DPATTERN=Uh -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=0
 * Cases: -DPATTERN=hU -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=hU -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=0
 * Cases: -DPATTERN=hU -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1
 * Cases: -DPATTERN=hU -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=0
 * Cases: -DPATTERN=UhU -DFREE=0 -DFRESH=0 -DFRONT=0 -DBACK=0
 * Cases: -DPATTERN=UhU -DFREE=0 -DFRESH=0 -DFRONT=1 -DBACK=0
 * Cases: -DPATTERN=UhU -DFREE=0 -DFRESH=0 -DFRONT=0 -DBACK=1
 * Cases: -DPATTERN=UhU -DFREE=0 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=UhU -DFREE=1 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=UhU -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1
 * Cases: -DPATTERN=UhU -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=0
 * Cases: -DPATTERN=UhU -DFREE=2 -DFRESH=0 -DFRONT=1 -DBACK=1
 * Cases: -DPATTERN=h -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1 -DPLAIN
 * Cases: -DPATTERN=h -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=0 -DPLAIN
 * Cases: -DPATTERN=hU -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1 -DPLAIN
 * Cases: -DPATTERN=UhU -DFREE=0 -DFRESH=0 -DFRONT=0 -DBACK=0 -DPLAIN
 * Cases: -DPATTERN=UhU -DFREE=2 -DFRESH=0 -DFRONT=0 -DBACK=1 -DPLAIN
 */

#include "step.h"

/* The first or second descriptor that the step takes. */
static u32 taken(unsigned int i)
{
	return i < FREE ? FIRST + LENGTH + i : heap.store.limit - FRESH + i - FREE;
}

/* Set the expected chain and free list after the step; returns the used part. */
static u32 name_lists(void)
{
	u32 hole = FIRST + target(), used = FRONT ? taken(BACK) : hole;
	unsigned int i;

	for (i = 0; i < LENGTH; i++) {
		chain.index[chain.length++] = FIRST + i;
		if (FIRST + i != hole)
			continue;
		if (FRONT)
			chain.index[chain.length++] = used;
		if (BACK)
			chain.index[chain.length++] = taken(0);
	}
	for (i = FRONT + BACK; i < FREE; i++)
		spare.index[spare.length++] = FIRST + LENGTH + i;
	chain.known = true;
	spare.known = true;
	return used;
}

#ifdef PLAIN
/* A plain request that finds the hole in a bin of one size. */
static int allocate(const struct carveout_place *place, carveout_off_t size, u64 cookie,
		    struct carveout_handle *handle)
{
	const struct carveout_heap_request req = { .size = size, .cookie = cookie };
	u64 granules = carveout_granules(&span[place->hole - FIRST]);

	assume(granules < CARVEOUT_EXACT);
	region.bins.head[granules] = place->hole;
	heap.region[0] = &region;
	return carveout_heap_alloc(&heap, &req, handle);
}
#else
static int allocate(const struct carveout_place *place, carveout_off_t size, u64 cookie,
		    struct carveout_handle *handle)
{
	return take_place(&heap, place, size, cookie, handle);
}
#endif

int main(void)
{
	struct carveout_place place = { .region = ENTRY, .hole = FIRST + target() };
	struct carveout_handle handle = {};
	const struct carveout_span *hole;
	carveout_off_t size, start;
	u64 cookie = nondet_u64();
	u32 was, used;
	int err;

	make_any_heap(FREE, FRESH);
	hole = &span[target()];
	place.front = FRONT ? any_size() : 0;
	size = FRONT || BACK ? any_size() : bytes_of(hole);
	assume(place.front < bytes_of(hole) && size <= bytes_of(hole) - place.front);
	/* The conditions have the form of those in the code, which helps the solver. */
	if (FRONT)
		assume(place.front);
	if (FRONT && BACK)
		assume(place.front + size != bytes_of(hole));
	else if (FRONT)
		assume(place.front + size == bytes_of(hole));
	else if (BACK)
		assume(bytes_of(hole) != size);
	start = hole->start + place.front;
	was = owner(span);
	err = allocate(&place, size, cookie, &handle);
	if (FRONT + BACK > FREE + FRESH) {
		prove(err == -ENOMEM);
		prove_unchanged();
		return 0;
	}
	used = name_lists();
	prove(!err && handle.index == used);
	prove_valid();
	prove_others(used);
	handle.index = used;
	prove(handle.gen && carveout_heap_owns(&heap, handle));
	prove(span[used - FIRST].start == start && bytes_of(&span[used - FIRST]) == size);
	prove(aux[used - FIRST].cookie == cookie);
	prove(owner(span) == ((carveout_off_t)(byte - start) < size ? used : was));
	prove(region.nr_used == before.region.nr_used + 1);
	return 0;
}
