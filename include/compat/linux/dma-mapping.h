/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_DMA_MAPPING_H
#define _CARVEOUT_COMPAT_LINUX_DMA_MAPPING_H

#include <linux/bits.h>
#include_next <linux/dma-mapping.h>

/*
 * dma_map_phys() maps memory with or without struct pages, as memory or as a resource
 * (DMA_ATTR_MMIO). A kernel without it maps memory without struct pages as a resource
 * only, past the CPU's caches.
 */
#ifdef DMA_ATTR_MMIO

#define DMA_MAP_PHYS_REQUIRED_ATTRS	0

#else

#define DMA_ATTR_MMIO			BIT(10)
#define DMA_MAP_PHYS_REQUIRED_ATTRS	DMA_ATTR_MMIO

static inline dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
				      enum dma_data_direction dir, unsigned long attrs)
{
	return dma_map_resource(dev, phys, size, dir, attrs & ~DMA_ATTR_MMIO);
}

static inline void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
				  enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_resource(dev, addr, size, dir, attrs & ~DMA_ATTR_MMIO);
}

#endif

#endif /* _CARVEOUT_COMPAT_LINUX_DMA_MAPPING_H */
