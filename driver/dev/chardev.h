/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device nodes of heaps.
 */
#ifndef _CARVEOUT_CHARDEV_H
#define _CARVEOUT_CHARDEV_H

#include <linux/cdev.h>
#include <linux/device.h>

struct attribute_group;
struct carveout;

/**
 * struct carveout_device - the device node of a heap in /dev/carveout
 * @dev: the device; its release frees this object
 * @cdev: its character device
 * @carveout: the heap, with a reference
 */
struct carveout_device {
	struct device dev;
	struct cdev cdev;
	struct carveout *carveout;
};

struct carveout *carveout_chardev_find(const void *data,
				       int (*match)(struct device *dev, const void *data));
int carveout_chardev_init(void);
void carveout_chardev_exit(void);
extern const struct attribute_group *carveout_sysfs_groups[];

struct carveout_device *carveout_publish(struct device *parent,
					 struct carveout *carveout);
void carveout_unpublish(struct carveout_device *device);

#endif /* _CARVEOUT_CHARDEV_H */
