// SPDX-License-Identifier: GPL-2.0
/*
 * Bins: the bin of each size, and the tries compared with a search of all holes.
 */

#include <stdlib.h>

#include "kselftest_harness.h"
#include "unit.h"

static const char *check_bin(u64 granules)
{
	unsigned int bin = carveout_bin_of(granules), bits = carveout_bin_bits(bin);
	u64 first = granules >> bits << bits, last = first + ((1ULL << bits) - 1);

	if (bin >= CARVEOUT_BINS)
		return "no such bin";
	if (granules < CARVEOUT_EXACT && (bin != granules || bits))
		return "a small size has no bin of its own";
	if (carveout_bin_of(first) != bin || carveout_bin_of(last) != bin)
		return "a bin is narrower than it says";
	if (first > 1 && carveout_bin_of(first - 1) != bin - 1)
		return "a bin is wider than it says below";
	if (last != U64_MAX && carveout_bin_of(last + 1) != bin + 1)
		return "a bin is wider than it says above";
	if (granules >= CARVEOUT_EXACT && first >> 5 > 1ULL << bits << 1)
		return "a bin is too narrow";
	if (granules >= CARVEOUT_EXACT && 1ULL << bits > granules / 32)
		return "a bin is too wide";
	return NULL;
}

TEST(bin_of_each_size)
{
	struct random random = { .state = 7 };
	const char *why;
	unsigned int i;
	u64 granules;

	for (granules = 1; granules < 1 << 17; granules++) {
		why = check_bin(granules);
		ASSERT_EQ(NULL, why) TH_LOG("%llu: %s", (unsigned long long)granules, why);
	}
	for (i = 0; i < 64; i++) {
		granules = 1ULL << i;
		ASSERT_EQ(NULL, check_bin(granules));
		ASSERT_EQ(NULL, check_bin(granules + (granules - 1)));
	}
	for (i = 0; i < 100000; i++) {
		granules = unit_random(&random) >> unit_below(&random, 64) | 1;
		why = check_bin(granules);
		ASSERT_EQ(NULL, why) TH_LOG("%llu: %s", (unsigned long long)granules, why);
	}
	ASSERT_EQ(CARVEOUT_BINS - 1, carveout_bin_of(U64_MAX));
}

/* === Tries ================================================================ */

#define TRIE_HOLES 600

struct trie {
	struct unit unit;
	struct carveout_bins bins;
	u32 index[TRIE_HOLES];
	unsigned int count;
};

static u64 size_of(struct trie *trie, u32 index)
{
	return carveout_granules(carveout_span(&trie->unit.heap.store, index));
}

static void trie_init(struct trie *trie)
{
	memset(trie, 0, sizeof(*trie));
	unit_init(&trie->unit, 0);
	carveout_bins_init(&trie->bins);
	while (carveout_store_avail(&trie->unit.heap.store) < TRIE_HOLES)
		unit_grow(&trie->unit);
}

static void trie_add(struct trie *trie, u64 size)
{
	struct carveout_store *store = &trie->unit.heap.store;
	u32 index = carveout_span_new(store, 0, size, CARVEOUT_HOLE);

	carveout_bins_insert(store, &trie->bins, carveout_span(store, index), index);
	trie->index[trie->count++] = index;
}

static void trie_del(struct trie *trie, unsigned int which)
{
	struct carveout_store *store = &trie->unit.heap.store;
	u32 index = trie->index[which];

	carveout_bins_remove(store, &trie->bins, carveout_span(store, index), index);
	carveout_store_give(store, carveout_span(store, index), index);
	trie->index[which] = trie->index[--trie->count];
}

/* Reference results: search all holes. */
static u64 plain_best(struct trie *trie, u64 want)
{
	u64 best = 0;
	unsigned int i;

	for (i = 0; i < trie->count; i++) {
		u64 size = size_of(trie, trie->index[i]);

		if (size >= want && (!best || size < best))
			best = size;
	}
	return best;
}

static u64 plain_largest(struct trie *trie)
{
	u64 best = 0;
	unsigned int i;

	for (i = 0; i < trie->count; i++)
		best = max(best, size_of(trie, trie->index[i]));
	return best;
}

static const char *trie_ask(struct trie *trie, u64 want)
{
	struct carveout_store *store = &trie->unit.heap.store;
	u32 index;

	index = carveout_bins_best(store, &trie->bins, want);
	if ((index ? size_of(trie, index) : 0) != plain_best(trie, want))
		return "not the best hole";
	index = carveout_bins_largest(store, &trie->bins);
	if ((index ? size_of(trie, index) : 0) != plain_largest(trie))
		return "not the largest hole";
	if (store->corrupted)
		return "the store is marked as corrupted";
	return NULL;
}

static u64 draw_size(struct random *random, unsigned int kind)
{
	switch (kind) {
	case 0:	/* one bin with 35 open bits, all different */
		return (1ULL << 40) + unit_below(random, 1ULL << 35);
	case 1:	/* the same bin, few sizes: long lists */
		return (1ULL << 40) + unit_below(random, 12) * 0x123456789ULL % (1ULL << 35);
	case 2:	/* one open bit differs: the deepest paths */
		return (1ULL << 40) + (1ULL << unit_below(random, 35));
	case 3:	/* all bins */
		return unit_random(random) >> (8 + unit_below(random, 56)) | 1;
	case 4:	/* exact bins only */
		return 1 + unit_below(random, CARVEOUT_EXACT - 1);
	default: /* the widest bin of a hole */
		return (U64_MAX >> 8) - unit_below(random, 1ULL << unit_below(random, 50));
	}
}

