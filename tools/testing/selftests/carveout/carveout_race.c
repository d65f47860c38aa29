// SPDX-License-Identifier: GPL-2.0
/*
 * Races: several processes perform operations on one tag, or on one table of
 * file descriptors, that must succeed only once. Processes, not threads: they
 * run in parallel on every kernel.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define RACERS	6

/* === All at the same moment ============================================== */

/**
 * struct race - Racers that start together and wait for one another at the end
 * @tag: object of the race
 * @go: closed by the starter: start
 * @end: closed by the starter: all results are known
 * @run: function of each racer; its return value is the result
 * @result: pipe for the results, of one int each
 */
struct race {
	const char *tag;
	int go[2];
	int end[2];
	int result[2];
	int (*run)(int node, const char *tag);
};

static int racer(void *arg)
{
	struct race *race = arg;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	char byte;
	int ret;

	close(race->go[1]);
	close(race->end[1]);
	if (read(race->go[0], &byte, 1) != 0)
		return 1;
	ret = race->run(node, race->tag);
	if (write(race->result[1], &ret, sizeof(ret)) != sizeof(ret))
		return 2;
	/* Keep the result until all racers have tried. */
	if (read(race->end[0], &byte, 1) != 0)
		return 3;
	return 0;
}

/* Run a race; results[] gets the result of each racer. Return 0 or -1. */
static int run_race(const char *tag, int (*run)(int node, const char *tag),
		    int results[RACERS])
{
	struct race race = { .tag = tag, .run = run };
	pid_t pid[RACERS];
	int i, err = 0;

	if (pipe(race.go) || pipe(race.end) || pipe(race.result))
		return -1;
	for (i = 0; i < RACERS; i++)
		pid[i] = start_child(racer, &race);
	close(race.go[1]);
	for (i = 0; i < RACERS; i++)
		if (read(race.result[0], &results[i], sizeof(int)) != sizeof(int))
			err = -1;
	close(race.end[1]);
	for (i = 0; i < RACERS; i++)
		if (wait_child(pid[i]))
			err = -1;
	close(race.go[0]);
	close(race.end[0]);
	close(race.result[0]);
	close(race.result[1]);
	return err;
}

static int count_results(const int results[RACERS], int wanted)
{
	int i, count = 0;

	for (i = 0; i < RACERS; i++)
		count += results[i] == wanted;
	return count;
}

static int create_exclusive(int node, const char *tag)
{
	int fd = alloc_tag(node, 4096, tag, 0, 0600);

	return fd < 0 ? fd : 0;
}

TEST_F_TIMEOUT(heap, exclusive_create_has_exactly_one_winner, 120)
{
	unsigned int round, rounds = env_rounds(12);
	int results[RACERS];

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, run_race("race.create", create_exclusive,
				      results));
		EXPECT_EQ(1, count_results(results, 0));
		EXPECT_EQ(RACERS - 1, count_results(results, -EEXIST));
		EXPECT_UNCHANGED(&self->heap);
	}
}

/* 1 for created, 0 for opened. */
static int open_or_create(int node, const char *tag)
{
	struct carveout_ioctl_alloc alloc = alloc_request(4096);
	int err;

	set_name(alloc.tag, tag);
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	alloc.mode = 0600;
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	return err ? err : !!(alloc.created & CARVEOUT_ALLOC_CREATED);
}

TEST_F_TIMEOUT(heap, open_or_create_creates_exactly_once, 120)
{
	unsigned int round, rounds = env_rounds(12);
	int results[RACERS];

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, run_race("race.either", open_or_create, results));
		EXPECT_EQ(1, count_results(results, 1));
		EXPECT_EQ(RACERS - 1, count_results(results, 0));
		EXPECT_UNCHANGED(&self->heap);
	}
}

