// SPDX-License-Identifier: GPL-2.0
/*
 * The device is unbound while it is in use: unbinding and binding the driver,
 * and removing the module, which must fail.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "carveout_fixture.h"

#define SIZE	(64 * KIB)

FIXTURE(unbind) {
	struct heap heap;
	struct binding binding;
};

FIXTURE_SETUP(unbind)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (find_binding(self->heap.node, &self->binding))
		SKIP(return, "this heap belongs to no device");
	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
}

FIXTURE_TEARDOWN_PARENT(unbind)
{
	if (access(heap_path(), F_OK))
		EXPECT_EQ(0, bind_soon(&self->binding));
	HEAP_TEARDOWN(&self->heap);
}

/* === Unbinding =========================================================== */

/* Every command fails permanently, because the device is unbound. */
static void expect_gone(struct __test_metadata *_metadata, int node)
{
	static const unsigned long cmds[] = {
		CARVEOUT_IOCTL_QUERY, CARVEOUT_IOCTL_REGION,
		CARVEOUT_IOCTL_ALLOC, CARVEOUT_IOCTL_OPEN,
		CARVEOUT_IOCTL_UNLINK, CARVEOUT_IOCTL_LIST,
		CARVEOUT_IOCTL_SPANS, CARVEOUT_IOCTL_INFO,
		CARVEOUT_IOCTL_LINK, CARVEOUT_IOCTL_SETATTR,
		CARVEOUT_IOCTL_SYNC, CARVEOUT_IOCTL_RESIZE,
		CARVEOUT_IOCTL_POOL_CREATE, CARVEOUT_IOCTL_POOL_OPEN,
		CARVEOUT_IOCTL_TYPED, CARVEOUT_IOCTL_TYPED_INFO,
	};
	char arg[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		memset(arg, 0, sizeof(arg));
		EXPECT_EQ(-ENODEV, xioctl(node, cmds[i], arg))
			TH_LOG("command %zu", i);
	}
	EXPECT_EQ(-ENODEV, alloc_buffer(node, 4096));
	EXPECT_EQ(-ENODEV, open_tag(node, "unbind", O_RDWR));
}

TEST_F(unbind, open_node_says_ENODEV)
{
	int node;

	ASSERT_EQ(0, unbind(&self->binding));
	expect_gone(_metadata, self->heap.node);
	EXPECT_EQ(-1, access(heap_path(), F_OK));
	EXPECT_EQ(-ENODEV, unbind(&self->binding));

	/* The old heap lives as long as a file of its device node. */
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	expect_gone(_metadata, self->heap.node);
	close(self->heap.node);
	ASSERT_EQ(0, bind_soon(&self->binding));
	node = open_node();
	ASSERT_LE(0, node);
	EXPECT_EQ(0, used_bytes(node));
	close(node);
}

TEST_F(unbind, mapping_lives_on_and_its_memory_is_not_handed_out)
{
	int fd = alloc_buffer(self->heap.node, SIZE);
	char *mem, *again;
	int node;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 1);
	close(fd);
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_TRUE(has_pattern(mem, SIZE, 1));
	fill_pattern(mem, SIZE, 2);
	EXPECT_TRUE(has_pattern(mem, SIZE, 2));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_TRUE(has_pattern(mem, SIZE, 2));
	munmap(mem, SIZE);

	ASSERT_EQ(0, bind_soon(&self->binding));
	node = open_node();
	ASSERT_LE(0, node);
	fd = alloc_buffer(node, self->heap.query.largest_hole);
	ASSERT_LE(0, fd);
	again = map_buffer(fd, self->heap.query.largest_hole, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)again);
	EXPECT_TRUE(is_filled(again, self->heap.query.largest_hole, 0));
}

