/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Benchmark module: its clock and its parts.
 */

#ifndef CARVEOUT_BENCH_KERNEL_H
#define CARVEOUT_BENCH_KERNEL_H

#include "bench.h"

/* First seed; measurements with several traces count up from it. */
#define BENCH_SEED 1

extern const struct bench_peer bench_drm_mm;
extern const struct bench_peer bench_drm_mm_lock;
extern const struct bench_peer bench_drm_buddy;
extern const struct bench_peer bench_gen_pool_first;
extern const struct bench_peer bench_gen_pool_best;
extern const struct bench_peer bench_mempool_slab;
extern const struct bench_peer bench_mempool_reserve;
extern const struct bench_peer bench_dma_pool;
extern const struct bench_peer bench_module;
extern const struct bench_peer bench_module_zero;
extern const struct bench_peer bench_module_buf;
extern const struct bench_peer bench_module_pool;

/* All allocators of the comparison, the empty one first. */
#define BENCH_PEERS 14
extern const struct bench_peer *const bench_peers[BENCH_PEERS];

/**
 * bench_clock() - Read the time-stamp counter
 *
 * User-mode Linux reads the time from the host, which takes longer than the measured
 * operations; the counter is readable in user mode. All instructions before the read
 * are complete, and those after it have not started.
 *
 * Return: cycles.
 */
static inline u64 bench_clock(void)
{
	u32 low, high;

	asm volatile("rdtscp; lfence" : "=a" (low), "=d" (high) : : "ecx", "memory");
	return (u64)high << 32 | low;
}

/* Is an allocator also measured in given states, not only timed? */
static inline bool bench_has_states(const struct bench_peer *peer)
{
	return !peer->timed_only && !peer->one_size;
}

/* Does an allocator support units of this size, and blocks of one or more units? */
static inline bool bench_takes_part(const struct bench_peer *peer, unsigned int shift,
				    bool one_size)
{
	return (!peer->pages_only || shift >= 12) && (!peer->one_size || one_size);
}

void bench_module_init(phys_addr_t base, u64 size);
int bench_warm_up(const struct bench_peer *peer, const struct bench_trace *trace);
int bench_time_all(unsigned int repeats);
int bench_single_all(unsigned int repeats);
int bench_failing_all(unsigned int repeats);
int bench_refit_all(void);
int bench_full_all(void);
int bench_fill_all(void);
int bench_utilisation_all(void);

#endif /* CARVEOUT_BENCH_KERNEL_H */
