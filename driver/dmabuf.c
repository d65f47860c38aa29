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
 *
 * Memory of a region with no-map has no place in the kernel's linear mapping,
 * so its scatterlist has bus addresses and no pages, which is all that the
 * dma-buf rules let an importer look at.
 */

#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

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

static bool has_pages(const struct carveout_buf *buf)
{
	return carveout_buf_attrs(buf) & CARVEOUT_ATTR_PAGES;
}

static bool may_be_cached(const struct carveout_buf *buf)
{
	return carveout_buf_attrs(buf) & CARVEOUT_ATTR_CACHED;
}

/* === Importers ============================================================ */

/**
 * struct carveout_attachment - one importer of a buffer
 * @node: in the buffer's list; carveout_buf.attach_lock
 * @dev: the importer's device
 * @sgt: the buffer as one entry, for the importer's device
 * @dir: direction of the mapping, DMA_NONE while there is none;
 *	carveout_buf.attach_lock
 * @resource: it was mapped as a resource, through an IOMMU;
 *	carveout_buf.attach_lock
 */
struct carveout_attachment {
	struct list_head node;
	struct device *dev;
	struct sg_table sgt;
	enum dma_data_direction dir;
	bool resource;
};

static int carveout_dmabuf_attach(struct dma_buf *dmabuf,
				  struct dma_buf_attachment *attach)
{
	struct carveout_buf *buf = dmabuf->priv;
	struct carveout_attachment *a;
	struct page *page = NULL;
	int ret;

	if (is_gone(buf))
		return -EINVAL;
	/* The length of a scatterlist entry has 32 bits. */
	if (buf->size > UINT_MAX)
		return -EFBIG;

	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	ret = sg_alloc_table(&a->sgt, 1, GFP_KERNEL);
	if (ret) {
		kfree(a);
		return ret;
	}
	if (has_pages(buf))
		page = pfn_to_page(PHYS_PFN(buf->start));
	sg_set_page(a->sgt.sgl, page, buf->size, 0);
	a->dev = attach->dev;
	a->dir = DMA_NONE;
	attach->priv = a;
	mutex_lock(&buf->attach_lock);
	list_add(&a->node, &buf->attachments);
	mutex_unlock(&buf->attach_lock);
	carveout_object_born(CARVEOUT_OBJ_ATTACH);

	return 0;
}

static void carveout_dmabuf_detach(struct dma_buf *dmabuf,
				   struct dma_buf_attachment *attach)
{
	struct carveout_buf *buf = dmabuf->priv;
	struct carveout_attachment *a = attach->priv;

	mutex_lock(&buf->attach_lock);
	list_del(&a->node);
	mutex_unlock(&buf->attach_lock);
	sg_free_table(&a->sgt);
	kfree(a);
	carveout_object_gone(CARVEOUT_OBJ_ATTACH);
}

static bool translates(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type != IOMMU_DOMAIN_IDENTITY;
}

/*
 * Map memory that has no place in the linear mapping, so that it can be neither
 * bounced nor given to dma_map_page(). dma_map_resource() is for it where an
 * IOMMU translates; elsewhere it would leave out the bus's offset, and warn when
 * the device cannot reach so far.
 */
static int map_unmapped(struct device *dev, struct carveout_buf *buf,
			struct carveout_attachment *a,
			enum dma_data_direction dir)
{
	dma_addr_t addr;

	a->resource = translates(dev);
	if (a->resource) {
		/* An IOMMU maps a resource so that no cache is looked into. */
		if (may_be_cached(buf) && buf->carveout->coherent)
			return -EOPNOTSUPP;
		addr = dma_map_resource(dev, buf->start, buf->size, dir, 0);
		if (dma_mapping_error(dev, addr))
			return -ENOMEM;
	} else {
		addr = phys_to_dma(dev, buf->start);
		if (!dma_capable(dev, addr, buf->size, false))
			return -EFBIG;
	}
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
	sg_dma_address(a->sgt.sgl) = addr;
	sg_dma_len(a->sgt.sgl) = buf->size;
	a->sgt.nents = 1;
	return 0;
}

