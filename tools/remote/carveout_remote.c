// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Client of carveout for the other processors of a chip: requests.
 */

#include "carveout_remote_core.h"

/* === Slots ================================================================ */

/* Take the port's lock. */
void carveout_remote_lock(struct carveout_remote *remote)
{
	if (remote->ops->lock)
		remote->ops->lock(remote->ctx);
}

/* Release the port's lock. */
void carveout_remote_unlock(struct carveout_remote *remote)
{
	if (remote->ops->unlock)
		remote->ops->unlock(remote->ctx);
}

static void wake(struct carveout_remote *remote)
{
	if (remote->ops->wake)
		remote->ops->wake(remote->ctx);
}

static struct carveout_remote_slot *find_state(struct carveout_remote *remote,
					       enum slot_state state)
{
	size_t i;

	for (i = 0; i <= remote->nr_slots; i++)
		if (carveout_remote_slot_at(remote, i)->state == state)
			return carveout_remote_slot_at(remote, i);
	return NULL;
}

/* Find the slot of a request by its id. */
struct carveout_remote_slot *carveout_remote_find(struct carveout_remote *remote, uint32_t id)
{
	struct carveout_remote_slot *slot;
	size_t i;

	for (i = 0; i <= remote->nr_slots; i++) {
		slot = carveout_remote_slot_at(remote, i);
		if (slot->state != SLOT_FREE && slot->id == id)
			return slot;
	}
	return NULL;
}

static struct carveout_remote_slot *find_unused(struct carveout_remote *remote)
{
	size_t i;

	for (i = 0; i < remote->nr_slots; i++)
		if (remote->slots[i].state == SLOT_FREE)
			return &remote->slots[i];
	return NULL;
}

/* An id that is not 0 and that no other request has. */
static uint32_t new_id(struct carveout_remote *remote)
{
	uint32_t id;

	do {
		id = remote->next_id++;
	} while (!id || carveout_remote_find(remote, id));
	return id;
}

/* Queue the request in @slot. */
void carveout_remote_queue(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	memset(&slot->result, 0, sizeof(slot->result));
	slot->id = new_id(remote);
	slot->session = remote->session;
	slot->state = SLOT_QUEUED;
}

/* End the request in @slot. carveout_remote_finish() hands the result over. */
void carveout_remote_end(struct carveout_remote_slot *slot, int status)
{
	if (status)
		memset(&slot->result, 0, sizeof(slot->result));
	slot->result.status = status;
	slot->state = SLOT_ENDED;
}

/* Does the request, if it succeeds, acquire something that has to be released? */
static bool acquires(uint8_t op)
{
	return op == CARVEOUT_RPMSG_ALLOC || op == CARVEOUT_RPMSG_OPEN ||
	       op == CARVEOUT_RPMSG_GET || op == CARVEOUT_RPMSG_BLOCK_ALLOC;
}

/* Turn an acquisition that has no owner into the request that undoes it. */
static void give_back(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	const struct carveout_remote_request old = slot->request;

	memset(&slot->request, 0, sizeof(slot->request));
	slot->request.op = CARVEOUT_RPMSG_PUT;
	slot->request.handle = old.handle;
	if (old.op == CARVEOUT_RPMSG_ALLOC || old.op == CARVEOUT_RPMSG_OPEN) {
		slot->request.handle = slot->result.handle;
	} else if (old.op == CARVEOUT_RPMSG_BLOCK_ALLOC) {
		slot->request.op = CARVEOUT_RPMSG_BLOCK_FREE;
		slot->request.arg = slot->result.index;
		slot->request.size = slot->result.serial;
	}
	carveout_remote_queue(remote, slot);
}

/* Is the result of the ended slot an acquisition of the session without an owner? */
static bool is_orphan(const struct carveout_remote *remote,
		      const struct carveout_remote_slot *slot)
{
	return !slot->done && !slot->polled && !slot->result.status &&
	       acquires(slot->request.op) && remote->state != CARVEOUT_REMOTE_DOWN &&
	       slot->session == remote->session;
}

/* Hand over the result of an ended slot. The lock is not held during the callback. */
static void finish(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	const struct carveout_remote_result result = slot->result;
	carveout_remote_done *done = slot->done;
	void *ctx = slot->ctx;

	if (is_orphan(remote, slot))
		give_back(remote, slot);
	else
		slot->state = slot->polled ? SLOT_DONE : SLOT_FREE;
	wake(remote);
	if (!done)
		return;
	carveout_remote_unlock(remote);
	done(ctx, &result);
	carveout_remote_lock(remote);
}

