// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio-rpmsg device whose other side is in the kernel, too.
 *
 * Linux fills the ring "to Linux" with empty buffers, and the ring "to the core" with
 * messages. Each ring has a mutex, under which its interrupts are delivered: the reset takes
 * the same mutex, so that none is delivered while the rings are freed. There are two of them
 * because a driver's callback, which runs in an interrupt of the one ring, may wait for room
 * in the other.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/rpmsg.h>
#include <linux/rpmsg/ns.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>

#include "loopback.h"
#include "loopback_ring.h"

/* The bus announces names. Not in a header of the kernel. */
#define VIRTIO_RPMSG_F_NS	0

/* Timeout for the last reference to a device. */
#define RELEASE_MS		60000

enum { TO_LINUX, TO_CORE, NR_RINGS };

/**
 * struct rpmsg_header - First bytes of each message, as of a device with VIRTIO_F_VERSION_1
 * @src: address of the sender
 * @dst: address of the receiver
 * @reserved: 0
 * @len: bytes of the payload
 * @flags: 0
 */
struct rpmsg_header {
	__le32 src;
	__le32 dst;
	__le32 reserved;
	__le16 len;
	__le16 flags;
};

static_assert(sizeof(struct rpmsg_header) == LOOPBACK_HEADER);

/**
 * struct loopback - A device
 * @vdev: Linux' view of it
 * @config: as the test described it
 * @test: the test
 * @entry: in all_loopbacks
 * @core: device of the core
 * @memory: device of the memory, parent of @vdev
 * @ring: both rings, indexed by TO_LINUX and TO_CORE
 * @status: status of the virtio device; written by Linux only
 * @released: @vdev has no reference
 * @running: @vdev is registered
 * @leaked: @vdev still had references at its end
 * @thread: receives messages, or NULL
 * @kicks: @thread waits here
 * @kicked: Linux has sent messages since @thread last looked
 * @copy: the received message; of @thread or the caller of loopback_poll()
 */
struct loopback {
	struct virtio_device vdev;
	struct loopback_config config;
	struct kunit *test;
	struct list_head entry;
	struct platform_device *core;
	struct platform_device *memory;
	struct loopback_ring ring[NR_RINGS];
	u8 status;
	struct completion released;
	bool running;
	bool leaked;
	struct task_struct *thread;
	wait_queue_head_t kicks;
	bool kicked;
	u8 copy[LOOPBACK_BUF] __aligned(4);
};

/* A test that ends early leaves its devices to loopback_destroy_all(). */
static LIST_HEAD(all_loopbacks);
static DEFINE_MUTEX(all_lock);

static struct loopback *to_loopback(struct virtio_device *vdev)
{
	return container_of(vdev, struct loopback, vdev);
}

static bool notify(struct virtqueue *vq)
{
	struct loopback *loopback = to_loopback(vq->vdev);

	if (vq->index == TO_CORE) {
		WRITE_ONCE(loopback->kicked, true);
		wake_up(&loopback->kicks);
	}
	return true;
}

/* === Operations of the virtio device ====================================== */

static u8 loopback_get_status(struct virtio_device *vdev)
{
	return READ_ONCE(to_loopback(vdev)->status);
}

static void loopback_set_status(struct virtio_device *vdev, u8 status)
{
	struct loopback *loopback = to_loopback(vdev);
	unsigned int i;

	WRITE_ONCE(loopback->status, status);
	for (i = 0; i < NR_RINGS; i++)
		loopback_ring_run(&loopback->ring[i], status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* No interrupt is delivered after it. */
static void loopback_reset(struct virtio_device *vdev)
{
	loopback_set_status(vdev, 0);
}

static void loopback_del_vqs(struct virtio_device *vdev)
{
	struct loopback *loopback = to_loopback(vdev);
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++)
		loopback_ring_destroy(&loopback->ring[i]);
}

static int loopback_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			     struct virtqueue *vqs[], const struct virtqueue_info *info)
{
	struct loopback *loopback = to_loopback(vdev);
	unsigned int i;
	int err;

	if (nvqs != NR_RINGS)
		return -EINVAL;
	for (i = 0; i < nvqs; i++) {
		err = loopback_ring_create(&loopback->ring[i], i,
					   loopback->config.ring ?: LOOPBACK_RING,
					   &info[i], notify);
		if (err) {
			loopback_del_vqs(vdev);
			return err;
		}
		vqs[i] = loopback->ring[i].vq;
	}
	return 0;
}

