// SPDX-License-Identifier: GPL-2.0
/*
 * Large mappings of memory without pages, for which the kernel may use huge
 * pages (PMD entries, 2 MiB with pages of 4 KiB): few faults, and the same
 * behaviour as with small entries, whatever is done to parts of them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "carveout_fixture.h"

#define LARGE	(PAGE / 8 * PAGE)	/* a table of 8-byte entries fills a page */
#define NR	3
#define SIZE	(NR * LARGE)
#define PAGES	(SIZE / PAGE)

/*
 * A buffer that begins at a multiple of LARGE, and a reserved range of
 * addresses, aligned the same way. The first word of each page is the number of
 * the page.
 */
FIXTURE(huge) {
	struct heap heap;
	const char *tag;
	int fd;
	char *room;		/* two times SIZE + LARGE, mapped PROT_NONE */
};

static void number_pages(char *mem, long pages)
{
	long i;

	for (i = 0; i < pages; i++)
		__atomic_store_n((long *)(mem + i * PAGE), i, __ATOMIC_RELAXED);
}

/* Are these the buffer's pages from number @first on? */
static bool numbered(const char *mem, long pages, long first)
{
	long i;

	for (i = 0; i < pages; i++)
		if (__atomic_load_n((long *)(mem + i * PAGE),
				    __ATOMIC_RELAXED) != first + i)
			return false;
	return true;
}

/* Return an aligned range for two buffers and a bit more. */
static char *make_room(void)
{
	size_t size = 2 * (SIZE + LARGE);
	char *mem = mmap(NULL, size + LARGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return mem;
	return mem + (-(unsigned long)mem & (LARGE - 1));
}

static char *map_at(char *where, int fd, int prot, size_t size, off_t offset)
{
	return mmap(where, size, prot, MAP_SHARED | MAP_FIXED, fd, offset);
}

/*
 * With pages of 16 KiB a large entry maps 32 MiB, which is more than the heap of the other
 * tests has: the board has one for this program alone. It runs before the heap is chosen.
 */
static void __attribute__((constructor(101))) prefer_large(void)
{
	if (!access("/dev/carveout/large", R_OK | W_OK))
		setenv("CARVEOUT_HEAP", "large", 0);
}

FIXTURE_SETUP(huge)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	struct carveout_ioctl_region info;
	char *mem;
	int region;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	region = find_region(self->heap.node, false);
	if (region < 0)
		SKIP(return, "no region without pages");
	ASSERT_EQ(0, query_region(self->heap.node, region, &info));
	if ((long)info.size < SIZE)
		SKIP(return, "the region has no room for entries of %ld MiB",
		     LARGE / (long)MIB);
	self->tag = unique_tag("huge");
	alloc.regions = 1ULL << region;
	alloc.align = LARGE;
	alloc.mode = 0600;
	set_name(alloc.tag, self->tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	self->fd = alloc.fd;
	self->room = make_room();
	ASSERT_NE(MAP_FAILED, (void *)self->room);
	mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	number_pages(mem, PAGES);
	munmap(mem, SIZE);
}

FIXTURE_TEARDOWN_PARENT(huge)
{
	HEAP_TEARDOWN(&self->heap);
}

/* A PMD entry can be marked as having no pages, and all of the kernel checks the mark. */
static bool kernel_makes_large(void)
{
	return kernel_at_least(7, 3) &&
	       !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* === Faults ============================================================== */

/* Page tables of this process in KiB. */
static long table_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmPTE: %ld kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

TEST_F(huge, few_faults_and_no_page_tables)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	long tables = table_kib(), before = faults();

	ASSERT_EQ(self->room, mem);
	if (!kernel_makes_large()) {
		/* All page tables exist from the start. */
		EXPECT_TRUE(numbered(mem, PAGES, 0));
		EXPECT_GE(4, faults() - before);
		return;
	}
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	EXPECT_LE(NR, faults() - before);
	EXPECT_GE(NR + 4, faults() - before);
	before = faults();
	number_pages(mem, PAGES);
	EXPECT_GE(NR + 4, faults() - before);
	/* With small entries there is a table for each of NR. */
	EXPECT_GT(NR * PAGE / 1024, table_kib() - tables);
	EXPECT_TRUE(numbered(mem, PAGES, 0));
}

/* One more page at both ends, with small entries. */
TEST_F(huge, edges_are_made_of_small_entries)
{
	size_t size = LARGE + 2 * PAGE;
	char *mem = map_at(self->room + LARGE - PAGE, self->fd,
			   PROT_READ | PROT_WRITE, size, LARGE - PAGE);
	long before = faults();

	ASSERT_EQ(self->room + LARGE - PAGE, mem);
	EXPECT_TRUE(numbered(mem, size / PAGE, LARGE / PAGE - 1));
	EXPECT_GE(NR + 6, faults() - before);
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem - 1));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem + size));
	EXPECT_EQ(0, run_child(write_at, mem + size - 1));
}

