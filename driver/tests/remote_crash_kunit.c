// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of remote processors that crash, thousands of times.
 *
 * KUnit ends a test after five minutes: several tests share the crashes.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/prandom.h>

#include "core.h"

#define PARTS		5

/* A test that has one part of the rounds. */
#define PART(test_name, nr)							\
	static void test_name##_##nr(struct kunit *test)			\
	{									\
		test_name(test, (nr) - 1);					\
	}

static const struct property_entry published[] = {
	PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
	PROPERTY_ENTRY_U32("linux,carveout-directory", 32),
	{}
};

/* The requests of a life after its START, in turn; @of: the request whose handle they name. */
static const struct {
	u8 op;
	u8 of;
	const char *tag;
	u32 flags, size, arg;
} life[] = {
	{ CARVEOUT_RPMSG_ALLOC, .tag = "r5.frame", .flags = CARVEOUT_RPMSG_F_OPEN, .size = 64 },
	{ CARVEOUT_RPMSG_OPEN, .tag = "pool" },
	{ CARVEOUT_RPMSG_DIRECTORY },
	{ CARVEOUT_RPMSG_QUERY },
	{ CARVEOUT_RPMSG_BLOCK_ALLOC, .of = CARVEOUT_RPMSG_OPEN, .arg = CARVEOUT_RPMSG_FOREVER },
	{ CARVEOUT_RPMSG_QUERY },
	{ CARVEOUT_RPMSG_BLOCK_FREE, .of = CARVEOUT_RPMSG_OPEN },
	{ CARVEOUT_RPMSG_OPEN, .tag = "never", .arg = CARVEOUT_RPMSG_FOREVER },
	{ CARVEOUT_RPMSG_CANCEL },
	{ CARVEOUT_RPMSG_GET, .of = CARVEOUT_RPMSG_ALLOC },
	{ CARVEOUT_RPMSG_DESCRIBE, .of = CARVEOUT_RPMSG_ALLOC },
	{ CARVEOUT_RPMSG_OPEN, .tag = "never", .arg = 1 },
	{ CARVEOUT_RPMSG_WATCH, .tag = "r5." },
	{ CARVEOUT_RPMSG_UNLINK, .tag = "r5.frame" },
	{ CARVEOUT_RPMSG_RELEASE, .arg = 1 },
	{ CARVEOUT_RPMSG_PUT, .of = CARVEOUT_RPMSG_ALLOC },
	{ CARVEOUT_RPMSG_GOODBYE },
};

/* The kinds of the latest requests, by id: an answer has the id only. */
static u8 kind[256];

static bool is_success(const struct carveout_rpmsg_answer *answer)
{
	return answer->header.op == CARVEOUT_RPMSG_ANSWER && answer->status == cpu_to_le32(OK);
}

static u8 kind_of(const struct carveout_rpmsg_answer *answer)
{
	return kind[le32_to_cpu(answer->header.id) % ARRAY_SIZE(kind)];
}

/* The latest answer to a request that succeeded, or NULL. */
static const struct carveout_rpmsg_answer *latest(const struct core *core, u8 op)
{
	const struct carveout_rpmsg_answer *answer = NULL;
	unsigned int i;

	for (i = 0; i < core->nr_kept; i++)
		if (is_success(&core->kept[i]) && kind_of(&core->kept[i]) == op)
			answer = &core->kept[i];
	return answer;
}

/* Without an answer yet, the request names another handle and no block. */
static void name_objects(struct core *core, u8 of, struct carveout_rpmsg_request *request)
{
	const struct carveout_rpmsg_answer *answer;

	spin_lock(&core->lock);
	answer = latest(core, of);
	if (answer)
		request->handle = answer->handle;
	answer = latest(core, CARVEOUT_RPMSG_BLOCK_ALLOC);
	if (answer && request->header.op == CARVEOUT_RPMSG_BLOCK_FREE) {
		request->arg = answer->index;
		request->size_lo = answer->serial_lo;
		request->size_hi = answer->serial_hi;
	}
	spin_unlock(&core->lock);
}

/* Some requests are under way when the core ends: only QUERY waits for its answer. */
static void make_request(struct core *core, unsigned int step)
{
	unsigned int at = step % ARRAY_SIZE(life);
	struct core_request request;

	if (life[at].op == CARVEOUT_RPMSG_QUERY) {
		core_plain(core, CARVEOUT_RPMSG_QUERY);
		return;
	}
	request = core_request(core, life[at].op, life[at].tag);
	request.fixed.handle = cpu_to_le32(life[at].of ? step % 3 : 0);
	request.fixed.flags = cpu_to_le32(life[at].flags);
	request.fixed.size_lo = cpu_to_le32(life[at].size);
	request.fixed.arg = cpu_to_le32(life[at].arg);
	if (life[at].op == CARVEOUT_RPMSG_CANCEL)
		request.fixed.handle = cpu_to_le32(core->id - 1);
	if (life[at].of)
		name_objects(core, life[at].of, &request.fixed);
	kind[core->id % ARRAY_SIZE(kind)] = life[at].op;
	core_send(core, &request);
}

