// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps: the allocator of lib/ with a lock, a reference count and memory.
 *
 * The critical section is the lib/ call alone: constant time, no allocation.
 * When there are too few descriptors a request fails without a trace, the store
 * grows with the lock dropped, and it is tried again. Returning memory never
 * needs any.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "carveout_internal.h"
#include "../lib/tag.h"

static DEFINE_IDA(indices);
static DEFINE_MUTEX(add_lock);	/* one region comes to a heap that is in use */

/**
 * carveout_damaged() - say that a heap, or a pool in it, has found itself damaged
 * @carveout: the heap
 * @what: "heap" or "pool"
 *
 * Once per heap; lib/ does not, because the lock is held there.
 *
 * Context: Any. No raw spinlock is held.
 */
void carveout_damaged(struct carveout *carveout, const char *what)
{
	if (atomic_xchg(&carveout->damage_told, 1))
		return;
	WARN(true, "carveout: %s: the %s is damaged and hands nothing out any more; save what is in it and load the driver anew\n",
	     carveout->name, what);
}

/* Add a chunk, unless somebody has since there were @seen. */
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
	/* Users can get here at will: the caller is told, and that is enough. */
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

static int try_alloc(struct carveout *carveout, const struct carveout_request *req,
		     struct carveout_span_info *info)
{
	struct carveout_handle handle;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	if (carveout->closed)
		ret = -ENODEV;
	else
		ret = carveout_heap_alloc(&carveout->heap, req, &handle);
	if (!ret)
		carveout_heap_fill_info(&carveout->heap, handle.index, info);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	return ret;
}

/**
 * carveout_span_alloc() - take a span out of a heap
 * @carveout: the heap
 * @req: what is asked for
 * @info: where it is put
 *
 * What was freed and is not scrubbed yet is waited for, once, before there is said to
 * be no room.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL, -ENOSPC or -EUCLEAN as carveout_heap_alloc(); -ENOMEM
 * if there is no kernel memory for the bookkeeping; -ENODEV if the heap is dead. On
 * failure nothing has changed.
 */
int carveout_span_alloc(struct carveout *carveout,
			const struct carveout_request *req,
			struct carveout_span_info *info)
{
	bool flushed = false, busy;
	unsigned int seen;
	int ret;

	for (;;) {
		seen = READ_ONCE(carveout->nr_chunks);
		/* It may be free by the time that there was no room. */
		busy = carveout_deferred_busy(carveout);
		ret = try_alloc(carveout, req, info);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
		if (ret == -ENOSPC && busy && !flushed) {
			carveout_flush(carveout);
			flushed = true;
			ret = -EAGAIN;
		}
		if (ret != -EAGAIN)
			break;
	}
	if (ret == -ENOSPC)
		atomic64_inc(&carveout->failures_nospc);
	else if (ret == -ENOMEM)
		atomic64_inc(&carveout->failures_nomem);
	else if (ret == -EUCLEAN)
		carveout_damaged(carveout, "heap");
	return ret;
}

/**
 * carveout_span_resize() - make a span longer or shorter where it is
 * @carveout: the heap
 * @handle: the span; what it loses has been scrubbed
 * @size: new size in bytes
 *
 * What is behind it may have been freed and not be scrubbed yet: that is waited for,
 * once, when it is to be longer.
 *
 * Context: May sleep. To make it shorter waits for no work, and may be done by it.
 * Return: 0; -EINVAL, -ENOSPC or -EUCLEAN as carveout_heap_resize(); -ENOMEM
 * if there is no kernel memory for the bookkeeping. On failure nothing has
 * changed.
 */
int carveout_span_resize(struct carveout *carveout, struct carveout_handle handle,
			 u64 size)
{
	bool flushed = false, busy;
	unsigned long flags;
	unsigned int seen;
	int ret;

	do {
		seen = READ_ONCE(carveout->nr_chunks);
		busy = carveout_deferred_busy(carveout);
		raw_spin_lock_irqsave(&carveout->lock, flags);
		ret = carveout_heap_resize(&carveout->heap, handle, size);
		raw_spin_unlock_irqrestore(&carveout->lock, flags);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
		if (ret == -ENOSPC && busy && !flushed) {
			carveout_flush(carveout);
			flushed = true;
			ret = -EAGAIN;
		}
	} while (ret == -EAGAIN);
	if (ret == -EUCLEAN)
		carveout_damaged(carveout, "heap");
	return ret;
}

