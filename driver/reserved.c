// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of the device tree: children of /reserved-memory that the DT node of a heap
 * refers to.
 *
 * A region with a compatible belongs to another driver, with one exception. Boards declare
 * memory of remote processors as a "shared-dma-pool" with no-map, because then the kernel
 * leaves it alone until a device is assigned to it. If no other DT node names such a
 * region, it is accepted, and taken from the coherent allocator: see mem/dma_pool.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_reserved_mem.h>
#include <linux/string.h>

#include "mem/claim.h"
#include "mem/dma_pool.h"
#include "reserved.h"
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

static bool is_dma_pool(const struct device_node *region)
{
	return of_device_is_compatible(region, "shared-dma-pool") &&
	       of_property_read_bool(region, "no-map");
}

static bool names_region(const struct device_node *user, const struct device_node *region)
{
	int i, count = of_count_phandle_with_args(user, "memory-region", NULL);
	struct device_node *np;

	for (i = 0; i < count; i++) {
		np = of_parse_phandle(user, "memory-region", i);
		of_node_put(np);
		if (np == region)
			return true;
	}
	return false;
}

/* A device is also disabled with the bus that it is on. */
static bool is_enabled(struct device_node *np)
{
	bool enabled = true;

	of_node_get(np);
	while (np && enabled) {
		enabled = of_device_is_available(np);
		np = of_get_next_parent(np);
	}
	of_node_put(np);
	return enabled;
}

/* The enabled DT node other than @heap that names @region, with a reference; or NULL. */
static struct device_node *other_user(const struct device_node *heap,
				      const struct device_node *region)
{
	struct device_node *user;

	for_each_node_with_property(user, "memory-region")
		if (user != heap && names_region(user, region) && is_enabled(user))
			break;
	return user;
}

static int check_dma_pool(struct device *dev, struct device_node *region)
{
	struct device_node *user;

	if (of_property_read_bool(region, "linux,dma-default")) {
		dev_err(dev, "region %pOFP: is the DMA memory of all devices; remove linux,dma-default, or name another region\n",
			region);
		return -EINVAL;
	}
	user = other_user(dev->of_node, region);
	if (user) {
		dev_err(dev, "region %pOFP: is a shared-dma-pool that %pOF names as well; delete it from the memory-region of that node, or disable the node\n",
			region, user);
		of_node_put(user);
		return -EINVAL;
	}
	return 0;
}

/* CMA, coherent pools, bounce buffers, ramoops, memory of firmware, ... have an owner. */
static int check_owner(struct device *dev, struct device_node *region)
{
	const char *owner;

	if (of_property_read_string(region, "compatible", &owner))
		return 0;
	if (is_dma_pool(region))
		return check_dma_pool(dev, region);
	dev_err(dev, "region %pOFP: is a %s, owned by another driver; name a region without a compatible, or a shared-dma-pool with no-map\n",
		region, owner);
	return -EINVAL;
}

static bool whole_pages(const struct carveout_range *range)
{
	return range->size && PAGE_ALIGNED(range->base) && PAGE_ALIGNED(range->size);
}

/* The coherent allocator has mapped the memory write-combined, and has zeroed it. */
static int take_dma_pool(struct device *dev, unsigned int index, struct carveout_range *range)
{
	int ret;

	if (range->attrs & CARVEOUT_ATTR_NO_CPU ||
	    !(range->attrs & CARVEOUT_ATTR_WRITECOMBINE)) {
		dev_err(dev, "region %s: is a shared-dma-pool, which the kernel maps writecombine; make it writecombine without linux,no-cpu-access, or remove its compatible\n",
			range->name);
		return -EINVAL;
	}
	/* A fault of this kind is logged with those of the other regions. */
	if (!whole_pages(range))
		return 0;
	ret = carveout_dma_pool_take(range, dev->of_node, index);
	if (ret)
		dev_err(dev, "region %s: is a shared-dma-pool that the kernel does not give away (%d); devices that have memory of it keep it until they are unbound\n",
			range->name, ret);
	return ret;
}

/* Look up the range that the kernel set aside for @np at boot. */
static int lookup_range(struct device *dev, struct device_node *np,
			struct carveout_range *range)
{
	struct reserved_mem *rmem;
	struct resource res;

	if (check_owner(dev, np))
		return -EINVAL;
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

/**
 * carveout_reserved_read() - Read a region of a heap from the device tree
 * @dev: device of the heap
 * @index: entry of its memory-region property
 * @range: filled in. On success the caller owns it: see carveout_range_release().
 *
 * A fault is logged with its remedy.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL if the region cannot belong to a heap; -EBUSY if a device has memory of
 * it; -ENOMEM.
 */
int carveout_reserved_read(struct device *dev, unsigned int index,
			   struct carveout_range *range)
{
	struct device_node *np;
	const char *name;
	int ret;

	np = of_parse_phandle(dev->of_node, "memory-region", index);
	if (!np) {
		dev_err(dev, "memory-region entry %u does not resolve; give it the phandle of a child of /reserved-memory\n",
			index);
		return -EINVAL;
	}
	ret = lookup_range(dev, np, range);
	if (!ret) {
		if (of_property_read_string_index(dev->of_node,
						  "memory-region-names", index, &name))
			name = kbasename(np->full_name);
		strscpy(range->name, name, sizeof(range->name));
		ret = lookup_attrs(dev, index, range);
		if (of_property_read_bool(np, "linux,no-cpu-access"))
			range->attrs |= CARVEOUT_ATTR_NO_CPU;
	}
	if (!ret && is_dma_pool(np))
		ret = take_dma_pool(dev, index, range);
	of_node_put(np);

	return ret;
}
