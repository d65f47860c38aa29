// SPDX-License-Identifier: GPL-2.0
/*
 * Spans of a heap: the allocator of lib/ with a lock.
 *
 * The critical section is the call of lib/ alone: constant time, no allocation.
 * When descriptors run out, a request fails and changes nothing. The store then
 * grows with the lock dropped, and the request is tried again. Freeing a span never
 * needs memory.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../carveout_internal.h"
#include "alloc.h"
#include "claim.h"
#include "deferred.h"

/**
 * carveout_report_corruption() - Log that a heap, or a pool in it, is corrupted
 * @carveout: the heap
 * @object: "heap" or "pool"
 *
 * Once per heap. lib/ does not log, because a raw spinlock is held there.
 *
 * Context: Any context, without a raw spinlock held.
 */
void carveout_report_corruption(struct carveout *carveout, const char *object)
{
	if (atomic_xchg(&carveout->corruption_reported, 1))
		return;
	WARN(true, "carveout: %s: the %s is corrupted, no further allocations; save its contents and reload the driver\n",
	     carveout->name, object);
}

/* Add a chunk, unless the number of chunks is no longer @seen. */
static int grow(struct carveout *carveout, unsigned int seen)
{
	unsigned long flags;
	size_t bytes;
	void *chunk;
	int ret = 0;

	mutex_lock(&carveout->grow_lock);
	if (carveout->nr_chunks != seen)
		goto unlock;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	bytes = carveout_store_chunk_bytes(&carveout->heap);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	/* User space can trigger this at will: the error is enough, no warning. */
	chunk = bytes ? kvmalloc(bytes, GFP_KERNEL | __GFP_NOWARN) : NULL;
	if (!chunk) {
		ret = -ENOMEM;
		goto unlock;
	}
	raw_spin_lock_irqsave(&carveout->lock, flags);
	ret = carveout_heap_add_chunk(&carveout->heap, chunk);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	if (ret) {
		kvfree(chunk);
		goto unlock;
	}
	carveout->chunk[carveout->nr_chunks] = chunk;
	WRITE_ONCE(carveout->nr_chunks, carveout->nr_chunks + 1);
unlock:
	mutex_unlock(&carveout->grow_lock);
	return ret;
}

static int try_alloc(struct carveout *carveout, const struct carveout_heap_request *request,
		     struct carveout_span_info *info)
{
	struct carveout_handle handle;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	if (carveout->no_alloc)
		ret = -ENODEV;
	else
		ret = carveout_heap_alloc(&carveout->heap, request, &handle);
	if (!ret)
		carveout_heap_fill_info(&carveout->heap, handle.index, info);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	return ret;
}

/**
 * carveout_span_alloc() - Allocate a span of a heap
 * @carveout: the heap
 * @request: size and constraints
 * @info: filled in with the span
 *
 * When no hole fits and deferred frees were pending before the attempt, they are drained
 * and the request is tried once more.
 *
 * Context: Process context. May sleep. Takes carveout->lock and, when descriptors run
 * out, carveout->grow_lock.
 * Return: 0; -EINVAL, -ENOSPC or -EUCLEAN as carveout_heap_alloc(); -ENOMEM without
 * kernel memory for the metadata; -ENODEV after the heap's shutdown. On failure nothing
 * has changed.
 */
int carveout_span_alloc(struct carveout *carveout,
			const struct carveout_heap_request *request,
			struct carveout_span_info *info)
{
	struct carveout_retry retry = { .carveout = carveout };
	unsigned int seen;
	int ret;

	do {
		/* Again after growth: it may sleep, and the hole may be taken meanwhile. */
		carveout_retry_sample(&retry);
		seen = READ_ONCE(carveout->nr_chunks);
		ret = try_alloc(carveout, request, info);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
	} while (ret == -EAGAIN || carveout_retry_drained(&retry, ret == -ENOSPC));
	if (ret == -ENOSPC)
		atomic64_inc(&carveout->failures_nospc);
	else if (ret == -ENOMEM)
		atomic64_inc(&carveout->failures_nomem);
	else if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	return ret;
}

/**
 * carveout_span_resize() - Grow or shrink a span in place
 * @carveout: the heap
 * @handle: the span; a tail that is cut off has been scrubbed
 * @size: new size in bytes
 *
 * The memory behind a growing span may be freed and not scrubbed yet: deferred frees
 * that were pending before the attempt are drained, and it is tried once more.
 *
 * Context: Process context. May sleep. Takes carveout->lock and, when descriptors run
 * out, carveout->grow_lock. Shrinking never waits for the deferred work, so that the
 * work itself may shrink a span.
 * Return: 0; -EINVAL, -ENOSPC or -EUCLEAN as carveout_heap_resize(); -ENOMEM without
 * kernel memory for the metadata. On failure nothing has changed.
 */
