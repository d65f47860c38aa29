// SPDX-License-Identifier: GPL-2.0
/*
 * Sources of heaps, common parts: attributes by name, memory of the system.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "mem/claim.h"
#include "source.h"

static const char * const attr_names[] = {
	"cached", "writecombine", "uncached",
};

static const u32 attr_bits[] = {
	CARVEOUT_ATTR_CACHED, CARVEOUT_ATTR_WRITECOMBINE, CARVEOUT_ATTR_UNCACHED,
};

static_assert(ARRAY_SIZE(attr_names) == ARRAY_SIZE(attr_bits));

/**
 * carveout_attr_parse() - Attribute bit by name
 * @name: "cached", "writecombine" or "uncached"
 *
 * Context: Any context.
 * Return: CARVEOUT_ATTR_*, or 0 if no attribute has this name.
 */
u32 carveout_attr_parse(const char *name)
{
	int i = match_string(attr_names, ARRAY_SIZE(attr_names), name);

	return i < 0 ? 0 : attr_bits[i];
}

/**
 * carveout_attr_is_device() - Check whether a name stands for device memory
 * @name: name of an attribute
 *
 * Unaligned access to device memory faults, and so do the instructions that memset() and
 * memcpy() use. A heap zeroes its memory and copies it when a buffer moves, and programs
 * do both with a buffer. So such a request is refused with a message of its own.
 *
 * Context: Any context.
 * Return: true for device memory.
 */
bool carveout_attr_is_device(const char *name)
{
	return !strcmp(name, "device");
}

/**
 * carveout_usually_coherent() - Check whether devices usually snoop the CPU's caches
 *
 * The architecture's usual case, for a heap without a device that would tell.
 *
 * Context: Any context.
 * Return: true if they do.
 */
bool carveout_usually_coherent(void)
{
	return !IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE);
}

static int by_base(const void *a, const void *b)
{
	const struct carveout_range *x = a, *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

/*
 * Allocate one piece of at most @size bytes and at most order @order, which is set to the
 * order of the piece.
 */
static int take_pages(struct carveout_range *range, u64 size, unsigned int *order)
{
	struct page *page;

	*order = min_t(unsigned int, *order, ilog2(size >> PAGE_SHIFT));
	for (;; --*order) {
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, *order);
		if (page)
			break;
		if (!*order)
			return -ENOMEM;
	}
	/* Pieces may be joined, so all memory is freed page by page. */
	split_page(page, *order);
	range->base = PFN_PHYS(page_to_pfn(page));
	range->size = PAGE_SIZE << *order;
	range->attrs = CARVEOUT_ATTR_CACHED;
	range->source = CARVEOUT_SOURCE_SYSTEM;
	strscpy(range->name, "system", sizeof(range->name));
	return 0;
}

/**
 * carveout_system_ranges() - Allocate memory from the system
 * @size: bytes, whole pages
 * @count: filled in with the number of ranges
 *
 * Context: Process context. May sleep.
 * Return: an array of ranges in the order of their addresses, to be freed with
 * kvfree(); or an ERR_PTR.
 */
struct carveout_range *carveout_system_ranges(u64 size, unsigned int *count)
{
	unsigned int order = MAX_PAGE_ORDER, pieces, n = 0;
	struct carveout_range *ranges;
	int ret = 0;

	if (size > (u64)totalram_pages() << PAGE_SHIFT) {
		pr_err("0x%llx bytes are more memory than this machine has; ask for less\n", size);
		return ERR_PTR(-ENOMEM);
	}
	/* Enough for the largest pieces, and 1024 more for smaller ones. */
	pieces = (size >> PAGE_SHIFT >> MAX_PAGE_ORDER) + 1024;
	ranges = kvcalloc(pieces, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return ERR_PTR(-ENOMEM);

	while (size && !ret) {
		ret = n < pieces ? take_pages(&ranges[n], size, &order) : -ENOMEM;
		if (!ret)
			size -= ranges[n++].size;
	}
	if (ret) {
		pr_err("not enough contiguous system memory; ask for less, or load the module earlier\n");
		while (n)
			carveout_range_release(&ranges[--n]);
		kvfree(ranges);
		return ERR_PTR(ret);
	}
	sort(ranges, n, sizeof(*ranges), by_base, NULL);
	*count = n;
	return ranges;
}
