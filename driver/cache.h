/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cache maintenance by virtual address, for memory that devices reach behind
 * the CPU's caches.
 *
 * The DMA API works on the linear mapping and for a given device; a heap needs
 * it outside the linear mapping and with no device at all. Of what kernels
 * export for that, arch_invalidate_pmem() drops dirty lines: used on a whole
 * buffer it would lose what another CPU stores meanwhile. Writing back and
 * invalidating each line in one step loses nothing, whoever does it when.
 */
#ifndef _CARVEOUT_CACHE_H
#define _CARVEOUT_CACHE_H

#include <linux/kconfig.h>
#include <linux/types.h>

#ifdef CONFIG_ARM64

#include <asm/barrier.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>

#define CARVEOUT_HAS_CACHE_FLUSH	1

/**
 * carveout_cache_flush() - write back and invalidate, to memory
 * @va: first byte, in a cached mapping
 * @size: bytes
 *
 * Source: Arm Architecture Reference Manual, DC CIVAC and CTR_EL0.DminLine (log2
 * of the number of words in the smallest data cache line).
 *
 * Context: Any.
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

#else /* no operation is known, so heaps have to be coherent to be cached */

#define CARVEOUT_HAS_CACHE_FLUSH	0

static inline void carveout_cache_flush(const void *va, size_t size) { }

#endif

#endif /* _CARVEOUT_CACHE_H */
