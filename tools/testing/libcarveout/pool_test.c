// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of libcarveout's requests about pools, and of its handling of the replies.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"

#include "driver.h"
#include "options.h"

#define POOL_FD	78

static void give_pool(int call, void *argument)
{
	struct carveout_ioctl_pool_create *pool = argument;

	(void)call;
	pool->block_size = 128;
	pool->count = 40;
	SET_COMMON_REPLY(pool);
	pool->fd = POOL_FD;
}

TEST(pool_passes_every_option_on)
{
	const struct carveout_ioctl_pool_create *pool = (void *)driver.asked[0];
	struct carveout_pool_options options = {
		.struct_size = sizeof(options),
		.block_size = 100,
		.count = 33,
		.align = 128,
	};

	SET_COMMON_OPTIONS(&options);
	driver.answer = give_pool;
	EXPECT_EQ(POOL_FD, carveout_pool_create(&fake_heap, &options, NULL));
	ASSERT_EQ(1, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_POOL_CREATE, driver.command[0]);
	EXPECT_COMMON_OPTIONS(pool);
	EXPECT_EQ(100, pool->block_size);
	EXPECT_EQ(33, pool->count);
	EXPECT_EQ(128, pool->align);
	/* Without a tag the mode is 0. */
	options.tag = NULL;
	driver.calls = 0;
	EXPECT_EQ(POOL_FD, carveout_pool_create(&fake_heap, &options, NULL));
	EXPECT_EQ(0, pool->mode);
}

TEST(pool_tells_what_it_became)
{
	struct carveout_pool_options options = CARVEOUT_POOL_OPTIONS_INIT;
	struct {
		struct carveout_pool_opened known;
		uint64_t newer;
	} opened = { CARVEOUT_POOL_OPENED_INIT, 1 };

	driver.answer = give_pool;
	EXPECT_EQ(POOL_FD, carveout_pool_create(&fake_heap, &options, &opened.known));
	EXPECT_EQ(128, opened.known.block_size);
	EXPECT_EQ(40, opened.known.count);
	EXPECT_COMMON_REPLY(&opened.known);
	EXPECT_EQ(1, opened.newer);
	opened.known.struct_size = sizeof(opened);
	EXPECT_EQ(POOL_FD, carveout_pool_create(&fake_heap, &options, &opened.known));
	EXPECT_EQ(0, opened.newer);
	opened.known.struct_size = sizeof(opened.known) - 1;
	EXPECT_EQ(-EINVAL, carveout_pool_create(&fake_heap, &options, &opened.known));
	EXPECT_EQ(-EINVAL, carveout_pool_open(&fake_heap, "a", O_RDWR, &opened.known));
	EXPECT_EQ(-EINVAL, carveout_pool_open_wait(&fake_heap, "a", O_RDWR, 0,
						   &opened.known));
	EXPECT_EQ(2, driver.calls);
}

