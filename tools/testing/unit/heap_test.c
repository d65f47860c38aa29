// SPDX-License-Identifier: GPL-2.0
/*
 * Heap: the scenarios, the tags, and tests that do not fit in a table.
 */

#include <stdlib.h>

#include "kselftest_harness.h"
#include "../../../lib/tests/heap_cases.h"
#include "../../../lib/tests/tag_cases.h"
#include "unit.h"

/* === Scenarios ============================================================ */

struct scenario {
	struct carveout_case_env env;
	struct unit unit;
};

static int scenario_grow(struct carveout_case_env *env)
{
	return unit_grow(&((struct scenario *)env)->unit);
}

static struct carveout_region *scenario_region(struct carveout_case_env *env, u64 size)
{
	return unit_region_mem(&((struct scenario *)env)->unit, size);
}

TEST(heap_scenarios)
{
	static struct scenario scenario;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(carveout_cases); i++) {
		memset(&scenario.env, 0, sizeof(scenario.env));
		unit_init(&scenario.unit, CARVEOUT_CASE_SHIFT);
		scenario.env.heap = &scenario.unit.heap;
		scenario.env.grow = scenario_grow;
		scenario.env.region = scenario_region;
		EXPECT_EQ(0, carveout_case_run(&scenario.env, &carveout_cases[i]))
			TH_LOG("%s, step %u: %s", carveout_cases[i].name,
			       scenario.env.failed, scenario.env.why);
		EXPECT_LT(0, scenario.env.failed)
			TH_LOG("%s: no steps", carveout_cases[i].name);
		unit_fini(&scenario.unit);
	}
}

TEST(tag_names)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(carveout_tag_cases); i++) {
		/* Memory of the exact size: the sanitizer detects an access beyond it. */
		char *field = malloc(CARVEOUT_TAG_FIELD);

		memcpy(field, carveout_tag_cases[i].field, CARVEOUT_TAG_FIELD);
		EXPECT_EQ(carveout_tag_cases[i].want, carveout_tag_check(field))
			TH_LOG("%s", carveout_tag_cases[i].desc);
		free(field);
	}
}

TEST(tag_names_byte_by_byte)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	char field[CARVEOUT_TAG_FIELD] = "";
	unsigned int byte;

	for (byte = 1; byte < 256; byte++) {
		int want = memchr(good, byte, sizeof(good) - 1) ? 0 : -EINVAL;

		field[0] = byte;
		EXPECT_EQ(want, carveout_tag_check(field)) TH_LOG("byte %u", byte);
		field[0] = 'x';
		field[62] = byte;
		EXPECT_EQ(-EINVAL, carveout_tag_check(field)) TH_LOG("byte %u", byte);
		field[62] = 0;
	}
}

/* === Regions ============================================================== */

