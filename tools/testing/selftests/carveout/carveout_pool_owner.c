// SPDX-License-Identifier: GPL-2.0
/*
 * A block of a pool has one owner: late releases, blocks of other clients, moves from
 * client to client, and the death of each of them.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

static bool becomes_free(int pool, int count)
{
	return BECOMES_TRUE(free_blocks(pool) == count);
}

static int used_file(int pool)
{
	struct carveout_ioctl_pool_query query;
	int err = query_pool(pool, &query);

	return err ? err : (int)query.used_file;
}

/**
 * struct user - A process with a file of its own of the pool
 * @node: the heap
 * @tag: tag of the pool
 * @to_child: a pipe; a byte lets the process go on
 * @to_parent: a pipe; the process writes the block that it has
 * @block: the block
 */
struct user {
	int node;
	const char *tag;
	int to_child[2];
	int to_parent[2];
	struct block {
		__u64 client;
		__u64 serial;
		int index;
		int result;
	} block;
};

/* Acquire a block, report it, wait for a byte, release it, report the result. */
static int acquire_and_release(void *arg)
{
	struct user *user = arg;
	int pool = open_pool(user->node, user->tag);
	struct block block = { .client = client_of(pool) };
	char byte;

	block.index = acquire_block(pool, NONE);
	block.serial = serial_of(pool, block.index);
	if (write(user->to_parent[1], &block, sizeof(block)) != sizeof(block) ||
	    read(user->to_child[0], &byte, 1) != 1)
		return 1;
	block.result = release_block(pool, block.index);
	if (write(user->to_parent[1], &block, sizeof(block)) != sizeof(block) ||
	    read(user->to_child[0], &byte, 1) != 1)
		return 2;
	return 0;
}

static pid_t start_user(struct user *user, int (*fn)(void *arg))
{
	if (pipe(user->to_child) || pipe(user->to_parent))
		return -errno;
	return start_child(fn, user);
}

static int hear(struct user *user)
{
	return read(user->to_parent[0], &user->block, sizeof(user->block)) ==
	       sizeof(user->block) ? 0 : -EIO;
}

static bool go_on(struct user *user)
{
	return write(user->to_child[1], "", 1) == 1;
}

/* === Late releases ======================================================== */

