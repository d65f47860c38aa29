/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device side of a ring of a loop-back device: a split ring, each message in one buffer.
 */
#ifndef CARVEOUT_TESTS_LOOPBACK_RING_H
#define CARVEOUT_TESTS_LOOPBACK_RING_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

/**
 * struct loopback_ring - Device side of a ring
 * @lock: protects all members, and is held during an interrupt
 * @vdev: the device
 * @vq: Linux' side, or NULL
 * @vring: place of the ring's parts
 * @pages: memory of the ring
 * @size: bytes of @pages
 * @running: Linux is ready for interrupts
 * @seen: buffers that were taken from Linux
 * @used: buffers that were returned to Linux
 */
struct loopback_ring {
	struct mutex lock;	/* all below; held during an interrupt */
	struct virtio_device *vdev;
	struct virtqueue *vq;
	struct vring vring;
	void *pages;
	size_t size;
	bool running;
	u16 seen;
	u16 used;
};

void loopback_ring_init(struct loopback_ring *ring, struct virtio_device *vdev);
int loopback_ring_create(struct loopback_ring *ring, unsigned int nr, unsigned int num,
			 const struct virtqueue_info *info,
			 bool (*notify)(struct virtqueue *vq));
void loopback_ring_destroy(struct loopback_ring *ring);
void loopback_ring_run(struct loopback_ring *ring, bool running);
unsigned int loopback_ring_count(struct loopback_ring *ring);
int loopback_ring_take(struct loopback_ring *ring, void **buf, u32 *size);
void loopback_ring_return(struct loopback_ring *ring, int head, u32 len);

#endif /* CARVEOUT_TESTS_LOOPBACK_RING_H */
