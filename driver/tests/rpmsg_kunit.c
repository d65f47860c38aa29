// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the platform that the tests of carveout's rpmsg service stand on: the kernel's
 * rpmsg bus over a loop-back device, with a driver that is only here.
 *
 * A message has a number, which determines its length and its content. The messages of either
 * side are numbered from 0 on, so that one that is lost, changed, repeated or overtaken is
 * noticed by its receiver.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/rpmsg.h>
#include <linux/sched.h>

#include "fixture.h"
#include "loopback.h"

#define NAME		"echo"
/* Address of the service on the core. */
#define ADDR		0x400
#define MESSAGES	1000

/* === Messages ============================================================= */

static unsigned int length_of(unsigned int number)
{
	/* Each length is there. */
	return number % (LOOPBACK_PAYLOAD + 1);
}

static void fill(u8 *data, unsigned int number)
{
	unsigned int i;

	for (i = 0; i < length_of(number); i++)
		data[i] = number + number / 256 + 3 * i;
}

static bool is_message(const void *data, unsigned int len, unsigned int number)
{
	u8 expected[LOOPBACK_PAYLOAD];

	fill(expected, number);
	return len == length_of(number) && !memcmp(data, expected, len);
}

/* === Linux: the driver of a channel ======================================= */

/**
 * struct channel - A channel of the driver
 * @entry: in echo.channels
 * @rpdev: the device
 * @flood: sends until the channel is removed, or NULL
 * @received: messages of a possible length
 * @bad: those of them that are not the expected one
 * @oversize: messages that are longer than a buffer
 */
struct channel {
	struct list_head entry;
	struct rpmsg_device *rpdev;
	struct task_struct *flood;
	unsigned int received;
	unsigned int bad;
	unsigned int oversize;
};

/**
 * struct echo - State of the driver
 * @lock: protects @channels
 * @channels: all channels
 * @registered: the driver is registered
 * @floods: each channel has a thread that sends
 * @probed: channels that there have been
 * @late: callbacks after the removal of their channel
 */
static struct echo {
	struct mutex lock;	/* the list */
	struct list_head channels;
	bool registered;
	bool floods;
	unsigned int probed;
	unsigned int late;
} echo;

static int flood_main(void *data)
{
	struct rpmsg_device *rpdev = data;
	u8 message[4] = {};

	while (!kthread_should_stop()) {
		if (rpmsg_trysend(rpdev->ept, message, sizeof(message)))
			usleep_range(50, 100);
		cond_resched();
	}
	return 0;
}

static int echo_probe(struct rpmsg_device *rpdev)
{
	struct channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL);

	if (!channel)
		return -ENOMEM;
	channel->rpdev = rpdev;
	if (echo.floods) {
		channel->flood = kthread_run(flood_main, rpdev, "carveout-flood");
		if (IS_ERR(channel->flood)) {
			kfree(channel);
			return -ENOMEM;
		}
	}
	dev_set_drvdata(&rpdev->dev, channel);
	mutex_lock(&echo.lock);
	list_add_tail(&channel->entry, &echo.channels);
	echo.probed++;
	mutex_unlock(&echo.lock);
	return 0;
}

static void echo_remove(struct rpmsg_device *rpdev)
{
	struct channel *channel = dev_get_drvdata(&rpdev->dev);

	if (channel->flood)
		kthread_stop(channel->flood);
	mutex_lock(&echo.lock);
	list_del(&channel->entry);
	mutex_unlock(&echo.lock);
	dev_set_drvdata(&rpdev->dev, NULL);
	kfree(channel);
}

static int echo_callback(struct rpmsg_device *rpdev, void *data, int len, void *priv, u32 src)
{
	struct channel *channel = dev_get_drvdata(&rpdev->dev);

	if (!channel) {
		echo.late++;
		return 0;
	}
	/* The data of such a message is not all in the buffer. */
	if (len > LOOPBACK_PAYLOAD) {
		channel->oversize++;
		return 0;
	}
	if (!is_message(data, len, channel->received) || src != ADDR)
		channel->bad++;
	WRITE_ONCE(channel->received, channel->received + 1);
	return 0;
}

static const struct rpmsg_device_id echo_ids[] = {
	{ .name = NAME },
	{}
};

static struct rpmsg_driver echo_driver = {
	.drv.name = "carveout_echo",
	.id_table = echo_ids,
	.probe = echo_probe,
	.remove = echo_remove,
	.callback = echo_callback,
};

