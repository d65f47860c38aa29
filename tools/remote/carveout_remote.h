/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Client of carveout for the other processors of a chip, over rpmsg.
 *
 * The client needs C11, <stddef.h>, <stdint.h>, <stdbool.h>, and memcpy() and memset() of
 * <string.h>. It allocates nothing and calls no operating system: all memory is the
 * caller's, and the port supplies the transport as callbacks. It makes no access that is not
 * aligned, and the byte order of the processor does not matter. The announcement of the rpmsg
 * channel is a matter of the port.
 *
 * How it works:
 *
 * - The port passes each message of Linux to carveout_remote_receive(), which never sends.
 * - carveout_remote_submit() queues a request. It never sends either.
 * - carveout_remote_process() sends queued requests. Only it calls &carveout_remote_ops.send. The
 *   port calls it after messages were received, after requests were submitted, and when a
 *   buffer of the transport has become free.
 * - A request ends in one of three ways: its callback runs, carveout_remote_collect() returns its
 *   result, or, without an interest in the result, silently.
 * - carveout_remote_call() and the functions after it do all that and wait for the result.
 *
 * Sessions: a hello of Linux with a new number begins a session. All handles of the old one
 * become stale, and all its requests end with %CARVEOUT_REMOTE_LOST. The client accepts the
 * session by itself, in the next carveout_remote_process(). It does not after a goodbye, nor
 * again if Linux has refused: both take a carveout_remote_start().
 *
 * Linux handles requests in the order of their arrival, which is that of their submission except
 * for waits: see carveout_remote_process(). Only a request that waits is answered later than those
 * that follow it.
 *
 * Contexts: without lock callbacks, all functions have to be called from one context, for
 * example from the main loop of a program without operating system. With them:
 *
 * - carveout_remote_receive(), _submit(), _collect(), _abandon(), _start(): any context in which
 *   the port's lock can be taken. These are tasks for a mutex, also interrupts for a lock that
 *   disables interrupts.
 * - carveout_remote_process(): any context in which the port can send, but never inside the
 *   transport's receive callback.
 * - Functions that wait: tasks; never callbacks of requests.
 * - Callbacks of requests run without the lock, inside carveout_remote_receive(), _process() or
 *   _abandon(). They may submit, but must not wait.
 */
#ifndef CARVEOUT_REMOTE_H
#define CARVEOUT_REMOTE_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <uapi/linux/carveout_rpmsg.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/carveout_rpmsg.h>
#endif

/*
 * Results. 0 is success, the positive ones are CARVEOUT_RPMSG_* results of Linux, and the
 * negative ones are of the client itself.
 */
#define CARVEOUT_REMOTE_PENDING		(-1)	/* no result yet */
#define CARVEOUT_REMOTE_LOST		(-2)	/* the session ended before the answer */
#define CARVEOUT_REMOTE_NO_SESSION	(-3)	/* no session, or not started yet */
#define CARVEOUT_REMOTE_STALE		(-4)	/* a handle of an older session */
#define CARVEOUT_REMOTE_FULL		(-5)	/* all slots are in use */
#define CARVEOUT_REMOTE_INVALID		(-6)	/* a malformed request, or no such ticket */
#define CARVEOUT_REMOTE_NO_ANSWER	(-7)	/* none within &carveout_remote.timeout_ms */
#define CARVEOUT_REMOTE_BAD_ANSWER	(-8)	/* an answer that cannot be */

/* Longest uninterrupted wait of a function that waits, in milliseconds. */
#define CARVEOUT_REMOTE_WAIT_MS		10U

/* Longest message of a client, in bytes. */
#define CARVEOUT_REMOTE_MESSAGE_MAX	(CARVEOUT_RPMSG_REQUEST_LEN + CARVEOUT_RPMSG_TAG_MAX)

