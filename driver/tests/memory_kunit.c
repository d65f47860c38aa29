// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of kernel memory by pointer: allocation, zeroing, deferred frees.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/stop_machine.h>

#include "fixture.h"

#define SIZE	SZ_256K
#define GRANULE	64

/* Attributes of these tests. */
#define FAST	BIT(CARVEOUT_ATTR_USER_SHIFT)
#define NEAR	BIT(CARVEOUT_ATTR_USER_SHIFT + 1)
#define SAFE	BIT(CARVEOUT_ATTR_USER_SHIFT + 2)

/* === Allocating and freeing =============================================== */

static void carveout_memory_alloc_free(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	u8 *a, *b;

	a = carveout_alloc(heap, 100, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	b = carveout_alloc(heap, 1, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	/* Sizes are rounded up to cache lines, not to pages. */
	KUNIT_EXPECT_EQ(test, 3ULL * GRANULE, used_of(heap));
	KUNIT_EXPECT_EQ(test, 2U, stats_of(heap).spans);
	memset(a, 1, 100);
	*b = 2;
	KUNIT_EXPECT_TRUE(test, is_filled(a, 1, 100));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, a));
	KUNIT_EXPECT_EQ(test, 2, *b);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, b));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_memory_zalloc(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	size_t size;
	void *va;

	/* Always the same range, with the content of its former user. */
	for (size = GRANULE; size <= SIZE; size *= 4) {
		va = carveout_alloc(heap, size, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		memset(va, FILL, size);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
		va = carveout_zalloc(heap, size, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		KUNIT_EXPECT_TRUE(test, is_filled(va, 0, size));
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	}
}

static void carveout_memory_nozero(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	void *va = carveout_alloc(heap, SIZE, "kunit");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	/* Nothing was zeroed, neither when the heap was made nor on free. */
	KUNIT_EXPECT_TRUE(test, is_filled(va, FILL, SIZE));
	memset(va, 1, SIZE);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
	va = carveout_alloc(heap, SIZE, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_TRUE(test, is_filled(va, 1, SIZE));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_memory_aligned(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	void *odd = carveout_alloc(heap, GRANULE, "kunit");
	u64 align;
	void *va;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, odd);
	for (align = 1; align <= SZ_64K; align *= 2) {
		va = carveout_alloc_aligned(heap, 100, align, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		KUNIT_EXPECT_EQ(test, 0ULL, carveout_virt_to_phys(heap, va) & (align - 1));
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	}
	EXPECT_ERR(test, -EINVAL, carveout_alloc_aligned(heap, 100, 96, "kunit"));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, odd));
}

static void carveout_memory_exact(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	void *first = carveout_alloc(heap, GRANULE, "kunit");
	struct carveout_req req = {
		.size = 200,
		.addr = carveout_virt_to_phys(heap, first) + SZ_4K,
		.flags = CARVEOUT_REQ_EXACT,
	};
	struct carveout_stats before;
	void *va;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	va = carveout_alloc_req(heap, &req);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_EQ(test, req.addr, carveout_virt_to_phys(heap, va));
	before = stats_of(heap);
	EXPECT_ERR(test, -ENOSPC, carveout_alloc_req(heap, &req));
	req.addr += 1;
	EXPECT_ERR(test, -EINVAL, carveout_alloc_req(heap, &req));
	expect_same(test, &before);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, first));
}

static void carveout_memory_top_down(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .size = SZ_4K, .flags = CARVEOUT_REQ_TOP_DOWN };
	struct carveout_region_info info;
	void *va = carveout_alloc_req(heap, &req);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	KUNIT_EXPECT_EQ(test, info.memory.base + SIZE - SZ_4K,
			carveout_virt_to_phys(heap, va));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_memory_max_addr(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_req req = { .size = SZ_4K };
	struct carveout_region_info info;
	unsigned int n = 0;
	void *va[4];

	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	req.max_addr = info.memory.base + 2 * SZ_4K;
	while (n < 4) {
		va[n] = carveout_alloc_req(heap, &req);
		if (IS_ERR(va[n]))
			break;
		KUNIT_EXPECT_LE(test, carveout_virt_to_phys(heap, va[n]) + SZ_4K,
				req.max_addr);
		n++;
	}
	KUNIT_EXPECT_EQ(test, 2U, n);
	EXPECT_ERR(test, -ENOSPC, va[n]);
	while (n--)
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[n]));
}

