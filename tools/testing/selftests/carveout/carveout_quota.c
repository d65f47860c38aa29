// SPDX-License-Identifier: GPL-2.0
/*
 * Quotas of users and of open files, and the other settings of the
 * administrator.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#define USER	1000
#define OTHER	1003

FIXTURE(quota) {
	struct heap heap;
};

FIXTURE_SETUP(quota)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
}

FIXTURE_TEARDOWN_PARENT(quota)
{
	EXPECT_EQ(0, set_quota("quota_user", 0));
	EXPECT_EQ(0, set_quota("quota_file", 0));
	EXPECT_EQ(0, set_quota("expose_phys", 0));
	HEAP_TEARDOWN(&self->heap);
}

static __u64 used_by(int node, bool open)
{
	struct carveout_ioctl_query query;

	if (query_heap(node, &query))
		return ~0ULL;
	return open ? query.used_file : query.used_user;
}

/* === Users =============================================================== */

TEST_F(quota, user_gets_its_share_to_the_byte)
{
	struct carveout_ioctl_query query;
	struct heap_snapshot with;
	int node = self->heap.node;
	int fds[4], i;

	ASSERT_EQ(0, set_quota("quota_user", 4 * PAGE));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 4 * PAGE + 1));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1ULL << 40));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, -2 * PAGE));
	for (i = 0; i < 4; i++) {
		fds[i] = alloc_buffer(node, PAGE);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ((i + 1) * PAGE, used_by(node, false));
	}
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, take_snapshot(&with));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	EXPECT_EQ(-EDQUOT, alloc_tag(node, 1, unique_tag("quota"), 0, 0600));
	EXPECT_EQ(-EDQUOT, alloc_tag(node, 1, unique_tag("quota"),
				     CARVEOUT_ALLOC_OPEN, 0600));
	ASSERT_EQ(0, query_heap(node, &query));
	EXPECT_EQ(self->heap.query.failures_quota + 6, query.failures_quota);
	EXPECT_EQ(4 * PAGE, query.quota_user);
	/* Another user has a quota of its own. */
	ASSERT_EQ(0, act_as(OTHER));
	EXPECT_EQ(0, used_by(node, false));
	i = alloc_buffer(node, 4 * PAGE);
	EXPECT_LE(0, i);
	close(i);
	/* Root has no quota. */
	ASSERT_EQ(0, act_as(0));
	i = alloc_buffer(node, 16 * PAGE);
	EXPECT_LE(0, i);
	close(i);
	EXPECT_SNAPSHOT(&with);
	/* Freed memory can be allocated again. */
	close(fds[0]);
	ASSERT_EQ(0, act_as(USER));
	fds[0] = alloc_buffer(node, PAGE);
	EXPECT_LE(0, fds[0]);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	EXPECT_EQ(0, used_by(node, false));
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* The memory is charged to the allocating user until the last reference is dropped. */
TEST_F(quota, buffer_in_other_hands_still_counts)
{
	const char *tag = unique_tag("quota.held");
	int node = self->heap.node;
	int fd, held;
	void *mem;

	ASSERT_EQ(0, set_quota("quota_user", 2 * PAGE));
	ASSERT_EQ(0, act_as(USER));
	fd = alloc_tag(node, 2 * PAGE, tag, 0, 0666);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, act_as(OTHER));
	held = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, held);
	EXPECT_EQ(0, used_by(node, false));
	close(fd);
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	mem = map_buffer(held, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, mem);
	close(held);
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	munmap(mem, PAGE);
	fd = alloc_buffer(node, 2 * PAGE);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* A buffer with the tag of this number, kept without an open file. */
static int alloc_numbered(int node, int i)
{
	char name[CARVEOUT_NAME_LEN];

	snprintf(name, sizeof(name), "quota.name.%d", i);
	return alloc_tag(node, PAGE, name, CARVEOUT_ALLOC_PERSIST, 0600);
}

