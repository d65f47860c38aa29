// SPDX-License-Identifier: GPL-2.0
/*
 * Limits on the number of objects of a user: buffers, tags, persistent tags, pools,
 * waiters. carveout_quota.c has those on bytes.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

#define USER	1000
#define OTHER	1003

/* The limit that most tests set. */
#define LIMIT	3

static const struct {
	const char *file;
	const char *text;
} defaults[] = {
	{ "quota_buffers", "4096" }, { "quota_tags", "1024" },
	{ "quota_persistent", "256" }, { "quota_pools", "256" },
	{ "quota_waiters", "256" },
};

static void reset_limits(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(defaults); i++)
		write_knob(defaults[i].file, defaults[i].text);
}

static const char *numbered(int i)
{
	static char name[CARVEOUT_NAME_LEN];

	snprintf(name, sizeof(name), "limits.%d", i);
	return name;
}

static int link_numbered(int node, int fd, int i, __u32 flags)
{
	struct carveout_ioctl_link link = { .fd = fd, .flags = flags, .mode = 0600 };

	set_name(link.tag, numbered(i));
	return xioctl(node, CARVEOUT_IOCTL_LINK, &link);
}

/* === Objects of each kind ================================================= */

static int make_buffer(int node, int i)
{
	(void)i;
	return alloc_buffer(node, PAGE);
}

static int make_tag(int node, int i)
{
	return alloc_tag(node, PAGE, numbered(i), 0, 0600);
}

static int make_link(int node, int i)
{
	int fd = alloc_buffer(node, PAGE);
	int err = fd < 0 ? fd : link_numbered(node, fd, i, 0);

	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

static int make_persistent(int node, int i)
{
	return alloc_tag(node, PAGE, numbered(i), CARVEOUT_ALLOC_PERSIST, 0600);
}

static int make_pool(int node, int i)
{
	(void)i;
	return create_pool(node, 64, 4);
}

static int make_pool_tag(int node, int i)
{
	return create_pool_tag(node, 64, 4, numbered(i), 0, 0600);
}

static void drop_fd(int node, int fd, int i)
{
	(void)node;
	(void)i;
	close(fd);
}

static void drop_tag(int node, int fd, int i)
{
	unlink_tag(node, numbered(i));
	close(fd);
}

FIXTURE(limits) {
	struct heap heap;
};

FIXTURE_VARIANT(limits) {
	const char *file;
	int (*make)(int node, int i);
	void (*drop)(int node, int fd, int i);
};

FIXTURE_VARIANT_ADD(limits, buffers) { "quota_buffers", make_buffer, drop_fd };
FIXTURE_VARIANT_ADD(limits, pools_as_buffers) { "quota_buffers", make_pool, drop_fd };
FIXTURE_VARIANT_ADD(limits, tags) { "quota_tags", make_tag, drop_fd };
FIXTURE_VARIANT_ADD(limits, tags_of_pools) { "quota_tags", make_pool_tag, drop_fd };
FIXTURE_VARIANT_ADD(limits, links) { "quota_tags", make_link, drop_fd };
FIXTURE_VARIANT_ADD(limits, unlinked_tags) { "quota_tags", make_tag, drop_tag };
FIXTURE_VARIANT_ADD(limits, persistent) { "quota_persistent", make_persistent, drop_tag };
FIXTURE_VARIANT_ADD(limits, pools) { "quota_pools", make_pool, drop_fd };

FIXTURE_SETUP(limits)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
}

FIXTURE_TEARDOWN_PARENT(limits)
{
	reset_limits();
	HEAP_TEARDOWN(&self->heap);
}

static __u64 refused(int node)
{
	struct carveout_ioctl_query query;

	return query_heap(node, &query) ? ~0ULL : query.failures_quota;
}

