// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a directory, as its core can read it.
 *
 * Stores to a slot are looked at each time the service makes them visible, so a state that a
 * core may see between two of them is judged, too. All of it is as of the turns of the
 * channel: the answers may follow later.
 */

#include "judge.h"

static const struct carveout_remote_session *session_of(const struct core *core)
{
	return core_channel(core)->session;
}

static struct readable *readable_of(struct directory *directory, u64 generation)
{
	unsigned int i;

	for (i = 0; i < directory->nr_readable; i++)
		if (directory->readable[i].generation == generation)
			return &directory->readable[i];
	return NULL;
}

static struct readable *readable_in(struct directory *directory, unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < directory->nr_readable; i++)
		if (directory->readable[i].slot == slot)
			return &directory->readable[i];
	return NULL;
}

static u64 generation_of(const struct carveout_rpmsg_entry *entry)
{
	return (u64)entry->serial_hi << 32 | entry->serial_lo;
}

/* Whether the core may open the buffer by its tag. */
static bool may_open(const struct core *core, unsigned int heap, const struct carveout_buf *buf,
		     bool write)
{
	return permitted(core, heap_tag(buf), false) &&
	       !carveout_owner_check(session_of(core)->owner[heap], buf, write);
}

/* === Stores =============================================================== */

static void judge_header(const struct core *core, const struct carveout_rpmsg_directory *header)
{
	if (header->version != CARVEOUT_RPMSG_VERSION || header->slots != core->slots ||
	    header->session != session_of(core)->number ||
	    memchr_inv(header->reserved, 0, sizeof(header->reserved)))
		bug("a wrong header of a directory");
	if (header->magic && header->magic != CARVEOUT_RPMSG_DIRECTORY_MAGIC)
		bug("a wrong magic number of a directory");
	if (header->removed != core->directory.removed)
		bug("%u removals, not %u", header->removed, core->directory.removed);
}

static void judge_entry(const struct core *core, unsigned int slot,
			const struct carveout_rpmsg_entry *entry)
{
	const char *tag = (const char *)entry->tag;
	u64 addr = (u64)entry->addr_hi << 32 | entry->addr_lo;
	u64 size = (u64)entry->size_hi << 32 | entry->size_lo;
	u64 generation = generation_of(entry);
	const struct carveout_buf *buf;

	if (entry->heap >= core->nr_heaps || entry->index ||
	    entry->flags & ~CARVEOUT_RPMSG_D_READ ||
	    memchr_inv(entry->reserved, 0, sizeof(entry->reserved)))
		bug("a wrong entry");
	buf = heap_next(heap_number(entry->heap), generation - 1);
	if (!buf || !heap_had(generation, phys_of(core, session_of(core)->bits, addr, size), size,
			      entry->attrs))
		bug("an entry of no buffer");
	if (memcmp(tag, heap_tag(buf), sizeof(entry->tag)) ||
	    entry->hash != carveout_rpmsg_hash(entry->heap, tag) ||
	    ((slot - entry->hash) & (core->slots - 1)) >= CARVEOUT_RPMSG_PROBES)
		bug("a tag that is not found");
	if (!may_open(core, entry->heap, buf, !(entry->flags & CARVEOUT_RPMSG_D_READ)))
		bug("a tag that must not be opened is published");
}

/* An entry is cleared, so its buffer has no tag any longer that the core may open. */
static void judge_removal(const struct core *core, u64 generation)
{
	struct carveout_buf *buf;
	unsigned int i;

	for (i = 0; i < core->nr_heaps; i++) {
		buf = heap_next(heap_number(i), generation - 1);
		if (buf && carveout_buf_generation(buf) == generation &&
		    may_open(core, i, buf, false))
			bug("the tag of an entry that is cleared exists");
	}
}

static void add_readable(struct directory *directory, u64 generation, unsigned int slot)
{
	struct readable *readable = readable_of(directory, generation);

	if (readable && readable->slot)
		bug("a buffer is published twice");
	if (!readable && directory->nr_readable == KNOWN)
		bug("more buffers are published than there are");
	if (!readable)
		readable = &directory->readable[directory->nr_readable++];
	*readable = (struct readable){ .generation = generation, .slot = slot };
}

/* An entry is complete. */
static void entry_changed(struct core *core, unsigned int slot,
			  const struct carveout_rpmsg_entry *entry)
{
	struct directory *directory = &core->directory;
	struct readable *former = readable_in(directory, slot);
	u64 generation = entry->hash ? generation_of(entry) : 0;

	trace("%s may read slot %u: generation %llu\n", core->dev.name, slot,
	      (long long)generation);
	if (former && former->generation != generation) {
		judge_removal(core, former->generation);
		former->slot = 0;
		former->removal = ++directory->removed;
		former = NULL;
	}
	if (!generation && memchr_inv(&entry->hash, 0, sizeof(*entry) - sizeof(entry->sequence)))
		bug("an entry is not clear");
	if (!generation)
		return;
	judge_entry(core, slot, entry);
	if (!former)
		add_readable(directory, generation, slot);
}

