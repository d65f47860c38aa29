// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of buffers: bounds, contents, read-only files, and their use by
 * other parts of the kernel.
 */
#include <fcntl.h>
#include <signal.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define PAGES	4
#define SIZE	(PAGES * PAGE)

/*
 * Three buffers, adjacent in an idle heap. The test's own is in the middle; the
 * others must keep their contents, whatever the test does to it.
 */
FIXTURE(map) {
	struct heap heap;
	int fd;			/* read-write */
	int ro;			/* the same buffer, read-only */
	int beside[2];
	char *canary[2];
	struct carveout_buffer_info buffer;
};

FIXTURE_VARIANT(map) {
	__u32 region;
};

FIXTURE_VARIANT_ADD(map, region_0) { .region = 0 };
FIXTURE_VARIANT_ADD(map, region_1) { .region = 1 };

FIXTURE_SETUP(map)
{
	int i;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (variant->region >= self->heap.query.regions)
		SKIP(return, "the heap has no region %u", variant->region);
	for (i = 0; i < 2; i++) {
		self->beside[i] = alloc_in(self->heap.node, SIZE, 1ULL << variant->region);
		ASSERT_LE(0, self->beside[i]);
		if (!i)
			self->fd = alloc_and_reopen(self->heap.node, SIZE, variant->region,
						    "map", &self->ro);
		ASSERT_LE(0, self->fd);
		self->canary[i] = map_buffer(self->beside[i], SIZE,
					     PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)self->canary[i]);
		fill_pattern(self->canary[i], SIZE, 0xca00 + i);
	}
	ASSERT_EQ(0, query_buffer(self->heap.node, self->fd, &self->buffer));
	ASSERT_EQ(variant->region, self->buffer.region);
}

FIXTURE_TEARDOWN_PARENT(map)
{
	HEAP_TEARDOWN(&self->heap);
}

static bool neighbours_live(const struct _test_data_map *self)
{
	return has_pattern(self->canary[0], SIZE, 0xca00) &&
	       has_pattern(self->canary[1], SIZE, 0xca01);
}

static bool has_pages(const struct _test_data_map *self)
{
	return self->buffer.attrs & CARVEOUT_ATTR_PAGES;
}

static int try_map(int fd, size_t len, int prot, int flags, off_t offset)
{
	void *mem = mmap(NULL, len, prot, flags, fd, offset);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, len);
	return 0;
}

/* === Bounds ============================================================== */

TEST_F(map, inside_the_buffer_and_nowhere_else)
{
	const long lens[] = {
		1, PAGE, SIZE - PAGE, SIZE - PAGE + 1, SIZE, SIZE + 1,
		SIZE + PAGE, 2 * SIZE,
	};
	const long offsets[] = {
		0, PAGE, SIZE / 2, SIZE - PAGE, SIZE, SIZE + PAGE, 2 * SIZE,
	};
	size_t i, j;
	long pages;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		pages = (lens[i] + PAGE - 1) / PAGE;
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			int err = offsets[j] < SIZE &&
				  pages <= (SIZE - offsets[j]) / PAGE ?
				  0 : -EINVAL;

			EXPECT_EQ(err, try_map(self->fd, lens[i],
					       PROT_READ | PROT_WRITE,
					       MAP_SHARED, offsets[j]))
				TH_LOG("length %ld, offset %ld", lens[i],
				       offsets[j]);
		}
	}
	EXPECT_TRUE(neighbours_live(self));
}

