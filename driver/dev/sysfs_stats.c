// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs: the counters of a heap and of its regions, one value per file, in
 * /sys/class/carveout/<heap>/statistics and /sys/class/carveout/<heap>/regions/<index>.
 * See Documentation/ABI/testing/sysfs-class-carveout.
 *
 * Each file is read by itself: two of them may be of two moments. A program that needs
 * several values of one moment uses CARVEOUT_IOCTL_QUERY.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "../carveout_internal.h"
#include "chardev.h"
#include "sysfs.h"

/* === Heaps ================================================================ */

/*
 * Free memory that is in no largest hole of its region, in per cent of all free memory:
 * the number that the command "carveout" shows.
 */
static u64 per_cent(u64 size, u64 used, u64 largest)
{
	u64 left = size - used;

	return left ? div64_u64((left - largest) * 100, left) : 0;
}

static u64 fragmentation(struct carveout *carveout)
{
	struct carveout_region_info info;
	u64 size = 0, used = 0, largest = 0;
	unsigned int i;

	for (i = 0; !carveout_region_info(carveout, i, &info); i++) {
		size += info.stats.size;
		used += info.stats.used;
		largest += info.stats.largest_hole;
	}
	return per_cent(size, used, largest);
}

static struct carveout *heap_of(struct device *dev)
{
	return container_of(dev, struct carveout_device, dev)->carveout;
}

#define HEAP_FILE(name, value)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr,	\
			   char *text)						\
{										\
	struct carveout *carveout = heap_of(dev);				\
										\
	return sysfs_emit(text, "%llu\n", (u64)(value));			\
}										\
static DEVICE_ATTR_RO(name)

#define COUNTER_FILE(name, value)						\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr,	\
			   char *text)						\
{										\
	struct carveout_stats stats;						\
										\
	carveout_stats(heap_of(dev), &stats);					\
	return sysfs_emit(text, "%llu\n", (u64)(value));			\
}										\
static DEVICE_ATTR_RO(name)

COUNTER_FILE(size, stats.size);
COUNTER_FILE(used, stats.used);
COUNTER_FILE(free, stats.size - stats.used);
COUNTER_FILE(pending, stats.pending);
COUNTER_FILE(high_water, stats.high_water);
COUNTER_FILE(largest_hole, stats.largest_hole);
COUNTER_FILE(spans, stats.spans);
COUNTER_FILE(holes, stats.holes);
HEAP_FILE(fragmentation, fragmentation(carveout));
HEAP_FILE(buffers, READ_ONCE(carveout->nr_bufs));
HEAP_FILE(tags, READ_ONCE(carveout->nr_tags));
HEAP_FILE(parked, atomic64_read(&carveout->parked_bytes));
HEAP_FILE(failures_nospc, atomic64_read(&carveout->failures_nospc));
HEAP_FILE(failures_nomem, atomic64_read(&carveout->failures_nomem));
HEAP_FILE(failures_quota, atomic64_read(&carveout->failures_quota));

static struct attribute *heap_attrs[] = {
	&dev_attr_size.attr,
	&dev_attr_used.attr,
	&dev_attr_free.attr,
	&dev_attr_pending.attr,
	&dev_attr_parked.attr,
	&dev_attr_high_water.attr,
	&dev_attr_largest_hole.attr,
	&dev_attr_fragmentation.attr,
	&dev_attr_spans.attr,
	&dev_attr_holes.attr,
	&dev_attr_buffers.attr,
	&dev_attr_tags.attr,
	&dev_attr_failures_nospc.attr,
	&dev_attr_failures_nomem.attr,
	&dev_attr_failures_quota.attr,
	NULL,
};

/** carveout_sysfs_statistics - Counters of a heap, attribute files of its device */
const struct attribute_group carveout_sysfs_statistics = {
	.name = "statistics",
	.attrs = heap_attrs,
};

/* === Regions ============================================================== */

/**
 * struct region_folder - The folder of a region
 * @kobj: its release frees this object
 * @node: in carveout_device.folders
 * @carveout: the heap; the device keeps it until the folder is removed
 * @index: index of the region
 */
struct region_folder {
	struct kobject kobj;
	struct list_head node;
	struct carveout *carveout;
	unsigned int index;
};

/**
 * struct region_file - A file in the folder of a region
 * @attr: name and mode
 * @show: prints the value
 */
struct region_file {
	struct attribute attr;
	ssize_t (*show)(const struct carveout_region_info *info, char *text);
};

