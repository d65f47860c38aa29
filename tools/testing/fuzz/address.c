// SPDX-License-Identifier: GPL-2.0
/*
 * Oracle for addresses: the span at an address, and whether it can be allocated.
 */

#include "oracle.h"

/* The region that contains an address; -1 for none. */
static int region_of(const struct oracle *oracle, u64 addr)
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
static const struct oracle_alloc *alloc_from(const struct oracle *oracle, u64 addr)
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

/* Expected result of an otherwise valid request for an exact address. */
int oracle_exact(const struct oracle *oracle, const struct carveout_heap_request *req)
{
	unsigned __int128 end = (unsigned __int128)req->addr + oracle_round(oracle, req->size);
	const struct oracle_alloc *alloc = alloc_from(oracle, req->addr);
	int entry = region_of(oracle, req->addr);
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

/* Judge a look-up by address. */
const char *oracle_at(struct oracle *oracle, u64 addr, int ret,
		      const struct carveout_span_info *info)
{
	const struct oracle_alloc *alloc = alloc_from(oracle, addr);

	if (region_of(oracle, addr) < 0)
		return ret == -EINVAL ? NULL : "an address outside of all regions was found";
	if (ret)
		return "an address was not found";
	if (addr < info->start || addr - info->start >= info->size)
		return "the span found does not contain the address";
	if (info->used != (alloc && alloc->start <= addr))
		return "the span found at an address has another state";
	return oracle_span(oracle, info);
}

const char *oracle_free_at(struct oracle *oracle, u64 addr, int ret)
{
	const struct oracle_alloc *alloc = alloc_from(oracle, addr);

	if (!alloc || alloc->start != addr)
		return ret == -EINVAL ? NULL : "an address at which no allocation starts was freed";
	return oracle_free(oracle, alloc->handle, ret);
}
