/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device nodes of heaps.
 */
#ifndef CARVEOUT_CHARDEV_H
#define CARVEOUT_CHARDEV_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct carveout;
struct carveout_account;
struct file;

/**
 * struct carveout_device - A device node of a heap
 * @dev: the device; its release frees this object
 * @cdev: its character device
 * @carveout: the heap, with a reference
 * @dma_heap: the node of the heap in /dev/dma_heap, with a reference; NULL without one, and
 *	of that node itself
 * @folders_lock: guards the following members
 * @folder: "regions" in sysfs, NULL until it exists
 * @folders: folders of regions in it, see sysfs_stats.c
 * @nr_folders: number of @folders entries
 * @removed: no folder is added
 */
struct carveout_device {
	struct device dev;
	struct cdev cdev;
	struct carveout *carveout;
	struct carveout_device *dma_heap;
	struct mutex folders_lock;	/* folders of regions */
	struct kobject *folder;
	struct list_head folders;
	unsigned int nr_folders;
	bool removed;
};

struct carveout *carveout_chardev_find(const void *data,
				       int (*match)(struct device *dev, const void *data));
const struct carveout_account *carveout_chardev_account(const struct file *file);
int carveout_chardev_init(void);
void carveout_chardev_exit(void);
void carveout_chardev_regions(struct carveout *carveout);

struct carveout_device *carveout_publish(struct device *parent,
					 struct carveout *carveout);
void carveout_unpublish(struct carveout_device *device);

#endif /* CARVEOUT_CHARDEV_H */