int carveout_span_resize(struct carveout *carveout, struct carveout_handle handle,
			 u64 size)
{
	struct carveout_retry retry = { .carveout = carveout };
	unsigned long flags;
	unsigned int seen;
	int ret;

	do {
		carveout_retry_sample(&retry);
		seen = READ_ONCE(carveout->nr_chunks);
		raw_spin_lock_irqsave(&carveout->lock, flags);
		ret = carveout_heap_resize(&carveout->heap, handle, size);
		raw_spin_unlock_irqrestore(&carveout->lock, flags);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
	} while (ret == -EAGAIN || carveout_retry_drained(&retry, ret == -ENOSPC));
	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	return ret;
}

/* Free a span of which @pending bytes were counted as pending. */
static void free_span(struct carveout *carveout, struct carveout_handle handle,
		      u64 pending)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	ret = carveout_heap_free(&carveout->heap, handle);
	if (!ret)
		carveout->pending_bytes -= pending;
	raw_spin_unlock_irqrestore(&carveout->lock, flags);

	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	/* The handle is valid: only a corrupted heap refuses it. */
	if (ret)
		pr_err_ratelimited("%s: heap is corrupted (%d), memory is not reused; read the heap's 'check' file in debugfs\n",
				   carveout->name, ret);
}

/**
 * carveout_span_free() - Free a span
 * @carveout: the heap
 * @handle: the span; it has been scrubbed
 *
 * Context: Any context, including hard interrupts. Takes carveout->lock.
 */
void carveout_span_free(struct carveout *carveout, struct carveout_handle handle)
{
	free_span(carveout, handle, 0);
}

/**
 * carveout_span_free_pending() - Free a span that is pending
 * @carveout: the heap
 * @info: the span; it has been scrubbed
 *
 * The span counts as pending as long as it counts as used.
 *
 * Context: Any context, including hard interrupts. Takes carveout->lock.
 */
void carveout_span_free_pending(struct carveout *carveout,
				const struct carveout_span_info *info)
{
	free_span(carveout, info->handle, info->size);
}

/**
 * carveout_scrub() - Zero memory before its next use
 * @carveout: the heap
 * @claim: claim that contains the memory
 * @start: physical address
 * @size: bytes
 *
 * A heap that only drivers use is left as it is.
 *
 * Context: Process context. May sleep. Large sizes are zeroed in steps.
 */
void carveout_scrub(struct carveout *carveout, struct carveout_claim *claim, u64 start,
		    u64 size)
{
	if (!carveout->nozero)
		carveout_claim_scrub(claim, start, size, !carveout->coherent);
}

/* === Regions ============================================================== */

/*
 * Add the memory of a claim, and count the claim in the same critical section: as soon
 * as the memory is in the heap, a request may get some of it. A heap that finds itself
 * corrupted on the way keeps the claim, because the memory may be in.
 */
static int try_insert(struct carveout *carveout, struct carveout_claim *claim, u32 attrs)
{
	const struct carveout_range *range = &claim->range;
	unsigned int nr = carveout->nr_claims;
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = carveout_heap_add_region(&carveout->heap, claim->region, range->base,
				       range->size, attrs);
	if (ret >= 0 || ret == -EUCLEAN) {
		carveout->claim[nr] = claim;
		/* Pairs with carveout_nr_claims(): the entry first, then the number. */
		smp_store_release(&carveout->nr_claims, nr + 1);
	}
	raw_spin_unlock_irq(&carveout->lock);
	return min(ret, 0);
}

/**
 * carveout_alloc_add_claim() - Add the memory of a claim to the allocator
 * @carveout: the heap
 * @claim: the claim, with the metadata of its region
 *
 * Context: Process context. May sleep. Takes carveout->lock and carveout->grow_lock.
 * The caller serialises additions.
 * Return: 0; -EUCLEAN if the heap is corrupted, and then the claim belongs to the heap;
 * -ENOMEM.
 */
int carveout_alloc_add_claim(struct carveout *carveout, struct carveout_claim *claim)
{
	/* Each claim has its own mapping: no span may cross two of them. */
	u32 attrs = claim->range.attrs | CARVEOUT_REGION_APART;
	unsigned int seen;
	int ret;

	if (claim->range.source != CARVEOUT_SOURCE_NOMAP)
		attrs |= CARVEOUT_ATTR_PAGES;
	do {
		seen = READ_ONCE(carveout->nr_chunks);
		ret = try_insert(carveout, claim, attrs);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
	} while (ret == -EAGAIN);
	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	return ret;
}

/**
 * carveout_alloc_stop() - Refuse further allocations
 * @carveout: the heap
 * @force: also if memory is in use
 *
 * Context: Process context. Takes carveout->lock.
 * Return: 0; -EBUSY unless @force if memory is in use, and then nothing has changed.
 */
int carveout_alloc_stop(struct carveout *carveout, bool force)
{
	int ret = 0;

	raw_spin_lock_irq(&carveout->lock);
	if (carveout->heap.nr_used && !force)
		ret = -EBUSY;
	else
		carveout->no_alloc = true;
	raw_spin_unlock_irq(&carveout->lock);
	return ret;
}
