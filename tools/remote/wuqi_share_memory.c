// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The share memory interface of WuQi, on top of a client of carveout.
 */

#include "carveout_remote_core.h"
#include "wuqi_share_memory.h"

/* In WuQi each processor may find and free each tag. */
#define WUQI_MODE 0666

enum entry_state {
	ENTRY_UNUSED,
	ENTRY_RESERVED,		/* for a request that has no answer yet */
	ENTRY_USED,
	ENTRY_ENDING,		/* its reference, if any, and its tag are being given back */
};

/* WuQi has one share memory, so its functions have no parameter for it. */
static struct {
	struct carveout_remote *remote;
	struct carveout_remote_wuqi *map;
	size_t nr_map;
	uint8_t heap;
} wuqi;

/* === Map ================================================================== */

static struct carveout_remote_wuqi *reserve(void)
{
	size_t i;

	for (i = 0; i < wuqi.nr_map; i++) {
		if (wuqi.map[i].state == ENTRY_UNUSED) {
			memset(&wuqi.map[i], 0, sizeof(wuqi.map[i]));
			wuqi.map[i].state = ENTRY_RESERVED;
			return &wuqi.map[i];
		}
	}
	return NULL;
}

/* Set the tag of a reserved entry. Return false if it is too long. */
static bool set_tag(struct carveout_remote_wuqi *entry, const char *tag)
{
	size_t i;

	for (i = 0; tag[i]; i++) {
		if (i + 1 == sizeof(entry->tag))
			return false;
		entry->tag[i] = tag[i];
	}
	return true;
}

static bool has_tag(const struct carveout_remote_wuqi *entry, const char *tag)
{
	size_t i;

	for (i = 0; i < sizeof(entry->tag) && entry->tag[i] == tag[i]; i++)
		if (!tag[i])
			return i > 0;
	return false;
}

/*
 * Queue a request whose result does not matter. Return false if it has to be tried again. An UNLINK
 * of an entry with a buffer removes the tag from that buffer only: another processor may have freed
 * the tag and made it again. NO_TAG is no error then.
 */
static bool queue(uint8_t op, const struct carveout_remote_wuqi *entry)
{
	struct carveout_remote_request request = { .op = op, .handle = entry->handle };
	int ret;

	if (op == CARVEOUT_RPMSG_UNLINK) {
		request.heap = wuqi.heap;
		request.tag = entry->tag;
	}
	ret = carveout_remote_submit_locked(wuqi.remote, &request, NULL, NULL, NULL);
	return ret != CARVEOUT_REMOTE_FULL && ret != CARVEOUT_REMOTE_NO_SESSION;
}

/*
 * Queue the remaining releases of @entry, as far as there are free slots. The UNLINK is the first,
 * because the PUT may end the handle.
 */
static void settle_entry(struct carveout_remote_wuqi *entry)
{
	if (entry->unlink && !queue(CARVEOUT_RPMSG_UNLINK, entry))
		return;
	entry->unlink = false;
	if (!entry->handle.handle || queue(CARVEOUT_RPMSG_PUT, entry))
		entry->state = ENTRY_UNUSED;
}

/* Continue all releases, and forget buffers of an older session. */
static void settle(void)
{
	struct carveout_remote_wuqi *entry;

	for (entry = wuqi.map; entry < wuqi.map + wuqi.nr_map; entry++) {
		if (entry->state == ENTRY_USED &&
		    entry->handle.session != wuqi.remote->session)
			entry->state = ENTRY_UNUSED;
		else if (entry->state == ENTRY_ENDING)
			settle_entry(entry);
	}
}

/* === Requests ============================================================= */

/* Does the map have another reference to the buffer of @entry? Then no other buffer is there. */
static bool is_known(const struct carveout_remote_wuqi *entry)
{
	const struct carveout_remote_wuqi *other;

	for (other = wuqi.map; other < wuqi.map + wuqi.nr_map; other++)
		if (other->state == ENTRY_USED && other->addr == entry->addr &&
		    other->handle.session == entry->handle.session &&
		    has_tag(other, entry->tag))
			return true;
	return false;
}