TEST_F(limits, hold_to_the_object)
{
	int node = self->heap.node, fds[LIMIT], more, i;
	struct heap_snapshot full;
	__u64 before;

	ASSERT_EQ(0, set_quota(variant->file, LIMIT));
	ASSERT_EQ(0, act_as(USER));
	for (i = 0; i < LIMIT; i++) {
		fds[i] = variant->make(node, i);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, take_snapshot(&full));
	ASSERT_EQ(0, act_as(USER));
	before = refused(node);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EDQUOT, variant->make(node, LIMIT));
	EXPECT_EQ(before + 3, refused(node));
	/* Other users have limits of their own, and root has none. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, act_as(i ? 0 : OTHER));
		more = variant->make(node, LIMIT);
		EXPECT_LE(0, more);
		variant->drop(node, more, LIMIT);
	}
	EXPECT_SNAPSHOT(&full);
	/* Room for one object follows the end of one. */
	ASSERT_EQ(0, act_as(USER));
	variant->drop(node, fds[0], 0);
	fds[0] = variant->make(node, 0);
	EXPECT_LE(0, fds[0]);
	EXPECT_EQ(-EDQUOT, variant->make(node, LIMIT));
	for (i = 0; i < LIMIT; i++)
		variant->drop(node, fds[i], i);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(limits, can_be_changed_while_objects_exist)
{
	int node = self->heap.node, fds[LIMIT], i;

	ASSERT_EQ(0, set_quota(variant->file, 0));
	ASSERT_EQ(0, act_as(USER));
	for (i = 0; i < LIMIT; i++) {
		fds[i] = variant->make(node, i);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, set_quota(variant->file, 1));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, variant->make(node, LIMIT));
	variant->drop(node, fds[2], 2);
	EXPECT_EQ(-EDQUOT, variant->make(node, LIMIT));
	variant->drop(node, fds[1], 1);
	EXPECT_EQ(-EDQUOT, variant->make(node, LIMIT));
	variant->drop(node, fds[0], 0);
	fds[0] = variant->make(node, 0);
	EXPECT_LE(0, fds[0]);
	EXPECT_EQ(-EDQUOT, variant->make(node, LIMIT));
	variant->drop(node, fds[0], 0);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

struct job {
	int (*make)(int node, int i);
	void (*drop)(int node, int fd, int i);
	int *held;
	int first;
	unsigned int rounds;
};

/* Count an object before it can be freed, and no longer than it is held. */
static int make_and_drop(void *data)
{
	const struct job *job = data;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	unsigned int i, n;
	int fds[LIMIT + 1];

	if (node < 0 || become(USER, USER))
		return 1;
	for (i = 0; i < job->rounds; i++) {
		for (n = 0; n < ARRAY_SIZE(fds); n++) {
			fds[n] = job->make(node, job->first + n);
			if (fds[n] == -EDQUOT)
				break;
			if (fds[n] < 0)
				return 2;
			if (__atomic_add_fetch(job->held, 1, __ATOMIC_SEQ_CST) > LIMIT)
				return 3;
		}
		while (n--) {
			__atomic_sub_fetch(job->held, 1, __ATOMIC_SEQ_CST);
			job->drop(node, fds[n], job->first + n);
		}
	}
	return 0;
}

TEST_F_TIMEOUT(limits, hold_under_races, 120)
{
	struct job job = {
		.make = variant->make, .drop = variant->drop,
		.rounds = env_rounds(100),
	};
	pid_t pid[4];
	int i;

	job.held = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, job.held);
	ASSERT_EQ(0, set_quota(variant->file, LIMIT));
	for (i = 0; i < 4; i++) {
		job.first = 100 * (i + 1);
		pid[i] = start_child(make_and_drop, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_UNCHANGED(&self->heap);
}

/* === The user that is charged ============================================= */

FIXTURE(heap_limits) {
	struct heap heap;
};

FIXTURE_SETUP(heap_limits)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
}

FIXTURE_TEARDOWN_PARENT(heap_limits)
{
	reset_limits();
	HEAP_TEARDOWN(&self->heap);
}

/* Without any setting, too: a user cannot take all names of a heap. */
TEST_F(heap_limits, apply_by_default)
{
	int node = self->heap.node, fd = 0, count, i;
	char path[256], line[64];
	size_t k;

	for (k = 0; k < ARRAY_SIZE(defaults); k++) {
		knob_path(path, sizeof(path), defaults[k].file);
		ASSERT_EQ(0, read_line(path, line, sizeof(line)));
		EXPECT_EQ(0, strcmp(defaults[k].text, line))
			TH_LOG("%s '%s'", defaults[k].file, line);
	}
	ASSERT_EQ(0, act_as(USER));
	for (k = 0; k < ARRAY_SIZE(defaults); k++)
		EXPECT_EQ(-EACCES, write_knob(defaults[k].file, "0"));
	for (count = 0; count < 300; count++) {
		fd = make_persistent(node, count);
		if (fd < 0)
			break;
		close(fd);
	}
	EXPECT_EQ(-EDQUOT, fd);
	EXPECT_EQ(256, count);
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, unlink_tag(node, numbered(i)));
	ASSERT_EQ(0, act_as(0));
	for (k = 0; k < ARRAY_SIZE(defaults); k++) {
		EXPECT_EQ(-EINVAL, write_knob(defaults[k].file, "x"));
		EXPECT_EQ(-ERANGE, write_knob(defaults[k].file, "18446744073709551616"));
	}
	EXPECT_UNCHANGED(&self->heap);
}

