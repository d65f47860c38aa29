// SPDX-License-Identifier: GPL-2.0
/*
 * Charges to cgroups: the memory of a heap counts for the cgroup of the process that
 * allocates it (dmem), and so does the kernel memory that a buffer takes (memory).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carveout_fixture.h"

#define ROOT	"/tmp/carveout-cgroup"
#define ONE	ROOT "/one"
#define TWO	ROOT "/two"

#define NO_MEMCG "the kernel has no cgroup controller for memory"
#define NO_DMEM	"the kernel has no cgroup controller for device memory, or none for heaps"

FIXTURE(dmem) {
	struct heap heap;
};

static int write_in(const char *group, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", group, file);
	return write_line(path, text);
}

/* The number behind a name in a file of a cgroup, or a negative errno value. */
static __s64 named_number_in(const char *group, const char *file, const char *wanted)
{
	char path[256], name[128], value[64];
	__s64 number = -ENOENT;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fscanf(f, "%127s %63s", name, value) == 2)
		if (!strcmp(name, wanted))
			number = strtoll(value, NULL, 10);
	fclose(f);
	return number;
}

/* The number of the heap. */
static __s64 number_in(const char *group, const char *file)
{
	char name[128];

	snprintf(name, sizeof(name), "carveout/%s", heap_name());
	return named_number_in(group, file, name);
}

static __s64 charged(const char *group)
{
	return number_in(group, "dmem.current");
}

static int limit(const char *group, __u64 bytes)
{
	char text[128];

	snprintf(text, sizeof(text), "carveout/%s %llu", heap_name(),
		 (unsigned long long)bytes);
	return write_in(group, "dmem.max", text);
}

static int join(const char *group)
{
	return write_in(group, "cgroup.procs", "0");
}

/* The test's process is in one of them until its end. */
static bool remove_group(const char *group)
{
	return BECOMES_TRUE(!rmdir(group) || errno == ENOENT);
}

static bool set_up_groups(const char *controller)
{
	mkdir(ROOT, 0755);
	if (mount("none", ROOT, "cgroup2", 0, NULL))
		return false;
	return !write_in(ROOT, "cgroup.subtree_control", controller) &&
	       !mkdir(ONE, 0755) && !mkdir(TWO, 0755);
}

static bool remove_groups(void)
{
	bool removed = remove_group(ONE) && remove_group(TWO);

	umount2(ROOT, MNT_DETACH);
	rmdir(ROOT);
	return removed;
}

FIXTURE_SETUP(dmem)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (!set_up_groups("+dmem") || number_in(ROOT, "dmem.capacity") <= 0)
		SKIP(return, NO_DMEM);
}

FIXTURE_TEARDOWN_PARENT(dmem)
{
	EXPECT_TRUE(remove_groups());
	HEAP_TEARDOWN(&self->heap);
}

static int resize_to(int node, int fd, __u64 size)
{
	struct carveout_ioctl_resize resize = {
		.fd = fd, .size = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize);

	return err ?: resize.new_fd;
}

/* === Limits =============================================================== */

TEST_F(dmem, heap_is_a_region)
{
	__u64 size = self->heap.query.size;

	EXPECT_EQ(size, number_in(ROOT, "dmem.capacity"));
	EXPECT_EQ(0, charged(ONE));
}

TEST_F(dmem, limit_holds_to_the_page)
{
	struct carveout_ioctl_query query;
	int node = self->heap.node, fds[4], i;

	ASSERT_EQ(0, limit(ONE, 4 * PAGE));
	ASSERT_EQ(0, join(ONE));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 4 * PAGE + 1));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1ULL << 40));
	EXPECT_EQ(-EDQUOT, create_pool(node, PAGE, 5));
	EXPECT_EQ(0, charged(ONE));
	for (i = 0; i < 4; i++) {
		fds[i] = i ? alloc_buffer(node, PAGE) : create_pool(node, 64, 1);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ((i + 1) * PAGE, charged(ONE));
	}
	/* A limit of a cgroup binds root. */
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	ASSERT_EQ(0, query_heap(node, &query));
	EXPECT_EQ(self->heap.query.failures_quota + 4, query.failures_quota);
	close(fds[0]);
	EXPECT_EQ(3 * PAGE, charged(ONE));
	fds[0] = alloc_buffer(node, PAGE);
	EXPECT_LE(0, fds[0]);
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	/* Another cgroup has a limit of its own. */
	ASSERT_EQ(0, join(TWO));
	i = alloc_buffer(node, 2 * PAGE);
	EXPECT_LE(0, i);
	EXPECT_EQ(2 * PAGE, charged(TWO));
	close(i);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	EXPECT_EQ(0, charged(ONE));
	EXPECT_EQ(0, charged(TWO));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(dmem, what_failed_is_not_charged)
{
	const char *tag = unique_tag("dmem.taken");
	int node = self->heap.node, fd, i;
	struct carveout_ioctl_alloc *sealed;

	/* The reply cannot be written. */
	sealed = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, sealed);
	*sealed = alloc_request(PAGE);
	ASSERT_EQ(0, mprotect(sealed, PAGE, PROT_READ));
	ASSERT_EQ(0, limit(ONE, 2 * PAGE));
	ASSERT_EQ(0, join(ONE));
	fd = alloc_tag(node, PAGE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(-EEXIST, alloc_tag(node, PAGE, tag, 0, 0600));
		EXPECT_EQ(-EFAULT, xioctl(node, CARVEOUT_IOCTL_ALLOC, sealed));
	}
	ASSERT_EQ(0, limit(ONE, 1ULL << 50));
	EXPECT_EQ(-ENOSPC, alloc_buffer(node, 1ULL << 40));
	EXPECT_EQ(PAGE, charged(ONE));
	close(fd);
	EXPECT_EQ(0, charged(ONE));
	EXPECT_UNCHANGED(&self->heap);
}

