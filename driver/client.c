// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps for other drivers: found by phandle or by name, or made by the driver.
 *
 *	&accelerator {
 *		carveouts = <&dsp>, <&frames>;
 *		carveout-names = "work", "frames";
 *	};
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "carveout_internal.h"

/* === Finding ============================================================== */

static int match_node(struct device *dev, const void *np)
{
	return dev->parent && dev->parent->of_node == np;
}

static int match_name(struct device *dev, const void *name)
{
	return !strcmp(dev_name(dev), name);
}

/**
 * carveout_get() - the heap that a device's node names
 * @dev: device of the caller
 * @name: entry of its carveout-names property; NULL for the first of carveouts
 *
 * Context: May sleep.
 * Return: the heap, to be given to carveout_put(); or an ERR_PTR: -ENOENT if the node
 * does not name such a heap, -ENODEV if that is disabled, -EPROBE_DEFER if it is not
 * there yet.
 */
struct carveout *carveout_get(struct device *dev, const char *name)
{
	struct carveout *carveout = ERR_PTR(-ENODEV);
	struct device_node *np;
	int index = 0;

	might_sleep();
	if (name)
		index = of_property_match_string(dev->of_node, "carveout-names", name);
	if (index < 0)
		return ERR_PTR(-ENOENT);
	np = of_parse_phandle(dev->of_node, "carveouts", index);
	if (!np)
		return ERR_PTR(-ENOENT);
	if (of_device_is_available(np))
		carveout = carveout_chardev_find(np, match_node) ?:
			   ERR_PTR(-EPROBE_DEFER);
	of_node_put(np);
	return carveout;
}
EXPORT_SYMBOL_NS_GPL(carveout_get, "CARVEOUT");

/**
 * carveout_get_by_name() - the heap of a name
 * @name: as in /dev/carveout
 *
 * Context: May sleep.
 * Return: the heap, to be given to carveout_put(); or an ERR_PTR: -ENOENT.
 */
