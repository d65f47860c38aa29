// SPDX-License-Identifier: GPL-2.0
/*
 * The judge of answers. It knows the messages from <linux/carveout_rpmsg.h>, and the state of
 * the core from the answers before. Answers are in the order in which they take effect, so the
 * state is exact.
 */

#include "judge.h"

/* Members of a request. */
#define HANDLE	BIT(0)
#define FLAGS	BIT(1)
#define SIZE	BIT(2)
#define ATTRS	BIT(3)
#define MODE	BIT(4)
#define ALIGN	BIT(5)
#define HEAP	BIT(6)
#define ARG	BIT(7)
#define TAG	BIT(8)

/* Results that a request may have. */
#define R(name)	BIT(CARVEOUT_RPMSG_##name)
#define ON_ALLOC (R(OK) | R(INVALID) | R(EXISTS) | R(DENIED) | R(NO_SPACE) | R(NO_MEMORY) |	\
		  R(QUOTA) | R(LIMIT) | R(BUSY) | R(SHUT_DOWN) | R(CORRUPTED) | R(OUT_OF_REACH))
#define ON_OPEN	(R(OK) | R(INVALID) | R(NO_TAG) | R(DENIED) | R(NO_MEMORY) | R(LIMIT) |		\
		 R(TIMED_OUT) | R(CANCELLED) | R(BUSY) | R(SHUT_DOWN) | R(OUT_OF_REACH))
#define ON_UNLINK (R(OK) | R(INVALID) | R(NO_HANDLE) | R(NO_TAG) | R(DENIED) | R(SHUT_DOWN))
#define ON_BLOCK (R(OK) | R(NO_HANDLE) | R(DENIED) | R(NO_MEMORY) | R(LIMIT) | R(TIMED_OUT) |	\
		  R(CANCELLED) | R(BUSY) | R(DESTROYED) | R(SHUT_DOWN) | R(CORRUPTED) |		\
		  R(NO_POOL) | R(OUT_OF_REACH))
#define ON_DIRECTORY (R(OK) | R(DENIED) | R(NO_SPACE) | R(NO_MEMORY) | R(QUOTA) | R(BUSY) |	\
		      R(SHUT_DOWN) | R(CORRUPTED) | R(OUT_OF_REACH))
#define ON_WATCH (R(OK) | R(INVALID) | R(DENIED) | R(NO_MEMORY))
#define ON_FREE	(R(OK) | R(NO_HANDLE) | R(DENIED) | R(NO_MEMORY) | R(NO_BLOCK) | R(NO_POOL))

static const struct {
	unsigned int uses;
	u32 results;
} kinds[] = {
	[CARVEOUT_RPMSG_START] = { ARG, R(OK) | R(INVALID) | R(BUSY) | R(LIMIT) | R(SHUT_DOWN) },
	[CARVEOUT_RPMSG_GOODBYE] = { 0, R(OK) },
	[CARVEOUT_RPMSG_ALLOC] = { TAG | HEAP | FLAGS | SIZE | ALIGN | ATTRS | MODE, ON_ALLOC },
	[CARVEOUT_RPMSG_OPEN] = { TAG | HEAP | FLAGS | ARG, ON_OPEN },
	[CARVEOUT_RPMSG_CANCEL] = { HANDLE, R(OK) | R(NO_HANDLE) },
	[CARVEOUT_RPMSG_GET] = { HANDLE, R(OK) | R(NO_HANDLE) },
	[CARVEOUT_RPMSG_PUT] = { HANDLE, R(OK) | R(NO_HANDLE) },
	[CARVEOUT_RPMSG_UNLINK] = { TAG | HEAP | HANDLE, ON_UNLINK },
	[CARVEOUT_RPMSG_DESCRIBE] = { HANDLE, R(OK) | R(NO_HANDLE) },
	[CARVEOUT_RPMSG_BLOCK_ALLOC] = { HANDLE | ARG, ON_BLOCK },
	[CARVEOUT_RPMSG_BLOCK_FREE] = { HANDLE | ARG | SIZE, ON_FREE },
	[CARVEOUT_RPMSG_QUERY] = { HEAP, R(OK) },
	[CARVEOUT_RPMSG_WATCH] = { TAG | HEAP | SIZE, ON_WATCH },
	[CARVEOUT_RPMSG_DIRECTORY] = { 0, ON_DIRECTORY },
	[CARVEOUT_RPMSG_RELEASE] = { ARG, R(OK) | R(INVALID) },
};

