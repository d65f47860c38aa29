// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptor store: growth, exhaustion, listing.
 */

#include <stdlib.h>

#include "kselftest_harness.h"
#include "unit.h"

TEST(store_grows_in_doubling_chunks)
{
	static struct unit unit;
	size_t bytes;
	u32 total = 0;
	unsigned int i;

	unit_init(&unit, 6);
	for (i = 0; i < 8; i++) {
		bytes = carveout_store_chunk_bytes(&unit.heap);
		ASSERT_EQ(40 * 64UL << i, bytes);
		ASSERT_EQ(total, carveout_store_avail(&unit.heap.store));
		ASSERT_EQ(0, unit_grow(&unit));
		total += 64 << i;
	}
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

/* The index of a descriptor, or 0. */
static u32 take(struct carveout_store *store)
{
	u32 index;

	return carveout_store_take(store, &index) ? index : 0;
}

TEST(store_indices_do_not_share_memory)
{
	static struct unit unit;
	struct carveout_store *store = &unit.heap.store;
	u32 index;

	unit_init(&unit, 6);
	while (unit.nr_chunk < 4)
		ASSERT_EQ(0, unit_grow(&unit));
	for (index = 64; index < 1024; index++) {
		ASSERT_FALSE(carveout_store_has(store, index));
		ASSERT_EQ(index, take(store));
		ASSERT_TRUE(carveout_store_has(store, index));
		memset(carveout_span(store, index), index, sizeof(struct carveout_span));
		memset(carveout_aux(store, index), index + 1, sizeof(union carveout_aux));
	}
	ASSERT_EQ(0, carveout_store_avail(store));
	for (index = 64; index < 1024; index++) {
		struct carveout_span *span = carveout_span(store, index);

		ASSERT_EQ(NULL, memchr_inv(span, index & 0xff, sizeof(*span)));
		ASSERT_EQ(NULL, memchr_inv(carveout_aux(store, index), (index + 1) & 0xff, 8));
	}
	unit_fini(&unit);
}

TEST(store_gives_out_what_came_back_last)
{
	static struct unit unit;
	struct carveout_store *store = &unit.heap.store;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_grow(&unit));
	ASSERT_EQ(64, take(store));
	ASSERT_EQ(65, take(store));
	ASSERT_EQ(66, take(store));
	carveout_store_give(store, carveout_span(store, 65), 65);
	carveout_store_give(store, carveout_span(store, 64), 64);
	ASSERT_EQ(63, carveout_store_avail(store));
	ASSERT_EQ(64, take(store));
	ASSERT_EQ(65, take(store));
	ASSERT_EQ(67, take(store));
	ASSERT_FALSE(store->corrupted);
	unit_fini(&unit);
}

TEST(store_with_nothing_left_says_so)
{
	static struct unit unit;

	unit_init(&unit, 6);
	ASSERT_EQ(0, take(&unit.heap.store));
	ASSERT_TRUE(unit.heap.store.corrupted);
}

TEST(store_refuses_bad_memory)
{
	static struct unit unit;
	u64 mem[2];

	unit_init(&unit, 6);
	ASSERT_EQ(-EINVAL, carveout_heap_add_chunk(&unit.heap, NULL));
	ASSERT_EQ(-EINVAL, carveout_heap_add_chunk(&unit.heap, (char *)mem + 4));
	ASSERT_EQ(0, carveout_store_avail(&unit.heap.store));
	ASSERT_SOUND(&unit);
}

TEST(store_is_full_at_two_to_the_31)
{
	static struct unit unit;
	struct carveout_store *store = &unit.heap.store;
	u64 mem;

	/* The memory is not accessed, so none is needed. */
	unit_init(&unit, 6);
	while (carveout_store_chunk_bytes(&unit.heap))
		ASSERT_EQ(0, carveout_heap_add_chunk(&unit.heap, &mem));
	ASSERT_EQ(-E2BIG, carveout_heap_add_chunk(&unit.heap, &mem));
	ASSERT_EQ(1U << 31, store->limit);
	ASSERT_EQ((1U << 31) - 64, carveout_store_avail(store));
	ASSERT_SOUND(&unit);
}

