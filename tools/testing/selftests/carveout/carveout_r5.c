// SPDX-License-Identifier: GPL-2.0
/*
 * Remote processors: two Cortex-R5, which run the firmware of tools/testing/remote/r5 and use
 * the heap "shared" over rpmsg. carveout_rpmsg and carveout_r5 are loaded, and remoteproc has
 * the cores.
 *
 * A core takes commands from a buffer that it creates. The driver carveout_r5 can be told to
 * wait before it resets a core, which widens the time in which remoteproc has removed the
 * channel and the core still writes.
 */
#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>

#include "carveout_fixture.h"
#include "../../remote/r5/control.h"

#define HEAP		"/dev/carveout/shared"
#define LATE		"/sys/module/carveout_r5/parameters/late"
#define CORES		2
#define TEST_SECONDS	240

/* A core may wait for its emulator for long. */
#define CORE_MS		60000
#define SOON(condition)	BECOMES_TRUE_IN(CORE_MS, condition)

/* More than half of the heap. */
#define LARGE		(3 * MIB)
#define TABLE		(64 * KIB)

/* Results in answers of the service. */
#define NO_TAG		5
#define DENIED		7
#define NO_SPACE	8

static const struct {
	const char *device, *control, *ready;
} cores[CORES] = {
	{ "ffa80000.r5", "r5.control", "r5.ready" },
	{ "ffa90000.r5", "r5b.control", "r5b.ready" },
};

/**
 * struct core - A core
 * @nr: its number
 * @node: the heap
 * @rproc: name of its remoteproc
 * @control: its control buffer, or NULL
 * @fd: descriptor of that
 */
struct core {
	int nr;
	int node;
	char rproc[32];
	struct r5_control *control;
	int fd;
};

