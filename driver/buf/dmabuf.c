// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as dma-buf files.
 *
 * Each allocation and each opening of a buffer creates a file of its own, as with
 * shm_open(3): the access mode belongs to the file. All files of a buffer share one
 * reservation object, so that fences on one are seen on all. Each file holds a
 * reference to the buffer. The buffer has no pointer to its files: a dma-buf can
 * outlive its struct file, through a path to it that is open, so there is no safe way
 * to keep a pointer to a file without a reference to the file.
 */

#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/module.h>

#include "../carveout_internal.h"
#include "../mem/objects.h"
#include "buffer.h"
#include "dma.h"
#include "dmabuf.h"
#include "mmap.h"
#include "release.h"

/**
 * carveout_dmabuf_writable() - Check whether a file permits writing
 * @dmabuf: a dma-buf of this driver
 *
 * Context: Any context.
 * Return: true if it does.
 */
bool carveout_dmabuf_writable(const struct dma_buf *dmabuf)
{
	return dmabuf->file->f_mode & FMODE_WRITE;
}

/**
 * carveout_dmabuf_alone() - Check that a file has no other user
 * @dmabuf: a dma-buf of this driver, which the caller got from one of its descriptors
 * @fd: the descriptor
 *
 * Mappings, importers and other descriptors each hold a reference to the file, and so
 * do the caller and @fd. If there were two references, and @fd is still one of them
 * after that, the other one is the caller's, and not that of a mapping whose
 * descriptor was closed.
 *
 * Context: Process context.
 * Return: true if there are just these two references, and no fence is pending.
 */
bool carveout_dmabuf_alone(const struct dma_buf *dmabuf, int fd)
{
	struct file *file;
	bool alone;

	if (file_count(dmabuf->file) != 2)
		return false;
	file = fget(fd);
	alone = file == dmabuf->file;
	if (file)
		fput(file);
	return alone && dma_resv_test_signaled(dmabuf->resv,
					       DMA_RESV_USAGE_BOOKKEEP);
}

/*
 * Check whether another buffer took over the content. A new user of such a buffer is
 * refused: it would be pointless, though harmless, because the memory stays as long as
 * the file does. A buffer that is only being resized may be open elsewhere too, and
 * nothing must change for that user.
 */
static bool is_replaced(const struct carveout_buf *buf)
{
	return READ_ONCE(buf->state) == CARVEOUT_BUF_REPLACED;
}

/* === Importers ============================================================ */

static int carveout_dmabuf_attach(struct dma_buf *dmabuf,
				  struct dma_buf_attachment *attach)
{
	struct carveout_buf *buf = dmabuf->priv;
	struct carveout_mapping *mapping;

	if (is_replaced(buf))
		return -EINVAL;
	mapping = carveout_mapping_create(buf, attach->dev);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	attach->priv = mapping;
	return 0;
}

static void carveout_dmabuf_detach(struct dma_buf *dmabuf,
				   struct dma_buf_attachment *attach)
{
	carveout_mapping_destroy(attach->priv);
}

static struct sg_table *carveout_dmabuf_map(struct dma_buf_attachment *attach,
					    enum dma_data_direction dir)
{
	struct carveout_mapping *mapping = attach->priv;
	int ret;

	/* A read-only file permits no writing, neither to processes nor to devices. */
	if (dir != DMA_TO_DEVICE && !carveout_dmabuf_writable(attach->dmabuf))
		return ERR_PTR(-EACCES);
	ret = carveout_mapping_map(mapping, dir);
	return ret ? ERR_PTR(ret) : &mapping->sgt;
}

static void carveout_dmabuf_unmap(struct dma_buf_attachment *attach,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	carveout_mapping_unmap(attach->priv);
}

/* === CPU access =========================================================== */

static int carveout_dmabuf_begin_cpu(struct dma_buf *dmabuf,
				     enum dma_data_direction dir)
{
	struct carveout_buf *buf = dmabuf->priv;

	carveout_buf_sync_for_cpu(buf, 0, buf->size);
	if (dir != DMA_TO_DEVICE && !buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
	return 0;
}

static int carveout_dmabuf_end_cpu(struct dma_buf *dmabuf,
				   enum dma_data_direction dir)
{
	struct carveout_buf *buf = dmabuf->priv;

	if (dir != DMA_FROM_DEVICE && !buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
	carveout_buf_sync_for_device(buf, 0, buf->size);
	return 0;
}

static int carveout_dmabuf_mmap(struct dma_buf *dmabuf,
				struct vm_area_struct *vma)
{
	if (is_replaced(dmabuf->priv))
		return -EINVAL;
	return carveout_buf_mmap(dmabuf->priv, vma, carveout_dmabuf_writable(dmabuf));
}

static int carveout_dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct carveout_buf *buf = dmabuf->priv;

	iosys_map_set_vaddr(map, carveout_claim_va(buf->claim, buf->start));
	return 0;
}

/* === Files ================================================================ */

static void carveout_dmabuf_release(struct dma_buf *dmabuf)
{
	struct carveout_buf *buf = dmabuf->priv;

	carveout_object_dec(CARVEOUT_OBJ_DMABUF);
	carveout_buf_put_sync(buf);
}

#define COMMON_OPS \
	.attach = carveout_dmabuf_attach, \
	.detach = carveout_dmabuf_detach, \
	.map_dma_buf = carveout_dmabuf_map, \
	.unmap_dma_buf = carveout_dmabuf_unmap, \
	.begin_cpu_access = carveout_dmabuf_begin_cpu, \
	.end_cpu_access = carveout_dmabuf_end_cpu, \
	.mmap = carveout_dmabuf_mmap, \
	.release = carveout_dmabuf_release

static const struct dma_buf_ops carveout_rw_ops = {
	COMMON_OPS,
	.vmap = carveout_dmabuf_vmap,
};

/*
 * Without vmap: drivers with a vmap write through it, and request no more than the
 * descriptor for that. The dma-buf core warns about a vmap that fails, so there is
 * none.
 */
static const struct dma_buf_ops carveout_ro_ops = {
	COMMON_OPS,
};

/**
 * carveout_dmabuf_create() - Create a file of a buffer
 * @buf: a buffer that the caller has a reference to; the file takes its own
 * @write: the file permits writing
 *
 * Context: Process context. May sleep.
 * Return: the dma-buf, to be released with dma_buf_put() alone, or an ERR_PTR.
 */
struct dma_buf *carveout_dmabuf_create(struct carveout_buf *buf, bool write)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;

	exp_info.ops = write ? &carveout_rw_ops : &carveout_ro_ops;
	exp_info.size = buf->size;
	exp_info.flags = write ? O_RDWR : O_RDONLY;
	exp_info.resv = &buf->resv;
	exp_info.priv = __carveout_buf_get(buf);
	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf))
		carveout_buf_put_sync(buf);
	else
		carveout_object_inc(CARVEOUT_OBJ_DMABUF);
	return dmabuf;
}

/**
 * carveout_dmabuf_buf() - Buffer of a dma-buf
 * @dmabuf: any dma-buf
 *
 * Context: Any context.
 * Return: the buffer, valid as long as @dmabuf; NULL for a dma-buf of another exporter.
 */
struct carveout_buf *carveout_dmabuf_buf(struct dma_buf *dmabuf)
{
	if (dmabuf->ops != &carveout_rw_ops && dmabuf->ops != &carveout_ro_ops)
		return NULL;
	return dmabuf->priv;
}

MODULE_IMPORT_NS("DMA_BUF");
