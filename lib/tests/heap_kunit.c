// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the heap: lib/heap.c, lib/region.c, lib/walk.c, lib/validate.c.
 *
 * The scenarios are those of the user-space tests. The other tests show that the same
 * code behaves the same in a kernel: under a raw spinlock with interrupts off, with
 * memory from kvmalloc(), and in random sequences compared with a bitmap.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../heap.h"
#include "heap_cases.h"

static unsigned int seed = 0x5eed;
module_param(seed, uint, 0400);
MODULE_PARM_DESC(seed, "seed of the random test");

#define FIXTURE_MEM 128

/* A heap and its memory. */
struct heap_fixture {
	struct carveout_case_env env;
	struct carveout_heap heap;
	void *mem[FIXTURE_MEM];
	unsigned int nr_mem;
};

static struct heap_fixture *fixture_of(struct carveout_case_env *env)
{
	return container_of(env, struct heap_fixture, env);
}

static void *fixture_mem(struct heap_fixture *fixture, size_t bytes)
{
	void *mem;

	if (fixture->nr_mem == FIXTURE_MEM)
		return NULL;
	mem = kvmalloc(bytes, GFP_KERNEL);
	if (!mem)
		return NULL;
	fixture->mem[fixture->nr_mem++] = mem;
	/* The content is unspecified. */
	return memset(mem, 0xa5, bytes);
}

static int fixture_grow(struct carveout_case_env *env)
{
	struct heap_fixture *fixture = fixture_of(env);
	void *mem = fixture_mem(fixture, carveout_store_chunk_bytes(&fixture->heap));

	return carveout_heap_add_chunk(&fixture->heap, mem);
}

static struct carveout_region *fixture_region(struct carveout_case_env *env, u64 size)
{
	struct heap_fixture *fixture = fixture_of(env);

	return fixture_mem(fixture, carveout_region_bytes(&fixture->heap, size));
}

static int heap_init(struct kunit *test)
{
	struct heap_fixture *fixture;

	fixture = kvzalloc(sizeof(*fixture), GFP_KERNEL);
	if (!fixture)
		return -ENOMEM;
	carveout_heap_init(&fixture->heap, CARVEOUT_CASE_SHIFT);
	fixture->env.heap = &fixture->heap;
	fixture->env.grow = fixture_grow;
	fixture->env.region = fixture_region;
	test->priv = fixture;
	return 0;
}

static void heap_exit(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;

	if (!fixture)
		return;
	while (fixture->nr_mem)
		kvfree(fixture->mem[--fixture->nr_mem]);
	kvfree(fixture);
}

static int add_region(struct heap_fixture *fixture, u64 base, u64 size, u32 attrs)
{
	struct carveout_region *mem = fixture_region(&fixture->env, size);
	int ret;

	do {
		ret = carveout_heap_add_region(&fixture->heap, mem, base, size, attrs);
	} while (ret == -ENOMEM && !fixture_grow(&fixture->env));
	return ret;
}

static int alloc(struct heap_fixture *fixture, u64 size, u64 cookie,
		 struct carveout_handle *handle)
{
	const struct carveout_heap_request req = { .size = size, .cookie = cookie };
	int ret;

	do {
		ret = carveout_heap_alloc(&fixture->heap, &req, handle);
	} while (ret == -ENOMEM && !fixture_grow(&fixture->env));
	return ret;
}

static void assert_sound(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;
	struct carveout_report report;

	carveout_heap_validate(&fixture->heap, &report);
	KUNIT_ASSERT_STREQ(test, "ok", carveout_report_string(&report));
}

/* === Scenarios ============================================================ */

static void case_desc(const struct carveout_case *scenario, char *desc)
{
	strscpy(desc, scenario->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(carveout_heap_scenario, carveout_cases, case_desc);

static void carveout_heap_scenario(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;

	KUNIT_EXPECT_EQ_MSG(test, 0, carveout_case_run(&fixture->env, test->param_value),
			    "step %u: %s", fixture->env.failed, fixture->env.why);
	KUNIT_EXPECT_GT(test, fixture->env.failed, 0);
}

/* === Handles and lists ==================================================== */

static void carveout_heap_stale_handle(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;
	struct carveout_heap *heap = &fixture->heap;
	struct carveout_handle old, now;
	struct carveout_span_info info;
	u64 hash;

	KUNIT_ASSERT_EQ(test, 0, add_region(fixture, 0, 0x1000, 0));
	KUNIT_ASSERT_EQ(test, 0, alloc(fixture, 64, 1, &old));
	KUNIT_ASSERT_EQ(test, 0, carveout_heap_free(heap, old));
	KUNIT_ASSERT_EQ(test, 0, alloc(fixture, 64, 2, &now));
	hash = carveout_heap_hash(heap);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_heap_free(heap, old));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_heap_info(heap, old, &info));
	old.index = now.index;
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_heap_free(heap, old));
	KUNIT_EXPECT_EQ(test, hash, carveout_heap_hash(heap));
	KUNIT_EXPECT_EQ(test, 0, carveout_heap_info(heap, now, &info));
	KUNIT_EXPECT_EQ(test, 2, info.cookie);
	KUNIT_EXPECT_EQ(test, 0, carveout_heap_free(heap, now));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_heap_free(heap, now));
	assert_sound(test);
}