static void merge(struct carveout_store *store, struct carveout_chain *chain, u32 left,
		  u32 right)
{
	carveout_chain_merge(store, chain, carveout_span(store, left), left,
			     carveout_span(store, right), right);
}

TEST(chain_keeps_its_order)
{
	static const u32 want[] = { 67, 64, 68, 65, 66 };
	static struct unit unit;
	struct carveout_store *store = &unit.heap.store;
	struct carveout_chain chain = { };
	unsigned int i;
	u32 index, prev = 0;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_grow(&unit));
	for (i = 0; i < 5; i++)
		take(store);
	carveout_chain_add_last(store, &chain, 64);
	carveout_chain_add_last(store, &chain, 65);
	carveout_chain_add_after(store, &chain, carveout_span(store, 66), 66,
				 carveout_span(store, 65), 65);
	carveout_chain_add_before(store, &chain, 67, 64);
	carveout_chain_add_before(store, &chain, 68, 65);
	for (i = 0, index = chain.first; i < 5; i++) {
		ASSERT_EQ(want[i], index);
		ASSERT_EQ(prev, carveout_span(store, index)->prev);
		carveout_span(store, index)->start = i * 64;
		carveout_span(store, index)->key = carveout_key(1, CARVEOUT_USED);
		prev = index;
		index = carveout_span(store, index)->next;
	}
	ASSERT_EQ(0, index);
	ASSERT_EQ(66, chain.last);
	merge(store, &chain, 64, 68);
	merge(store, &chain, 67, 64);
	merge(store, &chain, 65, 66);
	ASSERT_EQ(67, chain.first);
	ASSERT_EQ(65, chain.last);
	ASSERT_EQ(65, carveout_span(store, 67)->next);
	ASSERT_EQ(67, carveout_span(store, 65)->prev);
	ASSERT_EQ(3, carveout_granules(carveout_span(store, 67)));
	merge(store, &chain, 67, 65);
	ASSERT_EQ(67, chain.first);
	ASSERT_EQ(67, chain.last);
	ASSERT_EQ(0, carveout_span(store, 67)->next);
	ASSERT_EQ(5, carveout_granules(carveout_span(store, 67)));
	ASSERT_FALSE(store->corrupted);
	unit_fini(&unit);
}

/* === Exhaustion =========================================================== */

/* Descriptors that a test has hidden from the heap. */
struct hidden {
	u32 free;
	u32 nr_free;
	u32 limit;
};

static void hide(struct carveout_store *store, struct hidden *hidden)
{
	hidden->free = store->free;
	hidden->nr_free = store->nr_free;
	hidden->limit = store->limit;
	store->free = 0;
	store->nr_free = 0;
	store->limit = store->fresh;
}

static void show(struct carveout_store *store, const struct hidden *hidden)
{
	u32 *last = &store->free;

	while (*last)
		last = &carveout_span(store, *last)->next;
	*last = hidden->free;
	store->nr_free += hidden->nr_free;
	store->limit = hidden->limit;
}

#define TWIN_STEPS 160
#define TWIN_LIVE 64

/* One of two heaps that execute the same sequence of orders. */
struct twin {
	struct unit unit;
	struct carveout_handle live[TWIN_LIVE];
	unsigned int nr_live;
};

struct order {
	bool alloc;
	u64 size;
	u64 align;
	unsigned int victim;
};

static struct order draw_order(struct random *random, unsigned int nr_live)
{
	struct order order = {
		.alloc = !nr_live || (nr_live < TWIN_LIVE && unit_below(random, 5) < 3),
		.size = (1 + unit_below(random, 12)) * 64,
		.align = 64ULL << unit_below(random, 5),
	};