/* Address and memory are not congruent: small entries, to the right pages. */
TEST_F(huge, address_that_is_not_congruent)
{
	char *mem = map_at(self->room + PAGE, self->fd, PROT_READ | PROT_WRITE,
			   SIZE, 0);

	ASSERT_EQ(self->room + PAGE, mem);
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE - PAGE,
		     PAGE);
	ASSERT_EQ(self->room, mem);
	EXPECT_TRUE(numbered(mem, PAGES - 1, 1));
}

TEST_F(huge, part_of_a_buffer)
{
	long i;

	for (i = 0; i < NR; i++) {
		char *mem = map_at(self->room + i * LARGE, self->fd,
				   PROT_READ | PROT_WRITE, LARGE,
				   (NR - 1 - i) * LARGE);

		ASSERT_EQ(self->room + i * LARGE, mem);
		EXPECT_TRUE(numbered(mem, LARGE / PAGE,
				     (NR - 1 - i) * LARGE / PAGE));
	}
	EXPECT_EQ(MAP_FAILED, (void *)map_at(self->room, self->fd, PROT_READ,
					     LARGE, SIZE));
	EXPECT_EQ(MAP_FAILED, (void *)map_at(self->room, self->fd, PROT_READ,
					     2 * LARGE, SIZE - LARGE));
}

/* Both kinds of entries map the same bytes. */
TEST_F(huge, what_one_mapping_writes_the_other_reads)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	char *small = map_at(self->room + SIZE + LARGE + PAGE, self->fd,
			     PROT_READ | PROT_WRITE, SIZE, 0);

	ASSERT_EQ(self->room, mem);
	ASSERT_NE(MAP_FAILED, (void *)small);
	memset(mem + LARGE - PAGE, 0x11, 2 * PAGE);
	EXPECT_TRUE(is_filled(small + LARGE - PAGE, 2 * PAGE, 0x11));
	memset(small + LARGE - PAGE, 0x22, 2 * PAGE);
	EXPECT_TRUE(is_filled(mem + LARGE - PAGE, 2 * PAGE, 0x22));
}

struct toucher {
	char *mem;
	long first;
	bool good;
};

static void *touch(void *arg)
{
	struct toucher *toucher = arg;

	toucher->good = numbered(toucher->mem + toucher->first * PAGE,
				 PAGES - toucher->first, toucher->first);
	return NULL;
}

TEST_F_TIMEOUT(huge, several_threads_touch_it_first, 60)
{
	unsigned int round, rounds = env_rounds(20);
	struct toucher toucher[4];
	pthread_t thread[4];
	int i;

	for (round = 0; round < rounds; round++) {
		/* Alternating huge pages, and small ones at the edges. */
		long cut = round & 1 ? PAGE : 0;
		char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE,
				   SIZE, 0);

		ASSERT_EQ(self->room, mem);
		ASSERT_EQ(0, cut ? munmap(mem + SIZE - cut, cut) : 0);
		for (i = 0; i < 4; i++) {
			toucher[i].mem = mem;
			toucher[i].first = PAGES - LARGE / PAGE * (i % NR) -
					   LARGE / PAGE / 2 - i;
			ASSERT_EQ(0, cut ? 0 : pthread_create(&thread[i], NULL,
							      touch, &toucher[i]));
		}
		for (i = 0; i < 4 && !cut; i++) {
			pthread_join(thread[i], NULL);
			EXPECT_TRUE(toucher[i].good);
		}
		EXPECT_TRUE(numbered(mem, PAGES - !!cut, 0));
		munmap(mem, SIZE);
	}
}

/* === Parts of mappings =================================================== */