TEST(bad_pool_requests_never_reach_the_driver)
{
	struct {
		struct carveout_pool_options known;
		char newer[8];
	} options = { CARVEOUT_POOL_OPTIONS_INIT, { 0 } };

	options.known.tag = "";
	EXPECT_EQ(-EINVAL, carveout_pool_create(&fake_heap, &options.known, NULL));
	options.known.tag = LONG_NAME;
	EXPECT_EQ(-EINVAL, carveout_pool_create(&fake_heap, &options.known, NULL));
	options.known.tag = NULL;
	options.known.label = LONG_NAME;
	EXPECT_EQ(-EINVAL, carveout_pool_create(&fake_heap, &options.known, NULL));
	options.known.label = NULL;
	options.known.struct_size--;
	EXPECT_EQ(-EINVAL, carveout_pool_create(&fake_heap, &options.known, NULL));
	options.known.struct_size = sizeof(options);
	options.newer[7] = 1;
	EXPECT_EQ(-E2BIG, carveout_pool_create(&fake_heap, &options.known, NULL));
	EXPECT_EQ(-EINVAL, carveout_pool_open(&fake_heap, LONG_NAME, O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, carveout_pool_open_wait(&fake_heap, LONG_NAME, O_RDWR, 0,
						   NULL));
	EXPECT_EQ(0, driver.calls);
	options.newer[7] = 0;
	driver.answer = give_pool;
	EXPECT_EQ(POOL_FD, carveout_pool_create(&fake_heap, &options.known, NULL));
}

static void give_opened(int call, void *argument)
{
	struct carveout_ioctl_pool_open *open = argument;

	(void)call;
	open->block_size = 192;
	open->count = 7;
	open->size = 4096;
	open->fd = POOL_FD;
}

TEST(pool_is_opened_and_waited_for)
{
	const struct carveout_ioctl_pool_open *open = (void *)driver.asked[0];
	struct carveout_pool_opened opened = CARVEOUT_POOL_OPENED_INIT;
	uint64_t before = now_ns();

	driver.answer = give_opened;
	EXPECT_EQ(POOL_FD, carveout_pool_open(&fake_heap, "a", O_RDWR, &opened));
	EXPECT_EQ(CARVEOUT_IOCTL_POOL_OPEN, driver.command[0]);
	EXPECT_STREQ("a", open->tag);
	EXPECT_EQ(0, open->flags);
	EXPECT_EQ(0, open->deadline);
	EXPECT_EQ(192, opened.block_size);
	EXPECT_EQ(7, opened.count);
	EXPECT_EQ(4096, opened.size);
	EXPECT_EQ(0, opened.created);
	driver.calls = 0;
	EXPECT_EQ(POOL_FD, carveout_pool_open_wait(&fake_heap, "b", O_RDWR, 5, &opened));
	EXPECT_EQ(CARVEOUT_OPEN_WAIT, open->flags);
	EXPECT_STREQ("b", open->tag);
	EXPECT_LE(before + 5000000, open->deadline);
	driver.calls = 0;
	driver.errors[0] = EINTR;
	EXPECT_EQ(-EINTR, carveout_pool_open_wait(&fake_heap, "b", O_RDWR, -1, NULL));
	EXPECT_EQ(CARVEOUT_DEADLINE_NONE, open->deadline);
	EXPECT_EQ(1, driver.calls);
}

static void answer_with_block(int call, void *argument)
{
	struct carveout_ioctl_pool_acquire *acquire = argument;

	(void)call;
	acquire->index = 3;
	acquire->offset = 384;
	acquire->serial = 1ULL << 40;
	acquire->ticket = 0;
}

TEST(block_is_acquired_and_released)
{
	const struct carveout_ioctl_pool_acquire *acquire = (void *)driver.asked[0];
	const struct carveout_ioctl_pool_release *release = (void *)driver.asked[0];
	struct carveout_pool_block block = { .ticket = 0 };
	uint64_t before = now_ns();
	char memory[512];

	driver.answer = answer_with_block;
	EXPECT_EQ(0, carveout_pool_acquire(fake_heap.fd, &block));
	EXPECT_EQ(3, block.index);
	EXPECT_EQ(384, block.offset);
	EXPECT_EQ(1ULL << 40, block.serial);
	EXPECT_EQ(memory + 384, carveout_pool_address(memory, &block));
	EXPECT_EQ(fake_heap.fd, driver.fd[0]);
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_ACQUIRE, driver.command[0]);
	EXPECT_EQ(CARVEOUT_POOL_ACQUIRE_NOWAIT, acquire->flags);
	EXPECT_EQ(0, acquire->deadline);
	EXPECT_EQ(0, acquire->ticket);
	driver.calls = 0;
	EXPECT_EQ(0, carveout_pool_acquire_wait(fake_heap.fd, 7, &block));
	EXPECT_EQ(0, acquire->flags);
	EXPECT_LE(before + 7000000, acquire->deadline);
	driver.calls = 0;
	EXPECT_EQ(0, carveout_pool_acquire_wait(fake_heap.fd, -1, &block));
	EXPECT_EQ(CARVEOUT_DEADLINE_NONE, acquire->deadline);
	driver.calls = 0;
	driver.answer = NULL;
	EXPECT_EQ(0, carveout_pool_release(fake_heap.fd, &block));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_RELEASE, driver.command[0]);
	EXPECT_EQ(3, release->index);
	EXPECT_EQ(1ULL << 40, release->serial);
	EXPECT_EQ(0, release->flags);
	driver.calls = 0;
	EXPECT_EQ(0, carveout_pool_release_any(fake_heap.fd, &block));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_RELEASE, driver.command[0]);
	EXPECT_EQ(CARVEOUT_POOL_RELEASE_ANY, release->flags);
	driver.calls = 0;
	EXPECT_EQ(0, carveout_pool_destroy(fake_heap.fd));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_DESTROY, driver.command[0]);
}

static void give_ticket(int call, void *argument)
{
	(void)call;
	((struct carveout_ioctl_pool_acquire *)argument)->ticket = 77;
}

/* The next call passes the ticket of an interrupted wait on, a later one does not. */
TEST(ticket_is_brought_along)
{
	const struct carveout_ioctl_pool_acquire *first = (void *)driver.asked[0];
	const struct carveout_ioctl_pool_acquire *second = (void *)driver.asked[1];
	struct carveout_pool_block block = { .ticket = 0 };

	driver.answer = give_ticket;
	driver.errors[0] = EINTR;
	EXPECT_EQ(-EINTR, carveout_pool_acquire_wait(fake_heap.fd, 7, &block));
	EXPECT_EQ(0, first->ticket);
	EXPECT_EQ(77, block.ticket);
	driver.errors[1] = ETIMEDOUT;
	EXPECT_EQ(-ETIMEDOUT, carveout_pool_acquire_wait(fake_heap.fd, 7, &block));
	EXPECT_EQ(77, second->ticket);
	EXPECT_EQ(0, block.ticket);
}

