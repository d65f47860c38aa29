/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A remote core for the suites of the rpmsg service: it speaks the messages of
 * <linux/carveout_rpmsg.h> over a loop-back device, byte by byte, without a client.
 */
#ifndef CARVEOUT_TESTS_CORE_H
#define CARVEOUT_TESTS_CORE_H

#include <linux/bitmap.h>
#include <linux/carveout_remote.h>
#include <linux/property.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <uapi/linux/carveout_rpmsg.h>

#include "fixture.h"
#include "loopback.h"

/* Address of the service's client on the core. */
#define CORE_ADDR	0x400

/* Messages of Linux that a core keeps. */
#define CORE_KEPT	512

/* Ids of the requests whose answers a core only counts. */
#define CORE_COUNTED		0x40000000U
#define CORE_COUNTED_MAX	4096U

/**
 * struct core - A core
 * @test: the test
 * @loopback: its device
 * @arrived: woken after each message
 * @addr: address of its latest channel
 * @lock: guards the following members
 * @dst: address of the service, from its first message
 * @hello: the latest hello
 * @hellos: number of hellos
 * @kept: answers and events in the order of their arrival
 * @nr_kept: number of @kept
 * @counted: a bit for each answer that is counted
 * @answers: number of those answers, by status
 * @bad: messages that no version of the service sends
 * @session: session that the core uses
 * @id: id of the latest request
 */
struct core {
	struct kunit *test;
	struct loopback *loopback;
	wait_queue_head_t arrived;
	u32 addr;
	spinlock_t lock;	/* messages of Linux */
	u32 dst;
	struct carveout_rpmsg_answer hello;
	unsigned int hellos;
	struct carveout_rpmsg_answer kept[CORE_KEPT];
	unsigned int nr_kept;
	DECLARE_BITMAP(counted, CORE_COUNTED_MAX);
	u32 answers[CARVEOUT_RPMSG_STATUSES];
	unsigned int bad;
	u32 session;
	u32 id;
};

#define SIZE		SZ_256K
#define OK		CARVEOUT_RPMSG_OK

/* A core with the heap of the test, by its name, and no limits. */
static const struct property_entry plain[] = {
	PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
	{}
};

static inline struct carveout *named_heap(struct kunit *test)
{
	return heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
}

/* Cores of the test. */
#define CORES		4
static struct core *cores[CORES];

/* A request with its tag, as it is sent. */
struct core_request {
	struct carveout_rpmsg_request fixed;
	char tag[CARVEOUT_RPMSG_TAG_MAX];
};

static_assert(sizeof(struct core_request) ==
	      CARVEOUT_RPMSG_REQUEST_LEN + CARVEOUT_RPMSG_TAG_MAX);

/* Each request has one answer. */
static inline void core_count(struct core *core, u32 number, u32 status)
{
	if (status >= CARVEOUT_RPMSG_STATUSES || test_and_set_bit(number, core->counted))
		core->bad++;
	else
		core->answers[status]++;
}

static inline void core_count_anew(struct core *core)
{
	bitmap_zero(core->counted, CORE_COUNTED_MAX);
	memset(core->answers, 0, sizeof(core->answers));
}

static inline void core_receive(struct loopback *loopback,
				const struct loopback_message *message)
{
	struct core *core = loopback_priv(loopback);
	const struct carveout_rpmsg_answer *answer = message->data;
	const struct carveout_rpmsg_header *header = &answer->header;
	u32 number = le32_to_cpu(header->id) - CORE_COUNTED;

	spin_lock(&core->lock);
	if (message->len != CARVEOUT_RPMSG_ANSWER_LEN || message->dst != core->addr ||
	    le32_to_cpu(header->magic) != CARVEOUT_RPMSG_MAGIC ||
	    header->version != CARVEOUT_RPMSG_VERSION ||
	    le16_to_cpu(header->length) != CARVEOUT_RPMSG_ANSWER_LEN || !header->session ||
	    answer->reserved) {
		core->bad++;
	} else if (header->op == CARVEOUT_RPMSG_HELLO) {
		core->dst = message->src;
		core->hello = *answer;
		core->hellos++;
	} else if (number < CORE_COUNTED_MAX) {
		core_count(core, number, le32_to_cpu(answer->status));
	} else if (core->nr_kept < CORE_KEPT) {
		core->kept[core->nr_kept++] = *answer;
	} else {
		core->bad++;
	}
	spin_unlock(&core->lock);
	wake_up_all(&core->arrived);
}

