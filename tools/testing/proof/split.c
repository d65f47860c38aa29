// SPDX-License-Identifier: GPL-2.0
/*
 * Property: allocating a place in a hole: only the place becomes used, the rest stays holes
 * Bounds: all 16-bit regions of up to 3 spans, granule 4, one piece; bins and map stubs
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=4 -DCARVEOUT_OFF_BITS=16
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
	size = FRONT || BACK ? any_size() : hole->size;
	assume(place.front < hole->size && size <= hole->size - place.front);
	/* The conditions have the form of those in the code, which helps the solver. */
	if (FRONT)
		assume(place.front);
	if (FRONT && BACK)
		assume(place.front + size != hole->size);
	else if (FRONT)
		assume(place.front + size == hole->size);
	else if (BACK)
		assume(hole->size != size);
	start = hole->start + place.front;
	was = owner(span, mark);
	err = take_place(&heap, &place, size, cookie, &handle);
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
	prove(span[used - FIRST].start == start && span[used - FIRST].size == size);
	prove(aux[used - FIRST].cookie == cookie);
	prove(owner(span, mark) == ((carveout_off_t)(byte - start) < size ? used : was));
	prove(region.nr_used == before.region.nr_used + 1);
	return 0;
}
