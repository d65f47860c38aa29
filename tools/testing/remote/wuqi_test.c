// SPDX-License-Identifier: GPL-2.0
/*
 * The share memory interface of WuQi.
 */

#include "fixture.h"
#include "wuqi_share_memory.h"

#define MAP 4

static struct carveout_remote_wuqi wuqi_map[MAP];

static void setup(struct server *server)
{
	carveout_remote_wuqi_setup(&server->remote, 0, wuqi_map, MAP);
	wq_share_memory_init();
}

/* Send and carry out all queued requests. */
static void settle(struct server *server)
{
	while (carveout_remote_process(&server->remote) || server->served < server->nr_sent)
		server_serve(server);
}

/* Buffers of the model that exist. */
static unsigned int buffers(const struct server *server)
{
	unsigned int i, count = 0;

	for (i = 0; i < SERVER_BUFFERS; i++)
		count += server->buffer[i].serial != 0;
	return count;
}

TEST_F(remote, wuqi_malloc_and_free)
{
	struct server *server = &self->server;
	void *one, *two;

	setup(server);
	one = wq_share_memory_malloc(100);
	two = wq_share_memory_aligned_malloc(200, 256);
	ASSERT_EQ(0x30000000, (uintptr_t)one);
	ASSERT_EQ(0x30010000, (uintptr_t)two);
	ASSERT_EQ(0, server->buffer[0].align);
	ASSERT_EQ(8, server->buffer[1].align);
	ASSERT_EQ(NULL, wq_share_memory_aligned_malloc(200, 24));
	ASSERT_EQ(2, server_refs(server));
	wq_share_memory_free(one);
	wq_share_memory_aligned_free(two);
	wq_share_memory_free(NULL);
	wq_share_memory_free(one);
	settle(server);
	ASSERT_EQ(0, buffers(server));
}

TEST_F(remote, wuqi_free_with_tag_gives_the_reference_back)
{
	struct server *server = &self->server;
	void *one;

	setup(server);
	one = wq_share_memory_aligned_malloc_with_tag("one", 100, 64);
	ASSERT_NE(NULL, one);
	ASSERT_EQ(6, server->buffer[0].align);
	ASSERT_EQ(NULL, wq_share_memory_malloc_with_tag("one", 100));
	ASSERT_EQ(2, server_refs(server));
	wq_share_memory_free_with_tag("one");
	settle(server);
	ASSERT_EQ(0, server_refs(server));
	ASSERT_EQ(0, buffers(server));
	ASSERT_EQ(NULL, wq_share_memory_get_by_tag("one"));
	ASSERT_NE(NULL, wq_share_memory_malloc_with_tag("one", 100));
	wq_share_memory_free_with_tag("one");
}

TEST_F(remote, wuqi_tag_holds_the_memory)
{
	struct server *server = &self->server;
	void *one;

	setup(server);
	one = wq_share_memory_malloc_with_tag("one", 100);
	wq_share_memory_free(one);
	settle(server);
	ASSERT_EQ(1, buffers(server));
	ASSERT_EQ(one, wq_share_memory_get_by_tag("one"));
	wq_share_memory_free_with_tag("one");
	settle(server);
	ASSERT_EQ(0, buffers(server));
}

TEST_F(remote, wuqi_get_by_tag_keeps_one_reference)
{
	struct server *server = &self->server;
	void *one;
	int i;

	setup(server);
	one = wq_share_memory_malloc_with_tag("one", 100);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(one, wq_share_memory_get_by_tag("one"));
	settle(server);
	ASSERT_EQ(2, server_refs(server));
	wq_share_memory_free_with_tag("one");
	settle(server);
	ASSERT_EQ(0, buffers(server));
}

