// SPDX-License-Identifier: GPL-2.0
/*
 * A driver frees and allocates blocks of one size in a hard interrupt: a pool of carveout,
 * and the allocators of the kernel that it might use instead.
 *
 * Half of the blocks are in use. A pair frees the block that was allocated first and
 * allocates one. Each allocator is as its users have it: dma_pool takes more pages when it
 * needs them, mempool is used before a slab cache and has all blocks in its reserve, and
 * gen_pool is first fit. The result is the mean of a run in one interrupt, minus that of
 * an allocator that does nothing.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/carveout.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mempool.h>
#include <linux/numa.h>
#include <linux/platform_device.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "drivers.h"

#define BLOCKS	64
#define USED	32
#define PAIRS	(32 * USED)

/* A block in use: of a pool of carveout, or its addresses. */
struct slot {
	struct carveout_pool_block block;
	void *mem;
	dma_addr_t dma;
};

/**
 * struct peer - An allocator of blocks
 * @name: name, without blanks
 * @setup: create it
 * @teardown: free it
 * @alloc: allocate a block, in a hard interrupt
 * @free: free it, in a hard interrupt
 */
struct peer {
	const char *name;
	int (*setup)(size_t size);
	void (*teardown)(void);
	int (*alloc)(struct slot *slot);
	void (*free)(struct slot *slot);
};

static struct slot slots[USED];
static size_t block_size;

/* === None ================================================================= */

static int none_setup(size_t size)
{
	return 0;
}

static void none_teardown(void)
{
}

static int none_alloc(struct slot *slot)
{
	return 0;
}

static void none_free(struct slot *slot)
{
}

/* === carveout ============================================================= */

static struct carveout *heap;
static struct carveout_pool *pool;
static struct carveout_pool_client *client;

static int carveout_setup(size_t size)
{
	const struct carveout_memory memory = {
		.base = CARVEOUT_SYSTEM_MEMORY,
		.size = SZ_1M,
		.attrs = CARVEOUT_ATTR_CACHED,
	};

	heap = carveout_create(NULL, "bench", &memory, 1, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	pool = carveout_pool_create(heap, size, BLOCKS, NULL, NULL, 0);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	client = carveout_pool_join(pool);
	return PTR_ERR_OR_ZERO(client);
}

static void carveout_teardown(void)
{
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
	carveout_destroy(heap, false);
}

static int carveout_take(struct slot *slot)
{
	return carveout_pool_alloc(client, &slot->block);
}

static void carveout_give(struct slot *slot)
{
	carveout_pool_free(client, &slot->block);
}

/* === dma_pool ============================================================= */

static struct platform_device *device;
static struct dma_pool *dma_pool;

static int dma_pool_setup(size_t size)
{
	int err;

	device = platform_device_register_simple("carveout_drivers", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	err = dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	dma_pool = dma_pool_create("bench", &device->dev, size, size, 0);
	return dma_pool ? 0 : -ENOMEM;
}

static void dma_pool_teardown(void)
{
	dma_pool_destroy(dma_pool);
	platform_device_unregister(device);
}

static int dma_pool_take(struct slot *slot)
{
	slot->mem = dma_pool_alloc(dma_pool, GFP_ATOMIC, &slot->dma);
	return slot->mem ? 0 : -ENOMEM;
}

static void dma_pool_give(struct slot *slot)
{
	dma_pool_free(dma_pool, slot->mem, slot->dma);
}

/* === mempool ============================================================== */

static struct kmem_cache *cache;
static mempool_t *mempool;

static int mempool_setup(size_t size)
{
	cache = kmem_cache_create("carveout_drivers", size, 0, 0, NULL);
	if (!cache)
		return -ENOMEM;
	mempool = mempool_create_slab_pool(BLOCKS, cache);
	return mempool ? 0 : -ENOMEM;
}

static void mempool_teardown(void)
{
	mempool_destroy(mempool);
	kmem_cache_destroy(cache);
}

static int mempool_take(struct slot *slot)
{
	slot->mem = mempool_alloc(mempool, GFP_ATOMIC);
	return slot->mem ? 0 : -ENOMEM;
}

static void mempool_give(struct slot *slot)
{
	mempool_free(slot->mem, mempool);
}

/* === gen_pool ============================================================= */

/* It manages addresses; no memory is there. */
#define GEN_BASE	SZ_1G

static struct gen_pool *gen_pool;

static int gen_pool_setup(size_t size)
{
	gen_pool = gen_pool_create(ilog2(size), NUMA_NO_NODE);
	return gen_pool ? gen_pool_add(gen_pool, GEN_BASE, BLOCKS * size, NUMA_NO_NODE) : -ENOMEM;
}

static void gen_pool_teardown(void)
{
	gen_pool_destroy(gen_pool);
}

static int gen_pool_take(struct slot *slot)
{
	slot->mem = (void *)gen_pool_alloc(gen_pool, block_size);
	return slot->mem ? 0 : -ENOMEM;
}

static void gen_pool_give(struct slot *slot)
{
	gen_pool_free(gen_pool, (unsigned long)slot->mem, block_size);
}

static const struct peer peers[] = {
	{ "none", none_setup, none_teardown, none_alloc, none_free },
	{ "carveout", carveout_setup, carveout_teardown, carveout_take, carveout_give },
	{ "dma_pool", dma_pool_setup, dma_pool_teardown, dma_pool_take, dma_pool_give },
	{ "mempool", mempool_setup, mempool_teardown, mempool_take, mempool_give },
	{ "gen_pool", gen_pool_setup, gen_pool_teardown, gen_pool_take, gen_pool_give },
};

/* === Runs ================================================================= */

/* The interrupt. */
static struct {
	const struct peer *peer;
	struct hrtimer timer;
	struct completion done;
	u64 ns;
	int err;
} run;

static int make_pairs(const struct peer *peer)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < PAIRS; i++) {
		struct slot *slot = &slots[i % USED];

		peer->free(slot);
		err |= peer->alloc(slot);
	}
	return err;
}

