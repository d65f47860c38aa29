/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claims: ranges of physical memory that belong to a heap.
 */
#ifndef CARVEOUT_CLAIM_H
#define CARVEOUT_CLAIM_H

#include <linux/list.h>
#include <linux/types.h>

#include <uapi/linux/carveout.h>

struct carveout_dma_pool;
struct carveout_region;

/**
 * enum carveout_source - The source of a range of memory
 * @CARVEOUT_SOURCE_NOMAP: set aside at boot, not in the kernel's page tables
 * @CARVEOUT_SOURCE_MAPPED: set aside at boot, in the kernel's linear mapping
 * @CARVEOUT_SOURCE_SYSTEM: allocated from the system; the claim owns the pages
 */
enum carveout_source {
	CARVEOUT_SOURCE_NOMAP,
	CARVEOUT_SOURCE_MAPPED,
	CARVEOUT_SOURCE_SYSTEM,
};

/**
 * struct carveout_range - A range that is to become a region
 * @base: physical address
 * @size: bytes
 * @attrs: CARVEOUT_ATTR_* bits
 * @source: its source
 * @data: private to the creator
 * @pool: the regions of the coherent allocator that it was taken from; NULL for none
 * @name: its name, for display
 */
struct carveout_range {
	phys_addr_t base;
	u64 size;
	u32 attrs;
	enum carveout_source source;
	void *data;
	struct carveout_dma_pool *pool;
	char name[CARVEOUT_NAME_LEN];
};

/**
 * struct carveout_claim - One range of memory that a heap has for itself
 * @node: entry in the list of all claims; claims_lock
 * @range: the memory and its kind (invariant)
 * @va: the kernel's own mapping, with the region's memory type; NULL if the CPU must not
 *	access the memory (invariant)
 * @region: metadata of the region in the lib/ heap; carveout.lock
 * @abandoned: some of it was still in use when the module had to end
 * @resource: its name in /proc/iomem (invariant)
 */
struct carveout_claim {
	struct list_head node;
	struct carveout_range range;
	void *va;
	struct carveout_region *region;
	bool abandoned;
	char resource[2 * CARVEOUT_NAME_LEN + 12];
};

/**
 * carveout_claim_has_va() - Check whether the kernel has a mapping of a claim
 * @claim: the claim
 *
 * Context: Any context.
 * Return: false if the CPU must not access the memory: it is neither mapped nor zeroed.
 */
static inline bool carveout_claim_has_va(const struct carveout_claim *claim)
{
	return claim->va;
}

int carveout_range_check(const struct carveout_range *range, bool coherent);
bool carveout_ranges_disjoint(const struct carveout_range *a,
			      const struct carveout_range *b);
bool carveout_ranges_join(struct carveout_range *a,
			  const struct carveout_range *b);
void carveout_range_release(const struct carveout_range *range);
struct carveout_claim *carveout_claim_create(const struct carveout_range *range,
					     const char *heap);
void carveout_claim_destroy(struct carveout_claim *claim);
void *carveout_claim_va(const struct carveout_claim *claim, u64 start);
void carveout_claim_scrub(struct carveout_claim *claim, u64 start, u64 size,
			  bool writeback);
void carveout_claim_scrub_atomic(struct carveout_claim *claim, u64 start, u64 size,
				 bool writeback);
void carveout_claim_flush(struct carveout_claim *claim, u64 start, u64 size);
int carveout_claim_copy(struct carveout_claim *to, u64 to_start,
			const struct carveout_claim *from, u64 from_start, u64 size);

#endif /* CARVEOUT_CLAIM_H */