static unsigned int count_channels(void)
{
	struct channel *channel;
	unsigned int count = 0;

	mutex_lock(&echo.lock);
	list_for_each_entry(channel, &echo.channels, entry)
		count++;
	mutex_unlock(&echo.lock);
	return count;
}

static bool is_above(struct device *core, struct device *dev)
{
	while (dev && dev != core)
		dev = dev->parent;
	return dev;
}

/* A channel of a device, or NULL. It lasts until its removal. */
static struct channel *channel_of(struct loopback *loopback)
{
	struct channel *channel, *found = NULL;

	mutex_lock(&echo.lock);
	list_for_each_entry(channel, &echo.channels, entry) {
		if (is_above(loopback_core(loopback), &channel->rpdev->dev))
			found = channel;
	}
	mutex_unlock(&echo.lock);
	return found;
}

/* === The core ============================================================= */

/**
 * struct core - State of a core
 * @quiet: messages are not sent back
 * @received: messages of Linux
 * @bad: those of them that are not the expected one
 * @failed: messages that were not sent back
 * @src: sender of the last message
 */
struct core {
	bool quiet;
	unsigned int received;
	unsigned int bad;
	unsigned int failed;
	u32 src;
};

static void core_receive(struct loopback *loopback, const struct loopback_message *message)
{
	struct core *core = loopback_priv(loopback);

	if (!is_message(message->data, message->len, core->received) || message->dst != ADDR)
		core->bad++;
	core->src = message->src;
	/* Linux may look at the count once it has the message. */
	WRITE_ONCE(core->received, core->received + 1);
	if (!core->quiet && loopback_send(loopback, ADDR, message->src, message->data,
					  message->len))
		core->failed++;
}

static struct loopback *make_core(struct kunit *test, const char *name, struct core *core)
{
	const struct loopback_config config = {
		.name = name,
		.receive = core_receive,
		.priv = core,
	};

	return loopback_create(test, &config);
}

/* Announce the service; the channel is there. */
static struct channel *announce(struct kunit *test, struct loopback *loopback)
{
	struct channel *channel;

	KUNIT_ASSERT_EQ(test, 0, loopback_announce(loopback, NAME, ADDR));
	channel = channel_of(loopback);
	KUNIT_ASSERT_NOT_NULL(test, channel);
	return channel;
}

/* === Both ================================================================= */

/**
 * struct talk - A conversation, which Linux begins
 * @channel: the channel
 * @from: number of the first message
 * @count: how many messages Linux sends
 */
struct talk {
	struct channel *channel;
	unsigned int from;
	unsigned int count;
};

/* Send all messages, and wait until all have been echoed; 0 or an error. */
static int talk_main(void *data)
{
	struct talk *talk = data;
	unsigned int end = talk->from + talk->count, i;
	u8 message[LOOPBACK_PAYLOAD];
	int err = 0;

	for (i = talk->from; !err && i < end; i++) {
		fill(message, i);
		BECOMES_TRUE((err = rpmsg_trysend(talk->channel->rpdev->ept, message,
						  length_of(i))) != -ENOMEM);
	}
	if (!err && !BECOMES_TRUE(READ_ONCE(talk->channel->received) == end))
		err = -ETIMEDOUT;
	return err;
}

static int talk(struct channel *channel, unsigned int count)
{
	struct talk talk = { .channel = channel, .from = channel->received, .count = count };

	return talk_main(&talk);
}

/* Each side has received so many messages, and all as expected. */
static void expect_received(struct kunit *test, const struct core *core,
			    const struct channel *channel, unsigned int count)
{
	KUNIT_EXPECT_EQ(test, count, core->received);
	KUNIT_EXPECT_EQ(test, 0U, core->bad);
	KUNIT_EXPECT_EQ(test, 0U, core->failed);
	KUNIT_EXPECT_EQ(test, channel->rpdev->ept->addr, core->src);
	KUNIT_EXPECT_EQ(test, count, channel->received);
	KUNIT_EXPECT_EQ(test, 0U, channel->bad);
	KUNIT_EXPECT_EQ(test, 0U, channel->oversize);
}

/* === The tests ============================================================ */

