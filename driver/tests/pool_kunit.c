// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of in-kernel pools.
 *
 * Each waiter is a thread, see waiter.h. waiters_kunit.c has the tests with
 * many threads.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>
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
	struct carveout_pool_client *client;
	struct carveout_pool_block block[8];
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	client = join(test, pool);
	KUNIT_EXPECT_EQ(test, SZ_2K, pool_stats(pool).block_size);
	KUNIT_EXPECT_EQ(test, SZ_16K, carveout_buf_size(carveout_pool_buf(pool)));
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block[i]));
		KUNIT_EXPECT_EQ(test, 0ULL,
				carveout_virt_to_phys(heap, block[i].va) & (SZ_1K - 1));
	}
	while (i--)
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block[i]));
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

/* No line of any cache belongs to two blocks, unless devices snoop the caches. */
static void carveout_pool_least_stride(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct device *dev = make_device(test);
	const struct carveout_memory memory = region_at(set_aside(test, SZ_64K), SZ_64K);
	struct carveout_pool *pool;
	struct carveout *own;
	u64 least = 64;

	own = carveout_create(dev, "kunit-own", &memory, 1, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(own));
	if (!dev_is_dma_coherent(dev))
		least = max_t(u64, 64, dma_get_cache_alignment());
	pool = carveout_pool_create(own, 1, 2, NULL, NULL, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(pool));
	if (!IS_ERR(pool)) {
		KUNIT_EXPECT_EQ(test, least, pool_stats(pool).block_size);
		carveout_pool_destroy(pool);
	}
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(own, false));
	unmake_device(dev);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_pool_zeroed(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	struct carveout_pool *pool;
	int round;

	for (round = 0; round < 2; round++) {
		pool = carveout_pool_create(heap, SIZE, 1, NULL, NULL, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
		client = join(test, pool);
		KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
		KUNIT_EXPECT_TRUE(test, is_filled(block.va, 0, SIZE));
		memset(block.va, FILL, SIZE);
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
		/*
		 * Blocks are not zeroed between two holders; clearing them is
		 * up to the users of the pool.
		 */
		KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
		KUNIT_EXPECT_TRUE(test, is_filled(block.va, FILL, SIZE));
		carveout_pool_leave(client);
		carveout_pool_put(pool);
	}
}

static void carveout_pool_zeroed_where_nothing_is(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	const struct carveout_req req = { .flags = CARVEOUT_REQ_ZERO };
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	struct carveout_pool *pool;
	int zero;

	for (zero = 0; zero < 2; zero++) {
		pool = carveout_pool_create(heap, SIZE, 1, zero ? &req : NULL, NULL, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
		client = join(test, pool);
		KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
		KUNIT_EXPECT_TRUE(test, is_filled(block.va, zero ? 0 : FILL, SIZE));
		carveout_pool_leave(client);
		carveout_pool_destroy(pool);
	}
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
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block block[16], any;
	struct carveout_pool_stats stats;
	unsigned int i, seen = 0;

	for (i = 0; i < 16; i++) {
		KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block[i]));
		KUNIT_EXPECT_EQ(test, block[i].offset, block[i].index * 1024ULL);
		KUNIT_EXPECT_PTR_EQ(test, block[i].va,
				    carveout_buf_va(carveout_pool_buf(pool)) +
				    block[i].offset);
		KUNIT_EXPECT_PTR_EQ(test, block[i].va, carveout_pool_va(pool, block[i].index));
		KUNIT_EXPECT_EQ(test, block[i].index, carveout_pool_index(pool, block[i].va));
		seen |= BIT(block[i].index);
		memset(block[i].va, i, SZ_1K);
		KUNIT_EXPECT_EQ(test, 15 - i, pool_stats(pool).free);
	}
	/* Each block once. */
	KUNIT_EXPECT_EQ(test, 0xffffU, seen);
	KUNIT_EXPECT_EQ(test, -EAGAIN, carveout_pool_alloc(client, &any));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, carveout_pool_alloc_wait(client, 0, &any));
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_TRUE(test, is_filled(block[i].va, i, SZ_1K));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block[7]));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &any));
	KUNIT_EXPECT_EQ(test, block[7].index, any.index);
	KUNIT_EXPECT_GT(test, any.serial, block[15].serial);
	block[7] = any;
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block[i]));
	stats = pool_stats(pool);
	KUNIT_EXPECT_EQ(test, 16U, stats.free);
	KUNIT_EXPECT_EQ(test, 16U, stats.high_water);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

