// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps from module parameters, for machines without a device tree.
 *
 *	default=16M
 *		a heap "default" of system memory, in pieces from the page allocator
 *	regions=NAME:BASE+SIZE[:ATTR],...
 *		heaps of memory that is set aside with memmap= or in a similar way.
 *		Entries with the same name become regions of one heap.
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

#include "heaps.h"
#include "carveout_internal.h"
#include "dev/chardev.h"
#include "mem/claim.h"
#include "source.h"

static char *default_size;
module_param_named(default, default_size, charp, 0444);
MODULE_PARM_DESC(default, "Size of a heap 'default' of system memory, e.g. 16M");

static char *regions;
/* Names physical memory: refused under lockdown, and readable for root alone. */
module_param_hw(regions, charp, iomem, 0400);
MODULE_PARM_DESC(regions, "NAME:BASE+SIZE[:cached|writecombine|uncached|no-cpu-access],... of memory that is set aside");

/* Maximum number of ranges in the parameter regions, of all heaps. */
#define RANGES_MAX	CARVEOUT_MAX_REGIONS

/* The heaps, and their device nodes once they are published. */
static struct carveout *heaps[RANGES_MAX + 1];
static struct carveout_device *devices[RANGES_MAX + 1];
static unsigned int nr_heaps;

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
		pr_err("default=%s: not a size, or more memory than this machine has; use for example default=16M\n",
		       default_size);
		return -EINVAL;
	}
	return default_heap(PAGE_ALIGN(size));
}

/* === regions= ============================================================= */

static u32 parse_attr(const char *attr)
{
	if (!strcmp(attr, "no-cpu-access"))
		return CARVEOUT_ATTR_WRITECOMBINE | CARVEOUT_ATTR_NO_CPU;
	return carveout_attr_parse(attr);
}

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
	range->attrs = attr ? parse_attr(attr) : CARVEOUT_ATTR_WRITECOMBINE;
	range->source = CARVEOUT_SOURCE_NOMAP;
	return range->attrs ? 0 : -EINVAL;
}

static void region_err(const char *entry, int err)
{
	if (err == -EOPNOTSUPP)
		pr_err("regions=: '%s': %s as ATTR\n", entry, CARVEOUT_NO_DEVICE_MEMORY);
	else
		pr_err("regions=: '%s' is not NAME:BASE+SIZE[:ATTR], or is one too many; use a NAME of A-Z a-z 0-9 . _ - without a leading dot, and cached, writecombine, uncached or no-cpu-access as ATTR\n",
		       entry);
}

/*
 * Move all ranges of the first range's heap to the front. They keep their order, in which
 * requests try them. Returns the number of ranges of that heap.
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

/* One invalid heap fails module init, but the log reports the faults of all heaps. */
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
 * carveout_params_init() - Create the heaps of the module parameters
 *
 * They have no device nodes yet.
 *
 * Context: Process context. May sleep.
 * Return: 0, or a negative errno; then no heap exists.
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
 * carveout_params_publish() - Create the device nodes of these heaps
 *
 * A failure is reported in the log, and the heap remains without a device node.
 *
 * Context: Process context. May sleep.
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
 * carveout_params_exit() - Remove the device nodes and put the heaps
 *
 * Context: Process context. May sleep.
 */
void carveout_params_exit(void)
{
	while (nr_heaps) {
		nr_heaps--;
		if (!IS_ERR_OR_NULL(devices[nr_heaps]))
			carveout_unpublish(devices[nr_heaps]);
		__carveout_put(heaps[nr_heaps]);
	}
}
