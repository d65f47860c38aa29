// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps for other drivers: look-up by phandle or by name, and creation.
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

#include "../heaps.h"
#include "../carveout_internal.h"
#include "../dev/chardev.h"
#include "../dev/debugfs.h"
#include "../mem/alloc.h"
#include "../mem/claim.h"
#include "../source.h"

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
 * of_carveout_get() - Get a heap that a DT node refers to
 * @np: the DT node, which need not be that of a device: a port, a core of a cluster
 * @name: entry of its carveout-names property; NULL for the first of carveouts
 *
 * Context: Process context. May sleep.
 * Return: the heap, to be given to carveout_put(); or an ERR_PTR: -ENOENT if the DT node
 * does not refer to such a heap, -ENODEV if that is disabled, -EPROBE_DEFER if it does
 * not exist yet.
 */
struct carveout *of_carveout_get(const struct device_node *np, const char *name)
{
	struct carveout *carveout = ERR_PTR(-ENODEV);
	struct device_node *heap;
	int index = 0;

	might_sleep();
	if (name)
		index = of_property_match_string(np, "carveout-names", name);
	if (index < 0)
		return ERR_PTR(-ENOENT);
	heap = of_parse_phandle(np, "carveouts", index);
	if (!heap)
		return ERR_PTR(-ENOENT);
	if (of_device_is_available(heap))
		carveout = carveout_chardev_find(heap, match_node) ?:
			   ERR_PTR(-EPROBE_DEFER);
	of_node_put(heap);
	return carveout;
}
EXPORT_SYMBOL_NS_GPL(of_carveout_get, "CARVEOUT");

/**
 * carveout_get() - Get a heap that a device's DT node refers to
 * @dev: device of the caller
 * @name: entry of its carveout-names property; NULL for the first of carveouts
 *
 * Context: Process context. May sleep.
 * Return: as of_carveout_get().
 */
struct carveout *carveout_get(struct device *dev, const char *name)
{
	return of_carveout_get(dev->of_node, name);
}
EXPORT_SYMBOL_NS_GPL(carveout_get, "CARVEOUT");

/**
 * carveout_get_by_name() - Get a heap by its name
 * @name: name of its device node in /dev/carveout
 *
 * Context: Process context. May sleep.
 * Return: the heap, to be given to carveout_put(); or an ERR_PTR: -ENOENT.
 */
struct carveout *carveout_get_by_name(const char *name)
{
	might_sleep();
	return carveout_chardev_find(name, match_name) ?: ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_NS_GPL(carveout_get_by_name, "CARVEOUT");

/**
 * carveout_put() - Drop a reference to a heap
 * @carveout: a heap from carveout_get() or carveout_get_by_name()
 *
 * Memory and buffers of the caller keep the heap until they are freed.
 *
 * Context: Process context. May sleep.
 */
void carveout_put(struct carveout *carveout)
{
	might_sleep();
	__carveout_put(carveout);
}
EXPORT_SYMBOL_NS_GPL(carveout_put, "CARVEOUT");

/* === Creating ============================================================== */

/*
 * The kernel's linear mapping covers System RAM. User-mode Linux has no other memory, and
 * no resource tree that reports it. A range that is System RAM only in part is treated as
 * no-map memory, and is refused as such.
 */
static enum carveout_source source_of(const struct carveout_memory *memory)
{
	if (IS_ENABLED(CONFIG_UML) ||
	    region_intersects(memory->base, memory->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) == REGION_INTERSECTS)
		return CARVEOUT_SOURCE_MAPPED;
	return CARVEOUT_SOURCE_NOMAP;
}

/* Report rejected memory in the form of the messages of claim.c. */
static int reject(const struct carveout_memory *memory, const char *why)
{
	pr_err("region %.63s [0x%llx, size 0x%llx]: %s\n", memory->name ?: "memory",
	       (u64)memory->base, memory->size, why);
	return -EINVAL;
}

static int range_of(const struct carveout_memory *memory, struct carveout_range *range)
{
	/* A device tree states each base. Here, 0 is most likely a member left unset. */
	if (!memory->base)
		return reject(memory, "base is zero; set it to the physical address of the memory");
	if (memory->attrs & ~CARVEOUT_ATTR_MASK)
		return reject(memory, "unknown attributes; use CARVEOUT_ATTR_* and the user bits");
	memset(range, 0, sizeof(*range));
	range->base = memory->base;
	range->size = memory->size;
	/* The source of the memory decides about struct pages. */
	range->attrs = memory->attrs & ~CARVEOUT_ATTR_PAGES;
	range->data = memory->data;
	range->source = source_of(memory);
	if (strscpy(range->name, memory->name ?: "memory", sizeof(range->name)) < 0)
		return reject(memory, "name is too long; use at most 63 characters");
	return 0;
}

/* System memory consists of pieces. Each of them gets all properties of the request. */
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
	/* Check all entries: one fault does not hide the next. */
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
 * A heap without a device node cannot be looked up, so its name need not be unique. The
 * name of its folder in debugfs includes its number.
 */
static void show_private(struct carveout *carveout)
{
	char name[CARVEOUT_NAME_LEN + 12];

	scnprintf(name, sizeof(name), "%s.%u", carveout->name, carveout->id);
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
	if (flags & CARVEOUT_CREATE_NOZERO)
		heap_flags |= CARVEOUT_HEAP_NOZERO;
	carveout = carveout_from_ranges(name, ranges, count, heap_flags);
	kvfree(ranges);
	return carveout;
}

/**
 * carveout_create() - Create a heap
 * @dev: parent of the device node; it determines whether devices snoop the CPU's
 *	caches. NULL for no parent and the architecture's usual case.
 * @name: its name, 1 to 63 of A-Z a-z 0-9 . _ - without a leading dot
 * @memory: its memory, in the order in which requests try it; adjacent memory of one
 *	kind, with the same data, becomes one region
 * @count: number of entries of @memory, 1 to 64; memory from the system is the only
 *	entry
 * @flags: CARVEOUT_CREATE_* flags
 *
 * Without %CARVEOUT_CREATE_NODE the heap is invisible to processes, and other drivers do
 * not find it by its name. Only such a heap may have %CARVEOUT_CREATE_NOZERO: memory is
 * zeroed neither when the heap takes it nor when it is freed, so an allocation has the
 * content that the previous owner left.
 *
 * The log reports each fault of the memory, a base of 0 included, and how to correct it.
 *
 * Context: Process context. May sleep. Zeroes the memory.
 * Return: the heap, to be given to carveout_destroy(); or an ERR_PTR: -EINVAL for an
 * invalid argument, -EBUSY if some of the memory is in another heap or owned by another
 * driver, -EEXIST if a device node has the name, -ENOMEM.
 */
struct carveout *carveout_create(struct device *dev, const char *name,
				 const struct carveout_memory *memory,
				 unsigned int count, unsigned int flags)
{
	char field[CARVEOUT_NAME_LEN] = {};
	struct carveout *carveout;

	might_sleep();
	if (flags & ~(CARVEOUT_CREATE_NODE | CARVEOUT_CREATE_NOZERO) ||
	    (flags & CARVEOUT_CREATE_NODE && flags & CARVEOUT_CREATE_NOZERO))
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
			__carveout_put(carveout);
			return ERR_CAST(device);
		}
		carveout->device = device;
	} else {
		show_private(carveout);
	}
	return carveout;
}
EXPORT_SYMBOL_NS_GPL(carveout_create, "CARVEOUT");

