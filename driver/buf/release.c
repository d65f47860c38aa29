// SPDX-License-Identifier: GPL-2.0
/*
 * The end of buffers: last reference, pins, zeroing, memory back to the heap.
 *
 * The last reference is dropped with the registry's lock held, by kref_put_mutex().
 * That lock is part of the reference protocol: a look-up under it finds no buffer
 * without a reference. The last put of a driver may be in atomic context. It hands its
 * reference over to a list, and work drops it: see reclaim.c.
 *
 * Memory with pages can be pinned: by direct I/O, by a buffer registered with
 * io_uring, by a pipe. A pin holds the page and nothing else; it outlives
 * mappings and files. So after the last reference to a buffer, the
 * count of each page is checked. If any is higher than it was when the
 * memory was claimed, the buffer is parked: without a tag, in no list, its
 * memory allocated as before. The pages are checked again, at longer and longer
 * intervals, until all pins are dropped. Only then is the memory scrubbed and freed.
 *
 * Why a page count that is down to one stays there
 *
 *	New pins have two sources: a page table entry of a mapping, or an existing pin
 *	of the same page (tee(2), a bio that is split). The last reference to a
 *	buffer is dropped with its last file. Each mapping holds a file until
 *	remove_vma(), which munmap(), exit and mmap() over it call after
 *	tlb_finish_mmu(). By then all entries, and all references that mmu_gather
 *	collected, are dropped. A failure in the middle of mmap() is undone under
 *	the caller's own reference to the file. So at the time of the check there is
 *	no entry left, no entry can be added, and the second source needs a count
 *	above one to start from.
 *
 *	A speculative reference may still raise the count: get_user_pages_fast() on
 *	an entry that it read before the entry was removed, or a look-up in the page
 *	cache of an earlier owner of a system page. Both check again once they have
 *	their reference, detect the race, and drop the reference without
 *	touching the content. Seeing such a reference costs one more interval.
 *
 * Therefore pages can be checked one by one, and a page that was found unpinned
 * needs no second check. A pin is dropped with a full barrier after its
 * last access; the matching barrier is in carveout_claim_unpinned(). Every store into
 * the page is ordered before the scrubbing.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../mem/alloc.h"
#include "../mem/deferred.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "pool.h"
#include "registry.h"
#include "release.h"

/* Interval between checks of pinned pages: doubles from the first to the last. */
#define DELAY_FIRST_MS	10
#define DELAY_LAST_MS	1000

/* === Memory =============================================================== */

/*
 * @buf was resized in place to @next. Its last reference is dropped and its pages are
 * unpinned: free the tail that @next does not cover.
 */
static void trim(struct carveout_buf *buf, struct carveout_buf *next)
{
	u64 excess = buf->size - next->size;

	if (next->size < buf->size) {
		carveout_scrub(buf->carveout, buf->claim, buf->start + next->size,
			       excess);
		/* Without memory for the metadata the tail is freed with the rest. */
		if (carveout_span_resize(buf->carveout, buf->handle, next->size)) {
			next->charged += excess;
			buf->charged -= excess;
		}
	}
	carveout_buf_put_sync(next);
}

/* Scrub and free a buffer without references, in no list, with unpinned pages. */
static void buf_free(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	if (!buf->empty) {
		carveout_scrub(carveout, buf->claim, buf->start, buf->size);
		carveout_span_free(carveout, buf->handle);
	}
	if (buf->next)
		trim(buf, buf->next);
	if (buf->pool)
		carveout_pool_delete(buf->pool);
	carveout_quota_uncharge(carveout, buf->file, buf->charged_uid, buf->charged);
	carveout_file_put(buf->file);
	dma_resv_fini(&buf->resv);
	put_pid(buf->pid);
	kfree_rcu(buf, rcu);
	carveout_object_dec(CARVEOUT_OBJ_BUF);
	__carveout_put(carveout);
}

/* === Parking ============================================================== */

/* Advance to the first page that is still pinned. Return true if there is one. */
static bool is_pinned(struct carveout_buf *buf)
{
	u64 end = buf->start + buf->size;
	u64 *next = &buf->parking.next;

	*next += carveout_claim_unpinned(buf->claim, *next, end - *next);
	return *next < end;
}

static void check_later(struct carveout_buf *buf)
{
	struct carveout_parking *parking = &buf->parking;
	unsigned int delay = parking->delay_ms;

	parking->delay_ms = min_t(unsigned int, 2 * delay, DELAY_LAST_MS);
	/* From here on the work owns the buffer and may free it at once. */
	queue_delayed_work(carveout_wq, &parking->work, msecs_to_jiffies(delay));
}

