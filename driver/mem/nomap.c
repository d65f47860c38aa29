// SPDX-License-Identifier: GPL-2.0
/*
 * No-map memory during a hibernation.
 *
 * The image of a hibernation has the pages of the kernel's linear mapping. No-map memory
 * is not among them: after the resume it has any content. So a hibernation begins only
 * while none of it is allocated, and none is allocated until it was scrubbed again:
 * meanwhile the no-map regions of all heaps are closed. See driver/power.c.
 */

#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "../carveout_internal.h"
#include "claim.h"
#include "nomap.h"

static bool closed;
static DECLARE_WAIT_QUEUE_HEAD(opened);

/**
 * carveout_nomap_close() - Refuse allocations of no-map memory
 *
 * An earlier allocation is seen by carveout_nomap_used(), and a later one sees the flag:
 * both take carveout->lock after the flag is set.
 *
 * Context: Process context.
 */
void carveout_nomap_close(void)
{
	WRITE_ONCE(closed, true);
}

/**
 * carveout_nomap_open() - Permit allocations of no-map memory again
 *
 * Context: Process context.
 */
void carveout_nomap_open(void)
{
	/* Pairs with carveout_nomap_closed(): the content of the memory first. */
	smp_store_release(&closed, false);
	wake_up_all(&opened);
}

/**
 * carveout_nomap_closed() - Check whether allocations of no-map memory are refused
 *
 * Context: Any context.
 * Return: true if so.
 */
bool carveout_nomap_closed(void)
{
	/* Pairs with carveout_nomap_open(). */
	return smp_load_acquire(&closed);
}

/**
 * carveout_nomap_wait() - Wait until no-map memory can be allocated
 *
 * Context: Process context, of a system call. May sleep. Must not hold a lock, because
 * the task may be frozen.
 * Return: 0 or -ERESTARTSYS.
 */
int carveout_nomap_wait(void)
{
	return wait_event_freezable(opened, !carveout_nomap_closed());
}

static bool is_nomap(const struct carveout_claim *claim)
{
	return claim->range.source == CARVEOUT_SOURCE_NOMAP;
}

/**
 * carveout_nomap_used() - Size of the allocated no-map memory of a heap
 * @carveout: the heap
 *
 * Context: Process context. Takes carveout->lock.
 * Return: bytes, those that are being freed included.
 */
u64 carveout_nomap_used(struct carveout *carveout)
{
	unsigned int i;
	u64 used = 0;

	raw_spin_lock_irq(&carveout->lock);
	for (i = 0; i < carveout->nr_claims; i++)
		if (is_nomap(carveout->claim[i]))
			used += carveout_region_used(&carveout->heap,
						     carveout->claim[i]->region);
	raw_spin_unlock_irq(&carveout->lock);
	return used;
}

/**
 * carveout_nomap_scrub() - Zero all no-map memory of a heap, none of which is allocated
 * @carveout: the heap
 *
 * A heap that only drivers use is left as it is.
 *
 * Context: Process context. May sleep.
 */
void carveout_nomap_scrub(struct carveout *carveout)
{
	unsigned int i, nr = carveout->nozero ? 0 : carveout_nr_claims(carveout);
	struct carveout_claim *claim;

	for (i = 0; i < nr; i++) {
		claim = carveout->claim[i];
		if (is_nomap(claim))
			carveout_claim_scrub(claim, claim->range.base, claim->range.size,
					     !carveout->coherent);
	}
}
