/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the tests of remote processors: two Cortex-R5, which run the firmware of
 * tools/testing/remote/r5 and use the heap "shared" over rpmsg. carveout_rpmsg and carveout_r5
 * are loaded, and remoteproc has the cores.
 *
 * A core takes commands from a buffer that it creates.
 */
#ifndef CARVEOUT_CORES_H
#define CARVEOUT_CORES_H

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
#define QUOTA		10
#define BUSY		14

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
static inline __u32 load(const __u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void store(__u32 *word, __u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* === Cores =============================================================== */

/* The numbers of remoteproc do not follow those of the cores. */
static inline bool find_core(struct core *core, int nr)
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

static inline int set_state(const struct core *core, const char *state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/remoteproc/%s/state", core->rproc);
	return write_line(path, state);
}

static inline bool has_state(const struct core *core, const char *state)
{
	char path[PATH_MAX], now[32];

	snprintf(path, sizeof(path), "/sys/class/remoteproc/%s/state", core->rproc);
	return !read_line(path, now, sizeof(now)) && !strcmp(now, state);
}

/* Make remoteproc believe that the core has crashed. It writes on until it is reset. */
static inline int make_crash(const struct core *core)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/remoteproc/%s/crash", core->rproc);
	return write_line(path, "1");
}

static inline int stop(void *arg)
{
	return set_state(arg, "stop") ? 1 : 0;
}

/* Number of sessions whose memory is held until the core is reset. */
static inline int held_by(const struct core *core)
{
	char path[PATH_MAX], text[16];

	snprintf(path, sizeof(path), "/sys/class/carveout-remote/%s/held",
		 cores[core->nr].device);
	return read_line(path, text, sizeof(text)) ? -1 : atoi(text);
}

static inline bool has_tag(int node, const char *tag)
{
	int fd = open_tag(node, tag, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Start a core that is not running, and wait for its session. */
static inline int start(struct core *core)
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
static inline void ask(const struct core *core, enum r5_command command)
{
	store(&core->control->command, command);
	store(&core->control->asked, load(&core->control->asked) + 1);
}

static inline bool answered(const struct core *core)
{
	return load(&core->control->answered) == load(&core->control->asked);
}

static inline int result(const struct core *core)
{
	if (!SOON(answered(core)))
		return -ETIMEDOUT;
	return load(&core->control->status);
}

static inline int order(const struct core *core, enum r5_command command)
{
	ask(core, command);
	return result(core);
}

static inline void set_tag(char *field, const char *tag)
{
	size_t i;

	for (i = 0; i < R5_TAG_LEN; i++)
		field[i] = i < strlen(tag) ? tag[i] : '\0';
}

static inline int copy(const struct core *core, const char *from, const char *to)
{
	set_tag(core->control->from, from);
	set_tag(core->control->to, to);
	return order(core, R5_COPY);
}

static inline int open_by(const struct core *core, const char *tag)
{
	set_tag(core->control->from, tag);
	return order(core, R5_OPEN);
}

/* Have the core write to so much memory until it is reset. */
static inline int hammer(const struct core *core, __u32 size)
{
	set_tag(core->control->to, "");
	store(&core->control->size, size);
	return order(core, R5_HAMMER);
}

static inline bool writes(const struct core *core)
{
	__u32 counter = load(&core->control->counter);

	return SOON(load(&core->control->counter) != counter);
}

static inline int set_mode(int node, const char *tag, __u32 mode)
{
	struct carveout_ioctl_setattr attr = { .flags = CARVEOUT_SETATTR_MODE, .mode = mode };

	set_name(attr.tag, tag);
	return xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr);
}

/* Find a tag in the directory. */
static inline int find(const struct core *core, const char *tag, __u32 times)
{
	set_tag(core->control->from, tag);
	store(&core->control->value, times);
	return order(core, R5_FIND);
}

static inline int alloc_block(const struct core *core, __u32 ms)
{
	set_tag(core->control->from, "linux.pool");
	store(&core->control->value, ms);
	return order(core, R5_BLOCK_ALLOC);
}

/* A pool of Linux that the cores may use. */
static inline int make_pool(int node, __u32 count)
{
	int pool = create_pool_tag(node, PAGE, count, "linux.pool", 0, 0666);

	if (pool >= 0 && set_mode(node, "linux.pool", 0666)) {
		close(pool);
		return -1;
	}
	return pool;
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

static inline void end_core(struct core *core)
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

#endif /* CARVEOUT_CORES_H */
