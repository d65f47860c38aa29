/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of the device node in /dev/dma_heap, and a user of it.
 */
#ifndef CARVEOUT_DMA_HEAP_FIXTURE_H
#define CARVEOUT_DMA_HEAP_FIXTURE_H

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "carveout_dma_heap.h"
#include "carveout_fixture.h"

#define SIZE		(16 * PAGE)
#define FD_FLAGS	(O_RDWR | O_CLOEXEC)

FIXTURE(dma_heap) {
	struct heap heap;
	int node;			/* in /dev/dma_heap */
	struct heap_snapshot armed;	/* with it open */
};

FIXTURE_SETUP(dma_heap)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->node = open_dma_heap(O_RDWR);
	ASSERT_LE(0, self->node) TH_LOG("%s: %d", dma_heap_path(), self->node);
	ASSERT_EQ(0, take_snapshot(&self->armed));
}

FIXTURE_TEARDOWN_PARENT(dma_heap)
{
	EXPECT_EQ(0, set_quota("quota_user", 0));
	EXPECT_EQ(0, set_quota("quota_file", 0));
	HEAP_TEARDOWN(&self->heap);
}

static inline struct dma_heap_allocation_data request(__u64 size)
{
	return (struct dma_heap_allocation_data){ .len = size, .fd_flags = FD_FLAGS };
}

static inline int call(int node, struct dma_heap_allocation_data *data)
{
	return xioctl(node, DMA_HEAP_IOCTL_ALLOC, data);
}

/* Allocate, use and free. Return 0, a negative errno value, or the step that failed. */
static inline int use_heap(int node, __u32 seed)
{
	int fd = dma_heap_alloc(node, SIZE, FD_FLAGS);
	char *mem;
	int ret = 0;

	if (fd < 0)
		return fd;
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	close(fd);
	if (mem == MAP_FAILED)
		return 2;
	if (!is_filled(mem, SIZE, 0))
		ret = 3;
	fill_pattern(mem, SIZE, seed);
	sched_yield();
	if (!has_pattern(mem, SIZE, seed))
		ret = 4;
	munmap(mem, SIZE);
	return ret;
}

#endif /* CARVEOUT_DMA_HEAP_FIXTURE_H */