TEST_F_TIMEOUT(heap, unlink_has_exactly_one_winner, 120)
{
	unsigned int round, rounds = env_rounds(12);
	int fd, results[RACERS];

	for (round = 0; round < rounds; round++) {
		fd = alloc_tag(self->heap.node, 4096, "race.unlink",
			       CARVEOUT_ALLOC_PERSIST, 0600);
		ASSERT_LE(0, fd);
		close(fd);
		ASSERT_EQ(0, run_race("race.unlink", unlink_tag, results));
		EXPECT_EQ(1, count_results(results, 0));
		EXPECT_EQ(RACERS - 1, count_results(results, -ENOENT));
		EXPECT_UNCHANGED(&self->heap);
	}
}

/* The last close against several opens: each one gets the buffer or ENOENT. */
static int open_it(int node, const char *tag)
{
	struct carveout_buffer_info buffer;
	int fd = open_tag(node, tag, O_RDWR);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || query_buffer(node, fd, &buffer))
		return -EIO;
	return strcmp(buffer.tag, tag) || buffer.size != (__u64)PAGE ? -EIO : 1;
}

static int close_it(void *arg)
{
	struct race *race = arg;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	int fd = alloc_tag(node, PAGE, race->tag, 0, 0600);
	char byte;

	close(race->go[1]);
	if (write(race->result[1], &fd, sizeof(fd)) != sizeof(fd) ||
	    read(race->go[0], &byte, 1) != 0)
		return 1;
	close(fd);
	return fd < 0;
}

TEST_F_TIMEOUT(heap, open_against_last_close, 120)
{
	unsigned int round, rounds = env_rounds(12);
	struct race closer = { .tag = "race.close" };
	int results[RACERS], fd;
	pid_t pid;

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, pipe(closer.go));
		ASSERT_EQ(0, pipe(closer.result));
		pid = start_child(close_it, &closer);
		ASSERT_EQ(sizeof(fd), (size_t)read(closer.result[0], &fd,
						   sizeof(fd)));
		close(closer.go[1]);
		ASSERT_EQ(0, run_race(closer.tag, open_it, results));
		EXPECT_EQ(RACERS, count_results(results, 0) +
				  count_results(results, 1));
		EXPECT_EQ(0, wait_child(pid));
		close(closer.go[0]);
		close(closer.result[0]);
		close(closer.result[1]);
		EXPECT_UNCHANGED(&self->heap);
	}
}

/* === Typed memory ======================================================== */

/* Map the first pages of the heap. Return the number of earlier racers, or an error. */
static int map_first_place(int node, const char *tag)
{
	int place = open_typed(0, 0);
	__u32 *mem = map_buffer(place, 2 * PAGE, PROT_READ | PROT_WRITE);

	(void)node;
	(void)tag;
	if (mem == MAP_FAILED)
		return -errno;
	return __atomic_fetch_add(mem, 1, __ATOMIC_RELAXED);
}

/* One of them allocates the place, and all have the same memory. */
TEST_F_TIMEOUT(heap, place_is_the_same_for_all, 120)
{
	unsigned int round, rounds = env_rounds(12);
	int i, results[RACERS];

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, run_race("", map_first_place, results));
		for (i = 0; i < RACERS; i++)
			EXPECT_EQ(1, count_results(results, i)) TH_LOG("%d", results[i]);
		EXPECT_UNCHANGED(&self->heap);
	}
}

struct mapper {
	int node;
	__u32 seed;
	unsigned int rounds;
	int result;
};

/* Map, split and unmap memory that no other task has. */
static int map_and_unmap(int node, __u32 seed)
{
	char *mem = map_buffer(node, 4 * PAGE, PROT_READ | PROT_WRITE);

	if (mem == MAP_FAILED)
		return 1;
	if (!is_filled(mem, 4 * PAGE, 0))
		return 2;
	fill_pattern(mem, 4 * PAGE, seed);
	munmap(mem + PAGE, PAGE);
	sched_yield();
	if (!has_pattern(mem, PAGE, seed))
		return 3;
	munmap(mem, PAGE);
	return munmap(mem + 2 * PAGE, 2 * PAGE);
}

static void *map_for_a_while(void *data)
{
	struct mapper *mapper = data;
	unsigned int i;

	for (i = 0; i < mapper->rounds && !mapper->result; i++)
		mapper->result = map_and_unmap(mapper->node, mapper->seed + i);
	return NULL;
}

