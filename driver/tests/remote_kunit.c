// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the service for remote processors: each request, and the policy.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/of.h>

#include "core.h"

static struct carveout_buf *make_buf(struct kunit *test, const char *tag, umode_t mode)
{
	const struct carveout_req req = { .size = PAGE_SIZE };
	struct carveout_buf *buf = carveout_buf_alloc(heap_of(test), &req, tag, mode);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "error %ld", PTR_ERR(buf));
	return buf;
}

/* === Sessions ============================================================= */

static void carveout_remote_hello(struct kunit *test)
{
	struct core_request request;
	struct core *core;

	named_heap(test);
	core = core_create(test, "core", plain, false);
	/* It is repeated. */
	KUNIT_ASSERT_TRUE(test, BECOMES_TRUE(core_hellos(core) >= 2));
	KUNIT_EXPECT_EQ(test, OK, le32_to_cpu(core->hello.status));
	KUNIT_EXPECT_EQ(test, 0U, le32_to_cpu(core->hello.header.id));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_TAG_MAX, le32_to_cpu(core->hello.handle));
	KUNIT_EXPECT_LE(test, 2U, le32_to_cpu(core->hello.index));
	KUNIT_EXPECT_EQ(test, 256U, le32_to_cpu(core->hello.value));
	KUNIT_EXPECT_EQ(test, 64ULL, core_size(&core->hello));

	/* Nothing but a start, in this session. */
	core->session = le32_to_cpu(core->hello.header.session);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SESSION, core_plain(core, CARVEOUT_RPMSG_QUERY));
	core->session++;
	request = core_request(core, CARVEOUT_RPMSG_START, NULL);
	request.fixed.arg = cpu_to_le32(32);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SESSION, core_call(core, &request, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_start(core, 9));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_start(core, 65));
	KUNIT_EXPECT_EQ(test, OK, core_start(core, 64));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_BUSY, core_start(core, 64));
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_QUERY));
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
}

/* After a goodbye everything is released at once, and another session is offered. */
static void carveout_remote_goodbye(struct kunit *test)
{
	struct carveout_rpmsg_answer answer;
	struct core *core;
	u32 session;

	named_heap(test);
	core = core_up(test, "core", plain);
	session = core->session;
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "one", PAGE_SIZE, 0, &answer));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_GOODBYE));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SESSION, core_plain(core, CARVEOUT_RPMSG_QUERY));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(le32_to_cpu(READ_ONCE(core->hello.header.session)) !=
					     session));
	KUNIT_EXPECT_EQ(test, OK, core_start(core, 64));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE, core_put(core, answer.handle));
}

/* === Buffers ============================================================== */

static void carveout_remote_buffer(struct kunit *test)
{
	struct carveout_rpmsg_answer answer, again;
	struct carveout_buf *buf;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", plain);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_TAG, core_open(core, "frame", 0, NULL));
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, "frame", 100, 0, &answer));
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, core_size(&answer));
	KUNIT_EXPECT_EQ(test, CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_PAGES,
			le32_to_cpu(answer.attrs));
	KUNIT_EXPECT_EQ(test, 0U, le32_to_cpu(answer.index));

	buf = carveout_buf_find(heap_of(test), "frame");
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	KUNIT_EXPECT_EQ(test, (u64)carveout_buf_phys(buf), core_addr(&answer));
	KUNIT_EXPECT_EQ(test, carveout_buf_generation(buf), core_serial(&answer));
	KUNIT_EXPECT_TRUE(test, is_filled(core_memory(&answer), 0, PAGE_SIZE));
	memset(core_memory(&answer), 0x77, PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0x77, PAGE_SIZE));
	carveout_buf_put(buf);

	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_EXISTS, core_alloc(core, "frame", 100, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "frame", 100, CARVEOUT_RPMSG_F_OPEN, &again));
	KUNIT_EXPECT_EQ(test, core_addr(&answer), core_addr(&again));
	KUNIT_EXPECT_NE(test, le32_to_cpu(answer.handle), le32_to_cpu(again.handle));
	/* A larger one would never be found, however often the processor tries. */
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_EXISTS,
			core_alloc(core, "frame", 2 * PAGE_SIZE, CARVEOUT_RPMSG_F_OPEN, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_on_handle(core, CARVEOUT_RPMSG_DESCRIBE, answer.handle,
						 &again));
	again.header = answer.header;
	KUNIT_EXPECT_EQ(test, 0, memcmp(&answer, &again, sizeof(answer)));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SPACE,
			core_alloc(core, NULL, 2 * SIZE, 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_alloc(core, NULL, 0, 0, NULL));
}

