// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of memory with pages as the target of direct I/O, in pipes, and
 * registered with io_uring: the bytes are right, read-only buffers are not
 * written, and memory that I/O still uses is not allocated again.
 */
#include <fcntl.h>
#include <signal.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "carveout_pinner.h"

/* A tagged buffer; page n has pattern n. */
FIXTURE(pin) {
	struct heap heap;
	__u64 regions;
	const char *tag;
	int fd;
	char *mem;
	int pipe[2];
};

FIXTURE_SETUP(pin)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	int region;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	region = find_region(self->heap.node, true);
	if (region < 0)
		SKIP(return, "no region with pages");
	self->regions = 1ULL << region;
	self->tag = unique_tag("pin");
	alloc.regions = self->regions;
	alloc.mode = 0600;
	set_name(alloc.tag, self->tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	self->fd = alloc.fd;
	self->mem = map_numbered(self->fd, PAGES);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
	ASSERT_EQ(0, pipe(self->pipe));
}

FIXTURE_TEARDOWN_PARENT(pin)
{
	HEAP_TEARDOWN(&self->heap);
}

static void let_go(struct _test_data_pin *self)
{
	munmap(self->mem, SIZE);
	close(self->fd);
}

/* This number of buffers and bytes is parked, and nothing else is in use. */
static void expect_parked(struct __test_metadata *_metadata,
			  const struct _test_data_pin *self, int nr, __u64 bytes)
{
	EXPECT_EQ(nr, heap_state("parked"));
	EXPECT_EQ(bytes, (__u64)heap_state("parked_bytes"));
	EXPECT_EQ(self->heap.query.used + bytes, used_bytes(self->heap.node));
}

/* All memory but this much can be allocated and filled, and is zeroed on free. */
static void expect_flooded(struct __test_metadata *_metadata,
			   const struct _test_data_pin *self, __u64 kept)
{
	EXPECT_EQ(self->heap.query.size - self->heap.query.used - kept,
		  (__u64)flood_heap(self->heap.node, 0xa5));
}

/* === Direct I/O ========================================================== */

static int open_disk(void)
{
	return open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
}

TEST_F(pin, direct_write_and_read)
{
	char *copy = aligned_alloc(PAGE, SIZE);
	int disk = open_disk();

	if (disk < 0)
		SKIP(return, "no /dev/ram0");
	ASSERT_EQ(SIZE, pwrite(disk, self->mem, SIZE, 0));
	ASSERT_EQ(SIZE, pread(disk, copy, SIZE, 0));
	EXPECT_TRUE(is_numbered(copy, PAGES));

	fill_pattern(copy, SIZE, 0xd15c);
	ASSERT_EQ(SIZE, pwrite(disk, copy, SIZE, SIZE));
	ASSERT_EQ(SIZE, pread(disk, self->mem, SIZE, SIZE));
	EXPECT_TRUE(has_pattern(self->mem, SIZE, 0xd15c));
	/* From the middle of one page to the middle of another. */
	ASSERT_EQ(2 * PAGE, pread(disk, self->mem + 512, 2 * PAGE, 0));
	EXPECT_TRUE(has_pattern(self->mem, 512, 0xd15c));
	EXPECT_TRUE(has_pattern(self->mem + 512, PAGE, 0));
	EXPECT_TRUE(has_pattern(self->mem + 512 + PAGE, PAGE, 1));
	EXPECT_EQ(0, memcmp(self->mem + 512 + 2 * PAGE, copy + 512 + 2 * PAGE,
			    SIZE - 512 - 2 * PAGE));
	let_go(self);
	EXPECT_EQ(self->heap.query.used, used_bytes(self->heap.node));
	EXPECT_UNCHANGED(&self->heap);
}

/* The page faults of the I/O itself restore the entries. */
TEST_F(pin, direct_io_with_no_entries)
{
	char *copy = aligned_alloc(PAGE, SIZE);
	int disk = open_disk();

	if (disk < 0)
		SKIP(return, "no /dev/ram0");
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	ASSERT_EQ(SIZE, pwrite(disk, self->mem, SIZE, 0));
	ASSERT_EQ(SIZE, pread(disk, copy, SIZE, 0));
	EXPECT_TRUE(is_numbered(copy, PAGES));
	fill_pattern(copy, SIZE, 1);
	ASSERT_EQ(SIZE, pwrite(disk, copy, SIZE, 0));
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	ASSERT_EQ(SIZE, pread(disk, self->mem, SIZE, 0));
	EXPECT_TRUE(has_pattern(self->mem, SIZE, 1));
}

