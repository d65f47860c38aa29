// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: ranges of physical memory that belong to a heap.
 *
 * A claim keeps everybody else away from its range for as long as it lives,
 * and maps it once for the kernel, with the attribute that every other mapping
 * of it has as well: the same bytes are never mapped cached and uncached. What
 * the kernel has in its linear mapping can therefore only be cached.
 *
 * Memory is scrubbed through that mapping, before it is handed out for the
 * first time and whenever it comes back.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "cache.h"
#include "carveout_internal.h"

/* Scrub or flush at most so much without giving others a chance to run. */
#define STEP	SZ_1M

#define CACHE_ATTRS	(CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE | \
			 CARVEOUT_ATTR_UNCACHED)

static LIST_HEAD(claims);
static DEFINE_MUTEX(claims_lock);	/* guards claims */

static u64 range_last(const struct carveout_range *range)
{
	return range->base + range->size - 1;
}

/* One line in the log that names the region and says what to do. */
static __printf(2, 3) void range_err(const struct carveout_range *range,
				     const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_err("region %s [0x%llx, size 0x%llx]: %pV\n", range->name,
	       (u64)range->base, range->size, &vaf);
	va_end(args);
}

static bool ranges_overlap(const struct carveout_range *a,
			   const struct carveout_range *b)
{
	return a->base <= range_last(b) && b->base <= range_last(a);
}

/* Is every page of the range set aside, with a place in the linear mapping? */
static bool pages_are_reserved(const struct carveout_range *range)
{
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range_last(range));

	for (; pfn <= end; pfn++)
		if (!pfn_valid(pfn) || !PageReserved(pfn_to_page(pfn)))
			return false;
	return true;
}

static int check_shape(const struct carveout_range *range)
{
	u64 last;

	if (!range->size) {
		range_err(range, "size is zero; give it a size of whole pages");
		return -EINVAL;
	}
	if (!PAGE_ALIGNED(range->base) || !PAGE_ALIGNED(range->size)) {
		range_err(range,
			  "not aligned; base and size must be multiples of 0x%lx",
			  PAGE_SIZE);
		return -EINVAL;
	}
	if (check_add_overflow((u64)range->base, range->size - 1, &last) ||
	    last > PHYS_ADDR_MAX) {
		range_err(range, "wraps around the end of the address space; correct base and size");
		return -EINVAL;
	}
	if (last > iomem_resource.end) {
		range_err(range, "lies beyond what this machine can address; correct base and size");
		return -EINVAL;
	}
	return 0;
}

static int check_attrs(const struct carveout_range *range, bool coherent)
{
	u32 cache = range->attrs & CACHE_ATTRS;

	if (hweight32(cache) != 1) {
		range_err(range, "needs exactly one of cached, writecombine and uncached");
		return -EINVAL;
	}
	if (range->source != CARVEOUT_SOURCE_RESERVED &&
	    cache != CARVEOUT_ATTR_CACHED) {
		range_err(range,
			  "the kernel maps it cached, so it cannot be uncached or writecombine as well; add no-map to its reserved-memory node, or make it cached");
		return -EINVAL;
	}
	if (cache == CARVEOUT_ATTR_CACHED && !coherent &&
	    !CARVEOUT_HAS_CACHE_FLUSH) {
		range_err(range, "cannot be cached: there is no cache maintenance for this architecture; make it writecombine and no-map, or say dma-coherent if devices see the caches");
		return -EINVAL;
	}
	return 0;
}

static int check_memory(const struct carveout_range *range)
{
	switch (range->source) {
	case CARVEOUT_SOURCE_RESERVED:
		if (region_intersects(range->base, range->size,
				      IORESOURCE_SYSTEM_RAM,
				      IORES_DESC_NONE) == REGION_DISJOINT)
			return 0;
		range_err(range, "is memory that the kernel uses; set it aside with a no-map reserved-memory node, or memmap=SIZE$BASE on x86");
		return -EINVAL;
	case CARVEOUT_SOURCE_MAPPED:
		if (pages_are_reserved(range))
			return 0;
		range_err(range, "was not set aside at boot; look for 'Reserved memory' in the boot log: it lies outside RAM or in another region's way");
		return -EINVAL;
	case CARVEOUT_SOURCE_SYSTEM:
		return 0;
	}
	return -EINVAL;
}

