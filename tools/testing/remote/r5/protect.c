// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Memory that the core can only read: one region of the MPU of a Cortex-R5 (PMSAv7, see the
 * Arm Architecture Reference Manual ARMv7-A and ARMv7-R, B5). All other memory is in the
 * background region, which privileged code may use as if there were no MPU.
 */

#include "r5.h"

/* Access control: not executable, readable by privileged code, normal memory, not cached. */
#define READ_ONLY	0x150c

/* System control: the MPU is on, with the background region. */
#define MPU_ON		0x20001

static void set_region(uint32_t base, uint32_t access, uint32_t size)
{
	asm volatile("mcr p15, 0, %0, c6, c2, 0\n\t"	/* region 0 */
		     "mcr p15, 0, %1, c6, c1, 0\n\t"	/* base */
		     "mcr p15, 0, %2, c6, c1, 4\n\t"	/* access control */
		     "mcr p15, 0, %3, c6, c1, 2\n\t"	/* size and enable */
		     "dsb\n\tisb"
		     : : "r" (0), "r" (base), "r" (access), "r" (size) : "memory");
}

/* The range begins at a multiple of its size, which is a power of two of at least 32 bytes. */
void protect(uintptr_t addr, size_t size)
{
	uint32_t control;

	set_region(addr, READ_ONLY, (uint32_t)(__builtin_ctz(size) - 1) << 1 | 1);
	asm volatile("mrc p15, 0, %0, c1, c0, 0" : "=r" (control));
	asm volatile("mcr p15, 0, %0, c1, c0, 0\n\tisb" : : "r" (control | MPU_ON) : "memory");
}

void unprotect(void)
{
	set_region(0, 0, 0);
}

/*
 * Store a word, and return the status of the fault, 0 without one. The vector of an abort,
 * which start.S sets, continues after the store.
 */
uint32_t try_store(uintptr_t addr, uint32_t value)
{
	uint32_t fault = 0;

	asm volatile("mcr p15, 0, %0, c5, c0, 0" : : "r" (fault));
	write32(addr, value);
	asm volatile("dsb\n\tmrc p15, 0, %0, c5, c0, 0" : "=r" (fault) : : "memory");
	return fault;
}
