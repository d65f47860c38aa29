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
 * each free. Memory that the CPU must not access has no mapping, and is never scrubbed.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/lockdep.h>
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
#include "dma_pool.h"
#include "objects.h"
#include "pages.h"

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

/* The claim that a range overlaps, or NULL. */
static const struct carveout_claim *find_overlap_locked(const struct carveout_range *range)
{
	const struct carveout_claim *claim;

	lockdep_assert_held(&claims_lock);
	list_for_each_entry(claim, &claims, node)
		if (ranges_overlap(range, &claim->range))
			return claim;
	return NULL;
}

static int refuse_unreserved(const struct carveout_range *range)
{
	range_err(range, "was not set aside at boot; look for 'Reserved memory' in the boot log: it lies outside RAM or overlaps another region");
	return -EINVAL;
}

/* The mapped claim that has this page, or NULL. */
static const struct carveout_claim *claim_of_page_locked(unsigned long pfn)
{
	const struct carveout_range page = { .base = PFN_PHYS(pfn), .size = PAGE_SIZE };
	const struct carveout_claim *claim = find_overlap_locked(&page);

	return claim && claim->range.source == CARVEOUT_SOURCE_MAPPED ? claim : NULL;
}

/*
 * The pages of a claim are not reserved, but were set aside. A range that overlaps a claim
 * is refused when it is claimed itself.
 */