/**
 * carveout_range_check() - can this range become a region?
 * @range: the range
 * @coherent: devices see the CPU's caches
 *
 * Says in the log what is wrong and what to do.
 *
 * Context: Any.
 * Return: 0, or -EINVAL.
 */
int carveout_range_check(const struct carveout_range *range, bool coherent)
{
	int ret;

	ret = check_shape(range);
	if (!ret)
		ret = check_attrs(range, coherent);
	if (!ret)
		ret = check_memory(range);
	return ret;
}

/**
 * carveout_ranges_disjoint() - check that two ranges of one heap do not overlap
 * @a: a range that passed carveout_range_check()
 * @b: another one; an overlap is reported in its name
 *
 * Context: Any.
 * Return: true if they do not overlap.
 */
bool carveout_ranges_disjoint(const struct carveout_range *a,
			      const struct carveout_range *b)
{
	if (!ranges_overlap(a, b))
		return true;
	range_err(b, "overlaps region %s [0x%llx, size 0x%llx]; correct one of them",
		  a->name, (u64)a->base, a->size);
	return false;
}

/**
 * carveout_ranges_join() - make one range of two that touch
 * @a: a range; grows to hold both
 * @b: another one
 *
 * Only ranges of one kind join: same attributes, same source, same data.
 *
 * Context: Any.
 * Return: true if @a now holds both.
 */
bool carveout_ranges_join(struct carveout_range *a,
			  const struct carveout_range *b)
{
	if (a->attrs != b->attrs || a->source != b->source || a->data != b->data)
		return false;
	if (range_last(b) + 1 == a->base)
		a->base = b->base;
	else if (range_last(a) + 1 != b->base)
		return false;
	a->size += b->size;
	return true;
}

static int claim_enlist(struct carveout_claim *claim)
{
	struct carveout_claim *other;
	int ret = 0;

	mutex_lock(&claims_lock);
	list_for_each_entry(other, &claims, node) {
		if (!ranges_overlap(&claim->range, &other->range))
			continue;
		range_err(&claim->range, "overlaps region %s [0x%llx, size 0x%llx], which is in use; name each region in one heap only, or wait until the buffers of its former heap are closed",
			  other->range.name, (u64)other->range.base,
			  other->range.size);
		ret = -EBUSY;
		break;
	}
	if (!ret)
		list_add(&claim->node, &claims);
	mutex_unlock(&claims_lock);

	return ret;
}

static void claim_delist(struct carveout_claim *claim)
{
	mutex_lock(&claims_lock);
	list_del(&claim->node);
	mutex_unlock(&claims_lock);
}

/*
 * What every page of a claim starts with, and has again when nothing but the
 * claim holds it: memblock leaves reserved pages with a count of one, the page
 * allocator hands out its own so. A compound page would have one count for many.
 */
static bool page_is_unpinned(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	return !PageCompound(page) && page_count(page) == 1;
}

/*
 * Nobody may have a hand on the pages yet: we could not tell his from those of
 * a buffer's users. A look-up in the page cache that still holds a page of its
 * former owner is over soon.
 */
static int claim_check_pages(const struct carveout_claim *claim)
{
	const struct carveout_range *range = &claim->range;
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range_last(range));
	unsigned int tries = 0;

	if (range->source == CARVEOUT_SOURCE_RESERVED)
		return 0;
	while (pfn <= end) {
		if (page_is_unpinned(pfn)) {
			pfn++;
			continue;
		}
		if (++tries > 10) {
			range_err(range, "page 0x%lx is in use (count %d); wait until I/O into it has ended, or reboot",
				  pfn, page_count(pfn_to_page(pfn)));
			return -EBUSY;
		}
		msleep(20);
	}
	return 0;
}

