// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps from module parameters, for machines without a device tree.
 *
 *	default=16M
 *		a heap "default" of system memory, in pieces that the page
 *		allocator can give
 *	regions=NAME:BASE+SIZE[:ATTR],...
 *		heaps of memory that was set aside with memmap= or the like.
 *		Entries of one name become regions of one heap.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "carveout_internal.h"

static char *default_size;
module_param_named(default, default_size, charp, 0444);
MODULE_PARM_DESC(default, "Size of a heap 'default' of system memory, e.g. 16M");

static char *regions;
module_param(regions, charp, 0400);	/* it has physical addresses */
MODULE_PARM_DESC(regions, "NAME:BASE+SIZE[:cached|writecombine|uncached],... of memory that is set aside");

/* All ranges of all heaps that the parameters ask for. */
#define RANGES_MAX	CARVEOUT_MAX_REGIONS

/* The heaps, and their nodes once they are published. */
static struct carveout *heaps[RANGES_MAX + 1];
static struct carveout_device *devices[RANGES_MAX + 1];
static unsigned int nr_heaps;

/**
 * carveout_usually_coherent() - do devices see the CPU's caches?
 *
 * Where there is no device to ask, it is the architecture's usual case.
 *
 * Context: Any.
 * Return: true if so.
 */
bool carveout_usually_coherent(void)
{
	return !IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE);
}

static int add_heap(const char *name, struct carveout_range *ranges,
		    unsigned int count)
{
	struct carveout *carveout;

	carveout = carveout_from_ranges(name, ranges, count,
					carveout_usually_coherent() ?
					CARVEOUT_HEAP_COHERENT : 0);
	if (IS_ERR(carveout)) {
		pr_err("no heap '%s' (%ld)\n", name, PTR_ERR(carveout));
		return PTR_ERR(carveout);
	}
	heaps[nr_heaps++] = carveout;
	return 0;
}

/* === default= ============================================================= */

static int by_base(const void *a, const void *b)
{
	const struct carveout_range *x = a, *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

/*
 * One piece of at most @size bytes and at most the order @order, which becomes
 * the one that memory was found with.
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
	/* They go back page by page, whatever they are joined to. */
	split_page(page, *order);
	range->base = PFN_PHYS(page_to_pfn(page));
	range->size = PAGE_SIZE << *order;
	range->attrs = CARVEOUT_ATTR_CACHED;
	range->source = CARVEOUT_SOURCE_SYSTEM;
	strscpy(range->name, "system", sizeof(range->name));
	return 0;
}

/**
 * carveout_system_ranges() - take memory from the system
 * @size: bytes, whole pages
 * @count: where the number of ranges goes
 *
 * Context: May sleep.
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
	/* As many as it takes in the largest pieces, with room for small ones. */
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
		pr_err("the system has not that much memory in large pieces; ask for less, or load the module earlier\n");
		while (n)
			carveout_range_release(&ranges[--n]);
		kvfree(ranges);
		return ERR_PTR(ret);
	}
	sort(ranges, n, sizeof(*ranges), by_base, NULL);
	*count = n;
	return ranges;
}

static int default_heap(u64 size)
{
	struct carveout_range *ranges;
	unsigned int count;
	int ret;

	ranges = carveout_system_ranges(size, &count);
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	ret = add_heap("default", ranges, count);
	kvfree(ranges);
	return ret;
}

static int parse_default(void)
{
	unsigned long long size;
	char *end;

	if (!default_size)
		return 0;
	size = memparse(default_size, &end);
	if (end == default_size || *end || !size ||
	    size > (u64)totalram_pages() << PAGE_SHIFT) {
		pr_err("default=%s: not a size that this machine has; say for example default=16M\n",
		       default_size);
		return -EINVAL;
	}
	return default_heap(PAGE_ALIGN(size));
}

/* === regions= ============================================================= */

/* NAME:BASE+SIZE[:ATTR] */
static int parse_region(char *entry, struct carveout_range *range)
{
	char *name = strsep(&entry, ":");
	char *place = strsep(&entry, ":");
	char *attr = entry;
	char *end;

	memset(range, 0, sizeof(*range));
	if (strscpy(range->name, name, sizeof(range->name)) < 0 ||
	    !carveout_heap_name_valid(range->name) || !place || !*place)
		return -EINVAL;
	range->base = memparse(place, &end);
	if (end == place || *end != '+')
		return -EINVAL;
	place = end + 1;
	range->size = memparse(place, &end);
	if (end == place || *end)
		return -EINVAL;
	if (attr && carveout_attr_is_device(attr))
		return -EOPNOTSUPP;
	range->attrs = attr ? carveout_attr_parse(attr) :
		       CARVEOUT_ATTR_WRITECOMBINE;
	range->source = CARVEOUT_SOURCE_RESERVED;
	return range->attrs ? 0 : -EINVAL;
}