static void carveout_remote_references(struct kunit *test)
{
	struct carveout_rpmsg_answer answer, again;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	KUNIT_EXPECT_EQ(test, OK, core_on_handle(core, CARVEOUT_RPMSG_GET, answer.handle, &again));
	KUNIT_EXPECT_EQ(test, 2U, le32_to_cpu(again.value));
	KUNIT_EXPECT_EQ(test, OK, core_on_handle(core, CARVEOUT_RPMSG_PUT, answer.handle, &again));
	KUNIT_EXPECT_EQ(test, 1U, le32_to_cpu(again.value));
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, OK, core_on_handle(core, CARVEOUT_RPMSG_PUT, answer.handle, &again));
	KUNIT_EXPECT_EQ(test, 0U, le32_to_cpu(again.value));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE, core_put(core, answer.handle));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE,
			core_on_handle(core, CARVEOUT_RPMSG_GET, answer.handle, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE,
			core_on_handle(core, CARVEOUT_RPMSG_DESCRIBE, answer.handle, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE, core_put(core, 0));
}

static void carveout_remote_unlink(struct kunit *test)
{
	struct carveout_rpmsg_answer first, second;
	struct core_request request;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, "name", PAGE_SIZE,
					     CARVEOUT_RPMSG_F_PERSIST, &first));
	KUNIT_EXPECT_EQ(test, OK, core_unlink(core, "name"));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_TAG, core_unlink(core, "name"));
	KUNIT_ASSERT_EQ(test, OK, core_alloc(core, "name", PAGE_SIZE, 0, &second));
	/* Only the tag of this buffer, which is that of another one by now. */
	request = core_request(core, CARVEOUT_RPMSG_UNLINK, "name");
	request.fixed.handle = first.handle;
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_TAG, core_call(core, &request, NULL));
	request = core_request(core, CARVEOUT_RPMSG_UNLINK, "name");
	request.fixed.handle = second.handle;
	KUNIT_EXPECT_EQ(test, OK, core_call(core, &request, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_unlink(core, ""));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_unlink(core, "no/name"));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, first.handle));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, second.handle));
}

/* === Waits ================================================================ */

static u32 begin_open(struct core *core, const char *tag, u32 ms)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_OPEN, tag);

	request.fixed.arg = cpu_to_le32(ms);
	KUNIT_EXPECT_EQ(core->test, 0, core_send(core, &request));
	return core->id;
}

static u32 status_of(struct core *core, u32 id)
{
	struct carveout_rpmsg_answer answer;

	if (!core_takes(core, CARVEOUT_RPMSG_ANSWER, id, &answer))
		KUNIT_FAIL(core->test, "no answer to request %u", id);
	return le32_to_cpu(answer.status);
}

static u32 cancel(struct core *core, u32 id)
{
	return core_on_handle(core, CARVEOUT_RPMSG_CANCEL, cpu_to_le32(id), NULL);
}