/* Have a channel, whose session is not accepted yet. */
static inline void core_announce(struct core *core)
{
	core->hellos = 0;
	core->nr_kept = 0;
	KUNIT_ASSERT_EQ(core->test, 0, loopback_announce(core->loopback, CARVEOUT_RPMSG_NAME,
							 core->addr));
}

/* The channel is removed, and the core runs on. */
static inline void core_unannounce(struct core *core)
{
	KUNIT_ASSERT_EQ(core->test, 0, loopback_unannounce(core->loopback, CARVEOUT_RPMSG_NAME,
							   core->addr));
}

/* A core of this configuration, which has announced the service. */
static inline struct core *core_add(struct kunit *test, struct loopback_config config)
{
	struct core *core = kunit_kzalloc(test, sizeof(*core), GFP_KERNEL);
	unsigned int at = 0;

	KUNIT_ASSERT_NOT_NULL(test, core);
	while (at < CORES && cores[at])
		at++;
	KUNIT_ASSERT_LT(test, at, CORES + 0U);
	core->test = test;
	core->addr = CORE_ADDR;
	init_waitqueue_head(&core->arrived);
	spin_lock_init(&core->lock);
	config.receive = core_receive;
	config.priv = core;
	core->loopback = loopback_create(test, &config);
	cores[at] = core;
	core_announce(core);
	return core;
}

static inline struct core *core_create(struct kunit *test, const char *name,
				       const struct property_entry *properties, bool polled)
{
	const struct loopback_config config = {
		.name = name,
		.properties = properties,
		.polled = polled,
		/* A core that does not poll is soon out of room for answers. */
		.ring = polled ? 8 : 0,
	};

	return core_add(test, config);
}

/* Crash: the channel is removed, and the core has not been stopped yet. */
static inline void core_crash(struct core *core)
{
	loopback_stop(core->loopback);
}

/* The core is in reset: it accesses no memory. */
static inline void core_reset(struct core *core)
{
	carveout_remote_stopped(loopback_core(core->loopback));
}

static inline void core_end(struct core *core)
{
	unsigned int i;

	core_crash(core);
	core_reset(core);
	loopback_destroy(core->loopback);
	for (i = 0; i < CORES; i++)
		if (cores[i] == core)
			cores[i] = NULL;
}

static inline void cores_end(void)
{
	unsigned int i;

	for (i = 0; i < CORES; i++)
		if (cores[i])
			core_end(cores[i]);
}

/* End all cores, then the heap, which has to be empty. */
static inline void cores_exit(struct kunit *test)
{
	cores_end();
	fixture_exit(test);
}

static inline unsigned int core_hellos(struct core *core)
{
	return READ_ONCE(core->hellos);
}

/* As BECOMES_TRUE(), but messages make it so: a sleep takes 10 ms in user-mode Linux. */
#define core_awaits(core, condition)						\
	(wait_event_timeout((core)->arrived, condition, msecs_to_jiffies(PATIENCE_MS)) > 0)

/* === Requests ============================================================= */

static inline struct core_request core_request(struct core *core, u8 op, const char *tag)
{
	struct core_request request = {
		.fixed.header = {
			.magic = cpu_to_le32(CARVEOUT_RPMSG_MAGIC),
			.version = CARVEOUT_RPMSG_VERSION,
			.op = op,
			.length = cpu_to_le16(sizeof(request)),
			.id = cpu_to_le32(++core->id),
			.session = cpu_to_le32(core->session),
		},
	};

	if (tag)
		strscpy(request.tag, tag, sizeof(request.tag));
	return request;
}

static inline int core_send(struct core *core, const struct core_request *request)
{
	return loopback_send(core->loopback, core->addr, core->dst, request, sizeof(*request));
}

/* Drop all messages that were received. */
static inline void core_forget(struct core *core)
{
	spin_lock(&core->lock);
	core->nr_kept = 0;
	spin_unlock(&core->lock);
}

/* Take the message under an id; false if there is none. */
static inline bool core_take(struct core *core, u8 op, u32 id,
			     struct carveout_rpmsg_answer *answer)
{
	bool found = false;
	unsigned int i;

	spin_lock(&core->lock);
	for (i = 0; i < core->nr_kept && !found; i++) {
		if (core->kept[i].header.op != op || le32_to_cpu(core->kept[i].header.id) != id)
			continue;
		*answer = core->kept[i];
		memmove(&core->kept[i], &core->kept[i + 1],
			(--core->nr_kept - i) * sizeof(*core->kept));
		found = true;
	}
	spin_unlock(&core->lock);
	return found;
}