/* Its mapping lives on, and the open file allocates no more. */
TEST_F(unbind, typed_memory_lives_on)
{
	int node = open_typed(0, CARVEOUT_TYPED_ALLOCATE), place = open_typed(0, 0);
	char *mem = map_buffer(node, SIZE, PROT_READ | PROT_WRITE);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 4);
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(MAP_FAILED, map_buffer(node, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(MAP_FAILED, map_buffer(place, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(ENODEV, errno);
	close(self->heap.node);
	close(place);
	close(node);
	EXPECT_TRUE(has_pattern(mem, SIZE, 4));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	munmap(mem, SIZE);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

TEST_F(unbind, descriptor_lives_on)
{
	struct carveout_sync_range range = { .size = SIZE };
	struct carveout_ioctl_sync parts = {
		.flags = CARVEOUT_SYNC_FLAGS,
		.ranges = (uintptr_t)&range,
		.count = 1,
	};
	int holder = open("/dev/carveout-dmabuf", O_RDONLY | O_CLOEXEC);
	struct dma_buf_sync sync = { DMA_BUF_SYNC_RW };
	struct carveout_buffer_info buffer;
	int fd = alloc_buffer(self->heap.node, SIZE);
	char *mem;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	close(self->heap.node);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 3);
	EXPECT_EQ(0, xioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
	/* The dma-buf keeps its buffer, for the holders' node as well. */
	parts.fd = fd;
	EXPECT_EQ(0, xioctl(holder, CARVEOUT_IOCTL_SYNC, &parts));
	EXPECT_EQ(0, query_buffer(holder, fd, &buffer));
	EXPECT_EQ(SIZE, buffer.size);
	EXPECT_TRUE(has_pattern(mem, SIZE, 3));
	munmap(mem, SIZE);
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	close(fd);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

static int wait_for_name(void *data)
{
	struct carveout_ioctl_open open = {
		.flags = CARVEOUT_OPEN_WAIT,
		.fd_flags = O_RDWR,
		.deadline = CARVEOUT_DEADLINE_NONE,
	};

	set_name(open.tag, "unbind.wait");
	return xioctl(*(int *)data, CARVEOUT_IOCTL_OPEN, &open) == -ENODEV ? 0 : 1;
}

static int wait_for_event(void *data)
{
	struct pollfd poll_fd = { .fd = *(int *)data, .events = POLLIN };

	return poll(&poll_fd, 1, 60000) == 1 &&
	       poll_fd.revents == (POLLHUP | POLLERR) ? 0 : 1;
}

/* The waiters fail. */
TEST_F(unbind, waiters_are_woken)
{
	struct pollfd poll_fd = { .fd = self->heap.node, .events = POLLIN };
	pid_t pid[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pid); i++) {
		pid[i] = start_child(i % 2 ? wait_for_event : wait_for_name,
				     &self->heap.node);
		ASSERT_LT(0, pid[i]);
		EXPECT_TRUE(sleeps(pid[i]));
	}
	ASSERT_EQ(0, unbind(&self->binding));
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		EXPECT_EQ(0, wait_child(pid[i])) TH_LOG("waiter %zu", i);
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLHUP | POLLERR, poll_fd.revents);
	close(self->heap.node);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

static int wait_for_block(void *data)
{
	return acquire_block(*(int *)data, CARVEOUT_DEADLINE_NONE) == -ENODEV ? 0 : 1;
}

TEST_F(unbind, pool_has_no_more_blocks)
{
	int pool = create_pool_tag(self->heap.node, SIZE, 1, "unbind.pool",
				   CARVEOUT_ALLOC_PERSIST, 0600);
	struct carveout_ioctl_pool_query query;
	struct carveout_pool_ref ref;
	__u64 serial, client;
	pid_t pid[4];
	char *mem;
	int i;

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, acquire_block_nowait(pool));
	serial = serial_of(pool, 0);
	client = client_of(pool);
	mem = map_buffer(pool, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (i = 0; i < 4; i++) {
		pid[i] = start_child(i % 2 ? wait_for_event : wait_for_block, &pool);
		ASSERT_LT(0, pid[i]);
		EXPECT_TRUE(sleeps(pid[i]));
	}
	ASSERT_TRUE(has_waiters(pool, 2));
	ASSERT_EQ(0, unbind(&self->binding));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i])) TH_LOG("waiter %d", i);
	EXPECT_EQ(-ENODEV, acquire_block_nowait(pool));
	EXPECT_EQ(-ENODEV, acquire_block(pool, CARVEOUT_DEADLINE_NONE));
	EXPECT_EQ(-ENODEV, acquire_batch(pool, &ref, 1));
	EXPECT_EQ(-ENODEV, release_block(pool, 0));
	EXPECT_EQ(-ENODEV, move_block(pool, 0, &serial, client));
	EXPECT_EQ(-ENODEV, export_pool(pool, O_RDWR));
	EXPECT_EQ(-ENODEV, query_pool(pool, &query));
	EXPECT_EQ(-ENODEV, destroy_pool(pool));
	/* Existing mappings, and new ones, work as before. */
	fill_pattern(mem, SIZE, 8);
	munmap(mem, SIZE);
	mem = map_buffer(pool, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	close(self->heap.node);
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	close(pool);
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_TRUE(has_pattern(mem, SIZE, 8));
	munmap(mem, SIZE);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

/* Page 0 of a new buffer in a region with pages, in a pipe and nowhere else. */
static int page_in_pipe(int node, __u64 regions, int pipes[2])
{
	int fd = alloc_in(node, SIZE, regions);
	struct iovec iov = { NULL, PAGE };
	int err = 0;

	if (fd < 0)
		return fd;
	iov.iov_base = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	if (iov.iov_base == MAP_FAILED || pipe(pipes))
		return -errno;
	fill_pattern(iov.iov_base, SIZE, 7);
	if (vmsplice(pipes[1], &iov, 1, 0) != PAGE)
		err = -errno;
	munmap(iov.iov_base, SIZE);
	close(fd);
	return err;
}

/* Only I/O holds the buffer, which is enough. */
TEST_F(unbind, page_in_a_pipe_keeps_the_memory_claimed)
{
	int region = find_region(self->heap.node, true);
	char page[PAGE_MAX];
	int pipes[2];

	if (region < 0)
		SKIP(return, "no region with pages");
	ASSERT_EQ(0, page_in_pipe(self->heap.node, 1ULL << region, pipes));
	EXPECT_EQ(1, heap_state("parked"));
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_EQ(-EAGAIN, remove_module());
	sleep_us(100000);
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_EQ(PAGE, read(pipes[0], page, PAGE));
	EXPECT_TRUE(has_pattern(page, PAGE, 7));
	EXPECT_EQ(0, bind_soon(&self->binding));
}

/* A persistent buffer without open files is freed with the device. */
TEST_F(unbind, persistent_tag_ends_with_the_device)
{
	int node, fd = alloc_tag(self->heap.node, SIZE, "unbind.persist",
				 CARVEOUT_ALLOC_PERSIST, 0600);

	ASSERT_LE(0, fd);
	close(fd);
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
	ASSERT_EQ(0, bind_soon(&self->binding));
	node = open_node();
	ASSERT_LE(0, node);
	EXPECT_EQ(-ENOENT, open_tag(node, "unbind.persist", O_RDONLY));
	EXPECT_EQ(0, used_bytes(node));
	close(node);
}

TEST_F(unbind, persistent_tag_in_use)
{
	int fd = alloc_tag(self->heap.node, SIZE, "unbind.used",
			   CARVEOUT_ALLOC_PERSIST, 0600);

	ASSERT_LE(0, fd);
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	close(fd);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

/* Unbind with a file of the heap in debugfs or sysfs open: it fails from then on. */
static void unbind_with_file(struct __test_metadata *_metadata,
			     struct _test_data_unbind *self, const char *path, int flags)
{
	char text[64];
	int fd = open(path, flags | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_LT(0, pread(fd, text, sizeof(text), 0));
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(-1, pread(fd, text, sizeof(text), 0));
	if (flags == O_RDWR) {
		EXPECT_EQ(ENODEV, errno);
		EXPECT_EQ(-1, pwrite(fd, "4096", 4, 0));
		EXPECT_EQ(ENODEV, errno);
	}
	close(self->heap.node);
	EXPECT_EQ(-1, pread(fd, text, sizeof(text), 0));
	close(fd);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

TEST_F(unbind, debugfs_file_held_open)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/carveout/%s/state",
		 heap_name());
	unbind_with_file(_metadata, self, path, O_RDONLY);
}

TEST_F(unbind, sysfs_file_held_open)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/carveout/%s/quota_user",
		 heap_name());
	unbind_with_file(_metadata, self, path, O_RDWR);
}

TEST_F(unbind, sysfs_file_of_a_region_held_open)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/carveout/%s/regions/0/used",
		 heap_name());
	unbind_with_file(_metadata, self, path, O_RDONLY);
}

