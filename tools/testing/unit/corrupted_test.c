// SPDX-License-Identifier: GPL-2.0
/*
 * Corruption of a heap in use: each call must return, report the corruption once, and
 * refuse all further work.
 */

#include "kselftest_harness.h"
#include "sample.h"

/* All memory that an operation can change. */
struct sample_copy {
	struct carveout_heap heap;
	u8 region[2][16384];
	u8 chunk[40 * 64];
};

static size_t region_bytes(const struct sample *sample, unsigned int nr)
{
	const struct carveout_heap *heap = &sample->unit.heap;

	return carveout_region_bytes(heap, nr ? 0x100000 : 0x200000);
}

static void sample_save(const struct sample *sample, struct sample_copy *copy)
{
	unsigned int i;

	copy->heap = sample->unit.heap;
	for (i = 0; i < 2; i++)
		memcpy(copy->region[i], sample->unit.mem[i], region_bytes(sample, i));
	memcpy(copy->chunk, sample->unit.chunk[0], sizeof(copy->chunk));
}

static void sample_restore(struct sample *sample, const struct sample_copy *copy)
{
	unsigned int i;

	sample->unit.heap = copy->heap;
	for (i = 0; i < 2; i++)
		memcpy(sample->unit.mem[i], copy->region[i], region_bytes(sample, i));
	memcpy(sample->unit.chunk[0], copy->chunk, sizeof(copy->chunk));
}

/* Call every function. Results are ignored: each call must only return. */
static void use(struct sample *sample)
{
	static const u64 sizes[] = { 64, 128, 1024 * 64, 1028 * 64, 1056 * 64, 0x80000 };
	struct carveout_heap *heap = &sample->unit.heap;
	struct carveout_heap_request req = { };
	struct carveout_handle handle = { };
	struct carveout_span_info info;
	struct carveout_report report;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		req.size = sizes[i];
		req.align = i & 1 ? 0x1000 : 0;
		req.max_addr = i == 4 ? SAMPLE_BASE + 0x80000 : 0;
		carveout_heap_alloc(heap, &req, &handle);
	}
	req.align = 0;
	req.max_addr = 0;
	req.exact = true;
	for (i = 0; i < 32; i++) {
		req.addr = SAMPLE_BASE + i * 0x8000;
		carveout_heap_find(heap, req.addr, &info);
		carveout_heap_alloc(heap, &req, &handle);
		carveout_heap_resize(heap, handle, 0x80 << i % 5);
	}
	for (i = 0; i < 14; i++)
		carveout_heap_free(heap, sample->wall[i]);
	carveout_heap_free_at(heap, 0x800000);
	carveout_heap_free(heap, sample->other);
	carveout_region_largest(heap, 0);
	carveout_heap_hash(heap);
	carveout_heap_validate(heap, &report);
}

TEST_F_TIMEOUT(bits, heap_survives_each, 120)
{
	static struct sample_copy copy;
	struct sample *sample = self->sample;
	unsigned int i, bit, refused = 0;
	struct piece piece[SAMPLE_PIECES];
	size_t at;

	unit_expected_asserts = U32_MAX;
	sample_save(sample, &copy);
	pieces_of(sample, piece);
	for (i = 0; i < SAMPLE_PIECES; i++) {
		for (at = 0; at < piece[i].size; at++) {
			/* Every eighth byte of the regions' long tables is sufficient. */
			if (piece[i].size > 4096 && at > 512 && at % 8)
				continue;
			for (bit = 0; bit < 8; bit++) {
				piece[i].start[at] ^= 1 << bit;
				use(sample);
				refused += sample->unit.heap.corrupted;
				sample_restore(sample, &copy);
			}
		}
	}
	ASSERT_SOUND(&sample->unit);
	ASSERT_LT(10000, refused);
}

/* A call that detects a corruption. */
enum detector {
	BY_ALLOC,
	BY_SEARCH,		/* an allocation with a condition */
	BY_FREE,		/* of wall[3] */
	BY_GROWTH,		/* of wall[3] */
	BY_MERGE,		/* free the allocation behind the hole @small */
};

struct accident {
	const char *name;
	enum detector by;
	u64 size;
	void (*happen)(struct sample *sample);
};

static struct carveout_span *span(struct sample *sample, u32 index)
{
	return carveout_span(&sample->unit.heap.store, index);
}

static void wall_prev_leads_nowhere(struct sample *sample)
{
	span(sample, sample->wall[3].index)->prev = 5000;
}

static void wall_next_is_another(struct sample *sample)
{
	span(sample, sample->wall[3].index)->next = sample->root;
}

static void hole_is_in_no_list(struct sample *sample)
{
	u32 index = span(sample, sample->wall[3].index)->prev;

	span(sample, index)->bin_prev = 7777;
}

