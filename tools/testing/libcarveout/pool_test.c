// SPDX-License-Identifier: GPL-2.0
/*
 * What libcarveout asks the driver about pools, and what it makes of the answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"

#include "driver.h"

#define POOL_FD	78

static void give_pool(int call, void *argument)
{
	struct carveout_ioctl_pool_create *pool = argument;

	(void)call;
	pool->block_size = 128;
	pool->count = 40;
	pool->size = 8192;
	pool->offset = 4096;
	pool->generation = 9;
	pool->region = 2;
	pool->attrs = CARVEOUT_ATTR_CACHED;
	pool->created = CARVEOUT_ALLOC_CREATED;
	pool->fd = POOL_FD;
}

TEST(pool_passes_every_option_on)
{
	const struct carveout_ioctl_pool_create *pool = (void *)driver.asked[0];
	struct carveout_pool_options options = {
		.struct_size = sizeof(options),
		.block_size = 100,
		.tag = "tag",
		.label = "label",
		.count = 33,
		.flags = CARVEOUT_ALLOC_PERSIST,
		.fd_flags = O_RDWR,
		.mode = 0644,
		.align = 128,
		.max_addr = 1ULL << 32,
		.regions = 5,
		.require = CARVEOUT_ATTR_CACHED,
		.forbid = CARVEOUT_ATTR_PAGES,
	};

	driver.answer = give_pool;
	EXPECT_EQ(POOL_FD, carveout_pool_create(&fake_heap, &options, NULL));
	ASSERT_EQ(1, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_POOL_CREATE, driver.command[0]);
	EXPECT_EQ(fake_heap.fd, driver.fd[0]);
	EXPECT_EQ(100, pool->block_size);
	EXPECT_EQ(33, pool->count);
	EXPECT_STREQ("tag", pool->tag);
	EXPECT_STREQ("label", pool->label);
	EXPECT_EQ(CARVEOUT_ALLOC_PERSIST, pool->flags);
	EXPECT_EQ(O_RDWR, pool->fd_flags);
	EXPECT_EQ(0644, pool->mode);
	EXPECT_EQ(128, pool->align);
	EXPECT_EQ(1ULL << 32, pool->max_addr);
	EXPECT_EQ(5, pool->regions);
	EXPECT_EQ(CARVEOUT_ATTR_CACHED, pool->require);
	EXPECT_EQ(CARVEOUT_ATTR_PAGES, pool->forbid);
	/* No tag, no mode. */
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
	EXPECT_EQ(8192, opened.known.size);
	EXPECT_EQ(4096, opened.known.offset);
	EXPECT_EQ(9, opened.known.generation);
	EXPECT_EQ(2, opened.known.region);
	EXPECT_EQ(CARVEOUT_ATTR_CACHED, opened.known.attrs);
	EXPECT_EQ(1, opened.known.created);
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

static void give_block(int call, void *argument)
{
	struct carveout_ioctl_pool_get *get = argument;

	(void)call;
	get->index = 3;
	get->offset = 384;
}

TEST(block_is_taken_and_given_back)
{
	const struct carveout_ioctl_pool_get *get = (void *)driver.asked[0];
	const struct carveout_ioctl_pool_put *put = (void *)driver.asked[0];
	uint64_t offset = 0, before = now_ns();

	driver.answer = give_block;
	EXPECT_EQ(3, carveout_pool_get(fake_heap.fd, &offset));
	EXPECT_EQ(384, offset);
	EXPECT_EQ(fake_heap.fd, driver.fd[0]);
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_GET, driver.command[0]);
	EXPECT_EQ(CARVEOUT_POOL_GET_NOWAIT, get->flags);
	EXPECT_EQ(0, get->deadline);
	driver.calls = 0;
	EXPECT_EQ(3, carveout_pool_get_wait(fake_heap.fd, 7, NULL));
	EXPECT_EQ(0, get->flags);
	EXPECT_LE(before + 7000000, get->deadline);
	driver.calls = 0;
	EXPECT_EQ(3, carveout_pool_get_wait(fake_heap.fd, -1, &offset));
	EXPECT_EQ(CARVEOUT_DEADLINE_NONE, get->deadline);
	driver.calls = 0;
	driver.answer = NULL;
	EXPECT_EQ(0, carveout_pool_put(fake_heap.fd, 5));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_PUT, driver.command[0]);
	EXPECT_EQ(5, put->index);
	driver.calls = 0;
	EXPECT_EQ(0, carveout_pool_destroy(fake_heap.fd));
	EXPECT_EQ(CARVEOUT_POOL_IOCTL_DESTROY, driver.command[0]);
}

/* That there is none is an answer; it is not asked for again. */
TEST(no_block_is_an_answer)
{
	static const int errors[] = { EAGAIN, EINTR, ETIMEDOUT, EIDRM, ENODEV, EUCLEAN };
	uint64_t offset = 1;
	size_t i;

	driver.answer = give_block;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		driver.calls = 0;
		driver.errors[0] = errors[i];
		driver.errors[1] = errors[i];
		EXPECT_EQ(-errors[i], carveout_pool_get(fake_heap.fd, &offset));
		EXPECT_EQ(-errors[i], carveout_pool_get_wait(fake_heap.fd, 0, &offset));
		EXPECT_EQ(2, driver.calls);
		EXPECT_EQ(1, offset);
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
	/* The driver is not asked what no structure can be. */
	EXPECT_EQ(-E2BIG, carveout_pool_query_sized(fake_heap.fd, &query.known, 16384));
	EXPECT_EQ(2, driver.calls);
}
