/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions: the contiguous parts of a heap.
 */

#ifndef CARVEOUT_REGION_H
#define CARVEOUT_REGION_H

#include "bins.h"
#include "carveout_lib.h"
#include "addr_map.h"
#include "span.h"

/* A region's index fits in six bits of a mark and in a 64-bit mask. */
#define CARVEOUT_MAX_REGIONS 64

/* An attribute: the region is never joined to adjacent regions. */
#define CARVEOUT_REGION_APART 0x8000u

struct carveout_heap;

/**
 * struct carveout_gauge - Granules in use, and their maximum
 * @high: the maximum so far
 * @below: granules in use less than that
 *
 * An allocation changes one number, unless it raises the maximum.
 */
struct carveout_gauge {
	u64 high;
	u64 below;
};

static inline u64 carveout_gauge_used(const struct carveout_gauge *gauge)
{
	return gauge->high - gauge->below;
}

static __always_inline void carveout_gauge_add(struct carveout_gauge *gauge, u64 granules)
{
	if (unlikely(gauge->below < granules)) {
		gauge->high += granules - gauge->below;
		gauge->below = granules;
	}
	gauge->below -= granules;
}

static __always_inline void carveout_gauge_sub(struct carveout_gauge *gauge, u64 granules)
{
	gauge->below += granules;
}

/**
 * struct carveout_region - One contiguous part of a heap
 * @base: address of the first byte
 * @size: bytes. Invariant: @base + @size does not wrap, not even to 0.
 * @attrs: attributes, one per bit; defined by the caller, except
 *	%CARVEOUT_REGION_APART
 * @chain: its spans, from @base to the end without gaps
 * @nr_used: number of used spans
 * @nr_nospc: searches of this region that found no place; a request with fallbacks
 *	may search several times
 * @nr_missed: searches among @nr_nospc that an untried hole might have served
 * @nr_holes: number of holes
 *
 * The caller provides the memory: about 12 KiB, followed by the arrays of @map, 4
 * bytes for each 64 granules. The caller may read all public fields under its lock
 * and writes none.
 */
struct carveout_region {
	carveout_off_t base;
	carveout_off_t size;
	u32 attrs;
	struct carveout_chain chain;
	u32 nr_used;
	u64 nr_nospc;
	u64 nr_missed;
	u32 nr_holes;
	/* private: mark of its holes; see carveout_region_used(), carveout_region_high() */
	u8 hole;
	struct carveout_gauge used;
	/* private: bits of an address that select its group, all if there are several maps */
	carveout_off_t group_mask;
	/* private: holes by size, spans by address */
	struct carveout_bins bins;
	struct carveout_addr_map map;
} __aligned(8);	/* for the arrays of @map that follow */

void carveout_region_add_hole(struct carveout_heap *heap, unsigned int region, u32 index);
void carveout_region_del_hole(struct carveout_heap *heap, unsigned int region, u32 index);
size_t carveout_region_bytes(const struct carveout_heap *heap, carveout_off_t size);
int carveout_heap_add_region(struct carveout_heap *heap, struct carveout_region *mem,
			     carveout_off_t base, carveout_off_t size, u32 attrs);
carveout_off_t carveout_region_largest(const struct carveout_heap *heap,
				       unsigned int region);

#endif /* CARVEOUT_REGION_H */
