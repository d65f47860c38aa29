// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: input bytes are messages of two remote processors to the service of the
 * kernel, and events around it.
 *
 * The first four bytes describe the processors. Then the first byte of an operation selects it,
 * and its highest bit the processor. Most messages are requests of a processor that follows the
 * rules but for the bytes that the input changes, because random bytes alone do not get beyond
 * the magic. The service is the module's own source.
 */

#include "fuzz_service.h"

#include "core.h"

#define TAGS	8
#define MADE	4

static const char * const tags[TAGS] = {
	"", "r5.a", "new.b", "pub.a", "pub.pool", "no/name", "r5.", "a-tag-that-is-longer",
};

/* Kinds of requests as often as they are useful; the last two are none. */
static const u8 kinds[] = {
	CARVEOUT_RPMSG_ALLOC, CARVEOUT_RPMSG_ALLOC, CARVEOUT_RPMSG_ALLOC, CARVEOUT_RPMSG_ALLOC,
	CARVEOUT_RPMSG_OPEN, CARVEOUT_RPMSG_OPEN, CARVEOUT_RPMSG_OPEN, CARVEOUT_RPMSG_OPEN,
	CARVEOUT_RPMSG_OPEN, CARVEOUT_RPMSG_CANCEL, CARVEOUT_RPMSG_GET, CARVEOUT_RPMSG_GET,
	CARVEOUT_RPMSG_PUT, CARVEOUT_RPMSG_PUT, CARVEOUT_RPMSG_PUT, CARVEOUT_RPMSG_UNLINK,
	CARVEOUT_RPMSG_UNLINK, CARVEOUT_RPMSG_DESCRIBE, CARVEOUT_RPMSG_DESCRIBE,
	CARVEOUT_RPMSG_BLOCK_ALLOC, CARVEOUT_RPMSG_BLOCK_ALLOC, CARVEOUT_RPMSG_BLOCK_ALLOC,
	CARVEOUT_RPMSG_BLOCK_ALLOC, CARVEOUT_RPMSG_BLOCK_FREE, CARVEOUT_RPMSG_BLOCK_FREE,
	CARVEOUT_RPMSG_QUERY, CARVEOUT_RPMSG_WATCH, CARVEOUT_RPMSG_WATCH,
	CARVEOUT_RPMSG_DIRECTORY, CARVEOUT_RPMSG_RELEASE, CARVEOUT_RPMSG_RELEASE,
	CARVEOUT_RPMSG_GOODBYE, CARVEOUT_RPMSG_START, CARVEOUT_RPMSG_REQUESTS, 0,
};

static const char * const names[CORES] = { "core0", "core1" };

static struct fuzz {
	const uint8_t *data;
	size_t left;
	u8 last[MESSAGE_LEN];		/* the latest request */
	struct carveout_buf *made[MADE];	/* buffers of Linux */
	unsigned int operations;
} fuzz;

static uint8_t take(void)
{
	if (!fuzz.left)
		return 0;
	fuzz.left--;
	return *fuzz.data++;
}

/* === Requests ============================================================= */

/* A handle of the core, often that of a pool, or a number that is none. */
static u32 take_handle(const struct core *core, u8 pick)
{
	unsigned int i;

	for (i = 0; pick < 3 && i < core->nr_handles; i++)
		if (core->handle[i].pool && !core->handle[i].read)
			return core->handle[i].number;
	if (core->nr_handles && pick < 6)
		return core->handle[pick % core->nr_handles].number;
	return pick == 7 ? 0xffffffffU : core->id % 8;
}

static void set_size(struct carveout_rpmsg_request *request, u64 size)
{
	request->size_lo = size;
	request->size_hi = size >> 32;
}

static void fill_alloc(struct carveout_rpmsg_request *request, bool tagged, u8 how)
{
	static const u64 sizes[] = {
		1, 1, 4096, 4096, 8192, 5 * 4096, 0, ~0ULL,
	};

	set_size(request, sizes[how & 7]);
	request->flags = tagged ? how >> 3 & 7 : how >> 3 & CARVEOUT_RPMSG_F_TOP_DOWN;
	if (how & 64)
		request->align = take();
	if (how & 128)
		request->require = 1 << (take() & 7);
	request->mode = tagged ? 0666 : 0;
}

