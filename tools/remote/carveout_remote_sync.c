// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Client of carveout for the other processors of a chip: functions that wait.
 *
 * A program that never waits leaves this file out.
 */

#include "carveout_remote_core.h"

/**
 * struct limit - The end of a wait
 * @since: time of its start, in milliseconds
 * @ms: its length, %CARVEOUT_RPMSG_FOREVER for none
 */
struct limit {
	uint32_t since;
	uint32_t ms;
};

static struct limit begin(struct carveout_remote *remote, uint32_t ms)
{
	struct limit limit = { 0, CARVEOUT_RPMSG_FOREVER };

	if (!remote->ops->now_ms)
		return limit;
	limit.since = remote->ops->now_ms(remote->ctx);
	limit.ms = ms;
	return limit;
}

/* Milliseconds that are left, at most CARVEOUT_REMOTE_WAIT_MS. */
static uint32_t left(struct carveout_remote *remote, const struct limit *limit)
{
	uint32_t passed;

	if (limit->ms == CARVEOUT_RPMSG_FOREVER)
		return CARVEOUT_REMOTE_WAIT_MS;
	passed = remote->ops->now_ms(remote->ctx) - limit->since;
	if (passed >= limit->ms)
		return 0;
	if (limit->ms - passed < CARVEOUT_REMOTE_WAIT_MS)
		return limit->ms - passed;
	return CARVEOUT_REMOTE_WAIT_MS;
}

/* Wait for the next event, and send queued requests. Return false if no time is left. */
static bool step(struct carveout_remote *remote, const struct limit *limit)
{
	uint32_t ms = left(remote, limit);

	if (!ms)
		return false;
	remote->ops->wait(remote->ctx, ms);
	carveout_remote_process_locked(remote);
	return true;
}

/* Limit for the answer to @request: its own wait, and the time for the answer itself. */
static uint32_t answer_ms(const struct carveout_remote *remote,
			  const struct carveout_remote_request *request)
{
	uint32_t own = 0;

	if (request->op == CARVEOUT_RPMSG_OPEN || request->op == CARVEOUT_RPMSG_BLOCK_ALLOC)
		own = request->arg;
	if (!remote->timeout_ms || CARVEOUT_RPMSG_FOREVER - own <= remote->timeout_ms)
		return CARVEOUT_RPMSG_FOREVER;
	return own + remote->timeout_ms;
}

/* Submit a request, waiting for a slot. Return 0 or why it was not submitted. */
static int submit(struct carveout_remote *remote, const struct carveout_remote_request *request,
		  const struct limit *limit, uint32_t *ticket)
{
	int ret;

	while ((ret = carveout_remote_submit_locked(remote, request, NULL, NULL, ticket)) ==
	       CARVEOUT_REMOTE_FULL)
		if (!step(remote, limit))
			return CARVEOUT_REMOTE_FULL;
	return ret;
}

static int wait_for(struct carveout_remote *remote, const struct carveout_remote_request *request,
		    const struct limit *limit, int late, struct carveout_remote_result *result)
{
	uint32_t ticket;
	int ret;

	memset(result, 0, sizeof(*result));
	ret = submit(remote, request, limit, &ticket);
	if (ret) {
		result->status = ret;
		return ret;
	}
	carveout_remote_process_locked(remote);
	while ((ret = carveout_remote_collect_locked(remote, ticket, result)) ==
	       CARVEOUT_REMOTE_PENDING) {
		if (step(remote, limit))
			continue;
		carveout_remote_abandon_locked(remote, ticket);
		result->status = late;
		return late;
	}
	return ret;
}

/**
 * carveout_remote_call() - Send a request and wait for its result
 * @remote: the client
 * @request: the request, but no WATCH: carveout_remote_watch() is for these
 * @result: returns the result
 *
 * If all slots are in use, it first waits for one. If the answer is late, the request is
 * abandoned, see carveout_remote_abandon().
 *
 * Context: Task, or main loop. Never a callback of a request.
 * Return: &carveout_remote_result.status of @result: 0, CARVEOUT_RPMSG_*, or as of
 * carveout_remote_submit(); %CARVEOUT_REMOTE_LOST; %CARVEOUT_REMOTE_NO_ANSWER: whether Linux
 * carried out the request is not known; %CARVEOUT_REMOTE_BAD_ANSWER.
 */
int carveout_remote_call(struct carveout_remote *remote,
			 const struct carveout_remote_request *request,
			 struct carveout_remote_result *result)
{
	struct limit limit;
	int ret;

	carveout_remote_lock(remote);
	limit = begin(remote, answer_ms(remote, request));
	ret = wait_for(remote, request, &limit, CARVEOUT_REMOTE_NO_ANSWER, result);
	carveout_remote_unlock(remote);
	return ret;
}

/**
 * carveout_remote_wait_session() - Wait until the session is up
 * @remote: the client
 * @ms: most milliseconds to wait, %CARVEOUT_RPMSG_FOREVER for no limit. Without
 *	&carveout_remote_ops.now_ms there is none
 *
 * Context: Task, or main loop. Never a callback of a request.
 * Return: 0; %CARVEOUT_REMOTE_NO_SESSION if it is not up in time; the result of Linux if it
 * refused the session.
 */
