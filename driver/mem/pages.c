// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of claims: reserved or ordinary, pinned, poisoned.
 *
 * Pages of a mapped region are reserved (PG_reserved) from boot on, and ordinary while
 * they are claimed. KVM, VFIO and others take references to all pages, but drop them only
 * for pages that are not reserved: a reserved page would never be unpinned.
 *
 * memory_failure() marks a page as poisoned when the hardware reports an error in it.
 * From then on any access may be a machine check.
 */

#include <linux/kconfig.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "claim.h"
#include "pages.h"

/* Bytes to check before other tasks get a chance to run. */
#define STEP	SZ_1M

/* === Reserved ============================================================= */

/**
 * carveout_page_reserved() - Check that a page is set aside and in the linear mapping
 * @pfn: any page frame number
 *
 * Context: Any context.
 * Return: true if it is.
 */
bool carveout_page_reserved(unsigned long pfn)
{
	return pfn_valid(pfn) && PageReserved(pfn_to_page(pfn));
}

/**
 * carveout_pages_reserved() - Check that all pages of a range are set aside
 * @range: the range
 *
 * Context: Process context.
 * Return: true if they are.
 */
bool carveout_pages_reserved(const struct carveout_range *range)
{
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range->base + range->size - 1);

	while (pfn <= end && carveout_page_reserved(pfn))
		pfn++;
	return pfn > end;
}

/**
 * carveout_pages_set_reserved() - Make pages reserved, or ordinary ones
 * @range: a range of a mapped region
 * @reserved: reserved
 *
 * Context: Process context. No other claim overlaps the range.
 */
void carveout_pages_set_reserved(const struct carveout_range *range, bool reserved)
{
	unsigned long pfn = PHYS_PFN(range->base);
	unsigned long end = PHYS_PFN(range->base + range->size - 1);

	for (; pfn <= end; pfn++) {
		if (reserved)
			SetPageReserved(pfn_to_page(pfn));
		else
			ClearPageReserved(pfn_to_page(pfn));
	}
}

/* === Pinned =============================================================== */

/**
 * carveout_page_unpinned() - Check that only the claim holds a page
 * @pfn: a page of the linear mapping
 *
 * Then it has the count that every page of a claim starts with: memblock leaves
 * reserved pages with a count of one, and so does the page allocator with the pages
 * that it allocates. A compound page would have one count for many pages. A poisoned
 * page is never used again, so its count does not matter; memory_failure() may keep a
 * reference for good.
 *
 * Context: Any context.
 * Return: true if the page has no pin.
 */
bool carveout_page_unpinned(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	return (!PageCompound(page) && page_count(page) == 1) || PageHWPoison(page);
}

/**
 * carveout_claim_unpinned() - Length of the unpinned memory at the start of a range
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
		if (!carveout_page_unpinned(PHYS_PFN(start + done)))
			break;
		if (!(done % STEP))
			cond_resched();
	}
	/* Pairs with the drop of a pin, which is fully ordered. */
	smp_mb();
	return done;
}

/**
 * carveout_claim_leak() - Keep pages from ever being freed
 * @claim: a claim of pages from the system
 * @start: physical address in it
 * @size: bytes, whole pages
 *
 * A device may access them, and nothing tells when it stops.
 *
 * Context: Process context. May sleep.
 */
void carveout_claim_leak(const struct carveout_claim *claim, u64 start, u64 size)
{
	u64 done;

	for (done = 0; done < size; done += PAGE_SIZE) {
		get_page(pfn_to_page(PHYS_PFN(start + done)));
		if (!(done % STEP))
			cond_resched();
	}
}

/* === Poisoned ============================================================= */

/*
 * Length of the memory at the start without a poisoned page, up to the next multiple of 2 MiB.
 * Memory has struct pages in units of that size or of a multiple: all of its pages have one, or
 * none.
 */
static u64 healthy_piece(const struct carveout_claim *claim, u64 start, u64 size)
{
	u64 end = min(start + size, ALIGN(start + 1, SZ_2M)), at;
	unsigned long pfn = PHYS_PFN(start);
	struct page *page = claim->range.source == CARVEOUT_SOURCE_NOMAP ?
			    pfn_to_online_page(pfn) : pfn_to_page(pfn);

	/* Memory without a struct page cannot be marked. */
	if (!page)
		return end - start;
	for (at = PFN_PHYS(pfn); at < end; at += PAGE_SIZE)
		if (PageHWPoison(page++))
			break;
	return clamp(at, start, end) - start;
}

/**
 * carveout_claim_healthy() - Length of the healthy memory at the start of a range
 * @claim: the claim
 * @start: physical address in it
 * @size: bytes
 *
 * Context: Any context.
 * Return: bytes from @start to the first poisoned page, or @size if there is none.
 */
u64 carveout_claim_healthy(const struct carveout_claim *claim, u64 start, u64 size)
{
	u64 done = 0, piece;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return size;
	while (done < size) {
		piece = healthy_piece(claim, start + done, size - done);
		done += piece;
		if (!piece)
			break;
	}
	return done;
}
