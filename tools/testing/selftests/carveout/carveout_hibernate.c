// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation: it does not begin while no-map memory is in use, which it would lose; until
 * it has ended no no-map memory is allocated; and then that memory is zero, whatever
 * happened to it.
 *
 * An open /dev/snapshot is a hibernation in progress, in which processes still run.
 * Another lane of the tests hibernates. CARVEOUT_MODULES is the folder of the modules, else
 * /modules.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define SIZE		(4 * PAGE)
#define TEST_SECONDS	120

/* A negative errno value if the hibernation is refused. */
static int begin_hibernation(void)
{
	int fd = open("/dev/snapshot", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

FIXTURE(hibernate) {
	struct heap heap;
	__u64 nomap;	/* masks of regions; 0 if there is none */
	__u64 mapped;
};

FIXTURE_SETUP(hibernate)
{
	int region;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	region = find_region(self->heap.node, false);
	if (region < 0)
		SKIP(return, "no region without pages");
	self->nomap = 1ULL << region;
	region = find_region(self->heap.node, true);
	self->mapped = region < 0 ? 0 : 1ULL << region;
	if (access("/dev/snapshot", R_OK))
		SKIP(return, "this kernel cannot hibernate");
}

FIXTURE_TEARDOWN_PARENT(hibernate)
{
	HEAP_TEARDOWN(&self->heap);
}

/* === Refusal ============================================================= */

/* Number of lines in the kernel log that refuse a hibernation on account of the heap. */
static int count_refusals(__u64 bytes)
{
	static char log[8 * MIB];
	int len = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);
	char *line, wanted[128];
	int count = 0;

	if (len < 0)
		return -errno;
	log[len] = '\0';
	snprintf(wanted, sizeof(wanted), "carveout: %s: no hibernation: %llu KiB", heap_name(),
		 (unsigned long long)bytes / 1024);
	for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		count += !!strstr(line, wanted);
	return count;
}

static void expect_refusal(struct __test_metadata *_metadata, __u64 bytes)
{
	int lines = count_refusals(bytes);

	EXPECT_LE(0, lines);
	EXPECT_EQ(-EBUSY, begin_hibernation());
	EXPECT_EQ(lines + 1, count_refusals(bytes));
}

static void expect_permission(struct __test_metadata *_metadata)
{
	int fd = begin_hibernation();

	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(hibernate, refused_while_a_buffer_would_lose_its_content)
{
	int node = self->heap.node, fd = alloc_in(node, SIZE, self->nomap);
	char *mem;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 21);
	expect_refusal(_metadata, SIZE);
	/* Nothing has changed: memory can be allocated. */
	EXPECT_TRUE(has_pattern(mem, SIZE, 21));
	EXPECT_EQ(0, close(alloc_in(node, SIZE, self->nomap)));
	close(fd);
	expect_refusal(_metadata, SIZE);
	munmap(mem, SIZE);
	expect_permission(_metadata);
	EXPECT_EQ(0, close(alloc_in(node, SIZE, self->nomap)));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(hibernate, refused_while_a_tag_holds_a_buffer)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	const char *tag = unique_tag("hibernate.tag");

	alloc.regions = self->nomap;
	alloc.flags = CARVEOUT_ALLOC_PERSIST;
	set_name(alloc.tag, tag);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	close(alloc.fd);
	expect_refusal(_metadata, SIZE);
	ASSERT_EQ(0, unlink_tag(self->heap.node, tag));
	expect_permission(_metadata);
	EXPECT_UNCHANGED(&self->heap);
}

/* All memory of a pool counts, even if none of its blocks is in use. */
TEST_F(hibernate, refused_while_there_is_a_pool)
{
	struct carveout_ioctl_pool_create pool = pool_request(PAGE, 4);

	pool.regions = self->nomap;
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_POOL_CREATE, &pool));
	expect_refusal(_metadata, SIZE);
	close(pool.fd);
	expect_permission(_metadata);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(hibernate, memory_that_is_saved_does_not_matter)
{
	int fd;

	if (!self->mapped)
		SKIP(return, "no region with pages");
	fd = alloc_in(self->heap.node, SIZE, self->mapped);
	ASSERT_LE(0, fd);
	expect_permission(_metadata);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === In progress ========================================================= */

struct waiter {
	int node;
	int snapshot;	/* also of a child that does not close it */
	__u64 regions;
	bool pool;
};

/* Allocate memory, which is zero. */
static int allocate(void *arg)
{
	const struct waiter *job = arg;
	struct carveout_ioctl_pool_create pool = pool_request(PAGE, 4);
	char *mem;
	int fd;

	close(job->snapshot);
	pool.regions = job->regions;
	if (!job->pool)
		fd = alloc_in(job->node, SIZE, job->regions);
	else if (!xioctl(job->node, CARVEOUT_IOCTL_POOL_CREATE, &pool))
		fd = pool.fd;
	else
		fd = -1;
	mem = map_buffer(fd, SIZE, PROT_READ);
	if (mem == MAP_FAILED)
		return 1;
	return is_filled(mem, SIZE, 0) ? 0 : 2;
}

/* A request waits; with O_NONBLOCK, or for memory that is saved, it does not. */
TEST_F(hibernate, allocations_wait_until_it_has_ended)
{
	struct waiter job = {
		.node = self->heap.node,
		.snapshot = begin_hibernation(),
		.regions = self->nomap,
	};
	int node = open(heap_path(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
	pid_t pid[3];
	int i;

	ASSERT_LE(0, job.snapshot);
	for (i = 0; i < 3; i++) {
		job.pool = i == 1;
		pid[i] = start_child(allocate, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(sleeps(pid[i]));
	EXPECT_EQ(-EAGAIN, alloc_in(node, SIZE, self->nomap));
	EXPECT_EQ(-EAGAIN, alloc_tag(node, self->heap.query.size, "", 0, 0));
	if (self->mapped)
		EXPECT_EQ(0, close(alloc_in(node, SIZE, self->mapped)));
	/* A signal ends the wait. */
	ASSERT_EQ(0, kill(pid[2], SIGKILL));
	ASSERT_EQ(pid[2], waitpid(pid[2], NULL, 0));
	EXPECT_EQ(self->heap.query.used, used_bytes(self->heap.node));
	EXPECT_TRUE(sleeps(pid[0]));
	EXPECT_TRUE(sleeps(pid[1]));
	close(job.snapshot);
	EXPECT_EQ(0, wait_child(pid[0]));
	EXPECT_EQ(0, wait_child(pid[1]));
	close(node);
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * The memory has any content after a resume, so that it is zeroed again. The module also
 * checks that a driver gets EBUSY meanwhile.
 */
TEST_F_TIMEOUT(hibernate, memory_is_zero_afterwards, TEST_SECONDS)
{
	struct carveout_ioctl_region region;
	int node = self->heap.node, snapshot, fd, r;
	char args[128], *mem;

	if (!have_module("carveout_corrupt"))
		SKIP(return, "carveout_corrupt.ko is not here; set CARVEOUT_MODULES");
	snprintf(args, sizeof(args), "heap=%s memory=1", heap_name());
	snapshot = begin_hibernation();
	ASSERT_LE(0, snapshot);
	ASSERT_EQ(0, load_module("carveout_corrupt", args));
	ASSERT_EQ(0, unload_module("carveout_corrupt"));
	close(snapshot);
	for (r = 0; !query_region(node, r, &region); r++) {
		if (region.attrs & CARVEOUT_ATTR_PAGES)
			continue;
		fd = alloc_in(node, region.size, 1ULL << r);
		ASSERT_LE(0, fd);
		mem = map_buffer(fd, region.size, PROT_READ);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		EXPECT_TRUE(is_filled(mem, region.size, 0)) TH_LOG("region %d", r);
		munmap(mem, region.size);
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Races =============================================================== */

static int allocate_and_free(void *arg)
{
	const struct waiter *job = arg;
	char *mem;
	int fd;

	for (;;) {
		fd = alloc_in(job->node, SIZE, job->regions);
		mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
		if (mem == MAP_FAILED)
			return 1;
		if (!is_filled(mem, SIZE, 0))
			return 2;
		memset(mem, 0xee, SIZE);
		munmap(mem, SIZE);
		close(fd);
		sleep_us(500);
	}
}

/*
 * It begins only when nothing is in use, and then nothing gets into use. The moments at which
 * nothing is in use are rare on a slow board, so the rounds go on until one was hit.
 */
TEST_F_TIMEOUT(hibernate, begins_amid_allocations, TEST_SECONDS)
{
	struct waiter job = { .node = self->heap.node, .regions = self->nomap };
	unsigned int i, rounds = env_rounds(60), begun = 0;
	struct carveout_ioctl_region region;
	int nr = __builtin_ctzll(self->nomap), snapshot;
	pid_t pid[2];

	for (i = 0; i < 2; i++) {
		pid[i] = start_child(allocate_and_free, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < rounds || !begun; i++) {
		snapshot = begin_hibernation();
		if (snapshot < 0) {
			ASSERT_EQ(-EBUSY, snapshot);
			continue;
		}
		begun++;
		ASSERT_EQ(0, query_region(job.node, nr, &region));
		EXPECT_EQ(0, region.used);
		sleep_us(i % 4 * 200);
		ASSERT_EQ(0, query_region(job.node, nr, &region));
		EXPECT_EQ(0, region.used);
		close(snapshot);
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kill(pid[i], SIGKILL));
		/* It was still running, so all that it got was zero. */
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[i]));
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