TEST(region_table_is_full_at_64)
{
	static struct unit unit;
	struct carveout_span_info info;
	struct carveout_region *mem;
	unsigned int i;

	unit_init(&unit, 6);
	for (i = 0; i < 64; i++)
		ASSERT_EQ((int)i, unit_add(&unit, i * 0x2000, 0x1000, 0));
	ASSERT_EQ(-E2BIG, unit_add(&unit, 64 * 0x2000, 0x1000, 0));
	ASSERT_EQ(64, unit.heap.nr_regions);
	ASSERT_SOUND(&unit);

	/* Memory that extends a region needs no entry; joining two regions frees one. */
	ASSERT_EQ(63, unit_add(&unit, 63 * 0x2000 + 0x1000, 0x1000, 0));
	ASSERT_EQ(10, unit_add(&unit, 10 * 0x2000 + 0x1000, 0x1000, 0));
	ASSERT_EQ(NULL, unit.heap.region[11]);
	ASSERT_EQ(0, carveout_heap_first_span(&unit.heap, 11, &info));
	ASSERT_SOUND(&unit);
	ASSERT_EQ(11, unit_add(&unit, 100 * 0x2000, 0x1000, 0));
	ASSERT_EQ(-E2BIG, unit_add(&unit, 102 * 0x2000, 0x1000, 0));
	ASSERT_SOUND(&unit);

	/* Joining the last region shortens the table. */
	ASSERT_EQ(62, unit_add(&unit, 62 * 0x2000 + 0x1000, 0x1000, 0));
	ASSERT_EQ(63, unit.heap.nr_regions);
	mem = unit_region_mem(&unit, 0x1000);
	ASSERT_EQ(63, carveout_heap_add_region(&unit.heap, mem, 102 * 0x2000, 0x1000, 0));
	ASSERT_EQ(mem, unit.heap.region[63]);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(region_memory_is_taken_once)
{
	static struct unit unit;
	struct carveout_region *mem, *more;

	unit_init(&unit, 12);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 5));
	mem = unit_region_mem(&unit, 0x1000);
	more = unit_region_mem(&unit, 0x1000);
	ASSERT_EQ(-EINVAL, carveout_heap_add_region(&unit.heap, (void *)((char *)mem + 4),
						    0x20000, 0x1000, 5));
	ASSERT_EQ(-EINVAL, carveout_heap_add_region(&unit.heap, NULL, 0x20000, 0x1000, 5));
	ASSERT_EQ(-EINVAL, carveout_heap_add_region(&unit.heap, unit.heap.region[0],
						    0x20000, 0x1000, 5));
	ASSERT_EQ(0, carveout_heap_add_region(&unit.heap, mem, 0x11000, 0x1000, 5));
	ASSERT_NE(mem, unit.heap.region[0]);
	/* @mem has the address map of its piece, although the piece joined a region. */
	ASSERT_EQ(-EINVAL, carveout_heap_add_region(&unit.heap, mem, 0x12000, 0x1000, 4));
	ASSERT_EQ(1, carveout_heap_add_region(&unit.heap, more, 0x12000, 0x1000, 4));
	ASSERT_EQ(more, unit.heap.region[1]);
	ASSERT_EQ(0x3000, unit.heap.size);
	ASSERT_EQ(0x2000, unit.heap.region[0]->size);
	ASSERT_EQ(5, unit.heap.region[0]->attrs);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(heap_of_single_bytes)
{
	static struct unit unit;
	struct carveout_handle handle;

	unit_init(&unit, 0);
	ASSERT_EQ(0, unit_add(&unit, 1, 1ULL << 55, 0));
	ASSERT_EQ(-ENOSPC, unit_alloc(&unit, ~0ULL, 0, &handle));
	ASSERT_EQ(-ENOSPC, unit_alloc(&unit, (1ULL << 55) + 1, 0, &handle));
	ASSERT_EQ(0, unit_alloc(&unit, 1, 0, &handle));
	ASSERT_EQ(0, unit_alloc(&unit, (1ULL << 55) - 1, 0, &handle));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(region_of_two_pieces_is_nearly_everything)
{
	const struct carveout_heap_request all_but_the_end = {
		.size = (1ULL << 62) - (1ULL << 43), .exact = true,
	};
	static struct unit unit;
	struct carveout_span_info info;
	struct carveout_handle handle;
	unsigned int i;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, 64, 0));
	ASSERT_EQ(0, unit_add(&unit, 64, (1ULL << 62) - 128, 0));
	ASSERT_EQ(0, unit_alloc_req(&unit, &all_but_the_end, &handle));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle));
	ASSERT_SOUND(&unit);
	ASSERT_EQ(0, carveout_heap_find(&unit.heap, all_but_the_end.size + 99 * 64, &info));
	ASSERT_EQ(handle.index, info.handle.index);
	ASSERT_EQ(0, carveout_heap_free_at(&unit.heap, 0));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(nothing_is_larger_than_everything)
{
	const struct carveout_heap_request below = { .size = 10, .max_addr = 5 };
	static struct unit unit;
	struct carveout_handle handle;

	unit_init(&unit, 0);
	ASSERT_EQ(-EOVERFLOW, unit_add(&unit, 0, ~0ULL, 0));
	ASSERT_EQ(0, unit_add(&unit, 0, (1ULL << 56) - 1, 0));
	ASSERT_EQ(-ENOSPC, unit_alloc_req(&unit, &below, &handle));
	ASSERT_EQ(0, unit.heap.stats.nr_missed);
	unit_fini(&unit);
}

