/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Messages between carveout and the other processors of a chip, over rpmsg.
 *
 * The service is the rpmsg channel "carveout", one for each processor. Linux sends the
 * first message, %CARVEOUT_RPMSG_HELLO, because a remote processor learns the address of
 * an endpoint of Linux only from a message. From then on the remote processor sends
 * requests, and each request gets one answer, unless its session ends while it waits. Linux
 * handles requests in the order of their arrival. A request that waits is answered later, so
 * the id of the request tells the answers apart. Linux sends events, too. At any time at most
 * as many messages of Linux are under way as there are credits, waits and heaps, and one hello
 * each half second.
 *
 * All members are little-endian. A 64-bit number is a pair of 32-bit members, because a
 * small processor may have no 64-bit load that is aligned or atomic. All requests of a
 * channel have one length: 48 bytes and a field for a tag, whose length Linux states in
 * its hello. The channel's messages can be as short as 64 bytes, which leaves tags of up
 * to 15 bytes. Answers and events have 64 bytes. A message of another length is dropped.
 *
 * Members that a request does not use are zero. Nothing in a message is an address to be
 * trusted: a request names memory by a handle of its session, and Linux states addresses
 * as the remote processor sees them.
 *
 * The file needs <stdint.h> at most, so that firmware can include it.
 */
#ifndef _UAPI_LINUX_CARVEOUT_RPMSG_H
#define _UAPI_LINUX_CARVEOUT_RPMSG_H

#ifdef __KERNEL__
#include <linux/types.h>
typedef __u8 carveout_u8;
typedef __u32 carveout_u32;
typedef __le16 carveout_le16;
typedef __le32 carveout_le32;
#else
#include <stdint.h>
typedef uint8_t carveout_u8;
typedef uint32_t carveout_u32;
typedef uint16_t carveout_le16;
typedef uint32_t carveout_le32;
#endif

/* Name of the rpmsg channel. */
#define CARVEOUT_RPMSG_NAME		"carveout"

/* "CvRm". Read with swapped bytes, it is not itself. */
#define CARVEOUT_RPMSG_MAGIC		0x6d527643U
#define CARVEOUT_RPMSG_VERSION		1U

/* Length of a request without its tag, and of an answer or event. */
#define CARVEOUT_RPMSG_REQUEST_LEN	48U
#define CARVEOUT_RPMSG_ANSWER_LEN	64U

/* Length of the field for a tag, which a terminator ends. */
#define CARVEOUT_RPMSG_TAG_MIN		16U
#define CARVEOUT_RPMSG_TAG_MAX		64U

/* A time in milliseconds: wait without a limit. */
#define CARVEOUT_RPMSG_FOREVER		0xffffffffU

/*
 * Requests. "tag" is the field behind the request; the other names are members of struct
 * carveout_rpmsg_request and, behind the arrow, of struct carveout_rpmsg_answer.
 */
/*
 * Accept the session: arg = bits of an address (10 to 64) -> value = number of heaps. The
 * first request of a session. Memory beyond these bits is never given to the processor. A
 * START that is refused may be repeated. LIMIT if the processor has too many sessions,
 * including those whose memory Linux holds.
 * A processor that has no session sends a START with session 0. The answer is NO_SESSION, and
 * a HELLO follows. If the channel has a session that was started, the processor has restarted
 * on its own: that session ends as if the channel was removed.
 */
#define CARVEOUT_RPMSG_START		1U
/*
 * End the session -> nothing. The sender has stopped using all memory of the session. A
 * HELLO of a new session follows the answer.
 */
#define CARVEOUT_RPMSG_GOODBYE		2U
/*
 * Allocate a buffer: tag or none, heap, flags, size, align, require, forbid, mode ->
 * handle, addr, size, attrs, index = region, serial = generation, value = number of blocks,
 * 0 if it is no pool. With F_OPEN the answer is EXISTS if the buffer that has the tag does not
 * satisfy the request.
 */
#define CARVEOUT_RPMSG_ALLOC		3U
/*
 * Open a buffer by its tag: tag, heap, flags, arg = ms to wait -> as ALLOC. Each success is
 * a handle of its own, also of a buffer that the session has already.
 */
#define CARVEOUT_RPMSG_OPEN		4U
/*
 * Cancel a wait: handle = id of the waiting request -> nothing. The wait is answered, too:
 * with CANCELLED, or with the result that it had before. NO_HANDLE if nothing waits under
 * that id; a watch does not wait.
 */