/* Offsets so large that offset + length overflows, in bytes or in pages. */
TEST_F(map, offset_that_wraps)
{
	const __u64 page = PAGE, offsets[] = {
		1ULL << 31, 1ULL << 32, page << 31, page << 32, page << 40,
		1ULL << 62, (1ULL << 63) - page, 1ULL << 63,
		(1ULL << 63) + page, -2 * page, -page, -SIZE,
	};
	const long lens[] = { PAGE, 2 * PAGE, SIZE, SIZE + PAGE };
	size_t i, j;
	int err;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (j = 0; j < ARRAY_SIZE(lens); j++) {
			err = try_map(self->fd, lens[j], PROT_READ, MAP_SHARED,
				      offsets[i]);
			EXPECT_TRUE(err == -EINVAL || err == -EOVERFLOW)
				TH_LOG("length %ld, offset %llx: %d", lens[j],
				       offsets[i], err);
		}
	}
	EXPECT_EQ(-EINVAL, try_map(self->fd, PAGE, PROT_READ, MAP_SHARED, 1));
	EXPECT_EQ(-EINVAL, try_map(self->fd, 0, PROT_READ, MAP_SHARED, 0));
	EXPECT_TRUE(neighbours_live(self));
}

static void expect_part(struct __test_metadata *_metadata, int fd, char *whole, long page,
			size_t size)
{
	char *part = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page * PAGE);

	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_EQ(0, memcmp(part, whole + page * PAGE, size));
	fill_pattern(part, size, page);
	EXPECT_TRUE(has_pattern(whole + page * PAGE, size, page));
	munmap(part, size);
}

/* One page, and all that follow. */
TEST_F(map, part_of_a_buffer_is_that_part)
{
	char *whole = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	long page;

	ASSERT_NE(MAP_FAILED, (void *)whole);
	fill_pattern(whole, SIZE, 61);
	for (page = 0; page < PAGES; page++) {
		expect_part(_metadata, self->fd, whole, page, PAGE);
		expect_part(_metadata, self->fd, whole, page, SIZE - page * PAGE);
	}
	munmap(whole, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

/* Between two other mappings, which must not change. */
TEST_F(map, neighbours_in_the_address_space_are_untouched)
{
	char *area = mmap(NULL, 3 * SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *mem;

	ASSERT_NE(MAP_FAILED, (void *)area);
	fill_pattern(area, 3 * SIZE, 71);
	mem = mmap(area + SIZE, SIZE / 2, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, self->fd, 0);
	ASSERT_EQ(area + SIZE, mem);
	EXPECT_TRUE(is_filled(mem, SIZE / 2, 0));
	memset(mem, 0xff, SIZE / 2);
	EXPECT_TRUE(has_pattern(area, SIZE, 71));
	ASSERT_EQ(0, munmap(mem, SIZE / 2));
	EXPECT_TRUE(has_pattern(area, SIZE, 71));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem));
	EXPECT_EQ(0, run_child(read_at, mem + SIZE / 2));
	EXPECT_EQ(0, run_child(read_at, mem - 1));
	munmap(area, 3 * SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

TEST_F(map, over_itself)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	int i;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (i = 0; i < 4; i++) {
		fill_pattern(mem, SIZE, 80 + i);
		ASSERT_EQ(mem, mmap(mem, SIZE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_FIXED, self->fd, 0));
		EXPECT_TRUE(has_pattern(mem, SIZE, 80 + i));
		/* A mapping that fails leaves nothing behind. */
		EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_READ, MAP_SHARED,
					   self->fd, SIZE));
	}
	munmap(mem, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

TEST_F(map, no_room_in_the_address_space)
{
	struct rlimit limit = { 0, 0 };

	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &limit));
	EXPECT_EQ(-ENOMEM, try_map(self->fd, SIZE, PROT_READ, MAP_SHARED, 0));
}

/* === Kinds of mappings =================================================== */

/* Newer kernels refuse PROT_EXEC on a dma-buf, before the driver is called. */
static bool refuses_private(int fd, int prot)
{
	int err = try_map(fd, SIZE, prot, MAP_PRIVATE, 0);

	return err == -EINVAL || (err == -EPERM && prot & PROT_EXEC);
}

