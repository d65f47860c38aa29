// SPDX-License-Identifier: GPL-2.0
/*
 * Property: descriptors: only free ones are taken, returned ones are reused, none is lost
 * Bounds: all sequences of 8 takes and returns of 4 descriptors
 * Options: --unwind 9 --unwindset carveout_store_init.0:33
 * Defines: -DCARVEOUT_CHUNK_FIRST=2
 */

#include "proof.h"

/* All descriptors are in one chunk, so that the solver need not search for it. */
static unsigned long store_fls(unsigned long index)
{
	prove(index >> CARVEOUT_CHUNK_FIRST == 1);
	return CARVEOUT_CHUNK_FIRST;
}

#define __fls store_fls

#include "span.c"

/* The descriptors 4 to 7. */
#define FIRST CARVEOUT_INDEX_FIRST
#define COUNT 4
#define STEPS 8

static struct {
	struct carveout_span span[COUNT];
	union carveout_aux aux[COUNT];
} chunk;

static struct carveout_store store;
static bool taken[COUNT];
static u32 nr_taken;

static void take(void)
{
	u32 index;
	struct carveout_span *span = carveout_store_take(&store, &index);

	prove(index >= FIRST && index < FIRST + COUNT);
	prove(!taken[index - FIRST]);
	taken[index - FIRST] = true;
	nr_taken++;
	/* The caller turns it into a span of any kind. */
	prove(span == carveout_span(&store, index));
	span->next = nondet_u32();
	span->key =
		carveout_key(nondet_u64(), carveout_mark_make(any_below(64), CARVEOUT_USED));
}

static void give(void)
{
	u32 which = any_below(COUNT);

	assume(taken[which]);
	carveout_store_give(&store, carveout_span(&store, FIRST + which), FIRST + which);
	taken[which] = false;
	nr_taken--;
}

int main(void)
{
	unsigned int step;

	carveout_store_init(&store);
	prove(carveout_store_bytes(&store) == sizeof(chunk));
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
