// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of device-managed objects.
 *
 * Unregistering a device releases them, like unbinding its driver.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "fixture.h"

#define SIZE	SZ_256K

/* Unbind the driver; the memory is free when this returns. */
static void unbind(struct kunit *test, struct device *dev)
{
	unmake_device(dev);
	carveout_drain(heap_of(test));
}

static void carveout_devm_memory(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_req req = { .size = SZ_64K };
	struct device *dev = make_device(test);
	void *va[2];

	va[0] = devm_carveout_alloc_req(dev, heap, &req);
	va[1] = devm_carveout_alloc_req(dev, heap, &req);
	KUNIT_EXPECT_FALSE(test, IS_ERR(va[0]));
	KUNIT_EXPECT_FALSE(test, IS_ERR(va[1]));
	KUNIT_EXPECT_PTR_NE(test, va[0], va[1]);
	KUNIT_EXPECT_EQ(test, SZ_128K, used_of(heap));
	req.size = SIZE;
	EXPECT_ERR(test, -ENOSPC, devm_carveout_alloc_req(dev, heap, &req));
	req.size = 0;
	EXPECT_ERR(test, -EINVAL, devm_carveout_alloc_req(dev, heap, &req));
	KUNIT_EXPECT_EQ(test, SZ_128K, used_of(heap));
	unbind(test, dev);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_devm_buf(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .size = SZ_4K };
	struct device *dev = make_device(test);
	struct carveout_buf *buf, *kept;

	buf = devm_carveout_buf_alloc(dev, heap, &req, "gone", 0600);
	kept = devm_carveout_buf_alloc(dev, heap, &req, "kept", 0600);
	KUNIT_EXPECT_FALSE(test, IS_ERR(buf));
	KUNIT_EXPECT_FALSE(test, IS_ERR(kept));
	EXPECT_ERR(test, -EEXIST, devm_carveout_buf_alloc(dev, heap, &req, "kept", 0600));
	/* One of the buffers has another holder. */
	KUNIT_EXPECT_PTR_EQ(test, kept, carveout_buf_find(heap, "kept"));
	unbind(test, dev);
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "gone"));
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_4K), used_of(heap));
	KUNIT_EXPECT_PTR_EQ(test, kept, carveout_buf_find(heap, "kept"));
	if (!IS_ERR(kept)) {
		carveout_buf_put(kept);
		carveout_buf_put(kept);
	}
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_devm_mapping(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .size = SZ_16K };
	struct device *dev = make_dma_device(test);
	struct carveout_mapping *mapping;
	struct carveout_buf *buf;

	buf = carveout_buf_alloc(heap, &req, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	EXPECT_ERR(test, -EINVAL, devm_carveout_buf_map(dev, buf, DMA_NONE));
	mapping = devm_carveout_buf_map(dev, buf, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(mapping), "error %ld", PTR_ERR(mapping));
	carveout_buf_put(buf);
	carveout_drain(heap);
	/* The mapping holds a reference. */
	KUNIT_EXPECT_EQ(test, SZ_16K, used_of(heap));
	unbind(test, dev);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_devm_pool(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req open = { .flags = CARVEOUT_REQ_OPEN };
	struct device *dev = make_device(test);
	struct carveout_pool_stats stats;
	struct carveout_pool_client *client, *bound;
	struct carveout_pool_block block, any;
	struct carveout_pool *pool;

	pool = devm_carveout_pool_create(dev, heap, SZ_1K, 4, NULL, "pool", 0600);
	KUNIT_EXPECT_FALSE(test, IS_ERR(pool));
	/* Only a pool that the driver made is destroyed with it. */
	EXPECT_ERR(test, -EINVAL,
		   devm_carveout_pool_create(dev, heap, SZ_1K, 4, &open, "pool", 0600));
	EXPECT_ERR(test, -EEXIST,
		   devm_carveout_pool_create(dev, heap, SZ_1K, 4, NULL, "pool", 0600));
	KUNIT_EXPECT_PTR_EQ(test, pool, carveout_pool_find(heap, "pool"));
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	client = carveout_pool_join(pool);
	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	bound = devm_carveout_pool_join(dev, pool);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bound));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(bound, &any));
	unbind(test, dev);
	/* The blocks of the driver are free. */
	carveout_pool_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, 3U, stats.free);
	/* Other holders keep the pool and their blocks, but get no more. */
	EXPECT_ERR(test, -ENOENT, carveout_pool_find(heap, "pool"));
	KUNIT_EXPECT_EQ(test, -EIDRM, carveout_pool_alloc(client, &any));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	carveout_pool_leave(client);
	carveout_pool_put(pool);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static struct kunit_case devm_cases[] = {
	KUNIT_CASE(carveout_devm_memory),
	KUNIT_CASE(carveout_devm_buf),
	KUNIT_CASE(carveout_devm_mapping),
	KUNIT_CASE(carveout_devm_pool),
	{}
};

static struct kunit_suite devm_suite = {
	.name = "carveout_devm",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = devm_cases,
};

kunit_test_suite(devm_suite);

MODULE_DESCRIPTION("KUnit suite of device-managed objects");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