/* Hand over all results. The lock is dropped during callbacks. */
void carveout_remote_finish(struct carveout_remote *remote)
{
	struct carveout_remote_slot *slot;

	while ((slot = find_state(remote, SLOT_ENDED)))
		finish(remote, slot);
}

/* === Requests ============================================================= */

static bool is_tag_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* Copy a tag into the zeroed field of a slot. Return false if it is no tag. */
static bool copy_tag(const struct carveout_remote *remote, char *field, const char *tag)
{
	size_t len;

	for (len = 0; tag[len]; len++) {
		if (len + 1 == remote->tag_field || !is_tag_byte(tag[len]))
			return false;
		field[len] = tag[len];
	}
	return true;
}

/* Is the tag there if it has to be, absent if it has to be, and a tag? */
static bool take_tag(struct carveout_remote *remote, struct carveout_remote_slot *slot)
{
	const char *tag = slot->request.tag;
	uint8_t op = slot->request.op;

	memset(slot->tag, 0, sizeof(slot->tag));
	if (!tag)
		return op != CARVEOUT_RPMSG_OPEN && op != CARVEOUT_RPMSG_UNLINK;
	if (op != CARVEOUT_RPMSG_ALLOC && op != CARVEOUT_RPMSG_OPEN &&
	    op != CARVEOUT_RPMSG_UNLINK && op != CARVEOUT_RPMSG_WATCH)
		return false;
	if (!tag[0] && op != CARVEOUT_RPMSG_WATCH)
		return false;
	slot->request.tag = slot->tag;
	return copy_tag(remote, slot->tag, tag);
}

/* Does the answer to another WATCH of the heap decide which of the two remains? */
static bool is_watch_pending(struct carveout_remote *remote, uint8_t heap)
{
	const struct carveout_remote_slot *slot = remote->slots;

	for (; slot < remote->slots + remote->nr_slots; slot++)
		if (slot->request.op == CARVEOUT_RPMSG_WATCH && slot->request.heap == heap &&
		    (slot->state == SLOT_QUEUED || carveout_remote_in_flight(slot)))
			return true;
	return false;
}

static bool takes_handle(uint8_t op)
{
	return op == CARVEOUT_RPMSG_GET || op == CARVEOUT_RPMSG_PUT ||
	       op == CARVEOUT_RPMSG_DESCRIBE || op == CARVEOUT_RPMSG_BLOCK_ALLOC ||
	       op == CARVEOUT_RPMSG_BLOCK_FREE;
}

/* Is a handle there if it has to be, absent if it has to be, and not 0? */
static bool is_handle_right(const struct carveout_remote_request *request)
{
	bool given = request->handle.session || request->handle.handle;

	if (request->op == CARVEOUT_RPMSG_UNLINK)
		return !given || request->handle.handle;
	/* The handle has only the session of the directory, or is 0 for any session. */
	if (request->op == CARVEOUT_RPMSG_RELEASE)
		return !request->handle.handle;
	return takes_handle(request->op) ? request->handle.handle : !given;
}

static int check_request(struct carveout_remote *remote,
			 const struct carveout_remote_request *request)
{
	if (remote->state != CARVEOUT_REMOTE_UP)
		return CARVEOUT_REMOTE_NO_SESSION;
	if (request->op <= CARVEOUT_RPMSG_START || request->op >= CARVEOUT_RPMSG_REQUESTS)
		return CARVEOUT_REMOTE_INVALID;
	if (!is_handle_right(request))
		return CARVEOUT_REMOTE_INVALID;
	if (request->op == CARVEOUT_RPMSG_CANCEL ? !request->ticket : request->ticket)
		return CARVEOUT_REMOTE_INVALID;
	if (request->align > 63)
		return CARVEOUT_REMOTE_INVALID;
	if ((request->handle.handle || request->handle.session) &&
	    request->handle.session != remote->session)
		return CARVEOUT_REMOTE_STALE;
	if (request->op == CARVEOUT_RPMSG_WATCH && is_watch_pending(remote, request->heap))
		return CARVEOUT_RPMSG_BUSY;
	return 0;
}

/* Does the request release memory, a tag or a session? Then it must not be dropped. */
static bool releases(uint8_t op)
{
	return op == CARVEOUT_RPMSG_PUT || op == CARVEOUT_RPMSG_UNLINK ||
	       op == CARVEOUT_RPMSG_BLOCK_FREE || op == CARVEOUT_RPMSG_GOODBYE ||
	       op == CARVEOUT_RPMSG_RELEASE;
}