static void region_is_gone(struct sample *sample)
{
	span(sample, sample->wall[3].index)->key |= 0x80;
}

static void head_leads_nowhere(struct sample *sample)
{
	sample->unit.heap.region[0]->bins.head[5] = 4000;
}

static void head_leads_to_an_allocation(struct sample *sample)
{
	span(sample, sample->wall[3].index)->key = carveout_key(5, CARVEOUT_USED);
	sample->unit.heap.region[0]->bins.head[5] = sample->wall[3].index;
}

static void head_is_missing(struct sample *sample)
{
	sample->unit.heap.region[0]->bins.head[5] = 0;
}

static void free_list_leads_nowhere(struct sample *sample)
{
	sample->unit.heap.store.free = 4000;
}

static void free_list_leads_to_an_allocation(struct sample *sample)
{
	sample->unit.heap.store.free = sample->wall[3].index;
}

static void free_list_is_too_short(struct sample *sample)
{
	sample->unit.heap.store.free = 0;
}

static void hole_has_another_neighbour(struct sample *sample)
{
	u32 index = hole_of_size(&sample->unit, 5, true);

	span(sample, span(sample, index)->next)->prev = sample->wall[0].index;
}

static void hole_before_leads_elsewhere(struct sample *sample)
{
	span(sample, span(sample, sample->wall[3].index)->prev)->next = sample->wall[0].index;
}

static void hole_behind_leads_elsewhere(struct sample *sample)
{
	span(sample, span(sample, sample->wall[3].index)->next)->prev = sample->wall[0].index;
}

static void wall_prev_is_lost(struct sample *sample)
{
	span(sample, sample->wall[3].index)->prev = 0;
}

static void wall_next_is_lost(struct sample *sample)
{
	span(sample, sample->wall[3].index)->next = 0;
}

static void head_leads_to_a_smaller_hole(struct sample *sample)
{
	sample->unit.heap.region[0]->bins.head[5] = sample->small;
}

static void list_leads_to_an_allocation(struct sample *sample)
{
	span(sample, sample->small)->bin_next = sample->other.index;
}

/* A descriptor that was never used, in memory that happens to be zero. */
static void free_list_leads_to_a_fresh_one(struct sample *sample)
{
	struct carveout_store *store = &sample->unit.heap.store;

	memset(carveout_span(store, store->fresh), 0, sizeof(struct carveout_span));
	store->free = store->fresh;
}

static const struct accident accidents[] = {
	{ "hole_before_leads_elsewhere", BY_FREE, 0, hole_before_leads_elsewhere },
	{ "hole_behind_leads_elsewhere", BY_FREE, 0, hole_behind_leads_elsewhere },
	{ "wall_prev_leads_nowhere", BY_FREE, 0, wall_prev_leads_nowhere },
	{ "wall_prev_is_lost", BY_FREE, 0, wall_prev_is_lost },
	{ "wall_next_is_another", BY_FREE, 0, wall_next_is_another },
	{ "wall_next_is_lost", BY_FREE, 0, wall_next_is_lost },
	{ "hole_is_in_no_list", BY_FREE, 0, hole_is_in_no_list },
	{ "region_is_gone", BY_FREE, 0, region_is_gone },
	{ "hole_behind_does_not_lead_back", BY_GROWTH, 0, hole_behind_leads_elsewhere },
	{ "wall_next_is_a_hole_elsewhere", BY_GROWTH, 0, wall_next_is_another },
	{ "list_leads_to_an_allocation", BY_MERGE, 0, list_leads_to_an_allocation },
	{ "head_leads_nowhere", BY_ALLOC, 5 * 64, head_leads_nowhere },
	{ "head_leads_to_an_allocation", BY_ALLOC, 5 * 64, head_leads_to_an_allocation },
	{ "head_leads_to_a_smaller_hole", BY_SEARCH, 5 * 64, head_leads_to_a_smaller_hole },
	{ "head_is_missing", BY_ALLOC, 3 * 64, head_is_missing },
	{ "free_list_leads_nowhere", BY_ALLOC, 4 * 64, free_list_leads_nowhere },
	{ "free_list_leads_to_a_fresh_one", BY_ALLOC, 4 * 64, free_list_leads_to_a_fresh_one },
	{ "free_list_leads_to_an_allocation", BY_ALLOC, 4 * 64, free_list_leads_to_an_allocation },
	{ "free_list_is_too_short", BY_ALLOC, 4 * 64, free_list_is_too_short },
	{ "hole_has_another_neighbour", BY_ALLOC, 4 * 64, hole_has_another_neighbour },
};