static void region_err(const char *entry, int err)
{
	if (err == -EOPNOTSUPP)
		pr_err("regions=: '%s': %s as ATTR\n", entry, CARVEOUT_NO_DEVICE_MEMORY);
	else
		pr_err("regions=: '%s' is not NAME:BASE+SIZE[:ATTR] with a NAME of A-Z a-z 0-9 . _ - and no dot in front and ATTR cached, writecombine or uncached, or is one too many\n",
		       entry);
}

/*
 * Move the ranges of the first one's heap up behind it. All keep their order,
 * which is the one in which requests try them. Returns how many they are.
 */
static unsigned int gather_first(struct carveout_range *ranges, unsigned int count)
{
	struct carveout_range range;
	unsigned int i, n = 1;

	for (i = 1; i < count; i++) {
		if (strcmp(ranges[i].name, ranges[0].name))
			continue;
		range = ranges[i];
		memmove(&ranges[n + 1], &ranges[n], (i - n) * sizeof(range));
		ranges[n++] = range;
	}
	return n;
}

/* One bad heap is the end of all, but first each gets to say what is wrong. */
static int add_heaps(struct carveout_range *ranges, unsigned int count)
{
	char name[CARVEOUT_NAME_LEN];
	int ret = 0;

	while (count) {
		unsigned int n = gather_first(ranges, count);
		int err;

		strscpy(name, ranges[0].name, sizeof(name));
		err = add_heap(name, ranges, n);
		ret = ret ?: err;
		ranges += n;
		count -= n;
	}
	return ret;
}

static int parse_regions(void)
{
	struct carveout_range *ranges;
	unsigned int count = 0;
	char *copy, *list, *entry;
	int ret = 0, err;

	if (!regions)
		return 0;
	ranges = kcalloc(RANGES_MAX, sizeof(*ranges), GFP_KERNEL);
	copy = kstrdup(regions, GFP_KERNEL);
	if (!ranges || !copy) {
		ret = -ENOMEM;
		goto free;
	}

	for (list = copy; (entry = strsep(&list, ","));) {
		char text[2 * CARVEOUT_NAME_LEN];

		strscpy(text, entry, sizeof(text));
		err = count < RANGES_MAX ? parse_region(entry, &ranges[count]) : -EINVAL;
		if (!err) {
			count++;
			continue;
		}
		region_err(text, err);
		ret = -EINVAL;
	}
	err = add_heaps(ranges, count);
	ret = ret ?: err;
free:
	kfree(copy);
	kfree(ranges);
	return ret;
}

/**
 * carveout_params_init() - make the heaps that the parameters ask for
 *
 * They have no nodes yet.
 *
 * Context: May sleep.
 * Return: 0, or a negative errno and there is no heap at all.
 */
int carveout_params_init(void)
{
	int ret;

	ret = parse_regions();
	if (!ret)
		ret = parse_default();
	if (ret)
		carveout_params_exit();
	return ret;
}

/**
 * carveout_params_publish() - make the nodes of these heaps
 *
 * One that cannot have its node is a line in the log.
 *
 * Context: May sleep.
 */
void carveout_params_publish(void)
{
	unsigned int i;

	for (i = 0; i < nr_heaps; i++) {
		devices[i] = carveout_publish(NULL, heaps[i]);
		if (IS_ERR(devices[i]))
			pr_err("no heap '%s' (%ld)\n", heaps[i]->name,
			       PTR_ERR(devices[i]));
	}
}

/**
 * carveout_params_exit() - let go of these heaps and their nodes
 *
 * Context: May sleep.
 */
void carveout_params_exit(void)
{
	while (nr_heaps) {
		nr_heaps--;
		if (!IS_ERR_OR_NULL(devices[nr_heaps]))
			carveout_unpublish(devices[nr_heaps]);
		carveout_unref(heaps[nr_heaps]);
	}
}