int carveout_remote_wait_session(struct carveout_remote *remote, uint32_t ms)
{
	struct limit limit;
	int ret = 0;

	carveout_remote_lock(remote);
	limit = begin(remote, ms);
	carveout_remote_process_locked(remote);
	while (remote->state != CARVEOUT_REMOTE_UP && !ret) {
		if (remote->refused)
			ret = remote->refused;
		else if (!step(remote, &limit))
			ret = CARVEOUT_REMOTE_NO_SESSION;
	}
	carveout_remote_unlock(remote);
	return ret;
}

/**
 * carveout_remote_alloc() - Allocate a buffer
 * @remote: the client
 * @heap: number of the heap
 * @tag: tag, which nothing else may have, or NULL
 * @size: bytes
 * @mode: permission bits of the tag
 * @buf: returns handle, address, size, attributes, region and generation
 *
 * For an alignment, attributes or flags use carveout_remote_call().
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_alloc(struct carveout_remote *remote, uint8_t heap, const char *tag,
			  uint64_t size, uint16_t mode, struct carveout_remote_result *buf)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_ALLOC,
		.heap = heap,
		.tag = tag,
		.size = size,
		.mode = mode,
	};

	return carveout_remote_call(remote, &request, buf);
}

/**
 * carveout_remote_open() - Open a buffer by its tag
 * @remote: the client
 * @heap: number of the heap
 * @tag: the tag
 * @flags: 0 or %CARVEOUT_RPMSG_F_READ
 * @ms: most milliseconds to wait for the tag, 0 for none, %CARVEOUT_RPMSG_FOREVER for no limit
 * @buf: returns handle, address, size, attributes, region and generation
 *
 * Each success is a handle of its own, also of a buffer that the session has already. Handles of a
 * heap are of one buffer if their generations are equal.
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_open(struct carveout_remote *remote, uint8_t heap, const char *tag,
			 uint32_t flags, uint32_t ms, struct carveout_remote_result *buf)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_OPEN,
		.heap = heap,
		.tag = tag,
		.flags = flags,
		.arg = ms,
	};

	return carveout_remote_call(remote, &request, buf);
}

/**
 * carveout_remote_open_or_create() - Open a buffer by its tag, or allocate it
 * @remote: the client
 * @heap: number of the heap
 * @tag: the tag
 * @size: bytes
 * @mode: permission bits of the tag, if it is new
 * @buf: returns handle, address, size, attributes, region and generation
 *
 * The normal call for a buffer with a tag: after a restart of the processor, its own tag may
 * still exist.
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_open_or_create(struct carveout_remote *remote, uint8_t heap, const char *tag,
				   uint64_t size, uint16_t mode,
				   struct carveout_remote_result *buf)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_ALLOC,
		.heap = heap,
		.tag = tag,
		.flags = CARVEOUT_RPMSG_F_OPEN,
		.size = size,
		.mode = mode,
	};

	return carveout_remote_call(remote, &request, buf);
}

/**
 * carveout_remote_cancel() - Cancel a wait
 * @remote: the client
 * @ticket: ticket of the request that waits
 *
 * That request ends, too: with %CARVEOUT_RPMSG_CANCELLED, or with the result that it had before.
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call(); %CARVEOUT_RPMSG_NO_HANDLE if the request does not wait.
 */
int carveout_remote_cancel(struct carveout_remote *remote, uint32_t ticket)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_CANCEL,
		.ticket = ticket,
	};
	struct carveout_remote_result result;

	return carveout_remote_call(remote, &request, &result);
}

static int request_handle(struct carveout_remote *remote, uint8_t op,
			  struct carveout_remote_handle handle,
			  struct carveout_remote_result *result)
{
	const struct carveout_remote_request request = {
		.op = op,
		.handle = handle,
	};

	return carveout_remote_call(remote, &request, result);
}

/**
 * carveout_remote_get() - Take another reference to a buffer
 * @remote: the client
 * @handle: the buffer
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_get(struct carveout_remote *remote, struct carveout_remote_handle handle)
{
	struct carveout_remote_result result;

	return request_handle(remote, CARVEOUT_RPMSG_GET, handle, &result);
}

/**
 * carveout_remote_put() - Drop a reference to a buffer
 * @remote: the client
 * @handle: the buffer. With its last reference the handle becomes invalid
 *
 * Context: See carveout_remote_call(). To drop a reference in an interrupt, submit the request.
 * Return: As carveout_remote_call().
 */
int carveout_remote_put(struct carveout_remote *remote, struct carveout_remote_handle handle)
{
	struct carveout_remote_result result;

	return request_handle(remote, CARVEOUT_RPMSG_PUT, handle, &result);
}

