// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Commands of a test, which arrive in a buffer.
 */

#include "r5.h"

#define CONTROL		(CORE ? "r5b.control" : "r5.control")
#define READY		(CORE ? "r5b.ready" : "r5.ready")
#define CONTROL_SIZE	4096
#define MEASURED	(CORE ? "r5b.measured" : "r5.measured")
#define MODE		0666
#define TEXT_ALIGN	16	/* 64 KiB: apart from other buffers in a picture of the heap */
#define WAIT_MS		10000
#define SAMPLES		1000

static struct carveout_remote *remote;
static struct r5_control *control;
static uint32_t session;	/* that of @control */
static uintptr_t hammered;
static uint32_t hammered_size;

/* The test accesses @control as well. */
static uint32_t load(const uint32_t *word)
{
	return read32((uintptr_t)word);
}

static void store(uint32_t *word, uint32_t value)
{
	write32((uintptr_t)word, value);
}

/* Print the address of a buffer, or why there is none. */
static void report(const char *tag, int status, const struct carveout_remote_result *buf)
{
	print_core();
	print(tag);
	print(status ? " status 0x" : " at 0x");
	print_number(status ? (uint32_t)status : (uint32_t)buf->addr);
	print("\n");
}

/* Open or create a buffer. */
static int open_or_create(const char *tag, uint32_t size, uint8_t align, uint32_t flags,
			  struct carveout_remote_result *buf)
{
	const struct carveout_remote_request request = {
		.op = CARVEOUT_RPMSG_ALLOC,
		.align = align,
		.flags = CARVEOUT_RPMSG_F_OPEN | flags,
		.tag = tag,
		.size = size,
		.mode = MODE,
	};

	return carveout_remote_call(remote, &request, buf);
}

/* A new session: find the control buffer, then say that it can be used. */
static void begin_session(void)
{
	struct carveout_remote_result buf, ready;
	int status;

	/* Linux may use the memory of the former directory for something else. */
	unprotect();
	session = remote->session;
	control = NULL;
	hammered_size = 0;
	status = open_or_create(CONTROL, CONTROL_SIZE, 0, CARVEOUT_RPMSG_F_PERSIST, &buf);
	report(CONTROL, status, &buf);
	if (status)
		return;
	control = (struct r5_control *)(uintptr_t)buf.addr;
	store(&control->magic, R5_CONTROL_MAGIC);
	store(&control->asked, 0);
	store(&control->answered, 0);
	store(&control->counter, 0);
	store(&control->runs, load(&control->runs) + 1);
	barrier();
	/* After a crash, Linux may release the one of the former session later. */
	status = carveout_remote_open_or_create(remote, 0, READY, CONTROL_SIZE, MODE, &ready);
	report(READY, status, &ready);
}

/* === Commands ============================================================= */

static void get_tag(char *tag, const char *from)
{
	unsigned int i;

	for (i = 0; i < R5_TAG_LEN - 1; i++)
		tag[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	tag[i] = '\0';
}

static int run_open(const char *from)
{
	struct carveout_remote_result buf;
	int status = carveout_remote_open(remote, 0, from, 0, 0, &buf);

	report(from, status, &buf);
	if (status)
		return status;
	store(&control->addr, (uint32_t)buf.addr);
	store(&control->size, (uint32_t)buf.size);
	return carveout_remote_put(remote, buf.handle);
}

static void copy_words(uintptr_t to, uintptr_t from, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i += 4)
		write32(to + i, read32(from + i));
}

/* The session keeps the copy. The source may appear later. */
static int run_copy(const char *from, const char *to)
{
	struct carveout_remote_result source, target;
	int status;

	status = carveout_remote_open(remote, 0, from, CARVEOUT_RPMSG_F_READ, WAIT_MS, &source);
	if (status)
		return status;
	status = carveout_remote_open_or_create(remote, 0, to, source.size, MODE, &target);
	if (!status && target.size < source.size)
		status = CARVEOUT_RPMSG_EXISTS;
	report(to, status, &target);
	if (!status) {
		copy_words((uintptr_t)target.addr, (uintptr_t)source.addr, (uint32_t)source.size);
		store(&control->addr, (uint32_t)target.addr);
		store(&control->size, (uint32_t)source.size);
	}
	carveout_remote_put(remote, source.handle);
	return status;
}

