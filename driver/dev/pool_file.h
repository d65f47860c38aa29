/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pool descriptors.
 */
#ifndef _CARVEOUT_POOL_FILE_H
#define _CARVEOUT_POOL_FILE_H

struct carveout_pool;
struct file;

struct file *carveout_pool_file_create(struct carveout_pool *pool);

#endif /* _CARVEOUT_POOL_FILE_H */
