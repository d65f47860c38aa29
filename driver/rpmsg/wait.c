// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that are answered later: waits for tags and blocks, and watches.
 *
 * The callback of a wait notes that it is complete, and queues the work of the channel. The
 * work ends the wait, which yields the result, and answers. So all of it happens in the one
 * work of the channel, except for the note.
 */

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "channel.h"

/* === Waits ================================================================ */

static void wait_ready(void *data)
{
	struct carveout_remote_wait *wait = data;

	/* Pairs with carveout_waits_complete(). */
	smp_store_release(&wait->ready, true);
	carveout_channel_kick(wait->channel);
}

static void free_wait(struct carveout_remote_wait *wait)
{
	atomic_dec(&wait->remote->nr_waits);
	kfree(wait);
}

/* The wait counts until here: a processor that takes no answers gets no further waits. */
static void wait_answered(struct carveout_message *message)
{
	struct carveout_remote_wait *wait = container_of(message, struct carveout_remote_wait,
							 message);

	free_wait(wait);
}

static ktime_t deadline_of(u32 ms)
{
	return ms == CARVEOUT_RPMSG_FOREVER ? KTIME_MAX : ktime_add_ms(ktime_get(), ms);
}

static struct carveout_remote_wait *create_wait(struct carveout_call *call)
{
	struct carveout_channel *channel = call->channel;
	const struct carveout_remote_session *session = channel->session;
	struct carveout_remote_wait *wait;

	wait = kzalloc(sizeof(*wait), GFP_KERNEL);
	if (!wait)
		return ERR_PTR(-ENOMEM);
	wait->remote = session->remote;
	/* The limit is one of all channels of the processor. */
	if ((u32)atomic_inc_return(&wait->remote->nr_waits) > session->policy.waits) {
		free_wait(wait);
		return ERR_PTR(-EMFILE);
	}
	wait->channel = channel;
	wait->id = le32_to_cpu(call->request.header.id);
	wait->message.sent = wait_answered;
	carveout_answer_init(channel, &wait->message.answer, CARVEOUT_RPMSG_ANSWER, wait->id);
	return wait;
}

/**
 * carveout_wait_tag() - Wait for a tag
 * @call: the request, with a valid tag
 * @heap: number of the heap
 * @read: for reading only
 * @ms: milliseconds, or CARVEOUT_RPMSG_FOREVER
 *
 * Context: The work of the channel. May sleep.
 * Return: 0, and the answer follows; -EMFILE with too many waits; -ENOMEM; -EINVAL for an
 * invalid tag.
 */
int carveout_wait_tag(struct carveout_call *call, unsigned int heap, bool read, u32 ms)
{
	struct carveout_remote_session *session = call->channel->session;
	struct carveout_remote_wait *wait = create_wait(call);

	if (IS_ERR(wait))
		return PTR_ERR(wait);
	wait->read = read;
	wait->tag = carveout_buf_wait_begin(session->policy.heap[heap], session->owner[heap],
					    call->tag, !read, deadline_of(ms), wait_ready,
					    wait);
	if (IS_ERR(wait->tag)) {
		int ret = PTR_ERR(wait->tag);

		free_wait(wait);
		return ret;
	}
	list_add_tail(&wait->node, &wait->channel->waits);
	return 0;
}

/**
 * carveout_wait_block() - Wait for a block
 * @call: the request
 * @handle: handle of the pool
 * @client: client of the pool
 * @ms: milliseconds, or CARVEOUT_RPMSG_FOREVER
 *
 * Context: The work of the channel. May sleep.
 * Return: 0, and the answer follows; -EMFILE with too many waits; -ENOMEM.
 */
int carveout_wait_block(struct carveout_call *call, u32 handle,
			struct carveout_pool_client *client, u32 ms)
{
	struct carveout_remote_wait *wait = create_wait(call);

	if (IS_ERR(wait))
		return PTR_ERR(wait);
	wait->handle = handle;
	wait->client = client;
	wait->block = carveout_pool_wait_begin(client, deadline_of(ms), wait_ready, wait);
	if (IS_ERR(wait->block)) {
		int ret = PTR_ERR(wait->block);

		free_wait(wait);
		return ret;
	}
	list_add_tail(&wait->node, &wait->channel->waits);
	return 0;
}

static int end_tag(struct carveout_remote_wait *wait)
{
	struct carveout_buf *buf = carveout_buf_wait_end(wait->tag);
	int ret;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_answer_buf(wait->channel, buf, wait->read, &wait->message.answer);
	carveout_buf_put(buf);
	return ret;
}

static int end_block(struct carveout_remote_wait *wait)
{
	struct carveout_pool_block block;

	return carveout_pool_wait_end(wait->block, &block) ?:
	       carveout_answer_block(wait->channel, wait->handle, wait->client, &block,
				     &wait->message.answer);
}

/* End a wait, with its result or cancelled, and answer it. */
static void answer_wait(struct carveout_remote_wait *wait)
{
	int ret;

	list_del(&wait->node);
	ret = wait->tag ? end_tag(wait) : end_block(wait);
	if (ret)
		carveout_answer_error(&wait->message.answer, ret);
	carveout_channel_send(wait->channel, &wait->message);
}

/**
 * carveout_wait_cancel() - Cancel a wait
 * @channel: the channel
 * @id: id of the request
 *
 * The wait is answered with its result, if it was complete.
 *
 * Context: The work of the channel. May sleep.
 * Return: 0; -EBADF if nothing waits under the id.
 */
