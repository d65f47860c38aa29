// SPDX-License-Identifier: GPL-2.0
/*
 * Oracle for addresses: the span at an address, and freeing by address.
 */

#include "oracle.h"

/* Judge a look-up by address. */
const char *oracle_at(struct oracle *oracle, u64 addr, int ret,
		      const struct carveout_span_info *info)
{
	const struct oracle_alloc *alloc = oracle_alloc_from(oracle, addr);

	if (oracle_region_of(oracle, addr) < 0)
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
	const struct oracle_alloc *alloc = oracle_alloc_from(oracle, addr);

	if (!alloc || alloc->start != addr)
		return ret == -EINVAL ? NULL : "an address at which no allocation starts was freed";
	return oracle_free(oracle, alloc->handle, ret);
}
