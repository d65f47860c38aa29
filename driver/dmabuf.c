// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as dma-buf files.
 *
 * Whoever allocates or opens a buffer gets a file of his own, as with
 * shm_open(3): the access mode belongs to the file. All files of a buffer share
 * one reservation object, so that fences on one are seen on all. Each holds a
 * reference to the buffer, and the buffer knows none of them: a dma-buf can
 * outlive its struct file, by a path to it that somebody has open, so there is
 * no safe way to keep a pointer to a file that holds no reference.
 */

#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/module.h>

#include "carveout_internal.h"

/**
 * carveout_dmabuf_writable() - may one write through this file?
 * @dmabuf: a dma-buf of ours
 *
 * Context: Any.
 * Return: true if so.
 */
bool carveout_dmabuf_writable(const struct dma_buf *dmabuf)
{
	return dmabuf->file->f_mode & FMODE_WRITE;
}

/**
 * carveout_dmabuf_alone() - does nobody else use this file?
 * @dmabuf: a dma-buf of ours that the caller got from one of his descriptors
 * @fd: the descriptor
 *
 * Mappings, importers and other descriptors all hold the file, the caller and
 * @fd do so as well. If there were two references, and then @fd still is one of
 * them, the other one is the caller's: not a mapping whose descriptor was closed.
 *
 * Context: Process context.
 * Return: true if there are just these two, and no fence is pending.
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
 * Another buffer has its content: of no use to begin with, though not harmful, as
 * the memory stays for as long as the file does. While it is only seized somebody
 * else may have it open, for whom nothing must change.
 */
static bool is_gone(const struct carveout_buf *buf)
{
	return READ_ONCE(buf->state) == CARVEOUT_BUF_GONE;
}

/* === Importers ============================================================ */

static int carveout_dmabuf_attach(struct dma_buf *dmabuf,
				  struct dma_buf_attachment *attach)
{
	struct carveout_buf *buf = dmabuf->priv;
	struct carveout_mapping *mapping;

	if (is_gone(buf))
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

	/* A read-only file lets nobody write, devices included. */
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

	carveout_mapping_sync_for_cpu(buf, 0, buf->size);
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
	carveout_mapping_sync_for_device(buf, 0, buf->size);
	return 0;
}

static int carveout_dmabuf_mmap(struct dma_buf *dmabuf,
				struct vm_area_struct *vma)
{
	if (is_gone(dmabuf->priv))
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

	carveout_object_gone(CARVEOUT_OBJ_DMABUF);
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
 * Without vmap: drivers that have one write through it without asking for more
 * than the descriptor. The dma-buf core warns of a vmap that fails, so there is
 * none.
 */
static const struct dma_buf_ops carveout_ro_ops = {
	COMMON_OPS,
};

/**
 * carveout_dmabuf_create() - make a file of a buffer
 * @buf: a buffer that the caller has a reference to; the file takes its own
 * @write: it may be written through
 *
 * Context: May sleep.
 * Return: the dma-buf, to be undone by dma_buf_put() alone, or an ERR_PTR.
 */
struct dma_buf *carveout_dmabuf_create(struct carveout_buf *buf, bool write)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;

	exp_info.ops = write ? &carveout_rw_ops : &carveout_ro_ops;
	exp_info.size = buf->size;
	exp_info.flags = write ? O_RDWR : O_RDONLY;
	exp_info.resv = &buf->resv;
	exp_info.priv = carveout_buf_get(buf);
	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf))
		carveout_buf_put_sync(buf);
	else
		carveout_object_born(CARVEOUT_OBJ_DMABUF);
	return dmabuf;
}

/**
 * carveout_dmabuf_buf() - the buffer behind a dma-buf
 * @dmabuf: any dma-buf
 *
 * Context: Any.
 * Return: the buffer, which lives as long as @dmabuf; NULL if it is not ours.
 */
struct carveout_buf *carveout_dmabuf_buf(struct dma_buf *dmabuf)
{
	if (dmabuf->ops != &carveout_rw_ops && dmabuf->ops != &carveout_ro_ops)
		return NULL;
	return dmabuf->priv;
}

MODULE_IMPORT_NS("DMA_BUF");
