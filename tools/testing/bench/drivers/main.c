// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark module: costs of a driver, with carveout.ko and with allocators of the kernel.
 *
 * Loading it runs all measurements and logs the results, one a line, for report.py. Its
 * machine is one whose clock counts instructions: QEMU with -icount. With repeat= it measures
 * nothing, and is a load for so many seconds.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/module.h>

#include "drivers.h"

static unsigned int repeat;
module_param(repeat, uint, 0);
MODULE_PARM_DESC(repeat, "seconds for which the longest allocation is repeated");

static int __init drivers_init(void)
{
	int err = repeat ? bench_search(repeat) :
		  bench_pairs() ?: bench_calls() ?: bench_objects() ?: bench_names();

	pr_info("drivers_done err=%d\n", err);
	return err;
}

static void __exit drivers_exit(void)
{
}

module_init(drivers_init);
module_exit(drivers_exit);
MODULE_DESCRIPTION("Benchmark of the costs of a driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("DMA_BUF");
