/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface of carveout_edu.ko, between that module and the test that loads it. An open
 * file of the device holds one buffer at most.
 */
#ifndef CARVEOUT_EDU_H
#define CARVEOUT_EDU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What the device copies at once. */
#define EDU_COPY_BYTES	2048

/* The device reaches no address from here on. */
#define EDU_REACH	0x10000000ULL

/**
 * struct edu_attach - attach a buffer to the device
 * @fd: dma-buf descriptor of the buffer
 * @kernel: 1 to use carveout_buf_map(), which maps the buffer as well, instead of the
 *	calls that importers of dma-bufs use
 */
struct edu_attach {
	__s32 fd;
	__u32 kernel;
};

/* Directions, as enum dma_data_direction has them. */
#define EDU_BOTH	0
#define EDU_READS	1
#define EDU_WRITES	2

/**
 * struct edu_map - map the attached buffer
 * @address: out: where the device finds it
 * @size: out: how much of it is there in one piece
 * @direction: in: what the device may do
 * @entries: out: number of pieces
 */
struct edu_map {
	__u64 address;
	__u64 size;
	__u32 direction;
	__u32 entries;
};

/**
 * struct edu_copy - let the device copy EDU_COPY_BYTES
 * @offset: where in the mapped buffer
 * @store: 0 from the buffer into the device, 1 from the device into the buffer
 * @stale: 1 to use the address of the last mapping although it is gone
 */
struct edu_copy {
	__u64 offset;
	__u32 store;
	__u32 stale;
};

#define EDU_DEVICE	"/dev/carveout-edu"
#define EDU_ATTACH	_IOW('E', 0, struct edu_attach)
#define EDU_MAP		_IOWR('E', 1, struct edu_map)
#define EDU_COPY	_IOW('E', 2, struct edu_copy)
#define EDU_UNMAP	_IO('E', 3)
#define EDU_DETACH	_IO('E', 4)

#endif /* CARVEOUT_EDU_H */
