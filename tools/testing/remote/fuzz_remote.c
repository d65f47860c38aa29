// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: input bytes are messages of Linux and calls of the client.
 *
 * The first byte of an operation selects it. Most messages are well formed except for the bytes
 * that the input takes, because random bytes alone do not get beyond the magic.
 */

#include <stdlib.h>

#include "carveout_remote.h"

#define SLOTS 5
#define TICKETS 8

static struct fuzz {
	const uint8_t *data;
	size_t left;
	struct carveout_remote remote;
	uint32_t id;				/* of the last message sent */
	uint32_t tickets[TICKETS];
	unsigned int nr_tickets;
	unsigned int submitted;			/* with a callback */
	unsigned int called;
	bool receiving;
} fuzz;

static uint8_t take(void)
{
	if (!fuzz.left)
		return 0;
	fuzz.left--;
	return *fuzz.data++;
}

static uint32_t take32(void)
{
	uint32_t value = take();

	value |= (uint32_t)take() << 8;
	value |= (uint32_t)take() << 16;
	return value | (uint32_t)take() << 24;
}

static void store32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	at[2] = (uint8_t)(value >> 16);
	at[3] = (uint8_t)(value >> 24);
}

static void receive(const uint8_t *data, size_t len)
{
	/* An allocation of the exact length, so that ASan finds a read beyond it. */
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	fuzz.receiving = true;
	carveout_remote_receive(&fuzz.remote, copy, len);
	fuzz.receiving = false;
	free(copy);
}

static int send_message(void *ctx, const void *data, size_t len)
{
	const uint8_t *at = data;

	(void)ctx;
	if (fuzz.receiving || len < 64 || len > 112 || at[6] != len)
		abort();
	/* Only a START may be of session 0. */
	if (at[5] != CARVEOUT_RPMSG_START && !memcmp(at + 12, "\0\0\0", 4))
		abort();
	if (take() & 1)
		return -1;
	fuzz.id = at[8] | (uint32_t)at[9] << 8 | (uint32_t)at[10] << 16 | (uint32_t)at[11] << 24;
	return 0;
}

static void done(void *ctx, const struct carveout_remote_result *result)
{
	(void)ctx;
	if (result->status == CARVEOUT_REMOTE_PENDING)
		abort();
	fuzz.called++;
}

static void op_message(uint8_t op)
{
	uint8_t message[64] = { 'C', 'v', 'R', 'm', 1, op, 64 };
	uint8_t count, at;

	store32(message + 8, op == CARVEOUT_RPMSG_HELLO ? 0 : fuzz.id - (take() & 7));
	store32(message + 12, fuzz.remote.session);
	if (op == CARVEOUT_RPMSG_HELLO) {
		store32(message + 12, take());
		message[20] = 16 + take() % 49;
		message[44] = take() | 2;
		message[32] = take();
	}
	for (count = take() & 7; count; count--) {
		at = take() & 63;
		message[at] = take();
	}
	receive(message, sizeof(message));
}

static void op_bytes(void)
{
	uint8_t len = take();
	size_t real = len < fuzz.left ? len : fuzz.left;

	receive(fuzz.data, real);
	fuzz.data += real;
	fuzz.left -= real;
}

static void op_submit(void)
{
	struct carveout_remote_request request = { .op = take() & 15, .heap = take() & 1 };
	char tag[80] = { 0 };
	uint8_t how = take();
	uint32_t ticket = 0;

	memset(tag, 'a', how & 127 ? (how & 127) % 70 : 0);
	if (how & 128)
		request.tag = tag;
	how = take();
	if (how & 1)
		request.handle = (struct carveout_remote_handle){ fuzz.remote.session, take32() };
	if (how & 2)
		request.arg = take32();
	if (how & 4)
		request.ticket = fuzz.tickets[take() % TICKETS];
	if (carveout_remote_submit(&fuzz.remote, &request, how & 8 ? done : NULL, NULL,
				   how & 16 ? &ticket : NULL))
		return;
	fuzz.submitted += how & 8 ? 1 : 0;
	if (ticket && !(how & 8))
		fuzz.tickets[fuzz.nr_tickets++ % TICKETS] = ticket;
}

static void run(uint8_t op)
{
	struct carveout_remote_result result;

	switch (op & 7) {
	case 0:
		op_message(CARVEOUT_RPMSG_HELLO);
		break;
	case 1:
		op_message(CARVEOUT_RPMSG_ANSWER);
		break;
	case 2:
		op_message(CARVEOUT_RPMSG_CHANGED);
		break;
	case 3:
		op_bytes();
		break;
	case 4:
		op_submit();
		break;
	case 5:
		carveout_remote_process(&fuzz.remote);
		break;
	case 6:
		carveout_remote_collect(&fuzz.remote, fuzz.tickets[take() % TICKETS], &result);
		break;
	default:
		if (op & 8)
			carveout_remote_start(&fuzz.remote);
		else
			carveout_remote_abandon(&fuzz.remote, fuzz.tickets[take() % TICKETS]);
	}
}

/* A new session ends all requests: so each callback has run once. */
static void end(void)
{
	uint8_t hello[64] = { 'C', 'v', 'R', 'm', 1, CARVEOUT_RPMSG_HELLO, 64 };

	store32(hello + 12, fuzz.remote.session + 1 ? fuzz.remote.session + 1 : 1);
	hello[20] = 64;
	hello[44] = 2;
	receive(hello, sizeof(hello));
	if (fuzz.called != fuzz.submitted)
		abort();
}

int fuzz_one_input(const uint8_t *data, size_t size);

int fuzz_one_input(const uint8_t *data, size_t size)
{
	static const struct carveout_remote_ops ops = { .send = send_message };
	static struct carveout_remote_slot slots[SLOTS];

	memset(&fuzz, 0, sizeof(fuzz));
	fuzz.data = data;
	fuzz.left = size;
	if (carveout_remote_init(&fuzz.remote, &ops, NULL, slots, SLOTS, 32))
		abort();
	while (fuzz.left)
		run(take());
	end();
	return 0;
}
