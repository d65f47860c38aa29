// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of in-kernel pools.
 *
 * Each waiter is a thread, see waiter.h. waiters_kunit.c has the tests with
 * many threads.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "waiter.h"

#define SIZE	SZ_256K

static struct carveout_pool *make_pool(struct kunit *test, u64 block_size, u32 count)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_pool *pool;

	pool = carveout_pool_create(heap, block_size, count, NULL, NULL, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pool), "error %ld", PTR_ERR(pool));
	return pool;
}

/* === Creating ============================================================= */

static void carveout_pool_create_and_put(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, 100, 10);
	struct carveout *heap = heap_of(test);
	struct carveout_pool_stats stats = pool_stats(pool);

	KUNIT_EXPECT_EQ(test, 128ULL, stats.block_size);
	KUNIT_EXPECT_EQ(test, 10U, stats.blocks);
	KUNIT_EXPECT_EQ(test, 10U, stats.free);
	KUNIT_EXPECT_EQ(test, 0U, stats.high_water);
	KUNIT_EXPECT_EQ(test, 0U, stats.waiters);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap));
	KUNIT_EXPECT_PTR_EQ(test, pool, carveout_pool_get(pool));
	carveout_pool_put(pool);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap));
	carveout_pool_put(pool);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_pool_bad_arguments(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req odd = { .align = 96 };
	const struct carveout_req kept = { .flags = CARVEOUT_REQ_PERSIST };
	struct carveout_stats before = stats_of(heap);

	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 0, 1, NULL, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 0, NULL, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 1048577, NULL, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, U64_MAX, 1, NULL, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, BIT_ULL(63), 2, NULL, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 1, &odd, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 1, &kept, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 1, NULL, NULL, 0600));
	EXPECT_ERR(test, -ENOSPC, carveout_pool_create(heap, SZ_4K, 65, NULL, NULL, 0));
	expect_same(test, &before);
}

static void carveout_pool_alignment(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .align = SZ_1K };
	struct carveout_pool *pool = carveout_pool_create(heap, 1100, 8, &req, NULL, 0);
	unsigned int i;
	void *block[8];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, SZ_2K, pool_stats(pool).block_size);
	KUNIT_EXPECT_EQ(test, SZ_16K, carveout_buf_size(carveout_pool_buf(pool)));
	for (i = 0; i < 8; i++) {
		block[i] = carveout_pool_alloc(pool);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block[i]);
		KUNIT_EXPECT_EQ(test, 0ULL,
				carveout_virt_to_phys(heap, block[i]) & (SZ_1K - 1));
	}
	while (i--)
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block[i]));
	carveout_pool_put(pool);
}

static void carveout_pool_zeroed(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_pool *pool;
	void *block;
	int round;

	for (round = 0; round < 2; round++) {
		pool = carveout_pool_create(heap, SIZE, 1, NULL, NULL, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
		block = carveout_pool_alloc(pool);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
		KUNIT_EXPECT_TRUE(test, is_filled(block, 0, SIZE));
		memset(block, FILL, SIZE);
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
		/*
		 * Blocks are not zeroed between two holders; clearing them is
		 * up to the users of the pool.
		 */
		block = carveout_pool_alloc(pool);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
		KUNIT_EXPECT_TRUE(test, is_filled(block, FILL, SIZE));
		carveout_pool_put(pool);
	}
}

static void carveout_pool_zeroed_where_nothing_is(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	const struct carveout_req req = { .flags = CARVEOUT_REQ_ZERO };
	struct carveout_pool *pool = carveout_pool_create(heap, SIZE, 1, NULL, NULL, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_pool_alloc(pool), FILL, SIZE));
	carveout_pool_destroy(pool);
	pool = carveout_pool_create(heap, SIZE, 1, &req, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_pool_alloc(pool), 0, SIZE));
	carveout_pool_destroy(pool);
}

static void carveout_pool_tagged(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .size = SZ_4K };
	struct carveout_pool *pool = carveout_pool_create(heap, 64, 4, NULL, "pool", 0600);
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, "buf", 0600), *found;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_PTR_EQ(test, pool, carveout_pool_find(heap, "pool"));
	carveout_pool_put(pool);
	found = carveout_buf_find(heap, "pool");
	KUNIT_EXPECT_PTR_EQ(test, carveout_pool_buf(pool), found);
	carveout_pool_put(pool);
	KUNIT_EXPECT_PTR_EQ(test, pool, carveout_buf_pool(carveout_pool_buf(pool)));
	KUNIT_EXPECT_NULL(test, carveout_buf_pool(buf));
	EXPECT_ERR(test, -EEXIST, carveout_pool_create(heap, 64, 4, NULL, "pool", 0600));
	EXPECT_ERR(test, -EINVAL, carveout_pool_find(heap, "buf"));
	EXPECT_ERR(test, -ENOENT, carveout_pool_find(heap, "other"));
	EXPECT_ERR(test, -EINVAL, carveout_pool_find(heap, "no/name"));
	carveout_buf_put(buf);
	carveout_pool_get(pool);
	carveout_pool_destroy(pool);
	/* The tag was removed with the pool, although others hold a reference. */
	EXPECT_ERR(test, -ENOENT, carveout_pool_find(heap, "pool"));
	carveout_pool_put(pool);
}

