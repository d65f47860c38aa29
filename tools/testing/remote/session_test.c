// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: hello, start, loss, goodbye; and handles that have become stale.
 */

#include "fixture.h"

TEST(init_checks_its_arguments)
{
	static struct server server;
	const struct carveout_remote_ops no_send = { 0 };
	const struct carveout_remote_ops *ops;

	server_init(&server);
	ops = server.remote.ops;
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_init(&server.remote, &no_send, NULL, server.slots, 1, 32));
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_init(&server.remote, ops, NULL, server.slots, 0, 32));
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_init(&server.remote, ops, NULL, server.slots, 1, 9));
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_init(&server.remote, ops, NULL, server.slots, 1, 65));
	ASSERT_EQ(0, carveout_remote_init(&server.remote, ops, NULL, server.slots, 1, 64));
}

TEST(nothing_is_sent_before_a_hello)
{
	static struct server server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };

	server_init(&server);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(CARVEOUT_REMOTE_NO_SESSION,
		  carveout_remote_submit(&server.remote, &request, NULL, NULL, NULL));
	ASSERT_FALSE(server_post(&server, 0x42, 0, &(struct answer){ 0 }));
	ASSERT_FALSE(server_post(&server, 0x42, 1, &(struct answer){ 0 }));
	ASSERT_EQ(2, server.remote.dropped[CARVEOUT_REMOTE_DROP_SESSION]);
	ASSERT_EQ(0, server.nr_sent);
}

TEST(start_is_sent_once_and_not_inside_receive)
{
	static struct server server;

	server_init(&server);
	server.refuse = 2;
	ASSERT_TRUE(server_hello(&server, 7, 64, 4, 3));
	ASSERT_EQ(0, server.nr_sent);
	ASSERT_EQ(1, carveout_remote_process(&server.remote));
	ASSERT_TRUE(server_hello(&server, 7, 64, 4, 3));
	ASSERT_EQ(1, carveout_remote_process(&server.remote));
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(1, server.nr_sent);
	ASSERT_TRUE(server_hello(&server, 7, 64, 4, 3));
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(1, server.nr_sent);
	ASSERT_EQ(CARVEOUT_REMOTE_STARTING, server.remote.state);
	server_serve(&server);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server.remote.state);
	ASSERT_TRUE(server_hello(&server, 7, 64, 4, 3));
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(1, server.nr_sent);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server.remote.state);
	ASSERT_EQ(0, server.errors);
}

TEST(refused_start_is_reported)
{
	static struct server server;

	server_init(&server);
	server_hello(&server, 7, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	server_answer(&server, 0, &(struct answer){ .status = CARVEOUT_RPMSG_DENIED });
	ASSERT_EQ(CARVEOUT_REMOTE_DOWN, server.remote.state);
	ASSERT_EQ(CARVEOUT_RPMSG_DENIED, server.remote.refused);
	ASSERT_EQ(CARVEOUT_RPMSG_DENIED, carveout_remote_wait_session(&server.remote, 1000));
	server_up(&server, 8, 64, 4, 3);
	ASSERT_EQ(0, server.remote.refused);
	ASSERT_EQ(0, carveout_remote_wait_session(&server.remote, 1000));
}

TEST(refused_start_is_repeated)
{
	static struct server server;

	server_init(&server);
	carveout_remote_start(&server.remote);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(0, server.nr_sent);
	server_hello(&server, 7, 64, 4, 3);
	carveout_remote_process(&server.remote);
	server_answer(&server, 0, &(struct answer){ .status = CARVEOUT_RPMSG_NO_MEMORY });
	/* Linux repeats its hello: that alone is no reason. */
	server_hello(&server, 7, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(1, server.nr_sent);
	carveout_remote_start(&server.remote);
	carveout_remote_start(&server.remote);
	ASSERT_EQ(0, server.remote.refused);
	ASSERT_EQ(CARVEOUT_REMOTE_STARTING, server.remote.state);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	carveout_remote_start(&server.remote);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(2, server.nr_sent);
	ASSERT_EQ(7, load32(server.sent[1].data + 12));
	ASSERT_EQ(0, carveout_remote_wait_session(&server.remote, 1000));
	carveout_remote_start(&server.remote);
	ASSERT_EQ(0, carveout_remote_process(&server.remote));
	ASSERT_EQ(2, server.nr_sent);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server.remote.state);
	ASSERT_EQ(0, dropped(&server.remote));
}

TEST(waiting_for_a_session)
{
	static struct server server;
	uint32_t since;

	server_init(&server);
	since = server.time;
	ASSERT_EQ(CARVEOUT_REMOTE_NO_SESSION, carveout_remote_wait_session(&server.remote, 505));
	ASSERT_EQ(505, server.time - since);
	server_hello(&server, 7, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_wait_session(&server.remote, CARVEOUT_RPMSG_FOREVER));
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server.remote.state);
}