static void carveout_remote_wait(struct kunit *test)
{
	struct carveout_rpmsg_answer answer;
	struct carveout_buf *buf;
	struct core *core;
	ktime_t start;
	u32 id, other;

	named_heap(test);
	core = core_up(test, "core", plain);
	id = begin_open(core, "late", CARVEOUT_RPMSG_FOREVER);
	other = begin_open(core, "never", CARVEOUT_RPMSG_FOREVER);
	/* Requests are handled meanwhile. */
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_QUERY));
	buf = make_buf(test, "late", 0666);
	KUNIT_ASSERT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_ANSWER, id, &answer));
	KUNIT_EXPECT_EQ(test, OK, le32_to_cpu(answer.status));
	KUNIT_EXPECT_EQ(test, (u64)carveout_buf_phys(buf), core_addr(&answer));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, answer.handle));
	carveout_buf_put(buf);

	KUNIT_EXPECT_EQ(test, OK, cancel(core, other));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_CANCELLED, status_of(core, other));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_HANDLE, cancel(core, other));
	start = ktime_get();
	id = begin_open(core, "never", 50);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_TIMED_OUT, status_of(core, id));
	KUNIT_EXPECT_LE(test, 50LL, ktime_ms_delta(ktime_get(), start));
	/* A tag that exists is not waited for, and its mode counts. */
	buf = make_buf(test, "root", 0600);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED,
			status_of(core, begin_open(core, "root", CARVEOUT_RPMSG_FOREVER)));
	carveout_buf_put(buf);
}

static void carveout_remote_waits_are_limited(struct kunit *test)
{
	static const struct property_entry few[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U32("linux,carveout-waits", 2),
		{}
	};
	struct core *core;
	u32 id[3], i;

	named_heap(test);
	core = core_up(test, "core", few);
	KUNIT_EXPECT_EQ(test, 2ULL, core_size(&core->hello));
	for (i = 0; i < 3; i++)
		id[i] = begin_open(core, "never", CARVEOUT_RPMSG_FOREVER);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_LIMIT, status_of(core, id[2]));
	KUNIT_EXPECT_EQ(test, OK, cancel(core, id[0]));
	id[2] = begin_open(core, "never", CARVEOUT_RPMSG_FOREVER);
	KUNIT_EXPECT_EQ(test, OK, cancel(core, id[2]));
	/* The rest ends with the session, without an answer. */
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_GOODBYE));
}

/* === Pools ================================================================ */

static u32 block_alloc(struct core *core, __le32 handle, u32 ms,
		       struct carveout_rpmsg_answer *answer)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_BLOCK_ALLOC, NULL);

	request.fixed.handle = handle;
	request.fixed.arg = cpu_to_le32(ms);
	return core_call(core, &request, answer);
}

static u32 block_free(struct core *core, __le32 handle,
		      const struct carveout_rpmsg_answer *block)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_BLOCK_FREE, NULL);

	request.fixed.handle = handle;
	request.fixed.arg = block->index;
	request.fixed.size_lo = block->serial_lo;
	request.fixed.size_hi = block->serial_hi;
	return core_call(core, &request, NULL);
}

static u32 free_blocks(struct carveout_pool *pool)
{
	struct carveout_pool_stats stats;

	carveout_pool_stats(pool, &stats);
	return stats.free;
}

static struct carveout_pool *make_pool(struct kunit *test, u32 count)
{
	struct carveout_pool *pool;

	pool = carveout_pool_create(heap_of(test), 128, count, NULL, "pool", 0666);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pool), "error %ld", PTR_ERR(pool));
	return pool;
}

