// SPDX-License-Identifier: GPL-2.0
/*
 * A history of a pool: processes acquire, release and move its blocks through files of
 * their own and through a driver, under signals and until they are killed. Each logs its
 * calls, and the checker of carveout_history.h reads the log.
 *
 * CARVEOUT_MODULES is the folder of carveout_client.ko, which is the driver, else /modules.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "carveout_fixture.h"
#include "carveout_history.h"

#include "../../modules/carveout_client.h"

#define BLOCKS		4
#define AT_ONCE		6	/* processes that run at the same time */
#define HELD		3	/* blocks that a process acquires before it releases one */
#define VISITOR		1000	/* user that may open the pool and does not own it */

/* === The checker is checked =============================================== */

#define SPANS	(ACTORS * EVENTS)

static struct history *new_history(void)
{
	void *mem = mmap(NULL, sizeof(struct history), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/* The client ids are the indices plus 1. */
static void add(struct history *history, int client, const struct event *event)
{
	struct actor *actor = &history->actor[client];

	if (history->nr <= (unsigned int)client)
		history->nr = client + 1;
	actor->client = client + 1;
	actor->event[actor->nr++] = *event;
}

TEST(checker_finds_each_fault)
{
	static const struct {
		const char *want;
		struct { int client; struct event event; } step[4];
		__u64 dead;	/* of the first actor */
	} rows[] = {
		{ NULL, { { 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			  { 0, { 3, 6, 1, 0, 0, 0, RELEASE, 0 } },
			  { 1, { 4, 5, 2, 0, 0, 0, ACQUIRE, 0 } } }, 0 },
		{ NULL, { { 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			  { 1, { 4, 5, 2, 0, 0, 0, ACQUIRE, 0 } } }, 3 },
		{ NULL, { { 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			  { 0, { 3, 4, 1, 2, 2, 0, MOVE, 0 } },
			  { 1, { 5, 6, 2, 0, 0, 0, RELEASE, 0 } },
			  { 0, { 7, 8, 1, 0, 0, 0, LATE, -EINVAL } } }, 9 },
		{ "a block had two owners", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 1, { 3, 4, 2, 0, 0, 0, ACQUIRE, 0 } } }, 0 },
		{ "a block had two owners", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 1, { 4, 5, 2, 0, 0, 0, ACQUIRE, 0 } } }, 6 },
		{ "a block had two owners", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 0, { 3, 4, 1, 2, 2, 0, MOVE, 0 } },
			{ 0, { 5, 6, 3, 0, 0, 0, ACQUIRE, 0 } } }, 0 },
		{ "a serial was used twice", {
			{ 0, { 1, 2, 7, 0, 0, 0, ACQUIRE, 0 } },
			{ 1, { 3, 4, 7, 0, 0, 1, ACQUIRE, 0 } } }, 0 },
		{ "a block has no serial", { { 0, { 1, 2, 0, 0, 0, 0, ACQUIRE, 0 } } }, 0 },
		{ "a late release was not refused", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 0, { 3, 4, 1, 0, 0, 0, LATE, 0 } } }, 0 },
		{ "an owner could not release or move its block", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 0, { 3, 4, 1, 0, 0, 0, RELEASE, -EINVAL } } }, 0 },
		{ "a block was released that its client did not have", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 1, { 3, 4, 1, 0, 0, 0, RELEASE, 0 } } }, 0 },
		{ NULL, { { 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			  { 1, { 3, 4, 1, 0, 0, 0, FOREIGN, -EPERM } },
			  { 0, { 5, 6, 1, 0, 0, 0, RELEASE, 0 } },
			  { 1, { 7, 8, 1, 0, 0, 0, FOREIGN, -EINVAL } } }, 0 },
		{ "a block was taken from its owner", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 1, { 3, 4, 1, 0, 0, 0, FOREIGN, 0 } } }, 0 },
		{ "a block was released or moved twice", {
			{ 0, { 1, 2, 1, 0, 0, 0, ACQUIRE, 0 } },
			{ 0, { 3, 4, 1, 0, 0, 0, RELEASE, 0 } },
			{ 0, { 5, 6, 1, 2, 1, 0, MOVE, 0 } } }, 0 },
	};
	struct span *span = calloc(SPANS, sizeof(*span));
	const char *why;
	size_t i, j;

	ASSERT_NE(NULL, span);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct history *history = new_history();

		ASSERT_NE(NULL, history);
		for (j = 0; j < 4 && rows[i].step[j].event.begin; j++)
			add(history, rows[i].step[j].client, &rows[i].step[j].event);
		history->actor[0].dead = rows[i].dead;
		why = check(history, span);
		EXPECT_STREQ(rows[i].want ? rows[i].want : "", why ? why : "")
			TH_LOG("row %zu", i);
		munmap(history, sizeof(*history));
	}
	free(span);
}

