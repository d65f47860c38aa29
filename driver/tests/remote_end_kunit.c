// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of remote processors that end, and of those that are hostile.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/prandom.h>

#include "core.h"

/* As plain, and with a directory. */
static const struct property_entry published[] = {
	PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
	PROPERTY_ENTRY_U32("linux,carveout-directory", 32),
	{}
};

/* === Ends ================================================================= */

/* A core that has crashed may still write: no other owner gets its memory. */
static void carveout_remote_end_memory_is_held(struct kunit *test)
{
	struct carveout *heap = named_heap(test);
	const struct carveout_req all = { .size = SIZE };
	struct carveout_rpmsg_answer answer;
	struct carveout_buf *buf;
	struct core *core;

	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	core_crash(core);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap));
	EXPECT_ERR(test, -ENOSPC, carveout_buf_alloc(heap, &all, NULL, 0));
	memset(core_memory(&answer), 0x77, PAGE_SIZE);
	core_reset(core);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
	buf = carveout_buf_alloc(heap, &all, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0, SIZE));
	carveout_buf_put(buf);
}

/* Above the memory of all test boards: an access of the CPU would be noticed. */
#define FAR_BASE	(64ULL * SZ_1G)

/* Allocate all of the heap. */
static u32 alloc_far(struct core *core, u32 require, struct carveout_rpmsg_answer *answer)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_ALLOC, NULL);

	request.fixed.size_lo = cpu_to_le32(SIZE);
	request.fixed.require = cpu_to_le32(require);
	return core_call(core, &request, answer);
}

/* A core that sees no other memory. */
static struct core *far_core(struct kunit *test)
{
	static const u64 window[] = { 0x80000000, FAR_BASE, SIZE };
	const struct property_entry far[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U64_ARRAY("linux,carveout-ranges", window),
		{}
	};

	return core_up(test, "far", far);
}

/*
 * Memory that the CPU must not access is for a core that asks for it, or sees no other. It is
 * never mapped and never zeroed, and held as any other is.
 */
static void carveout_remote_end_memory_without_cpu(struct kunit *test)
{
	const struct carveout_memory memory = {
		.base = FAR_BASE,
		.size = SIZE,
		.attrs = CARVEOUT_ATTR_WRITECOMBINE | CARVEOUT_ATTR_NO_CPU,
		.name = "far",
	};
	struct carveout_rpmsg_answer answer;
	struct carveout *heap;
	struct core *core;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "user-mode Linux maps all memory");
	heap = make_heap(test, NULL, &memory, 1, CARVEOUT_CREATE_NODE);
	core = core_up(test, "core", plain);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, alloc_far(core, 0, NULL));
	KUNIT_ASSERT_EQ(test, OK, alloc_far(core, CARVEOUT_ATTR_NO_CPU, &answer));
	KUNIT_EXPECT_EQ(test, FAR_BASE, core_addr(&answer));
	KUNIT_EXPECT_EQ(test, memory.attrs, le32_to_cpu(answer.attrs));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, answer.handle));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));

	KUNIT_ASSERT_EQ(test, OK, alloc_far(core, CARVEOUT_ATTR_NO_CPU, NULL));
	core_crash(core);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, (u64)SIZE, used_of(heap));
	core_reset(core);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));

	core = far_core(test);
	KUNIT_ASSERT_EQ(test, OK, alloc_far(core, 0, &answer));
	KUNIT_EXPECT_EQ(test, 0x80000000ULL, core_addr(&answer));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, answer.handle));
}