TEST_F(map, private_mapping_is_EINVAL)
{
	int prot;

	for (prot = 0; prot < 8; prot++) {
		EXPECT_TRUE(refuses_private(self->fd, prot));
		EXPECT_TRUE(refuses_private(self->ro, prot));
	}
	EXPECT_TRUE(neighbours_live(self));
}

TEST_F(map, other_kinds_of_shared_mapping)
{
	EXPECT_EQ(0, try_map(self->fd, SIZE, PROT_NONE, MAP_SHARED, 0));
	EXPECT_EQ(0, try_map(self->fd, SIZE, PROT_READ, MAP_SHARED_VALIDATE,
			     0));
	EXPECT_EQ(0, try_map(self->fd, SIZE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_POPULATE, 0));
	EXPECT_EQ(0, try_map(self->fd, SIZE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_LOCKED, 0));
	EXPECT_EQ(-EOPNOTSUPP, try_map(self->fd, SIZE, PROT_READ,
				       MAP_SHARED_VALIDATE | MAP_SYNC, 0));
	EXPECT_TRUE(neighbours_live(self));
}

/* The VmFlags line of the mapping at @mem in /proc/self/smaps. */
static bool vm_flags(const void *mem, char line[256])
{
	char start[32];
	bool here = false;
	FILE *smaps;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)mem);
	smaps = fopen("/proc/self/smaps", "re");
	if (!smaps)
		return false;
	while (fgets(line, 256, smaps)) {
		if (!strncmp(line, start, strlen(start)))
			here = true;
		if (here && !strncmp(line, "VmFlags:", 8))
			break;
	}
	fclose(smaps);
	return here;
}

/*
 * Cannot grow, not in a core dump. Memory whose pages are not accessible is I/O memory, but
 * not of page frame numbers: VFIO would take these without a reference.
 */
TEST_F(map, flags_of_the_mapping)
{
	static const char * const of_pages[] = { " mm", " de", " dd" };
	static const char * const of_pfns[] = { " io", " mm", " de", " dd" };
	const char * const *wanted = has_pages(self) ? of_pages : of_pfns;
	size_t count = has_pages(self) ? ARRAY_SIZE(of_pages) : ARRAY_SIZE(of_pfns);
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	char *ro = map_buffer(self->ro, SIZE, PROT_READ);
	char flags[256];
	size_t i;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_NE(MAP_FAILED, (void *)ro);
	if (access("/proc/self/smaps", R_OK))
		SKIP(return, "no /proc/self/smaps");
	ASSERT_TRUE(vm_flags(mem, flags));
	for (i = 0; i < count; i++)
		EXPECT_NE(NULL, strstr(flags, wanted[i]))
			TH_LOG("no%s in%s", wanted[i], flags);
	if (has_pages(self)) {
		EXPECT_EQ(NULL, strstr(flags, " io"));
		EXPECT_EQ(NULL, strstr(flags, " pf"));
	}
	EXPECT_NE(NULL, strstr(flags, " mw"));
	ASSERT_TRUE(vm_flags(ro, flags));
	EXPECT_EQ(NULL, strstr(flags, " mw"));
	EXPECT_EQ(NULL, strstr(flags, " wr"));
}

/* === Contents ============================================================ */