/* The session keeps the buffer. */
static int run_store(const char *from)
{
	struct carveout_remote_result buf;
	int status = carveout_remote_open(remote, 0, from, 0, WAIT_MS, &buf);

	report(from, status, &buf);
	if (status)
		return status;
	if (load(&control->at) % 4 || load(&control->at) + 4 > buf.size)
		return CARVEOUT_RPMSG_INVALID;
	write32((uintptr_t)buf.addr + load(&control->at), load(&control->value));
	store(&control->addr, (uint32_t)buf.addr);
	return 0;
}

static int run_hammer(const char *to)
{
	struct carveout_remote_result buf;
	int status = carveout_remote_alloc(remote, 0, to[0] ? to : NULL, load(&control->size),
					   to[0] ? MODE : 0, &buf);

	report(to[0] ? to : "memory", status, &buf);
	if (status)
		return status;
	store(&control->addr, (uint32_t)buf.addr);
	hammered = (uintptr_t)buf.addr;
	hammered_size = (uint32_t)buf.size;
	return 0;
}

/* One word of each 1 KiB, so that a pass is short. */
static void hammer(void)
{
	uint32_t i, value = load(&control->counter) + 1;

	for (i = 0; i < hammered_size; i += 1024)
		write32(hammered + i, value);
	store(&control->counter, value);
}

/* === Pools, changes, goodbye ============================================== */

static struct carveout_remote_handle pool;
static struct carveout_remote_result block;

/* The session keeps the pool. It may take a while until there is a block. */
static int run_block_alloc(const char *from)
{
	struct carveout_remote_result buf;
	int status;

	if (pool.session != remote->session) {
		status = carveout_remote_open(remote, 0, from, 0, 0, &buf);
		report(from, status, &buf);
		if (status)
			return status;
		pool = buf.handle;
	}
	status = carveout_remote_block_alloc(remote, pool, load(&control->value), &block);
	if (status)
		return status;
	store(&control->addr, (uint32_t)block.addr);
	store(&control->size, (uint32_t)block.size);
	write32((uintptr_t)block.addr, read32((uintptr_t)block.addr) + 1);
	return 0;
}

static int run_block_free(void)
{
	return carveout_remote_block_free(remote, pool, block.index, block.serial);
}

/* The first watch of a number that is too small ends at once. */
static int run_watch(const char *from)
{
	uint64_t change = 0;
	int status = carveout_remote_watch(remote, 0, from, WAIT_MS, &change);

	return status ? status : carveout_remote_watch(remote, 0, from, WAIT_MS, &change);
}

/* Linux frees all that the session has, although the core runs on. */
static int run_goodbye(void)
{
	int status;

	hammered_size = 0;
	status = carveout_remote_goodbye(remote);
	if (!status)
		carveout_remote_start(remote);
	return status;
}

/* === Text ================================================================= */

static char get_char(uintptr_t addr)
{
	return __atomic_load_n((char *)addr, __ATOMIC_RELAXED);
}

/* Append to the text in memory up to @end, whose last byte remains zero. */
static void append(uintptr_t at, uintptr_t end, const char *text)
{
	while (at < end && get_char(at))
		at++;
	for (; at + 1 < end && *text; at++, text++)
		__atomic_store_n((char *)at, *text, __ATOMIC_RELAXED);
}

