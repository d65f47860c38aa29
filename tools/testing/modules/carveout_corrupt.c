// SPDX-License-Identifier: GPL-2.0
/*
 * Corrupts a heap, or the pools in it, like a stray write would, so that tests
 * can check the reaction of the driver. For test boards only: the only remedy
 * is to reload the driver. Or fills the free no-map memory of a heap, like a
 * hibernation may, which zeroing it remedies.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "../../../driver/carveout_internal.h"
#include "../../../driver/buf/buffer.h"
#include "../../../driver/buf/pool.h"
#include "../../../driver/mem/claim.h"

static char *heap;
module_param(heap, charp, 0400);
MODULE_PARM_DESC(heap, "name of the heap to corrupt");

static bool pools;
module_param(pools, bool, 0400);
MODULE_PARM_DESC(pools, "corrupt the pools in it, and not the heap itself");

static bool memory;
module_param(memory, bool, 0400);
MODULE_PARM_DESC(memory, "fill its no-map memory during a hibernation, and corrupt nothing");

static bool lost;
module_param(lost, bool, 0400);
MODULE_PARM_DESC(lost, "lose the blocks of each client of a pool, instead of links");

/* Mark every hole of a region as used. */
static void corrupt_region(const struct carveout_store *store,
			   const struct carveout_region *region)
{
	struct carveout_span *span;
	u32 index;

	for (index = region->chain.first; index; index = span->next) {
		span = carveout_span(store, index);
		if ((carveout_mark(span) & CARVEOUT_MARK_STATE) == CARVEOUT_HOLE)
			span->key ^= CARVEOUT_HOLE ^ CARVEOUT_USED;
	}
}

static void corrupt_heap(struct carveout *carveout)
{
	unsigned int i;

	raw_spin_lock_irq(&carveout->lock);
	for (i = 0; i < carveout->nr_claims; i++)
		corrupt_region(&carveout->heap.store, carveout->claim[i]->region);
	raw_spin_unlock_irq(&carveout->lock);
}

/* Make each block that was ever used its own predecessor. */
static void corrupt_pool(struct carveout_pool *pool)
{
	u32 index;

	raw_spin_lock_irq(&pool->lock);
	for (index = 0; index < pool->blocks.fresh; index++)
		pool->blocks.block[index].prev = index;
	raw_spin_unlock_irq(&pool->lock);
}

static struct carveout_block_owner *owner_of(struct rb_node *node)
{
	return &rb_entry(node, struct carveout_pool_client, node)->owner;
}

/* The clients seem to have no blocks. */
static void lose_blocks(struct carveout_pool *pool)
{
	struct rb_node *node;

	raw_spin_lock_irq(&pool->lock);
	for (node = rb_first(&pool->clients); node; node = rb_next(node))
		owner_of(node)->first = CARVEOUT_BLOCK_NONE;
	raw_spin_unlock_irq(&pool->lock);
}

static void corrupt_pools(struct carveout *carveout)
{
	struct carveout_buf *buf;
	unsigned long id;

	mutex_lock(&carveout->registry_lock);
	xa_for_each(&carveout->bufs, id, buf)
		if (buf->pool && lost)
			lose_blocks(buf->pool);
		else if (buf->pool)
			corrupt_pool(buf->pool);
	mutex_unlock(&carveout->registry_lock);
}

/* During a hibernation. A driver cannot allocate this memory then, and does not wait. */
static int fill_memory(struct carveout *carveout)
{
	const struct carveout_req req = { .size = PAGE_SIZE, .forbid = CARVEOUT_ATTR_PAGES };
	struct carveout_claim *claim;
	unsigned int i;

	if (carveout_alloc_req(carveout, &req) != ERR_PTR(-EBUSY))
		return -EPROTO;
	for (i = 0; i < carveout_nr_claims(carveout); i++) {
		claim = carveout->claim[i];
		if (claim->range.source != CARVEOUT_SOURCE_NOMAP)
			continue;
		if (carveout_region_used(&carveout->heap, claim->region))
			return -EBUSY;
		memset(claim->va, 0xa5, claim->range.size);
	}
	return 0;
}

static int __init carveout_corrupt_init(void)
{
	struct carveout *carveout = carveout_get_by_name(heap ?: "");
	int ret = 0;

	if (IS_ERR(carveout))
		return PTR_ERR(carveout);
	if (memory)
		ret = fill_memory(carveout);
	else if (pools)
		corrupt_pools(carveout);
	else
		corrupt_heap(carveout);
	carveout_put(carveout);
	return ret;
}

static void __exit carveout_corrupt_exit(void)
{
}

module_init(carveout_corrupt_init);
module_exit(carveout_corrupt_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Corrupts a carveout heap, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
