// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of requests, and the parsing of answers.
 */

#include "fixture.h"

/*
 * Expected bytes. They are hexadecimal digits, blanks, and N*B for N bytes B. @head is the op,
 * the length and the id of the header; magic, version and session are the same in all messages.
 */
static const char *golden(const char *head, const char *body)
{
	static char text[512];
	char source[512], *at = source, *to = text, *end;
	unsigned long count;

	snprintf(source, sizeof(source), "4376526d 01 %s 78563412 %s", head, body);
	while (*at) {
		count = strtoul(at, &end, 10);
		if (*end == '*') {
			for (; count; count--)
				to += sprintf(to, "%.2s", end + 1);
			at = end + 3;
		} else {
			for (; *at && *at != ' '; at++)
				*to++ = *at;
		}
		while (*at == ' ')
			at++;
	}
	*to = '\0';
	return text;
}

static const char *request_bytes(struct server *server,
				 const struct carveout_remote_request *request)
{
	if (carveout_remote_submit(&server->remote, request, NULL, NULL, NULL))
		return "(refused)";
	if (carveout_remote_process(&server->remote))
		return "(not sent)";
	return server_hex(server, server->nr_sent - 1);
}

TEST_F(remote, start_has_the_address_bits)
{
	ASSERT_EQ(1, self->server.nr_sent);
	ASSERT_STREQ(golden("01 7000 01000000", "28*00 20000000 64*00"),
		     server_hex(&self->server, 0));
	ASSERT_EQ(2, self->server.remote.heaps);
	ASSERT_EQ(100, self->server.remote.max_handles);
}

TEST_F(remote, alloc_bytes)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_ALLOC,
		.heap = 9,
		.align = 12,
		.mode = 0640,
		.flags = CARVEOUT_RPMSG_F_OPEN | CARVEOUT_RPMSG_F_TOP_DOWN,
		.require = 0x11223344,
		.forbid = 0x55667788,
		.size = 0x0102030405060708,
		.tag = "Az09.-_",
	};
	const char *bytes =
		"4*00 05 3*00 0807060504030201 4433221188776655 a0010c09 4*00 417a30392e2d5f 57*00";

	ASSERT_STREQ(golden("03 7000 02000000", bytes), request_bytes(&self->server, &request));
}

TEST_F(remote, alloc_without_tag_bytes)
{
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_ALLOC, .size = 64 };

	ASSERT_STREQ(golden("03 7000 02000000", "8*00 40000000 84*00"),
		     request_bytes(&self->server, &request));
}

TEST_F(remote, open_bytes)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_OPEN,
		.heap = 1,
		.flags = CARVEOUT_RPMSG_F_READ,
		.arg = 1500,
		.tag = "a",
	};

	ASSERT_STREQ(golden("04 7000 02000000", "4*00 00010000 19*00 01 dc050000 61 63*00"),
		     request_bytes(&self->server, &request));
}

TEST_F(remote, requests_with_a_handle_have_these_bytes)
{
	static const struct {
		uint8_t op;
		const char *name;
	} ops[] = {
		{ CARVEOUT_RPMSG_GET, "06" }, { CARVEOUT_RPMSG_PUT, "07" },
		{ CARVEOUT_RPMSG_DESCRIBE, "09" }, { CARVEOUT_RPMSG_BLOCK_ALLOC, "0a" },
		{ CARVEOUT_RPMSG_BLOCK_FREE, "0b" },
	};
	struct server *server = &self->server;
	char head[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct carveout_remote_request request = {
			.op = ops[i].op,
			.handle = { SERVER_SESSION, 0xa1b2c3d4 },
		};

		snprintf(head, sizeof(head), "%s 7000 0%zu 3*00", ops[i].name, i + 2);
		ASSERT_STREQ(golden(head, "d4c3b2a1 92*00"), request_bytes(server, &request));
		server_serve(server);
	}
}

TEST_F(remote, block_free_bytes)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_BLOCK_FREE,
		.handle = { SERVER_SESSION, 1 },
		.arg = 0x0a0b0c0d,
		.size = 0x1122334455667788,
	};

	ASSERT_STREQ(golden("0b 7000 02000000", "01 7*00 88776655 44332211 12*00 0d0c0b0a 64*00"),
		     request_bytes(&self->server, &request));
}

