/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pool descriptors.
 */
#ifndef CARVEOUT_POOL_FILE_H
#define CARVEOUT_POOL_FILE_H

#include "../buf/pool.h"

struct carveout_call;
struct file;

/**
 * struct carveout_pool_file - An open file of a pool
 * @pool: the pool; the file has a reference to its buffer (invariant)
 * @client: owner of its blocks
 */
struct carveout_pool_file {
	struct carveout_pool *pool;
	struct carveout_pool_client client;
};

struct file *carveout_pool_file_create(struct carveout_pool *pool);

/* Handlers of batches, in pool_batch.c. */
int carveout_do_acquire_batch(struct carveout_call *call);
int carveout_do_release_batch(struct carveout_call *call);
int carveout_do_move_batch(struct carveout_call *call);

#endif /* CARVEOUT_POOL_FILE_H */
