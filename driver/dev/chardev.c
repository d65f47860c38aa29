// SPDX-License-Identifier: GPL-2.0
/*
 * Device nodes: two character devices per heap, one in /dev/carveout and one in
 * /dev/dma_heap, for programs that know the kernel's dma-buf heaps.
 *
 * The node in /dev/carveout is added first and removed last, so its name is that of the
 * heap, and the other one is free as well.
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
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "../heaps.h"
#include "../carveout_internal.h"
#include "../buf/registry.h"
#include "../mem/claim.h"
#include "../mem/objects.h"
#include "../mem/dmem.h"
#include "../mem/quota.h"
#include "chardev.h"
#include "debugfs.h"
#include "dma_heap.h"
#include "ioctl.h"
#include "sysfs.h"
#include "typed.h"

/* Minor numbers: one for each node of each heap. */
#define NR_MINORS	(2 * CARVEOUT_HEAPS_MAX)

static dev_t first_devt;
static DEFINE_MUTEX(publish_lock);	/* serialises creation of device nodes */

static int chardev_open(struct inode *inode, struct file *file)
{
	struct carveout_account *account;
	struct carveout_device *device;

	device = container_of(inode->i_cdev, struct carveout_device, cdev);
	account = carveout_account_create(device->carveout);
	if (!account)
		return -ENOMEM;
	account->seen = carveout_registry_changes(device->carveout);
	file->private_data = account;
	return nonseekable_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	carveout_account_put(file->private_data);
	return 0;
}

/* Readable when a tag was added, removed or changed since the file last listed them. */
static __poll_t chardev_poll(struct file *file, poll_table *wait)
{
	struct carveout_account *account = file->private_data;
	struct carveout *carveout = account->carveout;
	__poll_t mask = 0;

	poll_wait(file, &carveout->changed, wait);
	if (carveout_registry_changes(carveout) != READ_ONCE(account->seen))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(carveout->shutdown))
		mask |= EPOLLHUP | EPOLLERR;
	return mask;
}

/* For /proc/<pid>/fdinfo. */
static void chardev_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct carveout_account *account = file->private_data;

	seq_printf(m, "carveout-heap:\t%s\ncarveout-charged:\t%llu\n",
		   account->carveout->name, carveout_account_used(account));
}

static int chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return carveout_typed_mmap(file, file->private_data, vma);
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.poll = chardev_poll,
	.show_fdinfo = chardev_show_fdinfo,
	.mmap = chardev_mmap,
	.unlocked_ioctl = carveout_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * carveout_chardev_account() - Account of an open file
 * @file: any open file
 *
 * Context: Any context.
 * Return: its account, valid as long as @file; NULL unless it is one of a device node.
 */
const struct carveout_account *carveout_chardev_account(const struct file *file)
{
	return file->f_op == &chardev_fops ? file->private_data : NULL;
}

static char *chardev_devnode(class_devnode_const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "carveout/%s", dev_name(dev));
}

static struct class carveout_class = {
	.name = "carveout",
	.devnode = chardev_devnode,
};

static const struct file_operations dma_heap_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.show_fdinfo = chardev_show_fdinfo,
	.unlocked_ioctl = carveout_dma_heap_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static char *dma_heap_devnode(class_devnode_const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, CARVEOUT_DMA_HEAP_DIR "/%s", dev_name(dev));
}

static struct class dma_heap_class = {
	.name = CARVEOUT_DMA_HEAP_CLASS,
	.devnode = dma_heap_devnode,
};

/**
 * struct node_kind - The two kinds of device nodes
 * @class: the class, which has the directory
 * @fops: operations of an open file
 * @groups: attributes in sysfs
 * @prefix: in front of the heap's name
 * @first_minor: minor number of the heap with the id 0
 */
struct node_kind {
	struct class *class;
	const struct file_operations *fops;
	const struct attribute_group **groups;
	const char *prefix;
	unsigned int first_minor;
};

static const struct node_kind heap_kind = {
	.class = &carveout_class,
	.fops = &chardev_fops,
	.groups = carveout_sysfs_groups,
	.prefix = "",
};

static const struct node_kind dma_heap_kind = {
	.class = &dma_heap_class,
	.fops = &dma_heap_fops,
	.prefix = CARVEOUT_DMA_HEAP_PREFIX,
	.first_minor = CARVEOUT_HEAPS_MAX,
};

static void device_release(struct device *dev)
{
	struct carveout_device *device;

	device = container_of(dev, struct carveout_device, dev);
	if (device->dma_heap)
		put_device(&device->dma_heap->dev);
	__carveout_put(device->carveout);
	kfree(device);
	carveout_object_dec(CARVEOUT_OBJ_DEVICE);
}

