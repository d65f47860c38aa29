// SPDX-License-Identifier: GPL-2.0
/*
 * What drivers free where one must not sleep.
 *
 * Scrubbing takes long and the registry's lock is a mutex. So in interrupts, and
 * wherever else, memory and buffers are only put on a list, and work of the
 * module's queue does the rest. Neither list takes memory: a buffer has its link in
 * it, and a piece of memory has its in the cookie of its span, of which it is no
 * use any more. Queued work holds the heap.
 */

#include <linux/export.h>
#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "carveout_internal.h"
#include "cookie.h"

/** carveout_wq - all work of the module */
struct workqueue_struct *carveout_wq;

/* Take the whole list: what comes later is for the next run. */
static u64 take_list(struct carveout *carveout)
{
	u64 first;

	raw_spin_lock_irq(&carveout->lock);
	first = carveout->pending;
	carveout->pending = CARVEOUT_NOWHERE;
	raw_spin_unlock_irq(&carveout->lock);
	return first;
}

/* The piece of memory at @start, of a list that was taken. */
static int look_up(struct carveout *carveout, u64 start, struct carveout_span_info *info)
{
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = carveout_heap_find(&carveout->heap, start, info);
	raw_spin_unlock_irq(&carveout->lock);
	return ret;
}

/* One of what is on the lists is free. */
static void is_done(struct carveout *carveout)
{
	/* Pairs with carveout_deferred_busy(): whoever finds none finds it free. */
	atomic_dec_return_release(&carveout->nr_deferred);
}

/* In a damaged heap nothing is freed any more. */
static void free_memory(struct carveout *carveout)
{
	struct carveout_span_info info;
	u64 next = take_list(carveout);

	while (next != CARVEOUT_NOWHERE && !look_up(carveout, next, &info)) {
		next = carveout_cookie_next(info.cookie);
		carveout_scrub(carveout, carveout->claim[info.region], info.start,
			       info.size);
		carveout_span_free_pending(carveout, &info);
		is_done(carveout);
		carveout_unref(carveout);	/* the memory's */
	}
}

static void deferred_work(struct work_struct *work)
{
	struct carveout *carveout = container_of(work, struct carveout, work);
	struct carveout_buf *buf, *next;

	llist_for_each_entry_safe(buf, next, llist_del_all(&carveout->pending_bufs),
				  pending) {
		/* Whoever has it besides may drop the last reference then. */
		WRITE_ONCE(buf->deferred, false);
		carveout_buf_put_sync(buf);
		is_done(carveout);
	}
	free_memory(carveout);
	carveout_unref(carveout);
}

/**
 * carveout_deferred_push_locked() - put memory on the list of what is to be freed
 * @carveout: the heap
 * @info: its span, which nobody uses any more
 *
 * carveout_deferred_kick() has to follow, without the lock.
 *
 * Context: Any. Caller holds the heap's lock.
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
 * carveout_deferred_kick() - let the work look at the lists
 * @carveout: a heap that the caller has a reference to
 *
 * Context: Any.
 */
void carveout_deferred_kick(struct carveout *carveout)
{
	carveout_ref(carveout);
	if (!queue_work(carveout_wq, &carveout->work))
		carveout_unref_atomic(carveout);
}

/**
 * carveout_deferred_busy() - may there be something on the lists?
 * @carveout: the heap
 *
 * Context: Any.
 * Return: true if what was put there before the call may not be free yet. If not, who
 * looks after the call finds it free, with a lock or without.
 */
bool carveout_deferred_busy(struct carveout *carveout)
{
	/* Pairs with is_done(). */
	return atomic_read_acquire(&carveout->nr_deferred);
}

/**
 * carveout_flush() - wait until what was freed is free
 * @carveout: the heap
 *
 * What was freed, and buffers whose last reference was dropped, before the call: the
 * memory can be had again when it returns. Not waited for is what somebody else still
 * holds, pages with I/O in flight among it.
 *
 * Context: May sleep.
 */
void carveout_flush(struct carveout *carveout)
{
	might_sleep();
	flush_work(&carveout->work);
}
EXPORT_SYMBOL_NS_GPL(carveout_flush, "CARVEOUT");

/**
 * carveout_buf_put() - drop a reference to a buffer
 * @buf: the buffer
 *
 * The last one takes the name away, scrubs the memory and returns it to the heap, all
 * that in the background: see carveout_flush(). Until then the buffer is found by its
 * name. Allocating anew waits for it by itself, be it the name or the memory that is
 * wanted.
 *
 * Context: Any, also hard interrupts.
 */
void carveout_buf_put(struct carveout_buf *buf)
{
	struct carveout *carveout;

	if (refcount_dec_not_one(&buf->ref.refcount))
		return;
	/*
	 * Ours is the only one, and becomes the list's: as long as it is there
	 * nobody else finds his to be the only one. The work may be at it before
	 * it is kicked, and the heap go with the buffer.
	 */
	if (WARN_ON(xchg(&buf->deferred, true)))
		return;
	carveout = carveout_ref(buf->carveout);
	atomic_inc(&carveout->nr_deferred);
	llist_add(&buf->pending, &carveout->pending_bufs);
	carveout_deferred_kick(carveout);
	carveout_unref_atomic(carveout);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_put, "CARVEOUT");

/**
 * carveout_deferred_setup() - set up the lists of a new heap
 * @carveout: the heap
 *
 * Context: Any.
 */
void carveout_deferred_setup(struct carveout *carveout)
{
	carveout->pending = CARVEOUT_NOWHERE;
	init_llist_head(&carveout->pending_bufs);
	INIT_WORK(&carveout->work, deferred_work);
}

/**
 * carveout_deferred_init() - prepare for work
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_deferred_init(void)
{
	/* Unbound: scrubbing takes long. Who needs memory to free some may wait for it. */
	carveout_wq = alloc_workqueue("carveout", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return carveout_wq ? 0 : -ENOMEM;
}

/**
 * carveout_deferred_exit() - see all work through
 *
 * Context: May sleep.
 */
void carveout_deferred_exit(void)
{
	destroy_workqueue(carveout_wq);
}
