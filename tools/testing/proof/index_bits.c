// SPDX-License-Identifier: GPL-2.0
/*
 * Property: the bitmaps of the index by address: set, clear, last agree with plain bits
 * Bounds: all states of 66 words (4224 blocks, three levels), all blocks
 * Options: --unwind 67
 * Sources: index.c
 */

#include "index.h"
#include "proof.h"

/* Two words of level 1, so that a search goes up two levels and down again. */
#define WORDS 66
#define BLOCKS (WORDS * 64)

static u32 words[CARVEOUT_INDEX_LEVELS] = { WORDS, 2, 1, 1 };
static u32 first[BLOCKS];

static bool levels_are_true(const struct carveout_index *index)
{
	unsigned int i, level;

	for (level = 1; level < CARVEOUT_INDEX_LEVELS; level++) {
		u32 below = words[level - 1];

		for (i = 0; i < below; i++)
			if ((index->level[level][i / 64] >> (i % 64) & 1) !=
			    !!index->level[level - 1][i])
				return false;
		if (below % 64 && index->level[level][below / 64] >> (below % 64))
			return false;
	}
	return true;
}

static void prove_last(const struct carveout_index *index)
{
	u64 from = any_below(BLOCKS), other = any_below(BLOCKS), block = from;
	bool found = carveout_index_last(index, &block);

	if (found) {
		prove(block <= from);
		prove(carveout_index_marked(index, block));
	}
	if (other <= from && (!found || other > block))
		prove(!carveout_index_marked(index, other));
}

static void prove_change(struct carveout_index *index)
{
	u64 block = any_below(BLOCKS), other = any_below(BLOCKS);
	bool before = carveout_index_marked(index, other);
	bool set = nondet_bool();
	u32 span = nondet_u32();

	if (set)
		carveout_index_set(index, block, span);
	else
		carveout_index_clear(index, block);
	prove(carveout_index_marked(index, block) == set);
	prove(!set || index->first[block] == span);
	prove(other == block || carveout_index_marked(index, other) == before);
	prove(levels_are_true(index));
}

/* Automatic variables that nothing was written to have any value. */
int main(void)
{
	u64 level0[WORDS], level1[2], level2[1], level3[1];
	struct carveout_index index = {
		.words = { WORDS, 2, 1, 1 },
		.level = { level0, level1, level2, level3 },
		.first = first,
	};

	assume(levels_are_true(&index));
	prove_last(&index);
	prove_change(&index);
	return 0;
}
