// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of buffers for devices.
 *
 * A buffer is contiguous, so for a device it is one entry of a scatterlist. Memory of
 * a no-map region is outside the kernel's linear mapping: its entry has a bus address
 * and no page. The dma-buf rules let an importer use the bus address alone.
 */

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include "../carveout_internal.h"
#include "../mem/cache.h"
#include "../mem/claim.h"
#include "../mem/objects.h"
#include "bounce.h"
#include "buffer.h"
#include "dma.h"
#include "release.h"

/**
 * carveout_mapping_create() - Prepare to map a buffer for a device
 * @buf: the buffer, which the caller holds as long as the mapping exists
 * @dev: the device
 *
 * Context: Process context. May sleep. Takes buf->attach_lock.
 * Return: the mapping, or ERR_PTR(-ENOMEM).
 */
struct carveout_mapping *carveout_mapping_create(struct carveout_buf *buf,
						 struct device *dev)
{
	struct carveout_mapping *mapping;
	int ret;

	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(&mapping->sgt, 1, GFP_KERNEL);
	if (ret) {
		kfree(mapping);
		return ERR_PTR(ret);
	}
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

/* === Mapping ============================================================== */

/*
 * The DMA API never maintains the CPU's caches for the memory itself: see
 * carveout_buf_sync_caches(). A device that cannot have a bounce buffer is an error that
 * user space can cause, by importing a buffer, and is not worth a line in the log.
 */
#define MAP_ATTRS	(DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN)

static bool translates(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type != IOMMU_DOMAIN_IDENTITY;
}

static bool is_cached(const struct carveout_buf *buf)
{
	return carveout_buf_region_attrs(buf) & CARVEOUT_ATTR_CACHED;
}

/* Check that the kernel has a bounce buffer of this size, in reach of the device. */
static bool can_bounce(struct device *dev, u64 size)
{
	size_t max = dma_max_mapping_size(dev);
	phys_addr_t start = 0;
	u64 all = swiotlb_range(dev, &start);

	/* No limit: there are no bounce buffers, or none is expected to be necessary. */
	return max != SIZE_MAX && size <= max && all &&
	       dma_capable(dev, phys_to_dma(dev, start), all, true, 0);
}

/*
 * Check that a device reaches memory with pages, or that the memory can be bounced. The
 * DMA API warns where neither is possible. Where an IOMMU or other code translates, it
 * returns an error.
 */
static bool is_reachable(struct device *dev, u64 start, u64 size)
{
	if (translates(dev) || get_dma_ops(dev))
		return true;
	if (!is_swiotlb_force_bounce(dev) &&
	    dma_capable(dev, phys_to_dma(dev, start), size, true, 0))
		return true;
	return can_bounce(dev, size);
}

/* Check whether the device has another address than that of the memory. */
static bool is_bounced(const struct carveout_mapping *mapping)
{
	dma_addr_t addr = sg_dma_address(mapping->sgt.sgl);
	struct device *dev = mapping->dev;
	u64 start = mapping->buf->start;

	/* No bounce buffer is larger. */
	if (mapping->buf->size > IO_TLB_SEGSIZE << IO_TLB_SHIFT)
		return false;
	if (translates(dev))
		return iommu_iova_to_phys(iommu_get_domain_for_dev(dev), addr) != start;
	return addr != phys_to_dma(dev, start);
}

static int map_pages(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	struct device *dev = mapping->dev;
	int ret;

	if (!is_reachable(dev, buf->start, buf->size))
		return -EFBIG;
	ret = dma_map_sgtable(dev, &mapping->sgt, dir, MAP_ATTRS);
	if (ret)
		return ret == -EINVAL ? ret : -ENOMEM;
	mapping->bounced = is_bounced(mapping);
	if (!mapping->bounced)
		return 0;
	/* The DMA API would copy over stores: see bounce.c. */
	dma_unmap_sgtable(dev, &mapping->sgt, dir, MAP_ATTRS);
	return carveout_bounce_map(mapping, dir);
}

/*
 * Map memory outside the linear mapping, which cannot be bounced. An IOMMU is told to
 * snoop the caches for cached memory of a device that can. Without an IOMMU the DMA API
 * would leave out the offset of the bus, and warn about a device that cannot reach the
 * memory.
 */
static int map_unmapped(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	struct device *dev = mapping->dev;
	dma_addr_t addr;

	mapping->bounced = false;
	if (mapping->translated) {
		addr = dma_map_phys(dev, buf->start, buf->size, dir, mapping->attrs);
		if (dma_mapping_error(dev, addr))
			return -ENOMEM;
	} else {
		addr = phys_to_dma(dev, buf->start);
		if (!dma_capable(dev, addr, buf->size, false, 0))
			return -EFBIG;
	}
	sg_dma_address(mapping->sgt.sgl) = addr;
	sg_dma_len(mapping->sgt.sgl) = buf->size;
	mapping->sgt.nents = 1;
	return 0;
}

/* Whether the device will see the CPU's caches follows from how it is mapped. */
static void choose_attrs(struct carveout_mapping *mapping)
{
	bool coherent = dev_is_dma_coherent(mapping->dev);

	mapping->attrs = MAP_ATTRS;
	mapping->translated = translates(mapping->dev);
	mapping->snoops = coherent;
	if (carveout_buf_has_pages(mapping->buf) || !mapping->translated)
		return;
	mapping->attrs |= DMA_MAP_PHYS_REQUIRED_ATTRS;
	/* Snooping would allocate lines of memory that the CPU accesses uncached. */
	if (coherent && !is_cached(mapping->buf))
		mapping->attrs |= DMA_ATTR_MMIO;
	if (mapping->attrs & DMA_ATTR_MMIO)
		mapping->snoops = false;
}

/* Check whether the device accesses the memory past caches that may have its data. */
static bool bypasses_caches(const struct carveout_mapping *mapping)
{
	return is_cached(mapping->buf) && !mapping->snoops && !mapping->bounced;
}

static void flush_for(const struct carveout_mapping *mapping)
{
	struct carveout_buf *buf = mapping->buf;

	if (!buf->carveout->coherent || bypasses_caches(mapping))
		carveout_claim_flush(buf->claim, buf->start, buf->size);
}

/* The whole buffer is one entry, whose length has 32 bits. */
static int set_entry(struct carveout_mapping *mapping)
{
	struct carveout_buf *buf = mapping->buf;
	struct page *page = NULL;

	if (buf->size > UINT_MAX)
		return -EFBIG;
	if (carveout_buf_has_pages(buf))
		page = pfn_to_page(PHYS_PFN(buf->start));
	sg_set_page(mapping->sgt.sgl, page, buf->size, 0);
	return 0;
}

static int map_locked(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	int ret = set_entry(mapping);

	if (ret)
		return ret;
	choose_attrs(mapping);
	if (!CARVEOUT_HAS_CACHE_FLUSH && is_cached(mapping->buf) && !mapping->snoops)
		return -EOPNOTSUPP;
	if (carveout_buf_has_pages(mapping->buf))
		ret = map_pages(mapping, dir);
	else
		ret = map_unmapped(mapping, dir);
	if (ret)
		return ret;
	flush_for(mapping);
	mapping->dir = dir;
	return 0;
}

/**
 * carveout_mapping_map() - Map a buffer for a device
 * @mapping: the mapping
 * @dir: direction of the device's accesses
 *
 * Context: Process context. May sleep. Takes mapping->buf->attach_lock.
 * Return: 0; -EBUSY if it is mapped already; -EINVAL for an invalid direction, or a
 * device without a DMA mask; -EFBIG for a buffer of 4 GiB and more, and for a device that
 * cannot reach the buffer, if it cannot be bounced either; -EOPNOTSUPP as
 * carveout_buf_map(); -ENOMEM.
 */
int carveout_mapping_map(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	struct carveout_buf *buf = mapping->buf;
	int ret;

	/* The DMA API warns about such a device; such a direction is a BUG(). */
	if (!mapping->dev->dma_mask || !valid_dma_direction(dir))
		return -EINVAL;

	mutex_lock(&buf->attach_lock);
	ret = mapping->dir == DMA_NONE ? map_locked(mapping, dir) : -EBUSY;
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
	struct device *dev = mapping->dev;

	mutex_lock(&buf->attach_lock);
	if (mapping->bounced)
		carveout_bounce_unmap(mapping);
	else if (carveout_buf_has_pages(buf))
		dma_unmap_sgtable(dev, &mapping->sgt, mapping->dir, MAP_ATTRS);
	else if (mapping->translated)
		dma_unmap_phys(dev, sg_dma_address(mapping->sgt.sgl), buf->size,
			       mapping->dir, mapping->attrs);
	if (mapping->dir != DMA_TO_DEVICE)
		flush_for(mapping);
	mapping->dir = DMA_NONE;
	mutex_unlock(&buf->attach_lock);
}

/* === CPU access =========================================================== */

/*
 * Caches are maintained through the kernel's own mapping of the region. That works
 * without any device attached, for a remote processor, and for memory outside the
 * linear mapping. They are maintained if the devices of the heap do not see them, or if
 * one that has the buffer mapped does not.
 */
static bool needs_flush(struct carveout_buf *buf)
{
	struct carveout_mapping *mapping;
	bool flush = !buf->carveout->coherent;

	if (flush)
		return true;
	mutex_lock(&buf->attach_lock);
	list_for_each_entry(mapping, &buf->attachments, node)
		flush |= mapping->dir != DMA_NONE && bypasses_caches(mapping);
	mutex_unlock(&buf->attach_lock);
	return flush;
}

static bool has_copy(const struct carveout_mapping *mapping)
{
	return mapping->dir != DMA_NONE && mapping->bounced;
}

/*
 * Copy from the bounce buffers of devices that may write. That undoes all stores of the CPU
 * since the last copy in the other direction. So there is none while a writer is between its
 * begin and its end. A store of a user of CARVEOUT_IOCTL_SYNC is not known before its call: a
 * caller that may not write merges, which keeps the store.
 */
static void copy_from_devices(struct carveout_buf *buf, u64 offset, u64 size, bool merge)
{
	struct carveout_mapping *mapping;

	mutex_lock(&buf->attach_lock);
	list_for_each_entry(mapping, &buf->attachments, node) {
		if (buf->writers || !has_copy(mapping) || mapping->dir == DMA_TO_DEVICE)
			continue;
		if (merge)
			carveout_bounce_merge(mapping, offset, size);
		else
			carveout_bounce_fetch(mapping, offset, size);
	}
	mutex_unlock(&buf->attach_lock);
}

/* Announce stores, and copy them to the bounce buffers of devices that may read. */
static void copy_to_devices(struct carveout_buf *buf, u64 offset, u64 size)
{
	struct carveout_mapping *mapping;

	mutex_lock(&buf->attach_lock);
	list_for_each_entry(mapping, &buf->attachments, node)
		if (has_copy(mapping))
			carveout_bounce_send(mapping, offset, size);
	mutex_unlock(&buf->attach_lock);
}

/**
 * carveout_buf_sync_caches() - Maintain the caches for a part of a buffer
 * @buf: the buffer
 * @offset: start of the part in the buffer, in bytes
 * @size: bytes
 * @flags: CARVEOUT_SYNC_FOR_CPU before the CPU reads, CARVEOUT_SYNC_FOR_DEVICE after
 *	it wrote; bounce buffers are copied accordingly. CARVEOUT_SYNC_MERGE takes from
 *	a bounce buffer only the bytes that the device changed and the CPU did not.
 *
 * Context: Process context. May sleep. Takes buf->attach_lock. Large sizes take long
 * and are flushed in steps.
 */
void carveout_buf_sync_caches(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	if (needs_flush(buf))
		carveout_claim_flush(buf->claim, buf->start + offset, size);
	if (flags & CARVEOUT_SYNC_FOR_CPU)
		copy_from_devices(buf, offset, size, flags & CARVEOUT_SYNC_MERGE);
	if (flags & CARVEOUT_SYNC_FOR_DEVICE)
		copy_to_devices(buf, offset, size);
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
 * an invalid direction, or a device without a DMA mask; -EOPNOTSUPP for a device that
 * does not see caches that hold data of the buffer, on an architecture without cache
 * maintenance; -ENOMEM.
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
 * without a flag; -EOPNOTSUPP if the CPU must not access the memory.
 */
int carveout_buf_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags)
{
	might_sleep();
	if (!flags || flags & ~CARVEOUT_SYNC_FLAGS || !size || offset > buf->size ||
	    size > buf->size - offset)
		return -EINVAL;
	if (!carveout_claim_has_va(buf->claim))
		return -EOPNOTSUPP;
	carveout_buf_sync_caches(buf, offset, size, flags);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_sync, "CARVEOUT");
