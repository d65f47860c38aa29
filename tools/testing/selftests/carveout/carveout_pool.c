// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: every member of a request, each limit from both sides, with the exact
 * error; ownership of blocks.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "carveout_fixture.h"

static int try_shape(int node, __u64 block_size, __u32 count)
{
	struct carveout_ioctl_pool_create pool = pool_request(block_size, count);

	return try_create_pool(node, &pool);
}

static int try_align(int node, __u64 align)
{
	struct carveout_ioctl_pool_create pool = pool_request(64, 4);

	pool.align = align;
	return try_create_pool(node, &pool);
}

/* === Blocks and their number ============================================= */

/* The least size of a block: 64, or more where devices do not snoop the caches. */
static __u64 least_block(int node)
{
	struct carveout_ioctl_pool_create pool = pool_request(1, 1);

	return try_create_pool(node, &pool) ? 0 : pool.block_size;
}

TEST_F(heap, least_block_is_a_line_of_every_cache)
{
	__u64 least = least_block(self->heap.node);

	EXPECT_LE(64, least);
	EXPECT_GE(PAGE, least);
	EXPECT_EQ(0, least & (least - 1));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, block_size_is_rounded_up_to_the_alignment)
{
	const struct { __u64 asked, align; __u32 count; __u64 given, size; } rows[] = {
		{ 1, 0, 1, 64, PAGE }, { 64, 0, 1, 64, PAGE }, { 65, 0, 1, 128, PAGE },
		{ 64, 1, PAGE / 64, 64, PAGE }, { 64, 32, PAGE / 64 + 1, 64, 2 * PAGE },
		{ 64, 128, PAGE / 64, 128, 2 * PAGE }, { PAGE, 0, 3, PAGE, 3 * PAGE },
		{ PAGE + 1, 0, 2, PAGE + 64, 3 * PAGE }, { 100, PAGE, 5, PAGE, 5 * PAGE },
		{ 100, 16 * PAGE, 2, 16 * PAGE, 32 * PAGE },
	};
	__u64 least = least_block(self->heap.node), given, size;
	struct carveout_ioctl_pool_create pool;
	struct carveout_ioctl_pool_query query;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		/* The rows are those of a least block of 64 bytes. */
		given = (rows[i].given + least - 1) / least * least;
		size = whole_pages(given * rows[i].count);
		if (least == 64)
			EXPECT_EQ(rows[i].size, size) TH_LOG("row %zu", i);
		pool = pool_request(rows[i].asked, rows[i].count);
		pool.align = rows[i].align;
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_CREATE, &pool))
			TH_LOG("row %zu", i);
		EXPECT_EQ(given, pool.block_size) TH_LOG("row %zu", i);
		EXPECT_EQ(size, pool.size) TH_LOG("row %zu", i);
		EXPECT_EQ(rows[i].count, pool.count);
		EXPECT_EQ(CARVEOUT_ALLOC_CREATED, pool.created);
		EXPECT_EQ(self->heap.query.used + size,
			  used_bytes(self->heap.node));
		EXPECT_EQ(0, query_pool(pool.fd, &query));
		EXPECT_EQ(given, query.block_size);
		EXPECT_EQ(size, query.size);
		EXPECT_EQ(rows[i].count, query.blocks);
		EXPECT_EQ(rows[i].count, query.free);
		EXPECT_EQ(0, query.high_water + query.waiters + query.used_file);
		close(pool.fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, no_blocks_or_too_many_is_EINVAL)
{
	const struct { __u64 block_size; __u32 count; int want; } rows[] = {
		{ 0, 1, -EINVAL }, { 64, 0, -EINVAL }, { 0, 0, -EINVAL },
		{ 64, CARVEOUT_POOL_BLOCKS_MAX + 1, -EINVAL }, { 64, ~0U, -EINVAL },
		{ 1ULL << 43, CARVEOUT_POOL_BLOCKS_MAX, -ENOSPC },
		{ (1ULL << 43) + 1, 2, -ENOSPC }, { 1ULL << 63, 1, -ENOSPC },
		/* Sizes that overflow. */
		{ 1ULL << 44, CARVEOUT_POOL_BLOCKS_MAX, -EINVAL },
		{ 1ULL << 63, 2, -EINVAL }, { (1ULL << 44) + 64, 1U << 20, -EINVAL },
		{ -1ULL, 1, -EINVAL }, { -63ULL, 1, -EINVAL }, { -64ULL, 1, -EINVAL },
		{ -PAGE, 1, -ENOSPC }, { -PAGE + 1, 1, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(rows[i].want, try_shape(self->heap.node, rows[i].block_size,
						  rows[i].count))
			TH_LOG("row %zu", i);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, pool_takes_the_largest_hole_and_no_more)
{
	__u64 hole = self->heap.query.largest_hole, least = least_block(self->heap.node);
	__u32 count = hole / least;

	if (count > CARVEOUT_POOL_BLOCKS_MAX)
		count = CARVEOUT_POOL_BLOCKS_MAX;
	EXPECT_EQ(0, try_shape(self->heap.node, hole / count / least * least, count));
	EXPECT_EQ(0, try_shape(self->heap.node, hole, 1));
	EXPECT_EQ(-ENOSPC, try_shape(self->heap.node, hole + 1, 1));
	EXPECT_EQ(-ENOSPC, try_shape(self->heap.node, hole / 2 + PAGE, 2));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, alignment_from_both_sides)
{
	__u64 max = self->heap.query.max_align, align;

	EXPECT_EQ(-EINVAL, try_align(self->heap.node, 3));
	EXPECT_EQ(-EINVAL, try_align(self->heap.node, 96));
	EXPECT_EQ(-EINVAL, try_align(self->heap.node, max + 1));
	EXPECT_EQ(-EINVAL, try_align(self->heap.node, max * 2));
	EXPECT_EQ(-EINVAL, try_align(self->heap.node, 1ULL << 63));
	/* Four blocks, each as large as its alignment. */
	for (align = 1; align <= max / 8; align *= 2)
		EXPECT_EQ(0, try_align(self->heap.node, align)) TH_LOG("%llx", align);
	EXPECT_EQ(-ENOSPC, try_align(self->heap.node, max));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, each_block_is_aligned)
{
	const char *tag = unique_tag("pool.align");
	struct carveout_ioctl_pool_create pool = pool_request(100, 6);
	struct carveout_buffer_info buffer;
	int wall = alloc_buffer(self->heap.node, PAGE);
	int i;

	ASSERT_LE(0, wall);
	pool.align = 4 * PAGE;
	set_name(pool.tag, tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_CREATE, &pool));
	ASSERT_EQ(1, find_listed(self->heap.node, tag, &buffer));
	EXPECT_EQ(0, buffer.phys % (4 * PAGE));
	for (i = 0; i < 6; i++) {
		struct carveout_ioctl_pool_acquire args = { .deadline = NONE };

		ASSERT_EQ(0, xioctl(pool.fd, CARVEOUT_POOL_IOCTL_ACQUIRE, &args));
		EXPECT_EQ(args.index * 4ULL * PAGE, args.offset);
	}
	close(pool.fd);
	close(wall);
	EXPECT_UNCHANGED(&self->heap);
}

/* === The rest of the request ============================================= */

TEST_F(heap, what_an_allocation_refuses_is_refused)
{
	int node = self->heap.node;
	struct carveout_ioctl_pool_create pool;
	__u32 regions = self->heap.query.regions;
	int i;

	for (i = 0; i < 12; i++) {
		pool = pool_request(64, 4);
		switch (i) {
		case 0:
			pool.fd_flags = O_RDONLY | O_CLOEXEC;
			break;
		case 1:
			pool.fd_flags = O_WRONLY | O_CLOEXEC;
			break;
		case 2:
			pool.fd_flags |= O_NONBLOCK;
			break;
		case 3:
			pool.mode = 0600;
			break;
		case 4:
			pool.flags = CARVEOUT_ALLOC_PERSIST;
			break;
		case 5:
			pool.flags = CARVEOUT_ALLOC_OPEN;
			break;
		case 6:
			set_name(pool.tag, "a/b");
			break;
		case 7:
			memset(pool.tag, 'a', sizeof(pool.tag));
			break;
		case 8:
			set_name(pool.label, "a\nb");
			break;
		case 9:
			pool.regions = 1ULL << regions;
			break;
		case 10:
			pool.require = CARVEOUT_ATTR_CACHED;
			pool.forbid = CARVEOUT_ATTR_CACHED;
			break;
		case 11:
			pool.require = 1U << 8;
			break;
		}
		EXPECT_EQ(-EINVAL, try_create_pool(node, &pool)) TH_LOG("case %d", i);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, placed_as_asked)
{
	int node = self->heap.node;
	struct carveout_ioctl_pool_create pool;
	struct carveout_ioctl_region region;
	__u32 i;

	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(node, i, &region));
		pool = pool_request(64, 4);
		pool.regions = 1ULL << i;
		pool.require = region.attrs;
		ASSERT_EQ(0, try_create_pool(node, &pool));
		EXPECT_EQ(i, pool.region);
		EXPECT_EQ(region.attrs, pool.attrs);
		pool = pool_request(64, 4);
		pool.regions = 1ULL << i;
		pool.forbid = region.attrs;
		EXPECT_EQ(-EINVAL, try_create_pool(node, &pool));
		pool = pool_request(64, 4);
		pool.regions = 1ULL << i;
		pool.max_addr = 4096;
		EXPECT_EQ(-ENOSPC, try_create_pool(node, &pool));
	}
	EXPECT_UNCHANGED(&self->heap);
}