TEST_F(remote, new_session_ends_all_requests)
{
	struct server *server = &self->server;
	const struct carveout_remote_request wait = {
		.op = CARVEOUT_RPMSG_OPEN, .arg = 100, .tag = "t",
	};
	const struct carveout_remote_request watch = { .op = CARVEOUT_RPMSG_WATCH };
	struct carveout_remote_result result;
	static struct record sent, queued, watching;
	uint32_t polled, old = server->nr_sent;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &watch, record, &watching, NULL));
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &wait, record, &sent, NULL));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &wait, NULL, NULL, &polled));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &wait, NULL, NULL, NULL));
	carveout_remote_process(&server->remote);
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &wait, record, &queued, NULL));
	ASSERT_TRUE(server_hello(server, 8, 32, 2, 1));
	ASSERT_EQ(CARVEOUT_REMOTE_LOST, sent.result.status);
	ASSERT_EQ(CARVEOUT_REMOTE_LOST, queued.result.status);
	ASSERT_EQ(CARVEOUT_REMOTE_LOST, watching.result.status);
	ASSERT_EQ(CARVEOUT_REMOTE_LOST,
		  carveout_remote_collect(&server->remote, polled, &result));
	/* Only the start is sent, and late answers of the old session count for nothing. */
	old += 4;
	ASSERT_EQ(old, server->nr_sent);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(old + 1, server->nr_sent);
	ASSERT_EQ(CARVEOUT_RPMSG_START, server_op(server, old));
	server->session = SERVER_SESSION;
	ASSERT_FALSE(server_post(server, 0x42, server_id(server, old), &(struct answer){ 0 }));
	ASSERT_FALSE(server_post(server, 0x42, polled, &(struct answer){ .handle = 1 }));
	ASSERT_EQ(2, server->remote.dropped[CARVEOUT_REMOTE_DROP_SESSION]);
	server->session = 8;
	server_serve(server);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server->remote.state);
	ASSERT_EQ(3, sent.calls + queued.calls + watching.calls);
}

TEST_F(remote, stale_handle_is_refused_here)
{
	static const uint8_t ops[] = {
		CARVEOUT_RPMSG_GET, CARVEOUT_RPMSG_PUT, CARVEOUT_RPMSG_DESCRIBE,
		CARVEOUT_RPMSG_BLOCK_ALLOC, CARVEOUT_RPMSG_BLOCK_FREE,
	};
	struct server *server = &self->server;
	struct carveout_remote_result buf;
	struct carveout_remote_request request = { 0 };
	unsigned int sent;
	size_t i;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, NULL, 64, 0, &buf));
	ASSERT_EQ(SERVER_SESSION, buf.handle.session);
	server_up(server, 8, 64, 4, 3);
	sent = server->nr_sent;
	request.handle = buf.handle;
	for (i = 0; i < sizeof(ops); i++) {
		request.op = ops[i];
		ASSERT_EQ(CARVEOUT_REMOTE_STALE, carveout_remote_submit(&server->remote, &request,
									NULL, NULL, NULL));
	}
	ASSERT_EQ(CARVEOUT_REMOTE_STALE, carveout_remote_put(&server->remote, buf.handle));
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(sent, server->nr_sent);
}

TEST_F(remote, new_session_during_the_start_of_the_old_one)
{
	struct server *server = &self->server;
	unsigned int sent = server->nr_sent;

	server_hello(server, 8, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_hello(server, 9, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(sent + 2, server->nr_sent);
	ASSERT_EQ(8, load32(server->sent[sent].data + 12));
	ASSERT_EQ(9, load32(server->sent[sent + 1].data + 12));
	ASSERT_FALSE(server_answer(server, sent, &(struct answer){ 0 }));
	ASSERT_EQ(CARVEOUT_REMOTE_STARTING, server->remote.state);
	server_serve(server);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server->remote.state);
}

/* A send() during which a new session starts. */
static int send_and_lose(void *ctx, const void *data, size_t len)
{
	struct server *server = ctx;

	(void)data;
	(void)len;
	server_hello(server, 8, 64, 4, 3);
	return -1;
}

TEST_F(remote, new_session_during_a_send)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	const struct carveout_remote_ops *ops = server->remote.ops;
	struct carveout_remote_ops losing = *ops;
	static struct record got;

	losing.send = send_and_lose;
	server->remote.ops = &losing;
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, record, &got, NULL));
	ASSERT_EQ(1, carveout_remote_process(&server->remote));
	server->remote.ops = ops;
	ASSERT_EQ(1, got.calls);
	ASSERT_EQ(CARVEOUT_REMOTE_LOST, got.result.status);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(2, server->nr_sent);
	ASSERT_EQ(CARVEOUT_RPMSG_START, server_op(server, 1));
	server_serve(server);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server->remote.state);
	ASSERT_EQ(1, got.calls);
}

