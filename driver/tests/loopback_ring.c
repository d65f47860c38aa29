// SPDX-License-Identifier: GPL-2.0
/*
 * Device side of a ring of a loop-back device.
 *
 * Linux makes buffers available by their index in the ring of descriptors; the device takes
 * them, and returns each as used, with the number of bytes that it has written.
 */

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/lockdep.h>

#include "loopback_ring.h"

/* Alignment of the parts of a ring. */
#define RING_ALIGN	4096

/**
 * loopback_ring_init() - Initialize a ring without memory
 * @ring: the ring
 * @vdev: its device
 *
 * Context: Any context.
 */
void loopback_ring_init(struct loopback_ring *ring, struct virtio_device *vdev)
{
	mutex_init(&ring->lock);
	ring->vdev = vdev;
}

/**
 * loopback_ring_create() - Allocate a ring, and create Linux' side of it
 * @ring: a ring that was initialized, or destroyed
 * @nr: its number in the device
 * @num: number of its descriptors, a power of two
 * @info: the driver's wishes
 * @notify: called when Linux has made buffers available
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM; then the ring has to be destroyed, too.
 */
int loopback_ring_create(struct loopback_ring *ring, unsigned int nr, unsigned int num,
			 const struct virtqueue_info *info,
			 bool (*notify)(struct virtqueue *vq))
{
	ring->size = vring_size(num, RING_ALIGN);
	ring->pages = alloc_pages_exact(ring->size, GFP_KERNEL | __GFP_ZERO);
	if (!ring->pages)
		return -ENOMEM;
	vring_init(&ring->vring, num, ring->pages, RING_ALIGN);
	ring->seen = 0;
	ring->used = 0;
	ring->vq = vring_new_virtqueue(nr, num, RING_ALIGN, ring->vdev, true, false,
				       ring->pages, notify, info->callback, info->name);
	return ring->vq ? 0 : -ENOMEM;
}

/**
 * loopback_ring_destroy() - Free a ring
 * @ring: the ring, which does not run
 *
 * Context: Process context. May sleep.
 */
void loopback_ring_destroy(struct loopback_ring *ring)
{
	if (ring->vq)
		vring_del_virtqueue(ring->vq);
	ring->vq = NULL;
	if (ring->pages)
		free_pages_exact(ring->pages, ring->size);
	ring->pages = NULL;
}

/**
 * loopback_ring_run() - Start or stop a ring
 * @ring: the ring
 * @running: Linux is ready for interrupts
 *
 * No interrupt is delivered after a ring was stopped.
 *
 * Context: Process context. Takes ring->lock.
 */
void loopback_ring_run(struct loopback_ring *ring, bool running)
{
	mutex_lock(&ring->lock);
	ring->running = running;
	mutex_unlock(&ring->lock);
}

/* Linux' index of available buffers. */
static u16 available(struct loopback_ring *ring)
{
	/* Pairs with the barrier of Linux between an entry and the index. */
	return virtio16_to_cpu(ring->vdev, smp_load_acquire(&ring->vring.avail->idx));
}

/**
 * loopback_ring_count() - Number of available buffers
 * @ring: the ring
 *
 * Context: Process context. Takes ring->lock.
 * Return: how many there are.
 */
unsigned int loopback_ring_count(struct loopback_ring *ring)
{
	u16 count = 0;

	mutex_lock(&ring->lock);
	if (ring->running)
		count = available(ring) - ring->seen;
	mutex_unlock(&ring->lock);
	return count;
}

/**
 * loopback_ring_take() - Take the next available buffer
 * @ring: the ring
 * @buf: set to its address
 * @size: set to its size
 *
 * Context: Process context. The caller holds ring->lock.
 * Return: the buffer's index, -ENODEV if the ring does not run, or -ENOBUFS if there is none.
 */
int loopback_ring_take(struct loopback_ring *ring, void **buf, u32 *size)
{
	struct vring *vring = &ring->vring;
	struct vring_desc *desc;
	u16 head;

	lockdep_assert_held(&ring->lock);
	if (!ring->running)
		return -ENODEV;
	if (available(ring) == ring->seen)
		return -ENOBUFS;
	head = virtio16_to_cpu(ring->vdev, vring->avail->ring[ring->seen % vring->num]);
	ring->seen++;
	desc = &vring->desc[head];
	*buf = phys_to_virt(virtio64_to_cpu(ring->vdev, desc->addr));
	*size = virtio32_to_cpu(ring->vdev, desc->len);
	return head;
}

/**
 * loopback_ring_return() - Return a buffer as used, and interrupt Linux
 * @ring: the ring
 * @head: index of the buffer
 * @len: bytes that were written to it, or any other length that Linux shall see
 *
 * Context: Process context. The caller holds ring->lock.
 */
void loopback_ring_return(struct loopback_ring *ring, int head, u32 len)
{
	struct vring *vring = &ring->vring;
	struct vring_used_elem *elem = &vring->used->ring[ring->used % vring->num];

	lockdep_assert_held(&ring->lock);
	elem->id = cpu_to_virtio32(ring->vdev, head);
	elem->len = cpu_to_virtio32(ring->vdev, len);
	ring->used++;
	/* Pairs with the barrier of Linux between the index and an entry. */
	smp_store_release(&vring->used->idx, cpu_to_virtio16(ring->vdev, ring->used));
	/* Linux enables interrupts before it looks at the index. */
	smp_mb();
	if (!(READ_ONCE(vring->avail->flags) &
	      cpu_to_virtio16(ring->vdev, VRING_AVAIL_F_NO_INTERRUPT)))
		vring_interrupt(0, ring->vq);
}