/* The core accesses its control buffer as well. */
static __u32 load(const __u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(__u32 *word, __u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* === Cores =============================================================== */

/* The numbers of remoteproc do not follow those of the cores. */
static bool find_core(struct core *core, int nr)
{
	char path[PATH_MAX], target[PATH_MAX];
	glob_t found;
	size_t i;

	memset(core, 0, sizeof(*core));
	core->nr = nr;
	core->fd = -1;
	if (glob("/sys/class/remoteproc/remoteproc*", 0, NULL, &found))
		return false;
	for (i = 0; i < found.gl_pathc; i++) {
		snprintf(path, sizeof(path), "%s/device", found.gl_pathv[i]);
		if (realpath(path, target) && strstr(target, cores[nr].device))
			snprintf(core->rproc, sizeof(core->rproc), "%s",
				 strrchr(found.gl_pathv[i], '/') + 1);
	}
	globfree(&found);
	return core->rproc[0];
}

static int set_state(const struct core *core, const char *state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/remoteproc/%s/state", core->rproc);
	return write_line(path, state);
}

static bool has_state(const struct core *core, const char *state)
{
	char path[PATH_MAX], now[32];

	snprintf(path, sizeof(path), "/sys/class/remoteproc/%s/state", core->rproc);
	return !read_line(path, now, sizeof(now)) && !strcmp(now, state);
}

/* Make remoteproc believe that the core has crashed. It writes on until it is reset. */
static int make_crash(const struct core *core)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/remoteproc/%s/crash", core->rproc);
	return write_line(path, "1");
}

static int stop(void *arg)
{
	return set_state(arg, "stop") ? 1 : 0;
}

/* Number of sessions whose memory is held until the core is reset. */
static int held_by(const struct core *core)
{
	char path[PATH_MAX], text[16];

	snprintf(path, sizeof(path), "/sys/class/carveout-remote/%s/held",
		 cores[core->nr].device);
	return read_line(path, text, sizeof(text)) ? -1 : atoi(text);
}

static bool has_tag(int node, const char *tag)
{
	int fd = open_tag(node, tag, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Start a core that is not running, and wait for its session. */
static int start(struct core *core)
{
	int err = set_state(core, "start");

	if (err)
		return err;
	if (!SOON(has_tag(core->node, cores[core->nr].ready)))
		return -ETIMEDOUT;
	core->fd = open_tag(core->node, cores[core->nr].control, O_RDWR | O_CLOEXEC);
	if (core->fd < 0)
		return core->fd;
	core->control = map_buffer(core->fd, sizeof(*core->control), PROT_READ | PROT_WRITE);
	if (core->control == MAP_FAILED)
		return -ENOMEM;
	return load(&core->control->magic) == R5_CONTROL_MAGIC ? 0 : -EINVAL;
}

/* Give a command, without waiting for its result. */
static void ask(const struct core *core, enum r5_command command)
{
	store(&core->control->command, command);
	store(&core->control->asked, load(&core->control->asked) + 1);
}

static bool answered(const struct core *core)
{
	return load(&core->control->answered) == load(&core->control->asked);
}

static int result(const struct core *core)
{
	if (!SOON(answered(core)))
		return -ETIMEDOUT;
	return load(&core->control->status);
}

static int order(const struct core *core, enum r5_command command)
{
	ask(core, command);
	return result(core);
}

static void set_tag(char *field, const char *tag)
{
	size_t i;

	for (i = 0; i < R5_TAG_LEN; i++)
		field[i] = i < strlen(tag) ? tag[i] : '\0';
}

static int copy(const struct core *core, const char *from, const char *to)
{
	set_tag(core->control->from, from);
	set_tag(core->control->to, to);
	return order(core, R5_COPY);
}

static int open_by(const struct core *core, const char *tag)
{
	set_tag(core->control->from, tag);
	return order(core, R5_OPEN);
}

/* Have the core write to so much memory until it is reset. */
static int hammer(const struct core *core, __u32 size)
{
	set_tag(core->control->to, "");
	store(&core->control->size, size);
	return order(core, R5_HAMMER);
}

static bool writes(const struct core *core)
{
	__u32 counter = load(&core->control->counter);

	return SOON(load(&core->control->counter) != counter);
}

/* === Fixture ============================================================= */

FIXTURE(r5) {
	struct core core[CORES];
	__u64 used;
	int node;
};

FIXTURE_SETUP(r5)
{
	struct core *core = &self->core[0];
	int i;

	if (!find_core(core, 0) || !find_core(&self->core[1], 1))
		SKIP(return, "there are no such cores");
	self->node = open(HEAP, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->node);
	for (i = 0; i < CORES; i++)
		self->core[i].node = self->node;
	ASSERT_EQ(0, write_line(LATE, "0"));
	self->used = used_bytes(self->node);
	ASSERT_EQ(0, start(core));
	ASSERT_EQ(1, load(&core->control->runs));
}

static void end_core(struct core *core)
{
	if (core->control)
		munmap(core->control, sizeof(*core->control));
	if (core->fd >= 0)
		close(core->fd);
	if (!has_state(core, "offline"))
		set_state(core, "stop");
	unlink_tag(core->node, cores[core->nr].control);
}

/* All that the cores had is in the heap again. */
FIXTURE_TEARDOWN(r5)
{
	int i;

	write_line(LATE, "0");
	for (i = 0; i < CORES; i++) {
		end_core(&self->core[i]);
		EXPECT_TRUE(has_state(&self->core[i], "offline"));
		EXPECT_TRUE(SOON(held_by(&self->core[i]) <= 0));
	}
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used))
		TH_LOG("%llu bytes are used, %llu before", used_bytes(self->node), self->used);
}

/* === Sharing ============================================================= */

TEST_F_TIMEOUT(r5, session_comes_up, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	EXPECT_TRUE(has_state(core, "running"));
	EXPECT_EQ(0, held_by(core));
	EXPECT_EQ(self->used + 2 * 4096, used_bytes(self->node));
	EXPECT_EQ(0, order(core, R5_NOTHING));
}

TEST_F_TIMEOUT(r5, requests_are_traced, TEST_SECONDS)
{
	ASSERT_TRUE(have_tracing());
	ASSERT_EQ(0, write_line(TRACING "/events/carveout_rpmsg/enable", "1"));
	EXPECT_EQ(NO_TAG, open_by(&self->core[0], "linux.none"));
	EXPECT_EQ(1, lines_with(TRACING "/trace", "op=OPEN handle=0x0 ret=-2\n"));
	EXPECT_EQ(0, write_line(TRACING "/events/carveout_rpmsg/enable", "0"));
}

/* A core that waits for the tag copies at once: the table gets it when it is complete. */
static int make_table(void *arg)
{
	struct carveout_ioctl_link link = { .flags = CARVEOUT_LINK_PERSIST, .mode = 0644 };
	int node = *(int *)arg, fd = alloc_buffer(node, TABLE);
	void *mem;

	if (fd < 0)
		return 1;
	mem = map_buffer(fd, TABLE, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED)
		return 2;
	fill_pattern(mem, TABLE, 7);
	link.fd = fd;
	set_name(link.tag, "linux.table");
	return xioctl(node, CARVEOUT_IOCTL_LINK, &link) ? 3 : 0;
}

static bool frame_is_table(int node)
{
	int fd = open_tag(node, "r5.frame", O_RDONLY | O_CLOEXEC);
	void *mem = map_buffer(fd, TABLE, PROT_READ);
	bool same;

	close(fd);
	if (mem == MAP_FAILED)
		return false;
	same = has_pattern(mem, TABLE, 7);
	munmap(mem, TABLE);
	return same;
}

TEST_F_TIMEOUT(r5, copies_the_table_of_a_process, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	ASSERT_EQ(0, run_child(make_table, &self->node));
	EXPECT_EQ(0, copy(core, "linux.table", "r5.frame"));
	EXPECT_EQ(TABLE, load(&core->control->size));
	EXPECT_TRUE(frame_is_table(self->node));
	EXPECT_EQ(0, unlink_tag(self->node, "linux.table"));
}

TEST_F_TIMEOUT(r5, waits_for_the_table, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	set_tag(core->control->from, "linux.table");
	set_tag(core->control->to, "r5.frame");
	ask(core, R5_COPY);
	sleep_us(100000);
	EXPECT_FALSE(answered(core));
	ASSERT_EQ(0, run_child(make_table, &self->node));
	EXPECT_EQ(0, result(core));
	EXPECT_TRUE(frame_is_table(self->node));
	EXPECT_EQ(0, unlink_tag(self->node, "linux.table"));
}

TEST_F_TIMEOUT(r5, refusals, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, TABLE, "linux.private", 0, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(NO_TAG, open_by(core, "linux.none"));
	EXPECT_EQ(DENIED, open_by(core, "linux.private"));
	EXPECT_EQ(NO_SPACE, hammer(core, 8 * MIB));
	/* Its node in the device tree has another prefix. */
	EXPECT_EQ(DENIED, copy(core, "r5.ready", "linux.frame"));
	close(fd);
}

TEST_F_TIMEOUT(r5, two_cores_share_a_buffer, TEST_SECONDS)
{
	struct core *first = &self->core[0], *second = &self->core[1];
	__u32 *mem;
	int fd;

	ASSERT_EQ(0, start(second));
	ASSERT_EQ(0, copy(first, "r5.ready", "r5.frame"));
	set_tag(second->control->from, "r5.frame");
	store(&second->control->at, 8);
	store(&second->control->value, 0x12345678);
	ASSERT_EQ(0, order(second, R5_STORE));
	EXPECT_EQ(load(&first->control->addr), load(&second->control->addr));
	/* The second core keeps the buffer. */
	ASSERT_EQ(0, stop(first));
	ASSERT_TRUE(SOON(!has_tag(self->node, "r5.ready")));
	store(&second->control->at, 12);
	ASSERT_EQ(0, order(second, R5_STORE));
	fd = open_tag(self->node, "r5.frame", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	mem = map_buffer(fd, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0x12345678, mem[2]);
	EXPECT_EQ(0x12345678, mem[3]);
	munmap(mem, PAGE);
	close(fd);
	EXPECT_EQ(0, stop(second));
	EXPECT_TRUE(SOON(!has_tag(self->node, "r5.frame")));
}

/* === The end of a core =================================================== */

TEST_F_TIMEOUT(r5, stop_holds_memory_until_the_reset, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used;
	pid_t pid;

	ASSERT_EQ(0, hammer(core, LARGE));
	used = used_bytes(self->node);
	ASSERT_EQ(0, write_line(LATE, "1"));
	pid = start_child(stop, core);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(SOON(held_by(core) == 1));
	EXPECT_TRUE(writes(core));
	EXPECT_EQ(used, used_bytes(self->node));
	EXPECT_TRUE(has_tag(self->node, "r5.ready"));
	EXPECT_EQ(0, write_line(LATE, "0"));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(SOON(held_by(core) == 0));
	/* The control buffer is persistent. */
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 4096));
	EXPECT_FALSE(has_tag(self->node, "r5.ready"));
}

