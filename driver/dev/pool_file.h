/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pool descriptors.
 */
#ifndef CARVEOUT_POOL_FILE_H
#define CARVEOUT_POOL_FILE_H

struct carveout_pool;
struct file;

struct file *carveout_pool_file_create(struct carveout_pool *pool);

#endif /* CARVEOUT_POOL_FILE_H */