/* === Allocating and freeing blocks ======================================== */

static void carveout_pool_all_blocks(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 16);
	void *first = carveout_buf_va(carveout_pool_buf(pool));
	struct carveout_pool_stats stats;
	unsigned int i, seen = 0;
	void *block[16];

	for (i = 0; i < 16; i++) {
		block[i] = carveout_pool_alloc(pool);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block[i]);
		KUNIT_EXPECT_EQ(test, 0L, (block[i] - first) % SZ_1K);
		seen |= BIT((block[i] - first) / SZ_1K);
		memset(block[i], i, SZ_1K);
		KUNIT_EXPECT_EQ(test, 15 - i, pool_stats(pool).free);
	}
	/* Each block once. */
	KUNIT_EXPECT_EQ(test, 0xffffU, seen);
	EXPECT_ERR(test, -EAGAIN, carveout_pool_alloc(pool));
	EXPECT_ERR(test, -ETIMEDOUT, carveout_pool_alloc_wait(pool, 0));
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_TRUE(test, is_filled(block[i], i, SZ_1K));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block[7]));
	KUNIT_EXPECT_PTR_EQ(test, block[7], carveout_pool_alloc(pool));
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block[i]));
	stats = pool_stats(pool);
	KUNIT_EXPECT_EQ(test, 16U, stats.free);
	KUNIT_EXPECT_EQ(test, 16U, stats.high_water);
	carveout_pool_put(pool);
}

static void carveout_pool_free_verifies(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 3);
	struct carveout *heap = heap_of(test);
	struct carveout_pool *other = carveout_pool_create(heap, SZ_1K, 3, NULL, NULL, 0);
	void *block = carveout_pool_alloc(pool), *theirs;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	theirs = carveout_pool_alloc(other);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, theirs);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, &pool));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, ERR_PTR(-EAGAIN)));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, theirs));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, block + 64));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, block - SZ_1K));
	/* A block that is not allocated, and the rest of the last page. */
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, block + SZ_1K));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, block + 3 * SZ_1K));
	/* A block is no allocation of the heap either. */
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, block));
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).free);
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(other).free);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(other, theirs));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	carveout_pool_put(other);
	carveout_pool_put(pool);
}

static void carveout_pool_free_twice(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 3);
	void *a = carveout_pool_alloc(pool), *b = carveout_pool_alloc(pool), *c;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, a));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, a));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, b));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, a));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, b));
	KUNIT_EXPECT_EQ(test, 3U, pool_stats(pool).free);
	/* Three distinct blocks are free. */
	a = carveout_pool_alloc(pool);
	b = carveout_pool_alloc(pool);
	c = carveout_pool_alloc(pool);
	KUNIT_EXPECT_TRUE(test, a != b && b != c && c != a);
	EXPECT_ERR(test, -EAGAIN, carveout_pool_alloc(pool));
	carveout_pool_destroy(pool);
}

/* === Waiting ============================================================== */

static void carveout_pool_wait_deadline(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	ktime_t start = ktime_get(), deadline;
	void *block = carveout_pool_alloc_wait(pool, 0);

	/* A free block is returned regardless of the deadline. */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	EXPECT_TIMEOUT_IN(test, 30, deadline, carveout_pool_alloc_wait(pool, deadline));
	EXPECT_ERR(test, -ETIMEDOUT, carveout_pool_alloc_wait(pool, start));
	/* The waiter has left the queue: the block is free for all. */
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	KUNIT_EXPECT_PTR_EQ(test, block, carveout_pool_alloc(pool));
	carveout_pool_destroy(pool);
}

/* A freed block never becomes free while there are waiters. */
static void carveout_pool_hand_over(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	void *block = carveout_pool_alloc(pool);
	struct waiter waiter;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	waiter_start(test, &waiter, pool, after_ms(PATIENCE_MS));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	/* The block belongs to the waiter, whether it runs already or not. */
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).free);
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	EXPECT_ERR(test, -EAGAIN, carveout_pool_alloc(pool));
	waiter_join(&waiter);
	KUNIT_EXPECT_PTR_EQ(test, block, waiter.block);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	carveout_pool_put(pool);
}