static int leave_persistent(void *data)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC), i;

	(void)data;
	if (node < 0 || become(USER, USER))
		return 1;
	for (i = 0; i < LIMIT; i++)
		if (make_persistent(node, i) < 0)
			return 2;
	return 0;
}

/* A tag that outlives its process counts until it is unlinked, by any caller. */
TEST_F(heap_limits, count_what_outlives_its_process)
{
	int node = self->heap.node, fd;

	ASSERT_EQ(0, set_quota("quota_persistent", LIMIT));
	ASSERT_EQ(0, set_quota("quota_buffers", LIMIT));
	ASSERT_EQ(0, run_child(leave_persistent, NULL));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, make_persistent(node, LIMIT));
	EXPECT_EQ(-EDQUOT, make_buffer(node, 0));
	ASSERT_EQ(0, act_as(0));
	EXPECT_EQ(0, unlink_tag(node, numbered(0)));
	ASSERT_EQ(0, act_as(USER));
	fd = make_persistent(node, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EDQUOT, make_persistent(node, LIMIT));
	drop_tag(node, fd, 0);
	EXPECT_EQ(0, unlink_tag(node, numbered(1)));
	EXPECT_EQ(0, unlink_tag(node, numbered(2)));
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* A buffer in the hands of another user is charged to the user that allocated it. */
TEST_F(heap_limits, count_for_the_user_that_allocated)
{
	const char *tag = unique_tag("limits.held");
	int node = self->heap.node, fd, held;

	umask(0);
	ASSERT_EQ(0, set_quota("quota_buffers", 1));
	ASSERT_EQ(0, act_as(USER));
	fd = alloc_tag(node, PAGE, tag, 0, 0666);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, act_as(OTHER));
	held = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, held);
	close(fd);
	fd = alloc_buffer(node, PAGE);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, alloc_buffer(node, PAGE));
	close(held);
	fd = alloc_buffer(node, PAGE);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* A tag that gets another owner moves no charge, as its memory moves none. */
TEST_F(heap_limits, do_not_follow_the_owner_of_a_tag)
{
	struct carveout_ioctl_setattr attr = {
		.flags = CARVEOUT_SETATTR_UID, .uid = OTHER,
	};
	int node = self->heap.node, fd, more;

	ASSERT_EQ(0, set_quota("quota_tags", 1));
	ASSERT_EQ(0, act_as(USER));
	fd = make_tag(node, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, act_as(0));
	set_name(attr.tag, numbered(0));
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr));
	ASSERT_EQ(0, act_as(OTHER));
	more = make_tag(node, 1);
	EXPECT_LE(0, more);
	EXPECT_EQ(-EDQUOT, make_tag(node, 2));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, make_tag(node, 2));
	ASSERT_EQ(0, act_as(OTHER));
	EXPECT_EQ(0, unlink_tag(node, numbered(0)));
	EXPECT_EQ(-EDQUOT, make_tag(node, 2));
	close(more);
	ASSERT_EQ(0, act_as(USER));
	more = make_tag(node, 2);
	EXPECT_LE(0, more);
	close(more);
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Links and resizes ==================================================== */