TEST_F(huge, protection_of_a_part)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	char *page = mem + LARGE + 7 * PAGE;

	ASSERT_EQ(self->room, mem);
	number_pages(mem, PAGES);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	EXPECT_EQ(128 + SIGSEGV, run_child(write_at, page));
	EXPECT_EQ(0, run_child(write_at, page + PAGE + 100));
	EXPECT_EQ(0, run_child(write_at, page - 100));
	/* A whole huge page, and all. */
	ASSERT_EQ(0, mprotect(mem + 2 * LARGE, LARGE, PROT_READ));
	EXPECT_EQ(128 + SIGSEGV, run_child(write_at, mem + 2 * LARGE));
	EXPECT_EQ(0, run_child(write_at, mem + 2 * LARGE - 1));
	ASSERT_EQ(0, mprotect(mem, SIZE, PROT_NONE));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem + LARGE));
	ASSERT_EQ(0, mprotect(mem, SIZE, PROT_READ | PROT_WRITE));
	number_pages(mem, PAGES);
	EXPECT_TRUE(numbered(mem, PAGES, 0));
}

TEST_F(huge, hole_in_the_middle)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	char *hole = mem + LARGE + 9 * PAGE;
	char *over;

	ASSERT_EQ(self->room, mem);
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	ASSERT_EQ(0, munmap(hole, 2 * PAGE));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, hole));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, hole + 2 * PAGE - 1));
	EXPECT_TRUE(numbered(mem, LARGE / PAGE + 9, 0));
	EXPECT_TRUE(numbered(hole + 2 * PAGE, PAGES - LARGE / PAGE - 11,
			     LARGE / PAGE + 11));
	over = mmap(mem + PAGE, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_EQ(mem + PAGE, over);
	memset(over, 0x77, PAGE);
	EXPECT_TRUE(numbered(mem, 1, 0));
	EXPECT_TRUE(numbered(mem + 2 * PAGE, 100, 2));
	close(self->fd);
	munmap(mem, SIZE - PAGE);
	EXPECT_TRUE(numbered(mem + SIZE - PAGE, 1, PAGES - 1));
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	munmap(mem, SIZE);
	EXPECT_UNCHANGED(&self->heap);
}

/* Moved to an address that allows huge pages, and to one that does not. */
TEST_F(huge, mapping_that_moves)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	char *there = self->room + SIZE + LARGE;

	ASSERT_EQ(self->room, mem);
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	ASSERT_EQ(there, mremap(mem, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				there));
	EXPECT_TRUE(numbered(there, PAGES, 0));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem));
	ASSERT_EQ(mem + PAGE, mremap(there, SIZE, SIZE, MREMAP_MAYMOVE |
				     MREMAP_FIXED, mem + PAGE));
	EXPECT_TRUE(numbered(mem + PAGE, PAGES, 0));
	number_pages(mem + PAGE, PAGES);
	/* One page out of the middle. */
	ASSERT_EQ(there, mremap(mem + LARGE, PAGE, PAGE, MREMAP_MAYMOVE |
				MREMAP_FIXED, there));
	EXPECT_TRUE(numbered(there, 1, LARGE / PAGE - 1));
	EXPECT_TRUE(numbered(mem + LARGE + PAGE, LARGE / PAGE + 88,
			     LARGE / PAGE));
	EXPECT_EQ(MAP_FAILED, mremap(there, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

TEST_F(huge, mapping_that_shrinks)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);

	ASSERT_EQ(self->room, mem);
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	ASSERT_EQ(mem, mremap(mem, SIZE, LARGE + PAGE, 0));
	EXPECT_TRUE(numbered(mem, LARGE / PAGE + 1, 0));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem + LARGE + PAGE));
	ASSERT_EQ(mem, mremap(mem, LARGE + PAGE, LARGE - PAGE, 0));
	EXPECT_TRUE(numbered(mem, LARGE / PAGE - 1, 0));
	EXPECT_EQ(128 + SIGSEGV, run_child(read_at, mem + LARGE - PAGE));
	EXPECT_EQ(MAP_FAILED, mremap(mem, LARGE - PAGE, LARGE, 0));
}

static int user_of_inherited(void *arg)
{
	char *mem = arg;

	if (!numbered(mem, PAGES, 0))
		return 1;
	*(long *)(mem + LARGE) = 4711;
	*(long *)(mem + SIZE - PAGE) = 4712;
	return munmap(mem + PAGE, LARGE) ? 2 : 0;
}

