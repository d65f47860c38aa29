/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests of drivers, as the layers below take them.
 */
#ifndef CARVEOUT_API_REQUEST_H
#define CARVEOUT_API_REQUEST_H

#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "../../lib/tag.h"
#include "../mem/alloc.h"

struct carveout_buf_spec;

/* A flag of one interface that is passed to the other by mistake means the same. */
static_assert(CARVEOUT_REQ_OPEN == CARVEOUT_ALLOC_OPEN);
static_assert(CARVEOUT_REQ_PERSIST == CARVEOUT_ALLOC_PERSIST);
static_assert(CARVEOUT_REQ_TOP_DOWN == CARVEOUT_ALLOC_TOP_DOWN);
static_assert(CARVEOUT_REQ_EXACT == CARVEOUT_ALLOC_EXACT);

/**
 * carveout_may_alloc() - Check the context of a call that allocates
 *
 * Context: Any context.
 * Return: 0; -EWOULDBLOCK in interrupt context, soft or hard.
 */
static inline int carveout_may_alloc(void)
{
	if (!in_task())
		return -EWOULDBLOCK;
	might_sleep();
	return 0;
}

/**
 * carveout_req_convert() - Convert a driver's request to one of the allocator
 * @req: the driver's request
 * @request: filled in, but for the cookie
 *
 * Each member is written once: this is part of the cost of an allocation.
 *
 * Context: Any context.
 * Return: 0, or -EINVAL if the request is invalid.
 */
static inline int carveout_req_convert(const struct carveout_req *req,
				       struct carveout_heap_request *request)
{
	if (!req->size || req->size > U64_MAX - PAGE_SIZE + 1 ||
	    req->flags & ~CARVEOUT_REQ_FLAGS ||
	    !carveout_attrs_valid(req->require, req->forbid, req->fallback,
				  req->nr_fallback))
		return -EINVAL;
	if (req->align & (req->align - 1))
		return -EINVAL;
	if (req->flags & CARVEOUT_REQ_EXACT ? req->flags & CARVEOUT_REQ_TOP_DOWN :
					      req->addr)
		return -EINVAL;
	*request = (struct carveout_heap_request) {
		.size = req->size,
		.align = req->align,
		.regions = req->regions,
		.max_addr = req->max_addr,
		.require = req->require,
		.forbid = req->forbid,
		.fallback = { req->fallback[0], req->fallback[1], req->fallback[2] },
		.nr_fallback = req->nr_fallback,
		.top_down = req->flags & CARVEOUT_REQ_TOP_DOWN,
		.exact = req->flags & CARVEOUT_REQ_EXACT,
		.addr = req->addr,
	};
	return 0;
}

/**
 * carveout_tag_field() - Copy a tag to a field as the registry takes it
 * @tag: the tag, a string
 * @field: filled in, zero to its end
 *
 * Context: Any context.
 * Return: 0, or -EINVAL if the tag is invalid.
 */
static inline int carveout_tag_field(const char *tag, char field[CARVEOUT_NAME_LEN])
{
	memset(field, 0, CARVEOUT_NAME_LEN);
	if (strscpy(field, tag, CARVEOUT_NAME_LEN) < 0)
		return -EINVAL;
	return carveout_tag_check(field);
}

int carveout_req_to_spec(const struct carveout *carveout, const struct carveout_req *req,
			 const char *name, umode_t mode, char tag[CARVEOUT_NAME_LEN],
			 struct carveout_buf_spec *spec);
int carveout_req_open_or_create(const struct carveout_req *req, int (*open)(void *arg),
				int (*create)(void *arg), void *arg);

#endif /* CARVEOUT_API_REQUEST_H */
