// SPDX-License-Identifier: GPL-2.0
/*
 * carveout: heaps of memory that a board sets aside, with tagged buffers.
 *
 * Module init and exit. The device tree (platform.c), module parameters (params.c) and
 * other drivers (api/api.c) define the heaps; see Documentation/design.rst.
 */

#include <linux/module.h>

#include "buf/release.h"
#include "dev/chardev.h"
#include "dev/debugfs.h"
#include "dev/dmabuf_node.h"
#include "mem/deferred.h"
#include "mem/objects.h"
#include "power.h"
#include "source.h"
#include "version.h"

#ifndef CONFIG_64BIT
#error "carveout needs a 64-bit kernel"
#endif

/*
 * When module init fails the module is freed at once, even if its device node is open.
 * So all steps that can fail precede the first device node. The registration of the
 * platform driver is the last such step: if it fails, it has undone itself, and after it
 * nothing is undone.
 */
static int __init carveout_init(void)
{
	int ret;

	carveout_debugfs_init();
	ret = carveout_deferred_init();
	if (ret)
		goto debugfs_exit;
	/* Before there is a heap. */
	ret = carveout_power_init();
	if (ret)
		goto deferred_exit;
	ret = carveout_chardev_init();
	if (ret)
		goto power_exit;
	ret = carveout_params_init();
	if (ret)
		goto chardev_exit;
	ret = carveout_platform_init();
	if (ret)
		goto params_exit;
	carveout_params_publish();
	carveout_dmabuf_node_publish();
	return 0;

params_exit:
	carveout_params_exit();
chardev_exit:
	carveout_chardev_exit();
power_exit:
	carveout_power_exit();
deferred_exit:
	carveout_deferred_exit();
debugfs_exit:
	carveout_debugfs_exit();
	return ret;
}

/* No file, mapping or importer is left: each of them holds the module. */
static void __exit carveout_exit(void)
{
	unsigned int i;

	carveout_power_exit();
	carveout_dmabuf_node_exit();
	carveout_platform_exit();
	carveout_params_exit();
	carveout_chardev_exit();
	carveout_release_exit();
	carveout_deferred_exit();
	carveout_debugfs_exit();
	for (i = 0; i < CARVEOUT_NR_OBJECTS; i++)
		WARN(atomic_read(&carveout_objects[i]),
		     "carveout: %d object(s) of kind %u left behind\n",
		     atomic_read(&carveout_objects[i]), i);
}

module_init(carveout_init);
module_exit(carveout_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Heaps of reserved memory with tagged, shared buffers");
MODULE_VERSION(CARVEOUT_VERSION);
MODULE_LICENSE("GPL");