/* The first run is to warm up. */
static enum hrtimer_restart on_timer(struct hrtimer *timer)
{
	run.err = in_hardirq() ? make_pairs(run.peer) : -EINVAL;
	run.ns = ktime_get_ns();
	if (!run.err)
		run.err = make_pairs(run.peer);
	run.ns = ktime_get_ns() - run.ns;
	complete(&run.done);
	return HRTIMER_NORESTART;
}

static int time_pairs(const struct peer *peer)
{
	run.peer = peer;
	init_completion(&run.done);
	hrtimer_setup(&run.timer, on_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&run.timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	wait_for_completion(&run.done);
	hrtimer_cancel(&run.timer);
	return run.err;
}

/* After an error nothing is undone: it ends the benchmark, and the machine. */
static int measure(const struct peer *peer)
{
	unsigned int i;
	int err;

	err = peer->setup(block_size);
	for (i = 0; i < USED && !err; i++)
		err = peer->alloc(&slots[i]);
	err = err ?: time_pairs(peer);
	if (err)
		return err;
	for (i = 0; i < USED; i++)
		peer->free(&slots[i]);
	peer->teardown();
	return 0;
}

static int compare(size_t size)
{
	unsigned int i;
	u64 own = 0;
	int err;

	block_size = size;
	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		err = measure(&peers[i]);
		if (err)
			return err;
		if (i)
			pr_info("user row=irq-pair of=%zu peer=%s ns=%llu\n", size,
				peers[i].name, (run.ns - own) / PAIRS);
		else
			own = run.ns;
	}
	return 0;
}

/**
 * bench_pairs() - Time pairs of a free and an allocation in a hard interrupt
 *
 * Return: 0 or a negative error number.
 */
int bench_pairs(void)
{
	return compare(SZ_256) ?: compare(SZ_4K);
}