static u64 pair(u32 lo, u32 hi)
{
	return (u64)hi << 32 | lo;
}

static u64 addr_of(const struct carveout_rpmsg_answer *answer)
{
	return pair(answer->addr_lo, answer->addr_hi);
}

static u64 size_of(const struct carveout_rpmsg_answer *answer)
{
	return pair(answer->size_lo, answer->size_hi);
}

static u64 serial_of(const struct carveout_rpmsg_answer *answer)
{
	return pair(answer->serial_lo, answer->serial_hi);
}

static struct handle *handle_of(struct core *core, u32 number)
{
	unsigned int i;

	for (i = 0; i < core->nr_handles; i++)
		if (core->handle[i].number == number)
			return &core->handle[i];
	return NULL;
}

/**
 * permitted() - Check a tag against the policy of a core
 * @core: the core
 * @tag: the tag
 * @create: to create or remove it, or else to open it
 *
 * Return: true if it is permitted.
 */
bool permitted(const struct core *core, const char *tag, bool create)
{
	return !core->prefixes || strstarts(tag, "r5.") ||
	       strstarts(tag, create ? "new." : "pub.");
}

/* === Requests ============================================================= */

static unsigned int used(const struct core *core, const struct record *record)
{
	const struct carveout_rpmsg_request *r = &record->request;
	unsigned int members = 0;

	members |= r->handle ? HANDLE : 0;
	members |= r->flags ? FLAGS : 0;
	members |= r->size_lo | r->size_hi ? SIZE : 0;
	members |= r->require | r->forbid ? ATTRS : 0;
	members |= r->mode ? MODE : 0;
	members |= r->align ? ALIGN : 0;
	members |= r->heap ? HEAP : 0;
	members |= r->arg ? ARG : 0;
	members |= memchr_inv(record->tag, 0, core_tag_len(core)) ? TAG : 0;
	return members;
}

static bool ends(const struct core *core, const struct record *record)
{
	size_t len = strnlen(record->tag, core_tag_len(core));

	return len < core_tag_len(core) &&
	       !memchr_inv(record->tag + len, 0, core_tag_len(core) - len);
}

/* The result that the form of a request has, whatever it is about. */
static u32 form(const struct core *core, const struct record *record)
{
	const struct carveout_rpmsg_request *request = &record->request;
	u8 op = request->header.op;

	if (!record->session || request->header.session != record->session)
		return CARVEOUT_RPMSG_NO_SESSION;
	if (op >= ARRAY_SIZE(kinds) || !kinds[op].results)
		return CARVEOUT_RPMSG_UNKNOWN;
	if (!record->started && op != CARVEOUT_RPMSG_START)
		return CARVEOUT_RPMSG_NO_SESSION;
	if (used(core, record) & ~kinds[op].uses || !ends(core, record) ||
	    request->heap >= core->nr_heaps)
		return CARVEOUT_RPMSG_INVALID;
	return CARVEOUT_RPMSG_OK;
}

/**
 * request_is_right() - Check the form of a request that has its turn
 * @core: the core
 * @record: the request
 *
 * Return: true if it is a request of the session, and well-formed.
 */
bool request_is_right(const struct core *core, const struct record *record)
{
	return form(core, record) == CARVEOUT_RPMSG_OK;
}

/**
 * request_is_plain() - Check for a request that succeeds at any time
 * @core: the core
 * @record: the request
 *
 * Return: true if it is a QUERY of the session.
 */
bool request_is_plain(const struct core *core, const struct record *record)
{
	return record->request.header.op == CARVEOUT_RPMSG_QUERY && !form(core, record);
}

