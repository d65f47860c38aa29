// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Client of carveout for the other processors of a chip: sending of requests.
 */

#include "carveout_remote_core.h"

/* === Bytes ================================================================ */

/* Offset of a member of a request. */
#define REQUEST(member) offsetof(struct carveout_rpmsg_request, member)

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value & 0xffU);
	at[1] = (uint8_t)(value >> 8 & 0xffU);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

/* Write the request of @slot into the client's message. Return its length. */
static size_t encode(struct carveout_remote *remote, const struct carveout_remote_slot *slot)
{
	const struct carveout_remote_request *request = &slot->request;
	size_t len = CARVEOUT_RPMSG_REQUEST_LEN + remote->tag_field;
	uint8_t *at = remote->message;

	memset(at, 0, len);
	put32(at + REQUEST(header.magic), CARVEOUT_RPMSG_MAGIC);
	at[REQUEST(header.version)] = CARVEOUT_RPMSG_VERSION;
	at[REQUEST(header.op)] = request->op;
	put16(at + REQUEST(header.length), (uint32_t)len);
	put32(at + REQUEST(header.id), slot->id);
	put32(at + REQUEST(header.session), slot->session);
	if (request->op == CARVEOUT_RPMSG_CANCEL)
		put32(at + REQUEST(handle), request->ticket);
	else
		put32(at + REQUEST(handle), request->handle.handle);
	put32(at + REQUEST(flags), request->flags);
	put32(at + REQUEST(size_lo), (uint32_t)(request->size & CARVEOUT_REMOTE_U32_MAX));
	put32(at + REQUEST(size_hi), (uint32_t)(request->size >> 32));
	put32(at + REQUEST(require), request->require);
	put32(at + REQUEST(forbid), request->forbid);
	put16(at + REQUEST(mode), request->mode);
	at[REQUEST(align)] = request->align;
	at[REQUEST(heap)] = request->heap;
	put32(at + REQUEST(arg), request->arg);
	if (request->tag)
		memcpy(at + CARVEOUT_RPMSG_REQUEST_LEN, request->tag, remote->tag_field);
	return len;
}

/* === Sending ============================================================== */

/* May Linux delay the answer, because the request waits? */
static bool is_wait(const struct carveout_remote_slot *slot)
{
	return slot->request.arg && (slot->request.op == CARVEOUT_RPMSG_OPEN ||
				  slot->request.op == CARVEOUT_RPMSG_BLOCK_ALLOC);
}

/*
 * Does a credit permit sending @slot now? Waits take one, too, until their answer. The last credit
 * is not for waits, so that a CANCEL, a PUT or a GOODBYE can always follow them.
 */
static bool may_send(struct carveout_remote *remote, const struct carveout_remote_slot *slot)
{
	uint32_t used = 0, waits = 0, limit = remote->credits - 1;
	size_t i;

	for (i = 0; i <= remote->nr_slots; i++) {
		if (!carveout_remote_in_flight(carveout_remote_slot_at(remote, i)))
			continue;
		if (carveout_remote_slot_at(remote, i)->request.op == CARVEOUT_RPMSG_GOODBYE)
			return false;
		used++;
		waits += is_wait(carveout_remote_slot_at(remote, i));
	}
	if (limit > remote->waits)
		limit = remote->waits;
	if (!limit)
		limit = 1;
	return used < remote->credits && (!is_wait(slot) || waits < limit);
}

/* The oldest queued request that may be sent. */
static struct carveout_remote_slot *next_to_send(struct carveout_remote *remote)
{
	struct carveout_remote_slot *best = NULL, *slot;
	size_t i;

	for (i = 0; i <= remote->nr_slots; i++) {
		slot = carveout_remote_slot_at(remote, i);
		if (slot->state != SLOT_QUEUED || !may_send(remote, slot))
			continue;
		/* Ids wrap: compare their distance. */
		if (!best || slot->id - best->id > CARVEOUT_REMOTE_U32_MAX / 2)
			best = slot;
	}
	return best;
}

/* Carry out a CANCEL here if Linux does not know the request, or has answered it. */
static bool cancel_here(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	struct carveout_remote_slot *target = carveout_remote_find(remote, slot->request.ticket);

	if (!target || !carveout_remote_is_open(target)) {
		carveout_remote_end(slot, CARVEOUT_RPMSG_NO_HANDLE);
	} else if (target->state == SLOT_QUEUED) {
		carveout_remote_end(target, CARVEOUT_RPMSG_CANCELLED);
		carveout_remote_end(slot, CARVEOUT_RPMSG_OK);
	} else {
		return false;
	}
	carveout_remote_finish(remote);
	return true;
}

/* Send the request of @slot. Return false if the transport has no buffer. */
static bool send_one(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	size_t len;
	int err;

	if (slot->request.op == CARVEOUT_RPMSG_CANCEL && cancel_here(remote, slot))
		return true;
	len = encode(remote, slot);
	slot->state = SLOT_SENDING;
	carveout_remote_unlock(remote);
	err = remote->ops->send(remote->ctx, remote->message, len);
	carveout_remote_lock(remote);
	/* The answer or a new session may have ended the request: then the slot has a new state. */
	if (slot->state == SLOT_SENDING)
		slot->state = err < 0 ? SLOT_QUEUED : SLOT_SENT;
	return err >= 0;
}

/* carveout_remote_process() with the lock held; it is dropped in between. */
size_t carveout_remote_process_locked(struct carveout_remote *remote)
{
	struct carveout_remote_slot *slot;
	size_t i, queued = 0;

	if (!remote->sending) {
		remote->sending = true;
		while ((slot = next_to_send(remote)) && send_one(remote, slot))
			;
		remote->sending = false;
	}
	for (i = 0; i <= remote->nr_slots; i++)
		queued += carveout_remote_slot_at(remote, i)->state == SLOT_QUEUED;
	return queued;
}

/**
 * carveout_remote_process() - Send queued requests, as far as credits and buffers permit
 * @remote: the client
 *
 * Requests are sent in the order of their submission, except for waits: these are held back
 * while Linux has as many as it accepts.
 *
 * Context: See the top of carveout_remote.h. Never inside the transport's receive callback.
 * Return: Number of requests that are still queued. Call again later if it is not 0.
 */
size_t carveout_remote_process(struct carveout_remote *remote)
{
	size_t queued;

	carveout_remote_lock(remote);
	queued = carveout_remote_process_locked(remote);
	carveout_remote_unlock(remote);
	return queued;
}
