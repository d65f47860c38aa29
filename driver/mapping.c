// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as devices see them.
 *
 * A buffer is one piece, so for a device it is one entry of a scatterlist. Memory of
 * a region with no-map has no place in the kernel's linear mapping: its entry has a
 * bus address and no page, which is all that the dma-buf rules let an importer look at.
 */

#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "carveout_internal.h"

/**
 * carveout_buf_has_pages() - does the kernel have a buffer in its linear mapping?
 * @buf: the buffer
 *
 * Context: Any. The buffer has, or had, memory.
 * Return: true if so.
 */
bool carveout_buf_has_pages(const struct carveout_buf *buf)
{
	return carveout_buf_attrs(buf) & CARVEOUT_ATTR_PAGES;
}

/**
 * carveout_mapping_create() - get ready to map a buffer for a device
 * @buf: the buffer, which the caller holds as long as the mapping is there
 * @dev: the device
 *
 * Context: May sleep.
 * Return: the mapping, or an ERR_PTR: -EFBIG for a buffer of 4 GiB and more, -ENOMEM.
 */
struct carveout_mapping *carveout_mapping_create(struct carveout_buf *buf,
						 struct device *dev)
{
	struct carveout_mapping *mapping;
	struct page *page = NULL;
	int ret;

	/* The length of a scatterlist entry has 32 bits. */
	if (buf->size > UINT_MAX)
		return ERR_PTR(-EFBIG);
	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(&mapping->sgt, 1, GFP_KERNEL);
	if (ret) {
		kfree(mapping);
		return ERR_PTR(ret);
	}
	if (carveout_buf_has_pages(buf))
		page = pfn_to_page(PHYS_PFN(buf->start));
	sg_set_page(mapping->sgt.sgl, page, buf->size, 0);
	mapping->buf = buf;
	mapping->dev = dev;
	mapping->dir = DMA_NONE;
	mutex_lock(&buf->attach_lock);
	list_add(&mapping->node, &buf->attachments);
	mutex_unlock(&buf->attach_lock);
	carveout_object_born(CARVEOUT_OBJ_ATTACH);
	return mapping;
}

/**
 * carveout_mapping_destroy() - undo carveout_mapping_create()
 * @mapping: the mapping, which is not mapped
 *
 * Context: May sleep.
 */
void carveout_mapping_destroy(struct carveout_mapping *mapping)
{
	mutex_lock(&mapping->buf->attach_lock);
	list_del(&mapping->node);
	mutex_unlock(&mapping->buf->attach_lock);
	sg_free_table(&mapping->sgt);
	kfree(mapping);
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
static int map_unmapped(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	struct device *dev = mapping->dev;
	dma_addr_t addr;

	mapping->resource = translates(dev);
	if (mapping->resource) {
		/* An IOMMU maps a resource so that no cache is looked into. */
		if (carveout_buf_attrs(buf) & CARVEOUT_ATTR_CACHED &&
		    buf->carveout->coherent)
			return -EOPNOTSUPP;
		addr = dma_map_resource(dev, buf->start, buf->size, dir, 0);
		if (dma_mapping_error(dev, addr))
			return -ENOMEM;
	} else {
		addr = phys_to_dma(dev, buf->start);
		if (!dma_capable(dev, addr, buf->size, false, 0))
			return -EFBIG;
	}
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
	sg_dma_address(mapping->sgt.sgl) = addr;
	sg_dma_len(mapping->sgt.sgl) = buf->size;
	mapping->sgt.nents = 1;
	return 0;
}

static void unmap_unmapped(struct carveout_mapping *mapping)
{
	struct carveout_buf *buf = mapping->buf;

	if (mapping->resource)
		dma_unmap_resource(mapping->dev, sg_dma_address(mapping->sgt.sgl),
				   buf->size, mapping->dir, 0);
	if (!buf->carveout->coherent && mapping->dir != DMA_TO_DEVICE)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
}

/**
 * carveout_mapping_map() - map a buffer for a device
 * @mapping: the mapping
 * @dir: what the device may do
 *
 * Context: May sleep.
 * Return: 0; -EBUSY if it is mapped already; -EINVAL for no direction, or a device that
 * never said what it can reach; -EFBIG for one that does not reach the buffer;
 * -EOPNOTSUPP; -ENOMEM.
 */
int carveout_mapping_map(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	int ret;

	/* The DMA API warns of such a device, and such a direction stops the machine. */
	if (!mapping->dev->dma_mask || !valid_dma_direction(dir))
		return -EINVAL;

	mutex_lock(&buf->attach_lock);
	if (mapping->dir != DMA_NONE)
		ret = -EBUSY;
	else if (carveout_buf_has_pages(buf))
		ret = dma_map_sgtable(mapping->dev, &mapping->sgt, dir, 0);
	else
		ret = map_unmapped(mapping, dir);
	if (!ret)
		mapping->dir = dir;
	mutex_unlock(&buf->attach_lock);
	return ret;
}

/**
 * carveout_mapping_unmap() - undo carveout_mapping_map()
 * @mapping: the mapping
 *
 * Context: May sleep.
 */
void carveout_mapping_unmap(struct carveout_mapping *mapping)
{
	struct carveout_buf *buf = mapping->buf;

	mutex_lock(&buf->attach_lock);
	if (carveout_buf_has_pages(buf))
		dma_unmap_sgtable(mapping->dev, &mapping->sgt, mapping->dir, 0);
	else
		unmap_unmapped(mapping);
	mapping->dir = DMA_NONE;
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
static void sync_devices(struct carveout_buf *buf, u64 offset, u64 size,
			 void (*sync)(struct device *dev, dma_addr_t addr,
				      size_t size, enum dma_data_direction dir))
{
	struct carveout_mapping *mapping;

	if (!carveout_buf_has_pages(buf))
		return;
	mutex_lock(&buf->attach_lock);
	list_for_each_entry(mapping, &buf->attachments, node)
		if (mapping->dir != DMA_NONE)
			sync(mapping->dev,
			     sg_dma_address(mapping->sgt.sgl) + offset, size,
			     mapping->dir);
	mutex_unlock(&buf->attach_lock);
}

/**
 * carveout_mapping_sync_for_cpu() - let the CPU see what devices wrote
 * @buf: the buffer, for all devices that have it mapped
 * @offset: where in it the part starts, in bytes
 * @size: bytes
 *
 * Context: May sleep.
 */
void carveout_mapping_sync_for_cpu(struct carveout_buf *buf, u64 offset, u64 size)
{
	sync_devices(buf, offset, size, dma_sync_single_for_cpu);
}

/**
 * carveout_mapping_sync_for_device() - let devices see what the CPU wrote
 * @buf: the buffer, for all devices that have it mapped
 * @offset: where in it the part starts, in bytes
 * @size: bytes
 *
 * Context: May sleep.
 */
void carveout_mapping_sync_for_device(struct carveout_buf *buf, u64 offset, u64 size)
{
	sync_devices(buf, offset, size, dma_sync_single_for_device);
}

/**
 * carveout_mapping_sync() - maintain caches for a part of a buffer
 * @buf: the buffer
 * @offset: where in it the part starts, in bytes
 * @size: bytes
 * @flags: CARVEOUT_SYNC_* flags
 *
 * Context: May sleep; takes long for much memory, in steps.
 */
void carveout_mapping_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	if (flags & CARVEOUT_SYNC_FOR_CPU)
		carveout_mapping_sync_for_cpu(buf, offset, size);
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start + offset, size);
	if (flags & CARVEOUT_SYNC_FOR_DEVICE)
		carveout_mapping_sync_for_device(buf, offset, size);
}