/**
 * carveout_remote_unlink() - Remove a tag
 * @remote: the client
 * @heap: number of the heap
 * @tag: the tag
 *
 * The memory is freed when its last reference is dropped. References of the caller remain: drop
 * them with carveout_remote_put().
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_unlink(struct carveout_remote *remote, uint8_t heap, const char *tag)
{
	const struct carveout_remote_handle any = { 0, 0 };

	return carveout_remote_unlink_buf(remote, heap, tag, any);
}

/**
 * carveout_remote_unlink_buf() - Remove the tag of a buffer
 * @remote: the client
 * @heap: number of the heap
 * @tag: the tag
 * @handle: the buffer. Its references remain
 *
 * The tag remains if it has been removed and given to another buffer.
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call(); %CARVEOUT_RPMSG_NO_TAG if the buffer does not have the tag.
 */
int carveout_remote_unlink_buf(struct carveout_remote *remote, uint8_t heap, const char *tag,
			       struct carveout_remote_handle handle)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_UNLINK,
		.heap = heap,
		.handle = handle,
		.tag = tag,
	};
	struct carveout_remote_result result;

	return carveout_remote_call(remote, &request, &result);
}

/**
 * carveout_remote_describe() - Describe a buffer
 * @remote: the client
 * @handle: the buffer
 * @buf: returns the same as carveout_remote_alloc(), and in value the number of blocks, 0 if the
 *	buffer is no pool
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_describe(struct carveout_remote *remote, struct carveout_remote_handle handle,
			     struct carveout_remote_result *buf)
{
	return request_handle(remote, CARVEOUT_RPMSG_DESCRIBE, handle, buf);
}

/**
 * carveout_remote_block_alloc() - Allocate a block of a pool
 * @remote: the client
 * @pool: the pool
 * @ms: most milliseconds to wait, 0 for none, %CARVEOUT_RPMSG_FOREVER for no limit
 * @block: returns address, size (bytes to the next block), index and serial
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_block_alloc(struct carveout_remote *remote,
				struct carveout_remote_handle pool, uint32_t ms,
				struct carveout_remote_result *block)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_BLOCK_ALLOC,
		.handle = pool,
		.arg = ms,
	};

	return carveout_remote_call(remote, &request, block);
}

/**
 * carveout_remote_block_free() - Free a block of a pool
 * @remote: the client
 * @pool: the pool
 * @index: index of the block
 * @serial: its serial
 *
 * Context: See carveout_remote_call(). To free a block in an interrupt, submit the request.
 * Return: As carveout_remote_call().
 */
int carveout_remote_block_free(struct carveout_remote *remote, struct carveout_remote_handle pool,
			       uint32_t index, uint64_t serial)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_BLOCK_FREE,
		.handle = pool,
		.arg = index,
		.size = serial,
	};
	struct carveout_remote_result result;

	return carveout_remote_call(remote, &request, &result);
}

/**
 * carveout_remote_query() - State of a heap
 * @remote: the client
 * @heap: number of the heap
 * @state: returns size, used bytes in serial, bytes of the largest hole in addr, attributes,
 *	number of regions in index, and in value the handles that the session may still get
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call().
 */
int carveout_remote_query(struct carveout_remote *remote, uint8_t heap,
			  struct carveout_remote_result *state)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_QUERY,
		.heap = heap,
	};

	return carveout_remote_call(remote, &request, state);
}

/**
 * carveout_remote_watch() - Wait for a change of tags
 * @remote: the client
 * @heap: number of the heap
 * @prefix: prefix of the tags, NULL or "" for all
 * @ms: most milliseconds to wait, %CARVEOUT_RPMSG_FOREVER for no limit. Without
 *	&carveout_remote_ops.now_ms there is none
 * @change: number of the last change that the caller knows, 0 at first; returns the new one
 *
 * A second watch of a heap ends the first.
 *
 * Context: See carveout_remote_call().
 * Return: 0 after a change; %CARVEOUT_RPMSG_DENIED unless the processor may open all tags with
 * the prefix; %CARVEOUT_RPMSG_TIMED_OUT; %CARVEOUT_RPMSG_CANCELLED if another
 * watch replaced this one; otherwise as carveout_remote_call().
 */
int carveout_remote_watch(struct carveout_remote *remote, uint8_t heap, const char *prefix,
			  uint32_t ms, uint64_t *change)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_WATCH,
		.heap = heap,
		.tag = prefix,
		.size = *change,
	};
	struct carveout_remote_result result;
	struct limit limit;
	int ret;

	carveout_remote_lock(remote);
	limit = begin(remote, ms);
	ret = wait_for(remote, &request, &limit, CARVEOUT_RPMSG_TIMED_OUT, &result);
	carveout_remote_unlock(remote);
	if (!ret)
		*change = result.serial;
	return ret;
}

/**
 * carveout_remote_goodbye() - End the session
 * @remote: the client
 *
 * The caller has stopped using all memory of the session. Linux drops all its references. Other
 * requests end with %CARVEOUT_REMOTE_LOST. The client accepts no new session before
 * carveout_remote_start().
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call(). If it is a result of Linux other than 0, the session is
 * still up.
 */
int carveout_remote_goodbye(struct carveout_remote *remote)
{
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_GOODBYE };
	struct carveout_remote_result result;

	return carveout_remote_call(remote, &request, &result);
}
