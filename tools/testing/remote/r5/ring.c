// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * rpmsg over virtio: the device side of two split rings, without interrupts.
 */

#include "r5.h"

/* === Resource table ======================================================= */

#define RSC_VDEV		3
#define VIRTIO_ID_RPMSG		7
#define FEATURE_NS		1
#define STATUS_DRIVER_OK	4
#define ANY_ADDRESS		0xffffffffU
#define BUFFERS			32
#define RING_ALIGN		4096

struct resource_vring {
	uint32_t da;
	uint32_t align;
	uint32_t num;
	uint32_t notifyid;
	uint32_t reserved;
};

struct resource_table {
	uint32_t version;
	uint32_t num;
	uint32_t reserved[2];
	uint32_t offset[1];
	uint32_t type;
	uint32_t id;
	uint32_t notifyid;
	uint32_t dfeatures;
	uint32_t gfeatures;
	uint32_t config_len;
	uint8_t status;
	uint8_t num_of_vrings;
	uint8_t padding[2];
	struct resource_vring vring[2];
};

/* Linux writes the addresses of the rings to it, and the status. */
struct resource_table resources __attribute__((section(".resource_table"), used)) = {
	.version = 1,
	.num = 1,
	.offset = { offsetof(struct resource_table, type) },
	.type = RSC_VDEV,
	.id = VIRTIO_ID_RPMSG,
	.dfeatures = FEATURE_NS,
	.num_of_vrings = 2,
	.vring = {
		{ .da = ANY_ADDRESS, .align = RING_ALIGN, .num = BUFFERS, .notifyid = 0 },
		{ .da = ANY_ADDRESS, .align = RING_ALIGN, .num = BUFFERS, .notifyid = 1 },
	},
};

/* === Rings ================================================================ */

/* An entry of the descriptors: address (64 bits), length, flags, next. */
#define DESC_SIZE	16
#define DESC_LEN	8

/**
 * struct ring - Device side of a ring
 * @desc: address of the descriptors
 * @avail: address of the ring of available buffers
 * @used: address of the ring of used buffers
 * @seen: buffers taken
 * @returned: buffers returned
 */
struct ring {
	uintptr_t desc;
	uintptr_t avail;
	uintptr_t used;
	uint16_t seen;
	uint16_t returned;
};

/**
 * struct buffer - A buffer of Linux
 * @head: its index
 * @addr: its address
 * @len: its length
 */
struct buffer {
	uint16_t head;
	uintptr_t addr;
	uint32_t len;
};

static uint16_t read16(uintptr_t addr)
{
	return __atomic_load_n((uint16_t *)addr, __ATOMIC_RELAXED);
}

static void write16(uintptr_t addr, uint16_t value)
{
	__atomic_store_n((uint16_t *)addr, value, __ATOMIC_RELAXED);
}

static void ring_init(struct ring *ring, uintptr_t base)
{
	ring->desc = base;
	ring->avail = base + BUFFERS * DESC_SIZE;
	ring->used = (ring->avail + 4 + 2 * BUFFERS + 2 + RING_ALIGN - 1) &
		     ~(uintptr_t)(RING_ALIGN - 1);
}

static bool ring_take(struct ring *ring, struct buffer *buffer)
{
	if (read16(ring->avail + 2) == ring->seen)
		return false;
	barrier();
	buffer->head = read16(ring->avail + 4 + 2 * (ring->seen % BUFFERS));
	buffer->addr = read32(ring->desc + DESC_SIZE * buffer->head);
	buffer->len = read32(ring->desc + DESC_SIZE * buffer->head + DESC_LEN);
	ring->seen++;
	return true;
}

static void ring_return(struct ring *ring, const struct buffer *buffer, uint32_t len)
{
	uintptr_t at = ring->used + 4 + 8 * (ring->returned % BUFFERS);

	write32(at, buffer->head);
	write32(at + 4, len);
	barrier();
	write16(ring->used + 2, ++ring->returned);
	barrier();
}

/* === Messages ============================================================= */

#define NAME_SERVICE	0x35
#define OWN_ADDRESS	0x400
#define NAME_LEN	32

struct rpmsg_header {
	uint32_t src;
	uint32_t dst;
	uint32_t reserved;
	uint16_t len;
	uint16_t flags;
};

struct announcement {
	char name[NAME_LEN];
	uint32_t addr;
	uint32_t flags;
};

static struct ring to_linux, from_linux;
static transport_receive *receiver;
static void *receiver_ctx;
static uint32_t peer;
static uint32_t messages;

static bool send_to(uint32_t dst, const void *data, size_t len)
{
	struct rpmsg_header *header;
	struct buffer buffer;

	if (!ring_take(&to_linux, &buffer))
		return false;
	header = (struct rpmsg_header *)buffer.addr;
	header->src = OWN_ADDRESS;
	header->dst = dst;
	header->reserved = 0;
	header->len = (uint16_t)len;
	header->flags = 0;
	memcpy(header + 1, data, len);
	ring_return(&to_linux, &buffer, (uint32_t)(sizeof(*header) + len));
	ring_doorbell();
	messages++;
	return true;
}

/* Take the messages of Linux. Its buffers are returned together. */
void transport_poll(void)
{
	const struct rpmsg_header *header;
	struct buffer buffer;
	bool any = false;

	while (ring_take(&from_linux, &buffer)) {
		header = (const struct rpmsg_header *)buffer.addr;
		if (header->dst == OWN_ADDRESS) {
			peer = header->src;
			receiver(receiver_ctx, header + 1, header->len);
		}
		ring_return(&from_linux, &buffer, buffer.len);
		messages++;
		any = true;
	}
	if (any)
		ring_doorbell();
}

/* Messages in both directions so far. */
uint32_t transport_messages(void)
{
	return messages;
}

/* The port of the client. Linux sends first, so there is a peer. */
int transport_send(void *ctx, const void *data, size_t len)
{
	(void)ctx;
	return send_to(peer, data, len) ? 0 : -1;
}

/* Announce the channel, once Linux has made buffers available. */
void transport_announce(const char *name)
{
	struct announcement announcement = { .addr = OWN_ADDRESS };
	size_t i;

	for (i = 0; name[i] && i < NAME_LEN - 1; i++)
		announcement.name[i] = name[i];
	while (!send_to(NAME_SERVICE, &announcement, sizeof(announcement)))
		;
}

/* Wait for the driver in Linux. */
void transport_begin(transport_receive *receive, void *ctx)
{
	receiver = receive;
	receiver_ctx = ctx;
	while (!(__atomic_load_n(&resources.status, __ATOMIC_RELAXED) & STATUS_DRIVER_OK))
		;
	barrier();
	ring_init(&to_linux, read32((uintptr_t)&resources.vring[0].da));
	ring_init(&from_linux, read32((uintptr_t)&resources.vring[1].da));
}
