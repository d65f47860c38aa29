// SPDX-License-Identifier: GPL-2.0
/*
 * Spans of a heap: the allocator of lib/ with a lock.
 *
 * The critical section is the call of lib/ alone: bounded time, no allocation.
 * When span descriptors run out, a request fails and changes nothing. The store then
 * grows with the lock dropped, and the request is tried again. Freeing a span never
 * needs memory.
 *
 * A page may be poisoned at any time, in a hole as well. So a span is checked after its
 * allocation, and the poisoned parts of it are retired: they stay allocated for good.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../carveout_internal.h"
#include "../trace.h"
#include "alloc.h"
#include "claim.h"
#include "cookie.h"
#include "deferred.h"
#include "nomap.h"
#include "pages.h"

/* Bytes to check for poisoned pages before other tasks get a chance to run. */
#define CHECK_STEP	SZ_256M

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
	chunk = bytes ? kvmalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_NOWARN) : NULL;
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

/**
 * carveout_request_forbid() - Attributes that the region of a request must not have
 * @carveout: the heap
 * @request: the request
 *
 * Most users of memory access it. A request therefore gets memory that the CPU must not
 * access only if it requires that, or names no other region.
 *
 * Context: Any context.
 * Return: CARVEOUT_ATTR_* bits, for carveout_heap_request.forbid.
 */
u32 carveout_request_forbid(const struct carveout *carveout,
			    const struct carveout_heap_request *request)
{
	unsigned int i, nr = carveout_nr_claims(carveout);

	if (request->require & CARVEOUT_ATTR_NO_CPU)
		return request->forbid;
	for (i = 0; i < nr && request->regions; i++)
		if (request->regions & BIT_ULL(i) && carveout_claim_has_va(carveout->claim[i]))
			break;
	if (request->regions && i == nr)
		return request->forbid;
	return request->forbid | CARVEOUT_ATTR_NO_CPU;
}

/* During a hibernation only memory that is saved with the linear mapping is allocated. */
static int alloc_saved(struct carveout_heap *heap, const struct carveout_heap_request *request,
		       struct carveout_handle *handle)
{
	struct carveout_heap_request saved = *request;
	int ret;
	u8 i;

	saved.require |= CARVEOUT_ATTR_PAGES;
	for (i = 0; i < saved.nr_fallback; i++)
		saved.fallback[i] |= CARVEOUT_ATTR_PAGES;
	ret = carveout_heap_alloc(heap, &saved, handle);
	/* No region may have this attribute: the request is not invalid for that. */
	return ret == -ENOSPC || ret == -EINVAL ? -EBUSY : ret;
}

/*
 * Repeat a step that takes carveout->lock: after growth if span descriptors ran out, and
 * once after deferred frees were drained if no hole fits. Each attempt samples the state,
 * because growth may sleep, and the hole may be taken meanwhile. Inlined, so that the step is.
 */
static __always_inline int repeat(struct carveout *carveout,
				  int (*step)(struct carveout *carveout, const void *arg),
				  const void *arg)
{
	struct carveout_retry retry = { .carveout = carveout };
	unsigned int seen;
	int ret;

	do {
		carveout_retry_sample(&retry);
		seen = READ_ONCE(carveout->nr_chunks);
		ret = step(carveout, arg);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
	} while (ret == -EAGAIN ||
		 carveout_retry_drained(&retry, ret == -ENOSPC || ret == -EBUSY));
	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	return ret;
}

/* The arguments of an allocation. */
struct alloc_args {
	const struct carveout_heap_request *request;
	struct carveout_span_info *info;
};

static int try_alloc(struct carveout *carveout, const void *arg)
{
	const struct alloc_args *args = arg;
	struct carveout_handle handle;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	if (carveout->no_alloc)
		ret = -ENODEV;
	else if (unlikely(carveout_nomap_closed()))
		ret = alloc_saved(&carveout->heap, args->request, &handle);
	else
		ret = carveout_heap_alloc(&carveout->heap, args->request, &handle);
	if (!ret)
		carveout_heap_fill_info(&carveout->heap, handle.index, args->info);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	return ret;
}

/* Allocate a span. Not counted: a failure of the caller's request is. */
static int alloc_span(struct carveout *carveout,
		      const struct carveout_heap_request *request,
		      struct carveout_span_info *info)
{
	const struct alloc_args args = { .request = request, .info = info };

	return repeat(carveout, try_alloc, &args);
}

/* === Poisoned pages ======================================================= */

/* carveout_claim_healthy() for any size, with a chance for other tasks in between. */
static u64 healthy(const struct carveout_claim *claim, u64 start, u64 size)
{
	u64 done = 0, step, part;

	do {
		step = min_t(u64, size - done, CHECK_STEP);
		part = carveout_claim_healthy(claim, start + done, step);
		done += part;
		cond_resched();
	} while (part == step && done < size);
	return done;
}