static void give_serial(int call, void *argument)
{
	(void)call;
	((struct carveout_ioctl_pool_move *)argument)->new_serial = 9;
}

TEST(block_is_moved)
{
	const struct carveout_ioctl_pool_move *move = (void *)driver.asked[0];
	struct carveout_pool_block block = { .index = 3, .serial = 8, .offset = 384 };

	driver.answer = give_serial;
	driver.errors[0] = ESRCH;
	EXPECT_EQ(-ESRCH, carveout_pool_move(fake_heap.fd, &block, 1ULL << 33));
	EXPECT_EQ(8, block.serial);
	driver.errors[0] = 0;
	driver.calls = 0;
	EXPECT_EQ(0, carveout_pool_move(fake_heap.fd, &block, 1ULL << 33));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_MOVE, driver.command[0]);
	EXPECT_EQ(3, move->index);
	EXPECT_EQ(8, move->serial);
	EXPECT_EQ(1ULL << 33, move->to);
	EXPECT_EQ(0, move->flags);
	EXPECT_EQ(9, block.serial);
	EXPECT_EQ(384, block.offset);
}

/* The driver does two blocks of three. */
static void do_two(int call, void *argument)
{
	struct carveout_ioctl_pool_batch *batch = argument;
	struct carveout_pool_ref *refs = (void *)(uintptr_t)batch->refs;
	unsigned int i;

	(void)call;
	batch->count = 2;
	for (i = 0; i < 2; i++)
		refs[i] = (struct carveout_pool_ref){
			.serial = (1ULL << 40) + i, .offset = 64 * (i + 5), .index = i + 5,
		};
}

/* The driver may only look at the blocks to release. */
static void expect_three(int call, void *argument)
{
	const struct carveout_ioctl_pool_batch *batch = argument;
	const struct carveout_pool_ref *refs = (void *)(uintptr_t)batch->refs;

	(void)call;
	if (batch->count != 3 || refs[0].index != 5 || refs[1].serial != (1ULL << 40) + 1 ||
	    refs[2].reserved)
		driver.errors[0] = EBADMSG;
}

TEST(batches_are_passed_on)
{
	const struct carveout_ioctl_pool_batch *batch = (void *)driver.asked[0];
	struct carveout_pool_block blocks[3] = { { .serial = 1 }, { .serial = 2, .ticket = 9 },
						 { .serial = 3 } };

	driver.answer = do_two;
	EXPECT_EQ(2, carveout_pool_acquire_batch(fake_heap.fd, blocks, 3));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, driver.command[0]);
	EXPECT_EQ(3, batch->count);
	EXPECT_EQ(0, batch->to);
	EXPECT_EQ(0, batch->flags);
	EXPECT_EQ(6, blocks[1].index);
	EXPECT_EQ(384, blocks[1].offset);
	EXPECT_EQ((1ULL << 40) + 1, blocks[1].serial);
	EXPECT_EQ(0, blocks[1].ticket);
	EXPECT_EQ(3, blocks[2].serial);
	driver.calls = 0;
	EXPECT_EQ(2, carveout_pool_move_batch(fake_heap.fd, blocks, 3, 1ULL << 33));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_MOVE_BATCH, driver.command[0]);
	EXPECT_EQ(1ULL << 33, batch->to);
	EXPECT_EQ(3, blocks[2].serial);
	driver.calls = 0;
	driver.answer = expect_three;
	EXPECT_EQ(3, carveout_pool_release_batch(fake_heap.fd, blocks, 3));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_RELEASE_BATCH, driver.command[0]);
	driver.calls = 0;
	driver.answer = NULL;
	driver.errors[0] = EAGAIN;
	EXPECT_EQ(-EAGAIN, carveout_pool_acquire_batch(fake_heap.fd, blocks, 3));
	EXPECT_EQ(3, blocks[2].serial);
	driver.calls = 0;
	driver.errors[0] = ESRCH;
	EXPECT_EQ(-ESRCH, carveout_pool_move_batch(fake_heap.fd, blocks, 3, 1));
	driver.calls = 0;
	EXPECT_EQ(-EINVAL, carveout_pool_acquire_batch(fake_heap.fd, blocks, 65));
	EXPECT_EQ(-EINVAL, carveout_pool_release_batch(fake_heap.fd, blocks, 65));
	EXPECT_EQ(-EINVAL, carveout_pool_move_batch(fake_heap.fd, blocks, 65, 1));
	EXPECT_EQ(0, driver.calls);
}

