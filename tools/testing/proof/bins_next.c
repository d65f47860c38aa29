// SPDX-License-Identifier: GPL-2.0
/*
 * Property: the bitmap of bins: next is the first set bit; mark, unmark change one bit
 * Bounds: all states of the bitmap with a consistent summary, all bins
 * Options: --unwind 65
 */

#include "bins.h"
#include "proof.h"

static bool is_marked(const struct carveout_bins *bins, unsigned int bin)
{
	return bins->word[bin / 64] >> (bin % 64) & 1;
}

static bool summary_is_consistent(const struct carveout_bins *bins)
{
	unsigned int word;

	for (word = 0; word < CARVEOUT_BIN_WORDS; word++)
		if ((bins->summary >> word & 1) != !!bins->word[word])
			return false;
	return !(bins->summary >> word);
}

static void prove_next(const struct carveout_bins *bins)
{
	unsigned int from = any_below(CARVEOUT_BINS + 2);
	unsigned int other = any_below(CARVEOUT_BINS);
	unsigned int next = carveout_bins_next(bins, from);

	prove(next <= CARVEOUT_BINS);
	if (next < CARVEOUT_BINS) {
		prove(next >= from);
		prove(is_marked(bins, next));
	}
	if (other >= from && other < next)
		prove(!is_marked(bins, other));
}

static void prove_change(struct carveout_bins *bins)
{
	unsigned int bin = any_below(CARVEOUT_BINS);
	unsigned int other = any_below(CARVEOUT_BINS);
	bool before = is_marked(bins, other);
	bool mark = nondet_bool();

	if (mark)
		carveout_bins_mark(bins, bin);
	else
		carveout_bins_unmark(bins, bin);
	prove(is_marked(bins, bin) == mark);
	prove(other == bin || is_marked(bins, other) == before);
	prove(summary_is_consistent(bins));
}

/* The model checker gives an uninitialised automatic variable any value. */
int main(void)
{
	struct carveout_bins bins;

	assume(summary_is_consistent(&bins));
	prove_next(&bins);
	prove_change(&bins);
	return 0;
}
