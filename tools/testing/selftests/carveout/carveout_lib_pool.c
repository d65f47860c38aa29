// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of libcarveout on a real heap.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

#include "carveout_lib_fixture.h"

#define COUNT	5

static struct carveout_pool_options wish(const char *tag)
{
	struct carveout_pool_options options = CARVEOUT_POOL_OPTIONS_INIT;

	options.tag = tag;
	options.block_size = 1000;
	options.count = COUNT;
	return options;
}

TEST_F(lib, blocks_are_taken_used_and_given_back)
{
	const char *tag = unique_tag("lib.pool");
	struct carveout_pool_options options = wish(tag);
	struct carveout_pool_opened opened = CARVEOUT_POOL_OPENED_INIT;
	struct carveout_ioctl_pool_query query;
	uint64_t offset;
	void *memory;
	int pool, i;

	pool = carveout_pool_create(self->rw, &options, &opened);
	ASSERT_LE(0, pool);
	EXPECT_EQ(1024, opened.block_size);
	EXPECT_EQ(COUNT, opened.count);
	EXPECT_EQ(whole_pages(8192), opened.size);
	EXPECT_EQ(1, opened.created);
	ASSERT_EQ(0, carveout_map(pool, 0, opened.size, PROT_READ | PROT_WRITE, &memory));
	for (i = 0; i < COUNT; i++) {
		int index = i % 2 ? carveout_pool_acquire(pool, &offset) :
				    carveout_pool_acquire_wait(pool, 0, &offset);

		ASSERT_LE(0, index);
		EXPECT_EQ(index * 1024ULL, offset);
		memset((char *)memory + offset, index, 1000);
	}
	EXPECT_EQ(-EAGAIN, carveout_pool_acquire(pool, NULL));
	EXPECT_EQ(-ETIMEDOUT, carveout_pool_acquire_wait(pool, 20, NULL));
	EXPECT_EQ(-EINVAL, carveout_pool_release(pool, COUNT));
	EXPECT_EQ(0, carveout_pool_release(pool, 3));
	EXPECT_EQ(-EINVAL, carveout_pool_release(pool, 3));
	ASSERT_EQ(0, carveout_pool_query(pool, &query));
	EXPECT_EQ(1, query.free);
	EXPECT_EQ(COUNT - 1, query.used_file);
	EXPECT_EQ(3, carveout_pool_acquire_wait(pool, -1, NULL));
	EXPECT_EQ(0, carveout_unmap(memory, opened.size));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, opened_by_its_tag)
{
	const char *tag = unique_tag("lib.pool");
	struct carveout_pool_options options = wish(tag);
	struct carveout_pool_opened opened = CARVEOUT_POOL_OPENED_INIT;
	int pool, other;

	EXPECT_EQ(-ENOENT, carveout_pool_open(self->rw, tag, O_RDWR, NULL));
	EXPECT_EQ(-ETIMEDOUT, carveout_pool_open_wait(self->rw, tag, O_RDWR, 20, NULL));
	pool = carveout_pool_create(self->rw, &options, NULL);
	ASSERT_LE(0, pool);
	EXPECT_EQ(-EEXIST, carveout_pool_create(self->rw, &options, NULL));
	EXPECT_EQ(-EACCES, carveout_pool_create(self->ro, &options, NULL));
	EXPECT_EQ(-EACCES, carveout_pool_open(self->ro, tag, O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, carveout_pool_open(self->rw, tag, O_RDONLY, NULL));
	other = carveout_pool_open(self->rw, tag, O_RDWR | O_CLOEXEC, &opened);
	ASSERT_LE(0, other);
	EXPECT_EQ(1024, opened.block_size);
	EXPECT_EQ(COUNT, opened.count);
	EXPECT_EQ(0, opened.created);
	close(other);
	other = carveout_pool_open_wait(self->rw, tag, O_RDWR | O_CLOEXEC, 0, NULL);
	ASSERT_LE(0, other);
	close(other);
	options.flags = CARVEOUT_ALLOC_OPEN;
	other = carveout_pool_create(self->rw, &options, &opened);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, opened.created);
	close(other);
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, destroyed)
{
	struct carveout_pool_options options = wish(NULL);
	int pool = carveout_pool_create(self->rw, &options, NULL);
	struct pollfd poll_fd = { .fd = pool, .events = POLLIN };
	uint64_t size;

	ASSERT_LE(0, pool);
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLIN, poll_fd.revents);
	EXPECT_EQ(0, carveout_pool_destroy(pool));
	EXPECT_EQ(-EIDRM, carveout_pool_destroy(pool));
	EXPECT_EQ(-EIDRM, carveout_pool_acquire(pool, NULL));
	EXPECT_EQ(-EIDRM, carveout_pool_acquire_wait(pool, -1, NULL));
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLHUP | POLLERR, poll_fd.revents);
	/* Functions for buffers do not work on pools, and vice versa. */
	EXPECT_EQ(-ESPIPE, carveout_size(pool, &size));
	EXPECT_EQ(-EINVAL, carveout_resize(self->rw, pool, 4096, O_RDWR, NULL));
	close(pool);
	pool = carveout_alloc(self->rw, 4096);
	ASSERT_LE(0, pool);
	EXPECT_EQ(-ENOTTY, carveout_pool_acquire(pool, NULL));
	EXPECT_EQ(-ENOTTY, carveout_pool_release(pool, 0));
	EXPECT_EQ(-EBADF, carveout_pool_acquire(-1, NULL));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
