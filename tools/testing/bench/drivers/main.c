// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark module: costs of a driver, with carveout.ko and with allocators of the kernel.
 *
 * Loading it runs all measurements and logs the results, one a line, for report.py. Its
 * machine is one whose clock counts instructions: QEMU with -icount.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/module.h>

#include "drivers.h"

static int __init drivers_init(void)
{
	int err = bench_pairs() ?: bench_calls() ?: bench_objects() ?: bench_names();

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
