// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of debugfs: the texts, the mappings and the blocks of drivers.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uio.h>

#include "fixture.h"

#define SIZE	SZ_256K

/* The maximum number of purposes of a heap, and the length of one. */
#define PURPOSES	64
#define PURPOSE_LEN	31

/* Content of a debugfs file, read like a process does but into kernel memory. */
static char *read_file(struct kunit *test, const char *path)
{
	struct kvec vec = { .iov_len = SZ_4K - 1 };
	struct iov_iter iter;
	struct kiocb kiocb;
	struct file *file;

	scoped_with_init_fs()
		file = filp_open(path, O_RDONLY, 0);
	vec.iov_base = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vec.iov_base);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "%s: %ld", path, PTR_ERR(file));
	init_sync_kiocb(&kiocb, file);
	iov_iter_kvec(&iter, READ, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_GE(test, seq_read_iter(&kiocb, &iter), 0L);
	filp_close(file, NULL);
	return vec.iov_base;
}

/* The folder of the test's heap, which has a device node. */
#define DIRECTORY	"/sys/kernel/debug/carveout/kunit/"

static char *read_spans(struct kunit *test)
{
	return read_file(test, DIRECTORY "spans");
}

static void carveout_debugfs_purpose(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	void *va = carveout_alloc(heap, SZ_4K, "ring of kunit");
	const char *text;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_NOT_NULL(test, strstr(read_spans(test), "ring of kunit"));
	/*
	 * The purpose stays with memory that is made larger and disappears when
	 * it is freed.
	 */
	va = carveout_realloc(heap, va, SZ_8K);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	text = read_spans(test);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "ring of kunit"));
	KUNIT_EXPECT_NULL(test, strstr(text, "pending"));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	KUNIT_EXPECT_NULL(test, strstr(read_spans(test), "ring of kunit"));
}

/* A driver may be unloaded, with its text, while its memory remains. */
static void carveout_debugfs_purpose_is_copied(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	char purpose[PURPOSE_LEN + 10] = "ring of a client";
	const char *text;
	void *a, *b;

	a = carveout_alloc(heap, SZ_4K, purpose);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	/* A text that is too long is cut, and controls no terminal. */
	memset(purpose, 'y', sizeof(purpose) - 1);
	memcpy(purpose, "\33[31m", 5);
	b = carveout_alloc(heap, SZ_4K, purpose);
	memset(purpose, 'x', sizeof(purpose) - 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	text = read_spans(test);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " used ring of a client\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " used \\033[31myyyyyyyyyyyyyyyyyyyyyyyyyy\n"));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, a));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, b));
}

/* A heap keeps each text once, and so many different ones. */
static void carveout_debugfs_purpose_limit(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	void *va[PURPOSES + 1];
	char purpose[16];
	unsigned int i;
	char *text;

	for (i = 0; i < 2 * PURPOSES; i++) {
		snprintf(purpose, sizeof(purpose), "text %u", i % PURPOSES);
		va[0] = carveout_alloc(heap, 64, purpose);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va[0]);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[0]));
	}
	for (i = 0; i <= PURPOSES; i++) {
		snprintf(purpose, sizeof(purpose), "text %u", i);
		va[i] = carveout_alloc(heap, 64, purpose);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va[i]);
	}
	text = read_spans(test);
	for (i = 0; i <= PURPOSES; i++) {
		snprintf(purpose, sizeof(purpose), " text %u\n", i);
		KUNIT_EXPECT_EQ(test, i < PURPOSES, !!strstr(text, purpose));
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[i]));
	}
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " used memory\n"));
}

static void carveout_debugfs_pool(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	struct carveout_pool *pool;
	const char *text;

	pool = carveout_pool_create(heap, SZ_4K, 4, NULL, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	client = carveout_pool_join(pool);
	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &block));
	text = read_file(test, DIRECTORY "pools");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " blocks 4 free 3 high_water 1 waiters 0 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " client 1 held 1\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " blocks 0-0 client 1\n"));
	text = read_file(test, DIRECTORY "holders");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " refs 2 files 0 clients 1 persist 0 "));
	carveout_pool_leave(client);
	carveout_pool_destroy(pool);
	KUNIT_EXPECT_STREQ(test, "", read_file(test, DIRECTORY "pools"));
}

/* The mapping of a driver for a device, which is in no list of the kernel. */
static void carveout_debugfs_device(struct kunit *test)
{
	struct device *dev = make_dma_device(test);
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	struct carveout_buf *buf = alloc_buf(heap, SZ_4K, NULL);
	struct carveout_mapping *mapping;
	const char *text;

	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	mapping = carveout_buf_map(buf, dev, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mapping));
	text = read_file(test, DIRECTORY "holders");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " refs 2 files 0 clients 0 persist 0 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " device kunit-client mapped 1\n"));
	carveout_unmap(mapping);
	KUNIT_EXPECT_NULL(test, strstr(read_file(test, DIRECTORY "holders"), " device "));
	carveout_buf_put(buf);
	unmake_device(dev);
}

static struct kunit_case debugfs_cases[] = {
	KUNIT_CASE(carveout_debugfs_purpose),
	KUNIT_CASE(carveout_debugfs_purpose_is_copied),
	KUNIT_CASE(carveout_debugfs_purpose_limit),
	KUNIT_CASE(carveout_debugfs_pool),
	KUNIT_CASE(carveout_debugfs_device),
	{}
};

static struct kunit_suite debugfs_suite = {
	.name = "carveout_debugfs",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = debugfs_cases,
};

kunit_test_suite(debugfs_suite);

MODULE_DESCRIPTION("KUnit suite of debugfs");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