#define REGION_FILE(file, format, value)					\
static ssize_t region_##file##_show(const struct carveout_region_info *info,	\
				    char *text)					\
{										\
	return sysfs_emit(text, format "\n", value);				\
}										\
static struct region_file region_##file = {					\
	.attr = { .name = #file, .mode = 0444 },				\
	.show = region_##file##_show,						\
}

REGION_FILE(name, "%s", info->memory.name);
REGION_FILE(attributes, "0x%08x", info->memory.attrs);
REGION_FILE(size, "%llu", info->stats.size);
REGION_FILE(used, "%llu", info->stats.used);
REGION_FILE(free, "%llu", info->stats.size - info->stats.used);
REGION_FILE(high_water, "%llu", info->stats.high_water);
REGION_FILE(largest_hole, "%llu", info->stats.largest_hole);
REGION_FILE(fragmentation, "%llu", per_cent(info->stats.size, info->stats.used,
					    info->stats.largest_hole));
REGION_FILE(spans, "%u", info->stats.spans);
REGION_FILE(holes, "%u", info->stats.holes);

static struct attribute *region_attrs[] = {
	&region_name.attr,
	&region_attributes.attr,
	&region_size.attr,
	&region_used.attr,
	&region_free.attr,
	&region_high_water.attr,
	&region_largest_hole.attr,
	&region_fragmentation.attr,
	&region_spans.attr,
	&region_holes.attr,
	NULL,
};
ATTRIBUTE_GROUPS(region);

static ssize_t region_show(struct kobject *kobj, struct attribute *attr, char *text)
{
	struct region_folder *folder = container_of(kobj, struct region_folder, kobj);
	struct carveout_region_info info;
	int ret;

	ret = carveout_region_info(folder->carveout, folder->index, &info);
	return ret ?: container_of(attr, struct region_file, attr)->show(&info, text);
}

static const struct sysfs_ops region_ops = {
	.show = region_show,
};

static void region_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct region_folder, kobj));
}

static const struct kobj_type region_type = {
	.release = region_release,
	.sysfs_ops = &region_ops,
	.default_groups = region_groups,
};

static int add_folder_locked(struct carveout_device *device, unsigned int index)
{
	struct region_folder *folder;
	int ret;

	lockdep_assert_held(&device->folders_lock);
	folder = kzalloc(sizeof(*folder), GFP_KERNEL);
	if (!folder)
		return -ENOMEM;
	folder->carveout = device->carveout;
	folder->index = index;
	kobject_init(&folder->kobj, &region_type);
	ret = kobject_add(&folder->kobj, device->folder, "%u", index);
	if (ret) {
		kobject_put(&folder->kobj);
		return ret;
	}
	list_add_tail(&folder->node, &device->folders);
	device->nr_folders++;
	return 0;
}

/* Regions are only added, so the folders that are missing have the last numbers. */
static int add_folders_locked(struct carveout_device *device)
{
	int ret = 0;

	lockdep_assert_held(&device->folders_lock);
	if (!device->folder)
		device->folder = kobject_create_and_add("regions", &device->dev.kobj);
	if (!device->folder)
		return -ENOMEM;
	while (!ret && device->nr_folders < carveout_nr_claims(device->carveout))
		ret = add_folder_locked(device, device->nr_folders);
	return ret;
}

/**
 * carveout_sysfs_add_regions() - Create the folders of regions that have none yet
 * @device: device node of the heap; one that is being removed gets none
 *
 * The heap works without them: a failure is logged, and that is all.
 *
 * Context: Process context. May sleep. Takes @device->folders_lock.
 */
void carveout_sysfs_add_regions(struct carveout_device *device)
{
	int ret = 0;

	mutex_lock(&device->folders_lock);
	if (!device->removed)
		ret = add_folders_locked(device);
	mutex_unlock(&device->folders_lock);
	if (ret)
		pr_warn("%s: no statistics of region %u in sysfs (%d)\n",
			device->carveout->name, device->nr_folders, ret);
}

/**
 * carveout_sysfs_remove_regions() - Remove the folders of all regions
 * @device: device node of the heap; no reader of the files is left on return, and no
 *	folder is added after it
 *
 * Context: Process context. May sleep. Takes @device->folders_lock.
 */
void carveout_sysfs_remove_regions(struct carveout_device *device)
{
	struct region_folder *folder, *next;

	mutex_lock(&device->folders_lock);
	device->removed = true;
	list_for_each_entry_safe(folder, next, &device->folders, node) {
		list_del(&folder->node);
		kobject_del(&folder->kobj);
		kobject_put(&folder->kobj);
	}
	kobject_del(device->folder);
	kobject_put(device->folder);
	mutex_unlock(&device->folders_lock);
}
