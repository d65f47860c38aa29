// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for drivers: a pointer, as from kmalloc().
 *
 * No object stands for a piece of memory: its address leads to its span, and the
 * span's cookie says that it is memory, and what for. That is all that there is to
 * know, so allocating and freeing cost little more than the allocator's own work.
 * Each piece holds the heap.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "carveout_internal.h"
#include "cookie.h"

/* So much is scrubbed where it is freed, in interrupts as well. */
#define SCRUB_AT_ONCE	SZ_4K

static const struct carveout_claim *claim_of(const struct carveout *carveout,
					     const void *va)
{
	unsigned int i, nr = carveout_nr_claims(carveout);

	for (i = 0; i < nr; i++) {
		const struct carveout_claim *claim = carveout->claim[i];

		if (va >= claim->va && va - claim->va < claim->range.size)
			return claim;
	}
	return NULL;
}

/**
 * carveout_virt_to_phys() - physical address of memory of a heap
 * @carveout: the heap
 * @va: any address in memory that the heap handed out
 *
 * Context: Any.
 * Return: the address; %CARVEOUT_SYSTEM_MEMORY, which is none, if @va is not in the heap.
 */
phys_addr_t carveout_virt_to_phys(struct carveout *carveout, const void *va)
{
	const struct carveout_claim *claim = claim_of(carveout, va);

	return claim ? claim->range.base + (va - claim->va) : CARVEOUT_SYSTEM_MEMORY;
}
EXPORT_SYMBOL_NS_GPL(carveout_virt_to_phys, "CARVEOUT");

/**
 * carveout_phys_to_virt() - where the kernel has memory of a heap
 * @carveout: the heap
 * @phys: physical address
 *
 * Context: Any.
 * Return: the address in the kernel's mapping, which has the attribute of the region;
 * NULL if @phys is not in the heap.
 */
void *carveout_phys_to_virt(struct carveout *carveout, phys_addr_t phys)
{
	int i = carveout_region_at(carveout, phys);

	return i < 0 ? NULL : carveout_claim_va(carveout->claim[i], phys);
}
EXPORT_SYMBOL_NS_GPL(carveout_phys_to_virt, "CARVEOUT");

static bool attrs_are_valid(const struct carveout_req *req)
{
	u32 i;

	if ((req->require | req->forbid) & ~CARVEOUT_ATTR_MASK ||
	    req->nr_fallback > CARVEOUT_NR_FALLBACK)
		return false;
	for (i = 0; i < req->nr_fallback; i++)
		if (req->fallback[i] & ~CARVEOUT_ATTR_MASK)
			return false;
	return true;
}

/* Each member is written once: this is part of what an allocation costs. */
static __always_inline int fill_request(const struct carveout_req *req,
					struct carveout_request *request)
{
	if (!req->size || req->size > U64_MAX - PAGE_SIZE + 1 ||
	    req->flags & ~CARVEOUT_REQ_FLAGS || !attrs_are_valid(req))
		return -EINVAL;
	if (req->align & (req->align - 1))
		return -EINVAL;
	if (req->flags & CARVEOUT_REQ_EXACT ? req->flags & CARVEOUT_REQ_TOP_DOWN :
					      req->addr)
		return -EINVAL;
	*request = (struct carveout_request) {
		.size = req->size,
		.align = req->align,
		.regions = req->regions,
		.max_addr = req->max_addr,
		.require = req->require,
		.forbid = req->forbid,
		.fallback = { req->fallback[0], req->fallback[1], req->fallback[2] },
		.nr_fallback = req->nr_fallback,
		.top_down = req->flags & CARVEOUT_REQ_TOP_DOWN,
		.exact = req->flags & CARVEOUT_REQ_EXACT,
		.addr = req->addr,
	};
	return 0;
}

/**
 * carveout_request_fill() - a driver's request as the allocator takes it
 * @req: the driver's request
 * @request: what to fill in, all of it
 *
 * Context: Any.
 * Return: 0, or -EINVAL if it makes no sense.
 */
int carveout_request_fill(const struct carveout_req *req,
			  struct carveout_request *request)
{
	return fill_request(req, request);
}

