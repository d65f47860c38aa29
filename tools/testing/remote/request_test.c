// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: order, credits, buffers of the transport, tags, ids.
 */

#include "fixture.h"

TEST_F(remote, answers_in_any_order)
{
	struct server *server = &self->server;
	static struct record got[4];
	static const unsigned int order[] = { 2, 0, 3, 1 };
	unsigned int i;

	for (i = 0; i < 4; i++)
		submit(server, &query, &got[i]);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(server_answer(server, 1 + order[i], &(struct answer){
			.value = 10 + order[i] }));
		ASSERT_EQ(1, got[order[i]].calls);
		ASSERT_EQ(10 + order[i], got[order[i]].result.value);
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, got[i].calls);
}

TEST_F(remote, requests_are_sent_in_order)
{
	struct server *server = &self->server;
	static struct record got;
	uint32_t ids[3];
	unsigned int i;

	submit(server, &query, &got);
	carveout_remote_process(&server->remote);
	ids[0] = submit(server, &query, &got);
	ids[1] = submit(server, &query, &got);
	/* The first slot becomes free: the last request takes it. */
	server_serve(server);
	ids[2] = submit(server, &query, &got);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(ids[i], server_id(server, 2 + i));
	server_serve(server);
	ASSERT_EQ(4, got.calls);
}

TEST_F(remote, no_more_requests_than_credits)
{
	struct server *server = &self->server;
	static struct record got;
	unsigned int i;

	for (i = 0; i < 7; i++)
		submit(server, &query, &got);
	ASSERT_EQ(3, carveout_remote_process(&server->remote));
	ASSERT_EQ(3, carveout_remote_process(&server->remote));
	ASSERT_EQ(5, server->nr_sent);
	server_answer(server, 3, &(struct answer){ 0 });
	ASSERT_EQ(2, carveout_remote_process(&server->remote));
	ASSERT_EQ(6, server->nr_sent);
	server_serve(server);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_serve(server);
	ASSERT_EQ(7, got.calls);
	ASSERT_EQ(8, server->nr_sent);
}

TEST_F(remote, two_credits_are_enough)
{
	struct server *server = &self->server;
	static struct record got;
	unsigned int i;

	server_up(server, 8, 64, 2, 0);
	for (i = 0; i < 3; i++)
		submit(server, &wait_for_tag, &got);
	submit(server, &query, &got);
	/* Linux accepts no wait, which its answer tells. */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(2 - i, carveout_remote_process(&server->remote));
		server_serve(server);
		ASSERT_EQ(i + 2, got.calls);
	}
}

TEST_F(remote, waits_leave_a_credit_for_others)
{
	struct server *server = &self->server;
	static struct record waits, got;
	unsigned int i;

	server_up(server, 8, 64, 4, 100);
	for (i = 0; i < 5; i++)
		submit(server, &wait_for_tag, &waits);
	ASSERT_EQ(2, carveout_remote_process(&server->remote));
	ASSERT_EQ(5, server->nr_sent);
	submit(server, &query, &got);
	ASSERT_EQ(2, carveout_remote_process(&server->remote));
	server_serve_one(server, 5);
	ASSERT_EQ(1, got.calls);
	ASSERT_EQ(0, waits.calls);
}

TEST_F(remote, no_more_waits_than_linux_accepts)
{
	struct server *server = &self->server;
	static struct record waits, got;
	const struct carveout_remote_request wait_for_block = {
		.op = CARVEOUT_RPMSG_BLOCK_ALLOC, .arg = 1, .handle = { 8, 1 },
	};

	server_up(server, 8, 64, 4, 1);
	submit(server, &wait_for_block, &waits);
	submit(server, &wait_for_tag, &waits);
	submit(server, &query, &got);
	submit(server, &(struct carveout_remote_request){ .op = CARVEOUT_RPMSG_OPEN, .tag = "t" },
	       &got);
	ASSERT_EQ(1, carveout_remote_process(&server->remote));
	ASSERT_EQ(CARVEOUT_RPMSG_OPEN, server_op(server, 4));
	ASSERT_EQ(0, load32(server->sent[4].data + 44));
	server_serve(server);
	ASSERT_EQ(2, got.calls);
}

