// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: drm_mm in its mode "best", from the kernel's source.
 *
 * It is compiled into this module because the test kernels have no DRM. So is the
 * kernel's red-black tree, so that all code has the same compiler options.
 */

#include <linux/export.h>
#include <linux/module.h>
#include <linux/spinlock.h>

/* These functions are private copies of this module. */
#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(...)

#include <lib/rbtree.c>

#include <drivers/gpu/drm/drm_mm.c>

#include "kernel.h"

/* Needed by drm_mm_print(), which is never called. */
void drm_printf(struct drm_printer *p, const char *f, ...)
{
}

static struct drm_mm *mm;
static struct drm_mm_node **nodes;

/*
 * Unused nodes, linked by their colour. A driver would allocate a node with each block;
 * reusing the node freed last is the best case of that.
 */
static struct drm_mm_node *free_nodes;

static int drm_mm_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	free_nodes = NULL;
	mm = bench_mem(sizeof(*mm));
	nodes = bench_mem(nr_slots * sizeof(*nodes));
	if (!mm || !nodes)
		return -ENOMEM;
	drm_mm_init(mm, BENCH_BASE, arena);
	return 0;
}

static int drm_mm_take(u32 slot, u64 size, u64 align)
{
	struct drm_mm_node *node = free_nodes, *next = NULL;
	int err;

	if (likely(node))
		next = (struct drm_mm_node *)node->color;
	else
		node = bench_mem(sizeof(*node));
	if (unlikely(!node))
		return -ENOMEM;
	err = drm_mm_insert_node_generic(mm, node, size, align, 0, DRM_MM_INSERT_BEST);
	if (unlikely(err)) {
		node->color = (unsigned long)next;
		free_nodes = node;
		return err;
	}
	free_nodes = next;
	nodes[slot] = node;
	return 0;
}

static void drm_mm_give(u32 slot)
{
	struct drm_mm_node *node = nodes[slot];

	if (likely(node)) {
		drm_mm_remove_node(node);
		node->color = (unsigned long)free_nodes;
		free_nodes = node;
		nodes[slot] = NULL;
	}
}

/* Counts used nodes only: a driver would have freed the others. */
static size_t drm_mm_bytes(void)
{
	struct drm_mm_node *node;
	size_t bytes = sizeof(*mm);

	drm_mm_for_each_node(node, mm)
		bytes += sizeof(*node);
	return bytes;
}

const struct bench_peer bench_drm_mm = {
	.name = "drm_mm",
	.setup = drm_mm_setup,
	.alloc = drm_mm_take,
	.free = drm_mm_give,
	.bytes = drm_mm_bytes,
	.aligns = true,
};

/* === With the lock of its callers ========================================= */

/* Of the same type as in carveout.ko: required to free in interrupt context. */
static DEFINE_SPINLOCK(lock);

static int drm_mm_take_locked(u32 slot, u64 size, u64 align)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&lock, flags);
	err = drm_mm_take(slot, size, align);
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

static void drm_mm_give_locked(u32 slot)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	drm_mm_give(slot);
	spin_unlock_irqrestore(&lock, flags);
}

const struct bench_peer bench_drm_mm_lock = {
	.name = "drm_mm_lock",
	.setup = drm_mm_setup,
	.alloc = drm_mm_take_locked,
	.free = drm_mm_give_locked,
	.sleeps = true,
	.timed_only = true,
};