static void carveout_loopback_names(struct kunit *test)
{
	struct core core = {};
	struct loopback *loopback = make_core(test, "core", &core);

	KUNIT_EXPECT_EQ(test, 0U, count_channels());
	KUNIT_EXPECT_EQ(test, 0, loopback_announce(loopback, "other", ADDR));
	KUNIT_EXPECT_EQ(test, 0U, count_channels());
	KUNIT_EXPECT_EQ(test, (u32)ADDR, announce(test, loopback)->rpdev->dst);
	/* A name and an address have one channel. */
	KUNIT_EXPECT_EQ(test, 0, loopback_announce(loopback, NAME, ADDR));
	KUNIT_EXPECT_EQ(test, 1U, count_channels());
	KUNIT_EXPECT_EQ(test, 0, loopback_announce(loopback, NAME, ADDR + 1));
	KUNIT_EXPECT_EQ(test, 2U, count_channels());
	KUNIT_EXPECT_EQ(test, 0, loopback_unannounce(loopback, NAME, ADDR + 1));
	KUNIT_EXPECT_EQ(test, 1U, count_channels());
	KUNIT_EXPECT_EQ(test, 0, loopback_unannounce(loopback, NAME, ADDR));
	KUNIT_EXPECT_EQ(test, 0U, count_channels());
	KUNIT_EXPECT_EQ(test, 2U, echo.probed);
}

static void carveout_loopback_echo(struct kunit *test)
{
	struct core core = {};
	struct loopback *loopback = make_core(test, "core", &core);
	struct channel *channel = announce(test, loopback);
	unsigned int buffers = loopback_buffers(loopback);

	KUNIT_EXPECT_EQ(test, LOOPBACK_RING, (int)buffers);
	KUNIT_EXPECT_EQ(test, 0, talk(channel, MESSAGES));
	expect_received(test, &core, channel, MESSAGES);
	KUNIT_EXPECT_EQ(test, buffers, loopback_buffers(loopback));
}

/* A message fills a buffer at most. */
static void carveout_loopback_lengths(struct kunit *test)
{
	static const unsigned int lengths[] = { 0, 1, LOOPBACK_PAYLOAD };
	struct core core = {};
	struct loopback *loopback = make_core(test, "core", &core);
	struct channel *channel = announce(test, loopback);
	u8 message[LOOPBACK_PAYLOAD + 1] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		core.received = lengths[i];
		channel->received = lengths[i];
		KUNIT_EXPECT_EQ(test, 0, talk(channel, 1));
		expect_received(test, &core, channel, lengths[i] + 1);
	}
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			rpmsg_trysend(channel->rpdev->ept, message, sizeof(message)));
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			loopback_send(loopback, ADDR, core.src, message, sizeof(message)));
}

static void carveout_loopback_two_devices(struct kunit *test)
{
	static const char * const names[] = { "core0", "core1" };
	struct loopback *loopback[ARRAY_SIZE(names)];
	struct task_struct *task[ARRAY_SIZE(names)];
	struct talk talk[ARRAY_SIZE(names)];
	struct core core[ARRAY_SIZE(names)] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		loopback[i] = make_core(test, names[i], &core[i]);
		talk[i] = (struct talk){
			.channel = announce(test, loopback[i]),
			.count = MESSAGES - i,
		};
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		task[i] = thread_run(test, talk_main, &talk[i], names[i]);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_EQ(test, 0, thread_join(task[i]));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_received(test, &core[i], talk[i].channel, MESSAGES - i);
	/* One of them ends, and the other one has not noticed. */
	loopback_destroy(loopback[0]);
	KUNIT_EXPECT_EQ(test, 1U, count_channels());
	KUNIT_EXPECT_EQ(test, 0, talk_main(&(struct talk){
		.channel = talk[1].channel, .from = MESSAGES - 1, .count = 10 }));
	expect_received(test, &core[1], talk[1].channel, MESSAGES + 9);
}

/* A driver finds the properties of its core as it does with remoteproc. */
static void carveout_loopback_properties(struct kunit *test)
{
	static const struct property_entry properties[] = {
		PROPERTY_ENTRY_U32("test-number", 42),
		{}
	};
	const struct loopback_config config = { .name = "core", .properties = properties };
	struct loopback *loopback = loopback_create(test, &config);
	struct device *dev = &announce(test, loopback)->rpdev->dev;
	u32 number = 0;

	while (dev && !device_property_present(dev, "test-number"))
		dev = dev->parent;
	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_EXPECT_PTR_EQ(test, loopback_core(loopback), dev);
	KUNIT_EXPECT_EQ(test, 0, device_property_read_u32(dev, "test-number", &number));
	KUNIT_EXPECT_EQ(test, 42U, number);
}

