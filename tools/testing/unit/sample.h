/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sample: a sound heap to corrupt.
 */

#ifndef CARVEOUT_SAMPLE_H
#define CARVEOUT_SAMPLE_H

#include "unit.h"

#define SAMPLE_BASE 0x100000
#define SAMPLE_PIECES 10

/**
 * struct sample - A heap that has each kind of structure
 * @unit: two regions, lists and tries of holes, allocations, free descriptors, all
 *	descriptors in one chunk
 * @wall: allocations of one granule, each behind a hole
 * @other: an allocation in the second region
 * @root: a hole at the root of a trie
 * @node: a hole below @root that is not a leaf
 * @leaf: a hole below @node
 * @equal: a hole listed behind @node
 * @small: a hole listed in a bin of one size
 */
struct sample {
	struct unit unit;
	struct carveout_handle wall[24];
	struct carveout_handle other;
	u32 root;
	u32 node;
	u32 leaf;
	u32 equal;
	u32 small;
};

/**
 * struct piece - A piece of the sample's memory
 * @start: first byte
 * @size: bytes
 */
struct piece {
	u8 *start;
	size_t size;
};

void sample_init(struct sample *sample);
u32 hole_of_size(const struct unit *unit, u64 granules, bool in_trie);
void pieces_of(struct sample *sample, struct piece piece[SAMPLE_PIECES]);

#endif /* CARVEOUT_SAMPLE_H */
