// SPDX-License-Identifier: GPL-2.0
/*
 * Damages a heap as a stray write would, so that tests see what becomes of one
 * that finds itself damaged. For test boards only: nothing repairs it but to load
 * the driver anew.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/spinlock.h>

#include "../../../driver/carveout_internal.h"

static char *heap;
module_param(heap, charp, 0400);
MODULE_PARM_DESC(heap, "name of the heap to damage");

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

static int __init carveout_damage_init(void)
{
	struct carveout *carveout = carveout_get_by_name(heap ?: "");
	unsigned int i;

	if (IS_ERR(carveout))
		return PTR_ERR(carveout);
	raw_spin_lock_irq(&carveout->lock);
	for (i = 0; i < carveout->nr_claims; i++)
		damage_region(&carveout->heap.store, carveout->claim[i]->region);
	raw_spin_unlock_irq(&carveout->lock);
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