/* At the limit a user can still move its own tags. */
TEST_F(heap_limits, let_a_tag_move_to_new_content)
{
	int node = self->heap.node, fd, next, i;

	ASSERT_EQ(0, set_quota("quota_tags", 1));
	ASSERT_EQ(0, set_quota("quota_persistent", 1));
	ASSERT_EQ(0, act_as(USER));
	fd = make_persistent(node, 0);
	ASSERT_LE(0, fd);
	for (i = 0; i < 5; i++) {
		__u32 persist = i % 2 ? CARVEOUT_LINK_PERSIST : 0;

		next = alloc_buffer(node, PAGE);
		ASSERT_LE(0, next);
		EXPECT_EQ(-EDQUOT, link_numbered(node, next, 1, 0));
		EXPECT_EQ(0, link_numbered(node, next, 0, CARVEOUT_LINK_REPLACE | persist));
		close(fd);
		fd = next;
		EXPECT_EQ(-EDQUOT, make_tag(node, 1));
	}
	/* The last one is not persistent: after its end there is room for one that is. */
	close(fd);
	fd = make_persistent(node, 1);
	EXPECT_LE(0, fd);
	drop_tag(node, fd, 1);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* A tag that moves between users is charged to the second, and no longer to the first. */
TEST_F(heap_limits, follow_a_tag_to_the_buffer_of_another_user)
{
	int node = self->heap.node, first, second, fd;

	ASSERT_EQ(0, set_quota("quota_tags", 1));
	ASSERT_EQ(0, act_as(USER));
	first = make_tag(node, 0);
	ASSERT_LE(0, first);
	ASSERT_EQ(0, act_as(OTHER));
	second = alloc_buffer(node, PAGE);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, link_numbered(node, second, 0, CARVEOUT_LINK_REPLACE));
	ASSERT_EQ(0, act_as(OTHER));
	EXPECT_EQ(-EDQUOT, make_tag(node, 1));
	ASSERT_EQ(0, act_as(USER));
	fd = make_tag(node, 1);
	EXPECT_LE(0, fd);
	close(fd);
	close(first);
	close(second);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* Failed calls are not charged: EXPECT_UNCHANGED compares all charges. */
TEST_F(heap_limits, do_not_count_what_failed)
{
	int node = self->heap.node, fd, more, i;

	ASSERT_EQ(0, set_quota("quota_buffers", 2));
	ASSERT_EQ(0, set_quota("quota_tags", 2));
	ASSERT_EQ(0, act_as(USER));
	fd = make_tag(node, 0);
	ASSERT_LE(0, fd);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EEXIST, make_tag(node, 0));
		EXPECT_EQ(-EEXIST, make_link(node, 0));
		EXPECT_EQ(-ENOSPC, alloc_tag(node, 1ULL << 40, numbered(1), 0, 0600));
	}
	more = make_link(node, 1);
	EXPECT_LE(0, more);
	close(more);
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

static int resize_to(int node, int fd, __u64 size)
{
	struct carveout_ioctl_resize resize = {
		.fd = fd, .size = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize);

	return err ?: resize.new_fd;
}

/* A resize holds two buffers until the old descriptor is closed, and one tag throughout. */
TEST_F(heap_limits, count_both_buffers_of_a_resize)
{
	int node = self->heap.node, fd, next, i;

	ASSERT_EQ(0, set_quota("quota_tags", 1));
	ASSERT_EQ(0, act_as(USER));
	fd = make_persistent(node, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, set_quota("quota_buffers", 1));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, resize_to(node, fd, 2 * PAGE));
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, set_quota("quota_buffers", 2));
	ASSERT_EQ(0, act_as(USER));
	for (i = 1; i < 5; i++) {
		next = resize_to(node, fd, (1 + i % 3) * PAGE);
		ASSERT_LE(0, next);
		EXPECT_EQ(-EDQUOT, make_buffer(node, 0));
		close(fd);
		fd = make_buffer(node, 0);
		EXPECT_LE(0, fd);
		close(fd);
		EXPECT_EQ(-EDQUOT, make_tag(node, 1));
		fd = next;
	}
	EXPECT_EQ(0, unlink_tag(node, numbered(0)));
	next = make_tag(node, 1);
	EXPECT_LE(0, next);
	close(next);
	close(fd);
	ASSERT_EQ(0, act_as(0));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Waiters ============================================================== */

struct wait {
	int node;
	int pool;
	unsigned int rounds;
};

static int wait_for_tag(int node, __u64 deadline)
{
	struct carveout_ioctl_open arg = {
		.flags = CARVEOUT_OPEN_WAIT, .fd_flags = O_RDWR | O_CLOEXEC,
		.deadline = deadline,
	};
	int err;

	set_name(arg.tag, "limits.never");
	err = xioctl(node, CARVEOUT_IOCTL_OPEN, &arg);
	return err ?: arg.fd;
}

/* Wait as the user, for a tag or, with a pool, for a block. */
static int wait_long(void *data)
{
	const struct wait *wait = data;

	if (become(USER, USER))
		return 1;
	return wait->pool < 0 ? wait_for_tag(wait->node, NONE) != -EINTR :
				acquire_block(wait->pool, NONE) != -EIDRM;
}

static bool waiters_become(__s64 count)
{
	return BECOMES_TRUE_IN(4 * SETTLE_MS, heap_state("charged_waiters") == count);
}

