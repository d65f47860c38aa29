// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the pages of a heap: their state while they are claimed, pins of other
 * subsystems, poisoned pages.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/module.h>

#include "fixture.h"

#define PAGES	16
#define SIZE	((size_t)PAGES * PAGE_SIZE)

static struct page *page_at(void *va, unsigned int nr)
{
	return virt_to_page(va + nr * PAGE_SIZE);
}

/* Destroy the heap although its spans are those of poisoned pages. */
static void destroy_poisoned(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap = fixture->heap;

	fixture->heap = NULL;
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, false));
}

/* === Reserved pages ======================================================= */

/* Pages that are set aside are reserved, and those of a heap are not. */
static void carveout_pages_are_ordinary(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	const struct carveout_memory memory = region_at(base, SIZE);
	void *va = phys_to_virt(base);
	unsigned int round, i;

	for (round = 0; round < 2; round++) {
		make_heap(test, NULL, &memory, 1, 0);
		for (i = 0; i < PAGES; i++)
			KUNIT_EXPECT_FALSE(test, PageReserved(page_at(va, i)));
		/* The range is in use, and not one that was never set aside. */
		EXPECT_ERR(test, -EBUSY, carveout_create(NULL, "twice", &memory, 1, 0));
		destroy_heap(test);
		for (i = 0; i < PAGES; i++)
			KUNIT_EXPECT_TRUE(test, PageReserved(page_at(va, i)));
	}
}

/* KVM and VFIO take a reference to each page, and drop none to a reserved page. */
static void carveout_pages_taker_drops_its_reference(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SIZE, NULL);
	struct page *page;
	bool dropped;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	page = page_at(carveout_buf_va(buf), 3);
	get_page(page);
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, (u64)SIZE, used_of(heap));
	dropped = !PageReserved(page);
	KUNIT_EXPECT_TRUE(test, dropped);
	put_page(page);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap)));
}

/* === Poisoned pages ======================================================= */

#ifdef CONFIG_MEMORY_FAILURE

static void need_poison(struct kunit *test)
{
}

static void poison(struct page *page)
{
	SetPageHWPoison(page);
}

static void cure(struct page *page)
{
	ClearPageHWPoison(page);
}

#else /* !CONFIG_MEMORY_FAILURE */

static void need_poison(struct kunit *test)
{
	kunit_skip(test, "the kernel knows no poisoned pages (CONFIG_MEMORY_FAILURE)");
}

static void poison(struct page *page)
{
}

static void cure(struct page *page)
{
}

#endif

/* All memory but @page can be allocated, page by page. */
static void expect_all_but(struct kunit *test, const struct page *page)
{
	struct carveout *heap = heap_of(test);
	void *va[PAGES];
	unsigned int n, i;

	for (n = 0; n < PAGES; n++) {
		va[n] = carveout_alloc_aligned(heap, PAGE_SIZE, PAGE_SIZE, "kunit");
		if (IS_ERR(va[n]))
			break;
		KUNIT_EXPECT_PTR_NE(test, (void *)page, (void *)virt_to_page(va[n]));
		KUNIT_EXPECT_TRUE(test, is_filled(va[n], 0, PAGE_SIZE));
	}
	KUNIT_EXPECT_EQ(test, PAGES - 1U, n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[i]));
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap));
}

/* Only the page is lost, with the content that it had. */
static void carveout_pages_poisoned_in_a_buffer(struct kunit *test)
{
	static const unsigned int where[] = { 0, 5, PAGES - 1 };
	unsigned int i;

	need_poison(test);
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		struct carveout *heap = heap_of_pages(test, SIZE, 0);
		struct carveout_buf *buf = alloc_buf(heap, SIZE, NULL);
		void *bad;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
		memset(carveout_buf_va(buf), FILL, SIZE);
		bad = carveout_buf_va(buf) + where[i] * PAGE_SIZE;
		poison(virt_to_page(bad));
		carveout_buf_put(buf);
		carveout_drain(heap);
		KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap));
		KUNIT_EXPECT_EQ(test, 1U, stats_of(heap).spans);
		expect_all_but(test, virt_to_page(bad));
		/* It was not zeroed: a store may be a machine check. */
		KUNIT_EXPECT_TRUE(test, is_filled(bad, FILL, PAGE_SIZE));
		destroy_poisoned(test);
		cure(virt_to_page(bad));
	}
}

