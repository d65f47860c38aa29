/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_VIRTIO_CONFIG_H
#define _CARVEOUT_COMPAT_LINUX_VIRTIO_CONFIG_H

#include <linux/version.h>
#include_next <linux/virtio_config.h>

/*
 * The operation find_vqs() is passed one array of structures since 6.11, three arrays before.
 * DEFINE_VIRTIO_FIND_VQS(op, function) defines the operation, which calls
 * function(vdev, nvqs, vqs, info) for at most VIRTIO_FIND_VQS_MAX queues.
 */
#define VIRTIO_FIND_VQS_MAX	4

#if LINUX_VERSION_IS_LESS(6, 11, 0)

struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

#define DEFINE_VIRTIO_FIND_VQS(op, function)					\
static int op(struct virtio_device *vdev, unsigned int nvqs,			\
	      struct virtqueue *vqs[], vq_callback_t *callbacks[],		\
	      const char * const names[], const bool *ctx,			\
	      struct irq_affinity *desc)					\
{										\
	struct virtqueue_info info[VIRTIO_FIND_VQS_MAX] = {};			\
	unsigned int i;								\
										\
	if (nvqs > VIRTIO_FIND_VQS_MAX)						\
		return -EINVAL;							\
	for (i = 0; i < nvqs; i++) {						\
		info[i].name = names[i];					\
		info[i].callback = callbacks[i];				\
		info[i].ctx = ctx && ctx[i];					\
	}									\
	return function(vdev, nvqs, vqs, info);					\
}

#else

#define DEFINE_VIRTIO_FIND_VQS(op, function)					\
static int op(struct virtio_device *vdev, unsigned int nvqs,			\
	      struct virtqueue *vqs[], struct virtqueue_info info[],		\
	      struct irq_affinity *desc)					\
{										\
	return nvqs > VIRTIO_FIND_VQS_MAX ? -EINVAL :				\
					    function(vdev, nvqs, vqs, info);	\
}

#endif

#endif /* _CARVEOUT_COMPAT_LINUX_VIRTIO_CONFIG_H */
