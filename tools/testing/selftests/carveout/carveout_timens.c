// SPDX-License-Identifier: GPL-2.0
/*
 * Time namespaces: a deadline is a time of the caller's CLOCK_MONOTONIC, which a time
 * namespace shifts in either direction.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

#define OFFSETS		"/proc/self/timens_offsets"
#define DAY		86400LL

FIXTURE(timens) {
	struct heap heap;
};

FIXTURE_SETUP(timens)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (access(OFFSETS, F_OK))
		SKIP(return, "this kernel has no time namespaces");
	ASSERT_EQ(0, heap_begin(&self->heap));
}

FIXTURE_TEARDOWN_PARENT(timens)
{
	HEAP_TEARDOWN(&self->heap);
}

/* The clock is ahead of the host's by a day, or behind it by most of its time. */
FIXTURE_VARIANT(timens) {
	bool ahead;
};

FIXTURE_VARIANT_ADD(timens, ahead) {
	.ahead = true,
};

FIXTURE_VARIANT_ADD(timens, behind) {
	.ahead = false,
};

struct call {
	int node;
	int pool;
	const char *tag;
	__u64 deadline;
	bool ahead;
	int (*run)(const struct call *call);
};

static int open_tag_wait(const struct call *call, __u64 deadline)
{
	struct carveout_ioctl_open open = {
		.flags = CARVEOUT_OPEN_WAIT, .fd_flags = O_RDWR, .deadline = deadline,
	};
	int err;

	set_name(open.tag, call->tag);
	err = xioctl(call->node, CARVEOUT_IOCTL_OPEN, &open);
	return err ? err : open.fd;
}

static int open_pool_wait(const struct call *call, __u64 deadline)
{
	struct carveout_ioctl_pool_open open = {
		.flags = CARVEOUT_OPEN_WAIT, .fd_flags = O_RDWR, .deadline = deadline,
	};
	int err;

	set_name(open.tag, call->tag);
	err = xioctl(call->node, CARVEOUT_IOCTL_POOL_OPEN, &open);
	return err ? err : open.fd;
}

/* Run the call in a child: only children are in the new time namespace. */
static int in_namespace(void *arg)
{
	const struct call *call = arg;
	long long shift = call->ahead ? DAY : -(long long)(now_ns() / 1000000000 * 9 / 10);
	char offsets[64];
	int status;
	pid_t pid;

	snprintf(offsets, sizeof(offsets), "monotonic %lld 0", shift);
	if (unshare(CLONE_NEWTIME))
		return 10;
	if (write_line(OFFSETS, offsets))
		return 11;
	pid = fork();
	if (!pid)
		_exit(call->run(call));
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 12;
}

/* === Deadlines that pass ================================================= */

static int time_out(const struct call *call)
{
	__u64 deadline;

	if (!TIMES_OUT_IN(200, deadline, open_tag_wait(call, deadline)))
		return 1;
	if (!TIMES_OUT_IN(200, deadline, open_pool_wait(call, deadline)))
		return 2;
	if (!TIMES_OUT_IN(200, deadline, acquire_block(call->pool, deadline)))
		return 3;
	/* Past ones, also those before the start of the host's clock. */
	if (open_tag_wait(call, 0) != -ETIMEDOUT || open_tag_wait(call, 1) != -ETIMEDOUT ||
	    acquire_block(call->pool, 0) != -ETIMEDOUT ||
	    acquire_block(call->pool, 1) != -ETIMEDOUT)
		return 4;
	return 0;
}

TEST_F(timens, deadline_is_of_the_callers_clock)
{
	struct call call = {
		.node = self->heap.node,
		.pool = full_pool(self->heap.node, 1, unique_tag("timens.pool")),
		.tag = unique_tag("timens.none"),
		.ahead = variant->ahead,
		.run = time_out,
	};

	ASSERT_LE(0, call.pool);
	EXPECT_EQ(0, run_child(in_namespace, &call));
	close(call.pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Deadlines that are far ============================================== */

static int wait_far(const struct call *call)
{
	int index = acquire_block(call->pool, call->deadline);

	return index < 0 || release_block(call->pool, index);
}

/* Each wait ends with the block that the test releases, none with its deadline. */
TEST_F(timens, far_deadline_does_not_wrap)
{
	static const __u64 far[] = {
		NONE, NONE - 1, 1ULL << 63, (1ULL << 63) - 1, (1ULL << 63) - 2, 1ULL << 62,
	};
	struct call call = {
		.node = self->heap.node,
		.pool = full_pool(self->heap.node, 1, unique_tag("timens.far")),
		.ahead = variant->ahead,
		.run = wait_far,
	};
	pid_t pid;
	size_t i;

	ASSERT_LE(0, call.pool);
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		call.deadline = far[i];
		pid = start_child(in_namespace, &call);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(has_waiters(call.pool, 1)) TH_LOG("deadline %zu", i);
		sleep_us(20000);
		EXPECT_TRUE(has_waiters(call.pool, 1)) TH_LOG("deadline %zu", i);
		ASSERT_EQ(0, release_block(call.pool, 0));
		EXPECT_EQ(0, wait_child(pid)) TH_LOG("deadline %zu", i);
		ASSERT_EQ(0, acquire_block_nowait(call.pool));
	}
	close(call.pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
