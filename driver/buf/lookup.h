/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Look-up of buffers, by tag and by place.
 */
#ifndef CARVEOUT_LOOKUP_H
#define CARVEOUT_LOOKUP_H

#include <linux/types.h>

struct carveout;
struct carveout_buf;

/*
 * Rounds of carveout_open_or_create(). A round fails if another caller creates the tag after
 * the attempt to open it, and removes it before the next such attempt. If half of all rounds
 * fail, one call in 2^64 gives up.
 */
#define CARVEOUT_OPEN_ROUNDS	64

/* Limit of a driver's wait for the end of resizes: a resize may copy gigabytes. */
#define CARVEOUT_RESIZE_WAIT_MS	10000

/**
 * enum carveout_lookup_access - Access that a look-up asks for
 * @CARVEOUT_LOOKUP_READ: a process reads
 * @CARVEOUT_LOOKUP_WRITE: a process reads and writes
 * @CARVEOUT_LOOKUP_KERNEL: a driver reads and writes; no permission check
 */
enum carveout_lookup_access {
	CARVEOUT_LOOKUP_READ,
	CARVEOUT_LOOKUP_WRITE,
	CARVEOUT_LOOKUP_KERNEL,
};

struct carveout_buf *carveout_lookup(struct carveout *carveout, const char *tag,
				     enum carveout_lookup_access access);
struct carveout_buf *carveout_lookup_nowait(struct carveout *carveout, const char *tag,
					    enum carveout_lookup_access access);
struct carveout_buf *carveout_lookup_wait(struct carveout *carveout, const char *tag,
					  enum carveout_lookup_access access, u64 deadline);
struct carveout_buf *carveout_lookup_place(struct carveout *carveout, u64 start, u64 size,
					   bool write);
int carveout_open_or_create(bool may_open, int (*open)(void *arg), int (*create)(void *arg),
			    void *arg);

#endif /* CARVEOUT_LOOKUP_H */