static void fill_free(const struct core *core, struct carveout_rpmsg_request *request, u8 how)
{
	const struct block *block = &core->block[how % KNOWN];

	request->arg = how;
	if (how % KNOWN >= core->nr_blocks)
		return;
	request->handle = block->handle;
	request->arg = block->index;
	set_size(request, block->serial + (how >> 7));
}

/* The id of a request that waits, or another number. */
static u32 take_wait(const struct core *core, u8 how)
{
	how %= core->nr_records + 1;
	return how < core->nr_records ? core->record[how].request.header.id : how;
}

static void fill(struct core *core, struct carveout_rpmsg_request *request, u8 pick)
{
	static const u32 times[] = { 0, 1, 50, CARVEOUT_RPMSG_FOREVER };
	u8 how = take();

	request->handle = take_handle(core, pick & 7);
	switch (request->header.op) {
	case CARVEOUT_RPMSG_START:
		request->handle = 0;
		request->arg = how & 1 ? 64 : how & 2 ? 32 : how;
		break;
	case CARVEOUT_RPMSG_ALLOC:
		request->handle = 0;
		fill_alloc(request, pick >> 4 & 7, how);
		break;
	case CARVEOUT_RPMSG_OPEN:
		request->handle = 0;
		request->flags = how & 4 ? CARVEOUT_RPMSG_F_READ : 0;
		request->arg = times[how & 3];
		break;
	case CARVEOUT_RPMSG_BLOCK_ALLOC:
		request->arg = times[how & 3];
		break;
	case CARVEOUT_RPMSG_BLOCK_FREE:
		fill_free(core, request, how);
		break;
	case CARVEOUT_RPMSG_CANCEL:
		request->handle = take_wait(core, how);
		break;
	case CARVEOUT_RPMSG_UNLINK:
		request->handle = how & 1 ? request->handle : 0;
		break;
	case CARVEOUT_RPMSG_GOODBYE:
	case CARVEOUT_RPMSG_QUERY:
	case CARVEOUT_RPMSG_DIRECTORY:
		request->handle = 0;
		break;
	case CARVEOUT_RPMSG_RELEASE:
		request->handle = 0;
		request->arg = core->directory.removed + (how & 4 ? 0 : 1 - (how & 3));
		break;
	case CARVEOUT_RPMSG_WATCH:
		request->handle = 0;
		set_size(request, how & 1 ? how : core->watch[request->heap % HEAPS].seen);
		break;
	default:
		break;
	}
}

static bool has_tag(u8 op)
{
	return op == CARVEOUT_RPMSG_ALLOC || op == CARVEOUT_RPMSG_OPEN ||
	       op == CARVEOUT_RPMSG_UNLINK || op == CARVEOUT_RPMSG_WATCH;
}

static void mutate(u8 *message, unsigned int len)
{
	unsigned int count = take(), at;

	/* Most requests are right. */
	if (count < 192)
		return;
	for (count &= 3; count + 1; count--) {
		at = take() % len;
		message[at] ^= take();
	}
}

static bool is_used(const struct core *core, u32 id)
{
	const struct carveout_rpmsg_request *nested = (const void *)core->message;
	unsigned int i;

	if (core->nested && nested->header.id == id)
		return true;
	for (i = 0; i < core->nr_records; i++)
		if (core->record[i].request.header.id == id)
			return true;
	return id == core->watch[0].id || id == core->watch[1].id;
}

static unsigned int message_len(const struct core *core)
{
	return CARVEOUT_RPMSG_REQUEST_LEN + core_tag_len(core);
}

