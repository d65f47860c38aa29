/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_DMA_MAP_OPS_H
#define _CARVEOUT_COMPAT_LINUX_DMA_MAP_OPS_H

#include <linux/version.h>
#include_next <linux/dma-map-ops.h>

#if LINUX_VERSION_IS_LESS(7, 3, 0)

/**
 * dev_set_dma_coherent() - Declare that a device snoops the CPU's caches
 * @dev: the device
 *
 * Context: Any context.
 */
static inline void dev_set_dma_coherent(struct device *dev)
{
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
	dev->dma_coherent = true;
#endif
}

#endif

#endif /* _CARVEOUT_COMPAT_LINUX_DMA_MAP_OPS_H */