/* Put the buffer of a successful request into its entry. Return its address. */
static void *enter(struct carveout_remote_wuqi *entry,
		   const struct carveout_remote_result *result, const char *tag)
{
	entry->handle = result->handle;
	entry->addr = (void *)(uintptr_t)result->addr;
	if (tag)
		set_tag(entry, tag);
	if ((uintptr_t)result->addr != result->addr) {
		entry->state = ENTRY_ENDING;
		return NULL;
	}
	entry->state = is_known(entry) ? ENTRY_ENDING : ENTRY_USED;
	return entry->addr;
}

/* Make a request for a buffer. Return its address, or NULL. */
static void *obtain(const struct carveout_remote_request *request)
{
	struct carveout_remote_result result = { .status = CARVEOUT_REMOTE_FULL };
	struct carveout_remote_wuqi *entry;
	void *addr = NULL;

	carveout_remote_lock(wuqi.remote);
	settle();
	entry = reserve();
	carveout_remote_unlock(wuqi.remote);
	if (!entry)
		return NULL;
	carveout_remote_call(wuqi.remote, request, &result);
	carveout_remote_lock(wuqi.remote);
	if (result.status)
		entry->state = ENTRY_UNUSED;
	else
		addr = enter(entry, &result, request->tag);
	settle();
	carveout_remote_process_locked(wuqi.remote);
	carveout_remote_unlock(wuqi.remote);
	return addr;
}

static void *allocate(const char *tag, size_t size, size_t alignment)
{
	struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_ALLOC,
		.heap = wuqi.heap,
		.size = size,
		.tag = tag,
	};

	if (alignment & (alignment - 1))
		return NULL;
	while (alignment > 1) {
		alignment >>= 1;
		request.align++;
	}
	if (tag) {
		request.flags = CARVEOUT_RPMSG_F_PERSIST;
		request.mode = WUQI_MODE;
	}
	return obtain(&request);
}

/* Begin to free all memory that this processor has with the tag. Return false if there is none. */
static bool free_own(const char *tag)
{
	struct carveout_remote_wuqi *entry;
	bool found = false;

	for (entry = wuqi.map; entry < wuqi.map + wuqi.nr_map; entry++) {
		if (entry->state != ENTRY_USED || !has_tag(entry, tag))
			continue;
		entry->state = ENTRY_ENDING;
		entry->unlink = true;
		found = true;
	}
	return found;
}

/* Begin to remove a tag whose memory this processor does not have. */
static void free_other(const char *tag)
{
	struct carveout_remote_wuqi *entry = reserve();

	if (!entry)
		return;
	entry->unlink = set_tag(entry, tag);
	entry->state = entry->unlink ? ENTRY_ENDING : ENTRY_UNUSED;
}

/* === Interface ============================================================ */

/**
 * carveout_remote_wuqi_setup() - Set the client and the memory of the interface
 * @remote: an initialised client
 * @heap: number of the heap
 * @map: memory for one entry per buffer that this processor has at the same time
 * @nr_map: number of entries
 *
 * Context: Before all other functions of the interface.
 */
void carveout_remote_wuqi_setup(struct carveout_remote *remote, uint8_t heap,
				struct carveout_remote_wuqi *map, size_t nr_map)
{
	size_t i;

	for (i = 0; i < nr_map; i++)
		memset(&map[i], 0, sizeof(map[i]));
	wuqi.remote = remote;
	wuqi.heap = heap;
	wuqi.map = map;
	wuqi.nr_map = nr_map;
}

/**
 * wq_share_memory_init() - Wait until the session with Linux is up
 *
 * Without a session the functions that return memory return NULL.
 *
 * Context: Task. Waits at most &carveout_remote.timeout_ms, or without a limit if that is 0.
 */