static void carveout_loopback_rounds(struct kunit *test)
{
	struct loopback *loopback;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct core core = {};
		struct channel *channel;

		loopback = make_core(test, "core", &core);
		channel = announce(test, loopback);
		KUNIT_EXPECT_EQ(test, 0, talk(channel, 2));
		expect_received(test, &core, channel, 2);
		loopback_destroy(loopback);
		KUNIT_EXPECT_EQ(test, 0U, count_channels());
	}
	KUNIT_EXPECT_EQ(test, 50U, echo.probed);
}

/* A core that was stopped is not reached, and starts anew. */
static void carveout_loopback_restarts(struct kunit *test)
{
	struct core core = {};
	struct loopback *loopback = make_core(test, "core", &core);
	struct device *dev = loopback_core(loopback);
	struct channel *channel;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		core = (struct core){};
		channel = announce(test, loopback);
		KUNIT_EXPECT_EQ(test, 0, talk(channel, 2));
		expect_received(test, &core, channel, 2);
		loopback_stop(loopback);
		KUNIT_EXPECT_EQ(test, 0U, count_channels());
		KUNIT_EXPECT_EQ(test, -ENODEV, loopback_announce(loopback, NAME, ADDR));
		KUNIT_EXPECT_EQ(test, 0U, loopback_buffers(loopback));
		KUNIT_ASSERT_EQ(test, 0, loopback_start(loopback));
		KUNIT_EXPECT_PTR_EQ(test, dev, loopback_core(loopback));
	}
}

/**
 * struct core_flood - A thread that sends to Linux until the core is stopped
 * @loopback: the device
 * @dst: address of the receiver
 */
struct core_flood {
	struct loopback *loopback;
	u32 dst;
};

static int core_flood_main(void *data)
{
	struct core_flood *flood = data;
	u8 message[4] = {};
	int err;

	do {
		cond_resched();
		err = loopback_send(flood->loopback, ADDR, flood->dst, message, sizeof(message));
	} while (!err);
	return err;
}

/*
 * Both sides send without a pause. The channel is removed in the middle, by the core's word
 * or at its end.
 */
static void remove_in_flight(struct kunit *test, bool unannounce)
{
	struct core core = { .quiet = true };
	struct loopback *loopback = make_core(test, "core", &core);
	struct channel *channel = announce(test, loopback);
	struct core_flood flood = { .loopback = loopback, .dst = channel->rpdev->src };
	struct task_struct *task = thread_run(test, core_flood_main, &flood, "core");

	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(core.received) >= 20 &&
					     READ_ONCE(channel->received) >= 20));
	if (unannounce)
		KUNIT_EXPECT_EQ(test, 0, loopback_unannounce(loopback, NAME, ADDR));
	else
		loopback_stop(loopback);
	KUNIT_EXPECT_EQ(test, 0U, count_channels());
	loopback_stop(loopback);
	KUNIT_EXPECT_EQ(test, -ENODEV, thread_join(task));
	loopback_destroy(loopback);
}

static void carveout_loopback_removal_in_flight(struct kunit *test)
{
	unsigned int rounds = DEFAULT_ROUNDS * 40 / 100, i;

	echo.floods = true;
	for (i = 0; i < rounds; i++)
		remove_in_flight(test, i % 2);
	KUNIT_EXPECT_EQ(test, rounds, echo.probed);
	KUNIT_EXPECT_EQ(test, 0U, echo.late);
}

static int send_main(void *data)
{
	struct channel *channel = data;
	u8 message[LOOPBACK_PAYLOAD];
	unsigned int i;
	int err = 0;

	for (i = 8; !err && i < 24; i++) {
		fill(message, i);
		/* The bus itself waits with a mutex in the condition: debug kernels report it. */
		BECOMES_TRUE((err = rpmsg_trysend(channel->rpdev->ept, message,
						  length_of(i))) != -ENOMEM);
	}
	return err;
}

