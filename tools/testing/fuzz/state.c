// SPDX-License-Identifier: GPL-2.0
/*
 * State of the oracle: look-ups that change nothing.
 */

#include "oracle.h"

void oracle_init(struct oracle *oracle, unsigned int shift)
{
	/* The list of allocations is long; only its @nr_allocs entries are read. */
	memset(oracle->region, 0, sizeof(oracle->region));
	oracle->nr_regions = 0;
	oracle->nr_allocs = 0;
	oracle->shift = shift;
	oracle->size = 0;
	oracle->used = 0;
	oracle->high = 0;
	oracle->most = 0;
	oracle->nr_alloc = 0;
	oracle->nr_free = 0;
}

/* The size rounded up to the granule; 0 if that overflows 64 bits. */
u64 oracle_round(const struct oracle *oracle, u64 size)
{
	unsigned __int128 granule = 1ULL << oracle->shift;
	unsigned __int128 sum = size + granule - 1;

	sum &= ~(granule - 1);
	return sum >> 64 ? 0 : (u64)sum;
}

struct oracle_alloc *oracle_find(struct oracle *oracle, struct carveout_handle handle)
{
	unsigned int i;

	for (i = 0; i < oracle->nr_allocs; i++)
		if (oracle->alloc[i].handle.index == handle.index &&
		    oracle->alloc[i].handle.gen == handle.gen)
			return &oracle->alloc[i];
	return NULL;
}

/* The region that contains an address; -1 for none. */
int oracle_region_of(const struct oracle *oracle, u64 addr)
{
	unsigned int i;

	for (i = 0; i < oracle->nr_regions; i++) {
		const struct oracle_region *region = &oracle->region[i];

		if (region->there && addr >= region->base &&
		    addr - region->base < region->size)
			return i;
	}
	return -1;
}

/* The first allocation that ends behind an address; NULL for none. */
const struct oracle_alloc *oracle_alloc_from(const struct oracle *oracle, u64 addr)
{
	unsigned int low = 0, high = oracle->nr_allocs, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (oracle->alloc[mid].start + oracle->alloc[mid].size - 1 < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < oracle->nr_allocs ? &oracle->alloc[low] : NULL;
}

bool oracle_selects(const struct oracle *oracle, const struct carveout_heap_request *req,
		    u32 require, unsigned int entry)
{
	const struct oracle_region *region = &oracle->region[entry];

	return region->there && (!req->regions || req->regions >> entry & 1) &&
	       (region->attrs & require) == require && !(region->attrs & req->forbid);
}

/* Expected result of an otherwise valid request for an exact address. */
int oracle_exact(const struct oracle *oracle, const struct carveout_heap_request *req)
{
	unsigned __int128 end = (unsigned __int128)req->addr + oracle_round(oracle, req->size);
	const struct oracle_alloc *alloc = oracle_alloc_from(oracle, req->addr);
	int entry = oracle_region_of(oracle, req->addr);
	unsigned int choice;

	if (entry < 0)
		return oracle->nr_regions ? -EINVAL : -ENOSPC;
	for (choice = 0; choice <= req->nr_fallback; choice++)
		if (oracle_selects(oracle, req,
				   choice ? req->fallback[choice - 1] : req->require, entry))
			break;
	if (choice > req->nr_fallback)
		return -EINVAL;
	if (req->max_addr && end > req->max_addr)
		return -ENOSPC;
	if (end > oracle->region[entry].base + oracle->region[entry].size)
		return -ENOSPC;
	return alloc && alloc->start < end ? -ENOSPC : 0;
}
