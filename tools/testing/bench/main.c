// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark module: allocators of the kernel, lib/ and carveout.ko in one boot.
 *
 * Loading it runs all measurements and logs the results, one a line; report.py creates
 * tables from them. The kernel must be started with reserve_mem=SIZE:2M:bench, so that
 * the allocators' metadata is in one piece of the linear mapping, and with
 * reserve_mem=SIZE:2M:arena, the memory that carveout.ko allocates from.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "kernel.h"

static unsigned int repeats = 7;
module_param(repeats, uint, 0400);
MODULE_PARM_DESC(repeats, "passes over each trace, the fastest counts");

const struct bench_peer *const bench_peers[BENCH_PEERS] = {
	&bench_null, &bench_carveout, &bench_module, &bench_module_zero,
	&bench_module_buf, &bench_module_pool, &bench_drm_mm, &bench_drm_mm_lock,
	&bench_gen_pool_first, &bench_gen_pool_best, &bench_drm_buddy,
	&bench_mempool_slab, &bench_mempool_reserve, &bench_dma_pool,
};

/* Log the frequency of the counter, measured with the clock of the kernel. */
static void log_clock(u64 cycles, u64 ns)
{
	cycles = bench_clock() - cycles;
	ns = ktime_get_ns() - ns;
	pr_info("clock khz=%llu\n", cycles * 1000 / (ns / 1000));
}

static int __init bench_init(void)
{
	u64 cycles = bench_clock(), ns = ktime_get_ns();
	phys_addr_t start, size, arena, arena_size;
	int err;

	if (!reserve_mem_find_by_name("bench", &start, &size) ||
	    !reserve_mem_find_by_name("arena", &arena, &arena_size)) {
		pr_err("no memory: start the kernel with reserve_mem=SIZE:2M:bench and :arena\n");
		return -ENODEV;
	}
	bench_mem_init(__va(start), size);
	bench_module_init(arena, arena_size);
	err = bench_time_all(repeats);
	if (!err)
		err = bench_single_all(repeats);
	if (!err)
		err = bench_failing_all(repeats);
	if (!err)
		err = bench_refit_all();
	if (!err)
		err = bench_full_all();
	if (!err)
		err = bench_fill_all();
	if (!err)
		err = bench_utilisation_all();
	log_clock(cycles, ns);
	pr_info("done err=%d\n", err);
	return err;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Benchmark of range allocators");
MODULE_LICENSE("GPL");