/* A request, with an id that no other one has, so that it is known which one an answer is of. */
static void take_request(struct core *core, u8 *message)
{
	struct carveout_rpmsg_request request = {};
	u8 kind = take(), pick = take();
	const char *tag = tags[pick >> 4 & 7];

	memset(message, 0, MESSAGE_LEN);
	request.header = (struct carveout_rpmsg_header){
		.magic = CARVEOUT_RPMSG_MAGIC,
		.version = CARVEOUT_RPMSG_VERSION,
		.op = kinds[kind % ARRAY_SIZE(kinds)],
		.length = message_len(core),
		.session = kind < 240 && !core->session ? core->hello : core->session,
	};
	if (!core->session && kind < 224)
		request.header.op = CARVEOUT_RPMSG_START;
	if (has_tag(request.header.op) || request.header.op == CARVEOUT_RPMSG_QUERY)
		request.heap = pick >> 3 & 1;
	/* The pool is in the first heap. */
	if (request.header.op == CARVEOUT_RPMSG_OPEN && pick & 128) {
		tag = "pub.pool";
		request.heap = 0;
	}
	if (has_tag(request.header.op))
		strscpy((char *)message + sizeof(request), tag, CARVEOUT_RPMSG_TAG_MAX);
	fill(core, &request, pick);
	memcpy(message, &request, sizeof(request));
	mutate(message, message_len(core));
	memcpy(&request, message, sizeof(request));
	if (is_used(core, request.header.id) || !request.header.id) {
		do {
			core->id++;
		} while (is_used(core, core->id));
		request.header.id = core->id;
		memcpy(message, &request, sizeof(request));
	}
}

/* === Operations =========================================================== */

static void op_request(struct core *core)
{
	take_request(core, fuzz.last);
	core_receive(core, fuzz.last, message_len(core), message_len(core));
}

/* The same request once more, and more often than there are credits. */
static void op_flood(struct core *core)
{
	unsigned int count = take() % 24;

	/* Only equal requests may have one id. */
	if (is_used(core, ((struct carveout_rpmsg_request *)fuzz.last)->header.id))
		take_request(core, fuzz.last);
	for (; count; count--)
		core_receive(core, fuzz.last, message_len(core), message_len(core));
}

static void op_bytes(struct core *core)
{
	u8 message[256] = {};
	unsigned int len = take(), i;

	take_request(core, message);
	for (i = 0; i < len && i < 8; i++)
		message[i * 31 % (len ?: 1)] = take();
	if (len != message_len(core))
		core_receive(core, message, len, len);
}

/* A length of which the message has only a part, or that is none. */
static void op_lie(struct core *core)
{
	static const int lengths[] = { 60000, -8, -1, 0x7fffffff, 497, 113, 0, 65535 };
	u8 message[MESSAGE_LEN];
	int stated = lengths[take() & 7];
	unsigned int len = take() % MESSAGE_LEN;

	take_request(core, message);
	((struct carveout_rpmsg_request *)message)->header.length = stated;
	if (stated != (int)message_len(core))
		core_receive(core, message, len, stated);
}

static void op_time(void)
{
	static const unsigned int times[] = { 1, 3, 64, 499, 500, 5000, 60000, 0 };

	kernel_advance(times[take() & 7]);
	heap_expire();
}

static void op_ring(struct core *core)
{
	u8 how = take();

	core->full = how & 1;
	core->breaks = how & 2;
	if (how & 4) {
		take_request(core, core->message);
		core->nested = message_len(core);
	}
}

static void op_end(struct core *core)
{
	static const enum rproc_state states[] = {
		RPROC_OFFLINE, RPROC_RUNNING, RPROC_DETACHED, RPROC_ATTACHED,
	};
	u8 how = take();

	switch (how & 7) {
	case 0:
	case 1:
		core_unplug(core);
		break;
	case 2:
		/* Rarely, because it ends nearly everything. */
		if (how >= 224)
			core_delete(core);
		else
			core_spoil(core, how >> 3);
		break;
	case 3:
		core_release(core, how & 8);
		break;
	default:
		core_stop(core, states[how & 3]);
		/* Before the work that looks at the state. */
		if ((how & 56) == 56)
			core_release(core, false);
		if (how >= 192 && core->rpdev)
			core->rproc.state = RPROC_CRASHED;
	}
}