static int map_in_two_threads(void *data)
{
	struct mapper other = *(struct mapper *)data;
	pthread_t thread;

	other.seed += 100;
	if (pthread_create(&thread, NULL, map_for_a_while, &other))
		return 4;
	map_for_a_while(data);
	pthread_join(thread, NULL);
	return ((struct mapper *)data)->result ?: other.result;
}

/* Threads and processes with one open file. */
TEST_F_TIMEOUT(heap, storm_of_mappings, 150)
{
	struct mapper mapper = {
		.node = open_typed(0, CARVEOUT_TYPED_ALLOCATE),
		.rounds = env_rounds(100),
	};
	pid_t pid[RACERS];
	int i;

	ASSERT_LE(0, mapper.node);
	for (i = 0; i < RACERS; i++) {
		mapper.seed = 1000 * i;
		pid[i] = start_child(map_in_two_threads, &mapper);
	}
	for (i = 0; i < RACERS; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	close(mapper.node);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Storms ============================================================== */

struct storm {
	const char *tag;
	__u32 seed;
	unsigned int rounds;
	unsigned int mask;	/* mask of steps */
};

/* One step of the storm. Return 0 if its result is allowed. */
static int storm_step(int node, const char *tag, unsigned int step)
{
	struct carveout_ioctl_query query;
	struct carveout_buffer_info buffer;
	__u32 *mem;
	int fd;

	switch (step) {
	case 0:
		fd = alloc_tag(node, 2 * PAGE, tag, 0, 0600);
		if (fd < 0)
			return fd == -EEXIST ? 0 : 1;
		close(fd);
		return 0;
	case 1:
		fd = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_OPEN |
			       CARVEOUT_ALLOC_PERSIST, 0600);
		/* The existing buffer may not be persistent. */
		if (fd < 0)
			return fd == -EEXIST ? 0 : 2;
		close(fd);
		return 0;
	case 2:
	case 3:
		fd = open_tag(node, tag, step == 2 ? O_RDWR : O_RDONLY);
		if (fd < 0)
			return fd == -ENOENT ? 0 : 3;
		if (query_buffer(node, fd, &buffer) || buffer.size != 2 * (__u64)PAGE)
			return 4;
		mem = map_buffer(fd, 2 * PAGE, PROT_READ);
		if (mem == MAP_FAILED)
			return 5;
		munmap(mem, 2 * PAGE);
		close(fd);
		return 0;
	case 4:
		fd = unlink_tag(node, tag);
		return fd && fd != -ENOENT ? 6 : 0;
	case 5:
		return find_listed(node, tag, NULL) >= 0 ? 0 : 7;
	case 6:
		return query_heap(node, &query) ? 8 : 0;
	default:
		fd = alloc_buffer(node, 4096);
		if (fd < 0)
			return 9;
		close(fd);
		return 0;
	}
}

static int stormer(void *arg)
{
	struct storm *storm = arg;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	__u32 random = storm->seed;
	unsigned int i, step;
	int ret = 0;

	for (i = 0; i < storm->rounds && !ret; i++) {
		step = next_random(&random) % 8;
		if (storm->mask & 1U << step)
			ret = storm_step(node, storm->tag, step);
	}
	return ret;
}

static int run_storm(struct storm *storm)
{
	pid_t pid[RACERS];
	int i, code, worst = 0;

	for (i = 0; i < RACERS; i++) {
		storm->seed = 0xace + 77 * i;
		pid[i] = start_child(stormer, storm);
	}
	for (i = 0; i < RACERS; i++) {
		code = wait_child(pid[i]);
		if (code)
			worst = code;
	}
	return worst;
}

TEST_F_TIMEOUT(heap, storm_of_everything_on_one_tag, 150)
{
	struct storm storm = { "race.storm", 0, env_rounds(200), ~0U };

	EXPECT_EQ(0, run_storm(&storm));
	unlink_tag(self->heap.node, storm.tag);
	EXPECT_UNCHANGED(&self->heap);
}

/* Tags that appear and disappear with the last holder; nothing is ever unlinked. */
TEST_F_TIMEOUT(heap, storm_of_open_and_last_close, 150)
{
	struct storm storm = { "race.flink", 0, env_rounds(400), 1 | 4 | 8 };

	EXPECT_EQ(0, run_storm(&storm));
	EXPECT_UNCHANGED(&self->heap);
}

/* A permanent buffer is listed exactly once, whatever else appears and disappears. */
TEST_F_TIMEOUT(heap, list_is_complete_while_others_come_and_go, 150)
{
	struct storm storm = { "race.guest", 0, env_rounds(200), ~32U };
	unsigned int i, round, rounds = env_rounds(20);
	int fd[8], code;
	char name[32];
	pid_t pid[3];

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		snprintf(name, sizeof(name), "race.resident.%u", i);
		fd[i] = alloc_tag(self->heap.node, 4096, name, 0, 0600);
		ASSERT_LE(0, fd[i]);
	}
	for (i = 0; i < ARRAY_SIZE(pid); i++) {
		storm.seed = 0xbad + i;
		pid[i] = start_child(stormer, &storm);
	}
	for (round = 0; round < rounds; round++) {
		i = round % ARRAY_SIZE(fd);
		snprintf(name, sizeof(name), "race.resident.%u", i);
		EXPECT_EQ(1, find_listed(self->heap.node, name, NULL));
	}
	for (i = 0; i < ARRAY_SIZE(pid); i++) {
		code = wait_child(pid[i]);
		EXPECT_EQ(0, code);
	}
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	unlink_tag(self->heap.node, storm.tag);
	EXPECT_UNCHANGED(&self->heap);
}

