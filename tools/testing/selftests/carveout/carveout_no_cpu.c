// SPDX-License-Identifier: GPL-2.0
/*
 * Regions that the CPU must not access. They need a heap with such a region and with
 * another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/dma-buf.h>

#include "carveout_fixture.h"

#define NO_CPU	CARVEOUT_ATTR_NO_CPU

FIXTURE(no_cpu) {
	struct heap heap;
	struct carveout_ioctl_region guarded;
	struct carveout_ioctl_region plain;
	bool found;
};

/* The region that the CPU must not access, and one beside it. */
static void find_regions(struct _test_data_no_cpu *self)
{
	struct carveout_ioctl_region region;
	bool guarded = false, plain = false;
	__u32 i;

	for (i = 0; !query_region(self->heap.node, i, &region); i++) {
		if (region.attrs & NO_CPU) {
			self->guarded = region;
			guarded = true;
		} else {
			self->plain = region;
			plain = true;
		}
	}
	self->found = guarded && plain;
}

FIXTURE_SETUP(no_cpu)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	find_regions(self);
	if (!self->found)
		SKIP(return, "the heap has no region that the CPU must not access");
}

FIXTURE_TEARDOWN_PARENT(no_cpu)
{
	HEAP_TEARDOWN(&self->heap);
}

static struct carveout_ioctl_alloc guarded_request(__u64 size)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);

	alloc.require = NO_CPU;
	return alloc;
}

static int alloc_guarded(int node, __u64 size)
{
	struct carveout_ioctl_alloc alloc = guarded_request(size);
	int err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);

	return err ?: alloc.fd;
}

/* The region of an allocation, or a negative errno value. */
static int region_of(int node, struct carveout_ioctl_alloc alloc)
{
	int err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);

	if (err)
		return err;
	close(alloc.fd);
	return alloc.region;
}

/* === Requests ============================================================= */