static int fd_flags_of(int fd)
{
	return fcntl(fd, F_GETFD);
}

TEST_F(heap, descriptor_is_as_asked)
{
	struct carveout_ioctl_pool_create pool = pool_request(64, 4);
	struct carveout_ioctl_pool_open open = { .fd_flags = O_RDWR };
	const char *tag = unique_tag("pool.fd");
	char byte = 0;

	set_name(pool.tag, tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_CREATE, &pool));
	EXPECT_EQ(FD_CLOEXEC, fd_flags_of(pool.fd));
	set_name(open.tag, tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_OPEN, &open));
	EXPECT_EQ(0, fd_flags_of(open.fd));
	EXPECT_EQ(O_RDWR, fcntl(open.fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(-1, read(open.fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(open.fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	/* Both calls return the same properties. */
	EXPECT_EQ(pool.block_size, open.block_size);
	EXPECT_EQ(pool.size, open.size);
	EXPECT_EQ(pool.offset, open.offset);
	EXPECT_EQ(pool.generation, open.generation);
	EXPECT_EQ(pool.count, open.count);
	EXPECT_EQ(pool.region, open.region);
	EXPECT_EQ(pool.attrs, open.attrs);
	close(open.fd);
	close(pool.fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, no_descriptor_left_leaves_nothing)
{
	struct rlimit limit = { 1, 1 }, was;
	struct carveout_ioctl_pool_create pool = pool_request(64, 4);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &was));
	limit.rlim_max = was.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, try_create_pool(self->heap.node, &pool));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &was));
	EXPECT_UNCHANGED(&self->heap);
}

