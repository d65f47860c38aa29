// SPDX-License-Identifier: GPL-2.0
/*
 * Directories: the tags that a processor may open, in memory that it reads without a message.
 *
 * A directory belongs to a session. Linux keeps the content a second time, in its own memory:
 * stores of the processor to the pages have no effect on anything else.
 *
 * The memory of a buffer is held from its publication until the processor has stated that it
 * knows of the removal, because until then it may access it. The buffer itself is not held: its
 * tag ends when its users drop it, and the entry follows. Nothing is published while there are as
 * many removals that the processor has not stated as slots. So a processor that never states any
 * keeps the memory of less than twice as many former buffers as there are slots.
 *
 * The work of the channel updates the directory when a watch has reported a change, and no
 * request waits. It first corrects the entries that are no longer true, then looks for tags
 * that are missing. No reference is taken for that to a buffer that is in the directory.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "channel.h"
#include "publish.h"

/**
 * struct carveout_published - A buffer whose memory the processor may access
 * @node: entry in carveout_directory.removed_bufs, once its entry was cleared
 * @buf: the buffer, which is held, without a reference (invariant)
 * @heap: number of its heap (invariant)
 * @hash: hash of heap and tag (invariant)
 * @addr: address of the memory as the processor sees it (invariant)
 * @read: the processor may read only
 * @removal: number of the removal, once its entry was cleared
 * @tag: the tag, zero to the end (invariant)
 */
struct carveout_published {
	struct list_head node;
	struct carveout_buf *buf;
	unsigned int heap;
	u32 hash;
	u64 addr;
	bool read;
	u32 removal;
	char tag[CARVEOUT_NAME_LEN];
};

/**
 * struct carveout_directory_slot - A slot, as Linux knows it
 * @published: the buffer of its entry, or NULL
 * @sequence: its sequence count
 */
struct carveout_directory_slot {
	struct carveout_published *published;
	u32 sequence;
};

/**
 * struct carveout_directory - The directory of a session
 * @session: the session (invariant)
 * @channel: its channel; NULL once that is being removed
 * @memory: the pages (invariant)
 * @addr: their address as the processor sees it (invariant)
 * @nr_slots: number of slots (invariant)
 * @changed: tags have changed since the last update
 * @removed: number of removals
 * @omitted: number of tags without a slot at the last update
 * @removed_bufs: buffers whose entries were cleared, in that order
 * @nr_removed_bufs: number of them
 * @watch: watches of the tags that the processor may open
 * @nr_watches: number of them
 * @slot: the slots; the first one, of the header, is not used
 *
 * Apart from @changed, only the work of the channel uses it.
 */
struct carveout_directory {
	struct carveout_remote_session *session;
	struct carveout_channel *channel;
	struct carveout_buf *memory;
	u64 addr;
	u32 nr_slots;
	atomic_t changed;
	u32 removed;
	u32 omitted;
	struct list_head removed_bufs;
	u32 nr_removed_bufs;
	struct carveout_watch **watch;
	unsigned int nr_watches;
	struct carveout_directory_slot slot[];
};

/* Shortest pause between two updates. */
#define UPDATE_MS	10

/* === Entries ============================================================== */

/* The buffer of a tag, as far as its mode permits. */
static struct carveout_buf *find(struct carveout_owner *owner, const char *tag, bool *read)
{
	struct carveout_buf *buf = carveout_owner_find(owner, tag, true);

	*read = buf == ERR_PTR(-EACCES);
	return *read ? carveout_owner_find(owner, tag, false) : buf;
}

/* Whether the processor may still open the buffer of an entry, and how. */
static bool is_true(struct carveout_directory *directory,
		    const struct carveout_published *published, bool *read)
{
	struct carveout_owner *owner = directory->session->owner[published->heap];
	int ret = carveout_owner_check(owner, published->buf, true);

	*read = ret == -EACCES;
	return !(*read ? carveout_owner_check(owner, published->buf, false) : ret);
}