/* Not even when all other memory is used: a process that maps its buffer would fail. */
TEST_F(no_cpu, default_requests_stay_out)
{
	int node = self->heap.node, fd, i;

	for (i = 0; i < 16; i++)
		EXPECT_NE((int)self->guarded.index, region_of(node, alloc_request((i + 1) * PAGE)));
	fd = alloc_in(node, self->plain.largest_hole, 1ULL << self->plain.index);
	ASSERT_LE(0, fd);
	if (self->heap.query.regions == 2)
		EXPECT_EQ(-ENOSPC, region_of(node, alloc_request(PAGE)));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(no_cpu, requests_get_it_by_attribute_or_region)
{
	int node = self->heap.node, guarded = self->guarded.index;
	struct carveout_ioctl_alloc alloc;

	EXPECT_TRUE(self->heap.query.attrs & NO_CPU);
	EXPECT_EQ(guarded, region_of(node, guarded_request(PAGE)));
	alloc = alloc_request(PAGE);
	alloc.regions = 1ULL << guarded;
	EXPECT_EQ(guarded, region_of(node, alloc));
	alloc.flags = CARVEOUT_ALLOC_EXACT;
	alloc.place = 4 * PAGE;
	EXPECT_EQ(guarded, region_of(node, alloc));
	/* A mask that another region satisfies does not ask for it. */
	alloc = alloc_request(PAGE);
	alloc.regions = 1ULL << guarded | 1ULL << self->plain.index;
	EXPECT_EQ((int)self->plain.index, region_of(node, alloc));
	alloc.require = NO_CPU;
	EXPECT_EQ(guarded, region_of(node, alloc));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(no_cpu, contradictions_are_EINVAL)
{
	struct carveout_ioctl_alloc alloc = guarded_request(PAGE);
	int node = self->heap.node;

	alloc.regions = 1ULL << self->plain.index;
	EXPECT_EQ(-EINVAL, region_of(node, alloc));
	alloc = guarded_request(PAGE);
	alloc.forbid = NO_CPU;
	EXPECT_EQ(-EINVAL, region_of(node, alloc));
	alloc = alloc_request(PAGE);
	alloc.regions = 1ULL << self->guarded.index;
	alloc.forbid = NO_CPU;
	EXPECT_EQ(-EINVAL, region_of(node, alloc));
	/* Neither kind is a fallback for the other. */
	alloc = alloc_request(PAGE);
	alloc.fallback[0] = NO_CPU;
	alloc.nr_fallback = 1;
	EXPECT_EQ(-EINVAL, region_of(node, alloc));
	alloc = guarded_request(PAGE);
	alloc.fallback[0] = self->plain.attrs;
	alloc.nr_fallback = 1;
	EXPECT_EQ(-EINVAL, region_of(node, alloc));
	EXPECT_UNCHANGED(&self->heap);
}

/* A tag does not lead a process to memory that it has not asked for. */
TEST_F(no_cpu, open_or_create_asks_as_well)
{
	const char *tag = unique_tag("no-cpu.open");
	struct carveout_ioctl_alloc alloc = guarded_request(PAGE);
	int node = self->heap.node, fd;

	set_name(alloc.tag, tag);
	alloc.mode = 0600;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	fd = alloc.fd;
	EXPECT_EQ(-EEXIST, alloc_tag(node, PAGE, tag, CARVEOUT_ALLOC_OPEN, 0600));
	alloc = guarded_request(PAGE);
	set_name(alloc.tag, tag);
	alloc.mode = 0600;
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	EXPECT_EQ((int)self->guarded.index, region_of(node, alloc));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Access =============================================================== */

static int sync_whole(int node, int fd, __u32 flags)
{
	struct carveout_sync_range range = { .size = PAGE };
	struct carveout_ioctl_sync sync = {
		.fd = fd, .flags = flags, .ranges = (uintptr_t)&range, .count = 1,
	};

	return xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

static int map_error(int fd, int prot)
{
	void *mem = mmap(NULL, PAGE, prot, MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, PAGE);
	return 0;
}

TEST_F(no_cpu, access_of_the_cpu_is_refused)
{
	static const __u64 flags[] = {
		DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ,
		DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW,
	};
	struct carveout_ioctl_alloc alloc = guarded_request(PAGE);
	const char *tag = unique_tag("no-cpu.access");
	int node = self->heap.node, ro;
	struct dma_buf_sync sync;
	size_t i;

	set_name(alloc.tag, tag);
	alloc.mode = 0600;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	EXPECT_TRUE(alloc.attrs & NO_CPU);
	ro = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, ro);
	EXPECT_EQ(-EOPNOTSUPP, map_error(alloc.fd, PROT_READ | PROT_WRITE));
	EXPECT_EQ(-EOPNOTSUPP, map_error(alloc.fd, PROT_READ));
	EXPECT_EQ(-EOPNOTSUPP, map_error(ro, PROT_READ));
	EXPECT_EQ(-EOPNOTSUPP, sync_whole(node, alloc.fd, CARVEOUT_SYNC_FOR_DEVICE));
	EXPECT_EQ(-EOPNOTSUPP, sync_whole(node, alloc.fd, CARVEOUT_SYNC_FOR_CPU));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		sync.flags = flags[i];
		EXPECT_EQ(-EOPNOTSUPP, xioctl(alloc.fd, DMA_BUF_IOCTL_SYNC, &sync));
	}
	close(ro);
	close(alloc.fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(no_cpu, pools_have_blocks_without_mapping)
{
	struct carveout_ioctl_pool_create request = pool_request(256, 4);
	struct carveout_ioctl_pool_sync sync = { .flags = CARVEOUT_SYNC_FLAGS, .size = 1 };
	int node = self->heap.node, pool, index;

	request.require = NO_CPU;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, &request));
	pool = request.fd;
	EXPECT_EQ(self->guarded.index, request.region);
	index = acquire_block_nowait(pool);
	EXPECT_LE(0, index);
	sync.index = index;
	EXPECT_EQ(-EOPNOTSUPP, xioctl(pool, CARVEOUT_POOL_IOCTL_SYNC, &sync));
	EXPECT_EQ(0, release_block(pool, index));
	EXPECT_EQ(-EOPNOTSUPP, map_error(pool, PROT_READ | PROT_WRITE));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

static int resize_to(int node, int fd, __u64 size)
{
	struct carveout_ioctl_resize resize = {
		.fd = fd, .size = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize);

	if (err)
		return err;
	close(fd);
	return resize.new_fd;
}

/* In place nothing is copied. To move, the CPU would have to copy. */
TEST_F(no_cpu, resizes_stay_in_place)
{
	int node = self->heap.node, fd, next, behind;

	fd = alloc_guarded(node, 4 * PAGE);
	ASSERT_LE(0, fd);
	next = resize_to(node, fd, 2 * PAGE);
	ASSERT_LE(0, next);
	next = resize_to(node, next, 4 * PAGE);
	ASSERT_LE(0, next);
	behind = alloc_guarded(node, PAGE);
	ASSERT_LE(0, behind);
	EXPECT_EQ(-EOPNOTSUPP, resize_to(node, next, 8 * PAGE));
	EXPECT_EQ(-EOPNOTSUPP, map_error(next, PROT_READ));
	close(behind);
	close(next);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