TEST_F(huge, child_shares_it)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);

	ASSERT_EQ(self->room, mem);
	/* The first entry exists before the fork, the others do not. */
	EXPECT_TRUE(numbered(mem, 1, 0));
	EXPECT_EQ(0, run_child(user_of_inherited, mem));
	EXPECT_EQ(4711, *(long *)(mem + LARGE));
	EXPECT_EQ(4712, *(long *)(mem + SIZE - PAGE));
	*(long *)(mem + LARGE) = LARGE / PAGE;
	*(long *)(mem + SIZE - PAGE) = PAGES - 1;
	EXPECT_EQ(0, run_child(user_of_inherited, mem));
}

/* === Refused accesses ==================================================== */

/* There are no pages, whatever the kind of entry. */
TEST_F(huge, pages_cannot_be_pinned)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	int disk = open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
	struct iovec iov = { mem + LARGE, PAGE }, local = { mem, PAGE };
	int pipes[2], touched;

	ASSERT_EQ(self->room, mem);
	ASSERT_EQ(0, pipe(pipes));
	for (touched = 0; touched < 3; touched++) {
		EXPECT_EQ(-1, vmsplice(pipes[1], &iov, 1, 0));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, syscall(SYS_process_vm_readv, getpid(), &local, 1,
				      &iov, 1, 0));
		if (disk >= 0) {
			EXPECT_EQ(-1, pwrite(disk, mem + LARGE, PAGE, 0));
			EXPECT_EQ(EFAULT, errno);
			EXPECT_EQ(-1, pread(disk, mem + LARGE, PAGE, 0));
			EXPECT_EQ(EFAULT, errno);
		}
		/* First without entries, then with entries, then with changed ones. */
		EXPECT_TRUE(numbered(mem, PAGES, 0));
		number_pages(mem, PAGES);
		if (touched) {
			EXPECT_EQ(0, mprotect(mem, SIZE, PROT_READ));
			EXPECT_EQ(0, mprotect(mem, SIZE, PROT_READ | PROT_WRITE));
		}
	}
}

static int write_clear_refs(void)
{
	return write_line("/proc/self/clear_refs", "1");
}

/* These look for a page behind an entry, whatever its size, or remove it. */
TEST_F(huge, advice_that_walks_page_tables)
{
	static const int advice[] = { MADV_COLD, MADV_PAGEOUT, MADV_DONTNEED };
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);
	int refs = access("/proc/self/clear_refs", W_OK);
	size_t i;

	ASSERT_EQ(self->room, mem);
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		EXPECT_TRUE(numbered(mem, PAGES, 0));
		EXPECT_EQ(0, madvise(mem, SIZE, advice[i]));
		EXPECT_TRUE(numbered(mem, PAGES, 0));
		/* A part of a huge page. */
		EXPECT_EQ(0, madvise(mem + LARGE + PAGE, PAGE, advice[i]));
		EXPECT_TRUE(numbered(mem, PAGES, 0));
		if (!refs)
			EXPECT_EQ(0, write_clear_refs());
		EXPECT_TRUE(numbered(mem, PAGES, 0));
	}
}

TEST_F(huge, read_only_stays_so)
{
	int ro = open_tag(self->heap.node, self->tag, O_RDONLY | O_CLOEXEC);
	char *mem = map_at(self->room, ro, PROT_READ, SIZE, 0);
	int proc = open("/proc/self/mem", O_RDWR | O_CLOEXEC), touched;

	ASSERT_EQ(self->room, mem);
	for (touched = 0; touched < 2; touched++) {
		EXPECT_EQ(128 + SIGSEGV, run_child(write_at, mem + LARGE));
		EXPECT_NE(8, pwrite(proc, "intrude", 8, (off_t)(uintptr_t)mem));
		EXPECT_EQ(-1, mprotect(mem, SIZE, PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(mem + LARGE, PAGE, PROT_WRITE));
		EXPECT_TRUE(numbered(mem, PAGES, 0));
	}
}

TEST_F(huge, mapping_alone_holds_the_buffer)
{
	char *mem = map_at(self->room, self->fd, PROT_READ | PROT_WRITE, SIZE, 0);

	ASSERT_EQ(self->room, mem);
	close(self->fd);
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	/* Also if the first access happens after the file was closed. */
	EXPECT_TRUE(numbered(mem, PAGES, 0));
	munmap(mem, SIZE);
	EXPECT_EQ(self->heap.query.used, used_bytes(self->heap.node));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
