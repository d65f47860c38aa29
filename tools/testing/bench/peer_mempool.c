// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: mempool, from the kernel's source. Its blocks have one size.
 *
 * It is measured twice: on top of a slab cache of the running kernel, like nearly all of
 * its users, where the reserve is not used; and with all blocks in the reserve and no
 * allocator behind it.
 *
 * The blocks need memory because the slab allocator has its free list in them.
 */

#include <linux/export.h>
#include <linux/module.h>

/* These functions are private copies of this module. */
#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(...)

#include <mm/mempool.c>

#include "kernel.h"

static mempool_t *pool;
static struct kmem_cache *cache;
static void **blocks;
static u32 nr_blocks;

/* Bytes of a block while the reserve is filled, later 0. */
static size_t reserve_size;

static void *take_reserve(gfp_t flags, void *data)
{
	return reserve_size ? bench_mem(reserve_size) : NULL;
}

/* The next bench_mem_reset() frees the memory. */
static void give_nothing(void *block, void *data)
{
}

static int make_slots(u32 nr_slots)
{
	nr_blocks = nr_slots;
	blocks = bench_mem(nr_slots * sizeof(*blocks));
	return blocks ? 0 : -ENOMEM;
}

static int mempool_slab_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	int err = make_slots(nr_slots);

	if (err)
		return err;
	cache = kmem_cache_create("carveout_bench", 1U << shift, 0, SLAB_NO_MERGE, NULL);
	if (!cache)
		return -ENOMEM;
	pool = mempool_create_slab_pool(1, cache);
	return pool ? 0 : -ENOMEM;
}

static int mempool_reserve_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	int err = make_slots(nr_slots);

	if (err)
		return err;
	reserve_size = 1UL << shift;
	pool = mempool_create(nr_slots, take_reserve, give_nothing, NULL);
	reserve_size = 0;
	return pool ? 0 : -ENOMEM;
}

static int mempool_take(u32 slot, u64 size, u64 align)
{
	blocks[slot] = mempool_alloc(pool, GFP_NOWAIT);
	return blocks[slot] ? 0 : -ENOSPC;
}

static void mempool_give(u32 slot)
{
	if (likely(blocks[slot])) {
		mempool_free(blocks[slot], pool);
		blocks[slot] = NULL;
	}
}

static void mempool_teardown(void)
{
	u32 i;

	for (i = 0; i < nr_blocks; i++)
		mempool_give(i);
	mempool_destroy(pool);
	kmem_cache_destroy(cache);
	cache = NULL;
}

/* Metadata of the reserve; that of the slab allocator is not available. */
static size_t mempool_bytes(void)
{
	return sizeof(*pool) + pool->min_nr * sizeof(*pool->elements);
}

const struct bench_peer bench_mempool_slab = {
	.name = "mempool_slab",
	.setup = mempool_slab_setup,
	.teardown = mempool_teardown,
	.alloc = mempool_take,
	.free = mempool_give,
	.one_size = true,
};

const struct bench_peer bench_mempool_reserve = {
	.name = "mempool_reserve",
	.setup = mempool_reserve_setup,
	.teardown = mempool_teardown,
	.alloc = mempool_take,
	.free = mempool_give,
	.bytes = mempool_bytes,
	.one_size = true,
};