TEST(trie_against_a_list)
{
	static struct trie trie;
	struct random random = { .state = unit_seed("trie_against_a_list", 0x7e1e) };
	unsigned int kind, step;
	const char *why;

	for (kind = 0; kind < 6; kind++) {
		trie_init(&trie);
		for (step = 0; step < 4000; step++) {
			/* Fill up, then empty, then fill up again. */
			bool fill = unit_below(&random, 8) < (step / 1000 % 2 ? 2 : 6);

			if (fill && trie.count < TRIE_HOLES)
				trie_add(&trie, draw_size(&random, kind));
			else if (trie.count)
				trie_del(&trie, unit_below(&random, trie.count));
			why = trie_ask(&trie, draw_size(&random, kind));
			if (!why && trie.count)
				why = trie_ask(&trie, size_of(&trie, trie.index[0]) + 1);
			ASSERT_EQ(NULL, why) TH_LOG("kind %u step %u: %s", kind, step, why);
		}
		while (trie.count)
			trie_del(&trie, 0);
		ASSERT_EQ(0, trie.bins.summary);
		ASSERT_EQ(NULL, memchr_inv(&trie.bins, 0, sizeof(trie.bins)));
		unit_fini(&trie.unit);
	}
}

/* A root whose child is an allocation, with a generation and a cookie. */
static struct carveout_span *trie_init_with_a_stranger(struct trie *trie, u32 *stranger)
{
	struct carveout_store *store = &trie->unit.heap.store;

	trie_init(trie);
	trie_add(trie, 1ULL << 40);
	*stranger = carveout_span_new(store, 0, 64, CARVEOUT_USED);
	carveout_span(store, *stranger)->gen = 77;
	carveout_aux(store, *stranger)->cookie = 0;
	carveout_aux(store, trie->index[0])->child[1] = *stranger;
	return carveout_span(store, *stranger);
}

TEST(trie_does_not_change_what_links_back_elsewhere)
{
	static struct trie trie;
	struct carveout_store *store = &trie.unit.heap.store;
	struct carveout_span *span;
	u32 stranger;

	span = trie_init_with_a_stranger(&trie, &stranger);
	trie_add(&trie, (1ULL << 40) + (1ULL << 34));
	ASSERT_TRUE(store->corrupted);
	ASSERT_EQ(0, carveout_aux(store, stranger)->cookie);
	unit_fini(&trie.unit);
	span = trie_init_with_a_stranger(&trie, &stranger);
	trie_del(&trie, 0);
	ASSERT_TRUE(store->corrupted);
	ASSERT_EQ(77, span->gen);
	unit_fini(&trie.unit);
}

TEST(trie_has_no_hole_beyond_the_largest_size)
{
	static struct trie trie;

	trie_init(&trie);
	trie_add(&trie, U64_MAX >> 8);
	ASSERT_EQ(trie.index[0],
		  carveout_bins_best(&trie.unit.heap.store, &trie.bins, U64_MAX >> 8));
	ASSERT_EQ(0, carveout_bins_best(&trie.unit.heap.store, &trie.bins, 1ULL << 56));
	unit_fini(&trie.unit);
}

TEST(trie_of_holes_in_one_bin)
{
	static struct unit unit;
	struct carveout_handle hole[500], wall[500], handle;
	struct carveout_span_info info;
	struct random random = { .state = unit_seed("trie_of_holes_in_one_bin", 0xb1) };
	const u64 base = 1ULL << 46;
	u64 size[500], best;
	unsigned int i, round;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 1ULL << 60, 1ULL << 61, 0));
	for (i = 0; i < 500; i++) {
		size[i] = base + 64 * unit_below(&random, base / 64 / 32);
		ASSERT_EQ(0, unit_alloc(&unit, size[i], 0, &hole[i]));
		ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &wall[i]));
	}
	for (i = 0; i < 500; i++)
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, hole[i]));
	ASSERT_SOUND(&unit);
	ASSERT_EQ(501, carveout_heap_nr_holes(&unit.heap));
	for (round = 0; round < 500; round++) {
		u64 want = base + 64 * unit_below(&random, base / 64 / 32);
		unsigned int at = 500;

		best = U64_MAX;
		for (i = 0; i < 500; i++)
			if (size[i] >= want && size[i] < best)
				best = size[at = i];
		ASSERT_EQ(0, unit_alloc(&unit, want, 0, &handle));
		ASSERT_EQ(0, carveout_heap_info(&unit.heap, handle, &info));
		if (at < 500) {
			struct carveout_span_info next;

			/* The used hole was as large as the best one. */
			ASSERT_NE(0, carveout_heap_next_span(&unit.heap, handle.index, &next));
			ASSERT_EQ(best, want + (next.used ? 0 : next.size));
		}
		ASSERT_SOUND(&unit);
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle));
		ASSERT_SOUND(&unit);
	}
	unit_fini(&unit);
}