/* How many requests of each kind succeeded. */
static unsigned int succeeded[U8_MAX + 1];

static void count_answers(struct core *core)
{
	unsigned int i;

	spin_lock(&core->lock);
	for (i = 0; i < core->nr_kept; i++)
		if (is_success(&core->kept[i]))
			succeeded[kind_of(&core->kept[i])]++;
	spin_unlock(&core->lock);
}

/* Requests that are refused only would not show much. */
static void check_answers(struct kunit *test)
{
	static const u8 ops[] = {
		CARVEOUT_RPMSG_ALLOC, CARVEOUT_RPMSG_OPEN, CARVEOUT_RPMSG_BLOCK_ALLOC,
		CARVEOUT_RPMSG_BLOCK_FREE, CARVEOUT_RPMSG_GET, CARVEOUT_RPMSG_DESCRIBE,
		CARVEOUT_RPMSG_UNLINK, CARVEOUT_RPMSG_PUT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		KUNIT_EXPECT_NE_MSG(test, 0U, succeeded[ops[i]], "request %u", ops[i]);
}

/* Up to 18 requests from some step on, or not even a START. Some lives wait for the answers. */
static void live(struct core *core, unsigned int round)
{
	unsigned int step;

	if (!(round % 8))
		return;
	/* A hello of the former channel may be late. */
	KUNIT_ASSERT_TRUE(core->test, BECOMES_TRUE(core_start(core, 64) == OK));
	for (step = 0; step < round % 19; step++)
		make_request(core, step + round / 19);
	if (round % 4 == 1)
		core_plain(core, CARVEOUT_RPMSG_QUERY);
	count_answers(core);
}

/*
 * A long test prints a sign of life, and at last the number of all crashes: a lane requires
 * that line, because a test whose loop has become shorter passes.
 */
static void print_crashes(struct kunit *test, unsigned int count, unsigned int all)
{
	if (count == all || !(count % 1000))
		kunit_info(test, "%u crashes\n", count);
}

/* A core ends at any step of its life. Nothing is left behind. */
static void carveout_remote_crash_at_any_step(struct kunit *test, unsigned int part)
{
	static unsigned int count;
	unsigned int crashes, i;
	struct carveout_pool *pool;
	struct core *core;

	crashes = loopback_crashes(IS_ENABLED(CONFIG_KUNIT) ? 10 * DEFAULT_ROUNDS : 100);
	named_heap(test);
	pool = carveout_pool_create(heap_of(test), 64, 1, NULL, "pool", 0666);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	core = core_create(test, "core", published, false);
	for (i = part * crashes / PARTS; i < (part + 1) * crashes / PARTS; i++) {
		live(core, i);
		if (i / 8 % 2) {
			/* The channel ends alone, and the core has another one. */
			core_unannounce(core);
			core_announce(core);
			live(core, i + 5);
		}
		core_crash(core);
		if (i % 3)
			core_reset(core);
		core_reboot(core);
		print_crashes(test, ++count, crashes);
	}
	if (count >= 1000 && count == crashes)
		check_answers(test);
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
	core_end(core);
	carveout_pool_put(pool);
	carveout_drain(heap_of(test));
	/* Memory of a directory is freed a little later. */
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap_of(test))));
}

PART(carveout_remote_crash_at_any_step, 1)
PART(carveout_remote_crash_at_any_step, 2)
PART(carveout_remote_crash_at_any_step, 3)
PART(carveout_remote_crash_at_any_step, 4)
PART(carveout_remote_crash_at_any_step, 5)

/* More than half of the heap: two owners never have it. */
#define LARGE		(SIZE / 2 + PAGE_SIZE)

/**
 * struct last_words - Memory of a core that writes to it when it crashes
 * @heap: the heap
 * @memory: the memory
 * @written: woken after each page that is written, and by the reset
 * @pages: number of pages that were written
 * @reset: the core is in reset
 */
struct last_words {
	struct carveout *heap;
	void *memory;
	wait_queue_head_t written;
	unsigned int pages;
	bool reset;
};