	order.victim = nr_live ? unit_below(random, nr_live) : 0;
	return order;
}

/* Execute an order; with @hinder, the first attempt runs without any descriptor. */
static const char *carry_out(struct twin *twin, const struct order *order, bool hinder)
{
	struct carveout_heap_request req = { .size = order->size, .align = order->align };
	struct carveout_heap *heap = &twin->unit.heap;
	struct carveout_handle handle;
	u64 hash = carveout_heap_hash(heap);
	struct hidden hidden;
	int ret;

	if (hinder)
		hide(&heap->store, &hidden);
	if (order->alloc)
		ret = carveout_heap_alloc(heap, &req, &handle);
	else
		ret = carveout_heap_free(heap, twin->live[order->victim]);
	if (hinder)
		show(&heap->store, &hidden);
	if (ret == -ENOMEM && !order->alloc)
		return "freeing needed a descriptor";
	if (ret == -ENOMEM || ret == -ENOSPC) {
		if (carveout_heap_hash(heap) != hash)
			return "a failed call changed the heap";
	}
	if (ret == -ENOMEM) {
		if (strcmp(unit_check(&twin->unit), "ok"))
			return "a failed call corrupted the heap";
		ret = unit_alloc_req(&twin->unit, &req, &handle);
	}
	if (ret && ret != -ENOSPC)
		return "unexpected error";
	if (order->alloc && !ret)
		twin->live[twin->nr_live++] = handle;
	if (!order->alloc)
		twin->live[order->victim] = twin->live[--twin->nr_live];
	return NULL;
}

TEST(store_failure_at_every_step)
{
	static struct twin one, two;
	unsigned int fail, step, refused = 0;
	struct random random;
	struct order order;
	const char *why;

	for (fail = 0; fail < TWIN_STEPS; fail++) {
		memset(&one, 0, sizeof(one));
		memset(&two, 0, sizeof(two));
		unit_init(&one.unit, 6);
		unit_init(&two.unit, 6);
		unit_add(&one.unit, 0x40, 0x2000, 0);
		unit_add(&two.unit, 0x40, 0x2000, 0);
		random.state = 42;
		for (step = 0; step < TWIN_STEPS; step++) {
			order = draw_order(&random, one.nr_live);
			why = carry_out(&one, &order, step >= fail && step < fail + 3);
			ASSERT_EQ(NULL, why) TH_LOG("%u/%u: %s", fail, step, why);
			why = carry_out(&two, &order, false);
			ASSERT_EQ(NULL, why) TH_LOG("%u/%u: %s", fail, step, why);
			ASSERT_EQ(carveout_heap_hash(&one.unit.heap),
				  carveout_heap_hash(&two.unit.heap))
				TH_LOG("the twins differ at %u/%u", fail, step);
		}
		refused += one.unit.heap.stats.nr_nomem > two.unit.heap.stats.nr_nomem;
		ASSERT_SOUND(&one.unit);
		ASSERT_SOUND(&two.unit);
		unit_fini(&one.unit);
		unit_fini(&two.unit);
	}
	/* Most of the runs must have been refused at least once. */
	ASSERT_LT(TWIN_STEPS / 2, refused);
}