static int free_behind_small(struct sample *sample)
{
	u32 index = span(sample, sample->small)->next;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sample->wall); i++)
		if (sample->wall[i].index == index)
			return carveout_heap_free(&sample->unit.heap, sample->wall[i]);
	return -ENOENT;
}

static int detect(struct sample *sample, const struct accident *accident)
{
	const struct carveout_heap_request req = { .size = accident->size, .regions = 1 };
	struct carveout_heap *heap = &sample->unit.heap;
	struct carveout_handle handle;

	switch (accident->by) {
	case BY_ALLOC:
		return unit_alloc(&sample->unit, accident->size, 0, &handle);
	case BY_SEARCH:
		return carveout_heap_alloc(heap, &req, &handle);
	case BY_FREE:
		return carveout_heap_free(heap, sample->wall[3]);
	case BY_GROWTH:
		return carveout_heap_resize(heap, sample->wall[3], 2 * 64);
	default:
		return free_behind_small(sample);
	}
}

TEST(corrupted_heap_refuses_everything)
{
	static struct sample sample;
	struct carveout_heap *heap = &sample.unit.heap;
	struct carveout_region *mem;
	struct carveout_span_info info;
	struct carveout_handle handle;
	unsigned int i;
	u32 cursor;
	u64 chunk;

	for (i = 0; i < ARRAY_SIZE(accidents); i++) {
		sample_init(&sample);
		accidents[i].happen(&sample);
		unit_expected_asserts = 1;
		ASSERT_EQ(-EUCLEAN, detect(&sample, &accidents[i]))
			TH_LOG("%s", accidents[i].name);
		/* The corruption is reported exactly once. */
		ASSERT_EQ(0, unit_expected_asserts);
		ASSERT_TRUE(heap->corrupted);
		ASSERT_EQ(-EUCLEAN, unit_alloc(&sample.unit, 64, 0, &handle));
		ASSERT_EQ(-EUCLEAN, carveout_heap_free(heap, sample.wall[0]));
		ASSERT_EQ(-EUCLEAN, carveout_heap_info(heap, sample.wall[0], &info));
		ASSERT_EQ(-EUCLEAN, carveout_heap_add_chunk(heap, &chunk));
		mem = unit_region_mem(&sample.unit, 0x1000);
		ASSERT_EQ(-EUCLEAN, carveout_heap_add_region(heap, mem, 0, 0x1000, 0));
		cursor = 0;
		ASSERT_EQ(0, carveout_heap_spans(heap, &cursor, &info, 1));
		ASSERT_EQ(CARVEOUT_SPANS_END, cursor);
		ASSERT_EQ(0, carveout_heap_first_span(heap, 0, &info));
		unit_fini(&sample.unit);
	}
}

/* Corruption detected by adding a region. */
TEST(corrupted_heap_refuses_a_region)
{
	static const u64 base[] = { SAMPLE_BASE - 0x1000, SAMPLE_BASE + 0x200000, 0x4000000 };
	static struct sample sample;
	struct carveout_handle handle;
	struct carveout_heap *heap = &sample.unit.heap;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(base); i++) {
		/* No hole at either end of the region: each addition needs a descriptor. */
		sample_init(&sample);
		while (!unit_alloc(&sample.unit, carveout_region_largest(heap, 0), 0, &handle))
			;
		heap->store.free = 4000;
		heap->store.nr_free = 1;
		unit_expected_asserts = 1;
		ASSERT_EQ(-EUCLEAN, unit_add(&sample.unit, base[i], 0x1000, 0))
			TH_LOG("base %u", i);
		ASSERT_EQ(0, unit_expected_asserts);
		ASSERT_TRUE(heap->corrupted);
		unit_fini(&sample.unit);
	}
}

TEST(corrupted_chain_refuses_a_join)
{
	static struct unit unit;
	struct carveout_handle handle;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		unit_init(&unit, 6);
		ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
		ASSERT_EQ(1, unit_add(&unit, 0x12000, 0x1000, 0));
		ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0, &handle));
		ASSERT_EQ(0, unit_alloc(&unit, 64, 0, &handle));
		/* The chain of the joined region is longer, shorter, or has a dangling link. */
		if (i == 0)
			unit.heap.region[1]->nr_used--;
		if (i == 1)
			unit.heap.region[1]->nr_used++;
		if (i == 2)
			carveout_span(&unit.heap.store, handle.index)->next = 3000;
		unit_expected_asserts = 1;
		ASSERT_EQ(-EUCLEAN, unit_add(&unit, 0x11000, 0x1000, 0)) TH_LOG("%u", i);
		ASSERT_EQ(0, unit_expected_asserts);
		unit_fini(&unit);
	}
}