static inline bool core_takes(struct core *core, u8 op, u32 id,
			      struct carveout_rpmsg_answer *answer)
{
	memset(answer, 0xff, sizeof(*answer));
	return core_awaits(core, core_take(core, op, id, answer));
}

/* Send a request and return the status of its answer. */
static inline u32 core_call(struct core *core, const struct core_request *request,
			    struct carveout_rpmsg_answer *answer)
{
	struct carveout_rpmsg_answer any;

	answer = answer ?: &any;
	KUNIT_EXPECT_EQ(core->test, 0, core_send(core, request));
	if (!core_takes(core, CARVEOUT_RPMSG_ANSWER, le32_to_cpu(request->fixed.header.id),
			answer))
		KUNIT_FAIL(core->test, "no answer to request %u of kind %u", core->id,
			   request->fixed.header.op);
	return le32_to_cpu(answer->status);
}

static inline u64 core_pair(__le32 lo, __le32 hi)
{
	return (u64)le32_to_cpu(hi) << 32 | le32_to_cpu(lo);
}

static inline u64 core_addr(const struct carveout_rpmsg_answer *answer)
{
	return core_pair(answer->addr_lo, answer->addr_hi);
}

static inline u64 core_size(const struct carveout_rpmsg_answer *answer)
{
	return core_pair(answer->size_lo, answer->size_hi);
}

static inline u64 core_serial(const struct carveout_rpmsg_answer *answer)
{
	return core_pair(answer->serial_lo, answer->serial_hi);
}

/* Accept the session of the latest hello. */
static inline u32 core_start(struct core *core, u32 bits)
{
	struct core_request request;

	KUNIT_ASSERT_TRUE(core->test, core_awaits(core, core_hellos(core)));
	core->session = le32_to_cpu(core->hello.header.session);
	request = core_request(core, CARVEOUT_RPMSG_START, NULL);
	request.fixed.arg = cpu_to_le32(bits);
	return core_call(core, &request, NULL);
}

/* Boot again after a crash, without accepting the session. */
static inline void core_reboot(struct core *core)
{
	KUNIT_ASSERT_EQ(core->test, 0, loopback_start(core->loopback));
	core_announce(core);
}

static inline void core_restart(struct core *core)
{
	core_reboot(core);
	KUNIT_ASSERT_EQ(core->test, OK, core_start(core, 64));
}

static inline struct core *core_up(struct kunit *test, const char *name,
				   const struct property_entry *properties)
{
	struct core *core = core_create(test, name, properties, false);

	KUNIT_ASSERT_EQ(test, CARVEOUT_RPMSG_OK, core_start(core, 64));
	return core;
}

static inline u32 core_alloc(struct core *core, const char *tag, u64 size, u32 flags,
			     struct carveout_rpmsg_answer *answer)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_ALLOC, tag);

	request.fixed.size_lo = cpu_to_le32(lower_32_bits(size));
	request.fixed.size_hi = cpu_to_le32(upper_32_bits(size));
	request.fixed.flags = cpu_to_le32(flags);
	request.fixed.mode = cpu_to_le16(tag ? 0666 : 0);
	return core_call(core, &request, answer);
}

static inline u32 core_open(struct core *core, const char *tag, u32 flags,
			    struct carveout_rpmsg_answer *answer)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_OPEN, tag);

	request.fixed.flags = cpu_to_le32(flags);
	return core_call(core, &request, answer);
}

/* A request that has a handle and nothing else. */
static inline u32 core_on_handle(struct core *core, u8 op, __le32 handle,
				 struct carveout_rpmsg_answer *answer)
{
	struct core_request request = core_request(core, op, NULL);

	request.fixed.handle = handle;
	return core_call(core, &request, answer);
}

static inline u32 core_put(struct core *core, __le32 handle)
{
	return core_on_handle(core, CARVEOUT_RPMSG_PUT, handle, NULL);
}

static inline u32 core_plain(struct core *core, u8 op)
{
	struct core_request request = core_request(core, op, NULL);

	return core_call(core, &request, NULL);
}

static inline u32 core_unlink(struct core *core, const char *tag)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_UNLINK, tag);

	return core_call(core, &request, NULL);
}

/* The processor's own view of its memory, as far as it has its physical address. */
static inline void *core_memory(const struct carveout_rpmsg_answer *answer)
{
	return phys_to_virt(core_addr(answer));
}

#endif /* CARVEOUT_TESTS_CORE_H */