#define CARVEOUT_RPMSG_CANCEL		5U
/* Take another reference: handle -> value = references of the handle. */
#define CARVEOUT_RPMSG_GET		6U
/* Drop a reference: handle -> value = references that are left; at 0 the handle ends. */
#define CARVEOUT_RPMSG_PUT		7U
/*
 * Remove a tag: tag, heap, handle = buffer that has to have the tag, or 0 for any ->
 * nothing. NO_TAG if another buffer has it.
 */
#define CARVEOUT_RPMSG_UNLINK		8U
/* Describe a buffer: handle -> as ALLOC. */
#define CARVEOUT_RPMSG_DESCRIBE		9U
/*
 * Allocate a block of a pool: handle, arg = ms to wait -> addr, size = bytes to the next
 * block, index = block, serial.
 */
#define CARVEOUT_RPMSG_BLOCK_ALLOC	10U
/* Free a block: handle, arg = index, size = serial -> nothing. */
#define CARVEOUT_RPMSG_BLOCK_FREE	11U
/*
 * State of a heap: heap -> size, serial = used bytes, addr = bytes of the largest hole,
 * attrs = attributes that some region has, index = number of regions, value = handles
 * that the session may still get.
 */
#define CARVEOUT_RPMSG_QUERY		12U
/*
 * Notify of changes: tag = prefix, may be empty; heap, size = number of the last change
 * that the sender knows -> serial = number of the last change. If it differs, or as soon
 * as it does, one CHANGED follows under the id of this request, which ends the watch.
 * The event follows the answer. A second WATCH of a heap replaces the first, whose id gets
 * no event, unless it is refused. The shutdown of a heap is a change, too. DENIED unless the
 * sender may open all tags with the prefix.
 */
#define CARVEOUT_RPMSG_WATCH		13U
/*
 * Begin to publish: nothing -> addr, size, value = slots of the directory of the session, see
 * struct carveout_rpmsg_directory. Further ones have the same answer. DENIED if the device
 * tree provides for none.
 */
#define CARVEOUT_RPMSG_DIRECTORY	14U
/*
 * Release buffers whose entries were removed: arg = number of the last such removal, from
 * the directory -> value = number of buffers released. The sender has stopped using them.
 */
#define CARVEOUT_RPMSG_RELEASE		15U
#define CARVEOUT_RPMSG_REQUESTS		16U

/* Messages of Linux. */
/*
 * A new session: status = OK, handle = length of a tag's field, index = credits, value =
 * most handles, size = most waits of all channels. The id is 0. Credits are the requests,
 * waits included, that the sender should have without an answer; at least 2. Linux repeats
 * the hello some times until START arrives, and again after each request of another
 * session. A new session ends the former one: its handles are invalid.
 */
#define CARVEOUT_RPMSG_HELLO		0x41U
/* The answer to a request, with its id. */
#define CARVEOUT_RPMSG_ANSWER		0x42U
/* Tags with the prefix of a WATCH have changed: its id, serial = number of the change. */
#define CARVEOUT_RPMSG_CHANGED		0x43U

/* Flags of ALLOC and OPEN. Those of ALLOC have the values of CARVEOUT_ALLOC_*. */
#define CARVEOUT_RPMSG_F_OPEN		(1U << 0)	/* ALLOC: open an existing buffer */
#define CARVEOUT_RPMSG_F_PERSIST	(1U << 1)	/* ALLOC: the tag holds the buffer */
#define CARVEOUT_RPMSG_F_TOP_DOWN	(1U << 2)	/* ALLOC: the highest address */
#define CARVEOUT_RPMSG_F_READ		(1U << 8)	/* OPEN: for reading only */

/* Results. The numbers are no errno values, which differ between C libraries. */
#define CARVEOUT_RPMSG_OK		0U
#define CARVEOUT_RPMSG_INVALID		1U	/* malformed, or an unused member is not 0 */
#define CARVEOUT_RPMSG_UNKNOWN		2U	/* no such request in this version */
#define CARVEOUT_RPMSG_NO_SESSION	3U	/* no START yet, or another session */
#define CARVEOUT_RPMSG_NO_HANDLE	4U	/* no such handle in this session */
#define CARVEOUT_RPMSG_NO_TAG		5U
#define CARVEOUT_RPMSG_EXISTS		6U	/* the tag is taken */
#define CARVEOUT_RPMSG_DENIED		7U	/* by the mode of the tag or the device tree */
#define CARVEOUT_RPMSG_NO_SPACE		8U	/* no hole fits */
#define CARVEOUT_RPMSG_NO_MEMORY	9U	/* Linux has no memory for its metadata */
#define CARVEOUT_RPMSG_QUOTA		10U
#define CARVEOUT_RPMSG_LIMIT		11U	/* too many sessions, handles or waits */
#define CARVEOUT_RPMSG_TIMED_OUT	12U
#define CARVEOUT_RPMSG_CANCELLED	13U
#define CARVEOUT_RPMSG_BUSY		14U	/* in use or being resized: try again */
#define CARVEOUT_RPMSG_NO_BLOCK		15U	/* no such block, or a stale serial */
#define CARVEOUT_RPMSG_DESTROYED	16U	/* the pool */
#define CARVEOUT_RPMSG_SHUT_DOWN	17U	/* the heap */
#define CARVEOUT_RPMSG_CORRUPTED	18U	/* the heap or the pool */
#define CARVEOUT_RPMSG_NO_POOL		19U	/* the buffer is no pool */
#define CARVEOUT_RPMSG_OUT_OF_REACH	20U	/* the processor has no address for it */
#define CARVEOUT_RPMSG_STATUSES		21U