/**
 * carveout_destroy() - Destroy a heap
 * @carveout: a heap from carveout_create()
 * @force: destroy it even if some of its memory is in use
 *
 * No further allocations are possible: calls on the device node, of other drivers and on
 * pools fail with -ENODEV, and waiters are woken. With @force, memory in use remains
 * valid. Each buffer and each allocation keeps the heap until it is freed, and the heap
 * keeps its memory. So carveout_free() works with @carveout as long as the caller has
 * memory of it. Apart from that, the caller must not use @carveout afterwards.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock and carveout->lock.
 * Return: 0; -EBUSY if some of the memory is in use and @force is false: then nothing
 * changes; -EINVAL if the heap is not from carveout_create().
 */
int carveout_destroy(struct carveout *carveout, bool force)
{
	int ret;

	might_sleep();
	if (!carveout->created)
		return -EINVAL;
	if (!force) {
		carveout_drain(carveout);
		ret = carveout_alloc_stop(carveout, false);
		if (ret)
			return ret;
	}
	if (carveout->device) {
		carveout_unpublish(carveout->device);
	} else {
		carveout_debugfs_remove(carveout);
		carveout_shutdown(carveout);
	}
	__carveout_put(carveout);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_destroy, "CARVEOUT");

/**
 * carveout_add_region() - Add a region to a heap that is in use
 * @carveout: the heap
 * @memory: the memory, not %CARVEOUT_SYSTEM_MEMORY
 *
 * The memory becomes a region of its own, even if it is adjacent to another one. The log
 * reports a fault of the memory, a base of 0 included, and how to correct it.
 *
 * Context: Process context. May sleep. Zeroes the memory.
 * Return: index of the region; -EINVAL for invalid memory; -EBUSY if some of it is in a
 * heap already or owned by another driver; -E2BIG if the heap has 64 regions; -ENODEV
 * after the heap's shutdown; -EUCLEAN if the heap is corrupted; -ENOMEM.
 */
int carveout_add_region(struct carveout *carveout, const struct carveout_memory *memory)
{
	struct carveout_range range;
	int ret;

	might_sleep();
	ret = given_range(memory, &range);
	if (!ret)
		ret = carveout_range_check(&range, carveout->coherent);
	ret = ret ?: carveout_add_range(carveout, &range);
	if (ret >= 0)
		carveout_chardev_regions(carveout);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_add_region, "CARVEOUT");

/* === Properties ============================================================ */

/**
 * carveout_name() - Name of a heap
 * @carveout: the heap
 *
 * Context: Any context.
 * Return: the name, which is valid as long as the heap.
 */
const char *carveout_name(const struct carveout *carveout)
{
	return carveout->name;
}
EXPORT_SYMBOL_NS_GPL(carveout_name, "CARVEOUT");

/**
 * carveout_id() - Number of a heap among all heaps
 * @carveout: the heap
 *
 * Context: Any context.
 * Return: the number; another heap may have it once this one is freed.
 */
unsigned int carveout_id(const struct carveout *carveout)
{
	return carveout->id;
}
EXPORT_SYMBOL_NS_GPL(carveout_id, "CARVEOUT");
