// SPDX-License-Identifier: GPL-2.0
/*
 * Property: an exact address: found if and only if the memory is free and below the limit
 * Bounds: all 64-bit spans of granules of 256 bytes, sizes, addresses and limits; one region
 * Options: --unwind 2
 * Defines: -DCARVEOUT_CHUNK_FIRST=0
 */

#include "search.c"
#include "proof.h"

static struct carveout_heap heap;
static struct carveout_region region;
static struct carveout_span span;
static u64 bytes;

/* The look-up by address is another property: this heap has one span. */
u32 carveout_heap_span_at(struct carveout_heap *at_heap, carveout_off_t addr)
{
	return addr >= span.start && addr - span.start < bytes ? 1 : 0;
}

static bool is_free(u64 addr, u64 size, u64 limit)
{
	return carveout_mark(&span) == CARVEOUT_HOLE && addr >= span.start &&
	       addr - span.start < bytes && bytes - (addr - span.start) >= size &&
	       (!limit || (addr < limit && limit - addr >= size));
}

int main(void)
{
	struct carveout_place place;
	struct carveout_heap_request req = {
		.addr = nondet_u64(),
		.max_addr = nondet_u64(),
		.exact = true,
	};
	u64 size = nondet_u64();
	int err;

	heap.store.span[0] = &span;
	heap.store.fresh = 2;
	heap.region[0] = &region;
	heap.nr_regions = 1;
	span.start = nondet_u64();
	heap.shift = CARVEOUT_MARK_BITS;
	span.key = carveout_key(nondet_u64(), nondet_bool() ? CARVEOUT_HOLE : CARVEOUT_USED);
	bytes = carveout_span_size(&heap, &span);
	assume(bytes >> heap.shift == carveout_granules(&span));
	assume(size && bytes && span.start + bytes > span.start);
	err = find_exact(&heap, &req, 0, size, &place);
	prove(!err == is_free(req.addr, size, req.max_addr));
	prove(err || (place.hole == 1 && span.start + place.front == req.addr));
	return 0;
}