struct carveout *carveout_get_by_name(const char *name)
{
	might_sleep();
	return carveout_chardev_find(name, match_name) ?: ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_NS_GPL(carveout_get_by_name, "CARVEOUT");

/**
 * carveout_put() - let go of a heap
 * @carveout: a heap from carveout_get() or carveout_get_by_name()
 *
 * Memory and buffers that the caller still has keep it.
 *
 * Context: May sleep.
 */
void carveout_put(struct carveout *carveout)
{
	might_sleep();
	carveout_unref(carveout);
}
EXPORT_SYMBOL_NS_GPL(carveout_put, "CARVEOUT");

/* === Making ================================================================ */

/*
 * What the kernel has in its linear mapping is System RAM. User-mode Linux has
 * nothing but that, and no list of resources that would say so. A range of which only
 * some is System RAM is taken for none, and refused as such.
 */
static enum carveout_source source_of(const struct carveout_memory *memory)
{
	if (IS_ENABLED(CONFIG_UML) ||
	    region_intersects(memory->base, memory->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) == REGION_INTERSECTS)
		return CARVEOUT_SOURCE_MAPPED;
	return CARVEOUT_SOURCE_RESERVED;
}

/* Reject memory, in the form of the lines of claim.c. */
static int reject(const struct carveout_memory *memory, const char *why)
{
	pr_err("region %.63s [0x%llx, size 0x%llx]: %s\n", memory->name ?: "memory",
	       (u64)memory->base, memory->size, why);
	return -EINVAL;
}

static int range_of(const struct carveout_memory *memory, struct carveout_range *range)
{
	/* The device tree states a base. Here 0 is most likely a member left unset. */
	if (!memory->base)
		return reject(memory, "base is zero; set it to the physical address of the memory");
	if (memory->attrs & ~CARVEOUT_ATTR_MASK)
		return reject(memory, "unknown attributes; use CARVEOUT_ATTR_* and the user bits");
	memset(range, 0, sizeof(*range));
	range->base = memory->base;
	range->size = memory->size;
	/* Where it comes from says that. */
	range->attrs = memory->attrs & ~CARVEOUT_ATTR_PAGES;
	range->data = memory->data;
	range->source = source_of(memory);
	if (strscpy(range->name, memory->name ?: "memory", sizeof(range->name)) < 0)
		return reject(memory, "name is too long; use at most 63 characters");
	return 0;
}

/* The system's memory is in pieces, which all are what was asked for. */
static struct carveout_range *system_ranges(const struct carveout_memory *memory,
					    unsigned int *count)
{
	struct carveout_range *ranges, like;
	unsigned int i;

	if (!memory->size || !PAGE_ALIGNED(memory->size))
		return ERR_PTR(reject(memory, "size is zero or no multiple of the page size"));
	if (range_of(memory, &like))
		return ERR_PTR(-EINVAL);
	ranges = carveout_system_ranges(memory->size, count);
	if (IS_ERR(ranges))
		return ranges;
	for (i = 0; i < *count; i++) {
		ranges[i].attrs = like.attrs;
		ranges[i].data = like.data;
		memcpy(ranges[i].name, like.name, sizeof(like.name));
	}
	return ranges;
}

static int given_range(const struct carveout_memory *memory, struct carveout_range *range)
{
	if (memory->base == CARVEOUT_SYSTEM_MEMORY)
		return reject(memory, "memory of the system must be the only entry of a new heap");
	return range_of(memory, range);
}

static struct carveout_range *given_ranges(const struct carveout_memory *memory,
					   unsigned int count)
{
	struct carveout_range *ranges;
	unsigned int i;
	int ret = 0;

	ranges = kvcalloc(count, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return ERR_PTR(-ENOMEM);
	/* A fault of one entry does not hide that of the next. */
	for (i = 0; i < count; i++)
		ret = given_range(&memory[i], &ranges[i]) ?: ret;
	if (!ret)
		return ranges;
	kvfree(ranges);
	return ERR_PTR(ret);
}

static bool is_coherent(struct device *dev)
{
	return dev ? dev_is_dma_coherent(dev) : carveout_usually_coherent();
}

/*
 * A heap without a node is for nobody else to find; its files in debugfs have its
 * number as well, since its name need not be the only one.
 */
static void show_private(struct carveout *carveout)
{
	char name[CARVEOUT_NAME_LEN + 12];

	scnprintf(name, sizeof(name), "%s.%u", carveout->name, carveout->index);
	carveout_debugfs_add(carveout, name);
}

static struct carveout *heap_of(struct device *dev, const char *name,
				const struct carveout_memory *memory,
				unsigned int count, unsigned int flags)
{
	struct carveout_range *ranges;
	struct carveout *carveout;
	unsigned int heap_flags = 0;

	if (count == 1 && memory->base == CARVEOUT_SYSTEM_MEMORY)
		ranges = system_ranges(memory, &count);
	else
		ranges = given_ranges(memory, count);
	if (IS_ERR(ranges))
		return ERR_CAST(ranges);
	if (is_coherent(dev))
		heap_flags |= CARVEOUT_HEAP_COHERENT;
	if (flags & CARVEOUT_CREATE_DIRTY)
		heap_flags |= CARVEOUT_HEAP_DIRTY;
	carveout = carveout_from_ranges(name, ranges, count, heap_flags);
	kvfree(ranges);
	return carveout;
}

/**
 * carveout_create() - make a heap
 * @dev: device that it belongs to: parent of the node, and whether devices see the
 *	CPU's caches is asked of it. NULL for none and for the architecture's usual case.
 * @name: its name, 1 to 63 of A-Z a-z 0-9 . _ - with no dot in front
 * @memory: what it is made of, in the order in which requests try it; memory that
 *	touches and is of one kind, with the same data, becomes one region
 * @count: number of entries of @memory, 1 to 64; memory from the system comes alone
 * @flags: CARVEOUT_CREATE_* flags
 *
 * Without %CARVEOUT_CREATE_NODE no process sees the heap, and no other driver finds it
 * by its name. Only then may it have %CARVEOUT_CREATE_DIRTY: memory is not zeroed when
 * it comes in and goes back, so whoever gets it next sees what was in it.
 *
 * The log says what is wrong with the memory, a base of 0 included, and how to
 * correct it.
 *
 * Context: May sleep; zeroes the memory.
 * Return: the heap, to be given to carveout_destroy(); or an ERR_PTR: -EINVAL for
 * memory that is no good, -EBUSY if some of it is in another heap or somebody else's,
 * -EEXIST if a node has the name, -ENOMEM.
 */
struct carveout *carveout_create(struct device *dev, const char *name,
				 const struct carveout_memory *memory,
				 unsigned int count, unsigned int flags)
{
	char field[CARVEOUT_NAME_LEN] = {};
	struct carveout *carveout;

	might_sleep();
	if (flags & ~(CARVEOUT_CREATE_NODE | CARVEOUT_CREATE_DIRTY) ||
	    (flags & CARVEOUT_CREATE_NODE && flags & CARVEOUT_CREATE_DIRTY))
		return ERR_PTR(-EINVAL);
	if (strscpy(field, name, sizeof(field)) < 0 || !carveout_heap_name_valid(field))
		return ERR_PTR(-EINVAL);
	if (!count || count > CARVEOUT_MAX_REGIONS) {
		pr_err("%s: %u entries of memory, a heap takes 1 to %d\n", field, count,
		       CARVEOUT_MAX_REGIONS);
		return ERR_PTR(-EINVAL);
	}
	carveout = heap_of(dev, field, memory, count, flags);
	if (IS_ERR(carveout))
		return carveout;
	carveout->created = true;
	if (flags & CARVEOUT_CREATE_NODE) {
		struct carveout_device *device = carveout_publish(dev, carveout);

		if (IS_ERR(device)) {
			carveout_unref(carveout);
			return ERR_CAST(device);
		}
		carveout->device = device;
	} else {
		show_private(carveout);
	}
	return carveout;
}
EXPORT_SYMBOL_NS_GPL(carveout_create, "CARVEOUT");

/* From here on nothing is handed out, unless there is something out. */
static int close_if_unused(struct carveout *carveout)
{
	int ret = 0;

	raw_spin_lock_irq(&carveout->lock);
	if (carveout->heap.nr_used)
		ret = -EBUSY;
	else
		carveout->closed = true;
	raw_spin_unlock_irq(&carveout->lock);
	return ret;
}

/**
 * carveout_destroy() - unmake a heap
 * @carveout: a heap from carveout_create()
 * @force: also when some of its memory is in use
 *
 * Nothing more is had from it: node, other drivers and pools answer -ENODEV, waiters
 * are woken. What is in use when it is forced stays so. Each buffer, and each piece of
 * memory, keeps the heap until it is given back, and the heap its memory; so
 * carveout_free() works with @carveout as long as the caller has any of it. Other than
 * for that the caller must not use @carveout any more.
 *
 * Context: May sleep.
 * Return: 0; -EBUSY unless @force if some of the memory is in use, and then nothing
 * changes; -EINVAL if the heap is not from carveout_create().
 */
int carveout_destroy(struct carveout *carveout, bool force)
{
	int ret;

	might_sleep();
	if (!carveout->created)
		return -EINVAL;
	if (!force) {
		carveout_flush(carveout);
		ret = close_if_unused(carveout);
		if (ret)
			return ret;
	}
	if (carveout->device) {
		carveout_unpublish(carveout->device);
	} else {
		carveout_debugfs_remove(carveout);
		carveout_registry_kill(carveout);
	}
	carveout_unref(carveout);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_destroy, "CARVEOUT");

/**
 * carveout_add_region() - give memory to a heap that is in use
 * @carveout: the heap
 * @memory: the memory, not %CARVEOUT_SYSTEM_MEMORY
 *
 * It is a region of its own, whatever it touches. The log says what is wrong with it,
 * a base of 0 included, and how to correct it.
 *
 * Context: May sleep; zeroes the memory.
 * Return: index of the region; -EINVAL for memory that is no good; -EBUSY if some of
 * it is in a heap already or somebody else's; -E2BIG if the heap has 64 regions;
 * -ENODEV once it is gone; -EUCLEAN when it found itself damaged; -ENOMEM.
 */
int carveout_add_region(struct carveout *carveout, const struct carveout_memory *memory)
{
	struct carveout_range range;
	int ret;

	might_sleep();
	ret = given_range(memory, &range);
	if (!ret)
		ret = carveout_range_check(&range, carveout->coherent);
	return ret ?: carveout_add_range(carveout, &range);
}
EXPORT_SYMBOL_NS_GPL(carveout_add_region, "CARVEOUT");

/* === Looking =============================================================== */

/**
 * carveout_name() - name of a heap
 * @carveout: the heap
 *
 * Context: Any.
 * Return: the name, which lives as long as the heap.
 */
const char *carveout_name(const struct carveout *carveout)
{
	return carveout->name;
}
EXPORT_SYMBOL_NS_GPL(carveout_name, "CARVEOUT");

/**
 * carveout_index() - number of a heap among all heaps
 * @carveout: the heap
 *
 * Context: Any.
 * Return: the number; that of another heap once this one is gone.
 */
unsigned int carveout_index(const struct carveout *carveout)
{
	return carveout->index;
}
EXPORT_SYMBOL_NS_GPL(carveout_index, "CARVEOUT");

/**
 * carveout_get_stats() - how a heap stands
 * @carveout: the heap
 * @stats: what to fill in
 *
 * Context: Any. The largest hole is looked for in each region with interrupts off.
 */
void carveout_get_stats(struct carveout *carveout, struct carveout_stats *stats)
{
	const struct carveout_heap *heap = &carveout->heap;
	unsigned long flags;
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
	raw_spin_lock_irqsave(&carveout->lock, flags);
	stats->size = heap->size;
	stats->used = heap->used;
	stats->high_water = heap->high;
	stats->pending = carveout->pending_bytes;
	stats->spans = heap->nr_used;
	stats->holes = heap->nr_holes;
	stats->regions = carveout_nr_claims(carveout);
	for (i = 0; i < stats->regions; i++)
		stats->largest_hole = max(stats->largest_hole,
					  carveout_region_largest(heap, i));
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
}
EXPORT_SYMBOL_NS_GPL(carveout_get_stats, "CARVEOUT");

/**
 * carveout_region_info() - a region of a heap
 * @carveout: the heap
 * @index: which one
 * @info: what to fill in; the region's name lives as long as the heap
 *
 * Context: Any.
 * Return: 0, or -ENOENT if there are not so many.
 */
int carveout_region_info(struct carveout *carveout, unsigned int index,
			 struct carveout_region_info *info)
{
	const struct carveout_region *region;
	const struct carveout_range *range;
	unsigned long flags;

	if (index >= carveout_nr_claims(carveout))
		return -ENOENT;
	memset(info, 0, sizeof(*info));
	range = &carveout->claim[index]->range;
	region = carveout->claim[index]->region;
	info->memory.base = range->base;
	info->memory.size = range->size;
	info->memory.name = range->name;
	info->memory.data = range->data;
	info->stats.regions = 1;
	raw_spin_lock_irqsave(&carveout->lock, flags);
	info->memory.attrs = region->attrs & CARVEOUT_ATTR_MASK;
	info->stats.size = region->size;
	info->stats.used = region->used;
	info->stats.high_water = region->high;
	info->stats.spans = region->nr_used;
	info->stats.holes = region->nr_holes;
	info->stats.largest_hole = carveout_region_largest(&carveout->heap, index);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_region_info, "CARVEOUT");

/**
 * carveout_region_at() - the region that an address lies in
 * @carveout: the heap
 * @phys: physical address, as from carveout_buf_phys() or carveout_virt_to_phys()
 *
 * Context: Any.
 * Return: its index, for carveout_region_info(); -ENOENT if it is in none.
 */
int carveout_region_at(struct carveout *carveout, phys_addr_t phys)
{
	unsigned int i, nr = carveout_nr_claims(carveout);

	for (i = 0; i < nr; i++) {
		const struct carveout_range *range = &carveout->claim[i]->range;

		if (phys >= range->base && phys - range->base < range->size)
			return i;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_NS_GPL(carveout_region_at, "CARVEOUT");