TEST_F(remote, goodbye_is_the_last_message)
{
	struct server *server = &self->server;
	const struct carveout_remote_request wait = {
		.op = CARVEOUT_RPMSG_OPEN, .arg = CARVEOUT_RPMSG_FOREVER, .tag = "t",
	};
	const struct carveout_remote_request goodbye = { .op = CARVEOUT_RPMSG_GOODBYE };
	static struct record waits[5], end;
	struct carveout_remote_result buf;
	unsigned int i;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, "mine", 64, 0, &buf));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, carveout_remote_submit(&server->remote, &wait, record, &waits[i],
						    NULL));
	ASSERT_EQ(2, carveout_remote_process(&server->remote));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &goodbye, record, &end, NULL));
	ASSERT_EQ(CARVEOUT_REMOTE_NO_SESSION,
		  carveout_remote_submit(&server->remote, &wait, NULL, NULL, NULL));
	carveout_remote_process(&server->remote);
	ASSERT_EQ(6, server->nr_sent);
	ASSERT_EQ(CARVEOUT_RPMSG_GOODBYE, server_op(server, 5));
	/* A wait that ends now makes room, but nothing may follow the goodbye. */
	server_answer(server, 2, &(struct answer){ .status = CARVEOUT_RPMSG_CANCELLED });
	carveout_remote_process(&server->remote);
	ASSERT_EQ(6, server->nr_sent);
	server_serve_one(server, 5);
	ASSERT_EQ(1, end.calls);
	ASSERT_EQ(0, end.result.status);
	ASSERT_EQ(CARVEOUT_RPMSG_CANCELLED, waits[0].result.status);
	for (i = 1; i < 5; i++)
		ASSERT_EQ(CARVEOUT_REMOTE_LOST, waits[i].result.status);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(6, server->nr_sent);
	ASSERT_EQ(CARVEOUT_REMOTE_DOWN, server->remote.state);
	server->served = server->nr_sent;
}

TEST_F(remote, session_after_a_goodbye_takes_a_start)
{
	struct server *server = &self->server;

	/* The hello arrives before the call, twice. */
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	server_hello(server, SERVER_SESSION + 1, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(2, server->nr_sent);
	ASSERT_EQ(CARVEOUT_REMOTE_DOWN, server->remote.state);
	carveout_remote_start(&server->remote);
	ASSERT_EQ(2, server->nr_sent);
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, 100));
	ASSERT_EQ(3, server->nr_sent);
	ASSERT_EQ(SERVER_SESSION + 1, load32(server->sent[2].data + 12));
	ASSERT_EQ(SERVER_SESSION + 1, server->remote.session);
	ASSERT_EQ(0, dropped(&server->remote));
}

TEST_F(remote, start_without_a_hello_requests_one)
{
	struct server *server = &self->server;

	server->mute = true;
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	ASSERT_EQ(CARVEOUT_REMOTE_NO_SESSION, carveout_remote_wait_session(&server->remote, 100));
	ASSERT_EQ(2, server->nr_sent);
	carveout_remote_start(&server->remote);
	carveout_remote_start(&server->remote);
	ASSERT_EQ(CARVEOUT_REMOTE_STARTING, server->remote.state);
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, 100));
	ASSERT_EQ(4, server->nr_sent);
	ASSERT_EQ(CARVEOUT_RPMSG_START, server_op(server, 2));
	ASSERT_EQ(0, load32(server->sent[2].data + 12));
	ASSERT_EQ(CARVEOUT_RPMSG_START, server_op(server, 3));
	ASSERT_EQ(SERVER_SESSION + 1, load32(server->sent[3].data + 12));
	ASSERT_EQ(0, dropped(&server->remote));
}