void wq_share_memory_init(void)
{
	uint32_t ms = wuqi.remote->timeout_ms;

	carveout_remote_wait_session(wuqi.remote, ms ? ms : CARVEOUT_RPMSG_FOREVER);
}

/**
 * wq_share_memory_malloc() - Allocate memory
 * @size: bytes
 *
 * Context: Task.
 * Return: Address, or NULL.
 */
void *wq_share_memory_malloc(size_t size)
{
	return allocate(NULL, size, 0);
}

/**
 * wq_share_memory_aligned_malloc() - Allocate aligned memory
 * @size: bytes
 * @alignment: alignment in bytes, a power of two, or 0 for none
 *
 * Context: Task.
 * Return: Address, or NULL.
 */
void *wq_share_memory_aligned_malloc(size_t size, size_t alignment)
{
	return allocate(NULL, size, alignment);
}

/**
 * wq_share_memory_malloc_with_tag() - Allocate memory that other processors can find
 * @tag_name: tag, which must not exist
 * @size: bytes
 *
 * Context: Task.
 * Return: Address, or NULL.
 */
void *wq_share_memory_malloc_with_tag(const char *tag_name, size_t size)
{
	return tag_name ? allocate(tag_name, size, 0) : NULL;
}

/**
 * wq_share_memory_aligned_malloc_with_tag() - The same, aligned
 * @tag_name: tag, which must not exist
 * @size: bytes
 * @alignment: alignment in bytes, a power of two, or 0 for none
 *
 * Context: Task.
 * Return: Address, or NULL.
 */
void *wq_share_memory_aligned_malloc_with_tag(const char *tag_name, size_t size,
					      size_t alignment)
{
	return tag_name ? allocate(tag_name, size, alignment) : NULL;
}

/**
 * wq_share_memory_get_by_tag() - Find memory by its tag
 * @tag_name: the tag
 *
 * The processor keeps one reference, however often it calls this.
 *
 * Context: Task.
 * Return: Address, or NULL.
 */
void *wq_share_memory_get_by_tag(const char *tag_name)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_OPEN,
		.heap = wuqi.heap,
		.tag = tag_name,
	};

	return obtain(&request);
}

/**
 * wq_share_memory_free() - Give memory back
 * @ptr: address from a function of this interface, or NULL
 *
 * A tag of the memory stays, and keeps the memory: use wq_share_memory_free_with_tag().
 * An address that this processor does not have is ignored.
 *
 * Context: Any context in which carveout_remote_submit() may be called.
 */
void wq_share_memory_free(void *ptr)
{
	size_t i;

	carveout_remote_lock(wuqi.remote);
	for (i = 0; ptr && i < wuqi.nr_map; i++) {
		if (wuqi.map[i].state == ENTRY_USED && wuqi.map[i].addr == ptr) {
			wuqi.map[i].state = ENTRY_ENDING;
			break;
		}
	}
	settle();
	carveout_remote_unlock(wuqi.remote);
}

/**
 * wq_share_memory_aligned_free() - The same
 * @ptr: address from a function of this interface, or NULL
 *
 * Context: As wq_share_memory_free().
 */
void wq_share_memory_aligned_free(void *ptr)
{
	wq_share_memory_free(ptr);
}

/**
 * wq_share_memory_free_with_tag() - Remove a tag and give its memory back
 * @tag_name: the tag. This processor need not have its memory
 *
 * If this processor has memory that it got with the tag, the tag is removed from that memory only.
 * It remains if another processor has freed it and made it again since. NULL is ignored.
 *
 * Context: As wq_share_memory_free(). A tag whose memory this processor does not have takes an
 * entry of the map until the request is queued; if the map is full, the call has no effect.
 */
void wq_share_memory_free_with_tag(const char *tag_name)
{
	if (!tag_name)
		return;
	carveout_remote_lock(wuqi.remote);
	settle();
	if (!free_own(tag_name))
		free_other(tag_name);
	settle();
	carveout_remote_unlock(wuqi.remote);
}
