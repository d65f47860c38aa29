// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the client for remote processors against the service: the sources that
 * firmware has, over a loop-back device.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/carveout_remote.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/wait.h>

#include "../../tools/remote/carveout_remote.h"
#include "fixture.h"
#include "loopback.h"

#define SIZE	SZ_256K
#define ADDR	0x400
#define SLOTS	24

/* The heap of the tests, by its name, and a directory. */
static const struct property_entry plain[] = {
	PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
	PROPERTY_ENTRY_U32("linux,carveout-directory", 64),
	{}
};

/**
 * struct port - A client on a core of its own
 * @remote: the client
 * @slots: its requests
 * @loopback: device of the core
 * @lock: the port's lock
 * @wq: waits of the port
 * @events: wake-ups
 * @dst: address of the service, from its first message
 */
struct port {
	struct carveout_remote remote;
	struct carveout_remote_slot slots[SLOTS];
	struct loopback *loopback;
	struct mutex lock;		/* the client */
	wait_queue_head_t wq;
	atomic_t events;
	u32 dst;
};

static int port_send(void *ctx, const void *data, size_t len)
{
	struct port *port = ctx;

	return loopback_send(port->loopback, ADDR, READ_ONCE(port->dst), data, len);
}

static void port_lock(void *ctx)
{
	mutex_lock(&((struct port *)ctx)->lock);
}

static void port_unlock(void *ctx)
{
	mutex_unlock(&((struct port *)ctx)->lock);
}

static void port_wait(void *ctx, uint32_t ms)
{
	struct port *port = ctx;
	int seen = atomic_read(&port->events);

	mutex_unlock(&port->lock);
	wait_event_timeout(port->wq, atomic_read(&port->events) != seen, msecs_to_jiffies(ms));
	mutex_lock(&port->lock);
}

static void port_wake(void *ctx)
{
	struct port *port = ctx;

	atomic_inc(&port->events);
	wake_up_all(&port->wq);
}

static uint32_t port_now(void *ctx)
{
	return ktime_to_ms(ktime_get());
}

static const struct carveout_remote_ops port_ops = {
	.send = port_send,
	.lock = port_lock,
	.unlock = port_unlock,
	.wait = port_wait,
	.wake = port_wake,
	.now_ms = port_now,
};

static void port_receive(struct loopback *loopback, const struct loopback_message *message)
{
	struct port *port = loopback_priv(loopback);

	WRITE_ONCE(port->dst, message->src);
	carveout_remote_receive(&port->remote, message->data, message->len);
}

static struct port *ports[2];

static struct port *make_port_of(struct kunit *test, unsigned int i, const char *name,
				 const struct property_entry *properties)
{
	struct port *port = kunit_kzalloc(test, sizeof(*port), GFP_KERNEL);
	struct loopback_config config = {
		.name = name,
		.properties = properties,
		.receive = port_receive,
	};

	KUNIT_ASSERT_NOT_NULL(test, port);
	mutex_init(&port->lock);
	init_waitqueue_head(&port->wq);
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_init(&port->remote, &port_ops, port, port->slots,
						      SLOTS, 64));
	config.priv = port;
	port->loopback = loopback_create(test, &config);
	ports[i] = port;
	KUNIT_ASSERT_EQ(test, 0, loopback_announce(port->loopback, CARVEOUT_RPMSG_NAME, ADDR));
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_wait_session(&port->remote, PATIENCE_MS));
	return port;
}

static struct port *make_port(struct kunit *test, unsigned int i, const char *name)
{
	return make_port_of(test, i, name, plain);
}

static void reset(struct port *port)
{
	loopback_stop(port->loopback);
	carveout_remote_stopped(loopback_core(port->loopback));
}

static void end_ports(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		if (!ports[i])
			continue;
		reset(ports[i]);
		loopback_destroy(ports[i]->loopback);
		ports[i] = NULL;
	}
}

static void ports_exit(struct kunit *test)
{
	end_ports();
	fixture_exit(test);
}

static void named_heap(struct kunit *test)
{
	heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
}

static void carveout_client_shares_by_name(struct kunit *test)
{
	struct carveout_remote_result mine, theirs;
	struct port *first, *second;
	struct carveout_buf *buf;

	named_heap(test);
	first = make_port(test, 0, "core0");
	second = make_port(test, 1, "core1");
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_alloc(&first->remote, 0, "r5.frame", PAGE_SIZE,
						       0666, &mine));
	memset(phys_to_virt(mine.addr), 0x42, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_open(&second->remote, 0, "r5.frame", 0,
						      PATIENCE_MS, &theirs));
	KUNIT_EXPECT_EQ(test, mine.addr, theirs.addr);
	KUNIT_EXPECT_EQ(test, mine.serial, theirs.serial);
	buf = carveout_buf_find(heap_of(test), "r5.frame");
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0x42, PAGE_SIZE));
	carveout_buf_put(buf);
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_put(&first->remote, mine.handle));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_NO_HANDLE,
			carveout_remote_put(&first->remote, mine.handle));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_put(&second->remote, theirs.handle));
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

