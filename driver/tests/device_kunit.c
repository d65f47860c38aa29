// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of buffers and devices: mappings, caches, dma-bufs.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/fcntl.h>
#include <linux/iosys-map.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#include "fixture.h"

#define SIZE	SZ_256K

/* === Devices ============================================================== */

static void carveout_device_map(struct kunit *test)
{
	struct device *dev = make_dma_device(test);
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_16K, NULL);
	struct carveout_mapping *mapping;
	struct sg_table *sgt;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	mapping = carveout_buf_map(buf, dev, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(mapping), "error %ld", PTR_ERR(mapping));
	if (!IS_ERR(mapping)) {
		sgt = carveout_mapping_sgt(mapping);
		KUNIT_EXPECT_EQ(test, 1U, sgt->nents);
		KUNIT_EXPECT_EQ(test, SZ_16K, sg_dma_len(sgt->sgl));
		KUNIT_EXPECT_EQ(test, carveout_mapping_addr(mapping),
				sg_dma_address(sgt->sgl));
		KUNIT_EXPECT_EQ(test, carveout_buf_phys(buf), sg_phys(sgt->sgl));
		/* A mapping holds a reference. */
		EXPECT_ERR(test, -EBUSY, carveout_buf_resize(buf, SZ_4K));
		KUNIT_EXPECT_EQ(test, 0, carveout_buf_sync(buf, 0, SZ_16K,
							   CARVEOUT_SYNC_FLAGS));
		carveout_buf_put(buf);
		carveout_drain(heap);
		KUNIT_EXPECT_EQ(test, SZ_16K, used_of(heap));
		carveout_unmap(mapping);
		KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
	}
	unmake_device(dev);
}

/* A block from its index or pointer to the address for the device. */
static void carveout_device_blocks(struct kunit *test)
{
	struct device *dev = make_dma_device(test);
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_pool *pool = carveout_pool_create(heap, SZ_1K, 8, NULL, NULL, 0);
	struct carveout_pool_client *client;
	struct carveout_mapping *mapping;
	struct carveout_pool_block block;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	client = carveout_pool_join(pool);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, client);
	mapping = carveout_buf_map(carveout_pool_buf(pool), dev, DMA_FROM_DEVICE);
	KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(mapping), "error %ld", PTR_ERR(mapping));
	for (i = 0; i < 8 && !IS_ERR(mapping); i++) {
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &block));
		KUNIT_EXPECT_EQ(test, carveout_mapping_addr(mapping) + block.index * SZ_1K,
				carveout_mapping_block(mapping, &block));
		KUNIT_EXPECT_EQ(test, carveout_virt_to_phys(heap, block.va),
				carveout_buf_phys(carveout_pool_buf(pool)) + block.offset);
	}
	if (!IS_ERR(mapping))
		carveout_unmap(mapping);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
	unmake_device(dev);
}

static void carveout_device_map_without_mask(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_4K, NULL);
	struct device *dev = make_dma_device(test);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	/* The device has no DMA mask. */
	dev->dma_mask = NULL;
	EXPECT_ERR(test, -EINVAL, carveout_buf_map(buf, dev, DMA_BIDIRECTIONAL));
	unmake_device(dev);
	/* No reference was left behind. */
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_device_sync_ranges(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_16K, NULL);
	static const struct {
		u64 offset, size;
		u32 flags;
		int want;
	} sync[] = {
		{ 0, SZ_16K, CARVEOUT_SYNC_FOR_DEVICE, 0 },
		{ 0, SZ_16K, CARVEOUT_SYNC_FOR_CPU, 0 },
		{ 1, 1, CARVEOUT_SYNC_FLAGS, 0 },
		{ SZ_16K - 1, 1, CARVEOUT_SYNC_FLAGS, 0 },
		{ SZ_16K, 0, CARVEOUT_SYNC_FLAGS, -EINVAL },
		{ SZ_16K, 1, CARVEOUT_SYNC_FLAGS, -EINVAL },
		{ 1, SZ_16K, CARVEOUT_SYNC_FLAGS, -EINVAL },
		{ 1, U64_MAX, CARVEOUT_SYNC_FLAGS, -EINVAL },
		{ U64_MAX, 1, CARVEOUT_SYNC_FLAGS, -EINVAL },
		{ 0, 0, CARVEOUT_SYNC_FLAGS, -EINVAL },
		{ 0, 1, 0, -EINVAL },
		{ 0, 1, CARVEOUT_SYNC_FLAGS + 1, -EINVAL },
	};
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	memset(carveout_buf_va(buf), FILL, SZ_16K);
	for (i = 0; i < ARRAY_SIZE(sync); i++)
		KUNIT_EXPECT_EQ_MSG(test, sync[i].want,
				    carveout_buf_sync(buf, sync[i].offset, sync[i].size,
						      sync[i].flags), "range %u", i);
	/* The calls do not lose the data that the CPU wrote. */
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), FILL, SZ_16K));
	carveout_buf_put(buf);
}

