/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of drivers: spans without a buffer.
 */
#ifndef CARVEOUT_MEMORY_H
#define CARVEOUT_MEMORY_H

#include <linux/types.h>

#include "../../lib/heap.h"

struct carveout;
struct carveout_claim;

const struct carveout_claim *carveout_memory_claim(const struct carveout *carveout,
						   const void *va);
void *carveout_memory_alloc(struct carveout *carveout,
			    const struct carveout_heap_request *request, bool zero);
void *carveout_memory_resize(struct carveout *carveout, void *va, u64 size);

#endif /* CARVEOUT_MEMORY_H */
