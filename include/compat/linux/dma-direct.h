/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_DMA_DIRECT_H
#define _CARVEOUT_COMPAT_LINUX_DMA_DIRECT_H

#include <linux/dma-mapping.h>
#include <linux/version.h>
#include_next <linux/dma-direct.h>

/* It takes attributes since DMA_ATTR_CC_SHARED ("shared with the host") exists. */
#ifndef DMA_ATTR_CC_SHARED
#define dma_capable(dev, addr, size, is_ram, ...)	\
	dma_capable(dev, addr, size, is_ram)
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_DMA_DIRECT_H */