static void clear(struct carveout_directory *directory, u32 at)
{
	struct carveout_directory_slot *slot = &directory->slot[at];
	static const struct carveout_rpmsg_entry none;

	carveout_publish_entry(directory->memory, at, &slot->sequence, &none);
	slot->published->removal = ++directory->removed;
	list_add_tail(&slot->published->node, &directory->removed_bufs);
	directory->nr_removed_bufs++;
	slot->published = NULL;
	carveout_publish_removed(directory->memory, directory->removed);
}

static struct carveout_directory_slot *probe(struct carveout_directory *directory, u32 hash,
					     unsigned int i)
{
	u32 at = (hash + i) & (directory->nr_slots - 1);

	return at ? &directory->slot[at] : NULL;
}

static struct carveout_directory_slot *free_slot(struct carveout_directory *directory, u32 hash)
{
	struct carveout_directory_slot *slot;
	unsigned int i;

	for (i = 0; i < CARVEOUT_RPMSG_PROBES; i++) {
		slot = probe(directory, hash, i);
		if (slot && !slot->published)
			return slot;
	}
	return NULL;
}

static bool is_published(struct carveout_directory *directory, unsigned int heap, u32 hash,
			 const char *tag)
{
	const struct carveout_published *published;
	struct carveout_directory_slot *slot;
	unsigned int i;

	for (i = 0; i < CARVEOUT_RPMSG_PROBES; i++) {
		slot = probe(directory, hash, i);
		published = slot ? slot->published : NULL;
		if (published && published->heap == heap && !strcmp(published->tag, tag))
			return true;
	}
	return false;
}

static void write_entry(struct carveout_directory *directory,
			struct carveout_directory_slot *slot)
{
	const struct carveout_published *published = slot->published;
	struct carveout_buf *buf = published->buf;
	u64 addr = published->addr;
	struct carveout *heap = directory->session->policy.heap[published->heap];
	u64 size = carveout_buf_size(buf), serial = carveout_buf_generation(buf);
	struct carveout_rpmsg_entry entry = {
		.hash = cpu_to_le32(published->hash),
		.flags = cpu_to_le32(published->read ? CARVEOUT_RPMSG_D_READ : 0),
		.heap = cpu_to_le32(published->heap),
		.addr_lo = cpu_to_le32(lower_32_bits(addr)),
		.addr_hi = cpu_to_le32(upper_32_bits(addr)),
		.size_lo = cpu_to_le32(lower_32_bits(size)),
		.size_hi = cpu_to_le32(upper_32_bits(size)),
		.serial_lo = cpu_to_le32(lower_32_bits(serial)),
		.serial_hi = cpu_to_le32(upper_32_bits(serial)),
		.attrs = cpu_to_le32(carveout_buf_attrs(buf)),
		.index = cpu_to_le32(carveout_region_at(heap, carveout_buf_phys(buf))),
	};

	static_assert(sizeof(entry.tag) == sizeof(published->tag));
	memcpy(entry.tag, published->tag, sizeof(entry.tag));
	carveout_publish_entry(directory->memory, slot - directory->slot, &slot->sequence, &entry);
}

/* Take the record of a buffer that is held for a former entry out of the removals, or NULL. */
static struct carveout_published *take_back(struct carveout_directory *directory,
					    unsigned int heap,
					    const struct carveout_buf *buf)
{
	struct carveout_published *published;

	list_for_each_entry(published, &directory->removed_bufs, node) {
		if (published->buf != buf || published->heap != heap)
			continue;
		list_del(&published->node);
		directory->nr_removed_bufs--;
		return published;
	}
	return NULL;
}

static struct carveout_published *create(struct carveout_directory *directory,
					 unsigned int heap, u32 hash, const char *tag,
					 struct carveout_buf *buf)
{
	struct carveout_published *published;

	if (directory->nr_removed_bufs >= directory->nr_slots)
		return NULL;
	published = kzalloc(sizeof(*published), GFP_KERNEL);
	if (!published)
		return NULL;
	carveout_buf_hold(buf);
	published->buf = buf;
	published->heap = heap;
	published->hash = hash;
	memcpy(published->tag, tag, sizeof(published->tag));
	return published;
}