TEST(region_of_as_many_pieces_as_there_may_be)
{
	static struct unit unit;
	struct carveout_span_info info;
	struct carveout_handle handle;
	unsigned int i;

	unit_init(&unit, 6);
	for (i = 0; i < CARVEOUT_MAX_PIECES; i++)
		ASSERT_EQ(0, unit_add(&unit, 0x100000 + i * 0x1000, 0x1000, 0));
	ASSERT_EQ(-E2BIG, unit_add(&unit, 0x100000 + i * 0x1000, 0x1000, 0));
	ASSERT_EQ(-E2BIG, unit_add(&unit, 0, 0x1000, 0));
	ASSERT_SOUND(&unit);
	ASSERT_EQ(0, unit_alloc(&unit, 0xff040, 0, &handle));
	/* Look up the first span by an address in the last piece that it covers. */
	ASSERT_EQ(0, carveout_heap_find(&unit.heap, 0x1ff03f, &info));
	ASSERT_EQ(0x100000, info.start);
	ASSERT_EQ(0, carveout_heap_find(&unit.heap, 0x1ff040, &info));
	ASSERT_EQ(0x1ff040, info.start);
	ASSERT_FALSE(info.used);
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(region_join_adds_up)
{
	static struct unit unit;
	struct carveout_handle a, b, c;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
	ASSERT_EQ(1, unit_add(&unit, 0x12000, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 0x800, 0, &a));
	ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0, &b));
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, b));
	ASSERT_EQ(0, unit_alloc(&unit, 0xc00, 0, &b));
	ASSERT_EQ(-ENOSPC, unit_alloc(&unit, 0x1000, 0, &c));
	ASSERT_EQ(3, unit.heap.region[0]->nr_nospc);
	ASSERT_EQ(1, unit.heap.region[1]->nr_nospc);
	ASSERT_EQ(0, unit_add(&unit, 0x11000, 0x1000, 0));
	ASSERT_EQ(1, unit.heap.nr_regions);
	ASSERT_EQ(0x10000, unit.heap.region[0]->base);
	ASSERT_EQ(0x3000, unit.heap.region[0]->size);
	ASSERT_EQ(0x1400, carveout_region_used(&unit.heap, unit.heap.region[0]));
	ASSERT_EQ(0x1400, carveout_region_high(&unit.heap, unit.heap.region[0]));
	ASSERT_EQ(2, unit.heap.region[0]->nr_used);
	ASSERT_EQ(4, unit.heap.region[0]->nr_nospc);
	ASSERT_EQ(0x1800, carveout_heap_high(&unit.heap));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(region_apart_is_not_joined)
{
	static struct unit unit;
	struct carveout_handle a, b;

	unit_init(&unit, 12);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x2000, 1 | CARVEOUT_REGION_APART));
	ASSERT_EQ(1, unit_add(&unit, 0x14000, 0x2000, 1 | CARVEOUT_REGION_APART));
	/* A region between the two, and an adjacent one without CARVEOUT_REGION_APART. */
	ASSERT_EQ(2, unit_add(&unit, 0x12000, 0x2000, 1 | CARVEOUT_REGION_APART));
	ASSERT_EQ(3, unit_add(&unit, 0x16000, 0x1000, 1));
	ASSERT_EQ(4, unit.heap.nr_regions);
	ASSERT_SOUND(&unit);
	ASSERT_EQ(-ENOSPC, unit_alloc(&unit, 0x3000, 0, &a));
	ASSERT_EQ(0, unit_alloc(&unit, 0x2000, 0, &a));
	ASSERT_EQ(0, unit_alloc(&unit, 0x2000, 0, &b));
	ASSERT_EQ(-ENOSPC, unit_resize(&unit, a, 0x3000));
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, a));
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, b));
	ASSERT_EQ(4, carveout_heap_nr_holes(&unit.heap));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(cookie_of_an_allocation_changes)
{
	static struct unit unit;
	const struct carveout_heap_request req = { .size = 0x1000, .cookie = 5 };
	struct carveout_span_info info;
	struct carveout_handle handle, stale;

	unit_init(&unit, 12);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x2000, 0));
	ASSERT_EQ(0, unit_alloc_req(&unit, &req, &handle));
	ASSERT_EQ(0, carveout_heap_set_cookie(&unit.heap, handle, ~0ULL));
	ASSERT_EQ(0, carveout_heap_info(&unit.heap, handle, &info));
	ASSERT_EQ(~0ULL, info.cookie);
	stale = handle;
	stale.gen++;
	ASSERT_EQ(-EINVAL, carveout_heap_set_cookie(&unit.heap, stale, 7));
	ASSERT_EQ(0, carveout_heap_info(&unit.heap, handle, &info));
	ASSERT_EQ(~0ULL, info.cookie);
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle));
	ASSERT_EQ(-EINVAL, carveout_heap_set_cookie(&unit.heap, handle, 7));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(region_remembers_its_high_water)
{
	static struct unit unit;
	struct carveout_handle one, two;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
	ASSERT_EQ(1, unit_add(&unit, 0x20000, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 0xc00, 0, &one));
	ASSERT_EQ(0, unit_alloc(&unit, 0x800, 0, &two));
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, one));
	ASSERT_EQ(0, unit_alloc(&unit, 0x400, 0, &one));
	ASSERT_EQ(0xc00, carveout_region_high(&unit.heap, unit.heap.region[0]));
	ASSERT_EQ(0x400, carveout_region_used(&unit.heap, unit.heap.region[0]));
	ASSERT_EQ(0x800, carveout_region_high(&unit.heap, unit.heap.region[1]));
	ASSERT_EQ(0x1400, carveout_heap_high(&unit.heap));
	ASSERT_EQ(0xc00, carveout_heap_used(&unit.heap));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