/* === A shared table of file descriptors ================================== */

struct closer {
	pthread_barrier_t *barrier;
	int fd;
	int closed;
};

static void *close_one(void *data)
{
	struct closer *closer = data;

	pthread_barrier_wait(closer->barrier);
	closer->closed = !close(closer->fd);
	return NULL;
}

/* Of several threads that close one descriptor, exactly one succeeds. */
TEST_F_TIMEOUT(heap, descriptor_is_closed_once, 120)
{
	unsigned int round, rounds = env_rounds(300);
	struct closer closer[RACERS];
	pthread_barrier_t barrier;
	pthread_t thread[RACERS];
	int i, fd, closed;

	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, RACERS));
	for (round = 0; round < rounds; round++) {
		fd = alloc_tag(self->heap.node, 4096, unique_tag("race.close"), 0, 0600);
		ASSERT_LE(0, fd);
		for (i = 0; i < RACERS; i++) {
			closer[i] = (struct closer) { .barrier = &barrier, .fd = fd };
			ASSERT_EQ(0, pthread_create(&thread[i], NULL, close_one,
						    &closer[i]));
		}
		for (i = 0, closed = 0; i < RACERS; i++) {
			ASSERT_EQ(0, pthread_join(thread[i], NULL));
			closed += closer[i].closed;
		}
		ASSERT_EQ(1, closed);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * Close each new descriptor of the other process; the kernel must not use it
 * afterwards.
 */
static void close_for_ever(int first)
{
	int fd;

	for (;;)
		for (fd = first; fd < first + 16; fd++)
			close(fd);
}

TEST_F_TIMEOUT(heap, descriptors_are_closed_as_soon_as_they_appear, 120)
{
	unsigned int round, rounds = env_rounds(300);
	int first = dup(self->heap.node);
	pid_t pid;

	ASSERT_LE(0, first);
	close(first);
	/* A process that shares the file descriptor table, like a thread. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	ASSERT_LE(0, pid);
	if (!pid)
		close_for_ever(first);
	for (round = 0; round < rounds; round++) {
		struct carveout_ioctl_alloc alloc = alloc_request(4096);
		struct carveout_buffer_info buffer;
		int err;

		if (round & 1) {
			set_name(alloc.tag, "race.table");
			alloc.flags = CARVEOUT_ALLOC_OPEN;
		}
		EXPECT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC,
				    &alloc));
		err = query_buffer(self->heap.node, alloc.fd, &buffer);
		EXPECT_TRUE(!err || err == -EBADF);
		close(alloc.fd);
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Missing pages ======================================================= */

/* Everything that other callers can do meanwhile. Return 0 or the step that failed. */
static int others_go_on(int node)
{
	unsigned int step;
	int ret;

	for (step = 0; step < 8; step++) {
		ret = storm_step(node, "race.other", step);
		if (ret)
			return ret;
	}
	unlink_tag(node, "race.other");
	return 0;
}

/* The kernel copies without a lock: waiting for a page delays no other caller. */
TEST_F(heap, argument_on_a_page_that_does_not_come)
{
	struct stall stall = { self->heap.node, CARVEOUT_IOCTL_ALLOC, NULL, 1 };
	union { struct carveout_ioctl_alloc alloc; char page[PAGE_MAX]; } from = {};
	struct pollfd poller = { .events = POLLIN };
	pthread_t thread;
	char *page;
	int uffd = missing_page(&page);

	if (uffd < 0)
		SKIP(return, "the kernel has no userfaultfd");
	stall.arg = page;
	from.alloc = alloc_request(4096);
	ASSERT_EQ(0, pthread_create(&thread, NULL, stalled_call, &stall));
	poller.fd = uffd;
	ASSERT_EQ(1, poll(&poller, 1, 20000));
	ASSERT_EQ(POLLIN, poller.revents);
	EXPECT_EQ(0, others_go_on(self->heap.node));
	ASSERT_EQ(0, fill_page(uffd, page, &from));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, stall.result);
	EXPECT_EQ(0, close(((struct carveout_ioctl_alloc *)page)->fd));
	close(uffd);
	EXPECT_UNCHANGED(&self->heap);
}

/* The list waits in the middle, while its buffer is freed. */
TEST_F(heap, list_on_a_page_that_does_not_come)
{
	struct carveout_ioctl_list list = {
		.entry_size = sizeof(struct carveout_buffer_info), .count = 4,
	};
	struct stall stall = {
		self->heap.node, CARVEOUT_IOCTL_LIST, &list, 1,
	};
	struct pollfd poller = { .events = POLLIN };
	static const char zeroes[PAGE_MAX];
	const char *tag = unique_tag("race.listed");
	int fd = alloc_tag(self->heap.node, 4096, tag, 0, 0600);
	pthread_t thread;
	char *page;
	int uffd = missing_page(&page);

	if (uffd < 0)
		SKIP(return, "the kernel has no userfaultfd");
	ASSERT_LE(0, fd);
	list.entries = (uintptr_t)page;
	ASSERT_EQ(0, pthread_create(&thread, NULL, stalled_call, &stall));
	poller.fd = uffd;
	ASSERT_EQ(1, poll(&poller, 1, 20000));
	ASSERT_EQ(POLLIN, poller.revents);
	EXPECT_EQ(0, unlink_tag(self->heap.node, tag));
	close(fd);
	EXPECT_EQ(0, others_go_on(self->heap.node));
	ASSERT_EQ(0, fill_page(uffd, page, zeroes));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, stall.result);
	EXPECT_LE(1, list.count);
	close(uffd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Signals ============================================================= */

static void on_signal(int number)
{
	(void)number;
}

/* Calls that a signal interrupts are restarted or complete: programs see no effect. */
TEST_F_TIMEOUT(heap, signals_do_not_disturb, 120)
{
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = SA_RESTART,
	};
	struct itimerval timer = { { 0, 700 }, { 0, 700 } };
	struct itimerval none = {};
	unsigned int i, rounds = env_rounds(200);

	ASSERT_EQ(0, sigaction(SIGVTALRM, &action, NULL));
	ASSERT_EQ(0, sigaction(SIGPROF, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_PROF, &timer, NULL));
	for (i = 0; i < rounds; i++)
		EXPECT_EQ(0, storm_step(self->heap.node, "race.signal", i % 8))
			TH_LOG("step %u", i % 8);
	setitimer(ITIMER_PROF, &none, NULL);
	unlink_tag(self->heap.node, "race.signal");
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