/* A call that waits for its argument does not block unbinding. */
TEST_F(unbind, argument_on_a_page_that_does_not_come)
{
	union { struct carveout_ioctl_alloc alloc; char page[PAGE_MAX]; } from = {};
	struct stall stall = { self->heap.node, CARVEOUT_IOCTL_ALLOC, NULL, 1 };
	struct pollfd poller = { .events = POLLIN };
	pthread_t thread;
	char *page;
	int uffd = missing_page(&page);

	if (uffd < 0)
		SKIP(return, "the kernel has no userfaultfd");
	stall.arg = page;
	from.alloc = alloc_request(SIZE);
	ASSERT_EQ(0, pthread_create(&thread, NULL, stalled_call, &stall));
	poller.fd = uffd;
	ASSERT_EQ(1, poll(&poller, 1, 20000));
	ASSERT_EQ(0, unbind(&self->binding));
	ASSERT_EQ(0, fill_page(uffd, page, &from));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-ENODEV, stall.result);
	close(uffd);
	close(self->heap.node);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

TEST_F_TIMEOUT(unbind, many_times, 120)
{
	unsigned int round, rounds = env_rounds(15);
	int node, fd;

	close(self->heap.node);
	for (round = 0; round < rounds; round++) {
		node = open_node();
		ASSERT_LE(0, node);
		fd = alloc_buffer(node, SIZE);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, unbind(&self->binding));
		close(round & 1 ? fd : node);
		close(round & 1 ? node : fd);
		ASSERT_EQ(0, bind_soon(&self->binding));
	}
	EXPECT_SNAPSHOT(&self->heap.before);
}

