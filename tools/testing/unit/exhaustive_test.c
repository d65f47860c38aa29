// SPDX-License-Identifier: GPL-2.0
/*
 * Exhaustive tests of small heaps: every order of frees, every sequence of calls.
 *
 * Three regions of at most eight granules: one that starts at an odd granule, and two
 * that touch but differ in their attributes. One 64-bit word has a bit for each
 * granule.
 */

#include "kselftest_harness.h"
#include "unit.h"

#define SMALL_SHIFT 6

struct small_region {
	u64 start;
	u64 size;
	u32 attrs;
};

static const struct small_region small_regions[] = {
	{ 1, 7, 0 }, { 16, 8, 0 }, { 24, 6, 1 },
};

struct shape {
	u64 size;
	u64 align;
};

static const struct shape shapes[] = {
	{ 1, 1 }, { 3, 4 }, { 1, 2 }, { 2, 8 }, { 1, 16 }, { 2, 1 },
};

struct small {
	struct unit unit;
	struct carveout_handle live[8];
	u64 mask[8];
	unsigned int nr_live;
	u64 used;
};

/* All memory that an operation can change, to restore it. */
struct small_copy {
	struct small small;
	u8 region[ARRAY_SIZE(small_regions)][sizeof(struct carveout_region) + 512];
	u8 chunk[40 * 64];
};

/* Size of a region with the arrays behind it. */
static size_t small_bytes(const struct small *small, unsigned int nr)
{
	return carveout_region_bytes(&small->unit.heap, small_regions[nr].size << SMALL_SHIFT);
}

static void small_init(struct small *small)
{
	unsigned int i;

	memset(small, 0, sizeof(*small));
	unit_init(&small->unit, SMALL_SHIFT);
	for (i = 0; i < ARRAY_SIZE(small_regions); i++)
		unit_add(&small->unit, small_regions[i].start << SMALL_SHIFT,
			 small_regions[i].size << SMALL_SHIFT, small_regions[i].attrs);
}

static void small_save(const struct small *small, struct small_copy *copy)
{
	unsigned int i;

	memcpy(&copy->small, small, sizeof(*small));
	for (i = 0; i < ARRAY_SIZE(small_regions); i++)
		memcpy(copy->region[i], small->unit.mem[i], small_bytes(small, i));
	memcpy(copy->chunk, small->unit.chunk[0], sizeof(copy->chunk));
}

static void small_restore(struct small *small, const struct small_copy *copy)
{
	unsigned int i;

	memcpy(small, &copy->small, sizeof(*small));
	for (i = 0; i < ARRAY_SIZE(small_regions); i++)
		memcpy(small->unit.mem[i], copy->region[i], small_bytes(small, i));
	memcpy(small->unit.chunk[0], copy->chunk, sizeof(copy->chunk));
}

static u64 mask_of(u64 start, u64 size)
{
	return ((1ULL << size) - 1) << start;
}

/* Does the region have a place for the shape? */
static bool has_place(u64 used, const struct small_region *region, const struct shape *shape)
{
	u64 at;

	for (at = region->start; at + shape->size <= region->start + region->size; at++)
		if (!(at % shape->align) && !(used & mask_of(at, shape->size)))
			return true;
	return false;
}

static const char *small_check(struct small *small)
{
	struct carveout_span_info info;
	unsigned int i;
	u64 used = 0;
	u32 index;

	for (i = 0; i < ARRAY_SIZE(small_regions); i++)
		for (index = carveout_heap_first_span(&small->unit.heap, i, &info); index;
		     index = carveout_heap_next_span(&small->unit.heap, index, &info))
			if (info.used)
				used |= mask_of(info.start >> SMALL_SHIFT,
						info.size >> SMALL_SHIFT);
	if (used != small->used)
		return "other granules are in use";
	return unit_check(&small->unit);
}

static const char *small_alloc(struct small *small, const struct shape *shape)
{
	struct carveout_span_info info;
	struct carveout_handle handle;
	unsigned int want = 0;
	u64 start, mask;
	int ret;

	while (want < ARRAY_SIZE(small_regions) &&
	       !has_place(small->used, &small_regions[want], shape))
		want++;
	ret = unit_alloc(&small->unit, shape->size << SMALL_SHIFT,
			 shape->align << SMALL_SHIFT, &handle);
	if (want == ARRAY_SIZE(small_regions))
		return ret == -ENOSPC ? small_check(small) : "there was no place";
	if (ret || carveout_heap_info(&small->unit.heap, handle, &info))
		return "there was a place";
	if (info.region != want)
		return "there was a place in another region";
	start = info.start >> SMALL_SHIFT;
	mask = mask_of(start, shape->size);
	if (start % shape->align || small->used & mask)
		return "the place is not aligned or not free";
	small->used |= mask;
	small->live[small->nr_live] = handle;
	small->mask[small->nr_live++] = mask;
	return small_check(small);
}