int carveout_wait_cancel(struct carveout_channel *channel, u32 id)
{
	struct carveout_remote_wait *wait;

	list_for_each_entry(wait, &channel->waits, node) {
		if (wait->id != id)
			continue;
		answer_wait(wait);
		return 0;
	}
	return -EBADF;
}

/**
 * carveout_wait_cancel_handle() - Cancel the waits for blocks of a handle
 * @channel: the channel
 * @handle: the handle, which is about to end
 *
 * Context: The work of the channel. May sleep.
 */
void carveout_wait_cancel_handle(struct carveout_channel *channel, u32 handle)
{
	struct carveout_remote_wait *wait, *next;

	list_for_each_entry_safe(wait, next, &channel->waits, node)
		if (wait->handle == handle)
			answer_wait(wait);
}

/**
 * carveout_waits_complete() - Answer the waits that are complete
 * @channel: the channel
 *
 * Context: The work of the channel. May sleep.
 */
void carveout_waits_complete(struct carveout_channel *channel)
{
	struct carveout_remote_wait *wait, *next;

	list_for_each_entry_safe(wait, next, &channel->waits, node)
		/* Pairs with wait_ready(). */
		if (smp_load_acquire(&wait->ready))
			answer_wait(wait);
}

/* === Watches ============================================================== */

static void watch_changed(void *data)
{
	struct carveout_remote_watch *watch = data;

	carveout_channel_kick(watch->channel);
}

static void end_watch(struct carveout_remote_watch *watch)
{
	if (watch->watch)
		carveout_watch_end(watch->watch);
	watch->watch = NULL;
	watch->armed = false;
}

static int begin_watch(struct carveout_remote_watch *watch, struct carveout *carveout,
		       const char *prefix)
{
	struct carveout_watch *begun;

	if (watch->watch && !strcmp(watch->prefix, prefix))
		return 0;
	begun = carveout_watch_begin(carveout, prefix, watch_changed, watch);
	if (IS_ERR(begun))
		return PTR_ERR(begun);
	end_watch(watch);
	watch->watch = begun;
	strscpy(watch->prefix, prefix, sizeof(watch->prefix));
	return 0;
}

/**
 * carveout_watch_request() - Watch the tags with a prefix
 * @call: the request; its tag is the prefix
 * @heap: number of the heap
 * @seen: number of the last change that the processor knows
 * @changes: filled in with the number of the last change
 *
 * Context: The work of the channel. May sleep.
 * Return: 0; -EACCES if the processor may not open all tags with the prefix; -EINVAL for an
 * invalid prefix; -ENOMEM.
 */
int carveout_watch_request(struct carveout_call *call, unsigned int heap, u64 seen,
			   u64 *changes)
{
	const struct carveout_policy *policy = &call->channel->session->policy;
	struct carveout_remote_watch *watch = &call->channel->watch[heap];
	int ret;

	if (!carveout_policy_permits(policy->open, policy->nr_open, call->tag))
		return -EACCES;
	ret = begin_watch(watch, policy->heap[heap], call->tag);
	if (ret)
		return ret;
	watch->armed = true;
	watch->id = le32_to_cpu(call->request.header.id);
	watch->seen = seen;
	*changes = carveout_watch_changes(watch->watch);
	return 0;
}

/* Another change may wait for the message to be free. */
static void report_sent(struct carveout_message *message)
{
	carveout_channel_kick(container_of(message, struct carveout_remote_watch,
					   message)->channel);
}

static void report(struct carveout_channel *channel, struct carveout_remote_watch *watch)
{
	u64 changes;

	/* A report that is still queued is sent first. */
	if (!watch->armed || !list_empty(&watch->message.node))
		return;
	changes = carveout_watch_changes(watch->watch);
	if (changes == watch->seen)
		return;
	watch->armed = false;
	watch->message.sent = report_sent;
	carveout_answer_init(channel, &watch->message.answer, CARVEOUT_RPMSG_CHANGED, watch->id);
	carveout_answer_changes(&watch->message.answer, changes);
	carveout_channel_send(channel, &watch->message);
}

/**
 * carveout_watches_report() - Report changes to tags that are watched
 * @channel: the channel
 *
 * Context: The work of the channel.
 */
void carveout_watches_report(struct carveout_channel *channel)
{
	unsigned int i;

	for (i = 0; i < CARVEOUT_REMOTE_HEAPS; i++)
		report(channel, &channel->watch[i]);
}

/**
 * carveout_waits_drop() - End all waits and watches without an answer
 * @channel: the channel, before its session ends
 *
 * Context: Process context. May sleep. The work of the channel, or none of it runs.
 */
void carveout_waits_drop(struct carveout_channel *channel)
{
	struct carveout_remote_wait *wait, *next;
	struct carveout_pool_block block;
	struct carveout_buf *buf;
	unsigned int i;

	list_for_each_entry_safe(wait, next, &channel->waits, node) {
		list_del(&wait->node);
		if (wait->tag) {
			buf = carveout_buf_wait_end(wait->tag);
			if (!IS_ERR(buf))
				carveout_buf_put(buf);
		} else if (!carveout_pool_wait_end(wait->block, &block)) {
			carveout_pool_free(wait->client, &block);
		}
		free_wait(wait);
	}
	for (i = 0; i < CARVEOUT_REMOTE_HEAPS; i++)
		end_watch(&channel->watch[i]);
}