static void carveout_remote_pool(struct kunit *test)
{
	struct carveout_rpmsg_answer open, reader, block[2], next;
	struct carveout_pool *pool;
	struct core *core;

	named_heap(test);
	pool = make_pool(test, 2);
	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_open(core, "pool", 0, &open));
	KUNIT_EXPECT_EQ(test, 2U, le32_to_cpu(open.value));
	KUNIT_EXPECT_EQ(test, OK, block_alloc(core, open.handle, 0, &block[0]));
	KUNIT_EXPECT_EQ(test, OK, block_alloc(core, open.handle, 0, &block[1]));
	KUNIT_EXPECT_EQ(test, 128ULL, core_size(&block[1]));
	KUNIT_EXPECT_EQ(test, core_addr(&open) + 128 * le32_to_cpu(block[1].index),
			core_addr(&block[1]));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_BUSY, block_alloc(core, open.handle, 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_TIMED_OUT, block_alloc(core, open.handle, 20, NULL));
	KUNIT_EXPECT_EQ(test, OK, block_free(core, open.handle, &block[0]));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_BLOCK, block_free(core, open.handle, &block[0]));
	KUNIT_EXPECT_EQ(test, OK, block_alloc(core, open.handle, 0, &next));
	/* It is the same block, which has another serial. */
	KUNIT_EXPECT_EQ(test, le32_to_cpu(block[0].index), le32_to_cpu(next.index));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_BLOCK, block_free(core, open.handle, &block[0]));

	KUNIT_EXPECT_EQ(test, OK, core_open(core, "pool", CARVEOUT_RPMSG_F_READ, &reader));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, block_alloc(core, reader.handle, 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, block_free(core, reader.handle, &block[1]));
	/* The blocks end with the handle. */
	KUNIT_EXPECT_EQ(test, 0U, free_blocks(pool));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, open.handle));
	KUNIT_EXPECT_EQ(test, 2U, free_blocks(pool));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, reader.handle));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &open));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_POOL, block_alloc(core, open.handle, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, open.handle));
	carveout_pool_put(pool);
}

/* A wait for a block is answered with the block, with the end of its handle, or of the pool. */
static void carveout_remote_pool_wait(struct kunit *test)
{
	struct carveout_rpmsg_answer open, other, block, next;
	struct core_request request;
	struct carveout_pool *pool;
	struct core *core;

	named_heap(test);
	pool = make_pool(test, 1);
	core = core_up(test, "core", plain);
	KUNIT_ASSERT_EQ(test, OK, core_open(core, "pool", 0, &open));
	KUNIT_ASSERT_EQ(test, OK, core_open(core, "pool", 0, &other));
	KUNIT_EXPECT_EQ(test, OK, block_alloc(core, open.handle, 0, &block));
	request = core_request(core, CARVEOUT_RPMSG_BLOCK_ALLOC, NULL);
	request.fixed.handle = other.handle;
	request.fixed.arg = cpu_to_le32(CARVEOUT_RPMSG_FOREVER);
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	KUNIT_EXPECT_EQ(test, OK, block_free(core, open.handle, &block));
	KUNIT_ASSERT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_ANSWER,
					   le32_to_cpu(request.fixed.header.id), &next));
	KUNIT_EXPECT_EQ(test, OK, le32_to_cpu(next.status));
	KUNIT_EXPECT_EQ(test, core_addr(&block), core_addr(&next));

	request = core_request(core, CARVEOUT_RPMSG_BLOCK_ALLOC, NULL);
	request.fixed.handle = open.handle;
	request.fixed.arg = cpu_to_le32(CARVEOUT_RPMSG_FOREVER);
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, open.handle));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_CANCELLED,
			status_of(core, le32_to_cpu(request.fixed.header.id)));

	request = core_request(core, CARVEOUT_RPMSG_BLOCK_ALLOC, NULL);
	request.fixed.handle = other.handle;
	request.fixed.arg = cpu_to_le32(CARVEOUT_RPMSG_FOREVER);
	KUNIT_EXPECT_EQ(test, 0, core_send(core, &request));
	carveout_pool_destroy(pool);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DESTROYED,
			status_of(core, le32_to_cpu(request.fixed.header.id)));
	KUNIT_EXPECT_EQ(test, OK, core_put(core, other.handle));
}

/* === Heaps ================================================================ */