/**
 * struct carveout_rpmsg_header - Start of each message
 * @magic: %CARVEOUT_RPMSG_MAGIC
 * @version: %CARVEOUT_RPMSG_VERSION
 * @op: the kind of message
 * @length: bytes of the message, this header included
 * @id: of a request: a number that the sender chooses, unique among its requests without
 *	an answer and its watches. Of an answer or event: that of the request
 * @session: the session, from the hello of Linux; 0 only in a START that asks for a hello,
 *	and in the NO_SESSION of a channel for which Linux has no session
 */
struct carveout_rpmsg_header {
	carveout_le32 magic;
	carveout_u8 version;
	carveout_u8 op;
	carveout_le16 length;
	carveout_le32 id;
	carveout_le32 session;
};

/**
 * struct carveout_rpmsg_request - A request; the field for a tag follows
 * @header: the header
 * @handle: handle of a buffer, never 0
 * @flags: CARVEOUT_RPMSG_F_* flags
 * @size_lo: bytes, lower half
 * @size_hi: bytes, upper half
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 * @mode: permission bits of the tag, for processes and other processors
 * @align: binary logarithm of the alignment of the address, 0 to 63
 * @heap: number of the heap, in the order of the device tree
 * @arg: milliseconds, index or bits, see the request
 *
 * The field for a tag has the length that Linux states in its hello. It holds the tag
 * and is zero up to its end, and it ends with a zero.
 */
struct carveout_rpmsg_request {
	struct carveout_rpmsg_header header;
	carveout_le32 handle;
	carveout_le32 flags;
	carveout_le32 size_lo;
	carveout_le32 size_hi;
	carveout_le32 require;
	carveout_le32 forbid;
	carveout_le16 mode;
	carveout_u8 align;
	carveout_u8 heap;
	carveout_le32 arg;
};

/**
 * struct carveout_rpmsg_answer - An answer or an event
 * @header: the header
 * @status: CARVEOUT_RPMSG_* result; all of the following is 0 unless it is OK
 * @handle: handle of a buffer
 * @addr_lo: address as the remote processor sees it, lower half
 * @addr_hi: upper half
 * @size_lo: bytes, lower half
 * @size_hi: upper half
 * @attrs: CARVEOUT_ATTR_* bits of the region
 * @index: of a region or block
 * @serial_lo: generation of a buffer, serial of a block or number of a change, lower half
 * @serial_hi: upper half
 * @value: see the request
 * @reserved: 0
 */
struct carveout_rpmsg_answer {
	struct carveout_rpmsg_header header;
	carveout_le32 status;
	carveout_le32 handle;
	carveout_le32 addr_lo;
	carveout_le32 addr_hi;
	carveout_le32 size_lo;
	carveout_le32 size_hi;
	carveout_le32 attrs;
	carveout_le32 index;
	carveout_le32 serial_lo;
	carveout_le32 serial_hi;
	carveout_le32 value;
	carveout_le32 reserved;
};