/* === For other drivers ==================================================== */

/**
 * carveout_buf_map() - map a buffer for a device
 * @buf: the buffer; the mapping takes its own reference
 * @dev: the device
 * @dir: what the device may do
 *
 * Context: May sleep.
 * Return: the mapping, to be given to carveout_buf_unmap(); or an ERR_PTR: -EFBIG if the
 * device does not reach the buffer, or that has 4 GiB and more; -EINVAL for a device
 * that never said what it can reach; -EOPNOTSUPP for an IOMMU that would not look into
 * caches where the CPU has the buffer; -ENOMEM.
 */
struct carveout_mapping *carveout_buf_map(struct carveout_buf *buf, struct device *dev,
					  enum dma_data_direction dir)
{
	struct carveout_mapping *mapping;
	int ret;

	might_sleep();
	mapping = carveout_mapping_create(buf, dev);
	if (IS_ERR(mapping))
		return mapping;
	ret = carveout_mapping_map(mapping, dir);
	if (ret) {
		carveout_mapping_destroy(mapping);
		return ERR_PTR(ret);
	}
	carveout_buf_get(buf);
	return mapping;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_map, "CARVEOUT");

/**
 * carveout_buf_unmap() - undo carveout_buf_map()
 * @mapping: the mapping
 *
 * Context: May sleep.
 */
void carveout_buf_unmap(struct carveout_mapping *mapping)
{
	struct carveout_buf *buf = mapping->buf;

	might_sleep();
	carveout_mapping_unmap(mapping);
	carveout_mapping_destroy(mapping);
	carveout_buf_put_sync(buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_unmap, "CARVEOUT");

/**
 * carveout_mapping_addr() - where a device finds a buffer
 * @mapping: the mapping
 *
 * Context: Any.
 * Return: the address of its first byte, on the device's bus; the rest follows it.
 */
dma_addr_t carveout_mapping_addr(const struct carveout_mapping *mapping)
{
	return sg_dma_address(mapping->sgt.sgl);
}
EXPORT_SYMBOL_NS_GPL(carveout_mapping_addr, "CARVEOUT");

/**
 * carveout_mapping_sgt() - a buffer as a scatterlist
 * @mapping: the mapping, which keeps it
 *
 * Context: Any.
 * Return: the table, with one entry. It has a page only where the kernel has the
 * memory in its linear mapping.
 */
struct sg_table *carveout_mapping_sgt(struct carveout_mapping *mapping)
{
	return &mapping->sgt;
}
EXPORT_SYMBOL_NS_GPL(carveout_mapping_sgt, "CARVEOUT");

/**
 * carveout_buf_sync() - maintain the CPU's caches for a part of a buffer
 * @buf: the buffer
 * @offset: where in it the part starts, in bytes
 * @size: bytes, at least 1
 * @flags: CARVEOUT_SYNC_FOR_DEVICE, CARVEOUT_SYNC_FOR_CPU or both
 *
 * For all devices that have it mapped, and for partners that Linux does not know.
 *
 * Context: May sleep; takes long for much memory, in steps.
 * Return: 0, or -EINVAL if the part is not inside the buffer, or for an unknown flag.
 */
int carveout_buf_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	might_sleep();
	if (!flags || flags & ~CARVEOUT_SYNC_FLAGS || !size || offset > buf->size ||
	    size > buf->size - offset)
		return -EINVAL;
	carveout_mapping_sync(buf, offset, size, flags);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_sync, "CARVEOUT");