static const char *small_free(struct small *small, unsigned int which)
{
	if (carveout_heap_free(&small->unit.heap, small->live[which]))
		return "the free was refused";
	small->used &= ~small->mask[which];
	small->nr_live--;
	small->live[which] = small->live[small->nr_live];
	small->mask[which] = small->mask[small->nr_live];
	return small_check(small);
}

/* === Every order of freeing =============================================== */

/*
 * Free the remaining allocations in every order: recursively, each choice of the next
 * one. The list of live allocations changes its order, but each choice is taken once.
 */
static const char *free_in_every_order(struct small *small, u64 empty, unsigned long *orders)
{
	static struct small_copy copy[9];
	unsigned int n = small->nr_live, i;
	const char *why;

	if (!n) {
		(*orders)++;
		return carveout_heap_hash(&small->unit.heap) == empty ?
		       "ok" : "the empty heap differs from the new one";
	}
	small_save(small, &copy[n]);
	for (i = 0; i < n; i++) {
		why = small_free(small, i);
		if (strcmp(why, "ok"))
			return why;
		why = free_in_every_order(small, empty, orders);
		if (strcmp(why, "ok"))
			return why;
		small_restore(small, &copy[n]);
	}
	return "ok";
}

/* All ways to choose @spans shapes out of the first @kinds, freed in all orders. */
static const char *every_order(unsigned int spans, unsigned int kinds, unsigned long *orders)
{
	static struct small small;
	unsigned long choice, choices = 1;
	const char *why = "ok";
	unsigned int i;
	u64 empty;

	for (i = 0; i < spans; i++)
		choices *= kinds;
	for (choice = 0; choice < choices && !strcmp(why, "ok"); choice++) {
		unsigned long digits = choice;

		small_init(&small);
		empty = carveout_heap_hash(&small.unit.heap);
		for (i = 0; i < spans && !strcmp(why, "ok"); i++, digits /= kinds)
			why = small_alloc(&small, &shapes[digits % kinds]);
		if (!strcmp(why, "ok"))
			why = free_in_every_order(&small, empty, orders);
		unit_fini(&small.unit);
	}
	return why;
}

TEST(every_order_of_freeing_four_of_six_shapes)
{
	unsigned long orders = 0;

	ASSERT_STREQ("ok", every_order(4, 6, &orders));
	ASSERT_LT(20000, orders);
}

TEST(every_order_of_freeing_five_of_three_shapes)
{
	unsigned long orders = 0;

	ASSERT_STREQ("ok", every_order(5, 3, &orders));
	ASSERT_LT(20000, orders);
}

FIXTURE(orders) {
	int nothing;
};

FIXTURE_SETUP(orders)
{
	self->nothing = 0;
}

FIXTURE_TEARDOWN(orders)
{
}

/* With CARVEOUT_THOROUGH set, of five shapes, which takes minutes. */
TEST_F_TIMEOUT(orders, of_freeing_six, 3600)
{
	unsigned int kinds = getenv("CARVEOUT_THOROUGH") ? 5 : 2;
	unsigned long orders = 0;

	ASSERT_STREQ("ok", every_order(6, kinds, &orders));
	printf("# six of %u shapes: %lu orders\n", kinds, orders);
	ASSERT_LT(20000, orders);
}

/* === Every sequence of calls ============================================== */

static const char *every_sequence(struct small *small, unsigned int left, unsigned long *count)
{
	static struct small_copy copy[16];
	unsigned int choices = 4 + small->nr_live, i;
	const char *why;

	(*count)++;
	if (!left)
		return "ok";
	small_save(small, &copy[left]);
	for (i = 0; i < choices; i++) {
		if (i < 4)
			why = small_alloc(small, &shapes[i]);
		else
			why = small_free(small, i - 4);
		if (strcmp(why, "ok"))
			return why;
		why = every_sequence(small, left - 1, count);
		if (strcmp(why, "ok"))
			return why;
		small_restore(small, &copy[left]);
	}
	return "ok";
}

TEST(every_sequence_of_six_calls)
{
	static struct small small;
	unsigned long count = 0;

	small_init(&small);
	ASSERT_STREQ("ok", every_sequence(&small, 6, &count));
	ASSERT_LT(20000, count);
	unit_fini(&small.unit);
}
