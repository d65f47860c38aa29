// SPDX-License-Identifier: GPL-2.0
/*
 * Remote processors that are stopped, crash or say goodbye.
 *
 * The driver carveout_r5 can be told to wait before it resets a core, which widens the time in
 * which remoteproc has removed the channel and the core still writes.
 */
#include "carveout_cores.h"

#define DRIVER		"/sys/bus/platform/drivers/carveout_r5"
#define CHANNELS	"/sys/bus/rpmsg/drivers/carveout_rpmsg"

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

/* A core that says goodbye has stopped using its memory, so no reset is needed. */
TEST_F_TIMEOUT(r5, goodbye_frees_at_once, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	ASSERT_EQ(0, hammer(core, LARGE));
	ask(core, R5_GOODBYE);
	EXPECT_TRUE(SOON(load(&core->control->runs) == 2));
	EXPECT_TRUE(SOON(has_tag(self->node, "r5.ready")));
	EXPECT_EQ(self->used + 2 * 4096, used_bytes(self->node));
	EXPECT_EQ(0, held_by(core));
	EXPECT_TRUE(has_state(core, "running"));
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

/* While one of them crashes, the other one is served. */
TEST_F_TIMEOUT(r5, cores_crash_in_turn, TEST_SECONDS)
{
	__u32 i, rounds = env_rounds(20), runs[CORES] = { 1, 1 };
	struct core *core = self->core;

	ASSERT_EQ(0, start(&core[1]));
	for (i = 0; i < rounds; i++) {
		unsigned int nr = i % CORES;

		ASSERT_EQ(0, hammer(&core[nr], MIB / 2));
		ASSERT_EQ(0, make_crash(&core[nr]));
		ASSERT_EQ(NO_TAG, open_by(&core[!nr], "linux.none"));
		runs[nr]++;
		ASSERT_TRUE(SOON(load(&core[nr].control->runs) == runs[nr]))
			TH_LOG("crash %u", i);
		ASSERT_TRUE(SOON(has_tag(self->node, cores[nr].ready)));
		ASSERT_TRUE(SOON(!held_by(&core[nr])));
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

/* The file of the administrator. */
static int write_release(const struct core *core, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/carveout-remote/%s/release",
		 cores[core->nr].device);
	return write_line(path, text);
}

/* The core has written to memory that was free: the end of a buffer zeroes all of that. */
static int zero_largest_hole(int node)
{
	struct carveout_ioctl_query query = { 0 };
	int fd;

	if (query_heap(node, &query))
		return -EINVAL;
	fd = alloc_buffer(node, query.largest_hole);
	return fd < 0 ? fd : close(fd);
}

TEST_F_TIMEOUT(r5, administrator_releases_what_a_running_core_holds, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used;

	ASSERT_EQ(0, hammer(core, LARGE));
	used = used_bytes(self->node);
	ASSERT_EQ(0, write_line(LATE, "1"));
	ASSERT_EQ(0, make_crash(core));
	EXPECT_TRUE(SOON(held_by(core) == 1));
	EXPECT_EQ(-EINVAL, write_release(core, "0"));
	EXPECT_EQ(-EINVAL, write_release(core, "now"));
	EXPECT_EQ(1, held_by(core));
	EXPECT_EQ(used, used_bytes(self->node));
	EXPECT_EQ(-EAGAIN, unload_module("carveout_rpmsg"));
	EXPECT_EQ(0, write_release(core, "1"));
	EXPECT_EQ(0, held_by(core));
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 4096));
	EXPECT_FALSE(has_tag(self->node, "r5.ready"));
	EXPECT_TRUE(writes(core));
	EXPECT_EQ(0, write_line(LATE, "0"));
	EXPECT_TRUE(SOON(load(&core->control->runs) == 2));
	EXPECT_TRUE(SOON(has_tag(self->node, "r5.ready")));
	EXPECT_EQ(0, zero_largest_hole(self->node));
}

