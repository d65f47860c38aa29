/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that imports a buffer. The test itself writes in its place, to the bus address
 * that it was given.
 */
#ifndef CARVEOUT_TESTS_IMPORTER_H
#define CARVEOUT_TESTS_IMPORTER_H

#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/dma-resv.h>
#include <linux/scatterlist.h>

#include "fixture.h"

#define SIZE	SZ_256K
#define PART	SZ_16K

/**
 * struct importer - A buffer that a device has imported
 * @dev: the device
 * @buf: the buffer
 * @dmabuf: its file for reading and writing
 * @readonly: its read-only file
 * @attach: attachment of the device to @dmabuf
 * @sgt: mapping for the device, or NULL
 * @dir: direction of @sgt
 */
struct importer {
	struct device *dev;
	struct carveout_buf *buf;
	struct dma_buf *dmabuf;
	struct dma_buf *readonly;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
	enum dma_data_direction dir;
};

static inline struct sg_table *import_map(struct importer *importer,
					  enum dma_data_direction dir)
{
	struct sg_table *sgt;

	dma_resv_lock(importer->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(importer->attach, dir);
	dma_resv_unlock(importer->dmabuf->resv);
	if (!IS_ERR(sgt)) {
		importer->sgt = sgt;
		importer->dir = dir;
	}
	return sgt;
}

static inline void import_unmap(struct importer *importer)
{
	dma_resv_lock(importer->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(importer->attach, importer->sgt, importer->dir);
	dma_resv_unlock(importer->dmabuf->resv);
	importer->sgt = NULL;
}

/* Export a buffer of @heap and attach a device, without mapping it. */
static inline void import_begin(struct kunit *test, struct importer *importer,
				struct carveout *heap)
{
	memset(importer, 0, sizeof(*importer));
	importer->dev = make_dma_device(test);
	importer->buf = alloc_buf(heap, PART, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, importer->buf);
	importer->dmabuf = carveout_buf_export(importer->buf, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, importer->dmabuf);
	importer->readonly = carveout_buf_export(importer->buf, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, importer->readonly);
	importer->attach = dma_buf_attach(importer->dmabuf, importer->dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, importer->attach);
}

/* The files of a kernel thread are released some time later. */
static inline void import_end(struct kunit *test, struct importer *importer)
{
	if (importer->sgt)
		import_unmap(importer);
	dma_buf_detach(importer->dmabuf, importer->attach);
	dma_buf_put(importer->dmabuf);
	dma_buf_put(importer->readonly);
	carveout_buf_put(importer->buf);
	unmake_device(importer->dev);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap_of(test))));
}

/* Memory that the device accesses at its bus address. */
static inline u8 *device_view(struct importer *importer)
{
	dma_addr_t addr = sg_dma_address(importer->sgt->sgl);

	return phys_to_virt(dma_to_phys(importer->dev, addr));
}

#endif /* CARVEOUT_TESTS_IMPORTER_H */