static int check_mapped(const struct carveout_range *range)
{
	unsigned long pfn = PHYS_PFN(range->base), end = PHYS_PFN(range_last(range));
	const struct carveout_claim *claim;
	int ret = 0;

	mutex_lock(&claims_lock);
	while (!ret && pfn <= end) {
		if (carveout_page_reserved(pfn)) {
			pfn++;
			continue;
		}
		claim = claim_of_page_locked(pfn);
		if (claim)
			pfn = PHYS_PFN(range_last(&claim->range)) + 1;
		else
			ret = refuse_unreserved(range);
	}
	mutex_unlock(&claims_lock);
	return ret;
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

	if (range->attrs & CARVEOUT_ATTR_NO_CPU &&
	    (range->source != CARVEOUT_SOURCE_NOMAP || cache == CARVEOUT_ATTR_CACHED)) {
		range_err(range, "is memory that the CPU must not access, but the kernel maps it or is to map it cached; add no-map to its reserved-memory node, and leave the memory type out");
		return -EINVAL;
	}
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

static int check_nomap(const struct carveout_range *range)
{
	if (region_intersects(range->base, range->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		range_err(range, "is memory that the kernel uses; set it aside with a no-map reserved-memory node, or memmap=SIZE$BASE on x86");
		return -EINVAL;
	}
	/* There a mapping would refer to the struct pages: see buf/mmap.c. */
	if (!IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL)) {
		range_err(range, "cannot be no-map: page table entries have no special bit on this architecture; remove no-map from its reserved-memory node");
		return -EINVAL;
	}
	return 0;
}

static int check_memory(const struct carveout_range *range)
{
	switch (range->source) {
	case CARVEOUT_SOURCE_NOMAP:
		return check_nomap(range);
	case CARVEOUT_SOURCE_MAPPED:
		return check_mapped(range);
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
	a->pool = carveout_dma_pool_join(a->pool, b->pool);
	return true;
}

static int claim_enlist(struct carveout_claim *claim)
{
	const struct carveout_claim *other;
	int ret = 0;

	mutex_lock(&claims_lock);
	other = find_overlap_locked(&claim->range);
	if (other) {
		range_err(&claim->range, "overlaps region %s [0x%llx, size 0x%llx], which is in use; name each region in one heap only, or wait until the buffers of its former heap are closed",
			  other->range.name, (u64)other->range.base,
			  other->range.size);
		ret = -EBUSY;
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
	/* Now no other claim overlaps the range. */
	if (range->source == CARVEOUT_SOURCE_MAPPED && !carveout_pages_reserved(range))
		return refuse_unreserved(range);
	while (pfn <= end) {
		if (carveout_page_unpinned(pfn)) {
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
		if (range->source == CARVEOUT_SOURCE_MAPPED)
			carveout_pages_set_reserved(range, false);
		return 0;
	}

	if (!request_mem_region(range->base, range->size, claim->resource)) {
		range_err(range, "is in use by another driver; /proc/iomem shows which one; remove the region from one of the two, or boot again if it was abandoned");
		return -EBUSY;
	}
	/* Not even a mapping: the CPU could access the memory speculatively. */
	if (range->attrs & CARVEOUT_ATTR_NO_CPU)
		return 0;
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

/*
 * The pages of an abandoned claim may be pinned, so they stay ordinary ones. No heap claims
 * them again, because they are not reserved. No-map memory is abandoned because of a fence, and
 * stays requested.
 */
static void claim_unmap(struct carveout_claim *claim)
{
	const struct carveout_range *range = &claim->range;

	switch (range->source) {
	case CARVEOUT_SOURCE_NOMAP:
		if (carveout_claim_has_va(claim))
			memunmap(claim->va);
		if (!claim->abandoned)
			release_mem_region(range->base, range->size);
		break;
	case CARVEOUT_SOURCE_MAPPED:
		if (!claim->abandoned)
			carveout_pages_set_reserved(range, true);
		break;
	case CARVEOUT_SOURCE_SYSTEM:
		break;
	}
}

/**
 * carveout_range_release() - Return a range to its source
 * @range: a range without users; pages from the system may be pinned, and are then freed
 *	with their last pin
 *
 * Context: Process context. May sleep.
 */
void carveout_range_release(const struct carveout_range *range)
{
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range_last(range));

	carveout_dma_pool_release(range->pool);
	if (range->source != CARVEOUT_SOURCE_SYSTEM)
		return;
	for (; pfn <= end; pfn++)
		__free_page(pfn_to_page(pfn));
}

/**
 * carveout_claim_create() - Claim a range
 * @range: a range that passed carveout_range_check(). Pages from the system then
 *	belong to the claim; on failure they are freed.
 * @heap: name of the heap, for /proc/iomem
 *
 * Context: Process context. May sleep. Takes claims_lock.
 * Return: the claim, or an ERR_PTR: -EBUSY if the memory is in use; -ENOMEM.
 */
struct carveout_claim *carveout_claim_create(const struct carveout_range *range,
					     const char *heap)
{
	struct carveout_claim *claim;
	int ret;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim) {
		ret = -ENOMEM;
		goto release_range;
	}
	claim->range = *range;
	scnprintf(claim->resource, sizeof(claim->resource), "carveout %s: %s", heap,
		  range->name);

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
	bool lost = claim->abandoned && claim->range.source == CARVEOUT_SOURCE_NOMAP;

	claim_unmap(claim);
	if (!lost)
		carveout_range_release(&claim->range);
	claim_delist(claim);
	kvfree(claim->region);
	/* Memory that stays requested has its name in the claim. */
	if (!lost)
		kfree(claim);
	carveout_object_dec(CARVEOUT_OBJ_CLAIM);
}

/**
 * carveout_claim_va() - Address of a part of a claim in the kernel's mapping
 * @claim: the claim
 * @start: physical address in it
 *
 * Context: Any context.
 * Return: the virtual address, in a mapping with the region's memory type; NULL if the
 * CPU must not access the memory.
 */
void *carveout_claim_va(const struct carveout_claim *claim, u64 start)
{
	return carveout_claim_has_va(claim) ? claim->va + (start - claim->range.base) : NULL;
}

/* Bytes from @start to the end of its page, at most @size. */
static u64 rest_of_page(u64 start, u64 size)
{
	return min_t(u64, size, PAGE_SIZE - offset_in_page(start));
}

/* Whole pages are zeroed in the fastest way that the CPU has. */
static void zero(void *va, u64 size)
{
	if (PAGE_ALIGNED(va)) {
		for (; size >= PAGE_SIZE; size -= PAGE_SIZE, va += PAGE_SIZE)
			clear_page(va);
	}
	memset(va, 0, size);
}

/* Zero memory up to the first poisoned page. Return the number of bytes. */
static u64 scrub_piece(const struct carveout_claim *claim, u64 start, u64 size,
		       bool writeback)
{
	void *va = carveout_claim_va(claim, start);

	size = carveout_claim_healthy(claim, start, size);
	zero(va, size);
	if (writeback)
		carveout_cache_flush(va, size);
	return size;
}

static bool needs_writeback(const struct carveout_claim *claim, bool writeback)
{
	return writeback && claim->range.attrs & CARVEOUT_ATTR_CACHED;
}

/**
 * carveout_claim_scrub_atomic() - Zero a small part of a claim
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes, only few: they are zeroed in one step
 * @writeback: as for carveout_claim_scrub()
 *
 * Poisoned pages are left alone.
 *
 * Context: Any context.
 */
void carveout_claim_scrub_atomic(struct carveout_claim *claim, u64 start, u64 size,
				 bool writeback)
{
	u64 done;

	writeback = needs_writeback(claim, writeback);
	while (size) {
		done = scrub_piece(claim, start, size, writeback) ?:
		       rest_of_page(start, size);
		start += done;
		size -= done;
	}
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
 * is left that could be written back over them. Poisoned pages, and memory that the CPU
 * must not access, are left as they are.
 *
 * Context: Process context. May sleep. Large sizes take long and are zeroed in
 * steps.
 */
void carveout_claim_scrub(struct carveout_claim *claim, u64 start, u64 size,
			  bool writeback)
{
	u64 done;

	if (!carveout_claim_has_va(claim))
		return;
	writeback = needs_writeback(claim, writeback);
	while (size) {
		done = scrub_piece(claim, start, min_t(u64, size, STEP), writeback) ?:
		       rest_of_page(start, size);
		start += done;
		size -= done;
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
 * Return: 0; -EINTR if the caller is being killed; -EHWPOISON if a page of @from is
 * poisoned; -EOPNOTSUPP if the CPU must not access one of them. On failure a part is
 * copied.
 */
int carveout_claim_copy(struct carveout_claim *to, u64 to_start,
			const struct carveout_claim *from, u64 from_start, u64 size)
{
	const void *src = carveout_claim_va(from, from_start);
	void *dst = carveout_claim_va(to, to_start);

	if (!src || !dst)
		return -EOPNOTSUPP;
	while (size) {
		size_t step = min_t(u64, size, STEP);

		if (fatal_signal_pending(current))
			return -EINTR;
		if (carveout_claim_healthy(from, from_start, step) < step)
			return -EHWPOISON;
		memcpy(dst, src, step);
		dst += step;
		src += step;
		from_start += step;
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