static void carveout_pool_addresses(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 3);
	void *first = carveout_buf_va(carveout_pool_buf(pool));

	KUNIT_EXPECT_PTR_EQ(test, first, carveout_pool_va(pool, 0));
	KUNIT_EXPECT_PTR_EQ(test, first + SZ_2K, carveout_pool_va(pool, 2));
	KUNIT_EXPECT_NULL(test, carveout_pool_va(pool, 3));
	KUNIT_EXPECT_NULL(test, carveout_pool_va(pool, U32_MAX));
	KUNIT_EXPECT_EQ(test, 2U, carveout_pool_index(pool, first + SZ_2K));
	KUNIT_EXPECT_EQ(test, CARVEOUT_POOL_NO_INDEX, carveout_pool_index(pool, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_POOL_NO_INDEX, carveout_pool_index(pool, first - SZ_1K));
	KUNIT_EXPECT_EQ(test, CARVEOUT_POOL_NO_INDEX, carveout_pool_index(pool, first + 64));
	KUNIT_EXPECT_EQ(test, CARVEOUT_POOL_NO_INDEX,
			carveout_pool_index(pool, first + 3 * SZ_1K));
	carveout_pool_put(pool);
}

static void expect_refused(struct kunit *test, struct carveout_pool_client *client, int want,
			   u32 index, u64 serial)
{
	struct carveout_pool_block block = { .index = index, .serial = serial };

	KUNIT_EXPECT_EQ_MSG(test, want, carveout_pool_free(client, &block),
			    "free of block %u, serial %llu", index, serial);
	KUNIT_EXPECT_EQ_MSG(test, want, carveout_pool_move(client, &block, 1),
			    "move of block %u, serial %llu", index, serial);
	KUNIT_EXPECT_EQ(test, serial, block.serial);
}

static void carveout_pool_free_verifies(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 3);
	struct carveout_pool_client *client = join(test, pool), *other = join(test, pool);
	struct carveout_pool_block block, theirs;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(other, &theirs));
	expect_refused(test, client, -EINVAL, block.index, 0);
	expect_refused(test, client, -EINVAL, block.index, block.serial - 1);
	expect_refused(test, client, -EINVAL, block.index, theirs.serial);
	expect_refused(test, client, -EINVAL, block.index, U64_MAX);
	expect_refused(test, client, -EINVAL, theirs.index, block.serial);
	/* A block that is not allocated, and none. */
	expect_refused(test, client, -EINVAL, 2, 0);
	expect_refused(test, client, -EINVAL, 2, block.serial);
	expect_refused(test, client, -EINVAL, 3, block.serial);
	expect_refused(test, client, -EINVAL, U32_MAX, block.serial);
	/* A block of another client. */
	expect_refused(test, client, -EPERM, theirs.index, theirs.serial);
	expect_refused(test, other, -EPERM, block.index, block.serial);
	/* A block is no allocation of the heap either. */
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap_of(test), block.va));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	/* With the right to free the block of any client, but only with its serial. */
	block.serial++;
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free_any(pool, &block));
	block.serial--;
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free_any(pool, &block));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free_any(pool, &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(other, &theirs));
	KUNIT_EXPECT_EQ(test, 3U, pool_stats(pool).free);
	carveout_pool_leave(other);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

static void carveout_pool_free_twice(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 3);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block a, b, c;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &a));
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &b));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &a));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &a));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &b));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &a));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &b));
	KUNIT_EXPECT_EQ(test, 3U, pool_stats(pool).free);
	/* The next owner of block b is not the one that freed it. */
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &c));
	KUNIT_EXPECT_EQ(test, b.index, c.index);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &b));
	/* Three distinct blocks are free. */
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &a));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &b));
	KUNIT_EXPECT_TRUE(test, a.index != b.index && b.index != c.index && c.index != a.index);
	KUNIT_EXPECT_EQ(test, -EAGAIN, carveout_pool_alloc(client, &a));
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
}

