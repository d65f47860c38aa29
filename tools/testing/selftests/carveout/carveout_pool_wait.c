// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for a block of a pool: first come, first served, until a deadline, a
 * signal or the end of the pool; and processes that are killed while they wait
 * or hold a block.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

/**
 * struct waiter - A process that waits for a block
 * @pool: file descriptor of the pool, unless the process opens @tag
 * @tag: tag of the pool, or NULL
 * @node: file descriptor of the heap
 * @deadline: end of the wait
 * @want: 0 for a block, or an error
 * @name: written to @log once the process has the block
 * @log: a pipe, or 0
 * @keep: keep the block and the file until the process is killed
 */
struct waiter {
	int pool;
	const char *tag;
	int node;
	__u64 deadline;
	int want;
	unsigned char name;
	int log;
	bool keep;
};

static int wait_for_block(void *arg)
{
	const struct waiter *job = arg;
	int pool = job->tag ? open_pool(job->node, job->tag) : job->pool;
	int index = acquire_block(pool, job->deadline);

	if (job->want)
		return index == job->want ? 0 : 1;
	if (index < 0)
		return 2;
	if (job->log && write(job->log, &job->name, 1) != 1)
		return 3;
	while (job->keep)
		pause();
	return release_block(pool, index) ? 4 : 0;
}

static bool becomes_free(int pool, int count)
{
	return BECOMES_TRUE(free_blocks(pool) == count);
}

/* === First come, first served ============================================ */

#define QUEUE	12