TEST(store_failure_of_a_region)
{
	static struct unit unit;
	struct carveout_region *mem;
	struct carveout_handle handle;
	struct hidden hidden;
	u64 hash;

	unit_init(&unit, 6);
	mem = unit_region_mem(&unit, 0x1000);
	ASSERT_EQ(-ENOMEM, carveout_heap_add_region(&unit.heap, mem, 0x1000, 0x1000, 0));
	ASSERT_EQ(0, unit.heap.nr_regions);
	ASSERT_EQ(0, unit_grow(&unit));
	ASSERT_EQ(0, carveout_heap_add_region(&unit.heap, mem, 0x1000, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0, &handle));

	mem = unit_region_mem(&unit, 0x1000);
	hash = carveout_heap_hash(&unit.heap);
	hide(&unit.heap.store, &hidden);
	ASSERT_EQ(-ENOMEM, carveout_heap_add_region(&unit.heap, mem, 0x2000, 0x1000, 0));
	ASSERT_EQ(-ENOMEM, carveout_heap_add_region(&unit.heap, mem, 0, 0x1000, 0));
	ASSERT_EQ(-ENOMEM, carveout_heap_add_region(&unit.heap, mem, 0x8000, 0x1000, 0));
	show(&unit.heap.store, &hidden);
	ASSERT_EQ(hash, carveout_heap_hash(&unit.heap));
	ASSERT_EQ(0x1000, unit.heap.size);
	ASSERT_SOUND(&unit);

	/* Memory that extends a hole needs no descriptor. */
	ASSERT_EQ(0, carveout_heap_add_region(&unit.heap, mem, 0x2000, 0x1000, 0));
	ASSERT_EQ(0, unit_add(&unit, 0, 0x1000, 0));
	hide(&unit.heap.store, &hidden);
	ASSERT_EQ(0, unit_add(&unit, 0x3000, 0x1000, 0));
	show(&unit.heap.store, &hidden);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

/* It starts behind an allocation, so it needs a descriptor although a hole follows. */
TEST(store_failure_of_a_region_between_two)
{
	static struct unit unit;
	struct carveout_region *mem;
	struct carveout_handle handle;
	struct hidden hidden;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x1000, 0x1000, 0));
	ASSERT_EQ(1, unit_add(&unit, 0x3000, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0, &handle));
	mem = unit_region_mem(&unit, 0x1000);
	hide(&unit.heap.store, &hidden);
	ASSERT_EQ(-ENOMEM, carveout_heap_add_region(&unit.heap, mem, 0x2000, 0x1000, 0));
	show(&unit.heap.store, &hidden);
	ASSERT_SOUND(&unit);
	ASSERT_EQ(0, carveout_heap_add_region(&unit.heap, mem, 0x2000, 0x1000, 0));
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(store_failure_of_a_shrink)
{
	static struct unit unit;
	struct carveout_handle a, b;
	struct hidden hidden;
	u64 hash;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x1000, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 0x800, 0, &a));
	ASSERT_EQ(0, unit_alloc(&unit, 0x400, 0, &b));
	hash = carveout_heap_hash(&unit.heap);
	hide(&unit.heap.store, &hidden);
	ASSERT_EQ(-ENOMEM, carveout_heap_resize(&unit.heap, a, 0x400));
	ASSERT_EQ(1, unit.heap.stats.nr_nomem);
	ASSERT_EQ(hash, carveout_heap_hash(&unit.heap));
	/* The hole behind it is extended, so no descriptor is needed. */
	ASSERT_EQ(0, carveout_heap_resize(&unit.heap, b, 0x200));
	show(&unit.heap.store, &hidden);
	ASSERT_SOUND(&unit);
	ASSERT_EQ(0, carveout_heap_resize(&unit.heap, a, 0x400));
	ASSERT_EQ(-ENOSPC, carveout_heap_resize(&unit.heap, a, 0x900));
	ASSERT_EQ(1, unit.heap.stats.nr_nospc);
	ASSERT_EQ(-EINVAL, carveout_heap_resize(&unit.heap, a, 0));
	ASSERT_EQ(1, unit.heap.stats.nr_invalid);
	ASSERT_SOUND(&unit);
	unit_fini(&unit);
}