static int allocate_late(void *data)
{
	struct port *port = data;
	struct carveout_remote_result result;

	msleep(30);
	return carveout_remote_alloc(&port->remote, 0, "late", PAGE_SIZE, 0666, &result);
}

static void carveout_client_waits_for_the_other(struct kunit *test)
{
	struct carveout_remote_result result;
	struct port *first, *second;
	struct task_struct *task;

	named_heap(test);
	first = make_port(test, 0, "core0");
	second = make_port(test, 1, "core1");
	task = thread_run(test, allocate_late, first, "core0");
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_open(&second->remote, 0, "late", 0, PATIENCE_MS,
						      &result));
	KUNIT_EXPECT_EQ(test, 0, thread_join(task));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_TIMED_OUT,
			carveout_remote_open(&second->remote, 0, "never", 0, 20, &result));
}

static void carveout_client_allocates_blocks(struct kunit *test)
{
	struct carveout_remote_result open, block[2], none;
	struct carveout_pool *pool;
	struct port *port;

	named_heap(test);
	pool = carveout_pool_create(heap_of(test), 256, 2, NULL, "pool", 0666);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	port = make_port(test, 0, "core0");
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_open(&port->remote, 0, "pool", 0, 0, &open));
	KUNIT_EXPECT_EQ(test, 2U, open.value);
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_block_alloc(&port->remote, open.handle, 0,
							     &block[0]));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_block_alloc(&port->remote, open.handle, 0,
							     &block[1]));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_TIMED_OUT,
			carveout_remote_block_alloc(&port->remote, open.handle, 10, &none));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_block_free(&port->remote, open.handle,
							    block[0].index, block[0].serial));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_NO_BLOCK,
			carveout_remote_block_free(&port->remote, open.handle, block[0].index,
						   block[0].serial));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_put(&port->remote, open.handle));
	carveout_pool_put(pool);
}

static void carveout_client_has_two_heaps(struct kunit *test)
{
	static const char * const names[] = { "second", "kunit" };
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING_ARRAY("linux,carveout-heap-names", names),
		{}
	};
	struct carveout_memory memory = region_at(set_aside(test, SIZE), SIZE);
	struct carveout_remote_result one, two;
	struct carveout *second;
	struct port *port;

	named_heap(test);
	second = carveout_create(NULL, "second", &memory, 1, CARVEOUT_CREATE_NODE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(second));
	port = make_port_of(test, 0, "core0", properties);
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_alloc(&port->remote, 0, "name", PAGE_SIZE, 0666,
						       &one));
	KUNIT_EXPECT_EQ(test, memory.base, (phys_addr_t)one.addr);
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_NO_TAG,
			carveout_remote_open(&port->remote, 1, "name", 0, 0, &two));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_alloc(&port->remote, 1, "name", 2 * PAGE_SIZE,
						       0666, &two));
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, used_of(second));
	KUNIT_EXPECT_EQ(test, 2ULL * PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_INVALID,
			carveout_remote_open(&port->remote, 2, "name", 0, 0, &two));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_goodbye(&port->remote));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(second));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
	end_ports();
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(second, false));
}

/* The core starts again: its old handles are refused, and it finds its data. */
static void carveout_client_starts_again(struct kunit *test)
{
	struct carveout_remote_result before, after;
	struct port *port;
	u32 session;

	named_heap(test);
	port = make_port(test, 0, "core0");
	session = port->remote.session;
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_open_or_create(&port->remote, 0, "state",
								PAGE_SIZE, 0666, &before));
	memset(phys_to_virt(before.addr), 0x17, PAGE_SIZE);
	loopback_stop(port->loopback);
	KUNIT_ASSERT_EQ(test, 0, loopback_start(port->loopback));
	KUNIT_ASSERT_EQ(test, 0, loopback_announce(port->loopback, CARVEOUT_RPMSG_NAME, ADDR));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((carveout_remote_process(&port->remote),
					      READ_ONCE(port->remote.session) != session)));
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_wait_session(&port->remote, PATIENCE_MS));
	KUNIT_EXPECT_EQ(test, CARVEOUT_REMOTE_STALE,
			carveout_remote_put(&port->remote, before.handle));
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_open_or_create(&port->remote, 0, "state",
								PAGE_SIZE, 0666, &after));
	carveout_remote_stopped(loopback_core(port->loopback));
	KUNIT_EXPECT_EQ(test, before.addr, after.addr);
	KUNIT_EXPECT_TRUE(test, is_filled(phys_to_virt(after.addr), 0x17, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_goodbye(&port->remote));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap_of(test)));
}

/* Results of requests that nothing waits for. */
struct tally {
	atomic_t done;
	atomic_t failed;
};