/* Each waiter releases the block to the next. One release serves all, in order. */
TEST_F(heap, waiters_are_served_in_turn)
{
	const char *tag = unique_tag("wait.turn");
	struct waiter job = {
		.node = self->heap.node, .tag = tag, .deadline = NONE,
	};
	unsigned char name;
	pid_t pid[QUEUE];
	int pool, i, log[2];

	pool = full_pool(job.node, 1, tag);
	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pipe(log));
	job.log = log[1];
	for (i = 0; i < QUEUE; i++) {
		job.name = i;
		/* One file each, or one for all. */
		job.pool = pool;
		job.tag = i % 3 ? tag : NULL;
		pid[i] = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid[i]);
		ASSERT_TRUE(has_waiters(pool, i + 1));
	}
	ASSERT_EQ(0, release_block(pool, 0));
	for (i = 0; i < QUEUE; i++) {
		ASSERT_EQ(1, read(log[0], &name, 1));
		EXPECT_EQ(i, name);
	}
	for (i = 0; i < QUEUE; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_EQ(1, free_blocks(pool));
	EXPECT_TRUE(has_waiters(pool, 0));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* The block belongs to the waiter at once, before it runs: no other caller gets it. */
TEST_F(heap, block_is_handed_over)
{
	const char *tag = unique_tag("wait.hand");
	struct waiter job = {
		.node = self->heap.node, .tag = tag, .deadline = NONE, .keep = true,
	};
	unsigned int i, rounds = env_rounds(50);
	pid_t pid;
	int pool;

	pool = full_pool(job.node, 1, tag);
	ASSERT_LE(0, pool);
	for (i = 0; i < rounds; i++) {
		pid = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(has_waiters(pool, 1));
		ASSERT_EQ(0, release_block(pool, 0));
		EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
		EXPECT_EQ(0, free_blocks(pool));
		EXPECT_TRUE(has_waiters(pool, 0));
		/* Killing the waiter frees the block. */
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_TRUE(becomes_free(pool, 1));
		ASSERT_EQ(0, acquire_block_nowait(pool));
	}
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* Blocks of a killed process are handed to the waiters, in order. */
TEST_F(heap, blocks_of_the_dead_are_inherited)
{
	const char *tag = unique_tag("wait.heir");
	struct waiter job = {
		.node = self->heap.node, .tag = tag, .deadline = NONE, .keep = true,
	};
	unsigned char name;
	int pool, i, log[2];
	pid_t pid[4];

	pool = create_pool_tag(job.node, 64, 1, tag, 0, 0600);
	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pipe(log));
	job.log = log[1];
	for (i = 0; i < 4; i++) {
		job.name = i;
		pid[i] = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid[i]);
		ASSERT_TRUE(has_waiters(pool, i));
		if (!i)
			ASSERT_EQ(1, read(log[0], &name, 1));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kill(pid[i], SIGKILL));
		ASSERT_EQ(pid[i], waitpid(pid[i], NULL, 0));
		if (i == 3)
			break;
		ASSERT_EQ(1, read(log[0], &name, 1));
		EXPECT_EQ(i + 1, name);
	}
	EXPECT_TRUE(becomes_free(pool, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === End of a wait ======================================================= */

TEST_F(heap, deadline_is_kept)
{
	int pool = full_pool(self->heap.node, 1, unique_tag("wait.deadline"));
	__u64 deadline;

	ASSERT_LE(0, pool);
	/* In the past, now, and soon. */
	EXPECT_EQ(-ETIMEDOUT, acquire_block(pool, 0));
	EXPECT_EQ(-ETIMEDOUT, acquire_block(pool, 1));
	EXPECT_EQ(-ETIMEDOUT, acquire_block(pool, now_ns()));
	EXPECT_TRUE(TIMES_OUT_IN(50, deadline, acquire_block(pool, deadline)));
	EXPECT_TRUE(has_waiters(pool, 0));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* A far deadline must not wrap into the past. */
TEST_F(heap, far_deadline_waits)
{
	static const __u64 far[] = {
		NONE, NONE - 1, 1ULL << 63, (1ULL << 63) - 1, (1ULL << 63) - 2, 1ULL << 62,
	};
	const char *tag = unique_tag("wait.far");
	struct waiter job = { .node = self->heap.node, .tag = tag };
	int pool = full_pool(job.node, 1, tag);
	size_t i;
	pid_t pid;

	ASSERT_LE(0, pool);
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		job.deadline = far[i];
		pid = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(has_waiters(pool, 1)) TH_LOG("%zu", i);
		EXPECT_TRUE(sleeps(pid));
		ASSERT_EQ(0, release_block(pool, 0));
		EXPECT_EQ(0, wait_child(pid));
		EXPECT_TRUE(becomes_free(pool, 1));
		ASSERT_EQ(0, acquire_block_nowait(pool));
	}
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_restarting(void *data)
{
	return wait_with_handler(SA_RESTART, wait_for_block, data);
}

static int wait_interruptible(void *data)
{
	return wait_with_handler(0, wait_for_block, data);
}

static int wait_under_signals(void *data)
{
	struct waiter *job = data;

	return wait_and_restart(wait_for_block, job, &job->deadline);
}

TEST_F(heap, signal_interrupts_or_restarts)
{
	const char *tag = unique_tag("wait.signal");
	struct waiter job = {
		.node = self->heap.node, .tag = tag, .deadline = NONE, .want = -EINTR,
	};
	int pool = full_pool(job.node, 1, tag);
	pid_t pid;
	int i;

	ASSERT_LE(0, pool);
	pid = start_child(wait_interruptible, &job);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(has_waiters(pool, 1));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(has_waiters(pool, 0));

	job.want = 0;
	pid = start_child(wait_restarting, &job);
	ASSERT_LT(0, pid);
	for (i = 0; i < 20; i++) {
		EXPECT_TRUE(has_waiters(pool, 1));
		ASSERT_EQ(0, kill(pid, SIGUSR1));
		sleep_us(500);
	}
	EXPECT_TRUE(has_waiters(pool, 1));
	ASSERT_EQ(0, release_block(pool, 0));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(becomes_free(pool, 1));
	ASSERT_EQ(0, acquire_block_nowait(pool));

	job.want = -ETIMEDOUT;
	/* Signals that arrive before the child runs must not kill it. */
	ASSERT_EQ(0, handle_signals(SA_RESTART));
	pid = start_child(wait_under_signals, &job);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, signal_child(pid));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, destroy_wakes_everybody)
{
	const char *tag = unique_tag("wait.destroy");
	struct waiter job = {
		.node = self->heap.node, .deadline = NONE, .want = -EIDRM,
	};
	int pool = full_pool(job.node, 2, tag);
	pid_t pid[24];
	int i;

	ASSERT_LE(0, pool);
	job.pool = pool;
	for (i = 0; i < 24; i++) {
		job.tag = i % 2 ? tag : NULL;
		job.deadline = i % 4 ? NONE : now_ns() + 60000 * MS;
		pid[i] = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid[i]);
	}
	ASSERT_TRUE(has_waiters(pool, 24));
	ASSERT_EQ(0, destroy_pool(pool));
	for (i = 0; i < 24; i++)
		EXPECT_EQ(0, wait_child(pid[i])) TH_LOG("waiter %d", i);
	EXPECT_TRUE(has_waiters(pool, 0));
	EXPECT_EQ(0, free_blocks(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* Waiting for a pool works like waiting for a buffer. */
static int open_wait(int node, const char *tag, __u64 deadline)
{
	struct carveout_ioctl_pool_open open = {
		.flags = CARVEOUT_OPEN_WAIT,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.deadline = deadline,
	};
	int err;

	set_name(open.tag, tag);
	err = xioctl(node, CARVEOUT_IOCTL_POOL_OPEN, &open);
	return err ? err : open.fd;
}

/* O_NONBLOCK of the pool decides on a block, that of the device node on a pool. */
TEST_F(heap, nonblocking_files_never_wait)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
	const char *tag = unique_tag("wait.nonblock");
	__u64 deadline;
	int pool;

	ASSERT_LE(0, node);
	EXPECT_EQ(-EAGAIN, open_wait(node, tag, NONE));
	pool = full_pool(node, 1, tag);
	ASSERT_LE(0, pool);
	/* The flag is not inherited from the device node. */
	EXPECT_TRUE(TIMES_OUT_IN(50, deadline, acquire_block(pool, deadline)));
	ASSERT_EQ(0, fcntl(pool, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, acquire_block(pool, NONE));
	EXPECT_EQ(-EAGAIN, acquire_block(pool, 0));
	EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
	EXPECT_TRUE(has_waiters(pool, 0));
	ASSERT_EQ(0, release_block(pool, 0));
	EXPECT_EQ(0, acquire_block(pool, NONE));
	ASSERT_EQ(0, fcntl(pool, F_SETFL, 0));
	EXPECT_TRUE(TIMES_OUT_IN(50, deadline, acquire_block(pool, deadline)));
	EXPECT_EQ(0, close(open_wait(node, tag, NONE)));
	close(pool);
	close(node);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_for_pool(void *arg)
{
	const struct waiter *job = arg;
	int pool = open_wait(job->node, job->tag, job->deadline);

	if (job->want)
		return pool == job->want ? 0 : 1;
	return pool < 0 || acquire_block_nowait(pool) < 0 ? 2 : 0;
}

TEST_F(heap, open_waits_until_the_pool_is_there)
{
	const char *tag = unique_tag("wait.name");
	struct waiter job = { .node = self->heap.node, .tag = tag, .deadline = NONE };
	__u64 deadline;
	int i, fd;
	pid_t pid;

	EXPECT_EQ(-ETIMEDOUT, open_wait(job.node, tag, 0));
	EXPECT_TRUE(TIMES_OUT_IN(20, deadline, open_wait(job.node, tag, deadline)));
	for (i = 0; i < 2; i++) {
		/* In the second round the tag appears on a buffer that is not a pool. */
		job.want = i ? -EINVAL : 0;
		pid = start_child(wait_for_pool, &job);
		ASSERT_LT(0, pid);
		EXPECT_TRUE(sleeps(pid));
		fd = i ? alloc_tag(job.node, 4096, tag, 0, 0600) :
			 create_pool_tag(job.node, 64, 1, tag, 0, 0600);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, wait_child(pid));
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Races =============================================================== */

/* From here on no child runs unless this process sleeps. */
static int go_first(void)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu) ||
	    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		return -errno;
	return 0;
}

/* The file is shared and lives on, but no process has seen the block. */
TEST_F(heap, killed_between_block_and_reply)
{
	const char *tag = unique_tag("wait.late");
	struct waiter job = { .deadline = NONE, .keep = true };
	int i, rounds = env_rounds(20);
	pid_t pid;

	job.pool = full_pool(self->heap.node, 1, tag);
	ASSERT_LE(0, job.pool);
	ASSERT_EQ(0, go_first());
	for (i = 0; i < rounds; i++) {
		pid = start_child(wait_for_block, &job);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(has_waiters(job.pool, 1));
		EXPECT_EQ(0, release_block(job.pool, 0));
		EXPECT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, wait_child(pid));
		ASSERT_EQ(0, acquire_block_nowait(job.pool));
	}
	close(job.pool);
	EXPECT_UNCHANGED(&self->heap);
}

static void *get_in_thread(void *arg)
{
	return (void *)(long)acquire_block(*(int *)arg, NONE);
}

/* A descriptor is closed while a thread waits on it: the file lives until then. */
TEST_F(heap, descriptor_is_closed_by_another_thread)
{
	const char *tag = unique_tag("wait.close");
	int pool = full_pool(self->heap.node, 1, tag);
	int own = open_pool(self->heap.node, tag);
	pthread_t thread;
	void *index;

	ASSERT_LE(0, pool);
	ASSERT_LE(0, own);
	ASSERT_EQ(0, pthread_create(&thread, NULL, get_in_thread, &own));
	ASSERT_TRUE(has_waiters(pool, 1));
	close(own);
	EXPECT_TRUE(has_waiters(pool, 1));
	ASSERT_EQ(0, release_block(pool, 0));
	ASSERT_EQ(0, pthread_join(thread, &index));
	EXPECT_EQ(0, (long)index);
	/* The thread got the block, and then the file was released. */
	EXPECT_TRUE(becomes_free(pool, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

#define BLOCKS	3

struct storm {
	int node;
	const char *tag;
	__u32 seed;
	unsigned int rounds;	/* 0 for an endless loop */
};

/*
 * Acquire and release blocks in every way. The holder's number is in the block
 * as long as it holds it: two holders of one block would detect it.
 */
static int use_pool(void *arg)
{
	const struct storm *storm = arg;
	__u32 random = storm->seed * 2654435761U | 1;
	__u32 *mem = MAP_FAILED;
	unsigned int i;
	int pool = -1;

	for (i = 0; !storm->rounds || i < storm->rounds; i++) {
		__u32 choice = next_random(&random);
		int index;

		if (pool < 0) {
			pool = open_pool(storm->node, storm->tag);
			mem = map_buffer(pool, 4096, PROT_READ | PROT_WRITE);
			if (pool < 0 || mem == MAP_FAILED)
				return 1;
		}
		if (choice % 3 == 0)
			index = acquire_block_nowait(pool);
		else if (choice % 3 == 1)
			index = acquire_block(pool, now_ns() + choice % 1000000);
		else
			index = acquire_block(pool, NONE);
		if (index < 0 && index != -EAGAIN && index != -ETIMEDOUT)
			return 2;
		if (index >= 0) {
			__u32 *block = mem + index * 16;

			__atomic_store_n(block, storm->seed, __ATOMIC_RELAXED);
			if (choice & 256)
				sched_yield();
			if (__atomic_load_n(block, __ATOMIC_RELAXED) != storm->seed)
				return 3;
		}
		/* Sometimes closing the file releases the block. */
		if (choice % 16 == 0) {
			munmap(mem, 4096);
			close(pool);
			pool = -1;
		} else if (index >= 0 && release_block(pool, index)) {
			return 4;
		}
	}
	return 0;
}

TEST_F_TIMEOUT(heap, no_waiter_has_the_block_of_another, 120)
{
	struct storm storm = {
		.node = self->heap.node, .tag = unique_tag("wait.race"), .seed = 1,
		.rounds = env_rounds(1500),
	};
	int pool = create_pool_tag(storm.node, 64, BLOCKS, storm.tag, 0, 0600);

	ASSERT_LE(0, pool);
	EXPECT_EQ(0, run_seeded(use_pool, &storm, &storm.seed, 6));
	EXPECT_TRUE(becomes_free(pool, BLOCKS));
	EXPECT_TRUE(has_waiters(pool, 0));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* Killed while waiting, holding a block, or being assigned one: no block is lost. */
TEST_F_TIMEOUT(heap, killed_processes_lose_no_block, 120)
{
	struct storm storm = {
		.node = self->heap.node, .tag = unique_tag("wait.kill"),
	};
	int pool = create_pool_tag(storm.node, 64, BLOCKS, storm.tag, 0, 0600);
	unsigned int round, rounds = env_rounds(200);
	__u32 random = 4711;
	pid_t pid[6] = { 0 };
	int i;

	ASSERT_LE(0, pool);
	for (round = 0; round < rounds; round++) {
		i = next_random(&random) % 6;
		if (pid[i]) {
			ASSERT_EQ(0, kill(pid[i], SIGKILL));
			/* A process that detects an error exits before it is killed. */
			ASSERT_EQ(128 + SIGKILL, wait_child(pid[i]));
		}
		storm.seed = round + 1;
		pid[i] = start_child(use_pool, &storm);
		ASSERT_LT(0, pid[i]);
		sleep_us(next_random(&random) % 3000);
	}
	for (i = 0; i < 6; i++) {
		if (!pid[i])
			continue;
		ASSERT_EQ(0, kill(pid[i], SIGKILL));
		ASSERT_EQ(128 + SIGKILL, wait_child(pid[i]));
	}
	EXPECT_TRUE(becomes_free(pool, BLOCKS));
	EXPECT_TRUE(has_waiters(pool, 0));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* Acquire the block @rounds times, regardless of signals. */
static int use_under_signals(void *arg)
{
	const struct storm *storm = arg;
	int pool = open_pool(storm->node, storm->tag);
	unsigned int had = 0;

	if (handle_signals(0) || pool < 0)
		return 1;
	while (had < storm->rounds) {
		int index = acquire_block(pool, NONE);

		if (index == -EINTR)
			continue;
		if (index < 0 || release_block(pool, index))
			return 2;
		had++;
	}
	return 0;
}

/* A block that was assigned together with a signal would be lost forever. */
TEST_F_TIMEOUT(heap, signals_lose_no_block, 120)
{
	struct storm storm = {
		.node = self->heap.node, .tag = unique_tag("wait.signals"),
		.rounds = env_rounds(1000),
	};
	int pool = create_pool_tag(storm.node, 64, 1, storm.tag, 0, 0600);
	int i, status, left = 4;
	__u32 random = 99;
	pid_t pid[4];

	ASSERT_LE(0, pool);
	/* Send no signals until the children have a handler. */
	ASSERT_EQ(0, acquire_block_nowait(pool));
	for (i = 0; i < 4; i++) {
		pid[i] = start_child(use_under_signals, &storm);
		ASSERT_LT(0, pid[i]);
	}
	ASSERT_TRUE(has_waiters(pool, 4));
	ASSERT_EQ(0, release_block(pool, 0));
	while (left) {
		i = next_random(&random) % 4;
		if (!pid[i])
			continue;
		if (waitpid(pid[i], &status, WNOHANG) == pid[i]) {
			EXPECT_EQ(0, status);
			pid[i] = 0;
			left--;
			continue;
		}
		kill(pid[i], SIGUSR1);
		sleep_us(next_random(&random) % 300);
	}
	EXPECT_TRUE(becomes_free(pool, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* Use the pool with this tag; it may be destroyed at any moment. */
static int use_dying_pool(void *arg)
{
	const struct storm *storm = arg;
	unsigned int i;

	for (i = 0; i < storm->rounds; i++) {
		int pool = create_pool_tag(storm->node, 64, 1, storm->tag,
					   CARVEOUT_ALLOC_OPEN, 0600);
		int index = acquire_block(pool, NONE);
		int err;

		if (pool < 0 || (index < 0 && index != -EIDRM))
			return 1;
		if (index >= 0 && release_block(pool, index))
			return 2;
		err = i % 4 == storm->seed % 4 ? destroy_pool(pool) : 0;
		if (err && err != -EIDRM)
			return 3;
		close(pool);
	}
	return 0;
}

TEST_F_TIMEOUT(heap, destroying_races_with_all_else, 120)
{
	struct storm storm = {
		.node = self->heap.node, .tag = unique_tag("wait.end"),
		.rounds = env_rounds(300),
	};

	EXPECT_EQ(0, run_seeded(use_dying_pool, &storm, &storm.seed, 5));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
