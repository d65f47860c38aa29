// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings under torture: moved, split, copied by fork, advised, dumped.
 * However a mapping is taken apart, the buffer is held exactly as long as a
 * piece is left, and each piece shows its own page only.
 */
#include <fcntl.h>
#include <signal.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define PAGES	4
#define SIZE	(PAGES * PAGE)

/* A buffer that only its mapping holds; page n has pattern n. */
FIXTURE(vma) {
	struct heap heap;
	__u64 regions;
	bool pages;
	int fd;
	char *mem;
};

/* Mappings of pages differ from mappings of page frame numbers. */
FIXTURE_VARIANT(vma) {
	__u32 region;
};

FIXTURE_VARIANT_ADD(vma, region_0) { .region = 0 };
FIXTURE_VARIANT_ADD(vma, region_1) { .region = 1 };

static bool page_is(const char *page, __u32 number)
{
	return has_pattern(page, PAGE, number);
}

FIXTURE_SETUP(vma)
{
	struct carveout_buffer_info buffer;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (variant->region >= self->heap.query.regions)
		SKIP(return, "the heap has no region %u", variant->region);
	self->regions = 1ULL << variant->region;
	self->fd = alloc_in(self->heap.node, SIZE, self->regions);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, query_buffer(self->heap.node, self->fd, &buffer));
	self->pages = buffer.attrs & CARVEOUT_ATTR_PAGES;
	self->mem = map_numbered(self->fd, PAGES);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
}

FIXTURE_TEARDOWN_PARENT(vma)
{
	HEAP_TEARDOWN(&self->heap);
}

/* This much memory of the heap is allocated. */
#define EXPECT_HELD(node, bytes)	EXPECT_EQ(bytes, used_bytes(node))

static void *some_room(size_t size)
{
	void *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	munmap(room, size);
	return room;
}

/* === Permissions and accounts ============================================ */

/* Does the list of flags of this mapping in smaps have @flag? */
static bool has_vm_flag(const void *mem, const char *flag)
{
	char start[32], line[256];
	bool here = false, found = false;
	FILE *smaps = fopen("/proc/self/smaps", "re");

	snprintf(start, sizeof(start), "%lx-", (unsigned long)mem);
	while (smaps && fgets(line, sizeof(line), smaps)) {
		here = here || !strncmp(line, start, strlen(start));
		if (here && !strncmp(line, "VmFlags:", 8)) {
			found = strstr(line, flag);
			break;
		}
	}
	if (smaps)
		fclose(smaps);
	return found;
}

/* Neither at once nor later. */
TEST_F(vma, mapping_cannot_be_executed)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_EXEC, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mprotect(self->mem, SIZE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
}

TEST_F(vma, mapping_of_a_pool_cannot_be_executed)
{
	int pool = create_pool(self->heap.node, PAGE, PAGES);
	char *mem = map_buffer(pool, SIZE, PROT_READ);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_EQ(-1, mprotect(mem, SIZE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, pool, 0));
	EXPECT_EQ(EPERM, errno);
}

