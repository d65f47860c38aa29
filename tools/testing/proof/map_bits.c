// SPDX-License-Identifier: GPL-2.0
/*
 * Property: the bitmaps of the address map: set, clear, last agree with plain bits
 * Bounds: all states of 66 words (4224 groups, three levels), all groups
 * Options: --unwind 67
 * Sources: addr_map.c
 */

#include "addr_map.h"
#include "proof.h"

/* Two words of level 1, so that a search walks up two levels and down again. */
#define WORDS 66
#define GROUPS (WORDS * 64)

static u32 words[CARVEOUT_ADDR_MAP_LEVELS] = { WORDS, 2, 1, 1 };
static u32 first[GROUPS];

static bool levels_are_consistent(const struct carveout_addr_map *map)
{
	unsigned int i, level;

	for (level = 1; level < CARVEOUT_ADDR_MAP_LEVELS; level++) {
		u32 below = words[level - 1];

		for (i = 0; i < below; i++)
			if ((map->level[level][i / 64] >> (i % 64) & 1) !=
			    !!map->level[level - 1][i])
				return false;
		if (below % 64 && map->level[level][below / 64] >> (below % 64))
			return false;
	}
	return true;
}

static void prove_last(const struct carveout_addr_map *map)
{
	u64 from = any_below(GROUPS), other = any_below(GROUPS), group = from;
	bool found = carveout_addr_map_last(map, &group);

	if (found) {
		prove(group <= from);
		prove(carveout_addr_map_marked(map, group));
	}
	if (other <= from && (!found || other > group))
		prove(!carveout_addr_map_marked(map, other));
}

static void prove_change(struct carveout_addr_map *map)
{
	u64 group = any_below(GROUPS), other = any_below(GROUPS);
	bool before = carveout_addr_map_marked(map, other);
	bool set = nondet_bool();
	u32 span = nondet_u32();

	if (set)
		carveout_addr_map_set(map, group, span);
	else
		carveout_addr_map_clear(map, group);
	prove(carveout_addr_map_marked(map, group) == set);
	prove(!set || map->first[group] == span);
	prove(other == group || carveout_addr_map_marked(map, other) == before);
	prove(levels_are_consistent(map));
}

/* The model checker gives uninitialised automatic variables any value. */
int main(void)
{
	u64 level0[WORDS], level1[2], level2[1], level3[1];
	struct carveout_addr_map map = {
		.words = { WORDS, 2, 1, 1 },
		.level = { level0, level1, level2, level3 },
		.first = first,
	};

	assume(levels_are_consistent(&map));
	prove_last(&map);
	prove_change(&map);
	return 0;
}
