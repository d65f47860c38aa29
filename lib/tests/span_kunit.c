// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the descriptor store and of the bins: lib/span.c, lib/bins.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "../bins.h"
#include "../span.h"

static unsigned int seed = 0x5eed;
module_param(seed, uint, 0400);
MODULE_PARM_DESC(seed, "seed of the random test");

#define SPAN_HOLES 300

/* A store with three chunks, and bins. */
struct span_fixture {
	struct carveout_store store;
	struct carveout_bins bins;
	void *chunk[3];
	u32 hole[SPAN_HOLES];
	unsigned int nr_holes;
};

static int span_init(struct kunit *test)
{
	struct span_fixture *fixture;
	unsigned int i;

	fixture = kvzalloc(sizeof(*fixture), GFP_KERNEL);
	if (!fixture)
		return -ENOMEM;
	test->priv = fixture;
	carveout_store_init(&fixture->store);
	carveout_bins_init(&fixture->bins);
	for (i = 0; i < ARRAY_SIZE(fixture->chunk); i++) {
		fixture->chunk[i] = kvmalloc(carveout_store_bytes(&fixture->store),
					     GFP_KERNEL);
		if (carveout_store_add(&fixture->store, fixture->chunk[i]))
			return -ENOMEM;
	}
	return 0;
}

static void span_exit(struct kunit *test)
{
	struct span_fixture *fixture = test->priv;
	unsigned int i;

	if (!fixture)
		return;
	for (i = 0; i < ARRAY_SIZE(fixture->chunk); i++)
		kvfree(fixture->chunk[i]);
	kvfree(fixture);
}

/* === Store ================================================================ */

/* The index of a descriptor, or 0. */
static u32 take(struct carveout_store *store)
{
	u32 index;

	return carveout_store_take(store, &index) ? index : 0;
}

static void carveout_span_indices_do_not_share_memory(struct kunit *test)
{
	struct span_fixture *fixture = test->priv;
	struct carveout_store *store = &fixture->store;
	u32 index, last = CARVEOUT_INDEX_FIRST << 3;

	KUNIT_ASSERT_EQ(test, carveout_store_avail(store), last - CARVEOUT_INDEX_FIRST);
	for (index = CARVEOUT_INDEX_FIRST; index < last; index++) {
		KUNIT_ASSERT_FALSE(test, carveout_store_has(store, index));
		KUNIT_ASSERT_EQ(test, take(store), index);
		memset(carveout_span(store, index), index, sizeof(struct carveout_span));
		memset(carveout_aux(store, index), index + 1, sizeof(union carveout_aux));
	}
	KUNIT_EXPECT_EQ(test, carveout_store_avail(store), 0);
	for (index = CARVEOUT_INDEX_FIRST; index < last; index++) {
		KUNIT_EXPECT_NULL(test, memchr_inv(carveout_span(store, index), index & 0xff,
						   sizeof(struct carveout_span)));
		KUNIT_EXPECT_NULL(test, memchr_inv(carveout_aux(store, index),
						   (index + 1) & 0xff,
						   sizeof(union carveout_aux)));
	}
}

static void carveout_span_store_uses_the_last_first(struct kunit *test)
{
	struct span_fixture *fixture = test->priv;
	struct carveout_store *store = &fixture->store;
	u32 one = take(store), two = take(store);
	u32 avail = carveout_store_avail(store);

	carveout_store_give(store, carveout_span(store, two), two);
	carveout_store_give(store, carveout_span(store, one), one);
	KUNIT_EXPECT_EQ(test, carveout_store_avail(store), avail + 2);
	KUNIT_EXPECT_EQ(test, take(store), one);
	KUNIT_EXPECT_EQ(test, take(store), two);
	KUNIT_EXPECT_EQ(test, carveout_store_avail(store), avail);
	KUNIT_EXPECT_FALSE(test, store->corrupted);
}