/* === Handles ============================================================== */

TEST(handle_is_good_once)
{
	static struct unit unit;
	struct carveout_heap_stats stats;
	struct carveout_handle old, now, bad;
	struct carveout_span_info info;
	u64 hash;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &old));
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, old));
	ASSERT_EQ(-EINVAL, carveout_heap_free(&unit.heap, old));
	ASSERT_EQ(-EINVAL, carveout_heap_info(&unit.heap, old, &info));
	ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &now));

	/* Another generation, although the address is the same. */
	ASSERT_NE(old.gen, now.gen);
	hash = carveout_heap_hash(&unit.heap);
	ASSERT_EQ(-EINVAL, carveout_heap_free(&unit.heap, old));
	bad = old;
	bad.index = now.index;
	ASSERT_EQ(-EINVAL, carveout_heap_free(&unit.heap, bad));
	bad = now;
	bad.gen++;
	ASSERT_EQ(-EINVAL, carveout_heap_free(&unit.heap, bad));
	bad.gen = 0;
	ASSERT_EQ(-EINVAL, carveout_heap_free(&unit.heap, bad));
	ASSERT_EQ(hash, carveout_heap_hash(&unit.heap));
	ASSERT_EQ(5, unit.heap.stats.nr_invalid);
	carveout_heap_read_stats(&unit.heap, &stats);
	ASSERT_EQ(2, stats.nr_alloc);
	ASSERT_EQ(1, stats.nr_free);
	ASSERT_EQ(0, carveout_heap_info(&unit.heap, now, &info));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(handle_of_no_allocation)
{
	static const u32 odd[] = { 0, 1, 63, 64, 65, 66, 127, 128, 1U << 30, 1U << 31,
				   U32_MAX - 1, U32_MAX };
	static struct unit unit;
	struct carveout_handle handle, bad;
	struct carveout_span_info info;
	unsigned int i, gen;
	u64 hash;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle));
	hash = carveout_heap_hash(&unit.heap);
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		for (gen = 0; gen < 4; gen++) {
			bad.index = odd[i];
			bad.gen = gen;
			if (bad.index == handle.index && bad.gen == handle.gen)
				continue;
			ASSERT_EQ(-EINVAL, carveout_heap_free(&unit.heap, bad))
				TH_LOG("index %u", odd[i]);
			ASSERT_EQ(-EINVAL, carveout_heap_info(&unit.heap, bad, &info));
		}
	}
	ASSERT_EQ(hash, carveout_heap_hash(&unit.heap));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(handle_generation_skips_zero)
{
	static struct unit unit;
	struct carveout_handle handle;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, 0x1000, 0));
	unit.heap.serial = U32_MAX - 1;
	ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle));
	ASSERT_EQ(U32_MAX, handle.gen);
	ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle));
	ASSERT_EQ(1, handle.gen);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