/* === Answers ============================================================== */

/**
 * phys_of() - The physical address of memory of a core, which sees all of it
 * @core: the core
 * @bits: bits of its addresses
 * @addr: address as the core sees it
 * @size: bytes
 *
 * Return: the address.
 */
u64 phys_of(const struct core *core, u32 bits, u64 addr, u64 size)
{
	if (bits < 64 && (addr + size - 1) >> bits)
		bug("address %#llx has more than %u bits", (long long)addr, bits);
	if (!core->windows)
		return addr;
	if (addr >= 0x10000000 && addr + size <= 0x10004000)
		return addr - 0x10000000 + 0x40000000;
	if (addr >= 0x80000000 && addr + size <= 0x80008000)
		return addr - 0x80000000 + 0xffffc000;
	bug("address %#llx is in no window", (long long)addr);
}

/* A description is that of a buffer. */
static void described(const struct core *core, const struct carveout_rpmsg_answer *answer)
{
	u64 phys = phys_of(core, core->bits, addr_of(answer), size_of(answer));

	if (!heap_had(serial_of(answer), phys, size_of(answer), answer->attrs))
		bug("no such buffer: address %#llx", (long long)addr_of(answer));
}

static void judge_new_handle(struct core *core, const struct record *record,
			     const struct carveout_rpmsg_answer *answer, bool read)
{
	if (answer->status == CARVEOUT_RPMSG_LIMIT && core->nr_handles < core->handles &&
	    !record->request.arg)
		bug("limit with %u of %u handles", core->nr_handles, core->handles);
	if (answer->status)
		return;
	if (core->nr_handles == core->handles)
		bug("more than %u handles", core->handles);
	if (!answer->handle || handle_of(core, answer->handle))
		bug("handle %u is not new", answer->handle);
	core->handle[core->nr_handles++] = (struct handle){
		.number = answer->handle,
		.count = 1,
		.addr = addr_of(answer),
		.size = size_of(answer),
		.generation = serial_of(answer),
		.read = read,
		.pool = answer->value,
	};
}

static void judge_alloc(struct core *core, const struct record *record,
			const struct carveout_rpmsg_answer *answer)
{
	const struct carveout_rpmsg_request *request = &record->request;

	judge_new_handle(core, record, answer, false);
	if (answer->status)
		return;
	described(core, answer);
	if (record->tag[0] && !permitted(core, record->tag, true))
		bug("a tag that must not be created");
	if (record->tag[0] && request->flags & CARVEOUT_RPMSG_F_OPEN &&
	    !permitted(core, record->tag, false))
		bug("a tag that must not be opened");
	if (size_of(answer) < pair(request->size_lo, request->size_hi))
		bug("a buffer is too small");
	if (!(request->flags & CARVEOUT_RPMSG_F_OPEN) &&
	    ((request->require & ~answer->attrs) || request->forbid & answer->attrs))
		bug("attributes are not those of the request");
}

static void judge_open(struct core *core, const struct record *record,
		       const struct carveout_rpmsg_answer *answer)
{
	bool waits = record->request.arg;

	judge_new_handle(core, record, answer,
			 record->request.flags & CARVEOUT_RPMSG_F_READ);
	if (!waits && BIT(answer->status) & (R(TIMED_OUT) | R(CANCELLED)))
		bug("a request that does not wait has status %u", answer->status);
	if (answer->status)
		return;
	described(core, answer);
	if (!permitted(core, record->tag, false))
		bug("a tag that must not be opened");
}

/* Drop a handle with its blocks. */
static void drop(struct core *core, struct handle *handle)
{
	unsigned int i;

	for (i = 0; i < core->nr_blocks;)
		if (core->block[i].handle == handle->number)
			core->block[i] = core->block[--core->nr_blocks];
		else
			i++;
	*handle = core->handle[--core->nr_handles];
}

static void judge_reference(struct core *core, struct handle *handle, bool takes, u32 value)
{
	handle->count += takes ? 1 : -1;
	if (value != handle->count)
		bug("handle %u has %u references, not %u", handle->number, value,
		    handle->count);
	if (!handle->count)
		drop(core, handle);
}