/**
 * struct carveout_remote_ops - Callbacks of a port
 * @send: send a copy of a message to the sender of the last message received. It must not wait.
 *	It returns 0, or a negative number if there is no buffer now: the client keeps the
 *	message and tries again. Called without the lock, by one caller at a time
 * @lock: serialise; optional. It need not nest
 * @unlock: undo @lock; optional
 * @wait: wait at most so many milliseconds for a call of @wake, or, without tasks, receive
 *	messages. Only functions that wait use it. Called with the lock held; it releases the
 *	lock while it waits, as a condition variable does
 * @wake: end all current @wait; optional. Called with the lock held
 * @now_ms: milliseconds since any fixed time, may wrap; optional. Without it,
 *	&carveout_remote.timeout_ms has no effect
 */
struct carveout_remote_ops {
	int (*send)(void *ctx, const void *data, size_t len);
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
	void (*wait)(void *ctx, uint32_t ms);
	void (*wake)(void *ctx);
	uint32_t (*now_ms)(void *ctx);
};

/**
 * struct carveout_remote_handle - A buffer, as one session knows it
 * @session: the session
 * @handle: the handle, never 0 in a valid one
 */
struct carveout_remote_handle {
	uint32_t session;
	uint32_t handle;
};

/**
 * struct carveout_remote_request - A request in the byte order of the processor
 * @op: %CARVEOUT_RPMSG_GOODBYE to %CARVEOUT_RPMSG_RELEASE
 * @heap: number of the heap
 * @align: binary logarithm of the alignment, 0 to 63
 * @mode: permission bits of the tag
 * @flags: CARVEOUT_RPMSG_F_* flags
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 * @arg: milliseconds to wait, or index of a block
 * @ticket: %CARVEOUT_RPMSG_CANCEL: the request to cancel
 * @handle: buffer; of requests that take one. %CARVEOUT_RPMSG_UNLINK: the buffer that has to
 *	have the tag, 0 for any. %CARVEOUT_RPMSG_RELEASE: the session of the directory, 0 for any
 * @size: bytes, serial of a block or number of a change
 * @tag: tag or prefix, NULL for none. The client copies it
 *
 * Members that the request does not use are zero.
 */
struct carveout_remote_request {
	uint8_t op;
	uint8_t heap;
	uint8_t align;
	uint16_t mode;
	uint32_t flags;
	uint32_t require;
	uint32_t forbid;
	uint32_t arg;
	uint32_t ticket;
	struct carveout_remote_handle handle;
	uint64_t size;
	const char *tag;
};

/**
 * struct carveout_remote_result - Result of a request in the byte order of the processor
 * @status: 0, CARVEOUT_RPMSG_* or CARVEOUT_REMOTE_*. Unless it is 0, all else is 0
 * @handle: buffer
 * @addr: address, as this processor sees it
 * @size: bytes
 * @serial: generation of a buffer, serial of a block or number of a change
 * @attrs: CARVEOUT_ATTR_* bits of the region
 * @index: of a region or block
 * @value: see the request in <linux/carveout_rpmsg.h>
 */
struct carveout_remote_result {
	int status;
	struct carveout_remote_handle handle;
	uint64_t addr;
	uint64_t size;
	uint64_t serial;
	uint32_t attrs;
	uint32_t index;
	uint32_t value;
};

/**
 * typedef carveout_remote_done - Callback of a request
 * @ctx: pointer from carveout_remote_submit()
 * @result: the result, valid during the call
 */
typedef void carveout_remote_done(void *ctx, const struct carveout_remote_result *result);

/**
 * struct carveout_remote_slot - Memory of one request; private to the client
 * @request: the request; its tag is NULL or @tag
 * @result: the result
 * @done: callback, or NULL
 * @ctx: pointer for @done
 * @id: id of the request, and its ticket
 * @session: session of the request
 * @state: free, queued, ...
 * @polled: the result is kept for carveout_remote_collect()
 * @tag: copy of the tag
 */
struct carveout_remote_slot {
	struct carveout_remote_request request;
	struct carveout_remote_result result;
	carveout_remote_done *done;
	void *ctx;
	uint32_t id;
	uint32_t session;
	uint8_t state;
	bool polled;
	char tag[CARVEOUT_RPMSG_TAG_MAX];
};