TEST_F(remote, wuqi_memory_of_another_processor)
{
	struct server *server = &self->server;
	void *one;

	setup(server);
	server->buffer[0] = (struct buffer){
		.tag = "theirs", .persist = true, .others = 1, .size = 5, .serial = 77,
	};
	one = wq_share_memory_get_by_tag("theirs");
	ASSERT_NE(NULL, one);
	wq_share_memory_free_with_tag("theirs");
	settle(server);
	/* The other processor still has it. */
	ASSERT_EQ(0, server_refs(server));
	ASSERT_EQ(1, buffers(server));
	ASSERT_EQ(NULL, wq_share_memory_get_by_tag("theirs"));
	/* Without having had it. */
	server->buffer[1] = (struct buffer){ .tag = "x", .persist = true, .serial = 78 };
	wq_share_memory_free_with_tag("x");
	settle(server);
	ASSERT_EQ(1, buffers(server));
}

/* Another processor frees the tag of the first buffer and makes it again. */
static void free_and_make_again(struct server *server, const char *tag)
{
	server->buffer[0].tag[0] = '\0';
	server->buffer[0].persist = false;
	server->buffer[1] = (struct buffer){ .persist = true, .serial = 78 };
	strcpy(server->buffer[1].tag, tag);
}

TEST_F(remote, wuqi_tag_of_another_processor_is_left_alone)
{
	struct server *server = &self->server;

	setup(server);
	ASSERT_NE(NULL, wq_share_memory_malloc_with_tag("one", 100));
	free_and_make_again(server, "one");
	wq_share_memory_free_with_tag("one");
	settle(server);
	/* Only the own buffer is freed. */
	ASSERT_EQ(1, buffers(server));
	ASSERT_EQ(1, server_refs(server));
	ASSERT_STREQ("one", server->buffer[1].tag);
	/* Now the processor has no memory of that tag. */
	wq_share_memory_free_with_tag("one");
	settle(server);
	ASSERT_EQ(0, buffers(server));
}

TEST_F(remote, wuqi_tag_that_has_moved_on)
{
	struct server *server = &self->server;
	void *old, *new;

	setup(server);
	old = wq_share_memory_malloc_with_tag("one", 100);
	free_and_make_again(server, "one");
	new = wq_share_memory_get_by_tag("one");
	ASSERT_NE(old, new);
	ASSERT_EQ(3, server_refs(server));
	wq_share_memory_free_with_tag("one");
	settle(server);
	ASSERT_EQ(0, server_refs(server));
}

TEST_F(remote, wuqi_map_is_full)
{
	struct server *server = &self->server;
	void *ptr[MAP];
	int i;

	setup(server);
	for (i = 0; i < MAP; i++)
		ptr[i] = wq_share_memory_malloc(64);
	ASSERT_EQ(NULL, wq_share_memory_malloc(64));
	ASSERT_EQ(MAP, server_refs(server));
	wq_share_memory_free(ptr[2]);
	ptr[2] = wq_share_memory_malloc(64);
	ASSERT_NE(NULL, ptr[2]);
	for (i = 0; i < MAP; i++)
		wq_share_memory_free(ptr[i]);
}

TEST_F(remote, wuqi_free_when_all_slots_are_in_use)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	static struct record got;
	void *one, *two;

	setup(server);
	one = wq_share_memory_malloc_with_tag("one", 64);
	two = wq_share_memory_malloc(64);
	while (!carveout_remote_submit(&server->remote, &request, record, &got, NULL))
		;
	wq_share_memory_free_with_tag("one");
	wq_share_memory_free(two);
	settle(server);
	ASSERT_EQ(3, server_refs(server));
	/* The next call of the interface queues the releases that had no slot. */
	ASSERT_NE(NULL, one);
	wq_share_memory_free(NULL);
	settle(server);
	ASSERT_EQ(0, server_refs(server));
}

TEST_F(remote, wuqi_free_when_one_slot_is_left)
{
	struct server *server = &self->server;
	static struct record got;
	unsigned int i, unlinks = 0;

	setup(server);
	ASSERT_NE(NULL, wq_share_memory_malloc_with_tag("one", 64));
	for (i = 0; i < SERVER_SLOTS - 1; i++)
		submit(server, &query, &got);
	wq_share_memory_free_with_tag("one");
	settle(server);
	ASSERT_EQ(1, server_refs(server));
	wq_share_memory_free(NULL);
	settle(server);
	ASSERT_EQ(0, server_refs(server));
	for (i = 0; i < server->nr_sent; i++)
		unlinks += server_op(server, i) == CARVEOUT_RPMSG_UNLINK;
	ASSERT_EQ(1, unlinks);
}