TEST_F(remote, cancel_bytes)
{
	struct server *server = &self->server;
	const struct carveout_remote_request wait = {
		.op = CARVEOUT_RPMSG_OPEN,
		.arg = CARVEOUT_RPMSG_FOREVER,
		.tag = "t",
	};
	struct carveout_remote_request cancel = { .op = CARVEOUT_RPMSG_CANCEL };
	static struct record got;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &wait, record, &got,
					    &cancel.ticket));
	ASSERT_EQ(2, cancel.ticket);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_STREQ(golden("04 7000 02000000", "28*00 ffffffff 74 63*00"), server_hex(server, 1));
	ASSERT_STREQ(golden("05 7000 03000000", "02 95*00"), request_bytes(server, &cancel));
}

TEST_F(remote, unlink_query_watch_goodbye_bytes)
{
	struct server *server = &self->server;
	const struct carveout_remote_request unlink = {
		.op = CARVEOUT_RPMSG_UNLINK,
		.heap = 255,
		.tag = "xy",
	};
	const struct carveout_remote_request unlink_buf = {
		.op = CARVEOUT_RPMSG_UNLINK,
		.handle = { SERVER_SESSION, 0xa1b2c3d4 },
		.tag = "xy",
	};
	const struct carveout_remote_request query = { .op = CARVEOUT_RPMSG_QUERY, .heap = 3 };
	const struct carveout_remote_request watch = {
		.op = CARVEOUT_RPMSG_WATCH,
		.heap = 2,
		.size = 0x200000001,
		.tag = "p.",
	};
	const struct carveout_remote_request goodbye = { .op = CARVEOUT_RPMSG_GOODBYE };

	ASSERT_STREQ(golden("08 7000 02000000", "27*00 ff 4*00 7879 62*00"),
		     request_bytes(server, &unlink));
	ASSERT_STREQ(golden("08 7000 03000000", "d4c3b2a1 28*00 7879 62*00"),
		     request_bytes(server, &unlink_buf));
	ASSERT_STREQ(golden("0c 7000 04000000", "27*00 03 68*00"), request_bytes(server, &query));
	ASSERT_STREQ(golden("0d 7000 05000000", "8*00 01000000 02000000 11*00 02 4*00 702e 62*00"),
		     request_bytes(server, &watch));
	server_serve(server);
	ASSERT_STREQ(golden("02 7000 06000000", "96*00"), request_bytes(server, &goodbye));
}

TEST_F(remote, short_field_makes_short_requests)
{
	struct server *server = &self->server;
	const struct carveout_remote_request longest = {
		.op = CARVEOUT_RPMSG_UNLINK,
		.tag = "123456789012345",
	};
	const struct carveout_remote_request too_long = {
		.op = CARVEOUT_RPMSG_UNLINK,
		.tag = "1234567890123456",
	};

	server_up(server, 8, 16, 4, 3);
	server_up(server, SERVER_SESSION, 16, 4, 3);
	ASSERT_STREQ(golden("01 4000 03000000", "28*00 20000000 16*00"), server_hex(server, 2));
	ASSERT_STREQ(golden("08 4000 04000000", "32*00 31323334 35363738 39303132 33343500"),
		     request_bytes(server, &longest));
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_submit(&server->remote, &too_long, NULL, NULL, NULL));
}

TEST_F(remote, answer_is_parsed)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	struct carveout_remote_result result;
	uint8_t answer[64] = {
		'C', 'v', 'R', 'm', 1, 0x42, 64, 0, 2, 0, 0, 0, 0x78, 0x56, 0x34, 0x12,
		0, 0, 0, 0, 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
		0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x41, 0x42, 0x43, 0x44,
		0x51, 0x52, 0x53, 0x54, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0xe8,
		0x71, 0x72, 0x73, 0xf4, 0xff, 0xff, 0xff, 0xff,
	};
	uint32_t ticket;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, NULL, NULL, &ticket));
	ASSERT_EQ(CARVEOUT_REMOTE_PENDING,
		  carveout_remote_collect(&server->remote, ticket, &result));
	carveout_remote_process(&server->remote);
	server->sent[1].answered = true;
	ASSERT_TRUE(server_receive(server, answer, sizeof(answer)));
	ASSERT_EQ(0, carveout_remote_collect(&server->remote, ticket, &result));
	ASSERT_EQ(0x14131211, result.handle.handle);
	ASSERT_EQ(SERVER_SESSION, result.handle.session);
	ASSERT_EQ(0x2827262524232221, result.addr);
	ASSERT_EQ(0x3837363534333231, result.size);
	ASSERT_EQ(0x44434241, result.attrs);
	ASSERT_EQ(0x54535251, result.index);
	ASSERT_EQ(0xe867666564636261, result.serial);
	ASSERT_EQ(0xf4737271, result.value);
	ASSERT_EQ(CARVEOUT_REMOTE_INVALID,
		  carveout_remote_collect(&server->remote, ticket, &result));
}

