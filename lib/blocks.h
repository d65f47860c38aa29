/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks: the owner of each of the equal blocks of a pool.
 */

#ifndef CARVEOUT_BLOCKS_H
#define CARVEOUT_BLOCKS_H

#include "carveout_lib.h"

/**
 * DOC: The blocks of a pool
 *
 * A pool is one piece of memory that is divided into equal blocks, numbered from 0.
 * A block is in use by one owner or free; all free blocks are equivalent. Metadata is
 * outside of the blocks, in an array of 24 bytes for each block, so that writes to
 * the memory cannot corrupt it::
 *
 *   | in use, free, in use, in use, free | never used ...                  |
 *   0                                    fresh                         count
 *
 * Free blocks are a list in LIFO order: the block freed last is most likely still in
 * a cache. Blocks from index "fresh" on were never used. They are free without being
 * on the list, and their array entries have no meaning, so that a pool of any size is
 * initialised in constant time.
 *
 * The blocks of an owner are a doubly linked list, so that all of them are found when
 * the owner is released, and any of them can be removed from the middle.
 *
 * Each change of the owner of a block gives the block a new serial, a number that the
 * pool never uses again. A free or a move names the block by index and serial and is
 * refused if the serial is not the present one. So a late or second free cannot take the
 * block from its next owner, even if a waiter got the block in the meantime.
 *
 * Links are checked before they are followed. An inconsistent link marks the pool as
 * corrupted: from then on no block is allocated, freed or moved.
 */

/* No block. */
#define CARVEOUT_BLOCK_NONE U32_MAX

/**
 * struct carveout_block_owner - Owner of blocks of a pool
 * @first: first block of its list, or %CARVEOUT_BLOCK_NONE
 * @count: number of its blocks
 */
struct carveout_block_owner {
	u32 first;
	u32 count;
};

/**
 * struct carveout_block - Metadata of a block
 * @owner: owner; NULL while the block is free
 * @serial: number of this ownership; valid while the block is in use
 * @next: next block of the owner, or next free block; or %CARVEOUT_BLOCK_NONE
 * @prev: in use: previous block of the owner, or %CARVEOUT_BLOCK_NONE
 */
struct carveout_block {
	struct carveout_block_owner *owner;
	u64 serial;
	u32 next;
	u32 prev;
};

/**
 * struct carveout_blocks - All blocks of a pool
 * @block: metadata of each block
 * @serial: serial assigned last; the first one is 1
 * @count: number of blocks
 * @free: first block of the free list, or %CARVEOUT_BLOCK_NONE
 * @fresh: lowest index that was never used
 * @nr_free: number of blocks not in use, never used ones included
 * @high: maximum number of blocks ever in use. Invariant: equal to @fresh, because no
 *	block is used for the first time while the free list has one.
 * @corrupted: an inconsistent link was found
 */
struct carveout_blocks {
	struct carveout_block *block;
	u64 serial;
	u32 count;
	u32 free;
	u32 fresh;
	u32 nr_free;
	u32 high;
	bool corrupted;
};

/**
 * struct carveout_blocks_check - State of a validation in parts
 * @phase: 0 at the start; see carveout_blocks_check()
 * @serial: of the pool at the start, to notice a change
 * @nr_free: likewise
 * @index: next block to look at
 * @returned: free blocks that were used before
 * @left: blocks that the lists must still have
 * @owner: owner of the list that is walked
 * @at: next block of the list, or %CARVEOUT_BLOCK_NONE
 * @prev: block before it
 * @length: blocks of the list so far
 */
struct carveout_blocks_check {
	unsigned int phase;
	u64 serial;
	u32 nr_free;
	u32 index;
	u32 returned;
	u32 left;
	const struct carveout_block_owner *owner;
	u32 at;
	u32 prev;
	u32 length;
};

void carveout_blocks_init(struct carveout_blocks *blocks, struct carveout_block *mem,
			  u32 count);
void carveout_block_owner_init(struct carveout_block_owner *owner);
u32 carveout_blocks_alloc(struct carveout_blocks *blocks, struct carveout_block_owner *owner);
u64 carveout_blocks_new_serial(struct carveout_blocks *blocks);
int carveout_blocks_free(struct carveout_blocks *blocks, u32 index, u64 serial);
int carveout_blocks_move(struct carveout_blocks *blocks, u32 index, u64 serial,
			 struct carveout_block_owner *to, u64 new_serial);
bool carveout_blocks_used(const struct carveout_blocks *blocks, u32 index);
u64 carveout_blocks_serial(const struct carveout_blocks *blocks, u32 index);
u32 carveout_blocks_first(struct carveout_blocks *blocks,
			  const struct carveout_block_owner *owner);
int carveout_blocks_validate(const struct carveout_blocks *blocks);
int carveout_blocks_check(const struct carveout_blocks *blocks,
			  struct carveout_blocks_check *check, u32 steps);
u32 carveout_block_at(u64 offset, u64 block_size, u32 count);

#endif /* CARVEOUT_BLOCKS_H */
