/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Carveout heaps for remote processors: the interface for drivers that run them.
 */
#ifndef _LINUX_CARVEOUT_REMOTE_H
#define _LINUX_CARVEOUT_REMOTE_H

struct device;

void carveout_remote_stopped(struct device *dev);

#endif /* _LINUX_CARVEOUT_REMOTE_H */
