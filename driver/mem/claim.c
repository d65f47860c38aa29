// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: ranges of physical memory that belong to a heap.
 *
 * A claim keeps all other users away from its range for its whole lifetime, and
 * maps the range once for the kernel, with the memory type of all other mappings
 * of it: the same bytes are never mapped cached and uncached. Memory in the
 * kernel's linear mapping can therefore only be cached.
 *
 * Memory is scrubbed through that mapping, before its first allocation and after
 * each free.
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
#include "claim.h"
#include "objects.h"

/* Bytes to scrub, copy or flush before other tasks get a chance to run. */
#define STEP	SZ_1M

#define CACHE_ATTRS	(CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE | \
			 CARVEOUT_ATTR_UNCACHED)

static LIST_HEAD(claims);
static DEFINE_MUTEX(claims_lock);	/* guards claims */

static u64 range_last(const struct carveout_range *range)
{
	return range->base + range->size - 1;
}

/* Log one line with the region and the remedy. */
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

/* Check that every page of the range is set aside and in the linear mapping. */
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
		range_err(range, "lies beyond this machine's largest physical address; correct base and size");
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
	if (range->source != CARVEOUT_SOURCE_NOMAP &&
	    cache != CARVEOUT_ATTR_CACHED) {
		range_err(range,
			  "the kernel maps it cached, so it cannot be uncached or writecombine as well; add no-map to its reserved-memory node, or make it cached");
		return -EINVAL;
	}
	if (cache == CARVEOUT_ATTR_CACHED && !coherent &&
	    !CARVEOUT_HAS_CACHE_FLUSH) {
		range_err(range, "cannot be cached: there is no cache maintenance for this architecture; make it writecombine and no-map, or add dma-coherent if devices snoop the caches");
		return -EINVAL;
	}
	return 0;
}

static int check_memory(const struct carveout_range *range)
{
	switch (range->source) {
	case CARVEOUT_SOURCE_NOMAP:
		if (region_intersects(range->base, range->size,
				      IORESOURCE_SYSTEM_RAM,
				      IORES_DESC_NONE) == REGION_DISJOINT)
			return 0;
		range_err(range, "is memory that the kernel uses; set it aside with a no-map reserved-memory node, or memmap=SIZE$BASE on x86");
		return -EINVAL;
	case CARVEOUT_SOURCE_MAPPED:
		if (pages_are_reserved(range))
			return 0;
		range_err(range, "was not set aside at boot; look for 'Reserved memory' in the boot log: it lies outside RAM or overlaps another region");
		return -EINVAL;
	case CARVEOUT_SOURCE_SYSTEM:
		return 0;
	}
	return -EINVAL;
}

/**
 * carveout_range_check() - Check that a range can become a region
 * @range: the range
 * @coherent: devices snoop the CPU's caches
 *
 * A defect is logged with its remedy.
 *
 * Context: Process context.
 * Return: 0 or -EINVAL.
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
 * carveout_ranges_disjoint() - Check that two ranges of one heap do not overlap
 * @a: a range that passed carveout_range_check()
 * @b: another one; the log line about an overlap begins with its name
 *
 * Context: Any context.
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
 * carveout_ranges_join() - Merge two adjacent ranges
 * @a: a range; grows to include both
 * @b: another one
 *
 * Only ranges of one kind are merged: same attributes, same source, same data.
 *
 * Context: Any context.
 * Return: true if @a now includes both.
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
 * Check for the count that every page of a claim starts with, and has again when
 * only the claim holds it: memblock leaves reserved pages with a count of one, and
 * so does the page allocator with the pages that it allocates. A compound page
 * would have one count for many pages.
 */
static bool page_is_unpinned(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	return !PageCompound(page) && page_count(page) == 1;
}

/*
 * No page may be referenced yet: a foreign reference could not be told from one
 * taken through a buffer. A look-up in the page cache that still holds a page of
 * a former owner ends soon.
 */
static int claim_check_pages(const struct carveout_claim *claim)
{
	const struct carveout_range *range = &claim->range;
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range_last(range));
	unsigned int tries = 0;

	if (range->source == CARVEOUT_SOURCE_NOMAP)
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

	if (range->source != CARVEOUT_SOURCE_NOMAP) {
		claim->va = phys_to_virt(range->base);
		return 0;
	}

	if (!request_mem_region(range->base, range->size, range->name)) {
		range_err(range, "is in use by another driver; /proc/iomem shows which one; remove the region from one of the two");
		return -EBUSY;
	}
	if (range->attrs & CARVEOUT_ATTR_CACHED)
		flags = MEMREMAP_WB;
	claim->va = memremap(range->base, range->size, flags);
	if (!claim->va) {
		range_err(range, "cannot be mapped; correct base and size if this machine has no memory there");
		release_mem_region(range->base, range->size);
		return -ENOMEM;
	}
	return 0;
}