TEST_F(remote, lost_hello_is_requested_again)
{
	struct server *server = &self->server;

	server->mute = true;
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	carveout_remote_start(&server->remote);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_TRUE(server_answer(server, 2, &(struct answer){
		.status = CARVEOUT_RPMSG_NO_SESSION }));
	ASSERT_EQ(CARVEOUT_REMOTE_STARTING, server->remote.state);
	ASSERT_EQ(0, server->remote.refused);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(3, server->nr_sent);
	carveout_remote_start(&server->remote);
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, 100));
	ASSERT_EQ(5, server->nr_sent);
	ASSERT_EQ(0, load32(server->sent[3].data + 12));
}

TEST_F(remote, hello_overtakes_its_request)
{
	struct server *server = &self->server;

	/* The request is not sent yet. */
	server->mute = true;
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	carveout_remote_start(&server->remote);
	server_hello(server, 8, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, 100));
	ASSERT_EQ(3, server->nr_sent);
	ASSERT_EQ(8, load32(server->sent[2].data + 12));
	ASSERT_EQ(0, dropped(&server->remote));
	/* It is sent: Linux refuses it, and repeats the hello. */
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	carveout_remote_start(&server->remote);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_hello(server, 9, 64, 4, 3);
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, 100));
	ASSERT_EQ(6, server->nr_sent);
	ASSERT_EQ(0, load32(server->sent[4].data + 12));
	ASSERT_EQ(9, load32(server->sent[5].data + 12));
	ASSERT_EQ(1, dropped(&server->remote));
	ASSERT_EQ(1, server->remote.dropped[CARVEOUT_REMOTE_DROP_ID]);
}

TEST_F(remote, request_for_a_hello_with_another_answer)
{
	static const struct {
		uint32_t status;
		int refused;
	} answers[] = {
		{ CARVEOUT_RPMSG_OK, CARVEOUT_REMOTE_BAD_ANSWER },
		{ CARVEOUT_RPMSG_INVALID, CARVEOUT_RPMSG_INVALID },
		{ CARVEOUT_RPMSG_STATUSES, CARVEOUT_REMOTE_BAD_ANSWER },
	};
	struct server *server = &self->server;
	size_t i;

	server->mute = true;
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		carveout_remote_start(&server->remote);
		ASSERT_EQ(0, carveout_remote_process(&server->remote));
		ASSERT_TRUE(server_answer(server, server->nr_sent - 1, &(struct answer){
			.status = answers[i].status }));
		ASSERT_EQ(CARVEOUT_REMOTE_DOWN, server->remote.state);
		ASSERT_EQ(answers[i].refused, server->remote.refused);
	}
	ASSERT_EQ(2 + i, server->nr_sent);
}

TEST_F(remote, session_of_another_linux_may_have_the_old_number)
{
	struct server *server = &self->server;

	server->mute = true;
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	ASSERT_EQ(0, server->remote.session);
	ASSERT_FALSE(server_post(server, 0x42, server_id(server, 1), &(struct answer){ 0 }));
	ASSERT_EQ(1, server->remote.dropped[CARVEOUT_REMOTE_DROP_SESSION]);
	carveout_remote_start(&server->remote);
	server_up(server, SERVER_SESSION, 64, 4, 3);
	ASSERT_EQ(3, server->nr_sent);
}

TEST_F(remote, refused_goodbye_leaves_the_session_up)
{
	struct server *server = &self->server;
	const struct carveout_remote_request goodbye = { .op = CARVEOUT_RPMSG_GOODBYE };
	static struct record end;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &goodbye, record, &end, NULL));
	carveout_remote_process(&server->remote);
	server_answer(server, 1, &(struct answer){ .status = CARVEOUT_RPMSG_BUSY });
	ASSERT_EQ(CARVEOUT_RPMSG_BUSY, end.result.status);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server->remote.state);
}

TEST_F(remote, new_session_instead_of_the_end_is_not_accepted)
{
	struct server *server = &self->server;
	const struct carveout_remote_request goodbye = { .op = CARVEOUT_RPMSG_GOODBYE };
	static struct record end;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &goodbye, record, &end, NULL));
	carveout_remote_process(&server->remote);
	server_hello(server, 8, 64, 4, 3);
	ASSERT_EQ(CARVEOUT_REMOTE_LOST, end.result.status);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(2, server->nr_sent);
	ASSERT_EQ(CARVEOUT_REMOTE_DOWN, server->remote.state);
}
