// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of buffers for devices.
 *
 * A buffer is contiguous, so for a device it is one entry of a scatterlist. Memory of
 * a no-map region is outside the kernel's linear mapping: its entry has a bus address
 * and no page. The dma-buf rules let an importer use the bus address alone.
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

#include "../carveout_internal.h"
#include "../mem/claim.h"
#include "../mem/objects.h"
#include "buffer.h"
#include "dma.h"
#include "release.h"

/**
 * carveout_mapping_create() - Prepare to map a buffer for a device
 * @buf: the buffer, which the caller holds as long as the mapping exists
 * @dev: the device
 *
 * Context: Process context. May sleep. Takes buf->attach_lock.
 * Return: the mapping, or an ERR_PTR: -EFBIG for a buffer of 4 GiB and more; -ENOMEM.
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
	carveout_object_inc(CARVEOUT_OBJ_ATTACH);
	return mapping;
}

/**
 * carveout_mapping_destroy() - Undo carveout_mapping_create()
 * @mapping: the mapping, which is not mapped
 *
 * Context: Process context. May sleep. Takes mapping->buf->attach_lock.
 */
void carveout_mapping_destroy(struct carveout_mapping *mapping)
{
	mutex_lock(&mapping->buf->attach_lock);
	list_del(&mapping->node);
	mutex_unlock(&mapping->buf->attach_lock);
	sg_free_table(&mapping->sgt);
	kfree(mapping);
	carveout_object_dec(CARVEOUT_OBJ_ATTACH);
}

static bool translates(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type != IOMMU_DOMAIN_IDENTITY;
}

/*
 * Map memory outside the linear mapping, which can be neither bounced nor passed to
 * dma_map_page(). Where an IOMMU translates, dma_map_resource() maps it. Elsewhere
 * that function would leave out the offset of the bus, and warn about a device that
 * cannot reach the memory.
 */