/* The session keeps the buffer. It may appear later. */
static int run_append(const char *to)
{
	struct carveout_remote_result buf;
	uint32_t size = load(&control->size);
	uintptr_t end;
	int status;

	if (size)
		status = open_or_create(to, size, TEXT_ALIGN, 0, &buf);
	else
		status = carveout_remote_open(remote, 0, to, 0, WAIT_MS, &buf);
	report(to, status, &buf);
	if (status)
		return status;
	end = (uintptr_t)(buf.addr + buf.size);
	append((uintptr_t)buf.addr, end, CORE ? "r5-1" : "r5-0");
	append((uintptr_t)buf.addr, end, load(&control->runs) > 1 ? " is back\n" : " was here\n");
	store(&control->addr, (uint32_t)buf.addr);
	return 0;
}

/* Print a text, line by line. Another owner may change it. */
static void print_text(uintptr_t at, uintptr_t end)
{
	bool begins = true;
	char c;

	for (; at < end && (c = get_char(at)); at++) {
		if (begins) {
			print_core();
			print("  ");
		}
		begins = c == '\n';
		print_char(begins || (c >= ' ' && c <= '~') ? c : '?');
	}
	if (!begins)
		print_char('\n');
}

static int run_print(const char *from)
{
	struct carveout_remote_result buf;
	int status = carveout_remote_open(remote, 0, from, CARVEOUT_RPMSG_F_READ, WAIT_MS, &buf);

	report(from, status, &buf);
	if (status)
		return status;
	print_text((uintptr_t)buf.addr, (uintptr_t)(buf.addr + buf.size));
	store(&control->addr, (uint32_t)buf.addr);
	return carveout_remote_put(remote, buf.handle);
}

/* === Measurements ========================================================= */

static int alloc_unlink_put(void)
{
	struct carveout_remote_result buf;
	int status = carveout_remote_alloc(remote, 0, MEASURED, CONTROL_SIZE, MODE, &buf);

	if (status)
		return status;
	status = carveout_remote_unlink(remote, 0, MEASURED);
	return status ? status : carveout_remote_put(remote, buf.handle);
}

static int block_alloc_free(struct carveout_remote_handle of)
{
	struct carveout_remote_result taken;
	int status = carveout_remote_block_alloc(remote, of, 0, &taken);

	return status ? status :
			carveout_remote_block_free(remote, of, taken.index, taken.serial);
}

static int measure_once(enum r5_measured what, struct carveout_remote_handle handle,
			struct carveout_remote_handle blocks)
{
	struct carveout_remote_result result;
	uint64_t change = 0;
	int status;

	switch (what) {
	case R5_ALLOC_PUT:
		status = carveout_remote_alloc(remote, 0, NULL, CONTROL_SIZE, 0, &result);
		return status ? status : carveout_remote_put(remote, result.handle);
	case R5_OPEN_PUT:
		status = carveout_remote_open(remote, 0, READY, 0, 0, &result);
		return status ? status : carveout_remote_put(remote, result.handle);
	case R5_GET_PUT:
		status = carveout_remote_get(remote, handle);
		return status ? status : carveout_remote_put(remote, handle);
	case R5_ALLOC_UNLINK_PUT:
		return alloc_unlink_put();
	case R5_BLOCK_ALLOC_FREE:
		return block_alloc_free(blocks);
	case R5_CHANGED:
		return carveout_remote_watch(remote, 0, READY, WAIT_MS, &change);
	case R5_DESCRIBE:
		return carveout_remote_describe(remote, handle, &result);
	case R5_QUERY:
		return carveout_remote_query(remote, 0, &result);
	case R5_NO_TAG:
		status = carveout_remote_open(remote, 0, "r5.none", 0, 0, &result);
		return status == CARVEOUT_RPMSG_NO_TAG ? 0 : -1;
	default:
		return CARVEOUT_RPMSG_INVALID;
	}
}

static void insert(uint32_t *sample, uint32_t count, uint32_t value)
{
	for (; count && sample[count - 1] > value; count--)
		sample[count] = sample[count - 1];
	sample[count] = value;
}

static int measure(uint32_t rounds, struct carveout_remote_handle handle,
		   struct carveout_remote_handle blocks)
{
	static uint32_t sample[SAMPLES];
	uint32_t i, what, start;
	int status = 0;

