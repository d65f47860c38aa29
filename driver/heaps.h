/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps: creation, growth, shutdown.
 */
#ifndef CARVEOUT_HEAPS_H
#define CARVEOUT_HEAPS_H

#include <linux/bits.h>
#include <linux/types.h>

struct carveout;
struct carveout_range;

/* Flags of carveout_from_ranges(). */
#define CARVEOUT_HEAP_COHERENT	BIT(0)	/* devices snoop the CPU's caches */
#define CARVEOUT_HEAP_NOZERO	BIT(1)	/* only drivers use the heap: no zeroing */

bool carveout_heap_name_valid(const char *name);
int carveout_ranges_check(const struct carveout_range *ranges, unsigned int count,
			  bool coherent);
struct carveout *carveout_from_ranges(const char *name, struct carveout_range *ranges,
				      unsigned int count, unsigned int flags);
int carveout_add_range(struct carveout *carveout, const struct carveout_range *range);
struct carveout *carveout_heap_next(struct carveout *carveout);
void carveout_heaps_reopen_nomap(void);
unsigned int carveout_shutdown(struct carveout *carveout);

#endif /* CARVEOUT_HEAPS_H */