TEST_F(remote, each_status_is_passed_on_without_values)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_ALLOC,
		.size = 1,
	};
	struct answer answer = {
		.handle = 1, .attrs = 2, .index = 3, .value = 4, .addr = 5, .size = 6, .serial = 7,
	};
	static struct record got;

	for (answer.status = 1; answer.status < 30; answer.status++) {
		ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, record, &got, NULL));
		carveout_remote_process(&server->remote);
		ASSERT_TRUE(server_answer(server, server->nr_sent - 1, &answer));
		ASSERT_EQ(answer.status, got.calls);
		ASSERT_EQ(answer.status < 21 ? (int)answer.status : CARVEOUT_REMOTE_BAD_ANSWER,
			  got.result.status);
		got.result.status = 0;
		ASSERT_EQ(0, memcmp(&got.result, &(struct carveout_remote_result){ 0 },
				    sizeof(got.result)));
	}
}

TEST_F(remote, success_without_a_handle_is_a_bad_answer)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_OPEN,
		.tag = "t",
	};
	static struct record got;

	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, record, &got, NULL));
	carveout_remote_process(&server->remote);
	ASSERT_TRUE(server_answer(server, 1, &(struct answer){ .addr = 1 }));
	ASSERT_EQ(1, got.calls);
	ASSERT_EQ(CARVEOUT_REMOTE_BAD_ANSWER, got.result.status);
}

/* === Messages to be dropped ============================================== */

/* Make a waiting request whose answer is @message, except for a defect. */
static struct message good_answer(struct server *server, struct record *got)
{
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	struct message message;

	carveout_remote_submit(&server->remote, &request, record, got, NULL);
	carveout_remote_process(&server->remote);
	server_compose(server, &message, 0x42, server_id(server, server->nr_sent - 1),
		       &(struct answer){ .size = 77 });
	return message;
}

TEST_F(remote, each_other_length_is_dropped)
{
	struct server *server = &self->server;
	static struct record got;
	struct message message = good_answer(server, &got);
	size_t len;

	for (len = 0; len <= sizeof(message.data); len++)
		if (len != 64)
			ASSERT_FALSE(server_receive(server, message.data, len));
	ASSERT_EQ(sizeof(message.data), server->remote.dropped[CARVEOUT_REMOTE_DROP_LENGTH]);
	message.data[6] = 63;
	ASSERT_FALSE(server_receive(server, message.data, 64));
	message.data[6] = 64;
	message.data[7] = 1;
	ASSERT_FALSE(server_receive(server, message.data, 64));
	ASSERT_EQ(sizeof(message.data) + 2, dropped(&server->remote));
	ASSERT_EQ(sizeof(message.data) + 2, server->remote.dropped[CARVEOUT_REMOTE_DROP_LENGTH]);
	ASSERT_EQ(0, got.calls);
	message.data[7] = 0;
	ASSERT_TRUE(server_receive(server, message.data, 64));
	ASSERT_EQ(1, got.calls);
	ASSERT_EQ(77, got.result.size);
}

