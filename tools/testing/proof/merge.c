// SPDX-License-Identifier: GPL-2.0
/*
 * Property: a free: just that span's bytes become free, holes merge, spans tile the region
 * Bounds: all 16-bit regions of up to 2 spans, granule 4, one piece; bins and index stubs
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=4 -DCARVEOUT_OFF_BITS=16
 * Sources: span.c
 */

#include "step.h"

static void prove_free(unsigned int which)
{
	struct carveout_handle handle = { .index = FIRST + which, .gen = span[which].gen };
	u64 nr_free = heap.stats.nr_free;
	u32 was = owner(span, tag);

	prove(!carveout_heap_free(&heap, handle));
	prove_valid();
	prove_others(handle.index);
	prove(owner(span, tag) == (was == handle.index ? 0 : was));
	prove(region.nr_used + 1 == before.region.nr_used);
	prove(heap.stats.nr_free == nr_free + 1);
	prove(!carveout_heap_owns(&heap, handle));
}

int main(void)
{
	unsigned int length, holes, which;

	for (length = 1; length <= LENGTH; length++)
		for (holes = 0; holes < 1U << length; holes++) {
			if (has_neighbours(holes))
				continue;
			for (which = 0; which < length; which++)
				if (!(holes >> which & 1) && nondet_bool()) {
					make_any_heap(length, holes, 1, 1);
					prove_free(which);
					return 0;
				}
		}
	return 0;
}