static void *get_memory(struct carveout *carveout, struct carveout_request *request,
			bool zero)
{
	struct carveout_span_info info;
	struct carveout_claim *claim;
	int ret;

	ret = carveout_span_alloc(carveout, request, &info);
	if (ret)
		return ERR_PTR(ret);
	carveout_ref(carveout);
	claim = carveout->claim[info.region];
	if (zero && carveout->dirty)
		carveout_claim_scrub(claim, info.start, info.size, !carveout->coherent);
	return carveout_claim_va(claim, info.start);
}

/**
 * carveout_alloc_req() - allocate memory
 * @carveout: the heap
 * @req: what is asked for
 *
 * The memory is the driver's alone: no process sees it and no name leads to it. It is
 * zero, but in a heap that was created with %CARVEOUT_CREATE_DIRTY only when
 * %CARVEOUT_REQ_ZERO asks for it.
 *
 * Context: May sleep.
 * Return: address in the kernel's mapping, to be given to carveout_free(); or an
 * ERR_PTR: -EINVAL for a request that makes no sense, -ENOSPC when no hole fits,
 * -ENOMEM without kernel memory for the bookkeeping, -ENODEV once the heap is gone,
 * -EUCLEAN when it found itself damaged, -EWOULDBLOCK in interrupt context.
 */
void *carveout_alloc_req(struct carveout *carveout, const struct carveout_req *req)
{
	struct carveout_request request;
	int ret;

	if (!in_task())
		return ERR_PTR(-EWOULDBLOCK);
	might_sleep();
	ret = fill_request(req, &request);
	if (ret || req->flags & (CARVEOUT_REQ_PERSIST | CARVEOUT_REQ_OPEN))
		return ERR_PTR(-EINVAL);
	request.cookie = carveout_cookie_memory(req->purpose);
	return get_memory(carveout, &request, req->flags & CARVEOUT_REQ_ZERO);
}
EXPORT_SYMBOL_NS_GPL(carveout_alloc_req, "CARVEOUT");

/* The span that starts at @start, if it is memory. */
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

/* From here on nobody else frees or resizes it. */
static int seize_locked(struct carveout *carveout, const struct carveout_span_info *info)
{
	lockdep_assert_held(&carveout->lock);
	return carveout_heap_set_cookie(&carveout->heap, info->handle,
					CARVEOUT_COOKIE_BUSY);
}

/* What becomes of memory that is freed: gone, on the list, or to be scrubbed. */
enum disposal {
	FREED,
	DEFERRED,
	SCRUB,
};

static enum disposal dispose_locked(struct carveout *carveout,
				    const struct carveout_span_info *info, int *ret)
{
	lockdep_assert_held(&carveout->lock);
	if (carveout->dirty) {
		*ret = carveout_heap_free(&carveout->heap, info->handle);
		return FREED;
	}
	if (info->size <= SCRUB_AT_ONCE) {
		seize_locked(carveout, info);
		return SCRUB;
	}
	/* The work may be done with it, and the heap gone, before it is kicked. */
	carveout_ref(carveout);
	carveout_deferred_push_locked(carveout, info);
	return DEFERRED;
}

/**
 * carveout_free() - free memory
 * @carveout: the heap that it comes from
 * @va: what carveout_alloc_req() or one of its like returned
 *
 * More than 4 KiB goes back to the heap in the background, when it has been zeroed.
 * See carveout_flush(); an allocation that finds no room waits for it by itself.
 *
 * Context: Any, also hard interrupts. Bounded time.
 * Return: 0; -EINVAL if no memory of this heap starts there, or it was freed already and
 * nobody has it since: then nothing changes; -EUCLEAN when the heap found itself damaged.
 */
int carveout_free(struct carveout *carveout, const void *va)
{
	const struct carveout_claim *claim = claim_of(carveout, va);
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
		carveout_damaged(carveout, "heap");
	if (ret)
		return ret;
	if (disposal == SCRUB) {
		carveout_claim_scrub_atomic(carveout->claim[info.region], info.start,
					    info.size, !carveout->coherent);
		carveout_span_free(carveout, info.handle);
	} else if (disposal == DEFERRED) {
		carveout_deferred_kick(carveout);
	}
	/* The memory's, or what the list's was kept with. */
	carveout_unref_atomic(carveout);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_free, "CARVEOUT");

