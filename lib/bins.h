/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bins: the index of a region's holes by size.
 */

#ifndef CARVEOUT_BINS_H
#define CARVEOUT_BINS_H

#include "carveout_lib.h"
#include "span.h"

/* Each power of two is cut into 32 steps; below 64 every size has its bin. */
#define CARVEOUT_STEP_BITS 5
#define CARVEOUT_STEPS CARVEOUT_BIT(CARVEOUT_STEP_BITS)
#define CARVEOUT_EXACT (2 * CARVEOUT_STEPS)

/* Enough for any granule, even one byte. */
#define CARVEOUT_BINS ((CARVEOUT_OFF_BITS - CARVEOUT_STEP_BITS + 1) * CARVEOUT_STEPS)
#define CARVEOUT_BIN_WORDS (CARVEOUT_BINS / 64)

/* In bin_prev: the hole is in the trie and the rest of the word its parent. */
#define CARVEOUT_IN_TRIE CARVEOUT_BIT(31)

/**
 * struct carveout_bins - Holes of one region by size
 * @summary: bit w is set when word[w] is not 0
 * @word: bit b % 64 of word b / 64 is set when head[b] is not 0
 * @head: root of the trie of each bin, 0 when there is no hole of these sizes
 */
struct carveout_bins {
	u64 summary;
	u64 word[CARVEOUT_BIN_WORDS];
	u32 head[CARVEOUT_BINS];
};

static_assert(CARVEOUT_BINS % 64 == 0, "the bins fill whole words");
static_assert(CARVEOUT_BIN_WORDS <= 64, "one word must summarise them");

/**
 * carveout_bin_of() - Bin of a size
 * @granules: size, at least 1
 *
 * Context: Any context.
 * Return: index of the bin. It grows with the size.
 */
static inline unsigned int carveout_bin_of(u64 granules)
{
	unsigned int shift;

	if (granules < CARVEOUT_EXACT)
		return granules;
	shift = fls64(granules) - CARVEOUT_STEP_BITS - 1;
	return (shift << CARVEOUT_STEP_BITS) + (unsigned int)(granules >> shift);
}

/**
 * carveout_bin_bits() - Number of low bits of a size that its bin leaves open
 * @bin: index of the bin
 *
 * Context: Any context.
 * Return: the number; 0 when all holes of the bin have the same size.
 */
static inline unsigned int carveout_bin_bits(unsigned int bin)
{
	return bin < CARVEOUT_EXACT ? 0 : (bin >> CARVEOUT_STEP_BITS) - 1;
}

void carveout_bins_init(struct carveout_bins *bins);
void carveout_bins_insert(struct carveout_store *store, struct carveout_bins *bins,
			  unsigned int shift, u32 index);
void carveout_bins_remove(struct carveout_store *store, struct carveout_bins *bins,
			  unsigned int shift, u32 index);
u32 carveout_bins_best(struct carveout_store *store, const struct carveout_bins *bins,
		       u64 granules, unsigned int shift);
u32 carveout_bins_largest(const struct carveout_store *store,
			  const struct carveout_bins *bins);

#endif /* CARVEOUT_BINS_H */