static int add_device(struct carveout_device *device)
{
	struct device *other;
	int ret;

	other = class_find_device_by_name(&carveout_class,
					  device->carveout->name);
	if (other) {
		put_device(other);
		pr_err("%s: a heap with this name exists; heap names must be unique\n",
		       device->carveout->name);
		return -EEXIST;
	}
	ret = carveout_dmem_register(device->carveout);
	if (ret)
		return ret;
	ret = cdev_device_add(&device->cdev, &device->dev);
	if (ret)
		carveout_dmem_unregister(device->carveout);
	return ret;
}

static struct carveout_device *new_device(struct device *parent, struct carveout *carveout,
					  const struct node_kind *kind)
{
	struct carveout_device *device;
	int ret;

	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	mutex_init(&device->folders_lock);
	INIT_LIST_HEAD(&device->folders);
	/* From here on, device_release() frees it. */
	device->carveout = __carveout_get(carveout);
	device_initialize(&device->dev);
	device->dev.class = kind->class;
	device->dev.groups = kind->groups;
	device->dev.parent = parent;
	device->dev.release = device_release;
	device->dev.devt = MKDEV(MAJOR(first_devt), kind->first_minor + carveout->id);
	carveout_object_inc(CARVEOUT_OBJ_DEVICE);
	cdev_init(&device->cdev, kind->fops);
	device->cdev.owner = THIS_MODULE;

	ret = dev_set_name(&device->dev, "%s%s", kind->prefix, carveout->name);
	if (ret) {
		put_device(&device->dev);
		return ERR_PTR(ret);
	}
	return device;
}

static struct carveout_device *create_device(struct device *parent,
					     struct carveout *carveout)
{
	struct carveout_device *device;
	int ret;

	device = new_device(parent, carveout, &heap_kind);
	if (IS_ERR(device))
		return device;
	mutex_lock(&publish_lock);
	ret = add_device(device);
	mutex_unlock(&publish_lock);
	if (ret) {
		put_device(&device->dev);
		return ERR_PTR(ret);
	}
	return device;
}

/* A failure is reported in the log, and the heap remains without this node. */
static void add_dma_heap(struct carveout_device *device)
{
	struct carveout_device *dma_heap;
	int ret;

	dma_heap = new_device(device->dev.parent, device->carveout, &dma_heap_kind);
	ret = PTR_ERR_OR_ZERO(dma_heap);
	if (!ret) {
		ret = cdev_device_add(&dma_heap->cdev, &dma_heap->dev);
		if (ret)
			put_device(&dma_heap->dev);
	}
	if (ret)
		pr_err("%s: no device node in /dev/" CARVEOUT_DMA_HEAP_DIR " (%d)\n",
		       device->carveout->name, ret);
	else
		device->dma_heap = dma_heap;
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
			range->attrs & CARVEOUT_ATTR_NO_CPU ? "no-cpu-access" :
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
 * carveout_publish() - Create the device nodes of a heap
 * @parent: their parent, or NULL
 * @carveout: the heap; each device node takes a reference
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
		add_dma_heap(device);
		carveout_sysfs_add_regions(device);
		carveout_debugfs_add(carveout, carveout->name);
		announce(carveout);
	}
	return device;
}

/**
 * carveout_unpublish() - Remove the device nodes of a heap
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
	if (device->dma_heap)
		cdev_device_del(&device->dma_heap->cdev, &device->dma_heap->dev);
	carveout_sysfs_remove_regions(device);
	cdev_device_del(&device->cdev, &device->dev);
	left = carveout_shutdown(carveout);
	carveout_dmem_unregister(carveout);
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

static int match_heap(struct device *dev, const void *carveout)
{
	return container_of(dev, struct carveout_device, dev)->carveout == carveout;
}

/**
 * carveout_chardev_regions() - Show regions in sysfs that were added to a heap
 * @carveout: the heap; nothing changes if it has no device node
 *
 * Context: Process context. May sleep.
 */
void carveout_chardev_regions(struct carveout *carveout)
{
	struct device *dev;

	dev = class_find_device(&carveout_class, NULL, carveout, match_heap);
	if (!dev)
		return;
	carveout_sysfs_add_regions(container_of(dev, struct carveout_device, dev));
	put_device(dev);
}

/**
 * carveout_chardev_init() - Register the classes and the device numbers
 *
 * Context: Process context. May sleep.
 * Return: 0 or a negative errno.
 */
int carveout_chardev_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&first_devt, 0, NR_MINORS, "carveout");
	if (ret)
		return ret;
	ret = class_register(&carveout_class);
	if (ret)
		goto unregister_region;
	ret = class_register(&dma_heap_class);
	if (ret)
		goto unregister_class;
	return 0;

unregister_class:
	class_unregister(&carveout_class);
unregister_region:
	unregister_chrdev_region(first_devt, NR_MINORS);
	return ret;
}

/**
 * carveout_chardev_exit() - Undo carveout_chardev_init()
 *
 * Context: Process context. May sleep.
 */
void carveout_chardev_exit(void)
{
	class_unregister(&dma_heap_class);
	class_unregister(&carveout_class);
	unregister_chrdev_region(first_devt, NR_MINORS);
}
