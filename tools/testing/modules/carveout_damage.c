// SPDX-License-Identifier: GPL-2.0
/*
 * Damages a heap, or the pools in it, as a stray write would, so that tests see what
 * becomes of one that finds itself damaged. For test boards only: nothing repairs it
 * but to load the driver anew.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "../../../driver/carveout_internal.h"
#include "../../../driver/pool.h"

static char *heap;
module_param(heap, charp, 0400);
MODULE_PARM_DESC(heap, "name of the heap to damage");

static bool pools;
module_param(pools, bool, 0400);
MODULE_PARM_DESC(pools, "damage the pools in it, and not the heap itself");

/* Every hole of a region says that it is handed out. */
static void damage_region(const struct carveout_store *store,
			  const struct carveout_region *region)
{
	u32 index;
	u8 *tag;

	for (index = region->chain.first; index;
	     index = carveout_span(store, index)->next) {
		tag = carveout_tag(store, index);
		if ((*tag & CARVEOUT_TAG_STATE) == CARVEOUT_HOLE)
			*tag ^= CARVEOUT_HOLE ^ CARVEOUT_USED;
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

/* Each block that was ever used says that it comes before itself. */
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
MODULE_DESCRIPTION("Damages a carveout heap, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