TEST_F(map, memory_outlives_descriptor_and_name)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	int fd[8], i;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 91);
	ASSERT_EQ(0, unlink_tag(self->heap.node, self->buffer.tag));
	close(self->fd);
	close(self->ro);
	sleep_us(10000);
	/* These bytes do not show up in another buffer. */
	for (i = 0; i < 8; i++) {
		void *other;

		fd[i] = alloc_in(self->heap.node, SIZE,
				 1ULL << self->buffer.region);
		ASSERT_LE(0, fd[i]);
		other = map_buffer(fd[i], SIZE, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, other);
		EXPECT_TRUE(is_filled(other, SIZE, 0));
		memset(other, 0xee, SIZE);
		munmap(other, SIZE);
	}
	EXPECT_TRUE(has_pattern(mem, SIZE, 91));
	fill_pattern(mem, SIZE, 92);
	EXPECT_TRUE(has_pattern(mem, SIZE, 92));
	munmap(mem, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

/* Normal memory, with every attribute: any kind of access works. */
TEST_F(map, unaligned_access)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	char *copy = malloc(SIZE);
	__u64 word, seen;
	long offset;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (offset = PAGE - 16; offset < PAGE + 16; offset++) {
		word = 0x0123456789abcdefULL + offset;
		memcpy(mem + offset, &word, sizeof(word));
		__asm__ __volatile__("" : : : "memory");
		memcpy(&seen, mem + offset, sizeof(seen));
		EXPECT_EQ(word, seen);
	}
	for (offset = 0; offset < 16; offset++) {
		memset(mem + offset, 0x30 + offset, SIZE - offset - 3);
		memcpy(copy, mem + offset, SIZE - offset - 3);
		EXPECT_TRUE(is_filled(copy, SIZE - offset - 3, 0x30 + offset));
		memcpy(mem + offset, copy, SIZE - 16);
	}
	munmap(mem, SIZE);
	free(copy);
	EXPECT_TRUE(neighbours_live(self));
}

/*
 * The content of a former owner is never visible, up to the last byte of the
 * last page.
 */
TEST_F(map, memory_reads_as_zero)
{
	const long sizes[] = {
		1, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE - 7, 64 * KIB, MIB + 1,
		3 * MIB,
	};
	struct carveout_ioctl_query query;
	long size;
	size_t i;
	void *mem;
	int fd;

	ASSERT_EQ(0, query_heap(self->heap.node, &query));
	ASSERT_EQ(query.size - query.used, flood_heap(self->heap.node, 0xa5));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = whole_pages(sizes[i]);
		if ((__u64)size > query.largest_hole)
			continue;
		fd = alloc_in(self->heap.node, sizes[i],
			      1ULL << variant->region);
		ASSERT_LE(0, fd);
		mem = map_buffer(fd, size, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, mem);
		EXPECT_TRUE(is_filled(mem, size, 0)) TH_LOG("size %ld", sizes[i]);
		memset(mem, 0xa5, size);
		munmap(mem, size);
		close(fd);
	}
	EXPECT_TRUE(neighbours_live(self));
}

/* === Read-only files stay read-only ====================================== */

TEST_F(map, read_only_descriptor_gives_no_writable_mapping)
{
	char *mem = map_buffer(self->ro, SIZE, PROT_READ);
	char name[64];
	int prot;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (prot = PROT_WRITE; prot < 8; prot++) {
		if (!(prot & PROT_WRITE))
			continue;
		EXPECT_EQ(-EACCES, try_map(self->ro, SIZE, prot, MAP_SHARED,
					   0));
		EXPECT_EQ(-EACCES, try_map(self->ro, PAGE, prot, MAP_SHARED,
					   PAGE));
		EXPECT_EQ(-1, mprotect(mem, SIZE, prot));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(mem + PAGE, PAGE, prot));
		EXPECT_EQ(EACCES, errno);
	}
	/* Reopening through /proc does not help. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", self->ro);
	EXPECT_EQ(-1, open(name, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(-1, open(name, O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(-1, fcntl(self->ro, F_SETFL, O_RDWR) == 0 &&
		  (fcntl(self->ro, F_GETFL) & O_ACCMODE) == O_RDWR ? 0 : -1);
	munmap(mem, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

/* The access paths of debuggers, which may break other read-only mappings. */
TEST_F(map, read_only_mapping_cannot_be_written_by_force)
{
	char *rw = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	char *ro = map_buffer(self->ro, SIZE, PROT_READ);
	char bytes[8] = "intrude";
	struct iovec local = { bytes, 8 };
	struct iovec remote = { ro, 8 };
	int mem, status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, (void *)rw);
	ASSERT_NE(MAP_FAILED, (void *)ro);
	fill_pattern(rw, SIZE, 95);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, mem);
	EXPECT_GE(0, pwrite(mem, bytes, 8, (uintptr_t)ro));
	close(mem);
	EXPECT_EQ(-1, syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 0));
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, ro, 0x666));
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, ro + SIZE - 8, 0x666));
	EXPECT_EQ(has_pages(self) ? 0 : -1,
		  ptrace(PTRACE_POKEDATA, pid, rw + 8, *(long *)(rw + 8)));
	kill(pid, SIGKILL);
	wait_child(pid);
	EXPECT_TRUE(has_pattern(rw, SIZE, 95));
	EXPECT_TRUE(neighbours_live(self));
}

