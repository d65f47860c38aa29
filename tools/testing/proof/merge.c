// SPDX-License-Identifier: GPL-2.0
/*
 * Property: a free: only that span's bytes become free, holes merge, spans tile the region
 * Bounds: all 16-bit regions of up to 3 spans, granule 4, one piece; bins and map stubs
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=3 -DCARVEOUT_OFF_BITS=16
 * Cases: -DPATTERN=u; -DPATTERN=uU; -DPATTERN=Uu; -DPATTERN=Hu; -DPATTERN=uH
 * Cases: -DPATTERN=uUU; -DPATTERN=UuU; -DPATTERN=UUu; -DPATTERN=HuU; -DPATTERN=HUu
 * Cases: -DPATTERN=uHU; -DPATTERN=UHu; -DPATTERN=uUH; -DPATTERN=UuH; -DPATTERN=HuH
 */

#include "step.h"

int main(void)
{
	struct carveout_handle handle = { .index = FIRST + target() };
	u32 was;

	make_any_heap(1, 1);
	handle.gen = span[target()].gen;
	was = owner(span);
	prove(!carveout_heap_free(&heap, handle));
	prove_valid();
	prove_others(handle.index);
	prove(owner(span) == (was == handle.index ? 0 : was));
	prove(region.nr_used + 1 == before.region.nr_used);
	prove(!carveout_heap_owns(&heap, handle));
	return 0;
}
