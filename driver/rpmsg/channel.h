/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels: messages from and to a remote processor.
 */
#ifndef CARVEOUT_RPMSG_CHANNEL_H
#define CARVEOUT_RPMSG_CHANNEL_H

#include <linux/list.h>
#include <linux/rpmsg.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "remote.h"

/* Requests that Linux handles at one time, besides those that wait. */
#define CARVEOUT_RPMSG_CREDITS	16
/* The processor may see an answer, and send the next request, before its call is free. */
#define CARVEOUT_RPMSG_CALLS	(CARVEOUT_RPMSG_CREDITS + 1)

/**
 * struct carveout_message - A message to the processor
 * @node: entry in carveout_channel.answers while it waits to be sent; carveout_channel.lock
 * @answer: its content
 * @sent: called once it is sent or dropped, or NULL
 */
struct carveout_message {
	struct list_head node;
	struct carveout_rpmsg_answer answer;
	void (*sent)(struct carveout_message *message);
};

/**
 * struct carveout_call - A request and its answer
 * @node: entry in carveout_channel.free or .received; carveout_channel.lock
 * @channel: the channel (invariant)
 * @request: the request
 * @tag: its tag, zero to the end
 * @message: its answer
 */
struct carveout_call {
	struct list_head node;
	struct carveout_channel *channel;
	struct carveout_rpmsg_request request;
	char tag[CARVEOUT_RPMSG_TAG_MAX];
	struct carveout_message message;
};

/**
 * struct carveout_remote_wait - A request that is answered later
 * @node: entry in carveout_channel.waits
 * @channel: the channel (invariant)
 * @remote: the processor (invariant)
 * @id: id of the request (invariant)
 * @handle: handle of the pool; 0 for a wait for a tag (invariant)
 * @client: client of the pool (invariant)
 * @read: the tag is opened for reading only (invariant)
 * @ready: it is complete
 * @tag: the wait for a tag, or NULL
 * @block: the wait for a block, or NULL
 * @message: its answer
 */
struct carveout_remote_wait {
	struct list_head node;
	struct carveout_channel *channel;
	struct carveout_remote *remote;
	u32 id;
	u32 handle;
	struct carveout_pool_client *client;
	bool read;
	bool ready;
	struct carveout_tag_wait *tag;
	struct carveout_block_wait *block;
	struct carveout_message message;
};

/**
 * struct carveout_remote_watch - The watch of a heap
 * @channel: the channel (invariant)
 * @watch: the watch, or NULL
 * @prefix: its prefix
 * @armed: a change has to be reported
 * @id: id of the request
 * @seen: number of the last change that the processor knows
 * @message: the report
 */
struct carveout_remote_watch {
	struct carveout_channel *channel;
	struct carveout_watch *watch;
	char prefix[CARVEOUT_RPMSG_TAG_MAX];
	bool armed;
	u32 id;
	u64 seen;
	struct carveout_message message;
};

/**
 * struct carveout_channel - A channel of a processor
 * @rpdev: its rpmsg device (invariant)
 * @tag_len: length of the field for a tag (invariant)
 * @session: the session; used by @work alone, while the channel is open; NULL for none
 * @work: handles @received, completes waits, sends @answers
 * @retry: queues @work again, when the ring was full or the processor has not answered
 * @retry_ms: pause before the next attempt to send; used by @work alone
 * @waits: requests that are answered later; used by @work alone
 * @watch: watches, by heap; likewise
 * @hello: the hello; likewise
 * @hellos: hellos that are left; likewise
 * @next_hello: time of the next one, in jiffies; likewise
 * @lock: guards the following members
 * @closed: no message is accepted
 * @free: calls that are not in use
 * @received: requests to be handled
 * @answers: messages to be sent
 * @call: all calls
 */
