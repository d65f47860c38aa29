// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: the buddy allocator of DRM, from the kernel's source, with one
 * contiguous piece per request. It allocates whole pages only.
 *
 * Its metadata is allocated with bench_mem(), as that of all others.
 */

#include <linux/export.h>
#include <linux/gpu_buddy.h>
#include <linux/kmemleak.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "kernel.h"

/* These functions are private copies, and this module has its own init and exit. */
#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(...)
#undef module_init
#define module_init(...)
#undef module_exit
#define module_exit(...)
#undef MODULE_DESCRIPTION
#define MODULE_DESCRIPTION(...)
#undef MODULE_LICENSE
#define MODULE_LICENSE(...)

/* Free blocks, linked by their first word. */
static void *free_blocks;

static void *take_block(struct kmem_cache *cache, gfp_t flags)
{
	void *block = free_blocks;

	if (!block)
		return bench_mem(sizeof(struct gpu_buddy_block));
	free_blocks = *(void **)block;
	return memset(block, 0, sizeof(struct gpu_buddy_block));
}

static void give_block(struct kmem_cache *cache, void *block)
{
	*(void **)block = free_blocks;
	free_blocks = block;
}

static void *take_array(size_t count, size_t bytes, gfp_t flags)
{
	return bench_mem(count * bytes);
}

/* The next bench_mem_reset() frees the memory. */
static void give_nothing(const void *mem)
{
}

#undef kmem_cache_zalloc
#define kmem_cache_zalloc take_block
#define kmem_cache_free give_block
#undef kmalloc_array
#define kmalloc_array take_array
#define kfree give_nothing

#include <drivers/gpu/buddy.c>

static struct gpu_buddy *buddy;
static struct list_head *lists;
static size_t mark;

static int drm_buddy_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	u32 i;

	free_blocks = NULL;
	lists = bench_mem(nr_slots * sizeof(*lists));
	if (!lists)
		return -ENOMEM;
	for (i = 0; i < nr_slots; i++)
		INIT_LIST_HEAD(&lists[i]);
	mark = bench_mem_mark();
	buddy = bench_mem(sizeof(*buddy));
	return buddy ? gpu_buddy_init(buddy, arena, PAGE_SIZE) : -ENOMEM;
}

static int drm_buddy_take(u32 slot, u64 size, u64 align)
{
	return gpu_buddy_alloc_blocks(buddy, 0, buddy->size, size, PAGE_SIZE, &lists[slot],
				      GPU_BUDDY_CONTIGUOUS_ALLOCATION);
}

static void drm_buddy_give(u32 slot)
{
	gpu_buddy_free_list(buddy, &lists[slot], 0);
}

static size_t drm_buddy_bytes(void)
{
	return bench_mem_mark() - mark;
}

const struct bench_peer bench_drm_buddy = {
	.name = "drm_buddy",
	.setup = drm_buddy_setup,
	.alloc = drm_buddy_take,
	.free = drm_buddy_give,
	.bytes = drm_buddy_bytes,
	.pages_only = true,
	.slow = true,
};
