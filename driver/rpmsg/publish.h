/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of a directory: Linux writes it and never reads it.
 */
#ifndef CARVEOUT_RPMSG_PUBLISH_H
#define CARVEOUT_RPMSG_PUBLISH_H

#include <linux/types.h>

#include <uapi/linux/carveout_rpmsg.h>

struct carveout_buf;

void carveout_publish_header(struct carveout_buf *memory, u32 session, u32 slots);
void carveout_publish_entry(struct carveout_buf *memory, u32 slot, u32 *sequence,
			    const struct carveout_rpmsg_entry *entry);
void carveout_publish_removed(struct carveout_buf *memory, u32 removed);
void carveout_publish_omitted(struct carveout_buf *memory, u32 omitted);

#endif /* CARVEOUT_RPMSG_PUBLISH_H */
