// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for drivers: a pointer, as from kmalloc().
 */

#include <linux/export.h>
#include <linux/overflow.h>

#include "../carveout_internal.h"
#include "../mem/claim.h"
#include "../mem/cookie.h"
#include "../mem/memory.h"
#include "../mem/purpose.h"
#include "request.h"

/**
 * carveout_virt_to_phys() - Physical address of memory of a heap
 * @carveout: the heap
 * @va: any address in memory that the heap handed out
 *
 * Context: Any context.
 * Return: the address; %PHYS_ADDR_MAX if @va is not in the heap.
 */
phys_addr_t carveout_virt_to_phys(struct carveout *carveout, const void *va)
{
	const struct carveout_claim *claim = carveout_memory_claim(carveout, va);

	return claim ? claim->range.base + (va - claim->va) : PHYS_ADDR_MAX;
}
EXPORT_SYMBOL_NS_GPL(carveout_virt_to_phys, "CARVEOUT");

/**
 * carveout_phys_to_virt() - Kernel address of memory of a heap
 * @carveout: the heap
 * @phys: physical address
 *
 * Context: Any context.
 * Return: the address in the kernel's mapping, which has the attribute of the region;
 * NULL if @phys is not in the heap, or the CPU must not access it.
 */
void *carveout_phys_to_virt(struct carveout *carveout, phys_addr_t phys)
{
	int i = carveout_region_at(carveout, phys);

	return i < 0 ? NULL : carveout_claim_va(carveout->claim[i], phys);
}
EXPORT_SYMBOL_NS_GPL(carveout_phys_to_virt, "CARVEOUT");

/**
 * carveout_alloc_req() - Allocate memory
 * @carveout: the heap
 * @req: size and constraints
 *
 * The memory belongs to the driver alone: no process sees it and no tag names it. It is
 * zero. In a heap that was created with %CARVEOUT_CREATE_NOZERO it is zero only with
 * %CARVEOUT_REQ_ZERO.
 *
 * Context: Process context. May sleep.
 * Return: address in the kernel's mapping, to be freed with carveout_free(); or an
 * ERR_PTR: -EINVAL for an invalid request or one that only memory with
 * %CARVEOUT_ATTR_NO_CPU would serve, -ENOSPC if no hole fits, -ENOMEM without
 * kernel memory for the metadata, -ENODEV after the heap's shutdown, -EUCLEAN if the
 * heap is corrupted, -EWOULDBLOCK in interrupt context, -EBUSY during a hibernation if
 * no other memory than no-map memory satisfies the request.
 */
void *carveout_alloc_req(struct carveout *carveout, const struct carveout_req *req)
{
	struct carveout_heap_request request;
	int ret;

	ret = carveout_may_alloc() ?: carveout_req_convert(req, &request);
	if (ret)
		return ERR_PTR(ret);
	if (req->owner || req->flags & (CARVEOUT_REQ_PERSIST | CARVEOUT_REQ_OPEN |
					CARVEOUT_REQ_NO_CREATE))
		return ERR_PTR(-EINVAL);
	/* The memory is an address of the CPU. */
	request.forbid |= CARVEOUT_ATTR_NO_CPU;
	request.cookie = carveout_cookie_memory(carveout_purpose_keep(carveout,
								      req->purpose));
	return carveout_memory_alloc(carveout, &request, req->flags & CARVEOUT_REQ_ZERO);
}
EXPORT_SYMBOL_NS_GPL(carveout_alloc_req, "CARVEOUT");

/**
 * carveout_realloc() - Grow or shrink memory, with its content
 * @carveout: the heap that the memory was allocated from
 * @va: address from carveout_alloc_req() or one of its variants
 * @size: new size in bytes, at least 1
 *
 * The memory stays in place if there is room behind it. Otherwise it moves within its
 * region, with its content. Alignment and address limit of the request are not
 * remembered: memory that moves is aligned to 64 bytes, without a limit. A driver that
 * needs either uses a buffer, see carveout_buf_resize(). Added memory is zero under the
 * conditions of carveout_alloc_req().
 *
 * Context: Process context. May sleep.
 * Return: the address, and @va is valid only if it is the same; or an ERR_PTR as
 * carveout_alloc_req(), -EINTR if the caller is killed while the memory moves,
 * -EHWPOISON if it has to move and a page of it is poisoned: then everything is as before.
 */
void *carveout_realloc(struct carveout *carveout, void *va, size_t size)
{
	u64 new_size;
	int ret;

	ret = carveout_may_alloc();
	if (ret)
		return ERR_PTR(ret);
	if (check_add_overflow((u64)size, BIT_ULL(CARVEOUT_GRANULE_SHIFT) - 1, &new_size) ||
	    !size)
		return ERR_PTR(-EINVAL);
	new_size = round_down(new_size, BIT_ULL(CARVEOUT_GRANULE_SHIFT));
	return carveout_memory_resize(carveout, va, new_size);
}
EXPORT_SYMBOL_NS_GPL(carveout_realloc, "CARVEOUT");
