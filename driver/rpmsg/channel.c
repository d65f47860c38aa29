// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: messages from and to a remote processor.
 *
 * The callback of the bus runs with the lock of the endpoint held, and holds up all messages
 * of that processor. It only copies a request into a call and queues the work of the
 * channel. The work handles one request at a time. A processor that sends more than there are
 * calls loses its messages.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../version.h"
#include "channel.h"

/* Pause between two hellos. */
#define HELLO_MS	500
/* A processor that has not answered by then is asleep, or has no use for a session. */
#define HELLOS		20

struct workqueue_struct *carveout_rpmsg_wq;

/* === Sessions ============================================================= */

/* A hello that waited for room has kept the next one from being due. */
static void hello_sent(struct carveout_message *message)
{
	carveout_channel_kick(container_of(message, struct carveout_channel, hello));
}

static void adopt(struct carveout_channel *channel, struct carveout_remote_session *session)
{
	channel->session = session;
	channel->hellos = HELLOS;
	channel->next_hello = jiffies;
}

/* End the waits, the watches and the directory of the channel, before the session ends. */
static void quiesce(struct carveout_channel *channel)
{
	carveout_waits_drop(channel);
	if (channel->session)
		carveout_directory_close(channel->session->directory);
}

/* End the session, if there is one, and open another one. */
static void renew(struct carveout_channel *channel,
		  void (*end)(struct carveout_remote_session *session))
{
	struct carveout_remote_session *session;

	quiesce(channel);
	if (channel->session)
		end(channel->session);
	channel->session = NULL;
	session = carveout_remote_session_open(&channel->rpdev->dev);
	/* If this fails, the next request of the processor tries again. */
	if (!IS_ERR(session))
		adopt(channel, session);
}

/* The processor learns the address of this endpoint from the hello, so it is repeated. */
static void send_hello(struct carveout_channel *channel)
{
	struct carveout_remote_session *session = channel->session;
	struct carveout_rpmsg_answer *hello = &channel->hello.answer;
	unsigned long now = jiffies;

	if (!session || session->started || !channel->hellos ||
	    !list_empty(&channel->hello.node))
		return;
	if (time_before(now, channel->next_hello)) {
		carveout_channel_kick_in(channel, jiffies_to_msecs(channel->next_hello - now));
		return;
	}
	channel->hellos--;
	channel->next_hello = now + msecs_to_jiffies(HELLO_MS);
	carveout_answer_init(channel, hello, CARVEOUT_RPMSG_HELLO, 0);
	hello->handle = cpu_to_le32(channel->tag_len);
	hello->index = cpu_to_le32(CARVEOUT_RPMSG_CREDITS);
	hello->value = cpu_to_le32(session->policy.handles);
	hello->size_lo = cpu_to_le32(session->policy.waits);
	carveout_channel_send(channel, &channel->hello);
}

/* === Receiving ============================================================ */

static bool is_well_formed(struct carveout_channel *channel,
			   const struct carveout_rpmsg_request *request, u32 len)
{
	const struct carveout_rpmsg_header *header = &request->header;

	return le32_to_cpu(header->magic) == CARVEOUT_RPMSG_MAGIC &&
	       header->version == CARVEOUT_RPMSG_VERSION &&
	       le16_to_cpu(header->length) == len;
}

/*
 * The buffer of the message is memory that the processor writes to at any time: it is read
 * once, and the copy is checked. @len may exceed the buffer, if the processor states that it
 * used less of it than a header has.
 */
static int receive(struct rpmsg_device *rpdev, void *data, int len, void *priv, u32 src)
{
	/* Pairs with channel_probe(): the endpoint exists before the channel. */
	struct carveout_channel *channel = smp_load_acquire(&rpdev->dev.driver_data);
	struct carveout_call *call;

	if (!channel)
		return 0;
	if (len != CARVEOUT_RPMSG_REQUEST_LEN + channel->tag_len) {
		dev_warn_ratelimited(&rpdev->dev, "message of %d bytes is dropped\n", len);
		return 0;
	}
	call = carveout_channel_take(channel);
	if (!call) {
		dev_warn_ratelimited(&rpdev->dev,
				     "message is dropped: more than %d without an answer\n",
				     CARVEOUT_RPMSG_CREDITS);
		return 0;
	}
	memcpy(&call->request, data, sizeof(call->request));
	memcpy(call->tag, data + sizeof(call->request), channel->tag_len);
	if (is_well_formed(channel, &call->request, len)) {
		carveout_channel_receive(call);
		return 0;
	}
	carveout_channel_release(call);
	dev_warn_ratelimited(&rpdev->dev, "malformed message is dropped\n");
	return 0;
}

static void after(struct carveout_channel *channel, enum carveout_request_effect effect)
{
	switch (effect) {
	case CARVEOUT_REQUEST_PLAIN:
		break;
	case CARVEOUT_REQUEST_GREET:
		channel->hellos = HELLOS;
		break;
	case CARVEOUT_REQUEST_RENEW:
		renew(channel, carveout_remote_session_end);
		break;
	case CARVEOUT_REQUEST_RESTART:
		/* Nothing proves that the processor was reset. */
		renew(channel, carveout_remote_session_hold);
		break;
	}
}

