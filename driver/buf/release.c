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
 * memory was claimed, the buffer is parked: without a tag, its
 * memory allocated as before. The pages are checked again, at longer and longer
 * intervals, until all pins are dropped. Only then is the memory scrubbed and freed.
 *
 * A pin may be held for ever. It is reported once, and the buffer stays parked, holding
 * the module. A buffer that a persistent tag held until the module's exit cannot hold it any
 * longer: in the end it is abandoned. Its pages are then lost until the next boot, or until
 * their last pin if they are from the page allocator. No other owner gets them before. A fence
 * that does not signal has the same effect, except that its memory is lost until the next boot
 * in any case.
 *
 * Why a page count that is down to one stays there
 *
 *	New pins have two sources: a page table entry of a mapping, or an existing pin
 *	of the same page (tee(2), a bio that is split). The last reference to a
 *	buffer is dropped with its last file. Each mapping holds a file until
 *	remove_vma(), which munmap(), exit and mmap() over it call after
 *	tlb_finish_mmu(). By then all entries, and all references that mmu_gather
 *	collected, are dropped. A failure in the middle of mmap() is undone under
 *	the caller's own reference to the file, or before the file is released at the
 *	end of the system call. So at the time of the check there is no entry left, no
 *	entry can be added, and the second source needs a count above one to start from.
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
 *
 * A pending fence parks a buffer with or without pages as well: an importer may release
 * the buffer before its device is done with it. So does a hold of a driver, which is for a
 * party that accesses memory by its address, such as another processor.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../mem/alloc.h"
#include "../mem/deferred.h"
#include "../mem/objects.h"
#include "../mem/pages.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "pool.h"
#include "registry.h"
#include "release.h"

/* Interval between checks of pinned pages: doubles from the first to the last. */
#define DELAY_FIRST_MS	10
#define DELAY_LAST_MS	1000

/* Time after which a pin is reported. */
#define REPORT_AFTER_MS	10000

/*
 * Limit of these reports alone. A report that exceeds it is not lost, so the limit does not
 * print how many it suppressed.
 */
static struct ratelimit_state report_limit =
	RATELIMIT_STATE_INIT_FLAGS(report_limit, DEFAULT_RATELIMIT_INTERVAL,
				   DEFAULT_RATELIMIT_BURST, RATELIMIT_MSG_ON_RELEASE);

/* Limit of the wait for pins and fences in the module's exit. */
#define EXIT_WAIT_MS	10000

/* The wait in the module's exit is over: parked buffers are abandoned. */
static bool abandon_parked;

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
			carveout_dmem_merge(&next->dmem, &buf->dmem);
		} else {
			carveout_span_retire(buf->carveout, buf->claim,
					     buf->start + next->size, excess);
		}
	}
}

/* Scrub and free the memory of a buffer with unpinned pages. */
static void free_memory(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	if (!buf->empty) {
		carveout_scrub(carveout, buf->claim, buf->start, buf->size);
		carveout_span_free(carveout, buf->handle);
		carveout_span_retire(carveout, buf->claim, buf->start, buf->size);
	}
	if (buf->next)
		trim(buf, buf->next);
}