TEST(store_needs_no_more_than_it_takes)
{
	/* Start at 0x40: the second page lies inside, its end is the end of the region. */
	static const struct {
		u64 size;
		u64 align;
		u32 need;
	} cut[] = {
		{ 0x1fc0, 0x40, 0 }, { 0x40, 0x40, 1 }, { 0x1000, 0x1000, 1 }, { 0x800, 0x1000, 2 },
	};
	static struct unit unit;
	struct carveout_store *store = &unit.heap.store;
	struct carveout_handle handle;
	struct hidden hidden;
	unsigned int i;
	u32 have;

	for (i = 0; i < ARRAY_SIZE(cut); i++) {
		struct carveout_heap_request req = { .size = cut[i].size, .align = cut[i].align };

		unit_init(&unit, 6);
		ASSERT_EQ(0, unit_add(&unit, 0x40, 0x1fc0, 0));
		hide(store, &hidden);
		for (have = 0; have < cut[i].need; have++) {
			ASSERT_EQ(-ENOMEM, carveout_heap_alloc(&unit.heap, &req, &handle))
				TH_LOG("cut %u with %u descriptors", i, have);
			store->limit++;
		}
		ASSERT_EQ(0, carveout_heap_alloc(&unit.heap, &req, &handle)) TH_LOG("cut %u", i);
		ASSERT_EQ(0, carveout_store_avail(store));
		show(store, &hidden);
		ASSERT_SOUND(&unit);
		unit_fini(&unit);
	}
}

/* === Listing ============================================================== */

/* List all spans, @piece at a time; count how often each start is listed. */
static unsigned int list(struct unit *unit, unsigned int piece, u8 *seen, unsigned int shift)
{
	struct carveout_span_info info[8];
	unsigned int n, i, total = 0;
	u32 cursor = 0;

	do {
		n = carveout_heap_spans(&unit->heap, &cursor, info, piece);
		for (i = 0; i < n; i++)
			seen[info[i].start >> shift]++;
		total += n;
	} while (cursor != CARVEOUT_SPANS_END);
	return total;
}

TEST(list_has_each_span_once)
{
	static struct unit unit;
	struct carveout_handle handle[300];
	unsigned int i, piece, total;
	u8 seen[600];

	unit_init(&unit, 6);
	memset(seen, 0, sizeof(seen));
	ASSERT_EQ(0, list(&unit, 4, seen, 6));
	ASSERT_EQ(0, unit_add(&unit, 0, 600 * 64, 0));
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, unit_alloc(&unit, 128, 0, &handle[i]));
	/* Long runs of free descriptors between used ones. */
	for (i = 0; i < 300; i++)
		if (i < 20 || (i > 40 && i < 250) || i == 299)
			ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle[i]));
	for (piece = 1; piece <= 8; piece++) {
		memset(seen, 0, sizeof(seen));
		total = list(&unit, piece, seen, 6);
		ASSERT_EQ(carveout_heap_nr_used(&unit.heap) + carveout_heap_nr_holes(&unit.heap),
			  total);
		for (i = 0; i < 600; i++)
			ASSERT_GE(1, seen[i]);
		for (i = 20; i <= 40; i++)
			ASSERT_EQ(1, seen[i * 2]);
	}
	unit_fini(&unit);
}

TEST(list_has_the_first_of_each_chunk)
{
	static struct unit unit;
	struct carveout_handle handle[1000];
	struct carveout_span_info info;
	unsigned int i, kept = 0, seen = 0;
	u32 cursor = 0;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, 1000 * 64, 0));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle[i]));
	/* Only free descriptors in front of each of them. */
	for (i = 0; i < 1000; i++) {
		bool keep = !(handle[i].index & (handle[i].index - 1));

		kept += keep;
		ASSERT_EQ(0, keep ? 0 : carveout_heap_free(&unit.heap, handle[i]));
	}
	do {
		if (carveout_heap_spans(&unit.heap, &cursor, &info, 1))
			seen += info.used;
	} while (cursor != CARVEOUT_SPANS_END);
	ASSERT_EQ(kept, seen);
	ASSERT_LE(3, kept);
	unit_fini(&unit);
}