static void carveout_span_store_refuses_bad_memory(struct kunit *test)
{
	struct span_fixture *fixture = test->priv;
	u32 avail = carveout_store_avail(&fixture->store);
	size_t bytes = carveout_store_bytes(&fixture->store);

	KUNIT_EXPECT_EQ(test, bytes, 8 * 64 * 40);
	KUNIT_EXPECT_EQ(test, carveout_store_add(&fixture->store, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, carveout_store_add(&fixture->store, (void *)4), -EINVAL);
	KUNIT_EXPECT_EQ(test, carveout_store_avail(&fixture->store), avail);
	KUNIT_EXPECT_EQ(test, carveout_store_bytes(&fixture->store), bytes);
}

static void assert_order(struct kunit *test, const struct carveout_chain *chain,
			 const u32 *want, unsigned int count)
{
	struct span_fixture *fixture = test->priv;
	u32 index = chain->first, prev = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		KUNIT_ASSERT_EQ(test, index, want[i]);
		KUNIT_ASSERT_EQ(test, carveout_span(&fixture->store, index)->prev, prev);
		prev = index;
		index = carveout_span(&fixture->store, index)->next;
	}
	KUNIT_ASSERT_EQ(test, index, 0);
	KUNIT_ASSERT_EQ(test, chain->last, prev);
}

static u32 new_used(struct carveout_store *store, u64 start, u64 granules)
{
	return carveout_span_new(store, start, granules, CARVEOUT_USED);
}

static void merge(struct carveout_store *store, struct carveout_chain *chain, u32 left,
		  u32 right)
{
	carveout_chain_merge(store, chain, carveout_span(store, left), left,
			     carveout_span(store, right), right);
}

static void carveout_span_chain_keeps_its_order(struct kunit *test)
{
	struct span_fixture *fixture = test->priv;
	struct carveout_store *store = &fixture->store;
	struct carveout_chain chain = { };
	u32 a = new_used(store, 1, 1), b = new_used(store, 4, 2);
	u32 c = new_used(store, 0, 1), d = new_used(store, 2, 2);

	carveout_chain_add_last(store, &chain, a);
	carveout_chain_add_last(store, &chain, b);
	assert_order(test, &chain, (const u32 []) { a, b }, 2);
	carveout_chain_add_before(store, &chain, c, a);
	carveout_chain_add_after(store, &chain, carveout_span(store, d), d,
				 carveout_span(store, a), a);
	assert_order(test, &chain, (const u32 []) { c, a, d, b }, 4);
	merge(store, &chain, a, d);
	assert_order(test, &chain, (const u32 []) { c, a, b }, 3);
	merge(store, &chain, c, a);
	assert_order(test, &chain, (const u32 []) { c, b }, 2);
	merge(store, &chain, c, b);
	assert_order(test, &chain, (const u32 []) { c }, 1);
	KUNIT_EXPECT_EQ(test, carveout_granules(carveout_span(store, c)), 6);
	KUNIT_EXPECT_FALSE(test, store->corrupted);
}

/* === Bins ================================================================= */

static void assert_bin(struct kunit *test, u64 granules)
{
	unsigned int bin = carveout_bin_of(granules), bits = carveout_bin_bits(bin);
	u64 first = granules >> bits << bits, last = first + (BIT_ULL(bits) - 1);

	KUNIT_ASSERT_LT(test, bin, CARVEOUT_BINS);
	KUNIT_ASSERT_EQ(test, carveout_bin_of(first), bin);
	KUNIT_ASSERT_EQ(test, carveout_bin_of(last), bin);
	if (first > 1)
		KUNIT_ASSERT_EQ(test, carveout_bin_of(first - 1), bin - 1);
	if (last != U64_MAX)
		KUNIT_ASSERT_EQ(test, carveout_bin_of(last + 1), bin + 1);
	/* The width of a bin is at most a thirty-second of the sizes in it. */
	KUNIT_ASSERT_LE(test, bits ? BIT_ULL(bits) : 0, granules / 32);
}

static void carveout_span_bin_of_each_size(struct kunit *test)
{
	unsigned int bit;
	u64 granules;

	for (granules = 1; granules < 4096; granules++)
		assert_bin(test, granules);
	for (bit = 12; bit < 64; bit++) {
		assert_bin(test, BIT_ULL(bit));
		assert_bin(test, BIT_ULL(bit) + (BIT_ULL(bit) - 1));
	}
	KUNIT_EXPECT_EQ(test, carveout_bin_of(U64_MAX), CARVEOUT_BINS - 1);
}

