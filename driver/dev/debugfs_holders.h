/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holders of buffers in debugfs.
 */
#ifndef CARVEOUT_DEBUGFS_HOLDERS_H
#define CARVEOUT_DEBUGFS_HOLDERS_H

struct carveout;
struct dentry;

void carveout_debugfs_add_holders(struct carveout *carveout, struct dentry *dir);

#endif /* CARVEOUT_DEBUGFS_HOLDERS_H */