/* === The cgroup that is charged =========================================== */

static int leave_persistent(void *data)
{
	const char *tag = data;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);

	if (node < 0 || join(ONE))
		return 1;
	return alloc_tag(node, 3 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600) < 0;
}

/* The buffer outlives the process, and is used in another cgroup. */
TEST_F(dmem, charge_stays_with_the_memory)
{
	char *tag = (char *)unique_tag("dmem.kept");
	int node = self->heap.node, fd;

	ASSERT_EQ(0, run_child(leave_persistent, tag));
	EXPECT_EQ(3 * PAGE, charged(ONE));
	ASSERT_EQ(0, join(TWO));
	fd = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, charged(TWO));
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_EQ(3 * PAGE, charged(ONE));
	close(fd);
	EXPECT_EQ(0, charged(ONE));
	EXPECT_UNCHANGED(&self->heap);
}

/* A cgroup can be removed while a buffer is charged to it. */
TEST_F(dmem, cgroup_ends_before_its_buffer)
{
	char *tag = (char *)unique_tag("dmem.late");
	int node = self->heap.node;

	ASSERT_EQ(0, run_child(leave_persistent, tag));
	EXPECT_TRUE(remove_group(ONE));
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Resizing ============================================================= */

/* In one cgroup no byte is charged twice: a buffer can grow up to the limit. */
TEST_F(dmem, resize_in_place_charges_the_difference)
{
	int node = self->heap.node, fd, next;

	ASSERT_EQ(0, limit(ONE, 4 * PAGE));
	ASSERT_EQ(0, join(ONE));
	fd = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, fd);
	next = resize_to(node, fd, 4 * PAGE);
	ASSERT_LE(0, next);
	EXPECT_EQ(4 * PAGE, charged(ONE));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	close(fd);
	EXPECT_EQ(4 * PAGE, charged(ONE));
	EXPECT_EQ(-EDQUOT, resize_to(node, next, 5 * PAGE));
	EXPECT_EQ(4 * PAGE, charged(ONE));
	fd = resize_to(node, next, PAGE);
	ASSERT_LE(0, fd);
	/* The old descriptor keeps the memory. */
	EXPECT_EQ(4 * PAGE, charged(ONE));
	close(next);
	EXPECT_EQ(PAGE, charged(ONE));
	close(fd);
	EXPECT_EQ(0, charged(ONE));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(dmem, resize_that_moves_is_charged_twice)
{
	int node = self->heap.node, fd, behind, next;

	ASSERT_EQ(0, limit(ONE, 6 * PAGE));
	ASSERT_EQ(0, join(ONE));
	fd = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, fd);
	behind = alloc_buffer(node, PAGE);
	ASSERT_LE(0, behind);
	EXPECT_EQ(-EDQUOT, resize_to(node, fd, 4 * PAGE));
	EXPECT_EQ(3 * PAGE, charged(ONE));
	next = resize_to(node, fd, 3 * PAGE);
	ASSERT_LE(0, next);
	EXPECT_EQ(6 * PAGE, charged(ONE));
	close(fd);
	EXPECT_EQ(4 * PAGE, charged(ONE));
	close(behind);
	close(next);
	EXPECT_EQ(0, charged(ONE));
	EXPECT_UNCHANGED(&self->heap);
}

/* The cgroup that resizes is charged for the whole buffer; the other one until the end. */
TEST_F(dmem, resize_in_another_cgroup_moves_the_charge)
{
	int node = self->heap.node, fd, next, i;
	static const int pages[] = { 3, 1, 2 };

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, join(ONE));
		fd = alloc_buffer(node, 2 * PAGE);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, join(TWO));
		next = resize_to(node, fd, pages[i] * PAGE);
		ASSERT_LE(0, next);
		EXPECT_EQ(2 * PAGE, charged(ONE));
		EXPECT_EQ(pages[i] * PAGE, charged(TWO));
		close(fd);
		EXPECT_EQ(0, charged(ONE));
		EXPECT_EQ(pages[i] * PAGE, charged(TWO));
		close(next);
		EXPECT_EQ(0, charged(TWO));
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Races and the end of the heap ======================================== */

