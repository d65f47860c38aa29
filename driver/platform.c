// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps from the device tree: a linux,carveout-heap DT node defines a heap over the
 * regions that its memory-region property refers to.
 *
 *	heap {
 *		compatible = "linux,carveout-heap";
 *		memory-region = <&dsp_a>, <&dsp_b>;
 *		linux,heap-name = "dsp";
 *		linux,region-attributes = "writecombine", "cached";
 *		linux,reserved-tags = "video.";
 *		linux,reserved-tag-uids = <44>;
 *	};
 *
 * All regions of a DT node are checked before any is claimed. Each invalid region is
 * reported in the log, and then the heap is not created.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_reserved_mem.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../lib/tag.h"
#include "heaps.h"
#include "carveout_internal.h"
#include "dev/chardev.h"
#include "mem/claim.h"
#include "source.h"

static u32 parse_attr(struct device *dev, const char *region, const char *name)
{
	u32 attr = carveout_attr_parse(name);

	if (carveout_attr_is_device(name))
		dev_err(dev, "region %s: %s in linux,region-attributes\n", region,
			CARVEOUT_NO_DEVICE_MEMORY);
	else if (!attr)
		dev_err(dev, "region %s: unknown attribute '%s'; linux,region-attributes takes cached, writecombine or uncached\n",
			region, name);
	return attr;
}

/* Look up the range that the kernel set aside for @np at boot. */
static int lookup_range(struct device *dev, struct device_node *np,
			struct carveout_range *range)
{
	struct reserved_mem *rmem;
	struct resource res;
	const char *owner;

	/* CMA, coherent pools, bounce buffers, ramoops, memory of firmware, ... */
	if (!of_property_read_string(np, "compatible", &owner)) {
		dev_err(dev, "region %pOFP: is a %s, owned by another driver; name a region without a compatible\n",
			np, owner);
		return -EINVAL;
	}
	rmem = of_reserved_mem_lookup(np);
	if (!rmem) {
		dev_err(dev, "region %pOFP: was not set aside at boot; it has to be an enabled child of /reserved-memory with a reg property\n",
			np);
		return -EINVAL;
	}
	/* The look-up compares only names: verify that it found this DT node. */
	if (of_address_to_resource(np, 0, &res)) {
		dev_err(dev, "region %pOFP: has no fixed address; give it a reg property instead of a size\n",
			np);
		return -EINVAL;
	}
	if (res.start != rmem->base) {
		dev_err(dev, "region %pOFP: another region in /reserved-memory has this name; rename one\n",
			np);
		return -EINVAL;
	}
	range->base = rmem->base;
	range->size = rmem->size;
	range->source = of_property_read_bool(np, "no-map") ?
			CARVEOUT_SOURCE_NOMAP : CARVEOUT_SOURCE_MAPPED;
	return 0;
}

/* Attribute of region @i: from the heap's DT node, by default as the kernel maps it. */
static int lookup_attrs(struct device *dev, unsigned int i,
			struct carveout_range *range)
{
	u32 user = 0;
	const char *name;

	range->attrs = range->source == CARVEOUT_SOURCE_MAPPED ?
		       CARVEOUT_ATTR_CACHED : CARVEOUT_ATTR_WRITECOMBINE;
	if (!of_property_read_string_index(dev->of_node, "linux,region-attributes",
					   i, &name)) {
		range->attrs = parse_attr(dev, range->name, name);
		if (!range->attrs)
			return -EINVAL;
	}
	of_property_read_u32_index(dev->of_node, "linux,region-user-attributes",
				   i, &user);
	if (user & ~(CARVEOUT_ATTR_USER_MASK >> CARVEOUT_ATTR_USER_SHIFT)) {
		dev_err(dev, "region %s: linux,region-user-attributes 0x%x has more than 16 bits\n",
			range->name, user);
		return -EINVAL;
	}
	range->attrs |= user << CARVEOUT_ATTR_USER_SHIFT;
	return 0;
}

static int read_region(struct device *dev, unsigned int i,
		       struct carveout_range *range)
{
	struct device_node *np;
	const char *name;
	int ret;

	np = of_parse_phandle(dev->of_node, "memory-region", i);
	if (!np) {
		dev_err(dev, "memory-region entry %u does not resolve; give it the phandle of a child of /reserved-memory\n",
			i);
		return -EINVAL;
	}
	ret = lookup_range(dev, np, range);
	if (!ret) {
		if (of_property_read_string_index(dev->of_node,
						  "memory-region-names", i, &name))
			name = kbasename(np->full_name);
		strscpy(range->name, name, sizeof(range->name));
		ret = lookup_attrs(dev, i, range);
	}
	of_node_put(np);

	return ret;
}

/* A list of values per region has one for each region, or is absent. */
static int check_count(struct device *dev, const char *list, int n, int count)
{
	if (n == count || !of_find_property(dev->of_node, list, NULL))
		return 0;
	if (n < 0)
		dev_err(dev, "%s is malformed (%d); give one entry for each of %d regions\n",
			list, n, count);
	else
		dev_err(dev, "%s has %d entries for %d regions; give one for each\n",
			list, n, count);
	return -EINVAL;
}

