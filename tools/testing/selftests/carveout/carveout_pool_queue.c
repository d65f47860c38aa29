// SPDX-License-Identifier: GPL-2.0
/*
 * The queue for the blocks of a pool: the place of a waiter survives signals, and pollers
 * beside waiters are served when no waiter is left.
 */
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "carveout_fixture.h"

/**
 * struct waiter - A process that waits for a block, and passes it on at once
 * @node: the heap
 * @tag: tag of the pool
 * @name: written to @log once the process has the block
 * @log: a pipe
 * @again: wait again after EINTR, with the structure of the interrupted call
 */
struct waiter {
	int node;
	const char *tag;
	unsigned char name;
	int log;
	bool again;
};

static int wait_and_log(void *arg)
{
	const struct waiter *job = arg;
	struct carveout_ioctl_pool_acquire args = { .deadline = NONE };
	int pool = open_pool(job->node, job->tag);
	int err;

	do {
		err = xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, &args);
		if (err == -EINTR && !args.ticket)
			return 1;
	} while (err == -EINTR && job->again);
	if (err || args.ticket)
		return 2;
	if (write(job->log, &job->name, 1) != 1)
		return 3;
	return release_serial(pool, args.index, args.serial, 0) ? 4 : 0;
}

/* Shared with the parent: the number of signals that this process has handled. */
static __u32 *handled;

static void count_signal(int signal)
{
	(void)signal;
	__atomic_fetch_add(handled, 1, __ATOMIC_RELAXED);
}

static int wait_counting(int flags, void *job)
{
	const struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	return sigaction(SIGUSR1, &action, NULL) ? 5 : wait_and_log(job);
}

static int wait_restarting(void *job)
{
	return wait_counting(SA_RESTART, job);
}

static int wait_again(void *job)
{
	return wait_counting(0, job);
}

#define QUEUE	4

/*
 * Interrupt the waiters, the first one most, then serve them: they are in order. A waiter
 * is in the queue again once its handler has run and the pool has all waiters: until the
 * handler runs, a waiter may still be about to leave.
 */
static void expect_in_turn(struct __test_metadata *_metadata, int node, const char *tag,
			   int (*wait)(void *arg))
{
	__u32 *count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	struct waiter job = { .node = node, .tag = tag, .again = true };
	__u32 sent[QUEUE] = { 0 };
	unsigned char name;
	pid_t pid[QUEUE];
	int pool, i, to, log[2];

	ASSERT_NE(MAP_FAILED, (void *)count);
	pool = full_pool(node, 1, tag);
	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pipe(log));
	job.log = log[1];
	for (i = 0; i < QUEUE; i++) {
		job.name = i;
		handled = &count[i];
		pid[i] = start_child(wait, &job);
		ASSERT_LT(0, pid[i]);
		ASSERT_TRUE(has_waiters(pool, i + 1));
	}
	for (i = 0; i < 60; i++) {
		to = i % 3 ? 0 : i % QUEUE;
		EXPECT_EQ(0, kill(pid[to], SIGUSR1));
		sent[to]++;
		EXPECT_TRUE(BECOMES_TRUE(__atomic_load_n(&count[to], __ATOMIC_RELAXED) ==
					 sent[to]));
		EXPECT_TRUE(has_waiters(pool, QUEUE));
	}
	ASSERT_EQ(0, release_block(pool, 0));
	for (i = 0; i < QUEUE; i++) {
		ASSERT_EQ(1, read(log[0], &name, 1));
		EXPECT_EQ(i, name);
	}
	for (i = 0; i < QUEUE; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_EQ(1, free_blocks(pool));
	munmap(count, PAGE);
	close(pool);
}

TEST_F(heap, restarted_wait_keeps_its_place)
{
	expect_in_turn(_metadata, self->heap.node, unique_tag("queue.restart"),
		       wait_restarting);
	EXPECT_UNCHANGED(&self->heap);
}

