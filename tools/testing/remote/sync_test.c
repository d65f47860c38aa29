// SPDX-License-Identifier: GPL-2.0
/*
 * Functions that wait.
 */

#include "fixture.h"

TEST_F(remote, life_of_a_buffer)
{
	struct server *server = &self->server;
	struct carveout_remote_result made, again, opened;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, "tag", 4096, 0600, &made));
	ASSERT_EQ(4096, made.size);
	ASSERT_EQ(0x30000000, made.addr);
	ASSERT_EQ(CARVEOUT_RPMSG_EXISTS,
		  carveout_remote_alloc(&server->remote, 0, "tag", 4096, 0600, &again));
	ASSERT_EQ(0, again.handle.handle);
	ASSERT_EQ(0, carveout_remote_open_or_create(&server->remote, 0, "tag", 4096, 0600, &again));
	ASSERT_EQ(made.addr, again.addr);
	ASSERT_EQ(made.serial, again.serial);
	ASSERT_NE(made.handle.handle, again.handle.handle);
	ASSERT_EQ(0, carveout_remote_open(&server->remote, 0, "tag", 0, 0, &opened));
	ASSERT_EQ(0, carveout_remote_get(&server->remote, opened.handle));
	ASSERT_EQ(4, server_refs(server));
	ASSERT_EQ(0, carveout_remote_describe(&server->remote, opened.handle, &opened));
	ASSERT_EQ(made.addr, opened.addr);
	ASSERT_EQ(0, carveout_remote_unlink(&server->remote, 0, "tag"));
	ASSERT_EQ(CARVEOUT_RPMSG_NO_TAG, carveout_remote_unlink(&server->remote, 0, "tag"));
	ASSERT_EQ(4, server_refs(server));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, made.handle));
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE, carveout_remote_put(&server->remote, made.handle));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, again.handle));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, opened.handle));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, opened.handle));
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE, carveout_remote_put(&server->remote, opened.handle));
}

TEST_F(remote, tag_is_removed_from_one_buffer_only)
{
	struct server *server = &self->server;
	struct carveout_remote_result first, second, opened;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, "tag", 64, 0, &first));
	ASSERT_EQ(0, carveout_remote_unlink_buf(&server->remote, 0, "tag", first.handle));
	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, "tag", 64, 0, &second));
	ASSERT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_unlink_buf(&server->remote, 0, "tag", first.handle));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, first.handle));
	ASSERT_EQ(CARVEOUT_RPMSG_NO_HANDLE,
		  carveout_remote_unlink_buf(&server->remote, 0, "tag", first.handle));
	/* Any handle of the buffer will do. */
	ASSERT_EQ(0, carveout_remote_open(&server->remote, 0, "tag", 0, 0, &opened));
	ASSERT_EQ(0, carveout_remote_unlink_buf(&server->remote, 0, "tag", opened.handle));
	ASSERT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_open(&server->remote, 0, "tag", 0, 0, &opened));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, second.handle));
	ASSERT_EQ(1, server_refs(server));
	/* The session's end gives the reference of the last handle back. */
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
}

TEST_F(remote, blocks_of_a_pool)
{
	struct server *server = &self->server;
	struct carveout_remote_result pool, one, two;

	ASSERT_EQ(0, carveout_remote_alloc(&server->remote, 0, NULL, 4096, 0, &pool));
	ASSERT_EQ(0, carveout_remote_block_alloc(&server->remote, pool.handle, 0, &one));
	ASSERT_EQ(0, carveout_remote_block_alloc(&server->remote, pool.handle, 50, &two));
	ASSERT_EQ(1, two.index);
	ASSERT_EQ(0x100, two.size);
	ASSERT_EQ(CARVEOUT_RPMSG_NO_BLOCK, carveout_remote_block_free(&server->remote, pool.handle,
								      two.index, one.serial));
	ASSERT_EQ(0, carveout_remote_block_free(&server->remote, pool.handle, two.index,
						two.serial));
	ASSERT_EQ(0, carveout_remote_block_free(&server->remote, pool.handle, one.index,
						one.serial));
	ASSERT_EQ(0, carveout_remote_put(&server->remote, pool.handle));
}

TEST_F(remote, state_of_a_heap)
{
	struct carveout_remote_result state;

	ASSERT_EQ(0, carveout_remote_query(&self->server.remote, 0, &state));
	ASSERT_EQ(0x100000, state.size);
	ASSERT_EQ(0x3000, state.serial);
	ASSERT_EQ(0x80000, state.addr);
	ASSERT_EQ(99, state.value);
}

TEST_F(remote, watch_waits_for_a_change)
{
	struct server *server = &self->server;
	uint64_t change = 0;
	uint32_t since = server->time;

	ASSERT_EQ(CARVEOUT_RPMSG_TIMED_OUT,
		  carveout_remote_watch(&server->remote, 0, "p", 300, &change));
	ASSERT_EQ(300, server->time - since);
	ASSERT_EQ(0, change);
	server->change = 9;
	ASSERT_EQ(0, carveout_remote_watch(&server->remote, 0, "p", 300, &change));
	ASSERT_EQ(9, change);
	/* A watch that was abandoned has no slot. */
	ASSERT_EQ(CARVEOUT_RPMSG_TIMED_OUT,
		  carveout_remote_watch(&server->remote, 0, NULL, 20, &change));
	ASSERT_FALSE(server_post(server, 0x43, server->watch, &(struct answer){ .serial = 10 }));
}