/* === Which region ========================================================= */

/* Two regions of different attributes, with a gap between them. */
static struct carveout *make_two_kinds(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SZ_256K);
	struct carveout_memory memory[2];

	memory[0] = region_at(base, SZ_64K);
	memory[0].attrs |= FAST;
	memory[1] = region_at(base + SZ_128K, SZ_128K);
	memory[1].attrs |= NEAR;
	return make_heap(test, NULL, memory, 2, 0);
}

/* Index of the region of an allocation. */
static int region_of(struct carveout *heap, const void *va)
{
	return carveout_region_at(heap, carveout_virt_to_phys(heap, va));
}

/* Allocate and free: return the region that served it, or the error. */
static int try_region(struct carveout *heap, const struct carveout_req *req)
{
	void *va = carveout_alloc_req(heap, req);
	int region;

	if (IS_ERR(va))
		return PTR_ERR(va);
	region = region_of(heap, va);
	return carveout_free(heap, va) ?: region;
}

static void carveout_memory_by_attribute(struct kunit *test)
{
	struct carveout *heap = make_two_kinds(test);
	struct carveout_req req = { .size = SZ_4K, .require = FAST };

	KUNIT_EXPECT_EQ(test, 0, try_region(heap, &req));
	req.require = NEAR;
	KUNIT_EXPECT_EQ(test, 1, try_region(heap, &req));
	req.align = SZ_32K;
	KUNIT_EXPECT_EQ(test, 1, try_region(heap, &req));
	req.require = CARVEOUT_ATTR_CACHED;
	req.forbid = FAST;
	KUNIT_EXPECT_EQ(test, 1, try_region(heap, &req));
	/* No region has this attribute, however much is free. */
	req.require = SAFE;
	KUNIT_EXPECT_EQ(test, -EINVAL, try_region(heap, &req));
}

static void carveout_memory_fallback(struct kunit *test)
{
	struct carveout *heap = make_two_kinds(test);
	const struct carveout_req all = { .size = SZ_64K, .require = FAST };
	struct carveout_req req = {
		.size = SZ_4K,
		.require = SAFE,
		.fallback = { FAST, NEAR },
		.nr_fallback = 2,
	};
	void *va;

	KUNIT_EXPECT_EQ(test, 0, try_region(heap, &req));
	/* A full region makes the request fall back to the next one. */
	va = carveout_alloc_req(heap, &all);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_EQ(test, 1, try_region(heap, &req));
	/* Entries beyond nr_fallback are ignored. */
	req.nr_fallback = 1;
	KUNIT_EXPECT_EQ(test, -ENOSPC, try_region(heap, &req));
	req.nr_fallback = CARVEOUT_NR_FALLBACK + 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, try_region(heap, &req));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_memory_region_mask(struct kunit *test)
{
	struct carveout *heap = make_two_kinds(test);
	struct carveout_req req = { .size = SZ_4K, .regions = BIT(0) };

	KUNIT_EXPECT_EQ(test, 0, try_region(heap, &req));
	req.regions = BIT(1);
	KUNIT_EXPECT_EQ(test, 1, try_region(heap, &req));
	req.regions = BIT(2);
	KUNIT_EXPECT_EQ(test, -EINVAL, try_region(heap, &req));
	/* A region with enough room is chosen. */
	req.regions = 0;
	req.size = SZ_128K;
	KUNIT_EXPECT_EQ(test, 1, try_region(heap, &req));
}

/*
 * Two regions are one heap: the caller does not see the region that serves it.
 * Memory between them belongs to no heap.
 */