DEFINE_VIRTIO_FIND_VQS(loopback_find_vqs_op, loopback_find_vqs)

static u64 loopback_get_features(struct virtio_device *vdev)
{
	return BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RPMSG_F_NS);
}

static int loopback_finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	return 0;
}

static const char *loopback_bus_name(struct virtio_device *vdev)
{
	return to_loopback(vdev)->config.name;
}

static const struct virtio_config_ops loopback_ops = {
	.get_status = loopback_get_status,
	.set_status = loopback_set_status,
	.reset = loopback_reset,
	.find_vqs = loopback_find_vqs_op,
	.del_vqs = loopback_del_vqs,
	.get_features = loopback_get_features,
	.finalize_features = loopback_finalize_features,
	.bus_name = loopback_bus_name,
};

/* === Messages ============================================================= */

/**
 * loopback_send_lie() - Send a message whose lengths are not those of its payload
 * @loopback: the device
 * @src: address of the sender on the core
 * @dst: address of an endpoint of Linux
 * @data: payload
 * @len: bytes of @data, at most LOOPBACK_PAYLOAD
 * @lie: the lengths that Linux is told
 *
 * The callback of the endpoint's driver has run before the call returns. A buffer that the
 * bus refuses is lost: loopback_buffers() has one less.
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 * Return: 0, -ENODEV after a reset, or -ENOBUFS if Linux has no empty buffer.
 */
int loopback_send_lie(struct loopback *loopback, u32 src, u32 dst, const void *data,
		      unsigned int len, const struct loopback_lie *lie)
{
	struct loopback_ring *ring = &loopback->ring[TO_LINUX];
	struct rpmsg_header *header;
	void *buf;
	u32 size;
	int head;

	mutex_lock(&ring->lock);
	head = loopback_ring_take(ring, &buf, &size);
	if (head >= 0) {
		header = buf;
		header->src = cpu_to_le32(src);
		header->dst = cpu_to_le32(dst);
		header->reserved = 0;
		header->len = cpu_to_le16(lie->header);
		header->flags = 0;
		memcpy(header + 1, data, min_t(u32, len, size - sizeof(*header)));
		loopback_ring_return(ring, head, lie->used);
	}
	mutex_unlock(&ring->lock);
	return min(head, 0);
}
EXPORT_SYMBOL_NS_GPL(loopback_send_lie, "CARVEOUT_TESTS");

/**
 * loopback_send() - Send a message to Linux
 * @loopback: the device
 * @src: address of the sender on the core
 * @dst: address of an endpoint of Linux
 * @data: payload
 * @len: bytes of @data, at most LOOPBACK_PAYLOAD
 *
 * The callback of the endpoint's driver has run before the call returns.
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 * Return: 0, -EMSGSIZE, -ENODEV after a reset, or -ENOBUFS if Linux has no empty buffer.
 */
int loopback_send(struct loopback *loopback, u32 src, u32 dst, const void *data,
		  unsigned int len)
{
	const struct loopback_lie truth = { .header = len, .used = LOOPBACK_HEADER + len };

	if (len > LOOPBACK_PAYLOAD)
		return -EMSGSIZE;
	return loopback_send_lie(loopback, src, dst, data, len, &truth);
}
EXPORT_SYMBOL_NS_GPL(loopback_send, "CARVEOUT_TESTS");

static int send_name(struct loopback *loopback, const char *name, u32 addr, u32 flags)
{
	struct rpmsg_ns_msg message = {
		.addr = (__force __rpmsg32)cpu_to_le32(addr),
		.flags = (__force __rpmsg32)cpu_to_le32(flags),
	};

	strscpy(message.name, name, sizeof(message.name));
	return loopback_send(loopback, addr, RPMSG_NS_ADDR, &message, sizeof(message));
}