/* With this personality each PROT_READ means PROT_EXEC as well, where that is possible. */
TEST_F(vma, mapping_of_an_old_program_cannot_be_executed)
{
	char *mem;

	ASSERT_NE(-1, personality(READ_IMPLIES_EXEC));
	mem = map_buffer(self->fd, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_FALSE(has_vm_flag(mem, " ex"));
	EXPECT_FALSE(has_vm_flag(mem, " me"));
	EXPECT_EQ(0, mprotect(mem, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_FALSE(has_vm_flag(mem, " ex"));
	EXPECT_TRUE(is_numbered(mem, PAGES));
}

/* A line of /proc/self/status in KiB. */
static long status_kib(const char *name)
{
	char line[128];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			kib = atol(line + strlen(name));
	if (file)
		fclose(file);
	return kib;
}

/* Before 6.2 a task adds its own counters to those of the process every 64 page faults. */
#define FAULTS	128

static bool add_counters(void)
{
	char *mem = mmap(NULL, FAULTS * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (mem == MAP_FAILED)
		return false;
	/* A kernel without huge pages does not know this advice. */
	madvise(mem, FAULTS * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < FAULTS; i++)
		mem[i * PAGE] = 1;
	return !munmap(mem, FAULTS * PAGE);
}

/*
 * Memory that can be pinned counts for each process that maps it, other memory for none.
 * The counters may lag behind by a few dozen pages.
 */
TEST_F(vma, resident_memory_is_that_with_pages)
{
	const long size = 256 * PAGE, kib = size / KIB;
	int fd = alloc_in(self->heap.node, size, self->regions);
	long before, counted;
	char *mem;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(add_counters());
	before = status_kib("RssFile:");
	ASSERT_LE(0, before);
	mem = map_numbered(fd, size / PAGE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_TRUE(add_counters());
	counted = status_kib("RssFile:") - before;
	EXPECT_EQ(self->pages, counted >= kib / 2) TH_LOG("%ld of %ld KiB", counted, kib);
}

/* === mremap ============================================================== */

TEST_F(vma, mapping_cannot_grow)
{
	const size_t sizes[] = { SIZE + 1, SIZE + PAGE, 2 * SIZE };
	char *room = some_room(3 * SIZE);
	size_t i;

	ASSERT_EQ(room, mmap(room, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED,
			     self->fd, 0));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(MAP_FAILED, mremap(room, SIZE, sizes[i], 0));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(MAP_FAILED, mremap(room, SIZE, sizes[i],
					     MREMAP_MAYMOVE));
		EXPECT_EQ(EFAULT, errno);
	}
	EXPECT_TRUE(is_numbered(room, PAGES));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, room + SIZE));
}

TEST_F(vma, mapping_that_shrank_cannot_grow_back)
{
	ASSERT_EQ(self->mem, mremap(self->mem, SIZE, PAGE, 0));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, self->mem + PAGE));
	EXPECT_EQ(MAP_FAILED, mremap(self->mem, PAGE, SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(page_is(self->mem, 0));
	close(self->fd);
	EXPECT_HELD(self->heap.node, self->heap.query.used + SIZE);
	munmap(self->mem, PAGE);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(vma, mapping_can_move)
{
	char *there = some_room(SIZE);
	char *old = self->mem;

	close(self->fd);
	ASSERT_EQ(there, mremap(old, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				there));
	EXPECT_TRUE(is_numbered(there, PAGES));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, old));
	munmap(old, SIZE);
	EXPECT_HELD(self->heap.node, self->heap.query.used + SIZE);
	munmap(there, SIZE);
	EXPECT_UNCHANGED(&self->heap);
}

/* Move one page elsewhere, then unmap the pieces in every order. */
TEST_F(vma, pieces_go_in_any_order)
{
	static const int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	char *piece[3];
	size_t order;
	int i;

	munmap(self->mem, SIZE);
	close(self->fd);
	for (order = 0; order < ARRAY_SIZE(orders); order++) {
		int fd = alloc_in(self->heap.node, SIZE, self->regions);
		char *mem = map_numbered(fd, PAGES);

		ASSERT_NE(MAP_FAILED, (void *)mem);
		close(fd);
		piece[0] = mem;
		piece[1] = some_room(PAGE);
		piece[2] = mem + 2 * PAGE;
		ASSERT_EQ(piece[1], mremap(mem + PAGE, PAGE, PAGE,
					   MREMAP_MAYMOVE | MREMAP_FIXED,
					   piece[1]));
		for (i = 0; i < 3; i++) {
			int n = orders[order][i];

			EXPECT_HELD(self->heap.node,
				    self->heap.query.used + SIZE);
			EXPECT_TRUE(page_is(piece[n], n));
			munmap(piece[n], n == 2 ? 2 * PAGE : PAGE);
		}
		EXPECT_UNCHANGED(&self->heap);
	}
}

TEST_F(vma, mapping_cannot_be_duplicated)
{
	char *there = some_room(SIZE);

	EXPECT_EQ(MAP_FAILED, mremap(self->mem, 0, SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(self->mem, 0, PAGE,
				     MREMAP_MAYMOVE | MREMAP_FIXED, there));
	EXPECT_EQ(MAP_FAILED, mremap(self->mem, SIZE, SIZE,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

#define LONG_BITS	(8 * sizeof(long))

/*
 * An old call that maps another part of the file to the same address. Some of
 * the offsets overflow in bytes, some in pages.
 */
TEST_F(vma, remap_file_pages_stays_inside)
{
	const unsigned long bad[] = {
		PAGES, PAGES + 1, (1UL << (LONG_BITS - 12)) / PAGE,
		(1UL << (LONG_BITS - 1)) / PAGE, ~0UL, ~0UL - 1,
	};
	size_t i;

	ASSERT_EQ(0, syscall(SYS_remap_file_pages, self->mem, PAGE, 0,
			     PAGES - 1, 0));
	EXPECT_TRUE(page_is(self->mem, PAGES - 1));
	EXPECT_TRUE(page_is(self->mem + PAGE, 1));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-1, syscall(SYS_remap_file_pages, self->mem + PAGE,
				      PAGE, 0, bad[i], 0))
			TH_LOG("row %zu", i);
}

/* === munmap, mprotect ==================================================== */

/* Take mappings apart page by page, each time in another order. */
TEST_F_TIMEOUT(vma, pages_unmapped_in_random_order, 120)
{
	unsigned int round, rounds = env_rounds(60);
	__u32 random = 0xc0ffee;
	int order[PAGES], i, j;

	munmap(self->mem, SIZE);
	close(self->fd);
	for (round = 0; round < rounds; round++) {
		int fd = alloc_in(self->heap.node, SIZE, self->regions);
		char *mem = map_numbered(fd, PAGES);

		ASSERT_NE(MAP_FAILED, (void *)mem);
		close(fd);
		for (i = 0; i < PAGES; i++) {
			j = next_random(&random) % (i + 1);
			order[i] = order[j];
			order[j] = i;
		}
		for (i = 0; i < PAGES; i++) {
			char *page = mem + order[i] * PAGE;

			if (next_random(&random) & 1)
				mprotect(page, PAGE, PROT_READ);
			EXPECT_TRUE(page_is(page, order[i]));
			ASSERT_EQ(0, munmap(page, PAGE));
		}
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(vma, protection_of_single_pages)
{
	int i;

	for (i = 0; i < PAGES; i += 2) {
		ASSERT_EQ(0, mprotect(self->mem + i * PAGE, PAGE, PROT_READ));
		EXPECT_EQ(128 + SIGSEGV,
			  run_child(write_at, self->mem + i * PAGE));
		EXPECT_EQ(0, run_child(read_at, self->mem + i * PAGE));
	}
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_NONE));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, self->mem));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	EXPECT_EQ(0, run_child(write_at, self->mem));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(vma, other_memory_over_the_middle)
{
	close(self->fd);
	ASSERT_EQ(self->mem + PAGE,
		  mmap(self->mem + PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_TRUE(is_filled(self->mem + PAGE, PAGE, 0));
	EXPECT_TRUE(page_is(self->mem, 0));
	EXPECT_TRUE(page_is(self->mem + 2 * PAGE, 2));
	EXPECT_HELD(self->heap.node, self->heap.query.used + SIZE);
	munmap(self->mem, SIZE);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Advice and other calls about memory ================================= */

TEST_F(vma, advice_changes_nothing)
{
	int advice;

	if (madvise(self->mem, SIZE, MADV_NORMAL))
		SKIP(return, "the kernel has no madvise()");
	for (advice = 0; advice < 26; advice++) {
		madvise(self->mem, SIZE, advice);
		madvise(self->mem + PAGE, PAGE, advice);
		ASSERT_TRUE(is_numbered(self->mem, PAGES)) TH_LOG("advice %d", advice);
	}
	/* Advice that would undo the flags of the mapping. */
	EXPECT_EQ(-1, madvise(self->mem, SIZE, MADV_DODUMP));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, madvise(self->mem, SIZE, MADV_REMOVE));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	/* A fault restores entries that were removed. */
	EXPECT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	if (self->pages) {
		/* Newer kernels refuse it for any mapping that cannot grow. */
		if (madvise(self->mem, SIZE, MADV_DOFORK))
			EXPECT_EQ(EINVAL, errno);
	} else {
		EXPECT_EQ(-1, madvise(self->mem, SIZE, MADV_DOFORK));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(vma, msync_mincore_mlock)
{
	unsigned char present[PAGES];

	EXPECT_EQ(0, msync(self->mem, SIZE, MS_ASYNC));
	msync(self->mem, SIZE, MS_SYNC);
	mincore(self->mem, SIZE, present);
	mlock(self->mem, SIZE);
	munlock(self->mem, SIZE);
	mlockall(MCL_CURRENT);
	munlockall();
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(vma, userfaultfd_does_not_take_it)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)self->mem, SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "the kernel has no userfaultfd");
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_REGISTER, &range));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	close(fd);
}

/* === fork ================================================================ */

struct shared {
	char *mem;
	int ready[2];		/* pipe: the child is about to wait */
	int leave[2];		/* pipe: the child may exit */
};

static int user_of_inherited(void *arg)
{
	struct shared *shared = arg;
	char byte;

	if (!is_numbered(shared->mem, PAGES))
		return 1;
	fill_pattern(shared->mem, PAGE, 77);
	close(shared->leave[1]);
	if (write(shared->ready[1], "", 1) != 1)
		return 2;
	if (read(shared->leave[0], &byte, 1) != 0)
		return 3;
	return page_is(shared->mem, 77) && page_is(shared->mem + PAGE, 1) ?
	       0 : 4;
}

/* Start a child that uses the mapping, and wait until it has written to it. */
static pid_t start_user(struct shared *shared)
{
	char byte;
	pid_t pid;

	if (pipe(shared->ready) || pipe(shared->leave))
		return -errno;
	pid = start_child(user_of_inherited, shared);
	return pid < 0 || read(shared->ready[0], &byte, 1) == 1 ? pid : -EIO;
}

TEST_F(vma, child_shares_the_mapping_and_may_outlive_the_parents)
{
	struct shared shared = { .mem = self->mem };
	pid_t pid = start_user(&shared);

	ASSERT_LT(0, pid);
	EXPECT_TRUE(page_is(self->mem, 77));
	/* The parent drops everything: the child's pages stay. */
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_HELD(self->heap.node, self->heap.query.used + SIZE);
	close(shared.leave[1]);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(vma, child_that_is_killed_takes_nothing_with_it)
{
	struct shared shared = { .mem = self->mem };
	pid_t pid = start_user(&shared);

	ASSERT_LT(0, pid);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(page_is(self->mem, 77));
	EXPECT_TRUE(page_is(self->mem + PAGE, 1));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* User-mode Linux 6.1 copies everything to the child, plain memory as well. */
static bool anything_can_be_left_out(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool left_out;

	if (page == MAP_FAILED)
		return true;
	*page = 1;
	left_out = madvise(page, PAGE, MADV_DONTFORK) ||
		   run_child(read_at, page) == 128 + SIGSEGV;
	munmap(page, PAGE);
	return left_out;
}

TEST_F(vma, mapping_that_is_not_inherited)
{
	if (madvise(self->mem, SIZE, MADV_NORMAL))
		SKIP(return, "the kernel has no madvise()");
	if (!anything_can_be_left_out())
		SKIP(return, "MADV_DONTFORK has no effect here");
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTFORK));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, self->mem));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Core dumps ========================================================== */

/* A sequence of words that exists nowhere else in the process. */
static void dump_pattern(char *mem, size_t size)
{
	fill_pattern(mem, size, getpid() * 977);
}

static bool dump_has(const char *dump, size_t size, __u32 seed)
{
	char needle[64];

	fill_pattern(needle, sizeof(needle), seed);
	return memmem(dump, size, needle, sizeof(needle));
}

static int dumper(void *arg)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct shared *shared = arg;
	char *anon = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chdir("/tmp") || setrlimit(RLIMIT_CORE, &all))
		return 1;
	dump_pattern(shared->mem, SIZE);
	fill_pattern(anon, PAGE, getpid() * 977 + 1);
	abort();
}