TEST_F(remote, no_answer_in_time)
{
	struct server *server = &self->server;
	struct carveout_remote_result buf;
	uint32_t since = server->time;

	server->automatic = false;
	ASSERT_EQ(CARVEOUT_REMOTE_NO_ANSWER,
		  carveout_remote_alloc(&server->remote, 0, NULL, 64, 0, &buf));
	ASSERT_EQ(1000, server->time - since);
	ASSERT_EQ(0, buf.handle.handle);
	/* The late answer brings a buffer, which is given back: see the teardown. */
	server_serve(server);
	ASSERT_EQ(1, server_refs(server));
	/* The wait of the request itself is added. */
	since = server->time;
	ASSERT_EQ(CARVEOUT_REMOTE_NO_ANSWER,
		  carveout_remote_open(&server->remote, 0, "tag", 0, 234, &buf));
	ASSERT_EQ(1234, server->time - since);
}

TEST_F(remote, waits_for_a_slot_and_for_a_buffer)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	struct carveout_remote_result state;
	static struct record got;
	unsigned int i;

	for (i = 0; i < SERVER_SLOTS; i++)
		ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, record, &got, NULL));
	server->refuse = 5;
	ASSERT_EQ(0, carveout_remote_query(&server->remote, 0, &state));
	ASSERT_EQ(0, server->refuse);
	ASSERT_EQ(SERVER_SLOTS, got.calls);
	server->automatic = false;
	for (i = 0; i < SERVER_SLOTS; i++)
		ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, record, &got, NULL));
	ASSERT_EQ(CARVEOUT_REMOTE_FULL, carveout_remote_query(&server->remote, 0, &state));
}

TEST_F(remote, dead_transport_uses_no_slots_up)
{
	struct server *server = &self->server;
	struct carveout_remote_result state;
	unsigned int i;

	server->refuse = 1000000;
	for (i = 0; i < 2 * SERVER_SLOTS; i++)
		ASSERT_EQ(CARVEOUT_REMOTE_NO_ANSWER,
			  carveout_remote_query(&server->remote, 0, &state));
	server->refuse = 0;
	ASSERT_EQ(0, carveout_remote_query(&server->remote, 0, &state));
	ASSERT_EQ(2, server->nr_sent);
}

/* A wait() in which a new session starts. */
static void wait_and_lose(void *ctx, uint32_t ms)
{
	struct server *server = ctx;

	(void)ms;
	server->locked = false;
	server_hello(server, 8, 64, 4, 3);
	server->locked = true;
}

TEST_F(remote, session_is_lost_while_waiting)
{
	struct server *server = &self->server;
	const struct carveout_remote_ops *ops = server->remote.ops;
	struct carveout_remote_ops losing = *ops;
	struct carveout_remote_result buf;

	losing.wait = wait_and_lose;
	server->remote.ops = &losing;
	ASSERT_EQ(CARVEOUT_REMOTE_LOST,
		  carveout_remote_open(&server->remote, 0, "tag", 0, CARVEOUT_RPMSG_FOREVER, &buf));
	server->remote.ops = ops;
	ASSERT_EQ(CARVEOUT_REMOTE_NO_SESSION, carveout_remote_query(&server->remote, 0, &buf));
	ASSERT_EQ(0, carveout_remote_wait_session(&server->remote, 100));
}

/* A wait() that is answered after five seconds. */
static void wait_long(void *ctx, uint32_t ms)
{
	struct server *server = ctx;

	server->locked = false;
	server->time += ms;
	if (server->time > 5000 && server->time < 0x80000000U)
		server_serve(server);
	server->locked = true;
}

TEST_F(remote, wait_without_a_limit)
{
	struct server *server = &self->server;
	const struct carveout_remote_ops *ops = server->remote.ops;
	struct carveout_remote_ops late = *ops;
	struct carveout_remote_result buf;

	late.wait = wait_long;
	server->remote.ops = &late;
	ASSERT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_open(&server->remote, 0, "tag", 0, CARVEOUT_RPMSG_FOREVER, &buf));
	server->time = 0;
	ASSERT_EQ(CARVEOUT_RPMSG_NO_TAG,
		  carveout_remote_open(&server->remote, 0, "tag", 0, 0xfffffff0, &buf));
	server->time = 0;
	ASSERT_EQ(CARVEOUT_REMOTE_NO_ANSWER, carveout_remote_query(&server->remote, 0, &buf));
	server->time = 0;
	server->remote.timeout_ms = 0;
	ASSERT_EQ(0, carveout_remote_query(&server->remote, 0, &buf));
	server->remote.ops = ops;
}