	for (what = 0; what < R5_MEASURED && !status; what++) {
		for (i = 0; i < rounds && !status; i++) {
			start = cycles();
			status = measure_once((enum r5_measured)what, handle, blocks);
			insert(sample, i, cycles() - start);
		}
		store(&control->minimum[what], sample[0]);
		store(&control->median[what], sample[rounds / 2]);
	}
	return status;
}

static int run_measure(const char *from)
{
	struct carveout_remote_result buf, blocks;
	uint32_t rounds = load(&control->value);
	int status;

	if (!rounds || rounds > SAMPLES)
		return CARVEOUT_RPMSG_INVALID;
	status = carveout_remote_open(remote, 0, from, 0, 0, &blocks);
	if (status)
		return status;
	status = carveout_remote_alloc(remote, 0, NULL, CONTROL_SIZE, 0, &buf);
	if (!status) {
		status = measure(rounds, buf.handle, blocks.handle);
		carveout_remote_put(remote, buf.handle);
	}
	carveout_remote_put(remote, blocks.handle);
	return status;
}

/* === The directory ======================================================== */

static struct carveout_remote_directory directory;

static int open_directory(void)
{
	uint64_t addr, size;
	int status;

	if (directory.session == remote->session)
		return 0;
	status = carveout_remote_directory_open(remote, &addr, &size);
	if (status)
		return status;
	protect((uintptr_t)addr, (size_t)size);
	return carveout_remote_directory_attach(&directory, remote, (void *)(uintptr_t)addr,
						(size_t)size);
}

static int run_scribble(void)
{
	uint32_t at = load(&control->at), value = load(&control->value);
	int status = open_directory();

	if (!status)
		store(&control->value, try_store((uintptr_t)directory.memory + at, value));
	return status;
}

/* All look-ups have one result. */
static int run_find(const char *from)
{
	uint32_t count = load(&control->value), start, i;
	struct carveout_remote_found found = { .addr = 0 };
	int status = open_directory();

	start = cycles();
	for (i = 0; i < count && !status; i++)
		status = carveout_remote_directory_find(&directory, 0, from, &found);
	store(&control->median[0], count ? (cycles() - start) / count : 0);
	store(&control->addr, (uint32_t)found.addr);
	store(&control->size, (uint32_t)found.size);
	return status;
}

static int run_load(const char *from)
{
	struct carveout_remote_found found = { .addr = 0 };
	int status = open_directory();

	if (!status)
		status = carveout_remote_directory_find(&directory, 0, from, &found);
	if (!status)
		store(&control->value, read32((uintptr_t)found.addr));
	return status;
}

/* The firmware uses no buffer of the directory any longer. */
static int run_release(void)
{
	uint32_t removed;
	int status = open_directory();

	if (status)
		return status;
	removed = carveout_remote_directory_removed(&directory);
	store(&control->value, removed);
	return carveout_remote_directory_release(remote, &directory, removed);
}

/* Is everything from one write? carveout_writer has the pattern, and counts from 1. */
static int is_whole(const struct carveout_remote_found *found)
{
	uint32_t number = found->attrs;
	uint64_t both = number | (uint64_t)~number << 32;

	return found->addr == both && found->size == both && found->serial == both &&
	       found->index == ~number && found->flags == number &&
	       found->sequence == 2 * number;
}

/* Look up one of four entries, and count. */
static void read_entry(const struct carveout_remote_directory *torn, uint32_t slot,
		       const char *tag, struct r5_torn *result)
{
	uintptr_t at = (uintptr_t)torn->memory + slot * CARVEOUT_RPMSG_SLOT_LEN;
	uint32_t before = read32(at);
	struct carveout_remote_found found = { .addr = 0 };
	int status;

	barrier();
	status = carveout_remote_directory_find(torn, 0, tag, &found);
	barrier();
	if (status == CARVEOUT_RPMSG_BUSY) {
		result->busy++;
		return;
	}
	result->reads++;
	/* An entry that is not found was torn, too: all are there throughout. */
	if (status)
		found.attrs = found.flags + 1;
	if (before & 1 || read32(at) != before)
		result->met++;
	if (!is_whole(&found))
		result->torn++;
}

