/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-in for Linux in the tests of the client for remote processors: a transport whose faults
 * the test decides, and a model of one heap that answers requests.
 *
 * It reads and writes messages by offsets of its own, so that an error in the client's is found.
 */
#ifndef SERVER_H
#define SERVER_H

#include "carveout_remote.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define SERVER_SLOTS	8
#define SERVER_MESSAGES	256
#define SERVER_BUFFERS	16
#define SERVER_HANDLES	32
#define SERVER_SESSION	0x12345678U

/**
 * struct message - A message on the wire
 * @len: its length in bytes
 * @answered: it has its answer
 * @data: its bytes
 */
struct message {
	size_t len;
	bool answered;
	uint8_t data[128];
};

/**
 * struct answer - Members of an answer or event in the byte order of the host
 */
struct answer {
	uint32_t status, handle, attrs, index, value;
	uint64_t addr, size, serial;
};

/**
 * struct buffer - A buffer of the model
 * @tag: its tag, or ""
 * @persist: the tag holds a reference
 * @refs: references of the session
 * @others: references of others
 * @size: bytes
 * @serial: generation, 0 if the entry is unused
 * @align: binary logarithm of the alignment
 */
struct buffer {
	char tag[64];
	bool persist;
	unsigned int refs;
	unsigned int others;
	uint64_t size;
	uint64_t serial;
	unsigned int align;
};

/**
 * struct handle - A handle of the session
 * @buffer: its buffer
 * @refs: its references, 0 if the entry is unused
 * @value: the handle
 */
struct handle {
	struct buffer *buffer;
	unsigned int refs;
	uint32_t value;
};

/**
 * struct server - The stand-in, and the client under test
 * @remote: the client
 * @slots: its memory
 * @sent: all messages that the client has sent
 * @nr_sent: number of these
 * @served: number of these that server_serve() has seen
 * @refuse: number of the next messages for which there is no buffer
 * @automatic: answer requests while the client waits
 * @locked: the client's lock is held
 * @receiving: inside carveout_remote_receive()
 * @errors: rules of the port that the client has broken
 * @wakes: number of calls of wake()
 * @time: milliseconds
 * @session: session of the server
 * @field: length of the field for a tag
 * @credits: credits of the hello
 * @waits: waits of the hello
 * @mute: no hello follows a goodbye
 * @buffer: the buffers
 * @handle: the handles of the session
 * @nr_handles: number of handles that there have been
 * @serial: generation of the last buffer
 * @base: address of the first buffer
 * @blocks: bits of allocated blocks, one pool
 * @change: number of the last change
 * @watch: id of a watch, 0 for none
 * @released: number of the last removal that was released
 */
struct server {
	struct carveout_remote remote;
	struct carveout_remote_slot slots[SERVER_SLOTS];
	struct message sent[SERVER_MESSAGES];
	unsigned int nr_sent;
	unsigned int served;
	unsigned int refuse;
	bool automatic;
	bool locked;
	bool receiving;
	unsigned int errors;
	unsigned int wakes;
	uint32_t time;
	uint32_t session;
	uint32_t field;
	uint32_t credits;
	uint32_t waits;
	bool mute;
	struct buffer buffer[SERVER_BUFFERS];
	struct handle handle[SERVER_HANDLES];
	uint32_t nr_handles;
	uint64_t serial;
	uint64_t base;
	uint32_t blocks;
	uint64_t change;
	uint32_t watch;
	uint32_t released;
};

void server_init(struct server *server);
bool server_receive(struct server *server, const void *data, size_t len);
void server_compose(const struct server *server, struct message *message, uint8_t op, uint32_t id,
		    const struct answer *answer);
bool server_post(struct server *server, uint8_t op, uint32_t id, const struct answer *answer);
bool server_hello(struct server *server, uint32_t session, uint32_t field, uint32_t credits,
		  uint32_t waits);
void server_up(struct server *server, uint32_t session, uint32_t field, uint32_t credits,
	       uint32_t waits);
bool server_answer(struct server *server, unsigned int nr, const struct answer *answer);
void server_serve_one(struct server *server, unsigned int nr);
void server_serve(struct server *server);
unsigned int server_refs(const struct server *server);
const char *server_hex(const struct server *server, unsigned int nr);
uint32_t server_id(const struct server *server, unsigned int nr);
uint8_t server_op(const struct server *server, unsigned int nr);
uint32_t load32(const uint8_t *at);
void store32(uint8_t *at, uint32_t value);

#endif /* SERVER_H */