/* Give a span back of which so many bytes were pending. */
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
		carveout_damaged(carveout, "heap");
	/* The span was ours: only a damaged heap refuses it. */
	if (ret)
		pr_err_ratelimited("%s: heap is damaged (%d), memory is not reused; read the heap's 'check' file in debugfs\n",
				   carveout->name, ret);
}

/**
 * carveout_span_free() - give a span back
 * @carveout: the heap
 * @handle: the span; it has been scrubbed
 *
 * Context: Any.
 */
void carveout_span_free(struct carveout *carveout, struct carveout_handle handle)
{
	free_span(carveout, handle, 0);
}

/**
 * carveout_span_free_pending() - give a span back that is pending
 * @carveout: the heap
 * @info: the span; it has been scrubbed
 *
 * It is counted as pending as long as it is counted as used.
 *
 * Context: Any.
 */
void carveout_span_free_pending(struct carveout *carveout,
				const struct carveout_span_info *info)
{
	free_span(carveout, info->handle, info->size);
}

/**
 * carveout_scrub() - make memory fit for its next owner
 * @carveout: the heap
 * @claim: what the memory lies in
 * @start: physical address
 * @size: bytes
 *
 * In a heap that only drivers see nothing has to be done.
 *
 * Context: May sleep; takes long for much memory, in steps.
 */
void carveout_scrub(struct carveout *carveout, struct carveout_claim *claim, u64 start,
		    u64 size)
{
	if (!carveout->dirty)
		carveout_claim_scrub(claim, start, size, !carveout->coherent);
}

/* === Creation ============================================================= */

/**
 * carveout_heap_name_valid() - can this be the name of a heap?
 * @name: the name, zero to the end of a field of CARVEOUT_NAME_LEN bytes
 *
 * It becomes a file name, so it must not be hidden, nor "." or "..".
 *
 * Context: Any.
 * Return: true if so.
 */
bool carveout_heap_name_valid(const char *name)
{
	return name[0] != '.' && !carveout_tag_name_valid(name);
}

/**
 * carveout_ranges_check() - can these ranges become the regions of one heap?
 * @ranges: the ranges
 * @count: number of ranges
 * @coherent: devices see the CPU's caches
 *
 * Says of every range in the log what is wrong with it and what to do.
 *
 * Context: Any.
 * Return: 0, or -EINVAL if there is a fault in any of them.
 */
int carveout_ranges_check(const struct carveout_range *ranges, unsigned int count,
			  bool coherent)
{
	unsigned int i, j;
	int ret = 0;

	for (i = 0; i < count; i++) {
		if (carveout_range_check(&ranges[i], coherent)) {
			ret = -EINVAL;
			continue;
		}
		for (j = 0; j < i; j++)
			if (ranges[j].size &&
			    !carveout_ranges_disjoint(&ranges[j], &ranges[i]))
				ret = -EINVAL;
	}
	return ret;
}

/* Join ranges that touch, so that each has one mapping. Keeps their order. */
static unsigned int join_ranges(struct carveout_range *ranges, unsigned int count)
{
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		for (j = i + 1; j < count;) {
			if (!carveout_ranges_join(&ranges[i], &ranges[j])) {
				j++;
				continue;
			}
			count--;
			memmove(&ranges[j], &ranges[j + 1],
				(count - j) * sizeof(*ranges));
			j = i + 1;	/* it may touch earlier ones now */
		}
		cond_resched();
	}
	return count;
}

