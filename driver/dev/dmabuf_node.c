// SPDX-License-Identifier: GPL-2.0
/*
 * The device node for holders of dma-bufs, /dev/carveout-dmabuf.
 *
 * A process that was sent a dma-buf may not be allowed to open the device node of its heap.
 * The dma-buf is the authority for CARVEOUT_IOCTL_SYNC and CARVEOUT_IOCTL_INFO: both name
 * it by its descriptor, and neither does anything else for the caller. So this node accepts
 * them from every user, for the dma-bufs of all heaps. The dma-buf core passes no ioctl to
 * its exporter, therefore this is a device node. It refers to no heap: a dma-buf keeps its
 * buffer and the heap, and both commands work after the heap's shutdown, too.
 *
 * CARVEOUT_IOCTL_LOCATE is a command of this node alone: the caller knows an address, and
 * not the heap. The mapping is the authority.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "dmabuf_node.h"
#include "ioctl.h"
#include "locate.h"

#define FIRST	_IOC_NR(CARVEOUT_IOCTL_INFO)

static const struct carveout_command commands[] = {
	[_IOC_NR(CARVEOUT_IOCTL_INFO) - FIRST] = {
		.cmd = CARVEOUT_IOCTL_INFO,
		.min_size = CARVEOUT_INFO_SIZE_VER0,
		.mode = FMODE_READ,
		.call = carveout_do_info,
	},
	[_IOC_NR(CARVEOUT_IOCTL_SYNC) - FIRST] = {
		.cmd = CARVEOUT_IOCTL_SYNC,
		.min_size = CARVEOUT_SYNC_SIZE_VER0,
		.mode = FMODE_READ,
		.call = carveout_do_sync,
	},
	[_IOC_NR(CARVEOUT_IOCTL_LOCATE) - FIRST] = {
		.cmd = CARVEOUT_IOCTL_LOCATE,
		.min_size = CARVEOUT_LOCATE_SIZE_VER0,
		.mode = FMODE_READ,
		.call = carveout_do_locate,
	},
};

static long node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const struct carveout_commands node_commands = {
		.command = commands,
		.first = FIRST,
		.count = ARRAY_SIZE(commands),
	};
	struct carveout_call call = {
		.mode = file->f_mode,
		.uarg = (void __user *)arg,
	};

	return carveout_dispatch(&call, &node_commands, cmd);
}

static const struct file_operations node_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "carveout-dmabuf",
	.fops = &node_fops,
	.mode = 0666,
};

static bool published;

/**
 * carveout_dmabuf_node_publish() - Create the device node
 *
 * A failure is reported in the log, and the heaps remain without this node.
 *
 * Context: Process context. May sleep. The last step of module init.
 */
void carveout_dmabuf_node_publish(void)
{
	int ret = misc_register(&node);

	published = !ret;
	if (ret)
		pr_err("no device node %s (%d)\n", node.name, ret);
}

/**
 * carveout_dmabuf_node_exit() - Remove the device node
 *
 * Context: Process context. May sleep.
 */
void carveout_dmabuf_node_exit(void)
{
	if (published)
		misc_deregister(&node);
}