TEST_F(vma, contents_are_not_dumped)
{
	struct shared shared = { .mem = self->mem };
	char name[64], *dump;
	struct stat info;
	pid_t pid;
	int fd;

	if (read_line("/proc/sys/kernel/core_pattern", name, sizeof(name)) ||
	    strcmp(name, "core"))
		SKIP(return, "core files are written elsewhere");
	pid = start_child(dumper, &shared);
	ASSERT_LT(0, pid);
	ASSERT_EQ(128 + SIGABRT, wait_child(pid));
	fd = open("/tmp/core", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(name, sizeof(name), "/tmp/core.%d", pid);
		fd = open(name, O_RDONLY | O_CLOEXEC);
	} else {
		snprintf(name, sizeof(name), "/tmp/core");
	}
	if (fd < 0)
		SKIP(return, "the kernel writes no core dumps");
	unlink(name);
	ASSERT_EQ(0, fstat(fd, &info));
	dump = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)dump);
	/* Other memory is there, so the search can find something. */
	EXPECT_TRUE(dump_has(dump, info.st_size, pid * 977 + 1));
	EXPECT_FALSE(dump_has(dump, info.st_size, pid * 977));
	EXPECT_TRUE(has_pattern(self->mem, SIZE, pid * 977));
	close(fd);
}