/* A reset ends the sessions before it, and no later one. */
static void carveout_remote_end_session_after_session(struct kunit *test)
{
	struct carveout_rpmsg_answer first, second;
	u32 session, former;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, "state", PAGE_SIZE, 0, &first));
	former = core->session;
	core_crash(core);
	core_restart(core);
	/* The old memory is still held, so the tag is found again, with its content. */
	memset(core_memory(&first), 0x11, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "state", PAGE_SIZE, CARVEOUT_RPMSG_F_OPEN,
					     &second));
	KUNIT_EXPECT_EQ(test, core_addr(&first), core_addr(&second));
	/* A request of the former session is refused, whatever its handle is. */
	session = core->session;
	core->session = former;
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SESSION, core_put(core, first.handle));
	core->session = session;
	core_reset(core);
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_TRUE(test, is_filled(core_memory(&second), 0x11, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, second.handle));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

/* A core that restarts on its own, on a channel that remains, gets another session. */
static void carveout_remote_end_restart_unnoticed(struct kunit *test)
{
	struct carveout_rpmsg_answer answer;
	struct core_request request;
	struct core *core;
	u32 former;

	named_heap(test);
	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	former = core->session;
	core->session = 0;
	request = core_request(core, CARVEOUT_RPMSG_START, NULL);
	request.fixed.arg = cpu_to_le32(64);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SESSION, core_call(core, &request, NULL));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(le32_to_cpu(READ_ONCE(core->hello.header.session)) !=
					     former));
	KUNIT_EXPECT_EQ(test, OK, core_start(core, 64));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE, core_put(core, answer.handle));
	/* Nothing tells that the core was reset. */
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap_of(test)));
	core_reset(core);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

/* A core that ends its channel again and again does not add up held sessions. */
static void carveout_remote_end_held_sessions_are_limited(struct kunit *test)
{
	struct core *core;
	unsigned int i;
	u32 status = OK;

	named_heap(test);
	core = core_create(test, "core", plain, false);
	for (i = 0; i < 40 && status == OK; i++) {
		status = core_start(core, 64);
		/* Without memory, nothing is held. */
		if (status == OK && i % 2)
			KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, NULL));
		core_unannounce(core);
		core_announce(core);
	}
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_LIMIT, status);
	KUNIT_EXPECT_EQ(test, 16ULL * PAGE_SIZE, used_of(heap_of(test)));
	core_reset(core);
	KUNIT_EXPECT_EQ(test, OK, core_start(core, 64));
}

/* Two cores and Linux share a buffer. One core ends, the others keep it. */
static void carveout_remote_end_others_keep_the_buffer(struct kunit *test)
{
	struct carveout_rpmsg_answer mine, theirs;
	struct core *first, *second;
	struct carveout_buf *buf;

	named_heap(test);
	first = core_up(test, "core0", plain);
	second = core_up(test, "core1", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(first, "shared", PAGE_SIZE, 0, &mine));
	KUNIT_ASSERT_EQ(test, OK, core_open(second, "shared", 0, &theirs));
	KUNIT_EXPECT_EQ(test, core_addr(&mine), core_addr(&theirs));
	buf = carveout_buf_find(heap_of(test), "shared");
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	memset(core_memory(&mine), 0x22, PAGE_SIZE);
	core_crash(first);
	core_reset(first);
	KUNIT_EXPECT_TRUE(test, is_filled(core_memory(&theirs), 0x22, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, OK, core_on_handle(second, CARVEOUT_RPMSG_DESCRIBE, theirs.handle,
						 NULL));
	KUNIT_EXPECT_EQ(test, OK, core_put(second, theirs.handle));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0x22, PAGE_SIZE));
	carveout_buf_put(buf);
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

/* The quota is that of the core, however often it crashes. */
static void carveout_remote_end_quota_outlasts_sessions(struct kunit *test)
{
	static const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U64("linux,carveout-quota", 2 * PAGE_SIZE),
		{}
	};
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", properties);
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "a", PAGE_SIZE, CARVEOUT_RPMSG_F_PERSIST,
					     NULL));
	core_crash(core);
	core_reset(core);
	core_restart(core);
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "b", PAGE_SIZE, CARVEOUT_RPMSG_F_PERSIST,
					     NULL));
	core_crash(core);
	core_restart(core);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_QUOTA, core_alloc(core, NULL, PAGE_SIZE, 0, NULL));
	/* Persistent tags are found again, and removed by their owner. */
	KUNIT_EXPECT_EQ(test, OK, core_unlink(core, "a"));
	KUNIT_EXPECT_EQ(test, OK, core_unlink(core, "b"));
}