/* === Candidates =========================================================== */

/*
 * @count holes of @hole bytes, one in each 8 KiB, separated by allocations. Behind them
 * the rest of the region is one large hole.
 */
static void make_comb(struct unit *unit, unsigned int count, u64 hole,
		      struct carveout_handle *wall)
{
	struct carveout_handle handle[64];
	unsigned int i;

	for (i = 0; i < count; i++) {
		unit_alloc(unit, hole, 0, &handle[i]);
		unit_alloc(unit, 0x2000 - hole, 0, &wall[i]);
	}
	for (i = 0; i < count; i++)
		carveout_heap_free(&unit->heap, handle[i]);
}

TEST(aligned_request_finds_the_padded_hole)
{
	static struct unit unit;
	struct carveout_handle wall[64], handle;
	struct carveout_span_info info;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x40, 50 * 0x2000, 0));
	make_comb(&unit, 40, 0x1000, wall);

	/* Forty holes of 4 KiB that start 64 bytes behind a page boundary, and the rest. */
	ASSERT_EQ(41, carveout_heap_nr_holes(&unit.heap));
	ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0x1000, &handle));
	ASSERT_EQ(0, carveout_heap_info(&unit.heap, handle, &info));
	ASSERT_EQ(40 * 0x2000 + 0x1000, info.start);
	ASSERT_EQ(0, unit.heap.stats.nr_missed);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(aligned_request_counts_what_it_may_miss)
{
	static struct unit unit;
	struct carveout_handle wall[64], handle, rest;
	struct carveout_heap_request req = { .size = 0x1000, .align = 0x1000 };

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x40, 41 * 0x2000, 0));
	make_comb(&unit, 40, 0x1000, wall);
	ASSERT_EQ(0, unit_alloc(&unit, 0x2000, 0, &rest));
	ASSERT_EQ(-ENOSPC, unit_alloc_req(&unit, &req, &handle));
	ASSERT_EQ(1, unit.heap.stats.nr_nospc);
	ASSERT_EQ(1, unit.heap.stats.nr_missed);
	ASSERT_EQ(1, unit.heap.region[0]->nr_missed);

	/* No hole is large enough: none is missed. */
	req.size = 0x1040;
	ASSERT_EQ(-ENOSPC, unit_alloc_req(&unit, &req, &handle));
	ASSERT_EQ(1, unit.heap.stats.nr_missed);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(aligned_request_tries_eight_sizes)
{
	static struct unit unit;
	struct carveout_handle hole[20], wall[20], handle;
	struct carveout_span_info info;
	unsigned int i;

	/* Holes of increasing sizes; only the eighth starts at a page boundary. */
	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x1040, 0x40000, 0));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, unit_alloc(&unit, 0x1000 + 0x40 * i, 0, &hole[i]));
		ASSERT_EQ(0, carveout_heap_info(&unit.heap, hole[i], &info));
		/* Up to a page boundary, plus one granule except before the eighth. */
		info.start += info.size;
		ASSERT_EQ(0, unit_alloc(&unit, 0x1000 - (info.start & 0xfff) +
					(i == 6 ? 0 : 0x40), 0, &wall[i]));
	}
	ASSERT_EQ(0, unit_alloc(&unit, carveout_region_largest(&unit.heap, 0), 0, &handle));
	for (i = 0; i < 12; i++)
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, hole[i]));
	ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0x1000, &handle));
	ASSERT_EQ(0, carveout_heap_info(&unit.heap, handle, &info));
	ASSERT_EQ(0, info.start & 0xfff);
	ASSERT_SOUND(&unit);

	/* Without it eleven holes remain, three of which are not tried. */
	ASSERT_EQ(-ENOSPC, unit_alloc(&unit, 0x1000, 0x1000, &handle));
	ASSERT_EQ(1, unit.heap.stats.nr_missed);
	unit_fini(&unit);
}