static int map_unmapped(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	struct device *dev = mapping->dev;
	dma_addr_t addr;

	mapping->resource = translates(dev);
	if (mapping->resource) {
		/* An IOMMU maps a resource without snooping of the caches. */
		if (carveout_buf_region_attrs(buf) & CARVEOUT_ATTR_CACHED &&
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
 * carveout_mapping_map() - Map a buffer for a device
 * @mapping: the mapping
 * @dir: direction of the device's accesses
 *
 * Context: Process context. May sleep. Takes mapping->buf->attach_lock.
 * Return: 0; -EBUSY if it is mapped already; -EINVAL for an invalid direction, or a
 * device without a DMA mask; -EFBIG for a device that cannot reach the buffer;
 * -EOPNOTSUPP as carveout_buf_map(); -ENOMEM.
 */
int carveout_mapping_map(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	int ret;

	/* The DMA API warns about such a device; such a direction is a BUG(). */
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
 * carveout_mapping_unmap() - Undo carveout_mapping_map()
 * @mapping: the mapping
 *
 * Context: Process context. May sleep. Takes mapping->buf->attach_lock.
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
 * Caches are maintained through the kernel's own mapping of the region. That works
 * without any device attached, for a remote processor, and for memory outside the
 * linear mapping. The DMA API copies the bounce buffer of a device that cannot reach
 * the memory, in the direction of its mapping, whatever the direction of the caller.
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
 * carveout_buf_sync_for_cpu() - Make data from devices visible to the CPU
 * @buf: the buffer, for all devices that have it mapped
 * @offset: start of the part in the buffer, in bytes
 * @size: bytes
 *
 * Context: Process context. May sleep. Takes buf->attach_lock.
 */
void carveout_buf_sync_for_cpu(struct carveout_buf *buf, u64 offset, u64 size)
{
	sync_devices(buf, offset, size, dma_sync_single_for_cpu);
}

/**
 * carveout_buf_sync_for_device() - Make data from the CPU visible to devices
 * @buf: the buffer, for all devices that have it mapped
 * @offset: start of the part in the buffer, in bytes
 * @size: bytes
 *
 * Context: Process context. May sleep. Takes buf->attach_lock.
 */
void carveout_buf_sync_for_device(struct carveout_buf *buf, u64 offset, u64 size)
{
	sync_devices(buf, offset, size, dma_sync_single_for_device);
}

/**
 * carveout_buf_sync_caches() - Maintain the caches for a part of a buffer
 * @buf: the buffer
 * @offset: start of the part in the buffer, in bytes
 * @size: bytes
 * @flags: CARVEOUT_SYNC_* flags
 *
 * Context: Process context. May sleep. Takes buf->attach_lock. Large sizes take long
 * and are flushed in steps.
 */
void carveout_buf_sync_caches(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	if (flags & CARVEOUT_SYNC_FOR_CPU)
		carveout_buf_sync_for_cpu(buf, offset, size);
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start + offset, size);
	if (flags & CARVEOUT_SYNC_FOR_DEVICE)
		carveout_buf_sync_for_device(buf, offset, size);
}

/* === For other drivers ==================================================== */

/**
 * carveout_buf_map() - Map a buffer for a device
 * @buf: the buffer; the mapping takes its own reference
 * @dev: the device
 * @dir: direction of the device's accesses
 *
 * Context: Process context. May sleep. Takes buf->attach_lock.
 * Return: the mapping, to be released with carveout_unmap(); or an ERR_PTR: -EFBIG if
 * the device cannot reach the buffer, or if the buffer has 4 GiB and more; -EINVAL for
 * an invalid direction, or a device without a DMA mask; -EOPNOTSUPP for an IOMMU that
 * would not snoop caches that hold data of the buffer; -ENOMEM.
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
	__carveout_buf_get(buf);
	return mapping;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_map, "CARVEOUT");

/**
 * carveout_unmap() - Undo carveout_buf_map()
 * @mapping: the mapping
 *
 * Context: Process context. May sleep. Takes mapping->buf->attach_lock and, with the
 * last reference to the buffer, carveout->registry_lock.
 */
void carveout_unmap(struct carveout_mapping *mapping)
{
	struct carveout_buf *buf = mapping->buf;

	might_sleep();
	carveout_mapping_unmap(mapping);
	carveout_mapping_destroy(mapping);
	carveout_buf_put_sync(buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_unmap, "CARVEOUT");

/**
 * carveout_mapping_addr() - Address of a buffer for a device
 * @mapping: the mapping
 *
 * Context: Any context.
 * Return: the address of its first byte, on the device's bus; the other bytes follow
 * it.
 */
dma_addr_t carveout_mapping_addr(const struct carveout_mapping *mapping)
{
	return sg_dma_address(mapping->sgt.sgl);
}
EXPORT_SYMBOL_NS_GPL(carveout_mapping_addr, "CARVEOUT");

/**
 * carveout_mapping_sgt() - Scatterlist of a buffer for a device
 * @mapping: the mapping, which owns the table
 *
 * Context: Any context.
 * Return: the table, with one entry. The entry has a page only if the memory is in the
 * kernel's linear mapping.
 */
struct sg_table *carveout_mapping_sgt(struct carveout_mapping *mapping)
{
	return &mapping->sgt;
}
EXPORT_SYMBOL_NS_GPL(carveout_mapping_sgt, "CARVEOUT");

/**
 * carveout_buf_sync() - Maintain the CPU's caches for a part of a buffer
 * @buf: the buffer
 * @offset: start of the part in the buffer, in bytes
 * @size: bytes, at least 1
 * @flags: CARVEOUT_SYNC_FOR_DEVICE, CARVEOUT_SYNC_FOR_CPU or both
 *
 * For all devices that have the buffer mapped, and for remote processors.
 *
 * Context: Process context. May sleep. Takes buf->attach_lock. Large sizes take long
 * and are flushed in steps.
 * Return: 0; -EINVAL if the part is not inside the buffer, for an unknown flag, or
 * without a flag.
 */
int carveout_buf_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	might_sleep();
	if (!flags || flags & ~CARVEOUT_SYNC_FLAGS || !size || offset > buf->size ||
	    size > buf->size - offset)
		return -EINVAL;
	carveout_buf_sync_caches(buf, offset, size, flags);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_sync, "CARVEOUT");
