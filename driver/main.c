// SPDX-License-Identifier: GPL-2.0
/*
 * carveout: heaps of memory that a board sets aside, with named buffers.
 *
 * The module's beginning and end.
 */

#include <linux/module.h>

#include "carveout_internal.h"

static int __init carveout_init(void)
{
	carveout_debugfs_init();
	return 0;
}

static void __exit carveout_exit(void)
{
	carveout_debugfs_exit();
}

module_init(carveout_init);
module_exit(carveout_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Heaps of reserved memory with named, shared buffers");
MODULE_LICENSE("GPL");
