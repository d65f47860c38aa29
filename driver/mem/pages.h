/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of claims: reserved or ordinary, pinned, poisoned.
 */
#ifndef CARVEOUT_PAGES_H
#define CARVEOUT_PAGES_H

#include <linux/types.h>

struct carveout_claim;
struct carveout_range;

bool carveout_page_reserved(unsigned long pfn);
bool carveout_pages_reserved(const struct carveout_range *range);
void carveout_pages_set_reserved(const struct carveout_range *range, bool reserved);
bool carveout_page_unpinned(unsigned long pfn);
u64 carveout_claim_unpinned(const struct carveout_claim *claim, u64 start,
			    u64 size);
void carveout_claim_leak(const struct carveout_claim *claim, u64 start, u64 size);
u64 carveout_claim_healthy(const struct carveout_claim *claim, u64 start, u64 size);

#endif /* CARVEOUT_PAGES_H */