static const umode_t modes[] = { 0666, 0604, 0600, 0 };

static void make(struct carveout_buf **made, u8 how)
{
	if (!*made)
		*made = heap_make(heap_number(how >> 2), tags[1 + (how >> 3) % 4], modes[how & 3],
				  how >> 5 & 3);
}

static void op_linux(void)
{
	u8 what = take(), how = take();
	struct carveout_buf **made = &fuzz.made[how % MADE];

	switch (what & 7) {
	case 0:
	case 1:
		make(made, how);
		break;
	case 2:
		if (*made)
			heap_unmake(*made);
		*made = NULL;
		break;
	case 3:
		if (*made)
			heap_pool_take(*made);
		break;
	case 4:
		if (*made)
			heap_pool_free_all(*made);
		break;
	case 5:
		if (*made && how & 64)
			heap_pool_destroy(*made);
		else
			heap_unlink_all();
		break;
	case 6:
		heap_resizes(heap_number(how), tags[how >> 1 & 7], how & 64);
		break;
	default:
		/* Rarely, because it ends nearly everything. */
		if (how == 0xdd)
			heap_shut_down(heap_number(what >> 3));
		else
			heap_set_mode(heap_number(how), tags[how >> 1 & 7], modes[how >> 4 & 3]);
	}
}

static void op_fault(void)
{
	u8 how = take();

	kernel.fail_in = how & 1 ? how >> 4 : 0;
	heap_state.fails = how & 2;
	heap_state.which = how >> 4;
	heap_state.eager = how & 4;
	kernel.module_dies = how == 0xf8;
}

/* A request with nothing but a handle, a tag and an argument; its turn is soon. */
static void send(struct core *core, u8 op, u32 handle, const char *tag, u32 arg)
{
	struct carveout_rpmsg_request request = {};
	u8 message[MESSAGE_LEN] = {};
	unsigned int turns = 0;

	do {
		core->id++;
	} while (is_used(core, core->id));
	request.header = (struct carveout_rpmsg_header){
		.magic = CARVEOUT_RPMSG_MAGIC,
		.version = CARVEOUT_RPMSG_VERSION,
		.op = op,
		.length = message_len(core),
		.id = core->id,
		.session = core->session ?: core->hello,
	};
	request.handle = handle;
	request.arg = arg;
	memcpy(message, &request, sizeof(request));
	strscpy((char *)message + sizeof(request), tag, core_tag_len(core));
	core_receive(core, message, message_len(core), message_len(core));
	while (core->nr_records && turns++ < 3)
		core_turn(core);
}

/* Accept the session that the service offers, and begin its directory, if it has one. */
static void start(struct core *core, bool publish)
{
	if (!core_channel(core) || core->session || core->full || core->nr_records)
		return;
	core_turn(core);
	if (core->hello)
		send(core, CARVEOUT_RPMSG_START, 0, "", 64);
	if (core->session && core->slots && publish)
		send(core, CARVEOUT_RPMSG_DIRECTORY, 0, "", 0);
}

/* A core that has no request under way gets its answer, whatever the other core does. */
static void op_other(struct core *core)
{
	struct core *other = core == &cores[0] ? &cores[1] : &cores[0];

	if (!core_channel(core) || !core->session || core->full || core->nr_records ||
	    core->nested)
		return;
	other->full = true;
	send(core, CARVEOUT_RPMSG_QUERY, 0, "", 0);
	if (core->nr_records)
		bug("a core holds up another one");
}

/* Take blocks of a pool until one has to wait; then the handle may end. */
static void op_blocks(struct core *core)
{
	u8 how = take();
	unsigned int i;
	u32 handle;

	if (!core_channel(core) || !core->session || core->full || core->nested)
		return;
	send(core, CARVEOUT_RPMSG_OPEN, 0, "pub.pool", 0);
	handle = take_handle(core, 0);
	for (i = 0; i < (how & 3) + 1; i++)
		send(core, CARVEOUT_RPMSG_BLOCK_ALLOC, handle, "", CARVEOUT_RPMSG_FOREVER);
	if (how & 4)
		send(core, CARVEOUT_RPMSG_PUT, handle, "", 0);
}