static bool publish_buf(struct carveout_directory *directory, unsigned int heap, u32 hash,
			const char *tag, struct carveout_buf *buf, bool read)
{
	struct carveout_directory_slot *slot = free_slot(directory, hash);
	struct carveout_published *published;
	u64 addr;

	if (carveout_remote_address(directory->session, carveout_buf_phys(buf),
				    carveout_buf_size(buf), &addr))
		return true;
	if (!slot)
		return false;
	/* Repeated changes of a mode must not use up the removals. */
	published = take_back(directory, heap, buf) ?: create(directory, heap, hash, tag, buf);
	if (!published)
		return false;
	published->addr = addr;
	published->read = read;
	slot->published = published;
	write_entry(directory, slot);
	return true;
}

/*
 * Publish a tag that is not published, if it exists. False if there is no slot or no memory
 * for it; memory out of reach of the processor does not count.
 */
static bool publish(struct carveout_directory *directory, unsigned int heap, u32 hash,
		    const char *tag)
{
	struct carveout_buf *buf;
	bool read, done;

	buf = find(directory->session->owner[heap], tag, &read);
	/* It was removed, or is being resized: another change is reported. */
	if (IS_ERR(buf))
		return true;
	done = publish_buf(directory, heap, hash, tag, buf, read);
	carveout_buf_put(buf);
	return done;
}

/* === Updates ============================================================== */

static u32 publish_heap(struct carveout_directory *directory, unsigned int heap)
{
	const struct carveout_policy *policy = &directory->session->policy;
	char tag[CARVEOUT_NAME_LEN];
	u32 omitted = 0, hash;
	u64 cursor = 0;

	while (carveout_owner_next(directory->session->owner[heap], &cursor, tag)) {
		cond_resched();
		if (!carveout_policy_permits(policy->open, policy->nr_open, tag))
			continue;
		hash = carveout_rpmsg_hash(heap, tag);
		if (!is_published(directory, heap, hash, tag) &&
		    !publish(directory, heap, hash, tag))
			omitted++;
	}
	return omitted;
}

/* Another buffer that has the tag follows at once. */
static void replace(struct carveout_directory *directory, u32 at)
{
	const struct carveout_published former = *directory->slot[at].published;

	clear(directory, at);
	publish(directory, former.heap, former.hash, former.tag);
}

static void correct(struct carveout_directory *directory, u32 at)
{
	struct carveout_directory_slot *slot = &directory->slot[at];
	bool read;

	if (!slot->published)
		return;
	if (!is_true(directory, slot->published, &read)) {
		replace(directory, at);
	} else if (read != slot->published->read) {
		slot->published->read = read;
		write_entry(directory, slot);
	}
}

static void update(struct carveout_directory *directory)
{
	u32 omitted = 0, at;
	unsigned int i;

	for (at = 1; at < directory->nr_slots; at++) {
		cond_resched();
		correct(directory, at);
	}
	for (i = 0; i < directory->session->policy.nr_heaps; i++)
		omitted += publish_heap(directory, i);
	if (omitted != directory->omitted)
		carveout_publish_omitted(directory->memory, omitted);
	directory->omitted = omitted;
}

/*
 * An update is long when there are many tags, and the pause after it is as long. So a processor
 * that changes tags or opens directories without end does not occupy a CPU.
 */
static void update_and_pause(struct carveout_directory *directory)
{
	unsigned long begin = jiffies;

	update(directory);
	WRITE_ONCE(directory->session->remote->next_update,
		   jiffies + max(jiffies - begin, msecs_to_jiffies(UPDATE_MS)));
}

/* Milliseconds until the pause of the processor ends. */
static unsigned int pause_left(const struct carveout_directory *directory)
{
	unsigned long next = READ_ONCE(directory->session->remote->next_update), now = jiffies;

	return time_before(now, next) ? jiffies_to_msecs(next - now) : 0;
}