/* States of a session. */
enum carveout_remote_state {
	CARVEOUT_REMOTE_DOWN,		/* none, ended or refused */
	CARVEOUT_REMOTE_STARTING,	/* Linux has not accepted the start yet */
	CARVEOUT_REMOTE_UP,
	CARVEOUT_REMOTE_ENDING,		/* a goodbye is queued or has no answer yet */
};

/* Reasons for dropping a message: indices of &carveout_remote.dropped. */
enum carveout_remote_drop {
	CARVEOUT_REMOTE_DROP_LENGTH,	/* not 64 bytes, or the header states another length */
	CARVEOUT_REMOTE_DROP_MAGIC,
	CARVEOUT_REMOTE_DROP_SWAPPED,	/* the magic in the other byte order */
	CARVEOUT_REMOTE_DROP_VERSION,
	CARVEOUT_REMOTE_DROP_OP,
	CARVEOUT_REMOTE_DROP_SESSION,	/* another session than the current one */
	CARVEOUT_REMOTE_DROP_ID,	/* no such request is waiting for this message */
	CARVEOUT_REMOTE_DROP_HELLO,	/* a hello with impossible values */
	CARVEOUT_REMOTE_DROPS
};

/**
 * struct carveout_remote - A client
 * @ops: callbacks of the port
 * @ctx: pointer for them
 * @slots: memory of requests
 * @nr_slots: number of @slots
 * @timeout_ms: limit of functions that wait for an answer, beyond the wait that the request
 *	itself contains, in milliseconds. 0: none. The caller may set it after
 *	carveout_remote_init()
 * @addr_bits: bits of an address of this processor
 * @state: state of the session; read only. May change at any time
 * @session: number of the session, 0 before the first hello and after a goodbye; read only
 * @heaps: number of heaps, once the session is up; read only
 * @max_handles: most handles of the session, from the hello; read only
 * @refused: result of the last start that Linux refused, or 0; read only
 * @dropped: number of messages dropped, by reason; read only
 * @tag_field: private: length of the field for a tag, 0 before the first hello
 * @credits: private: most requests without an answer, waits included
 * @waits: private: most waits
 * @next_id: private: the next id to try
 * @closed: private: do not start a session before carveout_remote_start()
 * @sending: private: a caller is in @ops->send
 * @start: private: the start of the session
 * @message: private: the message being sent
 */
struct carveout_remote {
	const struct carveout_remote_ops *ops;
	void *ctx;
	struct carveout_remote_slot *slots;
	size_t nr_slots;
	uint32_t timeout_ms;
	uint32_t addr_bits;
	enum carveout_remote_state state;
	uint32_t session;
	uint32_t heaps;
	uint32_t max_handles;
	int refused;
	uint32_t dropped[CARVEOUT_REMOTE_DROPS];
	uint32_t tag_field;
	uint32_t credits;
	uint32_t waits;
	uint32_t next_id;
	bool closed;
	bool sending;
	struct carveout_remote_slot start;
	uint8_t message[CARVEOUT_REMOTE_MESSAGE_MAX];
};

/**
 * struct carveout_remote_directory - Tags that Linux publishes in memory
 * @memory: private: the memory
 * @slots: private: its slots
 * @session: session that it belongs to; read only
 * @released: private: number of the last removal that Linux was told of
 */
struct carveout_remote_directory {
	const void *memory;
	uint32_t slots;
	uint32_t session;
	uint32_t released;
};

/**
 * struct carveout_remote_found - A buffer in the directory
 * @addr: address, as this processor sees it
 * @size: bytes
 * @serial: generation
 * @attrs: CARVEOUT_ATTR_* bits of the region
 * @index: number of the region
 * @flags: CARVEOUT_RPMSG_D_* flags
 * @session: private: session of the directory
 * @slot: private: slot of the entry
 * @sequence: private: its sequence count
 */