static bool peek(pid_t pid, const char *at)
{
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, at, NULL);
	return !errno;
}

/* A debugger can read mapped bytes, if there are pages, and never beyond. */
TEST_F(map, debugger_reads_inside_and_nowhere_else)
{
	char *area = mmap(NULL, 3 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	char *mem = area + SIZE;
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, (void *)area);
	ASSERT_EQ(0, munmap(mem, SIZE));
	ASSERT_EQ(mem, mmap(mem, SIZE - PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, self->fd, 0));
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(has_pages(self), peek(pid, mem));
	EXPECT_EQ(has_pages(self), peek(pid, mem + SIZE - PAGE - sizeof(long)));
	EXPECT_FALSE(peek(pid, mem + SIZE - PAGE));
	EXPECT_FALSE(peek(pid, mem + SIZE - sizeof(long)));
	kill(pid, SIGKILL);
	wait_child(pid);
	EXPECT_TRUE(neighbours_live(self));
}

/* === The rest of the kernel ============================================== */

/*
 * Users that pin pages get them, with the right bytes, or EFAULT if there are
 * none; see carveout_pin.c. Plain system calls copy, and work.
 */
TEST_F(map, system_calls_with_a_buffer_as_their_buffer)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	char *copy = malloc(SIZE);
	struct iovec iov = { mem, PAGE };
	struct iovec local = { copy, PAGE };
	struct iovec plain = { copy + PAGE, PAGE };
	int pipes[2], zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_EQ(0, pipe(pipes));
	fill_pattern(mem, SIZE, 97);
	EXPECT_EQ(PAGE, write(pipes[1], mem, PAGE));
	EXPECT_EQ(PAGE, read(pipes[0], copy, PAGE));
	EXPECT_TRUE(has_pattern(copy, PAGE, 97));
	EXPECT_EQ(PAGE, read(zero, mem, PAGE));
	EXPECT_TRUE(is_filled(mem, PAGE, 0));

	fill_pattern(mem, SIZE, 98);
	got = vmsplice(pipes[1], &iov, 1, 0);
	if (got < 0)
		got = -errno;
	EXPECT_EQ(has_pages(self) ? PAGE : -EFAULT, got);
	if (got == PAGE) {
		EXPECT_EQ(PAGE, read(pipes[0], copy, PAGE));
		EXPECT_TRUE(has_pattern(copy, PAGE, 98));
	}
	memset(copy, 0, SIZE);
	/* Not all kernels have the call: it reads ordinary memory, or nothing. */
	if (syscall(SYS_process_vm_readv, getpid(), &local, 1, &plain, 1, 0) == PAGE) {
		got = syscall(SYS_process_vm_readv, getpid(), &local, 1, &iov, 1, 0);
		if (got < 0)
			got = -errno;
		EXPECT_EQ(has_pages(self) ? PAGE : -EFAULT, got);
		EXPECT_EQ(has_pages(self), has_pattern(copy, PAGE, 98));
	}
	EXPECT_TRUE(has_pattern(mem, SIZE, 98));
	munmap(mem, SIZE);
	free(copy);
	EXPECT_TRUE(neighbours_live(self));
}

