/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions: the contiguous pieces of memory that a heap is made of.
 */

#ifndef CARVEOUT_REGION_H
#define CARVEOUT_REGION_H

#include "bins.h"
#include "carveout_lib.h"
#include "index.h"
#include "span.h"

/* A region's index fits in six bits of a state byte and in a 64-bit mask. */
#define CARVEOUT_MAX_REGIONS 64

/* An attribute: the region is not joined to others, whatever it touches. */
#define CARVEOUT_REGION_APART 0x8000u

struct carveout_heap;

/**
 * struct carveout_region - One contiguous piece of a heap
 * @base: address of the first byte
 * @size: bytes. Invariant: @base + @size does not wrap, not even to 0.
 * @attrs: attributes, one per bit; their meaning is the caller's, but for that of
 *	%CARVEOUT_REGION_APART
 * @used: bytes handed out
 * @high: the most that @used ever was
 * @chain: its spans, from @base to the end without a gap
 * @nr_used: number of spans handed out
 * @nr_holes: number of holes
 * @nr_nospc: searches in here that found no place; a request with fallbacks may
 *	make several
 * @nr_missed: of these, those where an untried hole might have served
 *
 * It is the caller's memory: about 8 KiB, and behind it the arrays of @index, 4
 * bytes for each 64 granules. The caller may read all public fields under its lock
 * and writes none.
 */
struct carveout_region {
	carveout_off_t base;
	carveout_off_t size;
	u32 attrs;
	carveout_off_t used;
	carveout_off_t high;
	struct carveout_chain chain;
	u32 nr_used;
	u32 nr_holes;
	u64 nr_nospc;
	u64 nr_missed;
	/* private: holes by size, spans by address */
	struct carveout_bins bins;
	struct carveout_index index;
} __aligned(8);	/* for the words behind it */

void carveout_region_add_hole(struct carveout_heap *heap, unsigned int region, u32 index);
void carveout_region_del_hole(struct carveout_heap *heap, unsigned int region, u32 index);
size_t carveout_region_bytes(const struct carveout_heap *heap, carveout_off_t size);
int carveout_heap_add_region(struct carveout_heap *heap, struct carveout_region *mem,
			     carveout_off_t base, carveout_off_t size, u32 attrs);
int carveout_heap_remove_region(struct carveout_heap *heap, unsigned int region);
carveout_off_t carveout_region_largest(const struct carveout_heap *heap,
				       unsigned int region);

#endif /* CARVEOUT_REGION_H */
