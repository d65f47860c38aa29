// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of drivers: spans without a buffer.
 *
 * No object stands for a piece of memory: its address leads to its span, and the
 * cookie of the span holds the kind and the purpose. So allocating and freeing cost
 * little more than the allocator itself. Each piece holds a reference to the heap.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "../carveout_internal.h"
#include "../trace.h"
#include "alloc.h"
#include "claim.h"
#include "cookie.h"
#include "deferred.h"
#include "memory.h"

/* Up to this size, memory is scrubbed by its free, in interrupts too. */
#define SCRUB_AT_ONCE	SZ_4K

/**
 * carveout_memory_claim() - Find the claim of an address
 * @carveout: the heap
 * @va: address in the kernel's mapping
 *
 * Context: Any context.
 * Return: the claim, or NULL if the address is not in the heap.
 */
const struct carveout_claim *carveout_memory_claim(const struct carveout *carveout,
						   const void *va)
{
	unsigned int i, nr = carveout_nr_claims(carveout);

	for (i = 0; i < nr; i++) {
		const struct carveout_claim *claim = carveout->claim[i];

		if (carveout_claim_has_va(claim) && va >= claim->va &&
		    va - claim->va < claim->range.size)
			return claim;
	}
	return NULL;
}

/**
 * carveout_memory_alloc() - Allocate memory of a driver
 * @carveout: the heap
 * @request: size, constraints and cookie
 * @zero: zero it in a heap that does not zero, too
 *
 * Context: Process context. May sleep.
 * Return: address in the kernel's mapping, or an ERR_PTR as carveout_span_alloc().
 */
void *carveout_memory_alloc(struct carveout *carveout,
			    const struct carveout_heap_request *request, bool zero)
{
	struct carveout_span_info info;
	struct carveout_claim *claim;
	int ret;

	ret = carveout_span_alloc(carveout, request, &info);
	if (ret)
		return ERR_PTR(ret);
	__carveout_get(carveout);
	claim = carveout->claim[info.region];
	if (zero && carveout->nozero)
		carveout_claim_scrub(claim, info.start, info.size, !carveout->coherent);
	return carveout_claim_va(claim, info.start);
}

/* The span that starts at @start, if it is memory of a driver. */
static int find_locked(struct carveout *carveout, u64 start,
		       struct carveout_span_info *info)
{
	int ret;

	lockdep_assert_held(&carveout->lock);
	ret = carveout_heap_find(&carveout->heap, start, info);
	if (ret)
		return ret;
	if (!info->used || info->start != start ||
	    !carveout_cookie_is_memory(info->cookie))
		return -EINVAL;
	return 0;
}

/* From here on no other call frees or resizes it. */
static int mark_busy_locked(struct carveout *carveout, const struct carveout_span_info *info)
{
	lockdep_assert_held(&carveout->lock);
	return carveout_heap_set_cookie(&carveout->heap, info->handle,
					CARVEOUT_COOKIE_BUSY);
}

/* === Freeing ============================================================== */

/* The step that remains for freed memory. */
enum disposal {
	FREED,		/* nothing */
	DEFERRED,	/* kick the work */
	SCRUB,		/* scrub and free the span */
};

static enum disposal dispose_locked(struct carveout *carveout,
				    const struct carveout_span_info *info, int *ret)
{
	lockdep_assert_held(&carveout->lock);
	if (carveout->nozero) {
		trace_carveout_free(carveout, info);
		*ret = carveout_heap_free(&carveout->heap, info->handle);
		return FREED;
	}
	if (info->size <= SCRUB_AT_ONCE) {
		mark_busy_locked(carveout, info);
		return SCRUB;
	}
	/* The work may free the span, and with it the heap, before the kick. */
	__carveout_get(carveout);
	carveout_deferred_push_locked(carveout, info);
	return DEFERRED;
}

/**
 * carveout_free() - Free memory
 * @carveout: the heap that the memory was allocated from
 * @va: address from carveout_alloc_req() or one of its variants
 *
 * Memory of more than 4 KiB is zeroed and freed in the background: see carveout_drain().
 * An allocation that finds no room drains deferred frees itself.
 *
 * Context: Any context, including hard interrupts. Takes carveout->lock. Bounded time.
 * Return: 0; -EINVAL if no memory of this heap starts at @va, or if it was freed already
 * and not allocated again: then nothing changes; -EUCLEAN if the heap is corrupted.
 */
