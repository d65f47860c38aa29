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
 * A region with the property linux,no-cpu-access is neither mapped nor zeroed.
 *
 * All regions of a DT node are checked before any is claimed. Each invalid region is
 * reported in the log, and then the heap is not created.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>
#include <linux/of.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../lib/tag.h"
#include "heaps.h"
#include "carveout_internal.h"
#include "dev/chardev.h"
#include "mem/claim.h"
#include "reserved.h"
#include "source.h"

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
	int i, err, good = 0, ret = 0;

	ranges = kcalloc(count, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++) {
		err = carveout_reserved_read(dev, i, &ranges[good]);
		good += !err;
		ret = ret ?: err;
	}
	if (!ret) {
		carveout = carveout_from_ranges(name, ranges, count,
						coherent ? CARVEOUT_HEAP_COHERENT : 0);
	} else {
		/* The other regions may have faults to report, too. */
		carveout_ranges_check(ranges, good, coherent);
		while (good)
			carveout_range_release(&ranges[--good]);
		carveout = ERR_PTR(ret);
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
