/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptions of buffers for user space.
 */
#ifndef CARVEOUT_INFO_H
#define CARVEOUT_INFO_H

#include <linux/types.h>

struct carveout;
struct carveout_buf;
struct carveout_buffer_info;

/**
 * struct carveout_viewer - Rights of a process to see buffers
 * @all: it sees the buffers of all owners, whatever their mode
 * @phys: it sees physical addresses
 */
struct carveout_viewer {
	bool all;
	bool phys;
};

bool carveout_may_see_phys(const struct carveout *carveout);
void carveout_viewer_init(struct carveout_viewer *viewer,
			  const struct carveout *carveout);
int carveout_info_fill(struct carveout_buf *buf, const struct carveout_viewer *viewer,
		       struct carveout_buffer_info *out);
bool carveout_info_next(struct carveout *carveout, u64 *cursor,
			const struct carveout_viewer *viewer,
			struct carveout_buffer_info *out);

#endif /* CARVEOUT_INFO_H */
