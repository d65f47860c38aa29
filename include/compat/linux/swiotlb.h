/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_SWIOTLB_H
#define _CARVEOUT_COMPAT_LINUX_SWIOTLB_H

#include <linux/device.h>
#include <linux/version.h>
#include_next <linux/swiotlb.h>

/**
 * swiotlb_range() - Memory of the bounce buffers of a device
 * @dev: the device
 * @start: set to the physical address
 *
 * Context: Any context.
 * Return: bytes; 0 if there are no bounce buffers.
 */
static inline u64 swiotlb_range(struct device *dev, phys_addr_t *start)
{
#ifdef CONFIG_SWIOTLB
	const struct io_tlb_mem *mem = dev->dma_io_tlb_mem;

	if (!mem || !mem->nslabs)
		return 0;
#if LINUX_VERSION_IS_GEQ(6, 6, 0)
	*start = mem->defpool.start;
	return mem->defpool.end - mem->defpool.start;
#else
	*start = mem->start;
	return mem->end - mem->start;
#endif
#else
	return 0;
#endif
}

#endif /* _CARVEOUT_COMPAT_LINUX_SWIOTLB_H */