static void carveout_memory_gap(struct kunit *test)
{
	struct carveout *heap = make_two_kinds(test);
	static void *va[SZ_256K / SZ_4K];
	struct carveout_region_info info;
	struct carveout_stats before;
	unsigned int n, served[2] = {};
	void *gap;

	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	gap = phys_to_virt(info.memory.base) + SZ_64K;
	KUNIT_EXPECT_EQ(test, 0, carveout_region_at(heap, info.memory.base + SZ_64K - 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_region_at(heap, virt_to_phys(gap)));
	KUNIT_EXPECT_EQ(test, SZ_64K + SZ_128K, stats_of(heap).size);
	for (n = 0; n < ARRAY_SIZE(va); n++) {
		va[n] = carveout_alloc(heap, SZ_4K, "kunit");
		if (IS_ERR(va[n]))
			break;
		KUNIT_EXPECT_FALSE(test, va[n] >= gap && va[n] < gap + SZ_64K);
		KUNIT_ASSERT_GE(test, region_of(heap, va[n]), 0);
		served[region_of(heap, va[n])]++;
	}
	EXPECT_ERR(test, -ENOSPC, va[n]);
	KUNIT_EXPECT_EQ(test, SZ_64K / SZ_4K, served[0]);
	KUNIT_EXPECT_EQ(test, SZ_128K / SZ_4K, served[1]);
	KUNIT_EXPECT_EQ(test, stats_of(heap).size, used_of(heap));
	KUNIT_EXPECT_EQ(test, 0ULL, stats_of(heap).largest_hole);

	before = stats_of(heap);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, gap));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, gap + SZ_32K));
	KUNIT_EXPECT_EQ(test, PHYS_ADDR_MAX, carveout_virt_to_phys(heap, gap));
	expect_same(test, &before);

	while (n--)
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[n]));
	/* The size exceeds each region, though not the sum. */
	EXPECT_ERR(test, -ENOSPC, carveout_alloc(heap, SZ_128K + GRANULE, "kunit"));
	KUNIT_EXPECT_TRUE(test, is_filled(gap, FILL, SZ_64K));
}

/* === Refused requests ===================================================== */

static void carveout_memory_bad_requests(struct kunit *test)
{
	static const struct carveout_req bad[] = {
		{ .size = 0 },
		{ .size = U64_MAX },
		{ .size = 64, .align = 3 },
		{ .size = 64, .addr = SZ_4K },
		{ .size = 64, .flags = CARVEOUT_REQ_FLAGS + 1 },
		{ .size = 64, .flags = CARVEOUT_REQ_EXACT | CARVEOUT_REQ_TOP_DOWN },
		{ .size = 64, .flags = CARVEOUT_REQ_PERSIST },
		{ .size = 64, .flags = CARVEOUT_REQ_NO_CREATE },
		{ .size = 64, .require = BIT(CARVEOUT_ATTR_USER_SHIFT - 1) },
		{ .size = 64, .forbid = BIT(CARVEOUT_ATTR_USER_SHIFT - 1) },
		{ .size = 64, .fallback = { BIT(15) }, .nr_fallback = 1 },
	};
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_stats before = stats_of(heap);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    PTR_ERR(carveout_alloc_req(heap, &bad[i])),
				    "request %u", i);
	EXPECT_ERR(test, -ENOSPC, carveout_alloc(heap, SIZE + 1, "kunit"));
	EXPECT_ERR(test, -ENOSPC, carveout_alloc(heap, SZ_2G, "kunit"));
	expect_same(test, &before);
}

static void carveout_memory_free_verifies(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	void *va = carveout_alloc(heap, SZ_8K, "kunit");
	void *small = carveout_alloc(heap, GRANULE, "kunit");
	const struct carveout_req req = { .size = SZ_4K };
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, NULL, 0);
	void *foreign = kunit_kmalloc(test, 64, GFP_KERNEL);
	struct carveout_stats before;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, small);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	before = stats_of(heap);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, foreign));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, ERR_PTR(-ENOSPC)));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va + GRANULE));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va + SZ_8K - 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, carveout_buf_va(buf)));
	/* Holes, and addresses beyond the heap. */
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va + SZ_64K));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va + SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va - 1));
	expect_same(test, &before);
	KUNIT_EXPECT_TRUE(test, is_filled(va, 0, SZ_8K));
	carveout_buf_put(buf);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, small));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_memory_free_twice(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const size_t sizes[] = { GRANULE, SZ_4K, SZ_64K };
	struct carveout_stats before;
	unsigned int i;
	void *va;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		va = carveout_alloc(heap, sizes[i], "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
		/* At once, while the free may be pending, and later. */
		KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va));
		carveout_drain(heap);
		before = stats_of(heap);
		KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va));
		KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(carveout_realloc(heap, va, 64)));
		expect_same(test, &before);
		KUNIT_EXPECT_EQ(test, 0ULL, before.used);
	}
}