/* === Clients ============================================================== */

static void carveout_pool_leave_frees(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 4);
	struct carveout_pool_client *client = join(test, pool), *other = join(test, pool);
	struct carveout_pool_block a, b, c;
	u64 id = carveout_pool_client_id(other);

	KUNIT_EXPECT_NE(test, id, carveout_pool_client_id(client));
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &a));
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(other, &b));
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(other, &c));
	carveout_pool_leave(other);
	KUNIT_EXPECT_EQ(test, 3U, pool_stats(pool).free);
	/* Nothing is left of it: neither its blocks nor its id. */
	expect_refused(test, client, -EINVAL, b.index, b.serial);
	KUNIT_EXPECT_EQ(test, -ESRCH, carveout_pool_move(client, &a, id));
	other = join(test, pool);
	KUNIT_EXPECT_NE(test, id, carveout_pool_client_id(other));
	KUNIT_EXPECT_EQ(test, -ESRCH, carveout_pool_move(client, &a, id));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &a));
	carveout_pool_leave(client);
	/* A client holds the pool. */
	carveout_pool_put(pool);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(other, &a));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap_of(test)));
	carveout_pool_leave(other);
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

static void carveout_pool_move_to(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 2);
	struct carveout_pool_client *from = join(test, pool), *to = join(test, pool);
	struct carveout_pool_block block, old, moved;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(from, &block));
	old = block;
	KUNIT_EXPECT_EQ(test, -ESRCH, carveout_pool_move(from, &block, 0));
	KUNIT_EXPECT_EQ(test, -ESRCH, carveout_pool_move(from, &block, U64_MAX));
	KUNIT_EXPECT_EQ(test, old.serial, block.serial);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_move(from, &block, carveout_pool_client_id(to)));
	KUNIT_EXPECT_NE(test, old.serial, block.serial);
	KUNIT_EXPECT_EQ(test, old.index, block.index);
	/* The former owner has no right to it, by the old serial or the new one. */
	expect_refused(test, from, -EINVAL, old.index, old.serial);
	expect_refused(test, from, -EPERM, block.index, block.serial);
	expect_refused(test, to, -EINVAL, old.index, old.serial);
	/* It does not leave with its former owner. */
	carveout_pool_leave(from);
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	/* To itself: a new serial. */
	moved = block;
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_move(to, &moved, carveout_pool_client_id(to)));
	expect_refused(test, to, -EINVAL, block.index, block.serial);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(to, &moved));
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).free);
	carveout_pool_leave(to);
	carveout_pool_put(pool);
}

/* === Waiting ============================================================== */

static void carveout_pool_wait_deadline(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	struct carveout_pool_client *client = join(test, pool);
	ktime_t start = ktime_get(), deadline;
	struct carveout_pool_block block, any;

	/* A free block is returned regardless of the deadline. */
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc_wait(client, 0, &block));
	EXPECT_TIMEOUT_IN(test, 30, deadline,
			  ERR_PTR(carveout_pool_alloc_wait(client, deadline, &any)));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, carveout_pool_alloc_wait(client, start, &any));
	/* The waiter has left the queue: the block is free for all. */
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &any));
	KUNIT_EXPECT_EQ(test, block.index, any.index);
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
}

/*
 * A freed block never becomes free while there are waiters. A second free does not take
 * it from the waiter.
 */
