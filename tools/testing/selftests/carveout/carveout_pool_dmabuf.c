// SPDX-License-Identifier: GPL-2.0
/*
 * A pool as a buffer, also without a tag: its properties, its dma-buf, LINK of a pool, and
 * cache maintenance by block.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <linux/dma-buf.h>

#include "carveout_fixture.h"

/* A holder that was sent the descriptor learns all that its creator knows. */
TEST_F(heap, query_describes_the_pool)
{
	struct carveout_ioctl_pool_create pool = pool_request(PAGE, 4);
	struct carveout_ioctl_pool_query query;
	struct carveout_buffer_info buffer;
	int pair[2], fd, dmabuf;

	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_CREATE, &pool));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], pool.fd));
	fd = recv_fd(pair[1]);
	ASSERT_LE(0, fd);
	close(pool.fd);
	ASSERT_EQ(0, query_pool(fd, &query));
	EXPECT_EQ(pool.block_size, query.block_size);
	EXPECT_EQ(pool.size, query.size);
	EXPECT_EQ(pool.offset, query.offset);
	EXPECT_EQ(pool.generation, query.generation);
	EXPECT_EQ(pool.count, query.blocks);
	EXPECT_EQ(pool.region, query.region);
	EXPECT_EQ(pool.attrs, query.attrs);
	dmabuf = export_pool(fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, query_buffer(self->heap.node, dmabuf, &buffer));
	EXPECT_EQ(pool.offset, buffer.offset);
	EXPECT_EQ(pool.generation, buffer.generation);
	EXPECT_EQ(CARVEOUT_BUFFER_POOL, buffer.flags & CARVEOUT_BUFFER_POOL);
	EXPECT_EQ((off_t)pool.size, lseek(dmabuf, 0, SEEK_END));
	close(dmabuf);
	close(fd);
	close(pair[0]);
	close(pair[1]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, pool_without_a_tag_is_exported)
{
	int pool = create_pool(self->heap.node, PAGE, 4);
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	unsigned char *mem[2];
	int fd[2], i;

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, acquire_block_nowait(pool));
	fd[0] = export_pool(pool, O_RDONLY);
	fd[1] = export_pool(pool, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	EXPECT_EQ(0, fcntl(fd[0], F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd[1], F_GETFD));
	EXPECT_EQ(MAP_FAILED, map_buffer(fd[0], 4 * PAGE, PROT_READ | PROT_WRITE));
	mem[0] = map_buffer(fd[0], 4 * PAGE, PROT_READ);
	mem[1] = map_buffer(pool, 4 * PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem[0]);
	ASSERT_NE(MAP_FAILED, (void *)mem[1]);
	for (i = 0; i < 2; i++) {
		sync.flags ^= i ? DMA_BUF_SYNC_END : 0;
		EXPECT_EQ(0, xioctl(fd[1], DMA_BUF_IOCTL_SYNC, &sync));
		mem[1][PAGE] = 1 + i;
		EXPECT_EQ(1 + i, mem[0][PAGE]);
	}
	/* The dma-buf holds the memory, but no block. */
	munmap(mem[1], 4 * PAGE);
	close(pool);
	close(fd[1]);
	EXPECT_EQ(2, mem[0][PAGE]);
	munmap(mem[0], 4 * PAGE);
	close(fd[0]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, bad_exports_are_refused)
{
	static const __u32 bad[] = { O_WRONLY, O_RDWR | O_NONBLOCK, O_ACCMODE, 1U << 31 };
	int pool = create_pool(self->heap.node, PAGE, 1);
	struct rlimit limit = { 1, 1 }, was;
	size_t i;

	ASSERT_LE(0, pool);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, export_pool(pool, bad[i])) TH_LOG("row %zu", i);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &was));
	limit.rlim_max = was.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, export_pool(pool, O_RDWR));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &was));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

static int link_pool(int node, int pool, const char *tag, __u32 flags, __u64 *generation)
{
	struct carveout_ioctl_link link = { .flags = flags, .mode = 0600 };
	int err;

	link.fd = export_pool(pool, O_RDWR | O_CLOEXEC);
	if (link.fd < 0)
		return link.fd;
	set_name(link.tag, tag);
	err = xioctl(node, CARVEOUT_IOCTL_LINK, &link);
	close(link.fd);
	*generation = link.generation;
	return err;
}

/* A pool is filled before it gets its tag, and replaces an older one in one step. */
TEST_F(heap, pool_is_linked_over_the_tag_of_a_pool)
{
	int node = self->heap.node, old, new, fd;
	const char *tag = unique_tag("pool.link");
	__u64 generation[2];

	old = create_pool(node, 64, 4);
	new = create_pool(node, 128, 2);
	ASSERT_LE(0, old);
	ASSERT_LE(0, new);
	ASSERT_EQ(0, acquire_block_nowait(old));
	EXPECT_EQ(0, link_pool(node, old, tag, 0, &generation[0]));
	EXPECT_EQ(-EBUSY, link_pool(node, old, unique_tag("pool.link"), 0, &generation[1]));
	EXPECT_EQ(-EEXIST, link_pool(node, new, tag, 0, &generation[1]));
	fd = open_pool(node, tag);
	ASSERT_LE(0, fd);
	EXPECT_EQ(3, free_blocks(fd));
	close(fd);
	EXPECT_EQ(0, link_pool(node, new, tag, CARVEOUT_LINK_REPLACE | CARVEOUT_LINK_PERSIST,
			       &generation[1]));
	EXPECT_LT(generation[0], generation[1]);
	close(new);
	fd = open_pool(node, tag);
	ASSERT_LE(0, fd);
	EXPECT_EQ(2, free_blocks(fd));
	/* The old pool continues without a tag. */
	EXPECT_EQ(3, free_blocks(old));
	EXPECT_EQ(0, release_block(old, 0));
	close(old);
	close(fd);
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Caches =============================================================== */

static int sync_block(int pool, __u32 index, __u64 offset, __u64 size, __u32 flags)
{
	struct carveout_ioctl_pool_sync sync = {
		.index = index, .flags = flags, .offset = offset, .size = size,
	};

	return xioctl(pool, CARVEOUT_POOL_IOCTL_SYNC, &sync);
}

/* Each limit from both sides, in each kind of memory. */
TEST_F(heap, block_is_synced)
{
	const __u64 size = 2 * PAGE;
	struct carveout_ioctl_pool_create pool;
	unsigned char *mem;
	__u32 i;

	for (i = 0; i < self->heap.query.regions; i++) {
		pool = pool_request(size, 3);
		pool.regions = 1ULL << i;
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_CREATE, &pool));
		mem = map_buffer(pool.fd, pool.size, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		fill_pattern(mem, pool.size, i);
		EXPECT_EQ(0, sync_block(pool.fd, 0, 0, size, CARVEOUT_SYNC_FOR_DEVICE));
		EXPECT_EQ(0, sync_block(pool.fd, 2, 0, size, CARVEOUT_SYNC_FOR_CPU));
		EXPECT_EQ(0, sync_block(pool.fd, 1, size - 1, 1, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(0, sync_block(pool.fd, 1, 100, 200, CARVEOUT_SYNC_FLAGS));
		EXPECT_TRUE(has_pattern(mem, pool.size, i));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 3, 0, 1, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, ~0U, 0, 1, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 0, 0, 0, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 0, 0, size + 1, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 0, size, 1, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 0, 1, -1ULL, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 0, -1ULL, 2, CARVEOUT_SYNC_FLAGS));
		EXPECT_EQ(-EINVAL, sync_block(pool.fd, 0, 0, size, 0));
		munmap(mem, pool.size);
		close(pool.fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
