// SPDX-License-Identifier: GPL-2.0
/*
 * Property: descriptors: only free ones are taken, returned ones are reused, none is lost
 * Bounds: all sequences of 8 takes and returns of 4 descriptors
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=3
 * Sources: span.c
 */

#include "proof.h"
#include "span.h"

/* The descriptors 4 to 7. */
#define FIRST CARVEOUT_INDEX_FIRST
#define COUNT 4
#define STEPS 8

static struct {
	struct carveout_span span[COUNT];
	union carveout_aux aux[COUNT];
	u8 mark[COUNT];
} chunk;

static struct carveout_store store;
static bool taken[COUNT];
static u32 nr_taken;

static void take(void)
{
	u32 index = carveout_store_take(&store);

	prove(index >= FIRST && index < FIRST + COUNT);
	prove(!taken[index - FIRST]);
	taken[index - FIRST] = true;
	nr_taken++;
	/* The caller turns it into a span of any kind. */
	carveout_span(&store, index)->next = nondet_u32();
	*carveout_mark(&store, index) = carveout_mark_make(any_below(64), CARVEOUT_USED);
}

static void give(void)
{
	u32 which = any_below(COUNT);

	assume(taken[which]);
	carveout_store_give(&store, FIRST + which);
	taken[which] = false;
	nr_taken--;
}

int main(void)
{
	unsigned int step;

	store.next_chunk = CARVEOUT_CHUNK_FIRST;
	store.fresh = FIRST;
	store.limit = FIRST;
	prove(carveout_store_bytes(&store) == offsetof(typeof(chunk), mark[COUNT]));
	prove(!carveout_store_add(&store, &chunk));
	for (step = 0; step < STEPS; step++) {
		if (carveout_store_avail(&store) && nondet_bool())
			take();
		else if (nr_taken)
			give();
		prove(carveout_store_avail(&store) == COUNT - nr_taken);
		prove(!store.corrupted);
	}
	return 0;
}