/* The heap is shut down under a session, which keeps its memory. */
static void carveout_remote_end_of_the_heap(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap = named_heap(test);
	struct carveout_rpmsg_answer answer, event;
	struct core_request request;
	struct core *core;
	u32 id;

	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, "name", PAGE_SIZE, 0, &answer));
	request = core_request(core, CARVEOUT_RPMSG_WATCH, "");
	KUNIT_EXPECT_EQ(test, OK, core_call(core, &request, &event));
	request = core_request(core, CARVEOUT_RPMSG_WATCH, "");
	request.fixed.size_lo = event.serial_lo;
	request.fixed.size_hi = event.serial_hi;
	KUNIT_EXPECT_EQ(test, OK, core_call(core, &request, NULL));
	id = core->id;
	request = core_request(core, CARVEOUT_RPMSG_OPEN, "never");
	request.fixed.arg = cpu_to_le32(CARVEOUT_RPMSG_FOREVER);
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_QUERY));

	fixture->heap = NULL;
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, true));
	KUNIT_EXPECT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_CHANGED, id, &event));
	KUNIT_EXPECT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_ANSWER,
					   le32_to_cpu(request.fixed.header.id), &event));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_SHUT_DOWN, le32_to_cpu(event.status));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_SHUT_DOWN, core_alloc(core, NULL, 64, 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_SHUT_DOWN, core_open(core, "name", 0, NULL));
	memset(core_memory(&answer), 0x33, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, OK, core_put(core, answer.handle));
}

/* === Hostile messages ====================================================== */

/* The channel still serves. */
static void expect_service(struct kunit *test, struct core *core)
{
	struct carveout_rpmsg_answer answer;

	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, answer.handle));
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
}

static void carveout_remote_end_malformed(struct kunit *test)
{
	struct carveout_rpmsg_answer answer;
	struct core_request request;
	u8 *raw = kunit_kzalloc(test, LOOPBACK_PAYLOAD, GFP_KERNEL);
	struct core *core;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, raw);
	named_heap(test);
	core = core_up(test, "core", plain);
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	for (i = 0; i <= LOOPBACK_PAYLOAD; i++) {
		request.fixed.header.length = cpu_to_le16(i);
		memcpy(raw, &request, min_t(size_t, i, sizeof(request)));
		if (i != sizeof(request))
			KUNIT_EXPECT_EQ(test, 0, loopback_send(core->loopback, CORE_ADDR,
							       core->dst, raw, i));
	}
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	request.fixed.header.magic = cpu_to_le32(swab32(CARVEOUT_RPMSG_MAGIC));
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	request.fixed.header.version++;
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	request.fixed.header.length = cpu_to_le16(CARVEOUT_RPMSG_REQUEST_LEN);
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	expect_service(test, core);
	/* None of them was answered. */
	KUNIT_EXPECT_FALSE(test, core_take(core, CARVEOUT_RPMSG_ANSWER,
					   core->id - 2, &answer));
	KUNIT_EXPECT_EQ(test, 0U, core->nr_kept);
}

