/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cache maintenance by virtual address, for memory that devices access without
 * snooping the CPU's caches.
 *
 * The DMA API works on the linear mapping and for a given device. A heap needs
 * cache maintenance outside the linear mapping and without any device. Of the
 * functions that kernels export for that, arch_invalidate_pmem() drops modified
 * lines: used on a whole buffer it would lose the stores that another CPU makes
 * meanwhile. Writing back and invalidating each line in one step loses nothing,
 * on any CPU and at any time.
 */
#ifndef CARVEOUT_CACHE_H
#define CARVEOUT_CACHE_H

#include <linux/kconfig.h>
#include <linux/types.h>

#ifdef CONFIG_ARM64

#include <asm/barrier.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>

#define CARVEOUT_HAS_CACHE_FLUSH	1

/**
 * carveout_cache_flush() - Write back and invalidate cache lines, to memory
 * @va: first byte, in a cached mapping
 * @size: bytes
 *
 * Source: Arm Architecture Reference Manual, DC CIVAC and CTR_EL0.DminLine (log2
 * of the number of words in the smallest data cache line).
 *
 * Context: Any context.
 */
static inline void carveout_cache_flush(const void *va, size_t size)
{
	u64 ctr = read_sanitised_ftr_reg(SYS_CTR_EL0);
	unsigned long line = 4UL << ((ctr >> 16) & 0xf);
	unsigned long end = (unsigned long)va + size;
	unsigned long at;

	for (at = (unsigned long)va & ~(line - 1); at < end; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	dsb(sy);
}

#else /* no operation is known: only coherent heaps can be cached */

#define CARVEOUT_HAS_CACHE_FLUSH	0

static inline void carveout_cache_flush(const void *va, size_t size) { }

#endif

#endif /* CARVEOUT_CACHE_H */
