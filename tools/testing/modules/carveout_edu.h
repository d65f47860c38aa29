/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface of carveout_edu.ko, between that module and the test that loads it. An open
 * file of the device holds one buffer at most.
 */
#ifndef CARVEOUT_EDU_H
#define CARVEOUT_EDU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Number of bytes that the device copies in one go. */
#define EDU_COPY_BYTES	2048

/* The device cannot reach addresses from here on. */
#define EDU_REACH	0x10000000ULL

/**
 * struct edu_attach - Attach a buffer to the device
 * @fd: dma-buf descriptor of the buffer
 * @kernel: 1 to use carveout_buf_map(), which maps the buffer as well, instead of the
 *	calls that importers of dma-bufs use
 */
struct edu_attach {
	__s32 fd;
	__u32 kernel;
};

/* Directions, with the values of enum dma_data_direction. */
#define EDU_BOTH	0
#define EDU_READS	1
#define EDU_WRITES	2

/**
 * struct edu_map - Map the attached buffer
 * @address: out: its bus address
 * @size: out: number of contiguous bytes at that address
 * @direction: in: accesses of the device
 * @entries: out: number of pieces
 */
struct edu_map {
	__u64 address;
	__u64 size;
	__u32 direction;
	__u32 entries;
};

/**
 * struct edu_copy - Make the device copy EDU_COPY_BYTES
 * @offset: offset in the mapped buffer
 * @store: 0 from the buffer into the device, 1 from the device into the buffer
 * @stale: 1 to use the address of the last mapping although it has ended
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
/* Returns how often carveout.ko has flushed the caches since the last call. */
#define EDU_FLUSHES	_IO('E', 5)

#endif /* CARVEOUT_EDU_H */
