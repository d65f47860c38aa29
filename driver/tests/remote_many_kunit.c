// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of remote processors with thousands of requests that wait at one time: each is
 * answered once, or not at all if its session ends. Further channels permit no more of them.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "core.h"

#define WAITS		2000U

/* As many waits and handles, and a few handles more. */
static const struct property_entry many[] = {
	PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
	PROPERTY_ENTRY_U32("linux,carveout-handles", WAITS + 8),
	PROPERTY_ENTRY_U32("linux,carveout-waits", WAITS),
	{}
};

static u32 answers(struct core *core, u32 status)
{
	return READ_ONCE(core->answers[status]);
}

/* Send a request whose answer is counted. The QUERY keeps the core within its credits. */
static void send_counted(struct core *core, struct core_request *request, u32 number)
{
	request->fixed.header.id = cpu_to_le32(CORE_COUNTED + number);
	KUNIT_EXPECT_EQ(core->test, 0, core_send(core, request));
	if (number % 8 == 7)
		KUNIT_EXPECT_EQ(core->test, OK, core_plain(core, CARVEOUT_RPMSG_QUERY));
}

static struct core_request wait_for_tag(struct core *core)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_OPEN, "late");

	request.fixed.arg = cpu_to_le32(CARVEOUT_RPMSG_FOREVER);
	return request;
}

static void begin_waits(struct core *core)
{
	struct core_request request;
	u32 i;

	core_count_anew(core);
	for (i = 0; i < WAITS; i++) {
		request = wait_for_tag(core);
		send_counted(core, &request, i);
	}
	/* All of them wait: there is no room for another one. */
	request = wait_for_tag(core);
	KUNIT_EXPECT_EQ(core->test, CARVEOUT_RPMSG_LIMIT, core_call(core, &request, NULL));
	KUNIT_EXPECT_TRUE(core->test, bitmap_empty(core->counted, CORE_COUNTED_MAX));
}

static struct core *core_that_waits(struct kunit *test)
{
	struct core *core;

	named_heap(test);
	core = core_up(test, "core0", many);
	begin_waits(core);
	return core;
}

static void carveout_remote_many_cancelled(struct kunit *test)
{
	struct core *core = core_that_waits(test);
	struct core_request request;
	u32 i;

	for (i = 0; i < WAITS; i++) {
		request = core_request(core, CARVEOUT_RPMSG_CANCEL, NULL);
		request.fixed.handle = cpu_to_le32(CORE_COUNTED + i);
		send_counted(core, &request, WAITS + i);
	}
	KUNIT_EXPECT_EQ(test, WAITS, answers(core, CARVEOUT_RPMSG_CANCELLED));
	KUNIT_EXPECT_EQ(test, WAITS, answers(core, OK));
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
	begin_waits(core);
}

static void carveout_remote_many_tag_appears(struct kunit *test)
{
	const struct carveout_req req = { .size = PAGE_SIZE };
	struct core *core = core_that_waits(test), *other;
	struct carveout_buf *buf;

	/* Another core is served meanwhile. */
	other = core_up(test, "core1", plain);
	KUNIT_EXPECT_EQ(test, OK, core_plain(other, CARVEOUT_RPMSG_QUERY));
	buf = carveout_buf_alloc(heap_of(test), &req, "late", 0666);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(answers(core, OK) == WAITS));
	carveout_buf_put(buf);
	/* Each answer has a reference of its own. */
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_GOODBYE));
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

static void carveout_remote_many_goodbye(struct kunit *test)
{
	struct core *core = core_that_waits(test);

	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_GOODBYE));
	/* The hello of the next session may follow later. */
	KUNIT_ASSERT_TRUE(test, BECOMES_TRUE(core_start(core, 64) == OK));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(core->counted, CORE_COUNTED_MAX));
	begin_waits(core);
}

/* A core announces one channel more, with another address. The session may be refused. */
static u32 start_another(struct core *core)
{
	core->addr++;
	core_announce(core);
	return core_start(core, 64);
}

static u32 wait_for_a_moment(struct core *core)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_OPEN, "late");

	request.fixed.arg = cpu_to_le32(1);
	return core_call(core, &request, NULL);
}

/* The limits of a processor are those of all its channels. */
static void carveout_remote_many_channels(struct kunit *test)
{
	struct core *core = core_that_waits(test);
	unsigned int i;

	for (i = 1; i < 16; i++) {
		KUNIT_ASSERT_EQ(test, OK, start_another(core));
		KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_LIMIT, wait_for_a_moment(core));
	}
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_LIMIT, start_another(core));
	/* The session of the first channel ends with its waits. */
	KUNIT_ASSERT_EQ(test, 0, loopback_unannounce(core->loopback, CARVEOUT_RPMSG_NAME,
						     CORE_ADDR));
	KUNIT_EXPECT_EQ(test, OK, core_start(core, 64));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_TIMED_OUT, wait_for_a_moment(core));
}

static void carveout_remote_many_crash(struct kunit *test)
{
	const struct carveout_req req = { .size = PAGE_SIZE };
	struct core *core = core_that_waits(test);
	struct carveout_buf *buf;

	core_crash(core);
	/* None of them is there to open the tag. */
	buf = carveout_buf_alloc(heap_of(test), &req, "late", 0666);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	carveout_buf_put(buf);
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
	core_restart(core);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(core->counted, CORE_COUNTED_MAX));
	begin_waits(core);
}

static struct kunit_case many_cases[] = {
	KUNIT_CASE(carveout_remote_many_cancelled),
	KUNIT_CASE(carveout_remote_many_tag_appears),
	KUNIT_CASE(carveout_remote_many_goodbye),
	KUNIT_CASE(carveout_remote_many_channels),
	KUNIT_CASE(carveout_remote_many_crash),
	{}
};

static struct kunit_suite many_suite = {
	.name = "carveout_remote_many",
	.init = fixture_init,
	.exit = cores_exit,
	.test_cases = many_cases,
};

kunit_test_suite(many_suite);

MODULE_DESCRIPTION("KUnit suite of remote processors with thousands of waits");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
