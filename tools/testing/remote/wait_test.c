// SPDX-License-Identifier: GPL-2.0
/*
 * Cancel, watch, and requests without an owner.
 */

#include "fixture.h"

/* === Cancel =============================================================== */

TEST_F(remote, cancel_before_the_answer)
{
	struct server *server = &self->server;
	static struct record wait, cancel;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_CANCEL };

	request.ticket = submit(server, &wait_for_tag, &wait);
	carveout_remote_process(&server->remote);
	submit(server, &request, &cancel);
	carveout_remote_process(&server->remote);
	ASSERT_EQ(request.ticket, load32(server->sent[2].data + 16));
	server_answer(server, 2, &(struct answer){ 0 });
	ASSERT_EQ(0, wait.calls);
	server_answer(server, 1, &(struct answer){ .status = CARVEOUT_RPMSG_CANCELLED });
	ASSERT_EQ(1, wait.calls);
	ASSERT_EQ(1, cancel.calls);
	ASSERT_EQ(CARVEOUT_RPMSG_CANCELLED, wait.result.status);
	ASSERT_EQ(0, cancel.result.status);
}

TEST_F(remote, cancel_that_the_answer_overtakes)
{
	struct server *server = &self->server;
	static struct record wait, cancel;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_CANCEL };
	struct carveout_remote_result made;

	request.ticket = submit(server, &wait_for_tag, &wait);
	carveout_remote_process(&server->remote);
	server->sent[1].answered = true;
	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, "tag", 64, 0, &made));
	submit(server, &request, &cancel);
	carveout_remote_process(&server->remote);
	server_serve_one(server, 1);
	ASSERT_EQ(1, wait.calls);
	ASSERT_EQ(0, wait.result.status);
	ASSERT_EQ(made.addr, wait.result.addr);
	ASSERT_EQ(0, cancel.calls);
	server_serve(server);
	ASSERT_EQ(1, cancel.calls);
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE, cancel.result.status);
	ASSERT_EQ(0, carveout_remote_put(&server->remote, wait.result.handle));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, made.handle));
}

TEST_F(remote, cancel_after_the_answer_needs_no_message)
{
	struct server *server = &self->server;
	static struct record wait, cancel;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_CANCEL };

	request.ticket = submit(server, &wait_for_tag, &wait);
	carveout_remote_process(&server->remote);
	submit(server, &request, &cancel);
	server_serve(server);
	carveout_remote_process(&server->remote);
	ASSERT_EQ(2, server->nr_sent);
	ASSERT_EQ(1, wait.calls);
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE, cancel.result.status);
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE, carveout_remote_cancel(&server->remote, 12345));
	ASSERT_EQ(2, server->nr_sent);
}

TEST_F(remote, cancel_of_a_result_that_waits_for_collect)
{
	struct server *server = &self->server;
	struct carveout_remote_result result;
	uint32_t ticket;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &query, NULL, NULL, &ticket));
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE, carveout_remote_cancel(&server->remote, ticket));
	ASSERT_EQ(2, server->nr_sent);
	ASSERT_EQ(0, carveout_remote_collect(&server->remote, ticket, &result));
}

TEST_F(remote, cancel_of_a_queued_request_needs_no_message)
{
	struct server *server = &self->server;
	static struct record wait, cancel;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_CANCEL };

	server_up(server, 8, 64, 4, 1);
	submit(server, &wait_for_tag, &wait);
	request.ticket = submit(server, &wait_for_tag, &wait);
	ASSERT_EQ(1, carveout_remote_process(&server->remote));
	submit(server, &request, &cancel);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(1, wait.calls);
	ASSERT_EQ(CARVEOUT_RPMSG_CANCELLED, wait.result.status);
	ASSERT_EQ(1, cancel.calls);
	ASSERT_EQ(0, cancel.result.status);
	ASSERT_EQ(3, server->nr_sent);
}

/* === Watch ================================================================ */

static const struct carveout_remote_request watch_all = { .op = CARVEOUT_RPMSG_WATCH };

TEST_F(remote, watch_ends_with_the_event)
{
	struct server *server = &self->server;
	static struct record watch, got;
	unsigned int i;

	submit(server, &watch_all, &watch);
	carveout_remote_process(&server->remote);
	ASSERT_FALSE(server_post(server, 0x43, server_id(server, 1), &(struct answer){ 0 }));
	server_serve(server);
	ASSERT_EQ(0, watch.calls);
	/* A watch takes no credit. */
	for (i = 0; i < 4; i++)
		submit(server, &query, &got);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_serve(server);
	ASSERT_EQ(4, got.calls);
	ASSERT_FALSE(server_answer(server, 1, &(struct answer){ 0 }));
	ASSERT_TRUE(server_post(server, 0x43, server_id(server, 1),
				&(struct answer){ .serial = 0x100000002 }));
	ASSERT_EQ(1, watch.calls);
	ASSERT_EQ(0, watch.result.status);
	ASSERT_EQ(0x100000002, watch.result.serial);
	ASSERT_FALSE(server_post(server, 0x43, server_id(server, 1), &(struct answer){ 0 }));
	ASSERT_EQ(3, server->remote.dropped[CARVEOUT_REMOTE_DROP_ID]);
}