TEST_F_TIMEOUT(r5, crash_holds_memory_until_the_reset, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used, generation = generation_of(self->node, core->fd);
	int fd;

	ASSERT_EQ(0, hammer(core, LARGE));
	used = used_bytes(self->node);
	ASSERT_EQ(0, write_line(LATE, "1"));
	ASSERT_EQ(0, make_crash(core));
	EXPECT_TRUE(SOON(held_by(core) == 1));
	EXPECT_TRUE(writes(core));
	EXPECT_EQ(used, used_bytes(self->node));
	EXPECT_EQ(0, write_line(LATE, "0"));
	/* The core is started again, and finds its tag. */
	EXPECT_TRUE(SOON(load(&core->control->runs) == 2));
	EXPECT_TRUE(SOON(held_by(core) == 0));
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 2 * 4096));
	fd = open_tag(self->node, "r5.control", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(generation, generation_of(self->node, fd));
	close(fd);
	EXPECT_TRUE(SOON(has_tag(self->node, "r5.ready")));
	EXPECT_EQ(0, order(core, R5_NOTHING));
}

TEST_F_TIMEOUT(r5, core_reports_its_crash, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u32 i, rounds = env_rounds(20);

	for (i = 0; i < rounds; i++) {
		ask(core, R5_CRASH);
		ASSERT_TRUE(SOON(load(&core->control->runs) == i + 2));
		ASSERT_TRUE(SOON(has_tag(self->node, "r5.ready")));
		ASSERT_TRUE(SOON(!held_by(core)));
	}
}

