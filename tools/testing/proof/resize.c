// SPDX-License-Identifier: GPL-2.0
/*
 * Property: a resize in place: only the tail changes state; a failed call changes nothing
 * Bounds: all 16-bit regions of up to 3 spans, granule 4, one piece; bins and map stubs
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=3 -DCARVEOUT_OFF_BITS=16
 * Cases: -DGROW=1 -DPATTERN=u -DFREE=1 -DFRESH=0; -DGROW=1 -DPATTERN=uU -DFREE=1 -DFRESH=0
 * Cases: -DGROW=1 -DPATTERN=Uu -DFREE=1 -DFRESH=0; -DGROW=1 -DPATTERN=Hu -DFREE=1 -DFRESH=0
 * Cases: -DGROW=1 -DPATTERN=UHu -DFREE=1 -DFRESH=0; -DGROW=1 -DPATTERN=uH -DFREE=1 -DFRESH=0
 * Cases: -DGROW=1 -DPATTERN=uHU -DFREE=1 -DFRESH=0; -DGROW=0 -DPATTERN=u -DFREE=1 -DFRESH=0
 * Cases: -DGROW=0 -DPATTERN=uU -DFREE=1 -DFRESH=0; -DGROW=0 -DPATTERN=Uu -DFREE=1 -DFRESH=0
 * Cases: -DGROW=0 -DPATTERN=Hu -DFREE=1 -DFRESH=0; -DGROW=0 -DPATTERN=UHu -DFREE=1 -DFRESH=0
 * Cases: -DGROW=0 -DPATTERN=uH -DFREE=1 -DFRESH=0; -DGROW=0 -DPATTERN=uHU -DFREE=1 -DFRESH=0
 * Cases: -DGROW=0 -DPATTERN=u -DFREE=0 -DFRESH=1; -DGROW=0 -DPATTERN=u -DFREE=0 -DFRESH=0
 * Cases: -DGROW=0 -DPATTERN=uU -DFREE=0 -DFRESH=1; -DGROW=0 -DPATTERN=uU -DFREE=0 -DFRESH=0
 * Cases: -DGROW=0 -DPATTERN=uHU -DFREE=0 -DFRESH=0
 */

#include "step.h"

int main(void)
{
	bool hole_behind = target() + 1 < LENGTH && is_hole(target() + 1);
	struct carveout_handle handle = { .index = FIRST + target() };
	const struct carveout_span *s = &span[target()];
	carveout_off_t size;
	int want = 0, err;
	u32 was;

	make_any_heap(FREE, FRESH);
	handle.gen = s->gen;
	was = owner(span);
	size = any_size();
	if (GROW)
		assume(size > bytes_of(s));
	else
		assume(size < bytes_of(s));
	if (GROW && !(hole_behind && bytes_of(&span[target() + 1]) >= size - bytes_of(s)))
		want = -ENOSPC;
	if (!GROW && !hole_behind && !(FREE + FRESH))
		want = -ENOMEM;
	err = carveout_heap_resize(&heap, handle, size);
	prove(err == want);
	if (want) {
		prove_unchanged();
		return 0;
	}
	prove_valid();
	prove_others(handle.index);
	prove(carveout_heap_owns(&heap, handle));
	prove(s->start == before.span[target()].start && bytes_of(s) == size);
	prove(aux[target()].cookie == before.aux[target()].cookie);
	prove(owner(span) == ((carveout_off_t)(byte - s->start) < size ? handle.index :
				   was == handle.index ? 0 : was));
	prove(region.nr_used == before.region.nr_used);
	return 0;
}
