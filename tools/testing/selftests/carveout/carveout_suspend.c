// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend: a process that waits for a tag or for a block is frozen, so that it does not
 * hold up the suspend, and keeps its place in the queue.
 *
 * The kernel's test mode of suspend freezes all processes, and thaws them again.
 * CARVEOUT_MODULES is the folder of the modules, else /modules.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

/* The kernel gives a process 20 s to freeze, and then fails with EBUSY. */
#define TEST_SECONDS	120

FIXTURE(suspend) {
	struct heap heap;
};

FIXTURE_SETUP(suspend)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (!can_freeze())
		SKIP(return, "this kernel cannot test suspend");
	ASSERT_EQ(0, heap_begin(&self->heap));
}

FIXTURE_TEARDOWN_PARENT(suspend)
{
	HEAP_TEARDOWN(&self->heap);
}

/* === Blocks ============================================================== */

struct waiter {
	int node;
	const char *tag;
	int log;
	unsigned char name;
};

static int wait_for_block(void *arg)
{
	const struct waiter *job = arg;
	int pool = open_pool(job->node, job->tag);
	int index = acquire_block(pool, NONE);

	if (index < 0)
		return 1;
	if (write(job->log, &job->name, 1) != 1)
		return 2;
	return release_block(pool, index) ? 3 : 0;
}

/* A waiter that leaves the queue to be frozen is the last one afterwards. */
TEST_F_TIMEOUT(suspend, waiters_for_a_block_keep_their_place, TEST_SECONDS)
{
	const char *tag = unique_tag("suspend.block");
	struct waiter job = { .node = self->heap.node, .tag = tag };
	int pool = full_pool(job.node, 1, tag), i, log[2];
	unsigned char name;
	pid_t pid[8];

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pipe(log));
	job.log = log[1];
	for (i = 0; i < 8; i++) {
		job.name = i;
		pid[i] = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid[i]);
		ASSERT_TRUE(has_waiters(pool, i + 1));
	}
	EXPECT_EQ(0, freeze_all());
	/* The thawed waiters run, and would queue again. */
	for (i = 0; i < 8; i++)
		EXPECT_TRUE(sleeps(pid[i]));
	EXPECT_TRUE(has_waiters(pool, 8));
	ASSERT_EQ(0, release_block(pool, 0));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, read(log[0], &name, 1));
		EXPECT_EQ(i, name);
		EXPECT_EQ(0, wait_child(pid[i]));
	}
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* A deadline that passes while the waiter is frozen ends the wait. */
static int wait_until_late(void *arg)
{
	const struct waiter *job = arg;
	int pool = open_pool(job->node, job->tag);

	return acquire_block(pool, now_ns() + 500 * MS) == -ETIMEDOUT ? 0 : 1;
}

TEST_F_TIMEOUT(suspend, deadline_passes_while_frozen, TEST_SECONDS)
{
	const char *tag = unique_tag("suspend.late");
	struct waiter job = { .node = self->heap.node, .tag = tag };
	int pool = full_pool(job.node, 1, tag);
	pid_t pid;

	ASSERT_LE(0, pool);
	pid = start_child(wait_until_late, &job);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, freeze_all());
	EXPECT_EQ(0, wait_child(pid));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_through_driver(void *arg)
{
	const struct waiter *job = arg;
	int fd = open("/dev/carveout_waiter", O_WRONLY | O_CLOEXEC);
	char text[2 * CARVEOUT_NAME_LEN];
	int length = snprintf(text, sizeof(text), "%s %s", heap_name(), job->tag);

	return write(fd, text, length) == length ? 0 : 1;
}

/* In a killable wait, so that no signal makes it freeze. */
TEST_F_TIMEOUT(suspend, waiter_in_a_driver_is_frozen, TEST_SECONDS)
{
	const char *tag = unique_tag("suspend.driver");
	struct waiter job = { .node = self->heap.node, .tag = tag };
	int pool;
	pid_t pid;

	if (!have_module("carveout_waiter"))
		SKIP(return, "carveout_waiter.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, load_module("carveout_waiter", ""));
	pool = full_pool(job.node, 1, tag);
	ASSERT_LE(0, pool);
	pid = start_child(wait_through_driver, &job);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(has_waiters(pool, 1));
	EXPECT_EQ(0, freeze_all());
	EXPECT_EQ(0, release_block(pool, 0));
	EXPECT_EQ(0, wait_child(pid));
	close(pool);
	EXPECT_EQ(0, unload_module("carveout_waiter"));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Tags ================================================================ */

static int wait_for_tag(void *arg)
{
	const struct waiter *job = arg;
	struct carveout_ioctl_open open = {
		.flags = CARVEOUT_OPEN_WAIT, .fd_flags = O_RDWR, .deadline = NONE,
	};

	set_name(open.tag, job->tag);
	return xioctl(job->node, CARVEOUT_IOCTL_OPEN, &open) ? 1 : 0;
}

TEST_F_TIMEOUT(suspend, waiter_for_a_tag_is_frozen, TEST_SECONDS)
{
	const char *tag = unique_tag("suspend.tag");
	struct waiter job = { .node = self->heap.node, .tag = tag };
	pid_t pid = start_child(wait_for_tag, &job);
	int fd;

	ASSERT_LT(0, pid);
	EXPECT_TRUE(sleeps(pid));
	EXPECT_EQ(0, freeze_all());
	EXPECT_TRUE(sleeps(pid));
	fd = alloc_tag(job.node, PAGE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, wait_child(pid));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
