// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks: their place, and requests to their heaps.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

struct ticmem_block *ticmem_block(struct ticmem_context *context, int id)
{
	if (id == CMEM_CMABLOCKID)
		return &context->any;
	if (id >= 0 && id < context->nr_blocks)
		return &context->blocks[id];
	ticmem_error(0, "there is no block %d, the number of blocks is %d", id,
		     context->nr_blocks);
	return NULL;
}

/* === Requests ============================================================= */

/*
 * The memory type belongs to the region. A program that asks for cached memory maintains
 * the caches, so any other memory is as good for it, and only slower. One that asks for
 * memory that is not cached does not: cached memory is right only if devices snoop.
 */
int ticmem_request(const struct ticmem_context *context, const struct ticmem_block *block,
		   uint64_t regions, int flags, struct carveout_alloc_options *options)
{
	static const uint32_t others[] = {
		CARVEOUT_ATTR_WRITECOMBINE, CARVEOUT_ATTR_UNCACHED,
	};

	if (!regions)
		return -ENOSPC;
	if (flags & CMEM_CACHED && regions & block->cached) {
		options->require = CARVEOUT_ATTR_CACHED;
		options->fallback = others;
		options->nr_fallback = sizeof(others) / sizeof(*others);
	}
	if (!(flags & CMEM_CACHED) && !context->coherent)
		regions &= ~block->cached;
	if (!regions)
		return -EOPNOTSUPP;
	options->regions = regions;
	options->label = "CMEM";
	return carveout_alloc_with(block->heap, options, NULL);
}

int ticmem_heap_has(const struct ticmem_block *block, uint64_t size)
{
	struct carveout_ioctl_region region;
	uint32_t i;
	int err;

	for (i = 0; i < 64; i++) {
		if (!(block->heap_regions >> i & 1))
			continue;
		err = carveout_region(block->heap, i, &region);
		if (err)
			return err;
		if (region.largest_hole >= size)
			return 1;
	}
	return 0;
}

/* === Place ================================================================ */

int CMEM_getNumBlocks(int *pnblocks)
{
	struct ticmem_context *context = ticmem_enter(__func__);

	if (!context)
		return -1;
	*pnblocks = context->nr_blocks;
	ticmem_leave(context);
	return 0;
}

static int describe(const struct ticmem_block *block, CMEM_BlockAttrs *attrs)
{
	struct carveout_ioctl_region region;
	int err;

	if (block->regions & (block->regions - 1)) {
		ticmem_error(0, "block %d has several regions: name one in TICMEM_BLOCKS",
			     block->id);
		return -1;
	}
	err = carveout_region(block->heap, __builtin_ctzll(block->regions), &region);
	if (!err && !(region.flags & CARVEOUT_REGION_BASE))
		err = -EPERM;
	if (err) {
		ticmem_error(err, "the physical address of block %d", block->id);
		return -1;
	}
	attrs->phys_base = region.base;
	attrs->size = region.size;
	return 0;
}

int CMEM_getBlockAttrs(int blockid, CMEM_BlockAttrs *pattrs)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	struct ticmem_block *block;
	int ret;

	if (!context)
		return -1;
	block = ticmem_block(context, blockid);
	ret = block ? describe(block, pattrs) : -1;
	ticmem_leave(context);
	return ret;
}

int CMEM_getBlock(off_t *pphys_base, unsigned long long *psize)
{
	CMEM_BlockAttrs attrs;

	if (CMEM_getBlockAttrs(0, &attrs))
		return -1;
	*pphys_base = attrs.phys_base;
	*psize = attrs.size;
	return 0;
}
