// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of the kernel's coherent allocator: reserved memory that is a "shared-dma-pool" with
 * no-map.
 *
 * dma_alloc_coherent() takes memory from such a region for the devices that are assigned to
 * it. A heap takes all of the region from that allocator, piece by piece: it allocates on
 * behalf of a device of its own. So the region has no second owner. A device that is assigned
 * to the region before or afterwards finds no free memory in it. If a device has some of it
 * already, the heap cannot take the region. The memory is freed with the claim, which may
 * outlive the heap's device.
 *
 * The allocator maps the region write-combined for as long as the kernel runs.
 */

#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "claim.h"
#include "dma_pool.h"

/**
 * struct carveout_dma_pool - A region that the coherent allocator gave to a heap
 * @user: device that the memory is allocated for, assigned to the region
 * @va: its address in the mapping of the allocator
 * @addr: its address for the device
 * @size: bytes of the region
 * @taken: bytes that are allocated, from the start of the region
 * @next: region that was joined with this one
 */
struct carveout_dma_pool {
	struct platform_device *user;
	void *va;
	dma_addr_t addr;
	u64 size;
	u64 taken;
	struct carveout_dma_pool *next;
};

/*
 * The allocator aligns a piece to its size, which is a power of two. In pieces that never
 * grow, it can give out a region without a gap.
 */
static size_t piece_at(const struct carveout_dma_pool *pool, u64 offset)
{
	return rounddown_pow_of_two(min_t(u64, SZ_16M, pool->size - offset));
}

static int take_piece(struct carveout_dma_pool *pool)
{
	size_t size = piece_at(pool, pool->taken);
	dma_addr_t addr;
	void *va;

	va = dma_alloc_coherent(&pool->user->dev, size, &addr, GFP_KERNEL | __GFP_NOWARN);
	if (!va)
		return -EBUSY;
	/* Memory before it is allocated to another device. */
	if (addr != pool->addr + pool->taken) {
		dma_free_coherent(&pool->user->dev, size, va, addr);
		return -EBUSY;
	}
	if (!pool->taken)
		pool->va = va;
	pool->taken += size;
	return 0;
}

static int take_all(struct carveout_dma_pool *pool)
{
	int ret = 0;

	while (!ret && pool->taken < pool->size) {
		ret = take_piece(pool);
		cond_resched();
	}
	return ret;
}

static void give_back(struct carveout_dma_pool *pool)
{
	u64 offset = 0;

	while (offset < pool->taken) {
		size_t size = piece_at(pool, offset);

		dma_free_coherent(&pool->user->dev, size, pool->va + offset,
				  pool->addr + offset);
		offset += size;
	}
}

static void free_pool(struct carveout_dma_pool *pool)
{
	give_back(pool);
	of_reserved_mem_device_release(&pool->user->dev);
	platform_device_put(pool->user);
	kfree(pool);
}

static struct carveout_dma_pool *new_pool(const struct carveout_range *range)
{
	struct carveout_dma_pool *pool;

	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	pool->user = platform_device_alloc(range->name, PLATFORM_DEVID_NONE);
	/* The device is never added, so the bus gives it no name. The kernel logs the name. */
	if (!pool->user || dev_set_name(&pool->user->dev, "%s", range->name)) {
		platform_device_put(pool->user);
		kfree(pool);
		return NULL;
	}
	pool->user->dev.coherent_dma_mask = DMA_BIT_MASK(64);
	pool->addr = phys_to_dma(&pool->user->dev, range->base);
	pool->size = range->size;
	return pool;
}

/**
 * carveout_dma_pool_take() - Take a region from the coherent allocator
 * @range: the region, of whole pages; filled in with the pool, which
 *	carveout_range_release() gives back
 * @user: DT node of the heap
 * @index: entry of its memory-region property
 *
 * Without CONFIG_DMA_DECLARE_COHERENT no device is assigned to such a region, and nothing is
 * taken.
 *
 * Context: Process context. May sleep. Zeroes the memory.
 * Return: 0; -EBUSY if some of the memory is allocated to a device; -ENOMEM; or the error
 * of of_reserved_mem_device_init_by_idx().
 */
int carveout_dma_pool_take(struct carveout_range *range, struct device_node *user, int index)
{
	struct carveout_dma_pool *pool;
	int ret;

	if (!IS_ENABLED(CONFIG_DMA_DECLARE_COHERENT))
		return 0;
	pool = new_pool(range);
	if (!pool)
		return -ENOMEM;
	ret = of_reserved_mem_device_init_by_idx(&pool->user->dev, user, index);
	if (!ret)
		ret = take_all(pool);
	if (ret)
		free_pool(pool);
	else
		range->pool = pool;
	return ret;
}

/**
 * carveout_dma_pool_join() - Keep two regions together
 * @pool: a region, or several; NULL for none
 * @other: likewise
 *
 * Context: Any context.
 * Return: all of them, for carveout_dma_pool_release().
 */
struct carveout_dma_pool *carveout_dma_pool_join(struct carveout_dma_pool *pool,
						 struct carveout_dma_pool *other)
{
	struct carveout_dma_pool **end = &pool;

	while (*end)
		end = &(*end)->next;
	*end = other;
	return pool;
}

/**
 * carveout_dma_pool_release() - Give regions back to the coherent allocator
 * @pool: the region, and those joined with it; NULL for none
 *
 * Context: Process context. May sleep.
 */
void carveout_dma_pool_release(struct carveout_dma_pool *pool)
{
	while (pool) {
		struct carveout_dma_pool *next = pool->next;

		free_pool(pool);
		pool = next;
	}
}