static void judge_block(struct core *core, const struct record *record, struct handle *handle,
			const struct carveout_rpmsg_answer *answer)
{
	struct block block = { handle->number, answer->index, serial_of(answer) };
	unsigned int i;

	if (!record->request.arg && BIT(answer->status) & (R(TIMED_OUT) | R(CANCELLED) | R(LIMIT)))
		bug("a request that does not wait has status %u", answer->status);
	if (answer->status)
		return;
	if (addr_of(answer) < handle->addr ||
	    addr_of(answer) + size_of(answer) > handle->addr + handle->size)
		bug("a block outside of its pool");
	for (i = 0; i < core->nr_blocks; i++)
		if (core->block[i].serial == block.serial)
			bug("a block is allocated twice");
	if (core->nr_blocks == KNOWN)
		bug("more blocks than there are");
	core->block[core->nr_blocks++] = block;
}

static void judge_free(struct core *core, const struct record *record, struct handle *handle,
		       u32 status)
{
	const struct carveout_rpmsg_request *request = &record->request;
	struct block *block = core->block, *end = block + core->nr_blocks;
	bool found;

	while (block < end && (block->handle != handle->number ||
			       block->index != request->arg ||
			       block->serial != pair(request->size_lo, request->size_hi)))
		block++;
	found = block < end;
	if (found == !!status)
		bug("a block that is%s the core's: status %u", found ? "" : " not", status);
	if (!status)
		*block = core->block[--core->nr_blocks];
}

static void judge_description(const struct core *core, const struct handle *handle,
			      const struct carveout_rpmsg_answer *answer)
{
	described(core, answer);
	if (answer->handle != handle->number || serial_of(answer) != handle->generation)
		bug("a description of another buffer");
}

/* A request that names a handle. */
static void judge_on_handle(struct core *core, const struct record *record,
			    const struct carveout_rpmsg_answer *answer)
{
	struct handle *handle = handle_of(core, record->request.handle);
	u8 op = record->request.header.op;
	bool is_block = op == CARVEOUT_RPMSG_BLOCK_ALLOC || op == CARVEOUT_RPMSG_BLOCK_FREE;
	u32 status = answer->status;
	bool denied = status == CARVEOUT_RPMSG_DENIED;
	bool unknown = status == CARVEOUT_RPMSG_NO_HANDLE;

	if (!handle != unknown)
		bug("request %u of a handle that is%s there: status %u", op,
		    handle ? "" : " not", status);
	if (!handle)
		return;
	if (is_block && handle->read != denied)
		bug("a block of a handle %s: status %u",
		    handle->read ? "for reading" : "that permits it", status);
	if (op == CARVEOUT_RPMSG_BLOCK_ALLOC)
		judge_block(core, record, handle, answer);
	else if (op == CARVEOUT_RPMSG_BLOCK_FREE && BIT(status) & (R(OK) | R(NO_BLOCK)))
		judge_free(core, record, handle, status);
	else if (op == CARVEOUT_RPMSG_GET || op == CARVEOUT_RPMSG_PUT)
		judge_reference(core, handle, op == CARVEOUT_RPMSG_GET, answer->value);
	else if (op == CARVEOUT_RPMSG_DESCRIBE)
		judge_description(core, handle, answer);
}

static void judge_unlink(struct core *core, const struct record *record,
			 const struct carveout_rpmsg_answer *answer)
{
	bool may = permitted(core, record->tag, true);
	bool unknown = answer->status == CARVEOUT_RPMSG_NO_HANDLE;

	if (!may && answer->status != CARVEOUT_RPMSG_DENIED)
		bug("a tag that must not be removed");
	if (may && record->request.handle &&
	    !handle_of(core, record->request.handle) != unknown)
		bug("a tag is removed by a handle that is not there");
}

