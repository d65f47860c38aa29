// SPDX-License-Identifier: GPL-2.0
/*
 * Stand-in for Linux in the tests of the client for remote processors.
 */

#include <stdio.h>
#include <stdlib.h>

#include "server.h"

/* === Port ================================================================= */

static void broken(struct server *server, const char *rule)
{
	fprintf(stderr, "# the client broke a rule: %s\n", rule);
	server->errors++;
}

static void lock(void *ctx)
{
	struct server *server = ctx;

	if (server->locked)
		broken(server, "it is taken twice");
	server->locked = true;
}

static void unlock(void *ctx)
{
	struct server *server = ctx;

	if (!server->locked)
		broken(server, "it is released without being held");
	server->locked = false;
}

static int send_message(void *ctx, const void *data, size_t len)
{
	struct server *server = ctx;
	struct message *message = &server->sent[server->nr_sent];

	if (server->locked)
		broken(server, "no sending with the lock held");
	if (server->receiving)
		broken(server, "no sending while a message is received");
	if (len > sizeof(message->data) || server->nr_sent == SERVER_MESSAGES)
		abort();
	if (server->refuse) {
		server->refuse--;
		return -1;
	}
	memcpy(message->data, data, len);
	message->len = len;
	message->answered = false;
	server->nr_sent++;
	return 0;
}

static void wait_for_event(void *ctx, uint32_t ms)
{
	struct server *server = ctx;

	if (!server->locked)
		broken(server, "no waiting without the lock");
	if (!ms || ms > CARVEOUT_REMOTE_WAIT_MS)
		broken(server, "a wait has 1 to CARVEOUT_REMOTE_WAIT_MS milliseconds");
	unlock(server);
	server->time += ms;
	if (server->automatic)
		server_serve(server);
	lock(server);
}

static void wake(void *ctx)
{
	struct server *server = ctx;

	if (!server->locked)
		broken(server, "waiters are notified under the lock");
	server->wakes++;
}

static uint32_t now_ms(void *ctx)
{
	return ((struct server *)ctx)->time;
}

static const struct carveout_remote_ops ops = {
	.send = send_message,
	.lock = lock,
	.unlock = unlock,
	.wait = wait_for_event,
	.wake = wake,
	.now_ms = now_ms,
};

void server_init(struct server *server)
{
	memset(server, 0, sizeof(*server));
	server->automatic = true;
	/* Soon after the start of a test the clock wraps. */
	server->time = 0xffffff00U;
	server->base = 0x30000000;
	if (carveout_remote_init(&server->remote, &ops, server, server->slots, SERVER_SLOTS, 32))
		abort();
	server->remote.timeout_ms = 1000;
}

static void release(struct buffer *buffer)
{
	if (!buffer->refs && !buffer->others && !buffer->persist)
		memset(buffer, 0, sizeof(*buffer));
}

static void end_session(struct server *server)
{
	unsigned int i;

	server->blocks = 0;
	memset(server->handle, 0, sizeof(server->handle));
	for (i = 0; i < SERVER_BUFFERS; i++) {
		server->buffer[i].refs = 0;
		release(&server->buffer[i]);
	}
}

/* === Messages ============================================================= */

uint32_t load32(const uint8_t *at)
{
	return at[0] + at[1] * 0x100U + at[2] * 0x10000U + at[3] * 0x1000000U;
}

void store32(uint8_t *at, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++, value /= 256)
		at[i] = (uint8_t)(value % 256);
}

static void store64(uint8_t *at, uint64_t value)
{
	store32(at, (uint32_t)(value % 0x100000000));
	store32(at + 4, (uint32_t)(value / 0x100000000));
}

static uint64_t load64(const uint8_t *at)
{
	return load32(at) + load32(at + 4) * 0x100000000ULL;
}

/* Pass a message to the client. It is not aligned. */
bool server_receive(struct server *server, const void *data, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	bool good;

	if (!copy)
		abort();
	if (len)
		memcpy(copy + 1, data, len);
	server->receiving = true;
	good = carveout_remote_receive(&server->remote, copy + 1, len);
	server->receiving = false;
	free(copy);
	return good;
}

void server_compose(const struct server *server, struct message *message, uint8_t op, uint32_t id,
		    const struct answer *answer)
{
	uint8_t *at = message->data;

	memset(message, 0, sizeof(*message));
	message->len = 64;
	memcpy(at, "CvRm\1", 5);
	at[5] = op;
	at[6] = 64;
	store32(at + 8, id);
	store32(at + 12, server->session);
	store32(at + 16, answer->status);
	store32(at + 20, answer->handle);
	store64(at + 24, answer->addr);
	store64(at + 32, answer->size);
	store32(at + 40, answer->attrs);
	store32(at + 44, answer->index);
	store64(at + 48, answer->serial);
	store32(at + 56, answer->value);
}