/* === The whole heap ======================================================= */

TEST(heap_hash_forgets_history)
{
	static struct unit one, two;
	struct carveout_handle a, b, c;

	unit_init(&one, 6);
	unit_init(&two, 6);
	ASSERT_EQ(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));
	ASSERT_EQ(0, unit_add(&one, 0, 0x1000, 0));
	ASSERT_NE(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));
	ASSERT_EQ(0, unit_add(&two, 0, 0x1000, 0));
	ASSERT_EQ(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));

	ASSERT_EQ(0, unit_alloc(&one, 64, 0, &a));
	ASSERT_EQ(0, unit_alloc(&one, 64, 0, &b));
	ASSERT_EQ(0, unit_alloc(&one, 64, 0, &c));
	ASSERT_EQ(0, carveout_heap_free(&one.heap, a));
	ASSERT_EQ(0, unit_alloc(&two, 64, 0, &a));
	ASSERT_NE(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));
	ASSERT_EQ(0, unit_alloc(&two, 128, 0, &b));
	ASSERT_EQ(0, carveout_heap_free(&two.heap, a));
	ASSERT_NE(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));
	ASSERT_EQ(0, carveout_heap_free(&two.heap, b));
	ASSERT_EQ(0, carveout_heap_free(&one.heap, c));
	ASSERT_EQ(0, carveout_heap_free(&one.heap, b));
	ASSERT_EQ(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));
	unit_fini(&one);
	unit_fini(&two);
}

TEST(heap_hash_tells_a_hole_from_an_allocation)
{
	static struct unit one, two;
	struct carveout_handle a, b;

	/* The same spans and the same sum, but the other half is allocated. */
	unit_init(&one, 6);
	unit_init(&two, 6);
	ASSERT_EQ(0, unit_add(&one, 0, 0x1000, 0));
	ASSERT_EQ(0, unit_add(&two, 0, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&one, 0x800, 0, &a));
	ASSERT_EQ(0, unit_alloc(&two, 0x800, 0, &a));
	ASSERT_EQ(0, unit_alloc(&two, 0x800, 0, &b));
	ASSERT_EQ(0, carveout_heap_free(&two.heap, a));
	ASSERT_EQ(carveout_heap_used(&one.heap), carveout_heap_used(&two.heap));
	ASSERT_NE(carveout_heap_hash(&one.heap), carveout_heap_hash(&two.heap));
	unit_fini(&one);
	unit_fini(&two);
}

TEST(heap_with_a_granule_beyond_reason)
{
	static struct unit unit;
	struct carveout_handle handle;

	unit_expected_asserts = 1;
	unit_init(&unit, 64);
	ASSERT_EQ(0, unit_expected_asserts);
	ASSERT_EQ(-EUCLEAN, unit_alloc(&unit, 64, 0, &handle));
}

TEST(heap_with_every_granule)
{
	static struct unit unit;
	struct carveout_handle handle[3];
	unsigned int shift;

	for (shift = 0; shift < 62; shift++) {
		u64 granule = 1ULL << shift;

		unit_init(&unit, shift);
		ASSERT_EQ(-EINVAL, unit_add(&unit, 0, 0, 0));
		ASSERT_EQ(0, unit_add(&unit, granule, 2 * granule, 0)) TH_LOG("%u", shift);
		ASSERT_EQ(0, unit_alloc(&unit, 1, 0, &handle[0]));
		ASSERT_EQ(0, unit_alloc(&unit, granule, granule, &handle[1]));
		ASSERT_EQ(-ENOSPC, unit_alloc(&unit, 1, 0, &handle[2]));
		ASSERT_SOUND(&unit);
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle[0]));
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle[1]));
		ASSERT_EQ(0, unit_alloc(&unit, 2 * granule, 0, &handle[2]));
		ASSERT_SOUND(&unit);
		unit_fini(&unit);
	}
}
