// SPDX-License-Identifier: GPL-2.0
/*
 * Deferred freeing for callers in atomic context.
 *
 * Scrubbing is slow and the registry's lock is a mutex. So in interrupts and other
 * atomic contexts, memory and buffers are only put on a list, and work on the
 * module's workqueue does the rest: see buf/reclaim.c. Neither list needs memory: a buffer
 * contains its link, and a span has its link in its cookie, which is no longer
 * needed. Queued work holds a reference to the heap.
 */

#include <linux/export.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "cookie.h"
#include "deferred.h"

/** carveout_wq - all work of the module */
struct workqueue_struct *carveout_wq;

/**
 * carveout_deferred_push_locked() - Put a span on the list of deferred frees
 * @carveout: the heap
 * @info: the span, which has no user any longer
 *
 * carveout_deferred_kick() has to follow, without the lock.
 *
 * Context: Any context. The caller holds carveout->lock.
 */
void carveout_deferred_push_locked(struct carveout *carveout,
				   const struct carveout_span_info *info)
{
	lockdep_assert_held(&carveout->lock);
	carveout_heap_set_cookie(&carveout->heap, info->handle,
				 carveout_cookie_pending(carveout->pending));
	carveout->pending = info->start;
	carveout->pending_bytes += info->size;
	atomic_inc(&carveout->nr_deferred);
}

/**
 * carveout_deferred_kick() - Queue the work that empties the lists
 * @carveout: a heap that the caller has a reference to
 *
 * Context: Any context, including hard interrupts.
 */
void carveout_deferred_kick(struct carveout *carveout)
{
	__carveout_get(carveout);
	if (!queue_work(carveout_wq, &carveout->work))
		__carveout_put_atomic(carveout);
}

/**
 * carveout_deferred_busy() - Check for pending frees
 * @carveout: the heap
 *
 * Context: Any context.
 * Return: true if earlier items may still be pending. If false, the memory, tags, charges
 * and references of everything that was put on the lists before the call are visible as
 * released to any later observer, with a lock or without.
 */
bool carveout_deferred_busy(struct carveout *carveout)
{
	/* Pairs with carveout_deferred_done(). */
	return atomic_read_acquire(&carveout->nr_deferred);
}

/**
 * carveout_deferred_take() - Take the whole list of spans
 * @carveout: the heap
 *
 * A span that is pushed later is left to the next run of the work.
 *
 * Context: Process context. Takes carveout->lock.
 * Return: start of the first span, or %CARVEOUT_NOWHERE.
 */
u64 carveout_deferred_take(struct carveout *carveout)
{
	u64 first;

	raw_spin_lock_irq(&carveout->lock);
	first = carveout->pending;
	carveout->pending = CARVEOUT_NOWHERE;
	raw_spin_unlock_irq(&carveout->lock);
	return first;
}

/**
 * carveout_deferred_find() - Find a span of a list that was taken
 * @carveout: the heap
 * @start: physical address of its start
 * @info: filled in with the span
 *
 * Context: Process context. Takes carveout->lock.
 * Return: 0; -EUCLEAN if the heap is corrupted.
 */
int carveout_deferred_find(struct carveout *carveout, u64 start,
			   struct carveout_span_info *info)
{
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = carveout_heap_find(&carveout->heap, start, info);
	raw_spin_unlock_irq(&carveout->lock);
	return ret;
}

/**
 * carveout_deferred_done() - Count one deferred item as freed
 * @carveout: the heap
 *
 * Context: Any context.
 */
void carveout_deferred_done(struct carveout *carveout)
{
	/* Pairs with carveout_deferred_busy(): a zero count makes the free visible. */
	atomic_dec_return_release(&carveout->nr_deferred);
}

/**
 * carveout_drain() - Wait for deferred frees
 * @carveout: the heap
 *
 * Covers memory that was freed, and buffers whose last reference was dropped, before the
 * call: on return that memory can be allocated. Memory with another holder is not waited
 * for; pages with I/O in flight are an example.
 *
 * Context: Process context. May sleep.
 */
void carveout_drain(struct carveout *carveout)
{
	might_sleep();
	flush_work(&carveout->work);
}
EXPORT_SYMBOL_NS_GPL(carveout_drain, "CARVEOUT");

static void release_later(struct kref *ref)
{
	queue_work(carveout_wq, &container_of(ref, struct carveout, ref)->release_work);
}

/**
 * __carveout_put_atomic() - Drop a reference to a heap in atomic context
 * @carveout: the heap; work releases its memory after the last reference
 *
 * Context: Any context, including hard interrupts.
 */
void __carveout_put_atomic(struct carveout *carveout)
{
	kref_put(&carveout->ref, release_later);
}

/**
 * carveout_deferred_init() - Create the work queue
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_deferred_init(void)
{
	/* Unbound: scrubbing is slow. Memory reclaim may wait for a free. */
	carveout_wq = alloc_workqueue("carveout", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return carveout_wq ? 0 : -ENOMEM;
}

/**
 * carveout_deferred_exit() - Complete all work and destroy the queue
 *
 * Context: Process context. May sleep.
 */
void carveout_deferred_exit(void)
{
	destroy_workqueue(carveout_wq);
}