/* Life after life without a reset; rarely, because it ends the session. */
static void op_lives(struct core *core)
{
	u8 how = take();
	unsigned int count = how < 224 ? 0 : how % 24;

	while (count--) {
		core_plug(core);
		if (!core_channel(core))
			return;
		core_drain(core);
		start(core, how & 1);
		if (core->session)
			send(core, CARVEOUT_RPMSG_OPEN, 0, "pub.pool", 0);
		core_unplug(core);
	}
}

static void run(u8 op)
{
	struct core *core = &cores[op >> 7];

	fuzz.operations++;
	trace("operation %u, %s\n", op & 31, core->dev.name);
	switch (op & 31) {
	case 0:
		op_bytes(core);
		break;
	case 1:
		op_lie(core);
		break;
	case 2:
		op_flood(core);
		break;
	case 3:
	case 4:
		op_time();
		break;
	case 5:
		op_ring(core);
		break;
	case 6:
		op_end(core);
		break;
	case 7:
	case 8:
		core_plug(core);
		if (op & 32)
			start(core, op & 64);
		break;
	case 9:
	case 10:
		op_linux();
		break;
	case 11:
		op_fault();
		break;
	case 12:
		core_drain(core);
		break;
	case 13:
		op_other(core);
		break;
	case 14:
		op_lives(core);
		break;
	case 15:
	case 16:
	case 17:
		core_run(take());
		break;
	case 18:
	case 19:
	case 20:
		core_turn(core);
		break;
	case 21:
		op_blocks(core);
		break;
	default:
		op_request(core);
		/* Most requests have their turn soon. */
		if (op & 32)
			core_turn(core);
	}
}

/* === Begin and end ======================================================== */

static void end(void)
{
	unsigned int i;

	kernel.fail_in = 0;
	heap_state.fails = false;
	for (i = 0; i < CORES; i++)
		core_drain(&cores[i]);
	for (i = 0; i < CORES; i++)
		core_end(&cores[i]);
	if (kernel.modules)
		bug("%u sessions hold the module", kernel.modules);
	if (kernel.driver)
		module_end();
	for (i = 0; i < MADE; i++)
		if (fuzz.made[i])
			heap_unmake(fuzz.made[i]);
	heap_unlink_all();
	heap_end();
	if (!list_empty(&kernel.works) || !list_empty(&kernel.timers))
		bug("work is left");
	if (kernel.allocated)
		bug("%u allocations are left", kernel.allocated);
	for (i = 0; i < CORES; i++)
		if (cores[i].rproc.dev.refs != 1 || !list_empty(&cores[i].rproc.subdevs))
			bug("a remoteproc is still in use");
}

int fuzz_one_input(const uint8_t *data, size_t size)
{
	unsigned int i;
	u8 first;

	fuzz = (struct fuzz){ .data = data, .left = size };
	kernel.trace = getenv("CARVEOUT_FUZZ_TRACE");
	kernel_begin();
	heap_begin();
	first = take();
	/* The number of the latest session, which may wrap. */
	kernel.random = first & 1 ? 0xfffffffeU : first;
	kernel.fail_in = first & 6 ? 0 : first >> 3;
	module_begin();
	kernel.fail_in = 0;
	for (i = 0; i < CORES; i++) {
		first = take();
		core_begin(&cores[i], names[i], first, take());
		core_plug(&cores[i]);
	}
	/* A pool for all, because a core creates none. */
	fuzz.made[0] = heap_make(heap_number(0), "pub.pool", 0666, fuzz.left & 1 ? 1 : 3);
	if (fuzz.made[0] && fuzz.left & 2)
		heap_pool_take(fuzz.made[0]);
	for (i = 0; i < CORES; i++)
		if (fuzz.left & BIT(i + 2))
			start(&cores[i], fuzz.left & BIT(i + 4));
	while (fuzz.left)
		run(take());
	end();
	return 0;
}
