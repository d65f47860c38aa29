// SPDX-License-Identifier: GPL-2.0
/*
 * Corruption: a heap or a pool that is found corrupted reports it once and
 * refuses all changes. Memory in use remains as it is.
 *
 * A heap cannot be corrupted from user space; a module does it. Afterwards the
 * driver is reloaded. CARVEOUT_MODULES is the folder of both modules, else
 * /modules.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "carveout_fixture.h"

#define SIZE		(4 * PAGE)
#define TAG		"corrupt.tag"
#define PANIC_ON_WARN	"/proc/sys/kernel/panic_on_warn"

/* === Modules ============================================================= */

/* Number of corruption warnings in the kernel log. */
static int count_warnings(void)
{
	static char log[8 * MIB];
	int len = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);
	int count = 0;
	char *line;

	if (len < 0)
		return -errno;
	log[len] = '\0';
	for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, "WARNING:") && strstr(line, "driver/mem/alloc.c:"))
			count++;
	return count;
}

/* === The test ============================================================ */

FIXTURE(corrupt) {
	struct heap heap;
	char args[2048];
	char panic[16];
};

FIXTURE_SETUP(corrupt)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (!have_module("carveout_corrupt") || !have_module("carveout"))
		SKIP(return, "carveout_corrupt.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	ASSERT_EQ(0, module_args(self->args, sizeof(self->args)));
	/* The test provokes the warning. */
	ASSERT_EQ(0, read_line(PANIC_ON_WARN, self->panic, sizeof(self->panic)));
	ASSERT_EQ(0, write_line(PANIC_ON_WARN, "0"));
}

/* The test's process has ended, so the modules have no users. */
FIXTURE_TEARDOWN_PARENT(corrupt)
{
	char report[256];

	EXPECT_EQ(0, write_line(PANIC_ON_WARN, self->panic));
	EXPECT_EQ(0, unload_module("carveout_corrupt"));
	EXPECT_EQ(0, unload_module("carveout"));
	ASSERT_EQ(0, load_module("carveout", self->args));
	EXPECT_EQ(0, access(heap_path(), F_OK));
	EXPECT_TRUE(heap_check(report, sizeof(report))) TH_LOG("%s", report);
	EXPECT_EQ(0, heap_state("used"));
}

#define POOLS	"pools=1"

static int corrupt(const char *how)
{
	char args[128];

	snprintf(args, sizeof(args), "heap=%s %s", heap_name(), how);
	return load_module("carveout_corrupt", args);
}

static int corrupt_heap(void)
{
	return corrupt("");
}

static int grow(int node, int fd)
{
	struct carveout_ioctl_resize resize = {
		.fd = fd, .size = 2 * SIZE, .fd_flags = O_RDWR,
	};

	return xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize);
}

/* Calls that do not change the heap's structure still work. */
static void expect_the_rest(struct __test_metadata *_metadata, int node, int fd,
			    char *mem)
{
	struct carveout_ioctl_query query;
	char *again;

	EXPECT_TRUE(has_pattern(mem, SIZE, 11));
	fill_pattern(mem, SIZE, 12);
	again = map_buffer(fd, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)again);
	EXPECT_TRUE(has_pattern(again, SIZE, 12));
	munmap(again, SIZE);
	EXPECT_EQ(0, query_heap(node, &query));
	EXPECT_EQ(1, query.buffers);
	EXPECT_EQ(1, find_listed(node, TAG, NULL));
	EXPECT_EQ(0, try_open(node, TAG, O_RDWR));
	EXPECT_EQ(0, unlink_tag(node, TAG));
}

/* The heap refuses allocations, and its debugfs file states the reason. */
static void expect_refusal(struct __test_metadata *_metadata, int node)
{
	char report[256];

	EXPECT_EQ(-EUCLEAN, alloc_buffer(node, SIZE));
	EXPECT_EQ(-EUCLEAN, alloc_tag(node, SIZE, "corrupt.new", 0, 0600));
	EXPECT_EQ(-ENOENT, open_tag(node, "corrupt.new", O_RDONLY));
	EXPECT_FALSE(heap_check(report, sizeof(report)));
	EXPECT_EQ(0, strncmp(report, "corrupted: ", 11)) TH_LOG("%s", report);
}

