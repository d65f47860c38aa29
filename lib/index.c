// SPDX-License-Identifier: GPL-2.0
/*
 * The index by address. See the DOC block in index.h.
 *
 * The bitmaps are what a van Emde Boas tree comes down to with 64 bits to a node:
 * four levels for the 2^20 blocks that there are at most.
 */

#include "carveout_lib.h"
#include "index.h"

static_assert(CARVEOUT_INDEX_BLOCKS <= 1ULL << (6 * CARVEOUT_INDEX_LEVELS),
	      "the top level is one word");

/* log2 of the bytes of a block. */
static unsigned int block_shift(carveout_off_t size, unsigned int granule_shift)
{
	unsigned int shift = granule_shift + CARVEOUT_INDEX_BITS;

	if (shift >= CARVEOUT_OFF_BITS)
		shift = CARVEOUT_OFF_BITS - 1;
	while ((u64)(size - 1) >> shift >= CARVEOUT_INDEX_BLOCKS)
		shift++;
	return shift;
}

/* Words of the bitmap of level 0, at least 1. */
static u32 block_words(carveout_off_t size, unsigned int granule_shift)
{
	return ((u64)(size - 1) >> block_shift(size, granule_shift)) / 64 + 1;
}

/**
 * carveout_index_bytes() - Memory that the arrays of an index need
 * @size: bytes of the piece, not 0
 * @granule_shift: log2 of the granule
 *
 * Context: Any context.
 * Return: bytes.
 */
size_t carveout_index_bytes(carveout_off_t size, unsigned int granule_shift)
{
	u32 words = block_words(size, granule_shift);
	size_t bytes = (size_t)words * 64 * sizeof(u32);
	unsigned int i;

	for (i = 0; i < CARVEOUT_INDEX_LEVELS; i++) {
		bytes += words * sizeof(u64);
		words = (words + 63) / 64;
	}
	return bytes;
}

/**
 * carveout_index_init() - Make an index without a span
 * @index: index
 * @mem: carveout_index_bytes() bytes, aligned to 8, with any content
 * @base: address of the first byte of the piece
 * @size: bytes of the piece
 * @granule_shift: log2 of the granule
 *
 * Context: Any context. Clears a bit for each block.
 */
void carveout_index_init(struct carveout_index *index, void *mem, carveout_off_t base,
			 carveout_off_t size, unsigned int granule_shift)
{
	u32 words = block_words(size, granule_shift);
	u64 *level = mem;
	unsigned int i;

	index->base = base;
	index->size = size;
	index->shift = block_shift(size, granule_shift);
	for (i = 0; i < CARVEOUT_INDEX_LEVELS; i++) {
		memset(level, 0, words * sizeof(u64));
		index->words[i] = words;
		index->level[i] = level;
		level += words;
		words = (words + 63) / 64;
	}
	/* One for each bit of level 0. An entry without its bit is never read. */
	index->first = (u32 *)level;
}

/**
 * carveout_index_set() - Name the first span that starts in a block
 * @index: index
 * @block: number of the block
 * @span: the span
 *
 * Context: Any context. Caller serialises access.
 */
void carveout_index_set(struct carveout_index *index, u64 block, u32 span)
{
	unsigned int i;

	index->first[block] = span;
	for (i = 0; i < CARVEOUT_INDEX_LEVELS; i++) {
		u64 *word = &index->level[i][block / 64];
		u64 before = *word;

		*word = before | BIT_ULL(block % 64);
		if (before)
			return;
		block /= 64;
	}
}
EXPORT_SYMBOL_IF_KUNIT(carveout_index_set);

/**
 * carveout_index_clear() - Note that no span starts in a block
 * @index: index
 * @block: number of the block
 *
 * Context: Any context. Caller serialises access.
 */
void carveout_index_clear(struct carveout_index *index, u64 block)
{
	unsigned int i;

	for (i = 0; i < CARVEOUT_INDEX_LEVELS; i++) {
		u64 *word = &index->level[i][block / 64];

		*word &= ~BIT_ULL(block % 64);
		if (*word)
			return;
		block /= 64;
	}
}
EXPORT_SYMBOL_IF_KUNIT(carveout_index_clear);

/**
 * carveout_index_last() - Find the last block up to one in which a span starts
 * @index: index
 * @block: number of a block; on success, of the one that was found
 *
 * Context: Any context. Caller serialises access. Looks at no more than
 * 2 * %CARVEOUT_INDEX_LEVELS words.
 * Return: true if there is one.
 */
bool carveout_index_last(const struct carveout_index *index, u64 *block)
{
	u64 at = *block;
	unsigned int i;
	u64 found;

	/*
	 * Up, until a word has a bit at or below the place. Each bit of the level above
	 * stands for a word; the one of this word is done with. The top is one word.
	 */
	for (i = 0; ; i++) {
		found = index->level[i][at / 64] & (~0ULL >> (63 - at % 64));
		if (found)
			break;
		at /= 64;
		if (!at--)
			return false;
	}
	at = at / 64 * 64 + ilog2(found);
	/* Down again, always to the last one: each lies before where the way up was. */
	while (i--) {
		if (!index->level[i][at])
			return false;
		at = at * 64 + ilog2(index->level[i][at]);
	}
	*block = at;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_index_last);