/* === dma-bufs ============================================================= */

static void carveout_device_export_and_back(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_8K, NULL), *back;
	struct dma_buf *dmabuf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	dmabuf = carveout_buf_export(buf, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_8K), dmabuf->size);
	back = carveout_buf_from_dmabuf(dmabuf);
	KUNIT_EXPECT_PTR_EQ(test, buf, back);
	if (!IS_ERR(back))
		carveout_buf_put(back);
	/* The dma-buf holds a reference. */
	EXPECT_ERR(test, -EBUSY, carveout_buf_resize(buf, SZ_4K));
	memset(carveout_buf_va(buf), FILL, SZ_8K);
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_8K), used_of(heap));
	dma_buf_put(dmabuf);
	/* The file of a kernel thread is released some time later. */
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap)));
}

static void carveout_device_export_read_only(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_8K, NULL);
	struct dma_buf *dmabuf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	dmabuf = carveout_buf_export(buf, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_EXPECT_FALSE(test, dmabuf->file->f_mode & FMODE_WRITE);
	EXPECT_ERR(test, -EACCES, carveout_buf_from_dmabuf(dmabuf));
	carveout_buf_put(buf);
	dma_buf_put(dmabuf);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap)));
}

/* Map a dma-buf for a device and unmap it again. */
static int try_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct sg_table *sgt;

	/* Newer kernels require the lock, 6.1 allows it. */
	dma_resv_lock(attach->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(attach, dir);
	if (!IS_ERR(sgt))
		dma_buf_unmap_attachment(attach, sgt, dir);
	dma_resv_unlock(attach->dmabuf->resv);
	return PTR_ERR_OR_ZERO(sgt);
}

/* A read-only file has no importers, and no mapping for drivers to write through. */
static void carveout_device_read_only_has_no_importers(struct kunit *test)
{
	struct device *dev = make_dma_device(test);
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_8K, NULL);
	struct dma_buf_attachment *attach;
	struct dma_buf *dmabuf, *readonly;
	struct iosys_map map;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	readonly = carveout_buf_export(buf, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, readonly);
	attach = dma_buf_attach(readonly, dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, attach);
	KUNIT_EXPECT_EQ(test, -EACCES, try_map(attach, DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, -EACCES, try_map(attach, DMA_BIDIRECTIONAL));
	dma_buf_detach(readonly, attach);
	dma_resv_lock(readonly->resv, NULL);
	KUNIT_EXPECT_NE(test, 0, dma_buf_vmap(readonly, &map));
	dma_resv_unlock(readonly->resv);
	dma_buf_put(readonly);

	dmabuf = carveout_buf_export(buf, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	attach = dma_buf_attach(dmabuf, dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, attach);
	KUNIT_EXPECT_EQ(test, 0, try_map(attach, DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, 0, try_map(attach, DMA_FROM_DEVICE));
	KUNIT_EXPECT_EQ(test, 0, try_map(attach, DMA_BIDIRECTIONAL));
	dma_buf_detach(dmabuf, attach);
	dma_buf_put(dmabuf);
	carveout_buf_put(buf);
	unmake_device(dev);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap)));
}

/* === Memory without the CPU =============================================== */

/*
 * Above the memory of all test boards, where no device answers. Nothing accesses it: the
 * CPU must not, and no device does.
 */
#define FAR_BASE	(64ULL * SZ_1G)
#define FAR_SIZE	(4ULL * SZ_1G)