/* Unbind the driver of the only channel. */
static int unbind_channel(void)
{
	int err = -ENODEV;
	glob_t found;

	if (glob(CHANNELS "/virtio*", 0, NULL, &found))
		return err;
	if (found.gl_pathc == 1)
		err = write_line(CHANNELS "/unbind", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return err;
}

TEST_F_TIMEOUT(r5, core_without_a_driver_of_its_channel_holds_memory, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used;

	ASSERT_EQ(0, hammer(core, LARGE));
	used = used_bytes(self->node);
	ASSERT_EQ(0, unbind_channel());
	EXPECT_EQ(1, held_by(core));
	EXPECT_TRUE(writes(core));
	EXPECT_EQ(used, used_bytes(self->node));
	EXPECT_TRUE(has_state(core, "running"));
	ASSERT_EQ(0, stop(core));
	EXPECT_TRUE(SOON(held_by(core) == 0));
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 4096));
}

/* Its remoteproc is another one, which may have another name. */
static bool find_anew(struct core *core)
{
	struct core former = *core;

	if (!find_core(core, former.nr))
		return false;
	core->node = former.node;
	core->control = former.control;
	core->fd = former.fd;
	return true;
}

/* Without its driver the core is stopped. The reports of its next remoteproc count. */
TEST_F_TIMEOUT(r5, driver_of_the_core_is_bound_anew, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used;

	ASSERT_EQ(0, hammer(core, LARGE));
	ASSERT_EQ(0, write_line(DRIVER "/unbind", cores[0].device));
	EXPECT_TRUE(SOON(held_by(core) == 0));
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 4096));
	ASSERT_EQ(0, write_line(DRIVER "/bind", cores[0].device));
	ASSERT_TRUE(find_anew(core));
	ASSERT_TRUE(start_again(core));
	EXPECT_EQ(2, load(&core->control->runs));
	ASSERT_EQ(0, hammer(core, LARGE));
	used = used_bytes(self->node);
	ASSERT_EQ(0, write_line(LATE, "1"));
	ASSERT_EQ(0, make_crash(core));
	EXPECT_TRUE(SOON(held_by(core) == 1));
	sleep_us(100000);
	EXPECT_EQ(1, held_by(core));
	EXPECT_EQ(used, used_bytes(self->node));
	EXPECT_EQ(0, write_line(LATE, "0"));
	EXPECT_TRUE(SOON(load(&core->control->runs) == 3));
	EXPECT_TRUE(SOON(held_by(core) == 0));
	EXPECT_TRUE(SOON(used_bytes(self->node) == self->used + 2 * 4096));
}

static bool has_name_when_bound_anew(struct core *core, const char *name)
{
	return !write_line(DRIVER "/unbind", cores[core->nr].device) &&
	       !write_line(DRIVER "/bind", cores[core->nr].device) &&
	       find_anew(core) && !strcmp(core->rproc, name);
}

/* The service drops the remoteproc of a core that is stopped, shortly after the memory. */
TEST_F_TIMEOUT(r5, stopped_core_has_the_same_number_when_bound_anew, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	char name[sizeof(core->rproc)];

	ASSERT_EQ(0, hammer(core, LARGE));
	ASSERT_EQ(0, stop(core));
	EXPECT_TRUE(SOON(held_by(core) == 0));
	strcpy(name, core->rproc);
	EXPECT_TRUE(BECOMES_TRUE_IN(1000, has_name_when_bound_anew(core, name)));
}

/* A block of a core that crashes is free after the reset, not before it. */
TEST_F_TIMEOUT(r5, block_is_held_until_the_reset, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int pool = make_pool(self->node, 1);

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, alloc_block(core, 0));
	ASSERT_EQ(0, write_line(LATE, "1"));
	ASSERT_EQ(0, make_crash(core));
	EXPECT_TRUE(SOON(held_by(core) == 1));
	sleep_us(100000);
	EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
	EXPECT_EQ(0, write_line(LATE, "0"));
	EXPECT_TRUE(SOON(acquire_block_nowait(pool) == 0));
	EXPECT_TRUE(SOON(load(&core->control->runs) == 2));
	close(pool);
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

TEST_HARNESS_MAIN