/* Tags cost kernel memory; each has a page at least, so their number is bounded. */
TEST_F(quota, names_without_a_holder_still_count)
{
	int i, fd = 0, count = 0, node = self->heap.node;
	char name[CARVEOUT_NAME_LEN];

	ASSERT_EQ(0, set_quota("quota_user", 40 * PAGE));
	ASSERT_EQ(0, act_as(USER));
	while (count < 100) {
		fd = alloc_numbered(node, count);
		if (fd < 0)
			break;
		close(fd);
		count++;
	}
	EXPECT_EQ(-EDQUOT, fd);
	EXPECT_EQ(40, count);
	EXPECT_EQ(40 * PAGE, used_by(node, false));
	ASSERT_EQ(0, act_as(OTHER));
	fd = alloc_buffer(node, PAGE);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, act_as(USER));
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "quota.name.%d", i);
		EXPECT_EQ(0, unlink_tag(node, name));
	}
	EXPECT_EQ(0, used_by(node, false));
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(quota, limit_can_be_lowered_below_what_is_used)
{
	int node = self->heap.node, fd;

	ASSERT_EQ(0, act_as(USER));
	fd = alloc_buffer(node, 8 * PAGE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, set_quota("quota_user", PAGE));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	EXPECT_EQ(8 * PAGE, used_by(node, false));
	close(fd);
	fd = alloc_buffer(node, PAGE);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Open files ========================================================== */

TEST_F(quota, open_file_gets_its_share)
{
	int node = self->heap.node;
	int other, fd, more;

	ASSERT_EQ(0, set_quota("quota_file", 2 * PAGE));
	other = open(heap_path(), O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, act_as(USER));
	fd = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, 1));
	EXPECT_EQ(2 * PAGE, used_by(node, true));
	EXPECT_EQ(0, used_by(other, true));
	more = alloc_buffer(other, 2 * PAGE);
	ASSERT_LE(0, more);
	EXPECT_EQ(4 * PAGE, used_by(node, false));
	/* The file may be closed before its buffers are freed. */
	close(other);
	EXPECT_EQ(4 * PAGE, used_by(node, false));
	close(more);
	EXPECT_EQ(2 * PAGE, used_by(node, false));
	close(fd);
	EXPECT_EQ(0, used_by(node, true));
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* A pool is charged to its creator, whichever files hold its blocks. */
TEST_F(quota, pool_counts_as_its_memory)
{
	const char *tag = unique_tag("quota.pool");
	int node = self->heap.node;
	int other, pool, more;

	ASSERT_EQ(0, set_quota("quota_file", 4 * PAGE));
	other = open(heap_path(), O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, create_pool(node, PAGE, 5));
	EXPECT_EQ(-EDQUOT, create_pool(node, 256, PAGE / 64 + 1));
	EXPECT_EQ(0, used_by(node, true));
	pool = create_pool_tag(node, 256, PAGE / 64, tag, 0, 0600);
	ASSERT_LE(0, pool);
	EXPECT_EQ(4 * PAGE, used_by(node, true));
	EXPECT_EQ(-EDQUOT, create_pool(node, 1, 1));
	more = open_pool(other, tag);
	ASSERT_LE(0, more);
	EXPECT_EQ(0, used_by(other, true));
	EXPECT_EQ(0, acquire_block_nowait(more));
	EXPECT_EQ(4 * PAGE, used_by(node, true));
	close(pool);
	EXPECT_EQ(4 * PAGE, used_by(node, true));
	close(more);
	EXPECT_EQ(0, used_by(node, true));
	close(other);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

struct eater {
	unsigned int rounds;
	__u64 most;
};

/* Allocate until the quota is reached, and check that it is not exceeded. */
static int eat(void *data)
{
	const struct eater *job = data;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	unsigned int i, n;
	int fds[16];

	if (node < 0 || become(USER, USER))
		return 1;
	for (i = 0; i < job->rounds; i++) {
		for (n = 0; n < ARRAY_SIZE(fds); n++) {
			fds[n] = alloc_buffer(node, PAGE);
			if (fds[n] == -EDQUOT)
				break;
			if (fds[n] < 0)
				return 2;
		}
		if (used_by(node, false) > job->most)
			return 3;
		while (n)
			close(fds[--n]);
	}
	return 0;
}

TEST_F_TIMEOUT(quota, limit_holds_under_races, 120)
{
	struct eater job = { .rounds = env_rounds(300), .most = 10 * PAGE };
	pid_t pid[4];
	int i;

	ASSERT_EQ(0, set_quota("quota_user", job.most));
	for (i = 0; i < 4; i++) {
		pid[i] = start_child(eat, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Settings of the administrator ======================================== */

TEST_F(quota, files_take_numbers_and_nothing_else)
{
	static const char * const bad[] = { "", "x", "-1", "1x", "18446744073709551616" };
	char path[256], line[64];
	size_t i;

	for (i = 1; i < ARRAY_SIZE(bad); i++) {
		EXPECT_GT(0, write_knob("quota_user", bad[i])) TH_LOG("'%s'", bad[i]);
		EXPECT_GT(0, write_knob("quota_file", bad[i])) TH_LOG("'%s'", bad[i]);
	}
	EXPECT_EQ(-EINVAL, write_knob("expose_phys", "x"));
	EXPECT_EQ(0, write_knob("quota_user", "0x10000"));
	knob_path(path, sizeof(path), "quota_user");
	ASSERT_EQ(0, read_line(path, line, sizeof(line)));
	EXPECT_EQ(0, strcmp("65536", line)) TH_LOG("'%s'", line);
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EACCES, write_knob("quota_user", "0"));
	EXPECT_EQ(-EACCES, write_knob("quota_file", "0"));
	EXPECT_EQ(-EACCES, write_knob("expose_phys", "1"));
	ASSERT_EQ(0, act_as(0));
}

/* All users see physical addresses if the administrator allows it. */
TEST_F(quota, addresses_can_be_exposed)
{
	struct carveout_ioctl_region region;
	struct carveout_ioctl_alloc alloc;
	struct carveout_buffer_info buffer;
	int node = self->heap.node;
	int i, fd;

	fd = alloc_buffer(node, PAGE);
	ASSERT_LE(0, fd);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, act_as(0));
		ASSERT_EQ(0, set_quota("expose_phys", i));
		ASSERT_EQ(0, act_as(USER));
		ASSERT_EQ(0, query_buffer(node, fd, &buffer));
		EXPECT_EQ(i, !!(buffer.flags & CARVEOUT_BUFFER_PHYS));
		EXPECT_EQ(i, !!buffer.phys);
		ASSERT_EQ(0, query_region(node, 0, &region));
		EXPECT_EQ(i, !!(region.flags & CARVEOUT_REGION_BASE));
		alloc = alloc_request(PAGE);
		alloc.max_addr = 3;
		EXPECT_EQ(i ? -ENOSPC : -EACCES,
			  xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	}
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