/*
 * Futexes of threads are keyed by the address. Those between processes are
 * keyed by page and file, and these pages belong to no file.
 */
TEST_F(map, futexes_are_for_threads)
{
	__u32 *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_EQ(-1, syscall(SYS_futex, mem, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, syscall(SYS_futex, mem, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	EXPECT_EQ(-1, syscall(SYS_futex, mem, FUTEX_WAIT, 1, NULL, NULL, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, syscall(SYS_futex, mem, FUTEX_WAKE, 1, NULL, NULL, 0));
	EXPECT_EQ(EFAULT, errno);
	munmap(mem, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

/* Before 6.5 io_uring accepts no file mappings except shared memory. */
TEST_F(map, registering_with_io_uring)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	struct iovec iov = { mem, SIZE };
	struct io_uring_params params;
	int ring, err;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	memset(&params, 0, sizeof(params));
	ring = syscall(__NR_io_uring_setup, 4, &params);
	if (ring < 0)
		SKIP(return, "the kernel has no io_uring");
	err = syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		      &iov, 1);
	if (err)
		err = -errno;
	EXPECT_EQ(!has_pages(self) ? -EFAULT :
		  kernel_at_least(6, 5) ? 0 : -EOPNOTSUPP, err);
	close(ring);
	munmap(mem, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

TEST_F(map, direct_io_does_no_harm)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	int file = open("/tmp/carveout-direct", O_RDWR | O_CREAT | O_TRUNC |
			O_DIRECT | O_CLOEXEC, 0600);
	char *copy = malloc(SIZE);
	ssize_t got;

	unlink("/tmp/carveout-direct");
	if (file < 0)
		SKIP(return, "no file system with O_DIRECT at /tmp");
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 99);
	got = pwrite(file, mem, SIZE, 0);
	EXPECT_TRUE(got == SIZE ||
		    (got == -1 && errno == EFAULT && !has_pages(self)));
	if (got == SIZE) {
		EXPECT_EQ(SIZE, pread(file, copy, SIZE, 0));
		EXPECT_TRUE(has_pattern(copy, SIZE, 99));
	}
	close(file);
	free(copy);
	EXPECT_TRUE(neighbours_live(self));
}

/* The driver holds no lock of its mappings while it copies. */
TEST_F(map, ioctl_argument_inside_a_mapping_of_the_same_buffer)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	struct carveout_ioctl_alloc *alloc;
	struct carveout_ioctl_list *list;
	struct carveout_ioctl_info *info;
	struct carveout_buffer_info *entry;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	alloc = (void *)(mem + PAGE - 64);
	*alloc = alloc_request(PAGE);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, alloc));
	EXPECT_EQ(0, close(alloc->fd));
	info = (void *)mem;
	entry = (void *)(mem + PAGE - 64);
	info->fd = self->fd;
	info->flags = 0;
	info->entry = (uintptr_t)entry;
	info->entry_size = sizeof(*entry);
	info->reserved = 0;
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_INFO, info));
	EXPECT_EQ(SIZE, entry->size);
	list = (void *)mem;
	list->cursor = 0;
	list->flags = 0;
	list->reserved = 0;
	list->entries = (uintptr_t)mem + PAGE;
	list->entry_size = sizeof(struct carveout_buffer_info);
	list->count = 8;
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_LIST, list));
	EXPECT_LE(3, list->count);
	memset(mem + 2 * PAGE, 0, sizeof(struct carveout_ioctl_query));
	munmap(mem, SIZE);
	/* A reply into a read-only mapping of the driver's own memory fails cleanly. */
	mem = map_buffer(self->ro, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_EQ(-EFAULT, xioctl(self->heap.node,
				  sized(CARVEOUT_IOCTL_QUERY,
					CARVEOUT_QUERY_SIZE_VER0),
				  mem + 2 * PAGE));
	munmap(mem, SIZE);
	EXPECT_TRUE(neighbours_live(self));
}

TEST_HARNESS_MAIN