/* The first call that detects the corruption logs it, and no other one does. */
TEST_F(corrupt, heap_refuses_what_would_change_it)
{
	int warnings, fd, node = self->heap.node;
	char *mem;

	fd = alloc_tag(node, SIZE, TAG, CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, fd);
	warnings = count_warnings();
	ASSERT_LE(0, warnings);
	ASSERT_EQ(0, corrupt_heap());
	EXPECT_EQ(warnings, count_warnings());
	expect_refusal(_metadata, node);
	EXPECT_EQ(warnings + 1, count_warnings());

	EXPECT_EQ(-EUCLEAN, grow(node, fd));
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 11);
	expect_the_rest(_metadata, node, fd, mem);
	munmap(mem, SIZE);
	/* The memory is not reused, because its owner is unknown. */
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(SIZE, used_bytes(node));
	expect_refusal(_metadata, node);
	EXPECT_EQ(warnings + 1, count_warnings());
}

/* The check detects the corruption, and from then on the heap refuses changes, too. */
TEST_F(corrupt, check_finds_it_first)
{
	int node = self->heap.node, fd = alloc_buffer(node, SIZE);
	char *mem, report[256];

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 13);
	ASSERT_TRUE(heap_check(report, sizeof(report)));
	ASSERT_EQ(0, corrupt_heap());
	EXPECT_FALSE(heap_check(report, sizeof(report)));
	expect_refusal(_metadata, node);
	EXPECT_TRUE(has_pattern(mem, SIZE, 13));
}

/* === Pools =============================================================== */

#define WAITERS	3

struct waiter {
	int node;
	int pool;	/* the file that owns all blocks, not the waiter's */
};

/* A poller is told as well, whatever it waits for. */
/* Without a timeout: at its end poll() would look once more, whether or not it was woken. */
static int poll_for_corruption(void *arg)
{
	const struct waiter *waiter = arg;
	struct pollfd poll_fd = { .fd = open_pool(waiter->node, TAG), .events = POLLIN };

	close(waiter->pool);
	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLERR ? 0 : 1;
}

static int wait_for_corruption(void *arg)
{
	const struct waiter *waiter = arg;
	int pool = open_pool(waiter->node, TAG);

	close(waiter->pool);
	return acquire_block(pool, now_ns() + 20000000000ULL) == -EUCLEAN ? 0 : 1;
}

/*
 * One call detects the corruption while others wait for a block. It fails the
 * first waiter, because no block can be released from then on.
 */
static void expect_all_fail(struct __test_metadata *_metadata, int node,
			    int (*meet)(int pool), const char *how)
{
	struct waiter waiter = {
		.node = node, .pool = full_pool(node, 2, TAG),
	};
	int i, warnings = count_warnings();
	pid_t pid[WAITERS], poller;

	ASSERT_LE(0, waiter.pool);
	for (i = 0; i < WAITERS; i++) {
		pid[i] = start_child(wait_for_corruption, &waiter);
		ASSERT_LT(0, pid[i]);
	}
	ASSERT_TRUE(has_waiters(waiter.pool, WAITERS));
	poller = start_child(poll_for_corruption, &waiter);
	ASSERT_LT(0, poller);
	EXPECT_TRUE(sleeps(poller));
	ASSERT_EQ(0, corrupt(how));
	EXPECT_EQ(0, meet(waiter.pool));
	EXPECT_EQ(0, wait_child(poller));
	for (i = 0; i < WAITERS; i++)
		EXPECT_EQ(0, wait_child(pid[i])) TH_LOG("waiter %d", i);
	EXPECT_EQ(warnings + 1, count_warnings());
}

static int meet_by_get(int pool)
{
	return acquire_block_nowait(pool) == -EUCLEAN ? 0 : 1;
}

TEST_F(corrupt, pool_that_is_asked_for_a_block_fails_the_waiters)
{
	expect_all_fail(_metadata, self->heap.node, meet_by_get, POOLS);
}

static int meet_by_put(int pool)
{
	return release_block(pool, 1) == -EUCLEAN ? 0 : 1;
}

TEST_F(corrupt, pool_that_is_given_a_block_fails_the_waiters)
{
	expect_all_fail(_metadata, self->heap.node, meet_by_put, POOLS);
}

/* Blocks of a closed file cannot be released either. */
TEST_F(corrupt, pool_of_a_released_file_fails_the_waiters)
{
	expect_all_fail(_metadata, self->heap.node, close, POOLS);
	/* The heap's memory is not corrupted. */
	EXPECT_EQ(0, used_bytes(self->heap.node));
}

/* Its list of blocks is empty, but the file has some: they are not forgotten silently. */
TEST_F(corrupt, pool_that_lost_the_blocks_of_a_file_fails_the_waiters)
{
	expect_all_fail(_metadata, self->heap.node, close, POOLS " lost=1");
	EXPECT_EQ(0, used_bytes(self->heap.node));
}

TEST_HARNESS_MAIN