#define MOST	8

struct job {
	unsigned int rounds;
	int *held;
};

/* Count pages once they are allocated, and no longer than they are. */
static bool held_too_many(int *held, int pages)
{
	return __atomic_add_fetch(held, pages, __ATOMIC_SEQ_CST) > MOST;
}

/* Allocate a buffer and resize it, from 1 to 3 and from 1 to 4 pages. */
static int one_round(const struct job *job, int node, int pages, int wanted)
{
	int fd = alloc_buffer(node, pages * PAGE), next;

	if (fd == -EDQUOT)
		return 0;
	if (fd < 0 || held_too_many(job->held, pages))
		return 2;
	next = resize_to(node, fd, wanted * PAGE);
	if (next < 0 && next != -EDQUOT)
		return 3;
	if (next >= 0) {
		if (held_too_many(job->held, wanted - pages))
			return 4;
		pages = wanted;
		close(fd);
		fd = next;
	}
	held_too_many(job->held, -pages);
	close(fd);
	return 0;
}

static int allocate_and_resize(void *data)
{
	const struct job *job = data;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC), err = 0;
	unsigned int i;

	if (node < 0 || join(ONE))
		return 1;
	for (i = 0; i < job->rounds && !err; i++)
		err = one_round(job, node, 1 + i % 3, 1 + i % 4);
	return err;
}

TEST_F_TIMEOUT(dmem, limit_holds_under_races, 120)
{
	struct job job = { .rounds = env_rounds(200) };
	pid_t pid[4];
	int i;

	job.held = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, job.held);
	ASSERT_EQ(0, limit(ONE, MOST * PAGE));
	for (i = 0; i < 4; i++) {
		pid[i] = start_child(allocate_and_resize, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_EQ(0, charged(ONE));
	EXPECT_UNCHANGED(&self->heap);
}

/* A heap that is unbound is no region any longer; its buffers end later. */
TEST_F(dmem, region_ends_with_the_heap)
{
	struct binding binding;
	int fd;

	ASSERT_EQ(0, find_binding(self->heap.node, &binding));
	ASSERT_EQ(0, join(ONE));
	fd = alloc_buffer(self->heap.node, PAGE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unbind(&binding));
	EXPECT_EQ(-ENOENT, number_in(ROOT, "dmem.capacity"));
	EXPECT_EQ(-ENODEV, alloc_buffer(self->heap.node, PAGE));
	close(fd);
	close(self->heap.node);
	ASSERT_EQ(0, bind_soon(&binding));
	EXPECT_LT(0, number_in(ROOT, "dmem.capacity"));
	EXPECT_EQ(0, charged(ONE));
}

/* === Kernel memory ======================================================== */

FIXTURE(memcg) {
	struct heap heap;
};

FIXTURE_SETUP(memcg)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (!set_up_groups("+memory"))
		SKIP(return, NO_MEMCG);
}

FIXTURE_TEARDOWN_PARENT(memcg)
{
	EXPECT_TRUE(remove_groups());
	HEAP_TEARDOWN(&self->heap);
}

#define KEPT	100

/* Objects are freed after a grace period; the statistics are flushed every two seconds. */
static __s64 slab_bytes(void)
{
	sleep(5);
	return named_number_in(ONE, "memory.stat", "slab");
}

static const char *numbered(int i)
{
	static char name[CARVEOUT_NAME_LEN];

	snprintf(name, sizeof(name), "cgroup.%d", i);
	return name;
}

/* The kernel memory of buffers that only their tags hold, with unused ids in between. */
static __s64 cost_of_buffers(int node, int between)
{
	__s64 before = slab_bytes(), after;
	int i, j, fd;

	for (i = 0; i < KEPT; i++) {
		fd = alloc_tag(node, 1, numbered(i), CARVEOUT_ALLOC_PERSIST, 0600);
		if (fd < 0)
			return fd;
		close(fd);
		for (j = 0; j < between; j++)
			close(alloc_buffer(node, 1));
	}
	after = slab_bytes();
	for (i = 0; i < KEPT; i++)
		unlink_tag(node, numbered(i));
	return after - before;
}

/*
 * A node of the index of buffers has 64 entries and takes more than 500 bytes. Buffers whose
 * ids lie apart take one each.
 */
TEST_F_TIMEOUT(memcg, index_of_buffers_is_charged, 120)
{
	int node = self->heap.node;
	__s64 dense, sparse;

	ASSERT_EQ(0, join(ONE));
	ASSERT_LT(0, cost_of_buffers(node, 0));
	dense = cost_of_buffers(node, 0);
	sparse = cost_of_buffers(node, 64);
	EXPECT_LT(KEPT * 256, dense);
	EXPECT_LT(dense + KEPT * 400, sparse) TH_LOG("dense %lld", dense);
	ASSERT_EQ(0, join(ROOT));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
