/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device node of the heap under test in /dev/dma_heap.
 */
#ifndef CARVEOUT_DMA_HEAP_H
#define CARVEOUT_DMA_HEAP_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/dma-heap.h>

#include "carveout_test.h"

/*
 * A kernel with dma-buf heaps of its own has the class "dma_heap". The driver then has
 * another one, and a prefix.
 */
static inline const char *dma_heap_path(void)
{
	static char path[PATH_MAX];
	bool prefix = !access("/sys/class/carveout_dma_heap", F_OK);

	snprintf(path, sizeof(path), "/dev/dma_heap/%s%s", prefix ? "carveout:" : "",
		 heap_name());
	return path;
}

/* Return a file descriptor or a negative errno value. */
static inline int open_dma_heap(int flags)
{
	int fd = open(dma_heap_path(), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Return the file descriptor of a new buffer or a negative errno value. */
static inline int dma_heap_alloc(int node, __u64 size, __u32 fd_flags)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = fd_flags };
	int err = xioctl(node, DMA_HEAP_IOCTL_ALLOC, &data);

	return err ? err : (int)data.fd;
}

#endif /* CARVEOUT_DMA_HEAP_H */
