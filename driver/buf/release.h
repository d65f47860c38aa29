/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of buffers: last references, pins, parking.
 */
#ifndef CARVEOUT_RELEASE_H
#define CARVEOUT_RELEASE_H

#include <linux/types.h>

struct carveout_buf;

void carveout_buf_put_sync(struct carveout_buf *buf);
bool carveout_buf_pinned(const struct carveout_buf *buf);
void carveout_release_exit(void);

#endif /* CARVEOUT_RELEASE_H */
