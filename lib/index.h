/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The index by address: which span has this byte?
 */

#ifndef CARVEOUT_INDEX_H
#define CARVEOUT_INDEX_H

#include "carveout_lib.h"
#include "span.h"

/**
 * DOC: The index by address
 *
 * A piece of memory is cut into blocks of 64 granules, or of more where that
 * would be more than %CARVEOUT_INDEX_BLOCKS of them. For each block in which a
 * span starts, the index has the first such span; a bitmap of four levels says
 * which blocks these are::
 *
 *   spans   |  a  |      b      | c |d|        e        |
 *   blocks  |       0       |       1       |       2       |
 *   first           a               c            none
 *
 * To find the span at an address, take the last block up to it that has one, and
 * go along the chain from there: at most as many steps as a block has granules. A
 * span that comes or goes changes at most one entry, and mostly none, since
 * another one starts before it in the same block. Whether that is so can be told
 * from the span before it alone, which the heap has at hand.
 *
 * Each carveout_heap_add_region() brings the index of its own piece of memory, so
 * that a region that was joined of several has several.
 */

/* The most blocks of one index. */
#ifndef CARVEOUT_INDEX_BLOCKS
#define CARVEOUT_INDEX_BLOCKS CARVEOUT_BIT(20)
#endif

/* Granules in a block, where the piece is not too large; log2. */
#define CARVEOUT_INDEX_BITS 6

/* Of 64 bits to a word each: enough for CARVEOUT_INDEX_BLOCKS. */
#define CARVEOUT_INDEX_LEVELS 4

/**
 * struct carveout_index - The spans of one piece of memory by address
 * @base: address of the first byte
 * @size: bytes
 * @shift: log2 of the bytes of a block
 * @words: length of each level's bitmap
 * @level: level 0 has a bit for each block in which a span starts; each further
 *	one a bit for each word of the one before that is not 0
 * @first: of each block that has its bit, the first span that starts in it
 */
struct carveout_index {
	carveout_off_t base;
	carveout_off_t size;
	unsigned int shift;
	u32 words[CARVEOUT_INDEX_LEVELS];
	u64 *level[CARVEOUT_INDEX_LEVELS];
	u32 *first;
};

/**
 * carveout_index_covers() - Does an address lie in the piece of an index?
 * @index: index
 * @addr: address
 *
 * Context: Any context.
 * Return: true if so.
 */
static inline bool carveout_index_covers(const struct carveout_index *index,
					 carveout_off_t addr)
{
	return (carveout_off_t)(addr - index->base) < index->size;
}

/**
 * carveout_index_block() - Block of an address
 * @index: index
 * @addr: address
 *
 * Context: Any context.
 * Return: number of the block, if the piece covers the address.
 */
static inline u64 carveout_index_block(const struct carveout_index *index,
				       carveout_off_t addr)
{
	return (carveout_off_t)(addr - index->base) >> index->shift;
}

/**
 * carveout_index_shares() - Does a span that starts at an address share a block?
 * @index: index
 * @block: number of the block
 * @start: start of the span, anywhere
 *
 * Context: Any context.
 * Return: true if it starts in that block.
 */
static inline bool carveout_index_shares(const struct carveout_index *index, u64 block,
					 carveout_off_t start)
{
	return carveout_index_block(index, start) == block &&
	       carveout_index_covers(index, start);
}

/**
 * carveout_index_marked() - Does a span start in a block?
 * @index: index
 * @block: number of the block
 *
 * Context: Any context. Caller serialises access.
 * Return: true if so.
 */
static inline bool carveout_index_marked(const struct carveout_index *index, u64 block)
{
	return index->level[0][block / 64] & BIT_ULL(block % 64);
}

size_t carveout_index_bytes(carveout_off_t size, unsigned int granule_shift);
void carveout_index_init(struct carveout_index *index, void *mem, carveout_off_t base,
			 carveout_off_t size, unsigned int granule_shift);
void carveout_index_set(struct carveout_index *index, u64 block, u32 span);
void carveout_index_clear(struct carveout_index *index, u64 block);
bool carveout_index_last(const struct carveout_index *index, u64 *block);

#endif /* CARVEOUT_INDEX_H */