static u64 plain_best(struct span_fixture *fixture, u64 want)
{
	unsigned int i;
	u64 best = 0;

	for (i = 0; i < fixture->nr_holes; i++) {
		u64 size = carveout_granules(carveout_span(&fixture->store,
								fixture->hole[i]));

		if (size >= want && (!best || size < best))
			best = size;
	}
	return best;
}

static u64 draw_size(struct rnd_state *rnd)
{
	u64 random = (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);

	switch (prandom_u32_state(rnd) % 4) {
	case 0:
		return BIT_ULL(40) + (random & 0x7ffffffffULL);
	case 1:
		return BIT_ULL(40) + BIT_ULL(random % 35);
	case 2:
		return 1 + random % (CARVEOUT_EXACT - 1);
	default:
		return random >> (8 + random % 56) | 1;
	}
}

static void del_hole(struct span_fixture *fixture, u32 index)
{
	struct carveout_span *span = carveout_span(&fixture->store, index);

	carveout_bins_remove(&fixture->store, &fixture->bins, span, index);
	carveout_store_give(&fixture->store, span, index);
}

static void carveout_span_trie_against_a_list(struct kunit *test)
{
	struct span_fixture *fixture = test->priv;
	struct carveout_store *store = &fixture->store;
	struct rnd_state rnd;
	unsigned int step;

	kunit_info(test, "seed=0x%x", seed);
	prandom_seed_state(&rnd, seed);
	for (step = 0; step < 8000; step++) {
		unsigned int fill = step / 1000 % 2 ? 2 : 6;
		u64 want = draw_size(&rnd);
		u32 index;

		if (prandom_u32_state(&rnd) % 8 < fill && fixture->nr_holes < SPAN_HOLES) {
			index = carveout_span_new(store, 0, draw_size(&rnd), CARVEOUT_HOLE);
			carveout_bins_insert(store, &fixture->bins,
					     carveout_span(store, index), index);
			fixture->hole[fixture->nr_holes++] = index;
		} else if (fixture->nr_holes) {
			u32 *hole = &fixture->hole[prandom_u32_state(&rnd) % fixture->nr_holes];

			del_hole(fixture, *hole);
			*hole = fixture->hole[--fixture->nr_holes];
		}
		index = carveout_bins_best(store, &fixture->bins, want);
		KUNIT_ASSERT_EQ(test, plain_best(fixture, want),
				index ? carveout_granules(carveout_span(store, index)) : 0);
		index = carveout_bins_largest(store, &fixture->bins);
		KUNIT_ASSERT_EQ(test, !index, !fixture->nr_holes);
		if (index)
			want = carveout_granules(carveout_span(store, index)) + 1;
		KUNIT_ASSERT_EQ(test, index ? plain_best(fixture, want) : 0, 0);
	}
	while (fixture->nr_holes)
		del_hole(fixture, fixture->hole[--fixture->nr_holes]);
	KUNIT_EXPECT_NULL(test, memchr_inv(&fixture->bins, 0, sizeof(fixture->bins)));
	KUNIT_EXPECT_FALSE(test, store->corrupted);
}

static struct kunit_case span_cases[] = {
	KUNIT_CASE(carveout_span_indices_do_not_share_memory),
	KUNIT_CASE(carveout_span_store_uses_the_last_first),
	KUNIT_CASE(carveout_span_store_refuses_bad_memory),
	KUNIT_CASE(carveout_span_chain_keeps_its_order),
	KUNIT_CASE(carveout_span_bin_of_each_size),
	KUNIT_CASE(carveout_span_trie_against_a_list),
	{}
};

static struct kunit_suite span_suite = {
	.name = "carveout_span",
	.init = span_init,
	.exit = span_exit,
	.test_cases = span_cases,
};

kunit_test_suite(span_suite);

MODULE_DESCRIPTION("KUnit suite of the carveout span store and bins");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