/* Allocate the free memory around an address, as far as it is in the same page. */
static int retire_locked(struct carveout *carveout, u64 addr, u64 *size)
{
	struct carveout_heap_request request = {
		.exact = true,
		.cookie = CARVEOUT_COOKIE_POISONED,
	};
	u64 page = ALIGN_DOWN(addr, PAGE_SIZE);
	struct carveout_handle handle;
	struct carveout_span_info hole;
	int ret;

	lockdep_assert_held(&carveout->lock);
	ret = carveout_heap_find(&carveout->heap, addr, &hole);
	if (ret)
		return ret;
	if (carveout->no_alloc || hole.used)
		return -ENOSPC;
	request.addr = max(hole.start, page);
	request.size = min(hole.start + hole.size, page + PAGE_SIZE) - request.addr;
	ret = carveout_heap_alloc(&carveout->heap, &request, &handle);
	if (ret)
		return ret;
	*size = request.size;
	carveout->nr_poisoned++;
	carveout->poisoned_bytes += request.size;
	return 0;
}

static int retire_page(struct carveout *carveout, const struct carveout_claim *claim,
		       u64 addr)
{
	unsigned long flags;
	unsigned int seen;
	u64 size;
	int ret;

	do {
		seen = READ_ONCE(carveout->nr_chunks);
		raw_spin_lock_irqsave(&carveout->lock, flags);
		ret = retire_locked(carveout, addr, &size);
		raw_spin_unlock_irqrestore(&carveout->lock, flags);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
	} while (ret == -EAGAIN);
	if (!ret)
		pr_warn_ratelimited("%s: page 0x%llx of region %s is poisoned, %llu bytes of it are not used any longer\n",
				    carveout->name, ALIGN_DOWN(addr, PAGE_SIZE),
				    claim->range.name, size);
	return ret;
}

/**
 * carveout_span_retire() - Take the poisoned parts of free memory out of a heap
 * @carveout: the heap
 * @claim: claim that contains the memory
 * @start: physical address
 * @size: bytes that were free a moment ago
 *
 * A part that was allocated meanwhile is left to its owner: an allocation checks its span
 * itself.
 *
 * Context: Process context. May sleep. Takes carveout->lock and, when span
 * descriptors run out, carveout->grow_lock.
 * Return: 0; -ENOMEM without kernel memory for the metadata.
 */
int carveout_span_retire(struct carveout *carveout, const struct carveout_claim *claim,
			 u64 start, u64 size)
{
	while (size) {
		u64 part = healthy(claim, start, size);
		int ret;

		if (!part) {
			part = min_t(u64, size, PAGE_SIZE - offset_in_page(start));
			ret = retire_page(carveout, claim, start);
			if (ret == -ENOMEM)
				return ret;
		}
		start += part;
		size -= part;
	}
	return 0;
}

/*
 * Free a span that has a poisoned page, and retire the page. Return 0 if the span was
 * fine, -EAGAIN if the request has to be tried again: in the next round there is a
 * poisoned page less in the heap.
 */
static int refuse_poisoned(struct carveout *carveout, const struct carveout_span_info *info)
{
	const struct carveout_claim *claim = carveout->claim[info->region];

	if (healthy(claim, info->start, info->size) == info->size)
		return 0;
	carveout_span_free(carveout, info->handle);
	return carveout_span_retire(carveout, claim, info->start, info->size) ?: -EAGAIN;
}

/* === Spans ================================================================ */

/**
 * carveout_span_alloc() - Allocate a span of a heap
 * @carveout: the heap
 * @request: size and constraints
 * @info: filled in with the span
 *
 * When no hole fits and deferred frees were pending before the attempt, they are drained
 * and the request is tried once more. No page of the span is poisoned.
 *
 * Context: Process context. May sleep. Takes carveout->lock and, when span
 * descriptors run out, carveout->grow_lock.
 * Return: 0; -EINVAL, -ENOSPC or -EUCLEAN as carveout_heap_alloc(); -ENOMEM without
 * kernel memory for the metadata; -ENODEV after the heap's shutdown; -EBUSY if a
 * hibernation is in progress and no other memory than no-map memory satisfies the
 * request. On failure nothing has changed.
 */
int carveout_span_alloc(struct carveout *carveout,
			const struct carveout_heap_request *request,
			struct carveout_span_info *info)
{
	int ret;

	do {
		ret = alloc_span(carveout, request, info) ?:
		      refuse_poisoned(carveout, info);
	} while (ret == -EAGAIN);
	trace_carveout_alloc(carveout, request, info, ret);
	if (ret == -ENOSPC)
		atomic64_inc(&carveout->failures_nospc);
	else if (ret == -ENOMEM)
		atomic64_inc(&carveout->failures_nomem);
	return ret;
}

