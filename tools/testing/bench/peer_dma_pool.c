// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: dma_pool, from the kernel's source. Its blocks have one size.
 *
 * User-mode Linux has the DMA API (UML_DMA_EMULATION), so a platform device without
 * resources is sufficient. The blocks need memory because the free list is in them.
 */

#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/platform_device.h>

/* These functions are private copies of this module. */
#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(...)

#include <mm/dmapool.c>

#include "kernel.h"

/* Both addresses of a block, needed to free it. */
struct block {
	void *mem;
	dma_addr_t dma;
};

static struct platform_device *device;
static struct dma_pool *pool;
static struct block *blocks;
static u32 nr_blocks;

static int dma_pool_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	int err;

	nr_blocks = nr_slots;
	blocks = bench_mem(nr_slots * sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	device = platform_device_register_simple("carveout_bench", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	err = dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	pool = dma_pool_create("bench", &device->dev, 1UL << shift, 1UL << shift, 0);
	return pool ? 0 : -ENOMEM;
}

static int dma_pool_take(u32 slot, u64 size, u64 align)
{
	blocks[slot].mem = dma_pool_alloc(pool, GFP_NOWAIT, &blocks[slot].dma);
	return blocks[slot].mem ? 0 : -ENOSPC;
}

static void dma_pool_give(u32 slot)
{
	if (likely(blocks[slot].mem)) {
		dma_pool_free(pool, blocks[slot].mem, blocks[slot].dma);
		blocks[slot].mem = NULL;
	}
}

static void dma_pool_teardown(void)
{
	u32 i;

	for (i = 0; i < nr_blocks; i++)
		dma_pool_give(i);
	dma_pool_destroy(pool);
	platform_device_unregister(device);
}

static size_t dma_pool_bytes(void)
{
	return sizeof(*pool) + pool->nr_pages * sizeof(struct dma_page);
}

const struct bench_peer bench_dma_pool = {
	.name = "dma_pool",
	.setup = dma_pool_setup,
	.teardown = dma_pool_teardown,
	.alloc = dma_pool_take,
	.free = dma_pool_give,
	.bytes = dma_pool_bytes,
	.one_size = true,
};
