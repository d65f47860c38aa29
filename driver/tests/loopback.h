/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A remote core without a core: a virtio device for the kernel's rpmsg bus, whose other side
 * is a thread of the kernel, or the test itself. The bus, its drivers and the rings are the
 * real ones, so that a test sees channels appear and vanish as remoteproc makes them, and can
 * send messages that only a broken or hostile core sends.
 *
 * The devices are chained as those of remoteproc are: an rpmsg device, the virtio device, the
 * device of its memory, and the device of the core, which has the firmware node.
 */
#ifndef CARVEOUT_TESTS_LOOPBACK_H
#define CARVEOUT_TESTS_LOOPBACK_H

#include <linux/types.h>

struct device;
struct fwnode_handle;
struct kunit;
struct loopback;
struct property_entry;

/* Descriptors of a ring if a test does not say otherwise; each one has a buffer. */
#define LOOPBACK_RING		64

/* Bytes of a buffer, of the header that each message begins with, and of its payload. */
#define LOOPBACK_BUF		512
#define LOOPBACK_HEADER		16
#define LOOPBACK_PAYLOAD	(LOOPBACK_BUF - LOOPBACK_HEADER)

/**
 * struct loopback_message - A message that Linux has sent
 * @src: address of its endpoint
 * @dst: address of the receiver on the core
 * @data: payload, a copy that is valid during the call
 * @len: bytes of the payload
 */
struct loopback_message {
	u32 src;
	u32 dst;
	const void *data;
	unsigned int len;
};

/**
 * struct loopback_config - Description of a device
 * @name: name of the core's device, unlike that of any other
 * @properties: properties of the core's device, ended by an empty one, or NULL
 * @fwnode: firmware node of the core's device, or NULL
 * @ring: descriptors of each of both rings, a power of two, or 0 for LOOPBACK_RING
 * @polled: there is no thread, and loopback_poll() receives
 * @receive: receives the messages of Linux, one at a time, or NULL to drop them. It may sleep
 *	and send. Runs in the device's thread, or in loopback_poll().
 * @priv: for loopback_priv()
 */
struct loopback_config {
	const char *name;
	const struct property_entry *properties;
	struct fwnode_handle *fwnode;
	unsigned int ring;
	bool polled;
	void (*receive)(struct loopback *loopback, const struct loopback_message *message);
	void *priv;
};

/**
 * struct loopback_lie - Lengths of a message that are not its own
 * @header: length of the payload, as the message's header has it
 * @used: length of the message, as the ring has it
 */
struct loopback_lie {
	u16 header;
	u32 used;
};

struct loopback *loopback_create(struct kunit *test, const struct loopback_config *config);
void loopback_destroy(struct loopback *loopback);
void loopback_destroy_all(void);
int loopback_start(struct loopback *loopback);
void loopback_stop(struct loopback *loopback);

void *loopback_priv(struct loopback *loopback);
struct device *loopback_core(struct loopback *loopback);
unsigned int loopback_buffers(struct loopback *loopback);

int loopback_announce(struct loopback *loopback, const char *name, u32 addr);
int loopback_unannounce(struct loopback *loopback, const char *name, u32 addr);
int loopback_send(struct loopback *loopback, u32 src, u32 dst, const void *data,
		  unsigned int len);
int loopback_send_lie(struct loopback *loopback, u32 src, u32 dst, const void *data,
		      unsigned int len, const struct loopback_lie *lie);
unsigned int loopback_poll(struct loopback *loopback);

unsigned int loopback_crashes(unsigned int usual);

#endif /* CARVEOUT_TESTS_LOOPBACK_H */
