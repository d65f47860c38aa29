// SPDX-License-Identifier: GPL-2.0
/*
 * The queues of a channel: free calls, requests to be handled, messages to be sent.
 *
 * A call is in use from the receipt of a request until its answer is sent, or until the
 * request waits, so the number of calls and that of waits bound the requests in flight.
 * Nothing is allocated to receive a request or to send its answer.
 *
 * rpmsg_send() would wait for 15 s for a processor that no longer takes messages. A message
 * that finds no room remains queued, in order, and is tried again later.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/rpmsg.h>
#include <linux/spinlock.h>

#include "channel.h"

/* A message that found no room is tried again after this, and after twice the time. */
#define RETRY_MS	2
#define MAX_RETRY_MS	64

/* === Work ================================================================= */

static void kick_locked(struct carveout_channel *channel)
{
	lockdep_assert_held(&channel->lock);
	if (!channel->closed)
		queue_work(carveout_rpmsg_wq, &channel->work);
}

/**
 * carveout_channel_kick() - Queue the work of a channel, unless it is closed
 * @channel: the channel
 *
 * Context: Any context.
 */
void carveout_channel_kick(struct carveout_channel *channel)
{
	unsigned long flags;

	spin_lock_irqsave(&channel->lock, flags);
	kick_locked(channel);
	spin_unlock_irqrestore(&channel->lock, flags);
}

/**
 * carveout_channel_kick_in() - Queue the work of a channel later, unless it is closed
 * @channel: the channel
 * @ms: milliseconds
 *
 * Context: Process context.
 */
void carveout_channel_kick_in(struct carveout_channel *channel, unsigned int ms)
{
	spin_lock_irq(&channel->lock);
	if (!channel->closed)
		mod_delayed_work(carveout_rpmsg_wq, &channel->retry, msecs_to_jiffies(ms));
	spin_unlock_irq(&channel->lock);
}

/* === Sending ============================================================== */

/**
 * carveout_channel_send() - Queue a message to the processor
 * @channel: the channel
 * @message: a message that is not queued
 *
 * Context: The work of the channel.
 */
void carveout_channel_send(struct carveout_channel *channel, struct carveout_message *message)
{
	spin_lock_irq(&channel->lock);
	list_add_tail(&message->node, &channel->answers);
	spin_unlock_irq(&channel->lock);
}

static struct carveout_message *first_answer(struct carveout_channel *channel)
{
	struct carveout_message *message;

	spin_lock_irq(&channel->lock);
	message = list_first_entry_or_null(&channel->answers, struct carveout_message, node);
	spin_unlock_irq(&channel->lock);
	return message;
}

static void finish(struct carveout_channel *channel, struct carveout_message *message)
{
	spin_lock_irq(&channel->lock);
	list_del_init(&message->node);
	spin_unlock_irq(&channel->lock);
	if (message->sent)
		message->sent(message);
}

/**
 * carveout_channel_flush() - Send messages in order while there is room
 * @channel: the channel
 *
 * Context: The work of the channel.
 */
void carveout_channel_flush(struct carveout_channel *channel)
{
	struct carveout_message *message;
	int ret;

	while ((message = first_answer(channel))) {
		ret = rpmsg_trysend(channel->rpdev->ept, &message->answer,
				    sizeof(message->answer));
		if (ret == -ENOMEM || ret == -EAGAIN || ret == -EBUSY || ret == -ENOSPC) {
			carveout_channel_kick_in(channel, channel->retry_ms);
			channel->retry_ms = min(2 * channel->retry_ms, MAX_RETRY_MS);
			return;
		}
		channel->retry_ms = RETRY_MS;
		if (ret)
			dev_err_ratelimited(&channel->rpdev->dev, "message is lost: error %d\n",
					    ret);
		finish(channel, message);
	}
}

/**
 * carveout_channel_drop() - Drop all messages
 * @channel: a channel that is closed, whose work does not run
 *
 * Context: Process context.
 */
void carveout_channel_drop(struct carveout_channel *channel)
{
	struct carveout_message *message;

	while ((message = first_answer(channel)))
		finish(channel, message);
}

/* === Requests ============================================================= */

/**
 * carveout_channel_release() - Free a call for another request
 * @call: a call whose answer is sent, or is the message of a wait, or that is malformed
 *
 * Context: Any context.
 */
void carveout_channel_release(struct carveout_call *call)
{
	struct carveout_channel *channel = call->channel;
	unsigned long flags;

	spin_lock_irqsave(&channel->lock, flags);
	list_add(&call->node, &channel->free);
	spin_unlock_irqrestore(&channel->lock, flags);
}

static void answer_sent(struct carveout_message *message)
{
	carveout_channel_release(container_of(message, struct carveout_call, message));
}

/**
 * carveout_channel_take() - Take a call for a request
 * @channel: the channel
 *
 * Context: Any context.
 * Return: the call; NULL if all are in use.
 */
struct carveout_call *carveout_channel_take(struct carveout_channel *channel)
{
	struct carveout_call *call;
	unsigned long flags;

	spin_lock_irqsave(&channel->lock, flags);
	call = list_first_entry_or_null(&channel->free, struct carveout_call, node);
	if (call)
		list_del(&call->node);
	spin_unlock_irqrestore(&channel->lock, flags);
	return call;
}

/**
 * carveout_channel_receive() - Queue a request
 * @call: a call from carveout_channel_take(), with the request
 *
 * A channel that is closed takes none.
 *
 * Context: Any context.
 */
void carveout_channel_receive(struct carveout_call *call)
{
	struct carveout_channel *channel = call->channel;
	unsigned long flags;

	spin_lock_irqsave(&channel->lock, flags);
	list_add_tail(&call->node, channel->closed ? &channel->free : &channel->received);
	kick_locked(channel);
	spin_unlock_irqrestore(&channel->lock, flags);
}

/**
 * carveout_channel_next() - Take the next request
 * @channel: the channel
 *
 * Context: The work of the channel.
 * Return: the request, or NULL.
 */
struct carveout_call *carveout_channel_next(struct carveout_channel *channel)
{
	struct carveout_call *call;

	spin_lock_irq(&channel->lock);
	call = list_first_entry_or_null(&channel->received, struct carveout_call, node);
	if (call)
		list_del(&call->node);
	spin_unlock_irq(&channel->lock);
	return call;
}

/**
 * carveout_channel_close() - Close a channel: nothing is queued from here on
 * @channel: the channel
 *
 * Context: Process context.
 */
void carveout_channel_close(struct carveout_channel *channel)
{
	spin_lock_irq(&channel->lock);
	channel->closed = true;
	list_splice_init(&channel->received, &channel->free);
	spin_unlock_irq(&channel->lock);
}

/**
 * carveout_channel_init() - Initialise the queues of a channel
 * @channel: the channel, with zeroed memory
 *
 * Context: Any context.
 */
void carveout_channel_init(struct carveout_channel *channel)
{
	unsigned int i;

	channel->retry_ms = RETRY_MS;
	spin_lock_init(&channel->lock);
	INIT_LIST_HEAD(&channel->free);
	INIT_LIST_HEAD(&channel->received);
	INIT_LIST_HEAD(&channel->answers);
	for (i = 0; i < CARVEOUT_RPMSG_CALLS; i++) {
		channel->call[i].channel = channel;
		channel->call[i].message.sent = answer_sent;
		list_add_tail(&channel->call[i].node, &channel->free);
	}
}