static void carveout_memory_of_another_heap(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *other = carveout_create(NULL, "kunit-other", &memory, 1, 0);
	struct carveout_stats before;
	void *va;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	va = carveout_alloc(other, SZ_4K, "kunit");
	before = stats_of(heap);
	KUNIT_EXPECT_FALSE(test, IS_ERR(va));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va));
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(carveout_realloc(heap, va, SZ_8K)));
	expect_same(test, &before);
	KUNIT_EXPECT_EQ(test, SZ_4K, used_of(other));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(other, va));
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(other, false));
}

static void carveout_memory_addresses(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	void *va = carveout_alloc(heap, SZ_4K, "kunit");
	phys_addr_t phys;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	phys = carveout_virt_to_phys(heap, va);
	KUNIT_EXPECT_EQ(test, virt_to_phys(va), phys);
	KUNIT_EXPECT_EQ(test, phys + 1, carveout_virt_to_phys(heap, va + 1));
	KUNIT_EXPECT_PTR_EQ(test, va, carveout_phys_to_virt(heap, phys));
	KUNIT_EXPECT_PTR_EQ(test, va + 1, carveout_phys_to_virt(heap, phys + 1));
	KUNIT_EXPECT_PTR_EQ(test, NULL, carveout_phys_to_virt(heap, phys + SIZE));
	KUNIT_EXPECT_EQ(test, PHYS_ADDR_MAX, carveout_virt_to_phys(heap, &phys));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

/* === Changing the size ==================================================== */

static void carveout_memory_realloc_in_place(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	u8 *va = carveout_alloc(heap, 1000, "kunit");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	memset(va, FILL, 1000);
	KUNIT_EXPECT_PTR_EQ(test, (void *)va, carveout_realloc(heap, va, SZ_16K));
	KUNIT_EXPECT_TRUE(test, is_filled(va, FILL, 1000));
	KUNIT_EXPECT_TRUE(test, is_filled(va + 1024, 0, SZ_16K - 1024));
	KUNIT_EXPECT_EQ(test, SZ_16K, used_of(heap));
	/* The tail that is cut off is zero for its next owner. */
	memset(va, FILL, SZ_16K);
	KUNIT_EXPECT_PTR_EQ(test, (void *)va, carveout_realloc(heap, va, 100));
	KUNIT_EXPECT_TRUE(test, is_filled(va, FILL, 100));
	KUNIT_EXPECT_EQ(test, 2ULL * GRANULE, used_of(heap));
	KUNIT_EXPECT_PTR_EQ(test, (void *)va, carveout_realloc(heap, va, SZ_16K));
	KUNIT_EXPECT_TRUE(test, is_filled(va + 128, 0, SZ_16K - 128));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_memory_realloc_moves(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	u8 *va = carveout_alloc(heap, SZ_8K, "kunit");
	void *wall = carveout_alloc(heap, GRANULE, "kunit");
	u8 *to;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wall);
	memset(va, FILL, SZ_8K);
	to = carveout_realloc(heap, va, SZ_64K);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, to);
	KUNIT_EXPECT_PTR_NE(test, va, to);
	KUNIT_EXPECT_TRUE(test, is_filled(to, FILL, SZ_8K));
	KUNIT_EXPECT_TRUE(test, is_filled(to + SZ_8K, 0, SZ_64K - SZ_8K));
	/* The old range is free, and zeroed. */
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, SZ_64K + GRANULE, used_of(heap));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va));
	KUNIT_EXPECT_TRUE(test, is_filled(va, 0, SZ_8K));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, wall));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, to));
}