/* memory_failure() keeps a reference to a page, for which no buffer is parked. */
static void carveout_pages_poisoned_and_pinned(struct kunit *test)
{
	struct carveout_buf *buf;
	struct carveout *heap;
	struct page *page;

	need_poison(test);
	heap = heap_of_pages(test, SIZE, 0);
	buf = alloc_buf(heap, SIZE, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	page = page_at(carveout_buf_va(buf), 2);
	get_page(page);
	poison(page);
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap));
	expect_all_but(test, page);
	destroy_poisoned(test);
	put_page(page);
	cure(page);
}

static void carveout_pages_poisoned_in_a_hole(struct kunit *test)
{
	struct carveout *heap;
	struct page *page;
	void *va;

	need_poison(test);
	heap = heap_of_pages(test, SIZE, 0);
	va = carveout_alloc(heap, SIZE, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	page = page_at(va, 7);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	carveout_drain(heap);
	poison(page);
	EXPECT_ERR(test, -ENOSPC, carveout_alloc(heap, SIZE, "kunit"));
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap));
	expect_all_but(test, page);
	destroy_poisoned(test);
	cure(page);
}

/* A heap of memory that has a poisoned page already, and again. */
static void carveout_pages_poisoned_before(struct kunit *test)
{
	struct carveout_memory memory;
	unsigned int round;
	void *bad;

	need_poison(test);
	memory = region_at(set_aside(test, SIZE), SIZE);
	bad = phys_to_virt(memory.base) + 9 * PAGE_SIZE;
	poison(virt_to_page(bad));
	for (round = 0; round < 2; round++) {
		make_heap(test, NULL, &memory, 1, 0);
		KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap_of(test)));
		expect_all_but(test, virt_to_page(bad));
		KUNIT_EXPECT_TRUE(test, is_filled(bad, FILL, PAGE_SIZE));
		destroy_poisoned(test);
	}
	cure(virt_to_page(bad));
}

/* Memory that is smaller than its page. The rest of the page is free until it is needed. */
static void carveout_pages_poisoned_under_small_memory(struct kunit *test)
{
	struct carveout *heap;
	struct page *page;
	u8 *a, *b;
	void *va;

	need_poison(test);
	heap = heap_of_pages(test, SIZE, 0);
	a = carveout_alloc(heap, 100, "kunit");
	b = carveout_alloc(heap, 100, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	page = virt_to_page(a);
	memset(a, FILL, 100);
	poison(page);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, a));
	va = carveout_alloc(heap, 100, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_PTR_NE(test, (void *)page, (void *)virt_to_page(va));
	KUNIT_EXPECT_TRUE(test, is_filled(a, FILL, 100));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, b));
	destroy_poisoned(test);
	cure(page);
}

/* Memory does not grow into a poisoned page, and is not copied out of one. */
static void carveout_pages_poisoned_at_resize(struct kunit *test)
{
	struct carveout *heap;
	struct page *behind;
	u8 *va, *moved;

	need_poison(test);
	heap = heap_of_pages(test, SIZE, 0);
	va = carveout_alloc(heap, PAGE_SIZE, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	behind = page_at(va, 1);
	memset(va, 1, PAGE_SIZE);
	poison(behind);
	moved = carveout_realloc(heap, va, 2 * PAGE_SIZE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, va, moved);
	KUNIT_EXPECT_TRUE(test, is_filled(moved, 1, PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, is_filled(moved + PAGE_SIZE, 0, PAGE_SIZE));
	cure(behind);

	behind = page_at(moved, 2);
	poison(behind);
	poison(virt_to_page(moved));
	EXPECT_ERR(test, -EHWPOISON, carveout_realloc(heap, moved, 3 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, moved));
	destroy_poisoned(test);
	cure(behind);
	cure(virt_to_page(moved));
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(carveout_pages_are_ordinary),
	KUNIT_CASE(carveout_pages_taker_drops_its_reference),
	KUNIT_CASE(carveout_pages_poisoned_in_a_buffer),
	KUNIT_CASE(carveout_pages_poisoned_and_pinned),
	KUNIT_CASE(carveout_pages_poisoned_in_a_hole),
	KUNIT_CASE(carveout_pages_poisoned_before),
	KUNIT_CASE(carveout_pages_poisoned_under_small_memory),
	KUNIT_CASE(carveout_pages_poisoned_at_resize),
	{}
};

static struct kunit_suite pages_suite = {
	.name = "carveout_pages",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = pages_cases,
};

kunit_test_suite(pages_suite);

MODULE_DESCRIPTION("KUnit suite of the pages of a heap");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