/**
 * loopback_announce() - Announce a service of the core
 * @loopback: the device
 * @name: name of the service
 * @addr: its address on the core
 *
 * Linux has created the channel, and its driver is bound, when the call returns.
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 * Return: as loopback_send().
 */
int loopback_announce(struct loopback *loopback, const char *name, u32 addr)
{
	return send_name(loopback, name, addr, RPMSG_NS_CREATE);
}
EXPORT_SYMBOL_NS_GPL(loopback_announce, "CARVEOUT_TESTS");

/**
 * loopback_unannounce() - Withdraw a service of the core
 * @loopback: the device
 * @name: name of the service
 * @addr: its address on the core
 *
 * Linux has removed the channel when the call returns.
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 * Return: as loopback_send().
 */
int loopback_unannounce(struct loopback *loopback, const char *name, u32 addr)
{
	return send_name(loopback, name, addr, RPMSG_NS_DESTROY);
}
EXPORT_SYMBOL_NS_GPL(loopback_unannounce, "CARVEOUT_TESTS");

/* Receive one message; false if there is none. */
static bool receive(struct loopback *loopback)
{
	struct loopback_ring *ring = &loopback->ring[TO_CORE];
	const struct rpmsg_header *header = (void *)loopback->copy;
	struct loopback_message message = {};
	void *buf;
	u32 size;
	int head;

	mutex_lock(&ring->lock);
	head = loopback_ring_take(ring, &buf, &size);
	if (head >= 0) {
		size = clamp_t(u32, size, LOOPBACK_HEADER, LOOPBACK_BUF);
		memcpy(loopback->copy, buf, size);
		loopback_ring_return(ring, head, 0);
	}
	mutex_unlock(&ring->lock);
	if (head < 0)
		return false;
	message.src = le32_to_cpu(header->src);
	message.dst = le32_to_cpu(header->dst);
	message.data = header + 1;
	message.len = size - sizeof(*header);
	if (loopback->config.receive)
		loopback->config.receive(loopback, &message);
	return true;
}

/**
 * loopback_poll() - Receive all messages that Linux has sent
 * @loopback: a device that is polled
 *
 * Context: Process context, one caller at a time, but not in a callback of an rpmsg driver.
 *	May sleep.
 * Return: how many there were.
 */
unsigned int loopback_poll(struct loopback *loopback)
{
	unsigned int count = 0;

	while (receive(loopback))
		count++;
	return count;
}
EXPORT_SYMBOL_NS_GPL(loopback_poll, "CARVEOUT_TESTS");

static int receive_main(void *data)
{
	struct loopback *loopback = data;

	while (!kthread_should_stop()) {
		wait_event_idle(loopback->kicks, READ_ONCE(loopback->kicked) ||
				kthread_should_stop());
		WRITE_ONCE(loopback->kicked, false);
		/* Whatever Linux sends from here on kicks again. */
		smp_mb();
		while (!kthread_should_stop() && receive(loopback))
			cond_resched();
	}
	return 0;
}

/* === Creation and destruction ============================================= */

/**
 * loopback_priv() - Data of the test
 * @loopback: the device
 *
 * Context: Any context.
 * Return: the pointer in its description.
 */
void *loopback_priv(struct loopback *loopback)
{
	return loopback->config.priv;
}
EXPORT_SYMBOL_NS_GPL(loopback_priv, "CARVEOUT_TESTS");

/**
 * loopback_core() - Device of the core, a forefather of all channels
 * @loopback: the device
 *
 * Context: Any context.
 * Return: the device, valid until loopback_destroy().
 */
struct device *loopback_core(struct loopback *loopback)
{
	return &loopback->core->dev;
}
EXPORT_SYMBOL_NS_GPL(loopback_core, "CARVEOUT_TESTS");

/**
 * loopback_buffers() - Empty buffers that Linux has made available to the core
 * @loopback: the device
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 * Return: how many there are.
 */
