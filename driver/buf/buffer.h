/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers: reference-counted allocations.
 */
#ifndef CARVEOUT_BUFFER_H
#define CARVEOUT_BUFFER_H

#include <linux/types.h>

#include "../../lib/heap.h"
#include "buffer_types.h"

struct carveout;
struct carveout_account;

/**
 * struct carveout_buf_spec - Properties of a new buffer
 * @request: request to the heap
 * @label: purpose, a terminated string
 * @tag: its tag; an empty string for none
 * @mode: permission bits of the tag
 * @persist: the tag holds the buffer
 * @pool: it becomes a pool
 * @typed: mmap() of a device node allocates it
 * @zero: zero it in a heap that does not zero, too
 */
struct carveout_buf_spec {
	struct carveout_heap_request request;
	const char *label;
	const char *tag;
	umode_t mode;
	bool persist;
	bool pool;
	bool typed;
	bool zero;
};

struct carveout_buf *carveout_buf_create(struct carveout *carveout,
					 struct carveout_account *account,
					 const struct carveout_buf_spec *spec);
bool carveout_buf_satisfies(const struct carveout_buf *buf,
			    const struct carveout_buf_spec *spec);
struct carveout_buf *carveout_buf_clone(struct carveout_buf *buf);
int carveout_buf_populate(struct carveout_buf *buf, u32 counts);
void carveout_buf_depopulate(struct carveout_buf *buf);

#endif /* CARVEOUT_BUFFER_H */