/* === The actors =========================================================== */

/**
 * struct play - State of an actor
 * @history: shared memory
 * @node: the heap
 * @tag: tag of the pool
 * @visitors: the actors do not own the pool
 * @me: number of the actor
 * @fd: its client
 * @random: state of the random numbers
 * @block: its blocks
 * @nr: number of its blocks
 */
struct play {
	struct history *history;
	int node;
	const char *tag;
	bool visitors;
	unsigned int me;
	int fd;
	__u32 random;
	struct held {
		__u32 index;
		__u64 serial;
	} block[LETTERS + HELD];
	unsigned int nr;
};

static __u64 tick(struct history *history)
{
	return __atomic_add_fetch(&history->clock, 1, __ATOMIC_SEQ_CST);
}

static struct actor *self_of(const struct play *play)
{
	return &play->history->actor[play->me];
}

static unsigned int draw(struct play *play, unsigned int limit)
{
	return (next_random(&play->random) >> 8) % limit;
}

/* The same as a batch of one block. */
static int call_batch(const struct play *play, struct event *event)
{
	struct carveout_pool_ref ref = { .index = event->index, .serial = event->serial };
	int done;

	switch (event->op) {
	case ACQUIRE:
		done = acquire_batch(play->fd, &ref, 1);
		event->index = ref.index;
		event->serial = ref.serial;
		break;
	case MOVE:
		done = move_batch(play->fd, &ref, 1, event->to);
		event->new_serial = ref.serial;
		break;
	default:
		done = release_batch(play->fd, &ref, 1);
	}
	return done == 1 ? 0 : done;
}

static int call_file(const struct play *play, struct event *event, __u64 deadline)
{
	struct carveout_ioctl_pool_acquire args = {
		.flags = deadline ? 0 : CARVEOUT_POOL_ACQUIRE_NOWAIT, .deadline = deadline,
	};
	int err;

	/* A batch does not wait, and has no flags. */
	if (!deadline && event->begin % 2 && event->op != FOREIGN)
		return call_batch(play, event);
	switch (event->op) {
	case ACQUIRE:
		err = xioctl(play->fd, CARVEOUT_POOL_IOCTL_ACQUIRE, &args);
		event->index = args.index;
		event->serial = args.serial;
		return err;
	case MOVE:
		event->new_serial = event->serial;
		return move_block(play->fd, event->index, &event->new_serial, event->to);
	default:
		return release_serial(play->fd, event->index, event->serial,
				      event->op == FOREIGN ? CARVEOUT_POOL_RELEASE_ANY : 0);
	}
}

static int call_driver(const struct play *play, struct event *event, __u64 deadline)
{
	struct client_block block = {
		.index = event->index, .serial = event->serial, .nowait = !deadline,
		.deadline = deadline, .to = event->to,
	};
	int err;

	switch (event->op) {
	case ACQUIRE:
		err = xioctl(play->fd, CLIENT_ALLOC, &block);
		event->index = block.index;
		event->serial = block.serial;
		return err;
	case MOVE:
		err = xioctl(play->fd, CLIENT_MOVE, &block);
		event->new_serial = block.serial;
		return err;
	default:
		return xioctl(play->fd, CLIENT_FREE, &block);
	}
}

