// SPDX-License-Identifier: GPL-2.0
/*
 * Device nodes in /dev/carveout: one character device per heap.
 *
 * An open file pins its character device, which pins the struct device around it, which
 * pins the heap. So a file can outlive the unbinding of the driver; from then on, its
 * calls fail with -ENODEV.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/device/class.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "../heaps.h"
#include "../carveout_internal.h"
#include "../buf/registry.h"
#include "../mem/claim.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "chardev.h"
#include "debugfs.h"
#include "ioctl.h"

static dev_t first_devt;
static DEFINE_MUTEX(publish_lock);	/* serialises creation of device nodes */

static int chardev_open(struct inode *inode, struct file *file)
{
	struct carveout_file *account;
	struct carveout_device *device;

	device = container_of(inode->i_cdev, struct carveout_device, cdev);
	account = carveout_file_create(device->carveout);
	if (!account)
		return -ENOMEM;
	account->seen = carveout_registry_changes(device->carveout);
	file->private_data = account;
	return nonseekable_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	carveout_file_put(file->private_data);
	return 0;
}

/* Readable when a tag was added, removed or changed since the file last listed them. */
static __poll_t chardev_poll(struct file *file, poll_table *wait)
{
	struct carveout_file *account = file->private_data;
	struct carveout *carveout = account->carveout;
	__poll_t mask = 0;

	poll_wait(file, &carveout->changed, wait);
	if (carveout_registry_changes(carveout) != READ_ONCE(account->seen))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(carveout->shutdown))
		mask |= EPOLLHUP | EPOLLERR;
	return mask;
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.poll = chardev_poll,
	.unlocked_ioctl = carveout_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static char *chardev_devnode(class_devnode_const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "carveout/%s", dev_name(dev));
}

static struct class carveout_class = {
	.name = "carveout",
	.devnode = chardev_devnode,
};

static void device_release(struct device *dev)
{
	struct carveout_device *device;

	device = container_of(dev, struct carveout_device, dev);
	__carveout_put(device->carveout);
	kfree(device);
	carveout_object_dec(CARVEOUT_OBJ_DEVICE);
}

static int add_device(struct carveout_device *device)
{
	struct device *other;

	other = class_find_device_by_name(&carveout_class,
					  device->carveout->name);
	if (other) {
		put_device(other);
		pr_err("%s: a heap with this name exists; heap names must be unique\n",
		       device->carveout->name);
		return -EEXIST;
	}
	return cdev_device_add(&device->cdev, &device->dev);
}

static struct carveout_device *create_device(struct device *parent,
					     struct carveout *carveout)
{
	struct carveout_device *device;
	int ret;

	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	/* From here on, device_release() frees it. */
	device->carveout = __carveout_get(carveout);
	device_initialize(&device->dev);
	device->dev.class = &carveout_class;
	device->dev.groups = carveout_sysfs_groups;
	device->dev.parent = parent;
	device->dev.release = device_release;
	device->dev.devt = MKDEV(MAJOR(first_devt), carveout->id);
	carveout_object_inc(CARVEOUT_OBJ_DEVICE);
	cdev_init(&device->cdev, &chardev_fops);
	device->cdev.owner = THIS_MODULE;

	ret = dev_set_name(&device->dev, "%s", carveout->name);
	if (!ret) {
		mutex_lock(&publish_lock);
		ret = add_device(device);
		mutex_unlock(&publish_lock);
	}
	if (ret) {
		put_device(&device->dev);
		return ERR_PTR(ret);
	}
	return device;
}

static void announce(const struct carveout *carveout)
{
	const struct carveout_range *range;
	unsigned int i;

	for (i = 0; i < carveout->nr_claims; i++) {
		range = &carveout->claim[i]->range;
		pr_info("%s: region %u '%s' [mem 0x%llx-0x%llx] %llu KiB %s%s\n",
			carveout->name, i, range->name, (u64)range->base,
			(u64)range->base + range->size - 1, range->size >> 10,
			range->attrs & CARVEOUT_ATTR_CACHED ? "cached" :
			range->attrs & CARVEOUT_ATTR_UNCACHED ? "uncached" :
			"writecombine",
			range->source == CARVEOUT_SOURCE_NOMAP ? "" :
			", mapped by the kernel");
	}
	pr_info("%s: heap of %llu KiB in %u region(s) at /dev/carveout/%s\n",
		carveout->name, carveout->heap.size >> 10, carveout->nr_claims,
		carveout->name);
}

/**
 * carveout_publish() - Create the device node of a heap
 * @parent: its parent, or NULL
 * @carveout: the heap; the device node takes a reference
 *
 * From here on, processes and other drivers can use the heap.
 *
 * Context: Process context. May sleep. Takes publish_lock.
 * Return: the device, to be given to carveout_unpublish(); or an ERR_PTR: -EEXIST if a
 * heap with the same name has a device node.
 */
struct carveout_device *carveout_publish(struct device *parent,
					 struct carveout *carveout)
{
	struct carveout_device *device;

	device = create_device(parent, carveout);
	if (!IS_ERR(device)) {
		carveout_debugfs_add(carveout, carveout->name);
		announce(carveout);
	}
	return device;
}

/**
 * carveout_unpublish() - Remove the device node of a heap
 * @device: the device
 *
 * The heap is shut down. From here on, every call on an open device node fails with
 * -ENODEV. Buffers in use remain valid, and keep the memory claimed.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock and carveout->lock.
 */
void carveout_unpublish(struct carveout_device *device)
{
	struct carveout *carveout = device->carveout;
	unsigned int left;

	carveout_debugfs_remove(carveout);
	cdev_device_del(&device->cdev, &device->dev);
	left = carveout_shutdown(carveout);
	if (left)
		pr_info("%s: unbound with %u buffer(s) in use; the memory stays claimed until they are closed\n",
			carveout->name, left);
	put_device(&device->dev);
}

/**
 * carveout_chardev_find() - Find a heap with a device node
 * @data: argument of @match
 * @match: returns nonzero for the device of the heap
 *
 * Context: Process context. May sleep.
 * Return: the heap with a reference, or NULL.
 */
struct carveout *carveout_chardev_find(const void *data,
				       int (*match)(struct device *dev, const void *data))
{
	struct carveout *carveout;
	struct device *dev;

	dev = class_find_device(&carveout_class, NULL, data, match);
	if (!dev)
		return NULL;
	carveout = __carveout_get(container_of(dev, struct carveout_device, dev)->carveout);
	put_device(dev);
	return carveout;
}

/**
 * carveout_chardev_init() - Register the class and the device numbers
 *
 * Context: Process context. May sleep.
 * Return: 0 or a negative errno.
 */
int carveout_chardev_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&first_devt, 0, CARVEOUT_HEAPS_MAX, "carveout");
	if (ret)
		return ret;
	ret = class_register(&carveout_class);
	if (ret)
		unregister_chrdev_region(first_devt, CARVEOUT_HEAPS_MAX);
	return ret;
}

/**
 * carveout_chardev_exit() - Undo carveout_chardev_init()
 *
 * Context: Process context. May sleep.
 */
void carveout_chardev_exit(void)
{
	class_unregister(&carveout_class);
	unregister_chrdev_region(first_devt, CARVEOUT_HEAPS_MAX);
}