/* carveout_remote_submit() with the lock held. */
int carveout_remote_submit_locked(struct carveout_remote *remote,
				  const struct carveout_remote_request *request,
				  carveout_remote_done *done, void *ctx, uint32_t *ticket)
{
	struct carveout_remote_slot *slot = find_unused(remote);
	int ret = check_request(remote, request);

	if (ret)
		return ret;
	if (!slot)
		return CARVEOUT_REMOTE_FULL;
	slot->request = *request;
	if (!take_tag(remote, slot))
		return CARVEOUT_REMOTE_INVALID;
	slot->done = done;
	slot->ctx = ctx;
	slot->polled = !done && ticket;
	/* Order loads of the memory before the stores of its next owner: a ring orders less. */
	if (releases(request->op))
		carveout_remote_barrier();
	carveout_remote_queue(remote, slot);
	if (ticket)
		*ticket = slot->id;
	if (request->op == CARVEOUT_RPMSG_GOODBYE)
		remote->state = CARVEOUT_REMOTE_ENDING;
	return 0;
}

/**
 * carveout_remote_submit() - Queue a request
 * @remote: the client
 * @request: the request, copied
 * @done: callback for the result, or NULL
 * @ctx: pointer for @done
 * @ticket: returns the ticket of the request; NULL if there is no need of it
 *
 * With @done the ticket is valid for a cancel until the callback runs. Without @done and with
 * @ticket, the result has to be fetched by carveout_remote_collect(). Without both, the result is
 * dropped: buffers, references and blocks that the request acquires are released at once.
 *
 * A WATCH ends with the event, not with its answer. It ends with %CARVEOUT_RPMSG_CANCELLED when
 * another WATCH of the heap replaces it.
 *
 * Context: See the top of carveout_remote.h. Sends nothing: carveout_remote_process() does.
 * Return: 0; %CARVEOUT_REMOTE_NO_SESSION, %CARVEOUT_REMOTE_INVALID, %CARVEOUT_REMOTE_STALE;
 * %CARVEOUT_REMOTE_FULL; %CARVEOUT_RPMSG_BUSY while another WATCH of the heap has no answer.
 * Unless it is 0, nothing was queued and there is no callback.
 */
int carveout_remote_submit(struct carveout_remote *remote,
			   const struct carveout_remote_request *request,
			   carveout_remote_done *done, void *ctx, uint32_t *ticket)
{
	int ret;

	carveout_remote_lock(remote);
	ret = carveout_remote_submit_locked(remote, request, done, ctx, ticket);
	carveout_remote_unlock(remote);
	return ret;
}

/* carveout_remote_collect() with the lock held. */
int carveout_remote_collect_locked(struct carveout_remote *remote, uint32_t ticket,
				   struct carveout_remote_result *result)
{
	struct carveout_remote_slot *slot = carveout_remote_find(remote, ticket);

	memset(result, 0, sizeof(*result));
	if (!slot || !slot->polled) {
		result->status = CARVEOUT_REMOTE_INVALID;
	} else if (slot->state != SLOT_DONE) {
		result->status = CARVEOUT_REMOTE_PENDING;
	} else {
		*result = slot->result;
		slot->state = SLOT_FREE;
		wake(remote);
	}
	return result->status;
}

/**
 * carveout_remote_collect() - Fetch the result of a request, if it has one
 * @remote: the client
 * @ticket: its ticket, from a carveout_remote_submit() without callback
 * @result: returns the result
 *
 * A result other than %CARVEOUT_REMOTE_PENDING invalidates the ticket.
 *
 * Context: See the top of carveout_remote.h.
 * Return: &carveout_remote_result.status of @result.
 */
int carveout_remote_collect(struct carveout_remote *remote, uint32_t ticket,
			    struct carveout_remote_result *result)
{
	int ret;

	carveout_remote_lock(remote);
	ret = carveout_remote_collect_locked(remote, ticket, result);
	carveout_remote_unlock(remote);
	return ret;
}

/* carveout_remote_abandon() with the lock held. */
void carveout_remote_abandon_locked(struct carveout_remote *remote, uint32_t ticket)
{
	struct carveout_remote_slot *slot = carveout_remote_find(remote, ticket);

	if (!slot || slot == &remote->start)
		return;
	slot->polled = false;
	slot->done = NULL;
	if ((slot->state == SLOT_QUEUED && !releases(slot->request.op)) ||
	    slot->state == SLOT_WATCHING)
		carveout_remote_end(slot, CARVEOUT_RPMSG_CANCELLED);
	else if (slot->state == SLOT_DONE)
		slot->state = SLOT_ENDED;
	carveout_remote_finish(remote);
}

