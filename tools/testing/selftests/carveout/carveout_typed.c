// SPDX-License-Identifier: GPL-2.0
/*
 * Typed memory of POSIX.1-2017 on a real heap: posix_typed_mem_open(), and allocation by
 * mmap(). The comment of a test quotes the requirement of the standard. Not tested are
 * EINTR and ENFILE of posix_typed_mem_open(): an open of a device node does not wait, and
 * the limit on open files is that of the board.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "carveout_typed.h"

#define OTHER		1003

/* === posix_typed_mem_open() ============================================== */

/* "shall establish a connection between the typed memory object ... and a descriptor" */
TEST_F(heap, open_connects_each_name_to_a_descriptor)
{
	struct carveout_ioctl_region region;
	char *mem;
	__u32 i;
	int fd;

	fd = open_heap(O_RDWR, ALLOCATE);
	ASSERT_LE(0, fd);
	close(fd);
	/* The slash at the start makes no difference. */
	fd = open_name(name_of(NULL) + 1, O_RDWR, ALLOCATE);
	ASSERT_LE(0, fd);
	close(fd);
	for (i = 0; !query_region(self->heap.node, i, &region); i++) {
		if (region.attrs & CARVEOUT_ATTR_NO_CPU)
			continue;
		fd = open_name(name_of(region.name), O_RDWR, CONTIG);
		ASSERT_LE(0, fd);
		mem = map_at(fd, 0, SIZE);
		ASSERT_NE(MAP_FAILED, mem);
		memset(mem, 1, SIZE);
		munmap(mem, SIZE);
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * "The file descriptor shall be allocated as described in File Descriptor Allocation": the
 * lowest one that is free. "The FD_CLOEXEC file descriptor flag ... shall be cleared."
 */
TEST_F(heap, descriptor_is_the_lowest_and_survives_exec)
{
	int lowest = dup(0), fd;

	close(lowest);
	fd = open_heap(O_RDWR, ALLOCATE);
	EXPECT_EQ(lowest, fd);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	close(fd);
	/* An extension. */
	fd = open_heap(O_RDWR | O_CLOEXEC, ALLOCATE);
	EXPECT_EQ(lowest, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* "The open file description is new". */
TEST_F(heap, open_file_description_is_new)
{
	int a = open_heap(O_RDWR, ALLOCATE), b = open_heap(O_RDWR, 0);

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, fcntl(a, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(0, fcntl(b, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(O_NONBLOCK, fcntl(a, F_GETFL) & O_NONBLOCK);
	close(a);
	close(b);
	EXPECT_UNCHANGED(&self->heap);
}

/* "The file status flags ... shall be set according to the value of oflag." */
TEST_F(heap, status_flags_are_those_of_oflag)
{
	const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = open_heap(modes[i], ALLOCATE);
		ASSERT_LE(0, fd);
		EXPECT_EQ(modes[i], fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND));
		close(fd);
	}
	EXPECT_EQ(-EINVAL, open_heap(O_ACCMODE, ALLOCATE));
	EXPECT_EQ(-EINVAL, open_heap(O_RDWR | O_CREAT, ALLOCATE));
	EXPECT_UNCHANGED(&self->heap);
}

/* fstat(), dup(), dup2() and close() have a specified behaviour. */
TEST_F(heap, descriptor_can_be_duplicated)
{
	int fd = open_heap(O_RDWR, ALLOCATE), copy = dup(fd);
	struct stat stat_buf;
	char *mem;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, fstat(fd, &stat_buf));
	EXPECT_TRUE(S_ISCHR(stat_buf.st_mode));
	ASSERT_LT(fd, copy);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(fd, dup2(copy, fd));
	EXPECT_EQ(0, close(copy));
	EXPECT_NE(0, length_of(fd));
	mem = map_at(fd, 0, SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	munmap(mem, SIZE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* "EINVAL: The flags specified in tflag are invalid (more than one ... is specified)." */
TEST_F(heap, more_than_one_tflag_is_EINVAL)
{
	const int all = ALLOCATE | CONTIG | POSIX_TYPED_MEM_MAP_ALLOCATABLE;
	int tflag;

	for (tflag = 0; tflag <= all; tflag++)
		if (tflag & (tflag - 1))
			EXPECT_EQ(-EINVAL, open_heap(O_RDWR, tflag)) TH_LOG("%d", tflag);
	EXPECT_EQ(-EINVAL, open_heap(O_RDWR, all + 1));
	EXPECT_EQ(-EINVAL, open_heap(O_RDWR, -1));
	EXPECT_UNCHANGED(&self->heap);
}

/* A mapping that leaves the memory free would show the memory of its next owner. */
TEST_F(heap, map_allocatable_is_ENOSYS)
{
	EXPECT_EQ(-ENOSYS, open_heap(O_RDWR, POSIX_TYPED_MEM_MAP_ALLOCATABLE));
	EXPECT_UNCHANGED(&self->heap);
}

/* "ENOENT: The named typed memory object does not exist." */
TEST_F(heap, no_such_name_is_ENOENT)
{
	static const char * const names[] = {
		"", "/", "//", ".", "..", "/.", "/..", "/../null", "/no-such-heap",
		"no-such-heap", "/no-such-heap/region", "//dsp",
	};
	char region[CARVEOUT_NAME_LEN + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-ENOENT, open_name(names[i], O_RDWR, ALLOCATE)) TH_LOG("%s", names[i]);
		EXPECT_EQ(-ENOENT, open_name(names[i], O_RDONLY, 0)) TH_LOG("%s", names[i]);
	}
	EXPECT_EQ(-ENOENT, open_name(name_of(""), O_RDWR, ALLOCATE));
	EXPECT_EQ(-ENOENT, open_name(name_of("no-such-region"), O_RDWR, ALLOCATE));
	EXPECT_EQ(-ENOENT, open_name(name_of("a/b"), O_RDWR, ALLOCATE));
	memset(region, 'x', sizeof(region));
	region[sizeof(region) - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, open_name(name_of(region), O_RDWR, ALLOCATE));
	EXPECT_EQ(-ENAMETOOLONG, open_name(region, O_RDWR, ALLOCATE));
	region[sizeof(region) - 2] = '\0';
	EXPECT_EQ(-ENOENT, open_name(name_of(region), O_RDWR, ALLOCATE));
	EXPECT_UNCHANGED(&self->heap);
}

static int may_not_open(void *data)
{
	(void)data;
	return become(OTHER, OTHER) || open_heap(O_RDONLY, 0) != -EACCES ||
	       open_heap(O_RDWR, ALLOCATE) != -EACCES;
}

/* "EACCES: ... the permissions specified by oflag are denied." */
TEST_F(heap, permission_is_that_of_the_device_node)
{
	EXPECT_EQ(0, run_child(may_not_open, NULL));
}

static int has_no_descriptor(void *data)
{
	struct rlimit limit = { 0, 0 };

	(void)data;
	return setrlimit(RLIMIT_NOFILE, &limit) || open_heap(O_RDWR, ALLOCATE) != -EMFILE;
}

/* "EMFILE: All file descriptors available to the process are currently open." */
TEST_F(heap, no_descriptor_is_EMFILE)
{
	EXPECT_EQ(0, run_child(has_no_descriptor, NULL));
}

/* === Allocation by mmap() ================================================ */

/*
 * "any subsequent call to mmap() using the returned file descriptor shall result in
 * allocation and mapping"; "len bytes ... which were not previously allocated to any process"
 */
TEST_F(heap, each_mmap_allocates)
{
	int tflag, fd, i, j;
	char *mem[8];

	for (tflag = ALLOCATE; tflag <= CONTIG; tflag++) {
		fd = open_heap(O_RDWR, tflag);
		ASSERT_LE(0, fd);
		for (i = 0; i < 8; i++) {
			mem[i] = map_at(fd, 0, SIZE);
			ASSERT_NE(MAP_FAILED, mem[i]);
			EXPECT_TRUE(is_filled(mem[i], SIZE, 0));
			memset(mem[i], 'a' + i, SIZE);
			EXPECT_EQ(self->heap.query.used + (i + 1) * SIZE,
				  used_bytes(self->heap.node));
			for (j = 0; j < i; j++)
				EXPECT_LE(SIZE, llabs(offset_of(mem[i]) - offset_of(mem[j])));
		}
		for (i = 0; i < 8; i++) {
			EXPECT_TRUE(is_filled(mem[i], SIZE, 'a' + i));
			munmap(mem[i], SIZE);
		}
		close(fd);
		EXPECT_UNCHANGED(&self->heap);
	}
}

/* "a single contiguous previously unallocated area" */
TEST_F(heap, allocation_is_contiguous)
{
	int fd = open_heap(O_RDWR, CONTIG);
	size_t size = length_of(fd);
	char *mem;

	ASSERT_LE(0, fd);
	mem = map_at(fd, 0, size);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(size, contig_of(mem, size));
	EXPECT_EQ(offset_of(mem) + (off_t)size - PAGE, offset_of(mem + size - PAGE));
	munmap(mem, size);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* "If there are not enough resources available, mmap() shall fail": ENOMEM. */
TEST_F(heap, too_much_is_ENOMEM)
{
	int fd = open_heap(O_RDWR, ALLOCATE);
	size_t size = length_of(fd);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOMEM, try_mmap(fd, 0, size + PAGE, RW, MAP_SHARED));
	EXPECT_EQ(-ENOMEM, try_mmap(fd, 0, (size_t)1 << (sizeof(size_t) > 4 ? 40 : 30), RW,
				    MAP_SHARED));
	EXPECT_EQ(-EINVAL, try_mmap(fd, 0, 0, RW, MAP_SHARED));
	/* Undefined by POSIX.1; as on QNX. */
	EXPECT_EQ(-EINVAL, try_mmap(fd, PAGE, PAGE, RW, MAP_SHARED));
	EXPECT_EQ(0, try_mmap(fd, 0, size, RW, MAP_SHARED));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* munmap(): "that range of the memory pool shall become deallocated" */
TEST_F(heap, memory_lives_as_long_as_a_mapping)
{
	int fd = open_heap(O_RDWR, ALLOCATE);
	char *mem = map_at(fd, 0, SIZE);
	int go[2];
	pid_t pid;
	char byte;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, pipe(go));
	/* A mapping remains after the close of its descriptor. */
	close(fd);
	mem[SIZE - 1] = 5;
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	/* A part of it holds all. */
	munmap(mem, PAGE);
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	pid = fork();
	if (!pid) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) != 0 || mem[SIZE - 1] != 5);
	}
	munmap(mem + PAGE, SIZE - PAGE);
	/* The other process has it. */
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	close(go[0]);
	close(go[1]);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_UNCHANGED(&self->heap);
}

/* "The implementation shall support ... PROT_NONE, PROT_READ, PROT_WRITE" and both. */
TEST_F(heap, access_is_that_of_prot)
{
	const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE, RW };
	int fd = open_heap(O_RDWR, ALLOCATE);
	size_t i;
	char *mem;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		mem = mmap(NULL, SIZE, prots[i], MAP_SHARED, fd, 0);
		ASSERT_NE(MAP_FAILED, mem);
		EXPECT_EQ(prots[i] & PROT_WRITE ? 0 : 128 + SIGSEGV, run_child(write_at, mem));
		if (prots[i] == PROT_READ)
			EXPECT_EQ(0, run_child(read_at, mem));
		if (!prots[i])
			EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem));
		munmap(mem, SIZE);
	}
	/* "ENOTSUP": MAP_PRIVATE, or accesses that are not supported. */
	EXPECT_EQ(-ENOTSUP, try_mmap(fd, 0, SIZE, RW, MAP_PRIVATE));
	EXPECT_EQ(-ENOTSUP, try_mmap(fd, 0, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED));
	/* It is refused before anything is allocated. */
	EXPECT_EQ(-ENOTSUP, try_mmap(fd, 0, length_of(fd) + PAGE, PROT_READ | PROT_EXEC,
				     MAP_SHARED));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* "EACCES: The fildes argument is not open for read ... or ... not open for write" */
