// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of regions of the coherent allocator, on test boards only: a device that is
 * assigned to the first region of a DT node, like a remote processor, and has memory of
 * it while the module is loaded.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>

static char *node;
module_param(node, charp, 0400);
MODULE_PARM_DESC(node, "path of a DT node with memory-region");

static uint size = SZ_64K;
module_param(size, uint, 0400);
MODULE_PARM_DESC(size, "bytes to allocate");

static struct platform_device *device;
static dma_addr_t addr;
static void *va;

static int assign(void)
{
	struct device_node *np = of_find_node_by_path(node ?: "");
	int ret;

	if (!np)
		return -ENODEV;
	ret = of_reserved_mem_device_init_by_idx(&device->dev, np, 0);
	of_node_put(np);
	return ret;
}

static int __init assigned_init(void)
{
	int ret;

	device = platform_device_register_simple("carveout_assigned", PLATFORM_DEVID_NONE,
						 NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = assign();
	if (ret)
		goto unregister;
	va = dma_alloc_coherent(&device->dev, size, &addr, GFP_KERNEL);
	if (!va) {
		ret = -ENOMEM;
		goto release;
	}
	pr_info("has %u bytes at %pad\n", size, &addr);
	return 0;

release:
	of_reserved_mem_device_release(&device->dev);
unregister:
	platform_device_unregister(device);
	return ret;
}

static void __exit assigned_exit(void)
{
	dma_free_coherent(&device->dev, size, va, addr);
	of_reserved_mem_device_release(&device->dev);
	platform_device_unregister(device);
}

module_init(assigned_init);
module_exit(assigned_exit);

MODULE_DESCRIPTION("A device that is assigned to a region, for tests");
MODULE_LICENSE("GPL");