static void claim_unmap(struct carveout_claim *claim)
{
	if (claim->range.source != CARVEOUT_SOURCE_NOMAP)
		return;
	memunmap(claim->va);
	release_mem_region(claim->range.base, claim->range.size);
}

/**
 * carveout_range_release() - Return a range to its source
 * @range: a range without users
 *
 * Context: Process context. May sleep.
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
 * carveout_claim_create() - Claim a range
 * @range: a range that passed carveout_range_check(). Pages from the system then
 *	belong to the claim; on failure they are freed.
 *
 * Context: Process context. May sleep. Takes claims_lock.
 * Return: the claim, or an ERR_PTR: -EBUSY if the memory is in use; -ENOMEM.
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

	carveout_object_inc(CARVEOUT_OBJ_CLAIM);
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
 * carveout_claim_destroy() - Release a claim and its range
 * @claim: a claim that no longer contains a buffer
 *
 * Context: Process context. May sleep. Takes claims_lock.
 */
void carveout_claim_destroy(struct carveout_claim *claim)
{
	claim_unmap(claim);
	carveout_range_release(&claim->range);
	claim_delist(claim);
	kvfree(claim->region);
	kfree(claim);
	carveout_object_dec(CARVEOUT_OBJ_CLAIM);
}

/**
 * carveout_claim_unpinned() - Length of the leading run of unpinned pages
 * @claim: a claim of memory with pages
 * @start: physical address in it
 * @size: bytes, whole pages
 *
 * New pins must be impossible; see buf/release.c. On return all accesses under the
 * former pins of the unpinned pages are complete.
 *
 * Context: Process context. May sleep.
 * Return: bytes from @start to the first page that is still pinned, or @size if
 * there is none.
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
 * carveout_claim_va() - Address of a part of a claim in the kernel's mapping
 * @claim: the claim
 * @start: physical address in it
 *
 * Context: Any context.
 * Return: the virtual address. The mapping has the region's memory type.
 */
void *carveout_claim_va(const struct carveout_claim *claim, u64 start)
{
	return claim->va + (start - claim->range.base);
}

static void scrub_piece(void *va, size_t size, bool writeback)
{
	memset(va, 0, size);
	if (writeback)
		carveout_cache_flush(va, size);
}

/**
 * carveout_claim_scrub_atomic() - Zero a small part of a claim
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes, only few: they are zeroed in one step
 * @writeback: as for carveout_claim_scrub()
 *
 * Context: Any context.
 */
void carveout_claim_scrub_atomic(struct carveout_claim *claim, u64 start, u64 size,
				 bool writeback)
{
	scrub_piece(carveout_claim_va(claim, start), size,
		    writeback && (claim->range.attrs & CARVEOUT_ATTR_CACHED));
	/* As in carveout_claim_scrub(). */
	wmb();
}

/**
 * carveout_claim_scrub() - Zero a part of a claim
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes
 * @writeback: write the caches back as well, where the memory is cached
 *
 * On return the zeroes are in memory for the next reader: the next owner, through
 * the same kind of mapping, or a device. No modified cache line of the former owner
 * is left that could be written back over them.
 *
 * Context: Process context. May sleep. Large sizes take long and are zeroed in
 * steps.
 */
void carveout_claim_scrub(struct carveout_claim *claim, u64 start, u64 size,
			  bool writeback)
{
	void *va = carveout_claim_va(claim, start);

	writeback = writeback && (claim->range.attrs & CARVEOUT_ATTR_CACHED);
	while (size) {
		size_t step = min_t(u64, size, STEP);

		scrub_piece(va, step, writeback);
		va += step;
		size -= step;
		cond_resched();
	}
	/* Order the zeroes before any step that makes the memory visible. */
	wmb();
}

/**
 * carveout_claim_copy() - Copy from one part of memory to another
 * @to: claim to copy to
 * @to_start: physical address in it
 * @from: claim to copy from
 * @from_start: physical address in it
 * @size: bytes; the two parts do not overlap
 *
 * Context: Process context. May sleep. Large sizes take long and are copied in
 * steps.
 * Return: 0; -EINTR if the caller is being killed, and then a part is copied.
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
	/* Order the copy before any step that makes it visible. */
	wmb();
	return 0;
}

/**
 * carveout_claim_flush() - Write back and invalidate the caches for a part of a claim
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes
 *
 * The CPU and others then see the same bytes: stores of the CPU reach memory, and
 * its next loads read from memory. For caches that devices do not snoop.
 *
 * Context: Process context. May sleep. Large sizes take long and are flushed in
 * steps.
 */
void carveout_claim_flush(struct carveout_claim *claim, u64 start, u64 size)
{
	const void *va = carveout_claim_va(claim, start);

	if (!(claim->range.attrs & CARVEOUT_ATTR_CACHED)) {
		wmb();	/* empty the write buffers of uncached stores */
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