static void carveout_heap_list_while_it_changes(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;
	struct carveout_heap *heap = &fixture->heap;
	struct carveout_handle handle[32], other;
	struct carveout_span_info info[3];
	u32 cursor = 0, seen = 0;
	unsigned int i, n;

	KUNIT_ASSERT_EQ(test, 0, add_region(fixture, 0, 0x4000, 0));
	for (i = 0; i < 32; i++)
		KUNIT_ASSERT_EQ(test, 0, alloc(fixture, 128, i + 1, &handle[i]));
	for (i = 1; i < 32; i += 2)
		KUNIT_ASSERT_EQ(test, 0, carveout_heap_free(heap, handle[i]));
	do {
		n = carveout_heap_spans(heap, &cursor, info, ARRAY_SIZE(info));
		while (n--) {
			if (!info[n].used)
				continue;
			KUNIT_EXPECT_FALSE(test, seen & BIT(info[n].cookie - 1));
			seen |= BIT(info[n].cookie - 1);
		}
		/* Allocating and freeing between two calls has no effect on the list. */
		KUNIT_ASSERT_EQ(test, 0, alloc(fixture, 64, 32, &other));
		KUNIT_ASSERT_EQ(test, 0, carveout_heap_free(heap, other));
	} while (cursor != CARVEOUT_SPANS_END);
	KUNIT_EXPECT_EQ(test, 0x55555555, seen);
}

/* === Descriptors ========================================================== */

static void carveout_heap_without_descriptors(struct kunit *test)
{
	const struct carveout_heap_request req = { .size = 64 };
	struct heap_fixture *fixture = test->priv;
	struct carveout_heap *heap = &fixture->heap;
	struct carveout_handle first, handle;
	unsigned int i;
	u64 hash;

	KUNIT_ASSERT_EQ(test, 0, add_region(fixture, 0, 0x10000, 0));
	KUNIT_ASSERT_EQ(test, 0, carveout_heap_alloc(heap, &req, &first));
	/* One chunk has 64 descriptors: the hole, @first, and these. */
	for (i = 0; i < 62; i++)
		KUNIT_ASSERT_EQ(test, 0, carveout_heap_alloc(heap, &req, &handle));
	hash = carveout_heap_hash(heap);
	KUNIT_EXPECT_EQ(test, -ENOMEM, carveout_heap_alloc(heap, &req, &handle));
	KUNIT_EXPECT_EQ(test, hash, carveout_heap_hash(heap));
	KUNIT_EXPECT_EQ(test, 1, heap->stats.nr_nomem);
	assert_sound(test);

	/* Freeing needs no descriptor, nor does allocating a hole of the exact size. */
	KUNIT_EXPECT_EQ(test, 0, carveout_heap_free(heap, first));
	KUNIT_EXPECT_EQ(test, 0, carveout_heap_alloc(heap, &req, &first));
	KUNIT_EXPECT_EQ(test, -ENOMEM, carveout_heap_alloc(heap, &req, &handle));
	KUNIT_ASSERT_EQ(test, 0, fixture_grow(&fixture->env));
	KUNIT_EXPECT_EQ(test, 0, carveout_heap_alloc(heap, &req, &handle));
	assert_sound(test);
}

/* === The lock ============================================================= */

static DEFINE_RAW_SPINLOCK(heap_lock);

static void carveout_heap_under_raw_spinlock(struct kunit *test)
{
	struct carveout_heap_request req = { .size = 0x1000, .align = 0x1000 };
	struct heap_fixture *fixture = test->priv;
	struct carveout_heap *heap = &fixture->heap;
	struct carveout_handle handle[8];
	struct carveout_span_info info;
	int region, got[8], freed = 0;
	struct carveout_report report;
	unsigned long flags;
	unsigned int i;
	void *chunk, *mem;

	chunk = fixture_mem(fixture, carveout_store_chunk_bytes(heap));
	mem = fixture_region(&fixture->env, SZ_1M);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	carveout_heap_set_lock(heap, &heap_lock);

	/* With interrupts off: sleeping, or a call without the lock, is reported. */
	raw_spin_lock_irqsave(&heap_lock, flags);
	carveout_heap_add_chunk(heap, chunk);
	region = carveout_heap_add_region(heap, mem, 0x10040, 0x10000, 0);
	for (i = 0; i < 8; i++)
		got[i] = carveout_heap_alloc(heap, &req, &handle[i]);
	carveout_heap_info(heap, handle[7], &info);
	for (i = 0; i < 8; i++)
		freed += !carveout_heap_free(heap, handle[i]);
	carveout_heap_validate(heap, &report);
	raw_spin_unlock_irqrestore(&heap_lock, flags);

	KUNIT_EXPECT_EQ(test, 0, region);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, 0, got[i]);
	KUNIT_EXPECT_EQ(test, 0x18000, info.start);
	KUNIT_EXPECT_EQ(test, 8, freed);
	KUNIT_EXPECT_STREQ(test, "ok", carveout_report_string(&report));
}