/* === All at once ========================================================= */

struct torture {
	int fd;
	__u32 seed;
	unsigned int rounds;
};

/* In any sequence of these each readable page has its own number. */
static int torturer(void *arg)
{
	struct torture *torture = arg;
	__u32 random = torture->seed;
	unsigned int round;

	for (round = 0; round < torture->rounds; round++) {
		char *mem = map_buffer(torture->fd, SIZE, PROT_READ);
		__u32 page = next_random(&random) % PAGES;
		char *at = mem + page * PAGE;
		char *there;

		if (mem == MAP_FAILED)
			return 1;
		switch (next_random(&random) % 6) {
		case 0:
			munmap(at, PAGE);
			break;
		case 1:
			there = mremap(at, PAGE, PAGE, MREMAP_MAYMOVE |
				       MREMAP_FIXED, some_room(PAGE));
			if (there == MAP_FAILED || !page_is(there, page))
				return 2;
			munmap(there, PAGE);
			break;
		case 2:
			if (mprotect(at, PAGE, PROT_NONE))
				return 3;
			break;
		case 3:
			madvise(at, PAGE, next_random(&random) % 26);
			if (!page_is(at, page))
				return 4;
			break;
		case 4:
			if (run_child(read_at, at))
				return 5;
			break;
		case 5:
			mmap(at, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
			     torture->fd, (PAGES - 1) * PAGE);
			if (!page_is(at, PAGES - 1))
				return 6;
			break;
		}
		munmap(mem, SIZE);
	}
	return 0;
}

TEST_F_TIMEOUT(vma, several_processes_at_random, 150)
{
	struct torture torture = { self->fd, 0x5eed, env_rounds(60) };

	EXPECT_EQ(0, run_seeded(torturer, &torture, &torture.seed, 4));
	EXPECT_TRUE(is_numbered(self->mem, PAGES));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
