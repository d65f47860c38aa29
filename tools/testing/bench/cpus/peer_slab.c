// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: kmalloc(), which has per-CPU caches of free blocks.
 */

#include <linux/slab.h>

#include "cpus.h"

static void **blocks;
static u32 nr_blocks;

static int slab_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	nr_blocks = nr_slots;
	blocks = bench_mem(nr_slots * sizeof(*blocks));
	return blocks ? 0 : -ENOMEM;
}

static int slab_take(u32 slot, u64 size, u64 align)
{
	blocks[slot] = kmalloc(size, GFP_KERNEL);
	return blocks[slot] ? 0 : -ENOSPC;
}

static void slab_give(u32 slot)
{
	kfree(blocks[slot]);
	blocks[slot] = NULL;
}

static void slab_teardown(void)
{
	u32 i;

	for (i = 0; i < nr_blocks; i++)
		slab_give(i);
}

const struct bench_peer bench_slab = {
	.name = "kmalloc",
	.setup = slab_setup,
	.teardown = slab_teardown,
	.alloc = slab_take,
	.free = slab_give,
};