TEST_F(remote, refused_watch_ends_with_the_answer)
{
	struct server *server = &self->server;
	static struct record watch;

	submit(server, &watch_all, &watch);
	carveout_remote_process(&server->remote);
	server_answer(server, 1, &(struct answer){ .status = CARVEOUT_RPMSG_DENIED });
	ASSERT_EQ(1, watch.calls);
	ASSERT_EQ(CARVEOUT_RPMSG_DENIED, watch.result.status);
}

TEST_F(remote, second_watch_replaces_the_first_of_its_heap)
{
	struct server *server = &self->server;
	static struct record first, second, other;
	const struct carveout_remote_request watch_other = {
		.op = CARVEOUT_RPMSG_WATCH, .heap = 1,
	};

	submit(server, &watch_all, &first);
	submit(server, &watch_other, &other);
	carveout_remote_process(&server->remote);
	ASSERT_EQ(CARVEOUT_RPMSG_BUSY, carveout_remote_submit(&server->remote, &watch_all, NULL,
							      NULL, NULL));
	server_serve(server);
	submit(server, &watch_all, &second);
	carveout_remote_process(&server->remote);
	ASSERT_EQ(0, first.calls);
	server_serve(server);
	ASSERT_EQ(1, first.calls);
	ASSERT_EQ(CARVEOUT_RPMSG_CANCELLED, first.result.status);
	ASSERT_FALSE(server_post(server, 0x43, server_id(server, 1), &(struct answer){ 0 }));
	ASSERT_TRUE(server_post(server, 0x43, server_id(server, 3), &(struct answer){ 0 }));
	ASSERT_EQ(1, second.calls);
	ASSERT_EQ(0, other.calls);
	ASSERT_EQ(1, first.calls);
}

TEST_F(remote, refused_second_watch_leaves_the_first)
{
	struct server *server = &self->server;
	static struct record first, second;

	submit(server, &watch_all, &first);
	carveout_remote_process(&server->remote);
	server_serve(server);
	submit(server, &watch_all, &second);
	carveout_remote_process(&server->remote);
	server_answer(server, 2, &(struct answer){ .status = CARVEOUT_RPMSG_LIMIT });
	ASSERT_EQ(CARVEOUT_RPMSG_LIMIT, second.result.status);
	ASSERT_EQ(0, first.calls);
	ASSERT_TRUE(server_post(server, 0x43, server_id(server, 1), &(struct answer){ 0 }));
	ASSERT_EQ(1, first.calls);
}

/* === Requests without an owner ============================================ */

TEST_F(remote, acquisitions_without_an_owner_are_given_back)
{
	struct server *server = &self->server;
	struct carveout_remote_result pool;
	struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_ALLOC, .size = 64 };
	unsigned int refs;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, "pool", 64, 0, &pool));
	refs = server_refs(server);
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL));
	request = (struct carveout_remote_request){ .op = CARVEOUT_RPMSG_OPEN, .tag = "pool" };
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL));
	request = (struct carveout_remote_request){ .op = CARVEOUT_RPMSG_GET,
						    .handle = pool.handle };
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL));
	request.op = CARVEOUT_RPMSG_BLOCK_ALLOC;
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, NULL, NULL, NULL));
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_serve(server);
	ASSERT_EQ(refs + 4, server_refs(server));
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_serve(server);
	ASSERT_EQ(refs, server_refs(server));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, pool.handle));
}

TEST_F(remote, abandoned_in_each_state)
{
	struct server *server = &self->server;
	const struct carveout_remote_request alloc = { .op = CARVEOUT_RPMSG_ALLOC, .size = 64 };
	static struct record got;
	struct carveout_remote_result result;
	uint32_t ticket;

	/* Queued: never sent. */
	ticket = submit(server, &alloc, &got);
	carveout_remote_abandon(&server->remote, ticket);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(1, server->nr_sent);
	/* Sent: given back when the answer arrives. */
	ticket = submit(server, &alloc, &got);
	carveout_remote_process(&server->remote);
	carveout_remote_abandon(&server->remote, ticket);
	server_serve(server);
	ASSERT_EQ(1, server_refs(server));
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(0, server_refs(server));
	/* Done: given back at once. */
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &alloc, NULL, NULL, &ticket));
	carveout_remote_process(&server->remote);
	server_serve(server);
	carveout_remote_abandon(&server->remote, ticket);
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_collect(&server->remote, ticket, &result));
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(0, server_refs(server));
	ASSERT_EQ(0, got.calls);
}