static void count_result(void *ctx, const struct carveout_remote_result *result)
{
	struct tally *tally = ctx;

	if (result->status)
		atomic_inc(&tally->failed);
	atomic_inc(&tally->done);
}

/* False while all slots are in use. */
static bool try_submit(struct port *port, const struct carveout_remote_request *request,
		       struct tally *tally, int *ret)
{
	*ret = carveout_remote_submit(&port->remote, request, count_result, tally, NULL);
	carveout_remote_process(&port->remote);
	return *ret != CARVEOUT_REMOTE_FULL;
}

static void carveout_client_cancels(struct kunit *test)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_OPEN,
		.tag = "never",
		.arg = CARVEOUT_RPMSG_FOREVER,
	};
	struct carveout_remote_result result;
	struct port *port;
	u32 ticket;

	named_heap(test);
	port = make_port(test, 0, "core0");
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_submit(&port->remote, &request, NULL, NULL,
							&ticket));
	/* Linux has the request by the time that it answers another one. */
	carveout_remote_process(&port->remote);
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_query(&port->remote, 0, &result));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_cancel(&port->remote, ticket));
	/* The wait is answered first. */
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_CANCELLED,
			carveout_remote_collect(&port->remote, ticket, &result));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_NO_HANDLE,
			carveout_remote_cancel(&port->remote, ticket));
}

/* As many requests in flight as there are slots, more than there are credits. */
static void carveout_client_many_in_flight(struct kunit *test)
{
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	unsigned int count = 10 * DEFAULT_ROUNDS, i;
	struct tally tally = {};
	struct port *port;
	int ret;

	named_heap(test);
	port = make_port(test, 0, "core0");
	for (i = 0; i < count; i++) {
		ret = CARVEOUT_REMOTE_FULL;
		BECOMES_TRUE(try_submit(port, &request, &tally, &ret));
		if (ret)
			break;
	}
	KUNIT_EXPECT_EQ(test, count, i);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((carveout_remote_process(&port->remote),
					      atomic_read(&tally.done) == (int)i)));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&tally.failed));
	for (i = 0; i < CARVEOUT_REMOTE_DROPS; i++)
		KUNIT_EXPECT_EQ_MSG(test, 0U, port->remote.dropped[i], "reason %u", i);
}

/* The directory leads to a buffer, and after its end to the release of the memory. */
static void carveout_client_looks_up(struct kunit *test)
{
	struct carveout_remote_directory directory;
	struct carveout_remote_found found;
	struct carveout_remote_result mine;
	struct port *first, *second;
	u64 addr, size, used;
	u32 removed;

	named_heap(test);
	first = make_port(test, 0, "core0");
	second = make_port(test, 1, "core1");
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_directory_open(&second->remote, &addr, &size));
	KUNIT_ASSERT_EQ(test, 0,
			carveout_remote_directory_attach(&directory, &second->remote,
							 phys_to_virt(addr), size));
	used = used_of(heap_of(test));
	KUNIT_EXPECT_EQ(test, (int)CARVEOUT_RPMSG_NO_TAG,
			carveout_remote_directory_find(&directory, 0, "r5.frame", &found));
	KUNIT_ASSERT_EQ(test, 0, carveout_remote_alloc(&first->remote, 0, "r5.frame", PAGE_SIZE,
						       0666, &mine));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!carveout_remote_directory_find(&directory, 0,
									     "r5.frame",
									     &found)));
	KUNIT_EXPECT_EQ(test, mine.addr, found.addr);
	KUNIT_EXPECT_EQ(test, mine.size, found.size);
	KUNIT_EXPECT_EQ(test, mine.serial, found.serial);
	KUNIT_EXPECT_TRUE(test, carveout_remote_directory_is_current(&directory, &found));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_put(&first->remote, mine.handle));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((removed =
				carveout_remote_directory_removed(&directory)) == 1));
	KUNIT_EXPECT_FALSE(test, carveout_remote_directory_is_current(&directory, &found));
	KUNIT_EXPECT_EQ(test, used + PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, 0, carveout_remote_directory_release(&second->remote, &directory,
								   removed));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(used_of(heap_of(test)) == used));
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE(carveout_client_shares_by_name),
	KUNIT_CASE(carveout_client_waits_for_the_other),
	KUNIT_CASE(carveout_client_allocates_blocks),
	KUNIT_CASE(carveout_client_has_two_heaps),
	KUNIT_CASE(carveout_client_starts_again),
	KUNIT_CASE(carveout_client_cancels),
	KUNIT_CASE(carveout_client_looks_up),
	KUNIT_CASE(carveout_client_many_in_flight),
	{}
};

static struct kunit_suite client_suite = {
	.name = "carveout_remote_client",
	.init = fixture_init,
	.exit = ports_exit,
	.test_cases = client_cases,
};

kunit_test_suite(client_suite);

MODULE_DESCRIPTION("KUnit suite of the client for remote processors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
