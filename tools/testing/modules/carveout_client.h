/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface of carveout_client.ko, between that module and the test that loads it. An open
 * file of the device is a driver that is a client of one pool.
 */
#ifndef CARVEOUT_CLIENT_H
#define CARVEOUT_CLIENT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct client_join - Become a client of a pool
 * @heap: name of the heap
 * @tag: tag of the pool
 * @id: out: id of the client
 */
struct client_join {
	char heap[64];
	char tag[64];
	__u64 id;
};

/**
 * struct client_block - Allocate, free or move a block
 * @index: index of the block; out for an allocation
 * @nowait: allocate without waiting
 * @serial: its serial; out for an allocation and a move
 * @deadline: end of the wait, CLOCK_MONOTONIC in nanoseconds
 * @ticket: of an interrupted wait, as for CARVEOUT_POOL_IOCTL_ACQUIRE
 * @to: id of the new owner
 */
struct client_block {
	__u32 index;
	__u32 nowait;
	__u64 serial;
	__u64 deadline;
	__u64 ticket;
	__u64 to;
};

#define CLIENT_DEVICE	"/dev/carveout-client"
#define CLIENT_JOIN	_IOWR(0xBE, 0x10, struct client_join)
#define CLIENT_ALLOC	_IOWR(0xBE, 0x11, struct client_block)
#define CLIENT_FREE	_IOWR(0xBE, 0x12, struct client_block)
#define CLIENT_MOVE	_IOWR(0xBE, 0x13, struct client_block)

#endif /* CARVEOUT_CLIENT_H */