static void carveout_pool_hand_over(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	struct carveout_pool_client *client = join(test, pool), *own = join(test, pool);
	struct carveout_pool_block block, any;
	struct waiter waiter[2];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	for (i = 0; i < 2; i++) {
		/* The second one waits through the client that frees. */
		waiter_start(test, &waiter[i], i ? client : own, after_ms(PATIENCE_MS));
		KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == i + 1));
	}
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	/* The block belongs to the waiter, whether it runs already or not. */
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).free);
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, -EAGAIN, carveout_pool_alloc(client, &any));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free_any(pool, &block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).waiters);
	waiter_join(&waiter[0]);
	KUNIT_ASSERT_EQ(test, 0, waiter[0].ret);
	KUNIT_EXPECT_EQ(test, block.index, waiter[0].block.index);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(own, &waiter[0].block));
	waiter_join(&waiter[1]);
	KUNIT_ASSERT_EQ(test, 0, waiter[1].ret);
	/* The same client has it again, but not by its first serial. */
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &waiter[1].block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	carveout_pool_leave(client);
	/* A driver that leaves hands its blocks to the waiters. */
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(own, &block));
	client = join(test, pool);
	waiter_start(test, &waiter[0], client, after_ms(PATIENCE_MS));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	carveout_pool_leave(own);
	waiter_join(&waiter[0]);
	KUNIT_EXPECT_EQ(test, 0, waiter[0].ret);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

static void carveout_pool_destroy_wakes_all(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 2);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block a, b, any;
	struct waiter *waiter = kunit_kcalloc(test, 5, sizeof(*waiter), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, waiter);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &a));
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &b));
	carveout_pool_get(pool);
	for (i = 0; i < 5; i++)
		waiter_start(test, &waiter[i], client, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 5));
	carveout_pool_destroy(pool);
	for (i = 0; i < 5; i++) {
		waiter_join(&waiter[i]);
		KUNIT_EXPECT_EQ(test, -EIDRM, waiter[i].ret);
	}
	KUNIT_EXPECT_EQ(test, -EIDRM, carveout_pool_alloc(client, &any));
	KUNIT_EXPECT_EQ(test, -EIDRM, carveout_pool_alloc_wait(client, KTIME_MAX, &any));
	/* Blocks in use remain valid and can be moved and freed. */
	memset(a.va, FILL, SZ_1K);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &a));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &a));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_move(client, &b, carveout_pool_client_id(client)));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &b));
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).free);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

static void carveout_pool_ends_with_the_heap(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *heap = carveout_create(NULL, "kunit", &memory, 1, 0);
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	struct carveout_pool *pool;
	struct waiter waiter;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	pool = carveout_pool_create(heap, SZ_1K, 1, NULL, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	client = join(test, pool);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	waiter_start(test, &waiter, client, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, carveout_destroy(heap, false));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, true));
	waiter_join(&waiter);
	KUNIT_EXPECT_EQ(test, -ENODEV, waiter.ret);
	KUNIT_EXPECT_EQ(test, -ENODEV, carveout_pool_alloc(client, &block));
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

/* A killed waiter gets no block, and costs the waiters behind it none. */
static void carveout_pool_killed(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block block;
	struct waiter waiter[2];

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	waiter_start(test, &waiter[0], client, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	waiter_start(test, &waiter[1], client, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 2));
	/* No other signal ends the wait. */
	send_sig(SIGTERM, waiter[0].task, 1);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).waiters);
	send_sig(SIGKILL, waiter[0].task, 1);
	waiter_join(&waiter[0]);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, waiter[0].ret);
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	waiter_join(&waiter[1]);
	KUNIT_ASSERT_EQ(test, 0, waiter[1].ret);
	KUNIT_EXPECT_EQ(test, block.index, waiter[1].block.index);
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
}

static void carveout_pool_interrupted(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block block, any;
	struct waiter waiter = { };
	ktime_t deadline;

	/* One block is free, the next call has to wait. */
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc_interruptible(client, 0, NULL, &block));
	EXPECT_TIMEOUT_IN(test, 10, deadline,
			  ERR_PTR(carveout_pool_alloc_interruptible(client, deadline, NULL,
								    &any)));
	waiter_run(test, &waiter, client, KTIME_MAX, true);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 1));
	send_sig(SIGTERM, waiter.task, 1);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!pool_stats(pool).waiters));
	waiter_join(&waiter);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, waiter.ret);
	KUNIT_EXPECT_NE(test, 0ULL, waiter.ticket);
	/* The interrupted waiter has no block. */
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
}