bool server_post(struct server *server, uint8_t op, uint32_t id, const struct answer *answer)
{
	struct message message;

	server_compose(server, &message, op, id, answer);
	return server_receive(server, message.data, message.len);
}

static bool greet(struct server *server)
{
	const struct answer hello = {
		.handle = server->field,
		.index = server->credits,
		.value = 100,
		.size = server->waits,
	};

	return server_post(server, 0x41, 0, &hello);
}

/* A hello. A new session ends the former one. */
bool server_hello(struct server *server, uint32_t session, uint32_t field, uint32_t credits,
		  uint32_t waits)
{
	if (session != server->session)
		end_session(server);
	server->session = session;
	server->field = field;
	server->credits = credits;
	server->waits = waits;
	return greet(server);
}

/* A hello, and the client's start. */
void server_up(struct server *server, uint32_t session, uint32_t field, uint32_t credits,
	       uint32_t waits)
{
	server_hello(server, session, field, credits, waits);
	carveout_remote_process(&server->remote);
	server_serve(server);
	if (server->remote.state != CARVEOUT_REMOTE_UP)
		abort();
}

uint32_t server_id(const struct server *server, unsigned int nr)
{
	return load32(server->sent[nr].data + 8);
}

uint8_t server_op(const struct server *server, unsigned int nr)
{
	return server->sent[nr].data[5];
}

/* Answer message @nr of the client. */
bool server_answer(struct server *server, unsigned int nr, const struct answer *answer)
{
	server->sent[nr].answered = true;
	return server_post(server, 0x42, server_id(server, nr), answer);
}

/* Message @nr of the client in hexadecimal digits. */
const char *server_hex(const struct server *server, unsigned int nr)
{
	static char text[2 * sizeof(server->sent[0].data) + 1];
	size_t i;

	if (nr >= server->nr_sent)
		return "(not sent)";
	for (i = 0; i < server->sent[nr].len; i++)
		sprintf(text + 2 * i, "%02x", server->sent[nr].data[i]);
	return text;
}

/* === Model ================================================================ */

static struct buffer *find_tag(struct server *server, const char *tag)
{
	unsigned int i;

	for (i = 0; i < SERVER_BUFFERS; i++)
		if (server->buffer[i].serial && tag[0] && !strcmp(server->buffer[i].tag, tag))
			return &server->buffer[i];
	return NULL;
}

static struct handle *find_handle(struct server *server, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < SERVER_HANDLES; i++)
		if (server->handle[i].refs && server->handle[i].value == value)
			return &server->handle[i];
	return NULL;
}

static void describe(struct server *server, struct handle *handle, struct answer *answer)
{
	struct buffer *buffer = handle->buffer;

	answer->handle = handle->value;
	answer->addr = server->base + (uint32_t)(buffer - server->buffer) * 0x10000;
	answer->size = buffer->size;
	answer->serial = buffer->serial;
	answer->attrs = 3;
	answer->index = 1;
}

/* A handle of its own, also for a buffer that the session has. */
static void open_handle(struct server *server, struct buffer *buffer, struct answer *answer)
{
	struct handle *handle = server->handle;

	while (handle->refs)
		if (++handle == server->handle + SERVER_HANDLES)
			abort();
	handle->value = ++server->nr_handles * 0x101;
	handle->buffer = buffer;
	handle->refs = 1;
	buffer->refs++;
	describe(server, handle, answer);
}

static void do_alloc(struct server *server, const uint8_t *at, struct answer *answer)
{
	const char *tag = (const char *)at + 48;
	struct buffer *buffer = find_tag(server, tag);

	if (buffer && !(at[20] & 1)) {
		answer->status = CARVEOUT_RPMSG_EXISTS;
		return;
	}
	if (!buffer) {
		for (buffer = server->buffer; buffer->serial; buffer++)
			if (buffer == &server->buffer[SERVER_BUFFERS - 1])
				abort();
		buffer->serial = ++server->serial;
		buffer->size = load64(at + 24);
		buffer->align = at[42];
		buffer->persist = at[20] & 2;
		strcpy(buffer->tag, tag);
		server->change++;
	}
	open_handle(server, buffer, answer);
}

static void do_unlink(struct server *server, const uint8_t *at, struct answer *answer)
{
	struct buffer *buffer = find_tag(server, (const char *)at + 48);
	struct handle *handle = find_handle(server, load32(at + 16));

	if (load32(at + 16) && !handle)
		answer->status = CARVEOUT_RPMSG_NO_HANDLE;
	else if (!buffer || (handle && handle->buffer != buffer))
		answer->status = CARVEOUT_RPMSG_NO_TAG;
	if (answer->status)
		return;
	buffer->tag[0] = '\0';
	buffer->persist = false;
	server->change++;
	release(buffer);
}