/* A callback in which memory is freed: as in an interrupt, nothing may be sent. */
static void free_two(void *ctx, const struct carveout_remote_result *result)
{
	(void)result;
	wq_share_memory_free(ctx);
	wq_share_memory_free_with_tag("two");
}

TEST_F(remote, wuqi_free_inside_receive)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	void *one;
	unsigned int sent;

	setup(server);
	one = wq_share_memory_malloc(64);
	ASSERT_NE(NULL, wq_share_memory_malloc_with_tag("two", 64));
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, free_two, one, NULL));
	carveout_remote_process(&server->remote);
	sent = server->nr_sent;
	server_serve(server);
	ASSERT_EQ(sent, server->nr_sent);
	ASSERT_EQ(3, server_refs(server));
	settle(server);
	ASSERT_EQ(0, server_refs(server));
}

TEST_F(remote, wuqi_new_session_forgets_pointers)
{
	struct server *server = &self->server;
	void *one;
	unsigned int sent, i;

	setup(server);
	one = wq_share_memory_malloc(64);
	ASSERT_NE(NULL, wq_share_memory_malloc_with_tag("two", 64));
	ASSERT_NE(NULL, wq_share_memory_malloc(64));
	ASSERT_NE(NULL, wq_share_memory_malloc(64));
	/* Linux drops the references of the old session; the tag stays. */
	server_hello(server, 8, 64, 4, 3);
	ASSERT_EQ(NULL, wq_share_memory_malloc(64));
	wq_share_memory_init();
	sent = server->nr_sent;
	wq_share_memory_free(one);
	settle(server);
	ASSERT_EQ(sent, server->nr_sent);
	ASSERT_EQ(NULL, wq_share_memory_malloc_with_tag("two", 64));
	ASSERT_NE(NULL, wq_share_memory_get_by_tag("two"));
	/* The map has room for all: the old entries are forgotten. */
	for (i = 1; i < MAP; i++)
		ASSERT_NE(NULL, wq_share_memory_malloc(64));
	ASSERT_EQ(0, carveout_remote_goodbye(&server->remote));
	carveout_remote_start(&server->remote);
	wq_share_memory_init();
	/* The entry of the former session is not used. */
	wq_share_memory_free_with_tag("two");
	settle(server);
	ASSERT_EQ(0, buffers(server));
}

TEST_F(remote, wuqi_bad_tags)
{
	struct server *server = &self->server;
	char tag[100];
	void *one;

	setup(server);
	memset(tag, 'a', sizeof(tag) - 1);
	tag[63] = '\0';
	ASSERT_NE(NULL, wq_share_memory_malloc_with_tag(tag, 64));
	tag[63] = 'a';
	tag[99] = '\0';
	ASSERT_EQ(NULL, wq_share_memory_malloc_with_tag(tag, 64));
	wq_share_memory_free_with_tag(tag);
	wq_share_memory_free_with_tag("");
	settle(server);
	ASSERT_EQ(2, server_refs(server));
	ASSERT_EQ(NULL, wq_share_memory_malloc_with_tag("", 64));
	ASSERT_EQ(NULL, wq_share_memory_malloc_with_tag("a/b", 64));
	ASSERT_EQ(NULL, wq_share_memory_malloc_with_tag(NULL, 64));
	ASSERT_EQ(NULL, wq_share_memory_get_by_tag(NULL));
	/* Failed calls leave no entry of the map behind. */
	one = wq_share_memory_malloc(64);
	ASSERT_NE(NULL, one);
	wq_share_memory_free(one);
	settle(server);
	ASSERT_EQ(2, server_refs(server));
	tag[63] = '\0';
	wq_share_memory_free_with_tag(tag);
}