/* A program that handles EINTR itself brings the ticket along. */
TEST_F(heap, repeated_wait_keeps_its_place)
{
	expect_in_turn(_metadata, self->heap.node, unique_tag("queue.again"), wait_again);
	EXPECT_UNCHANGED(&self->heap);
}

/**
 * struct loop - A process that uses the only block again and again
 * @node: the heap
 * @tag: tag of the pool
 * @count: shared: number of times that it had the block
 * @stop: shared: end of the test
 * @signals: a timer interrupts it every 20 ms
 */
struct loop {
	int node;
	const char *tag;
	__u32 *count;
	__u32 *stop;
	bool signals;
};

static int use_in_turn(void *arg)
{
	const struct loop *loop = arg;
	const struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
	struct sigaction action = { .sa_handler = SIG_IGN, .sa_flags = SA_RESTART };
	int pool = open_pool(loop->node, loop->tag), index;

	if (handle_signals(SA_RESTART) || sigaction(SIGUSR1, NULL, &action) ||
	    sigaction(SIGALRM, &action, NULL))
		return 1;
	if (loop->signals && setitimer(ITIMER_REAL, &often, NULL))
		return 2;
	while (!__atomic_load_n(loop->stop, __ATOMIC_RELAXED)) {
		index = acquire_block(pool, NONE);
		if (index < 0)
			return 3;
		__atomic_fetch_add(loop->count, 1, __ATOMIC_RELAXED);
		/* Interrupted sleeps are shorter, which does not matter. */
		sleep_us(30000);
		if (release_block(pool, index))
			return 4;
	}
	return 0;
}

#define LOOPS	4

/* A timer with SA_RESTART, as of a profiler: the process gets its share. */
TEST_F_TIMEOUT(heap, signals_starve_no_waiter, 120)
{
	struct loop loop = { .node = self->heap.node, .tag = unique_tag("queue.share") };
	__u32 *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0);
	int pool = create_pool_tag(loop.node, 64, 1, loop.tag, 0, 0600);
	__u32 others = 0;
	pid_t pid[LOOPS];
	int i;

	ASSERT_LE(0, pool);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	loop.stop = &shared[LOOPS];
	for (i = 0; i < LOOPS; i++) {
		loop.count = &shared[i];
		loop.signals = !i;
		pid[i] = start_child(use_in_turn, &loop);
		ASSERT_LT(0, pid[i]);
	}
	for (others = 0; others < 60; sleep_us(10000))
		for (others = 0, i = 1; i < LOOPS; i++)
			others += __atomic_load_n(&shared[i], __ATOMIC_RELAXED);
	__atomic_store_n(loop.stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < LOOPS; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	TH_LOG("under signals %u times, the others %u times in total", shared[0], others);
	/* A third of that is its share. A slow board delays the restart of the call. */
	EXPECT_LT(others / 9, shared[0]);
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Pollers =============================================================== */

static int poll_for_block(void *arg)
{
	struct pollfd poll_fd = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&poll_fd, 1, 60000) == 1 && poll_fd.revents == POLLIN ? 0 : 1;
}

/*
 * Blocks go from waiter to waiter, and a poller sees none of them. When the last waiter
 * releases the block, the poller is told.
 */
TEST_F(heap, poller_is_told_after_the_last_waiter)
{
	const char *tag = unique_tag("queue.poll");
	struct waiter job = { .node = self->heap.node, .tag = tag };
	int pool = full_pool(job.node, 1, tag), i, log[2];
	struct pollfd poll_fd = { .fd = pool, .events = POLLIN };
	pid_t pid[QUEUE], poller;

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pipe(log));
	job.log = log[1];
	for (i = 0; i < QUEUE; i++) {
		pid[i] = start_child(wait_and_log, &job);
		ASSERT_LT(0, pid[i]);
	}
	poller = start_child(poll_for_block, &pool);
	ASSERT_LT(0, poller);
	ASSERT_TRUE(has_waiters(pool, QUEUE));
	EXPECT_TRUE(sleeps(poller));
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	ASSERT_EQ(0, release_block(pool, 0));
	for (i = 0; i < QUEUE; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_EQ(0, wait_child(poller));
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