int carveout_free(struct carveout *carveout, const void *va)
{
	const struct carveout_claim *claim = carveout_memory_claim(carveout, va);
	enum disposal disposal = FREED;
	struct carveout_span_info info;
	unsigned long flags;
	u64 start;
	int ret;

	if (!claim)
		return -EINVAL;
	start = claim->range.base + (va - claim->va);
	raw_spin_lock_irqsave(&carveout->lock, flags);
	ret = find_locked(carveout, start, &info);
	if (!ret)
		disposal = dispose_locked(carveout, &info, &ret);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	if (ret)
		return ret;
	if (disposal == SCRUB) {
		carveout_claim_scrub_atomic(carveout->claim[info.region], info.start,
					    info.size, !carveout->coherent);
		carveout_span_free(carveout, info.handle);
	} else if (disposal == DEFERRED) {
		carveout_deferred_kick(carveout);
	}
	/* The reference of the memory, or the one that kept the heap for the kick. */
	__carveout_put_atomic(carveout);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_free, "CARVEOUT");

/* === Resizing ============================================================= */

static int begin_resize(struct carveout *carveout, u64 start,
			struct carveout_span_info *info)
{
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = find_locked(carveout, start, info) ?: mark_busy_locked(carveout, info);
	raw_spin_unlock_irq(&carveout->lock);
	if (ret == -EUCLEAN)
		carveout_report_corruption(carveout, "heap");
	return ret;
}

static void end_resize(struct carveout *carveout, const struct carveout_span_info *info)
{
	raw_spin_lock_irq(&carveout->lock);
	carveout_heap_set_cookie(&carveout->heap, info->handle, info->cookie);
	raw_spin_unlock_irq(&carveout->lock);
}

/* The tail that is cut off is scrubbed first, and the tail that is added is zero. */
static int resize_in_place(struct carveout *carveout,
			   const struct carveout_span_info *info, u64 size)
{
	struct carveout_claim *claim = carveout->claim[info->region];
	int ret;

	if (size < info->size)
		carveout_scrub(carveout, claim, info->start + size, info->size - size);
	ret = carveout_span_resize(carveout, info->handle, size);
	/* Without memory for the metadata the tail is freed with the rest. */
	return ret == -ENOMEM && size < info->size ? 0 : ret;
}

/* Within the region: the other constraints of the request are not remembered. */
static void *move(struct carveout *carveout, const struct carveout_span_info *info,
		  u64 size)
{
	struct carveout_claim *claim = carveout->claim[info->region];
	struct carveout_heap_request request = {
		.size = size,
		.regions = BIT_ULL(info->region),
		.cookie = info->cookie,
	};
	void *va;
	int ret;

	va = carveout_memory_alloc(carveout, &request, false);
	if (IS_ERR(va))
		return va;
	ret = carveout_claim_copy(claim, claim->range.base + (va - claim->va), claim,
				  info->start, info->size);
	if (ret) {
		carveout_free(carveout, va);
		return ERR_PTR(ret);
	}
	return va;
}

/**
 * carveout_memory_resize() - Grow or shrink memory of a driver
 * @carveout: the heap
 * @va: address from carveout_memory_alloc()
 * @size: new size in bytes, whole granules
 *
 * Context: Process context. May sleep. Takes carveout->lock.
 * Return: the address, which is another one if the memory moved; or an ERR_PTR as
 * carveout_realloc(), and then the memory is as before.
 */
void *carveout_memory_resize(struct carveout *carveout, void *va, u64 size)
{
	const struct carveout_claim *claim = carveout_memory_claim(carveout, va);
	struct carveout_span_info info;
	void *to = va;
	int ret;

	if (!claim)
		return ERR_PTR(-EINVAL);
	ret = begin_resize(carveout, claim->range.base + (va - claim->va), &info);
	if (ret)
		return ERR_PTR(ret);
	ret = -ENODEV;
	if (size <= info.size || !READ_ONCE(carveout->shutdown))
		ret = resize_in_place(carveout, &info, size);
	if (ret == -ENOSPC)
		to = move(carveout, &info, size);
	else if (ret)
		to = ERR_PTR(ret);
	end_resize(carveout, &info);
	if (!IS_ERR(to) && to != va)
		carveout_free(carveout, va);
	return to;
}
