/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers shared by the user-space tests of lib/.
 */

#ifndef CARVEOUT_UNIT_H
#define CARVEOUT_UNIT_H

#include "heap.h"
#include "tag.h"

/**
 * struct unit - A heap with its memory
 * @heap: the heap
 * @mem: memory of regions, each from malloc(), so that an access beyond it is
 *	detected
 * @nr_mem: number of entries of @mem in use
 * @chunk: memory of descriptors
 * @nr_chunk: number of entries of @chunk in use
 */
struct unit {
	struct carveout_heap heap;
	struct carveout_region *mem[512];
	unsigned int nr_mem;
	void *chunk[32];
	unsigned int nr_chunk;
};

/* Reproducible random numbers: xorshift64* of S. Vigna. */
struct random {
	u64 state;
};

extern unsigned int unit_expected_asserts;

void unit_init(struct unit *unit, unsigned int shift);
void unit_fini(struct unit *unit);
int unit_grow(struct unit *unit);
struct carveout_region *unit_region_mem(struct unit *unit, u64 size);
int unit_add(struct unit *unit, u64 base, u64 size, u32 attrs);
int unit_alloc_req(struct unit *unit, const struct carveout_heap_request *req,
		   struct carveout_handle *handle);
int unit_resize(struct unit *unit, struct carveout_handle handle, u64 size);
int unit_alloc(struct unit *unit, u64 size, u64 align, struct carveout_handle *handle);
const char *unit_check(struct unit *unit);
u64 unit_seed(const char *test, u64 seed);
u64 unit_random(struct random *random);
u64 unit_below(struct random *random, u64 limit);

/* For coverage.c: the wrapper of _exit(), and the real function. */
void __wrap__exit(int status);
void __real__exit(int status);

/* End the test unless the heap is sound. */
#define ASSERT_SOUND(unit) ASSERT_STREQ("ok", unit_check(unit))

#endif /* CARVEOUT_UNIT_H */