static void carveout_memory_realloc_keeps_kind(struct kunit *test)
{
	struct carveout *heap = make_two_kinds(test);
	const struct carveout_req req = { .size = SZ_32K, .require = FAST };
	struct carveout_stats before;
	void *va = carveout_alloc_req(heap, &req);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	memset(va, FILL, SZ_32K);
	before = stats_of(heap);
	/* There is room in the other region, which has other attributes. */
	EXPECT_ERR(test, -ENOSPC, carveout_realloc(heap, va, SZ_64K + 1));
	expect_same(test, &before);
	KUNIT_EXPECT_TRUE(test, is_filled(va, FILL, SZ_32K));
	/* The allocation is unchanged. */
	KUNIT_EXPECT_PTR_EQ(test, va, carveout_realloc(heap, va, SZ_64K));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

/* A pending free behind the allocation counts as room. There is none to move elsewhere. */
static void carveout_memory_realloc_waits_for_room(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	unsigned int round;

	for (round = 0; round < 20; round++) {
		void *va = carveout_alloc(heap, SZ_64K, "kunit");
		void *behind = carveout_alloc(heap, SZ_128K, "kunit");

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, behind);
		memset(behind, FILL, SZ_128K);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, behind));
		KUNIT_ASSERT_PTR_EQ(test, va, carveout_realloc(heap, va, SIZE - SZ_32K));
		KUNIT_EXPECT_TRUE(test, is_filled(behind, 0, SZ_128K));
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	}
}

static void carveout_memory_realloc_refused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	void *va = carveout_alloc(heap, SZ_8K, "kunit");
	struct carveout_stats before;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	memset(va, FILL, SZ_8K);
	before = stats_of(heap);
	EXPECT_ERR(test, -EINVAL, carveout_realloc(heap, va, 0));
	EXPECT_ERR(test, -EINVAL, carveout_realloc(heap, va, SIZE_MAX));
	EXPECT_ERR(test, -EINVAL, carveout_realloc(heap, va + GRANULE, SZ_4K));
	EXPECT_ERR(test, -EINVAL, carveout_realloc(heap, NULL, SZ_4K));
	EXPECT_ERR(test, -ENOSPC, carveout_realloc(heap, va, SIZE + 1));
	expect_same(test, &before);
	KUNIT_EXPECT_TRUE(test, is_filled(va, FILL, SZ_8K));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

/* === Counting, zeroing, in the background ================================= */

static void carveout_memory_high_water(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	void *a = carveout_alloc(heap, SZ_64K, "kunit");
	void *b = carveout_alloc(heap, SZ_32K, "kunit");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_EQ(test, SZ_64K + SZ_32K, stats_of(heap).high_water);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, a));
	KUNIT_EXPECT_EQ(test, SZ_32K, used_of(heap));
	KUNIT_EXPECT_EQ(test, SZ_64K + SZ_32K, stats_of(heap).high_water);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, b));
}

static void carveout_memory_next_owner_sees_zero(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	size_t size;
	void *va;

	/* The old content of the pages was zeroed when the heap was made. */
	va = carveout_alloc(heap, SIZE, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_TRUE(test, is_filled(va, 0, SIZE));
	memset(va, FILL, SIZE);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	for (size = GRANULE; size <= SIZE; size *= 4) {
		va = carveout_alloc(heap, size, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		KUNIT_EXPECT_TRUE(test, is_filled(va, 0, size));
		memset(va, FILL, size);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	}
}

struct freed {
	struct carveout *heap;
	void *va[4];
	struct carveout_buf *buf;
	unsigned int refused;
	struct carveout_stats stats;
};

static int free_all(void *data)
{
	struct freed *freed = data;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(freed->va); i++)
		freed->refused += !!carveout_free(freed->heap, freed->va[i]);
	carveout_buf_put(freed->buf);
	freed->stats = stats_of(freed->heap);
	return 0;
}

/*
 * No work runs while the machine is stopped, so all frees are pending then.
 * That lasts until carveout_drain() sleeps, on one CPU; other CPUs rarely free
 * so much before.
 */
static void carveout_memory_flush(struct kunit *test)
{
	struct carveout *heap = heap_of_system(test, SZ_8M, 0);
	struct freed freed = { .heap = heap };
	unsigned int round, i;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < ARRAY_SIZE(freed.va); i++) {
			freed.va[i] = carveout_alloc(heap, SZ_1M, "kunit");
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, freed.va[i]);
		}
		freed.buf = alloc_buf(heap, SZ_1M, NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, freed.buf);
		KUNIT_ASSERT_EQ(test, 0, stop_machine(free_all, &freed, NULL));
		carveout_drain(heap);
		KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
		KUNIT_EXPECT_EQ(test, 4ULL * SZ_1M, freed.stats.pending);
		/* Buffers do not count as pending. */
		KUNIT_EXPECT_EQ(test, 5ULL * SZ_1M, freed.stats.used);
	}
	KUNIT_EXPECT_EQ(test, 0U, freed.refused);
}

