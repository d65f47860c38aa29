// SPDX-License-Identifier: GPL-2.0
/*
 * Address map: finds spans by address. See the DOC group in addr_map.h.
 *
 * The bitmaps are a van Emde Boas tree reduced to 64 bits a node: four levels for
 * at most 2^20 + 1 groups.
 */

#include "carveout_lib.h"
#include "addr_map.h"

static_assert(CARVEOUT_ADDR_MAP_GROUPS < 1ULL << (6 * CARVEOUT_ADDR_MAP_LEVELS),
	      "the top level is one word");

/* log2 of the bytes of a group. */
static unsigned int group_shift(carveout_off_t size, unsigned int granule_shift)
{
	unsigned int shift = granule_shift + CARVEOUT_ADDR_MAP_BITS;

	if (shift >= CARVEOUT_OFF_BITS)
		shift = CARVEOUT_OFF_BITS - 1;
	while ((u64)(size - 1) >> shift >= CARVEOUT_ADDR_MAP_GROUPS)
		shift++;
	return shift;
}

/*
 * Words of the bitmap of level 0, at least 1. A piece that does not start at the start of
 * a group has one group more.
 */
static u32 group_words(carveout_off_t size, unsigned int granule_shift)
{
	return (((u64)(size - 1) >> group_shift(size, granule_shift)) + 1) / 64 + 1;
}

/**
 * carveout_addr_map_bytes() - Size of the arrays of an address map
 * @size: bytes of the piece, not 0
 * @granule_shift: log2 of the granule
 *
 * Context: Any context.
 * Return: bytes.
 */
size_t carveout_addr_map_bytes(carveout_off_t size, unsigned int granule_shift)
{
	u32 words = group_words(size, granule_shift);
	size_t bytes = (size_t)words * 64 * sizeof(u32);
	unsigned int i;

	for (i = 0; i < CARVEOUT_ADDR_MAP_LEVELS; i++) {
		bytes += words * sizeof(u64);
		words = (words + 63) / 64;
	}
	return bytes;
}

/**
 * carveout_addr_map_init() - Initialise an empty address map
 * @map: address map
 * @mem: carveout_addr_map_bytes() bytes, aligned to 8, with any content
 * @base: address of the first byte of the piece
 * @size: bytes of the piece
 * @granule_shift: log2 of the granule
 *
 * Context: Any context. Clears a bit for each group.
 */
void carveout_addr_map_init(struct carveout_addr_map *map, void *mem, carveout_off_t base,
			    carveout_off_t size, unsigned int granule_shift)
{
	u32 words = group_words(size, granule_shift);
	u64 *level = mem;
	unsigned int i;

	map->base = base;
	map->size = size;
	map->shift = group_shift(size, granule_shift);
	map->offset = base >> map->shift;
	for (i = 0; i < CARVEOUT_ADDR_MAP_LEVELS; i++) {
		memset(level, 0, words * sizeof(u64));
		map->words[i] = words;
		map->level[i] = level;
		level += words;
		words = (words + 63) / 64;
	}
	/* One entry for each bit of level 0. An entry is read only if its bit is set. */
	map->first = (u32 *)level;
}

/**
 * carveout_addr_map_fits_piece() - Check the unit and the lengths of an address map
 * @map: address map of a piece that is not empty
 * @granule_shift: log2 of the granule
 *
 * Context: Any context.
 * Return: true if they are those of carveout_addr_map_init().
 */
bool carveout_addr_map_fits_piece(const struct carveout_addr_map *map,
				  unsigned int granule_shift)
{
	u32 words = group_words(map->size, granule_shift);
	unsigned int i;

	if (map->shift != group_shift(map->size, granule_shift) ||
	    map->offset != map->base >> map->shift)
		return false;
	for (i = 0; i < CARVEOUT_ADDR_MAP_LEVELS; i++) {
		if (map->words[i] != words)
			return false;
		words = (words + 63) / 64;
	}
	return true;
}

/**
 * carveout_addr_map_set() - Set the first span that starts in a group
 * @map: address map
 * @group: number of the group
 * @span: the span
 *
 * Context: Any context. Caller serialises access.
 */
void carveout_addr_map_set(struct carveout_addr_map *map, u64 group, u32 span)
{
	unsigned int i;

	map->first[group] = span;
	for (i = 0; i < CARVEOUT_ADDR_MAP_LEVELS; i++) {
		u64 *word = &map->level[i][group / 64];
		u64 before = *word;

		*word = before | BIT_ULL(group % 64);
		if (before)
			return;
		group /= 64;
	}
}
EXPORT_SYMBOL_IF_KUNIT(carveout_addr_map_set);

/**
 * carveout_addr_map_clear() - Clear the entry of a group in which no span starts
 * @map: address map
 * @group: number of the group
 *
 * Context: Any context. Caller serialises access.
 */
void carveout_addr_map_clear(struct carveout_addr_map *map, u64 group)
{
	unsigned int i;

	for (i = 0; i < CARVEOUT_ADDR_MAP_LEVELS; i++) {
		u64 *word = &map->level[i][group / 64];

		*word &= ~BIT_ULL(group % 64);
		if (*word)
			return;
		group /= 64;
	}
}
EXPORT_SYMBOL_IF_KUNIT(carveout_addr_map_clear);

/**
 * carveout_addr_map_last() - Find the last marked group at or before a group
 * @map: address map
 * @group: number of a group; on success, number of the group found
 *
 * Context: Any context. Caller serialises access. Reads at most
 * 2 * %CARVEOUT_ADDR_MAP_LEVELS words.
 * Return: true if there is one.
 */
bool carveout_addr_map_last(const struct carveout_addr_map *map, u64 *group)
{
	u64 at = *group;
	unsigned int i;
	u64 found;

	/*
	 * Walk up until a word has a bit set at or below the position. Each bit of the
	 * level above stands for a word; this word is done, so continue below its bit.
	 * The top level is one word.
	 */
	for (i = 0; ; i++) {
		found = map->level[i][at / 64] & (~0ULL >> (63 - at % 64));
		if (found)
			break;
		at /= 64;
		if (!at--)
			return false;
	}
	at = at / 64 * 64 + ilog2(found);
	/* Walk down along the last set bits: all lie before the path of the walk up. */
	while (i--) {
		if (!map->level[i][at])
			return false;
		at = at * 64 + ilog2(map->level[i][at]);
	}
	*group = at;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_addr_map_last);
