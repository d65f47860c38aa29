// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the libraries for programs of CMEM and u-dma-buf: the cache maintenance that they
 * request. No emulated board shows that it is that of another part of a buffer.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ti/cmem.h>

#include "kselftest_harness.h"

#include "driver.h"
#include "udmabuf.h"

#define PAGES		4
#define PHYS		0x40000000
#define FOR_CPU		CARVEOUT_SYNC_FOR_CPU
#define FOR_DEVICE	CARVEOUT_SYNC_FOR_DEVICE

/* The last request to maintain the caches; without one its flags are 0. */
static struct carveout_ioctl_sync last_sync;
static struct carveout_sync_range last_range;

static void keep_sync(const struct carveout_ioctl_sync *sync)
{
	last_sync = *sync;
	last_range = *(const struct carveout_sync_range *)(uintptr_t)sync->ranges;
}

/* Were the caches maintained for this part, once since the last time? */
static bool is_synced(uint32_t flags, uint64_t offset, uint64_t size)
{
	bool same = last_sync.flags == flags && last_sync.count == 1 &&
		    last_range.offset == offset && last_range.size == size;

	last_sync.flags = 0;
	driver.calls = 0;
	return same;
}

/* === CMEM ================================================================= */

static int new_buffer(long size)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	return ftruncate(fd, size) ? -1 : fd;
}

static void describe_buffer(const struct carveout_ioctl_info *info)
{
	struct carveout_buffer_info *buffer = (void *)(uintptr_t)info->entry;

	memset(buffer, 0, sizeof(*buffer));
	buffer->flags = CARVEOUT_BUFFER_PHYS;
	buffer->phys = PHYS;
}

/* A heap with one region, and with one buffer of four pages. */
static void give_heap(int call, void *argument)
{
	const struct carveout_ioctl_region *region = argument;
	struct carveout_ioctl_alloc *alloc = argument;

	driver.errors[call] = 0;
	switch (driver.command[call]) {
	case CARVEOUT_IOCTL_REGION:
		driver.errors[call] = region->index ? ENOENT : 0;
		break;
	case CARVEOUT_IOCTL_ALLOC:
		alloc->fd = new_buffer(alloc->size);
		break;
	case CARVEOUT_IOCTL_INFO:
		describe_buffer(argument);
		break;
	case CARVEOUT_IOCTL_SYNC:
		keep_sync(argument);
		break;
	}
}

FIXTURE(shim_cmem) {
	long page;
	char *memory;
};

FIXTURE_SETUP(shim_cmem)
{
	CMEM_AllocParams heap = { CMEM_HEAP, CMEM_CACHED, 0 };

	setenv("CARVEOUT_DIR", "/tmp/libcarveout-shim", 1);
	setenv("TICMEM_BLOCKS", "dsp", 1);
	setenv("TICMEM_COHERENT", "1", 1);
	driver.node = "/tmp/libcarveout-shim/dsp";
	driver.answer = give_heap;
	self->page = sysconf(_SC_PAGESIZE);
	ASSERT_EQ(0, CMEM_init());
	self->memory = CMEM_alloc(PAGES * self->page, &heap);
	ASSERT_NE(NULL, self->memory);
	driver.calls = 0;
}

FIXTURE_TEARDOWN(shim_cmem)
{
	EXPECT_EQ(0, CMEM_free(self->memory, NULL));
	EXPECT_EQ(0, CMEM_exit());
}

TEST_F(shim_cmem, cmem_maintains_the_part_in_the_buffer)
{
	const long page = self->page;
	char *part;

	EXPECT_EQ(0, CMEM_cacheWb(self->memory + 5, 7));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 5, 7));
	EXPECT_EQ(0, CMEM_cacheWb(self->memory + 3 * page, page));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 3 * page, page));
	part = CMEM_map(CMEM_getPhys(self->memory) + 2 * page, page);
	ASSERT_NE(NULL, part);
	EXPECT_EQ(0, CMEM_cacheWb(part, page));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 2 * page, page));
	EXPECT_EQ(0, CMEM_cacheWb(part + 9, 1));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 2 * page + 9, 1));
	EXPECT_EQ(0, CMEM_unmap(part, page));
}

TEST_F(shim_cmem, cmem_maintains_in_the_direction_of_the_call)
{
	const long size = PAGES * self->page;

	EXPECT_EQ(0, CMEM_cacheWb(self->memory, size));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 0, size));
	EXPECT_EQ(0, CMEM_cacheInv(self->memory, size));
	EXPECT_TRUE(is_synced(FOR_CPU, 0, size));
	EXPECT_EQ(0, CMEM_cacheWbInv(self->memory, size));
	EXPECT_TRUE(is_synced(FOR_DEVICE | FOR_CPU, 0, size));
	EXPECT_EQ(0, CMEM_cacheWbInvAll());
	EXPECT_EQ(FOR_DEVICE | FOR_CPU, last_sync.flags);
}

/* === u-dma-buf ============================================================ */

static void keep_range(int call, void *argument)
{
	if (driver.command[call] == CARVEOUT_IOCTL_SYNC)
		keep_sync(argument);
}

/* A node without a tag, and so without settings that processes share. */
FIXTURE(shim_udmabuf) {
	struct udmabuf_node node;
};

FIXTURE_SETUP(shim_udmabuf)
{
	driver.answer = keep_range;
	self->node.heap = (struct carveout_heap *)&fake_heap;
	self->node.fd = 7;
	self->node.info.size = 0x20000;
}

FIXTURE_TEARDOWN(shim_udmabuf)
{
}

TEST_F(shim_udmabuf, udmabuf_maintains_the_part_of_the_command)
{
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_DEVICE, 1));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 0, 0x20000));
	/* The last four bits of the size are those of the direction, and of the command. */
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_CPU, 0x100000010000 | 1));
	EXPECT_TRUE(is_synced(FOR_CPU, 0x1000, 0x10000));
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_CPU, 0x1f00000001000 | 2 << 2 | 1));
	EXPECT_TRUE(is_synced(FOR_CPU, 0x1f000, 0x1000));
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_DEVICE, 0x1f00000001000 | 1 << 2 | 1));
	EXPECT_TRUE(is_synced(FOR_DEVICE, 0x1f000, 0x1000));
}

TEST_F(shim_udmabuf, udmabuf_maintains_nothing_without_need)
{
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_CPU, 0));
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_CPU, 0x1f00000000001));
	/* The device only reads. */
	EXPECT_EQ(0, udmabuf_sync(&self->node, FOR_CPU, 0x1f00000001000 | 1 << 2 | 1));
	EXPECT_EQ(-EINVAL, udmabuf_sync(&self->node, FOR_CPU, 0x1f00000001010 | 1));
	EXPECT_EQ(0, last_sync.flags);
}