/* The span in front of a region, or behind the seam, does not link back. */
TEST(corrupted_neighbour_refuses_a_region)
{
	static struct unit unit;
	struct carveout_handle low, high;
	struct carveout_region *region;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
	ASSERT_EQ(0, unit_alloc(&unit, 0x800, 0, &low));
	carveout_span(&unit.heap.store, low.index)->prev =
		unit.heap.region[0]->chain.last;
	unit_expected_asserts = 1;
	ASSERT_EQ(-EUCLEAN, unit_add(&unit, 0xf000, 0x1000, 0));
	ASSERT_EQ(0, unit_expected_asserts);
	unit_fini(&unit);

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
	ASSERT_EQ(1, unit_add(&unit, 0x12000, 0x1000, 0));
	region = unit.heap.region[1];
	ASSERT_EQ(0, unit_alloc(&unit, 0x1000, 0, &low));
	ASSERT_EQ(0, unit_alloc(&unit, 0x800, 0, &low));
	ASSERT_EQ(0, unit_alloc(&unit, 0x800, 0, &high));
	ASSERT_EQ(0, carveout_heap_free(&unit.heap, low));
	carveout_span(&unit.heap.store, region->chain.last)->prev = region->chain.last;
	unit_expected_asserts = 1;
	ASSERT_EQ(-EUCLEAN, unit_add(&unit, 0x11000, 0x1000, 0));
	ASSERT_EQ(0, unit_expected_asserts);
	unit_fini(&unit);
}

/* The region counts as empty, but is in use, or its hole is not in its bin. */
TEST(corrupted_end_refuses_a_request_from_the_top)
{
	const struct carveout_heap_request top = { .size = 0x1000, .top_down = true };
	static struct unit unit;
	struct carveout_handle handle;

	unit_init(&unit, 6);
	ASSERT_EQ(0, unit_add(&unit, 0x10000, 0x1000, 0));
	unit.heap.region[0]->chain.last = 4000;
	unit_expected_asserts = 1;
	ASSERT_EQ(-EUCLEAN, unit_alloc_req(&unit, &top, &handle));
	ASSERT_EQ(0, unit_expected_asserts);
	unit_fini(&unit);
}

/* Corruption detected by resizing and looking up an address. */
TEST(corrupted_heap_refuses_the_rest)
{
	static struct sample sample;
	struct carveout_heap *heap = &sample.unit.heap;
	struct carveout_span_info info;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 6; i++) {
		struct carveout_heap_request exact = {
			.size = 0x100, .exact = true, .addr = SAMPLE_BASE + 0x1f0000,
		};
		struct carveout_region *region;

		sample_init(&sample);
		region = heap->region[0];
		unit_expected_asserts = 1;
		switch (i) {
		case 0:
			heap->region[1] = NULL;
			ret = carveout_heap_resize(heap, sample.other, 0x100);
			break;
		case 1:
			/* Between two allocations, so that shrinking takes a descriptor. */
			ASSERT_EQ(0, carveout_heap_alloc(heap, &exact, &sample.other));
			exact.addr += 0x100;
			ASSERT_EQ(0, carveout_heap_alloc(heap, &exact, &sample.wall[0]));
			heap->store.free = 4000;
			heap->store.nr_free = 1;
			ret = carveout_heap_resize(heap, sample.other, 0x40);
			break;
		case 2:
			/* A bit of level 1 whose word in level 0 is 0. */
			region->map.level[0][0] = 0;
			region->map.level[1][0] = BIT_ULL(0);
			ret = carveout_heap_find(heap, SAMPLE_BASE + 0x1ff000, &info);
			break;
		case 3:
			region->map.level[1][0] = BIT_ULL(63);
			region->map.level[0][7] = 0;
			ret = carveout_heap_find(heap, SAMPLE_BASE + 0x1ff000, &info);
			break;
		case 4:
			region->map.first[0] = 9999;
			ret = carveout_heap_find(heap, SAMPLE_BASE, &info);
			break;
		case 5:
			region->map.first[0] = sample.other.index;
			ret = carveout_heap_free_at(heap, SAMPLE_BASE);
			break;
		}
		ASSERT_EQ(-EUCLEAN, ret) TH_LOG("%u", i);
		ASSERT_EQ(0, unit_expected_asserts) TH_LOG("%u", i);
		ASSERT_EQ(-EUCLEAN, carveout_heap_resize(heap, sample.wall[0], 0x100));
		ASSERT_EQ(-EUCLEAN, carveout_heap_free_at(heap, SAMPLE_BASE));
		ASSERT_EQ(-EUCLEAN, carveout_heap_find(heap, SAMPLE_BASE, &info));
		heap->region[1] = sample.unit.mem[1];
		unit_fini(&sample.unit);
	}
}
