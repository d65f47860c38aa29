// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks between processes: a filled block is passed to another process, and the free block
 * back; and a process acquires and releases a block while others are free. Beside a pool: a
 * ring in shared memory with eventfd, a POSIX message queue and a pipe, each with the indices
 * of blocks. Any number of processes may give and take at either end. With these a block has
 * no owner: it is lost with the process that has it.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/carveout.h>

#include "users.h"

#define BLOCK		(4 * KIB)
#define BLOCKS		4
#define TRIPS		1000
#define SAMPLES		11
#define POOL		"users.pool"

/* The two processes. */
enum side { FIRST, SECOND };

/**
 * struct way - An interface that passes blocks to another process
 * @name: of the interface
 * @prepare: called before the second process is forked
 * @give: give a block to a side
 * @take: wait for a block, and return its index
 * @finish: called when the second process has ended
 */
struct way {
	const char *name;
	void (*prepare)(void);
	void (*give)(enum side to, unsigned int index);
	unsigned int (*take)(enum side side);
	void (*finish)(void);
};

/* === A pool of one block =================================================== */

/* A block belongs to an open file, so each process has one of its own. */
static int pool[2];
static __u64 second_client;
/* A filled block is announced here: a pool only has a queue of free blocks. */
static int filled[2];
static struct carveout_ioctl_pool_acquire block;

static int create_pool(unsigned int count, const char *tag)
{
	struct carveout_ioctl_pool_create create = {
		.block_size = BLOCK,
		.count = count,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.mode = 0600,
	};

	snprintf(create.tag, sizeof(create.tag), "%s", tag);
	if (ioctl(heaps.nomap, CARVEOUT_IOCTL_POOL_CREATE, &create))
		die("POOL_CREATE");
	return create.fd;
}

static void acquire(int fd)
{
	block.deadline = CARVEOUT_DEADLINE_NONE;
	block.ticket = 0;
	if (ioctl(fd, CARVEOUT_POOL_IOCTL_ACQUIRE, &block))
		die("ACQUIRE");
}

static void release(int fd)
{
	struct carveout_ioctl_pool_release release = {
		.index = block.index,
		.serial = block.serial,
	};

	if (ioctl(fd, CARVEOUT_POOL_IOCTL_RELEASE, &release))
		die("RELEASE");
}

static void pool_prepare(void)
{
	struct carveout_ioctl_pool_open open = { .fd_flags = O_RDWR | O_CLOEXEC, .tag = POOL };
	struct carveout_ioctl_pool_query query = { .flags = 0 };

	pool[FIRST] = create_pool(1, POOL);
	if (ioctl(heaps.nomap, CARVEOUT_IOCTL_POOL_OPEN, &open))
		die("POOL_OPEN");
	pool[SECOND] = open.fd;
	if (ioctl(open.fd, CARVEOUT_POOL_IOCTL_QUERY, &query) || pipe(filled))
		die("POOL_QUERY");
	second_client = query.client;
	acquire(pool[FIRST]);
}

/* The block is of the other process from now on, also if one of them is killed. */
static void pool_give(enum side to, unsigned int index)
{
	struct carveout_ioctl_pool_move move = {
		.index = index,
		.serial = block.serial,
		.to = second_client,
	};

	if (to == FIRST) {
		release(pool[SECOND]);
		return;
	}
	if (ioctl(pool[FIRST], CARVEOUT_POOL_IOCTL_MOVE, &move))
		die("MOVE");
	block.serial = move.new_serial;
	if (write(filled[1], &block, sizeof(block)) != sizeof(block))
		die("pipe");
}

static unsigned int pool_take(enum side side)
{
	if (side == FIRST)
		acquire(pool[FIRST]);
	else if (read(filled[0], &block, sizeof(block)) != sizeof(block))
		die("pipe");
	return block.index;
}

static void pool_finish(void)
{
	close(pool[FIRST]);
	close(pool[SECOND]);
	close(filled[0]);
	close(filled[1]);
}

/* === Other interfaces ====================================================== */

/**
 * struct ring - Indices of blocks in shared memory
 * @head: number of takes so far
 * @tail: number of gives so far
 * @slot: an index + 1, or 0 if it is empty
 *
 * There are no more indices than slots: a slot that is not empty yet is about to be.
 */
struct ring {
	unsigned int head;
	unsigned int tail;
	unsigned int slot[BLOCKS];
};

/* The count of an event is the number of indices in its ring. */
static int event[2];
static struct ring *ring;

static void ring_prepare(void)
{
	ring = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	event[FIRST] = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	event[SECOND] = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	if (ring == MAP_FAILED || event[FIRST] < 0 || event[SECOND] < 0)
		die("eventfd");
}

