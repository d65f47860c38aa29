// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Client of carveout for the other processors of a chip: look-ups in the directory.
 *
 * The directory is memory that Linux writes at any time. Each word is loaded once, and only
 * copies are used.
 */

#include "carveout_remote_core.h"

/* Attempts to read an entry that Linux is writing. */
#define ATTEMPTS	1000

#define WORDS		(CARVEOUT_RPMSG_SLOT_LEN / sizeof(uint32_t))

/* Index of the word of a member. */
#define HEADER(member)	(offsetof(struct carveout_rpmsg_directory, member) / sizeof(uint32_t))
#define ENTRY(member)	(offsetof(struct carveout_rpmsg_entry, member) / sizeof(uint32_t))

static uint32_t decode(uint32_t word)
{
	uint8_t at[sizeof(word)];

	memcpy(at, &word, sizeof(word));
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Word @word of a slot. Not each processor with C11 has atomic loads in it. */
static uint32_t load(const struct carveout_remote_directory *directory, uint32_t slot,
		     size_t word)
{
	const volatile uint32_t *words = directory->memory;

	return decode(words[slot * WORDS + word]);
}

/**
 * carveout_remote_directory_open() - Have Linux publish the tags
 * @remote: the client
 * @addr: returns the address of the directory
 * @size: returns its bytes, a power of two of which @addr is a multiple
 *
 * With the rights of the port, the caller makes the range readable and not cached, unless
 * caches are coherent; then it calls carveout_remote_directory_attach(). A directory ends
 * with its session.
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call(). %CARVEOUT_RPMSG_DENIED without a directory in the device
 * tree.
 */
int carveout_remote_directory_open(struct carveout_remote *remote, uint64_t *addr,
				   uint64_t *size)
{
	const struct carveout_remote_request request = { .op = CARVEOUT_RPMSG_DIRECTORY };
	struct carveout_remote_result result;
	int ret = carveout_remote_call(remote, &request, &result);

	*addr = result.addr;
	*size = result.size;
	return ret;
}

/**
 * carveout_remote_directory_attach() - Begin to read a directory
 * @directory: filled in
 * @remote: the client, whose session is up
 * @memory: the directory, as this processor accesses it
 * @size: its bytes
 *
 * Context: Any.
 * Return: 0; %CARVEOUT_REMOTE_INVALID if that is no directory, or not that of the session.
 */
int carveout_remote_directory_attach(struct carveout_remote_directory *directory,
				     const struct carveout_remote *remote, const void *memory,
				     size_t size)
{
	struct carveout_remote_directory found = { .memory = memory, .session = remote->session };

	if (size < 2 * CARVEOUT_RPMSG_SLOT_LEN ||
	    load(&found, 0, HEADER(magic)) != CARVEOUT_RPMSG_DIRECTORY_MAGIC)
		return CARVEOUT_REMOTE_INVALID;
	carveout_remote_barrier();
	found.slots = load(&found, 0, HEADER(slots));
	if (load(&found, 0, HEADER(version)) != CARVEOUT_RPMSG_VERSION ||
	    load(&found, 0, HEADER(session)) != remote->session || !found.slots ||
	    found.slots & (found.slots - 1) || found.slots > size / CARVEOUT_RPMSG_SLOT_LEN)
		return CARVEOUT_REMOTE_INVALID;
	*directory = found;
	return 0;
}

/* The entry is decoded, its tag too. */
static bool is_tag(const uint32_t *entry, const char *tag)
{
	size_t i;
	char c;

	for (i = 0; i < CARVEOUT_RPMSG_TAG_MAX; i++) {
		c = (char)(entry[ENTRY(tag) + i / 4] >> 8 * (i % 4) & 0xff);
		if (c != tag[i])
			return false;
		if (!c)
			return true;
	}
	return false;
}

static uint64_t pair(const uint32_t *entry, size_t word)
{
	return entry[word] | (uint64_t)entry[word + 1] << 32;
}

static void describe(struct carveout_remote_found *found, const uint32_t *entry, uint32_t slot)
{
	found->addr = pair(entry, ENTRY(addr_lo));
	found->size = pair(entry, ENTRY(size_lo));
	found->serial = pair(entry, ENTRY(serial_lo));
	found->attrs = entry[ENTRY(attrs)];
	found->index = entry[ENTRY(index)];
	found->flags = entry[ENTRY(flags)];
	found->slot = slot;
	found->sequence = entry[ENTRY(sequence)];
}

/*
 * Copy an entry as it was at one moment. A free slot, or one with another hash, needs no copy:
 * one word decides. Results in CARVEOUT_RPMSG_BUSY if Linux was writing all the time.
 */
static int copy_entry(const struct carveout_remote_directory *directory, uint32_t slot,
		      uint32_t hash, uint32_t *to)
{
	uint32_t attempt;
	size_t i;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (load(directory, slot, ENTRY(hash)) != hash)
			return CARVEOUT_RPMSG_NO_TAG;
		to[ENTRY(sequence)] = load(directory, slot, ENTRY(sequence));
		if (to[ENTRY(sequence)] & 1)
			continue;
		carveout_remote_barrier();
		for (i = ENTRY(sequence) + 1; i < WORDS; i++)
			to[i] = load(directory, slot, i);
		carveout_remote_barrier();
		if (load(directory, slot, ENTRY(sequence)) == to[ENTRY(sequence)])
			return 0;
	}
	return CARVEOUT_RPMSG_BUSY;
}