/* === The validator ======================================================== */

/* A heap with allocations, a hole of the same size between two, and a last hole. */
static struct carveout_handle make_corruptible(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;
	struct carveout_handle handle[4];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, add_region(fixture, 0, 0x1000, 0));
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0, alloc(fixture, 128, 1, &handle[i]));
	KUNIT_ASSERT_EQ(test, 0, carveout_heap_free(&fixture->heap, handle[1]));
	assert_sound(test);
	return handle[2];
}

static void expect_found(struct kunit *test, enum carveout_invariant invariant)
{
	struct heap_fixture *fixture = test->priv;
	struct carveout_report report;

	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_heap_validate(&fixture->heap, &report));
	KUNIT_EXPECT_EQ(test, invariant, report.invariant);
	KUNIT_EXPECT_TRUE(test, fixture->heap.corrupted);
	fixture->heap.corrupted = false;
}

static void carveout_heap_validator_notices_damage(struct kunit *test)
{
	struct carveout_handle handle = make_corruptible(test);
	struct heap_fixture *fixture = test->priv;
	struct carveout_heap *heap = &fixture->heap;
	struct carveout_span *span = carveout_span(&heap->store, handle.index);
	struct carveout_span *hole = carveout_span(&heap->store, span->prev);

	span->start += 64;
	expect_found(test, CARVEOUT_CORRUPT_ORDER);
	span->start -= 64;

	span->prev++;
	expect_found(test, CARVEOUT_CORRUPT_BACK);
	span->prev--;

	span->next += 10000;
	expect_found(test, CARVEOUT_CORRUPT_INDEX);
	span->next -= 10000;

	hole->bin_prev = 0;
	expect_found(test, CARVEOUT_CORRUPT_LINK);
	hole->bin_prev = CARVEOUT_IN_TRIE;

	heap->region[0]->bins.word[0] ^= 2;
	expect_found(test, CARVEOUT_CORRUPT_BITMAP);
	heap->region[0]->bins.word[0] ^= 2;

	heap->used.below++;
	expect_found(test, CARVEOUT_CORRUPT_COUNT);
	heap->used.below--;

	heap->store.fresh++;
	expect_found(test, CARVEOUT_CORRUPT_LOST);
	heap->store.fresh--;
	assert_sound(test);
}

static void carveout_heap_corrupted_refuses_everything(struct kunit *test)
{
	struct carveout_handle handle = make_corruptible(test), other;
	struct heap_fixture *fixture = test->priv;
	struct carveout_heap *heap = &fixture->heap;
	struct carveout_span_info info;
	struct carveout_report report;
	u32 cursor = 0;

	heap->used.below++;
	KUNIT_ASSERT_EQ(test, -EUCLEAN, carveout_heap_validate(heap, &report));
	heap->used.below--;
	KUNIT_EXPECT_EQ(test, -EUCLEAN, alloc(fixture, 64, 1, &other));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_heap_free(heap, handle));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_heap_info(heap, handle, &info));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, add_region(fixture, 0x10000, 0x1000, 0));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, fixture_grow(&fixture->env));
	KUNIT_EXPECT_EQ(test, 0, carveout_heap_spans(heap, &cursor, &info, 1));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_heap_validate(heap, &report));
	KUNIT_EXPECT_EQ(test, CARVEOUT_CORRUPT_BEFORE, report.invariant);
}

/* === Random sequences compared with a bitmap ============================== */

#define RANDOM_GRANULES 1024
#define RANDOM_LIVE 256
#define RANDOM_STEPS 4000

struct random_run {
	struct rnd_state rnd;
	DECLARE_BITMAP(used, RANDOM_GRANULES);
	struct {
		struct carveout_handle handle;
		unsigned int start;
		unsigned int size;
	} live[RANDOM_LIVE];
	unsigned int nr_live;
	unsigned int nr_ok;
	unsigned int nr_nospc;
};

static unsigned int below(struct random_run *run, unsigned int limit)
{
	return prandom_u32_state(&run->rnd) % limit;
}