unsigned int loopback_buffers(struct loopback *loopback)
{
	return loopback_ring_count(&loopback->ring[TO_LINUX]);
}
EXPORT_SYMBOL_NS_GPL(loopback_buffers, "CARVEOUT_TESTS");

static void vdev_release(struct device *dev)
{
	complete(&to_loopback(dev_to_virtio(dev))->released);
}

static struct platform_device *make_platform_device(const struct platform_device_info *info)
{
	struct platform_device *pdev = platform_device_register_full(info);

	return IS_ERR(pdev) ? NULL : pdev;
}

/* The devices above the virtio device. */
static int make_parents(struct loopback *loopback)
{
	const struct loopback_config *config = &loopback->config;
	struct platform_device_info info = {
		.name = config->name,
		.id = PLATFORM_DEVID_NONE,
		.properties = config->properties,
		.fwnode = config->fwnode,
	};

	loopback->core = make_platform_device(&info);
	if (!loopback->core)
		return -ENOMEM;
	info = (struct platform_device_info){
		.parent = &loopback->core->dev,
		.name = "loopback-virtio",
		.id = PLATFORM_DEVID_AUTO,
		.dma_mask = DMA_BIT_MASK(64),
	};
	loopback->memory = make_platform_device(&info);
	if (!loopback->memory)
		return -ENOMEM;
	/* The threads of both sides see the same caches. */
	dev_set_dma_coherent(&loopback->memory->dev);
	return 0;
}

/*
 * The bus destroys a channel in the callback of its name service, so that it takes the lock of
 * one endpoint while it holds that of another. It does not tell lockdep, which ends at its
 * first report.
 */
static int set_name_service_class(struct device *dev, void *data)
{
	struct rpmsg_device *rpdev = container_of(dev, struct rpmsg_device, dev);
	static struct lock_class_key key;

	if (rpdev->src == RPMSG_NS_ADDR && rpdev->ept)
		lockdep_set_class(&rpdev->ept->cb_lock, &key);
	return 0;
}

/**
 * loopback_start() - Start the core, as remoteproc does after a crash
 * @loopback: a device that was stopped
 *
 * Its rings are new, and the device of the core is the same as before.
 *
 * Context: Process context. May sleep.
 * Return: 0, -ENODEV if the kernel's bus is not loaded or has refused the device, or another
 *	error.
 */