static void carveout_remote_query(struct kunit *test)
{
	struct core_request request;
	struct carveout_rpmsg_answer answer;
	struct carveout_buf *buf;
	struct core *core;

	named_heap(test);
	buf = make_buf(test, NULL, 0);
	core = core_up(test, "core", plain);
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, NULL));
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	KUNIT_EXPECT_EQ(test, OK, core_call(core, &request, &answer));
	KUNIT_EXPECT_EQ(test, (u64)SIZE, core_size(&answer));
	KUNIT_EXPECT_EQ(test, 2ULL * PAGE_SIZE, core_serial(&answer));
	KUNIT_EXPECT_EQ(test, SIZE - 2ULL * PAGE_SIZE, core_addr(&answer));
	KUNIT_EXPECT_EQ(test, CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_PAGES,
			le32_to_cpu(answer.attrs));
	KUNIT_EXPECT_EQ(test, 1U, le32_to_cpu(answer.index));
	KUNIT_EXPECT_EQ(test, 255U, le32_to_cpu(answer.value));
	request = core_request(core, CARVEOUT_RPMSG_QUERY, NULL);
	request.fixed.heap = 1;
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_call(core, &request, NULL));
	carveout_buf_put(buf);
}

static u32 watch(struct core *core, const char *prefix, u64 seen,
		 struct carveout_rpmsg_answer *answer)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_WATCH, prefix);

	request.fixed.size_lo = cpu_to_le32(lower_32_bits(seen));
	request.fixed.size_hi = cpu_to_le32(upper_32_bits(seen));
	return core_call(core, &request, answer);
}

static void carveout_remote_watch(struct kunit *test)
{
	struct carveout_rpmsg_answer answer, event;
	struct carveout_buf *buf;
	struct core *core;
	u32 id;

	named_heap(test);
	core = core_up(test, "core", plain);
	/* An outdated number is a change at once. */
	KUNIT_EXPECT_EQ(test, OK, watch(core, "r5.", 12345, &answer));
	KUNIT_EXPECT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_CHANGED, core->id, &event));
	KUNIT_EXPECT_EQ(test, core_serial(&answer), core_serial(&event));

	KUNIT_EXPECT_EQ(test, OK, watch(core, "r5.", core_serial(&event), &answer));
	id = core->id;
	carveout_buf_put(make_buf(test, "linux", 0600));
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_QUERY));
	KUNIT_EXPECT_FALSE(test, core_take(core, CARVEOUT_RPMSG_CHANGED, id, &event));
	buf = make_buf(test, "r5.frame", 0600);
	KUNIT_EXPECT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_CHANGED, id, &event));
	KUNIT_EXPECT_LT(test, core_serial(&answer), core_serial(&event));
	/* One event for one watch. */
	carveout_buf_put(buf);
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_QUERY));
	KUNIT_EXPECT_FALSE(test, core_take(core, CARVEOUT_RPMSG_CHANGED, id, &event));
	/* It has changed since. */
	KUNIT_EXPECT_EQ(test, OK, watch(core, "r5.", core_serial(&event), &answer));
	KUNIT_EXPECT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_CHANGED, core->id, &event));
	/* A refused watch leaves the former one. */
	KUNIT_EXPECT_EQ(test, OK, watch(core, "r5.", core_serial(&event), &answer));
	id = core->id;
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, watch(core, "no/name", 0, NULL));
	buf = make_buf(test, "r5.frame", 0600);
	KUNIT_EXPECT_TRUE(test, core_takes(core, CARVEOUT_RPMSG_CHANGED, id, &event));
	carveout_buf_put(buf);
}

/* === Policy =============================================================== */

