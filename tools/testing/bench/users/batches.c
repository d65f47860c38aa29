// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks between processes, several in one call: filled blocks are passed to another process,
 * and free blocks back; and a process acquires and releases blocks while others are free. The
 * figures are those of one block. Beside a pool: a list of indices in shared memory with
 * eventfd, a POSIX message queue and a pipe, each with one call for all indices.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/carveout.h>

#include "users.h"

#define BLOCK		(4 * KIB)
#define BATCH		16
#define TRIPS		200
#define SAMPLES		11
#define POOL		"users.batches"

enum side { FIRST, SECOND };

/**
 * struct way - An interface that passes BATCH blocks to another process
 * @name: of the interface
 * @prepare: called before the second process is forked; the first one has the blocks then
 * @give: give the blocks to a side
 * @take: wait for the blocks
 * @finish: called when the second process has ended
 */
struct way {
	const char *name;
	void (*prepare)(void);
	void (*give)(enum side to);
	void (*take)(enum side side);
	void (*finish)(void);
};

/* The blocks that this process has, as the other interfaces know them. */
static unsigned int indices[BATCH];

/* === A pool =============================================================== */

static int pool[2];
static __u64 second_client;
/* Filled blocks are announced here. */
static int filled[2];
static struct carveout_pool_ref refs[BATCH];

static __u32 batch(int fd, unsigned long cmd, struct carveout_pool_ref *first, __u32 count,
		   __u64 to)
{
	struct carveout_ioctl_pool_batch args = {
		.refs = (__u64)(unsigned long)first,
		.to = to,
		.count = count,
	};

	if (ioctl(fd, cmd, &args))
		die("BATCH");
	return args.count;
}

/* Wait for the first block only: the other process releases all of them at once. */
static void acquire_all(void)
{
	struct carveout_ioctl_pool_acquire first = { .deadline = CARVEOUT_DEADLINE_NONE };
	__u32 have = 1;

	if (ioctl(pool[FIRST], CARVEOUT_POOL_IOCTL_ACQUIRE, &first))
		die("ACQUIRE");
	refs[0].index = first.index;
	refs[0].serial = first.serial;
	while (have < BATCH)
		have += batch(pool[FIRST], CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, refs + have,
			      BATCH - have, 0);
}

static void pool_prepare(void)
{
	struct carveout_ioctl_pool_create create = {
		.block_size = BLOCK,
		.count = BATCH,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.mode = 0600,
		.tag = POOL,
	};
	struct carveout_ioctl_pool_open open = { .fd_flags = O_RDWR | O_CLOEXEC, .tag = POOL };
	struct carveout_ioctl_pool_query query = { .flags = 0 };

	if (ioctl(heaps.nomap, CARVEOUT_IOCTL_POOL_CREATE, &create) ||
	    ioctl(heaps.nomap, CARVEOUT_IOCTL_POOL_OPEN, &open) ||
	    ioctl(open.fd, CARVEOUT_POOL_IOCTL_QUERY, &query) || pipe(filled))
		die("a pool");
	pool[FIRST] = create.fd;
	pool[SECOND] = open.fd;
	second_client = query.client;
	acquire_all();
}

static void pool_give(enum side to)
{
	if (to == FIRST) {
		batch(pool[SECOND], CARVEOUT_POOL_IOCTL_RELEASE_BATCH, refs, BATCH, 0);
		return;
	}
	batch(pool[FIRST], CARVEOUT_POOL_IOCTL_MOVE_BATCH, refs, BATCH, second_client);
	if (write(filled[1], refs, sizeof(refs)) != sizeof(refs))
		die("pipe");
}

static void pool_take(enum side side)
{
	if (side == FIRST)
		acquire_all();
	else if (read(filled[0], refs, sizeof(refs)) != sizeof(refs))
		die("pipe");
}

static void pool_finish(void)
{
	close(pool[FIRST]);
	close(pool[SECOND]);
	close(filled[0]);
	close(filled[1]);
}

/* === Other interfaces ====================================================== */

/* One producer and one consumer a side, so the event orders their accesses. */
static int event[2];
static unsigned int (*list)[BATCH];

static void list_prepare(void)
{
	list = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	event[FIRST] = eventfd(0, EFD_CLOEXEC);
	event[SECOND] = eventfd(0, EFD_CLOEXEC);
	if (list == MAP_FAILED || event[FIRST] < 0 || event[SECOND] < 0)
		die("eventfd");
}

