/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of live objects, shown in debugfs and checked when the module is removed.
 */
#ifndef CARVEOUT_OBJECTS_H
#define CARVEOUT_OBJECTS_H

#include <linux/atomic.h>

/**
 * enum carveout_object - Kinds of objects that are counted while they live
 * @CARVEOUT_OBJ_CLAIM: claimed ranges
 * @CARVEOUT_OBJ_CARVEOUT: heaps
 * @CARVEOUT_OBJ_DEVICE: device nodes
 * @CARVEOUT_OBJ_ACCOUNT: accounts: of open files of device nodes, and of owner objects
 * @CARVEOUT_OBJ_BUF: buffers
 * @CARVEOUT_OBJ_DMABUF: dma-buf files
 * @CARVEOUT_OBJ_ATTACH: dma-buf attachments
 * @CARVEOUT_OBJ_PARKED: buffers that only I/O still holds
 * @CARVEOUT_OBJ_POOL: pools
 * @CARVEOUT_OBJ_POOL_FILE: open files of pools
 * @CARVEOUT_OBJ_POOL_CLIENT: drivers that are clients of pools
 * @CARVEOUT_OBJ_OWNER: owner objects of drivers
 * @CARVEOUT_OBJ_SESSION: sessions of drivers
 * @CARVEOUT_OBJ_WAIT: watches and waits of drivers
 * @CARVEOUT_NR_OBJECTS: number of kinds
 */
enum carveout_object {
	CARVEOUT_OBJ_CLAIM,
	CARVEOUT_OBJ_CARVEOUT,
	CARVEOUT_OBJ_DEVICE,
	CARVEOUT_OBJ_ACCOUNT,
	CARVEOUT_OBJ_BUF,
	CARVEOUT_OBJ_DMABUF,
	CARVEOUT_OBJ_ATTACH,
	CARVEOUT_OBJ_PARKED,
	CARVEOUT_OBJ_POOL,
	CARVEOUT_OBJ_POOL_FILE,
	CARVEOUT_OBJ_POOL_CLIENT,
	CARVEOUT_OBJ_OWNER,
	CARVEOUT_OBJ_SESSION,
	CARVEOUT_OBJ_WAIT,
	CARVEOUT_NR_OBJECTS,
};

extern atomic_t carveout_objects[CARVEOUT_NR_OBJECTS];
extern const char * const carveout_object_names[CARVEOUT_NR_OBJECTS];

static inline void carveout_object_inc(enum carveout_object kind)
{
	atomic_inc(&carveout_objects[kind]);
}

static inline void carveout_object_dec(enum carveout_object kind)
{
	atomic_dec(&carveout_objects[kind]);
}

#endif /* CARVEOUT_OBJECTS_H */
