// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: gen_pool, first fit and best fit, from the kernel's source.
 *
 * The test kernels do not have it. It is compiled into this module, including its
 * bitmap searches, and allocates its metadata with bench_mem(), as all others.
 */

#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kernel.h"

/* These functions are private copies of this module. */
#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(...)
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(...)

#include <lib/find_bit.c>

#include <lib/bitmap.c>

static void *take_node(size_t bytes, gfp_t flags, int node)
{
	return bench_mem(bytes);
}

static void *take_zeroed_node(unsigned long bytes, int node)
{
	return bench_mem(bytes);
}

#undef kmalloc_node
#define kmalloc_node take_node
#undef vzalloc_node
#define vzalloc_node take_zeroed_node

#include <lib/genalloc.c>

/* Address and size of a block, needed to free it. */
struct block {
	unsigned long addr;
	size_t size;
};

static struct gen_pool *pool;
static struct block *blocks;
static unsigned long next_offset;
static size_t metadata;

static int gen_pool_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	size_t mark;

	blocks = bench_mem(nr_slots * sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	mark = bench_mem_mark();
	pool = gen_pool_create(shift, NUMA_NO_NODE);
	if (!pool)
		return -ENOMEM;
	next_offset = 0;
	if (gen_pool_add(pool, BENCH_BASE, arena, NUMA_NO_NODE))
		return -ENOMEM;
	metadata = bench_mem_mark() - mark;
	return 0;
}

static int take(u32 slot, size_t size, genpool_algo_t algo, void *data)
{
	blocks[slot].addr = gen_pool_alloc_algo(pool, size, algo, data);
	blocks[slot].size = size;
	return blocks[slot].addr ? 0 : -ENOSPC;
}

/* Place behind the last allocation: a search would start at 0 every time. */
static int gen_pool_place(u32 slot, u64 size)
{
	struct genpool_data_fixed data = { .offset = next_offset };

	next_offset += size;
	return take(slot, size, gen_pool_fixed_alloc, &data);
}

static int gen_pool_take_first(u32 slot, u64 size, u64 align)
{
	return take(slot, size, gen_pool_first_fit, NULL);
}

static int gen_pool_take_best(u32 slot, u64 size, u64 align)
{
	return take(slot, size, gen_pool_best_fit, NULL);
}

static void gen_pool_give(u32 slot)
{
	if (likely(blocks[slot].addr)) {
		gen_pool_free(pool, blocks[slot].addr, blocks[slot].size);
		blocks[slot].addr = 0;
	}
}

static size_t gen_pool_bytes(void)
{
	return metadata;
}

const struct bench_peer bench_gen_pool_first = {
	.name = "gen_pool_first",
	.setup = gen_pool_setup,
	.place = gen_pool_place,
	.alloc = gen_pool_take_first,
	.free = gen_pool_give,
	.bytes = gen_pool_bytes,
	.slow = true,
};

const struct bench_peer bench_gen_pool_best = {
	.name = "gen_pool_best",
	.setup = gen_pool_setup,
	.place = gen_pool_place,
	.alloc = gen_pool_take_best,
	.free = gen_pool_give,
	.bytes = gen_pool_bytes,
	.slow = true,
};