TEST_F(remote, more_requests_than_slots_are_refused)
{
	struct server *server = &self->server;
	static struct record got;
	unsigned int i, wakes;

	for (i = 0; i < SERVER_SLOTS; i++)
		submit(server, &query, &got);
	ASSERT_EQ(CARVEOUT_REMOTE_FULL,
		  carveout_remote_submit(&server->remote, &query, record, &got, NULL));
	carveout_remote_process(&server->remote);
	wakes = server->wakes;
	server_serve_one(server, 1);
	ASSERT_EQ(wakes + 1, server->wakes);
	submit(server, &query, &got);
	while (carveout_remote_process(&server->remote))
		server_serve(server);
	server_serve(server);
	ASSERT_EQ(SERVER_SLOTS + 1, got.calls);
}

TEST_F(remote, no_buffer_neither_loses_nor_repeats_a_request)
{
	struct server *server = &self->server;
	static struct record got;
	uint32_t ids[4];
	unsigned int i, j;

	for (i = 0; i < 4; i++)
		ids[i] = submit(server, &query, &got);
	for (i = 0; i < 4; i++) {
		server->refuse = 3;
		for (j = 0; j < 3; j++)
			ASSERT_EQ(4 - i, carveout_remote_process(&server->remote));
		ASSERT_EQ(1 + i, server->nr_sent);
		server->refuse = 0;
		/* One buffer, then none. */
		server->remote.credits = i + 1;
		ASSERT_EQ(3 - i, carveout_remote_process(&server->remote));
	}
	server->remote.credits = 4;
	ASSERT_EQ(5, server->nr_sent);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(ids[i], server_id(server, 1 + i));
	server_serve(server);
	ASSERT_EQ(4, got.calls);
	ASSERT_EQ(0, dropped(&server->remote));
}

/* A send() during which the answer arrives, and the next request is submitted. */
static struct record nested;

static int send_and_answer(void *ctx, const void *data, size_t len)
{
	struct server *server = ctx;
	struct message *message = &server->sent[server->nr_sent++];

	memcpy(message->data, data, len);
	message->len = len;
	server_answer(server, server->nr_sent - 1, &(struct answer){ .value = server->nr_sent });
	if (server->nr_sent < 4) {
		submit(server, &query, &nested);
		carveout_remote_process(&server->remote);
	}
	return 0;
}

TEST_F(remote, answer_can_be_faster_than_send)
{
	struct server *server = &self->server;
	const struct carveout_remote_ops *ops = server->remote.ops;
	struct carveout_remote_ops fast = *ops;

	fast.send = send_and_answer;
	server->remote.ops = &fast;
	submit(server, &query, &nested);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server->remote.ops = ops;
	ASSERT_EQ(3, nested.calls);
	ASSERT_EQ(4, nested.result.value);
	ASSERT_EQ(4, server->nr_sent);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(0, dropped(&server->remote));
}

/* A send() during which another task sends. */
static int send_and_process(void *ctx, const void *data, size_t len)
{
	struct server *server = ctx;
	struct message *message;

	carveout_remote_process(&server->remote);
	message = &server->sent[server->nr_sent++];
	memcpy(message->data, data, len);
	message->len = len;
	return 0;
}

TEST_F(remote, one_task_sends_at_a_time)
{
	struct server *server = &self->server;
	const struct carveout_remote_ops *ops = server->remote.ops;
	struct carveout_remote_ops busy = *ops;
	static struct record got;
	uint32_t ids[3];
	unsigned int i;

	busy.send = send_and_process;
	server->remote.ops = &busy;
	for (i = 0; i < 3; i++)
		ids[i] = submit(server, &query, &got);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server->remote.ops = ops;
	ASSERT_EQ(4, server->nr_sent);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(ids[i], server_id(server, 1 + i));
	server_serve(server);
	ASSERT_EQ(3, got.calls);
}

/* A callback that submits the next request. */
static void submit_again(void *ctx, const struct carveout_remote_result *result)
{
	struct server *server = ctx;

	(void)result;
	if (carveout_remote_submit(&server->remote, &query, record, &nested, NULL))
		abort();
}

TEST_F(remote, callback_may_submit)
{
	struct server *server = &self->server;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &query, submit_again, server, NULL));
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(2, server->nr_sent);
	carveout_remote_process(&server->remote);
	ASSERT_EQ(3, server->nr_sent);
	server_serve(server);
	ASSERT_EQ(1, nested.calls);
}