/* Nothing is received until the test polls: then Linux, which waits for room, has it. */
static void carveout_loopback_polled(struct kunit *test)
{
	struct core core = {};
	const struct loopback_config config = {
		.name = "core", .ring = 8, .polled = true, .receive = core_receive, .priv = &core,
	};
	struct loopback *loopback = loopback_create(test, &config);
	struct channel *channel = announce(test, loopback);
	struct task_struct *task;
	u8 message[LOOPBACK_PAYLOAD];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		fill(message, i);
		KUNIT_EXPECT_EQ(test, 0, rpmsg_trysend(channel->rpdev->ept, message, length_of(i)));
	}
	KUNIT_EXPECT_EQ(test, -ENOMEM, rpmsg_trysend(channel->rpdev->ept, message, length_of(8)));
	KUNIT_EXPECT_EQ(test, 0U, core.received);
	task = thread_run(test, send_main, channel, "send");
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE((loopback_poll(loopback), core.received == 24)));
	KUNIT_EXPECT_EQ(test, 0, thread_join(task));
	KUNIT_EXPECT_EQ(test, 0U, loopback_poll(loopback));
	expect_received(test, &core, channel, 24);
}

/*
 * Lengths that are not true. The bus has no limit below the header's 16 bytes: up to now it
 * passes such a message on with any length; a kernel that refuses it loses the buffer.
 */
static void carveout_loopback_lies(struct kunit *test)
{
	static const struct loopback_lie short_lie = { .header = 60000, .used = 8 };
	static const struct loopback_lie long_lie = { .header = 4, .used = LOOPBACK_BUF + 1 };
	static const struct loopback_lie inner_lie = { .header = 5, .used = LOOPBACK_HEADER + 4 };
	struct core core = {};
	struct loopback *loopback = make_core(test, "core", &core);
	struct channel *channel = announce(test, loopback);
	unsigned int buffers = loopback_buffers(loopback);
	u32 dst = channel->rpdev->src;

	KUNIT_EXPECT_EQ(test, 0, loopback_send_lie(loopback, ADDR, dst, "lie", 4, &short_lie));
	KUNIT_EXPECT_EQ(test, buffers, loopback_buffers(loopback) + !channel->oversize);
	KUNIT_EXPECT_EQ(test, 0U, channel->received);
	kunit_info(test, "a message shorter than its header is %s\n",
		   channel->oversize ? "passed on" : "refused");
	channel->oversize = 0;
	KUNIT_EXPECT_EQ(test, 0, loopback_send_lie(loopback, ADDR, dst, "lie", 4, &long_lie));
	KUNIT_EXPECT_EQ(test, 0, loopback_send_lie(loopback, ADDR, dst, "lie", 4, &inner_lie));
	KUNIT_EXPECT_EQ(test, 0U, channel->received);
	/* An address without an endpoint. */
	buffers = loopback_buffers(loopback);
	KUNIT_EXPECT_EQ(test, 0, loopback_send(loopback, ADDR, dst + 1, "lie", 4));
	KUNIT_EXPECT_EQ(test, buffers, loopback_buffers(loopback));
	/* The channel still works. */
	KUNIT_EXPECT_EQ(test, 0, talk(channel, MESSAGES));
	expect_received(test, &core, channel, MESSAGES);
}

static int echo_init(struct kunit *test)
{
	int err = fixture_init(test);

	if (err)
		return err;
	memset(&echo, 0, sizeof(echo));
	mutex_init(&echo.lock);
	INIT_LIST_HEAD(&echo.channels);
	/* Without an owner: KUnit of 6.1 runs a suite before sysfs knows its module. */
	err = __register_rpmsg_driver(&echo_driver, NULL);
	echo.registered = !err;
	return err;
}

static void echo_exit(struct kunit *test)
{
	loopback_destroy_all();
	if (echo.registered)
		unregister_rpmsg_driver(&echo_driver);
	echo.registered = false;
	fixture_exit(test);
}

static struct kunit_case rpmsg_cases[] = {
	KUNIT_CASE(carveout_loopback_names),
	KUNIT_CASE(carveout_loopback_echo),
	KUNIT_CASE(carveout_loopback_lengths),
	KUNIT_CASE(carveout_loopback_two_devices),
	KUNIT_CASE(carveout_loopback_properties),
	KUNIT_CASE(carveout_loopback_rounds),
	KUNIT_CASE(carveout_loopback_restarts),
	KUNIT_CASE(carveout_loopback_removal_in_flight),
	KUNIT_CASE(carveout_loopback_polled),
	KUNIT_CASE(carveout_loopback_lies),
	{}
};

static struct kunit_suite rpmsg_suite = {
	.name = "carveout_rpmsg",
	.init = echo_init,
	.exit = echo_exit,
	.test_cases = rpmsg_cases,
};

kunit_test_suite(rpmsg_suite);

MODULE_DESCRIPTION("KUnit suite of the rpmsg bus over a loop-back device");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
