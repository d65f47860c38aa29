// SPDX-License-Identifier: GPL-2.0
/*
 * Measured: carveout.ko, with the functions that it exports to other drivers.
 *
 * Memory in a nozero heap, because none of the other allocators zeroes; memory in a
 * heap that zeroes; buffers; and blocks of a pool. Its heaps have real memory, because
 * one of them zeroes it and pools are buffers.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "kernel.h"

static struct carveout_memory memory = {
	.attrs = CARVEOUT_ATTR_CACHED,
	.name = "arena",
};

static phys_addr_t memory_base;
static u64 memory_size;

static struct carveout *heap;
static struct carveout_pool *pool;
static void **blocks;
static void *remainder;
static struct carveout_pool_client *client;
static struct carveout_pool_block *taken;	/* serial 0: none */
static u32 nr_blocks;

/**
 * bench_module_init() - Set the memory of the heaps
 * @base: physical address
 * @size: bytes
 */
void bench_module_init(phys_addr_t base, u64 size)
{
	memory_base = base;
	memory_size = size;
}

/* A heap has whole pages. Allocate the part behind the end of the arena. */
static int cut(u64 arena)
{
	const struct carveout_req req = {
		.size = memory.size - arena,
		.flags = CARVEOUT_REQ_TOP_DOWN,
		.purpose = "remainder",
	};

	remainder = NULL;
	if (!req.size)
		return 0;
	remainder = carveout_alloc_req(heap, &req);
	return PTR_ERR_OR_ZERO(remainder);
}

static int make_heap(u64 size, u32 nr_slots, unsigned int flags)
{
	nr_blocks = nr_slots;
	blocks = bench_mem(nr_slots * sizeof(*blocks));
	memory.base = memory_base;
	memory.size = PAGE_ALIGN(size);
	if (!blocks || memory.size > memory_size)
		return -ENOMEM;
	heap = carveout_create(NULL, "bench", &memory, 1, flags);
	return PTR_ERR_OR_ZERO(heap);
}

static void destroy_heap(void)
{
	int err;

	if (remainder)
		carveout_free(heap, remainder);
	remainder = NULL;
	err = carveout_destroy(heap, false);
	if (err)
		pr_err("heap is still in use (%d)\n", err);
}

/* === Memory =============================================================== */

static int module_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	return make_heap(arena, nr_slots, CARVEOUT_CREATE_NOZERO) ?: cut(arena);
}

static int module_zero_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	return make_heap(arena, nr_slots, 0) ?: cut(arena);
}

static int module_take(u32 slot, u64 size, u64 align)
{
	void *block = carveout_alloc(heap, size, "bench");

	if (IS_ERR(block))
		return PTR_ERR(block);
	blocks[slot] = block;
	return 0;
}

static void module_give(u32 slot)
{
	if (likely(blocks[slot])) {
		carveout_free(heap, blocks[slot]);
		blocks[slot] = NULL;
	}
}

static void module_teardown(void)
{
	u32 i;

	for (i = 0; i < nr_blocks; i++)
		module_give(i);
	destroy_heap();
}

const struct bench_peer bench_module = {
	.name = "module",
	.setup = module_setup,
	.teardown = module_teardown,
	.alloc = module_take,
	.free = module_give,
	.sleeps = true,
	.timed_only = true,
};

/* Blocks larger than a page are zeroed by a work item that runs when the heap is full. */
const struct bench_peer bench_module_zero = {
	.name = "module_zero",
	.setup = module_zero_setup,
	.teardown = module_teardown,
	.alloc = module_take,
	.free = module_give,
	.sleeps = true,
	.timed_only = true,
	.slow = true,
	.most = SZ_64M,
};

/* === Buffers ============================================================== */

static int module_buf_take(u32 slot, u64 size, u64 align)
{
	const struct carveout_req req = { .size = size, .purpose = "bench" };
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, NULL, 0);

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	blocks[slot] = buf;
	return 0;
}

/* Drain the heap, so that the deferred work is measured, too. */
static void module_buf_give(u32 slot)
{
	if (likely(blocks[slot])) {
		carveout_buf_put(blocks[slot]);
		carveout_drain(heap);
		blocks[slot] = NULL;
	}
}

static void module_buf_teardown(void)
{
	u32 i;

	for (i = 0; i < nr_blocks; i++)
		module_buf_give(i);
	destroy_heap();
}

const struct bench_peer bench_module_buf = {
	.name = "module_buf",
	.setup = module_setup,
	.teardown = module_buf_teardown,
	.alloc = module_buf_take,
	.free = module_buf_give,
	.pages_only = true,
	.sleeps = true,
	.timed_only = true,
	.slow = true,
};

/* === Pools ================================================================ */

static int module_pool_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	int err = make_heap((u64)nr_slots << shift, nr_slots, CARVEOUT_CREATE_NOZERO);

	if (err)
		return err;
	pool = carveout_pool_create(heap, 1ULL << shift, nr_slots, NULL, NULL, 0);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	client = carveout_pool_join(pool);
	if (IS_ERR(client))
		return PTR_ERR(client);
	taken = kvcalloc(nr_slots, sizeof(*taken), GFP_KERNEL);
	return taken ? 0 : -ENOMEM;
}

static int module_pool_take(u32 slot, u64 size, u64 align)
{
	return carveout_pool_alloc(client, &taken[slot]);
}

static void module_pool_give(u32 slot)
{
	if (likely(taken[slot].serial)) {
		carveout_pool_free(client, &taken[slot]);
		taken[slot].serial = 0;
	}
}

static void module_pool_teardown(void)
{
	kvfree(taken);
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
	destroy_heap();
}

const struct bench_peer bench_module_pool = {
	.name = "module_pool",
	.setup = module_pool_setup,
	.teardown = module_pool_teardown,
	.alloc = module_pool_take,
	.free = module_pool_give,
	.one_size = true,
};

MODULE_IMPORT_NS("CARVEOUT");