/* Make a call and log it. The log is valid if the process is killed at any point. */
static int act(struct play *play, struct event want, __u64 deadline)
{
	struct actor *self = self_of(play);
	struct event *event = &self->event[self->nr], done;

	want.begin = tick(play->history);
	*event = want;
	__atomic_store_n(&self->nr, self->nr + 1, __ATOMIC_RELEASE);
	done = want;
	done.result = self->driver ? call_driver(play, &done, deadline) :
				     call_file(play, &done, deadline);
	event->index = done.index;
	event->serial = done.serial;
	event->new_serial = done.new_serial;
	event->result = done.result;
	__atomic_store_n(&event->end, tick(play->history), __ATOMIC_RELEASE);
	return done.result;
}

static void keep(struct play *play, __u32 index, __u64 serial)
{
	play->block[play->nr++] = (struct held){ index, serial };
}

static void read_letters(struct play *play)
{
	struct letter *letter = self_of(play)->letter;
	int i;

	for (i = 0; i < LETTERS && play->nr < ARRAY_SIZE(play->block); i++, letter++) {
		if (__atomic_load_n(&letter->full, __ATOMIC_ACQUIRE) != 2)
			continue;
		keep(play, letter->index, letter->serial);
		__atomic_store_n(&letter->full, 0, __ATOMIC_RELEASE);
	}
}