/* === Unbinding under load ================================================ */

/* Acquire the block, move it there and back, and release it, by batches. */
static int use_batch(int pool)
{
	struct carveout_pool_ref ref;
	int done = acquire_batch(pool, &ref, 1);

	if (done == -EAGAIN)
		return 0;
	if (done == 1)
		done = move_batch(pool, &ref, 1, client_of(pool));
	if (done == 1)
		done = release_batch(pool, &ref, 1);
	/* The query of the client failed. */
	return done == 1 ? 0 : done == -ESRCH ? -ENODEV : done;
}

/* Move a block there and back, maintain its caches, open the pool as a buffer. */
static int use_block(int pool, int index)
{
	struct carveout_ioctl_pool_sync sync = {
		.index = index, .flags = CARVEOUT_SYNC_FLAGS, .size = 64,
	};
	__u64 serial = serial_of(pool, index);
	int fd, err;

	err = move_block(pool, index, &serial, client_of(pool));
	/* The query of the client failed. */
	if (err == -ESRCH)
		return -ENODEV;
	err = err ?: xioctl(pool, CARVEOUT_POOL_IOCTL_SYNC, &sync);
	fd = err ?: export_pool(pool, O_RDWR);
	if (fd < 0)
		return fd;
	close(fd);
	return release_serial(pool, index, serial, 0) ?: use_batch(pool);
}

/* Acquire, use and release the only block of a shared pool. Return 0 on success. */
static int use_pool(int node)
{
	int pool = create_pool_tag(node, 64, 1, "unbind.blocks", CARVEOUT_ALLOC_OPEN,
				   0600);
	int index, err = 0;

	if (pool < 0)
		return pool == -ENODEV || pool == -ENOSPC ? 0 : pool;
	index = acquire_block(pool, now_ns() + MS);
	if (index >= 0)
		err = use_block(pool, index);
	else if (index != -ETIMEDOUT)
		err = index;
	close(pool);
	return err == -ENODEV ? 0 : err;
}

/* Map typed memory, with and without a place; the heap may be removed at any moment. */
static int use_typed(__u32 seed)
{
	int node = open_typed(0, seed & 1 ? CARVEOUT_TYPED_ALLOCATE : 0);
	char *mem;
	int err;

	if (node < 0)
		return node != -ENODEV && node != -ENOENT && node != -ENXIO;
	mem = map_buffer(node, SIZE, PROT_READ | PROT_WRITE);
	err = errno;
	close(node);
	if (mem == MAP_FAILED)
		return err != ENODEV && err != ENOMEM && err != EBUSY;
	fill_pattern(mem, SIZE, seed);
	return munmap(mem, SIZE);
}

