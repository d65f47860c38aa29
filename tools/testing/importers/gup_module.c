// SPDX-License-Identifier: GPL-2.0
/*
 * The rest of a module of gup_test.c.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pageblock-flags.h>

/*
 * The kernel does not export it. One of its benchmarks, which no test here uses, asks for
 * blocks of pages that are reserved for CMA.
 */
unsigned long get_pfnblock_flags_mask(const struct page *page, unsigned long pfn,
				      unsigned long mask)
{
	return MIGRATE_MOVABLE;
}

MODULE_DESCRIPTION("Pins of user pages, for the kernel's own tests");
MODULE_LICENSE("GPL");
