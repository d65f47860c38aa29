// SPDX-License-Identifier: GPL-2.0
/*
 * Pools and tags: look-up, permission, destruction.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

/* === Tags ================================================================ */

TEST_F(heap, name_of_a_pool_and_of_a_buffer)
{
	int node = self->heap.node;
	const char *tag = unique_tag("pool.name"), *plain = unique_tag("pool.plain");
	int pool = create_pool_tag(node, PAGE, 4, tag, 0, 0600);
	int buffer = alloc_tag(node, 4 * PAGE, plain, 0, 0600);
	struct carveout_buffer_info entry;
	int fd;

	ASSERT_LE(0, pool);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(1, find_listed(node, tag, &entry));
	EXPECT_EQ(CARVEOUT_BUFFER_POOL, entry.flags & CARVEOUT_BUFFER_POOL);
	EXPECT_EQ(1, find_listed(node, plain, &entry));
	EXPECT_EQ(0, entry.flags & CARVEOUT_BUFFER_POOL);
	EXPECT_EQ(-EINVAL, open_pool(node, plain));
	EXPECT_EQ(-ENOENT, open_pool(node, unique_tag("pool.none")));
	EXPECT_EQ(-EINVAL, open_pool(node, "a/b"));
	EXPECT_EQ(-EEXIST, create_pool_tag(node, PAGE, 4, plain, 0, 0600));
	EXPECT_EQ(-EEXIST, create_pool_tag(node, PAGE, 4, plain, CARVEOUT_ALLOC_OPEN, 0600));
	EXPECT_EQ(-EEXIST, create_pool_tag(node, PAGE, 4, tag, 0, 0600));
	EXPECT_EQ(-EEXIST, alloc_tag(node, PAGE, tag, 0, 0600));
	/* As a buffer it is open for everything but resizing. */
	fd = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, query_buffer(node, fd, &entry));
	EXPECT_EQ(CARVEOUT_BUFFER_POOL, entry.flags & CARVEOUT_BUFFER_POOL);
	EXPECT_EQ(-EINVAL, query_buffer(node, pool, &entry));
	close(fd);
	close(buffer);
	close(pool);
	EXPECT_EQ(-ENOENT, open_pool(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* The file descriptors of the buffer and of the pool map the same bytes. */
TEST_F(heap, pool_is_a_dma_buf_by_its_name)
{
	int node = self->heap.node;
	const char *tag = unique_tag("pool.dmabuf");
	int pool = create_pool_tag(node, PAGE, 4, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	struct carveout_ioctl_resize resize = { .size = PAGE, .fd_flags = O_RDWR };
	unsigned char *mem[2];

	ASSERT_LE(0, pool);
	resize.fd = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, resize.fd);
	mem[0] = map_buffer(pool, 4 * PAGE, PROT_READ | PROT_WRITE);
	mem[1] = map_buffer(resize.fd, 4 * PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem[0]);
	ASSERT_NE(MAP_FAILED, (void *)mem[1]);
	mem[0][PAGE] = 1;
	EXPECT_EQ(1, mem[1][PAGE]);
	munmap(mem[0], 4 * PAGE);
	munmap(mem[1], 4 * PAGE);
	close(pool);
	/* The only file descriptor, but blocks do not move. */
	EXPECT_EQ(-EBUSY, xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize));
	close(resize.fd);
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* The file descriptor of a pool is not one of a buffer. */
TEST_F(heap, pool_descriptor_is_no_buffer)
{
	int node = self->heap.node;
	int pool = create_pool(node, PAGE, 4);
	struct carveout_ioctl_link link = { .fd = pool, .mode = 0600 };
	struct carveout_ioctl_resize resize = {
		.fd = pool, .size = PAGE, .fd_flags = O_RDWR,
	};
	struct carveout_sync_range range = { 0, PAGE };
	struct carveout_ioctl_sync sync = {
		.fd = pool, .flags = CARVEOUT_SYNC_FLAGS,
		.ranges = (uintptr_t)&range, .count = 1,
	};

	ASSERT_LE(0, pool);
	set_name(link.tag, unique_tag("pool.link"));
	EXPECT_EQ(-EINVAL, xioctl(node, CARVEOUT_IOCTL_LINK, &link));
	EXPECT_EQ(-EINVAL, xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize));
	EXPECT_EQ(-EINVAL, xioctl(node, CARVEOUT_IOCTL_SYNC, &sync));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, existing_pool_is_opened_if_it_will_do)
{
	static const struct { __u64 block_size; __u32 count; __u64 align; int want; } rows[] = {
		{ 128, 10, 0, 0 }, { 100, 10, 0, 0 }, { 1, 1, 0, 0 }, { 128, 9, 128, 0 },
		{ 129, 10, 0, -EEXIST }, { 128, 11, 0, -EEXIST }, { 128, 10, 256, -EEXIST },
		{ 0, 10, 0, -EINVAL }, { 128, 0, 0, -EINVAL }, { 128, 10, 3, -EINVAL },
		{ 1ULL << 63, 2, 0, -EINVAL },
	};
	struct carveout_ioctl_pool_create pool = pool_request(128, 10);
	const char *tag = unique_tag("pool.will-do");
	int node = self->heap.node, fd;
	size_t i;

	set_name(pool.tag, tag);
	pool.align = 128;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, &pool));
	fd = pool.fd;
	EXPECT_EQ(0, acquire_block_nowait(fd));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		pool = pool_request(rows[i].block_size, rows[i].count);
		pool.align = rows[i].align;
		pool.flags = CARVEOUT_ALLOC_OPEN;
		set_name(pool.tag, tag);
		EXPECT_EQ(rows[i].want, xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, &pool))
			TH_LOG("row %zu", i);
		if (rows[i].want)
			continue;
		EXPECT_EQ(0, pool.created);
		EXPECT_EQ(128, pool.block_size);
		EXPECT_EQ(10, pool.count);
		EXPECT_EQ(9, free_blocks(pool.fd));
		close(pool.fd);
	}
	pool = pool_request(128, 10);
	set_name(pool.tag, tag);
	pool.flags = CARVEOUT_ALLOC_OPEN | CARVEOUT_ALLOC_PERSIST;
	EXPECT_EQ(-EEXIST, try_create_pool(node, &pool));
	pool.flags = CARVEOUT_ALLOC_OPEN;
	pool.forbid = CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE |
		      CARVEOUT_ATTR_UNCACHED;
	EXPECT_EQ(-EEXIST, try_create_pool(node, &pool));
	close(fd);
	/* A pool that does not exist is made. */
	pool.forbid = 0;
	EXPECT_EQ(0, try_create_pool(node, &pool));
	EXPECT_EQ(CARVEOUT_ALLOC_CREATED, pool.created);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, persistent_pool_outlives_its_users)
{
	int node = self->heap.node;
	const char *tag = unique_tag("pool.persist");
	int pool = create_pool_tag(node, 64, 4, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	struct carveout_ioctl_pool_query query;

	ASSERT_LE(0, pool);
	EXPECT_EQ(0, acquire_block_nowait(pool));
	EXPECT_EQ(1, acquire_block_nowait(pool));
	close(pool);
	pool = open_pool(node, tag);
	ASSERT_LE(0, pool);
	EXPECT_EQ(0, query_pool(pool, &query));
	EXPECT_EQ(4, query.free);
	EXPECT_EQ(2, query.high_water);
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_EQ(-ENOENT, open_pool(node, tag));
	EXPECT_LE(0, acquire_block_nowait(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* A pool whose tag is moved to another buffer remains valid for its holders. */
TEST_F(heap, name_of_a_pool_is_given_to_another)
{
	int node = self->heap.node;
	const char *tag = unique_tag("pool.replace");
	int pool = create_pool_tag(node, 64, 4, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	struct carveout_ioctl_link link = {
		.flags = CARVEOUT_LINK_REPLACE, .mode = 0600,
	};

	ASSERT_LE(0, pool);
	EXPECT_EQ(0, acquire_block_nowait(pool));
	link.fd = alloc_buffer(node, PAGE);
	ASSERT_LE(0, link.fd);
	set_name(link.tag, tag);
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_LINK, &link));
	EXPECT_EQ(-EINVAL, open_pool(node, tag));
	EXPECT_EQ(1, acquire_block_nowait(pool));
	EXPECT_EQ(0, release_block(pool, 0));
	/* Destroying the pool does not remove the tag of the other buffer. */
	EXPECT_EQ(0, destroy_pool(pool));
	EXPECT_EQ(0, try_open(node, tag, O_RDWR));
	close(pool);
	close(link.fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Permission ========================================================== */

struct visitor {
	const char *tag;
	int pool;
	int want;
};

static int visit(void *arg)
{
	const struct visitor *visitor = arg;
	int node, ro, pool;

	node = open(heap_path(), O_RDWR | O_CLOEXEC);
	ro = open(heap_path(), O_RDONLY | O_CLOEXEC);
	if (node < 0 || ro < 0)
		return 8;
	if (become(1003, 1003))
		return 9;
	pool = open_pool(node, visitor->tag);
	if (visitor->want ? pool != visitor->want : pool < 0)
		return 1;
	if (open_pool(ro, visitor->tag) != -EACCES)
		return 4;
	if (create_pool(ro, 64, 1) != -EACCES)
		return 2;
	return destroy_pool(visitor->pool) == -EACCES ? 0 : 3;
}

TEST_F(heap, tag_and_node_have_to_permit_writing)
{
	static const __u32 modes[] = { 0600, 0604, 0602, 0640 };
	struct visitor visitor;
	mode_t umask_was = umask(0);
	size_t i;

	for (i = 0; i <= ARRAY_SIZE(modes); i++) {
		__u32 mode = i < ARRAY_SIZE(modes) ? modes[i] : 0606;

		visitor.tag = unique_tag("pool.perm");
		visitor.want = mode == 0606 ? 0 : -EACCES;
		visitor.pool = create_pool_tag(self->heap.node, 64, 4, visitor.tag,
					       0, mode);
		ASSERT_LE(0, visitor.pool);
		EXPECT_EQ(0, run_child(visit, &visitor)) TH_LOG("mode %o", mode);
		/* The pool was not destroyed. */
		EXPECT_EQ(0, acquire_block_nowait(visitor.pool));
		close(visitor.pool);
	}
	umask(umask_was);
	EXPECT_UNCHANGED(&self->heap);
}

static int own_and_destroy(void *arg)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	int pool;

	if (become(1003, 1003))
		return 9;
	pool = create_pool_tag(node, 64, 4, arg, CARVEOUT_ALLOC_PERSIST, 0600);
	if (pool < 0)
		return 1;
	return destroy_pool(pool) ? 2 : 0;
}

TEST_F(heap, owner_may_destroy)
{
	const char *tag = unique_tag("pool.own");

	EXPECT_EQ(0, run_child(own_and_destroy, (void *)tag));
	EXPECT_EQ(-ENOENT, open_pool(self->heap.node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Destruction ========================================================= */

static short events_of(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLRDNORM };

	return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

TEST_F(heap, readable_while_a_block_is_free)
{
	int pool = create_pool(self->heap.node, 64, 2);

	ASSERT_LE(0, pool);
	EXPECT_EQ(POLLIN | POLLRDNORM, events_of(pool));
	EXPECT_EQ(0, acquire_block_nowait(pool));
	EXPECT_EQ(POLLIN | POLLRDNORM, events_of(pool));
	EXPECT_EQ(1, acquire_block_nowait(pool));
	EXPECT_EQ(0, events_of(pool));
	EXPECT_EQ(0, release_block(pool, 0));
	EXPECT_EQ(POLLIN | POLLRDNORM, events_of(pool));
	EXPECT_EQ(0, destroy_pool(pool));
	EXPECT_EQ(POLLHUP | POLLERR, events_of(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, destroyed_pool_has_no_blocks)
{
	int node = self->heap.node;
	const char *tag = unique_tag("pool.destroy");
	int pool = create_pool_tag(node, 64, 4, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	int other = open_pool(node, tag);
	int next, index;
	char *mem;

	ASSERT_LE(0, pool);
	ASSERT_LE(0, other);
	index = acquire_block_nowait(other);
	ASSERT_LE(0, index);
	EXPECT_EQ(0, destroy_pool(pool));
	EXPECT_EQ(-EIDRM, destroy_pool(pool));
	EXPECT_EQ(-EIDRM, destroy_pool(other));
	EXPECT_EQ(-EIDRM, acquire_block_nowait(pool));
	EXPECT_EQ(-EIDRM, acquire_block(other, NONE));
	EXPECT_EQ(-ENOENT, open_pool(node, tag));
	/* The tag is free, and blocks in use remain usable. */
	next = create_pool_tag(node, 64, 4, tag, 0, 0600);
	EXPECT_LE(0, next);
	mem = map_buffer(other, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	mem[index * 64] = 1;
	EXPECT_EQ(3, free_blocks(other));
	EXPECT_EQ(0, release_block(other, index));
	EXPECT_EQ(-EINVAL, release_block(other, index));
	EXPECT_EQ(4, free_blocks(other));
	EXPECT_EQ(-EIDRM, acquire_block_nowait(pool));
	munmap(mem, PAGE);
	close(next);
	close(other);
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