static void list_give(enum side to)
{
	unsigned long long count = BATCH;

	memcpy(list[to], indices, sizeof(indices));
	if (write(event[to], &count, sizeof(count)) != sizeof(count))
		die("eventfd");
}

static void list_take(enum side side)
{
	unsigned long long count;

	if (read(event[side], &count, sizeof(count)) != sizeof(count) || count != BATCH)
		die("eventfd");
	memcpy(indices, list[side], sizeof(indices));
}

static void list_finish(void)
{
	munmap(list, BLOCK);
	close(event[FIRST]);
	close(event[SECOND]);
}

static mqd_t queue[2];

static void queue_prepare(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = sizeof(indices) };
	int side;

	for (side = FIRST; side <= SECOND; side++) {
		queue[side] = mq_open("/users.batch", O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
		if (queue[side] == (mqd_t)-1 || mq_unlink("/users.batch"))
			die("mq_open");
	}
}

static void queue_give(enum side to)
{
	if (mq_send(queue[to], (char *)indices, sizeof(indices), 0))
		die("mq_send");
}

static void queue_take(enum side side)
{
	if (mq_receive(queue[side], (char *)indices, sizeof(indices), NULL) != sizeof(indices))
		die("mq_receive");
}

static void queue_finish(void)
{
	mq_close(queue[FIRST]);
	mq_close(queue[SECOND]);
}

static int ends[2][2];

static void pipe_prepare(void)
{
	if (pipe(ends[FIRST]) || pipe(ends[SECOND]))
		die("pipe");
}

static void pipe_give(enum side to)
{
	if (write(ends[to][1], indices, sizeof(indices)) != sizeof(indices))
		die("pipe");
}

static void pipe_take(enum side side)
{
	if (read(ends[side][0], indices, sizeof(indices)) != sizeof(indices))
		die("pipe");
}

static void pipe_finish(void)
{
	int side;

	for (side = FIRST; side <= SECOND; side++) {
		close(ends[side][0]);
		close(ends[side][1]);
	}
}

static const struct way ways[] = {
	{ "carveout", pool_prepare, pool_give, pool_take, pool_finish },
	{ "eventfd", list_prepare, list_give, list_take, list_finish },
	{ "mqueue", queue_prepare, queue_give, queue_take, queue_finish },
	{ "pipe", pipe_prepare, pipe_give, pipe_take, pipe_finish },
};

/* === Rows ================================================================= */

static void second_process(const struct way *way)
{
	unsigned int i;

	for (i = 0; i < (SAMPLES + 1) * TRIPS; i++) {
		way->take(SECOND);
		way->give(FIRST);
	}
	_exit(0);
}

/* A sample is the mean of its trips; the first is to warm up. */
static void trips(const struct way *way)
{
	unsigned long long times[SAMPLES], start;
	unsigned int i, sample;
	int status;
	pid_t pid;

	way->prepare();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		second_process(way);
	/* The other process waits. */
	usleep(10000);
	for (sample = 0; sample <= SAMPLES; sample++) {
		start = now();
		for (i = 0; i < TRIPS; i++) {
			way->give(SECOND);
			way->take(FIRST);
		}
		if (sample)
			times[sample - 1] = (now() - start) / TRIPS / BATCH;
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the second process");
	way->finish();
	report("batch-trip", BATCH, way->name, median(times, SAMPLES));
}

static void pool_free_and_acquire(void)
{
	batch(pool[FIRST], CARVEOUT_POOL_IOCTL_RELEASE_BATCH, refs, BATCH, 0);
	if (batch(pool[FIRST], CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, refs, BATCH, 0) != BATCH)
		die("ACQUIRE_BATCH");
}

/* Release all blocks and acquire them again, with no other process. */
static void frees(const struct way *way)
{
	static unsigned long long times[TRIPS];
	int i;

	way->prepare();
	for (i = 0; i < TRIPS; i++) {
		times[i] = now();
		if (way == ways) {
			pool_free_and_acquire();
		} else {
			way->give(FIRST);
			way->take(FIRST);
		}
		times[i] = (now() - times[i]) / BATCH;
	}
	way->finish();
	report("batch-free", BATCH, way->name, median(times, TRIPS));
}

void bench_batches(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		trips(&ways[i]);
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		frees(&ways[i]);
}