/*
 * Add the memory of a claim, and count the claim in the same critical section: as soon
 * as the memory is in, somebody may get some of it. A heap that found itself damaged on
 * the way keeps the claim, for the memory may be in.
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

static int insert_claim(struct carveout *carveout, struct carveout_claim *claim)
{
	/* Each claim has its own mapping: nothing may lie across two of them. */
	u32 attrs = claim->range.attrs | CARVEOUT_REGION_APART;
	unsigned int seen;
	int ret;

	if (claim->range.source != CARVEOUT_SOURCE_RESERVED)
		attrs |= CARVEOUT_ATTR_PAGES;
	do {
		seen = READ_ONCE(carveout->nr_chunks);
		ret = try_insert(carveout, claim, attrs);
		if (ret == -ENOMEM)
			ret = grow(carveout, seen) ?: -EAGAIN;
	} while (ret == -EAGAIN);
	if (ret == -EUCLEAN)
		carveout_damaged(carveout, "heap");
	return ret;
}

static int add_region(struct carveout *carveout, struct carveout_claim *claim)
{
	const struct carveout_range *range = &claim->range;
	size_t bytes = carveout_region_bytes(&carveout->heap, range->size);
	int ret;

	if (carveout->nr_claims == CARVEOUT_MAX_REGIONS) {
		pr_err("%s: has %d regions, no more can be added; create a second heap\n",
		       carveout->name, CARVEOUT_MAX_REGIONS);
		return -E2BIG;
	}
	claim->region = kvmalloc(bytes, GFP_KERNEL);
	if (!claim->region)
		return -ENOMEM;
	/* For who looks at one that did not come to be, in a damaged heap. */
	memset(claim->region, 0, sizeof(*claim->region));
	ret = insert_claim(carveout, claim);
	if (!ret)
		WRITE_ONCE(carveout->max_align,
			   max_t(u64, carveout->max_align,
				 rounddown_pow_of_two(range->size)));
	return ret;
}

static int add_claim(struct carveout *carveout, const struct carveout_range *range)
{
	struct carveout_claim *claim;
	int ret;

	claim = carveout_claim_create(range);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	/* What the boot loader or a former kernel left is nobody's business. */
	carveout_scrub(carveout, claim, range->base, range->size);
	ret = add_region(carveout, claim);
	if (ret && ret != -EUCLEAN)
		carveout_claim_destroy(claim);
	return ret;
}

/**
 * carveout_add_range() - add a region to a heap that is in use
 * @carveout: the heap
 * @range: a range that passed carveout_range_check()
 *
 * Context: May sleep; scrubs the memory.
 * Return: index of the region; -EBUSY if some of the memory is in a heap already or
 * somebody else's; -E2BIG if the heap has all the regions that it can have; -ENODEV
 * if it is dead; -EUCLEAN if it is damaged; -ENOMEM.
 */
int carveout_add_range(struct carveout *carveout, const struct carveout_range *range)
{
	int ret = -ENODEV;

	mutex_lock(&add_lock);
	if (!READ_ONCE(carveout->dead))
		ret = add_claim(carveout, range);
	if (!ret)
		ret = carveout->nr_claims - 1;
	mutex_unlock(&add_lock);
	return ret;
}

static void free_heap(struct carveout *carveout)
{
	while (carveout->nr_claims)
		carveout_claim_destroy(carveout->claim[--carveout->nr_claims]);
	while (carveout->nr_chunks)
		kvfree(carveout->chunk[--carveout->nr_chunks]);
	carveout_registry_fini(carveout);
	carveout_quota_fini(carveout);
	kfree(carveout->reserved);
	ida_free(&indices, carveout->index);
	kfree(carveout);
	carveout_object_gone(CARVEOUT_OBJ_CARVEOUT);
}

static void release_work(struct work_struct *work)
{
	free_heap(container_of(work, struct carveout, release_work));
}

static struct carveout *new_heap(const char *name, unsigned int flags)
{
	struct carveout *carveout;
	int index;