static void park_work(struct work_struct *work)
{
	struct carveout_buf *buf = container_of(to_delayed_work(work),
						struct carveout_buf, parking.work);
	struct carveout *carveout = buf->carveout;

	if (is_pinned(buf)) {
		check_later(buf);
		return;
	}
	atomic_dec(&carveout->nr_parked);
	atomic64_sub(buf->size, &carveout->parked_bytes);
	buf_free(buf);
	carveout_object_dec(CARVEOUT_OBJ_PARKED);
	/* carveout_release_exit() waits for the rest of this function. */
	module_put(THIS_MODULE);
}

/*
 * Park a buffer without references, in no list, if its pages are pinned. A parked buffer
 * holds the module. The module cannot be removed meanwhile: the put is on behalf of a
 * dma-buf or a device node that still pins it, or runs in the module's exit or in its
 * work, for which the exit waits. Return true if the buffer is parked and is freed by
 * work, false if the caller has to free it.
 */
static bool park(struct carveout_buf *buf)
{
	struct carveout_parking *parking = &buf->parking;

	if (buf->empty && !buf->next)
		return false;	/* it never had memory */
	if (!carveout_buf_has_pages(buf))
		return false;
	/* The pages that the resized buffer took over are checked at its own end. */
	parking->next = buf->start;
	if (buf->next)
		parking->next += min(buf->size, buf->next->size);
	if (!is_pinned(buf))
		return false;

	__module_get(THIS_MODULE);
	carveout_object_inc(CARVEOUT_OBJ_PARKED);
	atomic_inc(&buf->carveout->nr_parked);
	atomic64_add(buf->size, &buf->carveout->parked_bytes);
	INIT_DELAYED_WORK(&parking->work, park_work);
	parking->delay_ms = DELAY_FIRST_MS;
	check_later(buf);
	return true;
}

/**
 * carveout_buf_pinned() - Check for pinned pages
 * @buf: a buffer that only the caller uses, and that is not mapped
 *
 * Context: Process context. May sleep.
 * Return: true if a page of the buffer is pinned.
 */
bool carveout_buf_pinned(const struct carveout_buf *buf)
{
	return carveout_buf_has_pages(buf) &&
	       carveout_claim_unpinned(buf->claim, buf->start, buf->size) < buf->size;
}

/**
 * carveout_release_exit() - Wait until no buffer is parked
 *
 * A parked buffer holds the module, except for one that a persistent tag held
 * until now. Its memory can neither be freed nor left behind, so the only way is to
 * wait for the end of its pins.
 *
 * Context: Process context. May sleep, for as long as pins are held.
 */
void carveout_release_exit(void)
{
	int left;

	/* The last deferred puts of drivers may park a buffer. */
	flush_workqueue(carveout_wq);
	left = atomic_read(&carveout_objects[CARVEOUT_OBJ_PARKED]);
	if (left)
		pr_info("waiting for I/O with %d buffer(s) to end\n", left);
	while (atomic_read(&carveout_objects[CARVEOUT_OBJ_PARKED]))
		msleep(DELAY_FIRST_MS);
}

/* === References =========================================================== */

static void buf_release(struct kref *ref)
{
	struct carveout_buf *buf = container_of(ref, struct carveout_buf, ref);
	struct carveout *carveout = buf->carveout;

	carveout_registry_remove_locked(buf);
	mutex_unlock(&carveout->registry_lock);
	if (!park(buf))
		buf_free(buf);
}

/**
 * carveout_buf_put_sync() - Drop a reference to a buffer, and free it synchronously
 * @buf: the buffer
 *
 * The last reference scrubs and frees the memory, or parks the buffer while I/O uses its
 * pages.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 */
void carveout_buf_put_sync(struct carveout_buf *buf)
{
	kref_put_mutex(&buf->ref, buf_release, &buf->carveout->registry_lock);
}

/**
 * carveout_buf_put() - Drop a reference to a buffer
 * @buf: the buffer
 *
 * After the last reference, work removes the tag, scrubs the memory and frees it: see
 * carveout_drain(). Until then the tag finds the buffer. An allocation that needs the
 * tag or the memory drains deferred frees itself.
 *
 * Context: Any context, including hard interrupts.
 */
void carveout_buf_put(struct carveout_buf *buf)
{
	struct carveout *carveout;

	if (refcount_dec_not_one(&buf->ref.refcount))
		return;
	/*
	 * The only reference is handed over to the list. While it is queued, no other
	 * put finds the count at one, so a buffer is on the list at most once. The work
	 * may run before the kick, and may free the heap with the buffer.
	 */
	if (WARN_ON(xchg(&buf->deferred, true)))
		return;
	carveout = __carveout_get(buf->carveout);
	atomic_inc(&carveout->nr_deferred);
	llist_add(&buf->pending, &carveout->pending_bufs);
	carveout_deferred_kick(carveout);
	__carveout_put_atomic(carveout);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_put, "CARVEOUT");