static bool get_memory(int node, int *fd)
{
	*fd = alloc_buffer(node, LARGE);
	return *fd >= 0;
}

/* Get the memory of the core as soon as it is free, and see whether the core writes to it. */
static bool next_owner_is_alone(int node)
{
	bool zero = true;
	__u32 *mem;
	int fd, turn;
	size_t i;

	if (!SOON(get_memory(node, &fd)))
		return false;
	mem = map_buffer(fd, LARGE, PROT_READ);
	close(fd);
	if (mem == MAP_FAILED)
		return false;
	for (turn = 0; turn < 20; turn++) {
		for (i = 0; i < LARGE / sizeof(*mem); i += 256)
			zero = zero && !__atomic_load_n(&mem[i], __ATOMIC_RELAXED);
		sleep_us(1000);
	}
	munmap(mem, LARGE);
	return zero;
}

/* With @late, the core writes for a while after its channel was removed. */
static bool stop_while_it_writes(struct core *core, bool late)
{
	bool good;
	pid_t pid;

	if (hammer(core, LARGE) || write_line(LATE, late ? "1" : "0"))
		return false;
	pid = start_child(stop, core);
	good = pid > 0;
	if (late)
		good = good && SOON(held_by(core) == 1) && writes(core) &&
		       alloc_buffer(core->node, LARGE) == -ENOSPC;
	good = !write_line(LATE, "0") && good;
	good = next_owner_is_alone(core->node) && good;
	return !wait_child(pid) && good;
}

static bool start_again(struct core *core)
{
	munmap(core->control, sizeof(*core->control));
	close(core->fd);
	core->control = NULL;
	return !start(core);
}

TEST_F_TIMEOUT(r5, stopped_core_never_writes_to_the_next_owner, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u32 i, rounds = env_rounds(20);

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(stop_while_it_writes(core, i % 2))
			TH_LOG("round %u", i);
		ASSERT_TRUE(start_again(core));
		ASSERT_EQ(i + 2, load(&core->control->runs));
	}
}

TEST_F_TIMEOUT(r5, crashed_core_never_writes_to_the_next_owner, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u32 i, rounds = env_rounds(20);

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(SOON(has_tag(self->node, "r5.ready")));
		ASSERT_EQ(0, hammer(core, LARGE));
		ASSERT_EQ(0, make_crash(core));
		ASSERT_TRUE(next_owner_is_alone(self->node))
			TH_LOG("round %u", i);
		ASSERT_TRUE(SOON(load(&core->control->runs) == i + 2));
	}
}

/* === The directory ======================================================= */

static int find(const struct core *core, const char *tag, __u32 times)
{
	set_tag(core->control->from, tag);
	store(&core->control->value, times);
	return order(core, R5_FIND);
}

static int set_mode(int node, const char *tag, __u32 mode)
{
	struct carveout_ioctl_setattr attr = { .flags = CARVEOUT_SETATTR_MODE, .mode = mode };

	set_name(attr.tag, tag);
	return xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr);
}

TEST_F_TIMEOUT(r5, directory_follows_the_tags, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used;
	__u32 addr;
	int fd;

	EXPECT_EQ(NO_TAG, find(core, "linux.table", 1));
	used = used_bytes(self->node);
	fd = alloc_tag(self->node, TABLE, "linux.table", 0, 0666);
	ASSERT_LE(0, fd);
	/* Whatever the umask. */
	ASSERT_EQ(0, set_mode(self->node, "linux.table", 0666));
	EXPECT_TRUE(SOON(!find(core, "linux.table", 1)));
	EXPECT_EQ(TABLE, load(&core->control->size));
	addr = load(&core->control->addr);
	EXPECT_EQ(0, open_by(core, "linux.table"));
	EXPECT_EQ(addr, load(&core->control->addr));
	/* The tag ends with the file, the memory when the core knows of it. */
	close(fd);
	EXPECT_TRUE(SOON(find(core, "linux.table", 1) == NO_TAG));
	EXPECT_EQ(used + TABLE, used_bytes(self->node));
	/* The entry is cleared before the removal is counted. */
	EXPECT_TRUE(SOON(!order(core, R5_RELEASE) && load(&core->control->value) == 1));
	EXPECT_TRUE(SOON(used_bytes(self->node) == used));
}