static void carveout_remote_prefixes(struct kunit *test)
{
	static const char * const create[] = { "r5.", "shared." };
	static const char * const open[] = { "r5.", "linux." };
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_STRING_ARRAY("linux,carveout-create-tags", create),
		PROPERTY_ENTRY_STRING_ARRAY("linux,carveout-open-tags", open),
		{}
	};
	struct carveout_buf *buf;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", properties);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_alloc(core, "linux.x", 64, 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_alloc(core, "r5", 64, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "r5.x", 64, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "shared.x", 64, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, 64, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_open(core, "r5.x", 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_open(core, "shared.x", 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED,
			core_alloc(core, "shared.x", 64, CARVEOUT_RPMSG_F_OPEN, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "r5.x", 64, CARVEOUT_RPMSG_F_OPEN, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_TAG, core_open(core, "linux.x", 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, watch(core, "r5.", 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, watch(core, "linux.y", 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, watch(core, "shared.", 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, watch(core, "r5", 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, watch(core, "", 0, NULL));
	buf = make_buf(test, "linux.x", 0666);
	KUNIT_EXPECT_EQ(test, OK, core_open(core, "linux.x", 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_unlink(core, "linux.x"));
	carveout_buf_put(buf);
}

static void carveout_remote_permissions(struct kunit *test)
{
	static const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U64("linux,carveout-quota", 3 * PAGE_SIZE),
		PROPERTY_ENTRY_U32("linux,carveout-handles", 4),
		{}
	};
	struct carveout_buf *buf;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", properties);
	buf = make_buf(test, "readable", 0604);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_open(core, "readable", 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_open(core, "readable", CARVEOUT_RPMSG_F_READ, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_unlink(core, "readable"));
	carveout_buf_put(buf);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_QUOTA, core_alloc(core, NULL, 4 * PAGE_SIZE, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, 2 * PAGE_SIZE, 0, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_QUOTA, core_alloc(core, NULL, 2 * PAGE_SIZE, 0, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_open(core, "readable", CARVEOUT_RPMSG_F_READ, NULL));
	KUNIT_EXPECT_EQ(test, OK, core_open(core, "readable", CARVEOUT_RPMSG_F_READ, NULL));
	/* The fourth handle was the last one, and the buffer that has none is freed. */
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_LIMIT,
			core_alloc(core, "r5.x", PAGE_SIZE, CARVEOUT_RPMSG_F_PERSIST, NULL));
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 3ULL * PAGE_SIZE, used_of(heap_of(test)));
}

/* A node with a fault gives the processor nothing. */
static void carveout_remote_faulty_policies(struct kunit *test)
{
	static const char * const prefixes[] = { "r5." };
	const struct property_entry absent[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "absent"),
		PROPERTY_ENTRY_STRING_ARRAY("linux,carveout-create-tags", prefixes),
		{}
	};
	static const struct property_entry short_quota[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U32("linux,carveout-quota", 4096),
		{}
	};
	static const struct property_entry no_handles[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U32("linux,carveout-handles", 0),
		{}
	};
	static const struct property_entry no_policy[] = {
		PROPERTY_ENTRY_U32("linux,carveout-handles", 1),
		{}
	};
	const struct property_entry *faulty[] = { absent, short_quota, no_handles, no_policy };
	struct core *core;
	unsigned int i;

	named_heap(test);
	for (i = 0; i < ARRAY_SIZE(faulty); i++) {
		core = core_create(test, "core", faulty[i], false);
		/* A channel that is served has had its hello by then. */
		msleep(50);
		KUNIT_EXPECT_EQ_MSG(test, 0U, core_hellos(core), "policy %u", i);
		core_end(core);
	}
	core_up(test, "core", plain);
}

static struct core *core_with_window(struct kunit *test, u64 addr, u64 phys, u64 size)
{
	const u64 windows[3] = { addr, phys, size };
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_U64_ARRAY("linux,carveout-ranges", windows),
		{}
	};

	return core_create(test, "core", properties, false);
}

/* Addresses as the processor sees them, and memory that it does not see. */
static void carveout_remote_addresses(struct kunit *test)
{
	struct carveout *heap = named_heap(test);
	struct carveout_region_info info;
	struct carveout_rpmsg_answer answer;
	struct carveout_buf *buf;
	struct core *core;

	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	core = core_with_window(test, 0x80000000, info.memory.base, 2 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, OK, core_start(core, 32));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	KUNIT_EXPECT_EQ(test, 0x80000000ULL, core_addr(&answer));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, CARVEOUT_RPMSG_F_TOP_DOWN,
					     &answer));
	KUNIT_EXPECT_EQ(test, 0x80000000ULL + PAGE_SIZE, core_addr(&answer));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_SPACE, core_alloc(core, NULL, PAGE_SIZE, 0, NULL));
	buf = make_buf(test, "high", 0666);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_OUT_OF_REACH, core_open(core, "high", 0, NULL));
	carveout_buf_put(buf);
}