TEST_F(remote, each_defect_of_a_header_is_dropped_and_counted)
{
	static const struct {
		unsigned int at;
		uint8_t xor;
		enum carveout_remote_drop reason;
	} defects[] = {
		{ 0, 0x01, CARVEOUT_REMOTE_DROP_MAGIC },
		{ 3, 0x80, CARVEOUT_REMOTE_DROP_MAGIC },
		{ 4, 0x03, CARVEOUT_REMOTE_DROP_VERSION },
		{ 5, 0x04, CARVEOUT_REMOTE_DROP_OP },
		{ 5, 0x42, CARVEOUT_REMOTE_DROP_OP },
		{ 5, 0x01, CARVEOUT_REMOTE_DROP_ID },		/* CHANGED of no watch */
		{ 5, 0x03, CARVEOUT_REMOTE_DROP_HELLO },	/* a hello with an id */
		{ 8, 0x40, CARVEOUT_REMOTE_DROP_ID },
		{ 11, 0x40, CARVEOUT_REMOTE_DROP_ID },
		{ 12, 0x01, CARVEOUT_REMOTE_DROP_SESSION },
		{ 15, 0x01, CARVEOUT_REMOTE_DROP_SESSION },
	};
	struct server *server = &self->server;
	static struct record got;
	struct message message = good_answer(server, &got);
	uint32_t before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		before = server->remote.dropped[defects[i].reason];
		message.data[defects[i].at] ^= defects[i].xor;
		ASSERT_FALSE(server_receive(server, message.data, 64));
		ASSERT_EQ(before + 1, server->remote.dropped[defects[i].reason]) {
			TH_LOG("defect %zu", i);
		}
		message.data[defects[i].at] ^= defects[i].xor;
	}
	ASSERT_EQ(i, dropped(&server->remote));
	ASSERT_EQ(0, got.calls);
	ASSERT_TRUE(server_receive(server, message.data, 64));
	ASSERT_EQ(1, got.calls);
}

TEST_F(remote, swapped_message_is_told_from_other_noise)
{
	struct server *server = &self->server;
	static struct record got;
	struct message message = good_answer(server, &got);

	memcpy(message.data, "mRvC", 4);
	ASSERT_FALSE(server_receive(server, message.data, 64));
	ASSERT_EQ(1, server->remote.dropped[CARVEOUT_REMOTE_DROP_SWAPPED]);
	memcpy(message.data, "mRvc", 4);
	ASSERT_FALSE(server_receive(server, message.data, 64));
	ASSERT_EQ(1, server->remote.dropped[CARVEOUT_REMOTE_DROP_MAGIC]);
	ASSERT_EQ(0, got.calls);
}

TEST_F(remote, second_answer_is_dropped)
{
	struct server *server = &self->server;
	static struct record got;
	struct message message = good_answer(server, &got);

	ASSERT_TRUE(server_receive(server, message.data, 64));
	ASSERT_FALSE(server_receive(server, message.data, 64));
	ASSERT_EQ(1, got.calls);
	ASSERT_EQ(1, server->remote.dropped[CARVEOUT_REMOTE_DROP_ID]);
}

TEST_F(remote, answer_to_a_request_not_sent_yet_is_dropped)
{
	struct server *server = &self->server;
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_QUERY };
	static struct record got;

	server->refuse = 1;
	ASSERT_EQ(0, carveout_remote_submit(&server->remote, &request, record, &got, NULL));
	ASSERT_EQ(1, carveout_remote_process(&server->remote));
	ASSERT_FALSE(server_post(server, 0x42, 2, &(struct answer){ 0 }));
	ASSERT_EQ(0, got.calls);
	ASSERT_EQ(0, carveout_remote_process(&server->remote));
	ASSERT_TRUE(server_answer(server, 1, &(struct answer){ 0 }));
	ASSERT_EQ(1, got.calls);
}

TEST_F(remote, impossible_hello_is_dropped)
{
	static const uint32_t bad[][3] = {	/* session, field, credits */
		{ 0, 64, 4 }, { 5, 15, 4 }, { 5, 65, 4 }, { 5, 64, 0 }, { 5, 64, 1 }, { 5, 0, 0 },
		{ 5, 0x80000000, 4 },
	};
	struct server *server = &self->server;
	struct message message;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ASSERT_FALSE(server_hello(server, bad[i][0], bad[i][1], bad[i][2], 1));
	server->session = 5;
	server_compose(server, &message, 0x41, 0, &(struct answer){
		.status = 3, .handle = 64, .index = 4 });
	ASSERT_FALSE(server_receive(server, message.data, 64));
	server_compose(server, &message, 0x41, 1, &(struct answer){ .handle = 64, .index = 4 });
	ASSERT_FALSE(server_receive(server, message.data, 64));
	ASSERT_EQ(i + 2, server->remote.dropped[CARVEOUT_REMOTE_DROP_HELLO]);
	ASSERT_EQ(SERVER_SESSION, server->remote.session);
	ASSERT_EQ(CARVEOUT_REMOTE_UP, server->remote.state);
	server->session = SERVER_SESSION;
}