/* Use the heap as long as it exists. No other user changes the bytes of a buffer. */
static int user(void *arg)
{
	__u32 seed = *(__u32 *)arg, random = seed;
	char *mem;
	int node, fd;

	for (;;) {
		node = open(heap_path(), O_RDWR | O_CLOEXEC);
		if (node < 0) {
			if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
				return 1;
			sleep_us(500);
			continue;
		}
		fd = alloc_tag(node, SIZE, "unbind.load", CARVEOUT_ALLOC_OPEN,
			       0600);
		if (fd >= 0)
			close(fd);
		if (use_pool(node))
			return 6;
		if (use_typed(seed))
			return 7;
		fd = alloc_buffer(node, SIZE);
		if (fd < 0 && fd != -ENODEV && fd != -ENOSPC)
			return 2;
		close(node);
		if (fd < 0)
			continue;
		mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
		close(fd);
		if (mem == MAP_FAILED)
			return 3;
		if (!is_filled(mem, SIZE, 0))
			return 4;
		fill_pattern(mem, SIZE, seed);
		sleep_us(next_random(&random) % 2000);
		if (!has_pattern(mem, SIZE, seed))
			return 5;
		munmap(mem, SIZE);
	}
	return 0;
}

TEST_F_TIMEOUT(unbind, under_load, 150)
{
	unsigned int round, rounds = env_rounds(20), bound = 0;
	__u32 seed[4], random = 0xb1d;
	pid_t pid[4];
	int i, err;

	close(self->heap.node);
	for (i = 0; i < 4; i++) {
		seed[i] = 0x1000 * (i + 1);
		pid[i] = start_child(user, &seed[i]);
		ASSERT_LT(0, pid[i]);
	}
	for (round = 0; round < rounds; round++) {
		sleep_us(next_random(&random) % 10000);
		err = unbind(&self->binding);
		EXPECT_TRUE(!err || err == -ENODEV) TH_LOG("unbind: %d", err);
		sleep_us(next_random(&random) % 5000);
		err = bind_soon(&self->binding);
		EXPECT_TRUE(!err || err == -EBUSY) TH_LOG("bind: %d", err);
		bound += !err;
	}
	/* The test is useless if the device was never bound again. */
	EXPECT_LT(0, bound);
	for (i = 0; i < 4; i++) {
		kill(pid[i], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[i]));
	}
	err = bind_soon(&self->binding);
	EXPECT_TRUE(!err || err == -EBUSY || err == -ENODEV);
}

/* === Removing the module ================================================= */

TEST_F(heap, module_stays_while_the_node_is_open)
{
	EXPECT_EQ(-EAGAIN, remove_module());
	EXPECT_EQ(0, query_heap(self->heap.node, &self->heap.query));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, module_stays_while_the_node_of_holders_is_open)
{
	int holder = open("/dev/carveout-dmabuf", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, holder);
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	EXPECT_EQ(0, access("/dev/carveout-dmabuf", F_OK));
	close(holder);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_F(heap, module_stays_while_a_descriptor_is_open)
{
	int fd = alloc_buffer(self->heap.node, SIZE);

	ASSERT_LE(0, fd);
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	EXPECT_EQ(0, access(heap_path(), F_OK));
	close(fd);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_F(heap, module_stays_while_typed_memory_is_mapped)
{
	int node = open_typed(0, CARVEOUT_TYPED_ALLOCATE);
	char *mem = map_buffer(node, SIZE, PROT_READ);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	close(node);
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	munmap(mem, SIZE);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_F(heap, module_stays_while_a_buffer_is_mapped)
{
	int fd = alloc_buffer(self->heap.node, SIZE);
	char *mem;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	close(fd);
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	fill_pattern(mem, SIZE, 5);
	EXPECT_TRUE(has_pattern(mem, SIZE, 5));
	munmap(mem, SIZE);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_F(heap, module_stays_while_a_pool_is_open)
{
	int pool = create_pool(self->heap.node, 64, 1);

	ASSERT_LE(0, pool);
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	EXPECT_EQ(0, acquire_block_nowait(pool));
	close(pool);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_F(heap, module_stays_while_a_descriptor_is_in_flight)
{
	int pair[2], fd = alloc_buffer(self->heap.node, SIZE);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], fd));
	close(fd);
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	close(pair[0]);
	close(pair[1]);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_F(unbind, module_stays_while_a_buffer_of_a_lost_device_is_mapped)
{
	int fd = alloc_buffer(self->heap.node, SIZE);
	char *mem;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	close(fd);
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(-EAGAIN, remove_module());
	fill_pattern(mem, SIZE, 6);
	EXPECT_TRUE(has_pattern(mem, SIZE, 6));
	munmap(mem, SIZE);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

TEST_HARNESS_MAIN