struct carveout_remote_found {
	uint64_t addr;
	uint64_t size;
	uint64_t serial;
	uint32_t attrs;
	uint32_t index;
	uint32_t flags;
	uint32_t session;
	uint32_t slot;
	uint32_t sequence;
};

/* The core: carveout_remote.c. */
int carveout_remote_init(struct carveout_remote *remote, const struct carveout_remote_ops *ops,
			 void *ctx, struct carveout_remote_slot *slots, size_t nr_slots,
			 uint32_t addr_bits);
bool carveout_remote_receive(struct carveout_remote *remote, const void *data, size_t len);
size_t carveout_remote_process(struct carveout_remote *remote);
int carveout_remote_submit(struct carveout_remote *remote,
			   const struct carveout_remote_request *request,
			   carveout_remote_done *done, void *ctx, uint32_t *ticket);
int carveout_remote_collect(struct carveout_remote *remote, uint32_t ticket,
			    struct carveout_remote_result *result);
void carveout_remote_abandon(struct carveout_remote *remote, uint32_t ticket);
void carveout_remote_start(struct carveout_remote *remote);

/* Functions that wait: carveout_remote_sync.c. */
int carveout_remote_wait_session(struct carveout_remote *remote, uint32_t ms);
int carveout_remote_call(struct carveout_remote *remote,
			 const struct carveout_remote_request *request,
			 struct carveout_remote_result *result);
int carveout_remote_alloc(struct carveout_remote *remote, uint8_t heap, const char *tag,
			  uint64_t size, uint16_t mode, struct carveout_remote_result *buf);
int carveout_remote_open(struct carveout_remote *remote, uint8_t heap, const char *tag,
			 uint32_t flags, uint32_t ms, struct carveout_remote_result *buf);
int carveout_remote_open_or_create(struct carveout_remote *remote, uint8_t heap, const char *tag,
				   uint64_t size, uint16_t mode,
				   struct carveout_remote_result *buf);
int carveout_remote_cancel(struct carveout_remote *remote, uint32_t ticket);
int carveout_remote_get(struct carveout_remote *remote, struct carveout_remote_handle handle);
int carveout_remote_put(struct carveout_remote *remote, struct carveout_remote_handle handle);
int carveout_remote_unlink(struct carveout_remote *remote, uint8_t heap, const char *tag);
int carveout_remote_unlink_buf(struct carveout_remote *remote, uint8_t heap, const char *tag,
			       struct carveout_remote_handle handle);
int carveout_remote_describe(struct carveout_remote *remote, struct carveout_remote_handle handle,
			     struct carveout_remote_result *buf);
int carveout_remote_block_alloc(struct carveout_remote *remote,
				struct carveout_remote_handle pool, uint32_t ms,
				struct carveout_remote_result *block);
int carveout_remote_block_free(struct carveout_remote *remote, struct carveout_remote_handle pool,
			       uint32_t index, uint64_t serial);
int carveout_remote_query(struct carveout_remote *remote, uint8_t heap,
			  struct carveout_remote_result *state);
int carveout_remote_watch(struct carveout_remote *remote, uint8_t heap, const char *prefix,
			  uint32_t ms, uint64_t *change);
int carveout_remote_goodbye(struct carveout_remote *remote);

/* The directory: carveout_remote_directory.c. */
int carveout_remote_directory_open(struct carveout_remote *remote, uint64_t *addr,
				   uint64_t *size);
int carveout_remote_directory_attach(struct carveout_remote_directory *directory,
				     const struct carveout_remote *remote, const void *memory,
				     size_t size);
int carveout_remote_directory_find(const struct carveout_remote_directory *directory,
				   uint8_t heap, const char *tag,
				   struct carveout_remote_found *found);
bool carveout_remote_directory_is_current(const struct carveout_remote_directory *directory,
					  const struct carveout_remote_found *found);
uint32_t carveout_remote_directory_removed(const struct carveout_remote_directory *directory);
int carveout_remote_directory_release(struct carveout_remote *remote,
				      struct carveout_remote_directory *directory,
				      uint32_t removed);

#endif /* CARVEOUT_REMOTE_H */
