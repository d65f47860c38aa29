// SPDX-License-Identifier: GPL-2.0
/*
 * carveout: heaps of memory that a board sets aside, with named buffers.
 *
 * The module's beginning and end. A heap comes from the device tree
 * (platform.c) or from a parameter (params.c); see Documentation/design.rst.
 */

#include <linux/module.h>

#include "carveout_internal.h"

#ifndef CONFIG_64BIT
#error "carveout needs a 64-bit kernel"
#endif

/*
 * A module whose init fails goes at once, whoever has a file of it open. So
 * everything that can fail comes before the first node does. The driver's
 * registration is the last of it: it is undone inside or not at all.
 */
static int __init carveout_init(void)
{
	int ret;

	carveout_debugfs_init();
	ret = carveout_deferred_init();
	if (ret)
		goto debugfs_exit;
	ret = carveout_chardev_init();
	if (ret)
		goto deferred_exit;
	ret = carveout_params_init();
	if (ret)
		goto chardev_exit;
	ret = carveout_platform_init();
	if (ret)
		goto params_exit;
	carveout_params_publish();
	return 0;

params_exit:
	carveout_params_exit();
chardev_exit:
	carveout_chardev_exit();
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

	carveout_platform_exit();
	carveout_params_exit();
	carveout_chardev_exit();
	carveout_park_exit();
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
MODULE_DESCRIPTION("Heaps of reserved memory with named, shared buffers");
MODULE_LICENSE("GPL");