static int read_entries(const struct carveout_remote_directory *torn, uint32_t count,
			struct r5_torn *result)
{
	static const char * const tags[] = { "torn.0", "torn.1", "torn.2", "torn.3" };
	struct carveout_remote_found found;
	uint32_t slot[4], i;
	int status;

	for (i = 0; i < 4; i++) {
		do
			status = carveout_remote_directory_find(torn, 0, tags[i], &found);
		while (status == CARVEOUT_RPMSG_BUSY);
		if (status)
			return status;
		slot[i] = found.slot;
	}
	for (i = 0; i < count; i++)
		read_entry(torn, slot[i % 4], tags[i % 4], result);
	return 0;
}

/* The number of the run is the session of the directory. */
static int run_torn(const char *from)
{
	struct carveout_remote_directory torn;
	static struct carveout_remote writer;
	static struct r5_torn result;
	struct carveout_remote_result buf;
	uint32_t run = load(&control->at);
	int status;

	status = carveout_remote_open(remote, 0, from, CARVEOUT_RPMSG_F_READ, 0, &buf);
	if (status)
		return status;
	if (result.run != run)
		result = (struct r5_torn){ .run = run };
	writer.session = run;
	status = carveout_remote_directory_attach(&torn, &writer, (void *)(uintptr_t)buf.addr,
						  (size_t)buf.size);
	if (!status)
		status = read_entries(&torn, load(&control->value), &result);
	store(&control->torn.run, result.run);
	store(&control->torn.reads, result.reads);
	store(&control->torn.met, result.met);
	store(&control->torn.torn, result.torn);
	store(&control->torn.busy, result.busy);
	carveout_remote_put(remote, buf.handle);
	return status;
}

static int run(uint32_t command)
{
	char from[R5_TAG_LEN], to[R5_TAG_LEN];

	get_tag(from, control->from);
	get_tag(to, control->to);
	switch (command) {
	case R5_NOTHING:
		return 0;
	case R5_OPEN:
		return run_open(from);
	case R5_COPY:
		return run_copy(from, to);
	case R5_STORE:
		return run_store(from);
	case R5_HAMMER:
		return run_hammer(to);
	case R5_CRASH:
		report_crash("crash\n");
		return 0;
	case R5_MEASURE:
		return run_measure(from);
	case R5_FIND:
		return run_find(from);
	case R5_SCRIBBLE:
		return run_scribble();
	case R5_RELEASE:
		return run_release();
	case R5_TORN:
		return run_torn(from);
	case R5_APPEND:
		return run_append(to);
	case R5_PRINT:
		return run_print(from);
	case R5_LOAD:
		return run_load(from);
	case R5_BLOCK_ALLOC:
		return run_block_alloc(from);
	case R5_BLOCK_FREE:
		return run_block_free();
	case R5_WATCH:
		return run_watch(from);
	case R5_GOODBYE:
		return run_goodbye();
	default:
		return CARVEOUT_RPMSG_UNKNOWN;
	}
}

void commands_begin(struct carveout_remote *client)
{
	remote = client;
}

/* One turn of the main loop. */
void commands_poll(void)
{
	uint32_t asked;
	int status;

	if (remote->state != CARVEOUT_REMOTE_UP)
		return;
	if (remote->session != session)
		begin_session();
	if (!control)
		return;
	if (hammered_size)
		hammer();
	asked = load(&control->asked);
	if (asked == load(&control->answered))
		return;
	barrier();
	status = run(load(&control->command));
	/* A session that has ended takes the buffer along. */
	if (remote->session != session)
		return;
	store(&control->status, (uint32_t)status);
	store(&control->messages, transport_messages());
	barrier();
	store(&control->answered, asked);
}