	carveout = kzalloc(sizeof(*carveout), GFP_KERNEL);
	if (!carveout)
		return NULL;
	index = ida_alloc_max(&indices, CARVEOUT_HEAPS_MAX - 1, GFP_KERNEL);
	if (index < 0)
		goto free;
	kref_init(&carveout->ref);
	strscpy(carveout->name, name, sizeof(carveout->name));
	carveout->index = index;
	carveout->coherent = flags & CARVEOUT_HEAP_COHERENT;
	carveout->dirty = flags & CARVEOUT_HEAP_DIRTY;
	raw_spin_lock_init(&carveout->lock);
	mutex_init(&carveout->grow_lock);
	INIT_WORK(&carveout->release_work, release_work);
	carveout_deferred_setup(carveout);
	carveout_quota_init(carveout);
	carveout_heap_init(&carveout->heap, CARVEOUT_GRANULE_SHIFT);
	carveout_heap_set_lock(&carveout->heap, &carveout->lock);
	if (carveout_registry_init(carveout))
		goto free_index;
	carveout_object_born(CARVEOUT_OBJ_CARVEOUT);
	return carveout;

free_index:
	ida_free(&indices, index);
free:
	kfree(carveout);
	return NULL;
}

/**
 * carveout_from_ranges() - make a heap of some ranges of memory
 * @name: name of the heap
 * @ranges: the ranges in the order in which requests try them; ranges that
 *	touch are joined in place. Pages from the system become the heap's; if it
 *	fails they are freed.
 * @count: number of ranges, at least 1
 * @flags: CARVEOUT_HEAP_* flags
 *
 * All ranges are checked, and whatever is wrong with any of them is said in
 * the log, before anything happens.
 *
 * Context: May sleep; scrubs the memory.
 * Return: the heap with one reference, or an ERR_PTR.
 */
struct carveout *carveout_from_ranges(const char *name, struct carveout_range *ranges,
				      unsigned int count, unsigned int flags)
{
	struct carveout *carveout;
	unsigned int i;
	int ret, err;

	ret = carveout_ranges_check(ranges, count, flags & CARVEOUT_HEAP_COHERENT);
	if (ret)
		goto release_ranges;
	count = join_ranges(ranges, count);
	if (count > CARVEOUT_MAX_REGIONS) {
		pr_err("%s: %u separate regions, a heap takes %d; ask for less or make two heaps\n",
		       name, count, CARVEOUT_MAX_REGIONS);
		ret = -EINVAL;
		goto release_ranges;
	}

	carveout = new_heap(name, flags);
	if (!carveout) {
		ret = -ENOMEM;
		goto release_ranges;
	}
	/* A region that is somebody else's does not hide the next such one. */
	for (i = 0; i < count; i++) {
		err = add_claim(carveout, &ranges[i]);
		ret = ret ?: err;
	}
	if (ret) {
		free_heap(carveout);
		return ERR_PTR(ret);
	}
	return carveout;

release_ranges:
	for (i = 0; i < count; i++)
		carveout_range_release(&ranges[i]);
	return ERR_PTR(ret);
}

static void carveout_release(struct kref *ref)
{
	free_heap(container_of(ref, struct carveout, ref));
}

static void release_later(struct kref *ref)
{
	queue_work(carveout_wq, &container_of(ref, struct carveout, ref)->release_work);
}

/**
 * carveout_ref() - take a reference to a heap
 * @carveout: a heap that the caller has a reference to
 *
 * Context: Any.
 * Return: @carveout.
 */
struct carveout *carveout_ref(struct carveout *carveout)
{
	kref_get(&carveout->ref);
	return carveout;
}

/**
 * carveout_unref() - drop a reference to a heap
 * @carveout: the heap; its memory is let go of with the last reference
 *
 * Context: May sleep.
 */
void carveout_unref(struct carveout *carveout)
{
	kref_put(&carveout->ref, carveout_release);
}

/**
 * carveout_unref_atomic() - drop a reference to a heap where one must not sleep
 * @carveout: the heap; its memory is let go of some time after the last reference
 *
 * Context: Any.
 */
void carveout_unref_atomic(struct carveout *carveout)
{
	kref_put(&carveout->ref, release_later);
}