static void carveout_memory_waits_for_room(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	void *rest = carveout_alloc(heap, SZ_128K, "kunit");
	unsigned int i;
	size_t size;
	void *va;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rest);
	/*
	 * More than half of the rest, which was freed a moment ago: it is not
	 * zeroed yet, or only just. The larger it is, the later it is zeroed.
	 */
	for (i = 0; i < 400; i++) {
		size = SZ_64K + GRANULE + i % 40 * SZ_1K;
		va = carveout_alloc(heap, size, "kunit");
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(va), "round %u: %ld", i, PTR_ERR(va));
		KUNIT_EXPECT_TRUE(test, is_filled(va, 0, size));
		memset(va, FILL, size);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	}
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, rest));
}

static void carveout_memory_is_reused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	static void *va[64];
	struct rnd_state rnd;
	unsigned int round, i;

	memset(va, 0, sizeof(va));
	prandom_seed_state(&rnd, 1);
	for (round = 0; round < 2000; round++) {
		i = prandom_u32_state(&rnd) % ARRAY_SIZE(va);
		if (va[i])
			KUNIT_ASSERT_EQ(test, 0, carveout_free(heap, va[i]));
		va[i] = carveout_alloc(heap, 1 + prandom_u32_state(&rnd) % SZ_2K, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va[i]);
	}
	for (i = 0; i < ARRAY_SIZE(va); i++)
		if (va[i])
			KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[i]));
	/* All holes have been merged again. */
	KUNIT_EXPECT_EQ(test, SIZE, stats_of(heap).largest_hole);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(carveout_memory_alloc_free),
	KUNIT_CASE(carveout_memory_zalloc),
	KUNIT_CASE(carveout_memory_nozero),
	KUNIT_CASE(carveout_memory_aligned),
	KUNIT_CASE(carveout_memory_exact),
	KUNIT_CASE(carveout_memory_top_down),
	KUNIT_CASE(carveout_memory_max_addr),
	KUNIT_CASE(carveout_memory_by_attribute),
	KUNIT_CASE(carveout_memory_fallback),
	KUNIT_CASE(carveout_memory_region_mask),
	KUNIT_CASE(carveout_memory_gap),
	KUNIT_CASE(carveout_memory_bad_requests),
	KUNIT_CASE(carveout_memory_free_verifies),
	KUNIT_CASE(carveout_memory_free_twice),
	KUNIT_CASE(carveout_memory_of_another_heap),
	KUNIT_CASE(carveout_memory_addresses),
	KUNIT_CASE(carveout_memory_realloc_in_place),
	KUNIT_CASE(carveout_memory_realloc_moves),
	KUNIT_CASE(carveout_memory_realloc_keeps_kind),
	KUNIT_CASE(carveout_memory_realloc_waits_for_room),
	KUNIT_CASE(carveout_memory_realloc_refused),
	KUNIT_CASE(carveout_memory_high_water),
	KUNIT_CASE(carveout_memory_next_owner_sees_zero),
	KUNIT_CASE(carveout_memory_flush),
	KUNIT_CASE(carveout_memory_waits_for_room),
	KUNIT_CASE(carveout_memory_is_reused),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "carveout_memory",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);

MODULE_DESCRIPTION("KUnit suite of kernel memory by pointer");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