/* Free a buffer without references, whose memory is freed or abandoned. */
static void buf_free(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	carveout_registry_erase(buf);
	if (buf->next)
		carveout_buf_put_sync(buf->next);
	if (buf->pool)
		carveout_pool_delete(buf->pool);
	carveout_dmem_uncharge(&buf->dmem);
	carveout_quota_uncharge(carveout, buf->account, buf->charged_uid, buf->charged,
				buf->counts);
	carveout_account_put(buf->account);
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

/* A fence holds neither a page nor a file: the device may outlast its importer. */
static bool has_fences(struct carveout_buf *buf)
{
	return !dma_resv_test_signaled(&buf->resv, DMA_RESV_USAGE_BOOKKEEP);
}

static bool is_held(const struct carveout_buf *buf)
{
	/* Pairs with carveout_buf_unhold(): its party no longer accesses the memory. */
	return atomic_read_acquire(&buf->holds);
}

static bool is_busy(struct carveout_buf *buf)
{
	return is_held(buf) || has_fences(buf) ||
	       (carveout_buf_has_pages(buf) && is_pinned(buf));
}

static void check_later(struct carveout_buf *buf)
{
	struct carveout_parking *parking = &buf->parking;
	unsigned int delay = parking->delay_ms;

	parking->delay_ms = min_t(unsigned int, 2 * delay, DELAY_LAST_MS);
	/* From here on the work owns the buffer and may free it at once. */
	queue_delayed_work(carveout_wq, &parking->work, msecs_to_jiffies(delay));
}

/* Log that a buffer is still in use, with its user. Programs choose their own names. */
static void report(const struct carveout_buf *buf, const char *consequence)
{
	u64 parked_ns = ktime_get_ns() - buf->parking.since;

	pr_warn("%s: I/O, a virtual machine or a device has used a freed buffer for %llu s: region %s offset 0x%llx size %llu tag '%s' label '%*pE' uid %u pid %d comm '%*pE'; %s\n",
		buf->carveout->name, div_u64(parked_ns, NSEC_PER_SEC),
		buf->claim->range.name, carveout_buf_offset(buf), buf->size, buf->tag.name,
		(int)strlen(buf->label), buf->label,
		from_kuid_munged(&init_user_ns, buf->charged_uid), pid_nr(buf->pid),
		(int)strlen(buf->comm), buf->comm, consequence);
}

/* A report that exceeds the limit is repeated at the next check. */
static void report_once(struct carveout_buf *buf)
{
	struct carveout_parking *parking = &buf->parking;

	/* A party that knows the address may use it for as long as it likes. */
	if (parking->reported || is_held(buf) ||
	    ktime_get_ns() - parking->since < REPORT_AFTER_MS * (u64)NSEC_PER_MSEC ||
	    !__ratelimit(&report_limit))
		return;
	parking->reported = true;
	report(buf, "its memory is not used again before that ends");
}

/*
 * The module ends, but the memory is in use: leave it as it is. Without users of the heap
 * no span is allocated any longer, so the buffer's span may stay.
 */
static void abandon(struct carveout_buf *buf)
{
	const char *consequence = "its region is lost until the next boot";

	if (buf->claim->range.source == CARVEOUT_SOURCE_SYSTEM) {
		consequence = "its pages are lost until that ends";
		if (has_fences(buf)) {
			/* The end of a fence frees no page. */
			carveout_claim_leak(buf->claim, buf->start, buf->size);
			consequence = "its pages are lost until the next boot";
		}
	}
	report(buf, consequence);
	WRITE_ONCE(buf->claim->abandoned, true);
}

static void park_work(struct work_struct *work)
{
	struct carveout_buf *buf = container_of(to_delayed_work(work),
						struct carveout_buf, parking.work);
	struct carveout *carveout = buf->carveout;

	if (!is_busy(buf)) {
		free_memory(buf);
	} else if (READ_ONCE(abandon_parked)) {
		abandon(buf);
	} else {
		report_once(buf);
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
 * Park a buffer without references while it is busy. A parked buffer
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
	/* The pages that the resized buffer took over are checked at its own end. */
	parking->next = buf->start;
	if (buf->next)
		parking->next += min(buf->size, buf->next->size);
	if (!is_busy(buf))
		return false;

	__module_get(THIS_MODULE);
	carveout_object_inc(CARVEOUT_OBJ_PARKED);
	atomic_inc(&buf->carveout->nr_parked);
	atomic64_add(buf->size, &buf->carveout->parked_bytes);
	INIT_DELAYED_WORK(&parking->work, park_work);
	parking->delay_ms = DELAY_FIRST_MS;
	parking->since = ktime_get_ns();
	carveout_registry_park(buf);
	check_later(buf);
	return true;
}

/**
 * carveout_buf_pinned() - Check for pinned pages and for holds
 * @buf: a buffer that only the caller uses, and that is not mapped
 *
 * Context: Process context. May sleep.
 * Return: true if a page of the buffer is pinned, or the buffer is held.
 */
bool carveout_buf_pinned(const struct carveout_buf *buf)
{
	return is_held(buf) ||
	       (carveout_buf_has_pages(buf) &&
		carveout_claim_unpinned(buf->claim, buf->start, buf->size) < buf->size);
}

static int nr_parked(void)
{
	return atomic_read(&carveout_objects[CARVEOUT_OBJ_PARKED]);
}

/* A frozen process may hold the pin: a suspend freezes the waiter, too. */
static void pause(void)
{
	__set_current_state(TASK_UNINTERRUPTIBLE | TASK_FREEZABLE);
	schedule_timeout(msecs_to_jiffies(DELAY_FIRST_MS));
}

/**
 * carveout_release_exit() - Wait until no buffer is parked
 *
 * A parked buffer holds the module, except for one that a persistent tag held
 * until now. Its memory cannot be freed before its pins and fences end. They may never
 * end, so after a while it is abandoned.
 *
 * Context: Process context. May sleep, for %EXIT_WAIT_MS and the time of one check.
 */
void carveout_release_exit(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(EXIT_WAIT_MS);

	/* The last deferred puts of drivers may park a buffer. */
	flush_workqueue(carveout_wq);
	if (nr_parked())
		pr_info("waiting for I/O with %d buffer(s) to end\n", nr_parked());
	while (nr_parked() && time_before(jiffies, end))
		pause();
	/* The next check of each buffer is its last one. */
	WRITE_ONCE(abandon_parked, true);
	while (nr_parked())
		pause();
}

/* === References =========================================================== */

static void buf_release(struct kref *ref)
{
	struct carveout_buf *buf = container_of(ref, struct carveout_buf, ref);
	struct carveout *carveout = buf->carveout;

	carveout_registry_remove_locked(buf);
	mutex_unlock(&carveout->registry_lock);
	if (park(buf))
		return;
	free_memory(buf);
	buf_free(buf);
}

/**
 * carveout_buf_put_sync() - Drop a reference to a buffer, and free it synchronously
 * @buf: the buffer
 *
 * The last reference scrubs and frees the memory, or parks the buffer while a pin or a
 * fence holds it.
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

/**
 * carveout_buf_hold() - Keep the memory of a buffer from being freed
 * @buf: a buffer that the caller has a reference to
 *
 * For a party that knows the address of the memory and accesses it without a reference. The
 * buffer and its tag end with the last reference all the same. Then the buffer is parked, as
 * it is while I/O uses it: the memory remains allocated and charged. A buffer that is held
 * cannot be resized.
 *
 * Context: Any context.
 */
void carveout_buf_hold(struct carveout_buf *buf)
{
	atomic_inc(&buf->holds);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_hold, "CARVEOUT");

/**
 * carveout_buf_unhold() - End a hold
 * @buf: a buffer that is held, with or without a reference; not valid after the call without
 *	one. The party has stopped accessing the memory.
 *
 * The memory of a parked buffer is freed within a second.
 *
 * Context: Any context.
 */
void carveout_buf_unhold(struct carveout_buf *buf)
{
	/* Pairs with is_held(). */
	atomic_dec_return_release(&buf->holds);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_unhold, "CARVEOUT");
