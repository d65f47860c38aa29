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

TEST_F(lib, blocks_are_acquired_used_and_released)
{
	const char *tag = unique_tag("lib.pool");
	struct carveout_pool_options options = wish(tag);
	struct carveout_pool_opened opened = CARVEOUT_POOL_OPENED_INIT;
	struct carveout_ioctl_pool_query query;
	struct carveout_pool_block block[COUNT] = { 0 }, any = { 0 };
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
		ASSERT_EQ(0, i % 2 ? carveout_pool_acquire(pool, &block[i]) :
				     carveout_pool_acquire_wait(pool, 0, &block[i]));
		EXPECT_EQ(block[i].index * 1024ULL, block[i].offset);
		memset(carveout_pool_address(memory, &block[i]), i, 1000);
		EXPECT_EQ(0, carveout_pool_sync(pool, &block[i], 0, 1000,
						CARVEOUT_SYNC_FLAGS));
	}
	EXPECT_EQ(-EINVAL, carveout_pool_sync(pool, &any, 0, 1025, CARVEOUT_SYNC_FLAGS));
	EXPECT_EQ(-EAGAIN, carveout_pool_acquire(pool, &any));
	EXPECT_EQ(-ETIMEDOUT, carveout_pool_acquire_wait(pool, 20, &any));
	any = block[3];
	any.index = COUNT;
	EXPECT_EQ(-EINVAL, carveout_pool_release(pool, &any));
	EXPECT_EQ(0, carveout_pool_release(pool, &block[3]));
	EXPECT_EQ(-EINVAL, carveout_pool_release(pool, &block[3]));
	EXPECT_EQ(-EINVAL, carveout_pool_release_any(pool, &block[3]));
	ASSERT_EQ(0, carveout_pool_query(pool, &query));
	EXPECT_EQ(1, query.free);
	EXPECT_EQ(COUNT - 1, query.used_file);
	EXPECT_EQ(0, carveout_pool_acquire_wait(pool, -1, &any));
	EXPECT_EQ(block[3].index, any.index);
	EXPECT_NE(block[3].serial, any.serial);
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

TEST_F(lib, block_is_moved_and_released_for_another)
{
	const char *tag = unique_tag("lib.pool");
	struct carveout_pool_options options = wish(tag);
	struct carveout_ioctl_pool_query query;
	struct carveout_pool_block block = { 0 };
	int pool, other, buffer;
	uint64_t size;

	pool = carveout_pool_create(self->rw, &options, NULL);
	ASSERT_LE(0, pool);
	other = carveout_pool_open(self->rw, tag, O_RDWR | O_CLOEXEC, NULL);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, carveout_pool_query(other, &query));
	ASSERT_EQ(0, carveout_pool_acquire(pool, &block));
	EXPECT_EQ(-ESRCH, carveout_pool_move(pool, &block, query.client + 100));
	EXPECT_EQ(0, carveout_pool_move(pool, &block, query.client));
	EXPECT_EQ(-EPERM, carveout_pool_move(pool, &block, query.client));
	EXPECT_EQ(-EPERM, carveout_pool_release(pool, &block));
	EXPECT_EQ(0, carveout_pool_release(other, &block));
	ASSERT_EQ(0, carveout_pool_acquire(other, &block));
	EXPECT_EQ(0, carveout_pool_release_any(pool, &block));
	buffer = carveout_pool_export(pool, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(0, carveout_size(buffer, &size));
	EXPECT_EQ(whole_pages(8192), size);
	close(buffer);
	close(other);
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, destroyed)
{
	struct carveout_pool_block any = { 0 };
	struct carveout_pool_options options = wish(NULL);
	int pool = carveout_pool_create(self->rw, &options, NULL);
	struct pollfd poll_fd = { .fd = pool, .events = POLLIN };
	uint64_t size;

	ASSERT_LE(0, pool);
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLIN, poll_fd.revents);
	EXPECT_EQ(0, carveout_pool_destroy(pool));
	EXPECT_EQ(-EIDRM, carveout_pool_destroy(pool));
	EXPECT_EQ(-EIDRM, carveout_pool_acquire(pool, &any));
	EXPECT_EQ(-EIDRM, carveout_pool_acquire_wait(pool, -1, &any));
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLHUP | POLLERR, poll_fd.revents);
	/* Functions for buffers do not work on pools, and vice versa. */
	EXPECT_EQ(-ESPIPE, carveout_size(pool, &size));
	EXPECT_EQ(-EINVAL, carveout_resize(self->rw, pool, 4096, O_RDWR, NULL));
	close(pool);
	pool = carveout_alloc(self->rw, 4096);
	ASSERT_LE(0, pool);
	EXPECT_EQ(-ENOTTY, carveout_pool_acquire(pool, &any));
	EXPECT_EQ(-ENOTTY, carveout_pool_release(pool, &any));
	EXPECT_EQ(-EBADF, carveout_pool_acquire(-1, &any));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