/* Pools and device nodes have different commands. */
TEST_F(heap, other_commands_are_ENOTTY)
{
	int pool = create_pool(self->heap.node, 64, 4);
	char arg[512] = "";
	unsigned int nr;

	ASSERT_LE(0, pool);
	for (nr = 0; nr < 256; nr++) {
		if (nr >= _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE) &&
		    nr <= _IOC_NR(CARVEOUT_POOL_IOCTL_MOVE_BATCH))
			continue;
		EXPECT_EQ(-ENOTTY, xioctl(pool, _IOC(_IOC_READ | _IOC_WRITE,
						     CARVEOUT_IOC_MAGIC, nr, 256), arg))
			TH_LOG("number %u", nr);
	}
	EXPECT_EQ(-ENOTTY, xioctl(pool, TCGETS, arg));
	EXPECT_EQ(-ENOTTY, acquire_block(self->heap.node, NONE));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Blocks ============================================================== */

TEST_F(heap, each_block_is_had_once)
{
	int pool = create_pool(self->heap.node, 64, 70);
	struct carveout_ioctl_pool_query query;
	bool seen[70] = { false };
	int i, index;

	ASSERT_LE(0, pool);
	for (i = 0; i < 70; i++) {
		index = i % 2 ? acquire_block_nowait(pool) : acquire_block(pool, 0);
		ASSERT_LE(0, index);
		ASSERT_GT(70, index);
		EXPECT_FALSE(seen[index]);
		seen[index] = true;
	}
	EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
	for (i = 0; i < 70; i += 2)
		EXPECT_EQ(0, release_block(pool, i));
	EXPECT_EQ(0, query_pool(pool, &query));
	EXPECT_EQ(35, query.free);
	EXPECT_EQ(70, query.high_water);
	EXPECT_EQ(35, query.used_file);
	for (i = 0; i < 35; i++) {
		index = acquire_block_nowait(pool);
		EXPECT_EQ(0, index % 2);
	}
	EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, only_a_block_in_use_can_be_released)
{
	static const __u32 bad[] = { 4, 5, 64, 0x7fffffff, 0x80000000, ~0U };
	int pool = create_pool(self->heap.node, 64, 4);
	struct carveout_ioctl_pool_query query;
	int index, second;
	size_t i;

	ASSERT_LE(0, pool);
	/* Never acquired. */
	for (i = 0; i < 4; i++)
		EXPECT_EQ(-EINVAL, release_block(pool, i));
	index = acquire_block_nowait(pool);
	second = acquire_block_nowait(pool);
	ASSERT_LE(0, second);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, release_block(pool, bad[i])) TH_LOG("row %zu", i);
	EXPECT_EQ(0, release_block(pool, index));
	EXPECT_EQ(-EINVAL, release_block(pool, index));
	EXPECT_EQ(-EINVAL, release_block(pool, index));
	EXPECT_EQ(0, query_pool(pool, &query));
	EXPECT_EQ(3, query.free);
	EXPECT_EQ(1, query.used_file);
	EXPECT_EQ(0, release_block(pool, second));
	EXPECT_EQ(4, free_blocks(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, deadline_without_waiting_is_EINVAL)
{
	int pool = create_pool(self->heap.node, 64, 1);
	struct carveout_ioctl_pool_acquire args = { .flags = CARVEOUT_POOL_ACQUIRE_NOWAIT };
	int i;

	ASSERT_LE(0, pool);
	for (i = 0; i < 64; i++) {
		args.deadline = 1ULL << i;
		EXPECT_EQ(-EINVAL, xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, &args));
	}
	args.deadline = 0;
	args.ticket = 1;
	EXPECT_EQ(-EINVAL, xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, &args));
	EXPECT_EQ(1, free_blocks(pool));
	/* A free block is returned, even after the deadline. */
	EXPECT_EQ(0, acquire_block(pool, 0));
	EXPECT_EQ(0, release_block(pool, 0));
	EXPECT_EQ(0, acquire_block(pool, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* The caller does not know the block: it is free again. */
TEST_F(heap, reply_that_cannot_be_written_acquires_no_block)
{
	int pool = create_pool(self->heap.node, 64, 2);
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct carveout_ioctl_pool_acquire *args;
	int i;

	ASSERT_LE(0, pool);
	ASSERT_NE(MAP_FAILED, (void *)page);
	ASSERT_EQ(0, mprotect(page + PAGE, PAGE, PROT_READ));
	for (i = 0; i < 8; i++) {
		/* All of the reply, or its end, and both kinds of calls. */
		args = (void *)(page + PAGE - (i & 1 ? 8 : 0));
		if (i & 1)
			args->flags = i & 2 ? CARVEOUT_POOL_ACQUIRE_NOWAIT : 0;
		EXPECT_EQ(-EFAULT, xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, args));
		EXPECT_EQ(2, free_blocks(pool));
	}
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* A block of another file is released only on request, by the owner of the pool. */
TEST_F(heap, block_of_another_file_can_be_released)
{
	const char *tag = unique_tag("pool.other");
	int pool = create_pool_tag(self->heap.node, 64, 3, tag, 0, 0600);
	int other = open_pool(self->heap.node, tag);
	struct carveout_ioctl_pool_query query;
	__u64 serial;

	ASSERT_LE(0, pool);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, acquire_block_nowait(pool));
	EXPECT_EQ(1, acquire_block_nowait(pool));
	EXPECT_EQ(2, acquire_block_nowait(other));
	EXPECT_EQ(0, query_pool(other, &query));
	EXPECT_EQ(1, query.used_file);
	serial = serial_of(pool, 0);
	EXPECT_EQ(-EPERM, release_serial(other, 0, serial, 0));
	EXPECT_EQ(0, free_blocks(other));
	EXPECT_EQ(-EINVAL, release_serial(other, 0, serial + 7, CARVEOUT_POOL_RELEASE_ANY));
	EXPECT_EQ(0, release_serial(other, 0, serial, CARVEOUT_POOL_RELEASE_ANY));
	EXPECT_EQ(-EINVAL, release_serial(other, 0, serial, CARVEOUT_POOL_RELEASE_ANY));
	EXPECT_EQ(-EINVAL, release_block(pool, 0));
	EXPECT_EQ(0, query_pool(pool, &query));
	EXPECT_EQ(1, query.used_file);
	/* Closing a file releases its own blocks only. */
	close(pool);
	EXPECT_EQ(2, free_blocks(other));
	/* The flag permits the release of an own block as well. */
	EXPECT_EQ(0, release_serial(other, 2, serial_of(other, 2), CARVEOUT_POOL_RELEASE_ANY));
	EXPECT_EQ(3, free_blocks(other));
	close(other);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Ownership =========================================================== */

static int sleep_a_little(void *arg)
{
	sleep_us(*(unsigned int *)arg);
	return 0;
}

static bool becomes_free(int pool, int count)
{
	return BECOMES_TRUE(free_blocks(pool) == count);
}

/* The file lives as long as a file descriptor, here or elsewhere, or a mapping. */
TEST_F(heap, blocks_come_back_with_the_file)
{
	const char *tag = unique_tag("pool.file");
	int pool = create_pool_tag(self->heap.node, 64, 8, tag, 0, 0600);
	unsigned int us = 300000;
	int file, copy, pair[2];
	void *mem;
	pid_t pid;

	ASSERT_LE(0, pool);
	file = open_pool(self->heap.node, tag);
	ASSERT_LE(0, acquire_block_nowait(file));
	ASSERT_LE(0, acquire_block_nowait(file));
	copy = dup(file);
	close(file);
	EXPECT_EQ(6, free_blocks(pool)) TH_LOG("dup");

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], copy));
	close(copy);
	EXPECT_EQ(6, free_blocks(pool)) TH_LOG("on its way");
	copy = recv_fd(pair[1]);
	ASSERT_LE(0, copy);
	ASSERT_LE(0, acquire_block_nowait(copy));

	pid = start_child(sleep_a_little, &us);
	ASSERT_LT(0, pid);
	mem = map_buffer(copy, 4096, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	close(copy);
	EXPECT_EQ(5, free_blocks(pool)) TH_LOG("a child, a mapping");
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(5, free_blocks(pool)) TH_LOG("a mapping");
	munmap(mem, 4096);
	EXPECT_TRUE(becomes_free(pool, 8));
	close(pair[0]);
	close(pair[1]);
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Memory ============================================================== */

TEST_F(heap, mapping_shows_the_blocks)
{
	const size_t size = 16 * PAGE;
	int pool = create_pool(self->heap.node, 4 * PAGE, 4);
	unsigned char *mem, *part;
	__u64 serial[4];
	int i;

	ASSERT_LE(0, pool);
	mem = map_buffer(pool, size, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_TRUE(is_filled(mem, size, 0));
	for (i = 0; i < 4; i++) {
		struct carveout_ioctl_pool_acquire args = { .deadline = NONE };

		ASSERT_EQ(0, xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, &args));
		ASSERT_GE(size - 4 * PAGE, args.offset);
		memset(mem + args.offset, args.index + 1, 4 * PAGE);
		serial[args.index] = args.serial;
	}
	part = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, pool, 8 * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_TRUE(is_filled(part, 4 * PAGE, 3));
	/* Blocks are not zeroed between two holders. */
	EXPECT_EQ(0, release_serial(pool, 2, serial[2], 0));
	EXPECT_EQ(2, acquire_block_nowait(pool));
	EXPECT_TRUE(is_filled(part, 4 * PAGE, 3));

	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, PROT_READ, MAP_PRIVATE, pool, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size + 1, PROT_READ, MAP_SHARED, pool, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, pool, size));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, pool,
				   size - PAGE));
	EXPECT_EQ(EINVAL, errno);
	close(pool);
	/* The mapping holds file and buffer. */
	EXPECT_TRUE(is_filled(mem, 4 * PAGE, 1));
	munmap(mem, size);
	munmap(part, 4 * PAGE);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