/* A window that begins inside of the region, so that its lowest addresses are not seen. */
static void carveout_remote_addresses_below_a_window(struct kunit *test)
{
	struct carveout *heap = named_heap(test);
	struct carveout_region_info info;
	struct core *core;

	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	core = core_with_window(test, 0x80000000, info.memory.base + PAGE_SIZE, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, OK, core_start(core, 32));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_OUT_OF_REACH,
			core_alloc(core, "low", PAGE_SIZE, CARVEOUT_RPMSG_F_PERSIST, NULL));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_TAG, core_open(core, "low", 0, NULL));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

/* A region that the processor does not see is not tried. */
static void carveout_remote_addresses_in_another_region(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	struct carveout_rpmsg_answer answer;
	struct carveout_memory memory[2];
	struct carveout_region_info info;
	struct carveout *heap;
	struct core *core;

	memory[0] = region_at(base, SZ_64K);
	memory[1] = region_at(base + SZ_128K, SZ_64K);
	heap = make_heap(test, NULL, memory, 2, CARVEOUT_CREATE_NODE);
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 1, &info));
	core = core_with_window(test, 0x80000000, info.memory.base, info.memory.size);
	KUNIT_ASSERT_EQ(test, OK, core_start(core, 32));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	KUNIT_EXPECT_EQ(test, 0x80000000ULL, core_addr(&answer));
}

/* Without ranges in the node, the bus translates. The node is that of a core of a cluster. */
static void carveout_remote_addresses_of_the_bus(struct kunit *test)
{
	struct loopback_config config = { .name = "core" };
	struct carveout_rpmsg_answer answer;
	struct carveout_region_info info;
	struct device_node *node;
	struct core *core;

	node = of_find_node_by_name(NULL, "kunit-core");
	if (!node)
		kunit_skip(test, "the device tree has no such node");
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(named_heap(test), 0, &info));
	config.fwnode = of_fwnode_handle(node);
	core = core_add(test, config);
	KUNIT_ASSERT_EQ(test, OK, core_start(core, 64));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, NULL, PAGE_SIZE, 0, &answer));
	KUNIT_EXPECT_EQ(test, SZ_4G + info.memory.base, core_addr(&answer));
	core_end(core);
	of_node_put(node);
}

static struct kunit_case remote_cases[] = {
	KUNIT_CASE(carveout_remote_hello),
	KUNIT_CASE(carveout_remote_goodbye),
	KUNIT_CASE(carveout_remote_buffer),
	KUNIT_CASE(carveout_remote_references),
	KUNIT_CASE(carveout_remote_unlink),
	KUNIT_CASE(carveout_remote_wait),
	KUNIT_CASE(carveout_remote_waits_are_limited),
	KUNIT_CASE(carveout_remote_pool),
	KUNIT_CASE(carveout_remote_pool_wait),
	KUNIT_CASE(carveout_remote_query),
	KUNIT_CASE(carveout_remote_watch),
	KUNIT_CASE(carveout_remote_prefixes),
	KUNIT_CASE(carveout_remote_permissions),
	KUNIT_CASE(carveout_remote_faulty_policies),
	KUNIT_CASE(carveout_remote_addresses),
	KUNIT_CASE(carveout_remote_addresses_below_a_window),
	KUNIT_CASE(carveout_remote_addresses_in_another_region),
	KUNIT_CASE(carveout_remote_addresses_of_the_bus),
	{}
};

static struct kunit_suite remote_suite = {
	.name = "carveout_remote",
	.init = fixture_init,
	.exit = cores_exit,
	.test_cases = remote_cases,
};

kunit_test_suite(remote_suite);

MODULE_DESCRIPTION("KUnit suite of the service for remote processors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