/* More changes than slots. It is one buffer, which is held once. */
TEST_F_TIMEOUT(r5, directory_follows_the_mode, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, TABLE, "linux.table", 0, 0666), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 40; i++) {
		ASSERT_TRUE(SOON(!find(core, "linux.table", 1)))
			TH_LOG("change %d", i);
		ASSERT_EQ(0, set_mode(self->node, "linux.table", 0600));
		ASSERT_TRUE(SOON(find(core, "linux.table", 1) == NO_TAG));
		ASSERT_EQ(0, set_mode(self->node, "linux.table", i % 2 ? 0666 : 0444));
	}
	close(fd);
}

TEST_F_TIMEOUT(r5, directory_is_held_until_the_reset, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	pid_t pid;
	int fd;

	fd = alloc_tag(self->node, TABLE, "linux.table", 0, 0644);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(SOON(!find(core, "linux.table", 1)));
	close(fd);
	ASSERT_EQ(0, write_line(LATE, "1"));
	pid = start_child(stop, core);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(SOON(held_by(core) == 1));
	sleep_us(100000);
	EXPECT_LE(self->used + TABLE, used_bytes(self->node));
	EXPECT_EQ(0, write_line(LATE, "0"));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 4096));
}

#define TORN_CHUNK	50000U

/* Read so many entries of the run at a time. */
static int read_torn(const struct core *core, __u32 run)
{
	set_tag(core->control->from, "linux.torn");
	store(&core->control->at, run);
	store(&core->control->value, TORN_CHUNK);
	return order(core, R5_TORN);
}

/*
 * 10^7 look-ups while Linux writes without a pause, of which 10^6 have to meet a write, or
 * more until there are as many.
 */
TEST_F_TIMEOUT(r5, look_ups_are_not_torn, 10 * TEST_SECONDS)
{
	__u32 goal = TORN_CHUNK * env_rounds(200), run = getpid() * 1000003U | 1, last = 0;
	const struct r5_torn *torn;
	struct core *core = &self->core[0];
	char args[80];

	snprintf(args, sizeof(args), "heap=shared tag=linux.torn run=%u", run);
	ASSERT_EQ(0, load_module("carveout_writer", args));
	torn = &core->control->torn;
	do {
		ASSERT_EQ(0, read_torn(core, run));
		/* Numbers that a former run has left do not count. */
		ASSERT_EQ(run, load(&torn->run));
		if (load(&torn->reads) - last < 20 * TORN_CHUNK)
			continue;
		last = load(&torn->reads);
		TH_LOG("%u look-ups", last);
	} while (load(&torn->reads) < goal ||
		 (load(&torn->met) < goal / 10 && load(&torn->reads) < 6 * goal));
	TH_LOG("run %u: %u look-ups, %u met a write, %u torn, %u gave up", run,
	       load(&torn->reads), load(&torn->met), load(&torn->torn), load(&torn->busy));
	EXPECT_EQ(0, unload_module("carveout_writer"));
	EXPECT_EQ(0, load(&torn->torn));
	EXPECT_LE(goal, load(&torn->reads));
	/* A host that runs only one of the two at a time lets fewer meet. */
	EXPECT_LE(goal / 100, load(&torn->met));
}

/* === Figures ============================================================= */

TEST_F_TIMEOUT(r5, round_trips, TEST_SECONDS)
{
	static const char * const names[R5_MEASURED] = {
		"allocate and put", "open and put", "describe", "query", "open without a tag",
	};
	struct core *core = &self->core[0];
	int i;

	store(&core->control->value, 200);
	ASSERT_EQ(0, order(core, R5_MEASURE));
	for (i = 0; i < R5_MEASURED; i++) {
		TH_LOG("%s: minimum %u, median %u ns", names[i], load(&core->control->minimum[i]),
		       load(&core->control->median[i]));
		EXPECT_LT(0, load(&core->control->minimum[i]));
	}
	ASSERT_EQ(0, find(core, "r5.control", 100000));
	TH_LOG("look-up in the directory: %u ns", load(&core->control->median[0]));
}

TEST_HARNESS_MAIN