/*
 * The directory: pages of a heap with the tags that a processor may open. Linux writes them,
 * and the processor reads them with plain loads, without a message and without a lock. Linux
 * never reads them. Their address is a multiple of their size, a power of two, so that one
 * region of an MPU makes them read-only for the processor.
 *
 * The directory is an array of slots of 128 bytes. The first one has the header. The entry of
 * a tag is in one of the CARVEOUT_RPMSG_PROBES slots from the hash of the tag on, modulo the
 * number of slots; it is never moved. A tag that finds none of them free is omitted. Memory
 * that the processor has no address for is not published.
 *
 * Reading: load @sequence until it is even, then the other members, then @sequence again;
 * they belong together if it has not changed. The processor's barriers keep the three in
 * order. The number of attempts has to be bounded, as Linux may be interrupted while it
 * writes.
 *
 * The memory of a buffer in the directory may be used without a handle. An entry does not keep
 * its tag. When the tag is removed, the entry is cleared, and then the number of removals is
 * incremented. The memory gets no other owner before the processor has stated that number in
 * CARVEOUT_RPMSG_RELEASE, or its session has ended. So the processor, now and then, loads
 * @removed, stops using the buffers that it no longer finds in the directory, and sends the
 * request. As long as nothing is removed, no message is necessary.
 *
 * Before this request, and before a PUT, BLOCK_FREE or GOODBYE, all accesses to the memory are
 * complete, loads, too, and its lines in the processor's caches are clean or invalid: a barrier
 * for all accesses has to precede the message.
 */

/* "CvDy" */
#define CARVEOUT_RPMSG_DIRECTORY_MAGIC	0x79447643U

/* Bytes of a slot. */
#define CARVEOUT_RPMSG_SLOT_LEN		128U

/* Slots that a tag may be in. */
#define CARVEOUT_RPMSG_PROBES		8U

/* Flag of an entry: the mode of the tag permits the processor to read only. */
#define CARVEOUT_RPMSG_D_READ		(1U << 0)

/**
 * struct carveout_rpmsg_directory - First slot of a directory
 * @magic: %CARVEOUT_RPMSG_DIRECTORY_MAGIC
 * @version: %CARVEOUT_RPMSG_VERSION
 * @session: the session
 * @slots: number of slots, a power of two, this one included
 * @removed: number of removals so far, modulo 2^32
 * @omitted: number of tags that found no free slot: if it is not 0, a tag that is not in the
 *	directory may still exist
 * @reserved: 0
 */
struct carveout_rpmsg_directory {
	carveout_le32 magic;
	carveout_le32 version;
	carveout_le32 session;
	carveout_le32 slots;
	carveout_le32 removed;
	carveout_le32 omitted;
	carveout_le32 reserved[26];
};

/**
 * struct carveout_rpmsg_entry - Another slot of a directory
 * @sequence: odd while Linux writes the entry
 * @hash: carveout_rpmsg_hash() of heap and tag; 0 if the slot is free
 * @flags: CARVEOUT_RPMSG_D_* flags
 * @heap: number of the heap
 * @addr_lo: address as the remote processor sees it, lower half
 * @addr_hi: upper half
 * @size_lo: bytes, lower half
 * @size_hi: upper half
 * @serial_lo: generation of the buffer, lower half
 * @serial_hi: upper half
 * @attrs: CARVEOUT_ATTR_* bits of the region
 * @index: number of the region
 * @reserved: 0
 * @tag: the tag, zero to the end
 */
struct carveout_rpmsg_entry {
	carveout_le32 sequence;
	carveout_le32 hash;
	carveout_le32 flags;
	carveout_le32 heap;
	carveout_le32 addr_lo;
	carveout_le32 addr_hi;
	carveout_le32 size_lo;
	carveout_le32 size_hi;
	carveout_le32 serial_lo;
	carveout_le32 serial_hi;
	carveout_le32 attrs;
	carveout_le32 index;
	carveout_le32 reserved[4];
	carveout_u8 tag[CARVEOUT_RPMSG_TAG_MAX];
};

/* FNV-1a of the number of a heap and a tag, but never 0. */
static __inline__ carveout_u32 carveout_rpmsg_hash(carveout_u32 heap, const char *tag)
{
	carveout_u32 hash = (0x811c9dc5U ^ heap) * 0x01000193U;

	for (; *tag; tag++)
		hash = (hash ^ (carveout_u8)*tag) * 0x01000193U;
	return hash ? hash : 1;
}

/* Older C has no assertions at compile time. */
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct carveout_rpmsg_header) == 16, "length of a header");
_Static_assert(sizeof(struct carveout_rpmsg_request) == CARVEOUT_RPMSG_REQUEST_LEN,
	       "length of a request");
_Static_assert(sizeof(struct carveout_rpmsg_answer) == CARVEOUT_RPMSG_ANSWER_LEN,
	       "length of an answer");
_Static_assert(sizeof(struct carveout_rpmsg_directory) == CARVEOUT_RPMSG_SLOT_LEN,
	       "length of the header of a directory");
_Static_assert(sizeof(struct carveout_rpmsg_entry) == CARVEOUT_RPMSG_SLOT_LEN,
	       "length of an entry");
#endif

#endif /* _UAPI_LINUX_CARVEOUT_RPMSG_H */