/* Its slot is free at once, before its answer as well as before its event. */
TEST_F(remote, abandoned_watch)
{
	struct server *server = &self->server;
	static struct record watch;
	uint32_t ticket;

	server->remote.nr_slots = 1;
	ticket = submit(server, &watch_all, &watch);
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(CARVEOUT_REMOTE_FULL,
		  carveout_remote_submit(&server->remote, &query, NULL, NULL, NULL));
	carveout_remote_abandon(&server->remote, ticket);
	ticket = submit(server, &watch_all, &watch);
	carveout_remote_process(&server->remote);
	carveout_remote_abandon(&server->remote, ticket);
	ASSERT_EQ(CARVEOUT_REMOTE_FULL,
		  carveout_remote_submit(&server->remote, &query, NULL, NULL, NULL));
	server_serve(server);
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &query, NULL, NULL, NULL));
	ASSERT_EQ(0, watch.calls);
	ASSERT_FALSE(server_post(server, 0x43, server_id(server, 1), &(struct answer){ 0 }));
	ASSERT_EQ(1, server->remote.dropped[CARVEOUT_REMOTE_DROP_ID]);
}

TEST_F(remote, release_names_its_session)
{
	struct server *server = &self->server;
	struct carveout_remote_request release = {
		.op = CARVEOUT_RPMSG_RELEASE,
		.handle.session = server->remote.session + 1,
	};

	ASSERT_EQ(CARVEOUT_REMOTE_STALE,
		  carveout_remote_submit(&server->remote, &release, NULL, NULL, NULL));
	release.handle.handle = 1;
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_submit(&server->remote, &release, NULL, NULL, NULL));
	release.handle.handle = 0;
	release.handle.session = server->remote.session;
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &release, NULL, NULL, NULL));
	release.handle.session = 0;
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &release, NULL, NULL, NULL));
}

TEST_F(remote, abandoned_release_is_still_sent)
{
	struct server *server = &self->server;
	struct carveout_remote_request put = { .op = CARVEOUT_RPMSG_PUT };
	struct carveout_remote_result buf;
	static struct record got;
	uint32_t ticket;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, NULL, 64, 0, &buf));
	put.handle = buf.handle;
	ticket = submit(server, &put, &got);
	carveout_remote_abandon(&server->remote, ticket);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	server_serve(server);
	ASSERT_EQ(0, server_refs(server));
	ASSERT_EQ(0, got.calls);
}

TEST_F(remote, handle_of_a_lost_session_is_not_given_back)
{
	struct server *server = &self->server;
	const struct carveout_remote_request alloc = { .op = CARVEOUT_RPMSG_ALLOC, .size = 64 };
	uint32_t ticket;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &alloc, NULL, NULL, &ticket));
	carveout_remote_process(&server->remote);
	server_serve(server);
	server_up(server, 8, 64, 4, 3);
	carveout_remote_abandon(&server->remote, ticket);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(3, server->nr_sent);
}

TEST_F(remote, nothing_is_given_back_after_a_goodbye)
{
	struct server *server = &self->server;
	const struct carveout_remote_request alloc = { .op = CARVEOUT_RPMSG_ALLOC, .size = 64 };
	const struct carveout_remote_request goodbye = { .op = CARVEOUT_RPMSG_GOODBYE };
	uint32_t ticket;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &alloc, NULL, NULL, &ticket));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &alloc, NULL, NULL, NULL));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &goodbye, NULL, NULL, NULL));
	carveout_remote_process(&server->remote);
	server_serve(server);
	ASSERT_EQ(CARVEOUT_REMOTE_DOWN, server->remote.state);
	carveout_remote_abandon(&server->remote, ticket);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(4, server->nr_sent);
}

TEST_F(remote, refused_goodbye_gives_back)
{
	struct server *server = &self->server;
	const struct carveout_remote_request alloc = { .op = CARVEOUT_RPMSG_ALLOC, .size = 64 };
	const struct carveout_remote_request goodbye = { .op = CARVEOUT_RPMSG_GOODBYE };

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &alloc, NULL, NULL, NULL));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &goodbye, NULL, NULL, NULL));
	carveout_remote_process(&server->remote);
	server_serve_one(server, 1);
	server_answer(server, 2, &(struct answer){ .status = CARVEOUT_RPMSG_BUSY });
	ASSERT_EQ(1, server_refs(server));
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_EQ(CARVEOUT_RPMSG_PUT, server_op(server, 3));
	server_serve(server);
	ASSERT_EQ(0, server_refs(server));
}