/* Each bit of a request that its kind does not use makes it invalid. */
static void carveout_remote_end_unused_members(struct kunit *test)
{
	const unsigned int first = sizeof(struct carveout_rpmsg_header);
	struct core_request request;
	struct core *core;
	unsigned int i;

	named_heap(test);
	core = core_up(test, "core", plain);
	for (i = first; i < sizeof(request); i++) {
		request = core_request(core, CARVEOUT_RPMSG_GOODBYE, NULL);
		((u8 *)&request)[i] = 1;
		KUNIT_EXPECT_EQ_MSG(test, CARVEOUT_RPMSG_INVALID,
				    core_call(core, &request, NULL), "byte %u", i);
	}
	for (i = 0; i < 256; i++) {
		if (i && i < CARVEOUT_RPMSG_REQUESTS)
			continue;
		request = core_request(core, i, NULL);
		KUNIT_EXPECT_EQ_MSG(test, CARVEOUT_RPMSG_UNKNOWN,
				    core_call(core, &request, NULL), "kind %u", i);
	}
	/* A tag without its end, and one with something behind it. */
	request = core_request(core, CARVEOUT_RPMSG_OPEN, NULL);
	memset(request.tag, 'n', sizeof(request.tag));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_call(core, &request, NULL));
	request = core_request(core, CARVEOUT_RPMSG_OPEN, "name");
	request.tag[sizeof(request.tag) - 2] = 'x';
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_call(core, &request, NULL));
	request = core_request(core, CARVEOUT_RPMSG_ALLOC, NULL);
	request.fixed.size_lo = cpu_to_le32(64);
	request.fixed.align = 64;
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_call(core, &request, NULL));
	request = core_request(core, CARVEOUT_RPMSG_ALLOC, NULL);
	request.fixed.size_lo = cpu_to_le32(64);
	request.fixed.flags = cpu_to_le32(BIT(3));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_call(core, &request, NULL));
	expect_service(test, core);
}

/* Lengths that are not true, as only a broken or hostile core has them. */
static void carveout_remote_end_lies(struct kunit *test)
{
	static const struct loopback_lie lies[] = {
		{ .header = 60000, .used = 8 },
		{ .header = 0xffff, .used = 15 },
		{ .header = 4, .used = LOOPBACK_BUF + 1 },
	};
	struct carveout_rpmsg_answer answer;
	struct core_request request;
	struct core *core, *other;
	unsigned int i;
	u32 id;

	named_heap(test);
	core = core_up(test, "core0", plain);
	other = core_up(test, "core1", plain);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		/* The message tells the same lie. */
		request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
		request.fixed.header.length = cpu_to_le16(lies[i].header);
		id = core->id;
		KUNIT_EXPECT_EQ(test, 0, loopback_send_lie(core->loopback, CORE_ADDR, core->dst,
							   &request, sizeof(request), &lies[i]));
		expect_service(test, core);
		expect_service(test, other);
		KUNIT_EXPECT_FALSE(test, core_take(core, CARVEOUT_RPMSG_ANSWER, id, &answer));
	}
}

/* A core that sends without end, and takes no answers, holds up no other core. */
static void carveout_remote_end_flood(struct kunit *test)
{
	struct core_request request;
	struct core *core, *other;
	unsigned int i;

	named_heap(test);
	other = core_up(test, "core1", plain);
	core = core_create(test, "core0", plain, true);
	KUNIT_ASSERT_TRUE(test, BECOMES_TRUE((loopback_poll(core->loopback),
					      core_hellos(core))));
	core->session = le32_to_cpu(core->hello.header.session);
	request = core_request(core, CARVEOUT_RPMSG_START, NULL);
	request.fixed.arg = cpu_to_le32(64);
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((loopback_poll(core->loopback), core->nr_kept)));
	/* As many answers as there are credits wait for room. */
	for (i = 0; i < le32_to_cpu(core->hello.index); i++) {
		request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
		KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	}
	expect_service(test, other);
	KUNIT_ASSERT_TRUE(test, BECOMES_TRUE((loopback_poll(core->loopback),
					      core->nr_kept == i + 1)));
	core_forget(core);
	/* Waits that end without room for their answers, too: most before the next ones begin. */
	for (i = 0; i < 1000; i++) {
		request = core_request(core, CARVEOUT_RPMSG_OPEN, "never");
		request.fixed.arg = cpu_to_le32(1);
		core_send(core, &request);
		if (i % 10 == 0)
			usleep_range(2000, 3000);
		if (i % 50 == 0)
			expect_service(test, other);
	}
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((loopback_poll(core->loopback), core->nr_kept)));
	for (i = 0; i < 100; i++) {
		loopback_poll(core->loopback);
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_LE(test, core->nr_kept, 8 + 17 + 64U);
	core_forget(core);
	for (i = 0; i < 2000; i++) {
		request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
		core_send(core, &request);
		if (i % 100 == 0)
			expect_service(test, other);
	}
	/* It gets the answers within its credits, and is served again. */
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((loopback_poll(core->loopback), core->nr_kept)));
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((core_send(core, &request),
					      loopback_poll(core->loopback),
					      core->nr_kept >= CARVEOUT_RPMSG_REQUESTS)));
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
	expect_service(test, other);
}

