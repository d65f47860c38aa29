// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Client of carveout for the other processors of a chip: messages of Linux, and sessions.
 */

#include "carveout_remote_core.h"

/* === Bytes ================================================================ */

/* Offset of a member of an answer. */
#define ANSWER(member) offsetof(struct carveout_rpmsg_answer, member)

static uint32_t get16(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

/* Read the result of a request from a successful answer or an event. */
static void decode(struct carveout_remote_result *result, const uint8_t *at)
{
	result->handle.handle = get32(at + ANSWER(handle));
	result->handle.session = result->handle.handle ? get32(at + ANSWER(header.session)) : 0;
	result->addr = get64(at + ANSWER(addr_lo));
	result->size = get64(at + ANSWER(size_lo));
	result->serial = get64(at + ANSWER(serial_lo));
	result->attrs = get32(at + ANSWER(attrs));
	result->index = get32(at + ANSWER(index));
	result->value = get32(at + ANSWER(value));
}

/* === Sessions ============================================================= */

/* Credits of Linux at least: one for a wait, one for other requests. */
#define CREDITS_MIN 2

static bool drop(struct carveout_remote *remote, enum carveout_remote_drop reason)
{
	remote->dropped[reason]++;
	return false;
}

/* End all requests, because their session has ended. */
static void lose_requests(struct carveout_remote *remote)
{
	struct carveout_remote_slot *slot;
	size_t i;

	for (i = 0; i <= remote->nr_slots; i++) {
		slot = carveout_remote_slot_at(remote, i);
		if (carveout_remote_is_open(slot))
			carveout_remote_end(slot, CARVEOUT_REMOTE_LOST);
	}
}

static bool is_hello_possible(const uint8_t *at)
{
	uint32_t field = get32(at + ANSWER(handle));

	return get32(at + ANSWER(header.session)) && !get32(at + ANSWER(header.id)) &&
	       get32(at + ANSWER(status)) == CARVEOUT_RPMSG_OK &&
	       field >= CARVEOUT_RPMSG_TAG_MIN && field <= CARVEOUT_RPMSG_TAG_MAX &&
	       get32(at + ANSWER(index)) >= CREDITS_MIN;
}

static bool receive_hello(struct carveout_remote *remote, const uint8_t *at)
{
	if (!is_hello_possible(at))
		return drop(remote, CARVEOUT_REMOTE_DROP_HELLO);
	if (get32(at + ANSWER(header.session)) == remote->session)
		return true;
	if (remote->state == CARVEOUT_REMOTE_ENDING)
		remote->closed = true;
	lose_requests(remote);
	remote->session = get32(at + ANSWER(header.session));
	remote->tag_field = get32(at + ANSWER(handle));
	remote->credits = get32(at + ANSWER(index));
	remote->max_handles = get32(at + ANSWER(value));
	remote->waits = get32(at + ANSWER(size_lo));
	if (get32(at + ANSWER(size_hi)))
		remote->waits = CARVEOUT_REMOTE_U32_MAX;
	remote->heaps = 0;
	remote->refused = 0;
	remote->state = CARVEOUT_REMOTE_DOWN;
	if (!remote->closed)
		carveout_remote_queue_start(remote);
	return true;
}

static void take_start(struct carveout_remote *remote, const struct carveout_remote_slot *slot)
{
	/* The hello follows. */
	if (!slot->session && slot->result.status == CARVEOUT_RPMSG_NO_SESSION)
		return;
	remote->refused = slot->result.status;
	remote->heaps = slot->result.value;
	remote->state = remote->refused ? CARVEOUT_REMOTE_DOWN : CARVEOUT_REMOTE_UP;
}

static void take_goodbye(struct carveout_remote *remote, const struct carveout_remote_slot *slot)
{
	if (slot->result.status) {
		remote->state = CARVEOUT_REMOTE_UP;
		return;
	}
	remote->state = CARVEOUT_REMOTE_DOWN;
	/* Another Linux may give the number to a session of its own. */
	remote->session = 0;
	remote->closed = true;
	lose_requests(remote);
}

/* === Messages of Linux ==================================================== */

/* The watch has its answer, and its event may follow. It replaces an older one of the heap. */
static void begin_watch(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	size_t i;

	for (i = 0; i < remote->nr_slots; i++)
		if (remote->slots[i].state == SLOT_WATCHING &&
		    remote->slots[i].request.heap == slot->request.heap)
			carveout_remote_end(&remote->slots[i], CARVEOUT_RPMSG_CANCELLED);
	if (slot->polled || slot->done)
		slot->state = SLOT_WATCHING;
	else	/* It was abandoned. */
		carveout_remote_end(slot, CARVEOUT_RPMSG_CANCELLED);
}

/* The result of @slot from an answer: 0, a result of Linux or CARVEOUT_REMOTE_BAD_ANSWER. */
static int check_answer(const struct carveout_remote_slot *slot, const uint8_t *at)
{
	uint32_t status = get32(at + ANSWER(status));
	uint8_t op = slot->request.op;

	if (status >= CARVEOUT_RPMSG_STATUSES)
		return CARVEOUT_REMOTE_BAD_ANSWER;
	if (status == CARVEOUT_RPMSG_OK && !get32(at + ANSWER(handle)) &&
	    (op == CARVEOUT_RPMSG_ALLOC || op == CARVEOUT_RPMSG_OPEN))
		return CARVEOUT_REMOTE_BAD_ANSWER;
	if (status == CARVEOUT_RPMSG_OK && !slot->session)
		return CARVEOUT_REMOTE_BAD_ANSWER;
	return (int)status;
}

/* The request that the message belongs to, or NULL. */
static struct carveout_remote_slot *find_slot(struct carveout_remote *remote, const uint8_t *at)
{
	return carveout_remote_find(remote, get32(at + ANSWER(header.id)));
}

static bool receive_answer(struct carveout_remote *remote, const uint8_t *at)
{
	struct carveout_remote_slot *slot = find_slot(remote, at);
	int status;

	if (!slot || !carveout_remote_in_flight(slot))
		return drop(remote, CARVEOUT_REMOTE_DROP_ID);
	status = check_answer(slot, at);
	decode(&slot->result, at);
	if (slot->request.op == CARVEOUT_RPMSG_WATCH && !status) {
		begin_watch(remote, slot);
		return true;
	}
	carveout_remote_end(slot, status);
	if (slot->request.op == CARVEOUT_RPMSG_START)
		take_start(remote, slot);
	else if (slot->request.op == CARVEOUT_RPMSG_GOODBYE)
		take_goodbye(remote, slot);
	return true;
}

static bool receive_changed(struct carveout_remote *remote, const uint8_t *at)
{
	struct carveout_remote_slot *slot = find_slot(remote, at);

	if (!slot || slot->state != SLOT_WATCHING)
		return drop(remote, CARVEOUT_REMOTE_DROP_ID);
	decode(&slot->result, at);
	carveout_remote_end(slot, check_answer(slot, at));
	return true;
}

/* Without a session only a START has an answer, whose number is that of Linux. */
static bool is_of_session(const struct carveout_remote *remote, const uint8_t *at)
{
	if (!remote->session)
		return carveout_remote_in_flight(&remote->start);
	return get32(at + ANSWER(header.session)) == remote->session;
}

static bool receive_locked(struct carveout_remote *remote, const uint8_t *at)
{
	uint8_t op = at[ANSWER(header.op)];

	if (get32(at + ANSWER(header.magic)) != CARVEOUT_RPMSG_MAGIC) {
		uint32_t swapped = (uint32_t)at[3] | (uint32_t)at[2] << 8 |
				   (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;

		return drop(remote, swapped == CARVEOUT_RPMSG_MAGIC ?
			    CARVEOUT_REMOTE_DROP_SWAPPED : CARVEOUT_REMOTE_DROP_MAGIC);
	}
	if (at[ANSWER(header.version)] != CARVEOUT_RPMSG_VERSION)
		return drop(remote, CARVEOUT_REMOTE_DROP_VERSION);
	if (get16(at + ANSWER(header.length)) != CARVEOUT_RPMSG_ANSWER_LEN)
		return drop(remote, CARVEOUT_REMOTE_DROP_LENGTH);
	if (op == CARVEOUT_RPMSG_HELLO)
		return receive_hello(remote, at);
	if (op != CARVEOUT_RPMSG_ANSWER && op != CARVEOUT_RPMSG_CHANGED)
		return drop(remote, CARVEOUT_REMOTE_DROP_OP);
	if (!is_of_session(remote, at))
		return drop(remote, CARVEOUT_REMOTE_DROP_SESSION);
	return op == CARVEOUT_RPMSG_ANSWER ? receive_answer(remote, at) :
					     receive_changed(remote, at);
}

/**
 * carveout_remote_receive() - Take a message of Linux
 * @remote: the client
 * @data: the message, at any alignment; may be in memory that Linux can write
 * @len: its length in bytes, as the transport states it
 *
 * The client copies the message before it checks it, and keeps no pointer to it. Callbacks of
 * requests run inside this function. The port calls carveout_remote_process() afterwards,
 * outside the transport's receive callback, because the message may have queued a request.
 *
 * Context: See the top of carveout_remote.h; one caller at a time. Sends nothing.
 * Return: true if it was a valid message; otherwise it is counted in &carveout_remote.dropped.
 */
bool carveout_remote_receive(struct carveout_remote *remote, const void *data, size_t len)
{
	uint8_t message[CARVEOUT_RPMSG_ANSWER_LEN];
	bool good;

	if (len == sizeof(message))
		memcpy(message, data, sizeof(message));
	carveout_remote_lock(remote);
	if (len == sizeof(message))
		good = receive_locked(remote, message);
	else
		good = drop(remote, CARVEOUT_REMOTE_DROP_LENGTH);
	carveout_remote_finish(remote);
	carveout_remote_unlock(remote);
	return good;
}
