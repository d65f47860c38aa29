/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools: who has which of a number of equal blocks.
 */

#ifndef CARVEOUT_POOL_H
#define CARVEOUT_POOL_H

#include "carveout_lib.h"

/**
 * DOC: The blocks of a pool
 *
 * A pool is one piece of memory that is cut into equal blocks, numbered from 0. A
 * block is in use by one owner or free; any free block is as good as another. What
 * is known of a block is outside of it, in an array of 16 bytes for each, so that
 * nobody who writes to the memory can harm it::
 *
 *   | in use, free, in use, in use, free | never used ...                  |
 *   0                                    fresh                         count
 *
 * Free blocks are a list, last in, first out: the block that was given back last is
 * the one that is most likely still in a cache. Blocks from the "fresh" mark on were
 * never used. They are free without being on the list, and what the array says about
 * them has no meaning, so that a pool of any size is set up in constant time.
 *
 * The blocks of an owner are a list too, linked both ways, so that all of them are
 * found when the owner goes, and one can leave from the middle.
 *
 * Links are checked before they are followed. One that does not hold breaks the
 * pool: nothing is taken, given or moved from then on.
 */

/* No block. */
#define CARVEOUT_BLOCK_NONE U32_MAX

/**
 * struct carveout_block_owner - Who has blocks of a pool
 * @first: one of its blocks, or %CARVEOUT_BLOCK_NONE
 * @count: how many it has
 */
struct carveout_block_owner {
	u32 first;
	u32 count;
};

/**
 * struct carveout_block - What is known of a block
 * @owner: who has it, NULL while it is free
 * @next: the next one of the owner, or the next free one; or %CARVEOUT_BLOCK_NONE
 * @prev: in use: the one before it of the owner, or %CARVEOUT_BLOCK_NONE
 */
struct carveout_block {
	struct carveout_block_owner *owner;
	u32 next;
	u32 prev;
};

/**
 * struct carveout_blocks - All blocks of a pool
 * @block: what is known of each
 * @count: how many there are
 * @free: first of the free list, or %CARVEOUT_BLOCK_NONE
 * @fresh: the lowest index that was never used
 * @nr_free: how many are not in use, those that never were included
 * @high: the most that were ever in use. Invariant: equal to @fresh, since no block
 *	is used for the first time while another one is free.
 * @broken: a link was found that does not hold
 */
struct carveout_blocks {
	struct carveout_block *block;
	u32 count;
	u32 free;
	u32 fresh;
	u32 nr_free;
	u32 high;
	bool broken;
};

void carveout_blocks_init(struct carveout_blocks *blocks, struct carveout_block *mem,
			  u32 count);
void carveout_block_owner_init(struct carveout_block_owner *owner);
u32 carveout_blocks_take(struct carveout_blocks *blocks, struct carveout_block_owner *owner);
int carveout_blocks_give(struct carveout_blocks *blocks, u32 index);
int carveout_blocks_move(struct carveout_blocks *blocks, u32 index,
			 struct carveout_block_owner *to);
bool carveout_blocks_used(const struct carveout_blocks *blocks, u32 index);
int carveout_blocks_validate(const struct carveout_blocks *blocks);
u32 carveout_block_at(u64 offset, u64 block_size, u32 count);

#endif /* CARVEOUT_POOL_H */
