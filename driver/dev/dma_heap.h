/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps as dma-buf heaps: the names of the device nodes, and their ioctl.
 */
#ifndef CARVEOUT_DEV_DMA_HEAP_H
#define CARVEOUT_DEV_DMA_HEAP_H

#include <linux/kconfig.h>

struct file;

/* The directory of the kernel's dma-buf heaps, where programs look for them. */
#define CARVEOUT_DMA_HEAP_DIR		"dma_heap"

/*
 * A kernel with dma-buf heaps has a class of this name, and heaps whose names only it
 * knows: some are names of DT nodes. No such name has a colon.
 */
#if IS_ENABLED(CONFIG_DMABUF_HEAPS)
#define CARVEOUT_DMA_HEAP_CLASS		"carveout_dma_heap"
#define CARVEOUT_DMA_HEAP_PREFIX	"carveout:"
#else
#define CARVEOUT_DMA_HEAP_CLASS		"dma_heap"
#define CARVEOUT_DMA_HEAP_PREFIX	""
#endif

long carveout_dma_heap_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* CARVEOUT_DEV_DMA_HEAP_H */