/* === Changing the size ==================================================== */

/* It is the driver's memory again. */
static void unseize(struct carveout *carveout, const struct carveout_span_info *info)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	carveout_heap_set_cookie(&carveout->heap, info->handle, info->cookie);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
}

/* Longer or shorter where it is. What goes is scrubbed before, what comes is clean. */
static int resize_in_place(struct carveout *carveout,
			   const struct carveout_span_info *info, u64 size)
{
	struct carveout_claim *claim = carveout->claim[info->region];
	int ret;

	if (size < info->size)
		carveout_scrub(carveout, claim, info->start + size, info->size - size);
	ret = carveout_span_resize(carveout, info->handle, size);
	/* Without memory for the bookkeeping the rest goes back with all of it. */
	return ret == -ENOMEM && size < info->size ? 0 : ret;
}

/* Elsewhere in the same region: what the request was about is not known any more. */
static void *move(struct carveout *carveout, const struct carveout_span_info *info,
		  u64 size)
{
	struct carveout_claim *claim = carveout->claim[info->region];
	struct carveout_request request = {
		.size = size,
		.regions = BIT_ULL(info->region),
		.cookie = info->cookie,
	};
	void *va;
	int ret;

	va = get_memory(carveout, &request, false);
	if (IS_ERR(va))
		return va;
	ret = carveout_claim_copy(claim, carveout_virt_to_phys(carveout, va), claim,
				  info->start, info->size);
	if (ret) {
		carveout_free(carveout, va);
		return ERR_PTR(ret);
	}
	return va;
}

/**
 * carveout_realloc() - make memory longer or shorter, with its content
 * @carveout: the heap that it comes from
 * @va: what carveout_alloc_req() or one of its like returned
 * @size: new size in bytes, at least 1
 *
 * It stays where it is if there is room behind it. Otherwise it moves to another place
 * in its region, with its content. What it was asked for with is not remembered: there it
 * is aligned to 64 bytes, and below no limit. Who needs either has a buffer, see
 * carveout_buf_resize(). What is added is zero as after carveout_alloc_req().
 *
 * Context: May sleep.
 * Return: where it is now, and @va is only good if it is the same; or an ERR_PTR as from
 * carveout_alloc_req(), -EINTR if the caller is killed while it moves: then all is as
 * before.
 */
void *carveout_realloc(struct carveout *carveout, void *va, size_t size)
{
	struct carveout_span_info info;
	u64 new_size, start;
	void *to = va;
	int ret;

	if (!in_task())
		return ERR_PTR(-EWOULDBLOCK);
	might_sleep();
	if (check_add_overflow((u64)size, BIT_ULL(CARVEOUT_GRANULE_SHIFT) - 1, &new_size) ||
	    !size)
		return ERR_PTR(-EINVAL);
	new_size = round_down(new_size, BIT_ULL(CARVEOUT_GRANULE_SHIFT));
	start = carveout_virt_to_phys(carveout, va);
	raw_spin_lock_irq(&carveout->lock);
	ret = find_locked(carveout, start, &info) ?: seize_locked(carveout, &info);
	raw_spin_unlock_irq(&carveout->lock);
	if (ret == -EUCLEAN)
		carveout_damaged(carveout, "heap");
	if (ret)
		return ERR_PTR(ret);
	ret = -ENODEV;
	if (new_size <= info.size || !READ_ONCE(carveout->dead))
		ret = resize_in_place(carveout, &info, new_size);
	if (ret == -ENOSPC)
		to = move(carveout, &info, new_size);
	else if (ret)
		to = ERR_PTR(ret);
	unseize(carveout, &info);
	if (!IS_ERR(to) && to != va)
		carveout_free(carveout, va);
	return to;
}
EXPORT_SYMBOL_NS_GPL(carveout_realloc, "CARVEOUT");