/* The arguments of a resize. @before: filled in with the span before the call. */
struct resize_args {
	struct carveout_handle handle;
	u64 size;
	struct carveout_span_info *before;
};

static int try_resize(struct carveout *carveout, const void *arg)
{
	const struct resize_args *args = arg;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	ret = carveout_heap_info(&carveout->heap, args->handle, args->before) ?:
	      carveout_heap_resize(&carveout->heap, args->handle, args->size);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	return ret;
}

static int resize_span(struct carveout *carveout, struct carveout_handle handle, u64 size,
		       struct carveout_span_info *before)
{
	const struct resize_args args = { .handle = handle, .size = size, .before = before };

	return repeat(carveout, try_resize, &args);
}

/* Undo the growth of a span by memory that is poisoned. */
static int ungrow(struct carveout *carveout, const struct carveout_claim *claim,
		  const struct carveout_span_info *before, u64 size)
{
	struct carveout_span_info now;
	int ret;

	ret = resize_span(carveout, before->handle, before->size, &now);
	/* Without memory for the metadata the tail is freed with the rest. */
	if (ret)
		return ret;
	return carveout_span_retire(carveout, claim, before->start + before->size,
				    size - before->size) ?: -ENOSPC;
}

/**
 * carveout_span_resize() - Grow or shrink a span in place
 * @carveout: the heap
 * @handle: the span; a tail that is cut off has been scrubbed
 * @size: new size in bytes
 *
 * The memory behind a growing span may be freed and not scrubbed yet: deferred frees
 * that were pending before the attempt are drained, and it is tried once more. A span does
 * not grow into poisoned memory.
 *
 * Context: Process context. May sleep. Takes carveout->lock and, when span
 * descriptors run out, carveout->grow_lock. Shrinking never waits for the deferred work, so
 * that the work itself may shrink a span.
 * Return: 0; -EINVAL, -ENOSPC or -EUCLEAN as carveout_heap_resize(); -ENOMEM without
 * kernel memory for the metadata. On failure nothing has changed.
 */
int carveout_span_resize(struct carveout *carveout, struct carveout_handle handle,
			 u64 size)
{
	const struct carveout_claim *claim;
	struct carveout_span_info before;
	int ret;

	ret = resize_span(carveout, handle, size, &before);
	if (!ret && size > before.size) {
		u64 end = before.start + before.size, added = size - before.size;

		claim = carveout->claim[before.region];
		if (healthy(claim, end, added) < added)
			ret = ungrow(carveout, claim, &before, size);
	}
	return ret;
}

/* The span is looked up only for a tracer. */
static void trace_free_locked(struct carveout *carveout, struct carveout_handle handle)
{
	struct carveout_span_info info;

	lockdep_assert_held(&carveout->lock);
	if (trace_carveout_free_enabled() &&
	    !carveout_heap_info(&carveout->heap, handle, &info))
		trace_carveout_free(carveout, &info);
}

/* Free a span of which @pending bytes were counted as pending. */
static void free_span(struct carveout *carveout, struct carveout_handle handle,
		      u64 pending)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	trace_free_locked(carveout, handle);
	ret = carveout_heap_free(&carveout->heap, handle);
	if (!ret)
		carveout->pending_bytes -= pending;
	raw_spin_unlock_irqrestore(&carveout->lock, flags);

	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	/* The span handle is valid: only a corrupted heap refuses it. */
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

/* The arguments of an addition. */
struct insert_args {
	struct carveout_claim *claim;
	u32 attrs;
};

/*
 * Add the memory of a claim, and count the claim in the same critical section: as soon
 * as the memory is in the heap, a request may get some of it. A heap that finds itself
 * corrupted on the way keeps the claim, because the memory may be in.
 */
static int try_insert(struct carveout *carveout, const void *arg)
{
	const struct insert_args *args = arg;
	struct carveout_claim *claim = args->claim;
	const struct carveout_range *range = &claim->range;
	unsigned int nr = carveout->nr_claims;
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = carveout_heap_add_region(&carveout->heap, claim->region, range->base,
				       range->size, args->attrs);
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
	struct insert_args args = {
		.claim = claim,
		/* Each claim has its own mapping: no span may cross two of them. */
		.attrs = claim->range.attrs | CARVEOUT_REGION_APART,
	};

	if (claim->range.source != CARVEOUT_SOURCE_NOMAP)
		args.attrs |= CARVEOUT_ATTR_PAGES;
	return repeat(carveout, try_insert, &args);
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
	if (carveout_heap_nr_used(&carveout->heap) > carveout->nr_poisoned && !force)
		ret = -EBUSY;
	else
		carveout->no_alloc = true;
	raw_spin_unlock_irq(&carveout->lock);
	return ret;
}