/* Three regions of 300 granules with gaps of 40: no place crosses a gap. */
static bool has_place(struct random_run *run, unsigned int size, unsigned int align)
{
	unsigned int region, at, end;

	for (region = 0; region < 3; region++) {
		end = region * 340 + 300;
		for (at = round_up(region * 340, align); at + size <= end; at += align)
			if (find_next_bit(run->used, at + size, at) >= at + size)
				return true;
	}
	return false;
}

static void random_alloc(struct kunit *test, struct random_run *run)
{
	struct heap_fixture *fixture = test->priv;
	unsigned int size = 1 + below(run, 40), align = below(run, 3) ? 1 : 8, start;
	struct carveout_heap_request req = { .size = size * 64, .align = align * 64 };
	u64 missed = fixture->heap.stats.nr_missed;
	struct carveout_span_info info;
	struct carveout_handle handle;
	int ret;

	do {
		ret = carveout_heap_alloc(&fixture->heap, &req, &handle);
	} while (ret == -ENOMEM && !fixture_grow(&fixture->env));
	if (ret) {
		KUNIT_ASSERT_EQ(test, -ENOSPC, ret);
		missed = fixture->heap.stats.nr_missed - missed;
		KUNIT_ASSERT_TRUE(test, missed || !has_place(run, size, align));
		KUNIT_ASSERT_TRUE(test, !missed || align > 1);
		run->nr_nospc++;
		return;
	}
	KUNIT_ASSERT_EQ(test, 0, carveout_heap_info(&fixture->heap, handle, &info));
	start = info.start / 64;
	KUNIT_ASSERT_EQ(test, 0, start % align);
	KUNIT_ASSERT_LE(test, start % 340 + size, 300);
	KUNIT_ASSERT_GE(test, find_next_bit(run->used, start + size, start), start + size);
	bitmap_set(run->used, start, size);
	run->live[run->nr_live].handle = handle;
	run->live[run->nr_live].start = start;
	run->live[run->nr_live++].size = size;
	run->nr_ok++;
}

static void random_free(struct kunit *test, struct random_run *run, unsigned int which)
{
	struct heap_fixture *fixture = test->priv;

	KUNIT_ASSERT_EQ(test, 0, carveout_heap_free(&fixture->heap, run->live[which].handle));
	bitmap_clear(run->used, run->live[which].start, run->live[which].size);
	run->live[which] = run->live[--run->nr_live];
}

static void carveout_heap_random_against_a_bitmap(struct kunit *test)
{
	struct heap_fixture *fixture = test->priv;
	struct random_run *run;
	unsigned int i;

	run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run);
	kunit_info(test, "seed=0x%x", seed);
	prandom_seed_state(&run->rnd, seed);
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, i, add_region(fixture, i * 340 * 64, 300 * 64, 0));
	for (i = 0; i < RANDOM_STEPS; i++) {
		if (run->nr_live < RANDOM_LIVE && below(run, 10) < (i / 500 % 2 ? 3 : 7))
			random_alloc(test, run);
		else if (run->nr_live)
			random_free(test, run, below(run, run->nr_live));
		KUNIT_ASSERT_EQ(test, carveout_heap_used(&fixture->heap),
				64 * bitmap_weight(run->used, RANDOM_GRANULES));
		if (i % 8 == 0)
			assert_sound(test);
	}
	while (run->nr_live)
		random_free(test, run, run->nr_live - 1);
	KUNIT_EXPECT_EQ(test, 3, carveout_heap_nr_holes(&fixture->heap));
	KUNIT_EXPECT_GT(test, run->nr_ok, RANDOM_STEPS / 8);
	KUNIT_EXPECT_GT(test, run->nr_nospc, RANDOM_STEPS / 80);
	assert_sound(test);
}

static struct kunit_case heap_cases[] = {
	KUNIT_CASE_PARAM(carveout_heap_scenario, carveout_heap_scenario_gen_params),
	KUNIT_CASE(carveout_heap_stale_handle),
	KUNIT_CASE(carveout_heap_list_while_it_changes),
	KUNIT_CASE(carveout_heap_without_descriptors),
	KUNIT_CASE(carveout_heap_under_raw_spinlock),
	KUNIT_CASE(carveout_heap_validator_notices_damage),
	KUNIT_CASE(carveout_heap_corrupted_refuses_everything),
	KUNIT_CASE(carveout_heap_random_against_a_bitmap),
	{}
};

static struct kunit_suite heap_suite = {
	.name = "carveout_heap",
	.init = heap_init,
	.exit = heap_exit,
	.test_cases = heap_cases,
};

kunit_test_suite(heap_suite);

MODULE_DESCRIPTION("KUnit suite of the carveout heap");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
