// SPDX-License-Identifier: GPL-2.0
/*
 * Cache maintenance by ranges. The effect on caches is not visible in an
 * emulator without caches; visible are accepted and refused ranges, and that no
 * byte is lost.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#define SIZE	(64 * KIB)

FIXTURE(sync) {
	struct heap heap;
	int fd;
};

FIXTURE_VARIANT(sync) {
	__u32 region;
};

FIXTURE_VARIANT_ADD(sync, region_0) { .region = 0 };
FIXTURE_VARIANT_ADD(sync, region_1) { .region = 1 };

FIXTURE_SETUP(sync)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (variant->region >= self->heap.query.regions)
		SKIP(return, "the heap has no region %u", variant->region);
	self->fd = alloc_in(self->heap.node, SIZE, 1ULL << variant->region);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(sync)
{
	HEAP_TEARDOWN(&self->heap);
}

static int sync_ranges(int node, int fd, const struct carveout_sync_range *range,
		       __u32 count, __u32 flags)
{
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = flags,
		.ranges = (uintptr_t)range,
		.count = count,
	};

	return xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

static int sync_one(int node, int fd, __u64 offset, __u64 size)
{
	struct carveout_sync_range range = { .offset = offset, .size = size };

	return sync_ranges(node, fd, &range, 1, CARVEOUT_SYNC_FLAGS);
}

TEST_F(sync, any_part_of_the_buffer)
{
	int node = self->heap.node;
	__u32 flags;
	__u64 i;

	EXPECT_EQ(0, sync_one(node, self->fd, 0, SIZE));
	EXPECT_EQ(0, sync_one(node, self->fd, 0, 1));
	EXPECT_EQ(0, sync_one(node, self->fd, SIZE - 1, 1));
	for (i = 1; i < 200; i += 7)
		EXPECT_EQ(0, sync_one(node, self->fd, i * 13, i));
	for (flags = 1; flags <= CARVEOUT_SYNC_FLAGS; flags++) {
		struct carveout_sync_range range = { 4096, 4096 };

		EXPECT_EQ(0, sync_ranges(node, self->fd, &range, 1, flags));
	}
}

TEST_F(sync, range_that_is_not_inside_is_EINVAL)
{
	int node = self->heap.node;

	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, 0, 0));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, 0, SIZE + 1));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, 1, SIZE));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, SIZE, 1));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, SIZE, 0));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, -4096ULL, 8192));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, -1ULL, 1));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, 1, -1ULL));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, 4096, -4096ULL));
	EXPECT_EQ(-EINVAL, sync_one(node, self->fd, 1ULL << 63, 1ULL << 63));
}

TEST_F(sync, many_ranges_in_one_call)
{
	struct carveout_sync_range *range;
	int node = self->heap.node;
	__u32 i;

	range = calloc(CARVEOUT_SYNC_MAX + 1, sizeof(*range));
	ASSERT_NE(NULL, range);
	for (i = 0; i <= CARVEOUT_SYNC_MAX; i++) {
		range[i].offset = i * 61 % SIZE;
		range[i].size = 1 + i % 64;
	}
	EXPECT_EQ(0, sync_ranges(node, self->fd, range, CARVEOUT_SYNC_MAX, 3));
	EXPECT_EQ(-EINVAL, sync_ranges(node, self->fd, range, CARVEOUT_SYNC_MAX + 1, 3));
	EXPECT_EQ(-EINVAL, sync_ranges(node, self->fd, range, ~0U, 3));
	EXPECT_EQ(-EINVAL, sync_ranges(node, self->fd, range, 0, 3));
	EXPECT_EQ(-EINVAL, sync_ranges(node, self->fd, range, 1, 0));
	/* The last range is checked, too. */
	range[CARVEOUT_SYNC_MAX - 1].offset = SIZE;
	EXPECT_EQ(-EINVAL, sync_ranges(node, self->fd, range, CARVEOUT_SYNC_MAX, 3));
	EXPECT_EQ(-EFAULT, sync_ranges(node, self->fd, NULL, 1, 3));
	EXPECT_EQ(-EFAULT, sync_ranges(node, self->fd, (void *)-4096L, 1, 3));
	free(range);
}

TEST_F(sync, descriptor_is_checked)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	EXPECT_EQ(-EBADF, sync_one(self->heap.node, -1, 0, 1));
	EXPECT_EQ(-EBADF, sync_one(self->heap.node, 1000000, 0, 1));
	EXPECT_EQ(-EINVAL, sync_one(self->heap.node, null, 0, 1));
	EXPECT_EQ(-EINVAL, sync_one(self->heap.node, self->heap.node, 0, 1));
	close(null);
}

/* Also with a read-only file descriptor, and on a device node open for reading. */
TEST_F(sync, readers_may)
{
	int reader = open(heap_path(), O_RDONLY | O_CLOEXEC);
	const char *tag = unique_tag("sync.ro");
	int fd, ro;

	fd = alloc_tag(self->heap.node, SIZE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ro = open_tag(reader, tag, O_RDONLY);
	ASSERT_LE(0, ro);
	EXPECT_EQ(0, sync_one(reader, ro, 0, SIZE));
	close(ro);
	close(fd);
	close(reader);
}

struct writer {
	__u32 *mem;
	unsigned int rounds;
};

static int count_up(void *data)
{
	const struct writer *job = data;
	unsigned int i;

	for (i = 0; i < job->rounds; i++)
		__atomic_fetch_add(&job->mem[i % 1024], 1, __ATOMIC_RELAXED);
	return 0;
}

/* No store is lost, whether beside a range or inside of it. */
TEST_F(sync, no_store_is_lost)
{
	struct writer job = { .rounds = 1024 * 500 };
	int node = self->heap.node;
	unsigned int i;
	pid_t pid;

	job.mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)job.mem);
	pid = start_child(count_up, &job);
	ASSERT_LT(0, pid);
	for (i = 0; i < 2000; i++)
		EXPECT_EQ(0, sync_one(node, self->fd, i % 4000, 1 + i % 90));
	EXPECT_EQ(0, wait_child(pid));
	for (i = 0; i < 1024; i++)
		ASSERT_EQ(500, job.mem[i]);
}

TEST_HARNESS_MAIN
