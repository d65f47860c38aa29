// SPDX-License-Identifier: GPL-2.0
/*
 * Property: holes by size: best finds the smallest that is large enough, none is lost
 * Bounds: all sets of up to 3 holes of 128 to 135 granules (two bins), at most one removed
 * Options: --unwind 4 --no-pointer-check --no-bounds-check
 * Defines: -DCARVEOUT_CHUNK_FIRST=2 -DCARVEOUT_OFF_BITS=16 -DCARVEOUT_EXACT_BITS=6
 * Sources: bins.c
 */

#include "bins.h"
#include "proof.h"

/* The descriptors 4 to 7. */
#define FIRST CARVEOUT_INDEX_FIRST
#ifndef HOLES
#define HOLES 3
#endif
/* Two bins of four sizes each: tries of up to three levels. */
#define MIN_GRANULES 128
#define MAX_GRANULES 135

static struct carveout_span span[4];
static union carveout_aux aux[4];
static struct carveout_bins bins;
static bool present[HOLES];
static struct carveout_store store = {
	.span[CARVEOUT_CHUNK_FIRST] = span,
	.aux[CARVEOUT_CHUNK_FIRST] = aux,
	.mask[CARVEOUT_CHUNK_FIRST] = 3,
	.fresh = FIRST + HOLES,
};

static void insert_any(unsigned int hole)
{
	u64 granules = nondet_u64();

	assume(granules >= MIN_GRANULES && granules <= MAX_GRANULES);
	span[hole].key = carveout_key(granules, CARVEOUT_HOLE);
	span[hole].prev = nondet_u32();
	span[hole].bin_prev = nondet_u32();
	span[hole].bin_next = nondet_u32();
	aux[hole].cookie = nondet_u64();
	carveout_bins_insert(&store, &bins, &span[hole], FIRST + hole);
	present[hole] = true;
}

/* Compare with a search of all holes. */
static void prove_best(void)
{
	u64 want = nondet_u64();
	unsigned int i;
	u32 best;

	assume(want >= MIN_GRANULES && want <= MAX_GRANULES + 1);
	best = carveout_bins_best(&store, &bins, want);
	if (best) {
		prove(best >= FIRST && best < FIRST + HOLES);
		prove(present[best - FIRST] && carveout_granules(&span[best - FIRST]) >= want);
	}
	for (i = 0; i < HOLES; i++)
		if (present[i] && carveout_granules(&span[i]) >= want)
			prove(best && carveout_granules(&span[best - FIRST]) <=
				      carveout_granules(&span[i]));
}

static void prove_largest(void)
{
	u32 largest = carveout_bins_largest(&store, &bins);
	unsigned int i;

	for (i = 0; i < HOLES; i++)
		if (present[i])
			prove(largest && carveout_granules(&span[largest - FIRST]) >=
					 carveout_granules(&span[i]));
}

static void prove_bitmap(void)
{
	unsigned int bin = any_below(CARVEOUT_BINS);

	prove(!bins.head[bin] == !(bins.word[bin / 64] >> (bin % 64) & 1));
	prove(!bins.word[bin / 64] == !(bins.summary >> (bin / 64) & 1));
}

static void remove_any(void)
{
	unsigned int hole = any_below(HOLES);

	assume(present[hole]);
	carveout_bins_remove(&store, &bins, &span[hole], FIRST + hole);
	present[hole] = false;
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < HOLES; i++)
		if (nondet_bool())
			insert_any(i);
	if (nondet_bool())
		remove_any();
	prove_best();
	prove_largest();
	prove_bitmap();
	prove(!store.corrupted);
	return 0;
}
