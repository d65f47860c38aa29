// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers shared by the user-space tests of lib/.
 */

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

/*
 * Number of failing carveout_assert() calls that the running test still expects. Any
 * other failing carveout_assert() ends the program.
 */
unsigned int unit_expected_asserts;

void carveout_assert_failed(const char *condition, const char *file, int line)
{
	if (unit_expected_asserts) {
		unit_expected_asserts--;
		return;
	}
	fprintf(stderr, "# %s:%d: carveout_assert(%s)\n", file, line, condition);
	abort();
}

/* Memory with content that makes a read before the first write fail. */
static void *poisoned_malloc(size_t bytes)
{
	void *mem = malloc(bytes);

	if (!mem)
		abort();
	memset(mem, 0xa5, bytes);
	return mem;
}

void unit_init(struct unit *unit, unsigned int shift)
{
	memset(unit, 0xa5, sizeof(*unit));
	unit->nr_mem = 0;
	unit->nr_chunk = 0;
	carveout_heap_init(&unit->heap, shift);
}

void unit_fini(struct unit *unit)
{
	while (unit->nr_mem)
		free(unit->mem[--unit->nr_mem]);
	while (unit->nr_chunk)
		free(unit->chunk[--unit->nr_chunk]);
}

int unit_grow(struct unit *unit)
{
	void *mem = poisoned_malloc(carveout_store_chunk_bytes(&unit->heap));

	unit->chunk[unit->nr_chunk++] = mem;
	return carveout_heap_add_chunk(&unit->heap, mem);
}

struct carveout_region *unit_region_mem(struct unit *unit, u64 size)
{
	struct carveout_region *mem = poisoned_malloc(carveout_region_bytes(&unit->heap, size));

	if (unit->nr_mem == ARRAY_SIZE(unit->mem))
		abort();
	unit->mem[unit->nr_mem++] = mem;
	return mem;
}

int unit_add(struct unit *unit, u64 base, u64 size, u32 attrs)
{
	struct carveout_region *mem = unit_region_mem(unit, size);
	int ret;

	do {
		ret = carveout_heap_add_region(&unit->heap, mem, base, size, attrs);
	} while (ret == -ENOMEM && !unit_grow(unit));
	return ret;
}

int unit_alloc_req(struct unit *unit, const struct carveout_heap_request *req,
		   struct carveout_handle *handle)
{
	int ret;

	do {
		ret = carveout_heap_alloc(&unit->heap, req, handle);
	} while (ret == -ENOMEM && !unit_grow(unit));
	return ret;
}

int unit_resize(struct unit *unit, struct carveout_handle handle, u64 size)
{
	int ret;

	do {
		ret = carveout_heap_resize(&unit->heap, handle, size);
	} while (ret == -ENOMEM && !unit_grow(unit));
	return ret;
}

int unit_alloc(struct unit *unit, u64 size, u64 align, struct carveout_handle *handle)
{
	const struct carveout_heap_request req = { .size = size, .align = align };

	return unit_alloc_req(unit, &req, handle);
}

const char *unit_check(struct unit *unit)
{
	struct carveout_report report;

	carveout_heap_validate(&unit->heap, &report);
	if (report.invariant != CARVEOUT_SOUND)
		printf("# region %u, descriptor %u\n", report.region, report.index);
	return carveout_report_string(&report);
}

/* The seed of a random test: CARVEOUT_SEED if set, else @seed. It is printed. */
u64 unit_seed(const char *test, u64 seed)
{
	const char *env = getenv("CARVEOUT_SEED");

	if (env)
		seed = strtoull(env, NULL, 0);
	printf("# %s: CARVEOUT_SEED=0x%llx\n", test, (unsigned long long)seed);
	return seed ? seed : 1;
}

u64 unit_random(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * 0x2545f4914f6cdd1dULL;
}

u64 unit_below(struct random *random, u64 limit)
{
	return (unit_random(random) >> 11) % limit;
}