/* === Read-only =========================================================== */

/* Writing through pages is refused; reading gets the bytes. */
TEST_F(pin, read_only_mapping_is_not_written_by_direct_io)
{
	int ro = open_tag(self->heap.node, self->tag, O_RDONLY | O_CLOEXEC);
	char *mem = map_buffer(ro, SIZE, PROT_READ);
	char *copy = aligned_alloc(PAGE, SIZE);
	int disk = open_disk();

	ASSERT_NE(MAP_FAILED, (void *)mem);
	if (disk < 0)
		SKIP(return, "no /dev/ram0");
	ASSERT_EQ(SIZE, pwrite(disk, mem, SIZE, 0));
	ASSERT_EQ(SIZE, pread(disk, copy, SIZE, 0));
	EXPECT_TRUE(is_numbered(copy, PAGES));
	memset(copy, 0xbb, SIZE);
	ASSERT_EQ(SIZE, pwrite(disk, copy, SIZE, 0));
	EXPECT_EQ(-1, pread(disk, mem, SIZE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, madvise(mem, SIZE, MADV_DONTNEED));
	EXPECT_EQ(-1, pread(disk, mem, SIZE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(is_numbered(mem, PAGES));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
}

TEST_F(pin, read_only_stays_so_when_entries_come_back)
{
	int ro = open_tag(self->heap.node, self->tag, O_RDONLY | O_CLOEXEC);
	char *mem = map_buffer(ro, SIZE, PROT_READ);
	struct iovec remote = { mem, 8 }, local = { "intrude", 8 };
	int proc = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_LE(0, proc);
	ASSERT_EQ(0, madvise(mem, SIZE, MADV_DONTNEED));
	EXPECT_EQ(128 + SIGSEGV, run_child(write_at, mem));
	EXPECT_GE(0, pwrite(proc, "intrude", 8, (off_t)(uintptr_t)mem));
	EXPECT_EQ(-1, syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote,
			      1, 0));
	EXPECT_NE(0, madvise(mem, SIZE, MADV_POPULATE_WRITE));
	EXPECT_EQ(-1, mprotect(mem, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_TRUE(is_numbered(mem, PAGES));
	EXPECT_EQ(128 + SIGSEGV, run_child(write_at, mem + PAGE));
	/* A pipe only reads. */
	ASSERT_EQ(PAGE, to_pipe(self->pipe[1], mem + 3 * PAGE, PAGE));
	EXPECT_TRUE(pipe_has(self->pipe[0], 3));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
}

/* === Entries that are removed and restored =============================== */

TEST_F(pin, content_is_there_after_MADV_DONTNEED)
{
	int i;

	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	for (i = 0; i < PAGES; i++)
		fill_pattern(self->mem + i * PAGE, PAGE, 100 + i);
	ASSERT_EQ(0, madvise(self->mem + PAGE, PAGE, MADV_DONTNEED));
	for (i = 0; i < PAGES; i++)
		EXPECT_TRUE(has_pattern(self->mem + i * PAGE, PAGE, 100 + i));
	/* In a part that was split off and moved, at its own offset. */
	ASSERT_EQ(0, munmap(self->mem, 4 * PAGE));
	ASSERT_EQ(0, madvise(self->mem + 4 * PAGE, 12 * PAGE, MADV_DONTNEED));
	EXPECT_TRUE(has_pattern(self->mem + 7 * PAGE, PAGE, 107));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Pipes =============================================================== */

TEST_F(pin, page_in_a_pipe_keeps_the_memory)
{
	char *again;

	ASSERT_EQ(PAGE, to_pipe(self->pipe[1], self->mem + 5 * PAGE, PAGE));
	let_go(self);
	expect_parked(_metadata, self, 1, SIZE);
	EXPECT_EQ(-ENOENT, open_tag(self->heap.node, self->tag, O_RDONLY));
	EXPECT_EQ(0, find_listed(self->heap.node, self->tag, NULL));
	expect_flooded(_metadata, self, SIZE);
	sleep_us(100000);
	expect_parked(_metadata, self, 1, SIZE);
	expect_flooded(_metadata, self, SIZE);
	EXPECT_TRUE(pipe_has(self->pipe[0], 5));
	EXPECT_UNCHANGED(&self->heap);

	/* The next owner sees zeroes only. */
	self->fd = alloc_in(self->heap.node, SIZE, self->regions);
	ASSERT_LE(0, self->fd);
	again = map_buffer(self->fd, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)again);
	EXPECT_TRUE(is_filled(again, SIZE, 0));
}

/* Whichever page is unpinned last. */
TEST_F(pin, every_page_counts)
{
	int round, i;

	let_go(self);
	for (round = 0; round < 2; round++) {
		self->fd = alloc_in(self->heap.node, SIZE, self->regions);
		ASSERT_LE(0, self->fd);
		self->mem = map_numbered(self->fd, PAGES);
		ASSERT_NE(MAP_FAILED, (void *)self->mem);
		for (i = 0; i < 3; i++) {
			int page = (round ? 2 - i : i) * (PAGES - 1) / 2;

			ASSERT_EQ(PAGE, to_pipe(self->pipe[1],
						self->mem + page * PAGE, PAGE));
		}
		let_go(self);
		for (i = 0; i < 3; i++) {
			int page = (round ? 2 - i : i) * (PAGES - 1) / 2;

			expect_parked(_metadata, self, 1, SIZE);
			sleep_us(30000);
			expect_parked(_metadata, self, 1, SIZE);
			EXPECT_TRUE(pipe_has(self->pipe[0], page));
		}
		EXPECT_UNCHANGED(&self->heap);
	}
}

TEST_F(pin, pipe_that_is_closed_unread)
{
	ASSERT_EQ(SIZE, to_pipe(self->pipe[1], self->mem, SIZE));
	let_go(self);
	expect_parked(_metadata, self, 1, SIZE);
	close(self->pipe[0]);
	close(self->pipe[1]);
	EXPECT_UNCHANGED(&self->heap);
}

/* A holder of a pin can multiply it. */
TEST_F(pin, copy_in_another_pipe)
{
	int other[2];

	ASSERT_EQ(0, pipe(other));
	ASSERT_EQ(PAGE, to_pipe(self->pipe[1], self->mem + 9 * PAGE, PAGE));
	let_go(self);
	expect_parked(_metadata, self, 1, SIZE);
	ASSERT_EQ(PAGE, tee(self->pipe[0], other[1], PAGE, 0));
	EXPECT_TRUE(pipe_has(self->pipe[0], 9));
	expect_flooded(_metadata, self, SIZE);
	sleep_us(50000);
	expect_parked(_metadata, self, 1, SIZE);
	EXPECT_TRUE(pipe_has(other[0], 9));
	EXPECT_UNCHANGED(&self->heap);
}

/* Several buffers, unpinned in another order than they were pinned. */
TEST_F_TIMEOUT(pin, several_buffers, 120)
{
	int pipes[4][2], i;
	char *mem;
	int fd;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pipe(pipes[i]));
		fd = alloc_in(self->heap.node, SIZE, self->regions);
		ASSERT_LE(0, fd);
		mem = map_numbered(fd, PAGES);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		ASSERT_EQ(PAGE, to_pipe(pipes[i][1], mem + i * PAGE, PAGE));
		munmap(mem, SIZE);
		close(fd);
	}
	let_go(self);
	expect_parked(_metadata, self, 4, 4 * SIZE);
	for (i = 3; i >= 0; i--) {
		expect_flooded(_metadata, self, (i + 1) * SIZE);
		EXPECT_TRUE(pipe_has(pipes[i][0], i));
		/* The buffer is unparked a little before its memory is free. */
		ASSERT_TRUE(BECOMES_TRUE(used_bytes(self->heap.node) ==
					 self->heap.query.used + i * SIZE));
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* The tag holds the buffer; only buffers held by nothing but I/O are parked. */
TEST_F(pin, persistent_name)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);

	let_go(self);
	alloc.regions = self->regions;
	alloc.flags = CARVEOUT_ALLOC_PERSIST;
	alloc.mode = 0600;
	set_name(alloc.tag, self->tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	self->fd = alloc.fd;
	self->mem = map_numbered(self->fd, PAGES);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
	ASSERT_EQ(PAGE, to_pipe(self->pipe[1], self->mem + PAGE, PAGE));
	let_go(self);
	EXPECT_EQ(0, heap_state("parked"));
	self->fd = open_tag(self->heap.node, self->tag, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	close(self->fd);
	ASSERT_EQ(0, unlink_tag(self->heap.node, self->tag));
	expect_parked(_metadata, self, 1, SIZE);
	EXPECT_EQ(-ENOENT, open_tag(self->heap.node, self->tag, O_RDONLY));
	EXPECT_TRUE(pipe_has(self->pipe[0], 1));
	EXPECT_UNCHANGED(&self->heap);
}

static int splice_and_die(void *arg)
{
	struct _test_data_pin *self = arg;

	if (to_pipe(self->pipe[1], self->mem + 2 * PAGE, PAGE) != PAGE)
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(pin, process_that_is_killed)
{
	pid_t pid = start_child(splice_and_die, self);

	ASSERT_LT(0, pid);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	let_go(self);
	expect_parked(_metadata, self, 1, SIZE);
	expect_flooded(_metadata, self, SIZE);
	EXPECT_TRUE(pipe_has(self->pipe[0], 2));
	EXPECT_UNCHANGED(&self->heap);
}

/* === io_uring ============================================================ */

/**
 * struct ring - The parts of io_uring for one request at a time
 * @fd: the ring
 * @tail: position of the next request
 * @array: indirection of requests
 * @sqes: requests
 */
struct ring {
	int fd;
	__u32 *tail;
	__u32 *array;
	struct io_uring_sqe *sqes;
};

static int ring_begin(struct ring *ring)
{
	struct io_uring_params p;
	char *queue;

	memset(&p, 0, sizeof(p));
	ring->fd = syscall(__NR_io_uring_setup, 4, &p);
	if (ring->fd < 0)
		return -errno;
	queue = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(__u32),
		     PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		     IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, p.sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	if (queue == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	ring->tail = (__u32 *)(queue + p.sq_off.tail);
	ring->array = (__u32 *)(queue + p.sq_off.array);
	return 0;
}

static int ring_register(struct ring *ring, void *mem, size_t size)
{
	struct iovec iov = { mem, size };

	return syscall(__NR_io_uring_register, ring->fd,
		       IORING_REGISTER_BUFFERS, &iov, 1) ? -errno : 0;
}

/* Write a part of registered buffer 0 to a file, at the address that it had. */
static int ring_write(struct ring *ring, int fd, void *addr, __u32 len)
{
	struct io_uring_sqe *sqe = &ring->sqes[0];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_WRITE_FIXED;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = len;
	sqe->off = -1;
	ring->array[*ring->tail & 3] = 0;
	__atomic_store_n(ring->tail, *ring->tail + 1, __ATOMIC_RELEASE);
	return syscall(__NR_io_uring_enter, ring->fd, 1, 1,
		       IORING_ENTER_GETEVENTS, NULL, 0) == 1 ? 0 : -errno;
}

/* Before 6.5 io_uring accepts no file mappings except shared memory. */
TEST_F(pin, buffer_registered_with_io_uring)
{
	struct ring ring;

	if (ring_begin(&ring))
		SKIP(return, "the kernel has no io_uring");
	if (!kernel_at_least(6, 5)) {
		EXPECT_EQ(-EOPNOTSUPP, ring_register(&ring, self->mem, SIZE));
		EXPECT_TRUE(is_numbered(self->mem, PAGES));
		let_go(self);
		EXPECT_UNCHANGED(&self->heap);
		return;
	}
	ASSERT_EQ(0, ring_register(&ring, self->mem, SIZE));
	ASSERT_EQ(0, ring_write(&ring, self->pipe[1], self->mem + PAGE, PAGE));
	EXPECT_TRUE(pipe_has(self->pipe[0], 1));
	let_go(self);
	expect_parked(_metadata, self, 1, SIZE);
	expect_flooded(_metadata, self, SIZE);
	/* The process that registered the buffer can still use it. */
	ASSERT_EQ(0, ring_write(&ring, self->pipe[1], self->mem + 14 * PAGE, PAGE));
	EXPECT_TRUE(pipe_has(self->pipe[0], 14));
	expect_parked(_metadata, self, 1, SIZE);
	ASSERT_EQ(0, syscall(__NR_io_uring_register, ring.fd,
			     IORING_UNREGISTER_BUFFERS, NULL, 0));
	EXPECT_UNCHANGED(&self->heap);
	close(ring.fd);
}

/* Registering implies write access, so a read-only mapping is refused. */
TEST_F(pin, read_only_mapping_is_not_registered_with_io_uring)
{
	int ro = open_tag(self->heap.node, self->tag, O_RDONLY | O_CLOEXEC);
	char *mem = map_buffer(ro, SIZE, PROT_READ);
	struct ring ring;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	if (ring_begin(&ring))
		SKIP(return, "the kernel has no io_uring");
	EXPECT_EQ(-EFAULT, ring_register(&ring, mem, SIZE));
	EXPECT_TRUE(is_numbered(mem, PAGES));
}

/* === The module ========================================================== */

TEST_F(pin, module_stays_while_a_buffer_is_parked)
{
	ASSERT_EQ(PAGE, to_pipe(self->pipe[1], self->mem, PAGE));
	let_go(self);
	close(self->heap.node);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "carveout", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_TRUE(pipe_has(self->pipe[0], 0));
	EXPECT_SNAPSHOT(&self->heap.before);
}

/*
 * A tag alone does not keep the module. But the memory of the buffer returns to
 * its source, so removing the module waits for the I/O.
 */
TEST_F(pin, removing_the_module_waits_for_pages_of_a_persistent_buffer)
{
	__u64 generation;
	char args[1200];
	pid_t pid;

	if (!have_module("carveout"))
		SKIP(return, "carveout.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, module_args(args, sizeof(args)));
	let_go(self);
	ASSERT_EQ(0, leave_page(self->heap.node, self->regions, CARVEOUT_ALLOC_PERSIST, 4,
				self->pipe[1], &generation));
	close(self->heap.node);

	pid = start_child(removes_module, NULL);
	ASSERT_LT(0, pid);
	sleep_us(300000);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(0, access("/sys/module/carveout", F_OK));
	/* Nor does a suspend wait for the I/O. */
	if (can_freeze())
		EXPECT_EQ(0, freeze_all());
	EXPECT_TRUE(pipe_has(self->pipe[0], 4));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_NE(0, access("/sys/module/carveout", F_OK));
	ASSERT_EQ(0, load_module("carveout", args));
	expect_new_heap(_metadata, &self->heap);
}

/* === All at once ========================================================= */

struct torture {
	const struct _test_data_pin *pin;
	__u32 seed;
	unsigned int rounds;
};

/* A page is in a pipe while its buffer and others are allocated and freed. */
static int torturer(void *arg)
{
	struct torture *torture = arg;
	int node = torture->pin->heap.node;
	__u32 random = torture->seed;
	unsigned int round;
	int pipes[2];

	if (pipe(pipes))
		return 1;
	for (round = 0; round < torture->rounds; round++) {
		__u32 seed = next_random(&random), page = seed % PAGES;
		char *mem;
		int fd;

		/* Buffers whose pages were in a pipe are freed a little later. */
		BECOMES_TRUE((fd = alloc_in(node, SIZE, torture->pin->regions)) != -ENOSPC);
		mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
		if (mem == MAP_FAILED)
			return 2;
		if (!is_filled(mem, SIZE, 0))
			return 5;
		memset(mem, 0xee, SIZE);
		fill_pattern(mem + page * PAGE, PAGE, seed);
		if (next_random(&random) & 1)
			madvise(mem, SIZE, MADV_DONTNEED);
		if (to_pipe(pipes[1], mem + page * PAGE, PAGE) != PAGE)
			return 3;
		munmap(mem, SIZE);
		close(fd);
		sleep_us(next_random(&random) % 3000);
		if (!pipe_has(pipes[0], seed))
			return 4;
	}
	return 0;
}

TEST_F_TIMEOUT(pin, several_processes_at_random, 150)
{
	struct torture torture = { self, 0x9151, env_rounds(200) };

	EXPECT_EQ(0, run_seeded(torturer, &torture, &torture.seed, 4));
	let_go(self);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