/* Without an empty letter the receiver never knows of the block, and keeps it. */
static void write_letter(struct actor *to, __u32 index, __u64 serial)
{
	struct letter *letter = to->letter;
	__u32 empty;
	int i;

	for (i = 0; i < LETTERS; i++, letter++) {
		empty = 0;
		if (!__atomic_compare_exchange_n(&letter->full, &empty, 1, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		letter->index = index;
		letter->serial = serial;
		__atomic_store_n(&letter->full, 2, __ATOMIC_RELEASE);
		return;
	}
}

static int acquire_one(struct play *play)
{
	static const __u64 wait_ms[] = { 0, 1, 20, 200 };
	__u64 ms = wait_ms[draw(play, ARRAY_SIZE(wait_ms))];
	int err = act(play, (struct event){ .op = ACQUIRE }, ms ? now_ns() + ms * MS : 0);
	const struct event *event = &self_of(play)->event[self_of(play)->nr - 1];

	if (!err)
		keep(play, event->index, event->serial);
	return !err || err == -EAGAIN || err == -ETIMEDOUT ? 0 : err;
}

/* Release a block or move it to any actor, this one too, dead or alive. */
static int pass_on(struct play *play)
{
	unsigned int nr = __atomic_load_n(&play->history->nr, __ATOMIC_ACQUIRE);
	struct held *held = &play->block[draw(play, play->nr)], block = *held;
	struct actor *to = &play->history->actor[nr - 1 - draw(play, nr < 9 ? nr : 9)];
	struct event event = { .index = block.index, .serial = block.serial, .op = RELEASE };
	int err;

	if (draw(play, 2)) {
		event.op = MOVE;
		event.to = __atomic_load_n(&to->client, __ATOMIC_ACQUIRE);
	}
	err = act(play, event, 0);
	if (event.op == MOVE && err == -ESRCH)
		return 0;
	if (err)
		return err;
	*held = play->block[--play->nr];
	if (event.op == MOVE)
		write_letter(to, block.index,
			     self_of(play)->event[self_of(play)->nr - 1].new_serial);
	event = (struct event){ .index = block.index, .serial = block.serial, .op = LATE };
	if (draw(play, 3) == 0 && act(play, event, 0) != -EINVAL)
		return -EUCLEAN;
	return 0;
}

/* The last block that an actor has acquired, or NULL. */
static const struct event *last_acquired(const struct actor *actor)
{
	__u32 nr = __atomic_load_n(&actor->nr, __ATOMIC_ACQUIRE);
	const struct event *event = actor->event + nr;

	while (event-- > actor->event)
		if (__atomic_load_n(&event->end, __ATOMIC_ACQUIRE) && event->op == ACQUIRE &&
		    !event->result)
			return event;
	return NULL;
}

/* Release the block of another actor, and destroy the pool, as only its owner may. */
static int trespass(struct play *play)
{
	unsigned int nr = __atomic_load_n(&play->history->nr, __ATOMIC_ACQUIRE);
	unsigned int age = draw(play, nr < AT_ONCE ? nr : AT_ONCE);
	const struct actor *other = &play->history->actor[nr - 1 - age];
	const struct event *theirs = last_acquired(other);
	struct event event = { .op = FOREIGN };
	int err;

	if (other == self_of(play) || !theirs)
		return 0;
	event.index = theirs->index;
	event.serial = theirs->serial;
	err = act(play, event, 0);
	if (err != -EPERM && err != -EINVAL)
		return -EUCLEAN;
	return destroy_pool(play->fd) == -EACCES ? 0 : -EUCLEAN;
}

static int join(struct play *play)
{
	struct actor *self = self_of(play);
	struct client_join join = { .id = 0 };
	int err;

	if (!self->driver) {
		play->fd = open_pool(play->node, play->tag);
		__atomic_store_n(&self->client, client_of(play->fd), __ATOMIC_RELEASE);
		return self->client ? 0 : -EIO;
	}
	snprintf(join.heap, sizeof(join.heap), "%s", heap_name());
	snprintf(join.tag, sizeof(join.tag), "%s", play->tag);
	play->fd = open(CLIENT_DEVICE, O_RDWR | O_CLOEXEC);
	err = xioctl(play->fd, CLIENT_JOIN, &join);
	__atomic_store_n(&self->client, join.id, __ATOMIC_RELEASE);
	return err;
}

static int perform(void *arg)
{
	struct play *play = arg;
	struct actor *self = self_of(play);

	play->random = play->me * 2654435761U | 1;
	if (handle_signals(SA_RESTART) || (play->visitors && become(VISITOR, VISITOR)) ||
	    join(play))
		return 1;
	while (self->nr + 4 < EVENTS) {
		read_letters(play);
		if (play->nr < HELD && draw(play, 3) && acquire_one(play))
			return 2;
		if (play->nr && draw(play, 2) && pass_on(play))
			return 3;
		if (play->visitors && draw(play, 2) && trespass(play))
			return 4;
		sleep_us(draw(play, 400));
	}
	self->dead = tick(play->history);
	return 0;
}

/* === Are there calls enough? =============================================== */

/* Tallies of the calls of each kind, and of the moves to a dead client. */
#define DEAD	OPS
#define TALLIES	(OPS + 1)

static void count_calls(const struct history *history, unsigned int *done)
{
	unsigned int i, j;

	memset(done, 0, TALLIES * sizeof(*done));
	for (i = 0; i < history->nr; i++)
		for (j = 0; j < history->actor[i].nr; j++) {
			const struct event *event = &history->actor[i].event[j];

			done[event->op] += event->end && !event->result;
			done[LATE] += event->op == LATE && event->result == -EINVAL;
			done[FOREIGN] += event->op == FOREIGN && event->result == -EPERM;
			done[DEAD] += event->op == MOVE && event->result == -ESRCH;
		}
}

static bool is_expected(unsigned int tally, bool visitors)
{
	return visitors || tally != FOREIGN;
}

static unsigned int enough(unsigned int tally)
{
	return tally == DEAD ? 0 : 5;
}

static bool is_busy(const struct history *history, bool visitors)
{
	unsigned int done[TALLIES], i;

	count_calls(history, done);
	for (i = 0; i < TALLIES; i++)
		if (is_expected(i, visitors) && done[i] <= enough(i))
			return false;
	return true;
}

/* === The storm ============================================================ */

static pid_t start_actor(struct play *play, bool driver)
{
	unsigned int me = play->history->nr;

	play->me = me;
	play->history->actor[me].driver = driver;
	__atomic_store_n(&play->history->nr, me + 1, __ATOMIC_RELEASE);
	return start_child(perform, play);
}

/* An actor that ended by itself found nothing wrong. */
static bool end_actor(struct history *history, unsigned int client, pid_t pid)
{
	struct actor *actor = &history->actor[client];
	__u64 now = tick(history);
	int status;

	kill(pid, SIGKILL);
	status = wait_child(pid);
	if (!actor->dead)
		actor->dead = now;
	return status == 128 + SIGKILL || !status;
}

/* On a slow board more rounds follow until there are calls enough. */
static void storm(struct __test_metadata *_metadata, struct play *play, bool drivers)
{
	unsigned int client[AT_ONCE], i, round, rounds = env_rounds(ACTORS - AT_ONCE);
	__u32 random = 0x4157;
	pid_t pid[AT_ONCE];

	for (i = 0; i < AT_ONCE; i++) {
		client[i] = play->history->nr;
		pid[i] = start_actor(play, drivers && i % 2);
		ASSERT_LT(0, pid[i]);
	}
	for (round = 0; round < ACTORS - AT_ONCE; round++) {
		__u64 end = now_ns() + (10 + next_random(&random) % 40) * MS;

		if (round >= rounds && is_busy(play->history, play->visitors))
			break;
		/* Signals interrupt waits, which are restarted. */
		while (now_ns() < end) {
			kill(pid[next_random(&random) % AT_ONCE], SIGUSR1);
			sleep_us(200 + next_random(&random) % 800);
		}
		i = next_random(&random) % AT_ONCE;
		ASSERT_TRUE(end_actor(play->history, client[i], pid[i])) TH_LOG("%u", client[i]);
		client[i] = play->history->nr;
		pid[i] = start_actor(play, drivers && i % 2);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < AT_ONCE; i++)
		EXPECT_TRUE(end_actor(play->history, client[i], pid[i]));
}

/* The history is significant only if each of the tallies exceeds its limit. */
static void expect_busy(struct __test_metadata *_metadata, const struct history *history,
			bool visitors)
{
	unsigned int done[TALLIES], i;

	count_calls(history, done);
	for (i = 0; i < TALLIES; i++) {
		TH_LOG("%u times: %s", done[i], i == DEAD ? "move to a dead client" : op_names[i]);
		if (is_expected(i, visitors))
			EXPECT_LT(enough(i), done[i]);
	}
}

static void expect_one_owner(struct __test_metadata *_metadata, int node, bool drivers,
			     bool visitors)
{
	struct play play = {
		.node = node, .tag = unique_tag("history"), .visitors = visitors,
	};
	struct span *span = calloc(SPANS, sizeof(*span));
	mode_t umask_was = umask(0);
	int pool = create_pool_tag(node, 64, BLOCKS, play.tag, 0, visitors ? 0666 : 0600);
	const char *why;

	umask(umask_was);
	play.history = new_history();
	ASSERT_NE(NULL, play.history);
	ASSERT_NE(NULL, span);
	ASSERT_LE(0, pool);
	/* Signals that arrive before a child runs must not kill it. */
	ASSERT_EQ(0, handle_signals(SA_RESTART));
	storm(_metadata, &play, drivers);
	EXPECT_TRUE(BECOMES_TRUE(free_blocks(pool) == BLOCKS));
	EXPECT_TRUE(has_waiters(pool, 0));
	why = check(play.history, span);
	EXPECT_STREQ("", why ? why : "");
	expect_busy(_metadata, play.history, visitors);
	close(pool);
	free(span);
}

TEST_F_TIMEOUT(heap, no_block_has_two_owners, 120)
{
	expect_one_owner(_metadata, self->heap.node, false, false);
	EXPECT_UNCHANGED(&self->heap);
}

/* Nothing but the end of its owner frees the block of a process that was killed. */
TEST_F_TIMEOUT(heap, no_block_has_two_owners_without_rights, 120)
{
	expect_one_owner(_metadata, self->heap.node, false, true);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F_TIMEOUT(heap, no_block_has_two_owners_with_a_driver, 120)
{
	if (!have_module("carveout_client"))
		SKIP(return, "carveout_client.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, load_module("carveout_client", ""));
	expect_one_owner(_metadata, self->heap.node, true, false);
	EXPECT_EQ(0, unload_module("carveout_client"));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
