/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Oracle of the service: remote processors that know the right answer to each request.
 *
 * A core keeps the requests that the service has taken, and its handles, blocks and watches
 * as the answers state them. Each answer is judged by <linux/carveout_rpmsg.h> when it is
 * sent. After each turn of a channel's work the queues of the channel are compared with the
 * requests: one that is neither answered nor waits is lost.
 */
#ifndef SERVICE_CORE_H
#define SERVICE_CORE_H

#include "heap.h"

#include "channel.h"

#define CORES		2
#define PROPERTIES	10
#define RECORDS		64
#define HANDLES		4
#define KNOWN		32
#define SLOTS		64
#define MESSAGE_LEN	(CARVEOUT_RPMSG_REQUEST_LEN + CARVEOUT_RPMSG_TAG_MAX)

/**
 * struct record - A request that the service has taken, and has not answered
 * @request: the request
 * @tag: its field for a tag
 * @handled: its turn has come
 * @session: session of the channel in its turn, or 0
 * @started: that session was started
 * @restarts: the core asks for a new session, although it has one
 * @cancels: the request to be cancelled waits
 * @releases: the removal to be released has happened
 * @released: buffers that are released
 */
struct record {
	struct carveout_rpmsg_request request;
	char tag[CARVEOUT_RPMSG_TAG_MAX];
	bool handled;
	u32 session;
	bool started;
	bool restarts;
	bool cancels;
	bool releases;
	u32 released;
};

/* A handle of the session. */
struct handle {
	u32 number;
	u32 count;
	u64 addr;
	u64 size;
	u64 generation;
	bool read;
	bool pool;
};

/* A block of a handle. */
struct block {
	u32 handle;
	u32 index;
	u64 serial;
};

/**
 * struct readable - A buffer that is or was in the directory
 * @generation: its generation
 * @slot: slot of its entry, or 0 if that was cleared
 * @removal: number of that removal
 */
struct readable {
	u64 generation;
	unsigned int slot;
	u32 removal;
};

/**
 * struct directory - The directory of the session that the channel has
 * @generation: generation of its memory, or 0
 * @session: the session
 * @removed: entries that were cleared
 * @omitted: tags without a slot, as its header states
 * @entry: content of the slots
 * @readable: buffers whose memory the core may know from it
 * @nr_readable: number of @readable
 */
struct directory {
	u64 generation;
	u32 session, removed, omitted;
	struct carveout_rpmsg_entry entry[SLOTS];
	struct readable readable[KNOWN];
	unsigned int nr_readable;
};

/**
 * struct core - A remote processor
 * @dev: its device, with its policy
 * @rproc: its remoteproc
 * @has_rproc: it has one
 * @property: its policy
 * @nr_properties: number of @property
 * @spoiled: a property had another kind
 * @nr_heaps: number of its heaps
 * @handles: most handles of a session
 * @waits: most waits
 * @slots: slots of its directory, or 0
 * @windows: it sees memory at other addresses
 * @prefixes: it may open and create only some tags
 * @rpdev: its channel, or NULL
 * @mtu: longest message
 * @full: the ring has no room
 * @breaks: the next message is lost
 * @nested: bytes of @message that the core sends while Linux sends
 * @message: a message
 * @hello: session of the latest hello
 * @hellos: hellos since @hello_ticks
 * @hello_ticks: start of the count of hellos
 * @id: id of the latest request
 * @record: requests without an answer, in the order of their arrival
 * @nr_records: number of @record
 * @session: session that is started, or 0
 * @bits: bits of its addresses
 * @handle: its handles
 * @nr_handles: number of @handle
 * @block: its blocks
 * @nr_blocks: number of @block
 * @watch: its watches, by heap
 * @directory: its directory
 * @directory_addr: address of the directory, as the answers state it
 * @held: generations of buffers whose memory it may still access
 * @nr_held: number of @held
 * @may_hold: the service may hold more than @held: a session ended before its answers were sent
 */
struct core {
	struct device dev;
	struct rproc rproc;
	bool has_rproc;
	struct property property[PROPERTIES];
	unsigned int nr_properties;
	bool spoiled;
	u32 nr_heaps, handles, waits, slots;
	bool windows, prefixes;
	struct rpmsg_device *rpdev;
	ssize_t mtu;
	bool full, breaks;
	unsigned int nested;
	u8 message[MESSAGE_LEN];
	u32 hello;
	unsigned int hellos;
	unsigned long hello_ticks;
	u32 id;
	struct record record[RECORDS];
	unsigned int nr_records;
	u32 session, bits;
	struct handle handle[HANDLES];
	unsigned int nr_handles;
	struct block block[KNOWN];
	unsigned int nr_blocks;
	struct {
		bool armed;
		u32 id;
		u64 seen;
	} watch[HEAPS];
	struct directory directory;
	u64 directory_addr;
	u64 held[KNOWN];
	unsigned int nr_held;
	bool may_hold;
};

void core_begin(struct core *core, const char *name, u8 config, u8 limits);
void core_spoil(struct core *core, unsigned int number);
void core_end(struct core *core);
struct carveout_channel *core_channel(const struct core *core);
u32 core_tag_len(const struct core *core);
void core_plug(struct core *core);
void core_unplug(struct core *core);
void core_receive(struct core *core, const void *data, int len, int stated);
void core_turn(struct core *core);
void core_run(unsigned int number);
void core_stop(struct core *core, enum rproc_state state);
void core_delete(struct core *core);
void core_release(struct core *core, bool by_administrator);
void core_drain(struct core *core);
void core_check(const struct core *core);
void core_hold(struct core *core, u64 generation);

extern struct core cores[CORES];

#endif /* SERVICE_CORE_H */