static void give_export(int call, void *argument)
{
	(void)call;
	((struct carveout_ioctl_pool_export *)argument)->fd = POOL_FD;
}

TEST(pool_is_exported_and_synced)
{
	const struct carveout_ioctl_pool_export *export = (void *)driver.asked[0];
	const struct carveout_ioctl_pool_sync *sync = (void *)driver.asked[1];
	struct carveout_pool_block block = { .index = 3 };

	driver.answer = give_export;
	EXPECT_EQ(POOL_FD, carveout_pool_export(fake_heap.fd, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_EXPORT, driver.command[0]);
	EXPECT_EQ(O_RDONLY | O_CLOEXEC, export->fd_flags);
	driver.answer = NULL;
	EXPECT_EQ(0, carveout_pool_sync(fake_heap.fd, &block, 64, 1ULL << 34,
					CARVEOUT_SYNC_FOR_CPU));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_SYNC, driver.command[1]);
	EXPECT_EQ(3, sync->index);
	EXPECT_EQ(64, sync->offset);
	EXPECT_EQ(1ULL << 34, sync->size);
	EXPECT_EQ(CARVEOUT_SYNC_FOR_CPU, sync->flags);
	driver.errors[2] = EMFILE;
	EXPECT_EQ(-EMFILE, carveout_pool_export(fake_heap.fd, O_RDWR));
}

/* A failure to acquire a block is a result: the library does not retry. */
TEST(no_block_is_an_answer)
{
	static const int errors[] = { EAGAIN, EINTR, ETIMEDOUT, EIDRM, ENODEV, EUCLEAN };
	struct carveout_pool_block block = { .offset = 1 };
	size_t i;

	driver.answer = answer_with_block;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		driver.calls = 0;
		driver.errors[0] = errors[i];
		driver.errors[1] = errors[i];
		EXPECT_EQ(-errors[i], carveout_pool_acquire(fake_heap.fd, &block));
		EXPECT_EQ(-errors[i], carveout_pool_acquire_wait(fake_heap.fd, 0, &block));
		EXPECT_EQ(2, driver.calls);
		EXPECT_EQ(1, block.offset);
	}
}

TEST(every_error_of_a_pool_is_passed_on)
{
	struct carveout_pool_options options = CARVEOUT_POOL_OPTIONS_INIT;
	struct carveout_pool_block block = { .index = 0 };
	struct carveout_ioctl_pool_query query;
	int e, pool = fake_heap.fd;
	size_t i;

	for (i = 0; i < DRIVER_ERRORS; i++) {
		e = driver_errors[i];
		fail_all_calls(e);
		EXPECT_EQ(-e, carveout_pool_create(&fake_heap, &options, NULL));
		EXPECT_EQ(-e, carveout_pool_open(&fake_heap, "a", O_RDWR, NULL));
		EXPECT_EQ(-e, carveout_pool_open_wait(&fake_heap, "a", O_RDWR, 0, NULL));
		EXPECT_EQ(-e, carveout_pool_acquire(pool, &block));
		EXPECT_EQ(-e, carveout_pool_acquire_wait(pool, 0, &block));
		EXPECT_EQ(-e, carveout_pool_release(pool, &block));
		EXPECT_EQ(-e, carveout_pool_release_any(pool, &block));
		EXPECT_EQ(-e, carveout_pool_move(pool, &block, 1));
		EXPECT_EQ(-e, carveout_pool_sync(pool, &block, 0, 1, CARVEOUT_SYNC_FOR_CPU));
		EXPECT_EQ(-e, carveout_pool_export(pool, O_RDWR));
		EXPECT_EQ(-e, carveout_pool_query(pool, &query));
		EXPECT_EQ(-e, carveout_pool_destroy(pool));
		EXPECT_EQ(12, driver.calls);
	}
}

TEST(query_of_a_pool_of_any_age)
{
	struct {
		struct carveout_ioctl_pool_query known;
		uint64_t newer;
	} query;

	memset(&query, 0xff, sizeof(query));
	EXPECT_EQ(0, carveout_pool_query(fake_heap.fd, &query.known));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_QUERY, driver.command[0]);
	EXPECT_EQ(0, ((struct carveout_ioctl_pool_query *)driver.asked[0])->flags);
	EXPECT_EQ(UINT64_MAX, query.newer);
	EXPECT_EQ(0, carveout_pool_query_sized(fake_heap.fd, &query.known, sizeof(query)));
	EXPECT_EQ(sizeof(query), _IOC_SIZE(driver.command[1]));
	EXPECT_EQ(0, query.newer);
	/* A size that no structure can have is not passed to the driver. */
	EXPECT_EQ(-E2BIG, carveout_pool_query_sized(fake_heap.fd, &query.known, 16384));
	EXPECT_EQ(2, driver.calls);
}