TEST(list_goes_on_while_the_heap_changes)
{
	static struct unit unit;
	struct carveout_handle handle[64], other;
	struct carveout_span_info info;
	unsigned int i, n = 0;
	u32 cursor = 0;
	u8 seen[128] = { };
	int ret;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, 128 * 64, 0));
	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, unit_alloc(&unit, 128, 0, &handle[i]));
	for (i = 1; i < 64; i += 2)
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle[i]));
	do {
		if (carveout_heap_spans(&unit.heap, &cursor, &info, 1) && info.used)
			seen[info.start >> 6]++;
		/* Allocate or free between any two calls. */
		if (n++ & 1)
			ret = carveout_heap_free(&unit.heap, other);
		else
			ret = unit_alloc(&unit, 64, 0, &other);
		ASSERT_EQ(0, ret);
		ASSERT_GT(1000, n);
	} while (cursor != CARVEOUT_SPANS_END);
	for (i = 0; i < 64; i += 2)
		ASSERT_EQ(1, seen[i * 2]) TH_LOG("span %u", i);
	unit_fini(&unit);
}

TEST(list_looks_at_a_bounded_number)
{
	const unsigned int count = 3 * CARVEOUT_SPANS_SCAN;
	static struct carveout_handle handle[3 * CARVEOUT_SPANS_SCAN];
	static struct unit unit;
	struct carveout_span_info info[4];
	unsigned int i, n, calls = 0, empty = 0, total = 0;
	u32 cursor = 0, before;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0, (u64)count * 64, 0));
	for (i = 0; i < count; i++)
		ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle[i]));
	/* Only the first and the last allocation remain, and one hole between them. */
	for (i = 1; i < count - 1; i++)
		ASSERT_EQ(0, carveout_heap_free(&unit.heap, handle[i]));
	do {
		before = max(cursor, CARVEOUT_INDEX_FIRST);
		n = carveout_heap_spans(&unit.heap, &cursor, info, 4);
		if (cursor != CARVEOUT_SPANS_END)
			ASSERT_GE(CARVEOUT_SPANS_SCAN, cursor - before);
		total += n;
		empty += !n;
		ASSERT_GE(4, ++calls);
	} while (cursor != CARVEOUT_SPANS_END);
	ASSERT_EQ(3, total);
	ASSERT_LE(1, empty);
	unit_fini(&unit);
}

TEST(list_says_what_a_span_is)
{
	static struct unit unit;
	struct carveout_heap_request req = { .size = 64, .cookie = 0x123456789abcdefULL };
	struct carveout_span_info info[3];
	struct carveout_handle handle;
	u32 cursor = 0, index;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x1000, 0x40, 0));
	ASSERT_EQ(1, unit_add(&unit, 0x2000, 0x80, 0));
	req.regions = 2;
	ASSERT_EQ(0, unit_alloc_req(&unit, &req, &handle));
	ASSERT_EQ(3, carveout_heap_spans(&unit.heap, &cursor, info, 3));
	ASSERT_EQ(CARVEOUT_SPANS_END, cursor);
	ASSERT_EQ(0, carveout_heap_spans(&unit.heap, &cursor, info, 3));
	ASSERT_EQ(CARVEOUT_SPANS_END, cursor);

	index = carveout_heap_first_span(&unit.heap, 1, info);
	ASSERT_EQ(handle.index, index);
	ASSERT_EQ(0x2000, info->start);
	ASSERT_EQ(64, info->size);
	ASSERT_EQ(1, info->region);
	ASSERT_TRUE(info->used);
	ASSERT_EQ(req.cookie, info->cookie);
	ASSERT_EQ(handle.gen, info->handle.gen);
	index = carveout_heap_next_span(&unit.heap, index, info);
	ASSERT_NE(0, index);
	ASSERT_EQ(0x2040, info->start);
	ASSERT_FALSE(info->used);
	ASSERT_EQ(0, info->cookie);
	ASSERT_EQ(0, info->handle.index);
	ASSERT_EQ(0, info->handle.gen);
	ASSERT_EQ(0, carveout_heap_next_span(&unit.heap, index, info));
	ASSERT_EQ(0, carveout_heap_first_span(&unit.heap, 2, info));
	unit_fini(&unit);
}