static int count_regions(struct device *dev)
{
	static const char * const strings[] = {
		"linux,region-attributes", "memory-region-names",
	};
	static const char numbers[] = "linux,region-user-attributes";
	struct device_node *np = dev->of_node;
	unsigned int i;
	int count, ret;

	count = of_count_phandle_with_args(np, "memory-region", NULL);
	if (count <= 0) {
		dev_err(dev, "has no memory-region property; name at least one child of /reserved-memory in it\n");
		return -EINVAL;
	}
	ret = check_count(dev, numbers, of_property_count_u32_elems(np, numbers),
			  count);
	for (i = 0; i < ARRAY_SIZE(strings) && !ret; i++)
		ret = check_count(dev, strings[i],
				  of_property_count_strings(np, strings[i]), count);
	return ret ?: count;
}

static int read_name(struct device *dev, char *name)
{
	const char *s;

	memset(name, 0, CARVEOUT_NAME_LEN);
	s = kbasename(dev->of_node->full_name);
	if (of_find_property(dev->of_node, "linux,heap-name", NULL) &&
	    of_property_read_string(dev->of_node, "linux,heap-name", &s))
		s = "";
	if (strscpy(name, s, CARVEOUT_NAME_LEN) < 0 ||
	    !carveout_heap_name_valid(name)) {
		dev_err(dev, "'%s' is not a valid heap name; set linux,heap-name to 1 to 63 of A-Z a-z 0-9 . _ - without a leading dot\n",
			s);
		return -EINVAL;
	}
	return 0;
}

/* Prefixes of tags, each reserved for a user. Both lists have the same length. */
static int read_reserved_tags(struct device *dev, struct carveout *carveout)
{
	static const char prefixes[] = "linux,reserved-tags";
	static const char uids[] = "linux,reserved-tag-uids";
	struct carveout_tag_prefix *entry;
	const char *prefix;
	int i, count;
	u32 uid;

	count = of_property_count_strings(dev->of_node, prefixes);
	if (count == -EINVAL)
		count = 0;	/* no such property */
	if (count < 0 ||
	    max(of_property_count_u32_elems(dev->of_node, uids), 0) != count) {
		dev_err(dev, "%s and %s differ in length; give strings, and one user id for each\n",
			prefixes, uids);
		return -EINVAL;
	}
	entry = kcalloc(count, sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	carveout->tag_prefixes = entry;
	for (i = 0; i < count; i++, entry++) {
		of_property_read_string_index(dev->of_node, prefixes, i, &prefix);
		of_property_read_u32_index(dev->of_node, uids, i, &uid);
		entry->uid = make_kuid(&init_user_ns, uid);
		if (strscpy(entry->prefix, prefix, CARVEOUT_NAME_LEN) < 0 ||
		    carveout_tag_check(entry->prefix) ||
		    !uid_valid(entry->uid)) {
			dev_err(dev, "%s: '%s' for user %u is invalid; a prefix is 1 to 63 of A-Z a-z 0-9 . _ -\n",
				prefixes, prefix, uid);
			return -EINVAL;
		}
	}
	carveout->nr_tag_prefixes = count;
	return 0;
}

static void unpublish(void *device)
{
	carveout_unpublish(device);
}

/* Create the heap with all regions of the DT node, or not at all. */
static struct carveout *make_heap(struct device *dev, const char *name, int count)
{
	bool coherent = dev_is_dma_coherent(dev);
	struct carveout *carveout;
	struct carveout_range *ranges;
	int i, good = 0;

	ranges = kcalloc(count, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++)
		good += !read_region(dev, i, &ranges[good]);
	if (good == count) {
		carveout = carveout_from_ranges(name, ranges, count,
						coherent ? CARVEOUT_HEAP_COHERENT : 0);
	} else {
		/* The other regions may have faults to report, too. */
		carveout_ranges_check(ranges, good, coherent);
		carveout = ERR_PTR(-EINVAL);
	}
	kfree(ranges);
	return carveout;
}

static int carveout_probe(struct platform_device *pdev)
{
	struct carveout_device *device;
	struct device *dev = &pdev->dev;
	char name[CARVEOUT_NAME_LEN];
	struct carveout *carveout;
	int count, ret;

	ret = read_name(dev, name);
	if (ret)
		return ret;
	count = count_regions(dev);
	if (count < 0)
		return count;

	carveout = make_heap(dev, name, count);
	if (IS_ERR(carveout))
		return dev_err_probe(dev, PTR_ERR(carveout), "no heap '%s'\n", name);
	ret = read_reserved_tags(dev, carveout);
	device = ret ? ERR_PTR(ret) : carveout_publish(dev, carveout);
	__carveout_put(carveout);	/* the device node has its own reference */
	if (IS_ERR(device))
		return dev_err_probe(dev, PTR_ERR(device), "no heap '%s'\n", name);

	return devm_add_action_or_reset(dev, unpublish, device);
}

static const struct of_device_id carveout_of_match[] = {
	{ .compatible = "linux,carveout-heap" },
	{ }
};
MODULE_DEVICE_TABLE(of, carveout_of_match);

static struct platform_driver carveout_driver = {
	.probe = carveout_probe,
	.driver = {
		.name = "carveout",
		.of_match_table = carveout_of_match,
	},
};

/**
 * carveout_platform_init() - Register the platform driver
 *
 * Context: Process context. May sleep.
 * Return: 0 or a negative errno.
 */
int carveout_platform_init(void)
{
	return platform_driver_register(&carveout_driver);
}

/**
 * carveout_platform_exit() - Undo carveout_platform_init()
 *
 * Context: Process context. May sleep.
 */
void carveout_platform_exit(void)
{
	platform_driver_unregister(&carveout_driver);
}
