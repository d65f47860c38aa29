// SPDX-License-Identifier: GPL-2.0
/*
 * Corrupts a heap, or the pools in it, like a stray write would, so that tests
 * can check the reaction of the driver. For test boards only: the only remedy
 * is to reload the driver.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
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

/* Mark every hole of a region as used. */
static void damage_region(const struct carveout_store *store,
			  const struct carveout_region *region)
{
	u32 index;
	u8 *mark;

	for (index = region->chain.first; index;
	     index = carveout_span(store, index)->next) {
		mark = carveout_mark(store, index);
		if ((*mark & CARVEOUT_MARK_STATE) == CARVEOUT_HOLE)
			*mark ^= CARVEOUT_HOLE ^ CARVEOUT_USED;
	}
}

static void damage_heap(struct carveout *carveout)
{
	unsigned int i;

	raw_spin_lock_irq(&carveout->lock);
	for (i = 0; i < carveout->nr_claims; i++)
		damage_region(&carveout->heap.store, carveout->claim[i]->region);
	raw_spin_unlock_irq(&carveout->lock);
}

/* Make each block that was ever used its own predecessor. */
static void damage_pool(struct carveout_pool *pool)
{
	u32 index;

	raw_spin_lock_irq(&pool->lock);
	for (index = 0; index < pool->blocks.fresh; index++)
		pool->blocks.block[index].prev = index;
	raw_spin_unlock_irq(&pool->lock);
}

static void damage_pools(struct carveout *carveout)
{
	struct carveout_buf *buf;
	unsigned long id;

	mutex_lock(&carveout->registry_lock);
	xa_for_each(&carveout->bufs, id, buf)
		if (buf->pool)
			damage_pool(buf->pool);
	mutex_unlock(&carveout->registry_lock);
}

static int __init carveout_damage_init(void)
{
	struct carveout *carveout = carveout_get_by_name(heap ?: "");

	if (IS_ERR(carveout))
		return PTR_ERR(carveout);
	if (pools)
		damage_pools(carveout);
	else
		damage_heap(carveout);
	carveout_put(carveout);
	return 0;
}

static void __exit carveout_damage_exit(void)
{
}

module_init(carveout_damage_init);
module_exit(carveout_damage_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Corrupts a carveout heap, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