/**
 * carveout_remote_directory_find() - Find a buffer by its tag, without a message
 * @directory: the directory
 * @heap: number of the heap
 * @tag: the tag
 * @found: filled in
 *
 * The memory may be used until carveout_remote_directory_release() of a removal.
 *
 * Context: Any, also interrupts. It loads at most 8 slots, each at most 1000 times.
 * Return: 0; %CARVEOUT_RPMSG_NO_TAG; %CARVEOUT_RPMSG_LIMIT if there is no such tag in the
 * directory, which does not have all: ask with carveout_remote_open(); %CARVEOUT_RPMSG_BUSY
 * while Linux writes the entry: call again. A tag that was added a moment ago, or is being
 * replaced, may not be found yet.
 */
int carveout_remote_directory_find(const struct carveout_remote_directory *directory,
				   uint8_t heap, const char *tag,
				   struct carveout_remote_found *found)
{
	uint32_t hash = carveout_rpmsg_hash(heap, tag), i, slot;
	uint32_t entry[WORDS];
	bool busy = false;
	int ret;

	for (i = 0; i < CARVEOUT_RPMSG_PROBES; i++) {
		slot = (hash + i) & (directory->slots - 1);
		/* The first one has the header. */
		if (!slot)
			continue;
		ret = copy_entry(directory, slot, hash, entry);
		busy |= ret == CARVEOUT_RPMSG_BUSY;
		if (ret || entry[ENTRY(hash)] != hash || entry[ENTRY(heap)] != heap ||
		    !is_tag(entry, tag))
			continue;
		describe(found, entry, slot);
		found->session = directory->session;
		return 0;
	}
	if (busy)
		return CARVEOUT_RPMSG_BUSY;
	return load(directory, 0, HEADER(omitted)) ? CARVEOUT_RPMSG_LIMIT :
							  CARVEOUT_RPMSG_NO_TAG;
}

/**
 * carveout_remote_directory_is_current() - Check whether a buffer is still in the directory
 * @directory: the directory
 * @found: a result of carveout_remote_directory_find()
 *
 * Context: Any. One load.
 * Return: true if its entry has not changed, and the directory is that of the same session.
 */
bool carveout_remote_directory_is_current(const struct carveout_remote_directory *directory,
					  const struct carveout_remote_found *found)
{
	return found->session == directory->session &&
	       load(directory, found->slot, ENTRY(sequence)) == found->sequence;
}

/**
 * carveout_remote_directory_removed() - Number of entries that were removed so far
 * @directory: the directory
 *
 * Entries whose removal the number includes are neither found nor current after the call.
 *
 * Context: Any. One load.
 * Return: the number, modulo 2^32.
 */
uint32_t carveout_remote_directory_removed(const struct carveout_remote_directory *directory)
{
	uint32_t removed = load(directory, 0, HEADER(removed));

	carveout_remote_barrier();
	return removed;
}

/**
 * carveout_remote_directory_release() - Let Linux release memory of removed entries
 * @remote: the client
 * @directory: the directory
 * @removed: return value of carveout_remote_directory_removed()
 *
 * After that call, the processor has checked all buffers that it still uses, in all its tasks,
 * with carveout_remote_directory_is_current(), and has stopped using the others. Without a
 * removal since the last release, no message is sent.
 *
 * One caller at a time.
 *
 * Context: See carveout_remote_call().
 * Return: As carveout_remote_call(); %CARVEOUT_REMOTE_STALE for a directory of another
 * session.
 */
int carveout_remote_directory_release(struct carveout_remote *remote,
				      struct carveout_remote_directory *directory,
				      uint32_t removed)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_RELEASE,
		.arg = removed,
		.handle.session = directory->session,
	};
	struct carveout_remote_result result;
	int ret;

	if (directory->session != remote->session)
		return CARVEOUT_REMOTE_STALE;
	if (removed == directory->released)
		return 0;
	ret = carveout_remote_call(remote, &request, &result);
	if (!ret)
		directory->released = removed;
	return ret;
}