/**
 * carveout_directory_update() - Publish changes, if there are any and it is time
 * @directory: the directory of a session whose channel is open, or NULL
 *
 * Context: The work of the channel. May sleep.
 */
void carveout_directory_update(struct carveout_directory *directory)
{
	unsigned int left;

	if (!directory || !atomic_read(&directory->changed))
		return;
	left = pause_left(directory);
	if (left) {
		carveout_channel_kick_in(directory->channel, left);
		return;
	}
	/* A full barrier: the content of a buffer, then its tag, then its entry. */
	atomic_xchg(&directory->changed, 0);
	update_and_pause(directory);
}

static void tags_changed(void *data)
{
	struct carveout_directory *directory = data;

	atomic_set(&directory->changed, 1);
	carveout_channel_kick(directory->channel);
}

/* === Removals ============================================================= */

static void forget(struct carveout_published *published)
{
	carveout_buf_unhold(published->buf);
	kfree(published);
}

/**
 * carveout_directory_release() - Release buffers whose entries were cleared
 * @directory: the directory, or NULL
 * @removal: number of the last removal that the processor knows of
 * @count: filled in with the number of buffers that are released
 *
 * Context: The work of the channel. May sleep.
 * Return: 0; -EINVAL if there was no such removal, or there is no directory.
 */
int carveout_directory_release(struct carveout_directory *directory, u32 removal, u32 *count)
{
	struct carveout_published *published, *next;

	*count = 0;
	if (!directory || (s32)(directory->removed - removal) < 0)
		return -EINVAL;
	list_for_each_entry_safe(published, next, &directory->removed_bufs, node) {
		if ((s32)(removal - published->removal) < 0)
			break;
		list_del(&published->node);
		directory->nr_removed_bufs--;
		forget(published);
		++*count;
	}
	/* There may be room for tags that were omitted. */
	if (*count && directory->omitted)
		atomic_set(&directory->changed, 1);
	return 0;
}

/* === Directories ========================================================== */

/* Memory that is not cached by preference: it needs no maintenance of caches. */
static struct carveout_buf *alloc_memory(struct carveout_remote_session *session,
					 unsigned int heap, u32 forbid)
{
	const u64 size = (u64)session->policy.slots * CARVEOUT_RPMSG_SLOT_LEN;
	const struct carveout_req req = {
		.size = size,
		.align = size,
		.regions = carveout_remote_regions(session, heap),
		.max_addr = carveout_remote_max_addr(session),
		.forbid = forbid | CARVEOUT_ATTR_NO_CPU,
		.flags = CARVEOUT_REQ_ZERO,
		.purpose = "directory",
		.owner = session->owner[heap],
	};

	return carveout_buf_alloc(session->policy.heap[heap], &req, NULL, 0);
}

static struct carveout_buf *find_memory(struct carveout_remote_session *session, u64 *addr)
{
	static const u32 forbid[] = { CARVEOUT_ATTR_CACHED, 0 };
	struct carveout_buf *buf = ERR_PTR(-ENOSPC);
	unsigned int i, heap;
	int ret;

	for (i = 0; i < ARRAY_SIZE(forbid); i++) {
		for (heap = 0; heap < session->policy.nr_heaps; heap++) {
			buf = alloc_memory(session, heap, forbid[i]);
			if (IS_ERR(buf))
				continue;
			ret = carveout_remote_address(session, carveout_buf_phys(buf),
						      carveout_buf_size(buf), addr);
			/* One region of an MPU has to cover it. */
			if (!ret && *addr & (carveout_buf_size(buf) - 1))
				ret = -ERANGE;
			if (!ret)
				return buf;
			carveout_buf_put(buf);
			buf = ERR_PTR(ret);
		}
	}
	return buf;
}