TEST_F(heap, access_is_that_of_oflag)
{
	int wo = open_heap(O_WRONLY, ALLOCATE), ro = open_heap(O_RDONLY, ALLOCATE);
	int place = open_heap(O_RDONLY, 0);

	EXPECT_EQ(-EACCES, try_mmap(wo, 0, SIZE, PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(-EACCES, try_mmap(wo, 0, SIZE, PROT_NONE, MAP_SHARED));
	EXPECT_EQ(-EACCES, try_mmap(ro, 0, SIZE, RW, MAP_SHARED));
	/* A reader of the heap takes no memory from it. */
	EXPECT_EQ(-EACCES, try_mmap(ro, 0, SIZE, PROT_READ, MAP_SHARED));
	EXPECT_EQ(-EACCES, try_mmap(place, 0, SIZE, RW, MAP_SHARED));
	EXPECT_EQ(-EBUSY, try_mmap(place, 0, SIZE, PROT_READ, MAP_SHARED));
	close(wo);
	close(ro);
	close(place);
	EXPECT_UNCHANGED(&self->heap);
}

/* "The mapping established by mmap() shall replace any previous mappings". */
TEST_F(heap, map_fixed_replaces_a_mapping)
{
	int fd = open_heap(O_RDWR, ALLOCATE);
	char *mem = map_at(fd, 0, SIZE);

	ASSERT_NE(MAP_FAILED, mem);
	memset(mem, 1, SIZE);
	ASSERT_EQ(mem, mmap(mem, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0));
	EXPECT_TRUE(is_filled(mem, SIZE, 0));
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	munmap(mem, SIZE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