/* The first release hands the block to a waiter. The second one is late. */
TEST_F(heap, second_release_takes_nothing_from_a_waiter)
{
	const char *tag = unique_tag("owner.twice");
	struct user user[2];
	int pool, i;
	pid_t pid[2];

	pool = full_pool(self->heap.node, 1, tag);
	ASSERT_LE(0, pool);
	for (i = 0; i < 2; i++) {
		user[i] = (struct user){ .node = self->heap.node, .tag = tag };
		pid[i] = start_user(&user[i], acquire_and_release);
		ASSERT_LT(0, pid[i]);
		ASSERT_TRUE(has_waiters(pool, i + 1));
	}
	EXPECT_EQ(0, release_block(pool, 0));
	EXPECT_EQ(-EINVAL, release_block(pool, 0));
	EXPECT_EQ(-EINVAL, release_serial(pool, 0, serial_of(pool, 0),
					  CARVEOUT_POOL_RELEASE_ANY));
	ASSERT_EQ(0, hear(&user[0]));
	EXPECT_EQ(0, user[0].block.index);
	EXPECT_NE(serial_of(pool, 0), user[0].block.serial);
	/* The first waiter still has it, the second one still waits. */
	EXPECT_TRUE(has_waiters(pool, 1));
	EXPECT_EQ(-EPERM, release_serial(pool, 0, user[0].block.serial, 0));
	EXPECT_TRUE(go_on(&user[0]));
	ASSERT_EQ(0, hear(&user[0]));
	EXPECT_EQ(0, user[0].block.result);
	ASSERT_EQ(0, hear(&user[1]));
	EXPECT_NE(user[0].block.serial, user[1].block.serial);
	EXPECT_TRUE(go_on(&user[1]));
	ASSERT_EQ(0, hear(&user[1]));
	EXPECT_EQ(0, user[1].block.result);
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(go_on(&user[i]));
		EXPECT_EQ(0, wait_child(pid[i]));
	}
	EXPECT_TRUE(becomes_free(pool, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * A producer tells a consumer of its block and is killed. The next waiter gets the block.
 * The consumer does not know, and releases the block of the producer.
 */
TEST_F(heap, release_for_a_dead_producer_takes_nothing_from_its_heir)
{
	const char *tag = unique_tag("owner.crash");
	struct user producer = { .node = self->heap.node, .tag = tag }, heir = producer;
	int pool = create_pool_tag(self->heap.node, 64, 1, tag, 0, 0600);
	pid_t pid[2];

	ASSERT_LE(0, pool);
	pid[0] = start_user(&producer, acquire_and_release);
	ASSERT_LT(0, pid[0]);
	ASSERT_EQ(0, hear(&producer));
	pid[1] = start_user(&heir, acquire_and_release);
	ASSERT_LT(0, pid[1]);
	ASSERT_TRUE(has_waiters(pool, 1));
	ASSERT_EQ(0, kill(pid[0], SIGKILL));
	ASSERT_EQ(128 + SIGKILL, wait_child(pid[0]));
	ASSERT_EQ(0, hear(&heir));
	EXPECT_EQ(0, heir.block.index);
	EXPECT_EQ(-EINVAL, release_serial(pool, 0, producer.block.serial, 0));
	EXPECT_EQ(-EINVAL, release_serial(pool, 0, producer.block.serial,
					  CARVEOUT_POOL_RELEASE_ANY));
	EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
	EXPECT_TRUE(go_on(&heir));
	ASSERT_EQ(0, hear(&heir));
	EXPECT_EQ(0, heir.block.result);
	EXPECT_TRUE(go_on(&heir));
	EXPECT_EQ(0, wait_child(pid[1]));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* Each serial from 0 to beyond the last one: only the present one releases the block. */
TEST_F(heap, only_the_present_serial_counts)
{
	int pool = create_pool(self->heap.node, 64, 2);
	__u64 serial, last;
	int i;

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, acquire_block_nowait(pool));
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(1, acquire_block_nowait(pool));
		ASSERT_EQ(0, release_block(pool, 1));
	}
	last = serial_of(pool, 1);
	for (serial = 0; serial < last + 8; serial++) {
		if (serial == serial_of(pool, 0))
			continue;
		EXPECT_EQ(-EINVAL, release_serial(pool, 0, serial, 0));
		EXPECT_EQ(-EINVAL, release_serial(pool, 1, serial, 0));
	}
	EXPECT_EQ(-EINVAL, release_serial(pool, 0, -1ULL, 0));
	EXPECT_EQ(-EINVAL, release_serial(pool, 1, serial_of(pool, 0), 0));
	EXPECT_EQ(1, free_blocks(pool));
	EXPECT_EQ(0, release_block(pool, 0));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Blocks of others ===================================================== */

/**
 * struct visitor - A process of another user
 * @pool: file of the pool, with its blocks
 * @tag: tag of the pool, which the user may open
 * @serial: serial of block 0
 */
struct visitor {
	int pool;
	const char *tag;
	__u64 serial;
};

static int release_as_visitor(void *arg)
{
	struct visitor *visitor = arg;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	__u64 serial = visitor->serial;
	int own;

	if (become(1003, 1003))
		return 9;
	own = open_pool(node, visitor->tag);
	if (own < 0 || acquire_block_nowait(own) != 1)
		return 1;
	if (release_serial(own, 0, serial, 0) != -EPERM)
		return 2;
	if (release_serial(own, 0, serial, CARVEOUT_POOL_RELEASE_ANY) != -EPERM)
		return 3;
	if (move_block(own, 0, &serial, client_of(own)) != -EPERM)
		return 4;
	/* Its own block needs no right. */
	if (release_serial(own, 1, serial_of(own, 1), CARVEOUT_POOL_RELEASE_ANY))
		return 5;
	/* Neither does one of a descriptor that it was given. */
	return release_serial(visitor->pool, 0, serial, 0) ? 6 : 0;
}

TEST_F(heap, releasing_blocks_of_others_needs_the_right)
{
	struct visitor visitor = { .tag = unique_tag("owner.right") };
	mode_t umask_was = umask(0);

	visitor.pool = create_pool_tag(self->heap.node, 64, 2, visitor.tag, 0, 0666);
	umask(umask_was);
	ASSERT_LE(0, visitor.pool);
	ASSERT_EQ(0, acquire_block_nowait(visitor.pool));
	visitor.serial = serial_of(visitor.pool, 0);
	EXPECT_EQ(0, run_child(release_as_visitor, &visitor));
	EXPECT_TRUE(becomes_free(visitor.pool, 2));
	close(visitor.pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* The owner of the pool, without any capability. */
static int release_as_owner(void *arg)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	int pool, other;

	if (become(1003, 1003))
		return 9;
	pool = create_pool_tag(node, 64, 2, arg, 0, 0600);
	other = open_pool(node, arg);
	if (pool < 0 || other < 0 || acquire_block_nowait(other))
		return 1;
	if (release_serial(pool, 0, serial_of(other, 0), 0) != -EPERM)
		return 2;
	return release_serial(pool, 0, serial_of(other, 0), CARVEOUT_POOL_RELEASE_ANY) ? 3 : 0;
}

TEST_F(heap, owner_of_the_pool_may_release_any_block)
{
	EXPECT_EQ(0, run_child(release_as_owner, (void *)unique_tag("owner.owner")));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Moves ================================================================ */

TEST_F(heap, clients_have_ids_that_are_not_reused)
{
	const char *tag = unique_tag("owner.id");
	int pool = create_pool_tag(self->heap.node, 64, 2, tag, 0, 0600);
	__u64 last = client_of(pool), id;
	int i, fd;

	ASSERT_LE(0, pool);
	EXPECT_NE(0, last);
	for (i = 0; i < 20; i++) {
		fd = open_pool(self->heap.node, tag);
		ASSERT_LE(0, fd);
		id = client_of(fd);
		EXPECT_LT(last, id);
		last = id;
		close(fd);
		/* A duplicate of the descriptor is the same client. */
		fd = dup(pool);
		EXPECT_EQ(client_of(pool), client_of(fd));
		close(fd);
	}
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, moved_block_belongs_to_the_new_owner)
{
	const char *tag = unique_tag("owner.move");
	int from = create_pool_tag(self->heap.node, 64, 3, tag, 0, 0600);
	int to = open_pool(self->heap.node, tag);
	__u64 old, serial, none = 0;

	ASSERT_LE(0, from);
	ASSERT_LE(0, to);
	ASSERT_EQ(0, acquire_block_nowait(from));
	ASSERT_EQ(1, acquire_block_nowait(from));
	old = serial_of(from, 0);
	serial = old;
	EXPECT_EQ(-ESRCH, move_block(from, 0, &serial, 0));
	EXPECT_EQ(-ESRCH, move_block(from, 0, &serial, client_of(to) + 1));
	EXPECT_EQ(-ESRCH, move_block(from, 0, &serial, -1ULL));
	EXPECT_EQ(-EPERM, move_block(to, 0, &serial, client_of(to)));
	EXPECT_EQ(-EINVAL, move_block(from, 0, &none, client_of(to)));
	EXPECT_EQ(-EINVAL, move_block(from, 2, &serial, client_of(to)));
	EXPECT_EQ(-EINVAL, move_block(from, 3, &serial, client_of(to)));
	EXPECT_EQ(-EINVAL, move_block(from, ~0U, &serial, client_of(to)));
	EXPECT_EQ(2, used_file(from));
	EXPECT_EQ(0, move_block(from, 0, &serial, client_of(to)));
	EXPECT_NE(old, serial);
	EXPECT_EQ(1, used_file(from));
	EXPECT_EQ(1, used_file(to));
	/* The former owner has neither serial. */
	EXPECT_EQ(-EINVAL, release_serial(from, 0, old, 0));
	EXPECT_EQ(-EPERM, release_serial(from, 0, serial, 0));
	EXPECT_EQ(-EINVAL, release_serial(to, 0, old, 0));
	EXPECT_EQ(-EPERM, move_block(from, 0, &serial, client_of(from)));
	/* There and back. */
	old = serial;
	EXPECT_EQ(0, move_block(to, 0, &serial, client_of(from)));
	EXPECT_EQ(-EINVAL, release_serial(to, 0, old, 0));
	EXPECT_EQ(0, move_block(from, 0, &serial, client_of(from)));
	EXPECT_EQ(0, move_block(from, 0, &serial, client_of(to)));
	close(from);
	EXPECT_EQ(2, free_blocks(to));
	EXPECT_EQ(0, release_serial(to, 0, serial, 0));
	EXPECT_EQ(3, free_blocks(to));
	close(to);
	EXPECT_UNCHANGED(&self->heap);
}

/* The reply cannot be written: the block stays, with its serial. */
TEST_F(heap, move_without_reply_is_no_move)
{
	const char *tag = unique_tag("owner.reply");
	int from = create_pool_tag(self->heap.node, 64, 1, tag, 0, 0600);
	int to = open_pool(self->heap.node, tag);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	struct carveout_ioctl_pool_move *move = (void *)page;

	ASSERT_LE(0, to);
	ASSERT_NE(MAP_FAILED, (void *)page);
	ASSERT_EQ(0, acquire_block_nowait(from));
	move->serial = serial_of(from, 0);
	move->to = client_of(to);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, xioctl(from, CARVEOUT_POOL_IOCTL_MOVE, move));
	EXPECT_EQ(0, used_file(to));
	EXPECT_EQ(0, release_block(from, 0));
	close(to);
	close(from);
	EXPECT_UNCHANGED(&self->heap);
}

/* Wait for a byte, with an open file of the pool. */
static int receive(void *arg)
{
	struct user *user = arg;
	int pool = open_pool(user->node, user->tag);
	struct block block = { .client = client_of(pool) };
	char byte;

	if (write(user->to_parent[1], &block, sizeof(block)) != sizeof(block) ||
	    read(user->to_child[0], &byte, 1) != 1)
		return 1;
	/* A block is freed with its file also when the process is not killed. */
	return used_file(pool) == 1 ? 0 : 2;
}

/* If the new owner dies, before or after the move, the block is freed once. */
TEST_F(heap, moved_block_dies_with_the_new_owner)
{
	const char *tag = unique_tag("owner.dies");
	struct user to = { .node = self->heap.node, .tag = tag };
	int pool = create_pool_tag(self->heap.node, 64, 1, tag, 0, 0600);
	int from, i;
	__u64 serial;
	pid_t pid;

	ASSERT_LE(0, pool);
	for (i = 0; i < 4; i++) {
		from = open_pool(self->heap.node, tag);
		ASSERT_EQ(0, acquire_block_nowait(from));
		serial = serial_of(from, 0);
		pid = start_user(&to, receive);
		ASSERT_LT(0, pid);
		ASSERT_EQ(0, hear(&to));
		if (i & 1) {
			/* The receiver is dead before the move: the mover keeps the block. */
			ASSERT_EQ(0, kill(pid, SIGKILL));
			EXPECT_EQ(128 + SIGKILL, wait_child(pid));
			EXPECT_TRUE(BECOMES_TRUE(move_block(from, 0, &serial,
							    to.block.client) == -ESRCH));
			EXPECT_EQ(0, free_blocks(pool));
			close(from);
		} else {
			ASSERT_EQ(0, move_block(from, 0, &serial, to.block.client));
			close(from);
			EXPECT_EQ(0, free_blocks(pool));
			EXPECT_TRUE(i ? !kill(pid, SIGKILL) : go_on(&to));
			EXPECT_EQ(i ? 128 + SIGKILL : 0, wait_child(pid));
		}
		EXPECT_TRUE(becomes_free(pool, 1));
	}
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Races ================================================================ */

struct ring {
	int node;
	const char *tag;
	__u32 seed;
	unsigned int rounds;
	__u64 *client;		/* shared: one entry per process */
};

#define RING	4

/* Acquire blocks and move them to processes that open and close their files. */
static int move_around(void *arg)
{
	struct ring *ring = arg;
	unsigned int me = ring->seed % RING, i;
	__u32 random = ring->seed * 2654435761U | 1;
	int pool = -1, index, err;
	__u64 serial, to;

	for (i = 0; i < ring->rounds; i++) {
		if (pool < 0) {
			pool = open_pool(ring->node, ring->tag);
			if (pool < 0)
				return 1;
			__atomic_store_n(&ring->client[me], client_of(pool), __ATOMIC_SEQ_CST);
		}
		index = acquire_block_nowait(pool);
		if (index < 0 && index != -EAGAIN)
			return 2;
		if (index >= 0) {
			serial = serial_of(pool, index);
			to = __atomic_load_n(&ring->client[next_random(&random) % RING],
					     __ATOMIC_SEQ_CST);
			err = move_block(pool, index, &serial, to);
			if (err && err != -ESRCH)
				return 3;
			/* Late: the block has another owner by now. */
			if (!err && release_block(pool, index) != -EINVAL)
				return 4;
		}
		/* Blocks of other processes are freed with the file. */
		if (next_random(&random) % 4 == 0) {
			close(pool);
			pool = -1;
		}
	}
	return 0;
}

TEST_F_TIMEOUT(heap, moves_race_with_close, 120)
{
	struct ring ring = {
		.node = self->heap.node, .tag = unique_tag("owner.race"), .seed = 1,
		.rounds = env_rounds(3000),
	};
	int pool = create_pool_tag(ring.node, 64, 8, ring.tag, 0, 0600);

	ASSERT_LE(0, pool);
	ring.client = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)ring.client);
	EXPECT_EQ(0, run_seeded(move_around, &ring, &ring.seed, RING));
	EXPECT_TRUE(becomes_free(pool, 8));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