struct carveout_channel {
	struct rpmsg_device *rpdev;
	u32 tag_len;
	struct carveout_remote_session *session;
	struct work_struct work;
	struct delayed_work retry;
	unsigned int retry_ms;
	struct list_head waits;
	struct carveout_remote_watch watch[CARVEOUT_REMOTE_HEAPS];
	struct carveout_message hello;
	unsigned int hellos;
	unsigned long next_hello;
	spinlock_t lock;	/* queues */
	bool closed;
	struct list_head free;
	struct list_head received;
	struct list_head answers;
	struct carveout_call call[CARVEOUT_RPMSG_CALLS];
};

/**
 * enum carveout_request_effect - Effect of a request on its channel
 * @CARVEOUT_REQUEST_PLAIN: none
 * @CARVEOUT_REQUEST_GREET: the processor needs a hello
 * @CARVEOUT_REQUEST_RENEW: the session ends, or there is none, and another one is opened
 * @CARVEOUT_REQUEST_RESTART: the processor has started anew on the same channel
 */
enum carveout_request_effect {
	CARVEOUT_REQUEST_PLAIN,
	CARVEOUT_REQUEST_GREET,
	CARVEOUT_REQUEST_RENEW,
	CARVEOUT_REQUEST_RESTART,
};

/* queue.c */
void carveout_channel_init(struct carveout_channel *channel);
void carveout_channel_close(struct carveout_channel *channel);
void carveout_channel_kick(struct carveout_channel *channel);
void carveout_channel_kick_in(struct carveout_channel *channel, unsigned int ms);
struct carveout_call *carveout_channel_take(struct carveout_channel *channel);
void carveout_channel_receive(struct carveout_call *call);
struct carveout_call *carveout_channel_next(struct carveout_channel *channel);
void carveout_channel_release(struct carveout_call *call);
void carveout_channel_send(struct carveout_channel *channel, struct carveout_message *message);
void carveout_channel_flush(struct carveout_channel *channel);
void carveout_channel_drop(struct carveout_channel *channel);

/* request.c */
enum carveout_request_effect carveout_request_handle(struct carveout_call *call);

/* wait.c */
int carveout_wait_tag(struct carveout_call *call, unsigned int heap, bool read, u32 ms);
int carveout_wait_block(struct carveout_call *call, u32 handle,
			struct carveout_pool_client *client, u32 ms);
int carveout_wait_cancel(struct carveout_channel *channel, u32 id);
void carveout_wait_cancel_handle(struct carveout_channel *channel, u32 handle);
void carveout_waits_complete(struct carveout_channel *channel);
void carveout_waits_drop(struct carveout_channel *channel);
int carveout_watch_request(struct carveout_call *call, unsigned int heap, u64 seen,
			   u64 *changes);
void carveout_watches_report(struct carveout_channel *channel);

/* directory.c */
int carveout_directory_open(struct carveout_channel *channel);

/* answer.c */
void carveout_answer_init(struct carveout_channel *channel,
			  struct carveout_rpmsg_answer *answer, u8 op, u32 id);
void carveout_answer_error(struct carveout_rpmsg_answer *answer, int error);
int carveout_answer_describe(struct carveout_channel *channel, struct carveout_buf *buf,
			     struct carveout_rpmsg_answer *answer);
int carveout_answer_buf(struct carveout_channel *channel, struct carveout_buf *buf, bool read,
			struct carveout_rpmsg_answer *answer);
int carveout_answer_block(struct carveout_channel *channel, u32 handle,
			  struct carveout_pool_client *client,
			  const struct carveout_pool_block *block,
			  struct carveout_rpmsg_answer *answer);
void carveout_answer_query(struct carveout_channel *channel, unsigned int heap,
			   struct carveout_rpmsg_answer *answer);
void carveout_answer_directory(const struct carveout_remote_session *session,
			       struct carveout_rpmsg_answer *answer);
void carveout_answer_changes(struct carveout_rpmsg_answer *answer, u64 changes);

#endif /* CARVEOUT_RPMSG_CHANNEL_H */
