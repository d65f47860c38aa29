/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address map: the span that contains an address.
 */

#ifndef CARVEOUT_ADDR_MAP_H
#define CARVEOUT_ADDR_MAP_H

#include "carveout_lib.h"
#include "span.h"

/**
 * DOC: The address map
 *
 * A piece of memory is divided into groups of 64 granules; groups are larger if
 * there would be many more than %CARVEOUT_ADDR_MAP_GROUPS of them. A group starts at a
 * multiple of its size: so the high bits of an address are its group. For each group in
 * which a span starts, the address map has the first such span. A bitmap of four
 * levels marks these groups::
 *
 *   spans   |  a  |      b      | c |d|        e        |
 *   groups  |       0       |       1       |       2       |
 *   first           a               c            none
 *
 * A look-up takes the last marked group at or before the address and follows the
 * chain from the first span of that group: at most as many steps as a group has
 * granules. Adding or removing a span changes at most one entry, and mostly none,
 * because another span starts before it in the same group. The span before it
 * alone, which the heap has at hand, decides whether that is the case.
 *
 * Each carveout_heap_add_region() adds the address map of its own piece of memory.
 * A region that was joined from several pieces therefore has several address maps.
 */

/*
 * An address map has at most this many groups and one more, because its piece need not start
 * at a group.
 */
#ifndef CARVEOUT_ADDR_MAP_GROUPS
#define CARVEOUT_ADDR_MAP_GROUPS CARVEOUT_BIT(20)
#endif

/* log2 of the granules in a group, if the piece is not too large. */
#define CARVEOUT_ADDR_MAP_BITS 6

/* Levels of 64 bits a word: enough for CARVEOUT_ADDR_MAP_GROUPS. */
#define CARVEOUT_ADDR_MAP_LEVELS 4

/**
 * struct carveout_addr_map - Spans of one piece of memory by address
 * @base: address of the first byte
 * @size: bytes
 * @shift: log2 of the bytes of a group
 * @offset: number of groups below @base, of an address space that starts at 0
 * @words: length of each level's bitmap, in words
 * @level: bitmaps. Level 0 has a bit for each group in which a span starts; each
 *	further level has a bit for each word of the level before that is not 0.
 * @first: for each group that has its bit, the first span that starts in it
 */
struct carveout_addr_map {
	carveout_off_t base;
	carveout_off_t size;
	unsigned int shift;
	u64 offset;
	u32 words[CARVEOUT_ADDR_MAP_LEVELS];
	u64 *level[CARVEOUT_ADDR_MAP_LEVELS];
	u32 *first;
};

/**
 * carveout_addr_map_covers() - Does the piece of an address map contain an address?
 * @map: address map
 * @addr: address
 *
 * Context: Any context.
 * Return: true if so.
 */
static inline bool carveout_addr_map_covers(const struct carveout_addr_map *map,
					    carveout_off_t addr)
{
	return (carveout_off_t)(addr - map->base) < map->size;
}

/**
 * carveout_addr_map_group() - Group that contains an address
 * @map: address map
 * @addr: address
 *
 * Context: Any context.
 * Return: number of the group, valid if the piece contains the address.
 */
static inline u64 carveout_addr_map_group(const struct carveout_addr_map *map,
					  carveout_off_t addr)
{
	return (addr >> map->shift) - map->offset;
}

/**
 * carveout_addr_map_shares() - Does a span start in a given group?
 * @map: address map
 * @group: number of the group
 * @start: start of the span, any address
 *
 * Context: Any context.
 * Return: true if the span starts in that group.
 */
static inline bool carveout_addr_map_shares(const struct carveout_addr_map *map, u64 group,
					    carveout_off_t start)
{
	return carveout_addr_map_group(map, start) == group &&
	       carveout_addr_map_covers(map, start);
}

/**
 * carveout_addr_map_marked() - Does any span start in a group?
 * @map: address map
 * @group: number of the group
 *
 * Context: Any context. Caller serialises access.
 * Return: true if so.
 */
static inline bool carveout_addr_map_marked(const struct carveout_addr_map *map, u64 group)
{
	return map->level[0][group / 64] & BIT_ULL(group % 64);
}

size_t carveout_addr_map_bytes(carveout_off_t size, unsigned int granule_shift);
void carveout_addr_map_init(struct carveout_addr_map *map, void *mem, carveout_off_t base,
			    carveout_off_t size, unsigned int granule_shift);
bool carveout_addr_map_fits_piece(const struct carveout_addr_map *map,
				  unsigned int granule_shift);
void carveout_addr_map_set(struct carveout_addr_map *map, u64 group, u32 span);
void carveout_addr_map_clear(struct carveout_addr_map *map, u64 group);
bool carveout_addr_map_last(const struct carveout_addr_map *map, u64 *group);

#endif /* CARVEOUT_ADDR_MAP_H */