static void judge_watch(struct core *core, const struct record *record,
			const struct carveout_rpmsg_answer *answer)
{
	bool denied = answer->status == CARVEOUT_RPMSG_DENIED;
	unsigned int heap = record->request.heap;

	if (denied == permitted(core, record->tag, false))
		bug("a watch of '%s' has status %u", record->tag, answer->status);
	if (answer->status)
		return;
	core->watch[heap].armed = true;
	core->watch[heap].id = record->request.header.id;
	core->watch[heap].seen = pair(record->request.size_lo, record->request.size_hi);
}

static bool is_in_heap(const struct core *core, u64 phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < core->nr_heaps; i++)
		if (!carveout_region_at(heap_number(i), phys) &&
		    !carveout_region_at(heap_number(i), phys + size - 1))
			return true;
	return false;
}

static void judge_directory(struct core *core, const struct record *record,
			    const struct carveout_rpmsg_answer *answer)
{
	const u64 addr = addr_of(answer), size = size_of(answer);
	bool denied = answer->status == CARVEOUT_RPMSG_DENIED;
	u64 phys;

	if (!core->slots != denied)
		bug("a directory of %u slots has status %u", core->slots, answer->status);
	if (answer->status)
		return;
	if (answer->value != core->slots || size != core->slots * CARVEOUT_RPMSG_SLOT_LEN ||
	    addr & (size - 1))
		bug("a directory with address %#llx and %u slots", (long long)addr,
		    answer->value);
	phys = phys_of(core, core->bits, addr, size);
	if (!is_in_heap(core, phys, size))
		bug("a directory outside of the heaps");
	if (core->directory.session == record->session &&
	    !heap_had(core->directory.generation, phys, size, heap_attrs(phys)))
		bug("a directory at another address");
	if (core->directory_addr && core->directory_addr != addr)
		bug("a second directory");
	core->directory_addr = addr;
}

static void judge_release(const struct record *record, const struct carveout_rpmsg_answer *answer)
{
	if (record->releases != !answer->status)
		bug("a release has status %u", answer->status);
	if (answer->value != record->released)
		bug("%u buffers are released, not %u", answer->value, record->released);
}

/**
 * judge_end_session() - The session of a core has ended
 * @core: the core
 * @memory_is_held: the core may still access its memory
 */
void judge_end_session(struct core *core, bool memory_is_held)
{
	unsigned int i;

	for (i = 0; memory_is_held && i < core->nr_handles; i++)
		core_hold(core, core->handle[i].generation);
	core->session = 0;
	core->nr_handles = 0;
	core->nr_blocks = 0;
	core->directory_addr = 0;
	memset(core->watch, 0, sizeof(core->watch));
}

static void judge_start(struct core *core, const struct record *record,
			const struct carveout_rpmsg_answer *answer)
{
	u32 bits = record->request.arg;
	u32 expected = bits < 10 || bits > 64 ? CARVEOUT_RPMSG_INVALID :
		       record->started ? CARVEOUT_RPMSG_BUSY : answer->status;

	if (answer->status != expected || (expected == CARVEOUT_RPMSG_BUSY && !record->started))
		bug("a start has status %u", answer->status);
	if (answer->status)
		return;
	if (answer->value != core->nr_heaps)
		bug("%u heaps", answer->value);
	judge_end_session(core, false);
	core->session = record->session;
	core->bits = bits;
}

