// SPDX-License-Identifier: GPL-2.0
/*
 * Several blocks of a pool in one call: a batch ends with the first block that fails, and
 * each block of it has one owner, also if other files use, move and close at the same time.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define BLOCKS	5

/* A page that the driver can read but not write, with the content of @arg. */
static void *read_only(const void *arg, size_t size)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	memcpy(page, arg, size);
	return mprotect(page, PAGE, PROT_READ) ? NULL : page;
}

/* === Acquiring ============================================================ */

TEST_F(heap, batch_acquires_what_is_free)
{
	int pool = create_pool(self->heap.node, 64, BLOCKS);
	struct carveout_pool_ref refs[CARVEOUT_POOL_BATCH_MAX];
	struct carveout_ioctl_pool_query query;
	bool seen[BLOCKS] = { false };
	int i;

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, query_pool(pool, &query));
	memset(refs, 0xa5, sizeof(refs));
	ASSERT_EQ(2, acquire_batch(pool, refs, 2));
	EXPECT_EQ(BLOCKS - 2, free_blocks(pool));
	/* More than there are. */
	ASSERT_EQ(BLOCKS - 2, acquire_batch(pool, refs + 2, CARVEOUT_POOL_BATCH_MAX - 2));
	for (i = 0; i < BLOCKS; i++) {
		ASSERT_GT(BLOCKS, refs[i].index);
		EXPECT_FALSE(seen[refs[i].index]);
		seen[refs[i].index] = true;
		EXPECT_NE(0, refs[i].serial);
		EXPECT_EQ(query.block_size * refs[i].index, refs[i].offset);
		EXPECT_EQ(0, refs[i].reserved);
	}
	EXPECT_EQ(0xa5a5a5a5, refs[BLOCKS].index);
	EXPECT_EQ(-EAGAIN, acquire_batch(pool, refs + BLOCKS, 1));
	/* A single call knows them. */
	EXPECT_EQ(0, release_serial(pool, refs[3].index, refs[3].serial, 0));
	EXPECT_EQ(1, free_blocks(pool));
	/* The others belong to the file. */
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, batch_is_nothing_if_the_reply_fails)
{
	int pool = create_pool(self->heap.node, 64, BLOCKS);
	struct carveout_pool_ref ref = { 0 };
	struct carveout_ioctl_pool_batch batch = { .refs = (uintptr_t)&ref, .count = 1 };
	struct carveout_ioctl_pool_batch *fixed = read_only(&batch, sizeof(batch));

	ASSERT_LE(0, pool);
	ASSERT_NE(NULL, fixed);
	/* The structure, then the array. */
	EXPECT_EQ(-EFAULT, xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, fixed));
	EXPECT_EQ(-EFAULT, acquire_batch(pool, (void *)fixed, 1));
	EXPECT_EQ(-EFAULT, acquire_batch(pool, (void *)8, 1));
	EXPECT_EQ(BLOCKS, free_blocks(pool));
	ASSERT_EQ(1, acquire_batch(pool, &ref, 1));
	EXPECT_EQ(-EFAULT, xioctl(pool, CARVEOUT_POOL_IOCTL_RELEASE_BATCH, fixed));
	EXPECT_EQ(-EFAULT, release_batch(pool, (void *)8, 1));
	EXPECT_EQ(-EFAULT, move_batch(pool, (void *)8, 1, client_of(pool)));
	fixed = read_only(&ref, sizeof(ref));
	ASSERT_NE(NULL, fixed);
	EXPECT_EQ(-EFAULT, move_batch(pool, (void *)fixed, 1, client_of(pool)));
	batch.to = client_of(pool);
	fixed = read_only(&batch, sizeof(batch));
	ASSERT_NE(NULL, fixed);
	EXPECT_EQ(-EFAULT, xioctl(pool, CARVEOUT_POOL_IOCTL_MOVE_BATCH, fixed));
	EXPECT_EQ(BLOCKS - 1, free_blocks(pool));
	EXPECT_EQ(1, release_batch(pool, &ref, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Releasing ============================================================ */

/* The array is not written: it can be in memory that is only readable. */
TEST_F(heap, batch_releases_up_to_the_first_failure)
{
	int pool = create_pool(self->heap.node, 64, BLOCKS);
	struct carveout_pool_ref refs[BLOCKS], wrong[4];
	__u64 serial;
	unsigned int i;

	ASSERT_LE(0, pool);
	ASSERT_EQ(BLOCKS, acquire_batch(pool, refs, BLOCKS));
	serial = refs[2].serial;
	refs[2].serial = refs[1].serial;
	EXPECT_EQ(2, release_batch(pool, read_only(refs, sizeof(refs)), BLOCKS));
	EXPECT_EQ(2, free_blocks(pool));
	/* The failure is reported by the next call. */
	EXPECT_EQ(-EINVAL, release_batch(pool, refs + 2, BLOCKS - 2));
	refs[2].serial = serial;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		wrong[i] = refs[2];
	wrong[0].index = BLOCKS;
	wrong[1].index = UINT32_MAX;
	wrong[2].reserved = 1;
	wrong[3].serial = 0;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(-EINVAL, release_batch(pool, wrong + i, 1));
	/* A block twice: the second is a stale release. */
	refs[3] = refs[2];
	EXPECT_EQ(1, release_batch(pool, refs + 2, 3));
	EXPECT_EQ(3, free_blocks(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_for_block(void *arg)
{
	return acquire_block(*(int *)arg, NONE) < 0;
}

TEST_F(heap, batch_serves_the_waiters)
{
	const char *tag = unique_tag("batch.wait");
	int pool = create_pool_tag(self->heap.node, 64, BLOCKS, tag, 0, 0600);
	int other = open_pool(self->heap.node, tag), i;
	struct carveout_pool_ref refs[BLOCKS];
	pid_t pid[2];

	ASSERT_LE(0, other);
	ASSERT_EQ(BLOCKS, acquire_batch(pool, refs, BLOCKS));
	for (i = 0; i < 2; i++) {
		pid[i] = start_child(wait_for_block, &other);
		ASSERT_LT(0, pid[i]);
	}
	ASSERT_TRUE(has_waiters(pool, 2));
	EXPECT_EQ(3, release_batch(pool, refs, 3));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_EQ(1, free_blocks(pool));
	close(pool);
	close(other);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Moving =============================================================== */

TEST_F(heap, batch_moves_up_to_the_first_failure)
{
	const char *tag = unique_tag("batch.move");
	int from = create_pool_tag(self->heap.node, 64, BLOCKS, tag, 0, 0600);
	int to = open_pool(self->heap.node, tag);
	struct carveout_pool_ref old[BLOCKS], refs[BLOCKS];
	int i;

	ASSERT_LE(0, to);
	ASSERT_EQ(BLOCKS - 1, acquire_batch(from, old, BLOCKS - 1));
	ASSERT_EQ(1, acquire_batch(to, old + BLOCKS - 1, 1));
	memcpy(refs, old, sizeof(refs));
	EXPECT_EQ(-ESRCH, move_batch(from, refs, BLOCKS, client_of(to) + 100));
	EXPECT_EQ(-ESRCH, move_batch(from, refs, BLOCKS, 0));
	EXPECT_EQ(0, memcmp(old, refs, sizeof(refs)));
	/* The last one belongs to the other file. */
	EXPECT_EQ(BLOCKS - 1, move_batch(from, refs, BLOCKS, client_of(to)));
	for (i = 0; i < BLOCKS - 1; i++) {
		EXPECT_NE(old[i].serial, refs[i].serial);
		EXPECT_EQ(old[i].index, refs[i].index);
		EXPECT_EQ(old[i].offset, refs[i].offset);
	}
	EXPECT_EQ(0, memcmp(&old[i], &refs[i], sizeof(refs[i])));
	EXPECT_EQ(-EPERM, move_batch(from, refs + i, 1, client_of(to)));
	EXPECT_EQ(-EINVAL, release_batch(to, old, 1));
	EXPECT_EQ(-EPERM, release_batch(from, refs, 1));
	/* From now on they die with the other file. */
	close(from);
	EXPECT_EQ(0, free_blocks(to));
	EXPECT_EQ(BLOCKS, release_batch(to, refs, BLOCKS));
	close(to);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Arguments ============================================================ */

TEST_F(heap, batch_arguments_are_checked)
{
	static const unsigned long commands[] = {
		CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, CARVEOUT_POOL_IOCTL_RELEASE_BATCH,
		CARVEOUT_POOL_IOCTL_MOVE_BATCH,
	};
	struct carveout_pool_ref refs[CARVEOUT_POOL_BATCH_MAX + 1] = { 0 };
	int pool = create_pool(self->heap.node, 64, CARVEOUT_POOL_BATCH_MAX + 1);
	struct carveout_ioctl_pool_batch good = { .refs = (uintptr_t)refs, .count = 1 }, batch;
	unsigned int i;

	ASSERT_LE(0, pool);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		batch = good;
		batch.count = 0;
		EXPECT_EQ(-EINVAL, xioctl(pool, commands[i], &batch));
		batch.count = CARVEOUT_POOL_BATCH_MAX + 1;
		EXPECT_EQ(-EINVAL, xioctl(pool, commands[i], &batch));
		batch.count = UINT32_MAX;
		EXPECT_EQ(-EINVAL, xioctl(pool, commands[i], &batch));
		batch = good;
		batch.to = client_of(pool);
		EXPECT_EQ(-EINVAL, xioctl(pool, commands[i], &batch));
	}
	EXPECT_EQ(CARVEOUT_POOL_BATCH_MAX + 1, free_blocks(pool));
	EXPECT_EQ(CARVEOUT_POOL_BATCH_MAX, acquire_batch(pool, refs, CARVEOUT_POOL_BATCH_MAX));
	EXPECT_EQ(CARVEOUT_POOL_BATCH_MAX, move_batch(pool, refs, CARVEOUT_POOL_BATCH_MAX,
						      client_of(pool)));
	EXPECT_EQ(CARVEOUT_POOL_BATCH_MAX, release_batch(pool, refs, CARVEOUT_POOL_BATCH_MAX));
	EXPECT_EQ(0, destroy_pool(pool));
	EXPECT_EQ(-EIDRM, acquire_batch(pool, refs, 1));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Everything at once =================================================== */

#define CROWD	4
#define CROWDED	16	/* blocks */

/**
 * struct crowd - Processes that use a pool by batches
 * @node: the heap
 * @tag: tag of the pool
 * @owner: by block, the process that has it, plus 1; 0 if none
 * @me: number of a process
 * @reopened: how often a process closed its file
 */
struct crowd {
	int node;
	const char *tag;
	__u32 *owner;
	unsigned int me;
	unsigned int reopened;
};

/* Note a new owner of the blocks; each of them had another one until now. */
static bool change_owner(const struct crowd *crowd, const struct carveout_pool_ref *refs,
			 int count, __u32 from, __u32 to)
{
	int i;

	for (i = 0; i < count; i++)
		if (__atomic_exchange_n(&crowd->owner[refs[i].index], to,
					__ATOMIC_SEQ_CST) != from)
			return false;
	return true;
}

/* Move the blocks to the own file, release a part, and the rest with the file or by a call. */
static int pass_batch(struct crowd *crowd, int *pool, struct carveout_pool_ref *refs,
		      int count, unsigned int draw)
{
	int part = draw % (count + 1);

	if (move_batch(*pool, refs, count, client_of(*pool)) != count)
		return 1;
	if (!change_owner(crowd, refs, count, crowd->me + 1, 0))
		return 2;
	if (part && release_batch(*pool, refs, part) != part)
		return 3;
	if (draw % 3) {
		count -= part;
		return !count || release_batch(*pool, refs + part, count) == count ? 0 : 4;
	}
	close(*pool);
	crowd->reopened++;
	*pool = open_pool(crowd->node, crowd->tag);
	return *pool < 0 ? 5 : 0;
}

static int use_batches(void *arg)
{
	struct crowd *crowd = arg;
	struct carveout_pool_ref refs[CROWDED];
	__u32 random = crowd->me * 2654435761U | 1;
	unsigned int round, rounds = env_rounds(1000), draw;
	int pool = open_pool(crowd->node, crowd->tag), count, err;

	for (round = 0; pool >= 0 && round < rounds; round++) {
		draw = next_random(&random) >> 8;
		count = acquire_batch(pool, refs, 1 + draw % 7);
		if (count == -EAGAIN)
			continue;
		if (count < 1 || !change_owner(crowd, refs, count, 0, crowd->me + 1))
			return 10;
		err = pass_batch(crowd, &pool, refs, count, draw >> 3);
		if (err)
			return err;
	}
	return pool < 0 || !crowd->reopened ? 11 : 0;
}

TEST_F_TIMEOUT(heap, batches_race_with_close, 300)
{
	struct crowd crowd = { .node = self->heap.node, .tag = unique_tag("batch.crowd") };
	int pool = create_pool_tag(crowd.node, 64, CROWDED, crowd.tag, 0, 0600);
	pid_t pid[CROWD];

	ASSERT_LE(0, pool);
	crowd.owner = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			   0);
	ASSERT_NE(MAP_FAILED, (void *)crowd.owner);
	for (crowd.me = 0; crowd.me < CROWD; crowd.me++) {
		pid[crowd.me] = start_child(use_batches, &crowd);
		ASSERT_LT(0, pid[crowd.me]);
	}
	for (crowd.me = 0; crowd.me < CROWD; crowd.me++)
		EXPECT_EQ(0, wait_child(pid[crowd.me]));
	EXPECT_EQ(CROWDED, free_blocks(pool));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