static int claim_map(struct carveout_claim *claim)
{
	const struct carveout_range *range = &claim->range;
	unsigned long flags = MEMREMAP_WC;

	if (range->source != CARVEOUT_SOURCE_RESERVED) {
		claim->va = phys_to_virt(range->base);
		return 0;
	}

	if (!request_mem_region(range->base, range->size, range->name)) {
		range_err(range, "is in use by another driver; /proc/iomem says by which, take the region from one of them");
		return -EBUSY;
	}
	if (range->attrs & CARVEOUT_ATTR_CACHED)
		flags = MEMREMAP_WB;
	claim->va = memremap(range->base, range->size, flags);
	if (!claim->va) {
		range_err(range, "cannot be mapped; correct base and size if it is no memory of this machine");
		release_mem_region(range->base, range->size);
		return -ENOMEM;
	}
	return 0;
}

static void claim_unmap(struct carveout_claim *claim)
{
	if (claim->range.source != CARVEOUT_SOURCE_RESERVED)
		return;
	memunmap(claim->va);
	release_mem_region(claim->range.base, claim->range.size);
}

/**
 * carveout_range_release() - give a range back to where it comes from
 * @range: a range that nobody uses any more
 *
 * Context: May sleep.
 */
void carveout_range_release(const struct carveout_range *range)
{
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range_last(range));

	if (range->source != CARVEOUT_SOURCE_SYSTEM)
		return;
	for (; pfn <= end; pfn++)
		__free_page(pfn_to_page(pfn));
}

/**
 * carveout_claim_create() - take hold of a range
 * @range: a range that passed carveout_range_check(). Pages from the system
 *	become the claim's; if it fails they are freed.
 *
 * Context: May sleep.
 * Return: the claim, or an ERR_PTR: -EBUSY if the memory is somebody else's,
 * -ENOMEM.
 */
struct carveout_claim *carveout_claim_create(const struct carveout_range *range)
{
	struct carveout_claim *claim;
	int ret;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim) {
		ret = -ENOMEM;
		goto release_range;
	}
	claim->range = *range;

	ret = claim_enlist(claim);
	if (ret)
		goto free_claim;
	ret = claim_check_pages(claim);
	if (!ret)
		ret = claim_map(claim);
	if (ret)
		goto delist;

	carveout_object_born(CARVEOUT_OBJ_CLAIM);
	return claim;

delist:
	claim_delist(claim);
free_claim:
	kfree(claim);
release_range:
	carveout_range_release(range);
	return ERR_PTR(ret);
}

/**
 * carveout_claim_destroy() - let go of a range
 * @claim: a claim that no buffer lies in any more
 *
 * Context: May sleep.
 */
void carveout_claim_destroy(struct carveout_claim *claim)
{
	claim_unmap(claim);
	carveout_range_release(&claim->range);
	claim_delist(claim);
	kvfree(claim->region);
	kfree(claim);
	carveout_object_gone(CARVEOUT_OBJ_CLAIM);
}

/**
 * carveout_claim_unpinned() - how far nothing but the claim holds the memory
 * @claim: a claim of memory with pages
 * @start: physical address in it
 * @size: bytes, whole pages
 *
 * Nobody may be able to pin a page anew; see park.c. What those who had one did
 * to it before is done when this returns.
 *
 * Context: May sleep.
 * Return: bytes from @start to the first page that somebody still has pinned, or
 * @size if there is none.
 */
u64 carveout_claim_unpinned(const struct carveout_claim *claim, u64 start,
			    u64 size)
{
	u64 done;

	for (done = 0; done < size; done += PAGE_SIZE) {
		if (!page_is_unpinned(PHYS_PFN(start + done)))
			break;
		if (!(done % STEP))
			cond_resched();
	}
	/* Pairs with the drop of a pin, which is fully ordered. */
	smp_mb();
	return done;
}