static void judge_result(struct core *core, const struct record *record,
			 const struct carveout_rpmsg_answer *answer)
{
	u8 op = record->request.header.op;

	if (!(BIT(answer->status) & kinds[op].results))
		bug("request %u has status %u", op, answer->status);
	if (op == CARVEOUT_RPMSG_START) {
		judge_start(core, record, answer);
		return;
	}
	if (core->session != record->session)
		bug("a session that is not started");
	switch (op) {
	case CARVEOUT_RPMSG_GOODBYE:
		judge_end_session(core, false);
		break;
	case CARVEOUT_RPMSG_ALLOC:
		judge_alloc(core, record, answer);
		break;
	case CARVEOUT_RPMSG_OPEN:
		judge_open(core, record, answer);
		break;
	case CARVEOUT_RPMSG_CANCEL:
		if (record->cancels != !answer->status)
			bug("a cancel has status %u", answer->status);
		break;
	case CARVEOUT_RPMSG_UNLINK:
		judge_unlink(core, record, answer);
		break;
	case CARVEOUT_RPMSG_QUERY:
		if (answer->value != core->handles - core->nr_handles)
			bug("room for %u handles", answer->value);
		break;
	case CARVEOUT_RPMSG_WATCH:
		judge_watch(core, record, answer);
		break;
	case CARVEOUT_RPMSG_DIRECTORY:
		judge_directory(core, record, answer);
		break;
	case CARVEOUT_RPMSG_RELEASE:
		judge_release(record, answer);
		break;
	default:
		judge_on_handle(core, record, answer);
	}
}

static void judge_answer(struct core *core, const struct carveout_rpmsg_answer *answer)
{
	const struct carveout_rpmsg_answer empty = {
		.header = answer->header,
		.status = answer->status,
	};
	struct record *record = core->record, *end = record + core->nr_records;
	struct record found;
	u32 result;

	while (record < end && (!record->handled || record->request.header.id != answer->header.id))
		record++;
	if (record == end)
		bug("an answer to no request, id %u", answer->header.id);
	found = *record;
	memmove(record, record + 1, (end - record - 1) * sizeof(*record));
	core->nr_records--;
	if (answer->header.session != found.session)
		bug("an answer of session %u, not %u", answer->header.session, found.session);
	if (answer->status && memcmp(answer, &empty, sizeof(empty)))
		bug("a failure with a result");
	result = form(core, &found);
	if (result && answer->status != result)
		bug("status %u, not %u", answer->status, result);
	if (!result)
		judge_result(core, &found, answer);
	else if (found.restarts)
		judge_end_session(core, false);
}

static void judge_hello(struct core *core, const struct carveout_rpmsg_answer *answer)
{
	if (answer->header.id || answer->status || !answer->header.session ||
	    answer->handle != core_tag_len(core) || answer->index != CARVEOUT_RPMSG_CREDITS ||
	    answer->value != core->handles || size_of(answer) != core->waits)
		bug("a wrong hello");
	if (answer->header.session != core->hello)
		core->hellos = 0;
	core->hello = answer->header.session;
	if (!core->hellos++)
		core->hello_ticks = kernel.ticks;
	if (core->hellos > 2 + (kernel.ticks - core->hello_ticks) / 500)
		bug("%u hellos", core->hellos);
}

static void judge_changed(struct core *core, const struct carveout_rpmsg_answer *answer)
{
	unsigned int i;

	if (answer->status || answer->header.session != core->session)
		bug("a wrong event");
	for (i = 0; i < HEAPS; i++) {
		if (!core->watch[i].armed || core->watch[i].id != answer->header.id)
			continue;
		if (core->watch[i].seen == serial_of(answer))
			bug("an event without a change");
		core->watch[i].armed = false;
		return;
	}
	bug("an event of no watch");
}

/**
 * judge_message() - Judge a message of the service
 * @core: the core, which gets it
 * @answer: the message
 * @len: its length
 */
void judge_message(struct core *core, const struct carveout_rpmsg_answer *answer, int len)
{
	const struct carveout_rpmsg_header *header = &answer->header;

	if (len != CARVEOUT_RPMSG_ANSWER_LEN || header->magic != CARVEOUT_RPMSG_MAGIC ||
	    header->version != CARVEOUT_RPMSG_VERSION || header->length != len ||
	    answer->status >= CARVEOUT_RPMSG_STATUSES || answer->reserved)
		bug("a malformed message");
	switch (header->op) {
	case CARVEOUT_RPMSG_HELLO:
		judge_hello(core, answer);
		break;
	case CARVEOUT_RPMSG_ANSWER:
		judge_answer(core, answer);
		break;
	case CARVEOUT_RPMSG_CHANGED:
		judge_changed(core, answer);
		break;
	default:
		bug("a message of kind %u", header->op);
	}
}