static void do_block(struct server *server, const uint8_t *at, struct answer *answer)
{
	uint32_t index = load32(at + 44);

	if (at[5] == CARVEOUT_RPMSG_BLOCK_ALLOC) {
		for (index = 0; server->blocks >> index & 1; index++)
			;
		server->blocks |= 1U << index;
		answer->addr = server->base + index * 0x100;
		answer->size = 0x100;
		answer->index = index;
		answer->serial = 0x500000000U + index;
	} else if (server->blocks >> index & 1 && load64(at + 24) == 0x500000000U + index) {
		server->blocks &= ~(1U << index);
	} else {
		answer->status = CARVEOUT_RPMSG_NO_BLOCK;
	}
}

static void do_handle(struct server *server, const uint8_t *at, struct answer *answer)
{
	struct handle *handle = find_handle(server, load32(at + 16));

	if (!handle) {
		answer->status = CARVEOUT_RPMSG_NO_HANDLE;
	} else if (at[5] == CARVEOUT_RPMSG_DESCRIBE) {
		describe(server, handle, answer);
	} else if (at[5] == CARVEOUT_RPMSG_GET) {
		handle->buffer->refs++;
		answer->value = ++handle->refs;
	} else if (at[5] == CARVEOUT_RPMSG_PUT) {
		handle->buffer->refs--;
		answer->value = --handle->refs;
		release(handle->buffer);
	} else {
		do_block(server, at, answer);
	}
}

static void carry_out(struct server *server, const uint8_t *at, struct answer *answer)
{
	struct buffer *buffer;

	switch (at[5]) {
	case CARVEOUT_RPMSG_START:
		answer->value = 2;
		break;
	case CARVEOUT_RPMSG_GOODBYE:
		end_session(server);
		break;
	case CARVEOUT_RPMSG_ALLOC:
		do_alloc(server, at, answer);
		break;
	case CARVEOUT_RPMSG_OPEN:
		buffer = find_tag(server, (const char *)at + 48);
		answer->status = buffer ? CARVEOUT_RPMSG_OK : CARVEOUT_RPMSG_NO_TAG;
		if (buffer)
			open_handle(server, buffer, answer);
		break;
	case CARVEOUT_RPMSG_UNLINK:
		do_unlink(server, at, answer);
		break;
	case CARVEOUT_RPMSG_CANCEL:
		answer->status = CARVEOUT_RPMSG_NO_HANDLE;
		break;
	case CARVEOUT_RPMSG_QUERY:
		*answer = (struct answer){ .size = 0x100000, .serial = 0x3000, .addr = 0x80000,
					   .attrs = 7, .index = 2, .value = 99 };
		break;
	case CARVEOUT_RPMSG_WATCH:
		answer->serial = server->change;
		server->watch = load32(at + 8);
		break;
	case CARVEOUT_RPMSG_DIRECTORY:
		*answer = (struct answer){ .addr = server->base, .size = 0x1000, .value = 32 };
		break;
	case CARVEOUT_RPMSG_RELEASE:
		server->released = load32(at + 44);
		answer->value = 1;
		break;
	default:
		do_handle(server, at, answer);
	}
}

/* Carry out message @nr of the client and answer it. */
void server_serve_one(struct server *server, unsigned int nr)
{
	const uint8_t *at = server->sent[nr].data;
	struct answer answer = { .status = CARVEOUT_RPMSG_OK };

	if (load32(at + 12) != server->session) {
		answer.status = CARVEOUT_RPMSG_NO_SESSION;
		server_answer(server, nr, &answer);
		greet(server);
		return;
	}
	carry_out(server, at, &answer);
	server_answer(server, nr, &answer);
	if (at[5] == CARVEOUT_RPMSG_GOODBYE) {
		server->session++;
		if (!server->mute)
			greet(server);
	}
	if (at[5] == CARVEOUT_RPMSG_WATCH && load64(at + 24) != server->change)
		server_post(server, 0x43, server_id(server, nr),
			    &(struct answer){ .serial = server->change });
}

/* Carry out all messages of the client that have no answer, in turn. */
void server_serve(struct server *server)
{
	for (; server->served < server->nr_sent; server->served++)
		if (!server->sent[server->served].answered)
			server_serve_one(server, server->served);
}

/* References of the session and of tags, and blocks. */
unsigned int server_refs(const struct server *server)
{
	unsigned int i, refs = 0;

	for (i = 0; i < SERVER_BUFFERS; i++)
		refs += server->buffer[i].refs + server->buffer[i].persist;
	for (i = 0; i < 32; i++)
		refs += server->blocks >> i & 1;
	return refs;
}