static int begin_watches(struct carveout_directory *directory)
{
	const struct carveout_policy *policy = &directory->session->policy;
	unsigned int prefixes = max(policy->nr_open, 1U), i;
	struct carveout_watch *watch;

	directory->watch = kcalloc(policy->nr_heaps * prefixes, sizeof(*directory->watch),
				   GFP_KERNEL);
	if (!directory->watch)
		return -ENOMEM;
	for (i = 0; i < policy->nr_heaps * prefixes; i++) {
		watch = carveout_watch_begin(policy->heap[i / prefixes],
					     policy->nr_open ? policy->open[i % prefixes] : "",
					     tags_changed, directory);
		if (IS_ERR(watch))
			return PTR_ERR(watch);
		directory->watch[directory->nr_watches++] = watch;
	}
	return 0;
}

/**
 * carveout_directory_close() - Stop publishing, because the channel is being removed
 * @directory: the directory, or NULL. The buffers in it remain held.
 *
 * Context: Process context. May sleep. The work of the channel, or none of it runs.
 */
void carveout_directory_close(struct carveout_directory *directory)
{
	if (!directory)
		return;
	while (directory->nr_watches)
		carveout_watch_end(directory->watch[--directory->nr_watches]);
	kfree(directory->watch);
	directory->watch = NULL;
	directory->channel = NULL;
}

/**
 * carveout_directory_free() - Release a directory and all buffers in it
 * @directory: a directory that is closed, or NULL. The processor no longer accesses any
 *	memory of the session.
 *
 * Context: Process context. May sleep.
 */
void carveout_directory_free(struct carveout_directory *directory)
{
	struct carveout_published *published, *next;
	u32 at;

	if (!directory)
		return;
	list_for_each_entry_safe(published, next, &directory->removed_bufs, node)
		forget(published);
	for (at = 1; at < directory->nr_slots; at++)
		if (directory->slot[at].published)
			forget(directory->slot[at].published);
	if (directory->memory)
		carveout_buf_put(directory->memory);
	kvfree(directory);
}

static int begin(struct carveout_directory *directory)
{
	struct carveout_buf *memory = find_memory(directory->session, &directory->addr);

	if (IS_ERR(memory))
		return PTR_ERR(memory);
	directory->memory = memory;
	carveout_publish_header(memory, directory->session->number, directory->nr_slots);
	return begin_watches(directory);
}

/**
 * carveout_directory_open() - Open the directory of a session
 * @channel: the channel, with a session that is started
 *
 * Its first content is published before the call returns. After a directory of another session
 * of the processor, that takes place at the end of its pause.
 *
 * Context: The work of the channel. May sleep.
 * Return: 0, also if it is open; -EACCES if the policy provides for none; -ENOSPC, -EDQUOT or
 * -ERANGE if there is no memory for it; -ENOMEM; -EINVAL for a prefix in the policy that no
 * tag can have.
 */
int carveout_directory_open(struct carveout_channel *channel)
{
	struct carveout_remote_session *session = channel->session;
	struct carveout_directory *directory;
	unsigned int left;
	int ret;

	if (session->directory)
		return 0;
	if (!session->policy.slots)
		return -EACCES;
	directory = kvzalloc(struct_size(directory, slot, session->policy.slots), GFP_KERNEL);
	if (!directory)
		return -ENOMEM;
	directory->session = session;
	directory->channel = channel;
	directory->nr_slots = session->policy.slots;
	INIT_LIST_HEAD(&directory->removed_bufs);
	ret = begin(directory);
	if (ret) {
		carveout_directory_close(directory);
		carveout_directory_free(directory);
		return ret;
	}
	left = pause_left(directory);
	if (left)
		msleep(left);
	update_and_pause(directory);
	session->directory = directory;
	return 0;
}

/**
 * carveout_directory_describe() - Describe a directory to its processor
 * @directory: the directory
 * @addr: filled in with its address as the processor sees it
 * @slots: filled in with the number of its slots
 *
 * Context: The work of the channel.
 */
void carveout_directory_describe(const struct carveout_directory *directory, u64 *addr,
				 u32 *slots)
{
	*addr = directory->addr;
	*slots = directory->nr_slots;
}