TEST_F(heap_limits, hold_for_waiters)
{
	struct wait wait = { .node = self->heap.node, .pool = -1 };
	int node = self->heap.node, i;
	pid_t pid[2];

	ASSERT_EQ(0, set_quota("quota_waiters", 2));
	pid[0] = start_child(wait_long, &wait);
	ASSERT_LT(0, pid[0]);
	wait.pool = full_pool(node, 1, unique_tag("limits.pool"));
	ASSERT_LE(0, wait.pool);
	pid[1] = start_child(wait_long, &wait);
	ASSERT_LT(0, pid[1]);
	ASSERT_TRUE(waiters_become(2));
	ASSERT_TRUE(has_waiters(wait.pool, 1));
	/* Waiters of both kinds count together. A call that does not wait does not count. */
	ASSERT_EQ(0, act_as(USER));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EDQUOT, wait_for_tag(node, NONE));
		EXPECT_EQ(-EDQUOT, wait_for_tag(node, 1));
		EXPECT_EQ(-EDQUOT, acquire_block(wait.pool, NONE));
		EXPECT_EQ(-EDQUOT, acquire_block(wait.pool, 1));
		EXPECT_EQ(-EAGAIN, acquire_block_nowait(wait.pool));
		EXPECT_EQ(-ENOENT, open_tag(node, "limits.never", O_RDWR));
	}
	ASSERT_EQ(0, act_as(OTHER));
	EXPECT_EQ(-ETIMEDOUT, wait_for_tag(node, 1));
	EXPECT_EQ(-ETIMEDOUT, acquire_block(wait.pool, 1));
	ASSERT_EQ(0, act_as(0));
	EXPECT_EQ(-ETIMEDOUT, wait_for_tag(node, 1));
	EXPECT_EQ(-ETIMEDOUT, acquire_block(wait.pool, 1));
	/* Room for one waiter follows the end of one. */
	EXPECT_EQ(0, destroy_pool(wait.pool));
	EXPECT_EQ(0, wait_child(pid[1]));
	ASSERT_TRUE(waiters_become(1));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-ETIMEDOUT, wait_for_tag(node, 1));
	ASSERT_EQ(0, act_as(0));
	close(wait.pool);
	kill(pid[0], SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid[0]));
	EXPECT_UNCHANGED(&self->heap);
}

/* Only waiting counts: a free block and a tag that exists need no room. */
TEST_F(heap_limits, of_waiters_spare_calls_that_need_not_wait)
{
	const char *tag = unique_tag("limits.there");
	struct wait wait = { .node = self->heap.node, .pool = -1 };
	int node = self->heap.node, pool, index;
	pid_t pid;

	umask(0);
	ASSERT_EQ(0, set_quota("quota_waiters", 1));
	pool = create_pool_tag(node, 64, 2, tag, 0, 0666);
	ASSERT_LE(0, pool);
	pid = start_child(wait_long, &wait);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(waiters_become(1));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, wait_for_tag(node, NONE));
	index = acquire_block(pool, NONE);
	EXPECT_LE(0, index);
	EXPECT_EQ(0, release_block(pool, index));
	index = open_pool(node, tag);
	EXPECT_LE(0, index);
	close(index);
	ASSERT_EQ(0, act_as(0));
	close(pool);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_UNCHANGED(&self->heap);
}

/* Wait for moments; some calls are refused. */
static int wait_often(void *data)
{
	const struct wait *wait = data;
	unsigned int i;
	int err;

	if (become(USER, USER))
		return 1;
	for (i = 0; i < wait->rounds; i++) {
		err = i % 2 ? wait_for_tag(wait->node, now_ns() + MS / 8) :
			      acquire_block(wait->pool, now_ns() + MS / 8);
		if (err != -ETIMEDOUT && err != -EDQUOT)
			return 2;
	}
	return 0;
}

TEST_F_TIMEOUT(heap_limits, of_waiters_hold_under_races, 120)
{
	struct wait wait = { .node = self->heap.node, .rounds = env_rounds(100) };
	pid_t pid[4];
	int i;

	wait.pool = full_pool(wait.node, 1, unique_tag("limits.race"));
	ASSERT_LE(0, wait.pool);
	ASSERT_EQ(0, set_quota("quota_waiters", 2));
	for (i = 0; i < 4; i++) {
		pid[i] = start_child(wait_often, &wait);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < (int)wait.rounds; i++)
		EXPECT_GE(2, heap_state("charged_waiters"));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	close(wait.pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
