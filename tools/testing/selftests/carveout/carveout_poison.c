// SPDX-License-Identifier: GPL-2.0
/*
 * Pages in which the hardware reports an error: they are not allocated again, the rest of
 * their buffers is. The kernel is told of errors that did not happen. It never takes the
 * mark back, so the module is loaded with another heap of system memory meanwhile.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#define PAGES	16
#define SIZE	(PAGES * PAGE)
#define NODE	"/dev/carveout/default"
#define OFFLINE	"/sys/devices/system/memory/hard_offline_page"

/* The bit of poisoned pages in /proc/kpageflags. */
#define KPF_HWPOISON	19

FIXTURE(poison) {
	char args[1200];	/* of the module */
	int node;
	__u64 size;		/* of the heap */
};

FIXTURE_SETUP(poison)
{
	struct carveout_ioctl_query query;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (access(OFFLINE, W_OK))
		SKIP(return, "the kernel cannot be told of errors: no " OFFLINE);
	if (!have_module("carveout"))
		SKIP(return, "carveout.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, module_args(self->args, sizeof(self->args)));
	ASSERT_TRUE(BECOMES_TRUE(!unload_module("carveout")));
	ASSERT_EQ(0, load_module("carveout", "default=1M"));
	ASSERT_TRUE(BECOMES_TRUE((self->node = open(NODE, O_RDWR | O_CLOEXEC)) >= 0));
	ASSERT_EQ(0, query_heap(self->node, &query));
	ASSERT_EQ(0, query.used);
	self->size = query.size;
}

FIXTURE_TEARDOWN_PARENT(poison)
{
	EXPECT_TRUE(BECOMES_TRUE(!unload_module("carveout")));
	EXPECT_EQ(0, load_module("carveout", self->args));
	EXPECT_TRUE(BECOMES_TRUE(!access(heap_path(), F_OK)));
}

static bool is_poisoned(__u64 phys)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	__u64 flags = 0;
	ssize_t n = pread(fd, &flags, sizeof(flags), phys / PAGE * sizeof(flags));

	close(fd);
	return n == sizeof(flags) && flags & 1ULL << KPF_HWPOISON;
}

static __u64 phys_of(int node, int fd)
{
	struct carveout_buffer_info info;

	return query_buffer(node, fd, &info) ? 0 : info.phys;
}

/* The kernel calls such pages of a driver "ignored", but marks them. */
static bool report_error(__u64 phys)
{
	char address[32];

	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)phys);
	write_line(OFFLINE, address);
	return is_poisoned(phys);
}

/* Allocate page by page: all of the heap but @bad, all of it zero. */
static bool all_but(const struct _test_data_poison *self, __u64 bad)
{
	const long pages = self->size / PAGE;
	bool fine = true;
	int fd[1024];
	long n, i;
	char *mem;

	for (n = 0; n < pages && n < 1024; n++) {
		fd[n] = alloc_buffer(self->node, PAGE);
		if (fd[n] < 0)
			break;
		mem = map_buffer(fd[n], PAGE, PROT_READ);
		fine = fine && phys_of(self->node, fd[n]) != bad &&
		       mem != MAP_FAILED && is_filled(mem, PAGE, 0);
		munmap(mem, PAGE);
	}
	for (i = 0; i < n; i++)
		close(fd[i]);
	return fine && n == pages - 1;
}

TEST_F(poison, page_of_a_buffer)
{
	int fd = alloc_buffer(self->node, SIZE);
	char *mem = map_numbered(fd, PAGES);
	__u64 bad;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	munmap(mem, SIZE);
	bad = phys_of(self->node, fd) + 5 * PAGE;
	ASSERT_TRUE(report_error(bad));
	EXPECT_EQ(SIZE, (long)used_bytes(self->node));
	close(fd);
	EXPECT_EQ(PAGE, (long)used_bytes(self->node));
	EXPECT_TRUE(all_but(self, bad));
	EXPECT_EQ(PAGE, (long)used_bytes(self->node));
}

TEST_F(poison, page_of_a_hole)
{
	int fd = alloc_buffer(self->node, SIZE);
	__u64 bad = phys_of(self->node, fd) + 2 * PAGE;

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, used_bytes(self->node));
	ASSERT_TRUE(report_error(bad));
	EXPECT_EQ(-ENOSPC, alloc_buffer(self->node, self->size));
	EXPECT_TRUE(all_but(self, bad));
	EXPECT_EQ(PAGE, (long)used_bytes(self->node));
}

/* Like an error that the CPU finds. The kernel keeps a reference to the page for ever. */
static int finds_error(void *arg)
{
	const struct _test_data_poison *self = arg;
	int fd = alloc_buffer(self->node, SIZE);
	char *mem = map_numbered(fd, PAGES);
	__u64 bad = phys_of(self->node, fd) + 3 * PAGE;

	if (mem == MAP_FAILED)
		return 1;
	signal(SIGBUS, SIG_IGN);
	madvise(mem + 3 * PAGE, PAGE, MADV_HWPOISON);
	return is_poisoned(bad) ? 0 : 2;
}

TEST_F(poison, page_with_a_reference)
{
	EXPECT_EQ(0, run_child(finds_error, self));
	EXPECT_TRUE(BECOMES_TRUE((long)used_bytes(self->node) == PAGE));
}

TEST_HARNESS_MAIN