int loopback_start(struct loopback *loopback)
{
	struct virtio_device *vdev = &loopback->vdev;
	int err;

	if (loopback->running || loopback->leaked)
		return -EBUSY;
	memset(vdev, 0, sizeof(*vdev));
	vdev->id.device = VIRTIO_ID_RPMSG;
	vdev->config = &loopback_ops;
	vdev->dev.parent = &loopback->memory->dev;
	vdev->dev.release = vdev_release;
	reinit_completion(&loopback->released);
	err = register_virtio_device(vdev);
	if (err) {
		put_device(&vdev->dev);
		wait_for_completion(&loopback->released);
		return err;
	}
	loopback->running = true;
	if (!(loopback->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		loopback_stop(loopback);
		return -ENODEV;
	}
	return device_for_each_child(&vdev->dev, NULL, set_name_service_class);
}
EXPORT_SYMBOL_NS_GPL(loopback_start, "CARVEOUT_TESTS");

/**
 * loopback_stop() - Stop the core, as remoteproc does at its end or after a crash
 * @loopback: the device
 *
 * It may be called at any moment, while messages are under way in both directions. The bus
 * resets the device, then removes the channels; sending fails from then on. The test fails if
 * the virtio device, or a channel of it, has references left.
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 */
void loopback_stop(struct loopback *loopback)
{
	if (!loopback->running)
		return;
	loopback->running = false;
	unregister_virtio_device(&loopback->vdev);
	if (wait_for_completion_timeout(&loopback->released, msecs_to_jiffies(RELEASE_MS)))
		return;
	loopback->leaked = true;
	KUNIT_FAIL(loopback->test, "the device still has references");
}
EXPORT_SYMBOL_NS_GPL(loopback_stop, "CARVEOUT_TESTS");

/* The memory of a device with references is lost. */
static void unmake(struct loopback *loopback)
{
	loopback_stop(loopback);
	if (loopback->thread)
		kthread_stop(loopback->thread);
	if (loopback->leaked)
		return;
	platform_device_unregister(loopback->memory);
	platform_device_unregister(loopback->core);
	kfree(loopback);
}

static int make(struct loopback *loopback)
{
	struct task_struct *thread;
	int err;

	err = make_parents(loopback);
	if (err)
		return err;
	if (!loopback->config.polled) {
		thread = kthread_run(receive_main, loopback, "%s", loopback->config.name);
		if (IS_ERR(thread))
			return PTR_ERR(thread);
		loopback->thread = thread;
	}
	return loopback_start(loopback);
}

/**
 * loopback_create() - Create a device that the kernel's rpmsg bus drives, and start it
 * @test: the test, which fails and ends if there is no device
 * @config: description of the device; the name and the properties must remain valid
 *
 * Any number of devices may exist. The exit function of the suite calls
 * loopback_destroy_all().
 *
 * Context: Process context. May sleep.
 * Return: the device.
 */
struct loopback *loopback_create(struct kunit *test, const struct loopback_config *config)
{
	struct loopback *loopback = kzalloc(sizeof(*loopback), GFP_KERNEL);
	unsigned int i;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, loopback);
	loopback->config = *config;
	loopback->test = test;
	init_completion(&loopback->released);
	init_waitqueue_head(&loopback->kicks);
	for (i = 0; i < NR_RINGS; i++)
		loopback_ring_init(&loopback->ring[i], &loopback->vdev);
	err = make(loopback);
	if (err)
		unmake(loopback);
	KUNIT_ASSERT_EQ(test, 0, err);
	mutex_lock(&all_lock);
	list_add(&loopback->entry, &all_loopbacks);
	mutex_unlock(&all_lock);
	return loopback;
}
EXPORT_SYMBOL_NS_GPL(loopback_create, "CARVEOUT_TESTS");

/**
 * loopback_destroy() - Stop a device, and free it
 * @loopback: the device, which no other thread may use
 *
 * Context: Process context, but not in a callback of an rpmsg driver. May sleep.
 */
void loopback_destroy(struct loopback *loopback)
{
	mutex_lock(&all_lock);
	list_del(&loopback->entry);
	mutex_unlock(&all_lock);
	unmake(loopback);
}
EXPORT_SYMBOL_NS_GPL(loopback_destroy, "CARVEOUT_TESTS");

/**
 * loopback_destroy_all() - Destroy all devices that a test has left
 *
 * Context: Process context. May sleep.
 */
void loopback_destroy_all(void)
{
	struct loopback *loopback;

	for (;;) {
		mutex_lock(&all_lock);
		loopback = list_first_entry_or_null(&all_loopbacks, struct loopback, entry);
		mutex_unlock(&all_lock);
		if (!loopback)
			return;
		loopback_destroy(loopback);
	}
}
EXPORT_SYMBOL_NS_GPL(loopback_destroy_all, "CARVEOUT_TESTS");

/* === Rounds of the tests ================================================== */

static unsigned int crashes;
module_param(crashes, uint, 0444);
MODULE_PARM_DESC(crashes, "number of crashes in tests that repeat them, 0 for that of each test");

/**
 * loopback_crashes() - Number of crashes in a test that repeats them
 * @usual: the number unless the parameter says otherwise
 *
 * The parameter is not one of the suite: KUnit of 6.1 runs the suites of a module before it
 * sets the parameters of the module.
 *
 * Context: Any context.
 * Return: the number.
 */
unsigned int loopback_crashes(unsigned int usual)
{
	return crashes ?: usual;
}
EXPORT_SYMBOL_NS_GPL(loopback_crashes, "CARVEOUT_TESTS");

MODULE_DESCRIPTION("Loop-back device for tests of the rpmsg bus");
MODULE_LICENSE("GPL");