static void carveout_pool_destroy_wakes_all(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 2);
	struct waiter waiter[5];
	void *a = carveout_pool_alloc(pool), *b = carveout_pool_alloc(pool);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	carveout_pool_get(pool);
	for (i = 0; i < 5; i++)
		waiter_start(test, &waiter[i], pool, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 5));
	carveout_pool_destroy(pool);
	for (i = 0; i < 5; i++) {
		waiter_join(&waiter[i]);
		EXPECT_ERR(test, -EIDRM, waiter[i].block);
	}
	EXPECT_ERR(test, -EIDRM, carveout_pool_alloc(pool));
	EXPECT_ERR(test, -EIDRM, carveout_pool_alloc_wait(pool, KTIME_MAX));
	/* Blocks in use remain valid and can be freed. */
	memset(a, FILL, SZ_1K);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, a));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(pool, a));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, b));
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).free);
	carveout_pool_put(pool);
}

static void carveout_pool_ends_with_the_heap(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *heap = carveout_create(NULL, "kunit", &memory, 1, 0);
	struct carveout_pool *pool;
	struct waiter waiter;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	pool = carveout_pool_create(heap, SZ_1K, 1, NULL, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, carveout_pool_alloc(pool));
	waiter_start(test, &waiter, pool, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, carveout_destroy(heap, false));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, true));
	waiter_join(&waiter);
	EXPECT_ERR(test, -ENODEV, waiter.block);
	EXPECT_ERR(test, -ENODEV, carveout_pool_alloc(pool));
	carveout_pool_put(pool);
}

/* A killed waiter gets no block, and costs the waiters behind it none. */
static void carveout_pool_killed(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	void *block = carveout_pool_alloc(pool);
	struct waiter waiter[2];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	waiter_start(test, &waiter[0], pool, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	waiter_start(test, &waiter[1], pool, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 2));
	/* No other signal ends the wait. */
	send_sig(SIGTERM, waiter[0].task, 1);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).waiters);
	send_sig(SIGKILL, waiter[0].task, 1);
	waiter_join(&waiter[0]);
	EXPECT_ERR(test, -ERESTARTSYS, waiter[0].block);
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	waiter_join(&waiter[1]);
	KUNIT_EXPECT_PTR_EQ(test, block, waiter[1].block);
	carveout_pool_destroy(pool);
}

static void carveout_pool_interrupted(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	void *block = carveout_pool_alloc_interruptible(pool, 0);
	struct waiter waiter;
	ktime_t deadline;

	/* One block is free, the next call has to wait. */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	EXPECT_TIMEOUT_IN(test, 10, deadline,
			  carveout_pool_alloc_interruptible(pool, deadline));
	waiter_run(test, &waiter, pool, KTIME_MAX, true);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	send_sig(SIGTERM, waiter.task, 1);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!pool_stats(pool).waiters));
	waiter_join(&waiter);
	EXPECT_ERR(test, -ERESTARTSYS, waiter.block);
	/* The interrupted waiter has no block. */
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	carveout_pool_destroy(pool);
}

/*
 * A signal that took precedence would, in a series with restarts, postpone the
 * deadline forever.
 */
static void carveout_pool_deadline_before_signal(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	void *block = carveout_pool_alloc(pool);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	allow_signal(SIGTERM);
	send_sig(SIGTERM, current, 1);
	EXPECT_ERR(test, -ETIMEDOUT, carveout_pool_alloc_interruptible(pool, ktime_get()));
	EXPECT_ERR(test, -ERESTARTSYS, carveout_pool_alloc_interruptible(pool, KTIME_MAX));
	flush_signals(current);
	disallow_signal(SIGTERM);
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(pool, block));
	carveout_pool_destroy(pool);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(carveout_pool_create_and_put),
	KUNIT_CASE(carveout_pool_bad_arguments),
	KUNIT_CASE(carveout_pool_alignment),
	KUNIT_CASE(carveout_pool_zeroed),
	KUNIT_CASE(carveout_pool_zeroed_where_nothing_is),
	KUNIT_CASE(carveout_pool_tagged),
	KUNIT_CASE(carveout_pool_all_blocks),
	KUNIT_CASE(carveout_pool_free_verifies),
	KUNIT_CASE(carveout_pool_free_twice),
	KUNIT_CASE(carveout_pool_wait_deadline),
	KUNIT_CASE(carveout_pool_hand_over),
	KUNIT_CASE(carveout_pool_destroy_wakes_all),
	KUNIT_CASE(carveout_pool_ends_with_the_heap),
	KUNIT_CASE(carveout_pool_killed),
	KUNIT_CASE(carveout_pool_interrupted),
	KUNIT_CASE(carveout_pool_deadline_before_signal),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "carveout_pool",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);

MODULE_DESCRIPTION("KUnit suite of in-kernel pools");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