/* Requests at random, most of them almost right. */
static void carveout_remote_end_fuzz(struct kunit *test)
{
	unsigned int rounds = IS_ENABLED(CONFIG_KUNIT) ? 200 * DEFAULT_ROUNDS : 3000, i, j;
	static const char * const tags[] = { NULL, "a", "b", "r5.frame", "", "no/name" };
	struct core_request request;
	struct rnd_state rnd;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", published);
	prandom_seed_state(&rnd, 20261129);
	for (i = 0; i < rounds; i++) {
		u32 random = prandom_u32_state(&rnd);

		request = core_request(core, random % (CARVEOUT_RPMSG_REQUESTS + 1),
				       tags[random / 16 % ARRAY_SIZE(tags)]);
		if (request.fixed.header.op <= CARVEOUT_RPMSG_GOODBYE)
			continue;
		request.fixed.handle = cpu_to_le32(random / 256 % 8);
		request.fixed.size_lo = cpu_to_le32(random & 0x1fff);
		request.fixed.arg = cpu_to_le32(random / 4096 % 4);
		if (request.fixed.header.op == CARVEOUT_RPMSG_ALLOC)
			request.fixed.mode = cpu_to_le16(prandom_u32_state(&rnd) % 01000);
		for (j = random / 65536 % 4; j; j--)
			((u8 *)&request)[prandom_u32_state(&rnd) % sizeof(request)] ^=
				BIT(prandom_u32_state(&rnd) % 8);
		loopback_send(core->loopback, CORE_ADDR, core->dst, &request, sizeof(request));
		core_forget(core);
		if (i % 64 == 0)
			usleep_range(100, 200);
	}
	core_crash(core);
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
	core_reset(core);
	core_restart(core);
	for (i = 0; i < 4; i++)
		core_unlink(core, tags[i] ?: "x");
	carveout_drain(heap_of(test));
	/* Memory of a directory is freed a little later. */
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap_of(test))));
	expect_service(test, core);
}

static struct kunit_case end_cases[] = {
	KUNIT_CASE(carveout_remote_end_memory_is_held),
	KUNIT_CASE(carveout_remote_end_memory_without_cpu),
	KUNIT_CASE(carveout_remote_end_session_after_session),
	KUNIT_CASE(carveout_remote_end_restart_unnoticed),
	KUNIT_CASE(carveout_remote_end_held_sessions_are_limited),
	KUNIT_CASE(carveout_remote_end_others_keep_the_buffer),
	KUNIT_CASE(carveout_remote_end_quota_outlasts_sessions),
	KUNIT_CASE(carveout_remote_end_of_the_heap),
	KUNIT_CASE(carveout_remote_end_malformed),
	KUNIT_CASE(carveout_remote_end_unused_members),
	KUNIT_CASE(carveout_remote_end_lies),
	KUNIT_CASE(carveout_remote_end_flood),
	KUNIT_CASE(carveout_remote_end_fuzz),
	{}
};

static struct kunit_suite end_suite = {
	.name = "carveout_remote_end",
	.init = fixture_init,
	.exit = cores_exit,
	.test_cases = end_cases,
};

kunit_test_suite(end_suite);

MODULE_DESCRIPTION("KUnit suite of remote processors that end or are hostile");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