static struct carveout *far_heap(struct kunit *test)
{
	const struct carveout_memory memory = {
		.base = FAR_BASE,
		.size = FAR_SIZE,
		.attrs = CARVEOUT_ATTR_WRITECOMBINE | CARVEOUT_ATTR_NO_CPU,
		.name = "far",
	};
	struct carveout *heap = carveout_create(NULL, "kunit-far", &memory, 1, 0);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(heap), "error %ld", PTR_ERR(heap));
	return heap;
}

/* Map a buffer of @heap for @dev as drivers do, and as importers do. */
static void check_far(struct kunit *test, struct carveout *heap, struct device *dev,
		      u64 size, int error)
{
	struct carveout_req req = { .size = size, .require = CARVEOUT_ATTR_NO_CPU };
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, NULL, 0);
	struct dma_buf_attachment *attach;
	struct carveout_mapping *mapping;
	struct dma_buf *dmabuf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	mapping = carveout_buf_map(buf, dev, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, error, PTR_ERR_OR_ZERO(mapping));
	if (!IS_ERR(mapping)) {
		struct scatterlist *sg = carveout_mapping_sgt(mapping)->sgl;

		KUNIT_EXPECT_EQ(test, carveout_buf_phys(buf), carveout_mapping_addr(mapping));
		KUNIT_EXPECT_EQ(test, size, sg_dma_len(sg));
		KUNIT_EXPECT_NULL(test, sg_page(sg));
		carveout_unmap(mapping);
	}
	dmabuf = carveout_buf_export(buf, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	/* Some drivers never drop a dma-buf that they cannot attach. */
	attach = dma_buf_attach(dmabuf, dev);
	KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(attach), "error %ld", PTR_ERR(attach));
	if (!IS_ERR(attach)) {
		KUNIT_EXPECT_EQ(test, error, try_map(attach, DMA_TO_DEVICE));
		dma_buf_detach(dmabuf, attach);
	}
	dma_buf_put(dmabuf);
	carveout_buf_put(buf);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap)));
}

/* Devices get memory that the CPU must not access, in buffers of less than 4 GiB. */
static void carveout_device_memory_without_cpu(struct kunit *test)
{
	struct device *dev;
	struct carveout *heap;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "user-mode Linux maps all memory");
	dev = make_dma_device(test);
	heap = far_heap(test);
	check_far(test, heap, dev, FAR_SIZE - PAGE_SIZE, 0);
	check_far(test, heap, dev, FAR_SIZE, -EFBIG);
	/* Without pages it cannot be bounced. */
	*dev->dma_mask = DMA_BIT_MASK(32);
	check_far(test, heap, dev, PAGE_SIZE, -EFBIG);
	carveout_destroy(heap, true);
	unmake_device(dev);
}

/* === Other dma-bufs ======================================================= */

static struct sg_table *foreign_map(struct dma_buf_attachment *attach,
				    enum dma_data_direction dir)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void foreign_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
			  enum dma_data_direction dir)
{
}

static void foreign_release(struct dma_buf *dmabuf)
{
	WRITE_ONCE(*(bool *)dmabuf->priv, true);
}

static const struct dma_buf_ops foreign_ops = {
	.map_dma_buf = foreign_map,
	.unmap_dma_buf = foreign_unmap,
	.release = foreign_release,
};

static void carveout_device_foreign_dmabuf(struct kunit *test)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	bool released = false;

	info.ops = &foreign_ops;
	info.size = SZ_4K;
	info.flags = O_RDWR;
	info.priv = &released;
	dmabuf = dma_buf_export(&info);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	EXPECT_ERR(test, -EINVAL, carveout_buf_from_dmabuf(dmabuf));
	dma_buf_put(dmabuf);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(released)));
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(carveout_device_map),
	KUNIT_CASE(carveout_device_blocks),
	KUNIT_CASE(carveout_device_map_without_mask),
	KUNIT_CASE(carveout_device_sync_ranges),
	KUNIT_CASE(carveout_device_export_and_back),
	KUNIT_CASE(carveout_device_export_read_only),
	KUNIT_CASE(carveout_device_read_only_has_no_importers),
	KUNIT_CASE(carveout_device_memory_without_cpu),
	KUNIT_CASE(carveout_device_foreign_dmabuf),
	{}
};

static struct kunit_suite device_suite = {
	.name = "carveout_device",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = device_cases,
};

kunit_test_suite(device_suite);

MODULE_DESCRIPTION("KUnit suite of buffers and devices");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("DMA_BUF");
