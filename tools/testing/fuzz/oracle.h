/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Oracle: the expected state of a heap, in two sorted lists.
 *
 * It records the regions and the allocations. Holes are the gaps between allocations:
 * they are computed by searching, and so need no merging. Nothing depends on the size of
 * the memory, so that a region of 2^63 bytes costs as much as one of 64.
 *
 * Each result of the heap is judged by the documentation of the call. A judge returns
 * NULL and records the change, or returns a description of the error.
 */

#ifndef CARVEOUT_ORACLE_H
#define CARVEOUT_ORACLE_H

#include "heap.h"

#define ORACLE_ALLOCS 1024

/**
 * struct oracle_region - A region
 * @there: the entry is in use
 * @base: address of the first byte
 * @size: bytes
 * @used: allocated bytes
 * @nr_used: number of allocations
 * @attrs: attributes
 */
struct oracle_region {
	bool there;
	u64 base;
	u64 size;
	u64 used;
	u32 nr_used;
	u32 attrs;
};

/**
 * struct oracle_alloc - An allocation
 * @start: address of the first byte
 * @size: bytes
 * @cookie: cookie of the request
 * @handle: handle
 * @region: index of its region
 */
struct oracle_alloc {
	u64 start;
	u64 size;
	u64 cookie;
	struct carveout_handle handle;
	unsigned int region;
};

/**
 * struct oracle - Expected state of a heap
 * @region: regions by index
 * @nr_regions: one more than the highest index in use
 * @alloc: allocations by address
 * @nr_allocs: number of entries of @alloc in use
 * @shift: log2 of the granule
 * @size: bytes in all regions
 * @used: allocated bytes
 * @high: maximum of @used so far
 * @most: maximum number of spans so far: the heap has descriptors for as many
 * @nr_alloc: allocations that succeeded
 * @nr_free: frees that succeeded
 */
struct oracle {
	struct oracle_region region[CARVEOUT_MAX_REGIONS];
	unsigned int nr_regions;
	struct oracle_alloc alloc[ORACLE_ALLOCS];
	unsigned int nr_allocs;
	unsigned int shift;
	u64 size;
	u64 used;
	u64 high;
	u32 most;
	u64 nr_alloc;
	u64 nr_free;
};

/* state.c */
void oracle_init(struct oracle *oracle, unsigned int shift);
u64 oracle_round(const struct oracle *oracle, u64 size);
struct oracle_alloc *oracle_find(struct oracle *oracle, struct carveout_handle handle);
int oracle_region_of(const struct oracle *oracle, u64 addr);
const struct oracle_alloc *oracle_alloc_from(const struct oracle *oracle, u64 addr);
bool oracle_selects(const struct oracle *oracle, const struct carveout_heap_request *req,
		    u32 require, unsigned int entry);
int oracle_exact(const struct oracle *oracle, const struct carveout_heap_request *req);

/* oracle.c */
const char *oracle_alloc(struct oracle *oracle, const struct carveout_heap *heap,
			 const struct carveout_heap_request *req, int ret,
			 struct carveout_handle handle, u64 missed);
const char *oracle_free(struct oracle *oracle, struct carveout_handle handle, int ret);
const char *oracle_resize(struct oracle *oracle, const struct carveout_heap *heap,
			  struct carveout_handle handle, u64 size, int ret);
const char *oracle_add_region(struct oracle *oracle, const struct carveout_heap *heap,
			      u64 base, u64 size, u32 attrs, bool mem_ok, int ret);
const char *oracle_span(struct oracle *oracle, const struct carveout_span_info *info);
const char *oracle_counters(struct oracle *oracle, const struct carveout_heap *heap);
const char *oracle_compare(struct oracle *oracle, const struct carveout_heap *heap);

/* address.c */
const char *oracle_at(struct oracle *oracle, u64 addr, int ret,
		      const struct carveout_span_info *info);
const char *oracle_free_at(struct oracle *oracle, u64 addr, int ret);

#endif /* CARVEOUT_ORACLE_H */