static void unmap_unmapped(struct device *dev, struct carveout_buf *buf,
			   struct carveout_attachment *a)
{
	if (a->resource)
		dma_unmap_resource(dev, sg_dma_address(a->sgt.sgl), buf->size,
				   a->dir, 0);
	if (!buf->carveout->coherent && a->dir != DMA_TO_DEVICE)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
}

static struct sg_table *carveout_dmabuf_map(struct dma_buf_attachment *attach,
					    enum dma_data_direction dir)
{
	struct carveout_buf *buf = attach->dmabuf->priv;
	struct carveout_attachment *a = attach->priv;
	int ret;

	/* A read-only file lets nobody write, devices included. */
	if (dir != DMA_TO_DEVICE && !carveout_dmabuf_writable(attach->dmabuf))
		return ERR_PTR(-EACCES);

	/* The DMA API warns of a device that never said what it can reach. */
	if (!attach->dev->dma_mask)
		return ERR_PTR(-EINVAL);

	mutex_lock(&buf->attach_lock);
	if (a->dir != DMA_NONE)
		ret = -EBUSY;
	else if (has_pages(buf))
		ret = dma_map_sgtable(attach->dev, &a->sgt, dir, 0);
	else
		ret = map_unmapped(attach->dev, buf, a, dir);
	if (!ret)
		a->dir = dir;
	mutex_unlock(&buf->attach_lock);

	return ret ? ERR_PTR(ret) : &a->sgt;
}

static void carveout_dmabuf_unmap(struct dma_buf_attachment *attach,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	struct carveout_buf *buf = attach->dmabuf->priv;
	struct carveout_attachment *a = attach->priv;

	mutex_lock(&buf->attach_lock);
	if (has_pages(buf))
		dma_unmap_sgtable(attach->dev, sgt, a->dir, 0);
	else
		unmap_unmapped(attach->dev, buf, a);
	a->dir = DMA_NONE;
	mutex_unlock(&buf->attach_lock);
}

/* === CPU access =========================================================== */

/*
 * Caches are maintained on the kernel's own mapping of the region, so that it
 * works with no device attached, for a core that is none of Linux's devices,
 * and for memory outside the linear mapping. What a device that cannot reach
 * the memory has in a bounce buffer is for the DMA API to copy, in the direction
 * in which it is mapped, whatever the caller says.
 */
static void sync_attachments(struct carveout_buf *buf, u64 offset, u64 size,
			     void (*sync)(struct device *dev, dma_addr_t addr,
					  size_t size,
					  enum dma_data_direction dir))
{
	struct carveout_attachment *a;

	if (!has_pages(buf))
		return;
	mutex_lock(&buf->attach_lock);
	list_for_each_entry(a, &buf->attachments, node)
		if (a->dir != DMA_NONE)
			sync(a->dev, sg_dma_address(a->sgt.sgl) + offset, size,
			     a->dir);
	mutex_unlock(&buf->attach_lock);
}

/**
 * carveout_dmabuf_sync() - maintain caches for a part of a buffer
 * @buf: the buffer
 * @offset: where in it the part starts, in bytes
 * @size: bytes
 * @flags: CARVEOUT_SYNC_* flags
 *
 * Context: May sleep; takes long for much memory, in steps.
 */
void carveout_dmabuf_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	if (flags & CARVEOUT_SYNC_FOR_CPU)
		sync_attachments(buf, offset, size, dma_sync_single_for_cpu);
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start + offset, size);
	if (flags & CARVEOUT_SYNC_FOR_DEVICE)
		sync_attachments(buf, offset, size, dma_sync_single_for_device);
}

static int carveout_dmabuf_begin_cpu(struct dma_buf *dmabuf,
				     enum dma_data_direction dir)
{
	struct carveout_buf *buf = dmabuf->priv;

	sync_attachments(buf, 0, buf->size, dma_sync_single_for_cpu);
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
	sync_attachments(buf, 0, buf->size, dma_sync_single_for_device);
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
	carveout_buf_put(buf);
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
		carveout_buf_put(buf);
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