/* The core writes to its memory until it is reset. */
static int write_main(void *data)
{
	struct last_words *words = data;
	size_t at = 0;
	u8 value = 0;

	/* With one CPU, all others run when they can. */
	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		memset(words->memory + at, ++value | 1, PAGE_SIZE);
		at = (at + PAGE_SIZE) % LARGE;
		WRITE_ONCE(words->pages, words->pages + 1);
		wake_up_all(&words->written);
		cond_resched();
	}
	return 0;
}

/* The next owner gets the memory after the reset, and the core writes to it no longer. */
static int own_main(void *data)
{
	unsigned long end = jiffies + msecs_to_jiffies(PATIENCE_MS);
	const struct carveout_req large = { .size = LARGE };
	struct last_words *words = data;
	unsigned int pages = 0;
	struct carveout_buf *buf;
	int ret;

	while (IS_ERR(buf = carveout_buf_alloc(words->heap, &large, NULL, 0))) {
		if (PTR_ERR(buf) != -ENOSPC || time_after(jiffies, end))
			return PTR_ERR(buf);
		cond_resched();
		wait_event(words->written, READ_ONCE(words->pages) != pages ||
			   READ_ONCE(words->reset));
		pages = READ_ONCE(words->pages);
	}
	ret = READ_ONCE(words->reset) && is_filled(carveout_buf_va(buf), 0, LARGE) ? 0 : -EUCLEAN;
	carveout_buf_put(buf);
	return ret;
}

/* Wait until the core has written up to one pass more. */
static void let_write(struct last_words *words, struct rnd_state *rnd)
{
	unsigned int pages = READ_ONCE(words->pages);

	pages += prandom_u32_state(rnd) % (LARGE / PAGE_SIZE);
	wait_event(words->written, (int)(READ_ONCE(words->pages) - pages) >= 0);
}

/* The core crashes at a random moment, and is reset at a later one. */
static int crash_while_it_writes(struct core *core, struct rnd_state *rnd)
{
	struct last_words words = { .heap = heap_of(core->test) };
	struct task_struct *writer, *owner;
	struct carveout_rpmsg_answer answer;

	KUNIT_ASSERT_EQ(core->test, OK, core_alloc(core, NULL, LARGE, 0, &answer));
	words.memory = core_memory(&answer);
	init_waitqueue_head(&words.written);
	writer = thread_run(core->test, write_main, &words, "writer");
	owner = thread_run(core->test, own_main, &words, "owner");
	let_write(&words, rnd);
	core_crash(core);
	let_write(&words, rnd);
	thread_join(writer);
	WRITE_ONCE(words.reset, true);
	wake_up_all(&words.written);
	core_reset(core);
	return thread_join(owner);
}

/* A core that writes without a pause when it crashes never writes to the next owner. */
static void carveout_remote_crash_while_writing(struct kunit *test, unsigned int part)
{
	unsigned int crashes = loopback_crashes(DEFAULT_ROUNDS), i;
	static unsigned int count;
	struct rnd_state rnd;
	struct core *core;
	int ret;

	named_heap(test);
	core = core_up(test, "core", plain);
	prandom_seed_state(&rnd, 20261201 + part);
	for (i = part * crashes / PARTS; i < (part + 1) * crashes / PARTS; i++) {
		ret = crash_while_it_writes(core, &rnd);
		KUNIT_ASSERT_FALSE_MSG(test, ret, "crash %u: error %d", i, ret);
		core_restart(core);
		print_crashes(test, ++count, crashes);
	}
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

PART(carveout_remote_crash_while_writing, 1)
PART(carveout_remote_crash_while_writing, 2)
PART(carveout_remote_crash_while_writing, 3)
PART(carveout_remote_crash_while_writing, 4)
PART(carveout_remote_crash_while_writing, 5)

static struct kunit_case crash_cases[] = {
	KUNIT_CASE(carveout_remote_crash_at_any_step_1),
	KUNIT_CASE(carveout_remote_crash_at_any_step_2),
	KUNIT_CASE(carveout_remote_crash_at_any_step_3),
	KUNIT_CASE(carveout_remote_crash_at_any_step_4),
	KUNIT_CASE(carveout_remote_crash_at_any_step_5),
	KUNIT_CASE(carveout_remote_crash_while_writing_1),
	KUNIT_CASE(carveout_remote_crash_while_writing_2),
	KUNIT_CASE(carveout_remote_crash_while_writing_3),
	KUNIT_CASE(carveout_remote_crash_while_writing_4),
	KUNIT_CASE(carveout_remote_crash_while_writing_5),
	{}
};

static struct kunit_suite crash_suite = {
	.name = "carveout_remote_crash",
	.init = fixture_init,
	.exit = cores_exit,
	.test_cases = crash_cases,
};

kunit_test_suite(crash_suite);

MODULE_DESCRIPTION("KUnit suite of remote processors that crash");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