/* A core takes an entry for complete if its sequence count is even, and does not change. */
static void see_entry(struct core *core, unsigned int slot,
		      const struct carveout_rpmsg_entry *entry)
{
	struct carveout_rpmsg_entry *seen = &core->directory.entry[slot];
	bool advanced = entry->sequence != seen->sequence;
	bool stored = memcmp(&entry->hash, &seen->hash, sizeof(*entry) - sizeof(entry->sequence));

	if (stored && (advanced || !(seen->sequence & 1)))
		bug("an entry changes that may be read");
	if (advanced && entry->sequence != seen->sequence + 1)
		bug("a sequence count of %u follows %u", entry->sequence, seen->sequence);
	*seen = *entry;
	if (advanced && !(entry->sequence & 1))
		entry_changed(core, slot, entry);
}

static void begin(struct core *core, struct carveout_buf *buf)
{
	const u64 size = carveout_buf_size(buf);

	if (core->directory.nr_readable || core->slots > SLOTS ||
	    size != core->slots * CARVEOUT_RPMSG_SLOT_LEN)
		bug("a directory of %llu bytes follows another one", (long long)size);
	if (memchr_inv(carveout_buf_va(buf) + CARVEOUT_RPMSG_SLOT_LEN, 0,
		       size - CARVEOUT_RPMSG_SLOT_LEN))
		bug("a directory with content of others");
	core->directory = (struct directory){
		.generation = carveout_buf_generation(buf),
		.session = session_of(core)->number,
	};
}

/**
 * readable_see() - Look at a slot that the service has stored to
 * @core: the core, whose channel has its turn
 * @buf: memory of the directory
 * @offset: offset of the slot
 */
void readable_see(struct core *core, struct carveout_buf *buf, u64 offset)
{
	const void *memory = carveout_buf_va(buf) + offset;
	unsigned int slot = offset / CARVEOUT_RPMSG_SLOT_LEN;

	if (carveout_buf_generation(buf) != core->directory.generation)
		begin(core, buf);
	if (slot) {
		see_entry(core, slot, memory);
		return;
	}
	judge_header(core, memory);
	core->directory.omitted = ((const struct carveout_rpmsg_directory *)memory)->omitted;
}

/* === Memory =============================================================== */

/**
 * readable_release() - The core has stopped using buffers that were removed
 * @core: the core
 * @removal: number of the last removal that it knows of
 *
 * Return: number of the buffers.
 */
u32 readable_release(struct core *core, u32 removal)
{
	struct directory *directory = &core->directory;
	unsigned int i = 0;
	u32 count = 0;

	while (i < directory->nr_readable) {
		struct readable *readable = &directory->readable[i];

		if (readable->slot || (s32)(removal - readable->removal) < 0) {
			i++;
			continue;
		}
		*readable = directory->readable[--directory->nr_readable];
		count++;
	}
	return count;
}

/**
 * readable_end() - The session ends
 * @core: the core
 * @memory_is_held: the core may still access its memory
 */
void readable_end(struct core *core, bool memory_is_held)
{
	struct directory *directory = &core->directory;
	unsigned int i;

	for (i = 0; memory_is_held && i < directory->nr_readable; i++)
		core_hold(core, directory->readable[i].generation);
	if (memory_is_held && directory->generation)
		core_hold(core, directory->generation);
	*directory = (struct directory){};
}

/**
 * readable_check() - Memory that is or was in the directory is not free
 * @core: the core
 */
void readable_check(const struct core *core)
{
	const struct directory *directory = &core->directory;
	unsigned int i;

	if (directory->generation && !heap_has(directory->generation))
		bug("memory of a directory is free");
	for (i = 0; i < directory->nr_readable; i++)
		if (!heap_has(directory->readable[i].generation))
			bug("memory that a core may know from its directory is free");
}

/* === The content of an idle directory ===================================== */

/*
 * Whether a buffer is missing: its tag may be opened, also at the moment, and the core has an
 * address for it.
 */
static bool is_missing(struct core *core, unsigned int heap, const struct carveout_buf *buf)
{
	const struct readable *readable;
	u64 addr;

	readable = readable_of(&core->directory, carveout_buf_generation(buf));
	return !(readable && readable->slot) && may_open(core, heap, buf, false) &&
	       !heap_is_resizing(buf) &&
	       !carveout_remote_address(session_of(core), carveout_buf_phys(buf),
					carveout_buf_size(buf), &addr);
}

static unsigned int count_missing(struct core *core, unsigned int heap)
{
	struct carveout_buf *buf = NULL;
	unsigned int count = 0;

	while ((buf = heap_next(heap_number(heap), buf ? carveout_buf_generation(buf) : 0)))
		count += is_missing(core, heap, buf);
	return count;
}

/**
 * readable_compare() - The directory of a core without anything to do is right
 * @core: the core
 */
void readable_compare(struct core *core)
{
	unsigned int missing = 0, slot, i;

	if (!core->directory.generation)
		return;
	for (slot = 1; slot < core->slots; slot++) {
		const struct carveout_rpmsg_entry *entry = &core->directory.entry[slot];

		if (entry->hash)
			judge_entry(core, slot, entry);
	}
	for (i = 0; i < core->nr_heaps; i++) {
		if (heap_is_dead(heap_number(i)))
			return;
		missing += count_missing(core, i);
	}
	if (missing != core->directory.omitted)
		bug("%u tags are missing, stated are %u", missing, core->directory.omitted);
}