/**
 * carveout_claim_va() - the kernel's mapping of a part of a claim
 * @claim: the claim
 * @start: physical address in it
 *
 * Context: Any.
 * Return: the virtual address, of the region's attribute.
 */
void *carveout_claim_va(const struct carveout_claim *claim, u64 start)
{
	return claim->va + (start - claim->range.base);
}

static void scrub_piece(void *va, size_t size, bool clean)
{
	memset(va, 0, size);
	if (clean)
		carveout_cache_flush(va, size);
}

/**
 * carveout_claim_scrub_atomic() - fill a small part of a claim with zeroes
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes, not many: it is done in one go
 * @clean: as for carveout_claim_scrub()
 *
 * Context: Any.
 */
void carveout_claim_scrub_atomic(struct carveout_claim *claim, u64 start, u64 size,
				 bool clean)
{
	scrub_piece(carveout_claim_va(claim, start), size,
		    clean && (claim->range.attrs & CARVEOUT_ATTR_CACHED));
	/* As in carveout_claim_scrub(). */
	wmb();
}

/**
 * carveout_claim_scrub() - fill a part of a claim with zeroes
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes
 * @clean: write the caches back as well, where the memory is cached
 *
 * When it returns the zeroes are in memory for whoever looks there next: the
 * next owner through the same kind of mapping, or a device. No dirty line of
 * the former owner is left to be written back over them.
 *
 * Context: May sleep; takes long for much memory, in steps.
 */
void carveout_claim_scrub(struct carveout_claim *claim, u64 start, u64 size,
			  bool clean)
{
	void *va = carveout_claim_va(claim, start);

	clean = clean && (claim->range.attrs & CARVEOUT_ATTR_CACHED);
	while (size) {
		size_t step = min_t(u64, size, STEP);

		scrub_piece(va, step, clean);
		va += step;
		size -= step;
		cond_resched();
	}
	/* Order the zeroes before whatever makes the memory visible. */
	wmb();
}

/**
 * carveout_claim_copy() - copy from one part of memory to another
 * @to: claim to copy to
 * @to_start: physical address in it
 * @from: claim to copy from
 * @from_start: physical address in it
 * @size: bytes; the two parts do not overlap
 *
 * Context: May sleep; takes long for much memory, in steps.
 * Return: 0, or -EINTR if the caller is being killed; then some is copied.
 */
int carveout_claim_copy(struct carveout_claim *to, u64 to_start,
			const struct carveout_claim *from, u64 from_start, u64 size)
{
	const void *src = carveout_claim_va(from, from_start);
	void *dst = carveout_claim_va(to, to_start);

	while (size) {
		size_t step = min_t(u64, size, STEP);

		if (fatal_signal_pending(current))
			return -EINTR;
		memcpy(dst, src, step);
		dst += step;
		src += step;
		size -= step;
		cond_resched();
	}
	/* Order the copy before whatever makes it visible. */
	wmb();
	return 0;
}

/**
 * carveout_claim_flush() - make the CPU and others see the same bytes
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes
 *
 * What the CPU has written reaches memory, and what it reads next comes from
 * there. For caches that devices do not see.
 *
 * Context: May sleep; takes long for much memory, in steps.
 */
void carveout_claim_flush(struct carveout_claim *claim, u64 start, u64 size)
{
	const void *va = carveout_claim_va(claim, start);

	if (!(claim->range.attrs & CARVEOUT_ATTR_CACHED)) {
		wmb();	/* drain the write buffers of uncached stores */
		return;
	}
	while (size) {
		size_t step = min_t(u64, size, STEP);

		carveout_cache_flush(va, step);
		va += step;
		size -= step;
		cond_resched();
	}
}