/* Wait, and be interrupted at once: the ticket. */
static u64 get_ticket(struct kunit *test, struct carveout_pool_client *client, u64 ticket)
{
	struct carveout_pool_block any;

	allow_signal(SIGTERM);
	send_sig(SIGTERM, current, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS,
			carveout_pool_alloc_interruptible(client, KTIME_MAX, &ticket, &any));
	flush_signals(current);
	disallow_signal(SIGTERM);
	KUNIT_EXPECT_NE(test, 0ULL, ticket);
	return ticket;
}

/* The place in the queue survives a signal: once, for this client, and 16 places. */
static void carveout_pool_ticket(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	struct carveout_pool_client *client = join(test, pool), *other = join(test, pool);
	u64 first, ticket[CARVEOUT_POOL_TICKETS], next;
	struct carveout_pool_block block;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	first = get_ticket(test, client, 0);
	/* The same place, again and again. */
	for (i = 0; i < 3 * CARVEOUT_POOL_TICKETS; i++)
		KUNIT_EXPECT_EQ(test, first, get_ticket(test, client, first));
	/* A ticket of another client, and one that no client has. */
	next = get_ticket(test, other, first);
	KUNIT_EXPECT_GT(test, next, first);
	KUNIT_EXPECT_GT(test, get_ticket(test, other, next + 7), next);
	/* The first place is lost to the 16 places after it. */
	for (i = 0; i < CARVEOUT_POOL_TICKETS; i++)
		ticket[i] = get_ticket(test, client, 0);
	for (i = 0; i < CARVEOUT_POOL_TICKETS; i++)
		KUNIT_EXPECT_EQ(test, ticket[i], get_ticket(test, client, ticket[i]));
	KUNIT_EXPECT_GT(test, get_ticket(test, client, first), ticket[15]);
	/* Also a call that does not wait uses the ticket up. */
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	next = ticket[15];
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc_interruptible(client, 0, &next, &block));
	KUNIT_EXPECT_EQ(test, 0ULL, next);
	KUNIT_EXPECT_GT(test, get_ticket(test, client, ticket[15]), ticket[15]);
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	carveout_pool_leave(client);
	carveout_pool_leave(other);
	carveout_pool_destroy(pool);
}

/*
 * A signal that took precedence would, in a series with restarts, postpone the
 * deadline forever.
 */
static void carveout_pool_deadline_before_signal(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, SZ_1K, 1);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block block, any;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	allow_signal(SIGTERM);
	send_sig(SIGTERM, current, 1);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			carveout_pool_alloc_interruptible(client, ktime_get(), NULL, &any));
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS,
			carveout_pool_alloc_interruptible(client, KTIME_MAX, NULL, &any));
	flush_signals(current);
	disallow_signal(SIGTERM);
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(carveout_pool_create_and_put),
	KUNIT_CASE(carveout_pool_bad_arguments),
	KUNIT_CASE(carveout_pool_alignment),
	KUNIT_CASE(carveout_pool_least_stride),
	KUNIT_CASE(carveout_pool_zeroed),
	KUNIT_CASE(carveout_pool_zeroed_where_nothing_is),
	KUNIT_CASE(carveout_pool_tagged),
	KUNIT_CASE(carveout_pool_all_blocks),
	KUNIT_CASE(carveout_pool_addresses),
	KUNIT_CASE(carveout_pool_free_verifies),
	KUNIT_CASE(carveout_pool_free_twice),
	KUNIT_CASE(carveout_pool_leave_frees),
	KUNIT_CASE(carveout_pool_move_to),
	KUNIT_CASE(carveout_pool_wait_deadline),
	KUNIT_CASE(carveout_pool_hand_over),
	KUNIT_CASE(carveout_pool_destroy_wakes_all),
	KUNIT_CASE(carveout_pool_ends_with_the_heap),
	KUNIT_CASE(carveout_pool_killed),
	KUNIT_CASE(carveout_pool_interrupted),
	KUNIT_CASE(carveout_pool_ticket),
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