/* One request, then queue the work again: a flood of requests does not occupy a worker. */
static void channel_work(struct work_struct *work)
{
	struct carveout_channel *channel = container_of(work, struct carveout_channel, work);
	struct carveout_call *call = carveout_channel_next(channel);

	if (call) {
		after(channel, carveout_request_handle(call));
		carveout_channel_kick(channel);
	}
	carveout_waits_complete(channel);
	carveout_watches_report(channel);
	/* Requests are first: a process that changes tags without end must not delay them. */
	if (!call && channel->session)
		carveout_directory_update(channel->session->directory);
	send_hello(channel);
	carveout_channel_flush(channel);
}

static void retry_work(struct work_struct *work)
{
	carveout_channel_kick(container_of(to_delayed_work(work), struct carveout_channel,
					   retry));
}

/* === Channels ============================================================= */

static struct carveout_channel *create_channel(struct rpmsg_device *rpdev, u32 tag_len)
{
	struct carveout_channel *channel;
	unsigned int i;

	/* Freed after the endpoint, whose callback uses it. */
	channel = devm_kzalloc(&rpdev->dev, sizeof(*channel), GFP_KERNEL);
	if (!channel)
		return NULL;
	channel->rpdev = rpdev;
	channel->tag_len = tag_len;
	INIT_WORK(&channel->work, channel_work);
	INIT_DELAYED_WORK(&channel->retry, retry_work);
	INIT_LIST_HEAD(&channel->waits);
	INIT_LIST_HEAD(&channel->hello.node);
	channel->hello.sent = hello_sent;
	carveout_channel_init(channel);
	for (i = 0; i < CARVEOUT_REMOTE_HEAPS; i++) {
		channel->watch[i].channel = channel;
		INIT_LIST_HEAD(&channel->watch[i].message.node);
	}
	return channel;
}

/* The length of the field for a tag: messages of the channel have room for no more. */
static int measure_tag(struct rpmsg_device *rpdev)
{
	ssize_t mtu = rpmsg_get_mtu(rpdev->ept);

	/* A bus that does not report it has room for 64 bytes at least. */
	if (mtu < 0)
		mtu = CARVEOUT_RPMSG_REQUEST_LEN + CARVEOUT_RPMSG_TAG_MIN;
	if (mtu < CARVEOUT_RPMSG_REQUEST_LEN + CARVEOUT_RPMSG_TAG_MIN) {
		dev_err(&rpdev->dev, "messages of %zd bytes are too short, 64 are needed\n", mtu);
		return -EMSGSIZE;
	}
	return min_t(ssize_t, mtu - CARVEOUT_RPMSG_REQUEST_LEN, CARVEOUT_RPMSG_TAG_MAX);
}

static int channel_probe(struct rpmsg_device *rpdev)
{
	struct carveout_remote_session *session;
	struct carveout_channel *channel;
	int tag_len = measure_tag(rpdev);

	if (tag_len < 0)
		return tag_len;
	session = carveout_remote_session_open(&rpdev->dev);
	if (IS_ERR(session))
		return PTR_ERR(session);
	channel = create_channel(rpdev, tag_len);
	if (!channel) {
		carveout_remote_session_end(session);
		return -ENOMEM;
	}
	adopt(channel, session);
	/* Pairs with receive(). */
	smp_store_release(&rpdev->dev.driver_data, channel);
	carveout_channel_kick(channel);
	return 0;
}

/* The callback may still run, but queues nothing once the channel is closed. */
static void channel_remove(struct rpmsg_device *rpdev)
{
	struct carveout_channel *channel = dev_get_drvdata(&rpdev->dev);

	carveout_channel_close(channel);
	cancel_delayed_work_sync(&channel->retry);
	cancel_work_sync(&channel->work);
	quiesce(channel);
	carveout_channel_drop(channel);
	if (channel->session)
		carveout_remote_session_hold(channel->session);
}

static const struct rpmsg_device_id channel_ids[] = {
	{ .name = CARVEOUT_RPMSG_NAME },
	{}
};
MODULE_DEVICE_TABLE(rpmsg, channel_ids);

static struct rpmsg_driver channel_driver = {
	.drv.name = "carveout_rpmsg",
	.id_table = channel_ids,
	.probe = channel_probe,
	.callback = receive,
	.remove = channel_remove,
};

static int __init carveout_rpmsg_init(void)
{
	int ret;

	carveout_rpmsg_wq = alloc_workqueue("carveout_rpmsg", WQ_UNBOUND, 0);
	if (!carveout_rpmsg_wq)
		return -ENOMEM;
	ret = carveout_remotes_init();
	if (ret)
		goto destroy;
	ret = register_rpmsg_driver(&channel_driver);
	if (ret)
		goto exit;
	return 0;

exit:
	carveout_remotes_exit();
destroy:
	destroy_workqueue(carveout_rpmsg_wq);
	return ret;
}

/* No session is started, and nothing is held: either holds the module. */
static void __exit carveout_rpmsg_exit(void)
{
	unregister_rpmsg_driver(&channel_driver);
	carveout_remotes_exit();
	destroy_workqueue(carveout_rpmsg_wq);
}

module_init(carveout_rpmsg_init);
module_exit(carveout_rpmsg_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Heaps of reserved memory for other processors, over rpmsg");
MODULE_VERSION(CARVEOUT_VERSION);
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