static unsigned int *ring_slot(struct ring *of, unsigned int *count)
{
	return &of->slot[__atomic_fetch_add(count, 1, __ATOMIC_RELAXED) % BLOCKS];
}

static void ring_give(enum side to, unsigned int index)
{
	unsigned int *slot = ring_slot(&ring[to], &ring[to].tail), empty = 0;
	unsigned long long one = 1;

	while (!__atomic_compare_exchange_n(slot, &empty, index + 1, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		empty = 0;
	if (write(event[to], &one, sizeof(one)) != sizeof(one))
		die("eventfd");
}

static unsigned int ring_take(enum side side)
{
	unsigned long long one;
	unsigned int *slot, found;

	if (read(event[side], &one, sizeof(one)) != sizeof(one))
		die("eventfd");
	slot = ring_slot(&ring[side], &ring[side].head);
	do {
		found = __atomic_exchange_n(slot, 0, __ATOMIC_ACQUIRE);
	} while (!found);
	return found - 1;
}

static void ring_finish(void)
{
	munmap(ring, BLOCK);
	close(event[FIRST]);
	close(event[SECOND]);
}

static mqd_t queue[2];

static mqd_t make_queue(const char *name)
{
	struct mq_attr attr = { .mq_maxmsg = BLOCKS, .mq_msgsize = sizeof(unsigned int) };
	mqd_t made = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);

	if (made == (mqd_t)-1 || mq_unlink(name))
		die("mq_open");
	return made;
}

static void queue_prepare(void)
{
	queue[FIRST] = make_queue("/users.first");
	queue[SECOND] = make_queue("/users.second");
}

static void queue_give(enum side to, unsigned int index)
{
	if (mq_send(queue[to], (char *)&index, sizeof(index), 0))
		die("mq_send");
}

static unsigned int queue_take(enum side side)
{
	unsigned int index;

	if (mq_receive(queue[side], (char *)&index, sizeof(index), NULL) != sizeof(index))
		die("mq_receive");
	return index;
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

static void pipe_give(enum side to, unsigned int index)
{
	if (write(ends[to][1], &index, sizeof(index)) != sizeof(index))
		die("pipe");
}

static unsigned int pipe_take(enum side side)
{
	unsigned int index;

	if (read(ends[side][0], &index, sizeof(index)) != sizeof(index))
		die("pipe");
	return index;
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
	{ "eventfd", ring_prepare, ring_give, ring_take, ring_finish },
	{ "mqueue", queue_prepare, queue_give, queue_take, queue_finish },
	{ "pipe", pipe_prepare, pipe_give, pipe_take, pipe_finish },
};

/* === Rows ================================================================= */

static void second_process(const struct way *way)
{
	unsigned int i;

	for (i = 0; i < (SAMPLES + 1) * TRIPS; i++)
		way->give(FIRST, way->take(SECOND));
	_exit(0);
}

/* A sample is the mean of its trips; the first is to warm up. */
static void trips(const struct way *way)
{
	unsigned long long times[SAMPLES], start;
	unsigned int i, sample, index = 0;
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
			way->give(SECOND, index);
			index = way->take(FIRST);
		}
		if (sample)
			times[sample - 1] = (now() - start) / TRIPS;
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the second process");
	way->finish();
	report("block-trip", 1, way->name, median(times, SAMPLES));
}

static void pool_acquires(void)
{
	static unsigned long long times[TRIPS];
	int fd = create_pool(BLOCKS, "users.free"), i;

	for (i = 0; i < TRIPS; i++) {
		times[i] = now();
		acquire(fd);
		release(fd);
		times[i] = now() - times[i];
	}
	close(fd);
	report("block-free", BLOCKS, "carveout", median(times, TRIPS));
}

/* Take all blocks at once: the interface has each of them once. */
static void check_list(const struct way *way)
{
	unsigned int i, taken = 0;

	for (i = 0; i < BLOCKS; i++)
		taken |= 1U << way->take(FIRST);
	if (taken != (1U << BLOCKS) - 1)
		die(way->name);
	for (i = 0; i < BLOCKS; i++)
		way->give(FIRST, i);
}

/* The free blocks are a list of indices in the interface. */
static void other_acquires(const struct way *way)
{
	static unsigned long long times[TRIPS];
	unsigned int i;

	way->prepare();
	for (i = 0; i < BLOCKS; i++)
		way->give(FIRST, i);
	check_list(way);
	for (i = 0; i < TRIPS; i++) {
		times[i] = now();
		way->give(FIRST, way->take(FIRST));
		times[i] = now() - times[i];
	}
	way->finish();
	report("block-free", BLOCKS, way->name, median(times, TRIPS));
}

void bench_blocks(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		trips(&ways[i]);
	pool_acquires();
	for (i = 1; i < ARRAY_SIZE(ways); i++)
		other_acquires(&ways[i]);
}