/**
 * carveout_remote_abandon() - Drop the interest in the result of a request
 * @remote: the client
 * @ticket: its ticket, which becomes invalid
 *
 * The callback will not run, unless it runs already. Buffers, references and blocks that the
 * request acquires, or has acquired, are released. A request that was not sent yet is not sent,
 * except for one that releases something. The event of a watch is dropped, and counted for
 * %CARVEOUT_REMOTE_DROP_ID. Any other wait that was sent to Linux keeps its slot until it ends:
 * to end it, cancel it first, see carveout_remote_cancel().
 *
 * Context: See the top of carveout_remote.h. Sends nothing.
 */
void carveout_remote_abandon(struct carveout_remote *remote, uint32_t ticket)
{
	carveout_remote_lock(remote);
	carveout_remote_abandon_locked(remote, ticket);
	carveout_remote_unlock(remote);
}

/* === Client =============================================================== */

/* Queue the request that accepts the session, or without a session requests a hello. */
void carveout_remote_queue_start(struct carveout_remote *remote)
{
	struct carveout_remote_slot *start = &remote->start;

	memset(start, 0, sizeof(*start));
	start->request.op = CARVEOUT_RPMSG_START;
	start->request.arg = remote->addr_bits;
	carveout_remote_queue(remote, start);
	remote->refused = 0;
	remote->state = CARVEOUT_REMOTE_STARTING;
}

/**
 * carveout_remote_start() - Start a session after a goodbye or a refused start
 * @remote: the client
 *
 * A goodbye that Linux has answered ends the session for good: only after this call the client
 * accepts another one. It accepts that of the last hello, before or after the call. Linux stops
 * repeating its hello after some seconds. So without a hello since the goodbye, the client queues
 * a START of session 0, which Linux refuses, to send a hello again. If the hello was on its way
 * already, the refusal is counted as dropped, for %CARVEOUT_REMOTE_DROP_ID.
 *
 * If Linux has refused the start of the session, the client tries it again. The call has no
 * effect while a start has no answer, or the session is up.
 *
 * Context: See the top of carveout_remote.h. Sends nothing.
 */
void carveout_remote_start(struct carveout_remote *remote)
{
	carveout_remote_lock(remote);
	remote->closed = false;
	/* Before the first hello the port has no address to send to. */
	if (remote->tag_field && !carveout_remote_is_open(&remote->start) &&
	    (remote->state == CARVEOUT_REMOTE_DOWN || remote->state == CARVEOUT_REMOTE_STARTING))
		carveout_remote_queue_start(remote);
	carveout_remote_unlock(remote);
}

/**
 * carveout_remote_init() - Initialise a client
 * @remote: memory for it
 * @ops: callbacks of the port
 * @ctx: pointer for the callbacks
 * @slots: memory for requests. Each request needs one from its submission until its end, a watch
 *	included. Requests beyond the credits of the hello wait in the queue
 * @nr_slots: number of slots, at least 1
 * @addr_bits: bits of an address of this processor, 10 to 64. Memory that such an address does
 *	not reach is never given to it
 *
 * Initialise the client before the transport can deliver a message. The memory has to stay until
 * the transport has stopped.
 *
 * Context: Before all other functions of the client.
 * Return: 0, or %CARVEOUT_REMOTE_INVALID.
 */
int carveout_remote_init(struct carveout_remote *remote, const struct carveout_remote_ops *ops,
			 void *ctx, struct carveout_remote_slot *slots, size_t nr_slots,
			 uint32_t addr_bits)
{
	size_t i;

	if (!ops || !ops->send || !ops->lock != !ops->unlock || !slots || !nr_slots ||
	    addr_bits < 10 || addr_bits > 64)
		return CARVEOUT_REMOTE_INVALID;
	memset(remote, 0, sizeof(*remote));
	for (i = 0; i < nr_slots; i++)
		memset(&slots[i], 0, sizeof(slots[i]));
	remote->ops = ops;
	remote->ctx = ctx;
	remote->slots = slots;
	remote->nr_slots = nr_slots;
	remote->addr_bits = addr_bits;
	remote->next_id = 1;
	return 0;
}