TEST_F(remote, malformed_requests_are_refused)
{
	static const struct carveout_remote_request bad[] = {
		{ .op = 0 },
		{ .op = CARVEOUT_RPMSG_START, .arg = 32 },
		{ .op = CARVEOUT_RPMSG_REQUESTS },
		{ .op = 255 },
		{ .op = CARVEOUT_RPMSG_OPEN },
		{ .op = CARVEOUT_RPMSG_UNLINK },
		{ .op = CARVEOUT_RPMSG_OPEN, .tag = "" },
		{ .op = CARVEOUT_RPMSG_UNLINK, .tag = "" },
		{ .op = CARVEOUT_RPMSG_ALLOC, .size = 1, .tag = "" },
		{ .op = CARVEOUT_RPMSG_QUERY, .tag = "t" },
		{ .op = CARVEOUT_RPMSG_PUT },
		{ .op = CARVEOUT_RPMSG_PUT, .handle = { SERVER_SESSION, 0 } },
		{ .op = CARVEOUT_RPMSG_QUERY, .handle = { SERVER_SESSION, 1 } },
		{ .op = CARVEOUT_RPMSG_UNLINK, .tag = "t", .handle = { SERVER_SESSION, 0 } },
		{ .op = CARVEOUT_RPMSG_CANCEL },
		{ .op = CARVEOUT_RPMSG_QUERY, .ticket = 1 },
		{ .op = CARVEOUT_RPMSG_ALLOC, .size = 1, .align = 64 },
	};
	struct server *server = &self->server;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
			  carveout_remote_submit(&server->remote, &bad[i], NULL, NULL, NULL)) {
			TH_LOG("request %zu", i);
		}
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(1, server->nr_sent);
}

TEST_F(remote, tags_of_each_length)
{
	struct server *server = &self->server;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_UNLINK };
	char tag[80];
	size_t len;
	int ret;

	memset(tag, 'a', sizeof(tag));
	for (len = 0; len < sizeof(tag); len++) {
		tag[len] = '\0';
		request.tag = tag;
		ret = carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL);
		ASSERT_EQ(len > 0 && len < 64 ? 0 : CARVEOUT_REMOTE_INVALID, ret);
		carveout_remote_process(&server->remote);
		if (!ret) {
			const uint8_t *sent = server->sent[server->nr_sent - 1].data;

			ASSERT_EQ(112, server->sent[server->nr_sent - 1].len);
			ASSERT_EQ(len, strlen((const char *)sent + 48));
			server_serve(server);
		}
		tag[len] = 'a';
	}
	ASSERT_EQ(64, server->nr_sent);
}

TEST_F(remote, tags_of_each_character)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct server *server = &self->server;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_UNLINK };
	char tag[4] = "x?y";
	int c, ret;

	request.tag = tag;
	for (c = 1; c < 256; c++) {
		tag[1] = (char)c;
		ret = carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL);
		ASSERT_EQ(strchr(letters, (char)c) || strchr("0123456789._-", (char)c) ?
			  0 : CARVEOUT_REMOTE_INVALID, ret);
		carveout_remote_process(&server->remote);
		server_serve(server);
	}
}

TEST_F(remote, tag_is_copied)
{
	struct server *server = &self->server;
	char tag[] = "before";
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_UNLINK, .tag = tag };

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL));
	memcpy(tag, "after!", sizeof(tag));
	carveout_remote_process(&server->remote);
	ASSERT_STREQ("before", (const char *)server->sent[1].data + 48);
}

TEST_F(remote, ids_wrap_and_skip_those_in_use)
{
	struct server *server = &self->server;
	static struct record watch, got;
	uint32_t ids[6], i;

	server->remote.next_id = 0xffffffff;
	ASSERT_EQ(0xffffffff, submit(server, &query, &got));
	ids[0] = submit(server, &(struct carveout_remote_request){ .op = CARVEOUT_RPMSG_WATCH },
			&watch);
	ASSERT_EQ(1, ids[0]);
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(1, got.calls);
	server->remote.next_id = 0xfffffffe;
	for (i = 1; i < 6; i++)
		ids[i] = submit(server, &query, &got);
	ASSERT_EQ(0xfffffffe, ids[1]);
	ASSERT_EQ(0xffffffff, ids[2]);
	ASSERT_EQ(2, ids[3]);
	ASSERT_EQ(3, ids[4]);
	while (carveout_remote_process(&server->remote))
		server_serve(server);
	server_serve(server);
	for (i = 1; i < 6; i++)
		ASSERT_EQ(ids[i], server_id(server, 2 + i));
	ASSERT_EQ(6, got.calls);
	ASSERT_EQ(0, watch.calls);
	ASSERT_TRUE(server_post(server, 0x43, 1, &(struct answer){ .serial = 5 }));
	ASSERT_EQ(1, watch.calls);
}
